"""The version of navlayers."""

from __future__ import annotations

from functools import cache


@cache
def version() -> str:
    """The version that is installed."""
    from importlib import metadata  # noqa: PLC0415 - few commands need it

    return metadata.version("navlayers")
