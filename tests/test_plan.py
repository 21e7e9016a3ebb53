"""Plans of small sets: the best one, what it says of each capability, and what it refuses."""

from __future__ import annotations

import itertools
from fractions import Fraction

import msgspec
import pytest
from conftest import row
from plan_helpers import chosen, threat, together, value_of

from navlayers._text.numbers import percent
from navlayers.analysis.plan.costs import Costs, Price
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.plan import make_plan
from navlayers.analysis.plan.result import summary, threat_coverage
from navlayers.errors import Place, UsageError
from navlayers.pages.plan import by, curve, next_best, swaps
from navlayers.scoring.options import ScoreOptions

TECHNIQUES = ("T1001", "T1002", "T1005", "T1001.001", "T1001.002")


def here() -> Place:
    """The place of a price."""
    return Place("prices.csv", 2, 1)


def costs_of(prices: dict[str, int]) -> Costs:
    return Costs("cost", tuple(Price((name,), Fraction(cost), here, here) for name, cost in prices.items()))


ROWS = [
    row("a", "T1001", "protect", "significant"),
    row("a", "T1002", "protect", "minimal"),
    row("b", "T1002", "detect", "partial"),
    row("c", "T1002", "protect", "partial"),
    row("c", "T1005", "protect", "minimal"),
    row("d", "T1001", "protect", "partial"),
]


def test_how_well_a_technique_is_covered_counts() -> None:
    plan = make_plan(together(ROWS), PlanOptions(budget=1))
    assert plan.chosen == ("a",)
    assert plan.value == Fraction(11, 10)
    assert plan.total == Fraction(16, 10)
    assert summary(plan) == (
        "Choose 1 of 4 capabilities for a budget of 1 at ATT&CK Enterprise 16.1: it reaches 69% of the total "
        "value (1.1 of 1.6) and covers 2 of the 3 techniques that all 4 capabilities cover; proven optimal"
    )


SAME = [
    *(row("a", technique, "protect", "significant") for technique in TECHNIQUES[:4]),
    row("b", TECHNIQUES[0], "protect", "significant"),
    *(row("b", technique, "protect", "minimal") for technique in TECHNIQUES[1:4]),
    *(row("c", technique, "protect", "significant") for technique in TECHNIQUES[:4]),
]


def test_a_scored_set_that_can_cover_all_fully_is_not_told_of_by_numbers_of_techniques() -> None:
    plan = make_plan(together(SAME), PlanOptions(budget=1, exclude=("a", "c")))
    every = "covers 4 of the 4 techniques and sub-techniques that all 3 capabilities cover"
    reached = f"it reaches 33% of the total value (1.3 of 4) and {every}"
    assert f"{reached}; proven" in summary(plan)
    assert curve(plan).headers[4] == "adds (weight)"
    worth = make_plan(together([row("x", "T1001")]), PlanOptions(budget=1), ScoreOptions(worth=100))
    assert "it reaches 100% of the total value (1 of 1)" in summary(worth)
    covered = make_plan(together(SAME), PlanOptions(budget=1, exclude=("a", "c"), measure="covered"))
    assert f": it {every}; proven optimal" in summary(covered)


def test_of_a_threat_it_is_told_what_can_be_covered_and_what_there_is() -> None:
    bare = [row("x", "T1001"), row("y", "T1002"), row("y", "T1005")]
    weights = dict.fromkeys(("T1001", "T1002", "T1005", "T1001.001"), 1.0)
    plan = make_plan(together(bare), PlanOptions(budget=1), threat=threat(weights))
    assert ": it is mapped to 67% of the 3 techniques that can be mapped; proven optimal" in summary(plan)
    assert threat_coverage(plan).startswith(
        "The capabilities of the plan are mapped to 2 of the 4 techniques of Bear (50%); no cap"
    )
    assert curve(plan).headers[4] == "adds (techniques)"
    heavy = make_plan(together(bare), PlanOptions(budget=1), threat=threat(weights | {"T1001": 5.0}))
    assert ": it reaches 71% of the total value (5 of 7); proven optimal" in summary(heavy)


def test_what_misses_the_target_or_all_is_not_shown_as_meeting_it() -> None:
    shares = [Fraction(n, 10_000) for n in (9615, 9808, 9999, 10_000, 8996, 8994, 9004)]
    assert [percent(share, 1) for share in shares] == [96.2, 98.1, 99.9, 100, 90.0, 89.9, 90.0]
    assert [percent(share, 1, Fraction(9, 10)) for share in shares[4:]] == [89.9, 89.9, 90.0]
    assert percent(1, 3) == 33.3
    assert percent(0, 1) == 0


def test_a_budget_buys_whole_capabilities() -> None:
    rows = [row(i, technique) for i, technique in zip("abcd", TECHNIQUES, strict=False)]
    assert make_plan(together(rows), PlanOptions(budget=2.6)).chosen == ("a", "b")


def test_the_curve_breaks_ties_by_what_is_added_and_then_by_id() -> None:
    rows = [row("a", "T1001"), row("b", "T1002"), *(row("c", technique) for technique in TECHNIQUES[2:5])]
    plan = make_plan(together(rows), PlanOptions(target=1), costs=costs_of({"a": 1, "b": 1, "c": 3}))
    assert plan.chosen == ("c", "a", "b")


def test_where_most_have_no_cost_the_sentence_says_so() -> None:
    plan = make_plan(
        together(ROWS), PlanOptions(budget=3, have=("b",)), costs=Costs("days", costs_of({"d": 2}).prices)
    )
    assert summary(plan).startswith(
        "Add 1 (2 days; only 1 can be chosen, 2 have no cost) to the 1 in place for a budget of 3 days at ATT&CK "
    )


def test_the_next_best_come_by_what_they_add_per_cost() -> None:
    costs = costs_of({"a": 10, "b": 1, "c": 2, "d": 1})
    plan = make_plan(together(ROWS), PlanOptions(budget=1), costs=costs)
    assert plan.chosen == ("b",)
    assert next_best(plan).rows == (
        ("d", "Name of d", 1, 0.5, 62.5),
        ("a", "Name of a", 10, 1, 93.8),
        ("c", "Name of c", 2, 0.1, 37.5),
    )


def test_who_could_take_a_place_is_told_with_what_is_lost() -> None:
    plan = make_plan(together(ROWS), PlanOptions(budget=2))
    assert chosen(plan) == ["a", "c"]
    assert swaps(plan).rows == (
        ("a", "Name of a", "d", "Name of d", 0.5),
        ("c", "Name of c", "b", "Name of b", 0.1),
    )
    assert not swaps(plan, brief=True).rows, "neither does nearly as well"
    whole = make_plan(together(ROWS), PlanOptions(target=1))
    assert not swaps(whole).rows, "the target would be missed"


def test_techniques_alone_count_where_that_is_asked_for() -> None:
    plan = make_plan(together(ROWS), PlanOptions(target=1, measure="covered"))
    assert chosen(plan) == ["a", "c"]
    assert summary(plan) == (
        "Choose 2 of 4 capabilities for a target of 100% at ATT&CK Enterprise 16.1: together they cover 3 of the "
        "3 techniques that all 4 capabilities cover; proven optimal"
    )
    assert chosen(make_plan(together(ROWS), PlanOptions(budget=2, measure="covered", min_score=50))) == ["a", "b"]


def test_one_category_counts_alone() -> None:
    plan = make_plan(together(ROWS), PlanOptions(target=1, category="detect"))
    assert plan.chosen == ("b",)
    assert plan.coverable == ("T1002",)


def test_a_target_is_a_share_of_what_all_give_those_excluded_included() -> None:
    options = PlanOptions(target=Fraction(99, 100), exclude=("a",))
    with pytest.raises(UsageError) as caught:
        make_plan(together(ROWS), options)
    assert str(caught.value) == (
        "the target of 99% cannot be reached: the capabilities to choose from reach 69% of the total value "
        "(lower the target, exclude less, or add costs for more capabilities)"
    )


def test_what_is_had_costs_nothing_and_is_the_first_line_of_the_curve() -> None:
    plan = make_plan(together(ROWS), PlanOptions(budget=1, have=("a",)))
    assert plan.chosen == ("c",)
    assert [(step.capability, float(step.together)) for step in plan.steps] == [
        (None, 1.1),
        ("c", 1.6),
    ]
    assert curve(plan).rows[0] == (None, "", "in place: a", None, 1.1, 1.1, 68.8)
    assert curve(plan, brief=True).rows[0][1] == "in place: Name of a"
    assert summary(plan) == (
        "Add 1 to the 1 in place for a budget of 1 at ATT&CK Enterprise 16.1: together they reach 100% of the "
        "total value (1.6 of 1.6) and cover 3 of the 3 techniques that all 4 capabilities cover; proven optimal"
    )
    assert {a.id: a.state for a in plan.appraisals} == {
        "a": "have", "b": "not chosen", "c": "chosen", "d": "not chosen"
    }  # fmt: skip


def test_what_only_one_gives_and_what_is_redundant_is_told() -> None:
    plan = make_plan(together(ROWS), PlanOptions(target=1))
    told = {a.id: a.beside_all for a in plan.appraisals}
    assert {i: overlap.only for i, overlap in told.items()} == {"a": ("T1001",), "b": (), "c": ("T1005",), "d": ()}
    assert {i: by(overlap) for i, overlap in told.items()} == {"a": "", "b": "c", "c": "", "d": "a"}
    beside = {a.id: a.beside_plan for a in plan.appraisals}
    assert beside["c"].only == ("T1002", "T1005"), "in the plan, only it gives T1002 its 50"


def test_a_capability_may_be_redundant_by_several_together_or_by_many() -> None:
    techniques = ("T1001", "T1002", "T1005", "T1001.001")
    single = [row(f"s{i}", technique) for i, technique in enumerate(techniques)]
    rows = [*single, *(row("big", t) for t in techniques), *(row("pair", t) for t in techniques[:2])]
    told = {a.id: a.beside_all for a in make_plan(together(rows), PlanOptions(budget=1)).appraisals}
    assert by(told["s0"]) == "big, pair"
    assert by(told["big"]) == "pair + s2 + s3"
    rows.remove(rows[-1])
    rows.remove(rows[-1])
    told = {a.id: a.beside_all for a in make_plan(together(rows), PlanOptions(budget=1)).appraisals}
    assert (told["big"].redundant, by(told["big"])) == (True, "several together")


def test_bare_relations_are_worth_all_and_a_note_says_so_where_scores_stand_beside_them() -> None:
    bare = [row("x", "T1005"), row("y", "T1002")]
    assert not make_plan(together(bare), PlanOptions(budget=1)).notices
    plan = make_plan(together(ROWS, bare), PlanOptions(budget=2))
    assert plan.chosen == ("two:x", "two:y") or set(plan.chosen) <= {"one:a", "two:x", "two:y"}
    assert [notice.message for notice in plan.notices] == ["two: mappings without a score count as 100"]
    low = make_plan(together(ROWS, bare), PlanOptions(budget=1), ScoreOptions(worth=1))
    assert low.chosen == ("one:a",)
    assert not low.notices


def test_a_mapping_without_a_score_counts_only_with_a_worth() -> None:
    rows = [row("a", "T1001", "protect", "minimal"), row("b", "T1002", "protect"), row("b", "T1005", "protect")]
    assert make_plan(together(rows), PlanOptions(budget=1)).chosen == ("a",)
    told = [n.message for n in make_plan(together(rows), PlanOptions(budget=1)).notices]
    assert told == ["one: 2 mappings without a score value, not rated"]
    assert make_plan(together(rows), PlanOptions(budget=1, measure="covered")).chosen == ("a",)
    assert make_plan(together(rows), PlanOptions(budget=1), ScoreOptions(worth=20)).chosen == ("b",)


def test_capabilities_of_several_sets_are_told_apart() -> None:
    first, second = [row("a", "T1001"), row("b", "T1002")], [row("a", "T1005")]
    plan = make_plan(together(first, second), PlanOptions(target=1, have=("b",)))
    assert chosen(plan) == ["one:a", "two:a"]
    with pytest.raises(UsageError) as caught:
        make_plan(together(first, second), PlanOptions(target=1, have=("a",)))
    assert str(caught.value) == '--have: "a" matches 2 capabilities: one:a, two:a (use one:a)'
    assert chosen(make_plan(together(first, second), PlanOptions(target=1, have=("two:A",)))) == ["one:a", "one:b"]


def test_a_threat_weighs_techniques_and_what_nobody_covers_is_told() -> None:
    weights = {"T1002": 5.0, "T1005": 1.0, "T1001.003": 2.0}
    plan = make_plan(together(ROWS), PlanOptions(budget=1), threat=threat(weights))
    assert plan.chosen == ("c",)
    assert plan.coverable == ("T1002", "T1005")
    assert threat_coverage(plan) == (
        "The plan covers 2 of the 3 techniques of Bear (67%); no capability covers 1 of them"
    )
    with pytest.raises(UsageError) as caught:
        make_plan(together(ROWS), PlanOptions(budget=1), threat=threat({"T1001.003": 2.0}))
    text = "no capability covers a technique that counts (the sets cover no technique of Bear)"
    assert str(caught.value) == text


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1.0])
def test_weights_that_weigh_nothing_sensible_are_refused(weight: float) -> None:
    with pytest.raises(UsageError, match="of T1002; expected a number of 0 or more"):
        make_plan(together(ROWS), PlanOptions(budget=1), threat=threat({"T1002": weight}))


def test_what_a_plan_is_worth_is_exact_however_different_the_weights_are() -> None:
    rows = [row("a", "T1001", "protect", "partial"), row("a", "T1002", "protect", "partial")]
    plan = make_plan(together(rows), PlanOptions(target=1), threat=threat({"T1001": 1e12, "T1002": 1e-9}))
    assert plan.value == plan.total == Fraction(500_000_000_000) + Fraction(1, 2 * 10**9)
    assert "(500,000,000,000 of 500,000,000,000)" in summary(plan)


def test_a_bound_holds_though_weights_are_rounded() -> None:
    techniques = dict(zip(TECHNIQUES, (1e12, 1.5e6, 1.5e6, 1.4e6, 1.4e6), strict=True))
    rows = [row(i, t) for i, of in {"a": "012", "b": "034", "c": "13", "d": "24"}.items() for t in _of(of)]
    plan = make_plan(together(rows), PlanOptions(budget=2, seconds=0), threat=threat(techniques))
    gives = {i: dict.fromkeys(_of(of), 100) for i, of in {"a": "012", "b": "034", "c": "13", "d": "24"}.items()}
    assert plan.bound >= max(value_of(gives, pair, techniques) for pair in itertools.combinations("abcd", 2))


def _of(numbers: str) -> list[str]:
    return [TECHNIQUES[int(number)] for number in numbers]


def test_weights_that_are_very_different_are_rounded_with_a_note() -> None:
    weights = {"T1001": 1e9, "T1002": 1 / 3, "T1005": 1.0}
    plan = make_plan(together(ROWS), PlanOptions(target=1), threat=threat(weights))
    assert chosen(plan) == ["a", "c"]
    assert plan.notices[-1].message == "the weights are rounded to a millionth of the largest"


def test_costs_decide_and_those_without_one_are_left_out() -> None:
    costs = costs_of({"a": 10, "b": 1, "d": 2, "Name of x": 1})
    plan = make_plan(together(ROWS), PlanOptions(budget=3), costs=costs)
    assert chosen(plan) == ["b", "d"]
    assert plan.cost == 3
    assert [str(notice) for notice in plan.notices] == [
        "prices.csv:2:1: skipped 1 row with an unknown capability: Name of x",
        "1 capability has no cost and is left out of the plan: c",
    ]
    assert summary(plan).startswith("Choose 2 of 4 capabilities (cost 3) for a budget of 3 at ATT&CK ")


def test_a_capability_that_is_free_is_bought_with_nothing() -> None:
    plan = make_plan(together(ROWS), PlanOptions(budget=0), costs=costs_of({"a": 10, "b": 0}))
    assert plan.chosen == ("b",)


def test_costs_too_fine_to_be_added_exactly_are_refused() -> None:
    prices = (
        Price(("a",), Fraction("1000000.000001"), here, here),
        Price(("b",), Fraction(3), here, here),
    )
    with pytest.raises(UsageError, match="too many digits"):
        make_plan(together(ROWS), PlanOptions(budget=3), costs=Costs("cost", prices))


def test_costs_that_name_nobody_are_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        make_plan(together(ROWS), PlanOptions(budget=3), costs=costs_of({"zz": 1}))
    assert [str(problem) for problem in caught.value.problems] == [
        "prices.csv:2:1: skipped 1 row with an unknown capability: zz",
        "no row of the cost table names a capability of the sets; expected ids or names of capabilities",
    ]


def test_without_time_a_bound_is_stated() -> None:
    pairs = [row(i, t) for i, of in {"a": "125", "b": "13", "c": "24"}.items() for t in (f"T100{n}" for n in of)]
    subs = [row("b", "T1001.001"), row("c", "T1001.002"), row("d", "T1001.003"), row("d", "T1005")]
    rows = [mapping for mapping in [*pairs, *subs] if mapping.technique not in ("T1003", "T1004")]
    plan = make_plan(together(rows), PlanOptions(budget=2, seconds=0))
    assert summary(plan).endswith(
        ": together they are mapped to 4 of the 6 techniques and sub-techniques that all 4 capabilities are mapped "
        "to (67%); not proven optimal within the time limit of 0 s: at most 25% more is possible"
    )
    for end, why in (
        ("stalled", "the search stopped making progress"),
        ("memory", "the solver ran out of memory"),
        ("crash", "the solver crashed"),
    ):
        assert summary(msgspec.structs.replace(plan, end=end)).endswith(
            f"(67%); not proven optimal, as {why}: at most 25% more is possible"
        )
    gives = {"a": "1 2 5 1.001", "b": "1 5 1.002", "c": "5 1.003"}
    rows = [row(i, f"T100{technique}") for i, of in gives.items() for technique in of.split()]
    plan = make_plan(together(rows), PlanOptions(target=1, seconds=0))
    bound = "not proven optimal within the time limit of 0 s: no plan has fewer than 2 capabilities"
    every = "6 of the 6 techniques and sub-techniques that all 3 capabilities are mapped to"
    assert summary(plan).endswith(f": together they are mapped to {every}; {bound}")
    prices = make_plan(
        together(rows), PlanOptions(target=1, seconds=0), costs=costs_of({"a": 30, "b": 20, "c": 20})
    )
    assert summary(prices).endswith("time limit of 0 s: no plan costs less than 50")


def test_a_greedy_plan_that_meets_its_bound_is_proven_though_ties_are_open() -> None:
    plan = make_plan(together(ROWS), PlanOptions(target=1, seconds=0))
    assert summary(plan).endswith("; proven optimal, but ties are not resolved")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "a plan needs a budget or a target; expected --budget NUMBER, or --target SHARE such as 95%"),
        (
            {"budget": 1, "target": 1},
            "a plan has a budget or a target, not both; expected --budget NUMBER, or --target SHARE such as 95%",
        ),
        ({"budget": -1}, "--budget -1; expected a number from 0 to 1e12"),
        ({"budget": float("nan")}, "--budget nan; expected a number from 0 to 1e12"),
        ({"target": 1.5}, "--target 1.5; expected a share from 0 to 1"),
        ({"target": 1, "min_score": 101}, "--min-score 101; expected a number from 0 to 100"),
        ({"target": 1, "seconds": -1}, "--time-limit -1; expected a number of seconds from 0 to 86400"),
        (
            {"target": 1, "measure": "scores"},
            'unknown measure "scores"; expected score, covered (did you mean score?)',
        ),
        (
            {"target": 1, "category": "detekt"},
            'unknown category "detekt"; expected protect, detect, respond (did you mean detect?)',
        ),
    ],
)
def test_what_no_plan_can_be_made_for_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        PlanOptions(**wrong)  # type: ignore[arg-type]
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], PlanOptions(budget=1), "one has no mappings, so there is nothing to choose"),
        (
            ROWS,
            PlanOptions(budget=1, category="respond"),
            "no capability has a score in the category respond (categories of the sets: detect, protect)",
        ),
        (
            ROWS[1:2],
            PlanOptions(budget=1, min_score=50),
            "no capability has a score of 50 or more (a lower --min-score counts weaker mappings)",
        ),
    ],
)
def test_sets_without_anything_to_choose_are_refused(rows: list, options: PlanOptions, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError) as caught:
        make_plan(together(rows), options)
    assert str(caught.value) == message
