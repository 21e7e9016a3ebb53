"""Tables as XLSX workbooks: read, and written with a sheet for what the rows do not tell of the set."""

from __future__ import annotations

import datetime
import io
import posixpath
import re
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import msgspec

from navlayers import _text as wording
from navlayers._text import neutralise, restore, shown
from navlayers.errors import InputError, OutputError, Place, Problem
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.table_columns import check_names, find_columns, no_technique_column, refuse_missing
from navlayers.mapping.formats.table_lossless import Said, escape, json_cell, sheet_of, unescape
from navlayers.mapping.formats.table_rows import read_tables
from navlayers.mapping.formats.table_sheet import Sheet
from navlayers.mapping.formats.workbook_check import check_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table_sheet import Places
    from navlayers.mapping.model import MappingSet

MAPPINGS_SHEET = "mappings"
METADATA_SHEET = "metadata"
METADATA_HEADER = ["field", "id", "value"]
"""The sheet in which navlayers keeps what the rows do not tell, and the header of its table."""

LONGEST = 32_767
"""So many characters fit into a cell; spreadsheets count in UTF-16."""

_TABLES = ("groups", "scale", "details", "capabilities")
_TEXTS = ("framework", "version", "domain", "attack_version", "title", "source", "licence")
_MADE = datetime.datetime(2000, 1, 1)
"""What the workbook says of when it was made: the same bytes for the same set."""

_NARROW, _WIDE = 10, 60
_MOST_MERGED = 100_000

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PERCENT_FORMATS = {9, 10}
"""Numbers of the formats that every workbook has: 0% and 0.00%."""

_CELL = re.compile(rb"""<(?:\w+:)?c\b([^<>]*[^<>/])>""")
_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_STYLE = re.compile(rb"""\bs=["']([0-9]{1,6})["']""")
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""Parts of the code of a number format that stand for themselves, or for a color or a currency."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read the sheets of a workbook that have one mapping in a row. Formulas count as the values last computed.

    Raises:
        InputError: the file is no workbook, cannot be opened, has no table of mappings, or is wrong in the places
            listed.
        UsageError: `columns` of the options names what no column can hold.
    """
    by_user = check_names(context.options.columns)
    grids = open_grids(source, context)
    said = next((_said(grid, context) for grid in grids if grid.name == METADATA_SHEET and _is_own(grid)), None)
    sheets = _chosen(source.path, _with_columns(source.path, grids, by_user), context)
    refuse_missing(sheets[0].grid, sheets[0].columns, by_user)
    return read_tables(source.path, sheets, context, said)


def open_sheets(source: Source, context: Context, by_user: Mapping[str, str]) -> list[Sheet]:
    """The sheets of a workbook that have a technique column; one at least.

    Raises:
        InputError: the file is no workbook, cannot be opened, or has no such sheet.
    """
    return [sheet for _, sheet in _with_columns(source.path, open_grids(source, context), by_user)]


def open_grids(source: Source, context: Context) -> list[SheetGrid]:
    """The sheets of a workbook, whatever their columns are.

    Raises:
        InputError: the file is no workbook, or cannot be opened.
    """
    # Libraries for workbooks are imported only where there is one.
    import python_calamine  # noqa: PLC0415

    parts = check_workbook(source, context.options.max_bytes)
    if parts.macros:
        issue = Issue("the workbook has macros; they are not run", fatal=False, code="not-carried")
        context.findings.add(issue, Place(source.path))
    try:
        book = python_calamine.load_workbook(io.BytesIO(source.data))
        kinds = {sheet.name: sheet.typ for sheet in book.sheets_metadata}
        tables = [name for name in book.sheet_names if kinds[name] == python_calamine.SheetTypeEnum.WorkSheet]
        if len(tables) > parts.sheets:
            message = f"of {len(tables):,} sheets that it names it has {parts.sheets:,}"
            raise ValueError(message)
        return [SheetGrid(source, name, book.get_sheet_by_name(name)) for name in tables]
    except python_calamine.PasswordError:
        message, hint = "the workbook is encrypted", "open it with its password and save it without"
    except Exception as error:
        message, hint = f"the workbook is damaged: {wording.visible(str(error))}", "save it again in a spreadsheet"
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        message, hint = "the workbook is damaged", "save it again in a spreadsheet"
    raise InputError(Problem(message, Place(source.path), "an XLSX workbook", hint, code="unreadable"))


def _with_columns(path: str, grids: list[SheetGrid], by_user: Mapping[str, str]) -> list[tuple[str, Sheet]]:
    found = [
        (grid.name, Sheet(grid, columns))
        for grid in grids
        if (columns := find_columns(grid, by_user)) is not None and "attack_object_id" in columns.fields
    ]
    if not found:
        raise no_technique_column(path, [(grid.name, grid) for grid in grids], by_user)
    return found


def _chosen(path: str, found: list[tuple[str, Sheet]], context: Context) -> list[Sheet]:
    """All sheets where their headers are the same; else the one whose header tells most, with a notice."""
    first, best = max(found, key=lambda pair: len(pair[1].columns.fields))
    same = [(name, sheet) for name, sheet in found if sheet.columns.headers == best.columns.headers]
    if len(same) < len(found):
        left = [wording.shown(name) for name, sheet in found if sheet.columns.headers != best.columns.headers]
        message = f"only sheet {wording.shown(first)} is read, not {wording.one_of(left)}: their columns differ"
        hint = "give the sheets the same header, or read one at a time"
        context.findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), Place(path))
    for name, sheet in same[1:]:
        sheet.grid.path = f"{path}[{name}]"
    return [sheet for _, sheet in same]


class SheetGrid:
    """The cells of a sheet as text; merged cells all hold what the first of them does."""

    strict = False

    def __init__(self, source: Source, name: str, sheet: Any) -> None:
        self.path = source.path
        self.name = name
        self._sheet = sheet
        self._data = source.data
        self._percent: set[tuple[int, int]] | None = None
        self._merged = {
            (row, column): (top, left)
            for (top, left), (bottom, right) in _small_merges(sheet)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        }

    def rows(self) -> Iterator[list[str]]:
        """Each row of the sheet from its first."""
        if self._sheet.start is None:
            return
        top, left = self._sheet.start
        for _ in range(top):
            yield []
        starts: dict[tuple[int, int], str] = {}
        merged = self._merged
        wanted = set(merged.values())
        for line, cells in enumerate(self._sheet.iter_rows(), top):
            row = [""] * left + [
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
        """The rows whose cell in a column is a number to the spreadsheet."""
        if self._sheet.start is None:
            return frozenset()
        top, left = self._sheet.start
        rows = enumerate(self._sheet.iter_rows(), top)
        return frozenset(line for line, cells in rows if left <= column and _is_number(cells, column - left))

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """The row and column of a cell."""
        return Place(self.path, row + 1, column + 1)

    def _text(self, value: Any, line: int, column: int) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float | int):
            if self._percent is None:
                self._percent = _percent_cells(self._data, self.name)
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


def _small_merges(sheet: Any) -> Iterator[Any]:
    """Merged cells as people merge them, not whole sheets, as long as they are not too many together."""
    last = (sheet.end or (0, 0))[0]
    left = _MOST_MERGED
    for (top, first), (bottom, end) in sheet.merged_cell_ranges or ():
        size = (min(bottom, last) - top + 1) * (end - first + 1)
        if 0 < size <= left:
            left -= size
            yield (top, first), (min(bottom, last), end)


def _percent_cells(data: bytes, sheet: str) -> set[tuple[int, int]]:
    """Row and column, from 0, of the cells that are shown as percentages: calamine tells only their numbers."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            styles = _percent_styles(_xml(archive, "xl/styles.xml"))
            sheets = _xml(archive, "xl/workbook.xml").iter(f"{_MAIN}sheet")
            link = next(found.get(_LINK) for found in sheets if found.get("name") == sheet)
            links = _xml(archive, "xl/_rels/workbook.xml.rels")
            target = next(found.get("Target", "") for found in links if found.get("Id") == link)
            part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            return _cells_of(archive.read(part), styles) if styles else set()
    except (KeyError, ValueError, StopIteration, ET.ParseError, zipfile.BadZipFile):
        return set()


def _xml(archive: zipfile.ZipFile, part: str) -> ET.Element:
    text = archive.read(part)
    if b"<!" in text:  # declarations may hold entities
        raise ValueError(part)
    return ET.fromstring(text)  # noqa: S314


def _percent_styles(tree: ET.Element) -> set[int]:
    formats = {int(fmt.get("numFmtId", "0")): fmt.get("formatCode", "") for fmt in tree.iter(f"{_MAIN}numFmt")}
    percent = _PERCENT_FORMATS | {number for number, code in formats.items() if "%" in _LITERAL.sub("", code)}
    uses = tree.find(f"{_MAIN}cellXfs")
    return {n for n, use in enumerate(uses if uses is not None else ()) if int(use.get("numFmtId", "0")) in percent}


def _cells_of(xml: bytes, styles: set[int]) -> set[tuple[int, int]]:
    found = set()
    for cell in _CELL.finditer(xml):
        style = _STYLE.search(cell[1])
        if style is not None and int(style[1]) in styles and (place := _PLACE.search(cell[1])):
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            found.add((int(place[2]) - 1, column - 1))
    return found


def _is_own(grid: SheetGrid) -> bool:
    return next(grid.rows(), [])[:3] == METADATA_HEADER


def _said(grid: SheetGrid, context: Context) -> Said | None:
    """What the sheet says that navlayers writes; None, with findings, where it is damaged."""
    said: dict[str, Any] = {}
    place = grid.place(0, 0)
    try:
        for line, cells in enumerate(grid.rows()):
            place = grid.place(line, 2)
            field, id_, text = (*(restore(cell) for cell in cells), "", "", "")[:3]
            if not line or not any((field, id_, text)):
                continue
            if field == "mapping_types":
                kind = (unescape(id_), *msgspec.json.decode(text, type=tuple[str, str]))
                said.setdefault(field, []).append(kind)
            elif field in _TABLES:
                plain = field in {"groups", "details"}
                value = unescape(text) if plain else msgspec.json.decode(text)
                said.setdefault(field, {})[unescape(id_)] = value
            else:
                said[field] = unescape(text)
        place = grid.place(0, 0)
        return msgspec.convert(said, Said)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"the sheet {METADATA_SHEET} is damaged: {wording.visible(str(error))}"
        hint = "restore it, or delete the sheet and say with --meta what it said"
        context.findings.add(Issue(message, "what navlayers wrote there", hint, code="wrong-type"), place)
        return None


def encode(mapping_set: MappingSet) -> Written:
    """The set as XLSX, which carries everything.

    Raises:
        OutputError: a text is longer than a cell can be, or the set holds what the reader would refuse.
    """
    # Libraries for workbooks are imported only where one is written.
    import xlsxwriter  # noqa: PLC0415

    sheet = sheet_of(mapping_set)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        bold = book.add_format({"bold": True})
        _write(book.add_worksheet(MAPPINGS_SHEET), [sheet.header, *sheet.rows], bold)
        _write(book.add_worksheet(METADATA_SHEET), [METADATA_HEADER, *_said_rows(sheet.said)], bold)
    return Written(stream.getvalue())


def _said_rows(said: Said) -> Iterator[list[str]]:
    for field in _TEXTS:
        if getattr(said, field):
            yield [field, "", escape(getattr(said, field))]
    for name, text in said.details.items():
        yield ["details", escape(name), escape(text)]
    for name, number in said.scale.items():
        yield ["scale", escape(name), json_cell(number)]
    for id_, name, description in said.mapping_types:
        yield ["mapping_types", escape(id_), json_cell((name, description))]
    for id_, name in said.groups.items():
        yield ["groups", escape(id_), escape(name)]
    for id_, capability in said.capabilities.items():
        yield ["capabilities", escape(id_), json_cell(capability)]


def _write(sheet: Any, rows: list[list[str]], bold: Any) -> None:
    """Write every cell as text, never as number, address or formula."""
    widths = [0] * len(rows[0])
    for line, cells in enumerate(rows):
        for column, text in enumerate(cells):
            if not text:
                continue
            safe = neutralise(text)
            length = len(safe)
            if length > LONGEST // 2 and len(safe.encode("utf-16-le")) // 2 > LONGEST:
                raise _too_long(text, line, rows[0][column], cells)
            widths[column] = max(widths[column], length)
            sheet.write_string(line, column, safe, None if line else bold)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, _NARROW), _WIDE))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows) - 1, 1), len(rows[0]) - 1)


def _too_long(text: str, line: int, header: str, cells: list[str]) -> OutputError:
    where = " and ".join(shown(cell) for cell in (cells[3:4] + cells[6:7] if len(cells) > 6 else cells[:2]) if cell)
    message = f"the {header} of row {line + 1} ({where}) has {len(text):,} characters"
    hint = "shorten it, or write another format, which has no such limit"
    return OutputError(
        Problem(message, expected=f"at most {LONGEST:,}, which is all that a cell of XLSX holds", hint=hint)
    )
