from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stix_facts import PAIRS

from navlayers import attack
from navlayers.attack.domains import DOMAINS
from navlayers.upgrades.layers import upgrade_layer

if TYPE_CHECKING:
    from navlayers.upgrades.report import Report


def names(domain: str, version: str) -> tuple[str, ...]:
    catalogue = attack.find(DOMAINS[DOMAINS.index(domain)], version).catalogue
    return catalogue.platforms


def filtered(before: list[str], old: str | None, new: str, domain: str = "enterprise") -> tuple[list[str], Report]:
    layer = {
        "name": "n",
        "versions": {"layer": "4.5", "navigator": "5.1.0", **({"attack": old} if old else {})},
        "domain": f"{domain}-attack",
        "filters": {"platforms": before, "odd": 1},
        "techniques": [],
    }
    after, report = upgrade_layer(layer, new)
    assert after["filters"]["odd"] == 1
    return after["filters"]["platforms"], report


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (["AWS", "GCP", "Windows"], "8", "9.0", ["IaaS", "Windows"]),
        (["Azure"], "8", "18.1", ["IaaS"]),
        (["Azure AD", "Office 365"], "15", "16.1", ["Identity Provider", "Office Suite"]),
        (["Office 365", "Google Workspace"], "9", "18.1", ["Office Suite"]),
        (["Network"], "16", "17.1", ["Network Devices"]),
        (["Network", "Azure AD"], "8", "18.1", ["Network Devices", "Identity Provider"]),
        (["Network Devices"], "17", "16.1", ["Network"]),
        (["Network Devices", "Identity Provider"], "18", "8.2", ["Network", "Azure AD"]),
        (["Office Suite"], "18", "15.1", ["Office 365", "Google Workspace"]),
        (["Office Suite"], "18", "8.2", ["Office 365"]),
        (["IaaS"], "18", "8.2", ["AWS", "Azure", "GCP"]),
        (["windows", "LINUX", "mac"], None, "18.1", ["Windows", "Linux", "macOS"]),
        (["Azure AD"], None, "18.1", ["Identity Provider"]),
        (["Azure AD"], "7", "18.1", ["Identity Provider"]),
        (["Windows", "Windows"], "8", "18.1", ["Windows"]),
    ],
)
def test_platforms_get_their_names_in_the_new_release(
    before: list[str], old: str | None, new: str, after: list[str]
) -> None:
    found, report = filtered(before, old, new)
    assert found == after
    assert report.platforms is not None
    assert (report.platforms.before, report.platforms.after) == (tuple(before), tuple(after))
    assert set(report.platforms.removed) == set()


def test_platforms_without_an_equivalent_are_removed_and_reported() -> None:
    found, report = filtered(["Containers", "ESXi", "Windows"], "18", "8.2")
    assert found == ["Windows"]
    assert report.platforms is not None
    assert report.platforms.removed == ("Containers", "ESXi")


def test_a_filter_that_would_be_empty_shows_all_and_the_report_says_so() -> None:
    found, report = filtered(["Control Server"], "12", "18.1", "ics")
    assert found == []
    assert any("shows all platforms" in line for line in report.other)


def test_no_filter_stays_none() -> None:
    found, report = filtered([], "8", "18.1")
    assert (found, report.platforms) == ([], None)


@pytest.mark.parametrize(("domain", "old", "new"), PAIRS)
def test_all_platforms_stay_all_and_every_one_exists(domain: str, old: str, new: str) -> None:
    every = list(names(domain, old))
    assert set(filtered(every, old, new, domain)[0]) == set(names(domain, new))
    for one in every:
        assert set(filtered([one], old, new, domain)[0]) <= set(names(domain, new))


def test_all_platforms_of_format_3_are_all() -> None:
    every = ["Windows", "Linux", "macOS", "AWS", "GCP", "Azure", "Azure AD", "Office 365", "SaaS"]
    assert filtered(every, None, "18.1")[0] == list(names("enterprise", "18.1"))
    assert "PRE" not in filtered(every, "8", "18.1")[0]


VERSIONS = ("8.2", "9.0", "12.1", "15.1", "16.1", "17.1", "18.1")


@given(st.data())
def test_stopping_between_gives_the_same_filter_unless_it_names_all_platforms_there(data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.sampled_from(range(len(VERSIONS))), min_size=3, max_size=3)))
    old, stop, new = (VERSIONS[at] for at in (places if data.draw(st.booleans()) else places[::-1]))
    every = names("enterprise", old)
    before = data.draw(st.lists(st.sampled_from(every), unique=True, min_size=1))
    there, _ = filtered(before, old, stop)
    after, direct = (set(filtered(*way, new)[0]) for way in ((there, stop), (before, old)))
    if set(there) != set(names("enterprise", stop)) or len(before) == len(every):
        assert after == direct
    else:
        assert after >= direct


def test_a_filter_of_all_platforms_of_an_intermediate_release_is_one_of_all() -> None:
    every = names("enterprise", "9.0")
    before = [name for name in every if name != "Office 365"]
    stop, _ = filtered(before, "9.0", "16.1")
    assert set(stop) == set(names("enterprise", "16.1"))
    assert "ESXi" in filtered(stop, "16.1", "18.1")[0]
    assert "ESXi" not in filtered(before, "9.0", "18.1")[0]
