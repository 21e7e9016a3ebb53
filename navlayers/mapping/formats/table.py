"""A table as its readers see it, from a text or a workbook: a header, and rows of text cells with their places."""

from __future__ import annotations

import re
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, Protocol

from navlayers._text.formulas import MARK, restore
from navlayers._text.wording import and_list, quoted
from navlayers.errors import Place
from navlayers.mapping.formats.detect import sniff
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.table_columns import CAPABILITY, check_names, no_technique_column, refuse_missing
from navlayers.mapping.formats.table_content import NO_VALUE, Wide, find_wide, holds_ids
from navlayers.mapping.formats.table_header import find_columns
from navlayers.mapping.formats.table_values import (
    NOT_A_NUMBER,
    Technique,
    amount,
    decimal_mark,
    single_technique,
    techniques,
)
from navlayers.mapping.formats.value_rules import respelled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table_columns import Columns

WORKBOOK = (b"PK\x03\x04", OLE := b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""First bytes of XLSX workbooks, and of old (.xls) or encrypted ones, which are refused."""


_NUMBER = re.compile(r"\s*\.?([0-9]{1,3})\s*")
"""The number of a sub-technique; spreadsheets drop its leading zeros."""


class Number(str):
    """The text of a cell that a workbook stores as a number, so that its decimal mark is a point."""

    __slots__ = ()


class Grid(Protocol):
    """The rows of a table from the first of the file; blank cells are "".

    `name` is that of the sheet, "" in a text, and `kind` the word for it. `hidden`: spreadsheets do not show it.
    `strict`: a row with more cells than the header is an error, as a separator inside an unquoted cell causes it.
    """

    path: str
    name: str
    kind: str
    hidden: bool
    strict: bool

    def rows(self) -> Iterator[list[str]]:
        """Each row as long as it is written; may be called again. Cells keep the mark that neutralizes formulas."""

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """The place of the character `offset` of a cell; row and column count from 0."""


class Amount(NamedTuple):
    """A row, the text of one of its cells, and the number ≥ 0 that this is, or what is wrong with it."""

    line: int
    cells: list[str]
    text: str
    value: Fraction | str


class Sheet(NamedTuple):
    """A table and the meaning of its columns."""

    grid: Grid
    columns: Columns

    def header(self, column: int) -> str:
        """The header of a column; "" for one without."""
        return self.columns.headers[column] if column < len(self.columns.headers) else ""

    def data_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The number and cells of each row with any text below the header; none is shorter than the header."""
        for line, cells in self._typed_rows():
            yield line, [*map(str, cells)]

    def _typed_rows(self) -> Iterator[tuple[int, list[str]]]:
        """The same, with numbers of a workbook as `Number`."""
        width = self.columns.width
        for line, cells in enumerate(self.grid.rows()):
            if line > self.columns.row and any(cells):
                plain = map(restore, cells) if MARK in "".join(cells) else cells
                yield line, [*plain, *[""] * (width - len(cells))]

    def amounts(self, column: int, *, percent: bool = False) -> Iterator[Amount]:
        """The number in a column of each row below the header; with `percent`, a percent sign may follow it.

        All cells of a column have the same decimal mark.
        """
        rows = [(line, cells, cells[column]) for line, cells in self._typed_rows()]
        clean = without_percent if percent else str.strip
        mark = decimal_mark(clean(text) for _, _, text in rows if not isinstance(text, Number))
        for line, cells, text in rows:
            yield Amount(
                line, [*map(str, cells)], str(text), amount(clean(text), "." if isinstance(text, Number) else mark)
            )

    def wide(self, scale: Iterable[str]) -> Wide:
        """The columns of tools and counts in a table that has neither capabilities nor scores.

        Args:
            scale: words for which the user gives scores.
        """
        columns = self.columns
        if columns.row < 0 or columns.categories or not {*CAPABILITY, "score_value"}.isdisjoint(columns.fields):
            return Wide({})
        headers = {column: columns.headers[column] for column in columns.others if columns.headers[column]}
        return find_wide((cells for _, cells in self.data_rows()), headers, scale)

    def techniques(self, line: int, cells: Sequence[str], findings: Findings) -> list[tuple[Technique, int]]:
        """The techniques of a row, each with its column; ids that are written together go to the findings."""
        columns = self.columns
        usual, sub = columns.fields["attack_object_id"], columns.fields.get("subtechnique")
        if sub is None and not columns.more and (single := single_technique(cells[usual])) is not None:
            return [(single, usual)]
        result: list[tuple[Technique, int]] = []
        for column in (usual, *columns.more):
            text = cells[column]
            parts = () if text.strip().lower() in NO_VALUE else techniques(text)
            several = [part for part in parts if part.text]
            for _, same in groupby(several, key=lambda part: part.offset) if several else ():
                together = list(same)
                issue = respelled(together[0].text, *(part.id for part in together))
                findings.add(issue, partial(self.grid.place, line, column, together[0].offset))
            result += [(part, column) for part in parts]
        if sub is None or cells[sub].strip().lower() in NO_VALUE:
            return result
        written = techniques(cells[sub].strip())
        if not result or all(map(holds_ids, [part.id for part in written])):
            return [(part, sub) for part in written]
        technique, column = result[0]
        number = _NUMBER.fullmatch(cells[sub])
        if len(result) == 1 and "." in technique.id and number is None:
            return [(technique._replace(name=technique.name or cells[sub].strip()), column)]
        if len(result) > 1 or "." in technique.id:
            return result
        if number is not None:
            return [(technique._replace(id=f"{technique.id}.{number[1]:0>3}", name=None), column)]
        # Its technique tells a sub-technique from those of the same name.
        name = cells[sub].strip()
        id_ = f"{name} of {technique.id}" if holds_ids(technique.id) else f"{technique.id}: {name}"
        return [(technique._replace(id=id_, name=None), column)]

    def numeric_columns(self, columns: Collection[int]) -> list[int]:
        """The columns in which most non-empty cells are numbers, including negative ones."""
        numbers = dict.fromkeys(columns, 0)
        filled = dict.fromkeys(columns, 0)
        for _, cells in self.data_rows():
            for column in columns:
                if cells[column].strip():
                    filled[column] += 1
                    numbers[column] += amount(without_percent(cells[column])) != NOT_A_NUMBER
        return [column for column in columns if numbers[column] and 2 * numbers[column] > filled[column]]

    def columns_with(self, words: Sequence[str], columns: Collection[int]) -> list[int]:
        """The columns whose headers contain one of the words, in the order of the words."""
        ranks = {}
        for column in columns:
            known = {*re.findall(r"[a-z]+", self.header(column).casefold())}.intersection(words)
            if known:
                ranks[column] = min(map(words.index, known))
        return sorted(ranks, key=lambda column: ranks[column])


def without_percent(text: str) -> str:
    """A number without a percent sign behind it."""
    return text.strip().removesuffix("%").rstrip()


def open_grids(source: Source, context: Context) -> Sequence[Grid]:
    """The sheets of a workbook, or the one table of a text, whatever their columns are.

    Raises:
        InputError: the file is neither a readable workbook nor text.
    """
    # Imported here because both modules read mapping sets with what is here.
    from navlayers.mapping.formats import csv_table, xlsx_table  # noqa: PLC0415

    if source.data.startswith(WORKBOOK):
        return xlsx_table.open_grids(source, context)
    if sniff(source).format == "markdown":
        from navlayers.mapping.formats import markdown_table  # noqa: PLC0415

        return markdown_table.open_grids(source, context)
    return [csv_table.open_grid(source, context)]


def find_sheets(grids: Iterable[Grid], user_headers: Mapping[str, str], wanted: Collection[str]) -> list[Sheet]:
    """The tables that have a column for one of the wanted fields."""
    headers = ((grid, find_columns(grid, user_headers, wanted)) for grid in grids)
    return [Sheet(grid, header) for grid, header in headers if header is not None]


def technique_sheets(path: str, grids: Sequence[Grid], user_headers: Mapping[str, str]) -> list[Sheet]:
    """The tables that have a column of techniques, at least one.

    Raises:
        InputError: there is none.
    """
    sheets = find_sheets(grids, user_headers, {"attack_object_id"})
    if not sheets:
        raise no_technique_column(path, grids, user_headers)
    return sheets


def set_sheets(path: str, grids: Sequence[Grid], context: Context) -> list[Sheet]:
    """The sheet whose header has the most known columns and those with the same header, with a notice of others.

    Raises:
        InputError: no sheet has a column of techniques, or a column that the user names is missing.
        UsageError: `columns` of the options has an unknown name.
    """
    user_headers, findings = check_names(context.options.columns), context.findings
    sheets = technique_sheets(path, grids, user_headers)
    best = max(sheets, key=lambda sheet: len(sheet.columns.fields))
    alike = [sheet for sheet in sheets if sheet.columns.headers == best.columns.headers]
    others = [quoted(sheet.grid.name) for sheet in sheets if sheet not in alike]
    if others:
        kind = best.grid.kind if len(alike) == 1 else f"{best.grid.kind}s"
        names = and_list([quoted(sheet.grid.name) for sheet in alike])
        message = f"reading only {kind} {names}: the columns of {and_list(others)} differ"
        hint = f"give the {best.grid.kind}s the same header, or read one at a time"
        findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), Place(path))
    for sheet in alike:
        if sheet.grid.hidden:
            message = f"sheet {quoted(sheet.grid.name)} is hidden; it is read"
            issue = Issue(message, hint="delete it if it is not part of the set", fatal=False, code="not-carried")
            findings.add(issue, Place(path))
    for sheet in alike[1:]:
        sheet.grid.path = f"{path}[{sheet.grid.name}]"
    refuse_missing(alike[0].grid, alike[0].columns, user_headers)
    return alike
