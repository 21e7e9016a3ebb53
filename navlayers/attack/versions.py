"""ATT&CK version numbers as people write them: "16.1", "v16", "16", "latest"."""

import re
from typing import NamedTuple

LATEST = "latest"

_VERSION = re.compile(r"v?([0-9]{1,4})(?:\.([0-9]{1,4}))?", re.IGNORECASE)


class Wanted(NamedTuple):
    """A release as asked for: by major and minor number, by major number alone, or (both None) the newest."""

    major: int | None = None
    minor: int | None = None


def parse_wanted(text: str) -> Wanted | None:
    """What `text` asks for; None where it is not a version: empty, a placeholder, more than two numbers."""
    text = text.strip()
    if text.casefold() == LATEST:
        return Wanted()
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    return Wanted(int(match[1]), None if match[2] is None else int(match[2]))


def canonical(text: str) -> str | None:
    """A release's own number as "major.minor", a missing minor being 0; None where it is not a version."""
    wanted = parse_wanted(text)
    return None if wanted is None or wanted.major is None else f"{wanted.major}.{wanted.minor or 0}"


def number(version: str) -> tuple[int, int]:
    """A canonical version as numbers, so that 9.0 sorts before 10.1."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def choose(wanted: Wanted, versions: list[str]) -> str | None:
    """The version of `versions` that `wanted` means; None where none is of its major.

    A major alone means its newest minor; a minor that is not there means the nearest, the newer of two.
    """
    fitting = [version for version in versions if wanted.major in (None, number(version)[0])]
    if wanted.minor is None:
        return max(fitting, key=number, default=None)
    asked = wanted.minor
    return min(fitting, key=lambda version: (abs(number(version)[1] - asked), -number(version)[1]), default=None)
