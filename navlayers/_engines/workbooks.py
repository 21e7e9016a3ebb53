"""New XLSX workbooks."""

from __future__ import annotations

import re
from contextlib import contextmanager
from io import BytesIO
from typing import IO, TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SHEET, _TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_EXTENT = re.compile(rb'<dimension ref="[^"]*"')
_COUNT = re.compile(rb' count="[0-9]*"')


@contextmanager
def workbook(stream: IO[bytes]) -> Iterator[Workbook]:
    """A workbook that is written to the stream at the end, but not after an error.

    The workbook's own context writes it then, too, which can take a minute after Ctrl-C.
    """
    book = Workbook(stream, {"in_memory": True})
    yield book
    book.close()


def workbook_of_rows(book: BytesIO, rows: Sequence[Sequence[str]], numbers: Mapping[str, int]) -> bytes:
    """A workbook of one sheet with all rows below its header; xlsxwriter holds each cell of a sheet in memory.

    Args:
        book: the workbook, whose header and texts are written, each text once.
        rows: the texts of all cells, the header first; those of empty cells are "".
        numbers: each text → its number among the texts that cells share.
    """
    starts = [f'<c r="{xl_col_to_name(column)}' for column in range(len(rows[0]))]
    made = BytesIO()
    with ZipFile(book) as source, ZipFile(made, "w") as target:
        for part in source.infolist():
            entry = ZipInfo(part.filename, part.date_time)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = part.external_attr
            data = source.read(part)
            with target.open(entry, "w") as file:
                if part.filename == _TEXTS:
                    cells = sum(map(bool, (text for row in rows for text in row)))
                    data = _COUNT.sub(b' count="%d"' % cells, data, count=1)
                elif part.filename == _SHEET:
                    extent = b'<dimension ref="A1:%s%d"' % (starts[-1][6:].encode(), len(rows))
                    head, end, others = _EXTENT.sub(extent, data, count=1).partition(b"</row>")
                    file.write(head + end)
                    for line, row in enumerate(rows[1:], 2):
                        cells_of_row = [
                            f'{start}{line}" t="s"><v>{numbers[text]}</v></c>'
                            for start, text in zip(starts, row, strict=True)
                            if text
                        ]
                        file.write(f'<row r="{line}">{"".join(cells_of_row)}</row>'.encode())
                    data = others[others.index(b"</sheetData>") :]
                file.write(data)
    return made.getvalue()
