"""Who gives what: the capabilities of all inputs by technique, and ranked by what they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from navlayers.scoring.stats import capability_stats

if TYPE_CHECKING:
    from navlayers.analysis.compare import Comparison
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.scores import Contribution, Scored, TechniqueScore
    from navlayers.scoring.stats import CapabilityStats

Givers: TypeAlias = "dict[str, tuple[tuple[int, str], ...]]"
"""Technique id → number of input and id of every capability that covers it, or where rolled up a sub-technique."""


def givers_of(comparison: Comparison) -> Givers:
    """What gives each of the covered techniques anything, in the category that counts."""
    return {row.technique: _givers(comparison, row.technique) for row in comparison.rows}


def _givers(comparison: Comparison, technique: str) -> tuple[tuple[int, str], ...]:
    found = []
    for number, one in enumerate(comparison.inputs):
        entry = one.scores.get(technique)
        if entry is None:
            continue
        capabilities = _capabilities(entry, comparison.category)
        if not capabilities and entry.rolled_up:
            subs = [sub.id for sub in comparison.catalogue.subtechniques(technique) if sub.id in one.scored.scores]
            capabilities = {c for sub in subs for c in _capabilities(one.scored.scores[sub], comparison.category)}
        found += [(number, capability) for capability in sorted(capabilities)]
    return tuple(found)


def _capabilities(entry: TechniqueScore, category: str | None) -> set[str]:
    """Those that give it something: a score above 0, or a mapping without one."""
    groups = (group for c, group in entry.contributions.items() if category in (None, c))
    return {one.capability for group in groups for one in group if gives(one)}


def gives(contribution: Contribution) -> bool:
    """Whether a capability covers what it is mapped to: it is not scored 0."""
    return contribution.score is None or contribution.score > 0


class Ranked(NamedTuple):
    """A capability with what only it covers: in its input, and of all inputs."""

    stats: CapabilityStats
    label: str
    only: tuple[str, ...]
    only_of_all: tuple[str, ...]


def rank(comparison: Comparison, givers: Givers, number: int) -> tuple[Ranked, ...]:
    """The capabilities of an input that cover something, those that cover most first, then by what only they do."""
    one = comparison.inputs[number]
    only: dict[str, list[str]] = {}
    alone: dict[str, list[str]] = {}
    for row in comparison.rows:
        every = givers[row.technique]
        mine = [capability for at, capability in every if at == number]
        if len(mine) == 1:
            only.setdefault(mine[0], []).append(row.technique)
            if len(every) == 1:
                alone.setdefault(mine[0], []).append(row.technique)
    found = [
        Ranked(
            stats, one.labels.get(stats.id, stats.id), tuple(only.get(stats.id, ())), tuple(alone.get(stats.id, ()))
        )
        for stats in capability_stats(_counting(one, comparison.category))
    ]
    return tuple(
        sorted(found, key=lambda r: (-(r.stats.techniques + r.stats.subtechniques), -len(r.only), r.stats.id))
    )


def _counting(one: Coverage, category: str | None) -> Scored:
    """The scores of what is covered, in the category that counts."""
    kept = {}
    for technique in one.measures(category):
        entry = one.scored.scores[technique]
        groups = {
            c: tuple(filter(gives, group)) for c, group in entry.contributions.items() if category in (None, c)
        }
        kept[technique] = msgspec.structs.replace(entry, contributions=groups)
    return msgspec.structs.replace(one.scored, scores=kept)
