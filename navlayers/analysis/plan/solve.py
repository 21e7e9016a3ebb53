"""The best choice, proven by HiGHS, or past the time limit the best one found with a bound."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING

from navlayers.analysis.plan import greedy
from navlayers.analysis.plan.problem import Choice
from navlayers.analysis.plan.reduce import useful

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    chosen, bound = greedy.choose(task, candidates)
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
