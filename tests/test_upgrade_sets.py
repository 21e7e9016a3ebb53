from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from conftest import CORPUS, CORPUS_FILES, row, sample_sets, set_of
from hypothesis import given
from hypothesis import strategies as st
from stix_facts import RELEASES, end, facts

import navlayers
from navlayers.mapping.evidence import Evidence
from navlayers.mapping.model import MappingSet, NonMappable
from navlayers.upgrades.entries import joined
from navlayers.upgrades.report import counts
from navlayers.upgrades.sets import upgrade_set

if TYPE_CHECKING:
    from pathlib import Path

REAL = [*CORPUS_FILES, *(source.path for source in sample_sets())]
AZURE = CORPUS / "azure-06.29.2021_attack-8.2-enterprise.json"


def ids_of(mapping_set: MappingSet) -> set[str]:
    rows = [*(m.technique for m in mapping_set.mappings), *(n.technique for n in mapping_set.non_mappable)]
    return {id_ for id_ in rows if id_ is not None}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_id_of_every_real_set_is_accounted_for(path: Path) -> None:
    mapping_set = navlayers.load(path)
    domain, to = mapping_set.domain, "18.1"
    carried, report = upgrade_set(mapping_set, to)
    ids = ids_of(mapping_set)
    lists = [
        *report.kept,
        *(fate.id for fate in report.renamed),
        *(fate.id for fate in report.replaced),
        *(one.id for one in report.removed),
    ]
    assert sorted(lists) == sorted(ids)
    assert ids_of(carried) == {now for id_ in ids if (now := end(domain, to, id_))}
    assert carried.attack_version == "18.1"
    merged_away = sum(len(one.ids) - 1 for one in report.merged)
    gone = sum(len(one.rows) for one in report.removed)
    before = len(mapping_set.mappings) + len(mapping_set.non_mappable)
    assert len(carried.mappings) + len(carried.non_mappable) == before - merged_away - gone


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_upgrading_twice_is_upgrading_once(path: Path) -> None:
    once, _ = upgrade_set(navlayers.load(path), "18.1")
    again, report = upgrade_set(once, "18.1")
    assert again == once
    assert report.already
    # Also where nothing tells that the set is of that release.
    unknown, report = upgrade_set(msgspec.structs.replace(once, attack_version="7"), "18.1")
    assert unknown.mappings == tuple(msgspec.structs.replace(m, technique_name=None) for m in once.mappings)
    assert (report.replaced, report.removed, report.merged) == ((), (), ())


def test_the_azure_set_of_2021_goes_to_18_1() -> None:
    if not AZURE.is_file():
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    azure = navlayers.load(AZURE)
    carried, report = upgrade_set(azure, "18.1")
    assert (counts([report]).techniques, len(report.kept), len(report.renamed), len(report.replaced)) == (
        344,
        322,
        21,
        1,
    )
    assert report.removed == ()
    assert [(fate.id, fate.now) for fate in report.replaced] == [("T1053.001", "T1053.002")]
    old, new = facts("enterprise", "8.2"), facts("enterprise", "18.1")
    assert {f.id for f in report.renamed} == {
        i for i in ids_of(azure) if i in new and new[i].active and new[i].name != old[i].name
    }
    assert len(carried.mappings) == len(azure.mappings) - 1
    (merged,) = report.merged
    assert (merged.into, merged.ids, merged.value) == ("T1053.002", ("T1053.001", "T1053.002"), "partial")


def everything(domain: str, version: str) -> MappingSet:
    """Every id that a release knows, mapped with a comment of its own."""
    rows = [
        row("a", id_, "protect", str(number % 101), comment=id_)
        for number, id_ in enumerate(sorted(facts(domain, version)))
    ]
    made = set_of(rows, attack_version=version)
    return msgspec.structs.replace(made, domain=domain)


@pytest.mark.parametrize("between", ["10.1", "12.1", "16.1"])
def test_stopping_between_gives_the_same(between: str) -> None:
    sets = [everything("enterprise", "8.2")]
    sets += [navlayers.load(AZURE)] if AZURE.is_file() else []
    for mapping_set in sets:
        stop, _ = upgrade_set(mapping_set, between)
        assert upgrade_set(stop, "18.1")[0] == upgrade_set(mapping_set, "18.1")[0]


@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_all_ids_of_all_releases_are_accounted_for_in_both_directions(domain: str) -> None:
    for old in RELEASES[domain]:
        whole = everything(domain, old)
        for new in RELEASES[domain]:
            if new == old:
                continue
            carried, report = upgrade_set(whole, new)
            assert counts([report]).techniques == len(whole.mappings)
            assert ids_of(carried) == {now for m in whole.mappings if (now := end(domain, new, m.technique))}


AT = ("T1053.001", "T1053.002")
"""ATT&CK 8.2 has At (Linux) and At (Windows); later the first became the second, which is At now."""


def test_merged_rows_have_the_strongest_evidence_and_the_highest_robustness() -> None:
    validated, tested = Evidence("validated", "2026-01-01"), Evidence("tested", "2026-02-01")
    rows = [
        msgspec.structs.replace(row("a", AT[0], "protect", "minimal"), evidence=validated, robustness=2),
        msgspec.structs.replace(row("a", AT[1], "protect", "partial"), evidence=tested, robustness=4),
    ]
    carried, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    (mapping,) = carried.mappings
    assert (mapping.value, mapping.evidence, mapping.robustness) == ("partial", validated, 4)
    assert report.merged[0].evidence == ("validated 2026-01-01", "tested 2026-02-01")


def test_merged_rows_have_the_highest_value() -> None:
    rows = [
        row("a", AT[0], "protect", "minimal", "https://x.example", comment="on Linux"),
        row("a", "T1078", "protect", "minimal"),
        row("a", AT[1], "protect", "significant", "https://y.example", "https://x.example", comment="on Windows"),
    ]
    carried, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    links = ("https://x.example", "https://y.example")
    comment = "on Linux\n\non Windows"
    assert carried.mappings == (row("a", AT[1], "protect", "significant", *links, comment=comment), rows[1])
    (merged,) = report.merged
    assert (merged.ids, merged.values, merged.value, merged.where) == (
        *(AT, ("minimal", "significant"), "significant"),
        "a, protect",
    )


def test_the_scale_of_the_set_says_which_value_is_higher() -> None:
    rows = [row("a", AT[0], "protect", "low"), row("a", AT[1], "protect", "55"), row("b", AT[0], "protect", "low")]
    mapping_set = set_of(rows, scale={"low": 60, "high": 90}, attack_version="8.2")
    assert [m.value for m in upgrade_set(mapping_set, "18.1")[0].mappings] == ["low", "low"]


@pytest.mark.parametrize(
    "others",
    [
        [row("b", AT[1], "protect", "partial")],
        [row("a", AT[1], "detect", "partial")],
        [msgspec.structs.replace(row("a", AT[1], "protect", "partial"), type="other")],
        [msgspec.structs.replace(row("a", AT[1], "protect", "partial"), group="g")],
    ],
)
def test_rows_of_another_capability_category_type_or_group_are_not_merged(others: list[navlayers.Mapping]) -> None:
    rows = [row("a", AT[0], "protect", "minimal"), *others]
    carried, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    assert len(carried.mappings) == 2
    assert report.merged == ()


def test_duplicate_rows_stay() -> None:
    rows = [row("a", "T1078", "protect", "minimal")] * 2 + [row("a", AT[0], "detect", "minimal")] * 2
    carried, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    assert [m.technique for m in carried.mappings] == ["T1078", "T1078", AT[1], AT[1]]
    assert report.merged == ()


def test_a_duplicate_comment_is_not_repeated() -> None:
    rows = [row("a", AT[0], "protect", comment="same"), row("a", AT[1], "protect", comment="same")]
    carried, _ = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    assert [m.comment for m in carried.mappings] == ["same"]


def test_ids_without_a_successor_are_removed_and_their_rows_reported() -> None:
    rows = [row("a", "T1034", "protect", "minimal", comment="why"), row("a", "T1078", "protect", "minimal")]
    carried, report = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    assert [m.technique for m in carried.mappings] == ["T1078"]
    (gone,) = report.removed
    assert (gone.id, gone.name, gone.why) == ("T1034", "Path Interception", "deprecated, no successor")
    (said,) = gone.rows
    fields = (said["capability"], said["technique"], said["category"], said["value"], said["comment"])
    assert fields == ("a", "T1034", "protect", "minimal", "why")
    assert "references" not in said


def test_non_mappables_follow_and_are_merged() -> None:
    records = (
        NonMappable("a", AT[0], comment="one"),
        NonMappable("a", AT[1], comment="two"),
        NonMappable("a", None),
        NonMappable(None, AT[0]),
        NonMappable(None, "T1034"),
    )
    before = msgspec.structs.replace(set_of([row("a", "T1078")], attack_version="8.2"), non_mappable=records)
    carried, report = upgrade_set(before, "18.1")
    assert carried.non_mappable == (
        NonMappable("a", AT[1], comment="one\n\ntwo"),
        NonMappable("a", None),
        NonMappable(None, AT[1]),
    )
    assert [one.id for one in report.removed] == ["T1034"]


def test_outdated_names_are_cleared() -> None:
    named = msgspec.structs.replace
    rows = [
        named(row("a", "T1046", "protect"), technique_name="Network Scanning"),
        named(row("a", AT[0], "protect"), technique_name="At on Linux"),
        named(row("a", "T1078", "protect"), technique_name="Accounts"),
    ]
    carried, _ = upgrade_set(set_of(rows, attack_version="8.2"), "18.1")
    assert [m.technique_name for m in carried.mappings] == [None, None, "Accounts"]


def test_new_techniques_exclude_considered_ones() -> None:
    old, new = facts("enterprise", "16.1"), facts("enterprise", "18.1")
    fresh = {i for i, fact in new.items() if fact.active and not (i in old and old[i].active)}
    mapped, looked_at = sorted(fresh)[:2]
    made = set_of([row("a", mapped, "protect"), row("a", "T1078", "protect")])
    made = msgspec.structs.replace(made, non_mappable=(NonMappable(None, looked_at),))
    _, report = upgrade_set(made, "18.1")
    assert {addition.id for addition in report.new or ()} == fresh - {mapped, looked_at}


def test_without_the_old_release_new_techniques_are_reported_as_unknown() -> None:
    carried, report = upgrade_set(set_of([row("a", AT[0])], attack_version="7.2"), "18.1")
    assert report.new is None
    assert report.why_not_new == ("ATT&CK enterprise 7.2 is not installed; add it with: navlayers attack add 7.2")
    assert [m.technique for m in carried.mappings] == [AT[1]]


def test_a_downgrade_keeps_ids_of_the_older_release() -> None:
    rows = [row("a", AT[1], "protect"), row("a", "T1027.014", "protect")]
    carried, report = upgrade_set(set_of(rows, attack_version="18.1"), "8.2")
    assert [m.technique for m in carried.mappings] == [AT[1]]
    assert carried.attack_version == "8.2"
    assert [str(fate) for fate in report.renamed] == ["T1053.002 At → At (Windows)"]
    assert [(one.id, one.why) for one in report.removed] == [("T1027.014", "not in this release")]


def test_a_set_of_that_release_is_unchanged_even_with_unknown_ids() -> None:
    mapping_set = set_of([row("a", "T1053.001", "protect", "partial")])
    carried, report = upgrade_set(mapping_set, "16")
    assert carried is mapping_set
    assert report.already
    assert "T1053.001" in report.other[0]


@pytest.mark.parametrize("wanted", ["99", "7", "nonsense", ""])
def test_an_unknown_release_is_an_error_that_names_the_installed_ones(wanted: str) -> None:
    with pytest.raises(navlayers.ReleaseError, match=r"16\.1"):
        upgrade_set(set_of([]), wanted)


IDS = sorted(facts("enterprise", "8.2")) if (CORPUS.parent.parent / "attack").is_dir() else ["T1078", *AT]
FEW = [*AT, "T1574.001", "T1574.002", "T1038", "T1073", "T1034", "T1547.011", "T1078", "T9999"]
ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from("ab"),
        st.one_of(st.sampled_from(FEW), st.sampled_from(IDS)),
        st.sampled_from(["protect", "detect", None]),
        st.sampled_from(["minimal", "partial", "significant", "72", None]),
        comment=st.sampled_from(["", "one", "two", "three\n\nfour"]),
    ),
    max_size=30,
)


@given(ROWS)
def test_any_rows_are_accounted_for_and_twice_is_once(rows: list[navlayers.Mapping]) -> None:
    mapping_set = set_of(rows, attack_version="8.2")
    before = msgspec.json.encode(mapping_set)
    carried, report = upgrade_set(mapping_set, "18.1")
    assert msgspec.json.encode(mapping_set) == before
    assert counts([report]).techniques == len(ids_of(mapping_set))
    assert upgrade_set(carried, "18.1")[0] == carried
    best: dict[tuple[str, str | None, str | None], float] = {}
    numbers = {None: -1.0, "minimal": 10, "partial": 50, "significant": 100, "72": 72}
    for old in rows:
        now = end("enterprise", "18.1", old.technique)
        if now is not None:
            key = (old.capability, old.category, now)
            best[key] = max(best.get(key, -1), numbers[old.value])
    found: dict[tuple[str, str | None, str | None], float] = {}
    for new in carried.mappings:
        key = (new.capability, new.category, new.technique)
        found[key] = max(found.get(key, -1), numbers[new.value])
    assert found == best


def test_joined_comments_have_each_text_once() -> None:
    """One within the others is left out, as whole paragraphs; new lines are not searched for."""
    texts = ["a", "b\nc", "", " \n", "a", "a\n\nb\nc", "b", "c\n\na", *(f"n{n}" for n in range(3)), "n0\n\nn1"]
    assert joined(texts) == "a\n\nb\nc\n\nb\n\nc\n\na\n\nn0\n\nn1\n\nn2"
