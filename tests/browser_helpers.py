"""Pages in a real Chromium, watched: what they log, what they throw, what they ask for.

A test takes the fixture `open_page` of conftest.py:

    def test_opens(open_page: OpenPage, tmp_path: Path) -> None:
        visit = open_page(tmp_path / "report.html", width=400, scheme="dark")
        visit.page.get_by_role("button", name="Expand").click()
        assert no_sideways_scroll(visit.page)
        assert not axe(visit.page)
        shot(visit.page, "report-dark")

When the test ends, each visit is checked: a warning or an error on the console (a breach of the page's own
Content-Security-Policy is one), an uncaught exception, a dialog, a request that would leave the machine: each
of them fails the test. `visit.check()` does the same at once, and forgets what it told.

| variable | what |
| --- | --- |
| `NAVLAYERS_CHROMIUM` | the browser, where it is not on PATH under a usual name |
| `NAVLAYERS_AXE` | `axe.min.js`, where it is not below `tests/node_modules` |
| `NAVLAYERS_SHOTS` | a folder in which `shot` puts its pictures; unset, it takes none |
| `CI` | `true`: what is missing fails the tests that need it, instead of skipping them |
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, WebError

_SHELL = "chromium-headless-shell"
NAMES = (_SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SECONDS_TO_WAIT = 15
"""How long an action or a navigation may take before it fails."""
MILLISECONDS_TO_SETTLE = 50
"""How long a page may still do something wrong before it is checked."""
COLOR_RULES = ("color-contrast", "link-in-text-block")
"""The rules of axe-core that a color scheme can break, of those that are on by default."""
SCHEMES: dict[Literal["light", "dark"], tuple[str, ...]] = {"light": (), "dark": COLOR_RULES}
"""Color scheme → the rules to run when a page is looked at in both, all of them first."""
PLACES_TOLD = 5
"""Of each kind of thing that axe-core finds."""

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that asks for another machine is told of; the question itself stays here.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_LOCAL_SCHEMES = {"file", "data", "blob", "about"}
_SETTLED = "wait => new Promise(done => setTimeout(done, wait))"
_OTHER_IMPACTS = """impacts => Object.fromEntries(axe._audit.rules.filter(
  ({ impact }) => impact && !impacts.includes(impact)).map(({ id }) => [id, { enabled: false }]))"""
"""What a rule finds has the rule's impact: to run those that are not asked for takes a third of the time."""
_LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"

Scheme = Literal["light", "dark"]


def lacking(what: str) -> NoReturn:
    """Skip the test for want of something; in CI, where nothing may be wanting, fail it."""
    if os.environ.get("CI", "").lower() in {"", "0", "false"}:
        pytest.skip(what)
    pytest.fail(what)


def chromium_path() -> str:
    """The browser: `NAVLAYERS_CHROMIUM` or the first usual name on PATH; skips where there is none."""
    names = [name] if (name := os.environ.get("NAVLAYERS_CHROMIUM")) else NAMES
    for name in names:
        if found := shutil.which(name):
            return found
    lacking(f"no Chromium: {', '.join(names)} not found; set NAVLAYERS_CHROMIUM")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser, without a window."""
    executable = chromium_path()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - half a second, and most tests open no page

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS), headless=True)
        yield browser
        browser.close()


def is_local(url: str) -> bool:
    """Whether what is asked for is on this machine: a file, part of the page itself, or 127.0.0.1."""
    parts = urlsplit(url)
    return parts.hostname == "127.0.0.1" or (parts.scheme in _LOCAL_SCHEMES and not parts.netloc)


class Visit:
    """A page that is open, and what it did that it should not."""

    def __init__(self, context: BrowserContext, *, script: bool) -> None:
        self.requests: list[str] = []
        """The address of each request, in order."""
        self.problems: list[str] = []
        """What it did that it should not, a line each; `check` empties it."""
        self._context = context
        self._script = script
        self._clean = True
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("dialog", self._on_dialog)
        context.on("request", lambda request: self._on_request(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._on_request(socket.url)))
        self.page: Page = context.new_page()
        """Playwright's page: locators, mouse, keyboard, `evaluate`."""

    def check(self) -> None:
        """Fail with all that the page did that it should not, and forget it."""
        for page in self._context.pages:
            if self._script:
                page.evaluate(_SETTLED, MILLISECONDS_TO_SETTLE)  # by the page's own clock, however slow the machine
            else:
                page.wait_for_timeout(MILLISECONDS_TO_SETTLE)
        problems, self.problems = self.problems, []
        assert not problems, "\n".join(["the page is not clean:", *problems])

    def emptied(self) -> bool:
        """Whether the window is now as a new one; False where that is not sure, for it did something wrong."""
        if not (self._clean and self._script) or len(self._context.pages) > 1:
            return False
        if self.page.url != "about:blank":
            self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self._context.clear_cookies()
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)
        self.requests = []
        return self._clean

    def seconds_to_load(self) -> float:
        """From the start of the navigation to the end of the page's load event."""
        return float(self.page.evaluate(_LOADED)) / 1000

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            where = message.location
            told = f"{message.text} ({where['url']}:{where['lineNumber'] + 1})"
            self._tell(f"console {message.type}: {told}")

    def _on_error(self, error: WebError) -> None:
        self._tell(f"uncaught: {error.error}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self._tell(f"dialog: {dialog.type} {dialog.message}")
        dialog.dismiss()

    def _on_request(self, url: str) -> None:
        self.requests.append(url)
        if not is_local(url):
            self._tell(f"leaves the machine: {url}")

    def _tell(self, problem: str) -> None:
        self.problems.append(problem)
        self._clean = False


class OpenPage:
    """Opens pages, each in a window of its own, with cookies and storage of its own.

    A clean window is used again by the next test: to start one takes as much time as to load a page into it.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[Visit] = []
        self._idle: list[Visit] = []

    def __call__(
        self,
        where: Path | str,
        *,
        width: int = 1440,
        height: int = 900,
        scheme: Scheme = "light",
        reduced_motion: bool = False,
        script: bool = True,
    ) -> Visit:
        """Open a file or an address, and wait until it is loaded.

        A file with a fragment or a query is an address: `path.as_uri() + "#T1078"`. `width` and `height` are the
        window's, in CSS pixels; `script=False` opens it without JavaScript.
        """
        visit = self._idle.pop() if script and self._idle else self._start(script=script)
        self._open.append(visit)
        if visit.page.viewport_size != {"width": width, "height": height}:
            visit.page.set_viewport_size({"width": width, "height": height})
        motion: Literal["reduce", "no-preference"] = "reduce" if reduced_motion else "no-preference"
        visit.page.emulate_media(media="null", color_scheme=scheme, reduced_motion=motion)
        visit.page.goto(where.resolve().as_uri() if isinstance(where, Path) else where)
        return visit

    def _start(self, *, script: bool) -> Visit:
        context = self._browser.new_context(java_script_enabled=script, locale="en-US", timezone_id="UTC")
        context.set_default_timeout(SECONDS_TO_WAIT * 1000)
        return Visit(context, script=script)

    def check(self) -> None:
        """Check each visit."""
        for visit in self._open:
            visit.check()

    def release(self, *, reuse: bool = True) -> None:
        """Empty the windows that the next test can use, and close the others."""
        opened, self._open = self._open, []
        for visit in opened:
            if reuse and visit.emptied():
                self._idle.append(visit)
            else:
                visit.page.context.close()


@contextmanager
def watched(open_page: OpenPage) -> Iterator[OpenPage]:
    """Pages that are checked when all is done, and released in any case."""
    try:
        yield open_page
        open_page.check()
    except BaseException:
        open_page.release(reuse=False)
        raise
    open_page.release()


def axe(
    page: Page,
    within: str = "html",
    impacts: tuple[str, ...] = ("serious", "critical"),
    *,
    without: str = "",
    rules: Sequence[str] = (),
) -> list[str]:
    """What axe-core finds on the page as it stands: a line for each element, none where all is well.

    Of what is wrong in many places the first few are told, and how many more there are. A page of many thousand
    elements takes ten seconds: `within` and `without`, CSS selectors, choose a part, and `rules` names the ones to
    run, where not all of them are of interest. It runs in a world of its own, so that the page's
    Content-Security-Policy may stay in force. Skips where axe-core is missing.
    """
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
        where = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
        session.send("Runtime.evaluate", {"expression": _axe_source(), **where, "returnByValue": False})
        options = {
            "resultTypes": ["violations"],
            "preload": False,
            **({"runOnly": {"type": "rule", "values": rules}} if rules else {}),
        }
        where_to_look = {"include": [within], "exclude": [without] if without else []}
        without_others = f"{{...{json.dumps(options)}, rules: ({_OTHER_IMPACTS})({json.dumps(impacts)})}}"
        run = f"axe.run({json.dumps(where_to_look)}, {without_others}).then(found => found.violations)"
        answer = session.send("Runtime.evaluate", {"expression": run, **where})
    finally:
        session.detach()
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return [
        line
        for violation in answer["result"]["value"]
        if violation["impact"] in impacts
        for line in _axe_lines(violation)
    ]


def _axe_source() -> str:
    path = Path(os.environ.get("NAVLAYERS_AXE") or AXE)
    if not path.is_file():
        lacking(f"no axe-core at {path.name}: npm install --prefix tests --no-package-lock, or set NAVLAYERS_AXE")
    return path.read_text(encoding="utf-8")


def _axe_lines(violation: dict[str, Any]) -> Iterator[str]:
    for node in violation["nodes"][:PLACES_TOLD]:
        why = re.sub(r"\s+", " ", node["failureSummary"])
        yield f"{violation['impact']} {violation['id']} at {' '.join(map(str, node['target']))}: {why}"
    if (more := len(violation["nodes"]) - PLACES_TOLD) > 0:
        yield f"{violation['impact']} {violation['id']} at {more} more"


def no_sideways_scroll(page: Page) -> bool:
    """Whether all of the page is within the window's width."""
    wide, room = page.evaluate("() => (e => [e.scrollWidth, e.clientWidth])(document.scrollingElement)")
    return bool(wide <= room)


def print_pdf(page: Page, **options: Any) -> bytes:
    """The page as Chromium prints it, in colour, on paper of the size that the page's CSS asks for, else A4."""
    return page.pdf(**{"print_background": True, "prefer_css_page_size": True, "format": "A4", **options})


def pdf_pages(data: bytes) -> int:
    """The number of pages of a PDF that Chromium printed."""
    return len(re.findall(rb"/Type\s*/Page\b", data))


def shot(page: Page, name: str, *, whole: bool = True) -> None:
    """Put a picture of the page, or of the part in the window, into the folder `NAVLAYERS_SHOTS`, if it is set."""
    if folder := os.environ.get("NAVLAYERS_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


class _Quiet(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        # Chromium asks each host for it unbidden; that there is none is no fault of the page.
        if self.path == "/favicon.ico":
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the library
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """A static host of a folder at 127.0.0.1; the address ends in `/`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
