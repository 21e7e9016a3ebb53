"""The matrix as a small picture without text: a square per technique, a block per tactic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from navlayers.layer.colors import NOT_RATED
from navlayers.layer.matrix import release_columns
from navlayers.output.html import finalize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navlayers.attack import Catalogue
    from navlayers.layer.colors import Gradient
    from navlayers.output.html import Colors

# Squares in a row of a tactic; the side of a square, its distance to the next, the distance of two tactics.
_WIDE, _SIDE, _STEP, _GAP = 3, 3, 4, 2


class Thumbnails:
    """Draws the matrix of a release."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._places: list[tuple[int, int, tuple[str, ...]]] = []
        left = rows = 0
        for _, families in release_columns(catalogue):
            for number, (base, subs) in enumerate(families):
                row, column = divmod(number, _WIDE)
                place = left + column * _STEP, row * _STEP
                self._places.append((*place, (base.id, *(sub.id for sub in subs))))
                rows = max(rows, row + 1)
            left += _WIDE * _STEP + _GAP
        self._size = left - _GAP - _STEP + _SIDE, rows * _STEP - _STEP + _SIDE

    def draw(self, colors: Mapping[str, str], page: Colors, text: str) -> Markup:
        """The matrix as SVG.

        Args:
            colors: technique → `#rrggbb`, the strongest first; a technique without one has that of its strongest
                sub-technique.
            page: gives colors their classes.
            text: what it shows, for those who cannot see it.
        """
        rank = {technique: number for number, technique in enumerate(colors)}
        drawn: dict[str, list[str]] = {}
        for x, y, (base, *subs) in self._places:
            strongest = base if base in rank else min(subs, key=lambda sub: rank.get(sub, len(rank)), default=base)
            drawn.setdefault(colors.get(strongest, ""), []).append(f"M{x} {y}h{_SIDE}v{_SIDE}h-{_SIDE}z")
        paths = "".join(
            f'<path class="{page.name(color) if color else "none"}" d="{"".join(squares)}"/>'
            for color, squares in sorted(drawn.items())
        )
        width, height = self._size
        label = escape(finalize(text))
        start = f'<svg class="thumbnail" role="img" aria-label="{label}" viewBox="0 0 {width} {height}">'
        return Markup(f"{start}{paths}</svg>")  # noqa: S704 - numbers, classes, and a text just escaped


def score_colors(scores: Mapping[str, float | None], gradient: Gradient) -> dict[str, str]:
    """Technique → color of its score, the strongest first; techniques that are not covered have none."""
    covered = [(technique, score) for technique, score in scores.items() if score is None or score > 0]
    covered.sort(key=lambda pair: (pair[1] is None, -(pair[1] or 0), pair[0]))
    return {
        technique: NOT_RATED if score is None else gradient.color(gradient.safe(score))
        for technique, score in covered
    }
