"""A plan: the chosen capabilities and an appraisal of every candidate, as numbers and in sentences."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from navlayers._text.numbers import percent_text, rounded
from navlayers._text.wording import and_list, of_matrix, quantity
from navlayers.analysis.frames import Tabular
from navlayers.analysis.plan.alternatives import Redundancy
from navlayers.analysis.plan.candidates import Candidate
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.search import End
from navlayers.analysis.threats.model import ThreatModel
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.mapping.nouns import Noun, common_noun
from navlayers.scoring.coverage import Coverage
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["chosen", "have", "excluded", "no cost", "not chosen"]

UNITS = frozenset(
    ["days", "hours", "weeks", "months", "fte", "eur", "euro", "euros", "usd", "gbp", "chf", "dollars", "$", "€"]
)
"""Headers of costs that are units, written after the number: "35 days"."""


class Replacement(msgspec.Struct, frozen=True):
    """The capability that would best replace a chosen one, by id, and the value that the plan loses by it."""

    capability: str
    loses: Fraction


class PlanStep(msgspec.Struct, frozen=True):
    """One line of a plan's curve: a chosen capability, in the order of gain per cost; also a step in the JSON.

    Attributes:
        capability: its id; None in the first line, of the capabilities in place.
        cost: its cost.
        adds: the value that it adds to the lines before.
        together: the value of all lines so far.
        share: the same in percent of the value of all candidates.
        spent: the cost of all lines so far.
    """

    capability: str | None
    cost: Fraction
    adds: Fraction
    together: Fraction
    share: float
    spent: Fraction


class Appraisal(msgspec.Struct, frozen=True):
    """The appraisal of one candidate; also a capability in the JSON.

    Attributes:
        id, set, capability, name: of the `Candidate`.
        state: whether it is chosen, in place, excluded, without a cost, or not chosen.
        cost: its cost; None if the table of costs has none.
        techniques: number of techniques that count in the plan and that it covers.
        value: the value of the capability alone.
        adds: the value that it would add to the plan and the capabilities in place.
        instead: its replacement in the plan, if any.
        beside_all: its unique contribution among all candidates.
        beside_plan: its unique contribution among the plan and the capabilities in place.
    """

    id: str
    set: str
    capability: str
    name: str
    state: State
    cost: Fraction | None
    techniques: int
    value: Fraction
    adds: Fraction
    instead: Replacement | None
    beside_all: Redundancy
    beside_plan: Redundancy


class Plan(msgspec.Struct, Tabular, frozen=True, kw_only=True, dict=True):
    """Which capabilities to put in place.

    Values are exact, in weighted techniques: a technique of score 100 and weight 1 counts 1.

    Attributes:
        catalogue: the ATT&CK release.
        inputs: the sets, as they were scored.
        options, scoring: the options of the plan and of its scores.
        candidates: all candidates, by id.
        steps: the curve, the capabilities in place first.
        appraisals: all candidates, by id.
        value: value of the plan and the capabilities in place together.
        total: value of all candidates together.
        cost: cost of the plan.
        proven: no plan is better.
        settled: of equally good plans, it is the first in the order of docs/plan.md.
        bound: the highest value (for a budget) or the lowest cost (for a target) that any plan can have.
        end: why the search for a proof ended, as of a choice.
        threat: the weights of the techniques; None if each weighs 1.
        prices: header of the costs; "" if each capability costs 1.
        notices: messages for the user.
        files: the files that were read.
    """

    catalogue: Catalogue
    inputs: tuple[Coverage, ...]
    options: PlanOptions
    scoring: ScoreOptions
    candidates: tuple[Candidate, ...]
    steps: tuple[PlanStep, ...]
    appraisals: tuple[Appraisal, ...]
    value: Fraction
    total: Fraction
    cost: Fraction
    proven: bool
    settled: bool
    bound: Fraction
    end: End
    threat: ThreatModel | None
    prices: str
    notices: tuple[Problem, ...]
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Number of capabilities and share in one line."""
        proven = "proven optimal" if self.proven else "not proven optimal"
        chosen = self.noun.counted(len(self.chosen))
        return f"<Plan of {chosen}, {percent_text(self.value, self.total)} of the total value, {proven}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per chosen capability, in order of gain, as in the steps of the JSON."""
        rows: list[dict[str, Any]] = msgspec.to_builtins(self.steps, enc_hook=float)
        return [row for row in rows if row["capability"] is not None]

    @property
    def chosen(self) -> tuple[str, ...]:
        """Ids of the chosen capabilities, in the order of gain."""
        return tuple(step.capability for step in self.steps if step.capability is not None)

    @cached_property
    def active(self) -> tuple[Candidate, ...]:
        """The chosen capabilities and those in place, by id."""
        ids = {appraisal.id for appraisal in self.appraisals if appraisal.state in ("chosen", "have")}
        return tuple(candidate for candidate in self.candidates if candidate.id in ids)

    @property
    def had(self) -> tuple[Appraisal, ...]:
        """The capabilities in place, by id."""
        return tuple(appraisal for appraisal in self.appraisals if appraisal.state == "have")

    @cached_property
    def sets_in_place(self) -> tuple[Coverage, ...]:
        """The sets whose capabilities are all in place, if the others have none in place."""
        had = {appraisal.set for appraisal in self.had}
        sets = {appraisal.set for appraisal in self.appraisals if appraisal.state != "have"}
        if not had or not sets or had & sets:
            return ()
        return tuple(coverage for coverage in self.inputs if coverage.name in had)

    @cached_property
    def givers(self) -> dict[str, list[Candidate]]:
        """Technique id → the candidates that cover it, strongest first, then by id."""
        return _by_technique(self.candidates)

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
        return self.covered(self.candidates)

    def weight(self, technique: str) -> float:
        """The weight of a technique; 0 if it does not count."""
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

    @cached_property
    def noun(self) -> Noun:
        """The word for the capabilities."""
        return common_noun(coverage.noun for coverage in self.inputs)

    @cached_property
    def counts(self) -> bool:
        """Whether no mapping has a score, so that layers show numbers of capabilities."""
        return self.scoring.worth is None and not any(coverage.set.scored for coverage in self.inputs)

    @property
    def covered_word(self) -> str:
        """What techniques are: "mapped" without scores, as a bare relation does not say that anything covers."""
        return "mapped" if self.counts else "covered"

    def cover(self, number: int) -> str:
        """What so many capabilities do: "covers", "cover", or "is mapped to", "are mapped to" without scores."""
        one, several = ("is mapped to", "are mapped to") if self.counts else ("covers", "cover")
        return one if number == 1 else several


def _by_technique(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    givers: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        for technique in candidate.gives:
            givers.setdefault(technique, []).append(candidate)
    for technique, of in givers.items():
        of.sort(key=lambda candidate: (-candidate.gives[technique], candidate.id))
    return givers


def decimal(number: Fraction) -> float:
    """A number with at most two decimals."""
    return rounded(float(number))


def amount(plan: Plan, cost: Fraction) -> str:
    """A cost with its unit or header: "35 days", "price 1,200"."""
    number = f"{decimal(cost):,}"
    return f"{number}{_unit(plan)}" if _unit(plan) else f"{plan.prices} {number}"


def _unit(plan: Plan) -> str:
    return f" {plan.prices}" if plan.prices.casefold() in UNITS else ""


def goal(plan: Plan) -> str:
    """The budget or target: "a budget of 10", "a target of 95%"."""
    if plan.options.most is None:
        return f"a target of {float(100 * (plan.options.least or 0)):g}%"
    return f"a budget of {decimal(plan.options.most):,}{_unit(plan)}"


def summary(plan: Plan) -> str:
    """The plan in a sentence.

    "Choose 13 of 109 controls for a target of 100% at ATT&CK Enterprise 16.1: together they cover 469 of the
    469 techniques and sub-techniques that all 109 controls cover; proven optimal".
    """
    release = plan.catalogue.title
    return f"{_choice(plan)} for {goal(plan)} at {release}: {_reached(plan)}; {certainty(plan)}"


def _choice(plan: Plan) -> str:
    chosen, every, had = len(plan.chosen), len(plan.appraisals), len(plan.had)
    details = [amount(plan, plan.cost)] if plan.prices and chosen else []
    without = sum(appraisal.state == "no cost" for appraisal in plan.appraisals)
    if 2 * without >= every:
        free = sum(appraisal.state in ("chosen", "not chosen") for appraisal in plan.appraisals)
        details.append(f"only {free} can be chosen, {without} have no cost")
    suffix = f" ({'; '.join(details)})" if details else ""
    if plan.sets_in_place:
        distinct = len({coverage.set.name for coverage in plan.inputs}) == len(plan.inputs)
        names = {coverage.name: coverage.set.name if distinct else coverage.name for coverage in plan.inputs}
        in_place = and_list([names.pop(coverage.name) for coverage in plan.sets_in_place])
        owners = and_list(list(names.values()))
        return f"In place: {in_place}; choose {chosen or 'none'} of {owners}'s {_selectable(plan)}{suffix}"
    if had == every:
        all_are = f"All {plan.noun.counted(every)} are" if every > 1 else f"The only {plan.noun.singular} is"
        return f"{all_are} in place: choose none"
    if had:
        return f"Add {chosen or 'nothing'}{suffix} to the {had} in place"
    return f"Choose {chosen or 'none'} of {plan.noun.counted(every)}{suffix}"


def _reached(plan: Plan) -> str:
    had, every = len(plan.had), len(plan.appraisals)
    active = len(plan.chosen) + had
    they, one = ("together they", False) if active > 1 else ("it" if active else "this", True)
    cover, share = plan.cover(1 if one else active), percent_text(plan.value, plan.total, plan.options.least)
    count = len(plan.coverable)
    subs = any("." in id_ for id_ in plan.coverable)
    both = f"{len(plan.reached)} of the {of_matrix(count) if subs else quantity(count, 'technique')}"
    whose = f"both {plan.noun.plural}" if every == 2 else f"all {plan.noun.counted(every)}"
    that = f" that {f'the {plan.noun.singular}' if every == 1 else whose} {plan.cover(every)}"
    if not plan.by_count:
        values = f"{decimal(plan.value):,} of {decimal(plan.total):,}"
        total = f"{they} reach{'es' if one else ''} {share} of the total value ({values})"
        # Against a threat, `threat_coverage` has the share of its techniques: one denominator for all.
        return total if plan.threat is not None else f"{total} and {cover} {both}{that}"
    if plan.threat is not None:
        return f"{they} {cover} {share} of the {quantity(count, 'technique')} that can be {plan.covered_word}"
    part = f" ({share})" if plan.share < 1 else ""
    return f"{they} {cover} {both}{that}{part}"


def certainty(plan: Plan) -> str:
    """Whether a better plan is possible, in words."""
    if plan.proven:
        ties = "" if plan.settled else ", but ties are not resolved"
        return f"proven optimal{ties}"
    why = {
        "time": f" within the time limit of {plan.options.seconds:g} s",
        "stalled": ", as the search stopped making progress",
        "memory": ", as the solver ran out of memory",
        "crash": ", as the solver crashed",
    }
    unproven = f"not proven optimal{why[plan.end]}"
    if plan.options.most is None:
        least = f"{decimal(plan.bound):,}"
        what = f"costs less than {least}" if plan.prices else f"has fewer than {least} {plan.noun.plural}"
        return f"{unproven}: no plan {what}"
    more = plan.bound / plan.value - 1 if plan.value else None
    if more is None:
        return f"{unproven}: at most {decimal(plan.bound):,} is possible"
    return f"{unproven}: at most {math.ceil(100 * more)}% more is possible"


def threat_coverage(plan: Plan) -> str:
    """The numbers of covered and uncoverable techniques of the threat; "" without a threat."""
    if plan.threat is None:
        return ""
    covered, every = len(plan.reached), len(plan.threat.weights)
    if plan.had:
        return _before_and_after(plan, plan.threat)
    techniques = f"{covered} of the {quantity(every, 'technique')} of {plan.threat.title}"
    uncovered = every - len(plan.coverable)
    rest = f"each can be {plan.covered_word}"
    if uncovered:
        rest = f"no {plan.noun.singular} {plan.cover(1)} {uncovered} of them"
    who = f"The {plan.noun.plural} of the plan are mapped to" if plan.counts else "The plan covers"
    return f"{who} {techniques} ({percent_text(covered, every)}); {rest}{_fading(plan.threat)}"


def _fading(threat: ThreatModel) -> str:
    return f"; {threat.decay}" if threat.decay else ""


def _selectable(plan: Plan) -> str:
    """The capabilities to choose from, by the noun of their sets: "40 services"."""
    selectable = [appraisal for appraisal in plan.appraisals if appraisal.state != "have"]
    sets = {appraisal.set for appraisal in selectable}
    return common_noun(c.noun for c in plan.inputs if c.name in sets).counted(len(selectable))


def stages(plan: Plan) -> dict[str, int]:
    """The numbers of techniques covered in place and, where there is a choice, with the plan and with all."""
    had = {appraisal.id for appraisal in plan.had}
    before = plan.covered(candidate for candidate in plan.candidates if candidate.id in had)
    in_place = {"in place": len(before)}
    if len(plan.had) == len(plan.appraisals):
        return in_place
    return {
        **in_place,
        "with the plan": len(plan.reached),
        f"with all {_selectable(plan)}": len(plan.coverable),
    }


def _before_and_after(plan: Plan, threat: ThreatModel) -> str:
    every = len(threat.weights)
    (_, before), *rest = stages(plan).items()
    who = "What is in place is mapped to" if plan.counts else "What is in place covers"
    first = (
        f"{who} {before} of the {quantity(every, 'technique')} of {threat.title} ({percent_text(before, every)})"
    )
    later = (f"{when} {number} ({percent_text(number, every)})" for when, number in rest)
    return f"{', '.join((first, *later))}{_fading(threat)}"


def label(plan: Plan, candidate: Candidate | Appraisal, *, short: bool = False) -> str:
    """The label of a capability, followed by its set if there are several: "Cloud IDS (gcp)".

    `short`: "AC-02" instead of "AC-02 Account Management".
    """
    coverage = next(coverage for coverage in plan.inputs if coverage.name == candidate.set)
    text = coverage.labels.get(candidate.capability, candidate.capability)
    if short and text.startswith(f"{candidate.capability} "):
        text = candidate.capability
    return f"{text} ({candidate.set})" if len(plan.inputs) > 1 else text
