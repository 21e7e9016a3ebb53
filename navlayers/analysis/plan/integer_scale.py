"""Numbers as people write them → whole numbers on one scale, with which sums and comparisons are exact."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

FINEST = 1_000_000
"""Weights have so many steps at most: finer ones are rounded, for floats in a solver tell them apart no longer."""


class Scale(NamedTuple):
    """What one step is worth, and whether numbers are rounded to steps."""

    step: Fraction
    rounded: bool = False

    def steps(self, number: Fraction) -> int:
        """The number in steps; where numbers are rounded, one that is above 0 has at least one."""
        steps = number / self.step
        if steps.denominator == 1:
            return steps.numerator
        return max(round(steps), 1) if steps > 0 else 0


def scale_of(numbers: Iterable[Fraction], finest: int | None = FINEST) -> Scale:
    """The scale with the largest step in which all numbers ≥ 0 are whole, or have at most `finest` steps."""
    positive = {number for number in numbers if number}
    if not positive:
        return Scale(Fraction(1))
    denominator = math.lcm(*(number.denominator for number in positive))
    step = Fraction(math.gcd(*(int(number * denominator) for number in positive)), denominator)
    most = max(positive)
    if finest is not None and most / step > finest:
        return Scale(most / finest, rounded=True)
    return Scale(step)
