"""The search for a proof: HiGHS improves the best choice, in a process of its own that may be ended at any time."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.analysis.plan.problem import CoverProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.analysis.plan.milp import Measure, Outcome, Program

End = Literal["time", "stalled", "memory", "crash"]
"""Why a search without a proof ended."""

BLOCK = 10
"""Ids settled in one run: their weights are powers of two, which must be exact in the floats of HiGHS."""

NEARLY = 1e-6
"""Tolerance for bounds that are integers: HiGHS computes in floats."""


class Choice(msgspec.Struct, frozen=True):
    """The result of a search.

    Attributes:
        chosen: the candidates, ascending.
        proven: no choice has a higher value (for a budget) or a lower cost (for a need).
        settled: of equally good choices, it is the first by the rules of `CoverProblem`.
        bound: the highest value, or the lowest cost, that any choice can have.
        end: why a search without a proof ended: at the time limit; before it, as it came no closer to one; or
            because the solver took too much memory or crashed.
    """

    chosen: tuple[int, ...]
    proven: bool
    settled: bool
    bound: int
    end: End = "time"


class Task(msgspec.Struct, frozen=True):
    """What to search.

    Attributes:
        problem: the problem.
        candidates: those that may be chosen.
        chosen: the best choice so far.
        bound: as in `Choice`.
        deadline: when the search ends, a time of `time.monotonic`, which all processes share.
        patience: seconds of the CPU after which it ends if it did not close a tenth of its gap.
    """

    problem: CoverProblem
    candidates: tuple[int, ...]
    chosen: tuple[int, ...]
    bound: int
    deadline: float
    patience: float


def found(task: bytes, report: Callable[[bytes], None]) -> bytes:
    """The choice for a task, as bytes; those before it are reported."""
    encode = msgspec.msgpack.encode
    return encode(search(msgspec.msgpack.decode(task, type=Task), lambda choice: report(encode(choice))))


def prepare(_: object) -> None:
    """Import what a search needs."""
    from navlayers.analysis.plan import milp  # noqa: F401, PLC0415 - as below


def search(task: Task, report: Callable[[Choice], None]) -> Choice:
    """The best choice for a task, or the best one until its deadline; what is found before is reported."""
    # Others need only the types of this module; HiGHS takes long to import.
    from navlayers.analysis.plan.milp import Program  # noqa: PLC0415

    program = Program(task.problem, task.candidates, task.deadline, task.patience)
    return _Search(task, program, report).run()


def choice_of(
    problem: CoverProblem,
    chosen: Sequence[int],
    bound: int,
    *,
    proven: bool = False,
    settled: bool = False,
    end: End = "time",
) -> Choice:
    """A choice of a problem; it is proven if it reaches the bound."""
    objective = problem.objective(chosen)
    optimal = proven or objective == bound
    bound = objective if proven else bound
    return Choice(tuple(sorted(chosen)), optimal, settled, bound, end)


class _Search:
    """A search that improves the best choice by one rule after the other, holding the earlier ones."""

    def __init__(self, task: Task, program: Program, report: Callable[[Choice], None]) -> None:
        self.problem = task.problem
        self.program = program
        program.show = self.show
        self.chosen = task.chosen
        self.bound = task.bound
        self.end: End = "time"
        self._decided = 0
        self._report = report

    def run(self) -> Choice:
        problem = self.problem
        rules: tuple[Measure, ...] = ("value", "cost", "number")
        if problem.budget is not None:
            self.program.hold("cost", problem.budget)
        else:
            rules = ("cost", "value", "number")
            self.program.hold("value", problem.need or 0)
        while self._decided < len(rules) and self._decide(rules[self._decided], self._decided + 1):
            self.program.hold(rules[self._decided], self._measured(rules[self._decided]))
            self._decided += 1
            self._report(self._choice())
        settled = self._decided == len(rules) and self._settle_ids()
        return self._choice(settled)

    def _choice(self, settled: bool = False) -> Choice:
        proven = self._decided > 0
        return choice_of(self.problem, self.chosen, self.bound, proven=proven, settled=settled, end=self.end)

    def show(self, outcome: Outcome) -> None:
        """Report what a run has found before it ends, counted exactly: it may have to be ended."""
        chosen, bound = self.chosen, self.bound
        found = outcome.chosen
        if found and self.problem.allows(found) and self.problem.rank(found) < self.problem.rank(chosen):
            chosen = found
        if not self._decided:
            bound = self._tightened(outcome.bound, self.problem.objective(chosen))
        end: End = "stalled" if outcome.stalled else self.end
        self._report(choice_of(self.problem, chosen, bound, proven=self._decided > 0, end=end))

    def _measured(self, measure: Measure) -> int:
        if measure == "number":
            return len(self.chosen)
        return self.problem.value(self.chosen) if measure == "value" else self.problem.cost(self.chosen)

    def _decide(self, measure: Measure, rules: int) -> bool:
        """Find the best choice by a rule, the `rules`-th; whether it is proven."""
        if measure == "number":
            costs = {self.problem.costs[candidate] for candidate in self.program.candidates}
            if len(costs) == 1 and costs != {0}:
                return True  # The held cost determines their number.
        elif measure == "value" and rules > 1 and self._measured("value") == self.problem.total:
            return True
        start = self.chosen if rules == 1 else ()
        outcome = self._improve(partial(self.program.best, measure, start), rules)
        if rules == 1:
            self.bound = self._tightened(outcome.bound, self.problem.objective(self.chosen))
            self.end = "stalled" if outcome.stalled else self.end
        return outcome.proven

    def _improve(self, run: Callable[[], Outcome], rules: int) -> Outcome:
        """Run HiGHS, and keep its choice if it is better than the best so far, counted exactly.

        `rules` is the number of entries of the rank that this run decides: its choice must be as good in them.
        """
        outcome = run()
        if outcome.chosen is None or not self.problem.allows(outcome.chosen):
            return outcome._replace(proven=False)
        best, rank = self.problem.rank(self.chosen), self.problem.rank(outcome.chosen)
        if rank < best:
            self.chosen = outcome.chosen
        return outcome if rank[:rules] <= best[:rules] else outcome._replace(proven=False)

    def _tightened(self, bound: float, reached: int) -> int:
        """The bound of HiGHS if it is tighter and does not contradict what is reached."""
        if not math.isfinite(bound):
            return self.bound
        if self.problem.budget is not None:
            whole = math.floor(bound + NEARLY)
            return min(self.bound, whole) if whole >= reached else self.bound
        whole = math.ceil(bound - NEARLY)
        return max(self.bound, whole) if whole <= reached else self.bound

    def _settle_ids(self) -> bool:
        """Settle the ids in blocks, the first ids first, until all of the chosen are settled."""
        candidates = self.program.candidates
        rest = len(self.chosen)
        for begin in range(0, len(candidates), BLOCK):
            if not rest:
                break
            block = candidates[begin : begin + BLOCK]
            first = set(block[:rest]) <= set(self.chosen)
            if not (first or self._improve(partial(self.program.first, block), 3).proven):
                return False
            for candidate in block:
                self.program.fix(candidate, candidate in self.chosen)
            rest -= len(set(block) & set(self.chosen))
        return True
