"""Statistics of a mapping set: its coverage of a release, per tactic, category and capability."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.numbers import rounded
from navlayers.mapping.evidence import LEVELS
from navlayers.mapping.model import CATEGORIES, Role
from navlayers.mapping.replacements import Inactive, inactive
from navlayers.mapping.segments import by_segment, segments_of
from navlayers.mapping.trust import trust_of
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import MappingSet, NonMappable
    from navlayers.scoring.options import Rules
    from navlayers.scoring.scores import Scored


class TacticStats(msgspec.Struct, frozen=True):
    """A tactic: number of its active techniques and sub-techniques, and of those that are mapped."""

    tactic: str
    name: str
    mapped: int
    total: int


class NonMappableStats(msgspec.Struct, frozen=True):
    """Numbers of distinct capabilities, techniques and pairs that are marked non-mappable."""

    capabilities: int
    techniques: int
    pairs: int


class SegmentStats(msgspec.Struct, frozen=True):
    """What holds for one segment: its mappings and those without a segment, as in `Stats`."""

    segment: str
    mappings: int
    capabilities: int
    techniques: int
    subtechniques: int
    tactics: tuple[TacticStats, ...]


class Stats(msgspec.Struct, frozen=True):
    """The statistics of a set at one ATT&CK release.

    Attributes:
        set, framework, role, version: of the mapping set.
        domain, attack_version: of the release.
        scored: the set has score values.
        mappings: number of its mappings.
        capabilities: number of capabilities with at least one mapping.
        techniques, subtechniques: number of distinct mapped ids that are active in the release, as in its layers.
        active: number of active techniques and sub-techniques of the release.
        base_techniques: number of active techniques without a parent.
        base_techniques_mapped: number of them that are mapped themselves or by a sub-technique.
        base_techniques_unmapped: number of the others.
        non_mappable: numbers of non-mappable records.
        tactics: numbers per tactic, in the order of the matrix.
        values: category → score value → number of mappings; for an unscored set, mapping types in "unspecified".
        not_active: mapped techniques that are not active.
        evidence: level → number of mappings with it; absent in a set without evidence.
        segments: the numbers of each segment, by name; UNSET without segments.
        in_all_segments: number of techniques and sub-techniques that are mapped in each of them.
    """

    set: str
    framework: str
    role: Role
    version: str
    domain: str
    attack_version: str
    scored: bool
    mappings: int
    capabilities: int
    techniques: int
    subtechniques: int
    active: int
    base_techniques: int
    base_techniques_mapped: int
    base_techniques_unmapped: int
    non_mappable: NonMappableStats
    tactics: tuple[TacticStats, ...]
    values: dict[str, dict[str, int]]
    not_active: tuple[Inactive, ...]
    evidence: dict[str, int] | msgspec.UnsetType = msgspec.UNSET
    segments: tuple[SegmentStats, ...] | msgspec.UnsetType = msgspec.UNSET
    in_all_segments: int | msgspec.UnsetType = msgspec.UNSET


def set_stats(mapping_set: MappingSet, catalogue: Catalogue) -> Stats:
    """The numbers of a set's mappings, and of the techniques of a release that it maps."""
    techniques = {m.technique for m in mapping_set.mappings if catalogue.is_active(m.technique)}
    subs = sum("." in technique for technique in techniques)
    covered = base_techniques(techniques, catalogue)
    bases = [t for t in catalogue.techniques.values() if t.active and t.parent is None]
    return Stats(
        set=mapping_set.name,
        framework=mapping_set.framework,
        role=mapping_set.role,
        version=mapping_set.version,
        domain=mapping_set.domain,
        attack_version=catalogue.version,
        scored=mapping_set.scored,
        mappings=len(mapping_set.mappings),
        capabilities=len({mapping.capability for mapping in mapping_set.mappings}),
        techniques=len(techniques) - subs,
        subtechniques=subs,
        active=sum(technique.active for technique in catalogue.techniques.values()),
        base_techniques=len(bases),
        base_techniques_mapped=len(covered),
        base_techniques_unmapped=len(bases) - len(covered),
        non_mappable=non_mappable(mapping_set),
        tactics=tactic_stats(techniques, catalogue),
        values=_values(mapping_set),
        not_active=inactive(mapping_set, catalogue),
        evidence=evidence_counts(mapping_set, catalogue) or msgspec.UNSET,
        **_segments(mapping_set, catalogue),
    )


def evidence_counts(mapping_set: MappingSet, catalogue: Catalogue) -> dict[str, int]:
    """Level of evidence → number of mappings that count as it, the strongest first; empty without evidence."""
    if not any(mapping.evidence for mapping in mapping_set.mappings):
        return {}
    trust = trust_of(catalogue.bounds.scope if catalogue.bounds else None)
    counts = Counter(trust.level(mapping) for mapping in mapping_set.mappings)
    return {level: counts[level] for level in reversed(LEVELS) if counts[level]}


def _segments(mapping_set: MappingSet, catalogue: Catalogue) -> dict[str, Any]:
    """The fields of segments; none for a set without them."""
    segments = segments_of(mapping_set)
    if not segments:
        return {}
    of_each, of_all = by_segment(mapping_set.mappings, segments)
    shared = frozenset(m.technique for m in of_all if catalogue.is_active(m.technique))
    capabilities = {mapping.capability for mapping in of_all}
    found: list[SegmentStats] = []
    tactics: dict[frozenset[str], tuple[TacticStats, ...]] = {}
    everywhere = set(catalogue.active)
    for segment, mappings in of_each.items():
        techniques = shared.union(m.technique for m in mappings if catalogue.is_active(m.technique))
        if techniques not in tactics:
            tactics[techniques] = tactic_stats(techniques, catalogue)
        everywhere &= techniques
        subs = sum("." in technique for technique in techniques)
        own = {mapping.capability for mapping in mappings} - capabilities
        numbers = (len(mappings) + len(of_all), len(capabilities) + len(own), len(techniques) - subs, subs)
        found.append(SegmentStats(segment, *numbers, tactics[techniques]))
    return {"segments": tuple(found), "in_all_segments": len(everywhere)}


def tactic_stats(techniques: Collection[str], catalogue: Catalogue) -> tuple[TacticStats, ...]:
    """How many techniques and sub-techniques of each tactic are among some, in the order of the matrix.

    Every share of a tactic is of this number.
    """
    mapped = Counter(
        name for id_ in techniques if catalogue.is_active(id_) for name in catalogue.techniques[id_].tactics
    )
    total = catalogue.tactic_sizes
    return tuple(
        TacticStats(tactic.shortname, tactic.name, mapped[tactic.shortname], total[tactic.shortname])
        for tactic in catalogue.tactics
    )


def base_techniques(techniques: Iterable[str], catalogue: Catalogue) -> set[str]:
    """The active base techniques that are covered when these ids are: each itself, or the parent of a sub."""
    active = [technique for technique in techniques if catalogue.is_active(technique)]
    parents = {technique.partition(".")[0] for technique in active}
    return {parent for parent in parents if catalogue.is_active(parent)}


def non_mappable_records(mapping_set: MappingSet) -> list[NonMappable]:
    """The records, without those of a whole capability that has mappings nevertheless, as one of VERIS has."""
    mapped = {mapping.capability for mapping in mapping_set.mappings}
    return [r for r in mapping_set.non_mappable if r.technique or r.capability not in mapped]


def non_mappable(mapping_set: MappingSet) -> NonMappableStats:
    """The numbers of non-mappable records."""
    ids = non_mappable_ids(mapping_set)
    return NonMappableStats(len(ids.capabilities), len(ids.techniques), len(ids.pairs))


class NonMappableIds(msgspec.Struct, frozen=True):
    """Non-mappable ids: capabilities, techniques, and pairs of capability and technique."""

    capabilities: list[str]
    techniques: list[str]
    pairs: list[tuple[str, str]]


def non_mappable_ids(mapping_set: MappingSet) -> NonMappableIds:
    """The distinct ids of the records, sorted."""
    records = non_mappable_records(mapping_set)
    return NonMappableIds(
        sorted({r.capability for r in records if r.capability and not r.technique}),
        sorted({r.technique for r in records if r.technique and not r.capability}),
        sorted({(r.capability, r.technique) for r in records if r.capability and r.technique}),
    )


def _values(mapping_set: MappingSet) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for mapping in mapping_set.mappings:
        category = mapping.category or UNSPECIFIED
        value = mapping.value or (mapping.type if mapping.category is None else None) or "not rated"
        values = counts.setdefault(category, {})
        values[value] = values.get(value, 0) + 1
    order = (*CATEGORIES, UNSPECIFIED)
    return {
        category: dict(sorted(counts[category].items(), key=lambda item: (-item[1], item[0])))
        for category in order
        if category in counts
    }


class CategoryStats(msgspec.Struct, frozen=True):
    """Mean and sum of one capability's technique scores (0–100 each) in one category."""

    mean: float
    sum: float


class CapabilityStats(msgspec.Struct, frozen=True):
    """The statistics of one capability.

    Attributes:
        id, name, groups: of the capability.
        techniques, subtechniques: numbers of covered ids: rated above 0, or mapped in a set without scores.
        share: covered ids in percent of the release's active techniques and sub-techniques.
        unique: number of ids that no other capability of the set covers.
        categories: category → its technique scores.
    """

    id: str
    name: str
    groups: tuple[str, ...]
    techniques: int
    subtechniques: int
    share: float
    unique: int
    categories: dict[str, CategoryStats] = {}

    def rounded(self) -> CapabilityStats:
        """The same with two decimals, for JSON; tables round exact values once."""
        categories = {
            category: CategoryStats(rounded(numbers.mean), rounded(numbers.sum))
            for category, numbers in self.categories.items()
        }
        return msgspec.structs.replace(self, share=rounded(self.share), categories=categories)


def capability_stats(scored: Scored) -> tuple[CapabilityStats, ...]:
    """The statistics of every mapped capability, by id."""
    covered: dict[str, list[str]] = {}
    numbers: dict[str, dict[str, list[float]]] = {}
    unique: Counter[str] = Counter()
    for technique, entry in scored.scores.items():
        members = scored.covering(technique)
        unique.update(members if len(members) == 1 else ())
        for member in members:
            covered.setdefault(member, []).append(technique)
        for category, contributions in entry.contributions.items():
            for contribution in contributions:
                covered.setdefault(contribution.capability, [])
                if contribution.score is not None:
                    by_category = numbers.setdefault(contribution.capability, {})
                    by_category.setdefault(category, []).append(contribution.score)
    active = sum(technique.active for technique in scored.catalogue.techniques.values())
    result = []
    for capability in sorted(scored.set.capabilities, key=lambda c: c.id):
        ids = covered.get(capability.id)
        if ids is None:
            continue
        subs = sum("." in technique for technique in ids)
        result.append(
            CapabilityStats(
                id=capability.id,
                name=capability.name,
                groups=tuple(sorted(capability.groups)),
                techniques=len(ids) - subs,
                subtechniques=subs,
                share=100 * len(ids) / active,
                unique=unique[capability.id],
                categories=_category_stats(numbers.get(capability.id, {}), scored.rules),
            )
        )
    return tuple(result)


def _category_stats(numbers: dict[str, list[float]], rules: Rules) -> dict[str, CategoryStats]:
    return {
        category: CategoryStats(math.fsum(numbers[category]) / len(numbers[category]), math.fsum(numbers[category]))
        for category in rules.categories
        if category in numbers
    }
