"""Pages of single techniques, tactics, capabilities and groups: `look_up(word, sets)` gives one.

`render(page, format)` makes text, Markdown, HTML or JSON of it.
"""

from __future__ import annotations

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


def look_up(
    word: str, sets: Sequence[Prepared], options: ScoreOptions | None = None, kind: Kind | None = None
) -> Page:
    """The page of what `word` names: an id or a name, in any case.

    Raises:
        UsageError: nothing is called so, or several things are; or the options do not fit a set.
    """
    return page(find(word, sets, kind), sets, options)


def find(word: str, sets: Sequence[Prepared], kind: Kind | None = None) -> Subject:
    """What `word` names: see `navlayers.pages.show.lookup.find`.

    Raises:
        UsageError: nothing is called so, or several things are.
    """
    from navlayers.pages.show import lookup  # noqa: PLC0415 - the names above are wanted for completion, in no time

    return lookup.find(word, sets, kind)


def page(subject: Subject, sets: Sequence[Prepared], options: ScoreOptions | None = None) -> Page:
    """The page of what `find` found.

    Raises:
        UsageError: the options do not fit a set.
    """
    # Each command pays for its own.
    from navlayers.pages.show import build  # noqa: PLC0415
    from navlayers.pages.show.set_index import indexed  # noqa: PLC0415
    from navlayers.scoring.options import ScoreOptions  # noqa: PLC0415

    ready = indexed(sets, options or ScoreOptions())
    if subject.kind == "technique":
        return build.technique_page(subject.id, ready)
    if subject.kind == "tactic":
        return build.tactic_page(subject.id, ready)
    if subject.kind == "capability":
        return build.capability_page(subject.ids, ready)
    return build.group_page(subject.ids, ready)


def render(shown: Page, format_: Format = "text", *, width: int | None = None, styled: bool = False) -> str:
    """A page as text that ends with a line end.

    `width`: columns of the terminal that the text is for; None: lines as long as they are. `styled`: with the
    terminal's bold and dim letters. Both are for text alone.
    """
    if format_ == "json":
        return json_text(shown)
    # Each format is loaded where it is written.
    from navlayers.pages.show.layout import document  # noqa: PLC0415

    made = document(shown)
    if format_ == "md":
        from navlayers.output import markdown  # noqa: PLC0415

        return markdown.render(made)
    if format_ == "html":
        from navlayers.output import html  # noqa: PLC0415

        return html.render(made)
    from navlayers.output import text  # noqa: PLC0415

    return text.render(made, width, styled=styled)
