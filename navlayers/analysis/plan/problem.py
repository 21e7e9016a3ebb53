"""The question that is solved: weighted maximum coverage in whole numbers. No mappings, files or solvers here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


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
