"""Reader of tables as XLSX workbooks."""

from __future__ import annotations

import datetime
import io
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import _text as wording
from navlayers._text import restore
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats import roundtrip as table_own
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.table_columns import check_names, find_columns, no_technique_column, refuse_missing
from navlayers.mapping.formats.table_percent import percent_cells
from navlayers.mapping.formats.table_places import Places, Sheet
from navlayers.mapping.formats.table_rows import read_tables
from navlayers.mapping.formats.table_zip import check_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table_grid import Grid
    from navlayers.mapping.model import MappingSet

METADATA_SHEET = "metadata"
METADATA_HEADER = ["field", "id", "value"]
"""The sheet in which navlayers keeps what the rows do not tell, and the header of its table."""

_TABLES = ("groups", "scale", "details", "capabilities")


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read the sheets of a workbook that have one mapping in a row. Formulas count as the values last computed.

    Raises:
        InputError: the file is no workbook, cannot be opened, has no table of mappings, or is wrong in the places
            listed.
        UsageError: `columns` of the options names what no column can hold.
    """
    by_user = check_names(context.options.columns)
    grids = _workbook(source, context)
    said = next((_said(grid, context) for name, grid in grids if name == METADATA_SHEET and _is_own(grid)), None)
    sheets = _chosen(source.path, _tables(source.path, grids, by_user), context)
    refuse_missing(sheets[0].grid, sheets[0].columns, by_user)
    return read_tables(source.path, sheets, context, said)


def open_tables(source: Source, context: Context, by_user: dict[str, str]) -> list[tuple[str, Sheet]]:
    """The sheets of a workbook that have a technique column, by name; one at least.

    Raises:
        InputError: the file is no workbook, cannot be opened, or has no such sheet.
    """
    return _tables(source.path, _workbook(source, context), by_user)


def open_grids(source: Source, context: Context) -> list[Grid]:
    """The sheets of a workbook, whatever their columns are.

    Raises:
        InputError: the file is no workbook, or cannot be opened.
    """
    return [grid for _, grid in _workbook(source, context)]


def _workbook(source: Source, context: Context) -> list[tuple[str, _SheetGrid]]:
    parts = check_workbook(source, context.options.max_bytes)
    if parts.macros:
        issue = Issue("the workbook has macros; they are not run", fatal=False, code="not-carried")
        context.findings.add(issue, Place(source.path))
    return _grids(source, parts.sheets)


def _tables(path: str, grids: list[tuple[str, _SheetGrid]], by_user: dict[str, str]) -> list[tuple[str, Sheet]]:
    found = [
        (name, Sheet(grid, columns)) for name, grid in grids if (columns := find_columns(grid, by_user)) is not None
    ]
    found = [(name, sheet) for name, sheet in found if "attack_object_id" in sheet.columns.fields]
    if not found:
        raise no_technique_column(path, grids, by_user)
    return found


def _chosen(path: str, found: list[tuple[str, Sheet]], context: Context) -> list[Sheet]:
    """All sheets where their headers are the same; else the one whose header tells most, with a notice."""
    (first, best), *others = found
    for name, sheet in others:
        if len(sheet.columns.fields) > len(best.columns.fields):
            first, best = name, sheet
    same = [(name, sheet) for name, sheet in found if sheet.columns.headers == best.columns.headers]
    if len(same) < len(found):
        left = [wording.shown(name) for name, sheet in found if sheet.columns.headers != best.columns.headers]
        message = f"only sheet {wording.shown(first)} is read, not {wording.one_of(left)}: their columns differ"
        hint = "give the sheets the same header, or read one at a time"
        context.findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), Place(path))
    for name, sheet in same[1:]:
        sheet.grid.path = f"{path}[{name}]"
    return [sheet for _, sheet in same]


class _SheetGrid:
    """The cells of a sheet as text; merged cells all hold what the first of them does."""

    strict = False

    def __init__(self, path: str, name: str, sheet: Any, data: bytes) -> None:
        self.path = path
        self._name = name
        self._sheet = sheet
        self._data = data
        self._percent: frozenset[tuple[int, int]] | None = None
        self._merged = {
            (row, column): (top, left)
            for (top, left), (bottom, right) in _small(sheet)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        }

    def rows(self) -> Iterator[list[str]]:
        sheet = self._sheet
        if sheet.start is None:
            return
        top, left = sheet.start
        for _ in range(top):
            yield []
        before = [""] * left
        starts: dict[tuple[int, int], str] = {}
        merged = self._merged
        wanted = set(merged.values())
        for line, cells in enumerate(sheet.iter_rows(), top):
            row = before + [
                cell if type(cell) is str else self._text(cell, line, column)
                for column, cell in enumerate(cells, left)
            ]
            if merged:
                for column, text in enumerate(row):
                    if (line, column) in wanted:
                        starts[line, column] = text
                    elif not text and (line, column) in merged:
                        row[column] = starts.get(merged[line, column], "")
            yield row

    def numbers(self, column: int) -> frozenset[int]:
        if self._sheet.start is None:
            return frozenset()
        top, left = self._sheet.start
        rows = enumerate(self._sheet.iter_rows(), top)
        return frozenset(line for line, cells in rows if left <= column and _is_number(cells, column - left))

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        return Place(self.path, row + 1, column + 1)

    def _text(self, value: Any, line: int, column: int) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float | int):
            if self._percent is None:
                self._percent = percent_cells(self._data, self._name)
            if (line, column) in self._percent:
                return f"{_number(round(value * 100, 10))}%"
            return _number(value)
        if isinstance(value, datetime.datetime):
            midnight = value.time() == datetime.time()
            return value.date().isoformat() if midnight else value.isoformat(" ")
        if isinstance(value, datetime.date | datetime.time):
            return value.isoformat()
        return str(value)


def _is_number(cells: list[Any], at: int) -> bool:
    return at < len(cells) and isinstance(cells[at], float | int) and not isinstance(cells[at], bool)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


_MOST_MERGED = 100_000


def _small(sheet: Any) -> Iterator[Any]:
    """Merged cells as people merge them, not whole sheets, as long as they are not too many together."""
    last = (sheet.end or (0, 0))[0]
    left = _MOST_MERGED
    for (top, first), (bottom, end) in sheet.merged_cell_ranges or ():
        size = (min(bottom, last) - top + 1) * (end - first + 1)
        if 0 < size <= left:
            left -= size
            yield (top, first), (min(bottom, last), end)


def _grids(source: Source, most: int) -> list[tuple[str, _SheetGrid]]:
    # Libraries for workbooks are imported only where there is one.
    import python_calamine  # noqa: PLC0415

    try:
        book = python_calamine.load_workbook(io.BytesIO(source.data))
        kinds = {sheet.name: sheet.typ for sheet in book.sheets_metadata}
        tables = [name for name in book.sheet_names if kinds[name] == python_calamine.SheetTypeEnum.WorkSheet]
        if len(tables) > most:
            message = f"of {len(tables):,} sheets that it names it has {most:,}"
            raise ValueError(message)
        return [(name, _SheetGrid(source.path, name, book.get_sheet_by_name(name), source.data)) for name in tables]
    except python_calamine.PasswordError:
        message, hint = "the workbook is encrypted", "open it with its password and save it without"
    except Exception as error:
        message, hint = f"the workbook is damaged: {wording.visible(str(error))}", "save it again in a spreadsheet"
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        message, hint = "the workbook is damaged", "save it again in a spreadsheet"
    raise InputError(Problem(message, Place(source.path), "an XLSX workbook", hint, code="unreadable"))


def _is_own(grid: _SheetGrid) -> bool:
    return next(grid.rows(), [])[:3] == METADATA_HEADER


def _said(grid: _SheetGrid, context: Context) -> table_own.Said | None:
    """What the sheet says that navlayers writes; None, with findings, where it is damaged."""
    said: dict[str, Any] = {}
    for line, cells in enumerate(grid.rows()):
        field, id_, text = (*(restore(cell) for cell in cells), "", "", "")[:3]
        if not line or not any((field, id_, text)):
            continue
        try:
            if field == "mapping_types":
                kind = (table_own.unescape(id_), *msgspec.json.decode(text, type=tuple[str, str]))
                said.setdefault(field, []).append(kind)
            elif field in _TABLES:
                plain = field in {"groups", "details"}
                value = table_own.unescape(text) if plain else msgspec.json.decode(text)
                said.setdefault(field, {})[table_own.unescape(id_)] = value
            else:
                said[field] = table_own.unescape(text)
        except (msgspec.DecodeError, RecursionError) as error:
            context.findings.add(_damaged(error), grid.place(line, 2))
            return None
    try:
        return msgspec.convert(said, table_own.Said)
    except msgspec.ValidationError as error:
        context.findings.add(_damaged(error), grid.place(0, 0))
        return None


def _damaged(error: Exception) -> Issue:
    message = f"the sheet {METADATA_SHEET} is damaged: {wording.visible(str(error))}"
    hint = "restore it, or delete the sheet and say with --meta what it said"
    return Issue(message, "what navlayers wrote there", hint, code="wrong-type")
