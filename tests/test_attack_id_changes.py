from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import TINY
from stix_facts import PAIRS, RELEASES, end, facts

from navlayers import attack
from navlayers.attack.domains import DOMAINS
from navlayers.attack.id_changes import ReleaseChange

if TYPE_CHECKING:
    from navlayers.attack import Catalogue


def release(domain: str, version: str) -> Catalogue:
    return attack.find(DOMAINS[DOMAINS.index(domain)], version).catalogue


def step(domain: str, old: str, new: str) -> ReleaseChange:
    return ReleaseChange(release(domain, old), release(domain, new))


@pytest.mark.parametrize(("domain", "old", "new"), PAIRS)
def test_the_fate_of_every_id_is_what_the_bundles_say(domain: str, old: str, new: str) -> None:
    way = step(domain, old, new)
    before, after = facts(domain, old), facts(domain, new)
    for id_, fact in before.items():
        fate = way.id_change(id_)
        now = end(domain, new, id_)
        assert fate.now == now, id_
        if now is None:
            assert fate.kind == "removed"
            assert fate.why == ("unknown" if id_ not in after else fate.why)
        elif now != id_:
            assert fate.kind == "replaced"
        else:
            assert fate.kind == ("kept" if fact.name == after[id_].name else "renamed"), id_


@pytest.mark.parametrize(("domain", "old", "new"), PAIRS)
def test_what_is_new_is_active_now_and_was_not(domain: str, old: str, new: str) -> None:
    before, after = facts(domain, old), facts(domain, new)
    expected = sorted(i for i, fact in after.items() if fact.active and not (i in before and before[i].active))
    assert [addition.id for addition in step(domain, old, new).additions or ()] == expected


@pytest.mark.parametrize("between", RELEASES["enterprise"][1:-1])
def test_stopping_at_a_release_between_changes_nothing(between: str) -> None:
    first, second = step("enterprise", "8.2", between), step("enterprise", between, "18.1")
    direct = step("enterprise", "8.2", "18.1")
    for id_ in facts("enterprise", "8.2"):
        stop = first.id_change(id_).now
        assert (second.id_change(stop).now if stop else None) == direct.id_change(id_).now, id_


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("T1053.001", "T1053.001 At (Linux) → T1053.002 At"),
        ("T1053.002", "T1053.002 At (Windows) → At"),
        ("T1574.002", "T1574.002 DLL Side-Loading → T1574.001 DLL"),
        ("T1547.011", "T1547.011 Plist Modification → T1647 Plist File Modification, now a technique"),
        ("T1034", "T1034 Path Interception: deprecated, no successor"),
        ("T1078", "T1078 Valid Accounts"),
        ("T9999", "T9999: not in this release"),
    ],
)
def test_fates_in_words(id_: str, words: str) -> None:
    assert str(step("enterprise", "8.2", "18.1").id_change(id_)) == words


def test_a_technique_that_became_a_sub_technique_is_told() -> None:
    fate = step("mobile", "12.1", "18.1").id_change("T1400")
    assert (fate.now, fate.became) == ("T1625.001", "sub-technique")


def test_without_the_old_release_names_are_those_of_the_new_one() -> None:
    fate = ReleaseChange(None, TINY).id_change("T1003")
    assert (fate.kind, fate.name, fate.now, fate.now_name) == ("replaced", "Old", "T1002", "Technique 2")
    assert ReleaseChange(None, TINY).additions is None


def test_what_came_by_way_of_another_id_is_merged_with_that_one() -> None:
    # T1073 became T1574.002 long before that became T1574.001, as T1038 had.
    ids = ["T1038", "T1073", "T1574.001", "T1574.002"]
    assert [ids[at] for at in step("enterprise", "8.2", "18.1").in_order(ids)] == [
        *("T1038", "T1574.001"),
        *("T1073", "T1574.002"),
    ]
    assert step("enterprise", "8.2", "18.1").in_order(["T1053.002", "T1053.001"]) == [0, 1]


@pytest.mark.parametrize(
    ("id_", "old", "gained", "lost", "content"),
    [
        # From the bundles: https://attack.mitre.org/techniques/T1112 and so on, 18.1 and 19.1.
        ("T1112", "18.1", ("Defense Impairment",), ("Defense Evasion",), "major"),
        ("T1127", "18.1", ("Execution",), (), "major"),
        ("T1610", "18.1", (), ("Defense Evasion",), "major"),
        ("T1027", "18.1", (), (), "major"),
        ("T1059", "18.1", (), (), "minor"),
        ("T1001", "18.1", (), (), None),
    ],
)
def test_a_kept_technique_has_its_tactic_and_content_changes(
    id_: str, old: str, gained: tuple[str, ...], lost: tuple[str, ...], content: str | None
) -> None:
    change = step("enterprise", old, "19.1").id_change(id_)
    assert (change.kind, change.now, change.gained, change.lost, change.content) == (
        *("kept", id_, gained, lost),
        content,
    )


def test_a_technique_without_a_published_successor_is_removed() -> None:
    assert str(step("enterprise", "18.1", "19.1").id_change("T1562.011")) == (
        "T1562.011 Spoof Security Alerting: revoked, no successor"
    )


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("T1999.001", "newer than ATT&CK enterprise 19.1, or not an id of ATT&CK"),
        ("T1087.999", "unknown in every installed release: a typo? T1087 Account Discovery has .001 to .004"),
    ],
)
def test_an_id_above_all_known_ones_is_newer_and_not_a_typo(id_: str, words: str) -> None:
    changes = step("enterprise", "16.1", "18.1")
    assert changes.why_removed(changes.id_change(id_)) == words
