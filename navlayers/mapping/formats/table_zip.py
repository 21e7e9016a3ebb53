"""Whether a file is an XLSX workbook that can be opened without harm: checked in bounded memory."""

from __future__ import annotations

import io
import zipfile
import zlib
from array import array
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.table_zip_cells import Counter

if TYPE_CHECKING:
    from navlayers.mapping.formats.source import Source

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK = "xl/workbook.xml"
_MACROS = "xl/vbaproject.bin"
_SHEET, _TEXTS = b"sheetData", b"<sst"
_CHUNK = 1 << 18
_MOST_PARTS = 10_000
_PER_PLACE = 75
"""So many of the bytes that are allowed count for each place that the sheets span: 2 million by default."""

_OTHERS = {
    "xl/workbook.bin": ("a binary workbook (.xlsb)", "open it in a spreadsheet and save it as .xlsx"),
    "content.xml": ("an OpenDocument file (.ods)", "open it in a spreadsheet and save it as .xlsx"),
    "word/document.xml": ("a Word document", "save its table as CSV or XLSX"),
    "ppt/presentation.xml": ("a presentation", "save its table as CSV or XLSX"),
}


class Parts(NamedTuple):
    """What a workbook is made of: whether it has macros, and how many sheets."""

    macros: bool
    sheets: int


def check_workbook(source: Source, most: int) -> Parts:
    """Check that a file is an XLSX workbook and what it unpacks to has at most `most` bytes.

    What the file says of its sizes is not relied on: all that would be read is unpacked once, piece by piece.

    Raises:
        InputError: it is no workbook, encrypted, damaged, or too large.
    """
    data = source.data
    if data.startswith(_OLE):
        raise _old(source)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check_parts(source.path, archive, most)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        message = f"the workbook is damaged: {str(error) or type(error).__name__}"
        hint = "download or save it again"
        raise _refused(source.path, message, "an XLSX workbook", hint) from None


def _check_parts(path: str, archive: zipfile.ZipFile, most: int) -> Parts:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if _WORKBOOK not in names:
        for name, (what, hint) in _OTHERS.items():
            if name in names:
                raise _refused(path, f"this is {what}", "an XLSX workbook", hint)
        raise _refused(path, "this is a zip file, but no workbook", "an XLSX workbook", "unpack it first")
    if len(parts) > _MOST_PARTS:
        raise _refused(path, f"the workbook has {len(parts):,} parts", f"at most {_MOST_PARTS:,}")
    declared = sum(part.file_size for part in parts)
    if declared > most:
        raise _bomb(path, f"says that it unpacks to {declared / 1e6:,.1f} MB", most)
    left, places, sheets = most, 0, 0
    lengths, shown = array("Q"), array("Q")
    for part in parts:
        if part.flag_bits & 1:
            raise _encrypted(path)
        # The declared size is where reading would stop, not where the content does.
        part.file_size = 1 << 62
        size, counter = _check_part(path, archive, part, left, most)
        left -= size
        lengths, shown = max(lengths, counter.lengths, key=len), shown + counter.shown
        if counter.sheet:
            sheets += 1
            rows, columns = counter.spread
            places += rows * columns
            if places > most // _PER_PLACE:
                message = f"the cells of {part.filename} are spread over {rows:,} rows and {columns:,} columns"
                hint = "delete the cells far from the table, or save it as CSV"
                raise _refused(path, message, f"at most {most // _PER_PLACE:,} places in all sheets", hint)
    if sum(lengths[number] for number in shown if number < len(lengths)) > most:
        raise _bomb(path, "shows more text than that in its cells", most)
    return Parts(_MACROS in names, sheets)


def _check_part(
    path: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int, most: int
) -> tuple[int, Counter]:
    """Unpack a part, and give its size and what is counted in it."""
    size, counter = 0, Counter()
    odd: ValueError | None = None
    tail = b""
    with archive.open(part) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > left:
                raise _bomb(path, "unpacks to more than it says", most)
            if odd is None:
                try:
                    counter.feed(piece)
                except ValueError as error:  # it may be a picture; or a sheet, to those who read with less care
                    odd = error
            if odd is not None and (counter.sheet or _SHEET in tail + piece or _TEXTS in tail + piece):
                raise ValueError(f"{part.filename}: {odd}")
            tail = piece[-len(_SHEET) :]
    if odd is None and counter.sheet:
        counter.feed(b"", last=True)
    return size, counter


def _bomb(path: str, what: str, most: int) -> InputError:
    hint = "raise the limit with --max-size if this really is a mapping set"
    return _refused(path, f"the workbook {what}", f"at most {most / 1e6:,g} MB when unpacked", hint)


def _old(source: Source) -> InputError:
    if _ENCRYPTED in source.data:
        return _encrypted(source.path)
    hint = "open it in a spreadsheet and save it as .xlsx or CSV"
    return _refused(source.path, "this is a workbook of the old kind (.xls)", "an XLSX workbook", hint)


def _encrypted(path: str) -> InputError:
    hint = "open it with its password and save it without"
    return _refused(path, "the workbook is encrypted", "an XLSX workbook without a password", hint)


def _refused(path: str, message: str, expected: str, hint: str = "") -> InputError:
    return InputError(Problem(message, Place(path), expected, hint, code="unreadable"))
