"""Aggregation functions: from the scores of several capabilities to one score.

Scores are numbers 0–100. Every function is independent of the order of its input.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Aggregate = Literal["max", "mean", "median", "min", "sum", "count", "combined"]
AGGREGATES: tuple[Aggregate, ...] = get_args(Aggregate)


def mean(scores: Sequence[float]) -> float:
    """Arithmetic mean; `fsum` makes it exact, so the order of the scores cannot show."""
    return math.fsum(scores) / len(scores)


def median(scores: Sequence[float]) -> float:
    """The middle score, or the mean of the middle two."""
    from statistics import median  # noqa: PLC0415 - slow to import, and seldom chosen

    return median(scores)


def combined(scores: Sequence[float]) -> float:
    """100·(1−∏(1−sᵢ/100)): the combined effect of independent capabilities.

    With every score within 0–100 the result lies within [max, 100].
    """
    return 100 * (1 - math.prod(1 - score / 100 for score in sorted(scores)))


FUNCTIONS: dict[Aggregate, Callable[[Sequence[float]], float]] = {
    "max": max,
    "mean": mean,
    "median": median,
    "min": min,
    "sum": math.fsum,
    "count": len,
    "combined": combined,
}

DESCRIPTIONS: dict[Aggregate, str] = {
    "max": "that of its strongest {0.singular}",
    "mean": "the mean of its {0.plural}' scores",
    "median": "the median of its {0.plural}' scores",
    "min": "that of its weakest {0.singular}",
    "sum": "the sum of its {0.plural}' scores",
    "count": "the number of {0.plural} that are mapped to it",
    "combined": "that of its {0.plural} combined as if they were independent",
}
"""The end of the sentence "A technique's score is …", per function, to format with the noun of the capabilities."""


def exact(score: float) -> float:
    """The score without floating-point noise; whole numbers as int."""
    rounded = round(score, 10)
    return int(rounded) if rounded == int(rounded) else rounded
