"""From checked rows to a mapping set, and back: capabilities, mappings, non-mappables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from navlayers._text import wording
from navlayers.attack.ids import TECHNIQUE
from navlayers.mapping.formats.context import PartKind
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import naming_release
from navlayers.mapping.formats.rows import COMPLETE, MEANINGLESS, ExplorerRow
from navlayers.mapping.formats.value_rules import NON_MAPPABLE, named_technique
from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from navlayers.mapping.formats.rows import Pairs, Seen, Table

_MAPS = ("capability_id", "attack_object_id", "status", "mapping_type")
"""Fields that make a row a mapping, or a non-mappable."""

_OF_BOTH = ("comments", "references", "capability_group", "attack_object_name", "capability_description")
_OF_MAPPING = ("capability_id", "attack_object_id", "mapping_type", "score_category", "score_value", *_OF_BOTH)
_OF_NON_MAPPABLE = ("capability_id", "attack_object_id", "mapping_type", *_OF_BOTH)
"""The fields of a row in the order of those of a `Mapping` and of a `NonMappable`, which both end with `other`."""

_ROWS_KEPT = 10_000
"""Descriptions of capabilities by rows that are remembered: most sets have about as many as capabilities."""

_KEPT = frozenset({*MEANINGLESS, "related_score", "status"})
"""Fields of a row that readers keep in `other`."""

_KEPT_OF_NON_MAPPABLES = _KEPT | {"score_category", "score_value"}
_ABSENT = frozenset({"capability_description", "capability_group"})
"""Fields that are blank in `other` where the row lacks what its capability has."""


_Part = TypeVar("_Part")


class Assembled(msgspec.Struct, frozen=True):
    """A mapping set and, for each of its parts, the number of the row that it was read from."""

    mapping_set: MappingSet
    rows: dict[PartKind, Sequence[int]]


def assemble(head: MappingSet, table: Table) -> Assembled:
    """Turn rows into the capabilities, mappings and non-mappables of a set.

    Args:
        head: the set with its metadata alone.
        table: the rows. Errors go to its findings; with any, the result is incomplete.
    """
    _resolve_names(head, table)
    every = table.seen()
    capabilities = {
        id_: Capability(id_, seen.name() or id_, seen.group_ids(), seen.references()) for id_, seen in every.items()
    }
    counts = [True] * len(table)
    for index in table.left_out:
        counts[index] = False
    columns = {**table.columns, "comments": [comment or "" for comment in table.columns["comments"]]}
    maps = [
        count and capability is not None and technique is not None and NON_MAPPABLE not in (status, type_)
        for count, capability, technique, status, type_ in zip(
            counts, *(columns[field] for field in _MAPS), strict=True
        )
    ]
    columns["capability_description"], columns["capability_group"], other = _own(table, capabilities)
    for index, pairs in table.extras.items():
        other[index] += pairs
    rated = zip(*(columns[field] for field in ("status", "score_category", "score_value")), strict=True)
    for index, (status, category, value) in enumerate(rated):
        if not maps[index]:
            other[index] += _only_of_mappings(status, category, value)
        elif status != COMPLETE and status is not None:
            other[index] += (("status", status),)

    def parts(type_: Callable[..., _Part], fields: Iterable[str], wanted: list[bool]) -> tuple[_Part, ...]:
        # By column and position: reading a million rows spends most of its time here.
        return tuple(map(type_, *(compress(column, wanted) for column in (*(columns[f] for f in fields), other))))

    records = [count and not mapping for count, mapping in zip(counts, maps, strict=True)]
    mappings = parts(Mapping, _OF_MAPPING, maps)
    table.report_unmapped({mapping.capability for mapping in mappings})
    mapping_set = msgspec.structs.replace(
        head,
        groups=_with_undeclared(head.groups, every, table),
        capabilities=tuple(capabilities.values()),
        mappings=mappings,
        non_mappable=parts(NonMappable, _OF_NON_MAPPABLE, records),
    )
    numbers: dict[PartKind, Sequence[int]] = {
        "mapping": [*compress(range(len(table)), maps)],
        "non_mappable": [*compress(range(len(table)), records)],
        "capability": [seen.first for seen in every.values()],
    }
    return Assembled(mapping_set, numbers)


def _resolve_names(head: MappingSet, table: Table) -> None:
    """Replace the names of techniques in the rows by their ids in the release of the set."""
    texts = {*table.columns["attack_object_id"]}
    names = {text for text in texts if text is not None and TECHNIQUE.fullmatch(text) is None}
    if not names:
        return
    catalogue = naming_release(head)
    table.resolve({name: named_technique(name, catalogue) for name in names})


def _with_undeclared(declared: dict[str, str], every: dict[str, Seen], table: Table) -> dict[str, str]:
    groups = dict(declared)
    for seen in every.values():
        for group, index in seen.groups.items():
            if group is not None and group not in groups:
                groups[group] = group
                message = f"capability group {wording.quoted(group)} is not declared"
                hint = "its id is used as its name; declare it in the metadata to name it"
                issue = Issue(message, hint=hint, fatal=False, code="undeclared-group")
                table.report(index, "capability_group", issue)
    return groups


def _own(
    table: Table, capabilities: dict[str, Capability]
) -> tuple[list[str | None], list[str | None], list[Pairs]]:
    """Name, group and other fields of each row where they differ from its capability's."""
    columns = table.columns
    fields = [field for field in MEANINGLESS if columns[field].count(None) < len(table)]

    @lru_cache(maxsize=_ROWS_KEPT)
    def own(
        id_: str | None, spelled: str | None, group: str | None, related: str | None, *values: str | None
    ) -> tuple[str | None, str | None, Pairs]:
        pairs = zip((*fields, "related_score"), (*values, related or None), strict=True)
        other = tuple((field, value) for field, value in pairs if value is not None)
        capability = None if id_ is None else capabilities.get(id_)
        if capability is None:
            return spelled, group, other
        # A capability without a description is named by its id; a row that spells the id out keeps it.
        if capability.name != capability.id:
            if spelled is None:
                other += (("capability_description", ""),)
            elif spelled == capability.name:
                spelled = None
        if group is None and capability.groups:
            other += (("capability_group", ""),)
        return spelled, None if len(capability.groups) == 1 else group, other

    of_rows = zip(
        *(columns[field] for field in ("capability_id", "capability_description", "capability_group")),
        _related(columns),
        *(columns[field] for field in fields),
        strict=True,
    )
    every = [own(*values) for values in of_rows]
    return [name for name, _, _ in every], [group for _, group, _ in every], [other for _, _, other in every]


def _related(columns: dict[str, list[Any]]) -> list[str | None]:
    """The related scores, without the parents of scored sub-techniques that the published files have."""
    column: list[str | None] = columns["related_score"]
    if not any(column):
        return column
    rows = zip(column, columns["attack_object_id"], columns["score_category"], strict=True)
    return [
        None if category and technique and technique.partition(".")[:2] == (related, ".") else related
        for related, technique, category in rows
    ]


def _only_of_mappings(status: str | None, category: str | None, value: str | None) -> Pairs:
    """Fields that a non-mappable has no place for."""
    pairs: Pairs = () if status == NON_MAPPABLE else (("status", status or ""),)
    pairs += () if category is None else (("score_category", category),)
    return pairs + (() if value is None else (("score_value", value),))


def rows_of(
    mapping_set: MappingSet, technique_name: Callable[[str], str | None]
) -> Iterator[tuple[ExplorerRow, Pairs]]:
    """Each mapping, then each non-mappable, as a row, with the fields that a row has no room for.

    `technique_name` gives the name of an id in the set's ATT&CK release. A row has room for one group: of a
    mapping that counts for several groups of its capability, the row names the first.
    """
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    parts: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    for part in parts:
        row = _row_of(part, capabilities.get(part.capability or ""), technique_name)
        mapped = isinstance(part, Mapping)
        extra: list[tuple[str, str]] = []
        for field, value in part.other:
            if field in (_KEPT if mapped else _KEPT_OF_NON_MAPPABLES):
                setattr(row, field, value)
            elif field in _ABSENT and not value:
                setattr(row, field, None)
            else:
                extra.append((field, value))
        if isinstance(part, Mapping):
            row.score_category, row.score_value = part.category, part.value
            if not row.status or row.status == NON_MAPPABLE:
                row.status = COMPLETE
        else:
            # A status that was not written, or not "non_mappable", is in `other`; "" is one that was not written.
            # Without it, a row with a score would be a mapping, or one that lost its technique or capability.
            complete = (part.capability and part.technique) or row.score_category or row.score_value
            if row.status is None or (complete and part.type != NON_MAPPABLE):
                row.status = NON_MAPPABLE
            row.status = row.status or None
        # The parent is the related score of a scored sub-technique, as in the published files.
        parent, dot, _ = (part.technique or "").partition(".")
        if dot and row.score_category and row.related_score is None:
            row.related_score = parent
        yield row, tuple(extra)


def _row_of(
    part: Mapping | NonMappable, capability: Capability | None, technique_name: Callable[[str], str | None]
) -> ExplorerRow:
    """A row with the fields that mappings and non-mappables share, without `other`."""
    row = ExplorerRow(
        capability_id=part.capability,
        attack_object_id=part.technique,
        mapping_type=part.type,
        comments=part.comment or None,
        references=part.references,
        attack_object_name=part.technique_name,
        capability_description=part.capability_name,
        capability_group=part.group,
    )
    if part.technique is not None and not part.technique_name:
        row.attack_object_name = technique_name(part.technique)
    if capability is not None:
        if row.capability_description is None and capability.name != capability.id:
            row.capability_description = capability.name
        if row.capability_group is None and capability.groups:
            row.capability_group = capability.groups[0]
    return row
