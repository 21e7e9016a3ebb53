"""The templates of HTML pages, which all escape what they are given and fail where something is missing.

Beside them what all pages have in common: what becomes of their texts, and how a policy names what may run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers._text import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment
    from markupsafe import Markup

_BREAKS = re.compile(r"(?<=[A-Za-z]/)(?=[A-Za-z])|(?<=[A-Za-z]_)(?=[A-Za-z])|(?<=[a-z]{3})(?=[A-Z][a-z]{2})")


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
    if type(value) is not str:
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
