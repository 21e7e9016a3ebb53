"""The question of a plan in whole numbers: what there is to cover, what each candidate costs, what is asked."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from navlayers.errors import Problem, UsageError
from navlayers.plan.task import make_task
from navlayers.plan.whole import scale_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.plan.candidates import Level
    from navlayers.plan.options import PlanOptions

DEAREST = 10**9
"""Costs together may have so many steps of their common scale; a solver tells finer ones apart no longer."""


class Question:
    """What is asked: `task` without what is had, and the scales of its values and costs.

    `prices` are the costs of the candidates that may be chosen. `total` is the value of all candidates, `had` that
    of those in place, `reachable` that of both who may be chosen and who are had.
    """

    def __init__(
        self, levels: Sequence[Level], prices: Mapping[str, Fraction], have: frozenset[str], options: PlanOptions
    ) -> None:
        _refuse_too_fine(prices)
        self.values = scale_of(level.worth for level in levels)
        self.costs = scale_of(prices.values(), None)
        worth = [self.values.steps(level.worth) for level in levels]
        self.total = sum(worth)
        pairs = list(zip(levels, worth, strict=True))
        self.had = sum(part for level, part in pairs if have & set(level.givers))
        open_ = [
            (part, [giver for giver in level.givers if giver in prices])
            for level, part in pairs
            if not have & set(level.givers)
        ]
        costs = {candidate: self.costs.steps(cost) for candidate, cost in prices.items()}
        self.reachable = self.had + sum(part for part, givers in open_ if givers)
        if options.most is not None:
            self.task = make_task(costs, open_, budget=math.floor(options.most / self.costs.step))
        else:
            target = math.ceil((options.least or 0) * self.total)
            if target > self.reachable:
                raise UsageError(_unreachable(options, Fraction(self.reachable, self.total)))
            self.task = make_task(costs, open_, need=max(target - self.had, 0))

    def value(self, steps: int) -> Fraction:
        """What so many steps of value are."""
        return steps * self.values.step


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
