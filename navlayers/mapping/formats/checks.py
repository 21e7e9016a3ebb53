"""Rules for single values, shared by all formats. Each returns the clean value and an issue, if any."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from navlayers._text import Names, comma_list, or_list, quoted, suggestion
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.model import CATEGORIES, DECIMAL, ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NON_MAPPABLE = "non_mappable"

TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
"""ATT&CK technique and sub-technique ids, as ATT&CK publishes them."""

_DECIMAL_HINT = "write it as a plain decimal number, such as 50 or 72.5"
# As people write ids: t1059, T-1059, 1059.1, T1059/001.
_NEARLY = re.compile(r"[Tt]?\s*[-_]?([0-9]{4})(?:\s*[./_-]\s*([0-9]{1,3}))?")


def identifier(text: str) -> tuple[str | None, Issue | None]:
    """An id without surrounding blanks; None when nothing is left."""
    clean = text.strip()
    if clean == text:
        return clean or None, None
    if not clean:
        return None, None
    issue = Issue(
        f"{quoted(text)} has blanks around it", hint=f"it is read as {quoted(clean)}", fatal=False, code="blanks"
    )
    return clean, issue


def technique(text: str, empty: str = "") -> tuple[str | None, Issue | None]:
    """A technique or sub-technique id. `empty` is the message for an empty text, if that is an error."""
    expected = "a technique id such as T1059 or T1059.001"
    clean, issue = identifier(text)
    if clean is None and empty:
        return None, Issue(empty, expected, code="malformed-technique")
    if clean is None or TECHNIQUE.fullmatch(clean):
        return clean, issue
    nearly = _NEARLY.fullmatch(clean)
    hint = ""
    if nearly:
        sub = f".{nearly[2]:0>3}" if nearly[2] else ""
        hint = f"did you mean T{nearly[1]}{sub}?"
    return None, Issue(f"technique id {quoted(text)} is malformed", expected, hint, code="malformed-technique")


def kind(text: str) -> tuple[str | None, Issue | None]:
    """A status or mapping type; any spelling of non-mappable becomes `non_mappable`."""
    clean, issue = identifier(text)
    return NON_MAPPABLE if clean is not None and says_non_mappable(clean) else clean, issue


def says_non_mappable(text: str) -> bool:
    """Whether a status or type is non_mappable, in any case and with - or _."""
    return text.lower().replace("-", "_") == NON_MAPPABLE


def category(text: str) -> tuple[str | None, Issue | None]:
    """A score category: protect, detect or respond, in any case."""
    clean = text.strip().lower()
    if not clean or clean in CATEGORIES:
        return clean or None, None
    return None, _unknown("score category", text, CATEGORIES, "unknown-category")


class Scale:
    """The names of a scale, indexed for case-insensitive lookup."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self.exact = frozenset(self.names)
        self.lower = {name.lower(): name for name in self.names}
        # With numbers as names, such as 0 to 5, a number that is not among them would be a score on another scale.
        self.numbers = any(map(DECIMAL.fullmatch, self.names))
        others = "" if self.numbers else " or a number from 0 to 100"
        self.expected = f"{or_list(self.names) if self.numbers else comma_list(self.names)}{others}"
        self.near = Names(self.names)


def score_value(text: str, scale: Scale) -> tuple[str | None, Issue | None]:
    """A score value: a name of the scale in any case or, where no name is a number, a number from 0 to 100."""
    clean = text.strip()
    if not clean:
        return None, None
    if text in scale.exact:
        return text, None
    if clean.lower() in scale.lower:
        return scale.lower[clean.lower()], None
    decimal = DECIMAL.fullmatch(clean)
    if decimal and float(clean) <= 100 and not scale.numbers:
        return clean, None
    message, hint = f"unknown score value {quoted(text)}", partial(scale.near.suggestion, text)
    if re.match(r"[-+]?\.?[0-9]", clean):
        message = f"score value {quoted(text)} is outside the scale"
        return None, Issue(message, scale.expected, "" if decimal else _DECIMAL_HINT, code="unknown-value")
    return None, Issue(message, scale.expected, hint, code="unknown-value")


def numeric(text: str) -> bool:
    """Whether a text parses as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def domain(text: str) -> tuple[Domain | None, Issue | None]:
    """An ATT&CK domain: enterprise, mobile or ics, also as enterprise-attack and in any case."""
    clean = text.strip().lower().removesuffix("-attack")
    for known in DOMAINS:
        if clean == known:
            return known, None
    return None, _unknown("ATT&CK domain", text, DOMAINS, "unknown-domain")


def role(text: str) -> tuple[Role | None, Issue | None]:
    """The role of a set: control, detection or threat, in any case."""
    clean = text.strip().lower()
    for known in ROLES:
        if clean == known:
            return known, None
    return None, _unknown("role", text, ROLES, "unknown-role")


def _unknown(what: str, text: str, known: Sequence[str], code: str) -> Issue:
    return Issue(f"unknown {what} {quoted(text)}", or_list(known), partial(suggestion, text, known), code=code)
