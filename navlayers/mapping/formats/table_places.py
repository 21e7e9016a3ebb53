"""Where the rows of a set stand in its tables."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import Place
from navlayers.mapping.formats.table_columns import SET_FIELDS, SET_METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.formats.context import Kind
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.formats.table_grid import Grid

_FIELDS = {
    "technique": "attack_object_id",
    "technique_name": "attack_object_name",
    "capability": "capability_id",
    "id": "capability_id",
    "name": "capability_description",
    "capability_name": "capability_description",
    "group": "capability_group",
    "groups": "capability_group",
    "type": "mapping_type",
    "category": "score_category",
    "value": "score_value",
    "comment": "comments",
}
"""Field of the model → field of a row."""

_HEAD = {native: column for column, native in SET_FIELDS.items()}


class Sheet(NamedTuple):
    """A table, and which of its columns holds what."""

    grid: Grid
    columns: Columns


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
        number = max(n for n, begin in enumerate(self._begins) if begin <= index)
        grid, columns = self._sheets[number]
        line = self._lines[index]
        if field in {"score_value", "score_category"} and index in self._categories:
            return grid.place(line, self._categories[index])
        column = columns.fields.get(field)
        if column is None:
            column = next((c for c, name in columns.others.items() if name == field), None)
        if column is None:
            if field == "attack_object_name":
                return self.row(index, "attack_object_id")
            if field == "capability_id" and "capability_description" in columns.fields:
                return self.row(index, "capability_description")
            return grid.place(line, 0)
        return grid.place(line, column, self._offsets.get(index, 0) if field == "attack_object_id" else 0)

    def part(self, kind: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability by its index in the set."""
        rows = self._of.get(kind, ())
        return self.row(rows[index] if index < len(rows) else -1, _FIELDS.get(field, field))

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the metadata where it is not written."""
        for name in (_HEAD.get(field, field), SET_METADATA):
            if name in self._heads:
                sheet, line = self._heads[name]
                grid, columns = self._sheets[sheet]
                return grid.place(line, columns.fields[name])
        return Place(self._path, 1, 1)
