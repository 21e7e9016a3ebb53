"""A set and what its pages are made from, worked out once however many pages there are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from navlayers.pages.show.results import SetHead
from navlayers.scoring.labels import capability_labels
from navlayers.scoring.method import method
from navlayers.scoring.scores import score_set
from navlayers.scoring.stats import capability_stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue, Tactic, Technique
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Capability, Mapping, NonMappable
    from navlayers.scoring.options import ScoreOptions
    from navlayers.scoring.scores import Rules, Scored
    from navlayers.scoring.stats import CapabilityStats


class MatrixColumn(NamedTuple):
    """A tactic and its active techniques as the matrix has them: by name, sub-techniques by id below their parent.

    `bases` are the ids of those that are no sub-techniques.
    """

    tactic: Tactic
    techniques: tuple[Technique, ...]
    bases: frozenset[str]


class IndexedSet:
    """A set that was read, and what is asked of it by technique, capability and group, each made on first use."""

    def __init__(self, prepared: Prepared, options: ScoreOptions) -> None:
        self.prepared = prepared
        self.name = prepared.name
        self.set = prepared.set
        self.catalogue = prepared.catalogue
        self._options = options

    def at(self, catalogue: Catalogue) -> IndexedSet:
        """The set carried to a release, scored alike."""
        return self if catalogue is self.catalogue else IndexedSet(self.prepared.at(catalogue), self._options)

    @cached_property
    def scored(self) -> Scored:
        """The set's scores.

        Raises:
            UsageError: the options do not fit the set.
        """
        return score_set(self.set, self.catalogue, self._options)

    @property
    def rules(self) -> Rules:
        """How its scores are made."""
        return self.scored.rules

    @cached_property
    def head(self) -> SetHead:
        """What a section says of the set."""
        return SetHead(
            name=self.name,
            title=self.set.title,
            framework=self.set.framework,
            version=self.set.version,
            domain=self.set.domain,
            attack_version=self.catalogue.version,
            scored=self.set.scored,
            counts=self.rules.counts,
            method=method(self.rules),
        )

    @cached_property
    def capabilities(self) -> dict[str, Capability]:
        """The capabilities by id."""
        return {capability.id: capability for capability in self.set.capabilities}

    @cached_property
    def names(self) -> dict[str, str]:
        """Capability id → name."""
        return {capability.id: capability.name for capability in self.set.capabilities}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Capability id → what people call it."""
        return capability_labels(self.set)

    @cached_property
    def mappings(self) -> dict[str, list[Mapping]]:
        """Technique id → its mappings, active in the release or not."""
        found: dict[str, list[Mapping]] = {}
        for mapping in self.set.mappings:
            found.setdefault(mapping.technique, []).append(mapping)
        return found

    @cached_property
    def active(self) -> dict[str, list[Mapping]]:
        """Capability id → its mappings of techniques that are active in the release."""
        found: dict[str, list[Mapping]] = {}
        for mapping in self.scored.mappings:
            found.setdefault(mapping.capability, []).append(mapping)
        return found

    @cached_property
    def grouped(self) -> dict[str, list[Mapping]]:
        """Group id → the mappings in it of techniques that are active in the release."""
        groups = {capability.id: capability.groups for capability in self.set.capabilities}
        found: dict[str, list[Mapping]] = {}
        for mapping in self.scored.mappings:
            own = groups.get(mapping.capability, ()) if mapping.group is None else (mapping.group,)
            for group in dict.fromkeys(own):
                found.setdefault(group, []).append(mapping)
        return found

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Group id → the capabilities in it by id, by what they say themselves or by an active mapping."""
        found: dict[str, set[str]] = {}
        for capability in self.set.capabilities:
            for group in capability.groups:
                found.setdefault(group, set()).add(capability.id)
        for group, mappings in self.grouped.items():
            found.setdefault(group, set()).update(
                m.capability for m in mappings if m.capability in self.capabilities
            )
        return {group: tuple(sorted(ids)) for group, ids in found.items()}

    @cached_property
    def non_mappable(self) -> tuple[NonMappable, ...]:
        """Records of what cannot be mapped, in an order that is not that of the file."""
        return tuple(sorted(self.set.non_mappable, key=_order))

    @cached_property
    def records(self) -> dict[str, list[NonMappable]]:
        """Technique id → records of what cannot be mapped to it."""
        return _by(self.non_mappable, "technique")

    @cached_property
    def capability_records(self) -> dict[str, list[NonMappable]]:
        """Capability id → records of what it cannot be mapped to."""
        return _by(self.non_mappable, "capability")

    @cached_property
    def stats(self) -> dict[str, CapabilityStats]:
        """Capability id → its numbers, of those that cover something."""
        return {numbers.id: numbers for numbers in capability_stats(self.scored)}

    @cached_property
    def mapped_to(self) -> dict[str, tuple[str, ...]]:
        """Technique id → the capabilities that are mapped to it, of those that have a score."""
        return {technique: entry.capabilities for technique, entry in self.scored.scores.items()}

    @cached_property
    def alone(self) -> dict[str, list[str]]:
        """Capability id → the techniques that it covers alone."""
        found: dict[str, list[str]] = {}
        for technique, capabilities in self.mapped_to.items():
            if len(capabilities) == 1:
                found.setdefault(capabilities[0], []).append(technique)
        return found

    @cached_property
    def columns(self) -> tuple[MatrixColumn, ...]:
        """The matrix of its release."""
        return tuple(map(self._column, self.catalogue.tactics))

    def _column(self, tactic: Tactic) -> MatrixColumn:
        inside = [t for t in self.catalogue.techniques.values() if t.active and tactic.shortname in t.tactics]
        names = {t.id: t.name for t in inside if t.parent is None}
        inside.sort(
            key=lambda t: (names.get(t.parent or t.id, t.name), t.parent or t.id, t.parent is not None, t.id)
        )
        return MatrixColumn(tactic, tuple(inside), frozenset(names))


def _order(record: NonMappable) -> tuple[object, ...]:
    rest = (record.type or "", record.comment, record.references, record.group or "", record.other)
    return (record.capability or "", record.technique or "", *rest)


def _by(records: Iterable[NonMappable], field: str) -> dict[str, list[NonMappable]]:
    found: dict[str, list[NonMappable]] = {}
    for record in records:
        if (identifier := getattr(record, field)) is not None:
            found.setdefault(identifier, []).append(record)
    return found


def indexed(sets: Sequence[Prepared], options: ScoreOptions) -> tuple[IndexedSet, ...]:
    """The sets, ready for pages about them to be made."""
    return tuple(IndexedSet(one, options) for one in sets)
