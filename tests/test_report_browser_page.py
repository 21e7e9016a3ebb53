"""The HTML report in Chromium as a page: widths, themes, print, no script, hostile texts, odd inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browser_helpers import SCHEMES, axe, no_sideways_scroll, pdf_pages, print_pdf, shot
from conftest import write_set
from report_pages import clouds, report, small_report, write_page
from test_report_browser import button, cell, count, fill, fold
from test_report_html import CLOUDS, hostile

from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.threats.resolve import threat_model
from navlayers.mapping.find import resolve
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from pathlib import Path

    from browser_helpers import OpenPage


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "report.html"
    path.write_bytes(clouds("aws", "azure"))
    return path


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    path = tmp_path_factory.mktemp("four") / "report.html"
    path.write_bytes(clouds(*(corpus / f"{name}_attack-16.1-enterprise.json" for name in CLOUDS)))
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    return write_page(folder, small_report(folder))


def test_axe_finds_nothing_serious_at_first(open_page: OpenPage, small: Path) -> None:
    assert axe(open_page(small).page) == []


@pytest.mark.parametrize("width", [1440, 400])
def test_axe_finds_nothing_serious_in_use(open_page: OpenPage, small: Path, width: int) -> None:
    page = open_page(small, width=width).page
    assert no_sideways_scroll(page)
    page.get_by_role("searchbox").fill("account")
    if width == 400:
        page.locator(".unfold[aria-label='Techniques of Collection']").click()
    fold(page, "Protected User Data: ").click()
    cell(page, "T1636").click()
    # Of the rules of axe-core, those of color alone depend on the scheme.
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        assert axe(page, rules=rules) == [], scheme
        assert no_sideways_scroll(page)
        shot(page, f"report-{width}-{scheme}", whole=False)


def test_nothing_scrolls_sideways(open_page: OpenPage, four: Path) -> None:
    page = open_page(four).page
    page.locator("summary").evaluate_all("all => all.forEach(e => { e.parentElement.open = true; })")
    for width in (1440, 720, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert no_sideways_scroll(page), width
    page.get_by_label("Side by side").check()
    page.set_viewport_size({"width": 1440, "height": 900})
    cell(page, "T1078").click()
    for width in (400, 720, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert no_sideways_scroll(page), width
        if width == 400:
            wide = """all => all.filter(e => getComputedStyle(e).overflowX !== 'visible'
                && e.scrollWidth > e.clientWidth + 1).map(e => e.className)"""
            assert set(page.locator(".frame").evaluate_all(wide)) == set()
        shot(page, f"report-four-{width}")


def test_prints_all_of_it(open_page: OpenPage, two: Path, small: Path) -> None:
    page = open_page(small, scheme="dark").page
    one = print_pdf(page)
    assert pdf_pages(one) > 5
    page.get_by_label("Side by side").check()
    both = print_pdf(page)
    assert pdf_pages(both) > pdf_pages(one)
    page = open_page(two, scheme="dark").page
    page.get_by_label("Side by side").check()
    page.emulate_media(media="print")
    assert fill(page.locator("body")) == "rgba(0, 0, 0, 0)" or fill(page.locator("body")) == "rgb(255, 255, 255)"
    assert not page.locator(".controls").is_visible()
    frame = page.locator(".matrix-frame").first
    assert frame.evaluate("e => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth + 1")


def test_without_script_all_can_be_read(open_page: OpenPage, two: Path) -> None:
    page = open_page(two, script=False).page
    assert not page.locator("#explorer").is_visible()
    table = page.locator("noscript table")
    assert table.locator("tbody tr").count() == 445
    assert page.locator("[data-themes] button").count() == 0
    assert no_sideways_scroll(page)


def test_less_motion(open_page: OpenPage, two: Path) -> None:
    page = open_page(two, reduced_motion=True).page
    moves = "all => all.filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert page.locator("body *").evaluate_all(moves) == 0


def test_hostile_text_is_shown_as_text(open_page: OpenPage, tmp_path: Path) -> None:
    made = report(hostile(tmp_path / "evil.json"), options=ReportOptions(title="<img src=x onerror=alert(1)>"))
    page = open_page(write_page(tmp_path, made)).page
    assert page.locator("h1").inner_text() == "<img src=x onerror=alert(1)>"
    cell(page, "T1078").hover()
    cell(page, "T1078").click()
    panel = page.locator(".panel")
    assert "<script>alert(1)</script>" in panel.inner_text()
    assert panel.locator("img, script").count() == 0
    links = panel.locator("a").evaluate_all("all => all.map(e => e.getAttribute('href'))")
    assert all(re.match(r"https?://", link) for link in links)
    page.get_by_role("searchbox").fill("<script>")
    assert no_sideways_scroll(page)
    # The cells of the matrix have no text of a set.
    assert axe(page, without=".matrix") == []


def test_counts_and_empty_sets(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(write_page(tmp_path, report("nist_800_53"))).page
    assert "32 controls" in page.locator(".view .legend").inner_text()
    assert cell(page, "T1530").locator("b").inner_text() == "32"
    assert not page.locator('[data-control="views"]').is_visible()
    empty = write_set(tmp_path / "empty.json", [("hsm", None, None, None)])
    page = open_page(write_page(tmp_path, report(empty), "empty.html")).page
    assert count(page) == "0 techniques, 0 sub-techniques of 656"
    cell(page, "T1078").click()
    assert "no mappings" in page.locator(".panel").inner_text()


@pytest.mark.parametrize(("width", "technique"), [(1440, "T1190"), (1440, "T1499"), (400, "T1078")])
def test_what_is_clicked_stays_in_sight(open_page: OpenPage, two: Path, width: int, technique: str) -> None:
    page = open_page(two, width=width, height=900).page
    one = cell(page, technique)
    if width == 400:
        page.locator(".unfold[aria-label='Techniques of Initial Access']").click()
    one.scroll_into_view_if_needed()
    before = one.bounding_box()
    one.click()
    after, panel = one.bounding_box(), page.locator(".panel").bounding_box()
    assert before
    assert after
    assert panel
    if width == 1440:
        # The details lie over the page, on the side away from the cell: nothing moves.
        assert after == before
        assert after["x"] + after["width"] <= panel["x"] or panel["x"] + panel["width"] <= after["x"]
    else:
        assert 0 <= after["y"] < after["y"] + after["height"] <= panel["y"]


def test_a_report_of_one_category_tells_of_it_alone(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(write_page(tmp_path, report("aws", category="detect"))).page
    assert not page.locator('[data-control="category"]').is_visible()
    cell(page, "T1078").click()
    shown = page.locator(".panel section > .mappings .marks").all_inner_texts()
    assert shown
    assert all(text.startswith("detect") for text in shown)
    assert "hidden by the filters" in page.locator(".panel").inner_text()


def test_layers_of_a_threat_are_views(open_page: OpenPage, tmp_path: Path) -> None:
    together = load_inputs(resolve(["aws", "azure"]), "18.1")
    gaps = find_gaps(together, threat_model(["APT29"], together.catalogue))
    made = make_report(report_input(together, gaps=gaps), ReportOptions(sections=("gaps",)))
    page = open_page(write_page(tmp_path, made)).page
    page.get_by_role("link", name="Gap – APT29 in the matrix").click()
    assert page.locator(".view h3").all_inner_texts() == ["Gap – APT29"]
    assert page.locator(".cell").first.is_visible()
    assert button(page, "protect").is_disabled()
