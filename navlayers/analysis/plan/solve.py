"""The best choice, proven by HiGHS; past the time limit the best one found, with a bound."""

from __future__ import annotations

import heapq
import math
import time
from functools import partial
from typing import TYPE_CHECKING

from navlayers.analysis.plan.problem import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.analysis.plan.milp import Measure, Outcome, Program
    from navlayers.analysis.plan.problem import CoverProblem

BLOCK = 10
"""Ids settled in one run: their weights are powers of two, which have to stay far from where floats round."""

NEARLY = 1e-6
"""A bound this near to an integer is that integer: HiGHS counts in floats."""


def solve(problem: CoverProblem, seconds: float = 60) -> Choice:
    """The best choice by the rules of `CoverProblem`, or what is found of it within a time.

    The same problem gives the same choice on every machine, unless the time limit ends the search.

    Raises:
        ValueError: all candidates together do not meet the need.
    """
    if problem.need is not None and problem.need > problem.total:
        raise ValueError("all candidates together do not cover what is needed")
    deadline = time.monotonic() + seconds
    candidates = useful(problem)
    chosen, bound = greedy(problem, candidates)
    if not candidates or (problem.need == 0 and all(problem.costs[i] for i in candidates)):
        return Choice(chosen, proven=True, settled=True, bound=_objective(problem, chosen))
    if seconds <= 0:
        return _choice(problem, chosen, bound, proven=False, settled=False)
    # The solver is imported only where there is something to solve.
    from navlayers.analysis.plan.milp import Program  # noqa: PLC0415

    return _Search(problem, Program(problem, candidates, deadline), chosen, bound).run()


def useful(problem: CoverProblem) -> tuple[int, ...]:
    """The candidates that the best choice may have, ascending.

    A candidate is out where it covers nothing, costs more than the budget, or where another one covers all that it
    covers, costs no more, and costs less or has the smaller id: in any choice, the other one can take its place,
    and the choice is better for it.
    """
    return tuple(i for i in range(len(problem.ids)) if _may_help(problem, i))


def _may_help(problem: CoverProblem, candidate: int) -> bool:
    gives, cost = problem.gives[candidate], problem.costs[candidate]
    if not gives or (problem.budget is not None and cost > problem.budget):
        return False
    rarest = min(gives, key=lambda element: len(problem.elements[element].givers))
    return not any(
        (problem.costs[other], other) < (cost, candidate) and gives <= problem.gives[other]
        for other in problem.elements[rarest].givers
    )


def _objective(problem: CoverProblem, chosen: Sequence[int]) -> int:
    """What counts first of a choice: its value for a budget, its cost for a need."""
    return problem.value(chosen) if problem.budget is not None else problem.cost(chosen)


def _choice(problem: CoverProblem, chosen: Sequence[int], bound: int, *, proven: bool, settled: bool) -> Choice:
    objective = _objective(problem, chosen)
    # A bound that is met proves what it bounds.
    return Choice(tuple(sorted(chosen)), proven or objective == bound, settled, objective if proven else bound)


class _Search:
    """A search: the best choice so far, improved by one rule after the other while the earlier ones are held."""

    def __init__(self, problem: CoverProblem, program: Program, chosen: tuple[int, ...], bound: int) -> None:
        self.problem = problem
        self.program = program
        self.chosen = chosen
        self.bound = bound

    def run(self) -> Choice:
        problem = self.problem
        rules: tuple[Measure, Measure, Measure]
        if problem.budget is not None:
            rules = ("value", "cost", "number")
            self.program.hold("cost", problem.budget)
        else:
            rules = ("cost", "value", "number")
            self.program.hold("value", problem.need or 0)
        decided = 0
        while decided < len(rules) and self._decide(rules[decided], decided + 1):
            self.program.hold(rules[decided], self._measured(rules[decided]))
            decided += 1
        settled = decided == len(rules) and self._settle_ids()
        return _choice(problem, self.chosen, self.bound, proven=decided > 0, settled=settled)

    def _measured(self, measure: Measure) -> int:
        if measure == "number":
            return len(self.chosen)
        return self.problem.value(self.chosen) if measure == "value" else self.problem.cost(self.chosen)

    def _decide(self, measure: Measure, rules: int) -> bool:
        """Find the best choice by a rule, the `rules`-th, and tell whether it is proven."""
        if measure == "number":
            costs = {self.problem.costs[candidate] for candidate in self.program.candidates}
            if len(costs) == 1 and costs != {0}:
                return True  # Their cost, which is held, says how many they are.
        elif measure == "value" and rules > 1 and self._measured("value") == self.problem.total:
            return True
        outcome = self._improve(partial(self.program.best, measure), rules)
        if rules == 1:
            self._tighten(outcome.bound)
        return outcome.proven

    def _improve(self, run: Callable[[], Outcome], rules: int) -> Outcome:
        """Run HiGHS, and keep its choice where that is better than the best so far, counted exactly.

        `rules` is how many entries of the rank are decided with this run: its choice has to be as good in them.
        """
        outcome = run()
        if outcome.chosen is None or not self.problem.allows(outcome.chosen):
            return outcome._replace(proven=False)
        best, rank = self.problem.rank(self.chosen), self.problem.rank(outcome.chosen)
        if rank < best:
            self.chosen = outcome.chosen
        return outcome if rank[:rules] <= best[:rules] else outcome._replace(proven=False)

    def _tighten(self, bound: float) -> None:
        """Take the bound of HiGHS where it is tighter, and not below what is reached."""
        if not math.isfinite(bound):
            return
        reached = _objective(self.problem, self.chosen)
        if self.problem.budget is not None:
            whole = math.floor(bound + NEARLY)
            self.bound = min(self.bound, whole) if whole >= reached else self.bound
        else:
            whole = math.ceil(bound - NEARLY)
            self.bound = max(self.bound, whole) if whole <= reached else self.bound

    def _settle_ids(self) -> bool:
        """Settle the ids in blocks, the first ids first, until all of the chosen are settled."""
        candidates = self.program.candidates
        left = len(self.chosen)
        for begin in range(0, len(candidates), BLOCK):
            if not left:
                break
            block = candidates[begin : begin + BLOCK]
            first = set(block[:left]) <= set(self.chosen)
            if not (first or self._improve(partial(self.program.first, block), 3).proven):
                return False
            for candidate in block:
                self.program.fix(candidate, candidate in self.chosen)
            left -= len(set(block) & set(self.chosen))
        return True


class _Greedy:
    """Takes candidates by what each adds per cost to those taken before it, the most first.

    Of several that add as much per cost, the one that adds most comes first; of those, the first by id.

    Attributes:
        value: the weight that the taken candidates cover.
        gains: the weight that each candidate would add now.
    """

    def __init__(self, problem: CoverProblem, candidates: Iterable[int], need: int | None = None) -> None:
        """Start with nothing taken; of what a candidate adds, no more counts than the need still lacks."""
        self.problem = problem
        self.value = 0
        self.gains = [problem.weight(gives) for gives in problem.gives]
        self._candidates = tuple(candidates)
        self._need = need
        self._uncovered = [True] * len(problem.elements)
        # Rates as integers that are equal where the rates are: different ones are apart by at least 1 / cost².
        self._scale = max(problem.costs, default=1) ** 2 or 1
        self._heap = [self._rank(candidate) for candidate in self._candidates]
        heapq.heapify(self._heap)

    def counted(self, candidate: int) -> int:
        """What a candidate adds, as far as it counts."""
        gain = self.gains[candidate]
        return gain if self._need is None else min(gain, self._need - self.value)

    def _rank(self, candidate: int) -> tuple[bool, int, int, int]:
        gain, cost = self.counted(candidate), self.problem.costs[candidate]
        return not (gain and not cost), -(gain * self._scale // (cost or 1)), -gain, candidate

    def pop(self) -> int | None:
        """The next candidate, not yet taken; None where there is none."""
        while self._heap:
            # Ranks only fall as others are taken, so that most need no second look.
            candidate = self._heap[0][-1]
            rank = self._rank(candidate)
            if rank == self._heap[0]:
                heapq.heappop(self._heap)
                return candidate
            heapq.heapreplace(self._heap, rank)
        return None

    def take(self, candidate: int) -> None:
        """Count what the candidate covers as covered."""
        for index in self.problem.gives[candidate]:
            if self._uncovered[index]:
                self._uncovered[index] = False
                weight, givers = self.problem.elements[index]
                self.value += weight
                for giver in givers:
                    self.gains[giver] -= weight

    def most(self, budget: int) -> int:
        """No more value than this is added for a budget: as if nothing overlapped and parts could be had."""
        added = 0
        for gain, cost in self._by_rate():
            if cost > budget:
                return added + gain * budget // cost
            added += gain
            budget -= cost
        return added

    def least(self, missing: int) -> int:
        """No less cost than this adds what is missing: as if nothing overlapped and parts could be had."""
        spent = 0
        for gain, cost in self._by_rate():
            if gain >= missing:
                return spent - -(missing * cost) // gain
            missing -= gain
            spent += cost
        return spent

    def _by_rate(self) -> Iterator[tuple[int, int]]:
        """Gain and cost of the candidates that add something, the best rate first."""
        ranks = sorted(self._rank(candidate) for candidate in self._candidates if self.counted(candidate))
        yield from ((-rank[2], self.problem.costs[rank[-1]]) for rank in ranks)


def in_order(problem: CoverProblem, candidates: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Candidates and what each adds to those before it, the most per cost first."""
    search = _Greedy(problem, candidates)
    order = []
    while (best := search.pop()) is not None:
        order.append((best, search.gains[best]))
        search.take(best)
    return tuple(order)


def greedy(problem: CoverProblem, candidates: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """The greedy choice among candidates, ascending, and a bound as in `Choice`.

    A need that all candidates together do not meet gives all that add anything.
    """
    if problem.budget is not None:
        return _spend(problem, candidates, problem.budget)
    return _meet(problem, candidates, problem.need or 0)


def _spend(problem: CoverProblem, candidates: Sequence[int], budget: int) -> tuple[tuple[int, ...], int]:
    search = _Greedy(problem, candidates)
    # The strongest single candidate: where it beats the greedy choice, that is half of the best at least.
    strongest = max(
        (i for i in candidates if problem.costs[i] <= budget), key=lambda i: (search.gains[i], -i), default=None
    )
    alone = 0 if strongest is None else search.gains[strongest]
    taken: list[int] = []
    spent, bound = 0, min(problem.total, search.most(budget))
    while (best := search.pop()) is not None:
        if not search.gains[best] or spent + problem.costs[best] > budget:
            continue
        taken.append(best)
        spent += problem.costs[best]
        search.take(best)
        if _is_power_of_two(len(taken)):
            bound = min(bound, search.value + search.most(budget))
    bound = min(bound, search.value + search.most(budget))
    if strongest is not None and alone > search.value:
        taken = [strongest]
    return _needed(problem, taken, max(alone, search.value)), bound


def _meet(problem: CoverProblem, candidates: Sequence[int], need: int) -> tuple[tuple[int, ...], int]:
    search = _Greedy(problem, candidates, need)
    taken: list[int] = []
    bound = search.least(need) if need else 0
    while search.value < need:
        best = search.pop()
        if best is None or not search.gains[best]:
            break
        missing = need - search.value
        if search.counted(best) == missing or _is_power_of_two(len(taken)):
            bound = max(bound, search.least(missing))
        taken.append(best)
        search.take(best)
    return _needed(problem, taken, min(need, search.value)), bound


def _is_power_of_two(number: int) -> bool:
    """When bounds are computed again: each time as many more are taken as before."""
    return number > 0 and not number & (number - 1)


def _needed(problem: CoverProblem, taken: Sequence[int], value: int) -> tuple[int, ...]:
    """The candidates without those that a value does not need, the last taken ones tried first."""
    times = [0] * len(problem.elements)
    for candidate in taken:
        for index in problem.gives[candidate]:
            times[index] += 1
    spare = sum(element.weight for element, n in zip(problem.elements, times, strict=True) if n) - value
    kept = []
    for candidate in reversed(taken):
        lost = problem.weight(index for index in problem.gives[candidate] if times[index] == 1)
        if lost > spare:
            kept.append(candidate)
            continue
        spare -= lost
        for index in problem.gives[candidate]:
            times[index] -= 1
    return tuple(sorted(kept))
