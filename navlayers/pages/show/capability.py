"""The pages of capabilities and of their groups."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from navlayers.layer.annotate import strength_name
from navlayers.pages.show import parts
from navlayers.pages.show.results import (
    CapabilityPage,
    CapabilitySection,
    Entry,
    GroupPage,
    GroupSection,
    Member,
    Named,
)
from navlayers.scoring.scores import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack import Technique
    from navlayers.mapping.model import Mapping
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.scoring.scores import TechniqueScore


def capability_page(ids: dict[str, str], sets: Sequence[IndexedSet]) -> CapabilityPage:
    """The page of a capability; `ids` is its id by the name of the set.

    Raises:
        UsageError: the options do not fit a set.
    """
    sections = tuple(_capability(ids[one.name], one) for one in sets if one.name in ids)
    first = sections[0]
    return CapabilityPage(first.id, first.name, sections, parts.without(sets, (s.set for s in sections)))


def group_page(ids: dict[str, str], sets: Sequence[IndexedSet]) -> GroupPage:
    """The page of a capability group; `ids` is its id by the name of the set.

    Raises:
        UsageError: the options do not fit a set.
    """
    sections = tuple(_group(ids[one.name], one) for one in sets if one.name in ids)
    first = sections[0]
    return GroupPage(first.id, first.name, sections, parts.without(sets, (s.set for s in sections)))


def _capability(identifier: str, one: IndexedSet) -> CapabilitySection:
    capability = one.capabilities[identifier]
    own = one.active.get(identifier, [])
    scores = one.scored.of(own)
    columns = parts.by_tactic(one, scores, partial(_entry, one, scores, _comments(own), set()))
    return CapabilitySection(
        set=one.head,
        id=identifier,
        name=capability.name,
        groups=tuple(Named(group, one.set.groups.get(group, group)) for group in capability.groups),
        references=capability.references,
        stats=one.stats.get(identifier),
        tactics=columns,
        not_active=tuple(str(left) for left in one.scored.left_out if identifier in left.capabilities),
        unique=tuple(parts.named(technique, one.catalogue) for technique in one.alone.get(identifier, ())),
        non_mappable=tuple(parts.record(row, one) for row in one.capability_records.get(identifier, ())),
    )


def _comments(mappings: Sequence[Mapping]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for mapping in mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, set()).add(mapping.comment)
    return {technique: tuple(sorted(comments)) for technique, comments in found.items()}


def _entry(
    one: IndexedSet,
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
        if (strength := strength_name(contribution, one.rules) or ", ".join(contribution.types))
    }
    plain = parts.plain_entry(technique, scores, one.rules)
    first = technique.id not in told
    told.add(technique.id)
    everyone = one.mapped_to[technique.id]
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


def _group(identifier: str, one: IndexedSet) -> GroupSection:
    own = one.grouped.get(identifier, [])
    scores = one.scored.of(own)
    covered: dict[str, set[str]] = {}
    for mapping in own:
        covered.setdefault(mapping.capability, set()).add(mapping.technique)
    members = []
    for member in one.members.get(identifier, ()):
        ids = covered.get(member, set())
        subs = sum("." in technique for technique in ids)
        unique = len(ids.intersection(one.alone.get(member, ())))
        members.append(Member(member, one.names[member], len(ids) - subs, subs, unique))
    columns = parts.by_tactic(one, scores, lambda technique: parts.plain_entry(technique, scores, one.rules))
    return GroupSection(
        one.head,
        identifier,
        one.set.groups.get(identifier, identifier),
        tuple(members),
        columns,
    )
