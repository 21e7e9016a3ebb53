"""The best choice, proven by HiGHS, or past the time limit the best one found with a bound."""

from __future__ import annotations

import heapq
import math
import time
from functools import partial
from typing import TYPE_CHECKING

from navlayers.analysis.plan.problem import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.analysis.plan.milp import Outcome, Programme
    from navlayers.analysis.plan.problem import Task


BLOCK = 10
"""So many ids are settled in one run: their weights are powers of two, which stay far from where floats round."""


def solve(task: Task, seconds: float = 60) -> Choice:
    """The best choice by the rules of `Task`, or what is found of it within so many seconds.

    The same task gives the same choice on every machine, unless the time limit ends the search.

    Raises:
        ValueError: all candidates together do not cover what is needed.
    """
    if task.need is not None and task.need > task.total:
        raise ValueError("all candidates together do not cover what is needed")
    deadline = time.monotonic() + seconds
    candidates = useful(task)
    chosen, bound = greedy(task, candidates)
    if not candidates or (task.need == 0 and all(task.costs[i] for i in candidates)):
        return Choice(chosen, proven=True, settled=True, bound=_first(task, chosen))
    if seconds <= 0:
        return _told(task, chosen, bound, proven=False, settled=False)
    # The solver is imported only where there is something to solve.
    from navlayers.analysis.plan.milp import Programme  # noqa: PLC0415

    return _Search(task, Programme(task, candidates, deadline), chosen, bound).run()


def _first(task: Task, chosen: Sequence[int]) -> int:
    """What counts first of a choice: its value for a budget, its cost for a need."""
    return task.value(chosen) if task.budget is not None else task.cost(chosen)


def _told(task: Task, chosen: Sequence[int], bound: int, *, proven: bool, settled: bool) -> Choice:
    first = _first(task, chosen)
    # A bound that is met proves what it bounds.
    return Choice(tuple(sorted(chosen)), proven or first == bound, settled, first if proven else bound)


class _Search:
    """One search: the best so far, narrowed down by one rule after the other."""

    def __init__(self, task: Task, programme: Programme, chosen: tuple[int, ...], bound: int) -> None:
        self.task = task
        self.programme = programme
        self.chosen = chosen
        self.bound = bound

    def run(self) -> Choice:
        task, programme = self.task, self.programme
        if task.budget is not None:
            programme.spend(task.budget)
            proven = self._first_rule(programme.most_value)
            then = proven and self._value_then_cost()
        else:
            programme.cover(task.need or 0)
            proven = self._first_rule(programme.least_cost)
            then = proven and self._cost_then_value()
        settled = then and self._fewest() and self._by_id()
        return _told(task, self.chosen, self.bound, proven=proven, settled=settled)

    def _first_rule(self, run: Callable[[], Outcome]) -> bool:
        outcome = self._improve(run, 1)
        up = self.task.budget is not None
        if math.isfinite(outcome.bound):
            # Just beside a whole number, the bound is that number: floats are not exact.
            bound = math.floor(outcome.bound + 1e-6) if up else math.ceil(outcome.bound - 1e-6)
            reached = _first(self.task, self.chosen)
            if bound >= reached if up else bound <= reached:
                self.bound = min(self.bound, bound) if up else max(self.bound, bound)
        return outcome.proven

    def _improve(self, run: Callable[[], Outcome], rules: int) -> Outcome:
        """Run HiGHS, and keep what it found where that is better than the best so far, exactly counted.

        `rules` is how many entries of the rank are best after this run; what it found has to be as good in them.
        """
        outcome = run()
        found = outcome.chosen
        if found is None or not self.task.allows(found):
            return outcome._replace(proven=False)
        best, other = self.task.rank(self.chosen), self.task.rank(found)
        if other < best:
            self.chosen = found
        return outcome if other[:rules] <= best[:rules] else outcome._replace(proven=False)

    def _value_then_cost(self) -> bool:
        self.programme.cover(self.task.value(self.chosen))
        if not self._improve(self.programme.least_cost, 2).proven:
            return False
        self.programme.spend(self.task.cost(self.chosen))
        return True

    def _cost_then_value(self) -> bool:
        self.programme.spend(self.task.cost(self.chosen))
        value = self.task.value(self.chosen)
        if value < self.task.total and not self._improve(self.programme.most_value, 2).proven:
            return False
        self.programme.cover(self.task.value(self.chosen))
        return True

    def _fewest(self) -> bool:
        costs = {self.task.costs[candidate] for candidate in self.programme.candidates}
        same = len(costs) == 1 and costs != {0}
        if not (same or self._improve(self.programme.fewest, 3).proven):
            return False
        self.programme.count(len(self.chosen))
        return True

    def _by_id(self) -> bool:
        """Settle the ids in blocks, the first ones first, until all of the chosen are settled."""
        candidates = self.programme.candidates
        left = len(self.chosen)
        for begin in range(0, len(candidates), BLOCK):
            if not left:
                break
            block = candidates[begin : begin + BLOCK]
            first = set(block[:left]) <= set(self.chosen)
            if not (first or self._improve(partial(self.programme.first, block), 3).proven):
                return False
            for candidate in block:
                self.programme.fix(candidate, candidate in self.chosen)
            left -= len(set(block) & set(self.chosen))
        return True


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


def greedy(task: Task, candidates: Sequence[int]) -> tuple[tuple[int, ...], int]:
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


def useful(task: Task) -> tuple[int, ...]:
    """The candidates that the best choice may hold, ascending.

    A candidate is out where it covers nothing, costs more than the budget, or where another one covers all that it
    covers, costs no more, and costs less or has the smaller id: in any choice, the other one can take its place,
    and the choice is better for it.
    """
    return tuple(i for i in range(len(task.ids)) if _may_help(task, i))


def _may_help(task: Task, candidate: int) -> bool:
    gives, cost = task.gives[candidate], task.costs[candidate]
    if not gives or (task.budget is not None and cost > task.budget):
        return False
    rarest = min(gives, key=lambda element: len(task.elements[element].givers))
    return not any(
        (task.costs[other], other) < (cost, candidate) and gives <= task.gives[other]
        for other in task.elements[rarest].givers
    )
