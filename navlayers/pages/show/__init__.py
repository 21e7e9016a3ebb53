"""Pages of single techniques, tactics, capabilities and groups.

`find` looks up the subject of a word, `page` builds its page, `render` writes it as text, Markdown, HTML or JSON.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Literal, get_args

from navlayers._text import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.load import Prepared
    from navlayers.pages.show.lookup import Subject
    from navlayers.pages.show.results import Page
    from navlayers.scoring.options import ScoreOptions

__all__ = ["FORMATS", "KINDS", "Format", "Kind", "find", "look_up", "page", "render"]

Kind = Literal["technique", "tactic", "capability", "group"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Format = Literal["text", "md", "html", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

# Shell completion imports this module for the names above, so that the functions import what they need.


def look_up(
    word: str, sets: Sequence[Prepared], options: ScoreOptions | None = None, kind: Kind | None = None
) -> Page:
    """The page of the subject that a word names: an id or a name, in any case.

    Raises:
        UsageError: Nothing has this id or name, or several candidates do; or the options do not fit a set.
    """
    return page(find(word, sets, kind), sets, options)


def find(word: str, sets: Sequence[Prepared], kind: Kind | None = None) -> Subject:
    """The subject that a word names: see `navlayers.pages.show.lookup.find`.

    Raises:
        UsageError: Nothing has this id or name, or several candidates do.
    """
    from navlayers.pages.show import lookup  # noqa: PLC0415

    return lookup.find(word, sets, kind)


def page(subject: Subject, sets: Sequence[Prepared], options: ScoreOptions | None = None) -> Page:
    """The page of a subject.

    Raises:
        UsageError: The options do not fit a set.
    """
    from navlayers.pages.show import build  # noqa: PLC0415
    from navlayers.pages.show.set_index import indexed  # noqa: PLC0415
    from navlayers.scoring.options import ScoreOptions  # noqa: PLC0415

    ready = indexed(sets, options or ScoreOptions())
    if subject.kind == "technique":
        return build.technique_page(subject.id, ready)
    if subject.kind == "tactic":
        return build.tactic_page(subject.id, ready)
    pages = build.capability_page if subject.kind == "capability" else build.group_page
    return pages(subject.ids, ready)


def render(shown: Page, format_: Format = "text", *, width: int | None = None, styled: bool = False) -> str:
    """A page as text that ends with a line feed.

    `width` (columns of the terminal; None: unlimited) and `styled` (bold and dim letters) are for text alone.
    """
    if format_ == "json":
        return json_text(shown)
    from navlayers.pages.show.layout import document  # noqa: PLC0415

    if format_ == "text":
        from navlayers.output import text  # noqa: PLC0415

        return text.render(document(shown), width, styled=styled)
    writer = importlib.import_module({"md": "navlayers.output.markdown", "html": "navlayers.output.html"}[format_])
    rendered: str = writer.render(document(shown))
    return rendered
