"""The problem that a plan solves: weighted maximum coverage in whole numbers, so that comparisons are exact."""

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

FINEST = 1_000_000
"""Maximum steps of a weight: finer weights are rounded, as a solver's floats no longer tell them apart."""

DEAREST = 10**9
"""Maximum steps of all costs together: a solver's floats no longer tell finer ones apart."""


class Element(NamedTuple):
    """Something to cover: its weight, and the indexes of the candidates that cover it, ascending."""

    weight: int
    givers: tuple[int, ...]


class CoverProblem(msgspec.Struct, frozen=True, dict=True):
    """Which candidates to choose, for a budget or for a need.

    The best choice has, for a budget, the highest value, then the lowest cost; for a need, the lowest cost, then
    the highest value. Of several such choices it has the fewest candidates; of those, its sorted ids come first.

    Attributes:
        ids: the candidates, sorted; elsewhere a candidate is its index here.
        costs: cost of each candidate, 0 or more.
        elements: what there is to cover; no two have the same givers, each has a weight above 0.
        budget: the highest cost of a choice; None where there is a need.
        need: the lowest value of a choice; None where there is a budget.
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
        """For each candidate, the indexes of the elements that it covers."""
        gives: list[set[int]] = [set() for _ in self.ids]
        for index, element in enumerate(self.elements):
            for giver in element.givers:
                gives[giver].add(index)
        return tuple(map(frozenset, gives))

    def value(self, chosen: Iterable[int]) -> int:
        """The weight of the elements that candidates cover together."""
        return self.weight(set().union(*(self.gives[candidate] for candidate in chosen)))

    def weight(self, elements: Iterable[int]) -> int:
        """The weight of elements."""
        return sum(self.elements[element].weight for element in elements)

    def cost(self, chosen: Iterable[int]) -> int:
        """The cost of candidates together."""
        return sum(self.costs[candidate] for candidate in chosen)

    def allows(self, chosen: Collection[int]) -> bool:
        """Whether candidates keep to the budget, or meet the need."""
        if self.budget is not None:
            return self.cost(chosen) <= self.budget
        return self.value(chosen) >= (self.need or 0)

    def rank(self, chosen: Collection[int]) -> tuple[int, int, int, list[int]]:
        """Sort key of choices that are allowed: the best choice first."""
        value, cost = -self.value(chosen), self.cost(chosen)
        first = (value, cost) if self.budget is not None else (cost, value)
        return (*first, len(chosen), sorted(chosen))


class Choice(msgspec.Struct, frozen=True):
    """The choice that was found.

    Attributes:
        chosen: the candidates, ascending.
        proven: no choice has a higher value (for a budget) or a lower cost (for a need).
        settled: of the choices as good, it is the first by the rules of `CoverProblem`.
        bound: the highest value, or the lowest cost, that any choice can have.
    """

    chosen: tuple[int, ...]
    proven: bool
    settled: bool
    bound: int


def cover_problem(
    costs: Mapping[str, int],
    elements: Iterable[tuple[int, Iterable[str]]],
    budget: int | None = None,
    need: int | None = None,
) -> CoverProblem:
    """The problem of candidates and elements, in any order.

    Args:
        costs: candidate id → cost.
        elements: weight and the ids of the candidates that cover it. Elements of the same candidates become one;
            those without a candidate or a weight are left out.
        budget: the highest cost of a choice.
        need: the lowest value of a choice.
    """
    ids = tuple(sorted(costs))
    index = {candidate: i for i, candidate in enumerate(ids)}
    weights: dict[tuple[int, ...], int] = {}
    for weight, givers in elements:
        key = tuple(sorted({index[giver] for giver in givers}))
        if key and weight:
            weights[key] = weights.get(key, 0) + weight
    merged = tuple(Element(weights[key], key) for key in sorted(weights))
    return CoverProblem(ids, tuple(costs[i] for i in ids), merged, budget, need)


class IntegerScale(NamedTuple):
    """What one step is worth, and whether numbers are rounded to steps."""

    step: Fraction
    rounded: bool = False

    def steps(self, number: Fraction) -> int:
        """A number ≥ 0 in steps; above 0 it has at least one."""
        steps = number / self.step
        if steps.denominator == 1:
            return steps.numerator
        return max(round(steps), 1) if steps > 0 else 0


def integer_scale(numbers: Iterable[Fraction], finest: int | None = FINEST) -> IntegerScale:
    """The scale with the largest step in which all numbers ≥ 0 are whole, or have at most `finest` steps."""
    positive = {number for number in numbers if number}
    if not positive:
        return IntegerScale(Fraction(1))
    denominator = math.lcm(*(number.denominator for number in positive))
    step = Fraction(math.gcd(*(int(number * denominator) for number in positive)), denominator)
    most = max(positive)
    if finest is not None and most / step > finest:
        return IntegerScale(most / finest, rounded=True)
    return IntegerScale(step)


class ScaledProblem:
    """A plan's problem in whole numbers, beside the exact values that it stands for.

    Attributes:
        problem: what is left to choose: without the capabilities in place and what they cover.
        values: scale of its weights, which are rounded where they are too fine.
        costs: scale of its costs.
        in_place: exact value of what the capabilities in place give.
        total: exact value of what all candidates give.
    """

    def __init__(
        self, levels: Sequence[Level], prices: Mapping[str, Fraction], have: frozenset[str], options: PlanOptions
    ) -> None:
        """Scale the levels of all candidates and the prices of those that may be chosen.

        Raises:
            UsageError: the costs are too fine, or the target cannot be reached.
        """
        self.values = integer_scale(level.worth for level in levels)
        self.costs = integer_scale(prices.values(), None)
        if sum(prices.values()) / self.costs.step > DEAREST:
            message = "the costs have too many digits"
            hint = "round them, or write them in thousands"
            raise UsageError(Problem(message, expected="costs whose sum has at most nine digits", hint=hint))
        self._levels = levels
        self._open = [have.isdisjoint(level.givers) for level in levels]
        self.total = _sum(level.worth for level in levels)
        self.in_place = _sum(level.worth for level, is_open in zip(levels, self._open, strict=True) if not is_open)
        steps = [self.values.steps(level.worth) for level in levels]
        elements = [
            (step, [giver for giver in level.givers if giver in prices])
            for level, step, is_open in zip(levels, steps, self._open, strict=True)
            if is_open
        ]
        costs = {candidate: self.costs.steps(cost) for candidate, cost in prices.items()}
        if options.most is not None:
            self.problem = cover_problem(costs, elements, budget=math.floor(options.most / self.costs.step))
            return
        every = sum(steps)
        in_place = every - sum(step for step, _ in elements)
        reachable = in_place + sum(step for step, givers in elements if givers)
        target = math.ceil((options.least or 0) * every)
        if target > reachable:
            raise UsageError(_unreachable(options, Fraction(reachable, every)))
        self.problem = cover_problem(costs, elements, need=max(target - in_place, 0))

    def gains(self, chosen: Sequence[str]) -> list[Fraction]:
        """What each candidate adds to those before it and those in place."""
        place = {candidate: number for number, candidate in enumerate(chosen)}
        gains = [Fraction(0)] * len(chosen)
        for level, is_open in zip(self._levels, self._open, strict=True):
            places = [place[giver] for giver in level.givers if giver in place]
            if places and is_open:
                gains[min(places)] += level.worth
        return gains

    def bound(self, choice: Choice, value: Fraction) -> Fraction:
        """The highest value, or the lowest cost, that any plan can have; `value` is that of the plan."""
        if self.problem.need is not None:
            return choice.bound * self.costs.step
        if choice.proven:
            return value
        # Where weights are rounded, each may be wrong by a step.
        slack = len(self._levels) if self.values.rounded else 0
        return max(value, self.in_place + (choice.bound + slack) * self.values.step)


def _sum(worths: Iterable[Fraction]) -> Fraction:
    return sum(worths, Fraction(0))


def _unreachable(options: PlanOptions, reachable: Fraction) -> Problem:
    target = float(100 * (options.least or 0))
    most = math.floor(reachable * 10_000) / 100
    message = f"the target of {target:g} % cannot be reached: what may be chosen gives {most:g} % of what all give"
    return Problem(message, hint="lower the target, exclude less, or give more capabilities a cost")
