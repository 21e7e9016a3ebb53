"""Web addresses in references as people write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_APART = re.compile(r"[;,]?\s+")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_HOST = re.compile(r"[\w:][\w.:-]*")
_QUOTED_TEXT = ":~:"


def web_links(references: Iterable[str]) -> tuple[str, ...]:
    """The http(s) addresses among references, each once; a reference that holds several is split, all else dropped.

    Blanks and quotes around an address go, and so does a fragment that quotes the page's text (`#:~:text=`).
    """
    return tuple(dict.fromkeys(link for reference in references for link in _in_reference(reference)))


@lru_cache(maxsize=10_000)
def _in_reference(reference: str) -> tuple[str, ...]:
    """The addresses in one reference; remembered, for a set has each of them in many mappings."""
    found = []
    for part in _APART.split(reference):
        address = _ADDRESS.search(part)
        if address is None:
            continue
        base, mark, fragment = address[0].strip("\"'<>,;").partition("#")
        fragment = fragment.partition(_QUOTED_TEXT)[0]
        link = f"{base}{mark}{fragment}" if fragment else base
        if _has_host(link) and link.isprintable():
            found.append(link)
    return tuple(found)


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # Ports that are no numbers raise, too.
        return _HOST.fullmatch(parts.hostname or "") is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
