"""Rules for single values, the same in every format. Each gives the clean value and what is to be said about it."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from navlayers.model import CATEGORIES, DECIMAL, DOMAINS, Domain
from navlayers.readers.findings import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable

TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
"""ATT&CK technique and sub-technique ids, as ATT&CK publishes them."""

_NEARLY = re.compile(r"[Tt]?\s*[-_]?([0-9]{4})(?:\s*[./_-]\s*([0-9]{1,3}))?")
_SHOWN = 60


def shown(text: str) -> str:
    """A value as messages quote it: cut when long, control characters made visible."""
    visible = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f'"{visible[:_SHOWN]}…"' if len(visible) > _SHOWN else f'"{visible}"'


def nearest(text: str, names: Iterable[str]) -> str:
    """A question that names the closest of the names, or nothing when none is close."""
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(text.strip().lower()[:_SHOWN], lower, 1, 0.6)
    return f"did you mean {lower[close[0]]}?" if close else ""


def identifier(text: str) -> tuple[str | None, Issue | None]:
    """An id without surrounding blanks; None when nothing is left."""
    clean = text.strip()
    if clean == text:
        return clean or None, None
    if not clean:
        return None, None
    issue = Issue(f"{shown(text)} has blanks around it", hint=f"it is read as {shown(clean)}", fatal=False)
    return clean, issue


def technique(text: str) -> tuple[str | None, Issue | None]:
    """A technique or sub-technique id."""
    clean, issue = identifier(text)
    if clean is None or TECHNIQUE.fullmatch(clean):
        return clean, issue
    nearly = _NEARLY.fullmatch(clean)
    hint = ""
    if nearly:
        sub = f".{nearly[2]:0>3}" if nearly[2] else ""
        hint = f"did you mean T{nearly[1]}{sub}?"
    expected = "a technique id such as T1059 or T1059.001"
    return None, Issue(f"technique id {shown(text)} is malformed", expected, hint)


def category(text: str) -> tuple[str | None, Issue | None]:
    """A score category: protect, detect or respond, in any case."""
    clean = text.strip().lower()
    if not clean or clean in CATEGORIES:
        return clean or None, None
    return None, Issue(f"unknown score category {shown(text)}", one_of(CATEGORIES), nearest(text, CATEGORIES))


def score_value(text: str, scale: Iterable[str]) -> tuple[str | None, Issue | None]:
    """A score value: a name of the scale in any case, or a number from 0 to 100 as text."""
    scale = tuple(scale)
    clean = text.strip()
    if not clean:
        return None, None
    if text in scale:
        return text, None
    names = {name.lower(): name for name in scale}
    if clean.lower() in names:
        return names[clean.lower()], None
    expected = f"{', '.join(names.values())} or a number from 0 to 100"
    if DECIMAL.fullmatch(clean):
        if float(clean) <= 100:
            return clean, None
        return None, Issue(f"score value {shown(text)} is outside the scale", expected)
    if re.match(r"[-+]?\.?[0-9]", clean):
        plain = "write it as a plain decimal number, such as 50 or 72.5"
        return None, Issue(f"score value {shown(text)} is outside the scale", expected, plain)
    return None, Issue(f"unknown score value {shown(text)}", expected, nearest(text, names.values()))


def domain(text: str) -> tuple[Domain | None, Issue | None]:
    """An ATT&CK domain: enterprise, mobile or ics, also as enterprise-attack and in any case."""
    clean = text.strip().lower().removesuffix("-attack")
    for known in DOMAINS:
        if clean == known:
            return known, None
    return None, Issue(f"unknown ATT&CK domain {shown(text)}", one_of(DOMAINS), nearest(text, DOMAINS))


def one_of(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
