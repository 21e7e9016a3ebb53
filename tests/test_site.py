"""A site of mapping sets: every page says what it should, and every link leads somewhere."""

from __future__ import annotations

import json
import os
import posixpath
import random
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from attack_helpers import SHARED as BUNDLES
from attack_helpers import needs_bundles
from conftest import CORPUS, SHARED, contents, release, row, set_of, write_set

import navlayers
from navlayers import attack
from navlayers._text import slugs
from navlayers.attack.stix import read_bundle
from navlayers.mapping import formats
from navlayers.mapping.find import resolve
from navlayers.mapping.load import Prepared, prepare
from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable
from navlayers.output.folders import sha256, write_folder
from navlayers.pages.show.set_index import IndexedSet
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.stats import set_stats
from navlayers.website import Site, SiteOptions, write_site

if TYPE_CHECKING:
    from conftest import Run

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Parsed(HTMLParser):
    """A page: its links, ids and text, and what is wrong with its markup."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []
        self.texts: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        self.wrong += [f"<{name}> is not closed" for name in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.wrong.append(f"<{tag}> says an attribute twice")
        self.wrong += [f"<{tag} {name}>" for name in names if name == "style" or name.startswith("on")]
        if tag in ("style", "base", "form", "iframe", "object"):
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value or "")
            elif name == "id":
                self.ids.append(value or "")
        if tag == "script" and "src" not in names:
            self.wrong.append("a script within the page")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> out of place")
        if tag in ("a", "td", "th", "p", "li", "dd", "dt", "h1", "h2", "h3", "small", "b"):
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._open and self.headings and any(re.fullmatch(r"h[1-6]", tag) for tag in self._open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


class Pages(NamedTuple):
    """The files of a site, and its pages parsed."""

    files: dict[str, bytes]
    pages: dict[str, Parsed]

    def text(self, path: str) -> str:
        return self.pages[path].text

    def html(self, path: str) -> str:
        return self.files[path].decode()


def pages_of(files: dict[str, bytes]) -> Pages:
    return Pages(files, {path: Parsed(data.decode()) for path, data in files.items() if path.endswith(".html")})


def prepared(*names: str | Path, attack_version: str | None = None) -> list[Prepared]:
    read = prepare(resolve([str(name) for name in names]), attack_version)
    return [one for one in read if isinstance(one, Prepared)]


def alone(made: MappingSet, name: str = "tiny") -> Prepared:
    """A set in memory at its release."""
    return Prepared(name, made, made.attack_version, release(made), (), ())


def site_of(*sets: Prepared, options: SiteOptions | None = None) -> Pages:
    return pages_of(dict(Site(sets, options or SiteOptions()).files()))


def assert_sound(site: Pages) -> None:
    """Every page is well-formed and every link leads to a file, and to a place in it where it names one."""
    for path, page in site.pages.items():
        assert not page.wrong, (path, page.wrong[:5])
        assert len(page.ids) == len(set(page.ids)), path
        levels = [level for level, _ in page.headings]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("http", "https"), (path, link)
                continue
            assert not link.startswith("/"), (path, link)
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
                if parts.path
                else path
            )
            assert target in site.files, (path, link)
            if parts.fragment:
                assert parts.fragment in (*site.pages[target].ids,), (path, link)


NAMES = ("gcp", "aws", "intel-vpro", "veris-ics", "kev-mobile", "csa_ccm")
"""Scored sets and counts, three domains, releases 15.1 to 17.1, non-mappable records."""


@pytest.fixture(scope="module")
def several() -> Pages:
    return site_of(*prepared(*NAMES))


def test_every_link_leads_somewhere(several: Pages) -> None:
    assert_sound(several)
    assert sum(len(page.links) for page in several.pages.values()) > 20_000


def test_every_page_can_be_walked_to_from_the_start(several: Pages) -> None:
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
    assert set(several.files) - linked == {"index.json", "assets/search.js"}


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


def test_every_mapping_stands_on_the_pages_that_it_belongs_to(several: Pages) -> None:
    for one in prepared("gcp", "csa_ccm"):
        capabilities = slugs(c.id for c in one.set.capabilities)
        rows = several.text(f"sets/{one.name}/mappings.html").count(one.set.mappings[0].type or "")
        assert rows == len(one.set.mappings)
        for mapping in one.set.mappings[::7]:
            name = next(c.name for c in one.set.capabilities if c.id == mapping.capability)
            said = " ".join(filter(None, (mapping.capability, name, mapping.type, mapping.technique)))
            assert said in several.text(f"techniques/{mapping.technique.lower()}.html")
            assert said in several.text(f"sets/{one.name}/capabilities/{capabilities[mapping.capability]}.html")


def test_the_start_has_the_numbers_of_all_sets(several: Pages) -> None:
    text = several.text("index.html")
    for one in prepared(*NAMES):
        stats = set_stats(one.set, one.catalogue)
        assert f" {stats.capabilities} {stats.mappings} " in text


def test_a_set_says_where_it_comes_from_at_which_release_and_how_scores_are_made(several: Pages) -> None:
    text = several.text("sets/gcp/index.html")
    for said in (
        "Apache-2.0",
        "ATT&CK Enterprise 16.1",
        "minimal 10, partial 50, significant 100",
        "Created 03/06/2025",
    ):
        assert said in text
    assert 'href="https://github.com/center-for-threat-informed-defense/mappings-explorer"' in several.html(
        "sets/gcp/index.html"
    )
    assert "ATT&CK Enterprise 17.1" in several.text("sets/csa_ccm/index.html")


def test_cells_have_the_scores_and_the_colours_of_the_layers(several: Pages) -> None:
    (one,) = prepared("gcp")
    for path, layer in (
        ("sets/gcp/index.html", "sets/gcp/layers/overview.json"),
        ("sets/gcp/groups/cloud_ids.html", "sets/gcp/layers/groups/cloud_ids.json"),
        ("sets/gcp/capabilities/cloud_ids.html", "sets/gcp/layers/capabilities/cloud_ids.json"),
    ):
        document = json.loads(several.files[layer])
        gradient = navlayers.layer.colors.Gradient(
            tuple(document["gradient"]["colors"]),
            document["gradient"]["minValue"],
            document["gradient"]["maxValue"],
        )
        cells = re.findall(
            r'<a class="cell on (c[0-9a-f]{6})" href="[^"]*/(t[0-9.]+)\.html".*?<b>([^<]+)</b>', several.html(path)
        )
        shown = {technique.upper(): (color, score) for color, technique, score in cells}
        wanted = {
            entry["techniqueID"]: (f"c{gradient.color(entry['score'])[1:]}", str(entry["score"]))
            for entry in document["techniques"]
        }
        assert shown == wanted
        assert all(f".{color} " in several.files["assets/colours.css"].decode() for color, _ in wanted.values())
    assert one.name == "gcp"


def test_the_matrix_of_a_category_is_that_of_its_layer(several: Pages) -> None:
    page = several.html("sets/gcp/index.html")
    names = re.search(r'data-heats="([^"]*)"', page)
    assert names is not None
    assert names[1].split() == ["overview", "protect", "detect", "respond"]
    document = json.loads(several.files["sets/gcp/layers/detect.json"])
    wanted = {entry["techniqueID"]: str(entry["score"]) for entry in document["techniques"]}
    found = re.findall(r'href="[^"]*/(t[0-9.]+)\.html" data-views="([^"]*)"', page)
    shown = {t.upper(): view.split("=")[1] for t, views in found if (view := views.split("|")[2])}
    assert shown == wanted
    css = several.files["assets/colours.css"].decode()
    for _, views in found:
        assert all(f".c{view.split('=')[0]} " in css for view in views.split("|") if view)


def test_the_whole_matrix_is_on_the_page_of_a_set(several: Pages) -> None:
    (one,) = prepared("csa_ccm")
    page = several.html("sets/csa_ccm/index.html")
    cells = set(re.findall(r'class="cell[^"]*" href="[^"]*/(t[0-9.]+)\.html"', page))
    assert cells == {t.id.lower() for t in one.catalogue.techniques.values() if t.active}
    titles = re.findall(r'<span class="ratio">(\d+)/(\d+)</span>', page)
    stats = set_stats(one.set, one.catalogue)
    assert titles == [(str(t.mapped), str(t.total)) for t in stats.tactics]


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


def test_a_technique_that_no_set_maps_says_so(several: Pages) -> None:
    unmapped = [
        path for path in several.pages if path.startswith("techniques/") and "No set maps it." in several.text(path)
    ]
    assert unmapped


def test_a_revoked_technique_links_to_its_successor(several: Pages) -> None:
    page = several.html("techniques/t1053.001.html")
    assert "its successor is " in several.text("techniques/t1053.001.html")
    assert '<a href="t1053.002.html">T1053.002 At</a>' in page
    assert "maps to it counts for T1053.002 At in ATT&CK Enterprise 16.1" in several.text(
        "techniques/t1053.001.html"
    )
    assert "T1053.001 At (Linux) → T1053.002 At" in several.text("sets/aws/index.html")
    assert "Mappings of T1053.001 At (Linux) were carried here." in several.text("techniques/t1053.002.html")


def test_a_tactic_has_a_column_per_set_of_its_domain(several: Pages) -> None:
    page = several.pages["tactics/ta0001.html"]
    assert [link for link in page.links if link.endswith("/index.html") and "sets/" in link] == [
        f"../sets/{name}/index.html" for name in ("gcp", "aws", "intel-vpro", "csa_ccm")
    ]
    assert "veris-ics" not in several.html("tactics/ta0001.html")


def test_the_matrix_of_a_domain_counts_sets(several: Pages) -> None:
    page = several.html("attack/enterprise.html")
    counts = {
        technique.upper(): int(number)
        for technique, number in re.findall(r'href="[^"]*/(t[0-9.]+)\.html" title.*?<b>(\d+)</b>', page, re.DOTALL)
    }
    sets = [one for one in prepared(*NAMES) if one.set.domain == "enterprise"]
    scored = [IndexedSet(one, ScoreOptions()).scored.scores for one in sets]
    assert counts["T1078"] == sum("T1078" in scores for scores in scored)
    assert max(counts.values()) == 4
    assert "ATT&CK Enterprise 17.1" in several.text("attack/enterprise.html")


def test_every_page_lets_nothing_in_from_elsewhere(several: Pages) -> None:
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


def test_crumbs_say_where_a_page_is(several: Pages) -> None:
    page = several.html("sets/gcp/capabilities/cloud_ids.html")
    assert '<a href="../index.html#capabilities">Capabilities</a>' in page
    assert '<li aria-current="page">cloud_ids Cloud IDS</li>' in page


def test_the_search_finds_everything(several: Pages) -> None:
    script = several.files["assets/search.js"].decode()
    index = json.loads(script.removeprefix("globalThis.navlayersIndex = ").removesuffix(";\n"))
    assert index["kinds"] == ["Mapping sets", "Groups", "Capabilities", "Techniques", "Tactics"]
    folders = ["", "groups/", "capabilities/", "techniques/", "tactics/"]
    found = set()
    for folder, rows in zip(folders, index["rows"], strict=True):
        for identifier, _, file, *number in rows:
            start = f"{index['sets'][number[0]][1]}/" if number else ""
            found.add(f"{start}{folder}{(file or identifier.lower()) if folder else 'index'}.html")
    known = {
        path
        for path in several.pages
        if re.match(r"techniques/|tactics/|sets/[^/]+/(index|groups/|capabilities/)", path)
    }
    assert found == known


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
    assert index["sets"][0]["losses"] == [
        "Mappings Explorer JSON: title, source, licence left out: Mappings Explorer files have no room for it",
        "Mappings Explorer YAML: title, source, licence left out: Mappings Explorer files have no room for it",
    ]


def test_it_knows_beforehand_how_many_pages_and_files_there_are(several: Pages) -> None:
    site = Site(prepared(*NAMES))
    assert site.pages == len(several.pages)
    assert site.count == len(several.files)


SEED = SHARED / "seed"


@pytest.mark.skipif(not SEED.is_dir(), reason="the published page is not at ../shared/seed")
@needs_bundles
def test_the_page_of_a_technique_shows_every_field_of_the_published_page(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = next(SEED.glob("*.txt")).read_text(encoding="utf-8").splitlines()
    title, *_ = seed
    end = seed.index("View in MITRE ATT&CK®")
    description = [line for line in seed[1:end] if line]
    # Only releases that the user added have descriptions.
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path))
    attack.add(read_bundle(BUNDLES / "enterprise-attack-16.1.json"))
    site = site_of(*prepared(next(CORPUS.glob("gcp*.json"))))
    page = site.pages["techniques/t1588.003.html"]
    assert page.headings[0] == (1, title)
    for line in (*description, "View in MITRE ATT&CK®", "Mappings"):
        # The parser puts a space behind each link, as the description has some.
        assert "".join(line.split()) in "".join(page.text.split())
    heads = "Capability ID Capability Description Mapping Type ATT&CK ID ATT&CK Name"
    assert heads in page.text
    rows = [n for n, line in enumerate(seed) if "technique_scores" in line]
    assert len(rows) == 3
    known_ids = {"cloud_hardware_security_module_(hsm)": "cloud_hsm"}
    for number in rows:
        identifier, rest = seed[number].split(" ", 1)
        said = f"{known_ids.get(identifier, identifier)} {rest}"
        assert said in page.text
        assert seed[number + 1] == "Comments"
        assert f"Comments {' '.join(seed[number + 2].split())}" in page.text
        after = page.text[page.text.index(said) :]
        assert after.index("protect partial 50") < after.index("Comments")
    assert page.text.count("technique_scores") == 3
    assert "https://attack.mitre.org/techniques/T1588/003/" in page.links


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
    return site_of(
        alone(hostile_set(), name=HOSTILE), alone(hostile_set(), name="..\\x"), options=SiteOptions(title=HOSTILE)
    )


def test_hostile_text_is_text_on_every_page(hostile: Pages) -> None:
    assert_sound(hostile)
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


def test_no_name_leaves_the_folder_or_is_another_s(hostile: Pages) -> None:
    assert len({path.lower() for path in hostile.files}) == len(hostile.files)
    for path in hostile.files:
        parts = path.split("/")
        assert all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}", part) for part in parts), path
        assert not any(re.fullmatch(r"(?i)(con|nul|aux|prn|com\d|lpt\d)(\..*)?", part) for part in parts), path


def test_hostile_sets_can_be_written(hostile: Pages, tmp_path: Path) -> None:
    write_folder(tmp_path / "out", iter(hostile.files.items()), command="site")
    assert contents(tmp_path / "out") == hostile.files


def test_the_scripts_hold_no_text_of_a_set(hostile: Pages) -> None:
    assert hostile.files["assets/site.js"] == Path(navlayers.__path__[0], "website", "site.js").read_bytes()
    script = hostile.files["assets/search.js"].decode()
    json.loads(script.removeprefix("globalThis.navlayersIndex = ").removesuffix(";\n"))
    assert not re.search("[\x00-\x09\x0b-\x1f\u2028\u2029]", script)


def test_a_set_with_nothing_mapped_has_pages(tmp_path: Path) -> None:
    made = set_of([])
    made = msgspec.structs.replace(made, capabilities=(Capability("a", "Alpha", ("g",)),), groups={"g": "Gamma"})
    site = site_of(alone(made))
    assert_sound(site)
    assert "0 mappings" in site.text("sets/tiny/index.html")
    assert "nothing" in site.text("sets/tiny/capabilities/a.html")
    assert "The set maps nothing." in site.text("sets/tiny/mappings.html")
    assert site_of(alone(set_of([]))).pages


def test_one_technique(tmp_path: Path) -> None:
    site = site_of(alone(set_of([row("ids", "T1078", "detect", "partial")], groups={"ids": ("net",)})))
    assert_sound(site)
    assert (
        re.findall(r'class="cell[^"]*" href="[^"]*/(t[0-9.]+)\.html"', site.html("sets/tiny/groups/net.html"))
        == ["t1078"] * 4
    )


def test_techniques_that_no_release_knows_have_pages() -> None:
    site = site_of(
        alone(set_of([row("ids", "T9999", "detect", "partial"), row("ids", "T1078.999", "detect", "minimal")]))
    )
    assert_sound(site)
    assert "has no technique of this id" in site.text("techniques/t9999.html")
    assert '<a href="../../techniques/t9999.html">' in site.html("sets/tiny/index.html")


def test_a_technique_of_another_domain_has_a_page_without_that_domain() -> None:
    assert_sound(site_of(*prepared("nist_800_53")))


def test_a_thousand_capabilities(tmp_path: Path) -> None:
    rows = [row(f"c-{n}", t, comment="Said.") for n in range(1000) for t in ("T1078", "T1110.001")]
    site = site_of(alone(set_of(rows, groups={f"c-{n}": ("all",) for n in range(1000)})))
    assert_sound(site)
    assert len([path for path in site.pages if "/capabilities/" in path]) == 1000
    assert site.text("techniques/t1078.html").count("Comments Said.") == 1000


def test_sets_of_one_title_are_told_apart() -> None:
    sets = [
        *prepared("veris", "veris-ics"),
        alone(set_of([row("a", "T1078")]), "x"),
        alone(set_of([row("a", "T1078")]), "y"),
    ]
    text = site_of(*sets).text("index.html")
    for title in ("VERIS 1.4.0 (Enterprise)", "VERIS 1.4.0 (ICS)", "Tiny 1 (x)", "Tiny 1 (y)"):
        assert title in text


def test_scoring_options_show_everywhere() -> None:
    options = SiteOptions(scoring=ScoreOptions(worth=40))
    site = site_of(*prepared("kev-mobile"), options=options)
    assert "is worth 40" in site.text("sets/kev-mobile/index.html")
    assert re.search(r"<b>40</b>", site.html("sets/kev-mobile/index.html"))
    assert json.loads(site.files["index.json"])["options"]["worth"] == 40


# The command.


def test_the_command_writes_a_site_and_says_where(run: Run, tmp_path: Path, tiny: Path) -> None:
    result = run("site", tiny, "-o", tmp_path / "out", "--title", "Our <controls>")
    assert result.code == 0, result.err
    assert result.out.split()[:5] == ["set", "ATT&CK", "groups", "capabilities", "mappings"]
    assert result.err.splitlines()[-1] == f"open {tmp_path / 'out' / 'index.html'}"
    site = pages_of(contents(tmp_path / "out"))
    assert_sound(site)
    assert site.pages["index.html"].headings[0] == (1, "Our <controls>")


def test_quiet_says_nothing(run: Run, tiny: Path) -> None:
    assert run("site", tiny, "-q") == (0, "", "")
    assert Path("site/index.html").exists()


def test_a_second_site_replaces_the_first_and_what_it_lacks_goes(
    run: Run, out: Path, tiny: Path, tmp_path: Path
) -> None:
    run("site", tiny, "gcp", "-o", out)
    first = contents(out)
    result = run("site", tiny, "-o", out)
    assert result.code == 0
    assert re.search(r"gone: \d+ files of an earlier run", result.err)
    run("site", tiny, "-o", tmp_path / "other")
    assert contents(out) == contents(tmp_path / "other")
    assert first != contents(out)


def test_nothing_foreign_is_overwritten(run: Run, out: Path, tiny: Path) -> None:
    out.mkdir()
    (out / "index.html").write_text("mine")
    result = run("site", tiny, "-o", out)
    assert result.code == 2
    assert "holds files that navlayers did not write: index.html" in result.err
    assert contents(out) == {"index.html": b"mine"}
    (out / "mine.txt").write_text("mine, too")
    assert run("site", tiny, "-o", out, "--force").code == 0
    assert (out / "mine.txt").read_text() == "mine, too"
    assert (out / "index.html").read_text() != "mine"


def test_the_folder_of_another_command_is_refused(run: Run, out: Path, tiny: Path, two: Path) -> None:
    run("compare", tiny, two, "-o", out)
    result = run("site", tiny, "-o", out)
    assert result.code == 2
    assert "holds the results of navlayers compare" in result.err
    run("build", tiny, "-o", out / "built")
    assert "holds the layers of sets" in run("site", tiny, "-o", out / "built").err


def test_an_input_is_never_lost(run: Run, out: Path, tiny: Path) -> None:
    run("site", tiny, "-o", out)
    source = out / "sets" / "tiny" / "downloads" / "tiny.yaml"
    before = contents(out)
    for options in ([], ["--force"]):
        result = run("site", source, "-o", out, *options)
        assert result.code == 2
        assert "is an input and would be lost" in result.err
        assert contents(out) == before


def test_a_bad_set_writes_nothing(run: Run, out: Path, bad: Path, tiny: Path) -> None:
    result = run("site", tiny, bad, "-o", out)
    assert result.code == 2
    assert "T99" in result.err
    assert not out.exists()


def test_standard_output_is_no_folder(run: Run, tiny: Path) -> None:
    result = run("site", tiny, "-o", "-")
    assert (result.code, result.out) == (2, "")
    assert "a site is a folder of files" in result.err


def test_a_site_has_a_title(run: Run, tiny: Path, out: Path) -> None:
    result = run("site", tiny, "--title", " ", "-o", out)
    assert result.code == 2
    assert "the title is empty" in result.err
    assert not out.exists()


def test_the_files_can_be_made_again(tiny: Path) -> None:
    site = Site(prepared(tiny))
    assert dict(site.files()) == dict(site.files())


def test_attack_carries_all_sets_to_one_release(run: Run, out: Path) -> None:
    result = run("site", "aws", "intel-vpro", "--attack", "18.1", "-o", out)
    assert result.code == 0, result.err
    assert "carried to ATT&CK 18.1" in result.err
    site = pages_of(contents(out))
    assert_sound(site)
    text = site.text("sets/intel-vpro/index.html")
    assert "ATT&CK Enterprise 18.1 , made for 15.1" in text
    assert "T1053.001 At (Linux) → T1053.002 At" in site.text("sets/aws/index.html")


def test_without_a_set_the_folder_here_is_taken(run: Run) -> None:
    write_set(Path("mappings") / "ours.json")
    result = run("site", "-q")
    assert result.code == 0, result.err
    assert Path("site/sets/ours/index.html").exists()


def test_sets_of_one_name_are_told_apart(run: Run, out: Path, tmp_path: Path) -> None:
    one, two = (write_set(tmp_path / folder / "controls.json") for folder in ("old", "new"))
    result = run("site", one, two, "-o", out)
    assert result.code == 0, result.err
    assert {path.name for path in (out / "sets").iterdir()} == {"old-controls", "new-controls"}
    assert_sound(pages_of(contents(out)))


def test_progress_is_told_file_by_file(tiny: Path, out: Path) -> None:
    told: list[int] = []
    written = write_site(resolve([str(tiny)]), out, on_file=told.append)
    assert len(told) == written.files == len(contents(out))
    assert set(told) == {written.files}
    assert written.size == sum(map(len, contents(out).values()))


def _shuffled(path: Path, seed: int) -> Path:
    document = json.loads(next(CORPUS.glob("gcp*.json")).read_bytes())
    random.Random(seed).shuffle(document["mapping_objects"])  # noqa: S311 - an order, not a secret
    path.parent.mkdir()
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_same_bytes_whatever_the_order_of_rows_and_hashes(corpus: Path, tmp_path: Path) -> None:
    found = []
    for seed in (1, 2):
        source = _shuffled(tmp_path / str(seed) / "gcp.json", seed)
        subprocess.run(
            [sys.executable, "-m", "navlayers", "site", source, "-q", "-o", tmp_path / f"out{seed}"],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "TZ": ("UTC", "Asia/Tokyo")[seed - 1]},
            check=True,
        )
        found.append(contents(tmp_path / f"out{seed}"))
    # The set in other formats has its rows in the order of the file, so that packed they differ in size, too.
    for files in found:
        for path in [path for path in files if "/downloads/" in path]:
            del files[path]
        del files["index.json"]
        page = files["sets/gcp/index.html"]
        files["sets/gcp/index.html"] = re.sub(rb'data-name="Size">[^<]*', b"", page)
    assert found[0] == found[1]


def test_the_same_bytes_whoever_makes_it_where_and_when(tmp_path: Path, tiny: Path) -> None:
    found = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo"), 1):
        here = tmp_path / ("here" * number)
        here.mkdir()
        subprocess.run(
            [sys.executable, "-m", "navlayers", "site", tiny, "gcp", "csa_ccm", "kev-mobile", "-q", "-o", "out"],
            env={**os.environ, "PYTHONHASHSEED": str(number), "TZ": zone, "LC_ALL": ("C", "C.UTF-8")[number - 1]},
            cwd=here,
            check=True,
        )
        found.append(contents(here / "out"))
    assert found[0].keys() == found[1].keys()
    assert [path for path, data in found[0].items() if found[1][path] != data] == []
