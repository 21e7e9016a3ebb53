"""The rules of aggregation, worked out by hand on tiny sets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from conftest import TINY, row, set_of

from navlayers.errors import UsageError
from navlayers.scoring.options import AGGREGATES, Aggregate, Rollup, ScoreOptions, make_rules, parse_numbers
from navlayers.scoring.scores import TechniqueScore, roll_up, score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.model import Mapping


def scored(
    rows: Iterable[Mapping], options: ScoreOptions | None = None, scale: dict[str, float] | None = None
) -> dict[str, TechniqueScore]:
    mapping_set = set_of(rows, scale=scale)
    given = make_rules(mapping_set, options or ScoreOptions())
    return roll_up(score(mapping_set.mappings, given), given, TINY)


def overall(rows: Iterable[Mapping], options: ScoreOptions | None = None) -> dict[str, float | None]:
    return {technique: entry.overall for technique, entry in scored(rows, options).items()}


TWO_CATEGORIES = [
    row("a", "T1001", "protect", "minimal"),
    row("b", "T1001", "protect", "partial"),
    row("c", "T1001", "protect", "significant"),
    row("a", "T1001", "detect", "partial"),
    row("b", "T1001", "detect", "partial"),
    row("a", "T1002", "detect", "minimal"),
]


@pytest.mark.parametrize(
    ("aggregate", "protect", "detect"),
    [
        ("max", 100, 50),
        ("mean", 160 / 3, 50),
        ("median", 50, 50),
        ("min", 10, 50),
        ("sum", 160, 100),
        ("count", 3, 2),
        ("combined", 100, 75),
    ],
)
def test_a_category_aggregates_its_capabilities_and_overall_is_the_highest_category(
    aggregate: Aggregate, protect: float, detect: float
) -> None:
    entry = scored(TWO_CATEGORIES, ScoreOptions(aggregate))["T1001"]
    assert entry.categories == pytest.approx({"protect": protect, "detect": detect})
    assert entry.overall == pytest.approx(max(protect, detect))


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("max", 50), ("mean", 30), ("median", 30), ("min", 10), ("sum", 60), ("count", 2), ("combined", 55)],
)
def test_several_rows_of_one_capability_count_once_with_the_highest_value(
    aggregate: Aggregate, expected: float
) -> None:
    rows = [
        row("a", "T1001", "protect", "minimal", comment="one"),
        row("a", "T1001", "protect", "partial", comment="two"),
        row("a", "T1001", "protect", "minimal", comment="three"),
        row("b", "T1001", "protect", "minimal"),
    ]
    assert overall(rows, ScoreOptions(aggregate)) == {"T1001": expected}


def test_the_contributions_stand_strongest_first_and_then_by_id() -> None:
    rows = [
        row("d", "T1001", "protect", "minimal"),
        row("c", "T1001", "protect", "significant"),
        row("b", "T1001", "protect", "minimal"),
        row("a", "T1001", "protect"),
    ]
    contributions = scored(rows)["T1001"].contributions["protect"]
    assert [(c.capability, c.score, c.value) for c in contributions] == [
        ("c", 100, "significant"),
        ("b", 10, "minimal"),
        ("d", 10, "minimal"),
        ("a", None, None),
    ]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"protect": 1, "detect": 1}, {"T1001": 75, "T1002": 5}),
        ({"protect": 3, "detect": 1}, {"T1001": 87.5, "T1002": 2.5}),
        ({"protect": 0, "detect": 1}, {"T1001": 50, "T1002": 10}),
        ({"protect": 1, "detect": 1, "respond": 9}, {"T1001": 75, "T1002": 5}),
    ],
)
def test_weights_divide_over_the_categories_of_the_set_with_a_missing_one_as_zero(
    weights: dict[str, float], expected: dict[str, float]
) -> None:
    assert overall(TWO_CATEGORIES, ScoreOptions(weights=weights)) == expected


def test_weights_that_leave_out_a_category_of_the_set_are_refused() -> None:
    with pytest.raises(UsageError, match="detect"):
        scored(TWO_CATEGORIES, ScoreOptions(weights={"protect": 1}))


def test_weights_that_weigh_nothing_that_the_set_scores_are_refused() -> None:
    with pytest.raises(UsageError, match="weight"):
        scored(TWO_CATEGORIES, ScoreOptions(weights={"protect": 0, "detect": 0, "respond": 1}))


@pytest.mark.parametrize(
    ("own", "option", "expected"),
    [
        ({}, {}, (10, 50, 100)),
        ({"minimal": 20, "partial": 40, "significant": 80}, {}, (20, 40, 80)),
        ({"minimal": 20, "partial": 40, "significant": 80}, {"partial": 60}, (20, 60, 80)),
        ({}, {"partial": 60}, (10, 60, 100)),
        ({}, {"minimal": 0, "partial": 33.3, "significant": 66.6}, (0, 33.3, 66.6)),
    ],
)
def test_the_scale_is_the_users_before_the_sets_before_the_default(
    own: dict[str, float], option: dict[str, float], expected: tuple[float, float, float]
) -> None:
    rows = [
        row("a", "T1001", "protect", "minimal"),
        row("a", "T1002", "protect", "partial"),
        row("a", "T1005", "protect", "significant"),
    ]
    entries = scored(rows, ScoreOptions(scale=option), scale=own)
    assert tuple(entry.overall for entry in entries.values()) == expected


def test_a_set_may_name_values_of_its_own() -> None:
    rows = [row("a", "T1001", "protect", "weak"), row("a", "T1002", "protect", "strong")]
    entries = scored(rows, scale={"weak": 25, "strong": 90})
    assert [entry.overall for entry in entries.values()] == [25, 90]


def test_the_scale_of_a_set_takes_the_place_of_the_default() -> None:
    with pytest.raises(UsageError, match="'minimal' is not on the scale; expected weak"):
        scored([row("a", "T1001", "protect", "minimal")], scale={"weak": 25})


def test_a_value_may_be_a_number() -> None:
    rows = [
        row("a", "T1001", "protect", "72.5"),
        row("b", "T1001", "protect", "0"),
        row("a", "T1002", "detect", "0"),
    ]
    entries = scored(rows, ScoreOptions("mean"))
    assert entries["T1001"].overall == 36.25
    assert entries["T1002"].overall == 0


def test_a_value_that_is_on_no_scale_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"strong.*--scale strong=NUMBER"):
        scored([row("a", "T1001", "protect", "strong")])


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_an_unscored_set_counts_distinct_capabilities_whatever_the_function(aggregate: Aggregate) -> None:
    rows = [row("a", "T1001"), row("a", "T1001"), row("b", "T1001"), row("a", "T1002")]
    assert overall(rows, ScoreOptions(aggregate)) == {"T1001": 2, "T1002": 1}


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_categories_without_any_value_count_distinct_capabilities_too(aggregate: Aggregate) -> None:
    rows = [row("a", "T1001", "protect"), row("b", "T1001", "detect"), row("b", "T1001", "protect")]
    entry = scored(rows, ScoreOptions(aggregate))["T1001"]
    assert entry.categories == {"protect": 2, "detect": 1}
    assert entry.overall == 2


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_an_unscored_set_with_disjoint_categories_counts_all_its_capabilities(aggregate: Aggregate) -> None:
    rows = [row("a", "T1001", "protect"), row("b", "T1001", "detect")]
    assert overall(rows, ScoreOptions(aggregate)) == {"T1001": 2}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("max", 50), ("mean", 50), ("min", 50), ("sum", 100), ("count", 2), ("combined", 75)],
)
def test_worth_gives_a_bare_relation_a_value(aggregate: Aggregate, expected: float) -> None:
    rows = [row("a", "T1001"), row("a", "T1001"), row("b", "T1001")]
    assert overall(rows, ScoreOptions(aggregate, worth=50)) == {"T1001": expected}


def test_worth_gives_a_category_without_a_value_one_and_leaves_values_alone() -> None:
    rows = [row("a", "T1001", "protect"), row("b", "T1001", "protect", "minimal"), row("a", "T1002", "detect")]
    entries = scored(rows, ScoreOptions("mean", worth=30))
    assert entries["T1001"].categories == {"protect": 20}
    assert entries["T1002"].overall == 30


def test_a_bare_relation_worth_nothing_scores_zero_not_none() -> None:
    assert overall([row("a", "T1001")], ScoreOptions(worth=0)) == {"T1001": 0}


def test_in_a_scored_set_a_category_without_a_value_gives_no_number() -> None:
    rows = [row("a", "T1001", "protect"), row("b", "T1002", "protect", "partial"), row("c", "T1002", "protect")]
    entries = scored(rows, ScoreOptions("mean"))
    assert entries["T1001"].overall is None
    assert entries["T1001"].capabilities == ("a",)
    assert entries["T1002"].overall == 50


def test_a_value_without_a_category_counts_overall() -> None:
    rows = [row("a", "T1001", None, "partial"), row("b", "T1001", "protect", "minimal")]
    entry = scored(rows)["T1001"]
    assert entry.overall == 50
    assert entry.categories["protect"] == 10


def test_parents_and_sub_techniques_are_aggregated_separately() -> None:
    rows = [row("a", "T1001", "protect", "minimal"), row("a", "T1001.001", "protect", "significant")]
    assert overall(rows) == {"T1001": 10, "T1001.001": 100}


SUBS = [row("a", "T1001.001", "protect", "significant"), row("b", "T1001.002", "protect", "partial")]


@pytest.mark.parametrize(
    ("rollup", "parent"),
    [("none", None), ("max", 100), ("mean", 50)],
)
def test_roll_up_gives_a_parent_without_score_that_of_its_sub_techniques(
    rollup: Rollup, parent: float | None
) -> None:
    # T1001 has three active sub-techniques in the tiny release: (100 + 50 + 0) / 3.
    got = overall(SUBS, ScoreOptions(rollup=rollup))
    assert got.pop("T1001", None) == parent
    assert got == {"T1001.001": 100, "T1001.002": 50}


def test_roll_up_is_made_per_category() -> None:
    rows = [*SUBS, row("c", "T1001.003", "detect", "partial")]
    entry = scored(rows, ScoreOptions(rollup="mean"))["T1001"]
    assert entry.categories == pytest.approx({"protect": 50, "detect": 50 / 3})


@pytest.mark.parametrize("rollup", ["max", "mean"])
def test_roll_up_leaves_a_parent_with_a_score_of_its_own_alone(rollup: Rollup) -> None:
    rows = [*SUBS, row("a", "T1001", "protect", "minimal")]
    assert overall(rows, ScoreOptions(rollup=rollup))["T1001"] == 10


@pytest.mark.parametrize("rollup", ["max", "mean"])
def test_roll_up_never_changes_the_overall_score_of_a_parent_that_has_one(rollup: Rollup) -> None:
    rows = [row("a", "T1001", "detect", "minimal"), *SUBS]
    entry = scored(rows, ScoreOptions(rollup=rollup))["T1001"]
    assert entry.overall == 10
    assert entry.categories["detect"] == 10


def test_roll_up_counts_capabilities_of_an_unscored_set() -> None:
    rows = [row("a", "T1001.001"), row("b", "T1001.001"), row("c", "T1001.002")]
    assert overall(rows, ScoreOptions(rollup="max"))["T1001"] == 2
    assert overall(rows, ScoreOptions(rollup="mean"))["T1001"] == 1


def test_what_was_rolled_up_says_from_how_many_sub_techniques() -> None:
    entry = scored(SUBS, ScoreOptions(rollup="max"))["T1001"]
    assert entry.rolled_up == {"overall": (2, 3), "protect": (2, 3)}


def test_scores_are_sorted_by_technique() -> None:
    rows = [row("a", t, "protect", "partial") for t in ("T1005", "T1001.002", "T1002")]
    assert list(scored(rows, ScoreOptions(rollup="max"))) == ["T1001", "T1001.002", "T1002", "T1005"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aggregate": "maximum"}, 'unknown aggregate "maximum"'),
        ({"rollup": "meen"}, "did you mean mean?"),
        ({"worth": 101}, "worth is 101"),
        ({"worth": -1}, "worth is -1"),
        ({"worth": float("nan")}, "worth is nan"),
        ({"weights": {"protct": 1}}, "did you mean protect?"),
        ({"weights": {"protect": -1}}, "weight -1 of protect"),
        ({"weights": {"protect": float("inf")}}, "weight inf of protect"),
        ({"weights": {"protect": 0}}, "every weight is 0"),
        ({"scale": {"minimal": 100.1}}, "scale minimal is 100.1"),
        ({"scale": {"minimal": float("nan")}}, "scale minimal is nan"),
    ],
)
def test_options_that_make_no_score_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        ScoreOptions(**options)


def test_all_wrong_options_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        ScoreOptions(cast("Aggregate", "best"), {"x": 1}, {"minimal": 200}, -5, cast("Rollup", "up"))
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("protect=2,detect=1", {"protect": 2, "detect": 1}),
        (" protect = 2 , detect=0.5 ,", {"protect": 2, "detect": 0.5}),
    ],
)
def test_numbers_are_read_as_people_type_them(text: str, expected: dict[str, float]) -> None:
    assert parse_numbers("--weights", text) == expected


@pytest.mark.parametrize(
    "text", ["", "protect", "protect=", "=1", "protect=x", "protect=1,protect=2", "protect:1", ","]
)
def test_numbers_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--weights"):
        parse_numbers("--weights", text)
