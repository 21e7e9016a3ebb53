"""Reader of tables as CSV, TSV and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers.errors import InputError
from navlayers.mapping.formats.table_columns import check_names, find_columns, no_technique_column, refuse_missing
from navlayers.mapping.formats.table_places import Places, Sheet
from navlayers.mapping.formats.table_rows import read_tables
from navlayers.mapping.formats.table_text import DELIMITERS, TextGrid, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.formats.table_grid import Grid
    from navlayers.mapping.model import MappingSet

_SEPARATOR = re.compile(r'"?sep=(.)"?(?:\r\n?|\n)', re.IGNORECASE)
"""The first line by which spreadsheets are told the separator."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a table with one mapping in a row.

    Raises:
        InputError: the text is no table of mappings, or wrong in the places listed.
        UsageError: `columns` of the options names what no column can hold.
    """
    by_user = check_names(context.options.columns)
    sheet = open_table(source, context.findings, by_user)
    refuse_missing(sheet.grid, sheet.columns, by_user)
    return read_tables(source.path, [sheet], context)


def open_table(source: Source, findings: Findings, by_user: dict[str, str]) -> Sheet:
    """The table of a text that has a technique column; what is wrong with its quotes goes to `findings`.

    Raises:
        InputError: the text is no such table.
    """
    grid, columns = _grid(source.path, decode(source, findings), by_user)
    return Sheet(_Checked(grid, findings), columns)


def open_grids(source: Source, findings: Findings) -> list[Grid]:
    """The table of a text under each separator that it may have, whatever its columns are.

    Raises:
        InputError: this is no text.
    """
    text = decode(source, findings)
    told = _SEPARATOR.match(text)
    start = told.end() if told else 0
    delimiters = (told[1],) if told else _in_use(text)
    return [_Checked(TextGrid(source.path, text, delimiter, start), findings) for delimiter in delimiters]


class _Checked:
    """A grid that reports what is wrong with its quotes."""

    strict = True

    def __init__(self, grid: TextGrid, findings: Findings) -> None:
        self.path = grid.path
        self.place = grid.place
        self.numbers = grid.numbers
        self._grid = grid
        self._findings = findings

    def rows(self) -> Iterator[list[str]]:
        return self._grid.rows(self._findings)


def _grid(path: str, text: str, by_user: dict[str, str]) -> tuple[TextGrid, Columns]:
    """The table, by the separator under which most of its header makes sense."""
    told = _SEPARATOR.match(text)
    best: tuple[TextGrid, Columns] | None = None
    unclosed: InputError | None = None
    for delimiter in (told[1],) if told else _in_use(text):
        grid = TextGrid(path, text, delimiter, told.end() if told else 0)
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
        grids = [TextGrid(path, text, delimiter) for delimiter in _in_use(text)]
        raise no_technique_column(path, [("", _likeliest(grids))], by_user)
    return best


def _in_use(text: str) -> Sequence[str]:
    """The separators that the text has; one where it has none."""
    return [delimiter for delimiter in DELIMITERS if delimiter in text] or DELIMITERS[:1]


def _likeliest(grids: list[TextGrid]) -> TextGrid:
    return max(grids, key=lambda grid: len(next(grid.rows(), ())))
