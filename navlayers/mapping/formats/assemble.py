"""From checked rows to a mapping set, and back: capabilities, mappings, non-mappables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from navlayers import _text as wording
from navlayers.mapping.formats.checks import NON_MAPPABLE
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.rows import COMPLETE, MEANINGLESS, Row
from navlayers.mapping.model import Capability, Category, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from navlayers.mapping.formats.context import Kind
    from navlayers.mapping.formats.rows import Pairs, Table


class Assembled(NamedTuple):
    """A mapping set and, for each of its parts, the number of the row that it was read from."""

    mapping_set: MappingSet
    rows: dict[Kind, Sequence[int]]


def assemble(head: MappingSet, table: Table, technique_name: Callable[[str], str | None]) -> Assembled:
    """Turn rows into the capabilities, mappings and non-mappables of a set whose metadata is `head`.

    `technique_name` tells the name that the set's ATT&CK release gives an id. What is wrong goes to the table's
    findings; the result is of use only if nothing is.
    """
    capabilities = {
        id_: Capability(id_, found.name() or id_, found.group_ids(), found.references())
        for id_, found in table.seen.items()
    }
    groups = _with_undeclared(head.groups, table)
    release_name = cache(technique_name)
    mappings: list[Mapping] = []
    non_mappable: list[NonMappable] = []
    mapping_rows: list[int] = []
    non_mappable_rows: list[int] = []
    for index, row in enumerate(table.rows):
        technique = row.attack_object_id
        name = row.attack_object_name
        if technique is not None and name == release_name(technique):
            name = None
        capability = capabilities.get(row.capability_id) if row.capability_id is not None else None
        spelled, group, other = _own(row, capability)
        if index in table.extras:
            other += table.extras[index]
        if technique is None or capability is None or NON_MAPPABLE in (row.status, row.mapping_type):
            record = NonMappable(
                capability=row.capability_id,
                technique=technique,
                type=row.mapping_type,
                comment=row.comments or "",
                references=row.references or (),
                group=group,
                technique_name=name,
                capability_name=spelled,
                other=other + _not_of_non_mappables(row),
            )
            non_mappable.append(record)
            non_mappable_rows.append(index)
            continue
        if row.status != "complete" and row.status is not None:
            other += (("status", row.status),)
        # By position: this is the innermost statement of reading a million rows.
        mapping = Mapping(
            capability.id,
            technique,
            row.mapping_type,
            cast("Category | None", row.score_category),
            row.score_value,
            row.comments or "",
            row.references or (),
            group,
            name,
            spelled,
            other,
        )
        mappings.append(mapping)
        mapping_rows.append(index)
    mapping_set = msgspec.structs.replace(
        head,
        groups=groups,
        capabilities=tuple(capabilities.values()),
        mappings=tuple(mappings),
        non_mappable=tuple(non_mappable),
    )
    firsts = [found.first for found in table.seen.values()]
    kept = mapping_rows if non_mappable else range(len(table.rows))
    return Assembled(mapping_set, {"mapping": kept, "non_mappable": non_mappable_rows, "capability": firsts})


def _with_undeclared(declared: dict[str, str], table: Table) -> dict[str, str]:
    groups = dict(declared)
    for found in table.seen.values():
        for group, index in found.groups.items():
            if group is not None and group not in groups:
                groups[group] = group
                message = f"capability group {wording.shown(group)} is not declared"
                hint = "it is named by its id; declare it in the metadata to give it a name"
                table.report(
                    index, "capability_group", Issue(message, hint=hint, fatal=False, code="undeclared-group")
                )
    return groups


def _own(row: Row, capability: Capability | None) -> tuple[str | None, str | None, Pairs]:
    """Name, group and other fields of a row where they differ from its capability's."""
    spelled, group, other = row.capability_description, row.capability_group, _other(row)
    if capability is None:
        return spelled, group, other
    described = capability.name != capability.id
    if spelled is None:
        if described:
            other += (("capability_description", ""),)
    elif described and spelled == capability.name:
        # A capability without a description is named by its id; a row that spells the id out keeps it.
        spelled = None
    if group is None:
        if capability.groups:
            other += (("capability_group", ""),)
    elif len(capability.groups) == 1:
        group = None
    return spelled, group, other


def _other(row: Row) -> Pairs:
    other: Pairs = ()
    if (
        row.mapping_framework_version is not None
        or row.attack_version is not None
        or row.mapping_framework is not None
        or row.technology_domain is not None
        or row.author is not None
        or row.author_contact is not None
        or row.author_organization is not None
    ):
        pairs = ((field, getattr(row, field)) for field in MEANINGLESS)
        other = tuple((field, value) for field, value in pairs if value is not None)
    related = row.related_score
    if related:
        parent, dot, _ = (row.attack_object_id or "").partition(".")
        if not (dot and related == parent and row.score_category):
            other += (("related_score", related),)
    return other


def _not_of_non_mappables(row: Row) -> Pairs:
    status = None if row.status == NON_MAPPABLE else row.status or ""
    pairs = (("status", status), ("score_category", row.score_category), ("score_value", row.score_value))
    return tuple((field, value) for field, value in pairs if value is not None)


_KEPT = frozenset({*MEANINGLESS, "related_score", "status"})
"""Fields of a row that readers keep in `other`."""

_KEPT_OF_NON_MAPPABLES = _KEPT | {"score_category", "score_value"}
_NOT_SAID = frozenset({"capability_description", "capability_group"})
"""Fields that are blank in `other` where the row lacks what its capability has."""


def rows_of(mapping_set: MappingSet, technique_name: Callable[[str], str | None]) -> Iterator[tuple[Row, Pairs]]:
    """Each mapping, then each non-mappable, as a row, with the fields that a row has no room for.

    `technique_name` tells the name that the set's ATT&CK release gives an id. A row has room for one group: of a
    mapping that counts for several groups of its capability, the row names the first.
    """
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}
    for mapping in mapping_set.mappings:
        row, extra = _common(mapping, capabilities, technique_name, _KEPT)
        row.score_category = mapping.category
        row.score_value = mapping.value
        if not row.status or row.status == NON_MAPPABLE:
            row.status = COMPLETE
        _relate(row)
        yield row, extra
    for record in mapping_set.non_mappable:
        row, extra = _common(record, capabilities, technique_name, _KEPT_OF_NON_MAPPABLES)
        # A status that was not written, or not "non_mappable", is kept in `other`; "" is one that was not written.
        if row.status is None or (record.capability and record.technique and record.type != NON_MAPPABLE):
            row.status = NON_MAPPABLE
        row.status = row.status or None
        _relate(row)
        yield row, extra


def _relate(row: Row) -> None:
    """Set the parent as the related score of a scored sub-technique, as the published files do."""
    parent, dot, _ = (row.attack_object_id or "").partition(".")
    if dot and row.score_category and row.related_score is None:
        row.related_score = parent


def _common(
    part: Mapping | NonMappable,
    capabilities: dict[str, Capability],
    technique_name: Callable[[str], str | None],
    kept: frozenset[str],
) -> tuple[Row, Pairs]:
    row = Row(
        capability_id=part.capability,
        attack_object_id=part.technique,
        mapping_type=part.type,
        comments=part.comment or None,
        references=part.references,
    )
    row.attack_object_name = part.technique_name
    if part.technique is not None and not part.technique_name:
        row.attack_object_name = technique_name(part.technique)
    capability = capabilities.get(part.capability) if part.capability is not None else None
    row.capability_description, row.capability_group = part.capability_name, part.group
    if capability is not None:
        if row.capability_description is None and capability.name != capability.id:
            row.capability_description = capability.name
        if row.capability_group is None and capability.groups:
            row.capability_group = capability.groups[0]
    extra: Pairs = ()
    for field, value in part.other:
        if field in kept:
            setattr(row, field, value)
        elif field in _NOT_SAID and not value:
            setattr(row, field, None)
        else:
            extra += ((field, value),)
    return row, extra
