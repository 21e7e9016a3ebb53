"""The page of the explorer: its HTML, its script and its style, the same for all sets."""

from __future__ import annotations

from functools import lru_cache

from navlayers.output.html import bundle, documents, source
from navlayers.web.explorer import SCRIPTS

_PARTS = ("questions", "planner", "over_time", "last_save", "downloads", "live")
_SCRIPTS = (*SCRIPTS, *(f"web/{part}.js" for part in _PARTS))
_STYLES = ("output/base.css", "web/explorer.css", "web/live.css")


@lru_cache(maxsize=1)
def live_page() -> str:
    """The HTML: controls without data, which the script fetches."""
    return documents().get_template("live.html.jinja").render(title="navlayers")


def theme() -> str:
    """The script of the theme, which has to run before the page is drawn."""
    return str(source("web/base.js"))


def script() -> str:
    """The script of the explorer."""
    return str(bundle(*_SCRIPTS))


def style() -> str:
    """The style sheet."""
    return str(source(*_STYLES))
