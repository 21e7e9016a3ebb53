"""From sets to a plan: which capabilities to put in place, in which order, and what each is good for."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text import listed
from navlayers.analysis.plan.alternatives import Margins, Redundancies, SwapLimits
from navlayers.analysis.plan.candidates import Directory, candidates_of, levels_of, named, score_inputs
from navlayers.analysis.plan.costs import assign
from navlayers.analysis.plan.problem import ScaledProblem
from navlayers.analysis.plan.result import Appraisal, Plan, PlanStep
from navlayers.analysis.plan.solve import in_order, solve
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import unrated_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan.candidates import Candidate, Level
    from navlayers.analysis.plan.costs import Costs
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.result import State
    from navlayers.analysis.threats import ThreatModel
    from navlayers.scoring.coverage import Coverage

_SCORING = ScoreOptions()


def make_plan(
    inputs: InputSet,
    options: PlanOptions,
    scoring: ScoreOptions = _SCORING,
    *,
    threat: ThreatModel | None = None,
    costs: Costs | None = None,
) -> Plan:
    """Choose capabilities of sets at one release.

    Args:
        inputs: the sets whose capabilities are candidates.
        options: the budget or target, and what counts.
        scoring: how mappings become scores; only `scale` and `worth` count.
        threat: weights of the techniques, all others count nothing; None: every technique weighs 1.
        costs: costs from a table; None: each capability costs 1.

    Returns:
        The best plan; past the time limit the best one found, with a bound.

    Raises:
        NavlayersError: an option does not fit the sets, or the target cannot be reached.
    """
    coverages = score_inputs(inputs, scoring)
    candidates = candidates_of(coverages, options.category, options.min_score, options.measure)
    directory = Directory(candidates)
    have, exclude = _have_and_exclude(options, directory)
    prices, cost_notices = _prices(candidates, directory, costs)
    levels = levels_of(candidates, options.measure, None if threat is None else _exact(threat.weights))
    if not levels:
        hint = f"{threat.title} uses none of those that they cover" if threat else ""
        raise UsageError(Problem("no capability of the sets covers a technique that counts", hint=hint))
    free = {i: cost for i, cost in prices.items() if i not in have and i not in exclude}
    scaled = ScaledProblem(levels, free, have, options)
    problem = scaled.problem
    choice = solve(problem, options.seconds)
    order = [problem.ids[i] for i, _ in in_order(problem, choice.chosen)]
    states = {each.id: _state(each.id, frozenset(order), have, exclude, prices) for each in candidates}
    by_id = {candidate.id: candidate for candidate in candidates}
    steps = tuple(_steps(scaled, [by_id[i] for i in order], prices, had=bool(have)))
    value = steps[-1].value if steps else Fraction(0)
    cost = problem.cost(choice.chosen) * scaled.costs.step
    limits = SwapLimits(
        prices,
        left=Fraction(0) if options.most is None else options.most - cost,
        least=None if options.least is None else options.least * scaled.total,
    )
    return Plan(
        catalogue=inputs.catalogue,
        inputs=coverages,
        options=options,
        scoring=scoring,
        steps=steps,
        appraisals=_appraise(candidates, levels, states, limits),
        value=value,
        total=scaled.total,
        cost=cost,
        proven=choice.proven,
        settled=choice.settled,
        bound=scaled.bound(choice, value),
        threat=threat,
        prices="" if costs is None else " ".join(costs.header.split()) or "cost",
        notices=(
            *inputs.notices,
            *(threat.notices if threat else ()),
            *cost_notices,
            *_notices(coverages, options, scoring, states, rounded=scaled.values.rounded),
        ),
    )


def _have_and_exclude(options: PlanOptions, directory: Directory) -> tuple[frozenset[str], frozenset[str]]:
    have = frozenset(named(options.have, directory, "--have"))
    exclude = frozenset(named(options.exclude, directory, "--exclude"))
    both = sorted(have & exclude)
    if both:
        stand = "stands" if len(both) == 1 else "stand"
        message = f"{listed(both)} {stand} in both --have and --exclude"
        raise UsageError(Problem(message, hint="remove it from one of the two"))
    return have, exclude


def _prices(
    candidates: Sequence[Candidate], directory: Directory, costs: Costs | None
) -> tuple[dict[str, Fraction], tuple[Problem, ...]]:
    if costs is None:
        return {candidate.id: Fraction(1) for candidate in candidates}, ()
    prices, notices = assign(costs, directory)
    if not prices:
        message = "no row of the cost table names a capability of the sets"
        raise UsageError([*notices, Problem(message, expected="ids or names of capabilities")])
    return prices, notices


def _exact(weights: Mapping[str, float]) -> dict[str, Fraction]:
    """Weights as they are written: 0.1 is a tenth."""
    wrong = [
        Problem(f"weight {weight:g} of {technique}", expected="a number of 0 or more")
        for technique, weight in weights.items()
        if not (math.isfinite(weight) and weight >= 0)
    ]
    if wrong:
        raise UsageError(wrong)
    return {technique: Fraction(str(weight)) for technique, weight in weights.items()}


def _state(
    candidate: str,
    chosen: frozenset[str],
    have: frozenset[str],
    exclude: frozenset[str],
    prices: Mapping[str, Fraction],
) -> State:
    if candidate in chosen:
        return "chosen"
    if candidate in have:
        return "have"
    if candidate in exclude:
        return "excluded"
    return "not chosen" if candidate in prices else "no cost"


def _steps(
    scaled: ScaledProblem, order: Sequence[Candidate], prices: Mapping[str, Fraction], *, had: bool
) -> Iterator[PlanStep]:
    value, spent = scaled.in_place, Fraction(0)
    if had:
        yield PlanStep(None, spent, value, value, spent)
    gains = scaled.gains([candidate.id for candidate in order])
    for candidate, gain in zip(order, gains, strict=True):
        value += gain
        spent += prices[candidate.id]
        yield PlanStep(candidate, prices[candidate.id], gain, value, spent)


def _appraise(
    candidates: Sequence[Candidate], levels: Sequence[Level], states: Mapping[str, State], limits: SwapLimits
) -> tuple[Appraisal, ...]:
    values = dict.fromkeys(states, Fraction(0))
    for level in levels:
        for giver in level.givers:
            values[giver] += level.worth
    margins = Margins(levels, states)
    swaps = margins.swaps(limits)
    of_all = Redundancies(levels, states)
    of_plan = Redundancies(levels, (i for i, state in states.items() if state in ("chosen", "have")))
    return tuple(
        Appraisal(
            candidate=candidate,
            state=states[candidate.id],
            cost=limits.prices.get(candidate.id),
            value=values[candidate.id],
            adds=margins.adds[candidate.id],
            beside_all=of_all.of(candidate.id),
            beside_plan=of_plan.of(candidate.id),
            swap=swaps.get(candidate.id),
        )
        for candidate in candidates
    )


def _notices(
    inputs: Sequence[Coverage],
    options: PlanOptions,
    scoring: ScoreOptions,
    states: Mapping[str, State],
    *,
    rounded: bool,
) -> Iterator[Problem]:
    """What a user would otherwise find out by wondering about the numbers."""
    by_score = options.measure == "score" or options.min_score > 0
    scored = any(each.set.scored for each in inputs)
    bare = [each.name for each in inputs if not each.set.scored and each.set.mappings]
    if bare and scoring.worth is None and by_score and (scored or options.min_score):
        message = f"{listed(bare)}: mappings without a score count as 100"
        yield Problem(message, hint="--worth sets another score; --measure covered only counts techniques")
    if scoring.worth is None and by_score:
        for each in inputs:
            yield from unrated_mappings(each.name, each.set)
    without_cost = [candidate for candidate, state in states.items() if state == "no cost"]
    if without_cost:
        number = len(without_cost)
        have, are = ("capabilities have", "are") if number > 1 else ("capability has", "is")
        yield Problem(f"{number} {have} no cost and {are} left out of the plan: {listed(without_cost)}")
    if rounded:
        yield Problem("the weights are rounded to a millionth of the largest")
