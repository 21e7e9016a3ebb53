"""Segments: the parts of an organization, or the tenants, for which mappings hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.model import Mapping, MappingSet


def segments_of(mapping_set: MappingSet) -> tuple[str, ...]:
    """The segments of a set, by name; spellings that differ in case alone are one.

    Args:
        mapping_set: the set; of one that declares segments, those, else the ones of its mappings.
    """
    named = mapping_set.segments or (name for m in mapping_set.mappings if m.other for name in m.segments)
    by_case: dict[str, str] = {}
    for name in sorted(filter(str.strip, named)):
        by_case.setdefault(name.casefold(), name)
    return tuple(by_case[name] for name in sorted(by_case))


def by_segment(
    mappings: Iterable[Mapping], segments: Iterable[str]
) -> tuple[dict[str, list[Mapping]], list[Mapping]]:
    """Segment → the mappings of it alone; and those without a segment, which hold for all."""
    own: dict[str, list[Mapping]] = {}
    of_all: list[Mapping] = []
    for mapping in mappings:
        names = {name.casefold() for name in mapping.segments}
        for name in names:
            own.setdefault(name, []).append(mapping)
        if not names:
            of_all.append(mapping)
    return {segment: own.get(segment.casefold(), []) for segment in segments}, of_all
