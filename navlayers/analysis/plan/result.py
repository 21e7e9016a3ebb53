"""A plan: the chosen capabilities, what each adds, and what every candidate is good for."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.analysis.plan.alternatives import Redundancy, Swap
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


class PlanStep(msgspec.Struct, frozen=True):
    """One line of a plan's curve: a chosen capability, in the order of gain per cost.

    Attributes:
        candidate: the capability; None in the first line, of the capabilities in place.
        cost: its cost.
        gain: the value that it adds to the lines before.
        value: the value of all lines so far.
        spent: the cost of all lines so far.
    """

    candidate: Candidate | None
    cost: Fraction
    gain: Fraction
    value: Fraction
    spent: Fraction


class Appraisal(msgspec.Struct, frozen=True):
    """What one candidate is good for.

    Attributes:
        candidate: the capability.
        state: what became of it.
        cost: its cost; None where a table of costs has none.
        value: what it gives by itself.
        adds: what it would add to the plan and the capabilities in place.
        beside_all: what only it gives of all candidates.
        beside_plan: what only it gives beside the plan and the capabilities in place.
        swap: which candidate could replace it in the plan, if any.
    """

    candidate: Candidate
    state: State
    cost: Fraction | None
    value: Fraction
    adds: Fraction
    beside_all: Redundancy
    beside_plan: Redundancy
    swap: Swap | None


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Which capabilities to put in place.

    Values are exact, in weighted techniques: a technique of score 100 and weight 1 counts 1.

    Attributes:
        catalogue: the ATT&CK release.
        inputs: the sets, as they were scored.
        options, scoring: what was asked.
        steps: the curve, the capabilities in place first.
        appraisals: all candidates, by id.
        value: what the plan and the capabilities in place give together.
        total: what all candidates give together.
        cost: what the plan costs.
        proven: no plan is better.
        settled: of the plans as good, it is the first by the order in docs/plan.md.
        bound: the highest value (for a budget) or the lowest cost (for a target) that any plan can have.
        threat: what weighs the techniques; None where each weighs 1.
        prices: header of the costs; "" where each capability costs 1.
        notices: what to tell the user.
    """

    catalogue: Catalogue
    inputs: tuple[Coverage, ...]
    options: PlanOptions
    scoring: ScoreOptions
    steps: tuple[PlanStep, ...]
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
        """Ids of the chosen capabilities, in the order of gain."""
        return tuple(step.candidate.id for step in self.steps if step.candidate is not None)

    @cached_property
    def active(self) -> tuple[Candidate, ...]:
        """The chosen capabilities and those in place, by id."""
        return tuple(a.candidate for a in self.appraisals if a.state in ("chosen", "have"))

    @property
    def had(self) -> tuple[Candidate, ...]:
        """The capabilities in place, by id."""
        return tuple(a.candidate for a in self.appraisals if a.state == "have")

    @cached_property
    def givers(self) -> dict[str, list[Candidate]]:
        """Technique id → the candidates that cover it, strongest first, then by id."""
        return _by_technique(appraisal.candidate for appraisal in self.appraisals)

    @cached_property
    def active_givers(self) -> dict[str, list[Candidate]]:
        """Technique id → the chosen capabilities and those in place that cover it, strongest first, then by id."""
        return _by_technique(self.active)

    def covered(self, candidates: Iterable[Candidate]) -> tuple[str, ...]:
        """Ids of the techniques that count and that candidates cover, sorted."""
        techniques = {technique for candidate in candidates for technique in candidate.gives}
        return tuple(sorted(technique for technique in techniques if self.weight(technique)))

    @cached_property
    def reached(self) -> tuple[str, ...]:
        """Ids of the techniques that count and that the plan and the capabilities in place cover, sorted."""
        return self.covered(self.active)

    @cached_property
    def coverable(self) -> tuple[str, ...]:
        """Ids of the techniques that count and that any candidate covers, sorted."""
        return self.covered(appraisal.candidate for appraisal in self.appraisals)

    def weight(self, technique: str) -> float:
        """The weight of a technique: 0 where it does not count."""
        return 1 if self.threat is None else self.threat.weights.get(technique, 0)

    @property
    def share(self) -> Fraction:
        """`value` as a share of `total`, 0–1."""
        return self.value / self.total

    @cached_property
    def by_count(self) -> bool:
        """Whether values are numbers of techniques: without scores, all of one weight."""
        even = self.threat is None or all(self.threat.weights[technique] == 1 for technique in self.coverable)
        return even and (self.counts or self.options.measure == "covered")

    @property
    def counts(self) -> bool:
        """Whether no mapping has a score, so that layers show numbers of capabilities."""
        return self.scoring.worth is None and not any(each.set.scored for each in self.inputs)


def _by_technique(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    givers: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for technique in candidate.gives:
            givers.setdefault(technique, []).append(candidate)
    for technique, of in givers.items():
        of.sort(key=lambda candidate: (-(candidate.gives[technique] or 0), candidate.id))
    return givers


def best(technique: str, givers: Sequence[Candidate]) -> float | None:
    """The score 0–100 of the first giver; None where there is none, or it is not rated."""
    return givers[0].gives[technique] if givers else None
