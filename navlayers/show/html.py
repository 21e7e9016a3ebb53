"""A page as one HTML file that needs nothing beside it: no script, no font, no picture."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers.show.layout import blocks, title
from navlayers.textwidth import plain

if TYPE_CHECKING:
    from jinja2 import Template

    from navlayers.show.pages import Page


def render(page: Page) -> str:
    """The page as HTML; all text is escaped, and only http(s) addresses are links."""
    return _template().render(title=plain(title(page)), blocks=blocks(page))


def ink(colour: str) -> str:
    """Black or white, whichever is read better on `#rrggbb` (WCAG 2.1 contrast)."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "#ffffff"


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - slow, and for this format alone

    environment = Environment(
        loader=PackageLoader("navlayers.show", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
    )
    environment.filters["ink"] = ink
    return environment.get_template("page.html.jinja")


def _finalize(value: object) -> object:
    """Control characters have no place in HTML."""
    return plain(value) if type(value) is str else value
