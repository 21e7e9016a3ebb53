"""Layers of real sets and of any entries at another release: nothing is lost, and twice is once."""

from __future__ import annotations

import json

from conftest import CORPUS_FILES, build_layers, sample_sets
from hypothesis import given
from hypothesis import strategies as st
from stix_facts import end, facts
from test_upgrade_layers import Entry, entry, layer

import navlayers
from navlayers.layer.document import encode_layer
from navlayers.upgrades.layers import upgrade_layer
from navlayers.upgrades.report import counts


def _real() -> list[Entry]:
    found = []
    for source in [*CORPUS_FILES, *(one.path for one in sample_sets())]:
        (built,) = build_layers(navlayers.load(source), only=["overview"])
        found.append(json.loads(encode_layer(built.layer)))
    return found


def test_layers_of_all_real_sets_are_accounted_for_and_twice_is_once() -> None:
    for before in _real():
        domain = before["domain"].removesuffix("-attack")
        after, report = upgrade_layer(before, "18.1")
        ids = {one["techniqueID"] for one in before["techniques"]}
        assert counts([report]).techniques == len(ids)
        expected = {now for id_ in ids if (now := end(domain, "18.1", id_))}
        assert {one["techniqueID"] for one in after["techniques"]} == expected
        assert upgrade_layer(after, "18.1")[0] == after
        unknown = {**after, "versions": {"navigator": "5.1.0", "layer": "4.5"}, "metadata": []}
        assert upgrade_layer(unknown, "18.1")[0]["techniques"] == after["techniques"]


SOME = [
    "T1053.001",
    "T1053.002",
    "T1547.011",
    "T1574.001",
    "T1574.002",
    "T1038",
    "T1073",
    "T1034",
    "T1078",
    "T1556",
]
TACTICS = [
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "initial-access",
    "execution",
]
ENTRIES = st.lists(
    st.builds(
        lambda id_, tactic, score, comment, metadata: entry(
            id_, tactic, **({} if score is None else {"score": score}), comment=comment, metadata=metadata
        ),
        st.sampled_from(SOME),
        st.sampled_from([None, *TACTICS]),
        st.sampled_from([None, 0, 10, 55.5, 90, 91]),
        st.sampled_from(["", "one", "two", "three"]),
        st.lists(st.sampled_from([{"name": "a", "value": "b"}, {"name": "c", "value": "d"}]), max_size=2),
    ),
    max_size=25,
)


@given(ENTRIES)
def test_any_entries_are_accounted_for_and_twice_is_once(entries: list[Entry]) -> None:
    before = layer(*entries, filters={"platforms": ["Windows", "Azure AD", "GCP"]})
    after, report = upgrade_layer(before, "18.1")
    assert counts([report]).techniques == len({one["techniqueID"] for one in entries})
    again, _ = upgrade_layer({**after, "versions": {"layer": "4.5"}}, "18.1")
    assert again["techniques"] == after["techniques"]
    assert again["filters"] == after["filters"]
    keys = [(one["techniqueID"], one.get("tactic")) for one in after["techniques"]]
    assert len(keys) == len(set(keys))
    known = facts("enterprise", "18.1")
    assert all(known[id_].active for id_, _ in keys)
    # Every entry of the input stands in the result, or is in the report.
    gone = len([row for one in report.removed for row in one.rows]) + len(report.dropped)
    merged = {id_ for one in report.merged for id_ in one.ids}
    if not report.merged and not report.moved:
        assert len(after["techniques"]) + gone == len(entries)
    assert merged <= {one["techniqueID"] for one in entries}


@given(ENTRIES)
def test_stopping_between_gives_the_same(entries: list[Entry]) -> None:
    known = facts("enterprise", "8.2")
    real = [
        one
        for one in entries
        if known[one["techniqueID"]].active and one.get("tactic") in (None, *_tactics(one["techniqueID"]))
    ]
    before = layer(*real, filters={"platforms": ["Windows", "Azure AD", "GCP"]})
    stop, _ = upgrade_layer(before, "12.1")
    assert upgrade_layer(stop, "18.1")[0] == upgrade_layer(before, "18.1")[0]


def cells(entries: list[Entry], version: str) -> dict[tuple[str, str], Entry]:
    """What the Navigator shows: per technique and tactic of the release the last entry."""
    catalogue = navlayers.attack.find("enterprise", version).catalogue
    shown = {}
    for one in entries:
        technique = catalogue.get(one["techniqueID"])
        if technique and technique.active:
            for tactic in technique.tactics if one.get("tactic") is None else (one["tactic"],):
                if tactic in technique.tactics:
                    shown[technique.id, tactic] = one
    return shown


@given(ENTRIES)
def test_the_navigator_shows_all_former_annotations(entries: list[Entry]) -> None:
    after, report = upgrade_layer(layer(*entries), "18.1")
    now_shown = cells(after["techniques"], "18.1")
    # Nothing of the result is dropped silently, and no two entries are for the same place.
    assert all(any(found is one for found in now_shown.values()) for one in after["techniques"] if "tactic" in one)
    moved = {(one.id, one.tactic): one.to for one in report.moved}
    gone = {(one.id, one.row.get("tactic")) for one in report.dropped}
    for (id_, tactic), before in cells(entries, "8.2").items():
        now = end("enterprise", "18.1", id_)
        if now is None:
            assert id_ in {one.id for one in report.removed}
            continue
        places = (
            [(now, tactic)] if (now, tactic) in now_shown else [(now, to) for to in moved.get((now, tactic), ())]
        )
        if not places and before.get("tactic") is None:
            continue  # an entry for all tactics is one for those of the new release
        assert places or (id_, tactic) in gone
        for place in places:
            found = now_shown[place]
            assert before.get("comment", "") in found.get("comment", "")
            assert found.get("score", -1) >= before.get("score", -1)
            assert all(item in found["metadata"] for item in before["metadata"])


def _tactics(id_: str) -> tuple[str, ...]:
    catalogue = navlayers.attack.find("enterprise", "8.2").catalogue
    return catalogue.techniques[id_].tactics
