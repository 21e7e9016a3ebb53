"""A page as one HTML file that needs nothing beside it: no script, no font, no picture."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers._text import plain
from navlayers.layer.colors import text_color
from navlayers.output import templates
from navlayers.pages.show.layout import blocks, title

if TYPE_CHECKING:
    from jinja2 import Template

    from navlayers.pages.show.results import Page


def render(page: Page) -> str:
    """The page as HTML; all text is escaped, and only http(s) addresses are links."""
    return _template().render(title=plain(title(page)), blocks=blocks(page))


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = templates.environment("navlayers.pages.show", templates.finalize)
    environment.filters["ink"] = text_color
    return environment.get_template("page.html.jinja")
