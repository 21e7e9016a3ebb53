"""Writer of XLSX: a sheet of mappings, and one of what they do not tell of the set."""

from __future__ import annotations

import datetime
import io
from typing import TYPE_CHECKING

from navlayers._text import neutralise, shown
from navlayers.errors import OutputError, Problem
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.roundtrip import Said, escape, json_cell
from navlayers.mapping.formats.write_table_cells import sheet_of
from navlayers.mapping.formats.xlsx_table import METADATA_HEADER, METADATA_SHEET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from navlayers.mapping.model import MappingSet

MAPPINGS_SHEET = "mappings"
LONGEST = 32_767
"""So many characters fit into a cell; spreadsheets count in UTF-16."""

_MADE = datetime.datetime(2000, 1, 1)
_NARROW, _WIDE = 10, 60


def encode(mapping_set: MappingSet) -> Written:
    """The set as XLSX, which carries everything.

    Raises:
        OutputError: a text is longer than a cell can be, or the set holds what the reader would refuse.
    """
    # Libraries for workbooks are imported only where one is written.
    import xlsxwriter  # noqa: PLC0415

    sheet = sheet_of(mapping_set)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        bold = book.add_format({"bold": True})
        _write(book.add_worksheet(MAPPINGS_SHEET), [sheet.header, *sheet.rows], bold)
        _write(book.add_worksheet(METADATA_SHEET), [METADATA_HEADER, *_said_rows(sheet.said)], bold)
    return Written(stream.getvalue())


def _said_rows(said: Said) -> Iterator[list[str]]:
    for field in ("framework", "version", "domain", "attack_version", "title", "source", "licence"):
        if getattr(said, field):
            yield [field, "", escape(getattr(said, field))]
    for name, text in said.details.items():
        yield ["details", escape(name), escape(text)]
    for name, number in said.scale.items():
        yield ["scale", escape(name), json_cell(number)]
    for id_, name, description in said.mapping_types:
        yield ["mapping_types", escape(id_), json_cell((name, description))]
    for id_, name in said.groups.items():
        yield ["groups", escape(id_), escape(name)]
    for id_, capability in said.capabilities.items():
        yield ["capabilities", escape(id_), json_cell(capability)]


def _write(sheet: Any, rows: list[list[str]], bold: Any) -> None:
    """Write every cell as text, never as number, address or formula."""
    widths = [0] * len(rows[0])
    for line, cells in enumerate(rows):
        for column, text in enumerate(cells):
            if not text:
                continue
            safe = neutralise(text)
            length = len(safe)
            if length > LONGEST // 2 and len(safe.encode("utf-16-le")) // 2 > LONGEST:
                raise _too_long(text, line, rows[0][column], cells)
            widths[column] = max(widths[column], length)
            sheet.write_string(line, column, safe, None if line else bold)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, _NARROW), _WIDE))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows) - 1, 1), len(rows[0]) - 1)


def _too_long(text: str, line: int, header: str, cells: list[str]) -> OutputError:
    where = " and ".join(shown(cell) for cell in (cells[3:4] + cells[6:7] if len(cells) > 6 else cells[:2]) if cell)
    message = f"the {header} of row {line + 1} ({where}) has {len(text):,} characters"
    hint = "shorten it, or write another format, which has no such limit"
    return OutputError(
        Problem(message, expected=f"at most {LONGEST:,}, which is all that a cell of XLSX holds", hint=hint)
    )
