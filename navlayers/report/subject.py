"""What a report is about: inputs at one release, their comparison where there are several, gaps, a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.attack import Catalogue
from navlayers.comparing.comparison import Comparison, side_by_side
from navlayers.coverage import Coverage
from navlayers.errors import Problem
from navlayers.gaps.model import Gaps
from navlayers.options import ScoreOptions
from navlayers.plan.model import Plan

if TYPE_CHECKING:
    from navlayers.together import Together

_OPTIONS = ScoreOptions()


class Subject(msgspec.Struct, frozen=True, kw_only=True):
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
    def titles(self) -> tuple[str, ...]:
        """What people call the inputs: by their names where several have one title."""
        titles = tuple(one.title for one in self.inputs)
        return titles if len(set(titles)) == len(titles) else tuple(one.name for one in self.inputs)


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
    return Subject(
        comparison=side_by_side(together.catalogue, inputs, category=category, baseline=baseline),
        scoring=scoring,
        gaps=gaps,
        plan=plan,
        notices=(*together.notices, *(notice for one in inputs for notice in one.notices)),
    )
