"""The pages that compare sets and set them against threats; the matrix by keyboard and in narrow windows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browser_helpers import axe, no_sideways_scroll
from conftest import write_set
from site_pages import prepared, site_of, write_pages

from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.threats.resolve import threat_model
from navlayers.mapping.find import resolve
from navlayers.scoring.scores import score_set
from navlayers.website import Site

if TYPE_CHECKING:
    from pathlib import Path

    from browser_helpers import OpenPage
    from site_pages import Pages

SETS = ("aws", "intel-vpro")


@pytest.fixture(scope="module")
def pages() -> Pages:
    return site_of(*prepared(*SETS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare") / "site"
    # 19.1 replaced T1574.002 with T1574.001, and moved that to other tactics.
    rows = (("edr", "T1574.001", "detect", "minimal"), ("edr", "T1574.002", "detect", "significant"))
    tiny = write_set(path.with_name("tiny.json"), rows)
    return write_pages(path, Site(prepared(*SETS, tiny)), "t1078", "g0016")


def test_a_threat_has_the_numbers_of_gaps(pages: Pages) -> None:
    together = load_inputs(resolve(list(SETS)), "18.1")
    gaps = find_gaps(together, threat_model(["APT29"], together.catalogue))
    text = pages.text("threats/enterprise/g0016.html")
    assert f"{gaps.total.covered} of {gaps.total.techniques} techniques are covered by at least one set" in text
    assert f"{gaps.total.techniques - gaps.total.covered} not covered" in text
    open_ = {row.technique for row in gaps.rows if row.state == "uncovered"}
    page = pages.html("threats/enterprise/g0016.html")
    states = {
        state: re.findall(r'<tr><td class="id"><a [^>]*>(T\d{4}(?:\.\d{3})?)<', rows)
        for state, rows in re.findall(r'<h2 id="(\w+)">(.*?)(?=<h2|</main>)', page, re.DOTALL)
    }
    # Gaps come first; within a state, ids are in order.
    assert states == {
        "uncovered": sorted(open_),
        "weak": sorted(row.technique for row in gaps.rows if row.state == "weak"),
        "covered": sorted(row.technique for row in gaps.rows if row.state == "covered"),
    }
    assert all(states.values())
    assert list(states) == ["uncovered", "weak", "covered"]


def test_the_start_page_says_what_is_there_and_what_colors_mean(pages: Pages) -> None:
    text = pages.text("index.html")
    assert "2 mapping sets: controls, and the ATT&CK techniques that they are mapped to." in text
    assert "hreat lists" not in text
    legend = pages.html("index.html").partition('<div class="legend">')[2].partition("</div>")[0]
    assert re.findall(r'<li class="mark ?(\w*)">([^<]+)', legend) == [
        ("ccfdaeb", "10 minimal"),
        ("c8c93c5", "50 partial"),
        ("c810f7c", "100 significant"),
        ("", "not covered"),
    ]


def test_mappings_of_a_technique_fold_without_a_script(open_page: OpenPage, folder: Path) -> None:
    technique = folder / "techniques/t1078.html"
    table = open_page(technique, width=400, script=False).page.locator("details.phone table").first
    assert not table.is_visible()
    assert open_page(technique, script=False).page.locator("details.phone table").first.is_visible()


def test_two_sets_over_one_matrix(open_page: OpenPage, folder: Path) -> None:
    address = (folder / "compare/enterprise.html").as_uri()
    page = open_page(f"{address}#a=aws&b=intel-vpro").page
    scores = []
    for one in prepared(*SETS, attack_version="16.1"):
        found = score_set(one.set, one.catalogue).scores
        scores.append({technique for technique, entry in found.items() if (entry.overall or 0) > 0})
    a, b = scores
    verdict = page.locator(".headline").inner_text()
    assert [int(number) for number in re.findall(r"\d+", verdict.replace("Intel vPro", "").replace("AWS", ""))] == [
        len(a), len(b), len(a & b), len(a - b), len(b - a), 656, 656 - len(a | b),
    ]  # fmt: skip
    upper = page.locator(".swipe .matrix").nth(1)
    clip = "e => getComputedStyle(e).clipPath"
    assert upper.evaluate(clip) == "inset(0px 0px 0px 50%)"
    page.locator("input[type=range]").press("ArrowRight")
    assert upper.evaluate(clip) == "inset(0px 0px 0px 51%)"
    boxes = [page.locator(".swipe .matrix").nth(n).bounding_box() for n in (0, 1)]
    assert boxes[0] == boxes[1]
    # Nothing of A is seen right of the slider, its numbers of sub-techniques neither.
    page.locator(".swipe .matrix").first.scroll_into_view_if_needed()
    above = page.evaluate(
        """() => [...document.querySelectorAll(".swipe .matrix:first-child .fold")].map(one => {
            const { left, top, width, height } = one.getBoundingClientRect();
            return [left, document.elementFromPoint(left + width / 2, top + height / 2)];
        }).filter(([left, at]) => left > innerWidth * 0.55 && at)
            .map(([, at]) => at.closest(".matrix + .matrix") !== null)"""
    )
    assert above
    assert all(above)
    # The edge of what neither maps is in both.
    edges = [page.locator(".swipe .matrix").nth(n).locator(".cell:has(.neither)").count() for n in (0, 1)]
    assert edges[0] == edges[1] > 0
    page.goto(f"{address}#a=aws&b=aws@19.1")
    page.locator("#changes").wait_for()
    (newer,) = prepared("aws", attack_version="19.1")
    b = {one for one, entry in score_set(newer.set, newer.catalogue).scores.items() if (entry.overall or 0) > 0}
    verdict = page.locator(".headline").inner_text()
    assert re.findall(r"AWS at ([\d.]+)", verdict) == ["16.1", "19.1"]
    numbers = re.search(
        r"maps (\d+) .* (\d+): (\d+) both, (\d+) only A, (\d+) only B, of (\d+) in A and (\d+) in B", verdict
    )
    assert numbers
    assert [*map(int, numbers.groups())] == [len(a), len(b), len(a & b), len(a - b), len(b - a), 656, 697]
    rows = dict(page.locator("#changes ~ .frame tbody tr").evaluate_all(
        "rows => rows.map(row => [row.querySelector('a').textContent, row.cells[3].textContent])"
    ))  # fmt: skip
    known = newer.catalogue.techniques
    assert {one for one, text in rows.items() if text.startswith(("replaced", "not in ATT&CK 19.1"))} == {
        one for one in a if not known[one].active
    }
    assert rows["T1562.008"] == "replaced by T1685.002 Disable or Modify Cloud Log"
    assert rows["T1685.002"] == "not in ATT&CK 16.1"
    # 19.1 gave TA0005 another name: its techniques stay where they are.
    assert "T1078" not in rows
    tactics = page.locator("table.tactics tbody th").all_inner_texts()
    assert "Defense Evasion \N{RIGHTWARDS ARROW} Stealth" in tactics
    assert no_sideways_scroll(page)
    assert not axe(page, ".compare")
    page.goto(f"{address}#a=tiny&b=tiny@19.1")
    page.get_by_text(
        "Of the techniques of the set: 1 removed, 0 added, 1 in other tactics, 1 with another score."
    ).wait_for()
    assert page.locator("#changes ~ .frame tbody td:last-child").all_inner_texts() == [
        "replaced by T1574.001 DLL",
        "Defense Evasion, Persistence, Privilege Escalation \N{RIGHTWARDS ARROW} Execution, Stealth; "
        "score 10 \N{RIGHTWARDS ARROW} 100",
    ]


def test_a_release_that_cannot_be_loaded_is_named_and_tried_again(open_page: OpenPage, folder: Path) -> None:
    visit = open_page(folder / "compare/enterprise.html")
    page = visit.page
    script, away = folder / "assets/enterprise-19.1.js", folder / "away.js"
    script.rename(away)
    page.locator("select").nth(1).select_option("aws@19.1")
    page.get_by_text("ATT&CK 19.1 could not be loaded").wait_for()
    away.rename(script)
    page.locator("select").nth(1).select_option("intel-vpro@19.1")
    page.locator(".headline", has_text="at 19.1").wait_for()
    (problem,) = visit.problems
    assert "ERR_FILE_NOT_FOUND" in problem
    visit.problems.clear()


def test_two_tabs_lead_to_the_matrix(open_page: OpenPage, folder: Path) -> None:
    page = open_page(folder / "sets/aws/index.html").page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the matrix"
    page.keyboard.press("Enter")
    assert "cell" in page.evaluate("() => document.activeElement.className")


def test_the_palette_lists_pages_and_finds_threats(open_page: OpenPage, folder: Path) -> None:
    page = open_page(folder / "index.html").page
    page.keyboard.press("Control+k")
    options = page.locator(".found a")
    options.first.wait_for()
    assert [text.strip() for text in options.all_inner_texts()] == [
        "Sets", "Techniques", "Tactics", "Matrix", "Compare", "Threats",
    ]  # fmt: skip
    page.keyboard.type("apt29")
    page.keyboard.press("Enter")
    page.wait_for_url("**/threats/enterprise/g0016.html")
    assert not axe(page)


def test_narrow_windows_fold_the_matrix(open_page: OpenPage, folder: Path) -> None:
    page = open_page(folder / "sets/aws/index.html", width=400).page
    assert not page.locator(".cell").first.is_visible()
    assert page.locator(".strip i").count() > 200
    page.get_by_role("button", name="Techniques of Initial Access").click()
    assert page.locator(".cell:visible").count() == 10
    assert no_sideways_scroll(page)


def test_narrow_windows_show_the_first_rows_of_lists(open_page: OpenPage, folder: Path) -> None:
    page = open_page(folder / "sets/aws/index.html", width=400).page
    assert page.evaluate("() => document.documentElement.scrollHeight") < 8000
    rows = page.locator("#capabilities ~ .frame").first.locator("tbody tr")
    shown = "rows => rows.filter(row => row.offsetHeight > 1).map(row => row.cells[0].textContent)"
    names = rows.locator("th").all_text_contents()
    assert len(names) == 30
    assert rows.evaluate_all(shown) == names[:12]
    field = page.get_by_role("searchbox", name="Filter rows").first
    field.fill(names[-1])
    assert rows.evaluate_all(shown) == names[-1:]
    field.fill("")
    # The search of the browser finds the others, and shows them.
    rows.last.dispatch_event("beforematch")
    assert rows.evaluate_all(shown) == names
    page.reload()
    page.get_by_role("button", name="Show all 30: Services").click()
    assert rows.evaluate_all(shown) == names


def test_printing_opens_what_is_folded_and_folds_it_again(open_page: OpenPage, folder: Path) -> None:
    page = open_page(folder / "techniques/t1078.html").page
    folded = page.locator("details:not([open])").count()
    assert folded > 3
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
