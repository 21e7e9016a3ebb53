"""The templates of HTML pages, which all escape what they are given and fail where something is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment


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
