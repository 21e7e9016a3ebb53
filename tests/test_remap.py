from __future__ import annotations

import msgspec
import pytest
from conftest import TINY, row, set_of

from navlayers.attack import Catalogue, Technique
from navlayers.mapping.replacements import Inactive, ReplacedId, inactive, remap


def chained(**successors: str | None) -> Catalogue:
    """The tiny release with further techniques: revoked by an id, or deprecated where there is none."""
    more = {
        identifier: Technique(
            identifier, identifier, f"Name of {identifier}", status="revoked" if by else "deprecated", successor=by
        )
        for identifier, by in successors.items()
    }
    return msgspec.structs.replace(TINY, techniques={**TINY.techniques, **more})


@pytest.mark.parametrize(
    ("successors", "start", "end"),
    [
        ({}, "T1003", "T1002"),
        ({"T1100": "T1101", "T1101": "T1002"}, "T1100", "T1002"),
        ({"T1100": "T1001.001"}, "T1100", "T1001.001"),
    ],
)
def test_a_revoked_technique_becomes_the_one_at_the_end_of_revoked_by(
    successors: dict[str, str], start: str, end: str
) -> None:
    carried, moved = remap(set_of([row("a", start, "protect", "partial")]), chained(**successors))
    assert [mapping.technique for mapping in carried.mappings] == [end]
    assert [(move.id, move.successor) for move in moved] == [(start, end)]


@pytest.mark.parametrize(
    ("successors", "identifier", "fate"),
    [
        ({}, "T1004", "deprecated"),
        ({}, "T9999", "unknown"),
        ({"T1100": "T1004"}, "T1100", "revoked"),
        ({"T1100": "T8888"}, "T1100", "revoked"),
        ({"T1100": "T1101", "T1101": "T1100"}, "T1100", "revoked"),
        ({"T1100": "T1100"}, "T1100", "revoked"),
    ],
)
def test_a_technique_without_an_active_successor_stays_and_is_told(
    successors: dict[str, str], identifier: str, fate: str
) -> None:
    catalogue = chained(**successors)
    carried, moved = remap(set_of([row("a", identifier, "protect", "partial")]), catalogue)
    assert moved == ()
    (told,) = inactive(carried, catalogue)
    assert (told.id, told.fate, told.capabilities) == (identifier, fate, ("a",))


def test_active_techniques_stay_and_nothing_else_of_a_mapping_changes() -> None:
    rows = [
        row("a", "T1001", "protect", "partial", "https://x.example", comment="c"),
        row("b", "T1003", "detect", "10"),
    ]
    carried, moved = remap(set_of(rows), TINY)
    assert carried.mappings[0] == rows[0]
    assert carried.mappings[1] == msgspec.structs.replace(rows[1], technique="T1002")
    assert moved == (ReplacedId("T1003", "Old", "T1002", "Technique 2"),)


def test_the_carried_set_says_which_release_it_is_at() -> None:
    carried, _ = remap(set_of([], attack_version="8.2"), TINY)
    assert carried.attack_version == "16.1"


def test_carrying_twice_is_carrying_once() -> None:
    rows = [row("a", t, "protect", "partial") for t in ("T1003", "T1004", "T9999", "T1001")]
    once, _ = remap(set_of(rows, attack_version="8.2"), TINY)
    assert remap(once, TINY) == (once, ())


def test_the_given_set_is_not_changed() -> None:
    mapping_set = set_of([row("a", "T1003", "protect", "partial")])
    before = msgspec.json.encode(mapping_set)
    remap(mapping_set, TINY)
    assert msgspec.json.encode(mapping_set) == before


def test_an_id_that_changed_is_told_once_however_many_rows_have_it() -> None:
    rows = [row("a", "T1003", "protect", "partial"), row("b", "T1003", "protect", "partial")]
    _, moved = remap(set_of(rows), TINY)
    assert len(moved) == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Inactive("T1003", "Old", "revoked", "T1002", "New"), "T1003 Old: revoked by T1002 New"),
        (
            Inactive("T1003", "Old", "revoked", "T1002", "New", successor_active=False),
            "T1003 Old: revoked by T1002 New, which is not active either",
        ),
        (Inactive("T1004", "Dropped", "deprecated"), "T1004 Dropped: deprecated, no successor"),
        (Inactive("T9999", "", "unknown"), "T9999: not in this release"),
    ],
)
def test_what_became_of_a_technique_is_said_in_words(told: Inactive, words: str) -> None:
    assert str(told) == words
