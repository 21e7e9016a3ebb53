"""How many places the cells of a workbook span, and how much text they hold: counted before a library holds them.

A library for workbooks makes room for every place between the first cell and the last, and a copy of a shared text
for each cell that shows it: a small file could ask for any amount of memory.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384


class Spread(NamedTuple):
    """What the cells of a sheet span, from the first row and column of the sheet."""

    rows: int
    columns: int


class Counter:
    """Counts the cells of one part, which is fed piece by piece; most parts of a workbook are no sheets.

    Raises:
        ValueError: the part is no XML of a workbook.
    """

    def __init__(self) -> None:
        self.sheet = False
        self.lengths = array("Q")
        self.shown = array("Q")
        self._rows = self._columns = 0
        self._row = self._column = 0
        self._shared = self._inside = False
        self._number = ""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = None
        self._parser = parser

    @property
    def spread(self) -> Spread:
        """How far the cells lie apart that were met so far."""
        return Spread(self._rows, self._columns)

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Go on with the text of the part."""
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
            self._rows = max(self._rows, self._row)
            self._columns = max(self._columns, self._column)
            self._shared = attributes.get("t") == "s"
        elif name == "v":
            if self._shared:
                self._listen(self._digits)
        elif name == "row":
            number = attributes.get("r")
            self._row = self._row + 1 if number is None else _whole(number, _LAST_ROW)
            self._column = 0
        elif name == "si":
            self.lengths.append(0)
            self._inside = True
        elif name == "t":
            if self._inside:
                self._listen(self._text)
        elif name == "sheetData":
            self.sheet = True

    def _end(self, tag: str) -> None:
        if self._parser.CharacterDataHandler is None:
            return
        self._parser.CharacterDataHandler = None
        if self._number:
            self.shown.append(_whole(self._number.strip(), 1 << 32))
            self._number = ""

    def _listen(self, handler: Callable[[str], None]) -> None:
        self._parser.CharacterDataHandler = handler

    def _digits(self, text: str) -> None:
        self._number += text
        if len(self._number) > 100:
            raise ValueError("the number of a shared text is too long")

    def _text(self, text: str) -> None:
        self.lengths[-1] += len(text)

    def _move(self, place: str) -> None:
        found = _PLACE.fullmatch(place)
        if found is None:
            raise ValueError(f"a cell says that it stands at {place[:20]!r}")
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        self._row, self._column = _whole(found[2], _LAST_ROW), column
        if column > _LAST_COLUMN:
            raise ValueError(f"a cell says that it stands at {place!r}")


def _refuse(*said: object) -> None:
    raise ValueError("a document type is declared")


def _whole(digits: str, most: int) -> int:
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 12 or int(digits) > most:
        raise ValueError(f"{digits[:20]!r} is no number of a row or text")
    return int(digits)
