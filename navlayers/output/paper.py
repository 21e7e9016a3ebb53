"""Layout that PDF and DOCX share: lines of text, widths of columns, splitting of tables, heatmaps."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.lines import printable, single_line
from navlayers._text.wording import quantity
from navlayers.errors import Problem, UsageError
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

NO_LETTERS = "-o report.html uses the fonts of the reader's machine"
"""The hint if the font has no letters for a script."""

_STICKY = 600
"""A shorter paragraph, in letters, stays on the page of the table it introduces."""

_LEADING, _RAGGED = 1.25, 1.05
_MOST_LEADING = 2
"""The most columns that name a row."""

_HEAD_LINES = 3
_WHOLE, _WORD, _LEAST, _SHORT = 20.0, 15.0, 9.0, 9.0
"""In ems: widths up to which figures and words are never broken, the least width of texts, and of columns that are
never broken."""

CHIP = 0.8
"""In ems: padding of the color behind a score."""

_SLACK = 0.1
"""In ems, so that rounding never breaks a text that fits."""

_STEP = 0.5
_SAMPLE = 400
"""The most rows to measure for the lengths of texts."""

_NAMES = 5.0
"""The least size of the names of techniques in a heatmap, in points: 6 would cut most names of more than a line."""

_MOST_LINES, _MOST_LETTERS = 500, 30_000
"""Of one text: the compiler's time grows with the square of a cell's pages, which nobody reads on paper."""

_BREAK = "\u200b"
_PARTS = re.compile(r"(?<=[/-])(?=[^\W\d])")
"""Line break opportunities within a word, by Unicode's line breaking rules (UAX 14)."""


def lines_of(text: str) -> list[str]:
    """The lines of a text, cleaned, with single blanks; a very long text is cut, and says by how much."""
    lines = [" ".join(printable(line).split()) for line in text.strip().splitlines()]
    if len(lines) <= _MOST_LINES and len(text) <= _MOST_LETTERS:
        return lines
    kept, left = [], _MOST_LETTERS
    for line in lines[:_MOST_LINES]:
        kept.append(line[:left])
        left -= len(kept[-1])
        if not left:
            break
    characters = sum(map(len, lines)) - sum(map(len, kept))
    if not characters and len(kept) == len(lines):
        return lines
    # Lines that are left out may all be empty.
    more = quantity(characters, "more character") if characters else quantity(len(lines) - len(kept), "more line")
    return [*kept, f"… {more}"]


def breakable_line(line: str, size: float, room: float) -> str:
    """A line with break opportunities in words that are wider than `room` points at a size."""
    room /= size
    if ems(line) <= room:
        return line
    return " ".join(word if ems(word) <= room else _word(word, room) for word in line.split(" "))


def breakable_text(text: str, size: float, room: float) -> str:
    """A text in lines, with break opportunities in words that are too wide."""
    return "\n".join(breakable_line(line, size, room) for line in lines_of(text))


def one_line(text: str, size: float, room: float) -> str:
    """A text as `breakable_text` without its line breaks."""
    return breakable_line(" ".join(lines_of(text)), size, room)


def _word(word: str, room: float) -> str:
    """A word with break opportunities anywhere, if those at hyphens and slashes are not enough."""
    return "".join(part if ems(part) <= room else _loose(part) for part in _PARTS.split(word))


def _loose(part: str) -> str:
    # Combining marks stay with their letter.
    return "".join(c if not i or unicodedata.combining(c) else _BREAK + c for i, c in enumerate(part))


class _Column(msgspec.Struct, frozen=True):
    """The widths of a column, in ems.

    `heads`: of the header in one line, in two and so on; `least`: the minimum; `most`: without any broken line;
    `texts`: of texts that may be broken.
    """

    heads: tuple[float, ...]
    least: float
    most: float
    texts: tuple[float, ...] = ()

    def rows(self, width: float) -> float:
        """The approximate height of the texts, squared: a text that is twice as high counts four times."""
        return sum(max(1, text / width) ** 2 for text in self.texts)


class Measured:
    """A table's texts in lines, and the measures of its columns."""

    def __init__(self, table: Table) -> None:
        self.texts = [[lines_of(text) for text in row] for row in table.texts]
        self._columns = [
            _column(column, [row[number] for row in self.texts]) for number, column in enumerate(table.columns)
        ]

    def fits(self, room: float, size: float, gap: float) -> bool:
        """Whether the columns fit in `room` points with a size of text and gaps between columns."""
        return self._free_width(room, size, gap) >= 0

    def widths(self, room: float, size: float, gap: float) -> tuple[float, ...]:
        """The widths of the columns in points without the gaps; less than the minimum if they do not fit."""
        columns, left = self._columns, self._free_width(room, size, gap)
        if not columns:
            return ()
        widths = [column.least for column in columns]
        if left < 0:
            share = max(sum(widths) + left, 0) / sum(widths)
            return tuple(round(width * share * size, 2) for width in widths)
        left = _grow(columns, widths, left)
        left = _lower_heads(columns, widths, left)
        # The rest goes to the last text column, so that figures stay close to the column before them.
        last = max((number for number, column in enumerate(columns) if column.texts), default=len(columns) - 1)
        widths[last] += left
        return tuple(round(width * size, 2) for width in widths)

    def _free_width(self, room: float, size: float, gap: float) -> float:
        """The rest of the room, in ems, if each column has its minimum."""
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
    """Widen the columns that save most height, until no line is broken; return the rest of the room."""
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
    """Widen columns so that headers take fewer lines; return the rest of the room."""
    for lines in range(_HEAD_LINES - 1):
        more = [max(column.heads[lines] - width, 0) for column, width in zip(columns, widths, strict=True)]
        if sum(more) <= left:
            widths[:] = [width + extra for width, extra in zip(widths, more, strict=True)]
            return left - sum(more)
    return left


class MeasuredTables:
    """Tables, each measured once."""

    def __init__(self) -> None:
        # The table is kept, so that no other object gets its id.
        self._known: dict[int, tuple[Table, Measured]] = {}

    def measures(self, table: Table) -> Measured:
        """The measures of a table."""
        if id(table) not in self._known:
            self._known[id(table)] = (table, Measured(table))
        return self._known[id(table)][1]


def parts(table: Table, fits: Callable[[Table], bool]) -> Iterator[Table]:
    """Split a table by columns into as few tables as fit, each with the columns that name a row."""
    count = len(table.columns)
    naming = min(next((i for i, column in enumerate(table.columns) if column.right), 1), _MOST_LEADING) or 1
    tables = [table]
    for number in range(1, count - naming + 1):
        if all(map(fits, tables)):
            break
        size = math.ceil((count - naming) / number)
        starts = range(naming, count, size)
        tables = [table.only([*range(naming), *range(start, min(start + size, count))]) for start in starts]
    yield from tables


def heights(measured: Measured, widths: Sequence[float], size: float, padding: float) -> list[float]:
    """The approximate height of each row in points."""
    return [height_of(row, widths, size, padding) for row in measured.texts]


def height_of(row: Sequence[Sequence[str]], widths: Sequence[float], size: float, padding: float) -> float:
    """The approximate height of a row in points; each text is a list of lines."""
    lines = max((_count(texts, size, width) for texts, width in zip(row, widths, strict=True)), default=1)
    return lines * size * _LEADING + padding


def _count(lines: Sequence[str], size: float, width: float) -> int:
    """The approximate number of lines of a text."""
    return sum(max(1, math.ceil(ems(line) * size * _RAGGED / width)) for line in lines) or 1


def heatmaps(figures: Sequence[Figure], width: float, height: float) -> list[Drawing]:
    """Figures as drawings of at most this size in points, laid out alike, without title and caption."""
    frame = Frame(width, height, 0, 1, width / height, headed=False, smallest=_NAMES)
    drawn = draw_alike([figure.view for figure in figures], RenderOptions(), frame)
    return [
        msgspec.structs.replace(
            drawing, title=single_line(figure.title) or "Heatmap", height=min(bottom(drawing) + 1, height)
        )
        for figure, (drawing, _) in zip(figures, drawn, strict=True)
    ]


def is_sticky(text: Paragraph | Note, follows: Block | None) -> bool:
    """Whether a paragraph stays on the page of the block that it introduces."""
    return isinstance(follows, Table) and len(text.text) < _STICKY


def bad_logo() -> UsageError:
    """The error for a logo that cannot be drawn."""
    return UsageError(Problem("the logo cannot be drawn", hint="save it as a plain SVG or a PNG"))
