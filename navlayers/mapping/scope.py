"""The part of a mapping set that is in scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import Problem
from navlayers.mapping.model import Mapping
from navlayers.mapping.where import check_names, condition, values_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import Capability, MappingSet, NonMappable


def meeting(mapping_set: MappingSet, where: str, name: str) -> MappingSet:
    """The part of a set that meets a condition; "" is met by all.

    Args:
        mapping_set: the set.
        where: the condition, see `navlayers.mapping.where`.
        name: the name of the set, for messages.

    Raises:
        UsageError: the text is no condition, or the set lacks a name that it asks for.
    """
    if not where:
        return mapping_set
    asked = condition(where)
    capabilities = {capability.id: capability for capability in mapping_set.capabilities}

    def values(mapping: Mapping) -> dict[str, tuple[str, ...]]:
        return values_of(mapping_set, mapping, capabilities.get(mapping.capability))

    found = [(mapping, values(mapping)) for mapping in mapping_set.mappings]
    check_names(asked, {name for _, has in found for name, texts in has.items() if any(texts)}, name)
    return _only(
        mapping_set,
        tuple(mapping for mapping, has in found if asked.holds(has)),
        # A record and a capability without mappings are asked as a mapping that has no more than they have.
        tuple(r for r in mapping_set.non_mappable if asked.holds(values(_bare(r)))),
        {c.id for c in mapping_set.capabilities if asked.holds(values(Mapping(c.id, "")))},
    )


def within(mapping_set: MappingSet, catalogue: Catalogue) -> MappingSet:
    """The part of a set at a release that is in the scope of the release.

    Mappings to techniques that are not active in the whole release stay, as results report them.
    """
    outside = {t.id for t in catalogue.whole.techniques.values() if t.active and not catalogue.is_active(t.id)}
    if not outside:
        return mapping_set
    return _only(
        mapping_set,
        tuple(mapping for mapping in mapping_set.mappings if mapping.technique not in outside),
        tuple(record for record in mapping_set.non_mappable if record.technique not in outside),
        {capability.id for capability in mapping_set.capabilities},
    )


def told(before: MappingSet, after: MappingSet, catalogue: Catalogue, name: str) -> tuple[Problem, ...]:
    """The notice of how much of a set is in scope."""
    if catalogue.bounds is None:
        return ()
    total, kept = len(before.mappings), len(after.mappings)
    return (Problem(f"{name}: {kept:,} of {total:,} mappings are in scope: {catalogue.scope}"),)


def _only(
    mapping_set: MappingSet,
    mappings: tuple[Mapping, ...],
    non_mappable: tuple[NonMappable, ...],
    without_mappings: Collection[str],
) -> MappingSet:
    """The set with these parts, with the capabilities that have mappings, and some of those that never had any."""
    mapped = {mapping.capability for mapping in mapping_set.mappings}
    kept = {mapping.capability for mapping in mappings}
    capabilities: tuple[Capability, ...] = tuple(
        capability
        for capability in mapping_set.capabilities
        if capability.id in kept or (capability.id not in mapped and capability.id in without_mappings)
    )
    return msgspec.structs.replace(
        mapping_set, mappings=mappings, non_mappable=non_mappable, capabilities=capabilities
    )


def _bare(record: NonMappable) -> Mapping:
    return Mapping(record.capability or "", record.technique or "")
