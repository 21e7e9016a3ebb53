"""A mapping set with its scores, indexed by technique, capability and group; `show` and `site` share it."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import msgspec

from navlayers.mapping.model import HUNDRED, groups_of
from navlayers.pages.show.results import SetHead
from navlayers.scoring.comments import capability_labels
from navlayers.scoring.method import method
from navlayers.scoring.scores import all_scores, rules_at, score_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.layer.matrix import ReleaseColumn
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Capability, Mapping, NonMappable
    from navlayers.scoring.options import Rules, ScoreOptions
    from navlayers.scoring.scores import Scored, TechniqueScore
    from navlayers.scoring.stats import CapabilityStats

_T = TypeVar("_T")


class IndexedSet:
    """A set that was read, with indexes of its mappings; each index is built on first use."""

    def __init__(self, prepared: Prepared, options: ScoreOptions) -> None:
        self.prepared = prepared
        self.name = prepared.name
        self.set = prepared.set
        self.catalogue = prepared.catalogue
        self._options = options

    def at(self, catalogue: Catalogue) -> IndexedSet:
        """The set remapped to another release, scored with the same options."""
        there = self.prepared.at(catalogue) if catalogue is not self.catalogue else self.prepared
        return self if there.catalogue is self.catalogue else IndexedSet(there, self._options)

    @cached_property
    def scored(self) -> Scored:
        """The scores of the set.

        Raises:
            UsageError: The options do not fit the set.
        """
        return score_set(self.set, self.catalogue, self._options)

    @cached_property
    def rules(self) -> Rules:
        """The rules of its scores.

        Raises:
            UsageError: The options do not fit the set.
        """
        if self._is_scored or self._options.aggregate == "combined":
            return self.scored.rules
        return rules_at(self.set, self.catalogue, self._options)

    @property
    def _is_scored(self) -> bool:
        return "scored" in self.__dict__

    def scores_near(self, technique: str) -> dict[str, TechniqueScore]:
        """The scores of a technique, its parent and its sub-techniques, and perhaps of others.

        The page of one technique among many sets needs no others, which take most of its time.

        Raises:
            UsageError: The options do not fit the set.
        """
        rules = self.rules
        if self._is_scored or not all(rules.is_number(value) for value in self._values):
            return self.scored.scores
        base, active = technique.partition(".")[0], self.catalogue.is_active
        near = [rows for id_, rows in self.mappings.items() if id_.partition(".")[0] == base and active(id_)]
        return all_scores([*chain.from_iterable(near)], rules, self.catalogue)

    @cached_property
    def _values(self) -> frozenset[str | None]:
        """The score values of its mappings."""
        return frozenset(mapping.value for mapping in self.set.mappings)

    @cached_property
    def head(self) -> SetHead:
        """The facts at the top of each section about the set."""
        return SetHead(
            name=self.name,
            title=self.set.title,
            framework=self.set.framework,
            role=self.set.role,
            version=self.set.version,
            domain=self.set.domain,
            attack_version=self.catalogue.version,
            scored=self.set.scored,
            counts=self.rules.counts,
            range=self.rules.range or HUNDRED,
            method=method(self.rules),
            scope=self.catalogue.scope or msgspec.UNSET,
        )

    @cached_property
    def capabilities(self) -> dict[str, Capability]:
        """Capability id → capability."""
        return {capability.id: capability for capability in self.set.capabilities}

    @cached_property
    def names(self) -> dict[str, str]:
        """Capability id → name."""
        return {capability.id: capability.name for capability in self.set.capabilities}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Capability id → label, as layers and tables write it."""
        return capability_labels(self.set)

    @cached_property
    def mappings(self) -> dict[str, list[Mapping]]:
        """Technique id → its mappings, whether the release has it as an active technique or not."""
        return _index(self.set.mappings, lambda mapping: (mapping.technique,))

    @cached_property
    def active(self) -> dict[str, list[Mapping]]:
        """Capability id → its mappings to active techniques."""
        return _index(self.scored.mappings, lambda mapping: (mapping.capability,))

    @cached_property
    def grouped(self) -> dict[str, list[Mapping]]:
        """Group id → its mappings to active techniques."""
        return _index(self.scored.mappings, lambda mapping: groups_of(mapping, self.capabilities))

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Group id → sorted ids of its capabilities, declared as members or by an active mapping."""
        members: dict[str, set[str]] = {}
        for capability in self.set.capabilities:
            for group in capability.groups:
                members.setdefault(group, set()).add(capability.id)
        for group, mappings in self.grouped.items():
            members.setdefault(group, set()).update({m.capability for m in mappings} & self.capabilities.keys())
        return {group: tuple(sorted(ids)) for group, ids in members.items()}

    @cached_property
    def non_mappable(self) -> tuple[NonMappable, ...]:
        """The non-mappable records, in an order that does not depend on the file."""
        return tuple(sorted(self.set.non_mappable, key=_record_order))

    @cached_property
    def records(self) -> dict[str, list[NonMappable]]:
        """Technique id → its non-mappable records."""
        return _index(self.non_mappable, lambda record: (record.technique,))

    @cached_property
    def capability_records(self) -> dict[str, list[NonMappable]]:
        """Capability id → its non-mappable records."""
        return _index(self.non_mappable, lambda record: (record.capability,))

    @cached_property
    def stats(self) -> dict[str, CapabilityStats]:
        """Capability id → its statistics; only capabilities with an active mapping."""
        from navlayers.scoring.stats import capability_stats  # noqa: PLC0415 - for pages of capabilities alone

        return {numbers.id: numbers for numbers in capability_stats(self.scored)}

    @cached_property
    def unique(self) -> dict[str, list[str]]:
        """Capability id → the techniques that no other capability covers."""
        by = {technique: self.scored.covering(technique) for technique in self.scored.scores}
        return _index((t for t, members in by.items() if len(members) == 1), by.__getitem__)

    @cached_property
    def columns(self) -> tuple[ReleaseColumn, ...]:
        """The matrix of its release."""
        from navlayers.layer.matrix import release_columns  # noqa: PLC0415 - most pages do without it

        return release_columns(self.catalogue)


def _record_order(record: NonMappable) -> tuple[object, ...]:
    rest = (record.type or "", record.comment, record.references, record.group or "", record.other)
    return (record.capability or "", record.technique or "", *rest)


def _index(items: Iterable[_T], keys: Callable[[_T], Iterable[str | None]]) -> dict[str, list[_T]]:
    """Key → the items that have it, in their order."""
    index: dict[str, list[_T]] = {}
    for item in items:
        for key in keys(item):
            if key is not None:
                index.setdefault(key, []).append(item)
    return index


def indexed(sets: Sequence[Prepared], options: ScoreOptions) -> tuple[IndexedSet, ...]:
    """The sets with their indexes."""
    return tuple(IndexedSet(prepared, options) for prepared in sets)
