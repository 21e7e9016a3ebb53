"""The cover problem as a mixed-integer program, solved by HiGHS: one thread, fixed seed, deadline, no output."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import highspy
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.analysis.plan.problem import CoverProblem

Measure = Literal["value", "cost", "number"]
"""The objectives of a choice: covered weight, cost, and number of candidates."""

WITHIN_ONE = 0.99
"""Absolute MIP gap. Objectives are integers, so any gap below 1 proves optimality."""

CLOSER = 0.1
"""The part of its gap that a search has to close in its time: of a gap of 20%, two percentage points."""

LOOK, STOP = 0.1, 0.3
"""Seconds between looks at the patience, and those in which HiGHS may end by itself where that is over."""

HALF = 0.5
"""Slack of constraints on sums of integers: rounding of floats cannot break a constraint that holds exactly."""


class Outcome(NamedTuple):
    """The result of one run.

    Attributes:
        proven: HiGHS proved it optimal, and its bound fits the value counted exactly.
        chosen: the candidates of the choice; None without a feasible one.
        bound: the best value of the objective that any choice can have.
        stalled: the search ended because it came no closer to a proof, or its bound does not fit.
    """

    proven: bool
    chosen: tuple[int, ...] | None
    bound: float
    stalled: bool = False


class _Highs(highspy.Highs):
    """HiGHS without the banner that its constructor prints on standard output."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


class Program:
    """A column per candidate (chosen or not), one per element (covered or not), narrowed by `hold` and `fix`."""

    def __init__(
        self, problem: CoverProblem, candidates: Sequence[int], deadline: float, patience: float = math.inf
    ) -> None:
        """Build the program of the candidates.

        Args:
            problem: the whole problem.
            candidates: those that may be chosen.
            deadline: when searches end, a time of `time.monotonic`.
            patience: seconds of the CPU after which a search ends that did not close a tenth of its gap.
        """
        self.problem = problem
        self.candidates = tuple(candidates)
        self.deadline = deadline
        self.patience = patience
        self.show: Callable[[Outcome], None] = lambda _: None
        """What to do with a choice or bound that HiGHS finds before it ends, or where it does not end."""
        self._column = {candidate: i for i, candidate in enumerate(candidates)}
        self._objectives: dict[Measure, dict[int, int]] = {
            "value": {len(candidates) + i: element.weight for i, element in enumerate(problem.elements)},
            "cost": {self._column[candidate]: problem.costs[candidate] for candidate in candidates},
            "number": dict.fromkeys(self._column.values(), 1),
        }
        self._held: dict[Measure, int] = {}
        self._highs = _Highs()
        settings = {"threads": 1, "random_seed": 0, "mip_rel_gap": 0.0, "mip_abs_gap": WITHIN_ONE}
        for option, setting in settings.items():
            self._highs.setOptionValue(option, setting)
        self._columns = len(candidates) + len(problem.elements)
        self._highs.addVars(self._columns, np.zeros(self._columns), np.ones(self._columns))
        # Covered follows from chosen: only the columns of candidates have to be integers.
        for column in self._column.values():
            self._highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        starts: list[int] = []
        columns: list[int] = []
        signs: list[int] = []
        for index, element in enumerate(problem.elements):
            starts.append(len(columns))
            row = [self._column[giver] for giver in element.givers if giver in self._column]
            columns += [*row, len(candidates) + index]
            signs += [*[1] * len(row), -1]
        # All rows in one call, which is several times faster than a call for each.
        count = len(problem.elements)
        self._highs.addRows(
            count,
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            len(columns),
            np.array(starts, dtype=np.int32),
            np.array(columns, dtype=np.int32),
            np.array(signs, dtype=np.float64),
        )

    def _row(self, low: float, high: float, row: dict[int, int]) -> None:
        columns = np.fromiter(row.keys(), dtype=np.int32)
        self._highs.addRow(low, high, len(row), columns, np.fromiter(row.values(), dtype=np.float64))

    def hold(self, measure: Measure, limit: int) -> None:
        """Allow, from now on, only choices of at least this value, at most this cost, or exactly this number."""
        self._held[measure] = limit
        row = self._objectives[measure]
        if measure == "number":
            self._row(limit, limit, row)
        elif measure == "cost":
            self._row(-highspy.kHighsInf, limit + HALF, row)
        elif limit >= self.problem.total:
            for column in row:
                self._highs.changeColBounds(column, 1, 1)
        elif limit > 0:
            # An element that weighs more than the limit is sufficient alone.
            capped = {column: min(weight, limit) for column, weight in row.items()}
            self._row(limit - HALF, highspy.kHighsInf, capped)

    def fix(self, candidate: int, chosen: bool) -> None:
        """Allow, from now on, only choices with, or without, the candidate."""
        self._highs.changeColBounds(self._column[candidate], int(chosen), int(chosen))

    def best(self, measure: Measure, start: Sequence[int] = ()) -> Outcome:
        """The choice of the highest value, the lowest cost or the lowest number.

        Args:
            measure: what is counted.
            start: a choice to start from, if there is one.
        """
        return self._run(self._objectives[measure], maximize=measure == "value", start=start)

    def first(self, block: Sequence[int]) -> Outcome:
        """The choice whose candidates of a block, compared from its start, come first."""
        weights = {self._column[candidate]: 1 << place for place, candidate in enumerate(reversed(block))}
        return self._run(weights, maximize=True)

    def _run(self, objective: dict[int, int], *, maximize: bool, start: Sequence[int] = ()) -> Outcome:
        weights = np.zeros(self._columns)
        weights[list(objective)] = list(objective.values())
        self._highs.changeColsCost(self._columns, np.arange(self._columns, dtype=np.int32), weights)
        sense = highspy.ObjSense.kMaximize if maximize else highspy.ObjSense.kMinimize
        self._highs.changeObjectiveSense(sense)
        if start:
            solution = highspy.HighsSolution()
            solution.col_value = self._values(start)
            self._highs.setSolution(solution)
        unbounded = float("inf") if maximize else float("-inf")
        while (seconds := self.deadline - time.monotonic()) > 0:
            outcome = self._solve(objective, seconds, unbounded)
            optimal = self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
            if start and optimal and not outcome.proven:
                # HiGHS 1.16 miscounts some choices that it starts from: its objective is not theirs.
                self._highs.clearSolver()
                start = ()
            elif outcome.chosen is None or not self._ruled_out(outcome.chosen):
                return outcome
        return Outcome(False, None, unbounded)

    def _solve(self, objective: dict[int, int], seconds: float, unbounded: float) -> Outcome:
        highs = self._highs
        highs.setOptionValue("time_limit", seconds)
        self._search(unbounded)
        info = highs.getInfo()
        bound = info.mip_dual_bound if abs(info.mip_dual_bound) < highspy.kHighsInf else unbounded
        stalled = highs.getModelStatus() == highspy.HighsModelStatus.kInterrupt
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return Outcome(False, None, bound, stalled)
        chosen = self._chosen(highs.getSolution().col_value)
        # A result counts as proven only if the bound of HiGHS agrees with the exact count.
        if objective is self._objectives["value"]:
            reached = self.problem.value(chosen)
        else:
            reached = sum(objective.get(self._column[candidate], 0) for candidate in chosen)
        optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        proven = optimal and abs(reached - bound) < 1
        return Outcome(proven, chosen, bound, stalled or (optimal and not proven))

    def _search(self, unbounded: float) -> None:
        """Run HiGHS; what it finds is shown, and it ends where its search comes no closer to a proof."""
        patience = _Patience(self.patience, time.process_time())
        ended = threading.Event()
        kinds = highspy.cb.HighsCallbackType
        improved, in_simplex = kinds.kCallbackMipImprovingSolution, kinds.kCallbackSimplexInterrupt
        best = Outcome(False, None, unbounded)

        def look(kind: object, _message: object, out: Any, answer: Any, _data: object) -> None:
            nonlocal best
            gap = math.inf
            # Within the simplex method nothing is known about the search.
            if kind != in_simplex:
                bound = out.mip_dual_bound if abs(out.mip_dual_bound) < highspy.kHighsInf else unbounded
                found = self._chosen(out.mip_solution) if kind == improved else best.chosen
                gap, best = out.mip_gap, Outcome(False, found, bound)
            if kind != improved and patience.is_over(gap, time.process_time()):
                answer.user_interrupt = True

        def watch() -> None:
            shown = best
            while not ended.wait(LOOK):
                # HiGHS does not call back in all of its stages.
                over = patience.is_over(math.inf, time.process_time()) and not ended.wait(STOP)
                if over or best != shown:
                    shown = best
                    self.show(best._replace(stalled=over))

        self._highs.setCallback(look, None)
        for kind in (improved, in_simplex, kinds.kCallbackMipInterrupt):
            self._highs.startCallback(kind)
        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        self._highs.run()
        ended.set()
        watching.join()

    def _chosen(self, values: Sequence[float]) -> tuple[int, ...]:
        return tuple(candidate for candidate, column in self._column.items() if values[column] > 0.5)

    def _values(self, chosen: Sequence[int]) -> list[float]:
        """The values of all columns for a choice."""
        values = [0.0] * self._columns
        for candidate in chosen:
            values[self._column[candidate]] = 1.0
            for index in self.problem.gives[candidate]:
                values[len(self.candidates) + index] = 1.0
        return values

    def _ruled_out(self, chosen: tuple[int, ...]) -> bool:
        """Whether a choice breaks a limit because of rounding; if so, exclude it and all worse choices."""
        columns = {self._column[candidate] for candidate in chosen}
        if self.problem.value(chosen) < self._held.get("value", 0):
            self._row(1, highspy.kHighsInf, {c: 1 for c in self._column.values() if c not in columns})
            return True
        if "cost" in self._held and self.problem.cost(chosen) > self._held["cost"]:
            self._row(-highspy.kHighsInf, len(columns) - 1, dict.fromkeys(sorted(columns), 1))
            return True
        return False


class _Patience:
    """Says when a search is to end: after some seconds of the CPU in which it did not close a tenth of its gap."""

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        self._gap = math.inf
        self._since = now

    def is_over(self, gap: float, now: float) -> bool:
        """Whether it is to end now, by the gap of the best choice to what any can have."""
        if gap < self._gap * (1 - CLOSER):
            self._gap, self._since = gap, now
        return now - self._since > self._seconds
