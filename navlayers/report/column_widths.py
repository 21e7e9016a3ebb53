"""How wide the columns of a table are on paper: figures and ids as they need, texts so that rows stay low."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.render.font import ems, rooms
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.tables import Table

_HEAD_LINES = 3
_WORD, _LEAST, _SHORT = 15.0, 9.0, 9.0
"""In sizes: of words what stands whole, what a column of texts has at least, and what never needs to be parted."""

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
            _column(column.header, [row[number] for row in texts], whole=column.kind not in ("text", "color"))
            for number, column in enumerate(table.columns)
        ]

    def within(self, room: float, size: float, gap: float) -> Widths:
        """The widths with letters of a size in so much room, with gaps between the columns."""
        columns = self._columns
        left = room / size - gap / size * (len(columns) - 1)
        widths = [column.least for column in columns]
        left -= sum(widths)
        if left < 0:
            share = max(sum(widths) + left, len(columns)) / sum(widths)
            return Widths(tuple(round(width * share * size, 2) for width in widths), fits=False)
        left = _grow(columns, widths, left)
        left = _lower_heads(columns, widths, left)
        # What nothing needs goes to the last of the texts, so that figures stay with what stands before them.
        taking = max((number for number, column in enumerate(columns) if column.texts), default=len(columns) - 1)
        widths[taking] += left
        return Widths(tuple(round(width * size, 2) for width in widths), fits=True)


def _column(header: str, texts: Sequence[str], *, whole: bool) -> _Column:
    heads = tuple(room + _SLACK for room in rooms(" ".join(plain(header).split()), _HEAD_LINES))
    lines = [ems(" ".join(plain(line).split())) for text in texts for line in text.split("\n")]
    most = max([heads[-1], *(line + _SLACK for line in lines)])
    if whole:
        return _Column(heads, most, most)
    words = (rooms(word, _HEAD_LINES)[-1] for text in texts for word in set(plain(text).split()))
    longest = min(max(words, default=0) + _SLACK, _WORD)
    least = most if most <= _SHORT else max(heads[-1], longest, min(most, _LEAST))
    return _Column(heads, least, most, tuple(lines[:: -(-len(lines) // _SAMPLE)]) or (0.0,))


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
