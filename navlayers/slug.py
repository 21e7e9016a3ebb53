"""File names from ids: safe on every file system, never colliding, never outside the folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 80
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.ASCII)
"""Names that Windows keeps for devices, whatever their ending."""


def slug(text: str) -> str:
    """Lower-case letters, digits, dots, hyphens and underscores; "" where nothing of the text remains."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"-?[^a-z0-9._-]+-?", "-", plain).strip("-._ ")[:LONGEST].strip("-._ ")


def slugs(ids: Iterable[str]) -> dict[str, str]:
    """Id → slug, all different even where case does not count.

    An id whose slug is empty, reserved, or that of another id gets a part of its own hash, so that it has the same
    name whatever the order of the ids.
    """
    wanted = {identifier: slug(identifier) for identifier in ids}
    times: dict[str, int] = {}
    for name in wanted.values():
        times[name] = times.get(name, 0) + 1
    good = {name for name, count in times.items() if name and count == 1 and not RESERVED.fullmatch(name)}
    return {identifier: name if name in good else _hashed(identifier, name) for identifier, name in wanted.items()}


def _hashed(identifier: str, name: str) -> str:
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: LONGEST - 9]}-{digest}".lstrip("-") if name else digest
