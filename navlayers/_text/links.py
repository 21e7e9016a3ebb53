"""Web addresses: those in references, and the pages of techniques."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS = re.compile(r"[;,]?\s+")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_HOST = r"[\w:][\w.:-]*"
_QUOTED_TEXT = ":~:"


def web_links(references: Iterable[str]) -> tuple[str, ...]:
    """The http(s) addresses in references, without duplicates; a reference may contain several.

    Blanks and quotes around an address are removed, and fragments that quote the page's text (`#:~:text=`).
    """
    return tuple(dict.fromkeys(link for reference in references for link in _in_reference(reference)))


@lru_cache(maxsize=10_000)
def _in_reference(reference: str) -> tuple[str, ...]:
    """The addresses in one reference; cached, as many mappings of a set share a reference."""
    found = []
    for part in _SEPARATORS.split(reference):
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
        # A port that is not a number raises, too.
        return re.fullmatch(_HOST, parts.hostname or "") is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def technique_url(technique: str) -> str:
    """The address of a technique's page at ATT&CK's site, where a slash replaces the dot."""
    return f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"


def page_label(technique: str, url: str) -> str:
    """The label of the link to a technique's page: "T1059.001 at attack.mitre.org"."""
    return f"{technique} at {urlsplit(url).hostname}"


def is_technique_page(technique: str, label: object, url: object) -> bool:
    """Whether a layer's link leads to the technique's page: at ATT&CK's site, or as navlayers labels it."""
    if not isinstance(url, str):
        return False
    return url.rstrip("/") == technique_url(technique).rstrip("/") or (
        str(label).startswith(f"{technique} at ") and label == page_label(technique, url)
    )
