"""A matrix at a glance: a line of small squares per tactic, techniques large, their sub-techniques small behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean
from navlayers.output.drawing.cells import Look, told
from navlayers.output.drawing.font import CAP, ems
from navlayers.output.drawing.page_sizes import SMALLEST
from navlayers.output.drawing.shapes import Group, Line, Rect, Shape, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.layer.matrix import Cell, Column, Matrix

_SUB, _GAP, _BEHIND = 0.72, 0.14, 0.2
"""Of a square's side: that of sub-techniques, the space after each, and more of it after the last sub-technique."""

_LARGEST = 20.0
_SMALLEST_SIDE = 3.0
_NAME = 8.5
_BETWEEN = 0.55
"""Between tactics, in sides."""

_MOST_MORE = 0.8
"""So much more, in sides, where the page is higher."""


class Plan(NamedTuple):
    """How it is laid out, in points.

    The side of a square, the size of names, the width left of the squares, the cells by tactic and line, the height
    of it all, and the space between tactics.
    """

    side: float
    size: float
    label: float
    lines: tuple[tuple[tuple[Cell, ...], ...], ...]
    height: float
    between: float


def plan(matrix: Matrix, width: float, height: float, unit: float) -> Plan | None:
    """The largest squares that fit; a height of 0 is as high as is needed. None where there is no room."""
    size = max(SMALLEST, _NAME * unit)
    counts = max(ems(c.ratio) for c in matrix.columns)
    label = (max(ems(clean(c.name)) for c in matrix.columns) + counts + 2.5) * size
    step = 0.25 * unit
    side = (11 if not height else _LARGEST) * unit
    while side >= _SMALLEST_SIDE:
        lines = tuple(_flow(column, (width - label) / side) for column in matrix.columns)
        between = _BETWEEN * max(side, size * 0.7)
        needed = sum(_height(len(one), side, size) for one in lines) + between * (len(lines) - 1)
        if not height or needed <= height:
            spare = max(height - needed, 0) / max(len(lines) - 1, 1)
            return Plan(side, size, label, lines, needed, between + min(spare, side * _MOST_MORE))
        side -= step
    return None


def _height(lines: int, side: float, size: float) -> float:
    return max(lines * side, size * 1.3)


def _flow(column: Column, room: float) -> tuple[tuple[Cell, ...], ...]:
    """Techniques with their sub-techniques in lines of so many sides, parted only where one alone is longer."""
    lines: list[tuple[Cell, ...]] = []
    current: list[Cell] = []
    used = 0.0
    for cell in column.cells:
        width = _width(cell)
        if current and used + width > room:
            lines.append(tuple(current))
            current, used = [], 0.0
        current.append(cell)
        used += width
    return (*lines, tuple(current))


def _width(cell: Cell) -> float:
    subs = len(cell.shown or cell.closed)
    return 1 + subs * (_SUB + 0.02) + (_BEHIND if subs else 0)


def draw(matrix: Matrix, look: Look, plan: Plan, x: float, y: float) -> Iterator[Group]:
    """The picture with its upper left corner at a place."""
    for column, lines in zip(matrix.columns, plan.lines, strict=True):
        height = _height(len(lines), plan.side, plan.size)
        yield _label(column, look, plan, x, y)
        top = y
        for line in lines:
            left = x + plan.label
            for cell in line:
                yield _square(cell, column, look, left, top, plan.side)
                left += plan.side
                for sub in cell.shown or cell.closed:
                    inset = (1 - _SUB) / 2 * plan.side
                    yield _square(sub, column, look, left, top + inset, plan.side * _SUB)
                    left += plan.side * (_SUB + 0.02)
                if cell.shown or cell.closed:
                    left += plan.side * _BEHIND
            top += plan.side
        y += height + plan.between


def _label(column: Column, look: Look, plan: Plan, x: float, y: float) -> Group:
    middle = y + max(plan.side * (1 - _GAP), plan.size) / 2
    base = middle + CAP * plan.size / 2
    shapes: tuple[Shape, ...] = (
        Text(x, base, clean(column.name), plan.size, look.theme.ink, strong=True),
        Text(x + plan.label - plan.size, base, column.ratio, plan.size, look.theme.muted, "end"),
    )
    return Group(f"tactic--{column.shortname}", column.told, shapes)


def _square(cell: Cell, column: Column, look: Look, x: float, y: float, step: float) -> Group:
    side = step * (1 - _GAP)
    fill, ink = look.colors(cell)
    shapes: list[Shape] = [Rect(x, y, side, side, fill, look.theme.rule, 0.4)]
    figure = look.letter_of(cell) or look.figure(cell)
    size = min(side * 0.5, (side - 1) / ems(figure)) if figure else 0
    if size >= SMALLEST:
        shapes.append(Text(x + side / 2, y + side / 2 + CAP * size / 2, figure, size, ink, "middle"))
    elif not cell.enabled:
        shapes += [Line(x, y, x + side, y + side, ink, 0.4), Line(x, y + side, x + side, y, ink, 0.4)]
    return Group(f"{cell.id}--{column.shortname}", told(cell), tuple(shapes))
