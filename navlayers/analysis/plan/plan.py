"""From sets to a plan: what to put in place, in which order, and what each capability is good for."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text import listed
from navlayers.analysis.plan.alternatives import Beside, Others, Room
from navlayers.analysis.plan.candidates import Directory, candidates_of, levels_of, named, score_inputs
from navlayers.analysis.plan.costs import assign
from navlayers.analysis.plan.problem import Question
from navlayers.analysis.plan.result import Appraisal, Plan, Step
from navlayers.analysis.plan.solve import in_order, solve
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.plan.candidates import Candidate, Level
    from navlayers.analysis.plan.costs import Costs
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.problem import Scale
    from navlayers.analysis.plan.result import State
    from navlayers.analysis.threats import ThreatModel
    from navlayers.scoring.coverage import Coverage


_SCORING = ScoreOptions()


def make_plan(
    together: InputSet,
    options: PlanOptions,
    scoring: ScoreOptions = _SCORING,
    *,
    threat: ThreatModel | None = None,
    costs: Costs | None = None,
) -> Plan:
    """Choose capabilities of sets at one release.

    Of `scoring` only `scale` and `worth` count. `threat` weighs the techniques, all others count nothing; None:
    every technique weighs 1. `costs` are those of a table; None: each capability costs 1.

    Raises:
        NavlayersError: an option does not fit the sets, or the target cannot be reached.
    """
    inputs = score_inputs(together, scoring)
    candidates = candidates_of(inputs, options.category, options.min_score, options.measure)
    directory = Directory(candidates)
    have, exclude = _named(options, directory)
    prices, notices = _prices(candidates, directory, costs)
    levels = levels_of(candidates, options.measure, None if threat is None else _exact(threat.weights))
    if not levels:
        hint = f"{threat.title} uses none of those that they cover" if threat else ""
        raise UsageError(Problem("no capability of the sets covers a technique that counts", hint=hint))
    open_ = {i: cost for i, cost in prices.items() if i not in have and i not in exclude}
    question = Question(levels, open_, have, options)
    choice = solve(question.task, options.seconds)
    order = [(question.task.ids[i], question.task.costs[i]) for i, _ in in_order(question.task, choice.chosen)]
    chosen = [candidate for candidate, _ in order]
    states = {one.id: _state(one.id, frozenset(chosen), have, exclude, prices) for one in candidates}
    steps = tuple(_steps(question, order, {c.id: c for c in candidates}, had=bool(have)))
    value = steps[-1].value if steps else Fraction(0)
    cost = question.task.cost(choice.chosen) * question.costs.step
    least = None if options.least is None else options.least * question.value(question.total)
    room = Room(prices, left=options.most - cost if options.most is not None else Fraction(0), least=least)
    return Plan(
        catalogue=together.catalogue,
        inputs=inputs,
        options=options,
        scoring=scoring,
        steps=steps,
        appraisals=_appraise(candidates, levels, question, states, room),
        value=value,
        total=question.value(question.total),
        cost=cost,
        proven=choice.proven,
        settled=choice.settled,
        bound=question.bound(choice, value),
        threat=threat,
        prices="" if costs is None else " ".join(costs.header.split()) or "cost",
        notices=(
            *together.notices,
            *(threat.notices if threat else ()),
            *notices,
            *worth_knowing(inputs, options, scoring, states, question.values),
        ),
    )


def _named(options: PlanOptions, directory: Directory) -> tuple[frozenset[str], frozenset[str]]:
    have = frozenset(named(options.have, directory, "--have"))
    exclude = frozenset(named(options.exclude, directory, "--exclude"))
    both = sorted(have & exclude)
    if both:
        stand = "stands" if len(both) == 1 else "stand"
        message = f"{listed(both)} {stand} in both --have and --exclude"
        raise UsageError(Problem(message, hint="keep one: what is had is in place, what is excluded never is"))
    return have, exclude


def _prices(
    candidates: Sequence[Candidate], directory: Directory, costs: Costs | None
) -> tuple[dict[str, Fraction], tuple[Problem, ...]]:
    if costs is None:
        return {candidate.id: Fraction(1) for candidate in candidates}, ()
    prices, notices = assign(costs, directory)
    if not prices:
        message = "no row of the costs names a capability of the sets"
        raise UsageError([*notices, Problem(message, expected="ids or names of capabilities")])
    return prices, notices


def _exact(weights: Mapping[str, float]) -> dict[str, Fraction]:
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
    question: Question, order: Sequence[tuple[str, int]], candidates: Mapping[str, Candidate], *, had: bool
) -> Iterator[Step]:
    value, spent = question.had, 0
    if had:
        start = question.value(value)
        yield Step(None, Fraction(0), start, start, Fraction(0))
    gains = question.gains([candidate for candidate, _ in order])
    step = question.costs.step
    for (candidate, cost), gain in zip(order, gains, strict=True):
        value += gain
        spent += cost
        yield Step(candidates[candidate], cost * step, question.value(gain), question.value(value), spent * step)


def _appraise(
    candidates: Sequence[Candidate],
    levels: Sequence[Level],
    question: Question,
    states: Mapping[str, State],
    room: Room,
) -> tuple[Appraisal, ...]:
    every = Others(levels, states)
    active = Others(levels, (i for i, state in states.items() if state in ("chosen", "have")))
    values: dict[str, int] = dict.fromkeys(states, 0)
    for level, worth in zip(levels, question.worth, strict=True):
        for giver in level.givers:
            values[giver] += worth
    beside = Beside(levels, question.worth, states)
    swaps = beside.swaps(room, question.value)
    return tuple(
        Appraisal(
            candidate,
            states[candidate.id],
            room.prices.get(candidate.id),
            question.value(values[candidate.id]),
            question.value(beside.adds[candidate.id]),
            every.beside(candidate.id),
            active.beside(candidate.id),
            swaps.get(candidate.id),
        )
        for candidate in candidates
    )


def worth_knowing(
    inputs: Sequence[Coverage],
    options: PlanOptions,
    scoring: ScoreOptions,
    states: Mapping[str, State],
    values: Scale,
) -> Iterator[Problem]:
    """What a user would otherwise find out by wondering about the numbers."""
    by_score = options.measure == "score" or options.min_score > 0
    scored = [one.name for one in inputs if one.set.scored]
    bare = [one.name for one in inputs if not one.set.scored and one.set.mappings]
    if bare and scoring.worth is None and by_score and (scored or options.min_score):
        message = f"{listed(bare)}: relations without a score count as 100"
        yield Problem(message, hint="--worth gives them another value, --measure covered counts techniques alone")
    for one in inputs:
        unrated = sum(mapping.value is None for mapping in one.set.mappings)
        if unrated and one.set.scored and scoring.worth is None and by_score:
            some = f"{unrated} mapping{'s have' if unrated > 1 else ' has'} no score value and so no score"
            yield Problem(f"{one.name}: {some}", hint="--worth gives a value")
    free = [candidate for candidate, state in states.items() if state == "no cost"]
    if free:
        have = "capabilities have" if len(free) > 1 else "capability has"
        left = "are" if len(free) > 1 else "is"
        yield Problem(f"{len(free)} {have} no cost and {left} left out of the plan: {listed(free)}")
    if values.rounded:
        yield Problem("the weights are rounded to a millionth of the largest")
