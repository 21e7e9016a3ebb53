"""The matrix of a layer as a small picture without text: a square per technique, a block per tactic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from navlayers._text import single_line
from navlayers.layer.matrix import matrix_of
from navlayers.output.drawing.header import describe
from navlayers.output.drawing.shapes import Drawing, Group, Rect
from navlayers.output.drawing.theme import THEMES
from navlayers.output.mini_matrix import color_of

if TYPE_CHECKING:
    from navlayers.layer.view import View

_WIDE = 3
"""Squares in a row of a tactic."""

_FREE, _BETWEEN = 0.2, 0.7
"""Space between squares and between tactics, in steps from one square to the next."""

_STEP = 12.0
"""The longest step, in points: a matrix with few tactics is narrower."""


EMPTY = THEMES["light"].border
"""The color of a technique without one."""


def thumbnail(view: View, width: float, text: str) -> Drawing:
    """The matrix as a drawing of at most this width in points; `text` goes before its description."""
    matrix = matrix_of(view)
    columns, theme = matrix.columns, THEMES["light"]
    steps = len(columns) * (_WIDE + _BETWEEN) - _BETWEEN - _FREE if columns else 1
    step = min(width / steps, _STEP)
    side = step * (1 - _FREE)
    squares: list[Rect] = []
    for number, column in enumerate(columns):
        left = number * (_WIDE + _BETWEEN) * step
        for place, cell in enumerate(column.cells):
            row, at = divmod(place, _WIDE)
            fill = color_of(cell) or EMPTY
            squares.append(Rect(left + at * step, row * step, side, side, fill))
    rows = max((math.ceil(len(column.cells) / _WIDE) for column in columns), default=0)
    groups = (Group("matrix", "", tuple(squares)),)
    description = f"{text} {describe(matrix)}".lstrip()
    size = round(steps * step, 2), round(max(rows * step - step * _FREE, 1), 2)
    return Drawing(*size, single_line(view.name) or "Matrix", description, theme.page, groups)
