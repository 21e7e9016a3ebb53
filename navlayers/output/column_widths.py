"""How wide the columns of a table are on paper: figures and ids as they need, texts so that rows stay low."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.output.drawing.font import ems, rooms
from navlayers.output.paper_text import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.output.tables import Column, Table

_HEAD_LINES = 3
_WHOLE, _WORD, _LEAST, _SHORT = 20.0, 15.0, 9.0, 9.0
"""In sizes: up to where figures and words stand whole, what texts have at least, and what is never parted."""

CHIP = 0.8
"""In sizes: how much wider than its figure the colour behind a score is."""

_SLACK = 0.1
"""In sizes, so that no rounding parts what fits."""

_STEP = 0.5
_SAMPLE = 400
"""Rows that are looked at for how long texts are."""


class _Column(msgspec.Struct, frozen=True):
    """A column in sizes.

    `heads` are what the header needs to stand in one line, in two and so on, `least` what the column needs, `most`
    what it needs to have no line parted; `texts` are the lengths of what may be parted.
    """

    heads: tuple[float, ...]
    least: float
    most: float
    texts: tuple[float, ...] = ()

    def rows(self, width: float) -> float:
        """About how much height the texts take, where one that is twice as high counts four times."""
        return sum(max(1, text / width) ** 2 for text in self.texts)


class Measured:
    """A table's texts as they are shown, row by row in lines, and its columns measured."""

    def __init__(self, table: Table) -> None:
        self.texts = [[lines_of(text) for text in row] for row in table.texts]
        self._columns = [
            _column(column, [row[number] for row in self.texts]) for number, column in enumerate(table.columns)
        ]

    def fits(self, room: float, size: float, gap: float) -> bool:
        """Whether so much room is enough with letters of a size and gaps between the columns."""
        return self._left(room, size, gap) >= 0

    def within(self, room: float, size: float, gap: float) -> tuple[float, ...]:
        """The widths of the columns without the gaps; less than they need where so much room is not enough."""
        columns, left = self._columns, self._left(room, size, gap)
        if not columns:
            return ()
        widths = [column.least for column in columns]
        if left < 0:
            share = max(sum(widths) + left, 0) / sum(widths)
            return tuple(round(width * share * size, 2) for width in widths)
        left = _grow(columns, widths, left)
        left = _lower_heads(columns, widths, left)
        # What nothing needs goes to the last of the texts, so that figures stay with what stands before them.
        taking = max((number for number, column in enumerate(columns) if column.texts), default=len(columns) - 1)
        widths[taking] += left
        return tuple(round(width * size, 2) for width in widths)

    def _left(self, room: float, size: float, gap: float) -> float:
        """What is left of the room, in sizes, when each column has what it needs."""
        gaps = gap * (len(self._columns) - 1)
        return (room - gaps) / size - sum(column.least for column in self._columns)


def _column(column: Column, cells: Sequence[Sequence[str]]) -> _Column:
    header = " ".join(lines_of(column.header))
    heads = tuple(min(room + _SLACK, _WHOLE) for room in rooms(header, _HEAD_LINES))
    lengths = [ems(line) for lines in cells for line in lines]
    most = max([heads[-1], *(length + _SLACK for length in lengths)])
    if column.kind == "score":
        most += CHIP
    if column.kind not in ("text", "color"):
        whole = max(heads[-1], min(most, _WHOLE))
        return _Column(heads, whole, whole)
    words = {word for lines in cells for line in lines for word in line.split(" ")}
    longest = min(max((rooms(word, _HEAD_LINES)[-1] for word in words), default=0) + _SLACK, _WORD)
    least = most if most <= _SHORT else max(heads[-1], longest, min(most, _LEAST))
    return _Column(heads, least, most, tuple(lengths[:: len(lengths) // _SAMPLE + 1]) or (0.0,))


def _grow(columns: Sequence[_Column], widths: list[float], left: float) -> float:
    """Give room where it saves most height, until all lines are whole; what is left over."""
    heights = [column.rows(width) for column, width in zip(columns, widths, strict=True)]
    while left >= _STEP:
        gains = [
            (height - column.rows(width + _STEP), -number) if width < column.most else (0.0, -number)
            for number, (column, width, height) in enumerate(zip(columns, widths, heights, strict=True))
        ]
        gain, number = max(gains, default=(0.0, 0))
        if gain <= 0:
            return left
        widths[-number] += _STEP
        heights[-number] -= gain
        left -= _STEP
    return left


def _lower_heads(columns: Sequence[_Column], widths: list[float], left: float) -> float:
    """Put headers in fewer lines as far as there is room; what is left over."""
    for lines in range(_HEAD_LINES - 1):
        more = [max(column.heads[lines] - width, 0) for column, width in zip(columns, widths, strict=True)]
        if sum(more) <= left:
            widths[:] = [width + one for width, one in zip(widths, more, strict=True)]
            return left - sum(more)
    return left
