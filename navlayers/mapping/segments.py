"""Segments: the parts of an organization, or the tenants, for which mappings hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.model import Mapping, MappingSet


def segments_of(mapping_set: MappingSet) -> tuple[str, ...]:
    """The segments of a set, by name; spellings that differ in case alone are one.

    Args:
        mapping_set: the set; of one that declares segments, those, else the ones of its mappings.
    """
    named = mapping_set.segments or (name for m in mapping_set.mappings if m.other for name in m.segments)
    by_case: dict[str, str] = {}
    for name in sorted(named):
        by_case.setdefault(name.casefold(), name)
    return tuple(by_case[name] for name in sorted(by_case))


def of_segment(mappings: Iterable[Mapping], segment: str) -> Iterator[Mapping]:
    """The mappings that hold for a segment: its own, and those without a segment, which hold for all."""
    wanted = segment.casefold()
    for mapping in mappings:
        own = mapping.segments
        if not own or any(name.casefold() == wanted for name in own):
            yield mapping
