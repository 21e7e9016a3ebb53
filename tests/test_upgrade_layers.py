from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from conftest import build_layers

import navlayers
from navlayers.attack import id_changes
from navlayers.layer.document import encode_layer
from navlayers.mapping.formats import read
from navlayers.mapping.model import MappingSet
from navlayers.pages.upgrade import render as render_upgrade
from navlayers.upgrades.layers import encode, upgrade_layer
from navlayers.upgrades.report import FileReport

if TYPE_CHECKING:
    from navlayers.upgrades.report import Report

Entry = dict[str, Any]


def layer(*techniques: Entry, attack: str | None = "8", **fields: Any) -> Entry:
    """A layer of format 4.5 of ATT&CK 8, unless something else is said."""
    versions = {"navigator": "5.1.0", "layer": "4.5"} | ({"attack": attack} if attack else {})
    made = {"name": "n", "versions": versions, "domain": "enterprise-attack", "techniques": list(techniques)}
    return {**made, **fields}


def entry(technique: str, tactic: str | None = None, **fields: Any) -> Entry:
    return {"techniqueID": technique, **({} if tactic is None else {"tactic": tactic}), **fields}


def upgraded(*techniques: Entry, to: str = "18.1", **fields: Any) -> tuple[list[Entry], Report]:
    result, report = upgrade_layer(layer(*techniques, **fields), to)
    return result["techniques"], report


def test_annotations_are_unchanged() -> None:
    said = entry(
        *("T1078", "persistence"),
        score=72.5,
        comment="c\n\nd",
        color="#fff",
        enabled=False,
        metadata=[{"name": "n", "value": "v"}, {"divider": True}],
        links=[{"label": "l", "url": "https://example.org"}],
        showSubtechniques=True,
        unknown={"deep": [1, None, "x"]},
    )
    entries, report = upgraded(said)
    assert entries == [said]
    assert list(entries[0]) == list(said)
    assert report.kept == ("T1078",)


def test_every_field_of_a_layer_stays_in_its_place() -> None:
    before = layer(
        entry("T1078"),
        description="d",
        sorting=3,
        layout={"layout": "flat", "aggregateFunction": "max", "odd": 1},
        gradient={"colors": ["#000000", "#ffffff"], "minValue": 0, "maxValue": 10},
        legendItems=[{"label": "l", "color": "#000000"}],
        odd={"kept": True},
    )
    after, _ = upgrade_layer(before, "18.1")
    assert list(after) == list(before)
    assert after == {**before, "versions": {"navigator": "5.1.0", "layer": "4.5", "attack": "18"}}


def test_a_replaced_id_keeps_its_annotations_and_its_link_is_updated() -> None:
    page = "https://attack.mitre.org/techniques/T1053/00{}/"
    entries, report = upgraded(
        entry("T1053.001", score=5, links=[{"label": "T1053.001 at attack.mitre.org", "url": page.format(1)}])
    )
    assert entries == [
        entry("T1053.002", score=5, links=[{"label": "T1053.002 at attack.mitre.org", "url": page.format(2)}])
    ]
    assert [str(fate) for fate in report.replaced] == ["T1053.001 At (Linux) → T1053.002 At"]


def test_entries_that_meet_are_merged_by_the_stated_rule() -> None:
    entries, report = upgraded(
        entry(
            "T1053.001",
            score=40,
            comment="Linux",
            color="#111111",
            metadata=[{"name": "a", "value": "1"}, {"name": "exact score", "value": "39.6 (…)"}],
            links=[{"label": "x", "url": "https://x.example"}],
            showSubtechniques=True,
        ),
        entry("T1078", score=1),
        entry(
            "T1053.002",
            score=60,
            comment="Windows",
            metadata=[{"name": "b", "value": "2"}, {"name": "a", "value": "1"}],
            links=[{"label": "y", "url": "https://y.example"}, {"label": "x", "url": "https://x.example"}],
        ),
    )
    assert entries == [
        entry(
            "T1053.002",
            score=60,
            comment="Linux\n\nWindows",
            color="#111111",
            metadata=[{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
            links=[{"label": "x", "url": "https://x.example"}, {"label": "y", "url": "https://y.example"}],
            showSubtechniques=True,
        ),
        entry("T1078", score=1),
    ]
    (merged,) = report.merged
    assert (merged.ids, merged.values, merged.value) == (("T1053.001", "T1053.002"), ("40", "60"), "60")


@pytest.mark.parametrize(
    ("one", "two", "score", "enabled"),
    [
        ({"score": 90, "enabled": False}, {"score": 10}, 10, True),
        ({"score": 90, "enabled": False}, {"score": 10, "enabled": False}, 90, False),
        ({"comment": "c"}, {"score": 0}, 0, True),
        ({"score": -5}, {"score": -7}, -5, True),
        ({"score": 7}, {"score": 7.0}, 7, True),
    ],
)
def test_the_highest_score_counts_of_the_enabled_ones(one: Entry, two: Entry, score: float, enabled: bool) -> None:
    for first, second in ((one, two), (two, one)):
        (result,), _ = upgraded(entry("T1053.001", **first), entry("T1053.002", **second))
        assert (result["score"], result.get("enabled", True)) == (score, enabled)


def test_an_entry_for_all_tactics_and_one_for_a_single_tactic_are_merged_there() -> None:
    entries, report = upgraded(
        entry("T1053.002", "persistence", score=30, comment="here"), entry("T1053.001", score=50, comment="all")
    )
    # The one for all tactics comes first, for the Navigator takes the last one of a tactic.
    assert entries == [
        entry("T1053.002", score=50, comment="all"),
        entry("T1053.002", "persistence", score=50, comment="here\n\nall"),
    ]
    assert [(one.value, one.where) for one in report.merged] == [("50", "persistence")]


def test_a_single_tactic_of_a_technique_overrides_its_own_entry_for_all() -> None:
    rows = [entry("T1078", score=50), entry("T1078", "persistence", score=30)]
    entries, report = upgraded(*rows)
    assert (entries, report.merged, report.dropped) == (rows, (), ())


def test_a_lost_tactic_becomes_the_gained_ones() -> None:
    entries, report = upgraded(
        entry("T1547.011", "persistence", score=1, comment="a"),
        entry("T1547.011", "privilege-escalation", score=2, comment="b"),
    )
    assert entries == [entry("T1647", "defense-evasion", score=2, comment="a\n\nb")]
    assert [(one.id, one.tactic, one.to) for one in report.moved] == [
        ("T1647", "persistence", ("defense-evasion",)),
        ("T1647", "privilege-escalation", ("defense-evasion",)),
    ]
    (merged,) = report.merged
    assert merged.ids == ("T1547.011", "T1547.011")


def test_without_gained_tactics_a_lost_one_becomes_those_without_an_entry() -> None:
    entries, report = upgraded(
        entry("T1112", "persistence", score=1), entry("T1112", "defense-evasion", score=2), attack="18", to="16.1"
    )
    assert entries == [entry("T1112", "defense-evasion", score=2)]
    (gone,) = report.dropped
    assert (gone.id, gone.row) == ("T1112", entry("T1112", "persistence", score=1))
    assert "persistence" in gone.why
    entries, report = upgraded(entry("T1112", "persistence", score=1), attack="18", to="16.1")
    assert entries == [entry("T1112", "defense-evasion", score=1)]
    assert [one.to for one in report.moved] == [("defense-evasion",)]


def test_an_entry_that_the_old_release_does_not_show_is_left_out() -> None:
    entries, report = upgraded(entry("T1110", "impact", score=1), entry("T1110", "credential-access", score=2))
    assert entries == [entry("T1110", "credential-access", score=2)]
    assert [(one.id, one.why) for one in report.dropped] == [
        ("T1110", "not shown in the old release, where the technique is not under impact")
    ]


@pytest.mark.parametrize(
    "written", ["Credential Access", "TA0006", "credential access", "ta0006", "CREDENTIAL-ACCESS"]
)
def test_tactics_by_other_names_are_translated(written: str) -> None:
    entries, report = upgraded(entry("T1003", written, score=1))
    assert entries == [entry("T1003", "credential-access", score=1)]
    assert report.other == (f"tactic {written} → credential-access",)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [("12", "18.1", "collection-ics", "collection"), ("18", "12.1", "collection", "collection-ics")],
)
def test_tactics_of_ics_have_other_names_in_other_releases(old: str, new: str, before: str, after: str) -> None:
    entries, _ = upgraded(entry("T0801", before, score=1), attack=old, domain="ics-attack", to=new)
    assert entries == [entry("T0801", after, score=1)]


@pytest.mark.parametrize("tactic", [None, ""])
def test_no_tactic_is_all_tactics(tactic: str | None) -> None:
    entries, _ = upgraded({"techniqueID": "T1078", "tactic": tactic, "score": 1})
    assert entries == [entry("T1078", score=1)]


def test_the_last_of_two_entries_for_one_place_counts_as_in_the_navigator() -> None:
    first, last = entry("T1078", score=1), entry("T1078", score=2)
    entries, report = upgraded(first, last)
    assert entries == [last]
    assert [(one.id, one.row) for one in report.dropped] == [("T1078", first)]
    entries, report = upgraded(entry("T1078", "persistence", score=1), last)
    assert entries == [last]


def test_ids_without_a_successor_are_removed_and_reported_with_their_entries() -> None:
    entries, report = upgraded(entry("T1034", score=4), entry("T9999", comment="x"))
    assert entries == []
    assert [(one.id, one.why, one.rows) for one in report.removed] == [
        ("T1034", "deprecated, no successor", (entry("T1034", score=4),)),
        ("T9999", "newer than ATT&CK enterprise 19.1, or not an id of ATT&CK", (entry("T9999", comment="x"),)),
    ]


def test_an_old_format_becomes_the_current_one_as_the_navigator_reads_it() -> None:
    before = {
        "name": "old",
        "version": "3.0",
        "domain": "mitre-enterprise",
        "viewMode": 1,
        "filters": {"stages": ["act"], "platforms": ["windows", "mac", "AWS"]},
        "techniques": [entry("T1078", score=1)],
        "metadata": None,
    }
    after, report = upgrade_layer(before, "18.1")
    assert after == {
        "name": "old",
        "versions": {"attack": "18", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "filters": {"platforms": ["Windows", "macOS", "IaaS"]},
        "techniques": [entry("T1078", score=1)],
        "layout": {"layout": "side", "showName": False, "showID": True},
    }
    assert report.new is None
    why = "the input does not name its ATT&CK release; name it with --meta attack_version=VERSION"
    assert report.why_not_new == why


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3", "4.4"])
def test_formats_four_become_the_current_one(version: str) -> None:
    before = layer(entry("T1078")) | {"versions": {"attack": "v8.2", "navigator": "4.0", "layer": version}}
    after, report = upgrade_layer(before, "18.1")
    assert after["versions"] == {"attack": "18", "navigator": "5.1.0", "layer": "4.5"}
    assert report.attack_version == "v8.2"
    assert report.other == (f"layer format {version} → 4.5",)
    assert report.new is not None


@pytest.mark.parametrize(
    ("mode", "layout"), [(0, None), (2, {"layout": "mini", "showName": False, "showID": False})]
)
def test_view_modes_become_layouts(mode: int, layout: Entry | None) -> None:
    after, _ = upgrade_layer(layer(viewMode=mode), "18.1")
    assert after.get("layout") == layout
    assert "viewMode" not in after


def test_metadata_that_navlayers_wrote_is_updated() -> None:
    rows = [
        navlayers.Mapping("a", id_, "relates", "protect", "partial") for id_ in ("T1053.001", "T1053.002", "T1034")
    ]
    made = MappingSet(
        "tiny", "1", "enterprise", "8.2", capabilities=(navlayers.Capability("a", "A"),), mappings=tuple(rows)
    )
    (built,) = build_layers(made, only=["overview"])
    before = json.loads(encode_layer(built.layer))
    assert [i["value"] for i in before["metadata"] if i["name"] == "sub-techniques"] == ["2"]
    after, _ = upgrade_layer(before, "18.1")
    items = {item["name"]: item["value"] for item in after["metadata"]}
    assert (items["ATT&CK version"], items["sub-techniques"]) == ("enterprise 18.1", "1")
    assert "ATT&CK Enterprise 18.1: " in after["description"]
    assert read("x.json", data=encode([after], single=True)).mapping_set.attack_version == "18.1"


def test_a_layer_of_that_release_is_unchanged() -> None:
    before = layer(entry("T1053.001", "Execution"), attack="16")
    after, report = upgrade_layer(before, "16.1")
    assert after == before
    assert report.already
    assert "T1053.001" in report.other[0]


def test_the_given_layer_is_not_changed() -> None:
    before = layer(entry("T1547.011", "TA0003", links=[], metadata=[{"name": "a", "value": "b"}]), viewMode=2)
    copied = copy.deepcopy(before)
    upgrade_layer(before, "18.1")
    assert before == copied


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"techniques": {}}, "techniques is an object"),
        ({"techniques": [3]}, "this entry is a number"),
        ({"techniques": [{"score": 3}]}, 'this entry has no "techniqueID"'),
        ({"techniques": [{"techniqueID": "T1"}]}, "malformed"),
        ({"techniques": [{"techniqueID": 3}]}, "techniqueID is a number"),
        ({"techniques": [{"techniqueID": "T1078", "score": "7"}]}, "score is the text"),
        ({"techniques": [{"techniqueID": "T1078", "score": 10**400}]}, "too large"),
        ({"techniques": [{"techniqueID": "T1078", "metadata": {"a": "b"}}]}, "metadata is an object"),
        ({"techniques": [{"techniqueID": "T1078", "links": ["x"]}]}, "links[0] is the text"),
        ({"techniques": [{"techniqueID": "T1078", "enabled": "no"}]}, "enabled is the text"),
        ({"metadata": {}}, "metadata is an object"),
        ({"links": ["x"]}, "links[0] is the text"),
        ({"filters": []}, "filters is a list"),
        ({"filters": {"platforms": "Windows"}}, "platforms is the text"),
        ({"filters": {"platforms": [1]}}, "platforms[0] is a number"),
        ({"layout": "side"}, "layout is the text"),
        ({"versions": "4.5"}, "versions is the text"),
        ({"domain": "nowhere"}, "unknown ATT&CK domain"),
    ],
)
def test_a_broken_layer_is_an_error_that_names_the_place(broken: Entry, words: str) -> None:
    with pytest.raises(navlayers.InputError) as caught:
        upgrade_layer(layer() | broken, "18.1")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert problem.place is not None
    assert problem.place.line == 1
    assert problem.place.column > 0


@pytest.mark.parametrize("odd", [{"a": float("nan")}, {"a": {1, 2}}, {"name": "\ud800"}])
def test_a_layer_that_is_not_json_is_an_error(odd: Entry) -> None:
    with pytest.raises(navlayers.InputError, match="not JSON"):
        upgrade_layer(layer() | odd, "18.1")


def test_texts_of_any_length_and_numbers_of_any_size_survive() -> None:
    said = entry("T1078", comment="x\u0000\u2028" * 10_000, score=1e300, big=10**30, small=1e-300)
    entries, _ = upgraded(said)
    assert entries == [said]


def test_unusual_metadata_of_a_layer_is_unchanged() -> None:
    items = [{"name": ["x"], "value": "v"}, {"name": "ATT&CK version", "value": 5}, {"divider": True}, {}]
    after, _ = upgrade_layer(layer(metadata=items), "18.1")
    assert after["metadata"] == [items[0], {"name": "ATT&CK version", "value": "enterprise 18.1"}, *items[2:]]


def test_reports_of_endless_names_are_short() -> None:
    rows = [entry("T1078", f"t{number}" * 99) for number in range(500)]
    _, report = upgrade_layer(layer(*rows, filters={"platforms": [f"p{i}" for i in range(9999)]}), "18.1")
    text = render_upgrade([FileReport("x.json", "", (report,))])
    assert max(map(len, text.splitlines())) < 400


def test_layers_without_entries_stay_without() -> None:
    assert (
        upgrade_layer({k: v for k, v in layer().items() if k != "techniques"}, "18.1")[0].get("techniques") is None
    )
    assert upgrade_layer(layer() | {"techniques": None}, "18.1")[0].get("techniques") is None


def test_tactics_are_looked_up_once_for_all_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Mock(wraps=id_changes.Tactics)
    monkeypatch.setattr(id_changes, "Tactics", spy)
    entries, report = upgraded(*(entry("T1078", f"x{n}") for n in range(9)))
    assert (entries, len(report.dropped), spy.call_count) == ([], 9, 2)
