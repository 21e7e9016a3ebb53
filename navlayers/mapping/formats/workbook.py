"""Checks in bounded memory that calamine can open an XLSX workbook without harm.

calamine unpacks whatever is there, allocates every cell between the first and the last of a sheet, and copies a
shared text into each cell that shows it: a small file could ask for any amount of memory.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.table import OLE

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source

_MOST_PARTS = 10_000
"""Workbooks of people have tens of parts, large ones hundreds."""

_CHUNK = 1 << 18
# The last cell of a sheet is XFD1048576.
_REFERENCE = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_SHEET = b"sheetData"
_CELL = b"<c "
_SMALLER = "save the table as CSV"
_LONGEST_ERROR = 40
_BYTES_PER_CELL = 75
"""Share of the limit in bytes that each cell takes, blank ones included: 2 million cells by default."""

_LEAST_CELL = len('<c r="A1"/>')

_OTHERS = {
    "xl/workbook.bin": ("a binary workbook (.xlsb)", "open it in a spreadsheet and save it as .xlsx"),
    "content.xml": ("an OpenDocument file (.ods)", "open it in a spreadsheet and save it as .xlsx"),
    "word/document.xml": ("a Word document", "save its table as CSV or XLSX"),
    "ppt/presentation.xml": ("a presentation", "save its table as CSV or XLSX"),
}
# LookupError: an unknown encoding in the head of an XML part. RuntimeError: flags that zipfile does not know.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, OSError, ValueError),
    *(LookupError, RuntimeError),
)


class Checked(NamedTuple):
    """What a check found in a workbook.

    Attributes:
        sheets: the number of its sheets.
        errors: part with a sheet → row and column, from 0, of the cells whose formula failed → their text, such as
            "#REF!". calamine gives them as blank.
    """

    sheets: int
    errors: dict[str, dict[tuple[int, int], str]]


def check_workbook(source: Source, context: Context) -> Checked:
    """Check that a workbook takes no more than the maximum size when unpacked, nor more characters in its cells.

    All of it is unpacked once, in pieces: the sizes that a zip file declares may be wrong.

    Returns:
        What its sheets have. A notice goes to the findings where it has macros.

    Raises:
        InputError: it is not an XLSX workbook, encrypted, damaged, or too large.
    """
    if source.data.startswith(OLE):
        # Office encrypts a workbook into a stream of this name; OLE files have names in UTF-16.
        if "EncryptedPackage".encode("utf-16-le") in source.data:
            raise _encrypted(source.path)
        hint = "open it in a spreadsheet and save it as .xlsx or CSV"
        raise _refused(source.path, "this is an old Excel workbook (.xls)", hint=hint)
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            if any(name.lower() == "xl/vbaproject.bin" for name in archive.namelist()):
                issue = Issue("ignoring the macros of the workbook", fatal=False, code="not-carried")
                context.findings.add(issue, Place(source.path))
            return _check(source.path, archive, context.options.max_bytes)
    except _DAMAGE as error:
        message = f"the workbook is damaged: {str(error) or type(error).__name__}"
        raise _refused(source.path, message, hint="download or save it again") from None


def xml_of(data: bytes, most: int) -> bytes:
    """At most `most` bytes of the XML of a workbook, to look for ids in; "" if it is damaged or too large."""
    parts = []
    left = most
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist()[:_MOST_PARTS]:
                if name.endswith(".xml"):
                    with archive.open(name) as part:
                        parts.append(part.read(left))
                    left -= len(parts[-1])
    except _DAMAGE:
        return b""
    if sum(part.count(_CELL) for part in parts) * _BYTES_PER_CELL > most:
        return b""
    return b"\n".join(parts)


def _check(path: str, archive: zipfile.ZipFile, most: int) -> Checked:
    members = archive.infolist()
    names = {member.filename.lower() for member in members}
    if "xl/workbook.xml" not in names:
        other, hint = "a zip file, not a workbook", "unpack it first"
        other, hint = next((_OTHERS[name] for name in _OTHERS if name in names), (other, hint))
        raise _refused(path, f"this is {other}", hint=hint)
    if len(members) > _MOST_PARTS:
        raise _refused(path, f"the workbook has {len(members):,} parts", f"at most {_MOST_PARTS:,}")
    declared = sum(member.file_size for member in members)
    if declared > most:
        raise _bomb(path, f"declares an unpacked size of {declared / 1e6:,.1f} MB", most)
    most_cells = most // _BYTES_PER_CELL
    if declared > most_cells * _LEAST_CELL:
        _refuse_filled(path, archive, most_cells)
    left, cells, sheets = most, 0, 0
    errors: dict[str, dict[tuple[int, int], str]] = {}
    shown: list[int] = []
    lengths: list[int] = []
    for member in members:
        if member.flag_bits & 1:
            raise _encrypted(path)
        member.file_size = 1 << 62  # zipfile stops reading at the declared size, calamine does not
        part = _Part(member.filename)
        with archive.open(member) as stream:
            while piece := stream.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise _bomb(path, "is larger than it declares", most)
                part.feed(piece)
                if cells + part.rows * part.columns > most_cells:
                    message = f"{member.filename} extends over {part.rows:,} rows and {part.columns:,} columns"
                    hint = f"delete the cells far from the table, or {_SMALLER}"
                    raise _refused(path, message, _cells(most_cells), hint)
        sheets += part.sheet
        errors |= {member.filename: part.errors} if part.errors else {}
        shown += part.shown
        lengths = max(lengths, part.lengths, key=len)
        cells += part.rows * part.columns
    if sum(lengths[number] for number in shown if number < len(lengths)) > most:
        raise _bomb(path, "has too much text in its cells", most)
    return Checked(sheets, errors)


def _refuse_filled(path: str, archive: zipfile.ZipFile, most_cells: int) -> None:
    """Refuse a workbook with more cells than the limit before its XML is parsed, which takes 20 times as long.

    Cells are counted, as the size that a sheet states may be wrong. What is damaged is reported by the parser.
    """
    count = 0
    for member in archive.infolist():
        with suppress(*_DAMAGE), archive.open(member) as stream:
            tail = b""
            while piece := stream.read(_CHUNK):
                text = tail + piece
                count += text.count(_CELL)
                tail = text[1 - len(_CELL) :]
                if count > most_cells:
                    break
        if count > most_cells:
            hint = f"{_SMALLER}, or raise the limit with --max-size"
            raise _refused(path, f"the workbook has more than {most_cells:,} cells", _cells(most_cells), hint)


def _cells(most: int) -> str:
    return f"at most {most:,} cells in all sheets"


def _bomb(path: str, what: str, most: int) -> InputError:
    hint = "raise the limit with --max-size if this really is a mapping set"
    return _refused(path, f"the workbook {what}", f"at most {most / 1e6:,g} MB when unpacked", hint)


def _encrypted(path: str) -> InputError:
    hint = "open it with its password and save it without"
    return _refused(path, "the workbook is encrypted", "an XLSX workbook without a password", hint)


def _refused(path: str, message: str, expected: str = "an XLSX workbook", hint: str = "") -> InputError:
    return InputError(Problem(message, Place(path), expected, hint, code="unreadable"))


class _Part:
    """Counts of cells and shared texts in a part of a workbook.

    `rows` and `columns` count to the last cell, `shown` holds the numbers of the shared texts that cells show,
    `lengths` the lengths of the shared texts, `errors` the texts of cells whose formula failed.
    """

    def __init__(self, name: str) -> None:
        self.sheet = False
        self.rows = self.columns = 0
        self.shown: list[int] = []
        self.lengths: list[int] = []
        self.errors: dict[tuple[int, int], str] = {}
        self._is_xml = name.lower().endswith((".xml", ".rels"))
        self._tail = b""
        self._row = self._column = 0
        self._shared = self._failed = False
        self._texts: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, piece: bytes) -> None:
        """Read the next piece. Raises one of `_DAMAGE` for invalid XML, or a sheet without the ending .xml."""
        if self._is_xml:
            self._parser.Parse(piece, False)
        elif _SHEET in self._tail + piece:
            raise ValueError("a sheet without the ending .xml")
        self._tail = piece[-len(_SHEET) :]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            place = attributes.get("r")
            self._row, self._column = position(place) if place is not None else (self._row, self._column + 1)
            self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)
            kind = attributes.get("t")
            self._shared, self._failed = kind == "s", kind == "e"
        elif (name == "v" and (self._shared or self._failed)) or (name == "t" and self.lengths):
            self._parser.CharacterDataHandler = self._texts.append
        elif name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif name == "si":
            self.lengths.append(0)
        elif name == "sheetData":
            self.sheet = True

    def _end(self, tag: str) -> None:
        if self._texts:
            if tag.endswith("v") and self._failed:
                self.errors[self._row - 1, self._column - 1] = "".join(self._texts)[:_LONGEST_ERROR]
            elif tag.endswith("v"):
                self.shown.append(int("".join(self._texts)))
            else:
                self.lengths[-1] += sum(map(len, self._texts))
            self._texts.clear()
        self._parser.CharacterDataHandler = None


def position(reference: str) -> tuple[int, int]:
    """Row and column, from 1, of a cell such as "B3".

    Raises:
        ValueError: it is not a reference to a cell.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(f"invalid cell reference {reference[:20]!r}")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def _refuse_doctype(*_declaration: object) -> None:
    raise ValueError("a document type is declared")
