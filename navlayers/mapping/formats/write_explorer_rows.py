"""The rows of a set as the Mappings Explorer formats have them: the reverse of `assemble`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.mapping.formats.mapex import COMPLETE, MEANINGLESS, NON_MAPPABLE, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable

Pairs = tuple[tuple[str, str], ...]

_KEPT = frozenset({*MEANINGLESS, "related_score", "status"})
"""Fields of a row that readers keep in `other`."""

_KEPT_OF_NON_MAPPABLES = _KEPT | {"score_category", "score_value"}
_NOT_SAID = frozenset({"capability_description", "capability_group"})
"""Fields that are blank in `other` where the row does not say what its capability says."""


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
    """A scored sub-technique names its parent, as in the published files."""
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
