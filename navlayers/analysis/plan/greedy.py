"""The greedy choice, which is quick and near the best, and bounds that hold for every choice."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.analysis.plan.problem import Task


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


class Rates:
    """Gains per cost as whole numbers, equal where those are: with them, candidates are sorted."""

    def __init__(self, costs: Sequence[int]) -> None:
        self._costs = costs
        # Different rates differ by no less than 1 to the square of the highest cost.
        self._scale = max(costs, default=1) ** 2 or 1

    def rank(self, candidate: int, gain: int) -> tuple[bool, int, int, int]:
        """Sorts candidates: the highest gain per cost first; of several, the highest gain, then the first id."""
        cost = self._costs[candidate]
        return not (gain and not cost), -(gain * self._scale // (cost or 1)), -gain, candidate


class _Queue:
    """Candidates by rank. Ranks only fall as others are taken, so that most need no second look."""

    def __init__(self, rates: Rates, candidates: Iterable[int], gain: Callable[[int], int]) -> None:
        self._rates, self._gain = rates, gain
        self._heap = [rates.rank(i, gain(i)) for i in candidates]
        heapq.heapify(self._heap)

    def pop(self) -> int | None:
        """The best one, which is gone then; None where there is none."""
        while self._heap:
            candidate = self._heap[0][-1]
            now = self._rates.rank(candidate, self._gain(candidate))
            if now == self._heap[0]:
                heapq.heappop(self._heap)
                return candidate
            heapq.heapreplace(self._heap, now)
        return None


def in_order(task: Task, candidates: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """The candidates by what each adds per cost to those before it, most first: (candidate, gain).

    Of several that add as much per cost, the one that adds most comes first; of those, the first by id.
    """
    gains = Gains(task)
    queue = _Queue(Rates(task.costs), candidates, gains.gain.__getitem__)
    taken = []
    while (best := queue.pop()) is not None:
        taken.append((best, gains.gain[best]))
        gains.take(best)
    return tuple(taken)


def choose(task: Task, candidates: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """The greedy choice among the candidates, ascending, and a bound as in `Choice`.

    A need that all candidates together do not meet gives all that add anything.
    """
    if task.budget is not None:
        return _spend(task, candidates, task.budget)
    return _meet(task, candidates, task.need or 0)


def _spend(task: Task, candidates: Sequence[int], budget: int) -> tuple[tuple[int, ...], int]:
    gains, rates = Gains(task), Rates(task.costs)
    single = [i for i in candidates if task.costs[i] <= budget]
    most = max(single, key=lambda i: (gains.gain[i], -i), default=None)
    alone = 0 if most is None else gains.gain[most]

    def bound_now() -> int:
        return gains.value + _most(task, rates, candidates, gains.gain, budget)

    queue = _Queue(rates, candidates, gains.gain.__getitem__)
    taken: list[int] = []
    spent, bound = 0, min(task.total, bound_now())
    while (best := queue.pop()) is not None:
        if not gains.gain[best] or spent + task.costs[best] > budget:
            continue
        taken.append(best)
        spent += task.costs[best]
        gains.take(best)
        if _is_power(len(taken)):
            bound = min(bound, bound_now())
    bound = min(bound, bound_now())
    if most is not None and alone > gains.value:
        taken = [most]
    return _needed(task, taken, max(alone, gains.value)), bound


def _meet(task: Task, candidates: Sequence[int], need: int) -> tuple[tuple[int, ...], int]:
    gains, rates = Gains(task), Rates(task.costs)

    def adds(candidate: int) -> int:
        return min(gains.gain[candidate], need - gains.value)

    def bound_now() -> int:
        return _least(task, rates, candidates, adds, need - gains.value)

    queue = _Queue(rates, candidates, adds)
    taken: list[int] = []
    bound = bound_now() if need else 0
    while gains.value < need:
        best = queue.pop()
        if best is None or not gains.gain[best]:
            break
        last = adds(best) == need - gains.value
        if last or _is_power(len(taken)):
            bound = max(bound, bound_now())
        taken.append(best)
        gains.take(best)
    return _needed(task, taken, min(need, gains.value)), bound


def _is_power(number: int) -> bool:
    """Whether a number is a power of two: bounds are looked at again where as many are taken as before."""
    return number > 0 and not number & (number - 1)


def _needed(task: Task, taken: Sequence[int], value: int) -> tuple[int, ...]:
    """The candidates without those whose place the others take, the last taken ones tried first."""
    times = [0] * len(task.elements)
    for candidate in taken:
        for number in task.gives[candidate]:
            times[number] += 1
    spare = sum(element.weight for element, n in zip(task.elements, times, strict=True) if n) - value
    kept = []
    for candidate in reversed(taken):
        lost = task.weight(number for number in task.gives[candidate] if times[number] == 1)
        if lost > spare:
            kept.append(candidate)
            continue
        spare -= lost
        for number in task.gives[candidate]:
            times[number] -= 1
    return tuple(sorted(kept))


def _by_rate(
    task: Task, rates: Rates, candidates: Iterable[int], gain: Callable[[int], int]
) -> Iterator[tuple[int, int]]:
    """Gain and cost of the candidates that add something, the best rate first."""
    ranks = sorted(rates.rank(i, added) for i in candidates if (added := gain(i)))
    yield from ((-rank[2], task.costs[rank[-1]]) for rank in ranks)


def _most(task: Task, rates: Rates, candidates: Iterable[int], gain: Sequence[int], budget: int) -> int:
    """The most that candidates can add for the budget, as if they did not overlap and could be had in parts."""
    added = 0
    for one, cost in _by_rate(task, rates, candidates, gain.__getitem__):
        if cost > budget:
            return added + one * budget // cost
        added += one
        budget -= cost
    return added


def _least(task: Task, rates: Rates, candidates: Iterable[int], gain: Callable[[int], int], missing: int) -> int:
    """The least that it costs to add what is missing, as if they did not overlap and could be had in parts."""
    spent = 0
    for one, cost in _by_rate(task, rates, candidates, gain):
        if one >= missing:
            return spent - -(missing * cost) // one
        missing -= one
        spent += cost
    return spent
