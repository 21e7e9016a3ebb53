"""Options of a plan, checked."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import get_args

import msgspec

from navlayers._text.wording import quoted
from navlayers.analysis.plan.candidates import Measure
from navlayers.errors import Problem, UsageError, unknown
from navlayers.mapping.formats.table_values import LARGEST, amount, spellings
from navlayers.mapping.model import CATEGORIES, Category

MEASURES: tuple[Measure, ...] = get_args(Measure)
SECONDS = 60.0
LONGEST = 86_400


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The budget or target of a plan, exactly one of them, and what counts.

    Attributes:
        budget: the highest cost of the chosen capabilities, or their number where nothing has a cost.
        target: the share 0–1 to reach of the value of all capabilities.
        measure: "score" weights techniques by their score, "covered" only counts covered ones.
        min_score: scores below it, 0–100, do not count.
        category: only scores of this category count; None: of all.
        have, exclude: ids or names of capabilities that are in place, or not to be chosen.
        seconds: time limit of the search.
    """

    budget: float | Fraction | None = None
    target: float | Fraction | None = None
    measure: Measure = "score"
    min_score: float = 0
    category: Category | None = None
    have: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            UsageError: not one of budget and target; a number out of its bounds; an unknown measure or category.
        """
        problems = []
        if (self.budget is None) == (self.target is None):
            both = "has a budget or a target, not both" if self.budget is not None else "needs a budget or a target"
            expected = "--budget NUMBER, or --target SHARE such as 95%"
            problems.append(Problem(f"a plan {both}", expected=expected))
        if self.budget is not None and not 0 <= self.budget <= LARGEST:
            problems.append(Problem(f"--budget {float(self.budget):g}", expected="a number from 0 to 1e12"))
        if self.target is not None and not 0 <= self.target <= 1:
            problems.append(Problem(f"--target {float(self.target):g}", expected="a share from 0 to 1"))
        if not (math.isfinite(self.min_score) and 0 <= self.min_score <= 100):
            problems.append(Problem(f"--min-score {self.min_score:g}", expected="a number from 0 to 100"))
        if not 0 <= self.seconds <= LONGEST:
            message = f"--time-limit {self.seconds:g}"
            problems.append(Problem(message, expected=f"a number of seconds from 0 to {LONGEST}"))
        problems += unknown("measure", [self.measure], MEASURES)
        if self.category is not None:
            problems += unknown("category", [self.category], CATEGORIES)
        if problems:
            raise UsageError(problems)

    @property
    def most(self) -> Fraction | None:
        """The budget, exactly."""
        return _exactly(self.budget)

    @property
    def least(self) -> Fraction | None:
        """The target, exactly."""
        return _exactly(self.target)


def _exactly(number: float | Fraction | None) -> Fraction | None:
    """The number as an exact fraction: 0.1 is a tenth."""
    return Fraction(str(number)) if isinstance(number, float) else None if number is None else Fraction(number)


def parse_budget(text: str) -> Fraction:
    """The number of a `--budget` as people write it.

    Raises:
        UsageError: it is not a number of 0 or more.
    """
    number = amount(text)
    if isinstance(number, str):
        expected = spellings(text) or "a number of 0 or more, such as 10"
        raise UsageError(Problem(f"--budget {quoted(text)} {number}", expected=expected))
    return number


def parse_target(text: str) -> Fraction:
    """The share 0–1 of a `--target`: "95%", "95" and "0.95" are 0.95.

    Raises:
        UsageError: it is not a share from 0 to 100 percent, or ambiguous.
    """
    expected = "a share from 0% to 100%, such as 95%"
    share_text = text.strip()
    percent = share_text.endswith("%")
    # Shares have no groups of thousands, so a comma is a decimal mark.
    number = amount(share_text.removesuffix("%").strip(), "," if "," in share_text else ".")
    if isinstance(number, str):
        raise UsageError(Problem(f"--target {quoted(text)} {number}", expected=expected))
    if number == 1 and not percent:
        raise UsageError(Problem(f"--target {quoted(text)} may mean 1% or 100%", expected="1% or 100%"))
    share = number / 100 if percent or number > 1 else number
    if share > 1:
        raise UsageError(Problem(f"--target {quoted(text)} is more than 100%", expected=expected))
    return share
