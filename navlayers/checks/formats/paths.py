"""Paths as the tools want them that show findings beside code: relative to the current folder, with slashes."""

from __future__ import annotations

from pathlib import Path


def relative(path: str) -> str:
    """The path relative to the current folder where it is below it, else as it stands; with slashes."""
    found = Path(path)
    if found.is_absolute():
        here = Path.cwd()
        if found.is_relative_to(here):
            found = found.relative_to(here)
    return found.as_posix()
