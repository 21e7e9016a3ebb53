"""Layers as slides: a headline number, the matrix as squares, and the names that matter, for the back of a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.lines import single_line
from navlayers.layer.matrix import matrix_of
from navlayers.output.drawing.cells import compact_fit, draw_cells, draw_compact, marker
from navlayers.output.drawing.facts import short_name
from navlayers.output.drawing.font import CAP, cut, ems
from navlayers.output.drawing.header import describe, legend_of
from navlayers.output.drawing.layout import content_of, page_layouts
from navlayers.output.drawing.shapes import Drawing, Group, Rect, Shape, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.matrix import Matrix
    from navlayers.output.drawing.layout import Layout
    from navlayers.output.drawing.options import Frame, RenderOptions
    from navlayers.output.drawing.summary import Names, Row, Summary
    from navlayers.output.drawing.theme import Look

LEAST = 9.0
"""The smallest text of a name on a slide, in points."""

# Sizes of text in points: the number, its words, the hole, the title, the rest; the height of a line of the list.
_NUMBER, _TEXT, _HOLE, _TITLE, _SMALL, _ROW = 40.0, 17.0, 17.0, 13.0, 10.5, 17.0

# The height of the line above the ratios of the tactics.
_CAPTION = 13.0

# The list's share of the width, and the space beside it and below the header in points.
_LIST, _SPACE = 0.29, 18.0

# Units of the named cells to try, the largest first: the largest text has 8.5 points each.
_UNITS = (2.4, 2.1, 1.8, 1.5, 1.3, 1.1)
# Other fonts than that of pictures set the number wider.
_WIDER = 1.1


def is_slide(options: RenderOptions) -> bool:
    """Whether the options leave it to the slide what it shows."""
    return options.page == "16:9" and options.detail != "full" and options.show is None


def draw_slide(summary: Summary, look: Look, frame: Frame, *, names: bool) -> Drawing:
    """Draw a slide.

    Args:
        summary: what it says of the layer.
        look: the look of cells.
        frame: the page.
        names: draw the annotated techniques as cells with their names, if these are legible.
    """
    view = summary.view
    matrix = matrix_of(view, "scored" if names else "mini")
    x, y = frame.margin, frame.margin
    head, height = _head(summary, matrix, look, frame)
    groups = [*head]
    top, room = y + height + _SPACE, frame.inner_height - height - _SPACE
    layout = _named_layout(matrix, look, frame.inner_width, room) if names else None
    if layout is not None:
        groups += draw_cells(matrix, look, layout, x, top)
    elif matrix.columns:
        width = frame.inner_width * (1 - _LIST) - _SPACE
        squares = matrix_of(view, "mini")
        fit = compact_fit(squares, width, room - _CAPTION, frame.unit)
        if fit is not None:
            end = x + fit.label - fit.size
            caption = cut(summary.caption, (end - x) / LEAST)
            groups.append(Group("caption", "", (Text(end, top + LEAST, caption, LEAST, look.theme.muted, "end"),)))
            groups += draw_compact(squares, look, fit, x, top + _CAPTION, LEAST, summary.hole.tactics)
        left = x + frame.inner_width - frame.inner_width * _LIST
        groups += _lists(summary.names, look, left, top, frame.inner_width * _LIST, room)
    title = single_line(view.name) or "layer"
    return Drawing(
        round(frame.width, 2), round(frame.height, 2), title, describe(matrix), look.theme.page, tuple(groups)
    )


def _head(summary: Summary, matrix: Matrix, look: Look, frame: Frame) -> tuple[list[Group], float]:
    """Title, headline and legend, and their height."""
    view, theme, x, y = matrix.view, look.theme, frame.margin, frame.margin
    legend = legend_of(matrix, look, _SMALL / 6.4)
    legend, rows = legend.within(frame.inner_width * 0.45, 4)
    room = frame.inner_width - legend.width(rows) - 2 * _SPACE
    title = Text(x, y + _TITLE * 0.8, cut(short_name(view), room / _TITLE), _TITLE, theme.muted, strong=True)
    base = y + _TITLE + 8 + _NUMBER * CAP
    start = x + ems(summary.number) * _NUMBER * _WIDER + 10
    words = Text(
        start, base - _SMALL * 1.5, cut(summary.words, (room - start + x) / _TEXT), _TEXT, theme.ink, strong=True
    )
    counts = Text(start, base, cut(summary.counts, (room - start + x) / _SMALL), _SMALL, theme.muted)
    number = Text(x, base, summary.number, _NUMBER, theme.ink, strong=True)
    groups = [Group("header", "", (title, number, words, counts))]
    if summary.hole.text:
        base += _HOLE * 1.6
        mark = marker(x, base - _HOLE * CAP, _HOLE * CAP, theme)
        left = x + _HOLE * 0.6
        text = cut(summary.hole.text, (room - left + x) / _HOLE)
        groups.append(Group("hole", "", (mark, Text(left, base, text, _HOLE, theme.ink, strong=True))))
    shapes = tuple(legend.shapes(x + frame.inner_width - legend.width(rows), y, rows))
    if shapes:
        groups.append(Group("legend", "", shapes))
    return groups, max(base - y, legend.height(rows))


def _named_layout(matrix: Matrix, look: Look, width: float, height: float) -> Layout | None:
    """The layout of cells with names in the largest legible size; None if they do not fit."""
    if not matrix.columns:
        return None
    content = content_of(matrix, look)
    for unit in _UNITS:
        layouts = [each for each in page_layouts(content, width, height, unit, 1).values() if each.size >= LEAST]
        if layouts:
            return max(layouts, key=lambda each: each.quality)
    return None


def _lists(names: Sequence[Names], look: Look, x: float, y: float, width: float, height: float) -> Iterator[Group]:
    """The lists with as many rows as there is room for."""
    parts = [each for each in names if each.rows]
    lines = int(height / _ROW) - 2 * len(parts) + 1
    parts = [_tallied(each, max(lines // len(parts), 1)) for each in parts]
    for number, each in enumerate(parts):
        later = parts[number + 1 :]
        share = max(lines // (len(later) + 1), lines - sum(len(other.rows) for other in later), 1)
        rows = each.rows[:share]
        title = f"{each.title}, {len(rows)} of {len(each.rows)}" if len(rows) < len(each.rows) else each.title
        title += f", {each.note}" if each.note else ""
        lines -= len(rows)
        yield Group(f"list-{number}", "", tuple(_list(title, rows, look, x, y, width)))
        y += (len(rows) + 2) * _ROW


def _tallied(names: Names, share: int) -> Names:
    """A list, or its tally if all names for which there is room have the same number."""
    same = len({row.number for row in names.rows[:share]}) == 1
    return names.tally if names.tally and same and len(names.rows) > share else names


def _list(title: str, rows: Sequence[Row], look: Look, x: float, y: float, width: float) -> Iterator[Shape]:
    theme = look.theme
    base = y + _SMALL
    yield Text(x, base, cut(title, width / _SMALL), _SMALL, theme.muted, strong=True)
    for name, number, color in rows:
        base += _ROW
        side = _SMALL * 0.9
        yield Rect(x, base - side * 0.88, side, side, theme.paint(color) if color else theme.unscored, theme.rule)
        yield Text(x + width, base, number, _SMALL, theme.ink, "end")
        room = width - 1.6 * side - (ems(number) + 0.6) * _SMALL
        yield Text(x + 1.6 * side, base, cut(single_line(name), room / _SMALL), _SMALL, theme.ink)
