"""From sets to a plan: what to put in place, in which order, and what each capability is good for."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers._text import listed
from navlayers.analysis.plan.alternatives import Beside, Room
from navlayers.analysis.plan.candidates import candidates_of, levels_of, score_inputs
from navlayers.analysis.plan.costs import assign
from navlayers.analysis.plan.greedy import in_order
from navlayers.analysis.plan.model import Appraisal, Plan, Step
from navlayers.analysis.plan.names import Directory, named
from navlayers.analysis.plan.overlap import Others
from navlayers.analysis.plan.question import Question
from navlayers.analysis.plan.solve import solve
from navlayers.analysis.plan.warnings import worth_knowing
from navlayers.errors import Problem, UsageError
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.analysis.inputs import Together
    from navlayers.analysis.plan.candidates import Candidate, Level
    from navlayers.analysis.plan.costs import Costs
    from navlayers.analysis.plan.model import State
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.threats import ThreatModel

_SCORING = ScoreOptions()


def make_plan(
    together: Together,
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
