"""Make a plan: choose capabilities, order them by gain per cost, appraise every candidate."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.numbers import percent_text
from navlayers._text.wording import comma_list
from navlayers.analysis.inputs import refuse_threats
from navlayers.analysis.plan.alternatives import Margins, Redundancies
from navlayers.analysis.plan.candidates import Directory, candidates_of, named, score_inputs
from navlayers.analysis.plan.costs import assign
from navlayers.analysis.plan.problem import DEAREST, cover_problem, levels_of, rounded, whole_numbers
from navlayers.analysis.plan.result import Appraisal, Plan, PlanStep, Replacement
from navlayers.analysis.plan.solve import in_order, solve
from navlayers.errors import Problem, UsageError
from navlayers.mapping.nouns import common_noun
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import unrated_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan.alternatives import Redundancy
    from navlayers.analysis.plan.candidates import Candidate
    from navlayers.analysis.plan.costs import Costs
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.problem import CoverProblem, Level
    from navlayers.analysis.plan.result import State
    from navlayers.analysis.threats.model import ThreatModel
    from navlayers.scoring.coverage import Coverage


class Ground(NamedTuple):
    """What plans of one budget or another share: the scores of the inputs, the candidates, what each gives.

    `beside_all` has the unique contribution of each candidate among all.
    """

    coverages: tuple[Coverage, ...]
    candidates: tuple[Candidate, ...]
    levels: Sequence[Level]
    unit: Fraction
    beside_all: Mapping[str, Redundancy]


def ground_of(
    inputs: InputSet,
    options: PlanOptions,
    scoring: ScoreOptions = ScoreOptions(),
    threat: ThreatModel | None = None,
) -> Ground:
    """What plans of the same sets share, whatever their budget or target.

    Args:
        inputs: as for `make_plan`.
        options: of them, what counts.
        scoring: as for `make_plan`.
        threat: as for `make_plan`.

    Raises:
        NavlayersError: an input lists threats, or nothing can be chosen.
    """
    refuse_threats(inputs)
    coverages = score_inputs(inputs, scoring)
    candidates = candidates_of(coverages, options.category, options.min_score)
    levels, unit = levels_of(candidates, options.measure, None if threat is None else _exact(threat.weights))
    ids = [candidate.id for candidate in candidates]
    of_all = Redundancies(levels, ids)
    return Ground(coverages, candidates, levels, unit, {id_: of_all.of(id_) for id_ in ids})


def make_plan(
    inputs: InputSet,
    options: PlanOptions,
    scoring: ScoreOptions = ScoreOptions(),
    *,
    threat: ThreatModel | None = None,
    costs: Costs | None = None,
    ground: Ground | None = None,
) -> Plan:
    """Choose capabilities of sets at one release.

    Args:
        inputs: the sets whose capabilities are candidates.
        options: budget or target, and the scores that count.
        scoring: how mappings become scores; only `scale` and `worth` count.
        threat: weights of techniques, 0 for all others; None: every technique weighs 1.
        costs: costs from a table; None: each capability costs 1.
        ground: what `ground_of` gives for these arguments, where several plans are made of them.

    Returns:
        The best plan; past the time limit the best one found, with a bound.

    Raises:
        NavlayersError: an input lists threats, an option does not fit the sets, or the target cannot be reached.
    """
    ground = ground or ground_of(inputs, options, scoring, threat)
    coverages, candidates, levels, unit, _ = ground
    directory = Directory(candidates)
    have, exclude = _have_and_exclude(options, directory)
    prices, cost_notices = _prices(candidates, directory, costs)
    if not levels:
        words = common_noun(coverage.noun for coverage in coverages)
        hint = f"the sets cover no technique of {threat.title}" if threat else ""
        raise UsageError(Problem(f"no {words.singular} covers a technique that counts", hint=hint))
    worths, rounding = rounded([level.worth for level in levels])
    free = {id_: price for id_, price in prices.items() if id_ not in have and id_ not in exclude}
    problem, price_unit = _problem(levels, worths, free, have, options)
    choice = solve(problem, options.seconds)
    order = [problem.ids[i] for i, _ in in_order(problem, choice.chosen)]
    states: dict[str, State] = {
        candidate.id: "not chosen" if candidate.id in prices else "no cost" for candidate in candidates
    }
    states |= {
        **dict.fromkeys(exclude, "excluded"),
        **dict.fromkeys(have, "have"),
        **dict.fromkeys(order, "chosen"),
    }
    steps = tuple(_steps(order, levels, have, prices, unit))
    value = steps[-1].together if steps else Fraction(0)
    cost = problem.cost(choice.chosen) * price_unit
    if options.most is None:
        bound = choice.bound * price_unit
    elif choice.proven:
        bound = value
    else:
        in_place = sum(level.worth for level in levels if not have.isdisjoint(level.givers)) * unit
        # Where weights are rounded, each may be wrong by one.
        slack = 0 if rounding == 1 else len(levels)
        bound = max(value, in_place + (choice.bound + slack) * rounding * unit)
    return Plan(
        catalogue=inputs.catalogue,
        inputs=coverages,
        options=options,
        scoring=scoring,
        candidates=candidates,
        steps=steps,
        appraisals=tuple(_appraise(ground, states, prices, options, cost)),
        value=value,
        total=sum(level.worth for level in levels) * unit,
        cost=cost,
        proven=choice.proven,
        settled=choice.settled,
        bound=bound,
        end=choice.end,
        threat=threat,
        prices="" if costs is None else " ".join(costs.header.split()) or "cost",
        notices=(
            *inputs.notices,
            *(threat.notices if threat else ()),
            *cost_notices,
            *_notices(coverages, options, scoring, states),
            *([] if rounding == 1 else [Problem("the weights are rounded to a millionth of the largest")]),
        ),
    )


def _have_and_exclude(options: PlanOptions, directory: Directory) -> tuple[frozenset[str], frozenset[str]]:
    have = frozenset(named(options.have, directory, "--have"))
    exclude = frozenset(named(options.exclude, directory, "--exclude"))
    both = sorted(have & exclude)
    if both:
        message = f"{comma_list(both)} {'is' if len(both) == 1 else 'are'} in both --have and --exclude"
        raise UsageError(Problem(message, hint="remove it from one of them"))
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
    """Weights as exact fractions: 0.1 is a tenth."""
    wrong = [
        Problem(f"weight {weight:g} of {technique}", expected="a number of 0 or more")
        for technique, weight in weights.items()
        if not (math.isfinite(weight) and weight >= 0)
    ]
    if wrong:
        raise UsageError(wrong)
    return {technique: Fraction(str(weight)) for technique, weight in weights.items()}


def _problem(
    levels: Sequence[Level],
    worths: Sequence[int],
    prices: Mapping[str, Fraction],
    have: frozenset[str],
    options: PlanOptions,
) -> tuple[CoverProblem, Fraction]:
    """The problem without the coverage of the capabilities in place, and the price of one unit of cost.

    `worths` are those of the levels, rounded if they are too fine; `prices` the costs of selectable candidates.

    Raises:
        UsageError: the costs are too fine, or the target cannot be reached.
    """
    costs, unit = whole_numbers(list(prices.values()))
    if sum(costs) > DEAREST:
        hint = "round them, or write them in thousands"
        expected = "costs whose sum has at most nine digits"
        raise UsageError(Problem("the costs have too many digits", expected=expected, hint=hint))
    elements = [
        (worth, [giver for giver in level.givers if giver in prices])
        for level, worth in zip(levels, worths, strict=True)
        if have.isdisjoint(level.givers)
    ]
    by_id = dict(zip(prices, costs, strict=True))
    if options.most is not None:
        return cover_problem(by_id, elements, budget=math.floor(options.most / unit)), unit
    total = sum(worths)
    lacking = sum(worth for worth, _ in elements)
    reachable = total - sum(worth for worth, givers in elements if not givers)
    target = math.ceil((options.least or 0) * total)
    if target > reachable:
        share = percent_text(reachable, total, options.least)
        goal = f"the target of {float(100 * (options.least or 0)):g}% cannot be reached"
        message = f"{goal}: the capabilities to choose from reach {share} of the total value"
        raise UsageError(
            Problem(message, hint="lower the target, exclude less, or add costs for more capabilities")
        )
    return cover_problem(by_id, elements, need=max(target - total + lacking, 0)), unit


def _steps(
    order: Sequence[str],
    levels: Sequence[Level],
    have: frozenset[str],
    prices: Mapping[str, Fraction],
    unit: Fraction,
) -> Iterator[PlanStep]:
    """The capabilities in place, then the chosen ones, with what each adds to those before it."""
    gains = dict.fromkeys((None, *order), 0)
    place = {id_: number for number, id_ in enumerate(order)}
    for level in levels:
        if not have.isdisjoint(level.givers):
            gains[None] += level.worth
        elif chosen := [giver for giver in level.givers if giver in place]:
            gains[min(chosen, key=place.__getitem__)] += level.worth
    total = sum(level.worth for level in levels)
    together, spent = 0, Fraction(0)
    for id_, gain in gains.items():
        if id_ is None and not have:
            continue
        cost = Fraction(0) if id_ is None else prices[id_]
        together += gain
        spent += cost
        share = float(Fraction(100 * together, total))
        yield PlanStep(id_, cost, gain * unit, together * unit, share, spent)


def _appraise(
    ground: Ground,
    states: Mapping[str, State],
    prices: Mapping[str, Fraction],
    options: PlanOptions,
    cost: Fraction,
) -> Iterator[Appraisal]:
    levels, unit = ground.levels, ground.unit
    values = dict.fromkeys(states, 0)
    techniques: dict[str, set[str]] = {id_: set() for id_ in states}
    for level in levels:
        for giver in level.givers:
            values[giver] += level.worth
            techniques[giver].add(level.technique)
    margins = Margins(levels, states)
    rest = Fraction(0) if options.most is None else options.most - cost
    total = sum(level.worth for level in levels)
    loss = None if options.least is None else margins.value - options.least * total
    swaps = {member: Replacement(by, lost * unit) for member, by, lost in margins.swaps(prices, rest, loss)}
    of_plan = Redundancies(levels, (id_ for id_, state in states.items() if state in ("chosen", "have")))
    for candidate in ground.candidates:
        id_ = candidate.id
        yield Appraisal(
            id=id_,
            set=candidate.set,
            capability=candidate.capability,
            name=candidate.name,
            state=states[id_],
            cost=prices.get(id_),
            techniques=len(techniques[id_]),
            value=values[id_] * unit,
            adds=margins.adds[id_] * unit,
            instead=swaps.get(id_),
            beside_all=ground.beside_all[id_],
            beside_plan=of_plan.of(id_),
        )


def _notices(
    inputs: Sequence[Coverage], options: PlanOptions, scoring: ScoreOptions, states: Mapping[str, State]
) -> Iterator[Problem]:
    """Notices that explain the numbers."""
    by_score = options.measure == "score" or options.min_score > 0
    scored = any(coverage.set.scored for coverage in inputs)
    bare = [coverage.name for coverage in inputs if not coverage.set.scored and coverage.set.mappings]
    if bare and scoring.worth is None and by_score and (scored or options.min_score):
        message = f"{comma_list(bare)}: mappings without a score count as 100"
        yield Problem(message, hint="--worth sets another score; --measure covered only counts techniques")
    if scoring.worth is None:
        for coverage in inputs:
            yield from unrated_mappings(coverage.name, coverage.set)
    without_cost = [candidate for candidate, state in states.items() if state == "no cost"]
    if without_cost:
        number = len(without_cost)
        have, are = ("have", "are") if number > 1 else ("has", "is")
        who = common_noun(coverage.noun for coverage in inputs).counted(number)
        yield Problem(f"{who} {have} no cost and {are} left out of the plan: {comma_list(without_cost)}")
