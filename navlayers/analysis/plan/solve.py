"""The best choice, proven by HiGHS; after the time limit the best choice so far, with a bound."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from navlayers._engines.process import EngineError, results
from navlayers.analysis.plan.exchanges import local_search
from navlayers.analysis.plan.search import Choice, Task, choice_of
from navlayers.errors import extra

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.plan.problem import CoverProblem

PATIENCE = (1 / 6, 5)
"""The part of the time limit, and the least seconds, after which a search ends that comes no closer to a proof."""

GRACE = 0.3
"""Seconds after the time limit in which HiGHS may end by itself, and after which its process is ended."""

_SEARCH = "navlayers.analysis.plan.search:found"


def solve(problem: CoverProblem, seconds: float = 60) -> Choice:
    """The best choice by the rules of `CoverProblem`, or the best one so far after a time limit.

    The same problem gives the same choice on every machine, unless the search ends without a proof.

    Raises:
        ValueError: all candidates together do not meet the need.
    """
    if problem.need is not None and problem.need > problem.total:
        raise ValueError("all candidates together do not meet the need")
    deadline = time.monotonic() + seconds
    candidates = useful(problem)
    chosen, bound = greedy(problem, candidates)
    if not candidates or (problem.need == 0 and all(problem.costs[i] for i in candidates)):
        return Choice(chosen, proven=True, settled=True, bound=problem.objective(chosen))
    if seconds <= 0:
        return choice_of(problem, chosen, bound)
    chosen = local_search(problem, candidates, chosen, seconds, deadline + GRACE)
    if time.monotonic() >= deadline + GRACE:
        return choice_of(problem, chosen, bound)
    part, least = PATIENCE
    task = Task(problem, candidates, chosen, bound, deadline, max(part * seconds, least))
    return _searched(task)


def _searched(task: Task) -> Choice:
    """The choice of the search, which has a process of its own; where that is ended, the best one until then."""
    choice = choice_of(task.problem, task.chosen, task.bound)
    left = task.deadline + GRACE - time.monotonic()
    with extra("plan"), closing(results(_SEARCH, msgspec.msgpack.encode(task), seconds=left)) as parts:
        try:
            for data in parts:
                choice = msgspec.msgpack.decode(data, type=Choice)
                if choice.end == "stalled":
                    break
        except EngineError as error:
            if error.reason == "error":
                raise
            if not choice.proven and error.reason != "time":
                choice = msgspec.structs.replace(choice, end=error.reason)
    return choice


def useful(problem: CoverProblem) -> tuple[int, ...]:
    """The candidates that the best choice may contain, ascending.

    It excludes candidates that cover nothing, that cost more than the budget, or that are dominated: another
    candidate covers the same elements and costs less, or as much and has the smaller id. That one could replace the
    dominated one in any choice and would improve it.
    """
    # A bit per element: what thousands of candidates have in common takes one operation each.
    masks = [sum(1 << element for element in gives) for gives in problem.gives]
    # Of candidates that cover the same, one is left.
    best: dict[int, int] = {}
    for candidate in sorted(range(len(masks)), key=lambda candidate: (problem.costs[candidate], candidate)):
        best.setdefault(masks[candidate], candidate)
    givers = [[g for g in element.givers if best[masks[g]] == g] for element in problem.elements]
    of_givers = [[masks[giver] for giver in each] for each in givers]

    def may_help(candidate: int) -> bool:
        gives, cost, mask = problem.gives[candidate], problem.costs[candidate], masks[candidate]
        if not gives or best[mask] != candidate or (problem.budget is not None and cost > problem.budget):
            return False
        rarest = min(gives, key=lambda element: len(of_givers[element]))
        shared = [*map(mask.__and__, of_givers[rarest])]
        if shared.count(mask) == 1:  # its own
            return True
        others = zip(givers[rarest], shared, strict=True)
        return not any(
            common == mask and (problem.costs[other], other) < (cost, candidate) for other, common in others
        )

    return tuple(filter(may_help, range(len(problem.ids))))


class _Greedy:
    """Takes candidates by gain per cost, the highest first; ties by gain, then by id.

    Attributes:
        value: the weight that the taken candidates cover.
        gains: the weight that each candidate would add now.
    """

    def __init__(self, problem: CoverProblem, candidates: Iterable[int], need: int | None = None) -> None:
        """Start with nothing taken; a gain counts only up to the rest of the need."""
        self.problem = problem
        self.value = 0
        self.gains = [problem.weight(gives) for gives in problem.gives]
        self._need = need
        self._candidates = tuple(candidates)
        self._covered: set[int] = set()
        # Integer rates preserve the order: different rates differ by at least 1 / cost².
        self._scale = max(problem.costs, default=1) ** 2 or 1
        self._heap = [self._rank(candidate) for candidate in self._candidates]
        heapq.heapify(self._heap)

    def _rank(self, candidate: int) -> tuple[bool, int, int, int]:
        gain, cost = self.gains[candidate], self.problem.costs[candidate]
        if self._need is not None:
            gain = min(gain, max(self._need - self.value, 0))
        return not (gain and not cost), -(gain * self._scale // (cost or 1)), -gain, candidate

    def pop(self) -> int | None:
        """The next candidate, not yet taken; None where there is none."""
        while self._heap:
            # Ranks only fall, so a top candidate with an unchanged rank is the next one.
            candidate = self._heap[0][-1]
            rank = self._rank(candidate)
            if rank == self._heap[0]:
                heapq.heappop(self._heap)
                return candidate
            heapq.heapreplace(self._heap, rank)
        return None

    def take(self, candidate: int) -> None:
        """Mark the elements of the candidate as covered."""
        for index in self.problem.gives[candidate] - self._covered:
            weight, givers = self.problem.elements[index]
            self.value += weight
            for giver in givers:
                self.gains[giver] -= weight
        self._covered |= self.problem.gives[candidate]

    def bound(self) -> int:
        """The highest value (for a budget) or the lowest cost (for a need) that any choice can have.

        It is the bound of a relaxation: gains do not overlap, and a candidate can be taken in part.
        """
        budget, missing = self.problem.budget, (self._need or 0) - self.value
        added, spent = 0, 0
        for _, _, negative, candidate in sorted(map(self._rank, self._candidates)):
            gain, cost = -negative, self.problem.costs[candidate]
            if not gain:
                continue
            if budget is None and added + gain >= missing:
                return spent - (-(missing - added) * cost) // gain
            if budget is not None and spent + cost > budget:
                return self.value + added + gain * (budget - spent) // cost
            added += gain
            spent += cost
        return spent if budget is None else self.value + added


def in_order(problem: CoverProblem, candidates: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Candidates with their gains over those before them, the highest gain per cost first."""
    search = _Greedy(problem, candidates)
    order = []
    while (best := search.pop()) is not None:
        order.append((best, search.gains[best]))
        search.take(best)
    return tuple(order)


def greedy(problem: CoverProblem, candidates: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """The greedy choice among candidates, ascending, and a bound as in `Choice`.

    If all candidates together do not meet the need, the choice has all that add anything.
    """
    need, budget = problem.need, problem.budget
    search = _Greedy(problem, candidates, need)
    bounds = [search.bound()]
    taken: list[int] = []
    spent = 0
    while (need is None or search.value < need) and (best := search.pop()) is not None:
        if search.gains[best] and (budget is None or spent + problem.costs[best] <= budget):
            if need is not None and search.value + search.gains[best] >= need:
                bounds.append(search.bound())
            taken.append(best)
            spent += problem.costs[best]
            search.take(best)
    if budget is None:
        return _needed(problem, taken, min(need or 0, search.value)), max(bounds)
    return _needed(problem, taken, search.value), min(problem.total, *bounds, search.bound())


def _needed(problem: CoverProblem, taken: Sequence[int], value: int) -> tuple[int, ...]:
    """The candidates that a value needs: redundant ones are removed, the last taken ones first."""
    times = Counter(index for candidate in taken for index in problem.gives[candidate])
    spare = problem.weight(times) - value
    kept = []
    for candidate in reversed(taken):
        lost = problem.weight(index for index in problem.gives[candidate] if times[index] == 1)
        if lost > spare:
            kept.append(candidate)
        else:
            spare -= lost
            times.subtract(problem.gives[candidate])
    return tuple(sorted(kept))
