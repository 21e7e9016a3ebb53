"""New XLSX workbooks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from xlsxwriter import Workbook

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def workbook(stream: IO[bytes]) -> Iterator[Workbook]:
    """A workbook that is written to the stream at the end, but not after an error.

    The workbook's own context writes it then, too, which can take a minute after Ctrl-C.
    """
    book = Workbook(stream, {"in_memory": True})
    yield book
    book.close()
