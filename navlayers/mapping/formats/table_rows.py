"""From the rows of tables to a mapping set: what is the same whether they stood in CSV or in XLSX."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as wording
from navlayers._text import restore, slugs
from navlayers.errors import Place
from navlayers.mapping.formats import table_lossless as lossless
from navlayers.mapping.formats import table_values
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.checks import NON_MAPPABLE, says_non_mappable
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.rows import MEANINGLESS, Row, Table
from navlayers.mapping.formats.table_columns import EXACT, OTHER, SET_FIELDS, SET_METADATA, meant
from navlayers.mapping.formats.table_sheet import Places, Sheet
from navlayers.mapping.model import MappingType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.formats.table_lossless import Exact, Said
    from navlayers.mapping.model import MappingSet

_BATCH = 4096
_TEXT = tuple(
    field for field in Row.__struct_fields__ if field not in {"references", "attack_object_id", *SET_FIELDS}
)
_NO_VALUE = frozenset({"", "-", "–", "—", "n/a", "na", "none"})
"""What people write into the column of a category that does not apply."""

_OTHERS = msgspec.json.Decoder(dict[str, str])


def read_tables(
    path: str, sheets: Sequence[Sheet], context: Context, said: Said | None = None
) -> tuple[MappingSet, Places]:
    """The set of tables that have a technique column; `said` is what navlayers wrote beside them.

    Raises:
        InputError: something in them is wrong; all of it is listed.
    """
    return _Reader(path, sheets, context, said).read()


class _Reader:
    def __init__(self, path: str, sheets: Sequence[Sheet], context: Context, said: Said | None) -> None:
        self._path = path
        self._sheets = sheets
        self._context = context
        self._findings = context.findings
        self._places = Places(path, sheets)
        self._own = said if said is not None else self._find_said()
        self._table = Table(context.findings, self._places.row, self._own.scale if self._own else ())
        self._batch: list[Row] = []
        self._group_ids = self._own.group_ids() if self._own else {}
        self._groups: dict[str, None] = {}
        self._several: dict[int, tuple[str, ...]] = {}
        self._exact: dict[int, Exact] = {}
        self._heads: dict[str, str] = {}
        self._techniques: dict[str, tuple[table_values.Technique, ...]] = {}
        self._links: dict[str, tuple[str, ...]] = {}
        self._unrated = 0
        self._columns = sheets[0].columns

    def read(self) -> tuple[MappingSet, Places]:
        for sheet in self._sheets:
            self._places.begin_sheet()
            self._columns = sheet.columns
            self._report_misspelt()
            self._report_one_capability()
            self._read_sheet(sheet)
        self._flush()
        if not self._table.rows and not (self._own and self._own.capabilities):
            message = "the table has no rows below its header"
            self._findings.add(
                Issue(message, fatal=False, code="empty-set"), self._places.cell(self._columns.row, 0)
            )
        if self._unrated:
            names = wording.one_of(self._columns.categories)
            message = f"skipped {wording.counted(self._unrated, 'row')} without a value in {names}"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), Place(self._path))
        return self._finish()

    def _finish(self) -> tuple[MappingSet, Places]:
        head = self._head()
        if self._own is not None:
            lossless.tell_capabilities(self._table, self._own)
        done = assemble(head, self._table, self._context.technique_names(head))
        self._findings.raise_errors()
        self._places.keep(done.rows)
        mapping_set = done.mapping_set
        if self._own is not None:
            mapping_set = lossless.corrected(done, self._own, self._several, self._exact)
        return mapping_set, self._places

    def _report_one_capability(self) -> None:
        """Where no column names capabilities, all rows are one: that has to be meant."""
        columns = self._columns
        if self._own is not None or not {"capability_id", "capability_description"}.isdisjoint(columns.fields):
            return
        others = [header for column, header in columns.others.items() if columns.headers[column]]
        there = f" (there is {wording.listed(others)})" if others else ""
        issue = Issue(
            "no column names capabilities, so all rows are of one",
            hint=f"name the column with --columns capability=HEADER{there}" if others else "",
            fatal=False,
            code="assumed-metadata",
        )
        self._findings.add(issue, self._places.cell(columns.row, 0))

    def _head(self) -> MappingSet:
        found = {SET_FIELDS[column]: text for column, text in self._heads.items()}
        own = self._own
        if own is not None:
            found = {f: getattr(own, f) for f in ("framework", "version", "domain", "attack_version")} | found
        ids = [row.attack_object_id for row in self._table.rows if row.attack_object_id is not None]
        head = make_head(self._context, found, ids, self._places.head(""))
        if own is not None:
            columns = {SET_FIELDS[column]: text for column, text in self._heads.items()}
            head = lossless.with_said(head, own, self._context.options.metadata, columns)
            return msgspec.structs.replace(
                head, groups=head.groups | {g: g for g in self._groups if g not in head.groups}
            )
        types = dict.fromkeys(row.mapping_type for row in self._table.rows)
        return msgspec.structs.replace(
            head,
            groups={name: name for name in self._groups},
            mapping_types=tuple(MappingType(t) for t in types if t is not None and t != NON_MAPPABLE),
        )

    def _report_misspelt(self) -> None:
        columns = self._columns
        for column, header in columns.others.items():
            known = meant(header) if columns.headers[column] else ""
            if known and known not in columns.fields:
                hint = f"did you mean {known}? it is kept without meaning; rename it, or say --columns"
                issue = Issue(
                    f"unknown column {wording.shown(header)}", hint=hint, fatal=False, code="unknown-field"
                )
                self._findings.add(issue, self._places.cell(columns.row, column))

    def _find_said(self) -> Said | None:
        for grid, columns in self._sheets:
            column = columns.fields.get(SET_METADATA)
            if column is None:
                continue
            for line, cells in enumerate(grid.rows()):
                if line > columns.row and len(cells) > column and cells[column].strip():
                    try:
                        return msgspec.json.decode(restore(cells[column]), type=lossless.Said)
                    except (msgspec.DecodeError, RecursionError) as error:
                        message = f"{SET_METADATA} is damaged: {wording.visible(str(error))}"
                        hint = "restore the cell, or delete it and say with --meta what it said"
                        issue = Issue(message, "JSON as navlayers writes it", hint, code="wrong-type")
                        self._findings.add(issue, grid.place(line, column))
                        return None
        return None

    def _read_sheet(self, sheet: Sheet) -> None:
        grid, columns = sheet
        fields = columns.fields
        plain = [(field, fields[field]) for field in _TEXT if field in fields]
        heads = [(field, fields[field]) for field in SET_FIELDS if field in fields]
        width = len(columns.headers)
        for line, raw in enumerate(grid.rows()):
            if line <= columns.row or not any(raw):
                continue
            cells = [restore(cell) if cell[:1] == "'" else cell for cell in raw]
            if len(cells) > width:
                cells = self._surplus(line, cells, width)
            else:
                cells += [""] * (width - len(cells))
            for field, column in heads:
                if cells[column]:
                    self._say(field, line, column, cells[column])
            if SET_METADATA in fields and cells[fields[SET_METADATA]].strip():
                self._places.add_head(SET_METADATA, line)
            row = Row()
            for field, column in plain:
                if cells[column]:
                    setattr(row, field, cells[column])
            self._add_rows(line, cells, row)

    def _surplus(self, line: int, cells: list[str], width: int) -> list[str]:
        if not self._sheets[0].grid.strict:
            return cells
        most = self._columns.width
        at = next((c for c in range(most, len(cells)) if cells[c].strip()), None)
        if at is not None:
            message = f"this row has {len(cells)} cells, the header {most}"
            hint = "quote cells that hold the separator, or name every column"
            issue = Issue(message, f"at most {most} cells", hint, code="syntax")
            self._findings.add(issue, partial(self._places.cell, line, at))
        return cells[: max(width, most)]

    def _say(self, field: str, line: int, column: int, text: str) -> None:
        """Take what a column says of the set; all rows have to agree."""
        if self._own is not None:
            text = lossless.unescape(text)
        before = self._heads.get(field)
        if before is None:
            self._heads[field] = text
            self._places.add_head(field, line)
        elif before != text:
            message = f"{field} is {wording.shown(text)}, but {wording.shown(before)} in rows above"
            hint = "a file holds one set: make the rows agree, or split the file"
            issue = Issue(message, "the same in every row", hint, code="wrong-type")
            self._findings.add(issue, partial(self._places.cell, line, column))

    def _add_rows(self, line: int, cells: list[str], row: Row) -> None:
        columns = self._columns
        fields = columns.fields
        self._clean(cells, row)
        groups = self._groups_of(row)
        extra = tuple((name, cells[c]) for c, name in columns.others.items() if self._kept(columns, c, cells[c]))
        extra += tuple((f"column {c + 1}", cells[c]) for c in range(len(columns.headers), len(cells)) if cells[c])
        exact: Exact | None = None
        if OTHER in fields or EXACT in fields:
            more, exact = self._json(line, cells, row)
            extra += more
        text = cells[fields["attack_object_id"]] if "attack_object_id" in fields else ""
        if not text.strip() and row == Row() and not extra:
            return
        found = self._techniques_in(text)
        if found and {"capability_id", "capability_description"}.isdisjoint(fields):
            row.capability_id = self._file_id()
        for technique in found or (None,):
            single = msgspec.structs.replace(row) if len(found) > 1 else row
            if technique is not None:
                single.attack_object_id = technique.id
                single.attack_object_name = technique.name or (row.attack_object_name if len(found) == 1 else None)
            for rated, column in self._rated(single, cells):
                index = len(self._table.rows) + len(self._batch)
                if extra:
                    self._table.extras[index] = extra
                if len(groups) > 1:
                    self._several[index] = groups
                if exact is not None:
                    self._exact[index] = exact
                self._places.add(line, technique.offset if technique is not None else 0, column)
                self._batch.append(rated)
        if len(self._batch) >= _BATCH:
            self._flush()

    def _clean(self, cells: list[str], row: Row) -> None:
        """Fill in what is not the text of a cell as it stands."""
        fields = self._columns.fields
        column = fields.get("references")
        if column is not None and cells[column]:
            text = cells[column]
            if text not in self._links:
                self._links[text] = table_values.references(text)
            row.references = self._links[text]
        if self._own is not None:
            for field in _TEXT:
                value = getattr(row, field)
                if value is not None and "\\u" in value:
                    setattr(row, field, lossless.unescape(value))
        if "status" not in fields and row.mapping_type is not None and says_non_mappable(row.mapping_type):
            row.status, row.mapping_type = NON_MAPPABLE, None
        if "capability_id" not in fields:
            row.capability_id = row.capability_description

    def _techniques_in(self, text: str) -> tuple[table_values.Technique, ...]:
        if text not in self._techniques:
            self._techniques[text] = table_values.techniques(text)
        return self._techniques[text]

    def _rated(self, row: Row, cells: list[str]) -> list[tuple[Row, int | None]]:
        """The row, once for each category that has a column with a value in it."""
        keep = self._own.scale if self._own is not None else ()
        if row.score_value is not None and row.score_value not in keep:
            row.score_value = table_values.score(row.score_value) or None
        categories = self._columns.categories
        if not categories or row.attack_object_id is None:
            return [(row, None)]
        rated: list[tuple[Row, int | None]] = []
        for category, column in categories.items():
            value = cells[column].strip()
            if value.lower() not in _NO_VALUE:
                value = table_values.score(value)
                single = msgspec.structs.replace(row, score_category=category, score_value=value)
                rated.append((single, column))
        if not rated:
            if row.score_value is not None or row.score_category is not None:
                return [(row, None)]
            self._unrated += 1
        return rated

    def _groups_of(self, row: Row) -> tuple[str, ...]:
        """The ids of the groups that the row names; it keeps the first."""
        text = row.capability_group
        if text is None or not text.strip():
            return ()
        found = (text.strip(),) if self._own is None else self._own.groups_in(text, self._group_ids)
        row.capability_group = found[0]
        self._groups.update(dict.fromkeys(found))
        return found

    @staticmethod
    def _kept(columns: Columns, column: int, text: str) -> bool:
        """Whether a cell without meaning is worth keeping: the row numbers of other tools are not."""
        return bool(text) and (bool(columns.headers[column]) or not text.isdecimal())

    def _json(self, line: int, cells: list[str], row: Row) -> tuple[tuple[tuple[str, str], ...], Exact | None]:
        """What the cells say that hold JSON: fields without meaning, and what other cells cannot tell."""
        fields = self._columns.fields
        extra: tuple[tuple[str, str], ...] = ()
        exact: Exact | None = None
        for field in (OTHER, EXACT):
            column = fields.get(field)
            text = cells[column].strip() if column is not None else ""
            if column is None or not text:
                continue
            if not text.startswith("{"):
                extra += ((field, text),)
                continue
            try:
                if field == EXACT:
                    exact = msgspec.json.decode(text, type=lossless.Exact)
                else:
                    for name, value in _OTHERS.decode(text).items():
                        if name in MEANINGLESS:
                            setattr(row, name, value)
                        else:
                            extra += ((name, value),)
            except (msgspec.DecodeError, RecursionError) as error:
                message = f"{field} is damaged: {wording.visible(str(error))}"
                hint = "restore the cell, or delete what is in it"
                issue = Issue(message, "JSON as navlayers writes it", hint, code="wrong-type")
                self._findings.add(issue, partial(self._places.cell, line, column))
        return extra, exact

    def _file_id(self) -> str:
        """What the one capability of a table without capabilities is called."""
        said = self._context.options.metadata.get("framework") or self._heads.get("mapping_framework")
        stem = PurePath(self._path).stem
        return said or (slugs([stem])[stem] if stem.strip("-") else "stdin")

    def _flush(self) -> None:
        self._table.add(self._batch)
        self._batch = []
