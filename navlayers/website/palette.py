"""Colours of a site as classes, for pages that may hold no styles of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.layer.colors import text_color

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.website.heat import Heat


class Palette:
    """Remembers the colours that pages use, so that one style sheet has a class for each."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def fill(self, color: str) -> str:
        """The class of a `#rrggbb`."""
        self._used.add(color)
        return f"c{color[1:]}"

    def use(self, heats: Iterable[Heat]) -> None:
        """Have a class for each colour of some heats, whichever of them a page shows first."""
        for heat in heats:
            self._used.update(shade.color for shade in heat.shades.values() if shade.color)

    def css(self) -> str:
        """The style sheet: a rule per colour, in order."""
        return "".join(f".c{c[1:]} {{ background: {c}; color: {text_color(c)}; }}\n" for c in sorted(self._used))
