"""Tables as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from navlayers._text.formulas import neutralize
from navlayers._text.lines import printable
from navlayers._text.numbers import rounded
from navlayers.output.tables import Span

if TYPE_CHECKING:
    from navlayers.output.tables import Cell, Table


def to_csv(table: Table) -> bytes:
    """The table as CSV: commas, LF line ends, a byte order mark only if the text is not ASCII.

    Texts that a spreadsheet would run as formulas are neutralized.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_csv_cell(header) for header in table.headers])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    text = stream.getvalue()
    return (text if text.isascii() else f"\ufeff{text}").encode("utf-8", "replace")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Span) and cell.url:
        cell = cell.url
    return neutralize(printable(cell)) if isinstance(cell, str) else str(rounded(cell))
