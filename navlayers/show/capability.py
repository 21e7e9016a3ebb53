"""The pages of capabilities and of their groups."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.layers.annotate import strength_name
from navlayers.scoring import UNSPECIFIED, score_set
from navlayers.show import parts
from navlayers.show.pages import (
    CapabilityPage,
    CapabilitySection,
    Entry,
    GroupPage,
    GroupSection,
    Member,
    Named,
)
from navlayers.stats import capability_stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack import Technique
    from navlayers.model import Mapping
    from navlayers.options import ScoreOptions
    from navlayers.pipeline import Prepared
    from navlayers.scoring import Scored, TechniqueScore


def capability_page(ids: dict[str, str], sets: Sequence[Prepared], options: ScoreOptions) -> CapabilityPage:
    """The page of a capability; `ids` is its id by the name of the set.

    Raises:
        UsageError: the options do not fit a set.
    """
    sections = tuple(_capability(ids[one.name], one, options) for one in sets if one.name in ids)
    first = sections[0]
    return CapabilityPage(first.id, first.name, sections, parts.without(sets, (s.set for s in sections)))


def group_page(ids: dict[str, str], sets: Sequence[Prepared], options: ScoreOptions) -> GroupPage:
    """The page of a capability group; `ids` is its id by the name of the set.

    Raises:
        UsageError: the options do not fit a set.
    """
    sections = tuple(_group(ids[one.name], one, options) for one in sets if one.name in ids)
    first = sections[0]
    return GroupPage(first.id, first.name, sections, parts.without(sets, (s.set for s in sections)))


def _capability(identifier: str, one: Prepared, options: ScoreOptions) -> CapabilitySection:
    scored = score_set(one.set, one.catalogue, options)
    capability = next(c for c in one.set.capabilities if c.id == identifier)
    own = [mapping for mapping in scored.mappings if mapping.capability == identifier]
    scores = scored.of(own)
    told: set[str] = set()
    columns = parts.by_tactic(one.catalogue, scores, partial(_entry, scored, scores, _comments(own), told))
    unique = [t for t, entry in scored.scores.items() if entry.capabilities == (identifier,)]
    return CapabilitySection(
        set=parts.head(one, scored.rules),
        id=identifier,
        name=capability.name,
        groups=tuple(Named(group, one.set.groups.get(group, group)) for group in capability.groups),
        references=capability.references,
        stats=next((numbers for numbers in capability_stats(scored) if numbers.id == identifier), None),
        tactics=columns,
        not_active=tuple(str(left) for left in scored.left_out if identifier in left.capabilities),
        unique=tuple(parts.named(technique, one.catalogue) for technique in unique),
        non_mappable=tuple(parts.record(row, one) for row in one.set.non_mappable if row.capability == identifier),
    )


def _comments(mappings: Sequence[Mapping]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, set()).add(mapping.comment)
    return {technique: tuple(sorted(comments)) for technique, comments in found.items()}


def _entry(
    scored: Scored,
    scores: dict[str, TechniqueScore],
    comments: dict[str, tuple[str, ...]],
    told: set[str],
    technique: Technique,
) -> Entry:
    """What the capability gives one technique; its comments where the technique comes first."""
    own = scores[technique.id]
    strengths = {
        "" if category == UNSPECIFIED else category: strength
        for category, given in own.contributions.items()
        for contribution in given
        if (strength := strength_name(contribution, scored.rules) or ", ".join(contribution.types))
    }
    plain = parts.plain_entry(technique, scores, scored.rules)
    first = technique.id not in told
    told.add(technique.id)
    everyone = scored.scores[technique.id].capabilities
    return Entry(
        id=plain.id,
        name=plain.name,
        overall=plain.overall,
        categories=plain.categories,
        strengths=strengths,
        capabilities=len(everyone),
        only=len(everyone) == 1,
        comments=comments.get(technique.id, ()) if first else (),
    )


def _group(identifier: str, one: Prepared, options: ScoreOptions) -> GroupSection:
    scored = score_set(one.set, one.catalogue, options)
    groups = {capability.id: capability.groups for capability in one.set.capabilities}

    def within(mapping: Mapping) -> bool:
        return identifier in (groups.get(mapping.capability, ()) if mapping.group is None else (mapping.group,))

    own = [mapping for mapping in scored.mappings if within(mapping)]
    scores = scored.of(own)
    covered: dict[str, set[str]] = {}
    for mapping in own:
        covered.setdefault(mapping.capability, set()).add(mapping.technique)
    alone = {e.capabilities[0]: set[str]() for e in scored.scores.values() if len(e.capabilities) == 1}
    for technique, entry in scored.scores.items():
        if len(entry.capabilities) == 1:
            alone[entry.capabilities[0]].add(technique)
    members = []
    for capability in sorted(one.set.capabilities, key=lambda c: c.id):
        ids = covered.get(capability.id, set())
        if ids or identifier in capability.groups:
            subs = sum("." in technique for technique in ids)
            unique = len(alone.get(capability.id, set()) & ids)
            members.append(Member(capability.id, capability.name, len(ids) - subs, subs, unique))
    columns = parts.by_tactic(
        one.catalogue, scores, lambda technique: parts.plain_entry(technique, scores, scored.rules)
    )
    return GroupSection(
        parts.head(one, scored.rules),
        identifier,
        one.set.groups.get(identifier, identifier),
        tuple(members),
        columns,
    )
