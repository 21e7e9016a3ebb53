"""Numbers as text: rounded scores, shares in percent, decimal digits."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


@lru_cache(maxsize=4096)
def percent(part: float | Fraction, whole: float | Fraction, goal: Fraction | None = None) -> float:
    """A share in percent with one decimal, for tables.

    It is 0 only for nothing, 100 only for the whole, and at least `goal` (a share 0–1) only if it reaches that.
    """
    share = _share(part, whole)
    return max(_steps(share, goal, 1000), share > 0) / 10


def percent_figure(part: float | Fraction, whole: float | Fraction, goal: Fraction | None = None) -> str:
    """A share as tables show it, with one decimal: "26.7%"."""
    return f"{percent(part, whole, goal):.1f}%"


@lru_cache(maxsize=4096)
def percent_text(part: float | Fraction, whole: float | Fraction, goal: Fraction | None = None) -> str:
    """A share in whole percent, for sentences: "46%", "<1%" if it is not nothing, ">99%" if not the whole."""
    share = _share(part, whole)
    if 0 < 100 * share < 1:
        return "<1%"
    return ">99%" if 99 < 100 * share < 100 else f"{_steps(share, goal, 100)}%"


def _share(part: float | Fraction, whole: float | Fraction) -> Fraction:
    from fractions import Fraction  # noqa: PLC0415 - slow to import, and builds need none

    # By their decimal digits, which decide halves: 0.285 is 285 thousandths.
    return Fraction(str(part)) / Fraction(str(whole)) if whole else Fraction(0)


def _steps(share: Fraction, goal: Fraction | None, steps: int) -> int:
    """The share in steps of 1 / `steps`, halves up; down if it would seem to reach the goal or the whole."""
    near = math.floor((2 * share * steps + 1) / 2)
    reached = any(share < end and end * steps <= near for end in (goal, 1) if end is not None)
    return math.floor(share * steps) if reached else near


_NO_CENTS = 1e15
"""From here on, floats have no decimals worth rounding, and `Decimal` not enough digits."""


def rounded(score: float, decimals: int = 2) -> float:
    """The score as it is written: with at most so many decimals, and an int if it is whole."""
    if score.__class__ is int:
        return score
    rounded = _half_up(score, decimals)
    return int(rounded) if rounded == int(rounded) else rounded


@lru_cache(maxsize=4096)
def _half_up(score: float, decimals: int) -> float:
    """Half up by the decimal digits: 67.195 is 67.2, though its binary value is just below."""
    if abs(score) >= _NO_CENTS:
        return score
    return float(Decimal(repr(score)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def number_text(score: float) -> str:
    """The score as text, with at most two decimals."""
    return str(rounded(score))


@lru_cache(maxsize=4096)
def decimal(number: float) -> str:
    """A number in plain decimal digits, as mapping sets write them."""
    digits = format(Decimal(repr(float(number))), "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits == "-0" else digits
