from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navlayers._text.numbers import rounded
from navlayers.scoring.method import DESCRIPTIONS
from navlayers.scoring.options import AGGREGATES, Aggregate
from navlayers.scoring.scores import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

SCORES = st.lists(st.floats(0, 100), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("function", "scores", "expected"),
    [
        ("max", [10, 100, 50], 100),
        ("mean", [10, 100, 50], 160 / 3),
        ("median", [10, 100, 50], 50),
        ("median", [10, 50, 50, 100], 50),
        ("median", [10, 50], 30),
        ("min", [10, 100, 50], 10),
        ("sum", [10, 100, 50], 160),
        ("count", [10, 0, 50], 3),
        ("combined", [50, 50], 75),
        ("combined", [10, 50, 50], 77.5),
        ("combined", [100, 10], 100),
        ("combined", [0], 0),
        ("combined", [50, 50, 50, 50], 93.75),
    ],
)
def test_each_function_gives_what_it_gives_by_hand(
    function: Aggregate, scores: list[float], expected: float
) -> None:
    assert FUNCTIONS[function](scores) == pytest.approx(expected, abs=1e-9)


def test_there_are_the_seven_functions_and_each_is_described() -> None:
    assert sorted(AGGREGATES) == sorted(["max", "mean", "median", "min", "sum", "count", "combined"])
    assert set(FUNCTIONS) == set(DESCRIPTIONS) == set(AGGREGATES)


@pytest.mark.parametrize("function", AGGREGATES)
def test_no_function_depends_on_the_order_of_the_scores(function: Aggregate) -> None:
    scores = [10.1, 33.3, 66.7, 0.1]
    assert len({FUNCTIONS[function](list(order)) for order in itertools.permutations(scores)}) == 1


@given(SCORES)
def test_max_mean_and_min_are_in_order_with_the_median_between(scores: Sequence[float]) -> None:
    low, middle, mean, high = (FUNCTIONS[name](scores) for name in ("min", "median", "mean", "max"))
    assert low <= middle <= high
    assert low - 1e-9 <= mean <= high + 1e-9


@given(SCORES)
def test_combined_lies_between_the_maximum_and_a_hundred(scores: Sequence[float]) -> None:
    assert max(scores) - 1e-9 <= FUNCTIONS["combined"](scores) <= 100


@given(SCORES, st.floats(0, 100))
def test_one_more_score_lowers_neither_max_count_sum_nor_combined(scores: list[float], more: float) -> None:
    for name in ("max", "count", "sum", "combined"):
        assert FUNCTIONS[name]([*scores, more]) >= FUNCTIONS[name](scores) - 1e-9


@given(st.floats(0, 1e6))
def test_a_written_score_has_two_decimals_at_most_and_none_when_whole(score: float) -> None:
    written = rounded(score)
    assert math.isclose(written, score, abs_tol=0.0051)
    assert len(str(written).partition(".")[2]) <= 2
    assert isinstance(written, int) == (written == int(written))
