"""Plans against all choices, tried one by one."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

from conftest import row
from hypothesis import given
from hypothesis import strategies as st
from plan_helpers import Gives, best_plan, chosen, threat, together, value_of
from test_plan import TECHNIQUES, costs_of

from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.plan import make_plan
from navlayers.errors import UsageError

if TYPE_CHECKING:
    from navlayers.analysis.plan.result import Plan

SCORES = {"minimal": 10, "partial": 50, "significant": 100}


@st.composite
def questions(draw: st.DrawFn) -> dict[str, object]:
    """Small sets with scores, and everything that may be asked of them."""
    ids = draw(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=7, unique=True))
    scores = st.dictionaries(st.sampled_from(TECHNIQUES), st.sampled_from(sorted(SCORES)), min_size=1)
    names = {i: draw(scores) for i in ids}
    weights = draw(
        st.none()
        | st.fixed_dictionaries({technique: st.sampled_from([0.1, 0.25, 1, 3, 7]) for technique in TECHNIQUES})
    )
    costs = draw(st.none() | st.dictionaries(st.sampled_from(ids), st.integers(0, 4), min_size=1))
    parts = draw(st.lists(st.sampled_from(["have", "exclude", "", "", ""]), min_size=7, max_size=7))
    return {
        "names": names,
        "weights": weights,
        "costs": costs,
        "have": [i for i, part in zip(ids, parts, strict=False) if part == "have"],
        "exclude": [i for i, part in zip(ids, parts, strict=False) if part == "exclude"],
        "budget": draw(st.integers(0, 7)),
        "target": draw(st.sampled_from([0, Fraction(1, 3), Fraction(1, 2), Fraction(9, 10), 1])),
        "shuffle": draw(st.randoms(use_true_random=False)),
    }


def _ask(question: dict[str, object], **asked: object) -> tuple[list[str] | None, object]:
    """The best plan by trying, and the plan; None for it where the target cannot be reached."""
    names: dict[str, dict[str, str]] = question["names"]  # type: ignore[assignment]
    gives: Gives = {i: {t: SCORES[value] for t, value in of.items()} for i, of in names.items()}
    rows = [row(i, t, "protect", value) for i, of in names.items() for t, value in of.items()]
    shuffle = question["shuffle"]
    assert isinstance(shuffle, random.Random)
    shuffle.shuffle(rows)
    weights: dict[str, float] | None = question["weights"]  # type: ignore[assignment]
    costs: dict[str, int] | None = question["costs"]  # type: ignore[assignment]
    have: list[str] = question["have"]  # type: ignore[assignment]
    exclude: list[str] = question["exclude"]  # type: ignore[assignment]
    best = best_plan(gives, costs=costs, have=have, exclude=exclude, weights=weights, **asked)  # type: ignore[arg-type]
    try:
        plan = make_plan(
            together(rows),
            PlanOptions(have=tuple(have), exclude=tuple(exclude), **asked),  # type: ignore[arg-type]
            threat=None if weights is None else threat(weights),
            costs=None if costs is None else costs_of(costs),
        )
    except UsageError as error:
        return best, None if "cannot be reached" in str(error) else error
    assert plan.proven
    assert plan.settled
    assert plan.value == value_of(gives, {*plan.chosen, *have}, weights)
    assert plan.total == value_of(gives, gives, weights)
    assert sum(step.adds for step in plan.steps) == plan.value
    gains = [step.adds / step.cost for step in plan.steps if step.capability and step.cost]
    assert gains == sorted(gains, reverse=True), "what one adds per cost never grows"
    _check_what_lies_near(plan, gives, weights)
    return best, chosen(plan)


def _check_what_lies_near(plan: Plan, gives: Gives, weights: dict[str, float] | None) -> None:
    """What one more would add and who could take a place, by trying."""
    active = {candidate.id for candidate in plan.active}
    free = {a.id: a.cost or Fraction(0) for a in plan.appraisals if a.state == "not chosen"}
    most = None if plan.options.most is None else plan.options.most - plan.cost
    for one in plan.appraisals:
        id_ = one.id
        assert one.adds == value_of(gives, {*active, id_}, weights) - plan.value
        swaps = [
            (plan.value - value_of(gives, {*active, other} - {id_}, weights), other)
            for other, cost in free.items()
            if cost <= (one.cost or 0) + (most or 0)
        ]
        if one.state != "chosen":
            assert one.instead is None
            continue
        if plan.options.least is not None:
            swaps = [swap for swap in swaps if plan.value - swap[0] >= plan.options.least * plan.total]
        assert (one.instead and (one.instead.loses, one.instead.capability)) == min(swaps, default=None)


@given(questions())
def test_a_plan_for_a_budget_is_the_best_by_trying_all(question: dict[str, object]) -> None:
    best, found = _ask(question, budget=question["budget"])
    assert found == best


@given(questions())
def test_a_plan_for_a_target_is_the_best_by_trying_all(question: dict[str, object]) -> None:
    best, found = _ask(question, target=question["target"])
    assert found == best
