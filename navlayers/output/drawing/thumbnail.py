"""A matrix as a small picture without text: a square per technique, a block per tactic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import single_line
from navlayers.layer.matrix import matrix_of
from navlayers.output.drawing.header import describe
from navlayers.output.drawing.shapes import Drawing, Group, Rect, svg_element
from navlayers.output.drawing.theme import THEMES
from navlayers.output.mini_matrix import color_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from navlayers.layer.matrix import Matrix
    from navlayers.layer.view import View
    from navlayers.output.html import Colors

# Squares in a row of a tactic; the side of a square, its distance to the next, and the space between tactics.
_WIDE, _SIDE, _STEP, _BETWEEN = 3, 3, 4, 2

_LARGEST = 3.0
"""The most points that a unit is long: a matrix with few tactics is narrower."""


class Squares(NamedTuple):
    """The places of the squares of a matrix, tactic by tactic, and its size, in units."""

    places: tuple[tuple[int, int], ...]
    width: int
    height: int

    @classmethod
    def from_sizes(cls, sizes: Iterable[int]) -> Squares:
        """The squares of tactics with these numbers of techniques."""
        places = []
        left = rows = 0
        for size in sizes:
            places += [(left + at % _WIDE * _STEP, at // _WIDE * _STEP) for at in range(size)]
            rows = max(rows, -(-size // _WIDE))
            left += _WIDE * _STEP + _BETWEEN
        return cls(tuple(places), max(left - _BETWEEN - _STEP + _SIDE, 1), max(rows * _STEP - _STEP + _SIDE, 1))

    def svg(self, colors: Sequence[str], page: Colors, label: str) -> Markup:
        """The picture for a page, with a path per color.

        Args:
            colors: the `#rrggbb` of each square; "" for none.
            page: gives colors their classes.
            label: what it shows, for those who cannot see it.
        """
        from markupsafe import Markup  # noqa: PLC0415 - for HTML alone

        drawn: dict[str, list[str]] = {}
        for (x, y), color in zip(self.places, colors, strict=True):
            drawn.setdefault(color, []).append(f"M{x} {y}h{_SIDE}v{_SIDE}h-{_SIDE}z")
        paths = "".join(
            f'<path class="{page.name(color) if color else "none"}" d="{"".join(squares)}"/>'
            for color, squares in sorted(drawn.items())
        )
        element = svg_element(paths, "thumbnail", single_line(label), (self.width, self.height))
        return Markup(element)  # noqa: S704 - numbers, classes, and an escaped text


def thumbnail(view: View, width: float, text: str) -> Drawing:
    """The matrix of a layer as a drawing of at most this width in points; `text` goes before its description."""
    matrix = matrix_of(view)
    squares, colors = _squares(matrix)
    unit = min(width / squares.width, _LARGEST)
    side, theme = _SIDE * unit, THEMES["light"]
    shapes = tuple(
        Rect(x * unit, y * unit, side, side, color or theme.page, "" if color else theme.border, unit / 2)
        for (x, y), color in zip(squares.places, colors, strict=True)
    )
    size = round(squares.width * unit, 2), round(squares.height * unit, 2)
    title = single_line(view.name) or "Matrix"
    return Drawing(*size, title, _description(matrix, text), theme.page, (Group("matrix", "", shapes),))


def thumbnail_svg(view: View, page: Colors, text: str) -> Markup:
    """The matrix of a layer for a page.

    Args:
        view: the layer.
        page: gives colors their classes.
        text: what goes before its description, for those who cannot see it.

    Returns:
        The picture as an element of the page.
    """
    matrix = matrix_of(view)
    squares, colors = _squares(matrix)
    return squares.svg(colors, page, f"{single_line(view.name) or 'Matrix'}. {_description(matrix, text)}")


def _squares(matrix: Matrix) -> tuple[Squares, list[str]]:
    columns = [[color_of(cell) for cell in column.cells] for column in matrix.columns]
    return Squares.from_sizes(map(len, columns)), [color for column in columns for color in column]


def _description(matrix: Matrix, text: str) -> str:
    return f"{text} {describe(matrix)}".lstrip()
