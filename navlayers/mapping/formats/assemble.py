"""From checked rows to a mapping set, and back: capabilities, mappings, non-mappables."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, cast

import msgspec

from navlayers._text import wording
from navlayers.attack.ids import TECHNIQUE
from navlayers.mapping.formats.context import PartKind
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import naming_release
from navlayers.mapping.formats.rows import COMPLETE, MEANINGLESS, ExplorerRow
from navlayers.mapping.formats.value_rules import NON_MAPPABLE, named_technique
from navlayers.mapping.model import Capability, Category, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.mapping.formats.rows import Pairs, Table

_meaningless = attrgetter(*MEANINGLESS)
_NOTHING = (None,) * len(MEANINGLESS)
_KEPT = frozenset({*MEANINGLESS, "related_score", "status"})
"""Fields of a row that readers keep in `other`."""

_KEPT_OF_NON_MAPPABLES = _KEPT | {"score_category", "score_value"}
_ABSENT = frozenset({"capability_description", "capability_group"})
"""Fields that are blank in `other` where the row lacks what its capability has."""


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
    capabilities = {
        id_: Capability(id_, seen.name() or id_, seen.group_ids(), seen.references())
        for id_, seen in table.seen.items()
    }
    mappings: list[Mapping] = []
    non_mappable: list[NonMappable] = []
    rows: dict[PartKind, list[int]] = {"mapping": [], "non_mappable": [], "capability": []}
    for index, row in enumerate(table.rows):
        if index in table.left_out:
            continue
        technique, name = row.attack_object_id, row.attack_object_name
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
                other=other + _only_of_mappings(row),
            )
            non_mappable.append(record)
            rows["non_mappable"].append(index)
            continue
        if row.status != COMPLETE and row.status is not None:
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
        rows["mapping"].append(index)
    table.report_unmapped({mapping.capability for mapping in mappings})
    rows["capability"] += [seen.first for seen in table.seen.values()]
    mapping_set = msgspec.structs.replace(
        head,
        groups=_with_undeclared(head.groups, table),
        capabilities=tuple(capabilities.values()),
        mappings=tuple(mappings),
        non_mappable=tuple(non_mappable),
    )
    return Assembled(mapping_set, dict(rows))


def _resolve_names(head: MappingSet, table: Table) -> None:
    """Replace the names of techniques in the rows by their ids in the release of the set."""
    texts = {row.attack_object_id for row in table.rows}
    names = {text for text in texts if text is not None and TECHNIQUE.fullmatch(text) is None}
    if not names:
        return
    catalogue = naming_release(head)
    table.resolve({name: named_technique(name, catalogue) for name in names})


def _with_undeclared(declared: dict[str, str], table: Table) -> dict[str, str]:
    groups = dict(declared)
    for seen in table.seen.values():
        for group, index in seen.groups.items():
            if group is not None and group not in groups:
                groups[group] = group
                message = f"capability group {wording.quoted(group)} is not declared"
                hint = "its id is used as its name; declare it in the metadata to name it"
                issue = Issue(message, hint=hint, fatal=False, code="undeclared-group")
                table.report(index, "capability_group", issue)
    return groups


def _own(row: ExplorerRow, capability: Capability | None) -> tuple[str | None, str | None, Pairs]:
    """Name, group and other fields of a row where they differ from its capability's."""
    spelled, group, other = row.capability_description, row.capability_group, _other(row)
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


def _other(row: ExplorerRow) -> Pairs:
    values = _meaningless(row)
    other: Pairs = ()
    if values != _NOTHING:
        other = tuple(pair for pair in zip(MEANINGLESS, values, strict=True) if pair[1] is not None)
    if row.related_score:
        parent, dot, _ = (row.attack_object_id or "").partition(".")
        if not (dot and row.related_score == parent and row.score_category):
            other += (("related_score", row.related_score),)
    return other


def _only_of_mappings(row: ExplorerRow) -> Pairs:
    """Fields that a non-mappable has no place for."""
    status = None if row.status == NON_MAPPABLE else row.status or ""
    pairs = (("status", status), ("score_category", row.score_category), ("score_value", row.score_value))
    return tuple((field, value) for field, value in pairs if value is not None)


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
        extra: Pairs = ()
        for field, value in part.other:
            if field in (_KEPT if mapped else _KEPT_OF_NON_MAPPABLES):
                setattr(row, field, value)
            elif field in _ABSENT and not value:
                setattr(row, field, None)
            else:
                extra += ((field, value),)
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
        yield row, extra


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
