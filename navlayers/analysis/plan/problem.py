"""The problem of a plan: weighted maximum coverage in integers, so that comparisons are exact."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from navlayers.analysis.plan.candidates import Candidate, Measure

FINEST = 1_000_000
"""Maximum units of a weight: finer weights are rounded, because the floats of a solver cannot represent them."""

DEAREST = 10**9
"""Maximum units of all costs together: the floats of a solver cannot represent finer ones."""


class Element(NamedTuple):
    """An element to cover: its weight, and the indexes of the candidates that cover it, ascending."""

    weight: int
    givers: tuple[int, ...]


class CoverProblem(msgspec.Struct, frozen=True, dict=True):
    """Which candidates to choose, for a budget or for a need.

    The best choice has, for a budget, the highest value, then the lowest cost; for a need, the lowest cost, then
    the highest value. Of several such choices it has the fewest candidates; of those, its sorted ids come first.

    Attributes:
        ids: the candidates, sorted; elsewhere a candidate is its index here.
        costs: cost of each candidate, 0 or more.
        elements: the elements to cover, with different givers and weights above 0.
        budget: the highest cost of a choice; None with a need.
        need: the lowest value of a choice; None with a budget.
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

    def objective(self, chosen: Iterable[int]) -> int:
        """The first objective: value within a budget, or cost for a required coverage."""
        return self.cost(chosen) if self.budget is None else self.value(chosen)

    def allows(self, chosen: Collection[int]) -> bool:
        """Whether candidates are within the budget, or meet the need."""
        if self.budget is not None:
            return self.cost(chosen) <= self.budget
        return self.value(chosen) >= (self.need or 0)

    def rank(self, chosen: Collection[int]) -> tuple[int, int, int, list[int]]:
        """Sort key of choices that are allowed: the best choice first."""
        value, cost = -self.value(chosen), self.cost(chosen)
        first = (cost, value) if self.budget is None else (value, cost)
        return (*first, len(chosen), sorted(chosen))


def cover_problem(
    costs: Mapping[str, int],
    elements: Iterable[tuple[int, Iterable[str]]],
    budget: int | None = None,
    need: int | None = None,
) -> CoverProblem:
    """The problem of candidates with their costs, and elements: weights and ids of candidates, in any order.

    Elements of the same candidates become one; those without a candidate or a weight are left out.
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


class Level(NamedTuple):
    """A part of a technique's score: its worth, and the ids of the candidates whose score reaches it, sorted."""

    technique: str
    worth: int
    givers: tuple[str, ...]


def levels_of(
    candidates: Iterable[Candidate], measure: Measure, weights: Mapping[str, Fraction] | None
) -> tuple[tuple[Level, ...], Fraction]:
    """The levels to cover, by technique and then score, lowest first; and the value of a worth of 1.

    The highest score of a technique among the chosen candidates is the sum of the levels that they reach, so the
    covered weight is the weighted sum of the scores. By the measure "covered", a technique has one level. `weights`
    has no entry for techniques of weight 0; None: all weigh 1.
    """
    given: dict[str, list[tuple[float, str]]] = {}
    for candidate in candidates:
        for technique, score in candidate.gives.items():
            given.setdefault(technique, []).append((score, candidate.id))
    techniques: list[str] = []
    worths: list[Fraction] = []
    givers: list[tuple[str, ...]] = []
    for technique in sorted(given):
        weight = Fraction(1) if weights is None else weights.get(technique, Fraction(0))
        if not weight:
            continue
        scores = given[technique] if measure == "score" else [(100, id_) for _, id_ in given[technique]]
        below = Fraction(0)
        for least in sorted({score for score, _ in scores}):
            exact = Fraction(str(least))
            techniques.append(technique)
            worths.append(weight * (exact - below) / 100)
            givers.append(tuple(sorted(id_ for score, id_ in scores if score >= least)))
            below = exact
    units, unit = whole_numbers(worths)
    return tuple(map(Level, techniques, units, givers)), unit


def whole_numbers(numbers: Sequence[Fraction]) -> tuple[list[int], Fraction]:
    """Numbers ≥ 0 as multiples of the largest unit in which all are whole, and that unit."""
    positive = {number for number in numbers if number}
    if not positive:
        return [0] * len(numbers), Fraction(1)
    denominator = math.lcm(*(number.denominator for number in positive))
    unit = Fraction(math.gcd(*(int(number * denominator) for number in positive)), denominator)
    return [int(number / unit) for number in numbers], unit


def rounded(numbers: Sequence[int]) -> tuple[list[int], Fraction]:
    """Numbers above 0 as integers from 1 to `FINEST`, and the value of a unit."""
    largest = max(numbers)
    if largest <= FINEST:
        return list(numbers), Fraction(1)
    unit = Fraction(largest, FINEST)
    return [max(round(number / unit), 1) for number in numbers], unit
