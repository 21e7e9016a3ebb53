"""The site in Chromium: every kind of page, comments and hostile text; accessible, and within the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from browser_helpers import SCHEMES, axe, no_sideways_scroll, shot
from conftest import row, set_of
from site_pages import alone, prepared, write_pages
from test_site_browser import KINDS, found, search
from test_site_hostile import HOSTILE, hostile_set

from navlayers.output.folders import write_folder
from navlayers.website import Site, SiteOptions

if TYPE_CHECKING:
    from pathlib import Path

    from browser_helpers import OpenPage

SMALL = {
    "home": "index.html",
    "set": "sets/tiny/index.html",
    "counts": "sets/kev-mobile/index.html",
    "mappings": "sets/tiny/mappings.html",
    "group": "sets/tiny/groups/keys.html",
    "capability": "sets/tiny/capabilities/vault.html",
    "technique": "techniques/t1634.html",
    "sub-technique": "techniques/t1634.001.html",
    "tactic": "tactics/ta0031.html",
    "domain": "attack/mobile.html",
}
"""The same of a site of two small sets, whose matrix is small: axe-core takes time with the number of elements."""


MOST_SECONDS = 5
"""Of work for a page of thousands of rows, on a machine that is busy otherwise; 1.2 on one that is not."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        row("vault", "T1634", "protect", "partial", "https://example.org/vault", comment="Keys stay in the vault."),
        row("vault", "T1634.001", "detect", "significant"),
        row("watch", "T1660", "respond", "minimal"),
    ]
    tiny = set_of(rows, groups={"vault": ("keys",), "watch": ("network",)})
    folder = tmp_path_factory.mktemp("small") / "site"
    sets = [alone(msgspec.structs.replace(tiny, domain="mobile")), *prepared("kev-mobile")]
    write_folder(folder, Site(sets).files(), command="site")
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Site([alone(hostile_set(), HOSTILE)], SiteOptions(title=HOSTILE))
    return write_pages(tmp_path_factory.mktemp("hostile") / "site", made, "t1078", "t9999.001", "t1200")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page_is_clean_and_accessible(open_page: OpenPage, small: Path, kind: str) -> None:
    page = open_page(small / SMALL[kind]).page
    # Of the rules of axe-core, those of color alone depend on the scheme.
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        assert no_sideways_scroll(page)
        assert not axe(page, rules=rules), scheme
        shot(page, f"site-{kind}-1440-{scheme}", whole=False)


@pytest.mark.parametrize("kind", ["home", "capability", "tactic"])
def test_narrow_pages_are_accessible(open_page: OpenPage, small: Path, kind: str) -> None:
    assert not axe(open_page(small / SMALL[kind], width=400).page)


@pytest.fixture(scope="module")
def commented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of a small set with comments and references, as published sets have them."""
    link = "https://example.org/hsm"
    said = "Keys stay within the module.\n\nSo they cannot be stolen with the machine."
    rows = [
        row("cloud_hsm", "T1588.003", "protect", "partial", link, "see the manual", comment=said),
        row("cloud_hsm", "T1588.004", "protect", "minimal", comment="Certificates alone."),
        row("cloud_ids", "T1078", "detect", "significant", link),
        *(row(f"c{number:02}", "T1110", "detect", "minimal") for number in range(12)),
    ]
    made = set_of(rows, groups={"cloud_hsm": ("keys",), "cloud_ids": ("network",)})
    return write_pages(tmp_path_factory.mktemp("commented") / "site", Site([alone(made, "tiny")]), "t1588.003")


@pytest.mark.parametrize(
    "path", ["sets/tiny/mappings.html", "sets/tiny/capabilities/cloud_hsm.html", "techniques/t1588.003.html"]
)
def test_comments_and_references_are_below_their_mapping(open_page: OpenPage, commented: Path, path: str) -> None:
    page = open_page(commented / path).page
    mapping = page.locator(".mappings tbody", has=page.locator(".more")).first
    mapping.locator("summary", has_text="2 references").click()
    below = mapping.locator(".more")
    assert below.locator("p").all_inner_texts() == [
        "Keys stay within the module.",
        "So they cannot be stolen with the machine.",
    ]
    assert below.locator("li").all_inner_texts() == ["https://example.org/hsm", "see the manual"]
    assert below.get_by_role("link").all_inner_texts() == ["https://example.org/hsm"], "only addresses are links"
    first, second = mapping.locator("tr").all()
    for width in (1440, 400):
        page.set_viewport_size({"width": width, "height": 900})
        over, under = first.bounding_box(), second.bounding_box()
        assert over
        assert under
        assert over["y"] + over["height"] <= under["y"] + 1
        assert no_sideways_scroll(page)
        assert not axe(page)


def test_narrow_rows_label_each_cell(open_page: OpenPage, commented: Path) -> None:
    page = open_page(commented / "sets/tiny/mappings.html", width=400).page
    names = page.evaluate(
        """() => [...document.querySelector(".mappings tbody tr").cells].map(
            cell => getComputedStyle(cell, "::before").content)"""
    )
    assert names[:2] == ['"Capability ID"', '"Capability Description"']
    assert names[5:8] == ['"Category"', '"Value"', '"Score"']


def test_a_filter_finds_words_of_comments(open_page: OpenPage, commented: Path) -> None:
    page = open_page(commented / "sets/tiny/mappings.html").page
    page.get_by_role("searchbox", name="Filter rows").fill("stolen machine")
    assert page.locator("tbody:visible").count() == 1
    assert "1 of 15 rows" in page.locator(".filter").inner_text()


def test_hostile_text_runs_nothing_and_is_found(open_page: OpenPage, hostile: Path) -> None:
    visit = open_page(hostile / "index.html")
    # The pages of a kind have one template; test_site_hostile.py reads all of them.
    shown = [*hostile.glob("*.html"), *hostile.glob("sets/*/*.html")]
    for kind, number in (("sets/*/groups", 3), ("sets/*/capabilities", 3), ("tactics", 1), ("attack", 1)):
        shown += sorted(hostile.glob(f"{kind}/*.html"))[:number]
    shown += [hostile / "techniques" / f"{name}.html" for name in ("t1078", "t9999.001", "t1200")]
    assert len(shown) > 12
    for path in shown:
        visit.page.goto(path.as_uri())
        assert no_sideways_scroll(visit.page), path.name
    visit.check()
    visit = open_page(hostile / "index.html", width=400)
    assert no_sideways_scroll(visit.page)
    assert not axe(visit.page)
    assert len(search(visit, "<script>alert(1)</script>")) > 5
    assert "<script>alert(1)</script>" in found(visit)[0]


def test_large_pages_cost_little(open_page: OpenPage, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--limits"):
        pytest.skip("a limit on the work of a page, held by --limits")
    write_folder(tmp_path / "site", Site(prepared("nist_800_53")).files(), command="site")
    for path in ("mappings.html", "index.html", "groups/ac.html"):
        visit = open_page("about:blank")
        session = visit.page.context.new_cdp_session(visit.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        visit.page.goto((tmp_path / "site" / "sets" / "nist_800_53" / path).as_uri())
        metrics = session.send("Performance.getMetrics")["metrics"]
        (seconds,) = (one["value"] for one in metrics if one["name"] == "TaskDuration")
        assert seconds < MOST_SECONDS, path
