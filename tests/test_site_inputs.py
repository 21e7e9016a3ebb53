"""Sites of unusual sets: empty, of unknown techniques, of hundreds of capabilities, of equal titles.

Most are of Mobile, a sixth of the pages of Enterprise, with sub-techniques and threats too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from attack_helpers import SHARED as BUNDLES
from attack_helpers import needs_bundles
from conftest import CORPUS, SHARED, row, set_of
from site_pages import Pages, alone, assert_sound, prepared, site_of

from navlayers.api import releases
from navlayers.attack.stix import read_bundle
from navlayers.mapping.model import Capability
from navlayers.scoring.options import ScoreOptions
from navlayers.website import SiteOptions

if TYPE_CHECKING:
    from pathlib import Path


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
    releases.add(read_bundle(BUNDLES / "enterprise-attack-16.1.json"))
    site = site_of(*prepared(next(CORPUS.glob("gcp*.json"))))
    page = site.pages["techniques/t1588.003.html"]
    assert page.headings[0] == (1, title)
    for line in (*description, "View in MITRE ATT&CK®", "Mappings"):
        # The parser puts a space behind each link, as the description has some.
        assert "".join(line.split()) in "".join(page.text.split())
    # The title has the id and name of the technique, and the line above the table the type of its mappings.
    technique = title.removesuffix(" Mappings")
    kind = "technique_scores"
    assert f"Mapping type: {kind} Capability ID Capability Description Category Value Score Notes" in page.text
    rows = [n for n, line in enumerate(seed) if kind in line]
    assert len(rows) == 3
    known_ids = {"cloud_hardware_security_module_(hsm)": "cloud_hsm"}
    for number in rows:
        identifier, rest = seed[number].split(" ", 1)
        name, repeated = rest.split(f" {kind} ")
        assert repeated == technique
        said = f" {known_ids.get(identifier, identifier)} {name} protect partial 50 "
        assert page.text.count(said) == 1
        assert seed[number + 1] == "Comments"
        after = page.text[page.text.index(said) :].removeprefix(said)
        assert after.startswith(f"Comments {' '.join(seed[number + 2].split())}")
    assert page.text.count("protect partial 50") == 3
    assert page.text.count(kind) == 1
    assert "https://attack.mitre.org/techniques/T1588/003/" in page.links


def test_a_set_without_mappings_has_pages(tmp_path: Path) -> None:
    made = set_of([], domain="mobile")
    made = msgspec.structs.replace(made, capabilities=(Capability("a", "Alpha", ("g",)),), groups={"g": "Gamma"})
    site = site_of(alone(made))
    assert_sound(site)
    assert "0 mappings" in site.text("sets/tiny/index.html")
    assert "nothing" in site.text("sets/tiny/capabilities/a.html")
    assert "The set has no mappings." in site.text("sets/tiny/mappings.html")
    assert_sound(site_of(alone(set_of([], domain="mobile"))))


def test_one_technique(tmp_path: Path) -> None:
    made = set_of([row("ids", "T1417", "detect", "partial")], groups={"ids": ("net",)}, domain="mobile")
    site = site_of(alone(made))
    assert_sound(site)
    assert site.matrix("sets/tiny/groups/net.html").keys() == {"T1417"}


def test_unknown_techniques_have_pages() -> None:
    rows = [row("ids", "T9999", "detect", "partial"), row("ids", "T1417.999", "detect", "minimal")]
    site = site_of(alone(set_of(rows, domain="mobile")))
    assert_sound(site)
    assert "has no technique of this id" in site.text("techniques/t9999.html")
    assert '<a href="../../techniques/t9999.html">' in site.html("sets/tiny/index.html")


def test_a_technique_of_another_domain_has_a_page_without_that_domain() -> None:
    site = site_of(alone(set_of([row("ids", "T1417"), row("ids", "T1078.004")], domain="mobile")))
    assert_sound(site)
    assert "T1078.004" in site.text("techniques/t1078.004.html")
    assert [path for path in site.pages if path.startswith("attack/")] == ["attack/mobile.html"]


def test_hundreds_of_capabilities() -> None:
    rows = [row(f"c-{n}", t, comment="Said.") for n in range(300) for t in ("T1406", "T1417.001")]
    site = site_of(alone(set_of(rows, groups={f"c-{n}": ("all",) for n in range(300)}, domain="mobile")))
    assert_sound(site)
    assert len([path for path in site.pages if "/capabilities/" in path]) == 300
    assert site.text("techniques/t1406.html").count("Comments Said.") == 300


def test_sets_of_equal_titles_get_distinct_titles() -> None:
    sets = [
        *prepared("veris", "veris-ics"),
        alone(set_of([row("a", "T1078")]), "x"),
        alone(set_of([row("a", "T1078")]), "y"),
    ]
    site = site_of(*sets)
    cards = {"VERIS (Enterprise)": "1.4.0", "VERIS (ICS)": "1.4.0", "Tiny (x)": "1", "Tiny (y)": "1"}
    assert_titles(site, [item.name for item in sets], cards)
    # Pages that name sets without their version tell them apart too.
    for one in "xy":
        assert f'<a href="../sets/{one}/index.html">Tiny ({one})</a>' in site.html("techniques/t1078.html")


def test_sets_that_differ_in_their_version_have_it_in_their_titles() -> None:
    older = set_of([row("a", "T1078")])
    sets = [alone(older, "x"), alone(msgspec.structs.replace(older, version="2"), "y")]
    assert_titles(site_of(*sets), ["x", "y"], {"Tiny 1": "", "Tiny 2": ""})


def assert_titles(site: Pages, names: list[str], versions: dict[str, str]) -> None:
    """The cards of the sets in this order, and their pages, have these titles with these versions beside them."""
    headings = [f"{title} {version}".strip() for title, version in versions.items()]
    assert [text for level, text in site.pages["index.html"].headings if level == 3] == headings
    for name, title, heading in zip(names, versions, headings, strict=True):
        page = f"sets/{name}/index.html"
        assert f'<a href="{page}">{title}</a>' in site.html("index.html")
        assert site.pages[page].headings[0] == (1, heading)
        assert f"<title>{title} – ATT&amp;CK mappings</title>" in site.html(page)


def test_scoring_options_show_everywhere() -> None:
    options = SiteOptions(scoring=ScoreOptions(worth=40))
    site = site_of(*prepared("kev-mobile"), options=options)
    assert "is worth 40" in site.text("sets/kev-mobile/index.html")
    assert {score for score, _ in site.matrix("sets/kev-mobile/index.html").values()} == {40}
    assert json.loads(site.files["index.json"])["options"]["worth"] == 40
