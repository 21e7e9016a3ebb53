"""Slugs: ids as names of files, different on every file system."""

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
"""Names that Windows reserves for devices, with any ending."""


def slug(text: str) -> str:
    """The text as lower-case letters, digits, dots, hyphens and underscores; "" if it has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"-?[^a-z0-9._-]+-?", "-", plain).strip("-._ ")[:LONGEST].strip("-._ ")


def slugs(ids: Iterable[str]) -> dict[str, str]:
    """Id → slug; all are different, also on file systems that ignore case.

    An id whose slug is empty, reserved or a duplicate gets a part of its own hash, so that the slugs do not depend
    on the order of the ids.
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
    """The slug and a hash, without dots: Windows reserves names up to their first dot."""
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    name = slug(identifier).replace(".", "-")[: LONGEST - 17]
    return f"{name}-{digest}" if name else digest
