"""The live page in a browser: it follows files, keeps its place, answers plans, shows dropped files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from browser_helpers import SCHEMES, axe, no_sideways_scroll, shot, watched
from conftest import contents
from serve_helpers import running

import navlayers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser_helpers import OpenPage
    from playwright.sync_api import Page

HEAD = """\
framework: mine
title: My controls
version: "1"
domain: enterprise
attack_version: "16.1"
role: control
capabilities:
"""
MFA = "  mfa: {name: MFA, techniques: {T1078: {protect: significant}}}\n"
LOGS = """\
  logs:
    name: Logs
    techniques:
      T1078: {detect: partial}
      T1110: {detect: minimal}
"""


class Live(NamedTuple):
    """The page, the folder of its files, and the address that it started at."""

    page: Page
    folder: Path
    address: str

    def write(self, text: str, name: str = "mine.yaml") -> None:
        """Save a file as an editor does that replaces it, if there is something to save."""
        if (self.folder / name).read_text(encoding="utf-8") == text:
            return
        part = self.folder / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self.folder / name)

    def part(self, name: str) -> str:
        """The text of a part of the page."""
        return self.page.locator(f"[data-live={name}]").text_content() or ""

    def wait(self, name: str, text: str) -> None:
        """Wait for a text in a part of the page."""
        script = "([name, text]) => document.querySelector(`[data-live=${name}]`).textContent.includes(text)"
        self.page.wait_for_function(script, arg=[name, text])

    def choose_view(self, name: str) -> None:
        """Show a view by its button."""
        self.page.locator("[data-control=views]").get_by_role("button", name=name, exact=True).click()

    def score(self, technique: str) -> str:
        """What the first cell of a technique says after its id."""
        cell = self.page.locator(".cell", has_text=re.compile(rf"{re.escape(technique)}\s"))
        return (cell.first.locator("b").text_content() or "").strip()

    def wait_for_score(self, technique: str, score: str) -> None:
        """Wait for the score of a technique in its first cell."""
        script = (
            "([id, score]) => [...document.querySelectorAll('.cell')].find((cell) => "
            "cell.querySelector('.id').textContent === id)?.querySelector('b').textContent === score"
        )
        self.page.wait_for_function(script, arg=[technique, score])

    def download(self, name: str) -> tuple[str, bytes]:
        """The name and the bytes of a download of the first view."""
        with self.page.expect_download() as begun:
            self.page.locator(".downloads").first.get_by_role("button", name=name, exact=True).click()
        return begun.value.suggested_filename, Path(begun.value.path()).read_bytes()


@pytest.fixture(scope="module")
def live(windows: OpenPage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("sets")
    (folder / "mine.yaml").write_text(HEAD + MFA + LOGS, encoding="utf-8")
    shutil.copy(Path(navlayers.__file__).parents[1] / "mappings" / "gcp.yaml", folder / "cloud.yaml")
    with running("serve", folder / "mine.yaml", folder / "cloud.yaml") as server, watched(windows) as opener:
        page = opener(server.address).page
        page.wait_for_selector(".matrix .cell")
        yield Live(page, folder, server.address)
        page.goto("about:blank")


@pytest.fixture(autouse=True)
def _as_at_first(live: Live) -> Iterator[None]:
    yield
    live.write(HEAD + MFA + LOGS)
    live.page.set_viewport_size({"width": 1440, "height": 900})
    live.page.goto(live.address)
    live.page.wait_for_selector(".matrix .cell")


def test_the_page_shows_the_named_sets_side_by_side_and_together(live: Live) -> None:
    views = live.page.locator("[data-control=views] button").all_text_contents()
    assert views == [
        "My controls",
        "Google Cloud",
        "All together",
        "What none covers",
        "Difference: My controls → Google Cloud",
    ]
    assert live.page.locator("[data-live=sets] > div > button").all_text_contents() == views[:2]
    assert live.part("title") == "My controls 1 · Google Cloud 2025-03-06"
    assert live.part("release") == "ATT&CK Enterprise 16.1"
    assert live.score("T1078") == "100"


def test_a_save_shows_and_the_place_is_kept(live: Live) -> None:
    page = live.page
    live.choose_view("My controls")
    page.get_by_role("button", name="detect", exact=True).click()
    live.wait_for_score("T1110", "10")
    page.locator(".cell", has_text="T1110").first.click()
    page.evaluate("() => window.scrollTo(0, 300)")
    page.wait_for_function("() => location.hash.includes('pin=T1110')")
    before = page.evaluate("() => [location.hash, scrollY]")
    live.write(HEAD + MFA + LOGS.replace("minimal", "significant"))
    live.wait_for_score("T1110", "100")
    assert page.evaluate("() => [location.hash, scrollY]") == before
    assert "significant · 100" in (page.locator(".panel .mappings").first.text_content() or "")


def test_what_a_save_changed_is_named(live: Live) -> None:
    live.page.locator("[data-set=cloud]").click()
    live.wait("title", "My controls 1")
    live.page.wait_for_function("() => document.title === 'My controls 1 – navlayers'")
    changed = LOGS.replace("T1110: {detect: minimal}", "T1059.001: {detect: minimal}")
    live.write(HEAD + MFA + changed)
    live.wait("saved", "PowerShell")
    gained, lost = "+1 covered T1059.001 PowerShell", "−1 no longer covered T1110 Brute Force"
    assert live.part("saved") == f"Last change: {gained}{lost}"
    live.write(HEAD + MFA + changed.replace("minimal", "significant"))
    live.wait("saved", "1 other score T1059.001 PowerShell 10 → 100")
    live.page.locator("[data-set=cloud]").click()
    live.page.wait_for_function("() => document.querySelector('[data-live=saved]').hidden")


def test_a_broken_file_shows_its_findings_and_keeps_the_last_good_state(live: Live) -> None:
    live.choose_view("My controls")
    live.write(HEAD + MFA + LOGS.replace("T1110", "T1x10"))
    live.wait("findings", "malformed-technique")
    text = live.part("findings")
    assert f"{live.folder / 'mine.yaml'} can't be read; showing the last good version." in text
    assert f"{live.folder / 'mine.yaml'}:13:7 error: malformed-technique" in text
    assert live.score("T1110") == "10"
    live.write(HEAD + MFA)
    live.wait_for_score("T1110", "")
    assert "can't be read" not in live.part("findings")


def test_a_folder_that_goes_and_comes_back_is_followed(live: Live) -> None:
    away = live.folder.with_name("away")
    live.folder.rename(away)
    live.wait("findings", "no such file")
    assert live.score("T1078") == "100"
    away.rename(live.folder)
    live.page.wait_for_function(
        "() => !document.querySelector('[data-live=findings]').textContent.includes('no such')"
    )
    live.choose_view("My controls")
    live.write(HEAD + LOGS)
    live.wait_for_score("T1078", "50")


def test_rapid_saves_end_with_the_last(live: Live) -> None:
    live.choose_view("My controls")
    for number in range(40):
        (live.folder / "mine.yaml").write_text(HEAD.replace("My controls", f"Try {number}") + MFA, encoding="utf-8")
        time.sleep(0.01)
    live.wait("title", "Try 39 1")
    live.page.wait_for_timeout(300)
    assert live.part("title") == "Try 39 1 · Google Cloud 2025-03-06"
    assert not live.part("problems")


def test_the_slider_gives_the_plan_of_the_command(live: Live) -> None:
    slider = live.page.locator("#budget")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    live.wait("steps", "Choose 3 of ")
    live.wait("steps", "proven optimal")
    plan = navlayers.plan(live.folder / "mine.yaml", live.folder / "cloud.yaml", budget=3)
    names = live.page.locator("[data-live=steps] tbody tr td:nth-child(2)").all_text_contents()
    labels = {each.id: each.name for each in plan.appraisals}
    assert [name.partition(" (")[0] for name in names] == [labels[id_] for id_ in plan.chosen]
    assert live.page.locator("[data-control=views] [aria-pressed=true]").text_content() == "Plan: 3 capabilities"
    # The plan is in the address.
    live.page.reload()
    live.wait("steps", "Choose 3 of ")
    assert live.page.locator("[data-control=views] [aria-pressed=true]").text_content() == "Plan: 3 capabilities"


def test_a_threat_shows_its_coverage_and_gaps(live: Live) -> None:
    live.page.locator("[data-live=threat]").fill("APT29 (G0016)")
    live.page.locator("[data-live=threat]").press("Enter")
    live.wait("told", "techniques of APT29")
    gaps = navlayers.gaps(live.folder / "mine.yaml", live.folder / "cloud.yaml", threat="APT29")
    assert f"cover {gaps.total.covered} of {gaps.total.techniques} techniques of APT29" in live.part("told")
    views = live.page.locator("[data-control=views] button").all_text_contents()
    assert views[-2:] == ["Coverage – APT29", "Gap – APT29"]
    live.page.wait_for_selector("[data-control=views] [aria-pressed=true]:has-text('Gap – APT29')")


def test_sets_are_switched_by_their_buttons(live: Live) -> None:
    live.page.locator("[data-set=cloud]").click()
    live.page.wait_for_function("() => document.title === 'My controls 1 – navlayers'")
    assert live.page.url.endswith("?sets=mine")
    assert not live.page.locator("[data-control=views] button").first.is_visible()


def test_a_shipped_set_is_added_and_removed_and_stays_at_a_reload(live: Live) -> None:
    page = live.page
    page.get_by_text("Add a shipped set").click()
    menu = page.locator("[data-live=sets] details")
    # The server reads them after it has answered the page.
    menu.locator("[data-set=veris-ics]").wait_for()
    assert menu.locator(".soft").all_text_contents() == ["enterprise", "mobile", "ics"]
    menu.get_by_role("button", name="Microsoft Azure", exact=True).click()
    live.wait("title", "My controls 1 · Google Cloud 2025-03-06 · Microsoft Azure 2025-04-26")
    added = page.get_by_role("button", name="Microsoft Azure ✕", exact=True)
    assert page.evaluate("() => document.activeElement.textContent") == added.text_content()
    assert not menu.locator("[data-set=azure]").count()
    page.reload()
    live.wait("title", "Microsoft Azure 2025-04-26")
    added.click()
    page.wait_for_function("() => document.title === 'My controls 1, Google Cloud 2025-03-06 – navlayers'")
    assert menu.locator("[data-set=azure]").count() == 1
    assert page.evaluate("() => document.activeElement.textContent") == "Add a shipped set"
    assert page.url == live.address


def test_what_moved_files_in_git_is_shown_once_the_section_is_open(live: Live) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "mine.yaml"), (*who, "commit", "-q", "-m", "First")):
        subprocess.run(["git", *words], cwd=live.folder, check=True)
    try:
        live.page.get_by_text("Over time", exact=True).click()
        live.wait("moves", "1 commit, so nothing moved")
        assert "cloud.yaml: no commit of the current branch has this file" in live.part("moves")
        live.write(HEAD + MFA)
        live.wait("moves", "Logs no longer covers T1110")
        assert "not committed" in live.part("moves")
    finally:
        shutil.rmtree(live.folder / ".git")


def test_what_is_shown_can_be_downloaded(live: Live, tmp_path: Path) -> None:
    live.page.locator("[data-set=cloud]").click()
    live.page.wait_for_function("() => document.title === 'My controls 1 – navlayers'")
    name, data = live.download("Layer")
    navlayers.build(live.folder / "mine.yaml", output=tmp_path / "layers", only=["overview"])
    assert name == "my-controls-1-overview.json"
    assert data == (tmp_path / "layers" / "mine" / "overview.json").read_bytes()
    starts = {"SVG": b"<?xml", "PNG": b"\x89PNG", "XLSX": b"PK\x03\x04", "PDF": b"%PDF"}
    for format_, start in starts.items():
        name, data = live.download(format_)
        assert name == f"my-controls-1-overview.{format_.lower()}"
        assert data.startswith(start)
    live.page.get_by_role("button", name="detect", exact=True).click()
    live.page.get_by_label("Score from").fill("20")
    name, data = live.download("Layer")
    layer = json.loads(data)
    assert layer["name"] == "My controls 1 – detect (from 20)"
    assert [(entry["techniqueID"], entry["score"]) for entry in layer["techniques"]] == [("T1078", 50)]


def test_a_dropped_workbook_shows_its_layer_findings_and_gaps_and_leaves_nothing(
    live: Live, tmp_path: Path
) -> None:
    import openpyxl  # noqa: PLC0415 - for this test alone

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ("Technique", "Control", "Score"),
        ("T1059", "<img src=x onerror=alert(1)>", "significant"),
        ("T1078", "MFA", "partial"),
    ):
        book.active.append(row)
    book.save(tmp_path / "theirs.xlsx")
    before = contents(live.folder)
    live.page.locator("[data-live=file]").set_input_files(tmp_path / "theirs.xlsx")
    live.wait("title", "theirs")
    live.wait("findings", "assumed-metadata")
    assert live.part("title") == "theirs · My controls 1 · Google Cloud 2025-03-06"
    # They are beside it until the user takes them away.
    for name in ("mine", "cloud"):
        live.page.locator(f"[data-set={name}]").click()
    live.page.wait_for_function("() => document.title === 'theirs – navlayers'")
    assert live.score("T1059") == "100"
    assert live.page.locator("main img").count() == 0
    name, data = live.download("Layer")
    navlayers.build(tmp_path / "theirs.xlsx", output=tmp_path / "layers", only=["overview"])
    assert name == "theirs-overview.json"
    assert data == (tmp_path / "layers" / "theirs" / "overview.json").read_bytes()
    live.page.locator("[data-live=threat]").fill("APT29 (G0016)")
    live.page.locator("[data-live=threat]").press("Enter")
    gaps = navlayers.gaps(tmp_path / "theirs.xlsx", threat="APT29")
    live.wait("told", f"theirs covers {gaps.total.covered} of {gaps.total.techniques} techniques of APT29")
    # The matrix shows the gaps now, and what is shown is downloaded.
    assert live.download("Layer")[0] == "gap-apt29.json"
    assert contents(live.folder) == before


DROP = """([name, text]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name));
  for (const type of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }));
  }
}"""


def test_a_dropped_file_that_is_wrong_shows_why_and_leaves_the_rest(live: Live) -> None:
    live.page.evaluate(DROP, ["wrong.csv", "technique,control\nT1x,MFA\n"])
    live.wait("problems", "Can't read wrong.csv; see the errors below.")
    assert "wrong.csv:2:1 error: malformed-technique" in live.part("findings")
    assert live.part("title") == "My controls 1 · Google Cloud 2025-03-06"
    assert live.page.locator("[data-live=sets] > div > button[aria-pressed=true]").count() == 2
    assert live.page.url == live.address


def test_a_file_is_not_added_to_four_sets(live: Live) -> None:
    live.page.goto(f"{live.address}?sets=mine,cloud,aws,azure")
    live.wait("title", "Microsoft Azure")
    live.page.evaluate(DROP, ["fifth.csv", "technique,control\nT1078,MFA\n"])
    live.wait("problems", "4 sets are shown; remove one to add fifth.csv.")
    assert "fifth" not in live.part("sets") + live.part("title")


def test_a_file_of_another_domain_is_shown_alone(live: Live) -> None:
    live.page.evaluate(DROP, ["phone.csv", "technique,control,score\nT1660,Training,significant\n"])
    live.wait("title", "phone")
    assert live.part("title") == "phone"
    live.wait("problems", "different ATT&CK domains")
    live.page.locator("[data-set=mine]").click()
    live.page.wait_for_function("() => document.title === 'My controls 1 – navlayers'")


def test_the_verdict_stands_before_the_controls(live: Live) -> None:
    comparison = navlayers.compare(live.folder / "mine.yaml", live.folder / "cloud.yaml")
    covered, every = comparison.active - len(comparison.gaps), comparison.active
    assert live.part("verdict") == (
        f"{round(100 * covered / every)}% of ATT&CK Enterprise 16.1 covered by My controls or Google Cloud: "
        f"{covered} of {every} techniques and sub-techniques{comparison.hole.text}"
    )
    live.page.set_viewport_size({"width": 400, "height": 800})
    above = "() => document.querySelector('.verdict').getBoundingClientRect().bottom"
    assert live.page.evaluate(above) < live.page.evaluate(above.replace("verdict", "controls"))
    # The squares of a folded tactic end below its button.
    apart = """() => [...document.querySelectorAll('.column')].every((column) => {
      const [button, square] = ['.unfold', 'i'].map((one) => column.querySelector(one).getBoundingClientRect());
      return button.bottom <= square.top;
    })"""
    assert live.page.evaluate(apart)


def test_the_page_is_accessible_in_both_themes_and_on_a_phone(live: Live) -> None:
    assert not axe(live.page, "[data-live=history]")
    # The rest of Mobile, for axe-core takes time with the number of elements.
    live.page.goto(f"{live.address}?sets=attack_mitigations-mobile")
    live.wait("title", "Mitigations")
    live.page.evaluate(DROP, ["phone.csv", "technique,control,score\nT1660,Training,significant\n"])
    live.wait("title", "phone · ATT&CK Mitigations")
    live.page.wait_for_selector("[data-control=views] button:has-text('All together')")
    for scheme, rules in SCHEMES.items():
        live.page.emulate_media(color_scheme=scheme)
        shot(live.page, f"serve-{scheme}", whole=False)
        assert not axe(live.page, rules=rules)
    live.page.emulate_media(color_scheme="light")
    live.page.set_viewport_size({"width": 400, "height": 800})
    assert no_sideways_scroll(live.page)
    assert not axe(live.page)
    shot(live.page, "serve-phone")
