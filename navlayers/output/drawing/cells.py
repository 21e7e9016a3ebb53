"""The cells of a matrix as shapes: in columns with names, or as small squares in a line per tactic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.lines import single_line
from navlayers.layer.contrast import text_color
from navlayers.layer.ramps import UNCOVERED
from navlayers.output.drawing.font import CAP, ems, rooms, wrap
from navlayers.output.drawing.layout import (
    APART,
    INDENT,
    MOST_LINES,
    PAD,
    ROW,
    SQUARES,
    SQUARES_ROW,
    squares_height,
)
from navlayers.output.drawing.options import SMALLEST
from navlayers.output.drawing.shapes import Group, Line, Rect, Shape, Text
from navlayers.output.drawing.theme import Look, tooltip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from navlayers.layer.matrix import Cell, Column, Matrix
    from navlayers.output.drawing.layout import Layout
    from navlayers.output.drawing.theme import Theme


def draw_cells(matrix: Matrix, look: Look, layout: Layout, x: float, y: float) -> Iterator[Group]:
    """Draw the matrix in columns from an upper left corner on."""
    step = layout.width + layout.gap
    for band in layout.bands:
        left = x
        for number, lengths in enumerate(band.columns, band.first):
            column = matrix.columns[number]
            width = len(lengths) * step - layout.gap
            yield _head(column, look, layout, left, y, width, matrix.view.tactic_background)
            yield from _column(column, look, layout, lengths, left, y + layout.head)
            left += len(lengths) * step
        y += layout.head + band.height * layout.row / ROW + layout.band_gap


def _head(column: Column, look: Look, layout: Layout, x: float, y: float, width: float, background: str) -> Group:
    """The head of a tactic: its name, its ratio, and a line that spans its columns."""
    ink, muted = look.theme.ink, look.theme.muted
    bottom = y + layout.head - layout.size * 0.35
    shapes: list[Shape] = []
    inset = 0.0
    if background:
        fill = look.theme.paint(background)
        ink = muted = text_color(fill)
        inset = PAD * layout.size
        shapes.append(Rect(x, y, width, bottom - y, fill))
    base = bottom - layout.size * 0.35
    shapes.append(Text(x + inset, base, column.ratio, layout.small, muted))
    base -= layout.small * 1.25
    size = layout.head_size
    name = wrap(single_line(column.name), (width - 2 * inset) / size, layout.head_lines)
    for place, line in enumerate(reversed(name)):
        shapes.append(Text(x + inset, base - place * size * 1.15, line, size, ink, strong=True))
    shapes.append(Line(x, bottom, x + width, bottom, ink, max(0.75, layout.size * 0.12)))
    return Group(f"tactic--{column.shortname}", column.tooltip, tuple(shapes))


def _column(
    column: Column, look: Look, layout: Layout, lengths: Sequence[int], x: float, y: float
) -> Iterator[Group]:
    """The cells of a tactic; `lengths` are the numbers of cells of its columns."""
    slots = [(each, each is not cell) for cell in column.cells for each in (cell, *look.subtechniques(cell))]
    start = 0
    rules: list[Line] = []
    for length in lengths:
        top = y
        for cell, is_sub in slots[start : start + length]:
            yield _cell(cell, look, layout, column.shortname, x + (INDENT * layout.size if is_sub else 0), x, top)
            if is_sub:
                _extend(rules, x + INDENT * layout.size * 0.4, top, top + layout.row, look.theme.rule)
            top += layout.row
            squares = () if is_sub else look.small(cell)
            yield from _squares(squares, look, layout, column.shortname, x, top)
            top += squares_height(len(squares)) * layout.row / ROW
        start += length
        x += layout.width + layout.gap
    if rules:
        yield Group(f"rules--{column.shortname}", "", tuple(rules))


def _cell(cell: Cell, look: Look, layout: Layout, tactic: str, left: float, x: float, y: float) -> Group:
    """A cell from its left edge to the right edge of the column that begins at `x`."""
    fill, ink = look.colors(cell)
    right, middle = x + layout.width, y + layout.row / 2
    shapes: list[Shape] = [Rect(left, y, right - left, layout.row, fill, look.theme.border)]
    left, right = left + PAD * layout.size, right - PAD * layout.size
    if figure := look.figure(cell):
        shapes.append(Text(right, middle + CAP * layout.small / 2, figure, layout.small, ink, "end"))
        right -= (ems(figure) + APART) * layout.small
    if label := look.label(cell):
        size, most, leading = layout.setting(rooms(label, MOST_LINES + 1), right - left)
        lines = wrap(label, (right - left) / size, most)
        base = middle + CAP * size / 2 - (len(lines) - 1) * leading * size / 2
        shapes += (Text(left, base + n * leading * size, line, size, ink) for n, line in enumerate(lines))
    return Group(f"{cell.id}--{tactic}", tooltip(cell), tuple(shapes))


def _squares(
    squares: Sequence[Cell], look: Look, layout: Layout, tactic: str, x: float, y: float
) -> Iterator[Group]:
    row = SQUARES_ROW * layout.row / ROW
    step = min((layout.width - PAD * layout.size) / SQUARES, row)
    side = step * 0.8
    for number, sub in enumerate(squares):
        left = x + PAD * layout.size + number % SQUARES * step
        top = y + number // SQUARES * row + (step - side) * 0.6
        shape = Rect(left, top, side, side, look.colors(sub)[0], look.theme.rule, 0.35)
        yield Group(f"{sub.id}--{tactic}", tooltip(sub), (shape,))


def _extend(rules: list[Line], x: float, top: float, bottom: float, color: str) -> None:
    """Add a vertical rule, or lengthen the last one if the new one continues it."""
    if rules and rules[-1].x1 == x and abs(rules[-1].y2 - top) < 0.01:
        rules[-1] = msgspec.structs.replace(rules[-1], y2=bottom)
    else:
        rules.append(Line(x, top, x, bottom, color))


# The compact matrix. In sides of a technique's square: the square of a sub-technique, the free part of a side, the
# space after a sub-technique and after the last one.
_SUB, _FREE, _AFTER_SUB, _BEHIND = 0.72, 0.14, 0.02, 0.2

# Sides of squares in points at A4: the largest on a page, that on a free page, the smallest, the steps tried.
_LARGEST, _USUAL, _LEAST, _SHRINK = 20.0, 11.0, 3.0, 0.25

# The size of tactics' names in points at A4.
_NAME = 8.5

# The space between tactics, and how much it grows at most where the page is higher.
_BETWEEN, _MOST_MORE = 0.55, 0.8


class Compact(NamedTuple):
    """The layout of a compact matrix, in points.

    Attributes:
        side: of a technique's square with the space around it.
        size: of the names of tactics.
        label: the width left of the squares.
        lines: the cells by tactic and line.
        height: of all lines.
        between: the space between tactics.
    """

    side: float
    size: float
    label: float
    lines: tuple[tuple[tuple[Cell, ...], ...], ...]
    height: float
    between: float


def compact_fit(matrix: Matrix, width: float, height: float, unit: float) -> Compact | None:
    """The layout with the largest squares that fit; None if none fit. A height of 0 means as high as needed."""
    size = max(SMALLEST, _NAME * unit)
    counts = max(ems(column.ratio) for column in matrix.columns)
    label = (max(ems(single_line(column.name)) for column in matrix.columns) + counts + 2.5) * size
    side = (_LARGEST if height else _USUAL) * unit
    while side >= _LEAST:
        lines = tuple(_flow(column, (width - label) / side) for column in matrix.columns)
        between = _BETWEEN * max(side, size * 0.7)
        needed = sum(_lines_height(len(rows), side, size) for rows in lines) + between * (len(lines) - 1)
        if not height or needed <= height:
            spare = max(height - needed, 0) / max(len(lines) - 1, 1)
            return Compact(side, size, label, lines, needed, between + min(spare, side * _MOST_MORE))
        side -= _SHRINK * unit
    return None


def _lines_height(lines: int, side: float, size: float) -> float:
    return max(lines * side, size * 1.3)


def _flow(column: Column, room: float) -> tuple[tuple[Cell, ...], ...]:
    """The techniques of a tactic in lines; a technique shares a line with its sub-techniques, even a short one."""
    lines: list[list[Cell]] = [[]]
    used = 0.0
    for cell in column.cells:
        subs = len(cell.shown or cell.closed)
        width = 1 + subs * (_SUB + _AFTER_SUB) + (_BEHIND if subs else 0)
        if lines[-1] and used + width > room:
            lines.append([])
            used = 0.0
        lines[-1].append(cell)
        used += width
    return tuple(map(tuple, lines))


def draw_compact(
    matrix: Matrix,
    look: Look,
    fit: Compact,
    x: float,
    y: float,
    least: float = SMALLEST,
    marked: Collection[str] = (),
) -> Iterator[Group]:
    """Draw the compact matrix from an upper left corner on.

    Args:
        matrix: the matrix.
        look: the look of its cells.
        fit: the layout.
        x: the left edge.
        y: the upper edge.
        least: the least size of scores; smaller ones are omitted.
        marked: names of tactics with a bar on their left.
    """
    side = fit.side
    for column, lines in zip(matrix.columns, fit.lines, strict=True):
        yield _label(column, look, fit, x, y, marked=single_line(column.name) in marked)
        top = y
        for line in lines:
            left = x + fit.label
            for cell in line:
                yield _square(cell, column, look, left, top, side, least)
                left += side
                subs = cell.shown or cell.closed
                for sub in subs:
                    yield _square(sub, column, look, left, top + (1 - _SUB) / 2 * side, side * _SUB, least)
                    left += side * (_SUB + _AFTER_SUB)
                left += side * _BEHIND if subs else 0
            top += side
        y += _lines_height(len(lines), side, fit.size) + fit.between


def marker(x: float, y: float, height: float, theme: Theme) -> Rect:
    """The bar that marks the biggest hole."""
    return Rect(x, y, height / 4, height, theme.paint(UNCOVERED))


def _label(column: Column, look: Look, fit: Compact, x: float, y: float, *, marked: bool) -> Group:
    base = y + max(fit.side * (1 - _FREE), fit.size) / 2 + CAP * fit.size / 2
    ink = look.theme.ink if marked else look.theme.muted
    shapes: list[Shape] = [
        Text(x, base, single_line(column.name), fit.size, look.theme.ink, strong=True),
        Text(x + fit.label - fit.size, base, column.ratio, fit.size, ink, "end", strong=marked),
    ]
    if marked:
        shapes.append(marker(x - fit.size * 0.7, base - fit.size * 0.85, fit.size, look.theme))
    return Group(f"tactic--{column.shortname}", column.tooltip, tuple(shapes))


def _square(cell: Cell, column: Column, look: Look, x: float, y: float, step: float, least: float) -> Group:
    side = step * (1 - _FREE)
    fill, ink = look.colors(cell)
    shapes: list[Shape] = [Rect(x, y, side, side, fill, look.theme.rule, 0.4)]
    letter = look.letter_of(cell)
    figure = letter or look.figure(cell)
    size = min(side * 0.5, (side - 1) / ems(figure)) if figure else 0
    if size >= (SMALLEST if letter else least):
        shapes.append(Text(x + side / 2, y + side / 2 + CAP * size / 2, figure, size, ink, "middle"))
    elif not cell.enabled:
        shapes += [Line(x, y, x + side, y + side, ink, 0.4), Line(x, y + side, x + side, y, ink, 0.4)]
    return Group(f"{cell.id}--{column.shortname}", tooltip(cell), tuple(shapes))
