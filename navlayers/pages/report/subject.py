"""What a report is about: inputs at one release, their comparison, who gives what, gaps, a plan."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from navlayers.analysis.compare import Comparison, side_by_side
from navlayers.analysis.gaps_result import Gaps
from navlayers.analysis.plan.result import Plan
from navlayers.errors import Problem
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.stats import capability_stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.scores import Contribution, Scored, TechniqueScore
    from navlayers.scoring.stats import CapabilityStats

_OPTIONS = ScoreOptions()


class Subject(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a report is about: inputs side by side, be it a single one; gaps and a plan if they are asked for."""

    comparison: Comparison
    scoring: ScoreOptions
    gaps: Gaps | None = None
    plan: Plan | None = None
    notices: tuple[Problem, ...] = ()

    @property
    def catalogue(self) -> Catalogue:
        """The release of all inputs."""
        return self.comparison.catalogue

    @property
    def inputs(self) -> tuple[Coverage, ...]:
        """The inputs in the order given."""
        return self.comparison.inputs

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called in sentences, tables and charts."""
        return tuple(one.name for one in self.inputs)

    @property
    def sets(self) -> tuple[int, ...]:
        """The numbers of the inputs that are sets: of a layer, nobody knows the capabilities."""
        return tuple(number for number, one in enumerate(self.inputs) if not one.is_layer)

    def capabilities(self, technique: str) -> int:
        """How many capabilities of sets cover a technique."""
        return sum(number in self.sets for number, _ in self.givers[technique])

    @cached_property
    def givers(self) -> Givers:
        """Technique id → number of input and id of every capability that covers it."""
        return givers_of(self.comparison)

    @cached_property
    def ranked(self) -> tuple[tuple[Ranked, ...], ...]:
        """Per input, its capabilities by what they cover."""
        return tuple(rank(self.comparison, self.givers, number) for number in range(len(self.inputs)))


def subject_of(
    together: InputSet,
    scoring: ScoreOptions = _OPTIONS,
    *,
    scores: bool = True,
    category: str | None = None,
    baseline: int | None = None,
    gaps: Gaps | None = None,
    plan: Plan | None = None,
) -> Subject:
    """What inputs at one release give to report.

    Args:
        together: the inputs, as `navlayers.load_inputs` gives them.
        scoring: how scores are made.
        scores: whether scores count, or only what is covered.
        category: take the scores of this category only.
        baseline: the number of the input from which differences are told; without it, only two are told apart.
        gaps: what `navlayers.find_gaps` found for the same inputs.
        plan: what `navlayers.make_plan` made of the same inputs.

    Raises:
        UsageError: the options do not fit an input, or some inputs give counts and others scores.
    """
    inputs = together.coverage(scoring, scores=scores)
    notices = tuple(notice for one in inputs for notice in one.notices)
    called = _called(inputs)
    return Subject(
        comparison=side_by_side(together.catalogue, _renamed(inputs, called), category=category, baseline=baseline),
        scoring=scoring,
        gaps=gaps and msgspec.structs.replace(gaps, inputs=_renamed(gaps.inputs, called)),
        plan=plan,
        notices=(*together.notices, *notices),
    )


def _called(inputs: Sequence[Coverage]) -> tuple[str, ...]:
    """What people call the inputs: as briefly as tells them apart."""
    names = tuple(one.name for one in inputs)
    for found in (tuple(one.set.name for one in inputs), tuple(one.title for one in inputs)):
        if len(set(found)) == len(found) and all(found):
            return found
    return names


def _renamed(inputs: Sequence[Coverage], names: Sequence[str]) -> tuple[Coverage, ...]:
    return tuple(msgspec.structs.replace(one, name=name) for one, name in zip(inputs, names, strict=True))


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
