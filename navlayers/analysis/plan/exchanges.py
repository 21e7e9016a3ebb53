"""A choice made better by exchanges: what stands at once where a proof takes long."""

from __future__ import annotations

import math
import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.plan.problem import CoverProblem

MOST_STEPS = 40_000_000
"""Looks at elements and candidates, a few seconds of Python: the same on every machine."""

STEPS_PER_SECOND = 4_000_000
"""Steps within a time limit of less than ten seconds: they take about half of it."""

PARTS = (1, 3) * 20
"""The part of the choice that is replaced in each round. Half of the rounds start anew: the best choices from
random mappings share little with the greedy one.
"""


def local_search(
    problem: CoverProblem,
    candidates: Sequence[int],
    chosen: Sequence[int],
    seconds: float = math.inf,
    deadline: float = math.inf,
) -> tuple[int, ...]:
    """The choice, ascending, after exchanges of one candidate for another until none makes it better.

    An exchange keeps to the budget, or costs no more, and covers more weight, or as much at less cost. For a need,
    candidates that it no longer needs are left out. Then a part of the choice, or all, is replaced at random,
    several times, with the same random numbers everywhere; the best of these choices is kept. The time limit ends
    this after a number of steps; only where they take much longer than on most machines, the deadline, a time of
    `time.monotonic`, does.
    """
    search = _Exchanges(problem, candidates, chosen, min(MOST_STEPS, seconds * STEPS_PER_SECOND), deadline)
    search.improve()
    best = tuple(sorted(search.chosen))
    numbers = random.Random(0)  # noqa: S311 - no secrets
    for part in PARTS:
        if search.is_over or len(best) < 2:
            break
        count = -(-len(best) // part)
        others = [candidate for candidate in candidates if candidate not in search.chosen]
        search.replace(numbers.sample(best, count), numbers.sample(others, min(2 * count, len(others))))
        search.improve()
        found = tuple(sorted(search.chosen))
        if problem.allows(found) and problem.rank(found)[:2] < problem.rank(best)[:2]:
            best = found
        else:
            search.restore(best)
    return best


class _Exchanges:
    """A choice, how often it covers each element, and the weight that each other candidate would add."""

    def __init__(
        self,
        problem: CoverProblem,
        candidates: Sequence[int],
        chosen: Sequence[int],
        most: float,
        deadline: float,
    ) -> None:
        self.problem = problem
        self.chosen = set(chosen)
        self.steps = 0
        self.most = most
        self.deadline = deadline
        self._candidates = candidates
        self._times = [0] * len(problem.elements)
        self._gains = [problem.weight(gives) for gives in problem.gives]
        self._value = self._cost = 0
        for candidate in sorted(chosen):
            self._take(candidate)

    @property
    def is_over(self) -> bool:
        """Whether there are no more steps or no more time."""
        return self.steps >= self.most or time.monotonic() >= self.deadline

    def improve(self) -> None:
        """Exchange chosen candidates, or leave them out, until none of that makes the choice better."""
        while sum(self._exchange(member) for member in sorted(self.chosen) if not self.is_over):
            pass

    def replace(self, dropped: Iterable[int], others: Iterable[int]) -> None:
        """Drop some of the choice, and take others in their place, as far as the budget allows or the need asks."""
        for member in dropped:
            self._drop(member)
        for other in others:
            budget, need = self.problem.budget, self.problem.need
            fits = budget is None or self._cost + self.problem.costs[other] <= budget
            if fits and (need is None or self._value < need):
                self._take(other)
        self.steps += len(self._candidates)

    def restore(self, chosen: Iterable[int]) -> None:
        """Go back to a choice."""
        wanted = set(chosen)
        for member in sorted(self.chosen - wanted):
            self._drop(member)
        for member in sorted(wanted - self.chosen):
            self._take(member)

    def _exchange(self, member: int) -> bool:
        problem = self.problem
        lost, shared = self._shared(member)
        if problem.need is not None and self._value - lost >= problem.need:
            self._drop(member)
            return True
        room = problem.costs[member] + (0 if problem.budget is None else problem.budget - self._cost)
        least = 0 if problem.need is None else problem.need - self._value
        best, key = None, (0, 0, 0)
        for other in self._candidates:
            cost = problem.costs[other]
            if cost > room or other in self.chosen:
                continue
            more, less = self._gains[other] + shared.get(other, 0) - lost, problem.costs[member] - cost
            # The first aim is value for a budget, and cost for a need.
            rank = (more, less, -other) if problem.need is None else (less, more, -other)
            if rank[:2] > (0, 0) and more >= least and (best is None or rank > key):
                best, key = other, rank
        self.steps += len(self._candidates)
        if best is None:
            return False
        self._drop(member)
        self._take(best)
        return True

    def _shared(self, member: int) -> tuple[int, dict[int, int]]:
        """The weight that only this candidate covers, and the part of it that each other would cover."""
        lost, shared = 0, dict[int, int]()
        for index in self.problem.gives[member]:
            if self._times[index] == 1:
                weight, givers = self.problem.elements[index]
                lost += weight
                self.steps += len(givers)
                for giver in givers:
                    shared[giver] = shared.get(giver, 0) + weight
        return lost, shared

    def _take(self, candidate: int) -> None:
        self.chosen.add(candidate)
        self._count(candidate, 1, 1)

    def _drop(self, candidate: int) -> None:
        self.chosen.remove(candidate)
        self._count(candidate, -1, 0)

    def _count(self, candidate: int, change: int, alone: int) -> None:
        """Count the elements of a candidate; those that are now covered `alone` times were, or are, uncovered."""
        self._cost += change * self.problem.costs[candidate]
        for index in self.problem.gives[candidate]:
            self._times[index] += change
            if self._times[index] == alone:
                weight, givers = self.problem.elements[index]
                self._value += change * weight
                self.steps += len(givers)
                for giver in givers:
                    self._gains[giver] -= change * weight
