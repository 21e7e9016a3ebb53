"""A site of sets whose every text is hostile: all of it is text, and no file leaves the folder."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from conftest import contents, set_of
from site_pages import Pages, alone, assert_sound, site_of, whole_site_of

from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable
from navlayers.output.folders import write_folder
from navlayers.website import SiteOptions

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "<script>alert(1)</script> \"quotes' & </td></table><img src=x onerror=alert(2)> {{ 7*7 }} "
    "\x00\x1b[31m\u202e\u2028"
)


def hostile_set() -> MappingSet:
    ids = [
        "a/b",
        "..",
        ".",
        "CON",
        "con",
        "Con",
        "nul.html",
        "ü",
        "u",
        "…",
        "x" * 300,
        "A B",
        "a-b",
        HOSTILE,
        "index",
    ]
    groups = {f"g{identifier}": f"{identifier} {HOSTILE}" for identifier in ids}
    links = (
        "javascript:alert(1)",
        "https://example.org/<b>",
        'https://example.org/" onclick="x',
        "data:text/html,x",
        HOSTILE,
    )
    rows = [
        Mapping(
            identifier,
            technique,
            type=f"type {HOSTILE}",
            category="protect",
            value="partial",
            comment=f"{HOSTILE}\n\nsecond {'word ' * 40}",
            references=links,
            technique_name=HOSTILE if number % 2 else None,
            capability_name=HOSTILE if number % 3 else None,
            other=((HOSTILE, HOSTILE),),
        )
        for number, identifier in enumerate(ids)
        for technique in ("T1078", "T1078.004", "T9999.001")
    ]
    return MappingSet(
        framework=HOSTILE,
        title=f"Title {HOSTILE}",
        version=HOSTILE,
        domain="enterprise",
        attack_version="16.1",
        groups=groups,
        capabilities=tuple(Capability(i, f"Name {i} {HOSTILE}", (f"g{i}",), links) for i in ids),
        mappings=tuple(rows),
        non_mappable=(
            NonMappable("a/b", comment=HOSTILE, references=links),
            NonMappable(technique="T1200", comment=HOSTILE),
        ),
        source=f"{HOSTILE} javascript:alert(1)",
        licence=HOSTILE,
        details={"author": HOSTILE, "contact": HOSTILE},
    )


@pytest.fixture(scope="module")
def hostile() -> Pages:
    return whole_site_of(
        alone(hostile_set(), name=HOSTILE), alone(hostile_set(), name="..\\x"), options=SiteOptions(title=HOSTILE)
    )


def test_hostile_text_is_text_on_every_page(hostile: Pages) -> None:
    assert_sound(hostile, every=True)
    for path in hostile.pages:
        page = hostile.html(path)
        assert "<script>" not in page
        assert "<img" not in page
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]", page), path
    for path in ("sets", "techniques/t1078.html"):
        texts = [hostile.text(name) for name in hostile.pages if name.startswith(path)]
        assert all("<script>alert(1)</script>" in text for text in texts)
        assert all("{{ 7*7 }}" in text for text in texts)


def test_only_web_addresses_are_links(hostile: Pages) -> None:
    for page in hostile.pages.values():
        assert not [link for link in page.links if re.match(r"(?i)\s*(javascript|data):", link)]
    assert "javascript:alert(1)" in hostile.text("techniques/t1078.html"), "what is no link is text"


def test_names_stay_inside_the_folder_and_are_distinct(hostile: Pages) -> None:
    assert len({path.lower() for path in hostile.files}) == len(hostile.files)
    for path in hostile.files:
        parts = path.split("/")
        assert all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}", part) for part in parts), path
        assert not any(re.fullmatch(r"(?i)(con|nul|aux|prn|com\d|lpt\d)(\..*)?", part) for part in parts), path


def test_hostile_sets_can_be_written(hostile: Pages, tmp_path: Path) -> None:
    write_folder(tmp_path / "out", iter(hostile.files.items()), command="site")
    assert contents(tmp_path / "out") == hostile.files


def test_the_scripts_hold_no_text_of_a_set(hostile: Pages) -> None:
    assert hostile.files["assets/site.js"] == site_of(alone(set_of([]))).files["assets/site.js"]
    script = hostile.files["assets/search.js"].decode()
    json.loads(script.removeprefix("globalThis.navlayersIndex = ").removesuffix(";\n"))
    assert not re.search("[\x00-\x09\x0b-\x1f\u2028\u2029]", script)
