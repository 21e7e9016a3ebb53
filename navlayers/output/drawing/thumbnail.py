"""A matrix as a small picture without text: a square per technique, a block per tactic."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import single_line
from navlayers.layer.colors import LegendItem
from navlayers.layer.matrix import matrix_of
from navlayers.layer.ramps import UNCOVERED
from navlayers.output.drawing.font import paragraph
from navlayers.output.drawing.header import NUMBER, describe, legend_of
from navlayers.output.drawing.shapes import Drawing, Group, Rect, Text, svg_element
from navlayers.output.drawing.theme import THEMES, Look
from navlayers.output.mini_matrix import color_of, hides_open

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from markupsafe import Markup

    from navlayers.layer.matrix import Matrix
    from navlayers.layer.view import View
    from navlayers.output.html import Colors

# Squares in a row of a tactic; the side of a square, its distance to the next, and the space between tactics.
_WIDE, _SIDE, _STEP, _BETWEEN = 3, 3, 4, 2
_BAR, _BLOCK = 2, _WIDE * _STEP - _STEP + _SIDE
"""The height of the bar below a tactic, and the width of a tactic."""
_CORNER = 2
"""The side of the corner of a technique whose sub-techniques are not covered."""

_LARGEST = 3.0
"""The most points that a unit is long: a matrix with few tactics is narrower."""

_LOOK = Look(THEMES["light"], score=True, id=False, name=True)
_UNIT, _ROWS = 1.2, 3
"""Of the legend: the size of its text relative to that of pictures on A4, and its most lines."""


class Squares(NamedTuple):
    """The places of the squares of a matrix, tactic by tactic, the lower ends of tactics, its size; in units."""

    places: tuple[tuple[int, int], ...]
    ends: tuple[tuple[int, int], ...]
    width: int
    height: int

    @classmethod
    def from_sizes(cls, sizes: Iterable[int]) -> Squares:
        """The squares of tactics with these numbers of techniques."""
        places, ends = [], []
        left = 0
        for size in sizes:
            places += [(left + at % _WIDE * _STEP, at // _WIDE * _STEP) for at in range(size)]
            ends.append((left, -(-size // _WIDE) * _STEP))
            left += _WIDE * _STEP + _BETWEEN
        lowest = max((end for _, end in ends), default=0)
        width, height = left - _BETWEEN - _STEP + _SIDE, lowest - _STEP + _SIDE
        return cls(tuple(places), tuple(ends), max(width, 1), max(height, 1))

    def corners(self, numbers: Iterable[int]) -> list[tuple[float, float]]:
        """The places of the lower right corners of squares."""
        free = _SIDE - _CORNER
        return [(x + free, y + free) for x, y in map(self.places.__getitem__, numbers)]

    def bars(self, tactics: Iterable[int]) -> list[tuple[int, int]]:
        """The places of the bars below tactics, by their numbers."""
        return [self.ends[number] for number in sorted(tactics)]

    def svg(
        self,
        colors: Sequence[str],
        page: Colors,
        label: str,
        marked: Collection[int] = (),
        corners: Collection[int] = (),
    ) -> Markup:
        """The picture for a page, with a path per color.

        Args:
            colors: the `#rrggbb` of each square; "" for none.
            page: gives colors their classes.
            label: what it shows, for those who cannot see it.
            marked: the numbers of the tactics with a bar below.
            corners: the numbers of the squares with a corner in the color of what is not covered.
        """
        from markupsafe import Markup  # noqa: PLC0415 - for HTML alone

        drawn: dict[str, list[str]] = {}
        for square, color in zip(_paths(self.places), colors, strict=True):
            drawn.setdefault(color, []).append(square)
        paths = "".join(
            f'<path class="{page.name(color) if color else "none"}" d="{"".join(squares)}"/>'
            for color, squares in sorted(drawn.items())
        )
        if corners:
            parts = "".join(f"M{x} {y}h{_CORNER}v{_CORNER}h-{_CORNER}z" for x, y in self.corners(corners))
            paths += f'<path class="{page.name(UNCOVERED)} corner" d="{parts}"/>'
        ends = self.bars(marked)
        bars = "".join(f"M{x} {y}h{_BLOCK}v{_BAR}h-{_BLOCK}z" for x, y in ends)
        paths += f'<path class="hole" d="{bars}"/>' if bars else ""
        height = max([self.height, *(y + _BAR for _, y in ends)])
        element = svg_element(paths, "thumbnail", single_line(label), (self.width, height))
        return Markup(element)  # noqa: S704 - numbers, classes, and an escaped text


@lru_cache(maxsize=16)
def _paths(places: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
    """Squares at these places as paths; all pictures of a release have the same."""
    return tuple(f"M{x} {y}h{_SIDE}v{_SIDE}h-{_SIDE}z" for x, y in places)


def thumbnail(view: View, width: float, text: str, marked: Collection[str] = ()) -> Drawing:
    """The matrix of a layer as a drawing of a width in points, with what its squares and colors mean below.

    Args:
        view: the layer.
        width: the width of the drawing; its height follows.
        text: what goes before its description, for those who cannot see it.
        marked: the names of the tactics with a bar below.
    """
    matrix = matrix_of(view)
    squares, colors, corners = _squares(matrix)
    unit = min(width / squares.width, _LARGEST)
    side, theme = _SIDE * unit, THEMES["light"]
    shapes = tuple(
        Rect(x * unit, y * unit, side, side, color or theme.page, "" if color else theme.border, unit / 2)
        for (x, y), color in zip(squares.places, colors, strict=True)
    )
    shapes += tuple(
        Rect(x * unit, y * unit, _CORNER * unit, _CORNER * unit, UNCOVERED, theme.page, unit / 4)
        for x, y in squares.corners(corners)
    )
    bars = squares.bars(_numbers(matrix, marked))
    shapes += tuple(Rect(x * unit, y * unit, _BLOCK * unit, _BAR * unit, UNCOVERED) for x, y in bars)
    high = max([squares.height, *(y + _BAR for _, y in bars)])
    legend, rows = legend_of(matrix, _LOOK, _UNIT).within(width, _ROWS)
    size, y = legend.size, high * unit + 1.5 * legend.size
    marks = tuple(legend.shapes(0, y, rows))
    y += legend.height(rows)
    words = []
    for line in paragraph(caption(matrix, bars=bool(bars)), width / size, _ROWS):
        y += 1.4 * size
        words.append(Text(0, y, line, size, theme.muted))
    groups = (Group("matrix", "", shapes), Group("legend", "", marks), Group("caption", "", tuple(words)))
    title = single_line(view.name) or "Matrix"
    height = round(y + 0.4 * size, 2)
    return Drawing(
        round(width, 2), height, title, _description(matrix, text), theme.page, tuple(g for g in groups if g.shapes)
    )


class Key(NamedTuple):
    """What the squares of a matrix mean: the title of its scores, their colors, other colors, a sentence.

    `ramp` has the lowest score first; an item without a color is that of squares without one.
    """

    title: str
    ramp: tuple[LegendItem, ...]
    marks: tuple[LegendItem, ...]
    caption: str


def key_of(view: View, *, bars: bool = False) -> Key:
    """What the squares of the matrix of a layer mean, for a page; `bars`: tactics are marked."""
    matrix = matrix_of(view)
    legend = legend_of(matrix, _LOOK, _UNIT)
    numbers = ((float(match[1]), item) for item in view.legend if (match := NUMBER.match(item.label)))
    ramp = tuple(item for _, item in sorted(numbers, key=lambda pair: pair[0]))
    marks = [item for item in view.legend if item not in ramp]
    labels = {item.label for item in marks}
    marks += [
        LegendItem(item.label, "")
        for item in legend.items
        if item.fill == _LOOK.theme.unscored and item.label not in labels
    ]
    return Key(legend.title, ramp, tuple(marks), caption(matrix, bars=bars))


def caption(matrix: Matrix, *, bars: bool) -> str:
    """What a square and a block of squares are, and a bar below a block."""
    names = [single_line(column.name) for column in matrix.columns]
    if not names:
        return ""
    blocks = f"a block per tactic, from {names[0]} to {names[-1]}" if len(names) > 1 else f"all of {names[0]}"
    corner = " A red corner: some of its sub-techniques are not covered."
    bar = " A red bar: the biggest gap." if bars else ""
    return (
        f"A square per technique, {blocks}; a technique without a color of its own has that of its strongest "
        f"sub-technique.{corner if any(hides_open(cell) for cell in matrix.cells()) else ''}{bar}"
    )


def thumbnail_svg(view: View, page: Colors, text: str, marked: Collection[str] = ()) -> Markup:
    """The matrix of a layer for a page.

    Args:
        view: the layer.
        page: gives colors their classes.
        text: what goes before its description, for those who cannot see it.
        marked: the names of the tactics with a bar below.

    Returns:
        The picture as an element of the page.
    """
    matrix = matrix_of(view)
    squares, colors, corners = _squares(matrix)
    label = f"{single_line(view.name) or 'Matrix'}. {_description(matrix, text)}"
    return squares.svg(colors, page, label, _numbers(matrix, marked), corners)


def _numbers(matrix: Matrix, tactics: Collection[str]) -> list[int]:
    """The numbers of the columns of tactics."""
    return [number for number, column in enumerate(matrix.columns) if column.name in tactics]


def _squares(matrix: Matrix) -> tuple[Squares, list[str], list[int]]:
    """The squares of a matrix, their colors, and the numbers of those with a corner."""
    cells = [cell for column in matrix.columns for cell in column.cells]
    corners = [number for number, cell in enumerate(cells) if hides_open(cell)]
    sizes = [len(column.cells) for column in matrix.columns]
    return Squares.from_sizes(sizes), [color_of(cell) for cell in cells], corners


def _description(matrix: Matrix, text: str) -> str:
    return f"{text} {describe(matrix)}".lstrip()
