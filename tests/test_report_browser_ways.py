"""The HTML report in Chromium: what stays as it was, where the focus goes, what addresses and words lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser_helpers import SCHEMES, axe, shot
from conftest import write_set
from report_pages import clouds, report, small_report, threat_report, write_page
from test_report_browser import button, cell, count, fold, page, pressed, state, visit

from navlayers.analysis.inputs import load_inputs
from navlayers.mapping.find import resolve
from navlayers.output.document import Figure
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from pathlib import Path

    from browser_helpers import OpenPage
    from playwright.sync_api import Page as Window

    from navlayers.pages.report.build import Report

__all__ = ["page", "visit"]  # fixtures

FOCUSED = "() => document.activeElement.textContent"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "report.html"
    path.write_bytes(clouds("aws", "azure"))
    return path


@pytest.fixture(scope="module")
def apt29() -> Report:
    return threat_report("APT29", "aws", "azure")


@pytest.fixture(scope="module")
def threat(tmp_path_factory: pytest.TempPathFactory, apt29: Report) -> Path:
    return write_page(tmp_path_factory.mktemp("threat"), apt29)


def in_sight(window: Window, selector: str) -> bool:
    """Whether the first of the elements is at least in part within the window."""
    inside = "e => { const r = e.getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight - 100; }"
    return bool(window.locator(selector).first.evaluate(inside))


def found(window: Window, query: str) -> str:
    window.get_by_role("searchbox").fill(query)
    return window.locator('[data-control="found"]').inner_text()


def test_the_details_are_of_the_category(page: Window) -> None:
    cell(page, "T1133").click()
    panel = page.locator(".panel")
    overall = panel.inner_text()
    assert "All together: 100" in overall
    button(page, "detect").click()
    text = panel.inner_text()
    assert "All together (detect): 50" in text
    assert "AWS → Microsoft Azure (detect): " in text
    cell(page, "T1078").click()
    assert "Sub-techniques All together (detect)" in panel.inner_text()
    colors = "chips => chips.map(chip => getComputedStyle(chip).backgroundColor)"
    chips = panel.locator(".subs .chip")
    detect = chips.evaluate_all(colors)
    button(page, "overall").click()
    assert chips.evaluate_all(colors) != detect
    assert "(detect)" not in panel.inner_text()


def test_the_details_stay_as_they_were_scrolled_and_opened(page: Window) -> None:
    page.get_by_role("combobox", name="Service").select_option("Amazon GuardDuty")
    cell(page, "T1078").click()
    body, details = page.locator(".panel-body"), page.locator(".panel details").first
    details.locator("summary").click()
    body.evaluate("e => e.scrollTop = 200")
    fold(page, "Valid Accounts: ").click()
    page.get_by_role("searchbox").press_sequentially("acc")
    page.get_by_label("Score from").fill("10")
    assert body.evaluate("e => e.scrollTop") == 200
    assert details.evaluate("e => e.open")
    page.get_by_role("combobox", name="Service").select_option("All")
    assert "hidden by the filters" not in body.inner_text()
    cell(page, "T1110").click()
    assert body.evaluate("e => e.scrollTop") == 0


def test_ids_that_the_matrix_has_not_lead_to_attack(open_page: OpenPage, tmp_path: Path) -> None:
    old = write_set(tmp_path / "old.json", [("ids", "T1574.002", "detect", "partial")])
    made = make_report(report_input(load_inputs(resolve([str(old), "aws"]), "18.1")))
    page = open_page(write_page(tmp_path, made)).page
    link = page.locator("a", has_text="T1574.002").first
    assert link.get_attribute("href") == "https://attack.mitre.org/techniques/T1574/002/"
    cell(page, "T1190").click()
    address = state(page)
    page.evaluate("() => { location.hash = '#pin=T1574.002'; }")
    page.wait_for_timeout(50)
    assert page.locator(".panel").is_visible()
    page.evaluate("() => { location.hash = '#pin=T1078'; }")
    page.get_by_role("region", name="T1078 Valid Accounts").wait_for()
    assert state(page) == address.replace("T1190", "T1078")


@pytest.mark.parametrize("hash_", ["#pin=T1574.002", "#method", "#x=1"])
def test_addresses_of_other_places_are_left_alone(open_page: OpenPage, two: Path, hash_: str) -> None:
    page = open_page(two.as_uri() + hash_).page
    known = hash_ != "#pin=T1574.002"
    assert state(page) == hash_ or not known
    assert page.locator(".panel").is_visible() is not known


@pytest.mark.parametrize("view", ["Coverage – APT29", "Gap – APT29"])
def test_a_threat_shows_what_it_does_alone_and_all_of_it(
    open_page: OpenPage, threat: Path, apt29: Report, view: str
) -> None:
    page = open_page(threat).page
    button(page, view).click()
    blocks = [b for s in apt29.document.sections for b in s.blocks if isinstance(b, Figure)]
    layer = next(block.view for block in blocks if block.title == view)
    does = {technique for (technique, _), entry in layer.entries.items() if entry.counted}
    cells = page.locator(".cell:visible .id")
    ids = {id_ for id_ in cells.all_text_contents() if id_}
    assert ids == does | {one.partition(".")[0] for one in does}
    assert layer.ratios is not None
    assert count(page).partition(" · below each tactic: ")[0] == layer.ratios.sentence
    page.get_by_label("Platform").select_option("Windows")
    assert "· Windows" in count(page)
    page.get_by_label("Platform").select_option("All")
    button(page, "Close all").click()
    assert cells.count() < len(does)
    assert "open=none" in state(page)
    button(page, "AWS").click()
    assert page.locator(".cell:visible").count() > 200
    button(page, view).click()
    assert {id_ for id_ in cells.all_text_contents() if id_} == ids
    assert found(page, "T1486") == "no matches"
    shot(page, "report-threat", whole=False)


def test_a_plan_opens_what_it_is_about(open_page: OpenPage, threat: Path) -> None:
    page = open_page(threat).page
    page.locator('[data-control="views"] button').last.click()
    assert page.locator(".cell:visible .id", has_text=".").count() > 10


def test_a_threat_says_what_is_not_covered_in_words(open_page: OpenPage, threat: Path) -> None:
    page = open_page(threat.as_uri() + "#matrix=1&view=~layer1&pin=T1586.003").page
    text = page.locator(".panel").inner_text()
    assert "Coverage – APT29: not covered" in text
    assert "0 Not covered" not in text
    assert "Gap 1" not in text
    assert cell(page, "T1586.003").locator("b").inner_text() == ""


def test_views_of_one_score_say_that_they_have_no_categories(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(write_page(tmp_path, small_report(tmp_path))).page
    button(page, "detect").click()
    assert count(page).endswith("detect")
    button(page, "Gap – Windshift").click()
    assert "detect" not in count(page)
    assert page.get_by_text("(not available in this view)").is_visible()
    button(page, "protect").click(force=True)
    assert pressed(page, "category") == ["detect"]
    ratio = """e => {
      const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
      const both = [light(getComputedStyle(e).color), light(getComputedStyle(e).backgroundColor)].sort();
      return (both[1] + 0.05) / (both[0] + 0.05);
    }"""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert button(page, "detect").evaluate(ratio) >= 4.5, scheme
    button(page, "tiny").click()
    assert not page.get_by_text("(not available in this view)").is_visible()
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        assert axe(page, "#explorer .controls", rules=rules) == [], scheme


def test_reset_keeps_the_focus(page: Window) -> None:
    page.get_by_label("Platform").select_option("Windows")
    reset = button(page, "Reset")
    reset.focus()
    page.keyboard.press("Enter")
    assert "Windows" not in count(page)
    assert reset.get_attribute("aria-disabled") == "true"
    assert page.evaluate(FOCUSED) == "Reset"


def test_escape_leads_to_the_folded_technique_of_a_bookmark(open_page: OpenPage, two: Path) -> None:
    page = open_page(two.as_uri() + "#pin=T1110.003").page
    page.keyboard.press("Escape")
    assert "Brute Force" in page.evaluate(FOCUSED)
    assert not page.locator(".panel").is_visible()


def test_after_escape_nothing_is_linked(page: Window) -> None:
    cell(page, "T1190").focus()
    page.keyboard.press("Enter")
    page.mouse.move(0, 0)
    page.keyboard.press("Escape")
    assert "Exploit Public-Facing" in page.evaluate(FOCUSED)
    assert page.locator(".cell.linked").count() == 0
    assert not page.get_by_role("tooltip").is_visible()


def test_the_slash_searches_from_where_nothing_is_typed(page: Window) -> None:
    search = page.get_by_role("searchbox")
    for one in (page.get_by_label("Hide empty cells"), page.get_by_label("Platform")):
        one.focus()
        page.keyboard.press("/")
        assert search.evaluate("e => e === document.activeElement")
    search.press_sequentially("os/")
    assert search.input_value() == "os/"


@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("address", ["#pin=T1078", "#matrix=1&category=detect&pin=T1078.004", "#pin=T1485"])
def test_an_address_brings_its_technique_into_sight(
    open_page: OpenPage, two: Path, address: str, width: int
) -> None:
    page = open_page(two.as_uri() + address, width=width).page
    assert page.locator(".panel").is_visible()
    page.wait_for_timeout(100)
    parent = address.rpartition("pin=")[2].partition(".")[0]
    assert cell(page, parent).evaluate("e => e.getBoundingClientRect().top > 0")
    assert in_sight(page, f'.cell:has-text("{parent}")')
    if width < 720:
        above = (
            "e => e.getBoundingClientRect().bottom <= document.querySelector('.panel').getBoundingClientRect().top"
        )
        assert cell(page, parent).evaluate(above)
        assert page.locator('.unfold[aria-expanded="true"]').count() == 1


def test_after_escape_the_focus_is_in_a_tactic_that_was_folded_again(open_page: OpenPage, two: Path) -> None:
    page = open_page(two.as_uri() + "#pin=T1485", width=400).page
    page.locator('.unfold[aria-expanded="true"]').evaluate("button => button.click()")
    assert not page.locator(".cell:visible").count()
    page.keyboard.press("Escape")
    assert "T1485" in page.evaluate(FOCUSED)


def test_an_address_of_a_view_brings_it_into_sight(open_page: OpenPage, two: Path) -> None:
    page = open_page(two.as_uri() + "#matrix=1&category=detect").page
    assert in_sight(page, ".matrix-frame")
    assert open_page(two).page.evaluate("() => scrollY") == 0


def test_search_by_the_names_of_the_tables_and_words_in_any_order(page: Window) -> None:
    for query in ("Brute Force: Password Spraying", "spraying PASSWORD", "password spraying brute", "t1110.003"):
        assert found(page, query) == "1 match"
        page.get_by_role("searchbox").press("Enter")
        assert page.locator(".cell.now:visible .name").first.inner_text() == "Password Spraying"
    assert found(page, "brute force") == "1 match"
    assert found(page, "duty guard amazon") == found(page, "guardduty")
    assert found(page, "spraying unheard-of") == "no matches"


def test_every_cell_shows_its_id(page: Window) -> None:
    button(page, "Open all").click()
    hidden = """cells => cells.filter(cell => cell.getClientRects().length).filter(cell => {
      const [id, all] = [cell.querySelector('.id').getBoundingClientRect(), cell.getBoundingClientRect()];
      return id.width < 15 || id.top < all.top || id.bottom > all.bottom || id.right > all.right;
    }).map(cell => cell.textContent)"""
    assert page.locator(".cell").evaluate_all(hidden) == []
    button(page, "IDs").click()
    assert page.locator(".cell").evaluate_all(hidden) == []


def test_what_none_covers_is_not_of_a_capability(page: Window) -> None:
    button(page, "What none covers").click()
    before = count(page)
    assert not before.startswith("0 ")
    page.get_by_role("combobox", name="Service").select_option("Amazon GuardDuty")
    assert count(page) == f"{before} · all services (the filter does not apply)"
    # Of each tactic, the techniques and sub-techniques that none covers, as in pictures.
    (ratios,) = (one.view.ratios for one in report("aws", "azure").document.figures if one.view.ratios)
    expected = [f"{found}/{of}" for found, of in filter(None, ratios.tactics.values())]
    assert page.locator(".ratio").all_inner_texts() == expected


def test_side_by_side_keeps_a_view_that_is_no_set(page: Window) -> None:
    titles = page.locator(".view h3")
    button(page, "What none covers").click()
    page.get_by_label("Side by side").check()
    assert titles.all_inner_texts() == ["What none covers", "AWS", "Microsoft Azure"]
    page.get_by_label("Side by side").uncheck()
    assert titles.all_inner_texts() == ["What none covers"]
    button(page, "Microsoft Azure").click()
    page.get_by_label("Side by side").check()
    assert titles.all_inner_texts() == ["AWS", "Microsoft Azure"]


def test_comments_and_references_are_printed_whole(open_page: OpenPage, corpus: Path, tmp_path: Path) -> None:
    options = ReportOptions(sections=("comments",))
    made = report(corpus / "gcp-03.06.2025_attack-16.1-enterprise.json", options=options)
    page = open_page(write_page(tmp_path, made), width=700).page
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    table = page.locator("#comments table")
    assert table.evaluate("e => e.getBoundingClientRect().width") <= 700
    assert table.get_by_text("Google Cloud's HSM may protect against adversary's attempts").first.is_visible()
    assert table.locator("a").count() > 400


def test_comments_of_the_tables_are_in_the_details_too(open_page: OpenPage, corpus: Path, tmp_path: Path) -> None:
    path, name = corpus / "gcp-03.06.2025_attack-16.1-enterprise.json", "T1588.003"
    texts = []
    for sections in (("heatmaps",), ("heatmaps", "comments")):
        file = write_page(tmp_path, report(path, options=ReportOptions(sections=sections)), f"{len(sections)}.html")
        panel = open_page(f"{file.as_uri()}#pin={name}").page.locator(".panel")
        texts.append(panel.text_content())
    assert "Google Cloud's HSM may protect against adversary's attempts" in str(texts[0])
    assert texts[0] == texts[1]


def test_what_is_not_covered_is_empty_or_in_words(open_page: OpenPage, two: Path, tmp_path: Path) -> None:
    page = open_page(two).page
    cell(page, "T1659").click()
    panel = page.locator(".panel")
    assert [" ".join(row.split()) for row in panel.locator(".scores tbody tr").all_inner_texts()] == [
        "AWS not covered 0",
        "Microsoft Azure 100 100 not covered not covered 3",
    ]
    assert "–" not in panel.inner_text()
    bare = write_set(
        tmp_path / "bare.json", [("ids", "T1659", "detect", None), ("ids", "T1078", "detect", "partial")]
    )
    page = open_page(write_page(tmp_path, report(bare))).page
    assert cell(page, "T1659").locator("b").inner_text() == "✓"
    assert "✓ not rated" in page.locator(".view .legend").inner_text()
    cell(page, "T1659").click()
    assert page.locator(".panel .scores .chip").first.get_attribute("title") == "covered without a score"
