"""The greedy choice, which is quick and near the best, and bounds that hold for every choice."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.plan.task import Task


class Gains:
    """What each candidate would add to those that were taken."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.value = 0
        self.gain = [task.weight(gives) for gives in task.gives]
        self._open = [True] * len(task.elements)

    def take(self, candidate: int) -> None:
        """Count what the candidate covers as covered."""
        for number in self.task.gives[candidate]:
            if self._open[number]:
                self._open[number] = False
                weight, givers = self.task.elements[number]
                self.value += weight
                for giver in givers:
                    self.gain[giver] -= weight


def in_order(task: Task, candidates: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """The candidates by what each adds per cost to those before it, most first, ties by id: (candidate, gain)."""
    gains = Gains(task)
    left = sorted(candidates)
    taken = []
    while left:
        best = _best(task, left, gains.gain)
        taken.append((best, gains.gain[best]))
        left.remove(best)
        gains.take(best)
    return tuple(taken)


def _best(task: Task, candidates: Sequence[int], gain: Sequence[int]) -> int:
    """The candidate of the highest gain per cost; of several, that of the highest gain, then the first."""
    best = candidates[0]
    for other in candidates[1:]:
        left, right = gain[other] * task.costs[best], gain[best] * task.costs[other]
        if left > right or (left == right and gain[other] > gain[best]):
            best = other
    return best


def choose(task: Task, candidates: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """The greedy choice among the candidates, ascending, and a bound as in `Choice`.

    A need that all candidates together do not meet gives all that add anything.
    """
    if task.budget is not None:
        return _spend(task, candidates, task.budget)
    return _meet(task, candidates, task.need or 0)


def _spend(task: Task, candidates: Sequence[int], budget: int) -> tuple[tuple[int, ...], int]:
    gains = Gains(task)
    taken: list[int] = []
    spent, bound = 0, task.total
    while True:
        adding = [i for i in candidates if gains.gain[i]]
        bound = min(bound, gains.value + _most(task, adding, gains.gain, budget))
        fitting = [i for i in adding if spent + task.costs[i] <= budget]
        if not fitting:
            break
        best = _best(task, fitting, gains.gain)
        taken.append(best)
        spent += task.costs[best]
        gains.take(best)
    single = [i for i in candidates if task.costs[i] <= budget]
    dearest = max(single, key=lambda i: (task.weight(task.gives[i]), -i), default=None)
    if dearest is not None and task.weight(task.gives[dearest]) > gains.value:
        taken = [dearest]
    return _needed(task, taken, task.value(taken)), bound


def _meet(task: Task, candidates: Sequence[int], need: int) -> tuple[tuple[int, ...], int]:
    gains = Gains(task)
    taken: list[int] = []
    bound = 0
    while gains.value < need:
        missing = need - gains.value
        counted = [min(gain, missing) for gain in gains.gain]
        adding = [i for i in candidates if counted[i]]
        if not adding:
            break
        bound = max(bound, _least(task, adding, counted, missing))
        best = _best(task, adding, counted)
        taken.append(best)
        gains.take(best)
    return _needed(task, taken, min(need, gains.value)), bound


def _needed(task: Task, taken: Iterable[int], value: int) -> tuple[int, ...]:
    """The candidates without those whose place the others take, the last taken ones tried first."""
    kept = list(taken)
    for candidate in reversed(list(kept)):
        rest = [i for i in kept if i != candidate]
        if task.value(rest) >= value:
            kept = rest
    return tuple(sorted(kept))


def _by_rate(task: Task, adding: Iterable[int], gain: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Gain and cost of candidates, the best rate first."""
    pairs = [(gain[i], task.costs[i]) for i in adding]
    yield from ((g, c) for g, c in pairs if not c)
    yield from sorted((p for p in pairs if p[1]), key=lambda pair: Fraction(pair[0], pair[1]), reverse=True)


def _most(task: Task, adding: Iterable[int], gain: Sequence[int], budget: int) -> int:
    """The most that candidates can add for the budget, as if they did not overlap and could be had in parts."""
    added = 0
    for one, cost in _by_rate(task, adding, gain):
        if cost > budget:
            return added + one * budget // cost
        added += one
        budget -= cost
    return added


def _least(task: Task, adding: Iterable[int], gain: Sequence[int], missing: int) -> int:
    """The least that it costs to add what is missing, as if they did not overlap and could be had in parts."""
    spent = 0
    for one, cost in _by_rate(task, adding, gain):
        if one >= missing:
            return spent - -(missing * cost) // one
        missing -= one
        spent += cost
    return spent
