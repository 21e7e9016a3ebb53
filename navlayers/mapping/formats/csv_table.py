"""Tables as CSV, TSV and the like: read, and written as CSV.

A pattern finds the cells rather than the `csv` module: that keeps no columns, joins text behind a closing quote to
the cell without a word, and takes a quote that never closes for a cell up to the end of the file.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import neutralise
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.table_columns import (
    SET_METADATA,
    check_names,
    find_columns,
    no_technique_column,
    refuse_missing,
)
from navlayers.mapping.formats.table_lossless import json_cell, sheet_of
from navlayers.mapping.formats.table_rows import read_tables
from navlayers.mapping.formats.table_sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.formats.table_sheet import Places
    from navlayers.mapping.model import MappingSet

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What separates cells, the most usual first, and what it is called."""

MOST_COLUMNS = 16_384
"""A row has so many cells at most, as in spreadsheets."""

_SEPARATOR = re.compile(r'"?sep=(.)"?(?:\r\n?|\n)', re.IGNORECASE)
"""The first line by which spreadsheets are told the separator."""

_BOM = "\ufeff"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_SAVE = 'save it as UTF-8; spreadsheets call that "CSV UTF-8"'
_ROW = re.compile(r'([^\r\n"]*+)(?:\r\n?|\n|\Z)')
_ENDS = re.compile(r"\r\n?|\n")
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')
"""What has to stand between quotes; blanks at the edges, because spreadsheets drop them."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a table with one mapping in a row.

    Raises:
        InputError: the text is no table of mappings, or wrong in the places listed.
        UsageError: `columns` of the options names what no column can hold.
    """
    by_user = check_names(context.options.columns)
    (sheet,) = open_sheets(source, context, by_user)
    refuse_missing(sheet.grid, sheet.columns, by_user)
    return read_tables(source.path, [sheet], context)


def open_sheets(source: Source, context: Context, by_user: Mapping[str, str]) -> list[Sheet]:
    """The table of a text, by the separator under which most of its header makes sense.

    What is wrong with its quotes goes to the findings.

    Raises:
        InputError: no row of the first names a column of techniques.
    """
    grids = _grids(source, context.findings)
    best: tuple[TextGrid, Columns] | None = None
    unclosed: InputError | None = None
    for grid in grids:
        try:
            columns = find_columns(grid, by_user)
        except InputError as error:  # another separator may make sense of the quotes
            unclosed = unclosed or error
            continue
        if columns is not None and (best is None or len(columns.fields) > len(best[1].fields)):
            best = grid, columns
    if best is None:
        if unclosed is not None:
            raise unclosed
        likeliest = max(grids, key=lambda grid: len(next(grid.rows(), ())))
        raise no_technique_column(source.path, [("", likeliest)], by_user)
    best[0].findings = context.findings
    return [Sheet(*best)]


def open_grids(source: Source, context: Context) -> list[TextGrid]:
    """The table of a text under each separator that it may have, whatever its columns are.

    Raises:
        InputError: this is no text.
    """
    grids = _grids(source, context.findings)
    for grid in grids:
        grid.findings = context.findings
    return grids


def encode(mapping_set: MappingSet) -> Written:
    """The set as CSV, which carries everything; what it says beside its rows stands in the last cell of the first.

    A byte order mark stands before the text only if it is not all ASCII: spreadsheets need it then, no tool minds.

    Raises:
        OutputError: the set holds what the reader would refuse.
    """
    sheet = sheet_of(mapping_set)
    first = sheet.rows[0] if sheet.rows else [""] * len(sheet.header)
    rows = [
        [*sheet.header, SET_METADATA],
        [*first, json_cell(sheet.said)],
        *([*row, ""] for row in sheet.rows[1:]),
    ]
    text = "".join(f"{','.join(map(_written, row))}\n" for row in rows)
    return Written((text if text.isascii() else _BOM + text).encode())


def _written(text: str) -> str:
    if not text:
        return ""
    text = neutralise(text)
    if _QUOTED.search(text) is None:
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


class Cell(NamedTuple):
    """A cell of a row with quotes: its text, and where in the file that begins."""

    text: str
    start: int


class TextGrid:
    """The rows of a delimited text. Only where they begin is kept; a cell is looked for again when it is asked for.

    `rows` raises an `InputError` at a quote that never closes; text behind a closing quote goes to `findings`.
    """

    strict = True

    def __init__(self, path: str, text: str, delimiter: str, start: int = 0) -> None:
        self.path = path
        self.findings: Findings | None = None
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

    def rows(self) -> Iterator[list[str]]:
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
            cells, at = self._quoted(at, self.findings)
            yield [cell.text for cell in cells]

    def numbers(self, column: int) -> frozenset[int]:
        """None: all that a text holds is text."""
        return frozenset()

    def _quoted(self, at: int, findings: Findings | None = None) -> tuple[list[Cell], int]:
        """The cells of a row that has quotes, and where the next one begins."""
        cells: list[Cell] = []
        while True:
            found = self._cell.match(self._text, at)
            if found is None:
                message = "the quote that opens here never closes"
                hint = "close it, or double the quotes inside of quoted cells"
                raise InputError(Problem(message, self._at(at), "a closing quote", hint, code="syntax"))
            inside, behind, bare, end = found.groups()
            if inside is None:
                cells.append(Cell(bare, at))
            else:
                if behind.strip() and findings is not None:
                    findings.add(partial(self._text_behind, found.end(1) + 1), partial(self._at, at))
                cells.append(Cell(inside.replace('""', '"') + behind.rstrip(), at + 1))
            at = found.end()
            if end != self._delimiter:
                return cells, at
            if len(cells) >= MOST_COLUMNS:
                raise self._too_wide(cells[0].start, f"more than {MOST_COLUMNS:,}")

    def _too_wide(self, start: int, many: str) -> InputError:
        expected = f"at most {MOST_COLUMNS:,}, as in spreadsheets"
        hint = "a table has one mapping in a row"
        return InputError(Problem(f"this row has {many} cells", self._at(start), expected, hint, code="syntax"))

    def _text_behind(self, closes: int) -> Issue:
        place = self._at(closes)
        message = f"the quote that opens here closes before line {place.line}, column {place.column}"
        hint = "double the quotes inside of quoted cells, or close the quote where the cell ends"
        expected = f"cells separated by {DELIMITERS.get(self._delimiter, self._delimiter)}"
        return Issue(f"{message}, and text follows", expected, hint, code="syntax")

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
        # Quotes within a quoted cell are written twice.
        return self._at(quoted[column].start + offset + quoted[column].text.count('"', 0, offset))

    def _at(self, offset: int) -> Place:
        ends = self._line_ends
        line = bisect_left(ends, offset + 1)
        return Place(self.path, line + 1, offset - (ends[line - 1] if line else 0) + 1)

    @cached_property
    def _line_ends(self) -> array[int]:
        """Where lines begin, but for the first."""
        return array("Q", (found.end() for found in _ENDS.finditer(self._text)))


def _grids(source: Source, findings: Findings) -> list[TextGrid]:
    """The text under each separator that it names or has; under commas where it has none."""
    text = _decode(source, findings)
    named = _SEPARATOR.match(text)
    if named:
        return [TextGrid(source.path, text, named[1], named.end())]
    delimiters: Sequence[str] = [mark for mark in DELIMITERS if mark in text] or [","]
    return [TextGrid(source.path, text, delimiter) for delimiter in delimiters]


def _decode(source: Source, findings: Findings) -> str:
    """The text of a table: UTF-8, UTF-16 as spreadsheets save "Unicode text", or else Windows-1252 with a notice.

    Raises:
        InputError: this is no text.
    """
    path, data = source.path, source.data
    if data.startswith(_UTF32):
        raise _no_text(Place(path, 1, 1), "this is UTF-32 text")
    encoding = _UTF16.get(data[:2])
    if encoding is None and len(data) > 3 and data[:4].count(0) == 2:
        encoding = "utf-16-le" if data[1] == 0 else "utf-16-be"
    if encoding is not None:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            before = data[: error.start].decode(encoding, "replace")
            raise _no_text(_end_of(path, before), "the UTF-16 text is damaged here") from None
    else:
        text = _eight_bit(path, data, findings)
    text = text.removeprefix(_BOM)
    if not text.strip():
        raise InputError(Problem("the file is empty", Place(path), "a mapping set", code="unreadable"))
    nul = text.find("\0")
    if nul >= 0:
        hint = "the file is damaged, or not a table"
        raise _no_text(_end_of(path, text[:nul]), "this is not text: it contains a NUL character", "text", hint)
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
    message = f"byte {at} (0x{data[at]:02x}) is not UTF-8; the file is read as {name}"
    place = _end_of(path, text[: len(data[:at].decode())])
    findings.add(Issue(message, hint=_SAVE, fatal=False, code="encoding"), place)
    return text


def _no_text(place: Place, message: str, expected: str = "UTF-8", hint: str = _SAVE) -> InputError:
    return InputError(Problem(message, place, expected, hint, code="encoding"))


def _end_of(path: str, text: str) -> Place:
    lines = _ENDS.split(text)
    return Place(path, len(lines), len(lines[-1]) + 1)
