"""File names from ids: safe on every file system, never colliding, never outside the folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
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
    names = {identifier: slug(identifier) for identifier in ids}
    while True:
        times = Counter(names.values())
        bad = [i for i, name in names.items() if not name or times[name] > 1 or RESERVED.fullmatch(name)]
        changed = {identifier: _hashed(identifier) for identifier in bad}
        if changed.items() <= names.items():
            return names
        names.update(changed)


def _hashed(identifier: str) -> str:
    """The slug with a hash behind it; without dots, for a name is reserved up to its first dot."""
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    name = slug(identifier).replace(".", "-")[: LONGEST - 17]
    return f"{name}-{digest}" if name else digest
