"""Pages of single techniques, tactics, capabilities and groups.

`look_up` finds a page by id or name, `render` writes it as text, Markdown, HTML or JSON.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.mapping.load import Prepared
    from navlayers.output.terminal import Terminal
    from navlayers.pages.show.results import Page
    from navlayers.scoring.options import ScoreOptions

__all__ = ["FORMATS", "KINDS", "Format", "SubjectKind", "look_up", "render"]

SubjectKind = Literal["technique", "tactic", "capability", "group"]
KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)

Format = Literal["text", "md", "html", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

# Shell completion imports this module for the names above, so the functions import the modules that they need.


def look_up(word: str, sets: Sequence[Prepared], options: ScoreOptions | None = None) -> Page:
    """The page of a technique, tactic, capability or group as data.

    Args:
        word: its id or name in any case.
        sets: the sets to look into.
        options: how mappings become scores.

    Raises:
        UsageError: Nothing has this id or name, or several candidates do; or the options do not fit a set.
    """
    from navlayers.pages.show.build import page  # noqa: PLC0415
    from navlayers.pages.show.lookup import find  # noqa: PLC0415

    return page(find(word, sets), sets, options)


def render(
    shown: Page,
    format_: Format = "text",
    *,
    pages: Mapping[str, str] = {},
    terminal: Terminal | None = None,
) -> str:
    """A page as text that ends with a line feed.

    Args:
        shown: the page.
        format_: one of `FORMATS`.
        pages: addresses that replace those of techniques, see `Catalogue.own_pages`.
        terminal: of "text": its width and colors; None for a file.
    """
    if format_ == "json":
        from navlayers._text.json_text import json_text  # noqa: PLC0415
        from navlayers.pages.show.results import CapabilityPage  # noqa: PLC0415

        return json_text(shown.rounded() if isinstance(shown, CapabilityPage) else shown)
    from navlayers.output.document import with_own_pages  # noqa: PLC0415
    from navlayers.pages.show.layout import document  # noqa: PLC0415

    page = with_own_pages(document(shown), pages)
    if format_ == "text":
        from navlayers.output import text  # noqa: PLC0415

        return text.render(page) if terminal is None else text.render(page, terminal)
    writer = importlib.import_module({"md": "navlayers.output.markdown", "html": "navlayers.output.html"}[format_])
    rendered: str = writer.render(page)
    return rendered
