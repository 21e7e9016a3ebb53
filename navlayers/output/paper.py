"""What reports on paper have in common, be they PDF or DOCX: lines of text, widths of columns, tables in parts."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import clean, plain
from navlayers.errors import Problem, UsageError
from navlayers.output.document import Bars
from navlayers.output.drawing.font import ems, rooms
from navlayers.output.drawing.options import Frame, RenderOptions
from navlayers.output.drawing.pictures import draw_alike
from navlayers.output.drawing.shapes import bottom
from navlayers.output.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from navlayers.output.document import Block, Figure, Note, Paragraph
    from navlayers.output.drawing.shapes import Drawing
    from navlayers.output.tables import Column

NO_LETTERS = "-o report.html takes the fonts of who opens it"
"""What to do where there are no letters for a script."""

_STICKY = 600
"""A paragraph of that many letters or more need not stay with what comes next."""

_LEADING, _RAGGED = 1.25, 1.05
_MOST_LEADING = 2
"""So many columns say what a row is about, at most."""

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

_BREAK = "\u200b"
_PARTS = re.compile(r"(?<=[/-])(?=[^\W\d])")
"""Where a line may end within a word, by Unicode's line breaking rules (UAX 14)."""


def lines_of(text: str) -> list[str]:
    """The lines of a text as they may be shown, with single blanks."""
    return [" ".join(plain(line).split()) for line in text.strip().splitlines()]


def parted(line: str, size: float, room: float) -> str:
    """A line whose words may be parted where one is too long for so much room with letters of that size."""
    room /= size
    if ems(line) <= room:
        return line
    return " ".join(word if ems(word) <= room else _word(word, room) for word in line.split(" "))


def said(text: str, size: float, room: float) -> str:
    """A text in its lines, as it may be shown in so much room."""
    return "\n".join(parted(line, size, room) for line in lines_of(text))


def one_line(text: str, size: float, room: float) -> str:
    """A text as `said`, but in one line as far as there is room."""
    return parted(" ".join(lines_of(text)), size, room)


def _word(word: str, room: float) -> str:
    """A word that may be parted anywhere where parting it at hyphens and slashes is not enough."""
    return "".join(part if ems(part) <= room else _loose(part) for part in _PARTS.split(word))


def _loose(part: str) -> str:
    # What stands upon a letter stays with it.
    return "".join(c if not i or unicodedata.combining(c) else _BREAK + c for i, c in enumerate(part))


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


class MeasuredTables:
    """Tables, each measured once."""

    def __init__(self) -> None:
        # A table is kept, so that no other one takes its id.
        self._known: dict[int, tuple[Table, Measured]] = {}

    def of(self, table: Table) -> Measured:
        """The table as it was measured."""
        if id(table) not in self._known:
            self._known[id(table)] = (table, Measured(table))
        return self._known[id(table)][1]


def parts(table: Table, fits: Callable[[Table], bool]) -> Iterator[Table]:
    """The columns of a table in as few tables as fit, each with those that say what a row is about."""
    count = len(table.columns)
    lead = min(next((i for i, column in enumerate(table.columns) if column.right), 1), _MOST_LEADING) or 1
    found = [table]
    for wanted in range(1, count - lead + 1):
        if all(map(fits, found)):
            break
        size = math.ceil((count - lead) / wanted)
        starts = range(lead, count, size)
        found = [_columns(table, [*range(lead), *range(start, min(start + size, count))]) for start in starts]
    yield from found


def _columns(table: Table, numbers: Sequence[int]) -> Table:
    rows = tuple(tuple(row[number] for number in numbers) for row in table.rows)
    return msgspec.structs.replace(table, columns=tuple(table.columns[n] for n in numbers), rows=rows)


def heights(measured: Measured, widths: Sequence[float], size: float, padding: float) -> list[float]:
    """About how high each row of a table is in columns of such widths, in points."""
    return [height_of(row, widths, size, padding) for row in measured.texts]


def height_of(row: Sequence[Sequence[str]], widths: Sequence[float], size: float, padding: float) -> float:
    """About how high a row is whose texts are given in lines."""
    lines = max((_count(texts, size, width) for texts, width in zip(row, widths, strict=True)), default=1)
    return lines * size * _LEADING + padding


def _count(lines: Sequence[str], size: float, width: float) -> int:
    """About how many lines a text takes."""
    return sum(max(1, math.ceil(ems(line) * size * _RAGGED / width)) for line in lines) or 1


def heatmaps(figures: Sequence[Figure], width: float, height: float) -> list[Drawing]:
    """Figures as drawings of so many points at most, laid out alike, without title and caption."""
    frame = Frame(width, height, 0, 1, width / height, headed=False)
    drawn = draw_alike([figure.view for figure in figures], RenderOptions(), frame)
    return [
        msgspec.structs.replace(
            drawing, title=clean(figure.title) or "Heatmap", height=min(bottom(drawing) + 1, height)
        )
        for figure, (drawing, _) in zip(figures, drawn, strict=True)
    ]


def is_sticky(text: Paragraph | Note, follows: Block | None) -> bool:
    """Whether a paragraph stays with what follows it, which it introduces."""
    return isinstance(follows, Table | Bars) and len(text.text) < _STICKY


def bad_logo() -> UsageError:
    """The error where a logo cannot be drawn."""
    return UsageError(Problem("the logo cannot be drawn", hint="save it as a plain SVG or a PNG"))
