"""What a plan is: the chosen capabilities, the curve of what they add, and what every candidate is good for."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.attack import Catalogue
from navlayers.coverage import Coverage
from navlayers.errors import Problem
from navlayers.options import ScoreOptions
from navlayers.plan.candidates import Candidate
from navlayers.plan.options import PlanOptions
from navlayers.plan.overlap import Overlap
from navlayers.threats.model import ThreatModel

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["chosen", "have", "excluded", "no cost", "not chosen"]


class Step(msgspec.Struct, frozen=True):
    """A capability of the plan in the order of gain: what it adds, and what there is with it.

    The candidate is None in the line of what was had.
    """

    candidate: Candidate | None
    cost: Fraction
    gain: Fraction
    value: Fraction
    spent: Fraction


class Appraisal(msgspec.Struct, frozen=True):
    """What one candidate is good for: beside all others, and beside the capabilities of the plan and those had."""

    candidate: Candidate
    state: State
    cost: Fraction | None
    value: Fraction
    beside_all: Overlap
    beside_plan: Overlap


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan. Values are weighted techniques, a technique of score 100 and weight 1 being 1.

    `inputs` are the sets as they were scored. `steps` are the curve, what was had first. `appraisals` are all
    candidates, by id. `value` is what the plan and what was had give together, `total` what all candidates give,
    `reachable` what those give that may be chosen or are had. `proven`: no plan is better; else none goes beyond
    `bound`, the highest value or the lowest cost. `settled`: of plans as good, it is the first one by the order
    that docs/plan.md states. `threat` is what the techniques are weighed by. `prices`: the header of the costs; ""
    where each capability costs 1.
    """

    catalogue: Catalogue
    inputs: tuple[Coverage, ...]
    options: PlanOptions
    scoring: ScoreOptions
    steps: tuple[Step, ...]
    appraisals: tuple[Appraisal, ...]
    value: Fraction
    total: Fraction
    reachable: Fraction
    cost: Fraction
    proven: bool
    settled: bool
    bound: Fraction
    threat: ThreatModel | None
    prices: str
    notices: tuple[Problem, ...]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ids of the chosen capabilities, in the order of gain."""
        return tuple(step.candidate.id for step in self.steps if step.candidate is not None)

    @property
    def active(self) -> tuple[Candidate, ...]:
        """The chosen capabilities and those that were had, by id."""
        return tuple(a.candidate for a in self.appraisals if a.state in ("chosen", "have"))

    def covered(self, candidates: Iterable[Candidate]) -> tuple[str, ...]:
        """The techniques that count and that candidates cover, by id."""
        techniques = {technique for candidate in candidates for technique in candidate.gives}
        return tuple(sorted(technique for technique in techniques if self.weight(technique)))

    def weight(self, technique: str) -> float:
        """What a technique weighs: 0 where it does not count."""
        return 1 if self.threat is None else self.threat.weights.get(technique, 0)

    def best(self, technique: str, candidates: Iterable[Candidate]) -> float | None:
        """The highest score that candidates give a technique; None where none gives one."""
        scores = [score for one in candidates if (score := one.gives.get(technique)) is not None]
        return max(scores, default=None)

    @property
    def share(self) -> Fraction:
        """The part of what all candidates give that the plan and what was had give, 0–1."""
        return self.value / self.total

    @property
    def by_count(self) -> bool:
        """Whether values are numbers of techniques."""
        return self.threat is None and self.total == len(self.coverable)

    @property
    def counts(self) -> bool:
        """Whether no mapping has a score, so that layers show numbers of capabilities."""
        return self.scoring.worth is None and not any(one.set.scored for one in self.inputs)

    @property
    def coverable(self) -> tuple[str, ...]:
        """The techniques that count and that any candidate covers, by id."""
        return self.covered(appraisal.candidate for appraisal in self.appraisals)
