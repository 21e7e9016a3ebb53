"""What a plan is: the chosen capabilities, the curve of what they add, and what every candidate is good for."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.analysis.plan.alternatives import Overlap, Swap
from navlayers.analysis.plan.candidates import Candidate
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.threats.model import ThreatModel
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.scoring.coverage import Coverage
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
    """What one candidate is good for: beside all others, and beside the capabilities of the plan and those had.

    `adds` is what it would add to the plan. `swap`: who could take its place in the plan, where anybody could.
    """

    candidate: Candidate
    state: State
    cost: Fraction | None
    value: Fraction
    adds: Fraction
    beside_all: Overlap
    beside_plan: Overlap
    swap: Swap | None


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A plan. Values are weighted techniques, a technique of score 100 and weight 1 being 1.

    `inputs` are the sets as they were scored. `steps` are the curve, what was had first. `appraisals` are all
    candidates, by id. `value` is what the plan and what was had give together, `total` what all candidates give.
    `proven`: no plan is better; else none goes beyond `bound`, the highest value or the lowest cost. `settled`: of
    plans as good, it is the first one by the order that docs/plan.md states. `threat` is what the techniques are
    weighed by. `prices`: the header of the costs; "" where each capability costs 1.
    """

    catalogue: Catalogue
    inputs: tuple[Coverage, ...]
    options: PlanOptions
    scoring: ScoreOptions
    steps: tuple[Step, ...]
    appraisals: tuple[Appraisal, ...]
    value: Fraction
    total: Fraction
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

    @cached_property
    def active(self) -> tuple[Candidate, ...]:
        """The chosen capabilities and those that were had, by id."""
        return tuple(a.candidate for a in self.appraisals if a.state in ("chosen", "have"))

    @property
    def had(self) -> tuple[Candidate, ...]:
        """The capabilities that were had, by id."""
        return tuple(a.candidate for a in self.appraisals if a.state == "have")

    @cached_property
    def givers(self) -> dict[str, list[Candidate]]:
        """Technique id → the candidates that give it something, strongest first, then by id."""
        return by_technique(appraisal.candidate for appraisal in self.appraisals)

    @cached_property
    def active_givers(self) -> dict[str, list[Candidate]]:
        """The same of the capabilities of the plan and those that were had."""
        return by_technique(self.active)

    def covered(self, candidates: Iterable[Candidate]) -> tuple[str, ...]:
        """The techniques that count and that candidates cover, by id."""
        techniques = {technique for candidate in candidates for technique in candidate.gives}
        return tuple(sorted(technique for technique in techniques if self.weight(technique)))

    @cached_property
    def reached(self) -> tuple[str, ...]:
        """The techniques that count and that the plan covers with what was had, by id."""
        return self.covered(self.active)

    @cached_property
    def coverable(self) -> tuple[str, ...]:
        """The techniques that count and that any candidate covers, by id."""
        return self.covered(appraisal.candidate for appraisal in self.appraisals)

    def weight(self, technique: str) -> float:
        """What a technique weighs: 0 where it does not count."""
        return 1 if self.threat is None else self.threat.weights.get(technique, 0)

    @property
    def share(self) -> Fraction:
        """The part of what all candidates give that the plan and what was had give, 0–1."""
        return self.value / self.total

    @cached_property
    def by_count(self) -> bool:
        """Whether values are numbers of techniques: nothing says how well these are covered, or what they weigh."""
        even = self.threat is None or all(self.threat.weights[technique] == 1 for technique in self.coverable)
        return even and (self.counts or self.options.measure == "covered")

    @property
    def counts(self) -> bool:
        """Whether no mapping has a score, so that layers show numbers of capabilities."""
        return self.scoring.worth is None and not any(one.set.scored for one in self.inputs)


def by_technique(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    """Technique id → the candidates that give it something, strongest first, then by id."""
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for technique in candidate.gives:
            found.setdefault(technique, []).append(candidate)
    for technique, givers in found.items():
        givers.sort(key=lambda one: (-(one.gives[technique] or 0), one.id))
    return found


def best(technique: str, givers: Sequence[Candidate]) -> float | None:
    """The score of the first of them; None where there is none, or it is not rated."""
    return givers[0].gives[technique] if givers else None
