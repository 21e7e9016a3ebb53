"""The question of a plan in whole numbers: what there is to cover, what each candidate costs, what is asked."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers.analysis.plan.integer_scale import scale_of
from navlayers.analysis.plan.problem import make_task
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.analysis.plan.candidates import Level
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.problem import Choice

DEAREST = 10**9
"""Costs together may have so many steps of their common scale; a solver tells finer ones apart no longer."""


class Question:
    """What is asked: `task` without what is had, in steps of `values` and `costs`.

    `prices` are the costs of the candidates that may be chosen. Values that are told are exact, in units: `worth`
    are those of the levels, `total` that of all candidates, `had` that of those in place. The steps of the task are
    units, too, unless the weights are rounded for the solver.
    """

    def __init__(
        self, levels: Sequence[Level], prices: Mapping[str, Fraction], have: frozenset[str], options: PlanOptions
    ) -> None:
        _refuse_too_fine(prices)
        self._levels = levels
        self._have = have
        self.values = scale_of(level.worth for level in levels)
        self.costs = scale_of(prices.values(), None)
        self._unit = scale_of((level.worth for level in levels), None)
        self.worth = [self._unit.steps(level.worth) for level in levels]
        self.total = sum(self.worth)
        steps = [self.values.steps(level.worth) for level in levels] if self.values.rounded else self.worth
        in_place = [not have.isdisjoint(level.givers) for level in levels]
        self.had = sum(worth for worth, there in zip(self.worth, in_place, strict=True) if there)
        had = sum(step for step, there in zip(steps, in_place, strict=True) if there)
        open_ = [
            (step, [giver for giver in level.givers if giver in prices])
            for level, step, there in zip(levels, steps, in_place, strict=True)
            if not there
        ]
        costs = {candidate: self.costs.steps(cost) for candidate, cost in prices.items()}
        if options.most is not None:
            self.task = make_task(costs, open_, budget=math.floor(options.most / self.costs.step))
            return
        reachable = had + sum(step for step, givers in open_ if givers)
        target = math.ceil((options.least or 0) * sum(steps))
        if target > reachable:
            raise UsageError(_unreachable(options, Fraction(reachable, sum(steps))))
        self.task = make_task(costs, open_, need=max(target - had, 0))

    def value(self, units: int) -> Fraction:
        """What so many units of value are."""
        return units * self._unit.step

    def gains(self, chosen: Sequence[str]) -> list[int]:
        """What each of the candidates adds to those before it and those in place, in units."""
        place = {candidate: number for number, candidate in enumerate(chosen)}
        gains = [0] * len(chosen)
        for level, worth in zip(self._levels, self.worth, strict=True):
            places = [place[giver] for giver in level.givers if giver in place]
            if places and self._have.isdisjoint(level.givers):
                gains[min(places)] += worth
        return gains

    def bound(self, choice: Choice, value: Fraction) -> Fraction:
        """What no plan goes beyond: the highest value, or the lowest cost; `value` is that of the plan.

        Where weights are rounded, each of them may be wrong by a step.
        """
        if self.task.need is not None:
            return choice.bound * self.costs.step
        if choice.proven:
            return value
        slack = len(self._levels) if self.values.rounded else 0
        return max(value, self.value(self.had) + (choice.bound + slack) * self.values.step)


def _unreachable(options: PlanOptions, reachable: Fraction) -> Problem:
    target = float(100 * (options.least or 0))
    most = math.floor(reachable * 10_000) / 100
    message = f"the target of {target:g} % cannot be reached: what may be chosen gives {most:g} % of what all give"
    return Problem(message, hint="lower the target, exclude less, or give more capabilities a cost")


def _refuse_too_fine(prices: Mapping[str, Fraction]) -> None:
    scale = scale_of(prices.values(), None)
    if sum(prices.values()) / scale.step > DEAREST:
        message = "the costs are too large and too fine to be told apart"
        hint = "round them, or write them in thousands"
        raise UsageError(Problem(message, expected="nine digits in all", hint=hint))
