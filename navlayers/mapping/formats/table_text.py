"""Text of delimited tables: its encoding, its rows and cells (RFC 4180, and what spreadsheets write beside it)."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.findings import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source

DELIMITERS = (",", ";", "\t", "|")
"""What separates cells, the most usual first."""

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_SAVE = 'save it as UTF-8; spreadsheets call that "CSV UTF-8"'
_ROW = re.compile(r'([^\r\n"]*+)(?:\r\n?|\n|\Z)')
_ENDS = re.compile(r"\r\n?|\n")
MOST_COLUMNS = 16_384
"""A row has so many cells at most, as in spreadsheets."""


def decode(source: Source, findings: Findings) -> str:
    """The text of a table: UTF-8, UTF-16 as spreadsheets save "Unicode text", or else Windows-1252 with a notice.

    Raises:
        InputError: this is no text.
    """
    path, data = source.path, source.data
    if data.startswith(_UTF32):
        raise InputError(Problem("this is UTF-32 text", Place(path, 1, 1), "UTF-8", _SAVE, code="encoding"))
    encoding = _UTF16.get(data[:2])
    if encoding is None and len(data) > 3 and data[:4].count(0) == 2:
        encoding = "utf-16-le" if data[1] == 0 else "utf-16-be"
    if encoding is not None:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            before = data[: error.start].decode(encoding, "replace")
            place = _place(path, before, len(before))
            problem = Problem("the UTF-16 text is damaged here", place, "UTF-8", _SAVE, code="encoding")
            raise InputError(problem) from None
    else:
        text = _eight_bit(path, data, findings)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InputError(Problem("the file is empty", Place(path), "a mapping set", code="unreadable"))
    nul = text.find("\0")
    if nul >= 0:
        place = _place(path, text, nul)
        hint = "the file is damaged, or no table"
        raise InputError(Problem("this is not text: it has a NUL character", place, "text", hint, code="encoding"))
    return text


def _eight_bit(path: str, data: bytes, findings: Findings) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        at = error.start
    try:
        text, name = data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = data.decode("latin-1"), "Latin-1"
    issue = Issue(
        f"byte {at} (0x{data[at]:02x}) is not UTF-8; the file is read as {name}",
        hint=_SAVE,
        fatal=False,
        code="encoding",
    )
    findings.add(issue, _place(path, text, len(data[:at].decode())))
    return text


def _place(path: str, text: str, at: int) -> Place:
    before = [found.end() for found in _ENDS.finditer(text, 0, at)]
    return Place(path, len(before) + 1, at - (before[-1] if before else 0) + 1)


class Cell(NamedTuple):
    """A cell of a row: its text, where in the file its text begins, and where its quote closes if it goes on."""

    text: str
    start: int
    closed: int = -1


class TextGrid:
    """The rows of a delimited text. Only where they begin is kept; a cell is looked for again when it is asked for.

    `rows` raises an `InputError` at a quote that never closes; text behind a closing quote goes to `findings`.
    """

    strict = True

    def __init__(self, path: str, text: str, delimiter: str, start: int = 0) -> None:
        self.path = path
        self._text = text
        self._delimiter = delimiter
        self._first = start
        self._starts = array("Q")
        mark = re.escape(delimiter)
        self._says = re.compile(rf"[^{mark}\r\n]")
        self._last: tuple[int, list[Cell]] | None = None
        self._cell = re.compile(
            rf'(?:"([^"]*+(?:""[^"]*+)*+)"([^{mark}\r\n]*+)|((?!")[^{mark}\r\n]*+))({mark}|\r\n?|\n|\Z)'
        )

    def rows(self, findings: Findings | None = None) -> Iterator[list[str]]:
        """Each row as long as it is written; those without any text are passed over."""
        text, delimiter, at = self._text, self._delimiter, self._first
        starts = self._starts = array("Q")
        says = self._says.search
        while (found := says(text, at)) is not None:
            at = max(text.rfind("\n", at, found.start()) + 1, text.rfind("\r", at, found.start()) + 1, at)
            starts.append(at)
            plain = _ROW.match(text, at)
            if plain is not None:
                if plain.end() - at >= MOST_COLUMNS and plain[1].count(delimiter) >= MOST_COLUMNS:
                    raise self._too_wide(at, f"{plain[1].count(delimiter) + 1:,}")
                at = plain.end()
                yield plain[1].split(delimiter)
                continue
            cells, at = self._quoted(at, findings)
            yield [cell.text for cell in cells]

    def numbers(self, column: int) -> frozenset[int]:
        """None: all that a text holds is text."""
        return frozenset()

    def _quoted(self, at: int, findings: Findings | None = None) -> tuple[list[Cell], int]:
        """The cells of a row that has quotes, and where the next one begins."""
        cells: list[Cell] = []
        text = self._text
        while True:
            found = self._cell.match(text, at)
            if found is None:
                message = "the quote that opens here never closes"
                hint = "close it, or double the quotes inside of quoted cells"
                raise InputError(Problem(message, self._at(at), "a closing quote", hint, code="syntax"))
            inside, behind, bare, end = found.groups()
            if inside is None:
                cells.append(Cell(bare, at))
            else:
                if '""' in inside:
                    inside = inside.replace('""', '"')
                if behind.strip() and findings is not None:
                    self._report(findings, at, found.end(1) + 1)
                cells.append(Cell(inside + behind.rstrip(), at + 1))
            at = found.end()
            if end != self._delimiter:
                return cells, at
            if len(cells) >= MOST_COLUMNS:
                raise self._too_wide(cells[0].start, f"more than {MOST_COLUMNS:,}")

    def _too_wide(self, start: int, many: str) -> InputError:
        expected = f"at most {MOST_COLUMNS:,}, as in spreadsheets"
        hint = "a table has one mapping in a row"
        return InputError(Problem(f"this row has {many} cells", self._at(start), expected, hint, code="syntax"))

    def _report(self, findings: Findings, opens: int, behind: int) -> None:
        def issue() -> Issue:
            place = self._at(behind)
            message = f"the quote that opens here closes before line {place.line}, column {place.column}"
            hint = "double the quotes inside of quoted cells, or close the quote where the cell ends"
            expected = f"cells separated by {NAMES.get(self._delimiter, self._delimiter)}"
            return Issue(f"{message}, and text follows", expected, hint, code="syntax")

        findings.add(issue, partial(self._at, opens))

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """Where a character of a cell stands; of a cell that the row does not have, where the row begins."""
        start = self._starts[row]
        plain = _ROW.match(self._text, start)
        if plain is not None:
            cells = plain[1].split(self._delimiter)
            if column >= len(cells):
                return self._at(start)
            return self._at(start + sum(map(len, cells[:column])) + column + offset)
        if self._last is None or self._last[0] != start:  # there may be much wrong in one row
            self._last = start, self._quoted(start)[0]
        quoted = self._last[1]
        if column >= len(quoted):
            return self._at(start)
        at = quoted[column].start
        # Quotes within a quoted cell are written twice.
        return self._at(at + offset + quoted[column].text.count('"', 0, offset))

    def _at(self, offset: int) -> Place:
        ends = self._line_ends
        line = bisect_left(ends, offset + 1)
        return Place(self.path, line + 1, offset - (ends[line - 1] if line else 0) + 1)

    @cached_property
    def _line_ends(self) -> array[int]:
        """Where lines begin, but for the first."""
        return array("Q", (found.end() for found in _ENDS.finditer(self._text)))
