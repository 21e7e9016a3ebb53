"""The cells of a matrix as shapes: in columns with names, or as small squares in a line per tactic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import clean
from navlayers.layer.colors import text_color
from navlayers.output.drawing.fitting import APART, LEADING, MOST_LINES, PAD, Fit, Name, Texts
from navlayers.output.drawing.font import CAP, ems, rooms, wrap
from navlayers.output.drawing.options import SMALLEST
from navlayers.output.drawing.packing import ROW
from navlayers.output.drawing.shapes import Group, Line, Rect, Shape, Text
from navlayers.output.drawing.theme import Look, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.layer.matrix import Cell, Column, Matrix
    from navlayers.output.drawing.packing import Groups

# Indent of sub-techniques, in sizes of the text.
_INDENT = 0.9

# Small squares below a technique: how many stand side by side, and the height of a line of them in tenths of a row.
_SQUARES = 10
_SQUARES_ROW = 6


def groups_of(matrix: Matrix, look: Look) -> tuple[Groups, ...]:
    """Per tactic and technique, the heights of the cells that stand below each other, in tenths of a row."""
    return tuple(tuple(_heights(cell, look) for cell in column.cells) for column in matrix.columns)


def _heights(cell: Cell, look: Look) -> tuple[int, ...]:
    return (ROW + _squares_height(look.small(cell)), *(ROW for _ in look.subtechniques(cell)))


def _squares_height(squares: Sequence[Cell]) -> int:
    return _SQUARES_ROW * -(-len(squares) // _SQUARES)


def texts_of(matrix: Matrix, look: Look) -> Texts:
    """How wide the texts in the cells are."""
    names: list[Name] = []
    score = 0.0
    for column in matrix.columns:
        for cell in column.cells:
            for one in (cell, *look.subtechniques(cell)):
                figure = look.figure(one)
                wide = ems(figure) + APART if figure else 0.0
                score = max(score, wide)
                beside = ems(one.id) + APART if look.id and look.name else 0.0
                indent = _INDENT if one is not cell else 0.0
                names.append(Name(rooms(look.label(one), MOST_LINES + 1), indent, wide, beside))
    heads = tuple(clean(column.name) for column in matrix.columns)
    return Texts(tuple(names), score, heads)


def draw_cells(matrix: Matrix, look: Look, fit: Fit, x: float, y: float) -> Iterator[Group]:
    """The matrix in columns, its upper left corner at a place."""
    painter = _Painter(look, fit, texts_of(matrix, look).score if look.id and look.name else 0)
    step = fit.width + fit.gap
    for band in fit.packing.bands:
        left = x
        for number, count in enumerate(band.counts, band.first):
            column = matrix.columns[number]
            yield painter.head(column, left, y, count * step - fit.gap, matrix.view.tactic_background)
            yield from painter.column(column, fit.lengths[number], left, y + fit.head)
            left += count * step
        y += fit.head + band.height * fit.row / ROW + fit.band_gap


class _Painter:
    def __init__(self, look: Look, fit: Fit, score: float) -> None:
        self._look, self._fit, self._theme = look, fit, look.theme
        self._score = score * fit.small

    def head(self, column: Column, x: float, y: float, width: float, background: str) -> Group:
        """The head of a tactic: its name, how much of it is annotated, and a line that spans its columns."""
        fit, theme = self._fit, self._theme
        ink, muted = theme.ink, theme.muted
        bottom = y + fit.head - fit.size * 0.35
        shapes: list[Shape] = []
        inset = 0.0
        if background:
            fill = theme.paint(background)
            ink = muted = text_color(fill)
            inset = PAD * fit.size
            shapes.append(Rect(x, y, width, bottom - y, fill))
        base = bottom - fit.size * 0.35
        shapes.append(Text(x + inset, base, column.ratio, fit.small, muted))
        base -= fit.small * 1.25
        name = wrap(clean(column.name), (width - 2 * inset) / fit.head_size, fit.head_lines)
        for place, line in enumerate(reversed(name)):
            shapes.append(
                Text(x + inset, base - place * fit.head_size * 1.15, line, fit.head_size, ink, strong=True)
            )
        shapes.append(Line(x, bottom, x + width, bottom, ink, max(0.75, fit.size * 0.12)))
        return Group(f"tactic--{column.shortname}", column.told, tuple(shapes))

    def column(self, column: Column, lengths: Sequence[int], x: float, y: float) -> Iterator[Group]:
        """The cells of a tactic, in as many columns as lengths are given."""
        slots = [(one, one is not cell) for cell in column.cells for one in (cell, *self._look.subtechniques(cell))]
        start = 0
        rules: list[Line] = []
        for length in lengths:
            top = y
            for cell, is_sub in slots[start : start + length]:
                yield self._cell(cell, is_sub, column.shortname, x, top)
                if is_sub:
                    _extend(rules, x + _INDENT * self._fit.size * 0.4, top, top + self._fit.row, self._theme.rule)
                top += self._fit.row
                squares = () if is_sub else self._look.small(cell)
                yield from self._squares(squares, column.shortname, x, top)
                top += _squares_height(squares) * self._fit.row / ROW
            start += length
            x += self._fit.width + self._fit.gap
        if rules:
            yield Group(f"rules--{column.shortname}", "", tuple(rules))

    def _cell(self, cell: Cell, is_sub: bool, tactic: str, x: float, y: float) -> Group:
        fit, look = self._fit, self._look
        indent = _INDENT * fit.size if is_sub else 0.0
        left, right = x + indent, x + fit.width
        fill, ink = look.colors(cell)
        shapes: list[Shape] = [Rect(left, y, right - left, fit.row, fill, self._theme.border)]
        pad = PAD * fit.size
        middle, end = y + fit.row / 2, right - pad
        figure = look.figure(cell)
        beside = look.id and look.name
        # Where a cell has room for two lines, score and id stand one above the other.
        stacked = beside and fit.lines > 1
        drop = fit.small * LEADING / 2 if stacked and figure else 0
        taken = 0.0
        if figure:
            at = middle - drop + CAP * fit.small / 2
            shapes.append(Text(end, at, figure, fit.small, ink, "end"))
            taken = (ems(figure) + APART) * fit.small
        if beside:
            shift = 0 if stacked else self._score
            shapes.append(Text(end - shift, middle + drop + CAP * fit.small / 2, cell.id, fit.small, ink, "end"))
            wide = (ems(cell.id) + APART) * fit.small
            taken = max(taken, wide) if stacked else shift + wide
        label = look.label(cell)
        if label:
            room = end - taken - left - pad
            size, most, leading = fit.setting(rooms(label, MOST_LINES + 1), room)
            lines = wrap(label, room / size, most)
            at = middle + CAP * size / 2 - (len(lines) - 1) * leading * size / 2
            for line in lines:
                shapes.append(Text(left + pad, at, line, size, ink))
                at += leading * size
        return Group(f"{cell.id}--{tactic}", told(cell), tuple(shapes))

    def _squares(self, squares: Sequence[Cell], tactic: str, x: float, y: float) -> Iterator[Group]:
        row = _SQUARES_ROW * self._fit.row / ROW
        step = min((self._fit.width - PAD * self._fit.size) / _SQUARES, row)
        side = step * 0.8
        for number, sub in enumerate(squares):
            at = x + PAD * self._fit.size + number % _SQUARES * step
            top = y + number // _SQUARES * row + (step - side) * 0.6
            fill = self._look.colors(sub)[0]
            shape = Rect(at, top, side, side, fill, self._theme.rule, 0.35)
            yield Group(f"{sub.id}--{tactic}", told(sub), (shape,))


def _extend(rules: list[Line], x: float, top: float, bottom: float, color: str) -> None:
    """Add a vertical rule, as part of the last one where it goes on below it."""
    if rules and rules[-1].x1 == x and abs(rules[-1].y2 - top) < 0.01:
        rules[-1] = msgspec.structs.replace(rules[-1], y2=bottom)
    else:
        rules.append(Line(x, top, x, bottom, color))


# The compact matrix. Lengths are in sides of the square of a technique.

# The side of the square of a sub-technique; what of a side is left free; the space after the last sub-technique.
_SUB, _FREE, _BEHIND = 0.72, 0.14, 0.2
_AFTER_SUB = 0.02

# Sides of squares in points at unit 1: the largest on a page, that on a free page, the smallest of all.
_LARGEST, _USUAL, _LEAST = 20.0, 11.0, 3.0
_SHRINK = 0.25
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
    """The largest squares that fit, None where none do; a height of 0 is as high as is needed."""
    size = max(SMALLEST, _NAME * unit)
    counts = max(ems(column.ratio) for column in matrix.columns)
    label = (max(ems(clean(column.name)) for column in matrix.columns) + counts + 2.5) * size
    side = (_LARGEST if height else _USUAL) * unit
    while side >= _LEAST:
        lines = tuple(_flow(column, (width - label) / side) for column in matrix.columns)
        between = _BETWEEN * max(side, size * 0.7)
        needed = sum(_lines_height(len(one), side, size) for one in lines) + between * (len(lines) - 1)
        if not height or needed <= height:
            spare = max(height - needed, 0) / max(len(lines) - 1, 1)
            return Compact(side, size, label, lines, needed, between + min(spare, side * _MOST_MORE))
        side -= _SHRINK * unit
    return None


def _lines_height(lines: int, side: float, size: float) -> float:
    return max(lines * side, size * 1.3)


def _flow(column: Column, room: float) -> tuple[tuple[Cell, ...], ...]:
    """The techniques of a tactic in lines; one stays with its sub-techniques even where these need more room."""
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


def draw_compact(matrix: Matrix, look: Look, fit: Compact, x: float, y: float) -> Iterator[Group]:
    """The compact matrix, its upper left corner at a place."""
    side = fit.side
    for column, lines in zip(matrix.columns, fit.lines, strict=True):
        yield _label(column, look, fit, x, y)
        top = y
        for line in lines:
            left = x + fit.label
            for cell in line:
                yield _square(cell, column, look, left, top, side)
                left += side
                subs = cell.shown or cell.closed
                for sub in subs:
                    yield _square(sub, column, look, left, top + (1 - _SUB) / 2 * side, side * _SUB)
                    left += side * (_SUB + _AFTER_SUB)
                left += side * _BEHIND if subs else 0
            top += side
        y += _lines_height(len(lines), side, fit.size) + fit.between


def _label(column: Column, look: Look, fit: Compact, x: float, y: float) -> Group:
    base = y + max(fit.side * (1 - _FREE), fit.size) / 2 + CAP * fit.size / 2
    shapes: tuple[Shape, ...] = (
        Text(x, base, clean(column.name), fit.size, look.theme.ink, strong=True),
        Text(x + fit.label - fit.size, base, column.ratio, fit.size, look.theme.muted, "end"),
    )
    return Group(f"tactic--{column.shortname}", column.told, shapes)


def _square(cell: Cell, column: Column, look: Look, x: float, y: float, step: float) -> Group:
    side = step * (1 - _FREE)
    fill, ink = look.colors(cell)
    shapes: list[Shape] = [Rect(x, y, side, side, fill, look.theme.rule, 0.4)]
    figure = look.letter_of(cell) or look.figure(cell)
    size = min(side * 0.5, (side - 1) / ems(figure)) if figure else 0
    if size >= SMALLEST:
        shapes.append(Text(x + side / 2, y + side / 2 + CAP * size / 2, figure, size, ink, "middle"))
    elif not cell.enabled:
        shapes += [Line(x, y, x + side, y + side, ink, 0.4), Line(x, y + side, x + side, y, ink, 0.4)]
    return Group(f"{cell.id}--{column.shortname}", told(cell), tuple(shapes))
