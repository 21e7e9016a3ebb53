"""A page as one HTML file that needs nothing beside it: no script, no font, no picture."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers import templates
from navlayers.render.colours import text_color
from navlayers.show.layout import blocks, title
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from jinja2 import Template

    from navlayers.show.pages import Page


def render(page: Page) -> str:
    """The page as HTML; all text is escaped, and only http(s) addresses are links."""
    return _template().render(title=plain(title(page)), blocks=blocks(page))


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = templates.environment("navlayers.show", templates.finalize)
    environment.filters["ink"] = text_color
    return environment.get_template("page.html.jinja")
