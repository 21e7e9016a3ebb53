"""What a report is about: inputs at one release, their comparison where there are several, gaps, a plan."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from navlayers.analysis.compare import Comparison, side_by_side
from navlayers.analysis.gaps import Gaps
from navlayers.analysis.plan.result import Plan
from navlayers.errors import Problem
from navlayers.pages.report.ranking import givers_of, rank
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.analysis.inputs import Together
    from navlayers.attack import Catalogue
    from navlayers.pages.report.ranking import Givers, Ranked
    from navlayers.scoring.coverage import Coverage

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
    together: Together,
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
        together: the inputs, as `navlayers.read_together` gives them.
        scoring: how scores are made.
        scores: whether scores count, or only what is covered.
        category: take the scores of this category only.
        baseline: the number of the input from which differences are told; without it, only two are told apart.
        gaps: what `navlayers.find_gaps` found for the same inputs.
        plan: what `navlayers.make_plan` made of the same inputs.

    Raises:
        UsageError: the options do not fit an input, or some inputs give counts and others scores.
    """
    inputs = together.covered(scoring, scores=scores)
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
