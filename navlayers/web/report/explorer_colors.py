"""The colours of a page: each has a number, by which data and markup name it, and a rule in the style sheet."""

from __future__ import annotations

from navlayers.layer.colors import text_color


class Colors:
    """Colours in the order in which they were first asked for; a class `k7` fills with the eighth of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, color: str) -> int:
        """The number of `#rrggbb`."""
        return self._numbers.setdefault(color, len(self._numbers))

    def name(self, color: str) -> str:
        """The class that fills with `#rrggbb`, the text upon it black or white."""
        return f"k{self.number(color)}"

    @property
    def rules(self) -> str:
        """The rules of the classes; `fill` is for shapes."""
        return "".join(
            f".k{number} {{ background: {color}; color: {text_color(color)}; fill: {color}; }}\n"
            for color, number in self._numbers.items()
        )
