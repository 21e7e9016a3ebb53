"""The watch that the tests of pages keep: each kind of thing that a page must not do is noticed."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

import browser_helpers
import pytest
from browser_helpers import (
    NAMES,
    OpenPage,
    axe,
    chromium_path,
    is_local,
    lacking,
    no_sideways_scroll,
    pdf_pages,
    print_pdf,
    serve,
    shot,
    watched,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

ELSEWHERE = "http://192.0.2.1"
"""Of the addresses that documents may use; no machine has it."""


def page(folder: Path, body: str, head: str = "", name: str = "page.html") -> Path:
    path = folder / name
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
        f"{head}</head><body><main><h1>A page</h1>{body}</main></body></html>",
        encoding="utf-8",
    )
    return path


def policy(content: str) -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">'


def hash_of(script: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_a_plain_page_is_clean(open_page: OpenPage, tmp_path: Path) -> None:
    visit = open_page(page(tmp_path, "<p>Nothing happens.</p>"))
    visit.check()
    assert visit.requests == [(tmp_path / "page.html").as_uri()]
    assert 0 < visit.seconds_to_load() < 10


WRONG = (
    ("<script>console.error('oh no')</script>", "console error: oh no"),
    ("<script>console.warn('well')</script>", "console warning: well"),
    ("<script>throw new Error('thrown')</script>", "uncaught: thrown"),
    ("<script>setTimeout(() => { throw new Error('late') }, 20)</script>", "uncaught: late"),
    ("<script>Promise.reject(new Error('refused'))</script>", "uncaught: refused"),
    ("<script>alert('hello')</script>", "dialog: alert hello"),
    (f"<img alt='' src='{ELSEWHERE}/'>", f"leaves the machine: {ELSEWHERE}/"),
    (f"<script>fetch('{ELSEWHERE}/').catch(() => 0)</script>", f"leaves the machine: {ELSEWHERE}/"),
    (f"<iframe title='x' src='{ELSEWHERE}/'></iframe>", f"leaves the machine: {ELSEWHERE}/"),
    (f"<link rel='stylesheet' href='{ELSEWHERE}/'>", f"leaves the machine: {ELSEWHERE}/"),
    ("<script>new WebSocket('ws://192.0.2.1/')</script>", "leaves the machine: ws://192.0.2.1/"),
    (f"<script>navigator.sendBeacon('{ELSEWHERE}/')</script>", f"leaves the machine: {ELSEWHERE}/"),
    ("<img alt='' src='https://example.org/'>", "leaves the machine: https://example.org/"),
    ("<img alt='' src='missing.png'>", "console error: Failed to load resource"),
)
"""What a page must not do, and what is told of it."""


def test_what_a_page_must_not_do_is_told(open_page: OpenPage, tmp_path: Path) -> None:
    visit = open_page("about:blank")
    for body, told in WRONG:
        visit.page.goto(page(tmp_path, body).as_uri())
        with pytest.raises(AssertionError) as failure:
            visit.check()
        assert told in str(failure.value), body


def test_what_was_told_is_forgotten(open_page: OpenPage, tmp_path: Path) -> None:
    visit = open_page(page(tmp_path, "<script>console.error('once')</script>"))
    with pytest.raises(AssertionError):
        visit.check()
    visit.check()


def test_a_breach_of_the_pages_own_policy_is_an_error(open_page: OpenPage, tmp_path: Path) -> None:
    visit = open_page("about:blank")
    for body in (
        "<script>document.title = 'run'</script>",
        "<p style='color: red'>styled</p>",
        "<details open ontoggle='0'><summary>a</summary>b</details>",
        f"<img alt='' src='{ELSEWHERE}/'>",
    ):
        visit.page.goto(page(tmp_path, body, policy("default-src 'none'")).as_uri())
        assert visit.page.title() == "A page"
        with pytest.raises(AssertionError, match="Content Security Policy"):
            visit.check()


def test_a_test_is_failed_by_a_page_when_it_ends(browser: Browser, tmp_path: Path) -> None:
    windows = OpenPage(browser)
    with pytest.raises(AssertionError, match="oh no"), watched(windows):  # noqa: PT012
        bad = windows(page(tmp_path, "<script>console.error('oh no')</script>")).page
        clean = windows(page(tmp_path, "<p>Clean.</p>", name="clean.html")).page
    assert bad.is_closed()
    assert clean.is_closed()


def test_a_window_that_did_wrong_is_not_used_again(browser: Browser, tmp_path: Path) -> None:
    windows = OpenPage(browser)
    with watched(windows):
        visit = windows(page(tmp_path, "<script>console.error('once')</script>"))
        with pytest.raises(AssertionError):
            visit.check()
    assert visit.page.is_closed()


def test_a_window_is_as_new_for_the_next_test(browser: Browser, tmp_path: Path) -> None:
    path = page(tmp_path, "<p id='low' style='margin-top: 2000px'>Low</p><style>h1:hover { opacity: 0.5 }</style>")
    windows = OpenPage(browser)
    states = []
    for _ in range(2):
        with watched(windows):
            visit = windows(path)
            states.append(
                visit.page.evaluate(
                    """() => [localStorage.length, sessionStorage.length, scrollY, innerWidth, location.hash,
                        matchMedia('print').matches, getComputedStyle(document.querySelector('h1')).opacity]"""
                )
            )
            assert visit.requests == [path.as_uri()]
            visit.page.evaluate("() => { localStorage.a = sessionStorage.b = '1'; location.hash = 'low'; }")
            visit.page.emulate_media(media="print", color_scheme="dark")
            visit.page.locator("h1").hover()
            visit.page.set_viewport_size({"width": 400, "height": 300})
    assert states == [[0, 0, 0, 1440, "", False, "1"]] * 2
    assert windows(path).page is visit.page
    visit.page.context.close()


def test_other_windows_are_watched(open_page: OpenPage, tmp_path: Path) -> None:
    page(tmp_path, "<script>console.error('from the other')</script>", name="other.html")
    visit = open_page(page(tmp_path, "<a href='other.html' target='_blank'>Other</a>"))
    with visit.page.expect_popup():
        visit.page.get_by_role("link").click()
    with pytest.raises(AssertionError, match="from the other"):
        visit.check()


def test_a_window_is_as_asked(open_page: OpenPage, tmp_path: Path) -> None:
    path = page(tmp_path, "<p>Here.</p>")
    visit = open_page(path, width=400, height=300, scheme="dark", reduced_motion=True)
    asked = "['(prefers-color-scheme: dark)', '(prefers-reduced-motion: reduce)'].map(q => matchMedia(q).matches)"
    assert visit.page.evaluate(f"[innerWidth, innerHeight, ...{asked}]") == [400, 300, True, True]
    assert open_page(path).page.evaluate(f"[innerWidth, innerHeight, ...{asked}]") == [1440, 900, False, False]


def test_a_page_without_script(open_page: OpenPage, tmp_path: Path) -> None:
    body = "<script>document.title = 'run'</script><noscript><p>Without</p></noscript>"
    visit = open_page(page(tmp_path, body), script=False)
    assert visit.page.title() == "A page"
    assert visit.page.locator("noscript p").is_visible()


def test_axe_says_what_hinders_readers_and_where(open_page: OpenPage, tmp_path: Path) -> None:
    body = "<p id='faint' style='color: #ccc'>Faint</p><button></button>"
    found = axe(open_page(page(tmp_path, body)).page)
    assert [line.split(":")[0] for line in found] == [
        "critical button-name at button",
        "serious color-contrast at #faint",
    ]
    assert all("\n" not in line for line in found)


def test_axe_looks_at_a_part(open_page: OpenPage, tmp_path: Path) -> None:
    visit = open_page(page(tmp_path, "<div id='part'>Well</div><button></button>"))
    assert axe(visit.page, within="#part") == []
    assert len(axe(visit.page)) == 1


def test_axe_tells_how_many_more_there_are(open_page: OpenPage, tmp_path: Path) -> None:
    found = axe(open_page(page(tmp_path, "<button></button>" * 12)).page)
    assert len(found) == 6
    assert found[-1] == "critical button-name at 7 more"


def test_axe_works_under_a_strict_policy_and_leaves_no_trace(open_page: OpenPage, tmp_path: Path) -> None:
    script = "document.querySelector('p').textContent = 'run'"
    head = policy(f"default-src 'none'; script-src {hash_of(script)}")
    visit = open_page(page(tmp_path, f"<p></p><script>{script}</script>", head))
    assert visit.page.get_by_text("run").is_visible()
    assert axe(visit.page) == []
    assert axe(visit.page) == []
    assert visit.page.evaluate("typeof axe") == "undefined"


def test_sideways_scroll_is_noticed(open_page: OpenPage, tmp_path: Path) -> None:
    path = page(tmp_path, "<div style='width: 500px'>Wide</div>")
    assert no_sideways_scroll(open_page(path, width=600).page)
    assert not no_sideways_scroll(open_page(path, width=400).page)


def test_pages_of_a_print_are_counted(open_page: OpenPage, tmp_path: Path) -> None:
    body = "".join(f"<p style='break-after: page'>Page {number}</p>" for number in range(1, 13)) + "<p>Last</p>"
    data = print_pdf(open_page(page(tmp_path, body)).page)
    assert data.startswith(b"%PDF-")
    assert pdf_pages(data) == 13


def test_shots_are_taken_where_asked(open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = open_page(page(tmp_path, "<p>Here.</p>"))
    monkeypatch.delenv("NAVLAYERS_SHOTS", raising=False)
    shot(visit.page, "not")
    monkeypatch.setenv("NAVLAYERS_SHOTS", str(tmp_path / "shots"))
    shot(visit.page, "taken")
    assert [path.name for path in tmp_path.rglob("*.png")] == ["taken.png"]


def test_a_folder_is_served(open_page: OpenPage, tmp_path: Path) -> None:
    page(tmp_path, "<p>There.</p>", name="two.html")
    page(tmp_path, "<a href='two.html'>Two</a>", name="index.html")
    with serve(tmp_path) as address:
        visit = open_page(address)
        visit.page.get_by_role("link").click()
        assert visit.page.get_by_text("There.").is_visible()
        assert visit.requests == [address, f"{address}two.html"]
        visit.check()


def test_what_would_leave_the_machine_is_not_sent(open_page: OpenPage, tmp_path: Path) -> None:
    with serve(tmp_path) as address:
        image = f"{address}page.html".replace("127.0.0.1", "localhost")
        visit = open_page(page(tmp_path, f"<img alt='' src='{image}'>"))
        with pytest.raises(AssertionError) as failure:
            visit.check()
    assert f"leaves the machine: {image}" in str(failure.value)
    assert "ERR_NAME_NOT_RESOLVED" in str(failure.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("file:///tmp/page.html", True),
        ("data:image/png;base64,AA==", True),
        ("blob:null/1", True),
        ("about:blank", True),
        ("http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1.example.org/", False),
        ("https://example.org/?127.0.0.1", False),
        ("http://192.0.2.1/", False),
        ("file://elsewhere/share/page.html", False),
    ],
)
def test_what_is_on_this_machine(url: str, local: bool) -> None:
    assert is_local(url) == local


def test_what_is_lacking_skips_but_not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such thing"):
        lacking("no such thing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no such thing"):
        lacking("no such thing")


def test_the_browser_is_found_by_name_or_by_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NAVLAYERS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="NAVLAYERS_CHROMIUM"):
        chromium_path()
    for name in (NAMES[-1], "mine"):
        (tmp_path / name).touch(mode=0o755)
    assert chromium_path() == str(tmp_path / NAMES[-1])
    monkeypatch.setenv("NAVLAYERS_CHROMIUM", str(tmp_path / "mine"))
    assert chromium_path() == str(tmp_path / "mine")
    monkeypatch.setenv("NAVLAYERS_CHROMIUM", str(tmp_path / "absent"))
    with pytest.raises(pytest.skip.Exception, match="absent"):
        chromium_path()


def test_axe_is_found_by_variable(open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    visit = open_page(page(tmp_path, "<p>Here.</p>"))
    monkeypatch.setenv("NAVLAYERS_AXE", str(tmp_path / "absent.js"))
    with pytest.raises(pytest.skip.Exception, match=r"absent\.js"):
        axe(visit.page)
    monkeypatch.setenv("NAVLAYERS_AXE", str(browser_helpers.AXE))
    assert axe(visit.page) == []
