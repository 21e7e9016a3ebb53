"""Tables as XLSX workbooks: read, and written."""

from __future__ import annotations

import datetime
import io
import posixpath
import re
import zipfile
from functools import cached_property
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from navlayers._text.formulas import neutralize
from navlayers._text.wording import excerpt, quoted
from navlayers.errors import InputError, OutputError, Place, Problem
from navlayers.mapping.formats import table_write
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.table import Number
from navlayers.mapping.formats.workbook import check_workbook, position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

LONGEST = 32_767
"""Maximum length of a cell in Excel, in UTF-16 code units."""

MOST_ROWS = 1_048_576
"""Maximum rows of a sheet in Excel."""

CREATED = datetime.datetime(2000, 1, 1)
"""Fixed, so that the same set gives the same bytes."""

_KNOWN_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA"})
"""The errors of formulas in ISO 29500."""

_NARROW, _WIDE = 10, 60
# Cells of merged ranges that are filled in: a range may span a whole sheet.
_MOST_MERGED = 100_000
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\[\]]*\]')
"""Parts of a number format that are literal text, colors or currencies."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read the sheets of a workbook that have one mapping in a row. Formulas count as the values last computed.

    Raises:
        InputError: the file is not a readable workbook, has no table of mappings, or is wrong in the places listed.
        UsageError: `columns` of the options has an unknown name.
    """
    from navlayers.mapping.formats import table_rows  # noqa: PLC0415 - sets are also only written

    return table_rows.read(source.path, open_grids(source, context), context)


def open_grids(source: Source, context: Context) -> list[SheetGrid]:
    """The sheets of a workbook.

    Raises:
        InputError: the file is not a readable workbook.
    """
    import python_calamine  # noqa: PLC0415 - slow, and only needed for a workbook

    checked = check_workbook(source, context)
    try:
        book = python_calamine.load_workbook(io.BytesIO(_with_known_errors(source.data, checked.errors)))
        kinds = {sheet.name: sheet.typ for sheet in book.sheets_metadata}
        shown = python_calamine.SheetVisibleEnum.Visible
        hidden = {sheet.name for sheet in book.sheets_metadata if sheet.visible != shown}
        names = [name for name in book.sheet_names if kinds[name] == python_calamine.SheetTypeEnum.WorkSheet]
        if len(names) > checked.sheets:  # each name takes the memory of a sheet
            raise ValueError(f"it names {len(names):,} sheets but has {checked.sheets:,}")
        errors = {name: checked.errors.get(_part_of(source.data, name), {}) for name in names if checked.errors}
        return [
            SheetGrid(source, name, book.get_sheet_by_name(name), errors.get(name, {}), hidden=name in hidden)
            for name in names
        ]
    except BaseException as error:
        # A bug of calamine raises a PanicException, which is not an Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        message, hint = f"the workbook is damaged: {excerpt(str(error))}", "save it again in a spreadsheet"
        problem = Problem(message, Place(source.path), "an XLSX workbook", hint, code="unreadable")
        raise InputError(problem) from None


def _with_known_errors(data: bytes, errors: Mapping[str, Mapping[tuple[int, int], str]]) -> bytes:
    """The workbook with `#N/A` for errors that calamine refuses, such as the `#ERROR!` of Google Sheets."""
    others = {part: {*cells.values()} - _KNOWN_ERRORS for part, cells in errors.items()}
    if not any(others.values()):
        return data
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            for text in others.get(name, ()):
                content = content.replace(f">{text}<".encode(), b">#N/A<")
            new.writestr(name, content)
    return stream.getvalue()


class SheetGrid:
    """The cells of a sheet as text; all cells of a merged range have the text of its first.

    `errors`: row and column, from 0, of the cells whose formula failed → their text.
    """

    kind = "sheet"
    strict = False

    def __init__(
        self, source: Source, name: str, sheet: Any, errors: Mapping[tuple[int, int], str], *, hidden: bool
    ) -> None:
        self.path = source.path
        self.name = name
        self.hidden = hidden
        self._sheet = sheet
        self._data = source.data
        self._errors = errors

    def rows(self) -> Iterator[list[str]]:
        """Each row of the sheet from its first."""
        return map(list, self._rows)

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """The row and column of a cell; characters in it have no places."""
        return Place(self.path, row + 1, column + 1)

    @cached_property
    def _rows(self) -> list[list[str]]:
        top, left = self._sheet.start or (0, 0)
        before = [""] * left
        cells = self._sheet.iter_rows() if self._sheet.start is not None else ()
        rows = [*([] for _ in range(top)), *([*before, *map(_text, row)] for row in cells)]
        for (line, column), text in self._errors.items():
            if line < len(rows) and column < len(rows[line]):
                rows[line][column] = text
        if any(isinstance(cell, Number) for row in rows for cell in row):
            for line, column in _percent_cells(self._data, self.name):
                if line < len(rows) and column < len(rows[line]) and isinstance(rows[line][column], Number):
                    rows[line][column] = Number(f"{_number(round(float(rows[line][column]) * 100, 10))}%")
        to_fill = _MOST_MERGED
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or ():
            size = (min(bottom + 1, len(rows)) - top) * (right + 1 - left)
            if 0 < size <= to_fill and left < len(rows[top]):
                to_fill -= size
                for row in rows[top : bottom + 1]:
                    row[left : right + 1] = [cell or rows[top][left] for cell in row[left : right + 1]]
        return rows


def _text(value: Any) -> str:
    """The text of a cell as spreadsheets show it, except for percentages."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        return Number(_number(value))
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _percent_cells(data: bytes, sheet: str) -> list[tuple[int, int]]:
    """Row and column, from 0, of the cells that are shown as percentages: calamine gives only their values."""
    # `check_workbook` has refused document types, so there are no entities to expand.
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            styles = ET.fromstring(archive.read("xl/styles.xml"))  # noqa: S314
            # 9 and 10 are the built-in formats 0% and 0.00%.
            formats = {"9", "10"} | {
                format_.get("numFmtId")
                for format_ in styles.iterfind(".//{*}numFmt")
                if "%" in _LITERAL.sub("", format_.get("formatCode", ""))
            }
            uses = styles.iterfind("{*}cellXfs/{*}xf")
            percent = {str(number) for number, use in enumerate(uses) if use.get("numFmtId") in formats}
            xml = archive.open(_part_of(data, sheet))
            cells = []
            for _, element in ET.iterparse(xml) if percent else ():  # noqa: S314
                if element.get("s") in percent and element.tag.endswith("}c"):
                    cells.append(position(element.get("r", "")))
                if element.tag.endswith("}row"):
                    element.clear()
            return [(row - 1, column - 1) for row, column in cells]
    except (KeyError, ValueError, ET.ParseError):  # parts that calamine does not need are missing or odd
        return []


def _part_of(data: bytes, sheet: str) -> str:
    """The part of a workbook that has a sheet; "" where its own parts do not say."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
            links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        (link,) = (part.attrib for part in book.iterfind(".//{*}sheet") if part.get("name") == sheet)
        (target,) = (part.get("Target", "") for part in links if part.get("Id") in link.values())
    except (KeyError, ValueError, ET.ParseError):  # parts that calamine does not need are missing or odd
        return ""
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def encode(mapping_set: MappingSet) -> Written:
    """The set as XLSX, with a notice of what its columns cannot hold.

    Raises:
        OutputError: a text is longer than a cell can be, or there are more rows than a sheet has.
    """
    from navlayers._engines.workbooks import workbook, workbook_of_rows  # noqa: PLC0415 - slow, and for workbooks alone

    count = len(mapping_set.mappings) + len(mapping_set.non_mappable)
    if count >= MOST_ROWS:
        message = f"the set has {count:,} rows"
        expected = f"at most {MOST_ROWS - 1:,}, the limit of an XLSX sheet"
        raise OutputError(Problem(message, expected=expected, hint="write CSV, or divide the set"))
    table = table_write.table_of(mapping_set)
    rows = [table.header, *table.rows]
    stream = io.BytesIO()
    with workbook(stream) as book:
        book.set_properties({"created": CREATED})
        numbers = _write(book.add_worksheet("mappings"), rows, book.add_format({"bold": True}))
    return Written(workbook_of_rows(stream, rows, numbers), table.notices)


def _write(sheet: Any, rows: list[list[str]], bold: Any) -> dict[str, int]:
    """Write each text once, as text, never as a number, address or formula; and what is the same for all rows.

    Returns:
        The number of each text in the order of the cells, in which workbooks count the texts that cells share.
    """
    widths = [0] * len(rows[0])
    lengths: dict[str, int] = {}
    for line, cells in enumerate(rows):
        for column, text in enumerate(cells):
            if not text:
                continue
            if text not in lengths:
                safe = neutralize(text)
                if len(safe) > LONGEST // 2 and len(safe.encode("utf-16-le")) // 2 > LONGEST:
                    raise _too_long(safe, line, rows[0][column], cells)
                lengths[text] = len(safe)
                sheet.write_string(line, column, safe, None if line else bold)
            widths[column] = max(widths[column], lengths[text])
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, _NARROW), _WIDE))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows) - 1, 1), len(rows[0]) - 1)
    return {text: number for number, text in enumerate(lengths)}


def _too_long(text: str, line: int, header: str, cells: list[str]) -> OutputError:
    named = (cells[table_write.COLUMNS.index(field)] for field in ("capability_id", "attack_object_id"))
    where = " and ".join(quoted(cell) for cell in named if cell) or f"row {line + 1}"
    units = len(text.encode("utf-16-le")) // 2
    message = f"{header} of {where} has {units:,} characters, as XLSX counts them"
    hint = "shorten it, or write another format"
    expected = f"at most {LONGEST:,}, the limit of an XLSX cell"
    return OutputError(Problem(message, expected=expected, hint=hint))
