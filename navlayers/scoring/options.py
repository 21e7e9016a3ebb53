"""Scoring options: checked, and parsed from command-line text; the functions that aggregate scores.

Scores are numbers 0–100. Every function is independent of the order of its input.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from navlayers.errors import Problem, UsageError, unknown
from navlayers.mapping.model import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


Rollup = Literal["none", "max", "mean"]
ROLLUPS: tuple[Rollup, ...] = get_args(Rollup)

WEAK = 50.0
"""Default of `--weak`: a technique that is covered below this score is weak."""

HEAVIEST = 1_000_000
"""Maximum weight; floats still add such numbers exactly."""


class ScoreOptions(msgspec.Struct, frozen=True):
    """The scoring options.

    Attributes:
        aggregate: function across capabilities, per category.
        weights: category → weight ≥ 0 of a weighted mean across categories; empty: the maximum.
        scale: score value → number 0–100; overrides the set's scale.
        worth: score 0–100 of a mapping without a value; None for no score.
        rollup: how unscored parents get a score from their sub-techniques.
    """

    aggregate: Aggregate = "max"
    weights: dict[str, float] = {}
    scale: dict[str, float] = {}
    worth: float | None = None
    rollup: Rollup = "none"

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            UsageError: an unknown aggregate, roll-up or category, or a number out of range.
        """
        problems = [
            *unknown("aggregate", [self.aggregate], AGGREGATES),
            *unknown("roll-up", [self.rollup], ROLLUPS),
            *unknown("category", self.weights, CATEGORIES),
            *(p for value, number in self.scale.items() for p in _bounds(f"scale {value}", number)),
        ]
        if self.worth is not None:
            problems += _bounds("worth", self.worth)
        for category, weight in self.weights.items():
            if not 0 <= weight <= HEAVIEST:
                problems.append(
                    Problem(f"weight {weight:g} of {category}", expected=f"a number from 0 to {HEAVIEST:,}")
                )
        if self.weights and not any(self.weights.values()):
            problems.append(Problem("every weight is 0", hint="give at least one category a weight above 0"))
        if problems:
            raise UsageError(problems)
        # Sorted, so that the order on the command line makes no difference.
        ordered = {category: self.weights[category] for category in CATEGORIES if category in self.weights}
        msgspec.structs.force_setattr(self, "weights", ordered)
        msgspec.structs.force_setattr(self, "scale", dict(sorted(self.scale.items())))


def _bounds(what: str, number: float) -> list[Problem]:
    if math.isfinite(number) and 0 <= number <= 100:
        return []
    return [Problem(f"{what} is {number:g}", expected="a number from 0 to 100")]


def parse_numbers(option: str, text: str) -> dict[str, float]:
    """`protect=2,detect=1` → {"protect": 2.0, "detect": 1.0}.

    Args:
        option: its name for messages, such as "--weights".
        text: the text of the option.

    Raises:
        UsageError: a part is not `name=number`, or a name is repeated, or has two numbers in two spellings.
    """
    numbers: dict[str, float] = {}
    spelled: dict[str, float] = {}
    problems = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            equals = ""
        if not (name.isprintable() and name and equals):
            problems.append(Problem(f"{option}: {part!r}", expected="NAME=NUMBER, separated by commas"))
        elif name in numbers or spelled.get(name.lower(), value) != value:
            problems.append(Problem(f"{option}: duplicate name {name}"))
        else:
            spelled[name.lower()] = numbers[name] = value
    if not (numbers or problems):
        problems.append(Problem(f"{option} is empty", expected="NAME=NUMBER, separated by commas"))
    if problems:
        raise UsageError(problems)
    return numbers


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
