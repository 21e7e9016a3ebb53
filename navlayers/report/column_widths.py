"""How wide the columns of a table are on paper: figures and ids as they need, texts so that rows stay low."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.render.font import ems, rooms
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.tables import Column, Table

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


class Widths(NamedTuple):
    """Widths of columns without the gaps between them, all in points; whether they are as wide as they need."""

    columns: tuple[float, ...]
    fits: bool


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
    """The columns of a table, measured once."""

    def __init__(self, table: Table) -> None:
        texts = table.texts
        self._columns = [
            _column(column, [row[number] for row in texts]) for number, column in enumerate(table.columns)
        ]

    def within(self, room: float, size: float, gap: float) -> Widths:
        """The widths with letters of a size in so much room, with gaps between the columns."""
        columns = self._columns
        if not columns:
            return Widths((), fits=True)
        left = room / size - gap / size * (len(columns) - 1)
        widths = [column.least for column in columns]
        left -= sum(widths)
        if left < 0:
            share = max(sum(widths) + left, 0) / sum(widths)
            return Widths(tuple(round(width * share * size, 2) for width in widths), fits=False)
        left = _grow(columns, widths, left)
        left = _lower_heads(columns, widths, left)
        # What nothing needs goes to the last of the texts, so that figures stay with what stands before them.
        taking = max((number for number, column in enumerate(columns) if column.texts), default=len(columns) - 1)
        widths[taking] += left
        return Widths(tuple(round(width * size, 2) for width in widths), fits=True)


def _column(column: Column, texts: Sequence[str]) -> _Column:
    header = " ".join(plain(column.header).split())
    heads = tuple(min(room + _SLACK, _WHOLE) for room in rooms(header, _HEAD_LINES))
    lines = [ems(" ".join(plain(line).split())) for text in texts for line in text.split("\n")]
    most = max([heads[-1], *(line + _SLACK for line in lines)])
    if column.kind == "score":
        most += CHIP
    if column.kind not in ("text", "color"):
        whole = max(heads[-1], min(most, _WHOLE))
        return _Column(heads, whole, whole)
    words = (rooms(word, _HEAD_LINES)[-1] for text in texts for word in set(plain(text).split()))
    longest = min(max(words, default=0) + _SLACK, _WORD)
    least = most if most <= _SHORT else max(heads[-1], longest, min(most, _LEAST))
    return _Column(heads, least, most, tuple(lines[:: len(lines) // _SAMPLE + 1]) or (0.0,))


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
