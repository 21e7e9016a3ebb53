"""What stands above the matrix of a picture: what the layer is, of which release, how much it holds; the legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean
from navlayers.output.drawing import facts as head
from navlayers.output.drawing.font import paragraph
from navlayers.output.drawing.page_sizes import SMALLEST
from navlayers.output.drawing.shapes import Group, Shape, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.layer.matrix import Matrix
    from navlayers.output.drawing.legend import Legend
    from navlayers.output.drawing.theme import Theme

_TITLE, _LINE = 15.0, 7.6
_MOST_ROWS = 7
_WIDEST_LEGEND = 0.36
"""A legend that takes more of the width stands below the words."""

_TITLE_LINES, _LINES = 2, 4


class Banner(NamedTuple):
    """The groups, and the height that they take with the space below, in points."""

    groups: tuple[Group, ...]
    height: float


def banner_of(
    matrix: Matrix,
    legend: Legend,
    theme: Theme,
    x: float,
    y: float,
    width: float,
    unit: float,
    note: str = "",
    *,
    headed: bool = True,
) -> Banner:
    """Title, description and facts at the left, the legend at the right; below each other where it is wide.

    Without title and description if it is not `headed`.
    """
    title, line = max(_TITLE * unit, SMALLEST), max(_LINE * unit, SMALLEST)
    beside = legend.width(_MOST_ROWS) <= width * _WIDEST_LEGEND
    legend, rows = legend.within(width * (_WIDEST_LEGEND if beside else 1), _MOST_ROWS)
    left = width - (legend.width(rows) + 2 * title if beside else 0)
    shapes = list(_words(matrix, note, theme, x, y, left, title, line, headed=headed))
    bottom = max(shape.y for shape in shapes) + line * 0.3 if shapes else y
    if beside:
        place = (x + width - legend.width(rows), y + title * 0.15)
        bottom = max(bottom, place[1] + legend.height(rows))
    else:
        place = (x, bottom + line * 0.8)
        bottom = place[1] + legend.height(rows)
    groups = [Group("header", "", tuple(shapes))]
    drawn = tuple(legend.shapes(*place, rows))
    if drawn:
        groups.append(Group("legend", "", drawn))
    return Banner(tuple(groups), bottom - y + 9 * unit)


def _words(
    matrix: Matrix,
    note: str,
    theme: Theme,
    x: float,
    y: float,
    width: float,
    title: float,
    line: float,
    *,
    headed: bool,
) -> Iterator[Text]:
    if headed:
        y += title * 0.8
        for number, text in enumerate(paragraph(clean(matrix.view.name) or "layer", width / title, _TITLE_LINES)):
            y += title * 1.15 if number else 0
            yield Text(x, y, text, title, theme.ink, strong=True)
        y += title * 0.25
        description = clean(matrix.view.description)
        for text in paragraph(description, width / line, _LINES) if description else ():
            y += line * 1.3
            yield Text(x, y, text, line, theme.ink)
    for text in paragraph(" · ".join([*facts(matrix), *([note] if note else [])]), width / line, _LINES):
        y += line * 1.3
        yield Text(x, y, text.removesuffix(" ·"), line, theme.muted)


def facts(matrix: Matrix) -> tuple[str, ...]:
    """The release, how much of it the layer annotates, what it filters by."""
    view = matrix.view
    found = [head.release(view), head.counts(view)]
    if view.platforms:
        found.append(f"platforms: {clean(', '.join(view.platforms))}")
    if view.hide_disabled and view.ratios is None:
        found.append("disabled ones hidden")
    return tuple(found)


def describe(matrix: Matrix) -> str:
    """The picture in a sentence, for those who do not see it."""
    parts = [f"{clean(c.name)} {c.mapped} of {c.total}" for c in matrix.columns if c.total]
    text = "; ".join(facts(matrix))
    return f"{text}. By tactic: {', '.join(parts)}." if parts else f"{text}."


def empty(theme: Theme, x: float, y: float, size: float) -> Shape:
    """What stands where there is nothing to draw."""
    return Text(x, y + size, "No technique is left to show.", size, theme.muted)
