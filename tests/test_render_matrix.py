"""A layer laid out as the Navigator draws it: small layers whose matrix is worked out by hand from its rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import ImageColor

from navlayers import InputError, ReadOptions, attack
from navlayers.api.render_load import load
from navlayers.layer.colors import cell_color, gradient_of, parse_color
from navlayers.layer.contrast import contrast, gray, text_color
from navlayers.layer.matrix import Cell, matrix_of
from navlayers.mapping.find import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.layer.matrix import Column, Matrix
    from navlayers.layer.view import View


def view(path: Path, entries: list[dict[str, Any]], **fields: Any) -> View:
    """The view of a layer with these entries and fields, read from a file."""
    layer = {
        "name": "Tiny",
        "domain": "enterprise-attack",
        "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
        "gradient": {"colors": ["#ffffff", "#000000"], "minValue": 0, "maxValue": 100},
        "techniques": entries,
        **fields,
    }
    file = path / "tiny.json"
    file.write_text(json.dumps(layer), encoding="utf-8")
    return load(resolve([str(file)])[0]).views[0]


def column(matrix: Matrix, tactic: str) -> Column:
    return next(column for column in matrix.columns if column.shortname == tactic)


def cell(matrix: Matrix, technique: str, tactic: str) -> Cell:
    return next(one for c in column(matrix, tactic).cells for one in (c, *c.subtechniques) if one.id == technique)


def test_every_active_technique_stands_under_each_of_its_tactics_in_matrix_order(tmp_path: Path) -> None:
    matrix = matrix_of(view(tmp_path, []))
    catalogue = attack.find("enterprise", "16.1").catalogue
    assert [c.shortname for c in matrix.columns] == [tactic.shortname for tactic in catalogue.tactics]
    for c in matrix.columns:
        bases = [t for t in catalogue.techniques.values() if t.active and not t.parent and c.shortname in t.tactics]
        assert {one.id for one in c.cells} == {t.id for t in bases}
        assert c.mapped == 0
        assert [one.name.lower() for one in c.cells] == sorted(one.name.lower() for one in c.cells)


def test_an_entry_without_tactic_counts_under_all_and_the_last_of_several_wins(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"techniqueID": "T1078", "score": 10},
        {"techniqueID": "T1078", "tactic": "persistence", "score": 90},
        {"techniqueID": "T1110", "score": 20},
        {"techniqueID": "T1110", "score": 60},
    ]
    matrix = matrix_of(view(tmp_path, entries))
    assert [cell(matrix, "T1078", t).score for t in ("initial-access", "persistence", "defense-evasion")] == [
        10,
        90,
        10,
    ]
    assert cell(matrix, "T1110", "credential-access").score == 60


def test_colours_are_own_before_aggregate_before_score_and_none_where_disabled(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"techniqueID": "T1078", "score": 100, "color": "#ff8800"},
        {"techniqueID": "T1110", "score": 0},
        {"techniqueID": "T1566", "score": 50, "enabled": False, "color": "#ff0000"},
        {"techniqueID": "T1190", "comment": "only said"},
    ]
    matrix = matrix_of(view(tmp_path, entries))
    assert cell(matrix, "T1078", "initial-access").color == "#ff8800"
    assert cell(matrix, "T1110", "credential-access").color == "#ffffff"
    assert cell(matrix, "T1566", "initial-access").color == ""
    assert cell(matrix, "T1190", "initial-access").color == ""
    assert column(matrix, "initial-access").mapped == 2


SUBS = [
    {"techniqueID": "T1110", "score": 40},
    {"techniqueID": "T1110.001", "score": 10},
    {"techniqueID": "T1110.002", "score": 70},
    {"techniqueID": "T1078.004", "score": 90},
]


@pytest.mark.parametrize(
    ("aggregate", "unscored", "own", "orphan"),
    [
        ("average", False, 40, 90),  # (40+10+70)/3; of an unscored parent its one sub-technique
        ("average", True, 24, 18),  # 120/5; 90/5: T1110 and T1078 have four sub-techniques each
        ("min", False, 10, 0),  # a parent without score counts as 0
        ("max", False, 70, 90),
        ("sum", False, 120, 90),
    ],
)
def test_aggregates_are_those_of_the_navigator(
    tmp_path: Path, aggregate: str, unscored: bool, own: float, orphan: float
) -> None:
    layout = {
        "layout": "side",
        "aggregateFunction": aggregate,
        "showAggregateScores": True,
        "countUnscored": unscored,
    }
    matrix = matrix_of(view(tmp_path, SUBS, layout=layout))
    assert cell(matrix, "T1110", "credential-access").score == own
    assert cell(matrix, "T1078", "initial-access").score == orphan
    assert cell(matrix, "T1110.002", "credential-access").score == 70
    assert cell(matrix, "T1059", "execution").score is None


@pytest.mark.parametrize(
    ("expanded", "detail", "opened"),
    [
        ("none", "full", set()),
        ("annotated", "full", {"T1110", "T1078"}),
        ("none", "scored", {"T1110", "T1078"}),
    ],
)
def test_sub_techniques_are_opened_as_the_layer_says(
    tmp_path: Path, expanded: str, detail: Any, opened: set[str]
) -> None:
    made = view(tmp_path, SUBS, layout={"layout": "side", "expandedSubtechniques": expanded})
    matrix = matrix_of(made, detail)
    assert {one.id for c in matrix.columns for one in c.cells if one.shown} == opened


def test_an_entry_opens_its_own_sub_techniques(tmp_path: Path) -> None:
    matrix = matrix_of(view(tmp_path, [{"techniqueID": "T1110", "showSubtechniques": True}]))
    assert [one.id for c in matrix.columns for one in c.cells if one.shown] == ["T1110"]


def test_all_opens_all(tmp_path: Path) -> None:
    matrix = matrix_of(view(tmp_path, [], layout={"layout": "side", "expandedSubtechniques": "all"}))
    assert all(one.opened == bool(one.in_all) for c in matrix.columns for one in c.cells)


def test_scored_shows_what_is_annotated_and_the_parents_of_it(tmp_path: Path) -> None:
    matrix = matrix_of(view(tmp_path, SUBS), "scored")
    assert [(c.shortname, [one.id for one in c.cells]) for c in matrix.columns] == [
        ("initial-access", ["T1078"]),
        ("persistence", ["T1078"]),
        ("privilege-escalation", ["T1078"]),
        ("defense-evasion", ["T1078"]),
        ("credential-access", ["T1110"]),
    ]
    brute = cell(matrix, "T1110", "credential-access")
    assert [one.id for one in brute.shown] == ["T1110.002", "T1110.001"], "in the order of their names"


@pytest.mark.parametrize(
    ("sorting", "first"),
    [
        (0, "Adversary-in-the-Middle"),
        (1, "Unsecured Credentials"),
        (2, "Adversary-in-the-Middle"),
        (3, "Unsecured Credentials"),
    ],
)
def test_columns_are_sorted_as_the_layer_says(tmp_path: Path, sorting: int, first: str) -> None:
    entries = [{"techniqueID": "T1110", "score": 50}, {"techniqueID": "T1552", "score": 80}]
    matrix = matrix_of(view(tmp_path, entries, sorting=sorting))
    names = [one.name for one in column(matrix, "credential-access").cells]
    assert names[0] == first
    if sorting == 2:
        assert names[-2:] == ["Brute Force", "Unsecured Credentials"]
    if sorting == 3:
        assert names[1:3] == ["Brute Force", "Adversary-in-the-Middle"]


def test_disabled_ones_are_hidden_where_the_layer_says_so_but_for_parents_of_enabled_ones(tmp_path: Path) -> None:
    subs = [f"T1110.00{number}" for number in (1, 2, 3, 4)]
    entries: list[dict[str, Any]] = [
        {"techniqueID": "T1110", "enabled": False},
        *({"techniqueID": sub, "enabled": sub == "T1110.002"} for sub in subs),
        {"techniqueID": "T1552", "enabled": False},
        *({"techniqueID": f"T1552.00{number}", "enabled": False} for number in range(1, 9)),
    ]
    matrix = matrix_of(view(tmp_path, entries, hideDisabled=True))
    shown = {one.id: [sub.id for sub in one.subtechniques] for one in column(matrix, "credential-access").cells}
    assert shown["T1110"] == ["T1110.002"]
    assert "T1552" not in shown


def test_the_platform_filter_leaves_what_has_one_of_the_platforms(tmp_path: Path) -> None:
    matrix = matrix_of(view(tmp_path, [], filters={"platforms": ["Office Suite"]}))
    catalogue = attack.find("enterprise", "16.1").catalogue
    for c in matrix.columns:
        for one in c.cells:
            assert "Office Suite" in catalogue.techniques[one.id].platforms
            assert all("Office Suite" in catalogue.techniques[sub.id].platforms for sub in one.subtechniques)
    assert "reconnaissance" not in {c.shortname for c in matrix.columns}


def test_what_cannot_be_drawn_is_told_not_dropped_silently(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"techniqueID": "T9999", "score": 1},
        {"techniqueID": "T1053.001", "score": 1},
        {"techniqueID": "T1110", "tactic": "impact", "score": 1},
        {"techniqueID": "T1078", "tactic": "Persistence", "score": 99.7},
    ]
    made = view(
        tmp_path,
        entries,
        filters={"platforms": ["Azure AD", "Windows"]},
        gradient={"colors": ["#ffffff"], "minValue": 0, "maxValue": 100},
    )
    told = "\n".join(str(notice) for notice in made.notices)
    assert "left out, not active in ATT&CK 16.1: T9999: newer than ATT&CK enterprise 19.1" in told
    assert "not drawn, because the technique does not belong to the tactic: T1110 under impact" in told
    assert "empty matrix for platforms under their old names: Azure AD (Identity Provider)" in told
    assert "the gradient has fewer than two colors" in told
    assert "the Navigator shows an empty matrix for scores such as 99.7" in told
    assert made.entries.keys() == {("T1078", "persistence")}, "a tactic may be called by its name"
    assert made.platforms == ("Identity Provider", "Windows")


@pytest.mark.parametrize(
    "gradient", [{}, {"colors": []}, {"colors": ["no colour", "#fff"]}, {"colors": ["#ffffff"]}, None]
)
def test_a_gradient_that_the_navigator_would_choke_on_is_drawn_sensibly(tmp_path: Path, gradient: Any) -> None:
    made = view(tmp_path, [{"techniqueID": "T1110", "score": 50}], gradient=gradient)
    color = cell(matrix_of(made), "T1110", "credential-access").color
    assert len(color) == 7
    assert bool(made.notices) == (gradient is not None)


def test_a_gradient_whose_ends_are_turned_round_gives_the_colours_of_its_ends(tmp_path: Path) -> None:
    gradient = {"colors": ["#ffffff", "#000000"], "minValue": 100, "maxValue": 0}
    entries = [{"techniqueID": "T1110", "score": 50}, {"techniqueID": "T1552", "score": -5}]
    matrix = matrix_of(view(tmp_path, entries, gradient=gradient))
    assert [cell(matrix, i, "credential-access").color for i in ("T1110", "T1552")] == ["#000000", "#ffffff"]


def test_a_list_is_read_in_the_order_of_its_tabs(tmp_path: Path) -> None:
    one = {"domain": "enterprise-attack", "versions": {"attack": "16", "layer": "4.5"}, "techniques": []}
    file = tmp_path / "list.json"
    file.write_text(json.dumps([{"name": "last", **one}, {"name": "first", **one}]))
    assert [v.name for v in load(resolve([str(file)])[0]).views] == ["first", "last"]


def test_half_a_surrogate_pair_is_shown_as_the_mark_for_what_cannot_be_shown(tmp_path: Path) -> None:
    file = tmp_path / "half.json"
    head = b'{"name": "a\\ud800b", "domain": "enterprise-attack", "versions": {"attack": "16", "layer": "4.5"}'
    file.write_bytes(head + b', "techniques": [{"techniqueID": "T1110", "comment": "\\udfff"}]}')
    made = load(resolve([str(file)])[0]).views[0]
    assert made.name == "a\ufffdb"
    assert made.annotation("T1110", "credential-access").comment == "\ufffd"


def test_an_old_layer_is_drawn_as_the_navigator_would_load_it(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text(
        json.dumps({"name": "old", "version": "3.0", "domain": "mitre-enterprise", "viewMode": 2, "techniques": []})
    )
    loaded = load(resolve([str(file)])[0], reading=ReadOptions(format="layer"))
    assert loaded.views[0].layout.layout == "mini"
    assert "does not name its ATT&CK release" in str(loaded.notices)


def test_a_layer_of_a_release_that_is_not_installed_is_drawn_at_the_newest(tmp_path: Path) -> None:
    file = tmp_path / "late.json"
    late = {"name": "late", "domain": "enterprise-attack", "versions": {"attack": "99", "layer": "4.5"}}
    file.write_text(json.dumps(late | {"techniques": [{"techniqueID": "T1562.001", "score": 1}]}))
    loaded = load(resolve([str(file)])[0], reading=ReadOptions(format="layer"))
    assert "ATT&CK enterprise 99 is not installed; using 19.1" in str(loaded.notices)


def test_a_broken_layer_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tiny\.json:1:\d+: "):
        view(tmp_path, [{"techniqueID": "T1110", "score": "high"}])


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#fff", "#ffffff"),
        ("#FF8800", "#ff8800"),
        ("#ff000080", "#ff8080"),
        ("red", "#ff0000"),
        ("none at all", ""),
    ],
)
def test_colours_are_read_as_css_has_them_and_mixed_with_white(text: str, color: str) -> None:
    assert cell_color(text) == color


def test_text_contrasts_with_any_colour() -> None:
    for red in range(0, 256, 15):
        for green in range(0, 256, 15):
            for blue in range(0, 256, 15):
                color = f"#{red:02x}{green:02x}{blue:02x}"
                assert contrast(text_color(color), color) >= 4.5
                assert abs(contrast(gray(color), "#000000") - contrast(color, "#000000")) < 0.2


def test_alpha_of_a_gradient_is_ignored() -> None:
    assert gradient_of(["#ffffff00", "#66b1ff80"], 0, 1).colors == ("#ffffff", "#66b1ff")
    assert parse_color("#12345678") == (0x12, 0x34, 0x56, 0.47)


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("rgba(0,0,255,0.3)", "#b3b3ff"),
        ("rgba(0, 0, 255, .3)", "#b3b3ff"),
        ("hsla(120,50%,50%,0.5)", "#a0dfa0"),
        ("transparent", "#ffffff"),
        ("rgb 255 0 0", "#ff0000"),
        ("rgb(255 0 0)", "#ff0000"),
        ("rgba(0,0,255,128)", "#0000ff"),
        ("#00ff0080", "#80ff80"),
        ("#12345678", "#90a0b0"),
        ("hsv(120, 100%, 100%)", "#00ff00"),
    ],
)
def test_colours_as_the_navigator_was_seen_to_draw_them(text: str, color: str) -> None:
    assert cell_color(text) == color


def test_sub_techniques_without_score_stand_below_any_score(tmp_path: Path) -> None:
    entries = [{"techniqueID": "T1059.001", "score": -5}, {"techniqueID": "T1059.002", "score": 0}]
    layout = {"layout": "side", "expandedSubtechniques": "annotated"}
    up = cell(matrix_of(view(tmp_path, entries, sorting=2, layout=layout)), "T1059", "execution").subtechniques
    assert [one.id for one in up[-2:]] == ["T1059.001", "T1059.002"]
    down = cell(matrix_of(view(tmp_path, entries, sorting=3, layout=layout)), "T1059", "execution").subtechniques
    assert [one.id for one in down[:2]] == ["T1059.002", "T1059.001"]


def test_halves_of_aggregates_are_rounded_up_as_javascript_does(tmp_path: Path) -> None:
    layout = {"layout": "side", "showAggregateScores": True, "aggregateFunction": "sum"}
    entries = [{"techniqueID": "T1110.001", "score": 0.125}]
    matrix = matrix_of(view(tmp_path, entries, layout=layout))
    assert cell(matrix, "T1110", "credential-access").score == 0.13


def test_a_technique_that_is_alone_in_its_tactic_has_no_aggregate(tmp_path: Path) -> None:
    others = attack.find("enterprise", "16.1").catalogue.techniques.values()
    entries = [
        {"techniqueID": "T1110.001", "score": 50},
        *({"techniqueID": t.id, "enabled": False} for t in others if t.active and not t.id.startswith("T1110")),
    ]
    layout = {"layout": "side", "showAggregateScores": True}
    matrix = matrix_of(view(tmp_path, entries, layout=layout, hideDisabled=True))
    assert cell(matrix, "T1110", "credential-access").score is None


def test_the_mini_layout_shows_every_sub_technique(tmp_path: Path) -> None:
    matrix = matrix_of(view(tmp_path, [], layout={"layout": "mini", "expandedSubtechniques": "none"}))
    assert all(one.opened == bool(one.in_all) for c in matrix.columns for one in c.cells)


@pytest.mark.parametrize(
    "fields",
    [
        {"legendItems": 5},
        {"legendItems": True},
        {"gradient": {"colors": 5, "minValue": 0, "maxValue": 1}},
    ],
)
def test_fields_of_another_type_are_passed_over(tmp_path: Path, fields: dict[str, Any]) -> None:
    assert matrix_of(view(tmp_path, [{"techniqueID": "T1110", "score": 5}], **fields)).columns


def test_techniques_that_are_no_list_are_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tiny\.json:1:\d+: techniques is a number; expected a list"):
        view(tmp_path, 5)  # type: ignore[arg-type]


def test_what_the_navigator_leaves_out_is_drawn_as_meant_and_told(tmp_path: Path) -> None:
    entries = [{"techniqueID": " T1110", "score": 5}, {"techniqueID": "T1078", "tactic": "TA0003", "score": 5}]
    made = view(tmp_path, entries, filters={"platforms": ["WINDOWS"]})
    assert made.entries.keys() == {("T1110", "credential-access"), ("T1078", "persistence")}
    told = "\n".join(str(notice) for notice in made.notices)
    assert "although the Navigator ignores entries in this form:  T1110, T1078 under TA0003" in told
    assert "empty matrix for platforms whose case differs: WINDOWS" in told


def test_names_of_colours_are_known_whoever_else_asked_for_them() -> None:
    ImageColor.getrgb("teal")
    assert cell_color("teal") == "#008080"
