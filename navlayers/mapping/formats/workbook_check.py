"""Whether a file is an XLSX workbook that can be opened without harm: checked in bounded memory.

The library that reads workbooks unpacks whatever is there, makes room for every place between the first cell of a
sheet and the last, and holds a copy of a shared text for each cell that shows it: a small file could ask for any
amount of memory. So everything is unpacked once before, piece by piece, and counted.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from array import array
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from navlayers.mapping.formats.source import Source

WORKBOOK = (b"PK\x03\x04", OLE := b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How workbooks begin: those that are read, and those of the old kind or encrypted, which are refused."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK = "xl/workbook.xml"
_MACROS = "xl/vbaproject.bin"
_SHEET, _TEXTS = b"sheetData", b"<sst"
_CHUNK = 1 << 18
_MOST_PARTS = 10_000
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
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
    if data.startswith(OLE):
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
        raise _refused(path, "this is a zip file, not a workbook", "an XLSX workbook", "unpack it first")
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
        counter = _Counter(part.filename)
        with archive.open(part) as stream:
            while piece := stream.read(_CHUNK):
                left -= len(piece)
                if left < 0:
                    raise _bomb(path, "unpacks to more than it says", most)
                counter.feed(piece)
        counter.end()
        lengths, shown = max(lengths, counter.lengths, key=len), shown + counter.shown
        if counter.sheet:
            sheets += 1
            places += counter.rows * counter.columns
            if places > most // _PER_PLACE:
                spread = f"{counter.rows:,} rows and {counter.columns:,} columns"
                message = f"the cells of {part.filename} are spread over {spread}"
                hint = "delete the cells far from the table, or save it as CSV"
                raise _refused(path, message, f"at most {most // _PER_PLACE:,} places in all sheets", hint)
    if sum(lengths[number] for number in shown if number < len(lengths)) > most:
        raise _bomb(path, "shows more text than that in its cells", most)
    return Parts(_MACROS in names, sheets)


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


class _Counter:
    """What the cells of a sheet span and which texts they show, or how long shared texts are.

    It is fed one part of the workbook; most parts are neither, and no matter if they are no XML.
    """

    def __init__(self, name: str) -> None:
        self.sheet = False
        self.rows = self.columns = 0
        self.lengths = array("Q")
        self.shown = array("Q")
        self._name = name
        self._row = self._column = 0
        self._shared = self._inside = False
        self._number = ""
        self._odd: ValueError | None = None
        self._tail = b""
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def feed(self, piece: bytes) -> None:
        """Go on with the part.

        Raises:
            ValueError: it is no sound XML, but may be a sheet or texts to a library that reads with less care.
        """
        if self._odd is None:
            try:
                self._parse(piece)
            except ValueError as error:
                self._odd = error
        if self._odd is not None:
            text = self._tail + piece
            if self.sheet or _SHEET in text or _TEXTS in text:
                raise ValueError(f"{self._name}: {self._odd}")
        self._tail = piece[-len(_SHEET) :]

    def end(self) -> None:
        """Check that a sheet does not end too early.

        Raises:
            ValueError: it does.
        """
        if self._odd is None and self.sheet:
            self._parse(b"", last=True)

    def _parse(self, piece: bytes, *, last: bool = False) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            message = f"{expat.errors.messages[error.code]} in line {error.lineno}"
            raise ValueError(message) from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag if ":" not in tag else tag.rpartition(":")[2]
        if name == "c":
            place = attributes.get("r")
            if place is None:
                self._column += 1
            else:
                self._move(place)
            self.rows = max(self.rows, self._row)
            self.columns = max(self.columns, self._column)
            self._shared = attributes.get("t") == "s"
        elif name == "v":
            if self._shared:
                self._parser.CharacterDataHandler = self._digits
        elif name == "row":
            number = attributes.get("r")
            self._row = self._row + 1 if number is None else _whole(number, _LAST_ROW)
            self._column = 0
        elif name == "si":
            self.lengths.append(0)
            self._inside = True
        elif name == "t":
            if self._inside:
                self._parser.CharacterDataHandler = self._text
        elif name == "sheetData":
            self.sheet = True

    def _end(self, tag: str) -> None:
        if self._parser.CharacterDataHandler is None:
            return
        self._parser.CharacterDataHandler = None
        if self._number:
            self.shown.append(_whole(self._number.strip(), 1 << 32))
            self._number = ""

    def _digits(self, text: str) -> None:
        self._number += text
        if len(self._number) > 100:
            raise ValueError("the index of a shared string is too long")

    def _text(self, text: str) -> None:
        self.lengths[-1] += len(text)

    def _move(self, place: str) -> None:
        found = _CELL.fullmatch(place)
        if found is None:
            raise ValueError(f"invalid cell reference {place[:20]!r}")
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        self._row, self._column = _whole(found[2], _LAST_ROW), column
        if column > _LAST_COLUMN:
            raise ValueError(f"invalid cell reference {place!r}")


def _refuse(*said: object) -> None:
    raise ValueError("a document type is declared")


def _whole(digits: str, most: int) -> int:
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 12 or int(digits) > most:
        raise ValueError(f"{digits[:20]!r} is not a row number or a string index")
    return int(digits)
