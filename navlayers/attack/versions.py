"""Versions of ATT&CK as users write them: "16.1", "v16", "16", "latest"."""

from __future__ import annotations

import re

import msgspec

LATEST = "latest"

_VERSION = re.compile(r"v?([0-9]{1,4})(?:\.([0-9]{1,4}))?", re.IGNORECASE)


class Wanted(msgspec.Struct, frozen=True):
    """A requested release: by major and minor number, by major number only, or (both None) the newest."""

    major: int | None = None
    minor: int | None = None


def parse_wanted(text: str) -> Wanted | None:
    """The requested release; None if the text is not a version."""
    text = text.strip()
    if text.casefold() == LATEST:
        return Wanted()
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    return Wanted(int(match[1]), None if match[2] is None else int(match[2]))


def canonical(text: str) -> str | None:
    """A version as "major.minor", with 0 for a missing minor; None if the text is not a version."""
    wanted = parse_wanted(text)
    return None if wanted is None or wanted.major is None else f"{wanted.major}.{wanted.minor or 0}"


def number(version: str) -> tuple[int, int]:
    """A canonical version as numbers, so that 9.0 sorts before 10.1."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def choose(wanted: Wanted, versions: list[str]) -> str | None:
    """The version that matches best; None if none has the requested major.

    A major without a minor matches its newest minor. A missing minor matches the nearest one, or the newer of two.
    """
    fitting = [version for version in versions if wanted.major in (None, number(version)[0])]
    if wanted.minor is None:
        return max(fitting, key=number, default=None)
    asked = wanted.minor
    return min(fitting, key=lambda version: (abs(number(version)[1] - asked), -number(version)[1]), default=None)
