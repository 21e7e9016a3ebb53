"""The task as a mixed-integer programme, solved by HiGHS: one thread, a fixed seed, a deadline, no output."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import highspy
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.analysis.plan.problem import Task

WITHIN_ONE = 0.99
"""Objectives are whole numbers, so that a gap below one is none."""


HALF = 0.5
"""Conditions on sums of whole numbers are this much looser: what just meets them is then far from breaking them."""


class Outcome(NamedTuple):
    """What a run came to: whether HiGHS proved it the best, the chosen candidates where it found any, its bound."""

    proven: bool
    chosen: tuple[int, ...] | None
    bound: float


class _Quiet(highspy.Highs):
    """HiGHS without the lines that it prints on standard output when it is made."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


class Programme:
    """A column per candidate (chosen or not) and one per element (covered or not).

    Later conditions narrow it to the choices that are best so far; `deadline` is a time of `time.monotonic`.
    """

    def __init__(self, task: Task, candidates: Sequence[int], deadline: float) -> None:
        self.task = task
        self.candidates = tuple(candidates)
        self.deadline = deadline
        self._column = {candidate: i for i, candidate in enumerate(candidates)}
        self._value = {len(candidates) + i: element.weight for i, element in enumerate(task.elements)}
        self._costs = {self._column[candidate]: task.costs[candidate] for candidate in candidates}
        self._least_value: int | None = None
        self._most_cost: int | None = None
        self._highs = _Quiet()
        for option, value in (
            ("threads", 1),
            ("random_seed", 0),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", WITHIN_ONE),
        ):
            self._highs.setOptionValue(option, value)
        self._build()

    def _build(self) -> None:
        columns = len(self.candidates) + len(self.task.elements)
        self._highs.addVars(columns, np.zeros(columns), np.ones(columns))
        for column in self._column.values():
            self._highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        for number, element in enumerate(self.task.elements):
            givers = [self._column[giver] for giver in element.givers if giver in self._column]
            row = dict.fromkeys(givers, 1)
            row[len(self.candidates) + number] = -1
            self._row(0, highspy.kHighsInf, row)

    def _row(self, low: float, high: float, row: dict[int, int]) -> None:
        numbers = np.fromiter(row.keys(), dtype=np.int32)
        self._highs.addRow(low, high, len(row), numbers, np.fromiter(row.values(), dtype=np.float64))

    def cover(self, value: int) -> None:
        """From now on, the chosen cover at least this value."""
        self._least_value = value
        if value >= self.task.total:
            for column in self._value:
                self._highs.changeColBounds(column, 1, 1)
        elif value > 0:
            # An element that weighs more than is needed suffices by itself.
            row = {column: min(weight, value) for column, weight in self._value.items()}
            self._row(value - HALF, highspy.kHighsInf, row)

    def spend(self, cost: int) -> None:
        """From now on, the chosen cost at most this much."""
        self._most_cost = cost
        self._row(-highspy.kHighsInf, cost + HALF, self._costs)

    def count(self, number: int) -> None:
        """From now on, so many are chosen."""
        self._row(number, number, dict.fromkeys(self._column.values(), 1))

    def fix(self, candidate: int, chosen: bool) -> None:
        """From now on, the candidate is chosen, or is not."""
        self._highs.changeColBounds(self._column[candidate], int(chosen), int(chosen))

    def most_value(self) -> Outcome:
        """The choice of the highest value."""
        return self._run(self._value, maximise=True)

    def least_cost(self) -> Outcome:
        """The choice of the lowest cost."""
        return self._run(self._costs, maximise=False)

    def fewest(self) -> Outcome:
        """The choice of the fewest candidates."""
        return self._run(dict.fromkeys(self._column.values(), 1), maximise=False)

    def first(self, block: Sequence[int]) -> Outcome:
        """The choice whose candidates of a block, compared from its start, come first."""
        weights = {self._column[candidate]: 1 << place for place, candidate in enumerate(reversed(block))}
        return self._run(weights, maximise=True)

    def _run(self, objective: dict[int, int], *, maximise: bool) -> Outcome:
        columns = len(self.candidates) + len(self.task.elements)
        costs = np.zeros(columns)
        costs[list(objective)] = list(objective.values())
        self._highs.changeColsCost(columns, np.arange(columns, dtype=np.int32), costs)
        sense = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        self._highs.changeObjectiveSense(sense)
        nothing = float("inf") if maximise else float("-inf")
        while (left := self.deadline - time.monotonic()) > 0:
            outcome = self._solve(objective, left, nothing)
            if outcome.chosen is None or not self._ruled_out(outcome.chosen):
                return outcome
        return Outcome(False, None, nothing)

    def _solve(self, objective: dict[int, int], seconds: float, nothing: float) -> Outcome:
        highs = self._highs
        highs.setOptionValue("time_limit", seconds)
        _interruptible(highs)
        info = highs.getInfo()
        bound = info.mip_dual_bound if abs(info.mip_dual_bound) < highspy.kHighsInf else nothing
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return Outcome(False, None, bound)
        values = highs.getSolution().col_value
        chosen = tuple(candidate for candidate, column in self._column.items() if values[column] > 0.5)
        # HiGHS is believed only where its bound fits what its choice comes to, counted exactly.
        reached = self.task.value(chosen) if objective is self._value else self._sum(objective, chosen)
        optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return Outcome(optimal and abs(reached - bound) < 1, chosen, bound)

    def _ruled_out(self, chosen: tuple[int, ...]) -> bool:
        """Whether a choice breaks a condition that floats let pass; then it, and what is worse, is ruled out."""
        columns = {self._column[candidate] for candidate in chosen}
        if self._least_value is not None and self.task.value(chosen) < self._least_value:
            self._row(1, highspy.kHighsInf, {c: 1 for c in self._column.values() if c not in columns})
            return True
        if self._most_cost is not None and self.task.cost(chosen) > self._most_cost:
            self._row(-highspy.kHighsInf, len(columns) - 1, dict.fromkeys(sorted(columns), 1))
            return True
        return False

    def _sum(self, objective: dict[int, int], chosen: Iterable[int]) -> int:
        return sum(objective.get(self._column[candidate], 0) for candidate in chosen)


def _interruptible(highs: Any) -> None:
    """Run HiGHS in a thread, so that Ctrl-C stops it."""
    stopping = threading.Event()

    def ask(_kind: object, _message: object, _out: object, told: Any, _data: object) -> None:
        if stopping.is_set():
            told.user_interrupt = True

    highs.setCallback(ask, None)
    kinds = highspy.cb.HighsCallbackType
    for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt):
        highs.startCallback(kind)
    thread = threading.Thread(target=highs.run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
    except BaseException:
        stopping.set()
        thread.join()
        raise
