"""Mapping sets from the rows of tables, the same for CSV and XLSX."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import wording
from navlayers._text.formulas import restore
from navlayers.attack.domains import DOMAINS
from navlayers.errors import Place
from navlayers.mapping.formats import table_values, value_rules
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import file_id, make_head, owner
from navlayers.mapping.formats.rows import ExplorerRow, Table, row_field
from navlayers.mapping.formats.table import set_sheets
from navlayers.mapping.formats.table_asides import Asides
from navlayers.mapping.formats.table_columns import CAPABILITY, SET_FIELDS, columns_named
from navlayers.mapping.formats.table_content import NO_VALUE, NOT_RATED, Wide, failed, known_names
from navlayers.mapping.formats.table_notices import (
    report_columns,
    report_counts,
    report_failed,
    report_scale,
    report_unread,
)
from navlayers.mapping.formats.table_values import Technique, single_technique
from navlayers.mapping.formats.value_rules import NON_MAPPABLE, says_non_mappable
from navlayers.mapping.model import MappingType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.formats.context import Context, PartKind
    from navlayers.mapping.formats.rows import Pairs
    from navlayers.mapping.formats.table import Grid, Sheet
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.model import MappingSet

_BATCH = 4096
_TEXT = tuple(
    field for field in ExplorerRow.__struct_fields__ if field not in {"references", "attack_object_id", *SET_FIELDS}
)

_BESIDE = {"attack_object_name": "attack_object_id", "capability_id": "capability_description"}
"""Field → the field whose place it has if it has no column: a cell may hold an id and a name."""

_OF_SETS = {native: column for column, native in SET_FIELDS.items()}


def read(path: str, grids: Sequence[Grid], context: Context) -> tuple[MappingSet, Places]:
    """The set of the tables that have a technique column.

    Raises:
        InputError: there is none, or something in them is wrong; all of it is listed.
        UsageError: `columns` of the options has an unknown name.
    """
    reader = _Reader(path, set_sheets(path, grids, context), context)
    return reader.read(), Places(reader.part, reader.head)


class _Reader:
    """Reads sheets and gives the places of their rows. One row of a sheet may become several rows of the set."""

    def __init__(self, path: str, sheets: list[Sheet], context: Context) -> None:
        self._path = path
        self._name = file_id(path)
        self._sheets = sheets
        self._context = context
        self._findings = context.findings
        self._scale = value_rules.scale_of({}, context.options)
        self._table = Table(context.findings, self.row, self._scale)
        self._heads: dict[str, tuple[str, Sheet, int]] = {}
        self._unrated = 0
        self._without_score: Counter[str] = Counter()
        domain, _ = value_rules.domain(context.options.metadata.get("domain", ""))
        parts = context.options.parts
        self._is_name = known_names((domain,) if domain and not parts else DOMAINS)
        # A table of several domains is read once for each; rows without a technique belong to the first.
        self._parted, self._first_part = bool(parts), domain in parts[:1]
        self._owns = owner(domain or "", parts)
        self._wide = Wide({})
        self._asides = Asides(sheets[0], self._wide, self._is_name)
        self._no_capability = False
        self._zeros = 0
        self._percent = False
        self._ratings: list[int] = []
        self._scores: dict[str, str] = {}
        # Columns of techniques whose headers say how a technique is related, such as Primary Impact.
        self._relations: frozenset[int] = frozenset()
        # The place of each row of the set: its sheet, its line there, and where known the offset of the technique
        # in its cell, the column of its score, and the column of the technique if that is not the usual one.
        self._first_rows: list[int] = []
        self._lines = array("Q")
        self._details: dict[int, tuple[int, int | None, int]] = {}
        self._parts: dict[PartKind, Sequence[int]] = {}

    def read(self) -> MappingSet:
        for sheet in self._sheets:
            self._first_rows.append(len(self._lines))
            self._wide = sheet.wide(self._context.options.scale)
            holding = (sheet.columns.fields["attack_object_id"], *sheet.columns.more)
            self._relations = frozenset(column for column in holding if not columns_named(sheet.columns, column))
            self._asides = Asides(sheet, self._wide, self._is_name)
            fields = sheet.columns.fields
            rated = [fields["score_value"]] if "score_value" in fields else []
            self._ratings = [*rated, *sheet.columns.categories.values(), *self._wide.tools]
            self._no_capability = CAPABILITY.isdisjoint(sheet.columns.fields)
            report_columns(sheet, self._wide, self._findings)
            rows = self._rows_of(sheet)
            while batch := list(islice(rows, _BATCH)):
                self._table.add(batch)
        first = self._sheets[0]
        if not (len(self._table) or self._findings.failed):
            message = "the table has no rows below its header"
            place = first.grid.place(first.columns.row, 0)
            self._findings.add(Issue(message, fatal=False, code="empty-set"), place)
        report_counts(first, self._wide, self._zeros, self._findings)
        report_unread(first, self._table, self._findings)
        if self._unrated:
            tools = [first.header(column) for column in self._wide.tools]
            names = wording.or_list(first.columns.categories or tools)
            message = f"skipped {wording.quantity(self._unrated, 'row')} without a value in {names}"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), Place(self._path))
        if self._without_score:
            texts = wording.and_list(list(map(wording.quoted, self._without_score)))
            message = f"not rated: {wording.quantity(self._without_score.total(), 'score')} {texts}"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), Place(self._path))
        ids = [id_ for id_ in self._table.kept("attack_object_id") if id_ is not None]
        metadata = {SET_FIELDS[field]: text for field, (text, _, _) in self._heads.items()}
        types = dict.fromkeys(self._table.kept("mapping_type"))
        head = msgspec.structs.replace(
            make_head(self._context, metadata, ids, self.head("")),
            groups={group: group for group in self._table.kept("capability_group") if group},
            mapping_types=tuple(MappingType(t) for t in types if t is not None and t != NON_MAPPABLE),
        )
        result = assemble(head, self._table)
        self._parts = result.rows
        scores = set(filter(None, self._scores.values())) if self._parted else set()
        report_scale(result.mapping_set, self._context, self.part, scores, percent=self._percent)
        return result.mapping_set

    def _rows_of(self, sheet: Sheet) -> Iterator[ExplorerRow]:
        grid, columns = sheet
        fields = columns.fields
        texts = [(field, fields[field]) for field in _TEXT if field in fields]
        heads = [(field, fields[field]) for field in SET_FIELDS if field in fields]
        technique, width = fields["attack_object_id"], columns.width
        # Columns about the set, and ids in several cells, need a look at the rows of the other parts.
        owns, others = self._owns, self._parted and not (heads or columns.more or "subtechnique" in fields)
        for line, raw in enumerate(grid.rows()):
            if line <= columns.row or not any(raw):
                continue
            if others and technique < len(raw) and single_technique(raw[technique]) and not owns(raw[technique]):
                self._note_scores(raw)
                continue
            # As plain text: other types of text cannot be written as JSON.
            cells = [*map(str, raw)]
            if len(cells) < width:
                cells += [""] * (width - len(cells))
            # Almost no row needs a closer look: at headers, totals, failed formulas and the like.
            text = "\n".join(cells)
            if "'" in text or "#" in text or "Err:" in text or len(cells) > columns.width or heads:
                if not self._maps(sheet, line, cells, heads):
                    continue
            elif single_technique(cells[technique]) is None and self._is_aside(sheet, line, cells):
                continue
            row = ExplorerRow()
            for field, column in texts:
                if cells[column]:
                    setattr(row, field, cells[column])
            yield from self._split(sheet, line, cells, row)

    def _maps(self, sheet: Sheet, line: int, cells: list[str], heads: Sequence[tuple[str, int]]) -> bool:
        """Whether a row maps something; its cells lose the marks before formulas, and failed formulas."""
        mark = self._findings.mark
        cells[:] = map(restore, cells)
        if len(cells) > sheet.columns.width and sheet.grid.strict:
            self._cut(sheet, line, cells)
        if any(map(failed, cells)):
            report_failed(sheet, self._wide, self._scale, line, cells, self._findings)
            if self._findings.mark != mark:
                self._findings.left_out(mark, "row")
                return False
        if self._is_aside(sheet, line, cells, mark):
            return False
        for field, column in heads:
            if cells[column]:
                self._take_head(field, sheet, line, cells[column])
        return not self._findings.left_out(mark, "row")

    def _is_aside(self, sheet: Sheet, line: int, cells: list[str], mark: tuple[int, int] | None = None) -> bool:
        """Whether a row maps nothing, with a notice, unless it has errors since the mark."""
        column, message = self._asides.notice(cells)
        if message and not (mark and self._findings.left_out(mark, "row")):
            issue = Issue(message, fatal=False, code="not-carried")
            self._findings.add(issue, partial(sheet.grid.place, line, column))
        return bool(message)

    def _cut(self, sheet: Sheet, line: int, cells: list[str]) -> None:
        """Remove the cells of a row right of the header, which must be blank."""
        width = sheet.columns.width
        column = next((c for c in range(width, len(cells)) if cells[c].strip()), None)
        if column is not None:
            message = f"this row has {len(cells)} cells, but the header has {width}"
            hint = "quote cells that contain the separator, or give every column a header"
            issue = Issue(message, f"at most {width} cells", hint, code="syntax")
            self._findings.add(issue, partial(sheet.grid.place, line, column))
        del cells[width:]

    def _take_head(self, field: str, sheet: Sheet, line: int, text: str) -> None:
        """Keep the value of a column about the set; all rows must have the same."""
        before = self._heads.setdefault(field, (text, sheet, line))[0]
        if before != text:
            message = f"{field} is {wording.quoted(text)}, but {wording.quoted(before)} in rows above"
            hint = "a file holds one set: make the rows agree, or split the file"
            issue = Issue(message, "the same value in every row", hint, code="wrong-type")
            self._findings.add(issue, partial(sheet.grid.place, line, sheet.columns.fields[field]))

    def _split(self, sheet: Sheet, line: int, cells: list[str], row: ExplorerRow) -> Iterator[ExplorerRow]:
        """A row of the set for each technique of a row and each category or tool that has a column with a value."""
        columns = sheet.columns
        fields = columns.fields
        extra = self._extra(columns, cells) if columns.others or len(cells) > len(columns.headers) else ()
        self._complete(columns, cells, row)
        techniques = sheet.techniques(line, cells, self._findings)
        if not techniques and row.attack_object_name is not None and self._is_name(row.attack_object_name):
            techniques = [(Technique(row.attack_object_name), fields["attack_object_name"])]
        if not techniques and row == ExplorerRow() and not extra:
            return
        unrated = self._not_rated(cells[fields["score_value"]]) if "score_value" in fields else ""
        by_column = columns.categories or self._wide.tools
        parts: Sequence[tuple[Technique | None, int]] = techniques or [(None, -1)]
        for technique, column in self._of_part(parts, cells) if self._parted else parts:
            each = row
            if technique is not None:
                if len(techniques) > 1:
                    each = msgspec.structs.replace(row, attack_object_name=None)
                each.attack_object_id = technique.id
                if technique.name:
                    each.attack_object_name = technique.name
                if self._no_capability:
                    each.capability_id = self._file_id()
                if columns.more and "mapping_type" not in fields and column in self._relations:
                    each.mapping_type = sheet.header(column)
            offset = technique.offset if technique is not None else 0
            elsewhere = column if column != fields["attack_object_id"] else -1
            for rated, rating in self._rated(columns, each, cells) if by_column else ((each, None),):
                if extra:
                    self._table.extras[len(self._lines)] = extra
                if offset or rating is not None or elsewhere >= 0:
                    self._details[len(self._lines)] = offset, rating, elsewhere
                if unrated and rated.score_value is None and technique is not None:
                    self._without_score[unrated] += 1
                    unrated = ""
                self._lines.append(line)
                yield rated

    def _note_scores(self, cells: Sequence[str]) -> None:
        """Remember the scores of a row of any part, which all parts have on the same scale."""
        for column in self._ratings:
            if column < len(cells) and self._has_rating(cells[column]):
                self._score(cells[column])

    def _of_part(
        self, techniques: Sequence[tuple[Technique | None, int]], cells: Sequence[str]
    ) -> Sequence[tuple[Technique | None, int]]:
        """Those techniques of a row that are of the part that is read of a table of several domains."""
        self._note_scores(cells)
        return [each for each in techniques if (self._owns(each[0].id) if each[0] else self._first_part)]

    def _extra(self, columns: Columns, cells: list[str]) -> Pairs:
        """The cells of columns without a meaning, by their names."""
        # Some tools number the rows in a column without a header.
        named = tuple(
            (name, cells[column])
            for column, name in columns.others.items()
            if cells[column]
            and (columns.headers[column] or not cells[column].isdecimal())
            and (column not in self._wide.tools or column in self._wide.counts)
        )
        known = {*columns.fields.values(), *columns.more}
        behind = [c for c in range(len(columns.headers), len(cells)) if cells[c] and c not in known]
        return named + tuple((f"column {c + 1}", cells[c]) for c in behind)

    def _complete(self, columns: Columns, cells: list[str], row: ExplorerRow) -> None:
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
            row.score_value = self._score(row.score_value) or None

    def _score(self, text: str) -> str:
        known = self._scores.get(text)
        if known is None:
            self._percent |= text.rstrip().endswith("%")
            known = self._scores[text] = "" if self._not_rated(text) else table_values.score(text)
        return known

    def _has_rating(self, text: str) -> bool:
        return text in self._scores or text.strip().lower() not in NO_VALUE

    def _not_rated(self, text: str) -> str:
        """The text of a cell of scores that says that there is none, such as N/A; "" for others."""
        clean = text.strip()
        return clean if clean.lower() in NOT_RATED and clean.lower() not in self._scale.lower else ""

    def _rated(
        self, columns: Columns, row: ExplorerRow, cells: list[str]
    ) -> Iterator[tuple[ExplorerRow, int | None]]:
        """The row once for each column of a category or tool that has a value, and that column."""
        if self._wide.tools and row.attack_object_id is not None:
            yield from self._by_tool(columns, row, cells)
            return
        categories = columns.categories
        rated = [each for each in categories.items() if self._has_rating(cells[each[1]])]
        if row.attack_object_id is None:
            # A total has a score in each category, but it is reported once.
            rated = [] if says_non_mappable(row.status or "") else rated[:1]
            categories = dict(rated)
        for category, column in rated:
            value = self._score(cells[column])
            yield msgspec.structs.replace(row, score_category=category, score_value=value), column
        if not categories or (not rated and (row.score_value is not None or row.score_category is not None)):
            yield row, None
        elif not rated:
            self._unrated += 1

    def _by_tool(
        self, columns: Columns, row: ExplorerRow, cells: list[str]
    ) -> Iterator[tuple[ExplorerRow, int | None]]:
        """The row once for each tool that is related to its technique, or once where a total is above 0."""
        wide = self._wide
        related = False
        for column in wide.tools:
            relates, value = wide.value(column, cells[column])
            if relates:
                related = True
                self._percent |= cells[column].rstrip().endswith("%")
                tool = msgspec.structs.replace(row, score_value=value)
                if len(wide.tools) > 1 or not wide.counts:
                    tool.capability_id = columns.headers[column]
                yield tool, column if value is not None else None
        if not related and wide.counts:
            self._zeros += 1
        elif not related:
            self._unrated += 1

    def _file_id(self) -> str:
        """The id of the one capability of a table without capabilities."""
        framework = self._context.options.metadata.get("framework")
        if framework is None and "mapping_framework" in self._heads:
            framework = self._heads["mapping_framework"][0]
        return framework or self._name

    def row(self, index: int, field: str = "") -> Place:
        """The place of a field of a row of the set; of its first cell where the row lacks the field."""
        if not 0 <= index < len(self._lines):
            return self.head("")
        grid, columns = self._sheets[bisect_right(self._first_rows, index) - 1 if len(self._sheets) > 1 else 0]
        if field in columns.fields and index not in self._details:
            return grid.place(self._lines[index], columns.fields[field])
        offset, category_column, technique_column = self._details.get(index, (0, None, -1))
        if field in {"score_value", "score_category"} and category_column is not None:
            return grid.place(self._lines[index], category_column)
        column = columns.fields.get(field, -1)
        if column < 0:
            others = (column for column, name in columns.others.items() if name == field)
            column = next(others, columns.fields.get(_BESIDE.get(field, ""), 0))
        if field == "attack_object_id" and technique_column >= 0:
            return grid.place(self._lines[index], technique_column, offset)
        at_id = column == columns.fields["attack_object_id"] and field in {"attack_object_id", "attack_object_name"}
        return grid.place(self._lines[index], column, offset if at_id else 0)

    def part(self, kind: PartKind, index: int, field: str = "") -> Place:
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
