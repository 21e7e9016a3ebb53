"""HTML: the templates of all pages, which escape what they are given, and documents as pages of their own.

Templates fail where something is missing. Beside them what all pages have in common: what becomes of their texts,
and how a policy names what may run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers._text import plain
from navlayers.layer.colors import text_color
from navlayers.output.document import flat, spans
from navlayers.output.tables import url_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment, Template
    from markupsafe import Markup

    from navlayers.output.document import Document

_BREAKS = re.compile(r"(?<=[A-Za-z]/)(?=[A-Za-z])|(?<=[A-Za-z]_)(?=[A-Za-z])|(?<=[a-z]{3})(?=[A-Z][a-z]{2})")


def render(document: Document) -> str:
    """The document as one HTML file that needs nothing beside it: no script, no font, no picture.

    All text is escaped, and only http(s) addresses are links.
    """
    title = plain(f"{document.key} {document.title}".strip())
    return _template().render(title=title, blocks=[(type(block).__name__, block) for block in flat(document)])


@lru_cache(maxsize=1)
def _template() -> Template:
    found = environment("navlayers.output", finalize)
    found.filters |= {"ink": text_color, "url": url_of}
    found.filters["color"] = lambda cell: getattr(cell, "color", "")
    found.filters["strong"] = lambda cell: getattr(cell, "strong", False)
    found.filters["spans"] = spans
    return found.get_template("document.html.jinja")


def environment(package: str, finalize: Callable[[object], object]) -> Environment:
    """The templates that lie beside the modules of a package; each value goes through `finalize` first."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - slow, and for HTML alone

    return Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=finalize,
    )


def finalize(value: object, *, lines: bool = False) -> object:
    """The value without control characters, which have no place in HTML; `lines`: but for line feeds."""
    # Markup is made of what was cleaned already.
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    if lines and "\n" in value:
        return "\n".join(map(plain, value.split("\n")))
    return plain(value)


@lru_cache(maxsize=4096)
def breakable(text: str) -> Markup:
    """Text that may be broken at slashes, underscores and the humps of names, too, rather than within words."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - for HTML alone

    return Markup("<wbr>").join(escape(finalize(part, lines=True)) for part in _BREAKS.split(text))


def digest(text: str) -> str:
    """What a Content-Security-Policy calls the style or the script that is this text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
