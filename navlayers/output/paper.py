"""What reports on paper have in common, be they PDF or DOCX: tables measured, parted and kept whole; notices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import Problem, UsageError
from navlayers.output.column_widths import Measured
from navlayers.output.document import Bars, Note, Paragraph
from navlayers.output.drawing.font import ems
from navlayers.output.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from navlayers.output.document import Block

NO_LETTERS = "-o report.html takes the fonts of who opens it"
"""What to do where there are no letters for a script."""

_STICKY = 600
"""A paragraph of that many letters or more need not stay with what comes next."""

_LEADING, _RAGGED = 1.25, 1.05
_MOST_LEADING = 2
"""So many columns say what a row is about, at most."""


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


def is_sticky(text: Paragraph | Note, follows: Block | None) -> bool:
    """Whether a paragraph stays with what follows it, which it introduces."""
    return isinstance(follows, Table | Bars) and len(text.text) < _STICKY


def bad_logo() -> UsageError:
    """The error where a logo cannot be drawn."""
    return UsageError(Problem("the logo cannot be drawn", hint="save it as a plain SVG or a PNG"))
