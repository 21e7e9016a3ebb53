"""The row of the Mappings Explorer formats and of tables, and the rules for its values."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec.structs import astuple

from navlayers._text import spelling, wording
from navlayers.attack.ids import TECHNIQUE, may_be_name
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.value_rules import NON_MAPPABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from navlayers.errors import Place
    from navlayers.mapping.formats.findings import Findings

COMPLETE = "complete"


class ExplorerRow(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One row of a Mappings Explorer file, field for field; what a row leaves out is None.

    The fields are those of the published JSON Schema.
    """

    capability_id: str | None = None
    capability_description: str | None = None
    capability_group: str | None = None
    attack_object_id: str | None = None
    attack_object_name: str | None = None
    mapping_type: str | None = None
    status: str | None = None
    score_category: str | None = None
    score_value: str | None = None
    related_score: str | None = None
    comments: str | None = None
    references: tuple[str, ...] | None = None
    author: str | None = None
    author_contact: str | None = None
    author_organization: str | None = None
    attack_version: str | None = None
    mapping_framework: str | None = None
    mapping_framework_version: str | None = None
    technology_domain: str | None = None


FIELDS = ExplorerRow.__struct_fields__
MEANINGLESS = FIELDS[12:]
"""Fields that repeat metadata of the set or name the author of the row; kept in `other`."""

_OF_CAPABILITY = ("capability_id", "references", "capability_description", "capability_group")

Pairs = tuple[tuple[str, str], ...]


_OF_SETS = {
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


def row_field(field: str) -> str:
    """The field of a row that holds a field of a mapping, non-mappable or capability."""
    return _OF_SETS.get(field, field)


class Seen(msgspec.Struct):
    """The links, names and groups in the rows of one capability, with their numbers of rows.

    `first` is the number of its first row; `groups` maps a group to the first row that names it.
    """

    first: int
    links: dict[tuple[str, ...], int] = {}
    names: dict[str | None, int] = {}
    groups: dict[str | None, int] = {}

    def add(
        self, links: tuple[str, ...], name: str | None, group: str | None, index: int = 0, times: int = 1
    ) -> None:
        """Count the values of equal rows, by the number of the first."""
        self.links[links] = self.links.get(links, 0) + times
        self.names[name] = self.names.get(name, 0) + times
        self.groups.setdefault(group, index)

    def group_ids(self) -> tuple[str, ...]:
        """The groups that its rows name, sorted, as the order of rows has no meaning."""
        return tuple(sorted(group for group in self.groups if group is not None))

    def references(self) -> tuple[str, ...]:
        """The links that most rows have; of several equally common lists the smallest."""
        return min((-count, links) for links, count in self.links.items())[1]

    def name(self) -> str | None:
        """The description that most rows have; of several the smallest; None if no row has one."""
        names = [(-count, name) for name, count in self.names.items() if name is not None]
        return min(names)[1] if names else None


_MOST_UNCLEAN = 10_000
"""Maximum different values of a field with an issue that are remembered."""

MOST_UNKNOWN = 200
"""Maximum unknown fields of a file that are compared with the known ones."""

_SHORT = {
    "capability": "capability_id",
    "technique": "attack_object_id",
    "technique_id": "attack_object_id",
    "attack_id": "attack_object_id",
    "technique_name": "attack_object_name",
    "group": "capability_group",
    "category": "score_category",
    "value": "score_value",
    "score": "score_value",
    "type": "mapping_type",
    "comment": "comments",
    "reference": "references",
}
"""Common misnomers of fields → field."""

_NAMES = spelling.Names([*ExplorerRow.__struct_fields__, *_SHORT])


def meant(field: str) -> str:
    """The known field closest to an unknown one; "" if none is close."""
    close = _NAMES.closest(field.replace(" ", "_"), 0.8) or ""
    return _SHORT.get(close, close)


_NAMELESS = Issue(
    "this row names neither a capability nor a technique",
    "a capability_id, an attack_object_id, or both",
    "complete the row or delete it",
    code="empty-row",
)
_SCORE_ALONE = Issue(
    "this row has a score but names no technique; it is left out",
    hint="give it a technique id, or the status non_mappable",
    fatal=False,
    code="no-technique",
)

_Rule: TypeAlias = "Callable[[str], tuple[str | None, Issue | None]]"


def _text(text: str) -> tuple[str | None, Issue | None]:
    return (text if text.strip() else None), None


def _technique(text: str) -> tuple[str | None, Issue | None]:
    """An id; or a name, as its release is known only when all rows are read."""
    if TECHNIQUE.fullmatch(text):
        return text, None
    return (text.strip(), None) if may_be_name(text) else value_rules.technique(text)


_RULES: dict[str, _Rule] = {
    "capability_id": value_rules.identifier,
    "capability_group": value_rules.identifier,
    "capability_description": _text,
    "attack_object_id": _technique,
    "attack_object_name": _text,
    "mapping_type": value_rules.kind,
    "status": value_rules.kind,
    "score_category": value_rules.category,
}


_SCORE = frozenset({"score_category", "score_value"})


class Table:
    """The rows of one file by column, checked and cleaned as they are added.

    `columns` maps each field of an `ExplorerRow` to its values.
    `place` gives the place of a field of a row by its number, or of the row where the field is "" or lacking.
    `extras` holds, by row number, the fields that an `ExplorerRow` has no room for, `left_out` the numbers of rows
    to leave out for their errors. Errors and notices go to `findings`. Score values are those of `scale`.
    """

    def __init__(self, findings: Findings, place: Callable[[int, str], Place], scale: value_rules.Scale) -> None:
        self.columns: dict[str, list[Any]] = {field: [] for field in FIELDS}
        self.extras: dict[int, Pairs] = {}
        self.left_out: set[int] = set()
        self._findings = findings
        self._place = place
        self._scale = scale
        self._rules: dict[str, _Rule] = {**_RULES, "score_value": partial(value_rules.score_value, scale=scale)}
        self._clean: dict[str, dict[str | None, str | None]] = {field: {} for field in self._rules}
        self._unclean: dict[str, dict[str | None, tuple[str | None, Issue]]] = {field: {} for field in self._rules}
        self._references: dict[tuple[str, ...] | None, tuple[str, ...]] = {None: ()}
        self._wrong: set[int] = set()
        self._unmapped: list[int] = []

    def __len__(self) -> int:
        return len(self.columns["references"])

    def kept(self, field: str) -> list[Any]:
        """The values of a field in the rows that are not left out."""
        column = self.columns[field]
        return (
            [value for index, value in enumerate(column) if index not in self.left_out] if self.left_out else column
        )

    def report(self, index: int, field: str, issue: Issue) -> None:
        """Report an issue with a field of a row."""
        if issue.fatal:
            self._wrong.add(index)
        self._findings.add(issue, partial(self._place, index, field))

    def report_misspelt(self) -> None:
        """Report, once each, the extra fields that nearly spell a known one."""
        first: dict[str, int] = {}
        times: Counter[str] = Counter()
        for index, fields in self.extras.items():
            for field, _ in fields:
                first.setdefault(field, index)
                times[field] += 1
        for field, index in islice(first.items(), MOST_UNKNOWN):
            if known := meant(field):
                rows = f"{times[field]:,} rows" if times[field] > 1 else "a row"
                message = f"unknown field {wording.quoted(field)} in {rows}"
                hint = f"did you mean {known}? it is kept as an unknown field"
                self.report(index, field, Issue(message, hint=hint, fatal=False, code="unknown-field"))

    def add(self, batch: list[ExplorerRow]) -> None:
        """Add rows; their values are cleaned and equal values shared, so that batches keep memory low."""
        start, mark = len(self), self._findings.mark
        self._wrong.clear()
        new: dict[str, tuple[Any, ...]] = dict(zip(FIELDS, zip(*map(astuple, batch), strict=True), strict=True))
        for field, rule in self._rules.items():
            self._add_column(field, start, new.pop(field), rule)
        links = new.pop("references")
        self.columns["references"] += map(self._references.setdefault, links, links)
        for field, values in new.items():
            self.columns[field] += values
        self._leave_out(mark)
        mark = self._findings.mark
        techniques, capabilities = self.columns["attack_object_id"], self.columns["capability_id"]
        for index in range(start, len(self)):
            if (techniques[index] is None or capabilities[index] is None) and index not in self.left_out:
                self._check_incomplete(index)
        self._leave_out(mark)

    def _add_column(self, field: str, start: int, values: Sequence[str | None], rule: _Rule) -> None:
        """Add the values of a field; a column repeats few of them, so few calls of its rule clean it."""
        clean, wrong, column = self._clean[field], self._unclean[field], self.columns[field]
        if len(wrong) > _MOST_UNCLEAN:
            wrong.clear()
        unclean = False
        for raw in {*values}:
            if raw in wrong:
                unclean = True
            elif raw is not None and raw not in clean:
                value, issue = rule(raw)
                if issue is None:
                    clean[raw] = value
                else:
                    wrong[raw], unclean = (value, issue), True
        column += map(clean.get, values)
        for index, raw in enumerate(values, start) if unclean else ():
            if raw in wrong:
                column[index], issue = wrong[raw]
                if field in _SCORE and self._lacks_technique(index):
                    column[index] = raw
                else:
                    self.report(index, field, issue)

    def seen(self) -> dict[str, Seen]:
        """What the rows of each capability say of it, in the order of their first rows."""
        columns = [self.kept(field) for field in _OF_CAPABILITY]
        numbers = [index for index in range(len(self)) if index not in self.left_out]
        first = dict(zip(zip(*map(reversed, columns), strict=True), reversed(numbers), strict=True))
        seen: dict[str, Seen] = {}
        for values, times in Counter(zip(*columns, strict=True)).items():
            id_, links, name, group = values
            if id_ is not None:
                seen.setdefault(id_, Seen(first[values])).add(links, name, group, first[values], times)
        return seen

    def report_unmapped(self, mapped: Collection[str]) -> None:
        """Report the rows without a technique; of a mapped capability, they do not count as non-mappable."""
        message, code = "this row names no technique", "no-technique"
        hint = "it is kept as non-mappable; give it a technique id, or the status non_mappable"
        kept = Issue(message, hint=hint, fatal=False, code=code)
        for index in self._unmapped:
            capability = self.columns["capability_id"][index] or ""
            issue = kept
            if capability in mapped:
                name = wording.quoted(capability)
                hint = f"{name} has mappings, so it does not count as non-mappable; give the row a technique id"
                issue = Issue(message, hint=hint, fatal=False, code=code)
            self.report(index, "attack_object_id", issue)

    def resolve(self, names: Mapping[str, tuple[str | None, Issue]]) -> None:
        """Replace names of techniques by ids, each with its issue."""
        mark = self._findings.mark
        self._wrong.clear()
        column = self.columns["attack_object_id"]
        for index, name in enumerate(column):
            if name is not None and name in names and index not in self.left_out:
                column[index], issue = names[name]
                self.report(index, "attack_object_id", issue)
        self._leave_out(mark)

    def _leave_out(self, mark: tuple[int, int]) -> None:
        """Leave out the rows with errors since the mark, if the reading is lenient."""
        if self._findings.left_out(mark, "row", len(self._wrong - self.left_out)):
            self.left_out |= self._wrong

    def _lacks_technique(self, index: int) -> bool:
        """Whether a row has no technique, so that its score, maybe a total, says nothing."""
        column = self.columns["attack_object_id"]
        return column[index] is None and index not in self._wrong and not self.is_non_mappable(index)

    def is_non_mappable(self, index: int) -> bool:
        """Whether a row says that it is one of a non-mappable."""
        return NON_MAPPABLE in (self.columns["status"][index], self.columns["mapping_type"][index])

    def _check_incomplete(self, index: int) -> None:
        """Report what is wrong with a row without a technique or a capability."""
        columns, non_mappable = self.columns, self.is_non_mappable(index)
        scored = columns["score_category"][index] or columns["score_value"][index]
        if columns["capability_id"][index] is not None:
            if scored and self._lacks_technique(index):
                self.report(index, "attack_object_id", _SCORE_ALONE)
                self.left_out.add(index)
            elif not non_mappable:
                self._unmapped.append(index)
        elif columns["attack_object_id"][index] is None:
            self.report(index, "", _NAMELESS)
        elif not non_mappable:
            what = "score" if scored else "mapping type" if columns["mapping_type"][index] else ""
            self._report_no_capability(index, what)

    def _report_no_capability(self, index: int, what: str) -> None:
        """A technique alone can be a non-mappable, but a row that maps it, by `what`, has lost its capability."""
        misspelt = next((name for name, _ in self.extras.get(index, ()) if meant(name) == "capability_id"), None)
        hint = "" if misspelt is None else f"it has {wording.quoted(misspelt)}; did you mean capability_id?"
        if what:
            message = f"this row has a {what} but names no capability"
            hint = hint or "complete the row, or give it the status non_mappable"
            issue = Issue(message, "a capability_id", hint, code="lost-capability")
        else:
            hint = hint or "it is kept as non-mappable; give it a capability_id, or the status non_mappable"
            issue = Issue("this row names no capability", hint=hint, fatal=False, code="no-capability")
        self.report(index, misspelt or "capability_id", issue)
