"""The HTML report in Chromium: what people see, click and type, and what they get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from browser_helpers import OpenPage, shot
from report_pages import clouds, data_of
from test_report_html import CLOUDS

from navlayers.layer.contrast import contrast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser_helpers import Visit
    from playwright.sync_api import Browser, Locator
    from playwright.sync_api import Page as Window

SECONDS_TO_READY = 1


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


PUT_BACK = """() => {
  document.querySelector(".panel:not([hidden]) [aria-label='Close the details']")?.click();
  document.querySelector("[data-control=reset]").click();
  document.activeElement.blur();
  for (const one of document.querySelectorAll(".matrix-frame")) one.scrollTo(0, 0);
  scrollTo(0, 0);
}"""


@pytest.fixture(scope="module")
def visit(browser: Browser, two: Path) -> Iterator[Visit]:
    """The page of two sets, loaded once for the tests of `page`."""
    windows = OpenPage(browser)
    yield windows(two)
    windows.release(reuse=False)


@pytest.fixture
def page(visit: Visit) -> Iterator[Window]:
    """The page of two sets as at first: to put it back takes a third of the time of loading it."""
    yield visit.page
    visit.page.mouse.move(0, 0)
    visit.page.evaluate(PUT_BACK)
    visit.check()


@pytest.fixture(scope="module")
def data(two: Path) -> dict[str, Any]:
    return data_of(two.read_text("utf-8"))


def cell(window: Window, technique: str, view: int = 0) -> Locator:
    """The first button of a technique that is to be seen."""
    name = re.compile(rf"(^|[^\w.]|\s){re.escape(technique)}(?![\d.])")
    return window.locator(".view").nth(view).locator(".cell:visible").filter(has_text=name).first


def button(window: Window, name: str) -> Locator:
    """A button outside the matrix, whose hundreds of cells are buttons, too: to name them all takes long."""
    beside = window.locator("[data-themes], .controls, .panel")
    return beside.get_by_role("button", name=name, exact=True)


def fold(window: Window, label: str) -> Locator:
    """The first button that shows and hides sub-techniques whose label starts so."""
    return window.locator(f'.fold[aria-label^="{label}"]').first


def pressed(window: Window, control: str) -> list[str]:
    return window.locator(f'[data-control="{control}"] [aria-pressed="true"]').all_inner_texts()


def count(window: Window, view: int = 0) -> str:
    return window.locator(".view").nth(view).locator(".count").inner_text()


def fill(one: Locator) -> str:
    return str(one.evaluate("e => getComputedStyle(e).backgroundColor"))


def hexadecimal(color: str) -> str:
    return "#" + "".join(f"{int(channel):02x}" for channel in re.findall(r"\d+", color)[:3])


def state(window: Window) -> str:
    """The part of the address behind "#", once it is written."""
    window.wait_for_timeout(250)
    return str(window.evaluate("() => location.hash"))


def covered(data: dict[str, Any], view: str, measure: int = 0) -> int:
    shown = next(one for one in data["views"] if one["id"] == view)["shown"][measure]
    return len(shown["technique"])


def test_four_clouds_are_ready_within_a_second(open_page: OpenPage, four: Path) -> None:
    visit = open_page("about:blank")
    session = visit.page.context.new_cdp_session(visit.page)
    # What other work of the machine takes is not the page's.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    visit.page.goto(four.as_uri())
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    assert visit.page.locator(".view .cell").count() > 200
    assert metrics["TaskDuration"] <= SECONDS_TO_READY
    assert visit.requests == [four.as_uri()]
    shot(visit.page, "report-four", whole=False)


def test_starts_with_all_together(page: Window) -> None:
    assert pressed(page, "views") == ["All together"]
    assert page.get_by_role("heading", name="All together").is_visible()
    assert count(page) == "152 techniques, 293 sub-techniques of 656"
    shot(page, "report-1440")


def test_hover_tells_scores(page: Window) -> None:
    tip = page.get_by_role("tooltip")
    assert not tip.is_visible()
    cell(page, "T1078").hover()
    assert tip.is_visible()
    text = tip.inner_text()
    assert "T1078 Valid Accounts" in text
    rows = tip.locator("tbody tr").all_inner_texts()
    assert [re.split(r"\s+", row) for row in rows] == [
        ["AWS", "50", "50", "50", "not", "covered", "8"],
        ["Microsoft", "Azure", "50", "10", "50", "not", "covered", "9"],
    ]
    page.mouse.move(0, 0)
    assert not tip.is_visible()


def test_tables_lead_to_mappings(page: Window) -> None:
    link = page.locator("#techniques a", has_text="T1110.001").first
    link.click()
    assert page.get_by_role("region", name="T1110.001 Password Guessing").is_visible()
    page.keyboard.press("Escape")
    assert link.evaluate("e => e === document.activeElement")


def test_click_pins_the_mappings_behind_a_score(page: Window, data: dict[str, Any]) -> None:
    cell(page, "T1190").click()
    panel = page.get_by_role("region", name="T1190 Exploit Public-Facing Application")
    assert panel.is_visible()
    number = [technique[0] for technique in data["release"]["techniques"]].index("T1190")
    for one in data["sets"]:
        section = panel.locator("section").filter(has_text=one["title"])
        rows = [at for at, found in enumerate(one["rows"]["technique"]) if found == number]
        items = section.locator(".mappings > li").evaluate_all(
            """all => all.map(item => [item.innerText,
                [...item.querySelectorAll('.links a')].map(link => link.getAttribute('href'))])"""
        )
        assert len(items) == len(rows) > 0
        for (text, links), row in zip(items, rows, strict=True):
            assert data["capabilities"][one["rows"]["capability"][row]][1] in text
            assert data["texts"][one["rows"]["value"][row]] in text
            assert str(one["rows"]["score"][row]) in text
            assert links == [data["texts"][r] for r in one["rows"]["references"][row]]
    assert panel.get_by_role("link", name="T1190 at attack.mitre.org").get_attribute("href") == (
        "https://attack.mitre.org/techniques/T1190/"
    )
    shot(page, "report-panel", whole=False)
    button(page, "Close the details").click()
    assert not panel.is_visible()


def test_comments_are_there(open_page: OpenPage, four: Path) -> None:
    page = open_page(four.as_uri() + "#pin=T1588.003").page
    panel = page.get_by_role("region", name="T1588.003 Code Signing Certificates")
    assert "Google Cloud's HSM may protect against adversary's attempts" in panel.inner_text()
    assert "of T1588 Obtain Capabilities" in panel.inner_text()


def test_one_view_or_another(page: Window, data: dict[str, Any]) -> None:
    for view in data["views"]:
        button(page, view["title"]).click()
        assert page.locator(".view h3").all_inner_texts() == [view["title"]]
        numbers = [int(number) for number in re.findall(r"\d+", count(page))]
        assert numbers[0] + numbers[1] == covered(data, view["id"])
    assert "only AWS" in page.locator(".view .legend").inner_text()


def test_side_by_side_with_linked_hover_and_scroll(open_page: OpenPage, four: Path) -> None:
    page = open_page(four).page
    page.get_by_label("Side by side").check()
    views = page.locator(".view")
    assert views.count() == 4
    assert pressed(page, "views") == views.locator("h3").all_inner_texts()
    assert button(page, "All together").is_disabled()
    cell(page, "T1110", 1).hover()
    linked = page.locator(".cell.linked")
    assert linked.count() == 4
    assert set(linked.locator(".id").all_inner_texts()) == {"T1110"}
    for number in range(4):
        assert views.nth(number).locator(".linked").count() == 1
    frames = page.locator(".matrix-frame")
    frames.nth(0).evaluate("e => e.scrollTop = 120")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.matrix-frame')].every(frame => frame.scrollTop === 120)"
    )
    shot(page, "report-side-by-side", whole=False)
    pressed_now = page.locator('[data-control="views"] [aria-pressed="true"]')
    pressed_now.first.click()
    assert views.count() == 3
    page.get_by_label("Side by side").uncheck()
    assert views.count() == 1


def test_filter_by_category(page: Window, data: dict[str, Any]) -> None:
    button(page, "AWS").click()
    button(page, "detect").click()
    numbers = [int(number) for number in re.findall(r"\d+", count(page))]
    assert numbers[0] + numbers[1] == covered(data, "aws", 2)
    assert count(page).endswith("detect")
    # The hue of the category: orange, and the same 50 in another colour overall.
    one = cell(page, "T1078")
    orange = fill(one)
    assert orange == "rgb(252, 172, 105)"
    button(page, "overall").click()
    assert fill(one) != orange


def test_filter_by_platform_removes_what_is_not_of_it(page: Window, data: dict[str, Any]) -> None:
    page.get_by_label("Platform").select_option("IaaS")
    place = data["release"]["platforms"].index("IaaS")
    of_it = [technique for technique in data["release"]["techniques"] if place in technique[3]]
    assert f"of {len(of_it)} · IaaS" in count(page)
    ids = {technique[0] for technique in of_it}
    texts = page.locator(".cell:visible .id").all_inner_texts()
    assert set(texts) == {one for one in ids if "." not in one}


def test_filter_by_capability_shows_what_it_alone_gives(page: Window, data: dict[str, Any]) -> None:
    page.get_by_role("combobox", name="Service").select_option("Amazon GuardDuty")
    number = next(n for n, (_, label) in enumerate(data["capabilities"]) if label == "Amazon GuardDuty")
    alone = data["sets"][0]["alone"][str(number)]
    numbers = [int(figure) for figure in re.findall(r"\d+", count(page))]
    assert numbers[0] + numbers[1] == len(alone["techniques"])
    button(page, "Open all").click()
    names = [technique[0] for technique in data["release"]["techniques"]]
    expected = {names[t]: str(s) for t, s in zip(alone["techniques"], alone["scores"][0], strict=True)}
    texts = page.locator(".cell").filter(has=page.locator("b:not(:empty)")).all_text_contents()
    shown = {text.split()[-2]: text.split()[-1] for text in texts}
    assert shown == expected
    cell(page, "T1078").click()
    panel = page.locator(".panel")
    assert "hidden by the filters" in panel.inner_text()


def test_least_score_and_empty_cells_hidden(page: Window, data: dict[str, Any]) -> None:
    page.get_by_label("Score from").fill("100")
    shown = next(view for view in data["views"] if view["kind"] == "union")["shown"][0]
    full = [t for t, s in zip(shown["technique"], shown["score"], strict=True) if s == 100]
    numbers = [int(figure) for figure in re.findall(r"\d+", count(page))]
    assert numbers[0] + numbers[1] == len(full)
    assert "from 100" in count(page)
    page.get_by_label("Hide empty cells").check()
    button(page, "Open all").click()
    scores = page.locator(".cell:visible b").all_inner_texts()
    techniques = data["release"]["techniques"]
    parents = {techniques[t][2] for t in full} - set(full)
    # Techniques of which a sub-technique alone has it stay, for they hold it.
    assert set(scores) <= {"100", ""}
    names = {techniques[t][0] for t in parents if t >= 0}
    bare = page.locator(".cell:visible").filter(has_not=page.locator("b:not(:empty)")).locator(".id")
    assert set(bare.all_inner_texts()) <= names


def test_sub_techniques_open_one_by_one_and_all(page: Window) -> None:
    assert not cell(page, ".004").is_visible()
    more = fold(page, "Valid Accounts: 4/4 sub-techniques")
    assert more.get_attribute("aria-expanded") == "false"
    more.click()
    assert more.get_attribute("aria-expanded") == "true"
    one = page.locator(".cell:visible").filter(has_text="Cloud Accounts").first
    assert one.locator("b").inner_text() == "100"
    button(page, "Open all").click()
    every = page.locator(".cell:visible").count()
    assert every > 690
    button(page, "Close all").click()
    assert page.locator(".cell:visible").count() < 300


def test_search_by_id_name_and_capability(open_page: OpenPage, two: Path) -> None:
    page = open_page(two).page
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    assert search.evaluate("e => e === document.activeElement")
    search.fill("t1078")
    assert page.locator('[data-control="found"]').inner_text() == "5 matches"
    assert page.locator(".cell.hit").count() == 4
    search.press("Enter")
    assert page.locator('[data-control="found"]').inner_text() == "1 of 5"
    search.press("Enter")
    # The second is a sub-technique, which is opened to be seen.
    assert page.locator(".cell.now:visible").first.locator(".name").inner_text() == "Cloud Accounts"
    search.press("Shift+Enter")
    assert page.locator('[data-control="found"]').inner_text() == "1 of 5"
    search.fill("guardduty")
    assert page.locator('[data-control="found"]').inner_text() == "69 matches"
    search.fill("no such thing")
    assert page.locator('[data-control="found"]').inner_text() == "no matches"
    search.press("Escape")
    assert search.input_value() == ""
    assert page.locator(".cell.hit").count() == 0


def test_by_keyboard_alone(open_page: OpenPage, two: Path) -> None:
    page = open_page(two).page
    focused = "() => document.activeElement.textContent"
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("() => document.activeElement.className.split(' ')[0]"))
        if stops[-1] == "cell":
            break
    assert stops[0] == "skip"
    assert stops[-1] == "cell"
    assert "Active Scanning" in page.evaluate(focused)
    assert page.get_by_role("tooltip").is_visible()
    page.keyboard.press("ArrowDown")
    assert "Gather Victim Host" in page.evaluate(focused)
    page.keyboard.press("ArrowRight")
    assert "Acquire Infrastructure" in page.evaluate(focused)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert "Botnet" in page.evaluate(focused)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("-")
    page.keyboard.press("ArrowDown")
    assert "Compromise Accounts" in page.evaluate(focused)
    page.keyboard.press("+")
    page.keyboard.press("ArrowDown")
    assert "Cloud Accounts" in page.evaluate(focused)
    page.keyboard.press("Home")
    assert "Acquire Access" in page.evaluate(focused)
    page.keyboard.press("Control+End")
    last = page.evaluate(focused)
    page.keyboard.press("Enter")
    panel = page.locator(".panel")
    assert panel.is_visible()
    assert panel.evaluate("e => e.contains(document.activeElement)")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Close the details"
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert page.evaluate(focused) == last
    # One stop in the matrix: the next is behind it.
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") != "cell"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focused) == last


def test_the_address_leads_back(open_page: OpenPage, two: Path) -> None:
    page = open_page(two).page
    page.get_by_label("Side by side").check()
    button(page, "protect").click()
    page.get_by_label("Platform").select_option("Windows")
    page.get_by_label("Score from").fill("50")
    page.get_by_role("searchbox").fill("account")
    fold(page, "Valid Accounts: ").click()
    cell(page, "T1078").click()
    address = page.url.partition("#")[0] + state(page)
    again = open_page(address).page
    assert again.locator(".view h3").all_inner_texts() == ["AWS", "Microsoft Azure"]
    assert pressed(again, "category") == ["protect"]
    assert again.get_by_label("Platform").evaluate("e => e.selectedOptions[0].text") == "Windows"
    assert again.get_by_label("Score from").input_value() == "50"
    assert again.get_by_role("searchbox").input_value() == "account"
    assert again.locator(".cell:visible").filter(has_text="Domain Accounts").count() > 0
    assert again.get_by_role("region", name="T1078 Valid Accounts").is_visible()
    assert [count(again, n) for n in (0, 1)] == [count(page, n) for n in (0, 1)]
    button(again, "Reset").click()
    assert state(again) == ""
    assert button(again, "Reset").is_disabled()


def test_an_address_that_means_nothing_is_as_at_first(open_page: OpenPage, two: Path) -> None:
    page = open_page(two.as_uri() + "#view=%3Cscript%3E&category=x&least=-3&pin=T0&open=%00&platform=%E0").page
    assert pressed(page, "views") == ["All together"]
    assert not page.locator(".panel").is_visible()


def test_dark_by_the_system_and_by_the_switch(open_page: OpenPage, two: Path) -> None:
    dark = "rgb(13, 17, 23)"
    page = open_page(two, scheme="dark").page
    assert fill(page.locator("body")) == dark
    button(page, "Light").click()
    assert fill(page.locator("body")) == "rgb(255, 255, 255)"
    page.reload()
    assert fill(page.locator("body")) == "rgb(255, 255, 255)"
    button(page, "System").click()
    assert fill(page.locator("body")) == dark
    # Low scores are near the page, high ones stand out.
    low, middle, high = (fill(page.locator(".ramp .mark").nth(number)) for number in range(3))
    ratios = [contrast(hexadecimal(one), "#0d1117") for one in (low, middle, high)]
    assert ratios == sorted(ratios)
    assert ratios[2] > 2 * ratios[0]
    assert fill(cell(page, "T1078")) == middle
    button(page, "Light").click()
    assert fill(cell(page, "T1078")) == "rgb(140, 147, 197)"
