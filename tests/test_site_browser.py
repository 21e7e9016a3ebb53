"""The site in Chromium, from disk and from a host: what people see, type and click, and what they get."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from browser_helpers import axe, no_sideways_scroll, pdf_pages, print_pdf, serve, shot
from site_pages import prepared, write_pages

from navlayers.website import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser_helpers import OpenPage, Visit

KINDS = {
    "home": "index.html",
    "set": "sets/gcp/index.html",
    "counts": "sets/csa_ccm/index.html",
    "mappings": "sets/gcp/mappings.html",
    "group": "sets/csa_ccm/groups/iam.html",
    "capability": "sets/gcp/capabilities/cloud_ids.html",
    "technique": "techniques/t1078.html",
    "sub-technique": "techniques/t1588.003.html",
    "tactic": "tactics/ta0001.html",
    "domain": "attack/enterprise.html",
}
"""One page of each kind."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Site(prepared("gcp", "aws", "csa_ccm", "veris-ics"))
    return write_pages(tmp_path_factory.mktemp("site") / "site", made, "t1078", "t1110", "t1588.003")


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    """The address of the site on a host, not at its root."""
    with serve(site.parent) as address:
        yield f"{address}site/"


def found(visit: Visit) -> list[str]:
    """What the search has found, top to bottom."""
    return visit.page.get_by_role("option").all_inner_texts()


def search(visit: Visit, text: str) -> list[str]:
    visit.page.keyboard.press("/")
    visit.page.keyboard.type(text)
    visit.page.get_by_role("listbox").wait_for()
    return found(visit)


def at(visit: Visit) -> str:
    return visit.page.url.partition("/site/")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_only_frames_scroll_sideways(open_page: OpenPage, site: Path, kind: str) -> None:
    page = open_page(site / KINDS[kind], width=400).page
    for width in (400, 800):
        page.set_viewport_size({"width": width, "height": 900})
        assert no_sideways_scroll(page), width
        shot(page, f"site-{kind}-{width}", whole=False)


@pytest.mark.parametrize("kind", ["home", "set", "technique"])
def test_a_host_serves_it_below_any_address(open_page: OpenPage, host: str, kind: str) -> None:
    visit = open_page(host + KINDS[kind])
    assert search(visit, "T1110")[0].startswith("T1110")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/t1110.html")
    assert all(request.startswith(host) for request in visit.requests)


def test_all_content_is_readable_without_scripts(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["set"], script=False)
    assert visit.page.get_by_role("link", name="Cloud IDS").count()
    assert not visit.page.get_by_role("combobox").count()
    assert not visit.page.get_by_role("button").count(), "what does nothing is not there"
    assert not visit.page.locator("#explorer").is_visible()
    assert visit.page.get_by_role("img", name="Matrix of Google Cloud: ").is_visible()
    visit.page.locator("noscript summary", has_text="Initial Access 16/21").click()
    one = visit.page.locator("li:visible", has_text="T1078 Valid Accounts")
    assert one.inner_text() == "100 T1078 Valid Accounts"
    one.get_by_role("link").click()
    assert at(visit) == "techniques/t1078.html"


def test_the_search_finds_by_id_and_name_the_best_first(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["capability"])
    for query, first in (
        ("t1078.004", "T1078.004"),
        ("gcp", "gcp"),
        ("iam 5", "IAM-05"),
        ("cloud ids", "cloud_ids"),
        ("initial-access", "TA0001"),
        ("kernel modul extens", "T1547.006"),
        ("initial access", "TA0001"),
        ("Brute Force", "T1110"),
        ("brute force: password spraying", "T1110.003"),
        ("Password Spraying", "T1110.003"),
    ):
        assert search(visit, query)[0].split()[0] == first, query
        for _ in ("closes the list", "empties the field"):
            visit.page.keyboard.press("Escape")
        visit.page.get_by_role("listbox").wait_for(state="hidden")
        visit.page.evaluate("() => document.activeElement.blur()")


def test_the_search_groups_results_by_kind_and_names_the_set_of_a_capability(
    open_page: OpenPage, site: Path
) -> None:
    visit = open_page(site / KINDS["home"])
    results = search(visit, "cloud")
    titles = visit.page.locator("#found [role=presentation]").all_inner_texts()
    assert [re.split(r",", title)[0] for title in titles] == [
        "Groups",
        "Capabilities",
        "Techniques",
        "Mapping sets",
    ], "what begins so comes before what only has the word"
    assert any("Google Cloud" in text and "cloud_armor" in text for text in results)
    assert re.search(r"^\d+ results$", visit.page.get_by_role("status").first.inner_text())
    shot(visit.page, "site-search", whole=False)


def test_the_keyboard_moves_through_the_search_results(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["home"])
    page = visit.page
    search(visit, "cloud_i")
    box = page.get_by_role("combobox")
    chosen = page.locator('[role="option"][aria-selected="true"]')
    assert box.get_attribute("aria-expanded") == "true"
    names = [chosen.inner_text()]
    for _ in range(2):
        page.keyboard.press("ArrowDown")
        names.append(chosen.inner_text())
    assert len(set(names)) == 3
    page.keyboard.press("ArrowUp")
    assert chosen.inner_text() == names[1]
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert not axe(page)
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "cloud_i"
    page.keyboard.press("Escape")
    assert box.input_value() == ""
    search(visit, "zzzz nothing")
    assert found(visit) == ["No matches."]
    page.keyboard.press("Enter")
    assert at(visit) == "index.html"


def test_a_result_is_opened_with_the_mouse(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["technique"])
    search(visit, "cloud_hsm")
    visit.page.get_by_role("option", name="cloud_hsm").last.click()
    visit.page.wait_for_url("**/capabilities/cloud_hsm.html")


def test_a_slash_within_a_field_is_a_slash(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["set"])
    field = visit.page.get_by_role("searchbox", name="Filter rows").first
    field.click()
    visit.page.keyboard.type("a/b")
    assert field.input_value() == "a/b"


def test_a_category_shows_its_scores_and_colors(open_page: OpenPage, site: Path) -> None:
    page = open_page(site / KINDS["set"]).page
    layer = json.loads((site / "sets/gcp/layers/detect.json").read_bytes())
    wanted = {entry["techniqueID"]: str(entry["score"]) for entry in layer["techniques"]}
    one = page.locator(".cell", has_text="Valid Accounts").first
    color = "cell => getComputedStyle(cell).backgroundColor"
    overall = one.evaluate(color)
    page.get_by_role("button", name="detect", exact=True).click()
    page.get_by_role("button", name="Open all").click()
    shown = page.locator(".cell").evaluate_all(
        """cells => Object.fromEntries(cells.filter(cell => cell.querySelector("b").textContent).map(
            cell => [cell.querySelector(".id").textContent, cell.querySelector("b").textContent]))"""
    )
    assert shown == wanted
    assert one.evaluate(color) != overall
    shot(page, "site-detect", whole=False)
    page.get_by_role("button", name="Reset").click()
    assert one.evaluate(color) == overall


def test_a_cell_has_a_tooltip_and_leads_to_its_technique(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["set"])
    page = visit.page
    one = page.locator(".cell", has_text="Valid Accounts").first
    one.hover()
    tip = page.get_by_role("tooltip").inner_text()
    assert "T1078 Valid Accounts" in tip
    assert "Detect \N{EN DASH} " in tip
    assert re.search(r"Google Cloud\s+100\s+100\s+50\s+50\s+\d+", tip)
    one.press("ArrowDown")
    one.press("Enter")
    page.wait_for_url("**/techniques/t1078.html")
    page.go_back()
    page.locator(".matrix").get_by_role("link", name="Initial Access").click()
    page.wait_for_url("**/tactics/ta0001.html")


def test_the_matrix_of_a_domain_names_the_sets(open_page: OpenPage, site: Path) -> None:
    page = open_page(site / KINDS["domain"]).page
    page.locator(".cell", has_text="Valid Accounts").first.hover()
    tip = page.get_by_role("tooltip").inner_text()
    assert "Mapping sets: 3" in tip
    assert "Google Cloud" in tip
    page.get_by_label("Sets from").fill("3")
    assert "from 3" in page.locator(".count").inner_text()


def test_the_matrix_of_a_capability_has_no_empty_cells(open_page: OpenPage, site: Path) -> None:
    page = open_page(site / KINDS["capability"]).page
    layer = json.loads((site / "sets/gcp/layers/capabilities/cloud_ids.json").read_bytes())
    ids = {entry["techniqueID"] for entry in layer["techniques"]}
    shown = set(page.locator(".cell:visible .id").all_text_contents())
    assert shown == ids | {one.partition(".")[0] for one in ids}
    page.get_by_label("Hide empty cells").uncheck()
    assert page.locator(".cell:visible").count() > 200
    page.wait_for_timeout(250)
    assert page.url.endswith("#matrix=1&only=0")


def test_pages_from_disk_have_a_hint_on_saving_layers(open_page: OpenPage, site: Path, host: str) -> None:
    disk, visit = open_page("about:blank").page, open_page("about:blank")
    for kind in ("set", "capability", "group"):
        disk.goto((site / KINDS[kind]).as_uri())
        assert disk.get_by_text("Save link as").first.is_visible(), kind
        visit.page.goto(host + KINDS[kind])
        assert not visit.page.get_by_text("Save link as").first.is_visible(), kind
        with visit.page.expect_download() as download:
            visit.page.locator('a[download][href$=".json"]').first.click()
        assert download.value.suggested_filename.endswith(".json")


def test_the_headers_of_a_tactic_break_between_words(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["tactic"], width=740)
    heights = visit.page.evaluate(
        """() => [...document.querySelectorAll(".grid thead a")].map(link => {
            const text = document.createTreeWalker(link, NodeFilter.SHOW_TEXT), broken = [];
            for (let node = text.nextNode(); node; node = text.nextNode())
                for (const word of node.data.matchAll(/\\S+/g)) {
                    const range = document.createRange();
                    range.setStart(node, word.index);
                    range.setEnd(node, word.index + word[0].length);
                    if (range.getClientRects().length > 1) broken.push(word[0]);
                }
            return broken.join(" ");
        })"""
    )
    assert len(heights) == 3
    assert not any(heights), heights


def test_a_filter_leaves_the_rows_with_all_words(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["mappings"])
    page = visit.page
    field = page.get_by_role("searchbox", name="Filter rows")
    field.fill("detect T1078 cloud")
    shown = page.locator("tbody:visible").all_inner_texts()
    assert shown
    assert all("T1078" in text and "detect" in text for text in shown)
    assert f"{len(shown)} of 518 rows" in page.locator(".filter").inner_text()
    field.fill("")
    assert page.locator("tbody:visible").count() == 518


def test_a_table_is_sorted_by_a_column(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["set"])
    page = visit.page
    table = page.locator("#capabilities ~ .frame").first  # its heading is the noun of the set, such as Services
    table.get_by_role("button", name="Mappings").click()
    numbers = [int(text) for text in table.locator("tbody tr td:nth-child(3)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    assert table.locator('[aria-sort="descending"]').inner_text().startswith("Mappings")
    table.get_by_role("button", name="Capability ID").click()
    names = table.locator("tbody th").all_inner_texts()
    assert names == sorted(names, key=str.lower)


def test_the_theme_lasts_from_page_to_page(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["home"])
    page = visit.page
    background = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(background)
    assert dark != light
    page.get_by_role("link", name="Google Cloud").first.click()
    page.wait_for_url("**/gcp/index.html")
    assert page.evaluate(background) == dark
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(background) == light


def test_the_keyboard_alone_leads_from_the_start_to_a_technique(open_page: OpenPage, site: Path) -> None:
    visit = open_page(site / KINDS["home"])
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sets/*/index.html")
    assert search(visit, "T1110")
    page.keyboard.press("Enter")
    page.wait_for_url("**/t1110.html")


def test_printed_cells_are_whole(open_page: OpenPage, site: Path) -> None:
    page = open_page(site / KINDS["set"]).page
    page.emulate_media(media="print")
    whole = """() => [...document.querySelectorAll(".cell")].every(
        cell => getComputedStyle(cell).breakInside === "avoid" && cell.getClientRects().length < 2)"""
    assert page.evaluate(whole)


def test_a_page_prints_completely(open_page: OpenPage, site: Path) -> None:
    page = open_page("about:blank", scheme="dark").page
    for kind, most in (("set", 14), ("technique", 12), ("capability", 5), ("tactic", 3)):
        page.goto((site / KINDS[kind]).as_uri())
        pages = pdf_pages(print_pdf(page))
        assert 1 <= pages <= most, kind
