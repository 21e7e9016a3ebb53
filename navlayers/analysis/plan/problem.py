"""The question that is solved: weighted maximum coverage in whole numbers. No mappings, files or solvers here."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from navlayers.analysis.plan.candidates import Level
    from navlayers.analysis.plan.options import PlanOptions


class Element(NamedTuple):
    """Something to cover: its weight, and the numbers of the candidates that cover it, ascending."""

    weight: int
    givers: tuple[int, ...]


class Task(msgspec.Struct, frozen=True, dict=True):
    """Which candidates to choose; exactly one of `budget` and `need` is set.

    `ids` are the candidates, sorted; `costs` what each costs, ≥ 0. `elements` are different in their givers, each
    with a weight above 0. `budget` is the most that the chosen may cost, `need` the least that they must cover.

    Of all choices the best is: for a budget the one of the highest value, then of the lowest cost; for a need the
    one of the lowest cost, then of the highest value; then the one of the fewest candidates; then the one whose
    sorted ids come first.
    """

    ids: tuple[str, ...]
    costs: tuple[int, ...]
    elements: tuple[Element, ...]
    budget: int | None = None
    need: int | None = None

    @cached_property
    def total(self) -> int:
        """The weight of all elements."""
        return sum(element.weight for element in self.elements)

    @cached_property
    def gives(self) -> tuple[frozenset[int], ...]:
        """Candidate → the elements that it covers, by number."""
        found: list[set[int]] = [set() for _ in self.ids]
        for number, element in enumerate(self.elements):
            for giver in element.givers:
                found[giver].add(number)
        return tuple(map(frozenset, found))

    def value(self, chosen: Iterable[int]) -> int:
        """The weight that these candidates cover together."""
        gives = self.gives
        return self.weight(set().union(*(gives[candidate] for candidate in chosen)))

    def weight(self, elements: Iterable[int]) -> int:
        """The weight of elements, by their numbers."""
        return sum(self.elements[element].weight for element in elements)

    def cost(self, chosen: Iterable[int]) -> int:
        """What these candidates cost together."""
        return sum(self.costs[candidate] for candidate in chosen)

    def allows(self, chosen: Collection[int]) -> bool:
        """Whether these candidates keep to the budget, or cover what is needed."""
        if self.budget is not None:
            return self.cost(chosen) <= self.budget
        return self.value(chosen) >= (self.need or 0)

    def rank(self, chosen: Collection[int]) -> tuple[int, int, int, list[int]]:
        """Sorts choices that are allowed: the best first."""
        value, cost = -self.value(chosen), self.cost(chosen)
        first = (value, cost) if self.budget is not None else (cost, value)
        return (*first, len(chosen), sorted(chosen))


class Choice(msgspec.Struct, frozen=True):
    """What was found: the numbers of the chosen candidates, ascending.

    `proven`: no choice is better in value (for a budget) or in cost (for a need). `settled`: of those as good, it
    is the first by the rules of `Task`. `bound` is what no choice can go beyond: the highest value, or the lowest
    cost.
    """

    chosen: tuple[int, ...]
    proven: bool
    settled: bool
    bound: int


def make_task(
    costs: Mapping[str, int],
    elements: Iterable[tuple[int, Iterable[str]]],
    budget: int | None = None,
    need: int | None = None,
) -> Task:
    """A task from candidates by id and elements as (weight, ids of their givers), in any order.

    Elements of the same givers become one; those without a giver or a weight are left out.
    """
    ids = tuple(sorted(costs))
    number = {candidate: i for i, candidate in enumerate(ids)}
    weights: dict[tuple[int, ...], int] = {}
    for weight, givers in elements:
        key = tuple(sorted({number[giver] for giver in givers}))
        if key and weight:
            weights[key] = weights.get(key, 0) + weight
    merged = tuple(Element(weights[key], key) for key in sorted(weights))
    return Task(ids, tuple(costs[i] for i in ids), merged, budget, need)


DEAREST = 10**9
"""Costs together may have so many steps of their common scale; a solver tells finer ones apart no longer."""


class Question:
    """What is asked: `task` without what is had, in steps of `values` and `costs`.

    `prices` are the costs of the candidates that may be chosen. Values that are told are exact, in units: `worth`
    are those of the levels, `total` that of all candidates, `had` that of those in place. The steps of the task are
    units, too, unless the weights are rounded for the solver.
    """

    def __init__(
        self, levels: Sequence[Level], prices: Mapping[str, Fraction], have: frozenset[str], options: PlanOptions
    ) -> None:
        _refuse_too_fine(prices)
        self._levels = levels
        self._have = have
        self.values = scale_of(level.worth for level in levels)
        self.costs = scale_of(prices.values(), None)
        self._unit = scale_of((level.worth for level in levels), None)
        self.worth = [self._unit.steps(level.worth) for level in levels]
        self.total = sum(self.worth)
        steps = [self.values.steps(level.worth) for level in levels] if self.values.rounded else self.worth
        in_place = [not have.isdisjoint(level.givers) for level in levels]
        self.had = sum(worth for worth, there in zip(self.worth, in_place, strict=True) if there)
        had = sum(step for step, there in zip(steps, in_place, strict=True) if there)
        open_ = [
            (step, [giver for giver in level.givers if giver in prices])
            for level, step, there in zip(levels, steps, in_place, strict=True)
            if not there
        ]
        costs = {candidate: self.costs.steps(cost) for candidate, cost in prices.items()}
        if options.most is not None:
            self.task = make_task(costs, open_, budget=math.floor(options.most / self.costs.step))
            return
        reachable = had + sum(step for step, givers in open_ if givers)
        target = math.ceil((options.least or 0) * sum(steps))
        if target > reachable:
            raise UsageError(_unreachable(options, Fraction(reachable, sum(steps))))
        self.task = make_task(costs, open_, need=max(target - had, 0))

    def value(self, units: int) -> Fraction:
        """What so many units of value are."""
        return units * self._unit.step

    def gains(self, chosen: Sequence[str]) -> list[int]:
        """What each of the candidates adds to those before it and those in place, in units."""
        place = {candidate: number for number, candidate in enumerate(chosen)}
        gains = [0] * len(chosen)
        for level, worth in zip(self._levels, self.worth, strict=True):
            places = [place[giver] for giver in level.givers if giver in place]
            if places and self._have.isdisjoint(level.givers):
                gains[min(places)] += worth
        return gains

    def bound(self, choice: Choice, value: Fraction) -> Fraction:
        """What no plan goes beyond: the highest value, or the lowest cost; `value` is that of the plan.

        Where weights are rounded, each of them may be wrong by a step.
        """
        if self.task.need is not None:
            return choice.bound * self.costs.step
        if choice.proven:
            return value
        slack = len(self._levels) if self.values.rounded else 0
        return max(value, self.value(self.had) + (choice.bound + slack) * self.values.step)


def _unreachable(options: PlanOptions, reachable: Fraction) -> Problem:
    target = float(100 * (options.least or 0))
    most = math.floor(reachable * 10_000) / 100
    message = f"the target of {target:g} % cannot be reached: what may be chosen gives {most:g} % of what all give"
    return Problem(message, hint="lower the target, exclude less, or give more capabilities a cost")


def _refuse_too_fine(prices: Mapping[str, Fraction]) -> None:
    scale = scale_of(prices.values(), None)
    if sum(prices.values()) / scale.step > DEAREST:
        message = "the costs are too large and too fine to be told apart"
        hint = "round them, or write them in thousands"
        raise UsageError(Problem(message, expected="nine digits in all", hint=hint))


FINEST = 1_000_000
"""Weights have so many steps at most: finer ones are rounded, for floats in a solver tell them apart no longer."""


class Scale(NamedTuple):
    """What one step is worth, and whether numbers are rounded to steps."""

    step: Fraction
    rounded: bool = False

    def steps(self, number: Fraction) -> int:
        """The number in steps; where numbers are rounded, one that is above 0 has at least one."""
        steps = number / self.step
        if steps.denominator == 1:
            return steps.numerator
        return max(round(steps), 1) if steps > 0 else 0


def scale_of(numbers: Iterable[Fraction], finest: int | None = FINEST) -> Scale:
    """The scale with the largest step in which all numbers ≥ 0 are whole, or have at most `finest` steps."""
    positive = {number for number in numbers if number}
    if not positive:
        return Scale(Fraction(1))
    denominator = math.lcm(*(number.denominator for number in positive))
    step = Fraction(math.gcd(*(int(number * denominator) for number in positive)), denominator)
    most = max(positive)
    if finest is not None and most / step > finest:
        return Scale(most / finest, rounded=True)
    return Scale(step)
