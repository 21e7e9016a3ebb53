"""Tables as CSV."""

from __future__ import annotations

import codecs
import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

from navlayers._text.formulas import neutralize
from navlayers._text.lines import printable
from navlayers._text.numbers import rounded
from navlayers.output.tables import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.output.tables import Cell, Table

_BATCH = 10_000
"""Rows that are kept as text before they are bytes."""


class CsvText:
    """CSV that is written row by row: commas, LF line ends, a byte order mark only if the text is not ASCII.

    Texts that a spreadsheet would run as formulas are neutralized.
    """

    def __init__(self, headers: Iterable[str]) -> None:
        self._parts: list[bytes] = []
        self._is_ascii = True
        self.add([headers])

    def add(self, rows: Iterable[Iterable[Cell]]) -> None:
        """Add rows."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        every = iter(rows)
        while batch := [*islice(every, _BATCH)]:
            writer.writerows([_csv_cell(cell) for cell in row] for row in batch)
            text = stream.getvalue()
            self._is_ascii = self._is_ascii and text.isascii()
            self._parts.append(text.encode("utf-8", "replace"))
            stream.seek(0)
            stream.truncate()

    def data(self) -> bytes:
        """The text of all rows."""
        return b"".join(self._parts if self._is_ascii else (codecs.BOM_UTF8, *self._parts))


def to_csv(table: Table) -> bytes:
    """The table as CSV."""
    text = CsvText(table.headers)
    text.add(table.rows)
    return text.data()


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Span) and cell.url:
        cell = cell.url
    return neutralize(printable(cell)) if isinstance(cell, str) else str(rounded(cell))
