"""Tables as CSV, TSV and the like: read, and written as CSV."""

from __future__ import annotations

import csv
import io
import re
from array import array
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

from navlayers._text.formulas import neutralize
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats import table_write
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.source import LINE_END, Lines
from navlayers.mapping.formats.table_columns import HEADER_WITHIN, check_names, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""Separators of cells and their names, the most usual first."""

MOST_COLUMNS = 16_384
"""Maximum number of cells in a row: the limit of Excel."""

LONGEST_CELL = 2_000_000
"""Maximum length of a cell, 60 times that of Excel: an unclosed quote is not read to the end of a large file."""

_SEPARATOR = re.compile(r'"?sep=([^"\r\n])"?(?:\r\n?|\n)', re.IGNORECASE)
"""A first line that names the separator, which Excel understands."""

_LINE = re.compile(r"[\r\n]*+(?:([^\r\n]++(?:\r\n?|\n)?+)|\Z)")
"""A line that is not empty, as group 1, and the empty ones before it."""

_BOM = "\ufeff"
_SAVE = 'save it as UTF-8, which spreadsheets call "CSV UTF-8"'
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')
"""Text to write in quotes. Spreadsheets drop blanks at the edges of a cell that has none."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a table with one mapping in a row.

    Raises:
        InputError: the text is not a table of mappings, or wrong in the places listed.
        UsageError: `columns` of the options has an unknown name.
    """
    from navlayers.mapping.formats import table_rows  # noqa: PLC0415 - sets are also only written

    return table_rows.read(source.path, [open_grid(source, context)], context)


def encode(mapping_set: MappingSet) -> Written:
    """The set as CSV, with a notice of what its columns cannot hold.

    Text that is not ASCII starts with a byte order mark: without one, Excel reads it as Windows-1252.
    """
    table = table_write.table_of(mapping_set)
    cells: dict[str, str] = {}
    lines = io.StringIO()
    for row in chain([table.header], table.rows):
        for text in row:
            if text not in cells:
                cells[text] = _cell(text)
        lines.write(f"{','.join([cells[text] for text in row])}\n")
    text = lines.getvalue()
    return Written((text if text.isascii() else _BOM + text).encode(), table.notices)


def _cell(text: str) -> str:
    safe = neutralize(text)
    if _QUOTED.search(safe) is None:
        return safe
    doubled = safe.replace('"', '""')
    return f'"{doubled}"'


def open_grid(source: Source, context: Context) -> TextGrid:
    """The table of a text, with the separator by which its header has the most known columns.

    Raises:
        InputError: this is not text.
    """
    text = decode(source, context.findings)
    user_headers = check_names(context.options.columns)
    named = _SEPARATOR.match(text)
    if named:
        return TextGrid(source.path, text, named[1], named.end())
    delimiters = [mark for mark in DELIMITERS if mark in text] or [","]
    grids = [TextGrid(source.path, text, delimiter) for delimiter in delimiters]
    return max(grids, key=lambda grid: _fit(grid, user_headers))


def _fit(grid: TextGrid, user_headers: Mapping[str, str]) -> tuple[int, int]:
    """The number of known columns of the header; the width of the first row if no header has any."""
    try:
        rows = list(islice(grid.rows(), HEADER_WITHIN))
    except InputError:  # its quotes may make sense with another separator; else the reader of the rows reports it
        return -1, 0
    known = max((len(columns_of(number, row, user_headers).fields) for number, row in enumerate(rows)), default=0)
    return known, 0 if known else len(rows[0]) if rows else 0


def _next_row(reader: Iterator[list[str]]) -> list[str]:
    """The next row; the limit of the csv module, 128 KB by default, is the process's and so is put back."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(limit)


class TextGrid:
    """The rows of a delimited text that have any text; `rows` raises an `InputError` at a wrong quote."""

    name = ""
    kind = "sheet"
    hidden = False
    strict = True

    def __init__(self, path: str, text: str, delimiter: str, start: int = 0) -> None:
        self.path = path
        self._text = text
        self._delimiter = delimiter
        self._start = start
        self._starts = array("Q")
        # The cell of the last place, and the cells of its row if it had another: both may have many mistakes.
        self._last = (-1, -1), 0, ""
        self._row: tuple[int, list[tuple[int, str]]] = (-1, [])

    def rows(self) -> Iterator[list[str]]:
        """Each row as long as it is written."""
        lines = _LINE.finditer(self._text, self._start)
        number = 0
        for line in lines:
            start, text = line.start(1), line[1]
            if text is None:  # the end
                return
            if '"' in text or len(text) > LONGEST_CELL:
                cells = chain([text], (further[0] for further in lines))
                try:
                    row = _next_row(csv.reader(cells, delimiter=self._delimiter, strict=True))
                except csv.Error:
                    raise self._quote_error(start) from None
            elif len(text) > MOST_COLUMNS and text.count(self._delimiter) >= MOST_COLUMNS:
                raise self._too_wide(start, text.count(self._delimiter) + 1)  # before it takes memory
            else:
                # Without quotes, this is what `csv` does, in a fraction of the time.
                row = text.rstrip("\r\n").split(self._delimiter)
            if len(row) > MOST_COLUMNS:
                raise self._too_wide(start, len(row))
            if any(row):
                if number == len(self._starts):
                    self._starts.append(start)
                number += 1
                yield row

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """The place of a character of a cell; the start of the row if it does not have the cell."""
        if self._last[0] != (row, column):
            self._last = (row, column), *self._find(row, column)
        _, start, quoted = self._last
        return self._place(start + offset + (quoted.count('"', 0, offset) if quoted else 0), row)

    def _find(self, row: int, column: int) -> tuple[int, str]:
        """The offset of the text of a cell, or of its row, and its text if it is quoted."""
        start = self._starts[row]
        if not column and not self._text.startswith('"', start):
            return start, ""
        if row == self._last[0][0] != self._row[0]:
            self._row = row, [*map(_text_of, self._cells(start))]
        if row == self._row[0]:
            return self._row[1][column] if column < len(self._row[1]) else (start, "")
        # Many rows have one mistake each: their ends are sought faster than a pattern matches a wide row.
        end = self._starts[row + 1] if row + 1 < len(self._starts) else len(self._text)
        for mark in "\n\r":
            found = self._text.find(mark, start, end)
            end = end if found < 0 else found
        if self._text.find('"', start, end) < 0:
            cells = self._text[start:end].split(self._delimiter, column)
            return (end - len(cells[-1]) if len(cells) > column else start), ""
        cell = self._cell.match(self._text, start)
        for _ in range(column):
            cell = self._cell.match(self._text, cell.end()) if cell and cell["end"] else None
        return (start, "") if cell is None else _text_of(cell)

    def _cells(self, offset: int) -> Iterator[re.Match[str]]:
        """The cells of the row at an offset of the text, found again for messages: `csv` gives no places."""
        while match := self._cell.match(self._text, offset):
            yield match
            if not match["end"]:
                return
            offset = match.end()

    @cached_property
    def _cell(self) -> re.Pattern[str]:
        mark = re.escape(self._delimiter)
        return re.compile(
            rf'(?:"(?P<quoted>[^"]*+(?:""[^"]*+)*+)(?P<close>"?+)(?P<behind>[^{mark}\r\n]*+)|[^{mark}\r\n]*+)(?P<end>{mark}?+)'
        )

    def _quote_error(self, start: int) -> InputError:
        """The error of the first cell of a row whose quotes are wrong."""
        quoted = (cell for cell in self._cells(start) if cell["quoted"] is not None)
        cell = next((cell for cell in quoted if cell["behind"] or not cell["close"]), None)
        hint = "double the quotes inside quoted cells"
        if cell is None:
            message, offset = "a cell of this row is too long", start
            expected = f"at most {LONGEST_CELL:,} characters"
        elif not cell["close"]:
            message, expected, offset = "unclosed quote", "a closing quote", cell.start()
            hint = f"close it, or {hint}"
        else:
            message, offset = "text after the closing quote of a cell", cell.end("close")
            hint = f"{hint}, or close the quote where the cell ends"
            expected = f"cells separated by {DELIMITERS.get(self._delimiter, self._delimiter)}"
        return InputError(Problem(message, self._place(offset), expected, hint, code="syntax"))

    def _too_wide(self, start: int, cells: int) -> InputError:
        message, hint = f"this row has {cells:,} cells", "put one mapping in each row"
        expected = f"at most {MOST_COLUMNS:,}, the limit of spreadsheets"
        return InputError(Problem(message, self._place(start), expected, hint, code="syntax"))

    def _place(self, offset: int, row: int = 0) -> Place:
        line, column = self._lines.position(offset, row + 1)
        return Place(self.path, line, column)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)


def _text_of(cell: re.Match[str]) -> tuple[int, str]:
    """The offset of the text of a cell, and its text if it is quoted."""
    quoted = cell["quoted"]
    return (cell.start(), "") if quoted is None else (cell.start("quoted"), quoted.replace('""', '"'))


def decode(source: Source, findings: Findings) -> str:
    """The text of a table: UTF-8, UTF-16 as Excel saves "Unicode text", or else Windows-1252 with a notice.

    Raises:
        InputError: this is not text.
    """
    path, data = source.path, source.data
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise _not_text(Place(path, 1, 1), "the text is UTF-32")
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(data[:2], "utf-8")
    # Without a byte order mark, ASCII letters in UTF-16 have a NUL in every second byte.
    if encoding == "utf-8" and len(data) > 3 and data[:4].count(0) == 2:
        encoding = "utf-16-le" if data[1] == 0 else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        place = _end_of(path, data[: error.start].decode(encoding, "replace"))
        if encoding != "utf-8":
            raise _not_text(place, "invalid UTF-16") from None
        try:
            text, name = data.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError:
            text, name = data.decode("latin-1"), "Latin-1"
        message = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8; reading the file as {name}"
        findings.add(Issue(message, hint=_SAVE, fatal=False, code="encoding"), place)
    text = text.removeprefix(_BOM)
    if not text.strip():
        raise InputError(Problem("the file is empty", Place(path), "a mapping set", code="unreadable"))
    before, nul, _ = text.partition("\0")
    if nul:
        hint = "the file is damaged, or not a table"
        raise _not_text(_end_of(path, before), "not a text file: it contains a NUL character", "text", hint)
    return text


def _not_text(place: Place, message: str, expected: str = "UTF-8", hint: str = _SAVE) -> InputError:
    return InputError(Problem(message, place, expected, hint, code="encoding"))


def _end_of(path: str, text: str) -> Place:
    lines = LINE_END.split(text)
    return Place(path, len(lines), len(lines[-1]) + 1)
