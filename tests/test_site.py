"""A site of mapping sets: every page says what it should, and every link leads somewhere."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from conftest import contents
from site_pages import Pages, Parsed, assert_sound, prepared, whole_site_of

import navlayers
from navlayers._text.slugs import slugs
from navlayers.layer.colors import Gradient
from navlayers.mapping import formats
from navlayers.output.folders import sha256
from navlayers.pages.show.set_index import IndexedSet
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.stats import set_stats
from navlayers.website import Site
from navlayers.website.downloads import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("gcp", "aws", "intel-vpro", "veris-ics", "kev-mobile", "csa_ccm")
"""Scored sets and counts, three domains, releases 15.1 to 17.1, non-mappable records."""


@pytest.fixture(scope="module")
def several() -> Pages:
    return whole_site_of(*prepared(*NAMES))


def test_every_link_has_a_target(several: Pages) -> None:
    assert_sound(several, every=True)
    assert sum(len(page.links) for page in several.pages.values()) > 20_000


def test_every_page_is_reachable_from_the_start_page(several: Pages) -> None:
    seen: set[str] = set()
    ahead = ["index.html"]
    while ahead:
        path = ahead.pop()
        if path not in seen and path in several.pages:
            seen.add(path)
            links = (urlsplit(link).path for link in several.pages[path].links if "://" not in link)
            ahead += [posixpath.normpath(posixpath.join(posixpath.dirname(path), link)) for link in links if link]
    lonely = {path for path in several.pages if path not in seen}
    # What no release uses any more, and nothing maps but a record, is found by its set; the rest by the matrices.
    assert not lonely


def test_every_file_is_linked_to_or_listed(several: Pages) -> None:
    linked = {
        posixpath.normpath(posixpath.join(posixpath.dirname(path), urlsplit(link).path))
        for path, page in several.pages.items()
        for link in page.links
        if "://" not in link
    }
    on_demand = ("search", "enterprise-19.1", "mobile-18.1", "ics-18.1")
    assert set(several.files) - linked == {"index.json", *(f"assets/{name}.js" for name in on_demand)}


def test_there_is_a_page_for_everything(several: Pages) -> None:
    for one in prepared(*NAMES):
        indexed = IndexedSet(one, ScoreOptions())
        text = several.text(f"sets/{one.name}/index.html")
        for capability in one.set.capabilities:
            path = f"sets/{one.name}/capabilities/{slugs(indexed.capabilities)[capability.id]}.html"
            assert capability.id in several.text(path)
            assert " ".join(capability.name.split()) in several.text(path)
            assert capability.id in text
        for group, name in one.set.groups.items():
            assert name in several.text(f"sets/{one.name}/groups/{slugs(one.set.groups)[group]}.html")
            assert name in text
        for mapping in one.set.mappings:
            assert f"techniques/{mapping.technique.lower()}.html" in several.pages
        for tactic in one.catalogue.tactics:
            assert tactic.name in several.text(f"tactics/{tactic.id.lower()}.html")
    assert {path for path in several.pages if path.startswith("attack/")} == {
        f"attack/{domain}.html" for domain in ("enterprise", "mobile", "ics")
    }


def test_every_mapping_is_on_its_pages(several: Pages) -> None:
    for one in prepared("gcp", "csa_ccm"):
        capabilities = slugs(c.id for c in one.set.capabilities)
        rows = several.text(f"sets/{one.name}/mappings.html").count(one.set.mappings[0].type or "")
        assert rows == len(one.set.mappings)
        for mapping in one.set.mappings[::7]:
            name = next(c.name for c in one.set.capabilities if c.id == mapping.capability)
            # The page of a technique leaves out the technique, that of a capability the capability.
            said = f"{mapping.capability} {name.strip()}"
            assert said in several.text(f"techniques/{mapping.technique.lower()}.html")
            page = several.text(f"sets/{one.name}/capabilities/{capabilities[mapping.capability]}.html")
            assert re.search(rf"\b{mapping.technique} [A-Z]", page.partition("Notes")[2])


def test_the_start_has_the_numbers_of_all_sets(several: Pages) -> None:
    text = several.text("index.html")
    for one in prepared(*NAMES):
        stats = set_stats(one.set, one.catalogue)
        numbers = rf" {stats.capabilities:,} \w+, {stats.mappings:,} mappings"
        assert re.search(numbers, text)


def test_a_set_has_its_source_release_and_scoring_method(several: Pages) -> None:
    text = several.text("sets/gcp/index.html")
    for said in (
        "Apache-2.0",
        "ATT&CK Enterprise 16.1",
        "minimal 10, partial 50, significant 100",
        "Created 2025-03-06",
    ):
        assert said in text
    assert 'href="https://github.com/center-for-threat-informed-defense/mappings-explorer"' in several.html(
        "sets/gcp/index.html"
    )
    assert "ATT&CK Enterprise 17.1" in several.text("sets/csa_ccm/index.html")


@pytest.mark.parametrize(
    ("path", "layer", "measure"),
    [
        ("index.html", "overview.json", 0),
        ("index.html", "detect.json", 2),
        ("groups/cloud_ids.html", "groups/cloud_ids.json", 0),
        ("capabilities/cloud_ids.html", "capabilities/cloud_ids.json", 0),
    ],
)
def test_matrices_have_the_scores_and_colors_of_the_layers(
    several: Pages, path: str, layer: str, measure: int
) -> None:
    document = json.loads(several.files[f"sets/gcp/layers/{layer}"])
    written = document["gradient"]
    gradient = Gradient(tuple(written["colors"]), written["minValue"], written["maxValue"])
    matrix = several.matrix(f"sets/gcp/{path}", measure)
    assert matrix == {
        entry["techniqueID"]: (entry["score"], f"c{gradient.color(entry['score'])[1:]}")
        for entry in document["techniques"]
    }
    css = several.files["assets/colors.css"].decode()
    assert all(f".{color} " in css for _, color in matrix.values())


def test_the_whole_matrix_is_on_the_page_of_a_set(several: Pages) -> None:
    (one,) = prepared("csa_ccm")
    data, release = several.data("sets/csa_ccm/index.html"), several.release("sets/csa_ccm/index.html")
    assert [technique[0] for technique in release["techniques"]] == [
        t.id for t in one.catalogue.techniques.values() if t.active
    ]
    assert [tactic["id"] for tactic in release["tactics"]] == [tactic.id for tactic in one.catalogue.tactics]
    assert not data["compact"]
    assert several.data("sets/csa_ccm/groups/iam.html")["compact"]


def test_tooltips_have_the_comments_of_the_layers(several: Pages) -> None:
    document = json.loads(several.files["sets/gcp/layers/overview.json"])
    data = several.data("sets/gcp/index.html")
    shown = data["views"][0]["shown"][0]
    assert [data["texts"][number] for number in shown["words"]] == [e["comment"] for e in document["techniques"]]


def test_downloads_are_what_the_writers_and_the_build_give(several: Pages, tmp_path: Path) -> None:
    (one,) = prepared("gcp")
    endings = {
        "csv": "csv",
        "xlsx": "xlsx",
        "mapex-json": "mapex.json",
        "mapex-yaml": "mapex.yaml",
        "native": "yaml",
        "stix": "stix.json",
    }
    page = several.html("sets/gcp/index.html")
    for to, ending in endings.items():
        written = formats.encode(one.set, to)
        assert several.files[f"sets/gcp/downloads/gcp.{ending}"] == written.data
        assert f'href="downloads/gcp.{ending}" download' in page
        for notice in written.notices:
            assert str(notice) in several.text("sets/gcp/index.html")
    navlayers.build("gcp", output=tmp_path)
    built = {path: data for path, data in contents(tmp_path / "gcp").items() if path != "index.json"}
    start = "sets/gcp/layers/"
    assert {p.removeprefix(start): d for p, d in several.files.items() if p.startswith(start)} == built


def test_techniques_link_to_their_family_their_tactics_and_att_ck(several: Pages) -> None:
    page = several.html("techniques/t1078.004.html")
    assert '<a href="t1078.html">T1078 Valid Accounts</a>' in page
    assert '<a href="../tactics/ta0001.html">Initial Access</a>' in page
    assert (
        '<a href="https://attack.mitre.org/techniques/T1078/004/" rel="noreferrer">View in MITRE ATT&amp;CK®</a>'
        in page
    )
    assert '<a href="t1078.004.html">T1078.004 Cloud Accounts</a>' in several.html("techniques/t1078.html")


def test_a_technique_without_mappings_has_a_sentence_about_that(several: Pages) -> None:
    unmapped = [
        path for path in several.pages if path.startswith("techniques/") and "No set maps it." in several.text(path)
    ]
    assert unmapped


def test_a_revoked_technique_links_to_its_successor(several: Pages) -> None:
    page = several.html("techniques/t1053.001.html")
    assert "its successor is " in several.text("techniques/t1053.001.html")
    assert '<a href="t1053.002.html">T1053.002 At</a>' in page
    assert "mappings of this technique count for T1053.002 At in ATT&CK Enterprise 16.1" in several.text(
        "techniques/t1053.001.html"
    )
    assert "T1053.001 At (Linux) → T1053.002 At" in several.text("sets/aws/index.html")
    assert "Includes the mappings of T1053.001 At (Linux)." in several.text("techniques/t1053.002.html")


def test_a_tactic_has_a_column_per_set_of_its_domain(several: Pages) -> None:
    page = several.pages["tactics/ta0001.html"]
    assert [link for link in page.links if link.endswith("/index.html") and "sets/" in link] == [
        f"../sets/{name}/index.html" for name in ("gcp", "aws", "intel-vpro", "csa_ccm")
    ]
    assert "veris-ics" not in several.html("tactics/ta0001.html")


def test_the_matrix_of_a_domain_counts_sets(several: Pages) -> None:
    counts = {technique: score or 0 for technique, (score, _) in several.matrix("attack/enterprise.html").items()}
    sets = [one for one in prepared(*NAMES) if one.set.domain == "enterprise"]
    scored = [IndexedSet(one, ScoreOptions()).scored.scores for one in sets]
    assert counts["T1078"] == sum("T1078" in scores for scores in scored)
    assert max(counts.values()) == 4
    assert "ATT&CK Enterprise 17.1" in several.text("attack/enterprise.html")


def test_every_page_loads_only_files_of_the_site(several: Pages) -> None:
    for path in several.pages:
        found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', several.html(path))
        assert found is not None
        rules = dict(rule.strip().split(" ", 1) for rule in found[1].replace("&#39;", "'").split(";"))
        assert rules == {
            "default-src": "'none'",
            "script-src": "'self' file:",
            "style-src": "'self' file:",
            "img-src": "'self' file: data:",
            "base-uri": "'none'",
            "form-action": "'none'",
        }


def test_breadcrumbs_lead_to_the_pages_above(several: Pages) -> None:
    page = several.html("sets/gcp/capabilities/cloud_ids.html")
    assert '<a href="../index.html#capabilities">Services</a>' in page
    assert '<li aria-current="page">cloud_ids Cloud IDS</li>' in page


def test_the_search_finds_everything(several: Pages) -> None:
    script = several.files["assets/search.js"].decode()
    index = json.loads(script.removeprefix("globalThis.navlayersIndex = ").removesuffix(";\n"))
    assert index["kinds"] == ["Mapping sets", "Groups", "Capabilities", "Techniques", "Tactics", "Threats", "Pages"]
    folders = ["", "groups/", "capabilities/", "techniques/", "tactics/", "threats/"]
    found = set()
    for folder, rows in zip(folders, index["rows"][:-1], strict=True):
        for identifier, _, file, *number in rows:
            start = f"{index['sets'][number[0]][1]}/" if number else ""
            found.add(f"{start}{folder}{(file or identifier.lower()) if folder else 'index'}.html")
    known = {
        path
        for path in several.pages
        if re.match(r"techniques/|tactics/|threats/[a-z]+/|sets/[^/]+/(index|groups/|capabilities/)", path)
    }
    assert found == known
    assert {f"{file}.html" for _, _, file in index["rows"][-1]} < several.pages.keys()


def test_the_narrow_tables_name_the_columns_as_their_heads_do(several: Pages) -> None:
    css = several.files["assets/site.css"].decode()
    heads = ["Capability ID", "Capability Description", "Mapping Type", "ATT&CK ID", "ATT&CK Name"]
    for selector, more in ((".mappings", ["Notes"]), (".scored", ["Category", "Value", "Score", "Notes"])):
        page = several.html("sets/csa_ccm/mappings.html" if more == ["Notes"] else "sets/gcp/mappings.html")
        shown = [Parsed(f"<table>{head}</table>").text for head in re.findall(r"<th .*?</th>", page)]
        assert shown == heads + more
        for number, name in enumerate(heads + more, 1):
            own = f'{selector} td:nth-child({number})::before {{ content: "{name}"; }}'
            assert own in css or (number < 6 and own.replace(".scored", ".mappings") in css)


def test_the_index_lists_every_file_with_its_hash(several: Pages) -> None:
    index = json.loads(several.files["index.json"])
    assert (index["generator"], index["command"]) == ("navlayers", "site")
    assert {entry["path"]: entry["sha256"] for entry in index["files"]} == {
        path: sha256(data) for path, data in several.files.items() if path != "index.json"
    }
    releases = {entry["name"]: entry["attack_version"] for entry in index["sets"]}
    assert (releases["gcp"], releases["intel-vpro"], releases["csa_ccm"]) == ("16.1", "15.1", "17.1")
    (one,) = prepared("gcp")
    assert index["sets"][0]["losses"] == [
        f"{title}: {notice}" for name, _, title in FORMATS for notice in formats.encode(one.set, name).notices
    ]


def test_the_numbers_of_pages_and_files_are_known_in_advance(several: Pages) -> None:
    site = Site(prepared(*NAMES))
    assert site.pages == len(several.pages)
    assert site.count == len(several.files)
