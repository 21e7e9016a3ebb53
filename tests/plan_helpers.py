"""What the tests of plans share: sets in memory and the best plan by trying every choice."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

from conftest import TINY, set_of

from navlayers.analysis.inputs import InputSet
from navlayers.analysis.threats.model import Member, ThreatModel
from navlayers.mapping.load import Prepared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.analysis.plan.result import Plan
    from navlayers.mapping.model import Mapping as Row


def together(*sets: Sequence[Row], names: Sequence[str] = ("one", "two", "three")) -> InputSet:
    """Sets of these rows at the tiny release, called one, two, three."""
    made = [set_of(rows) for rows in sets]
    inputs = tuple(
        Prepared(name, one, one.attack_version, TINY, (), ()) for name, one in zip(names, made, strict=False)
    )
    return InputSet(TINY, inputs)


def threat(weights: dict[str, float]) -> ThreatModel:
    """A threat of these weights."""
    return ThreatModel("Bear", "enterprise", "16.1", (Member("table", "bear", "Bear", weights),), weights)


Gives = dict[str, dict[str, int]]
"""Capability → technique → score."""


def value_of(gives: Gives, chosen: Iterable[str], weights: Mapping[str, float] | None = None) -> Fraction:
    """What capabilities are worth together, straight from the definition in docs/plan.md."""
    best: dict[str, int] = {}
    for capability in chosen:
        for technique, score in gives[capability].items():
            best[technique] = max(best.get(technique, 0), score)
    return sum(
        (
            Fraction(score, 100) * Fraction(str(1 if weights is None else weights.get(technique, 0)))
            for technique, score in best.items()
        ),
        Fraction(0),
    )


def best_plan(
    gives: Gives,
    *,
    budget: int | None = None,
    target: Fraction | None = None,
    costs: Mapping[str, int] | None = None,
    have: Iterable[str] = (),
    exclude: Iterable[str] = (),
    weights: Mapping[str, float] | None = None,
) -> list[str] | None:
    """The best of all choices by the rules of docs/plan.md, sorted; None where none reaches the target."""
    have = set(have)
    free = [c for c in sorted(gives) if c not in {*have, *exclude} and (costs is None or c in costs)]
    total = value_of(gives, gives, weights)
    found: list[tuple[tuple[object, ...], list[str]]] = []
    for size in range(len(free) + 1):
        for choice in itertools.combinations(free, size):
            value = value_of(gives, {*choice, *have}, weights)
            cost = sum(1 if costs is None else costs[c] for c in choice)
            if budget is not None and cost <= budget:
                found.append(((-value, cost, size, choice), list(choice)))
            elif target is not None and value >= target * total:
                found.append(((cost, -value, size, choice), list(choice)))
    return min(found, default=((), None))[1]


def chosen(plan: Plan) -> list[str]:
    """The ids of a plan, sorted."""
    return sorted(plan.chosen)
