"""Mapping sets from the rows of tables, and back: the same for CSV and XLSX."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as wording
from navlayers._text import restore
from navlayers.errors import Place
from navlayers.mapping.formats import table_values
from navlayers.mapping.formats.assemble import assemble, rows_of
from navlayers.mapping.formats.checks import NON_MAPPABLE, says_non_mappable
from navlayers.mapping.formats.context import Places, lost, technique_names
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import file_id, make_head
from navlayers.mapping.formats.rows import Row, Table, row_field
from navlayers.mapping.formats.table import technique_sheets
from navlayers.mapping.formats.table_columns import (
    SET_FIELDS,
    check_names,
    closest_header,
    columns_of,
    refuse_missing,
)
from navlayers.mapping.model import DEFAULT_SCALE, MappingType
from navlayers.mapping.nouns import likely_role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.errors import Problem
    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.table import Grid, Sheet
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

COLUMNS = (
    *("mapping_framework", "mapping_framework_version", "capability_group", "capability_id"),
    *("capability_description", "mapping_type", "attack_object_id", "attack_object_name", "attack_version"),
    *("technology_domain", "score_category", "score_value", "related_score", "references", "comments"),
    *("organization", "creation_date", "last_update", "status"),
)
"""The columns of the published tables in their order, and the status, which only the published JSON has."""

_BATCH = 4096
_TEXT = tuple(
    field for field in Row.__struct_fields__ if field not in {"references", "attack_object_id", *SET_FIELDS}
)
_CAPABILITY = frozenset({"capability_id", "capability_description"})
_NO_VALUE = frozenset({"", "-", "–", "—", "n/a", "na", "none"})
"""Texts in the column of a category that does not apply."""

_BESIDE = {"attack_object_name": "attack_object_id", "capability_id": "capability_description"}
"""Field → the field whose place it has if it has no column: a cell may hold an id and a name."""

_OF_SETS = {native: column for column, native in SET_FIELDS.items()}


def read(path: str, grids: Sequence[Grid], context: Context) -> tuple[MappingSet, Places]:
    """The set of the tables that have a technique column.

    Raises:
        InputError: there is none, or something in them is wrong; all of it is listed.
        UsageError: `columns` of the options has an unknown name.
    """
    user_headers = check_names(context.options.columns)
    sheets = _alike(path, technique_sheets(path, grids, user_headers), context)
    refuse_missing(sheets[0].grid, sheets[0].columns, user_headers)
    reader = _Reader(path, sheets, context)
    return reader.read(), Places(reader.part, reader.head)


def _alike(path: str, sheets: list[Sheet], context: Context) -> list[Sheet]:
    """The sheet whose header has the most known columns and those with the same header, with a notice of others."""
    best = max(sheets, key=lambda sheet: len(sheet.columns.fields))
    alike = [sheet for sheet in sheets if sheet.columns.headers == best.columns.headers]
    others = [wording.quoted(sheet.grid.name) for sheet in sheets if sheet not in alike]
    if others:
        name = wording.quoted(best.grid.name)
        message = f"reading only sheet {name}: the columns of {wording.and_list(others)} differ"
        hint = "give the sheets the same header, or read one at a time"
        context.findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), Place(path))
    for sheet in alike[1:]:
        sheet.grid.path = f"{path}[{sheet.grid.name}]"
    return alike


class _Reader:
    """Reads sheets and gives the places of their rows. One row of a sheet may become several rows of the set."""

    def __init__(self, path: str, sheets: list[Sheet], context: Context) -> None:
        self._path = path
        self._sheets = sheets
        self._context = context
        self._findings = context.findings
        self._table = Table(context.findings, self.row)
        self._heads: dict[str, tuple[str, Sheet, int]] = {}
        self._unrated = 0
        # The place of each row of the set: its sheet, its line there, and where known the offset of the technique
        # in its cell and the column of its score.
        self._first_rows: list[int] = []
        self._lines = array("Q")
        self._details: dict[int, tuple[int, int | None]] = {}
        self._parts: dict[Kind, Sequence[int]] = {}

    def read(self) -> MappingSet:
        for sheet in self._sheets:
            self._first_rows.append(len(self._lines))
            self._report_columns(sheet)
            rows = self._rows_of(sheet)
            while batch := list(islice(rows, _BATCH)):
                self._table.add(batch)
        first = self._sheets[0]
        if not self._table.rows:
            message = "the table has no rows below its header"
            place = first.grid.place(first.columns.row, 0)
            self._findings.add(Issue(message, fatal=False, code="empty-set"), place)
        if self._unrated:
            names = wording.or_list(first.columns.categories)
            message = f"skipped {wording.quantity(self._unrated, 'row')} without a value in {names}"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), Place(self._path))
        ids = [row.attack_object_id for row in self._table.rows if row.attack_object_id is not None]
        metadata = {SET_FIELDS[field]: text for field, (text, _, _) in self._heads.items()}
        types = dict.fromkeys(row.mapping_type for row in self._table.rows)
        head = msgspec.structs.replace(
            make_head(self._context, metadata, ids, self.head("")),
            groups={group: group for row in self._table.rows if (group := row.capability_group)},
            mapping_types=tuple(MappingType(t) for t in types if t is not None and t != NON_MAPPABLE),
        )
        result = assemble(head, self._table)
        self._parts = result.rows
        return result.mapping_set

    def _report_columns(self, sheet: Sheet) -> None:
        """Report headers close to known ones, and a table without a capability column."""
        columns = sheet.columns
        for column, header in columns.others.items():
            known = closest_header(header) if columns.headers[column] else ""
            if known and known not in columns.fields:
                hint = f"did you mean {known}? it is kept as an unknown column; rename it, or use --columns"
                message = f"unknown column {wording.quoted(header)}"
                issue = Issue(message, hint=hint, fatal=False, code="unknown-field")
                self._findings.add(issue, sheet.grid.place(columns.row, column))
        if _CAPABILITY.isdisjoint(columns.fields):
            others = [header for column, header in columns.others.items() if columns.headers[column]]
            hint = f"name the column with --columns capability=HEADER; the table has {wording.comma_list(others)}"
            message = "no capability column: all rows belong to one capability"
            issue = Issue(message, hint=hint if others else "", fatal=False, code="assumed-metadata")
            self._findings.add(issue, sheet.grid.place(columns.row, 0))

    def _rows_of(self, sheet: Sheet) -> Iterator[Row]:
        grid, columns = sheet
        fields = columns.fields
        texts = [(field, fields[field]) for field in _TEXT if field in fields]
        heads = [(field, fields[field]) for field in SET_FIELDS if field in fields]
        width = len(columns.headers)
        for line, raw in enumerate(grid.rows()):
            if line <= columns.row or not any(raw):
                continue
            cells = [restore(cell) if cell[:1] == "'" else cell for cell in raw]
            if len(cells) > columns.width and grid.strict:
                cells = self._cut(sheet, line, cells)
            cells += [""] * (width - len(cells))
            for field, column in heads:
                if cells[column]:
                    self._take_head(field, sheet, line, cells[column])
            row = Row()
            for field, column in texts:
                if cells[column]:
                    setattr(row, field, cells[column])
            yield from self._split(columns, line, cells, row)

    def _cut(self, sheet: Sheet, line: int, cells: list[str]) -> list[str]:
        """The row without cells right of the header, which must be blank."""
        width = sheet.columns.width
        column = next((c for c in range(width, len(cells)) if cells[c].strip()), None)
        if column is not None:
            message = f"this row has {len(cells)} cells, but the header has {width}"
            hint = "quote cells that contain the separator, or give every column a header"
            issue = Issue(message, f"at most {width} cells", hint, code="syntax")
            self._findings.add(issue, partial(sheet.grid.place, line, column))
        return cells[:width]

    def _take_head(self, field: str, sheet: Sheet, line: int, text: str) -> None:
        """Keep the value of a column about the set; all rows must have the same."""
        before = self._heads.setdefault(field, (text, sheet, line))[0]
        if before != text:
            message = f"{field} is {wording.quoted(text)}, but {wording.quoted(before)} in rows above"
            hint = "a file holds one set: make the rows agree, or split the file"
            issue = Issue(message, "the same value in every row", hint, code="wrong-type")
            self._findings.add(issue, partial(sheet.grid.place, line, sheet.columns.fields[field]))

    def _split(self, columns: Columns, line: int, cells: list[str], row: Row) -> Iterator[Row]:
        """A row of the set for each technique of a row and each category that has a column with a value."""
        fields = columns.fields
        # Some tools number the rows in a column without a header.
        extra = tuple(
            (name, cells[column])
            for column, name in columns.others.items()
            if cells[column] and (columns.headers[column] or not cells[column].isdecimal())
        )
        extra += tuple((f"column {c + 1}", cells[c]) for c in range(len(columns.headers), len(cells)) if cells[c])
        text = cells[fields["attack_object_id"]]
        self._complete(columns, cells, row)
        if not text.strip() and row == Row() and not extra:
            return
        techniques = table_values.techniques(text)
        for technique in techniques or (None,):
            single = row
            if technique is not None:
                named = row.attack_object_name if len(techniques) == 1 else None
                single = msgspec.structs.replace(
                    row, attack_object_id=technique.id, attack_object_name=technique.name or named
                )
                if _CAPABILITY.isdisjoint(fields):
                    single.capability_id = self._file_id()
            offset = technique.offset if technique is not None else 0
            for rated, column in self._rated(columns, single, cells):
                if extra:
                    self._table.extras[len(self._lines)] = extra
                if offset or column is not None:
                    self._details[len(self._lines)] = offset, column
                self._lines.append(line)
                yield rated

    def _complete(self, columns: Columns, cells: list[str], row: Row) -> None:
        """Set the fields of a row that need more than the text of a cell."""
        fields = columns.fields
        if "references" in fields and cells[fields["references"]]:
            row.references = table_values.references(cells[fields["references"]])
        if "status" not in fields and row.mapping_type is not None and says_non_mappable(row.mapping_type):
            row.status, row.mapping_type = NON_MAPPABLE, None
        if "capability_id" not in fields:
            row.capability_id = row.capability_description
        if row.capability_group is not None:
            row.capability_group = row.capability_group.strip() or None
        if row.score_value is not None:
            row.score_value = table_values.score(row.score_value) or None

    def _rated(self, columns: Columns, row: Row, cells: list[str]) -> Iterator[tuple[Row, int | None]]:
        """The row once for each category column that has a value, and that column."""
        categories = columns.categories if row.attack_object_id is not None else {}
        rated = [c for c in categories.items() if cells[c[1]].strip().lower() not in _NO_VALUE]
        for category, column in rated:
            value = table_values.score(cells[column])
            yield msgspec.structs.replace(row, score_category=category, score_value=value), column
        if not categories or (not rated and (row.score_value is not None or row.score_category is not None)):
            yield row, None
        elif not rated:
            self._unrated += 1

    def _file_id(self) -> str:
        """The id of the one capability of a table without capabilities."""
        framework = self._context.options.metadata.get("framework")
        if framework is None and "mapping_framework" in self._heads:
            framework = self._heads["mapping_framework"][0]
        return framework or file_id(self._path)

    def row(self, index: int, field: str = "") -> Place:
        """The place of a field of a row of the set; of its first cell where the row lacks the field."""
        if not 0 <= index < len(self._lines):
            return self.head("")
        grid, columns = self._sheets[bisect_right(self._first_rows, index) - 1]
        offset, category_column = self._details.get(index, (0, None))
        if field in {"score_value", "score_category"} and category_column is not None:
            return grid.place(self._lines[index], category_column)
        others = (column for column, name in columns.others.items() if name == field)
        column = columns.fields.get(field, next(others, columns.fields.get(_BESIDE.get(field, ""), 0)))
        at_id = column == columns.fields["attack_object_id"] and field in {"attack_object_id", "attack_object_name"}
        return grid.place(self._lines[index], column, offset if at_id else 0)

    def part(self, kind: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability by its index in the set."""
        rows = self._parts.get(kind, ())
        return self.row(rows[index] if index < len(rows) else -1, row_field(field))

    def head(self, field: str) -> Place:
        """The place of a field of the set; the start of the file where no column holds it."""
        column = _OF_SETS.get(field, field)
        if column not in self._heads:
            return Place(self._path, 1, 1)
        _, sheet, line = self._heads[column]
        return sheet.grid.place(line, sheet.columns.fields[column])


_AUTHORS = ("author", "author_contact", "author_organization")
_MOST_EXTRA = 100
"""Maximum number of columns for fields without meaning."""

_NOT_IN_CELLS = re.compile("[\0\ud800-\udfff\ufffe\uffff]")


def rows_of_set(mapping_set: MappingSet) -> tuple[list[list[str]], tuple[Problem, ...]]:
    """The header and the rows of a set as a table, and the notice of what the table leaves out.

    Cells are not neutralized yet. Characters that no cell can hold are replaced by U+FFFD.
    """
    rows = list(rows_of(mapping_set, technique_names(mapping_set)))
    extras = [{f: value for f in _AUTHORS if (value := getattr(row, f))} | dict(extra) for row, extra in rows]
    names = list(dict.fromkeys(name for extra in extras for name in extra))
    columns = columns_of(0, [*COLUMNS, *names[:_MOST_EXTRA]], {})
    # A field named like a known header cannot have a column: it would be read as that.
    kept = [
        name
        for column, name in enumerate(names[:_MOST_EXTRA], len(COLUMNS))
        if name not in COLUMNS
        and _NOT_IN_CELLS.search(name) is None
        and (columns.others.get(column) == name or (name in _AUTHORS and columns.fields.get(name) == column))
    ]
    times = Counter(mapping_set.groups.values())
    groups = {id_: name if name.strip() and times[name] == 1 else id_ for id_, name in mapping_set.groups.items()}
    # A table has no scale: values of the set's own are written as their numbers.
    own = {name: number for name, number in mapping_set.scale.items() if DEFAULT_SCALE.get(name) != number}
    values = {name: wording.decimal(number) for name, number in own.items()}
    heads = {
        column: str(getattr(mapping_set, field, "") or mapping_set.details.get(field, ""))
        for column, field in SET_FIELDS.items()
    }
    table = [[*COLUMNS, *kept]]
    for (row, _), extra in zip(rows, extras, strict=True):
        cells = extra | {field: value for field in COLUMNS if (value := getattr(row, field, None))} | heads
        cells["references"] = repr(list(row.references)) if row.references else ""
        if row.capability_group:
            cells["capability_group"] = groups.get(row.capability_group, row.capability_group)
        if row.score_value in values:
            cells["score_value"] = values[row.score_value]
        table.append([_NOT_IN_CELLS.sub("\ufffd", cells.get(column, "")) for column in table[0]])
    losses = list(_losses(mapping_set))
    losses += [f"names of score values ({wording.comma_list(list(values))}, written as numbers)"] if values else []
    dropped = [name for name in names if name not in kept]
    losses += [f"fields {wording.comma_list(dropped)}"] if dropped else []
    hint = "native YAML keeps everything"
    return table, (lost(", ".join(losses), "no such columns in tables", hint=hint),) if losses else ()


def _losses(mapping_set: MappingSet) -> Iterator[str]:
    yield from (field for field in ("title", "source", "licence") if getattr(mapping_set, field))
    if mapping_set.role != likely_role(mapping_set.framework):
        yield "role"
    yield from (field for field in mapping_set.details if field not in SET_FIELDS.values())
    if any(kind.description or kind.name not in ("", kind.id) for kind in mapping_set.mapping_types):
        yield "names and descriptions of mapping types"
    if any(name not in ("", id_) for id_, name in mapping_set.groups.items()):
        yield "ids of groups"
    parts: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    several = {capability.id for capability in mapping_set.capabilities if len(capability.groups) > 1}
    rows = sum(part.group is None and part.capability in several for part in parts)
    if rows:
        yield f"all groups but the first of {wording.quantity(rows, 'row')}"
    silent = {capability.id for capability in mapping_set.capabilities}.difference(
        part.capability for part in parts
    )
    if silent:
        yield f"{wording.quantity(len(silent), 'capability', 'capabilities')} without mappings"
