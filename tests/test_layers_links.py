from __future__ import annotations

from typing import TYPE_CHECKING

from conftest import TINY, layers_at, row, set_of

from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.layer.build import BuiltLayer

MANY = [f"https://example.org/{number:02}" for number in range(12)]


def _of(kind: str, built: list[BuiltLayer]) -> BuiltLayer:
    return next(one for one in built if one.kind == kind)


def test_the_menu_of_an_overview_has_the_attack_page_and_five_references_and_says_how_many_more() -> None:
    built = list(layers_at(set_of([row("a", "T1001", "protect", "partial", *MANY)]), TINY))
    (technique,) = _of("overview", built).layer.techniques
    assert [link.url for link in technique.links] == ["https://attack.mitre.org/techniques/T1001/", *MANY[:5]]
    assert [item.value for item in technique.metadata if item.name == "references"] == [
        "7 more in the layers of the capabilities"
    ]


def test_the_layer_of_a_capability_has_all_its_references() -> None:
    built = list(layers_at(set_of([row("a", "T1001", "protect", "partial", *MANY)]), TINY))
    (technique,) = _of("capabilities", built).layer.techniques
    assert [link.url for link in technique.links][1:] == MANY
    assert not [item for item in technique.metadata if item.name == "references"]


def test_as_many_references_as_fit_leave_no_note() -> None:
    built = list(layers_at(set_of([row("a", "T1001", "protect", "partial", *MANY[:5])]), TINY))
    (technique,) = _of("overview", built).layer.techniques
    assert len(technique.links) == 6
    assert not [item for item in technique.metadata if item.name == "references"]


def test_long_addresses_are_told_apart_by_their_ends() -> None:
    base = "https://learn.example.com/en-us/entra/identity/conditional-access/and-so-on-and-on/"
    built = list(
        layers_at(set_of([row("a", "T1001", "protect", "partial", base + "first", base + "second")]), TINY)
    )
    labels = [link.label for link in _of("overview", built).layer.techniques[0].links][1:]
    assert [label.endswith(end) for label, end in zip(labels, ("first", "second"), strict=True)] == [True, True]
    assert all(label.startswith("learn.example.com/…") and len(label) <= 50 for label in labels)


def test_the_comment_says_the_scores_first_and_names_six_capabilities_in_all() -> None:
    rows = [row(f"c{number}", "T1001", "protect", "partial") for number in range(7)]
    rows.append(row("best", "T1001", "protect", "significant"))
    rows.append(row("eye", "T1001", "detect", "minimal"))
    (technique,) = _of("overview", list(layers_at(set_of(rows), TINY))).layer.techniques
    assert technique.comment.splitlines() == [
        "Protect 100 · Detect 10",
        "Protect – significant: Name of best; partial: c0 Name of c0, c1 Name of c1, +5 more",
        "Detect – minimal: Name of eye",
    ]


def test_a_sum_beyond_100_moves_the_end_of_the_gradient_and_the_legend() -> None:
    rows = [row(f"c{number}", "T1001", "protect", "significant") for number in range(3)]
    layer = _of("overview", list(layers_at(set_of(rows), TINY, ScoreOptions(aggregate="sum")))).layer
    assert (layer.techniques[0].score, layer.gradient.maxValue) == (300, 300)
    assert [item.label for item in layer.legendItems] == ["300", "150", "100 significant"]
    assert layer.legendItems[0].color == layer.gradient.colors[-1]


def test_a_parent_keeps_its_score_of_a_category_when_sub_techniques_are_rolled_up() -> None:
    rows = [
        row("a", "T1001", "detect", "minimal"),
        row("b", "T1001.001", "detect", "significant"),
        row("b", "T1001.001", "protect", "partial"),
    ]
    built = list(layers_at(set_of(rows), TINY, ScoreOptions(rollup="max")))
    scores = {
        one.id: {t.techniqueID: t.score for t in one.layer.techniques}
        for one in built
        if one.kind in ("overview", "categories")
    }
    assert scores["detect"] == {"T1001": 10, "T1001.001": 100}
    assert scores["protect"] == {"T1001": 50, "T1001.001": 50}
    assert scores["overview"] == {"T1001": 10, "T1001.001": 100}


def test_an_inactive_parent_or_sub_technique_takes_no_part_in_a_roll_up() -> None:
    rows = [row("a", "T1003.001", "protect", "partial"), row("a", "T1001.004", "protect", "significant")]
    (overview, *_) = layers_at(set_of(rows), TINY, ScoreOptions(rollup="mean"))
    assert overview.layer.techniques == ()
