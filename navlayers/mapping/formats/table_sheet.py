"""What a table is to its readers, in a workbook or a text: rows of text cells with places, and a header."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Protocol

from navlayers._text import restore
from navlayers.errors import Place
from navlayers.mapping.formats.amounts import amount, decimal_mark
from navlayers.mapping.formats.rows import row_field
from navlayers.mapping.formats.table_columns import SET_FIELDS, SET_METADATA
from navlayers.mapping.formats.workbook_check import WORKBOOK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.table_columns import Columns

_HEAD = {native: column for column, native in SET_FIELDS.items()}


class Grid(Protocol):
    """The rows of a table, from the first of the file on; blank cells are "".

    Rows may be read again; cells keep what neutralizes formulas. `strict`: a row with more cells than the header is
    a slip, as a separator within a cell makes it.
    """

    path: str
    strict: bool

    def rows(self) -> Iterator[list[str]]:
        """Each row, as long as it is written."""

    def numbers(self, column: int) -> frozenset[int]:
        """The rows whose cell in a column is kept as a number, not as the text of one."""

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """Where the character `offset` of a cell stands; row and column count from 0."""


class Amount(NamedTuple):
    """A row, the text of one of its cells, and the number ≥ 0 that this says, or what is wrong with it."""

    line: int
    cells: list[str]
    text: str
    value: Fraction | str


class Sheet(NamedTuple):
    """A table, and which of its columns holds what."""

    grid: Grid
    columns: Columns

    def below(self) -> Iterator[tuple[int, list[str]]]:
        """The number and the cells of each row below the header that has any text."""
        for line, cells in enumerate(self.grid.rows()):
            if line > self.columns.row and any(cells):
                yield line, [restore(cell) for cell in cells]

    def amounts(self, column: int, *, percent: bool = False) -> Iterator[Amount]:
        """What a column says in each row below the header; the column as a whole tells points from commas.

        `percent`: a percent sign may follow a number, and says nothing.
        """
        rows = [(line, cells, cells[column] if column < len(cells) else "") for line, cells in self.below()]
        clean = without_percent if percent else str.strip
        numbers = self.grid.numbers(column)
        mark = decimal_mark(clean(text) for line, _, text in rows if line not in numbers)
        for line, cells, text in rows:
            yield Amount(line, cells, text, amount(clean(text), "." if line in numbers else mark))


def without_percent(text: str) -> str:
    """A number without a percent sign behind it."""
    return text.strip().removesuffix("%").rstrip()


def open_grids(source: Source, context: Context) -> Sequence[Grid]:
    """The tables of a file, whatever their columns are; a text is a table for each separator that it may have.

    Raises:
        InputError: it is neither a workbook nor text.
    """
    # The modules of the two kinds read whole sets with what is here.
    if source.data.startswith(WORKBOOK):
        from navlayers.mapping.formats import xlsx_table  # noqa: PLC0415

        return xlsx_table.open_grids(source, context)
    from navlayers.mapping.formats import csv_table  # noqa: PLC0415

    return csv_table.open_grids(source, context)


def open_sheets(source: Source, context: Context, by_user: Mapping[str, str]) -> list[Sheet]:
    """The tables of a file that have a column of techniques; one at least.

    Raises:
        InputError: the file cannot be read, or has no such table.
    """
    if source.data.startswith(WORKBOOK):
        from navlayers.mapping.formats import xlsx_table  # noqa: PLC0415

        return xlsx_table.open_sheets(source, context, by_user)
    from navlayers.mapping.formats import csv_table  # noqa: PLC0415

    return csv_table.open_sheets(source, context, by_user)


class Places:
    """Finds rows and their fields again; a row of a table may be several of the set."""

    def __init__(self, path: str, sheets: Sequence[Sheet]) -> None:
        self._path = path
        self._sheets = sheets
        self._lines = array("Q")
        self._begins: list[int] = []
        self._offsets: dict[int, int] = {}
        self._categories: dict[int, int] = {}
        self._heads: dict[str, tuple[int, int]] = {}
        self._of: dict[Kind, Sequence[int]] = {}

    def begin_sheet(self) -> None:
        """Rows that are added from now on are of the next sheet."""
        self._begins.append(len(self._lines))

    def add(self, line: int, offset: int = 0, category_column: int | None = None) -> None:
        """Add a row: its number in the table, where in its cell the technique begins, which column is its score."""
        index = len(self._lines)
        self._lines.append(line)
        if offset:
            self._offsets[index] = offset
        if category_column is not None:
            self._categories[index] = category_column

    def add_head(self, field: str, line: int) -> None:
        """Remember in which row a column first says something of the set."""
        self._heads.setdefault(field, (len(self._begins) - 1, line))

    def keep(self, rows: dict[Kind, Sequence[int]]) -> None:
        """Remember which row each part of the set was read from."""
        self._of = rows

    def cell(self, line: int, column: int) -> Place:
        """The place of a cell of the sheet that is being read."""
        return self._sheets[len(self._begins) - 1].grid.place(line, column)

    def row(self, index: int, field: str = "") -> Place:
        """The place of a field's value, or of the row where it lacks the field."""
        if not 0 <= index < len(self._lines):
            return self.head("")
        grid, columns = self._sheets[bisect_right(self._begins, index) - 1]
        line = self._lines[index]
        if field in {"score_value", "score_category"} and index in self._categories:
            return grid.place(line, self._categories[index])
        # A name that has no column of its own stands with the id, an id with the name.
        instead = {"attack_object_name": "attack_object_id", "capability_id": "capability_description"}.get(
            field, ""
        )
        others = (column for column, name in columns.others.items() if name == field)
        column = columns.fields.get(field, next(others, columns.fields.get(instead, 0)))
        at_id = columns.fields.get("attack_object_id") == column and field in {
            "attack_object_id",
            "attack_object_name",
        }
        return grid.place(line, column, self._offsets.get(index, 0) if at_id else 0)

    def part(self, kind: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability by its index in the set."""
        rows = self._of.get(kind, ())
        return self.row(rows[index] if index < len(rows) else -1, row_field(field))

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the metadata where it is not written."""
        for name in (_HEAD.get(field, field), SET_METADATA):
            if name in self._heads:
                sheet, line = self._heads[name]
                grid, columns = self._sheets[sheet]
                return grid.place(line, columns.fields[name])
        return Place(self._path, 1, 1)
