"""Rules for single values, the same in every format. Each gives the clean value and what is to be said about it."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING

from navlayers.model import CATEGORIES, DECIMAL, DOMAINS, Domain
from navlayers.readers.findings import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
"""ATT&CK technique and sub-technique ids, as ATT&CK publishes them."""

NON_MAPPABLE = "non_mappable"

_NEARLY = re.compile(r"[Tt]?\s*[-_]?([0-9]{4})(?:\s*[./_-]\s*([0-9]{1,3}))?")
_SHOWN = 60
_SENTENCE = 200
_AROUND = 50
_LISTED = 12


def shown(text: str) -> str:
    """A value as messages quote it: cut when long, control characters made visible."""
    visible = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f'"{visible[:_SHOWN]}…"' if len(visible) > _SHOWN else f'"{visible}"'


def visible(text: str) -> str:
    """What another library says, which may hold parts of the file: on one line, cut when long."""
    plain = text if text.isprintable() else text.encode("unicode_escape").decode()
    return f"{plain[:_SENTENCE]}…" if len(plain) > _SENTENCE else plain


class Names:
    """Names among which the one that is meant by a misspelt one is looked for; there may be very many."""

    def __init__(self, names: Iterable[str]) -> None:
        self._lower = {name.lower(): name for name in names}
        self._by_length = sorted((len(name), name) for name in self._lower)

    def closest(self, text: str, cutoff: float = 0.6) -> str | None:
        """The name closest to the text, of those about as long; None when none is close."""
        text = text.strip().lower()[:_SHOWN]
        if text in self._lower:
            return self._lower[text]
        at = bisect_left(self._by_length, (len(text), text))
        around = [name for _, name in self._by_length[max(at - _AROUND, 0) : at + _AROUND]]
        close = difflib.get_close_matches(text, around, 1, cutoff)
        return self._lower[close[0]] if close else None

    def question(self, text: str) -> str:
        """A question that names the closest of the names, or nothing when none is close."""
        close = self.closest(text)
        return f"did you mean {shown(close)[1:-1]}?" if close else ""


def nearest(text: str, names: Iterable[str]) -> str:
    """A question that names the closest of the names, or nothing when none is close."""
    return Names(names).question(text)


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


def kind(text: str) -> tuple[str | None, Issue | None]:
    """A status or mapping type; one that says non-mappable in whatever spelling becomes `non_mappable`."""
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
    return None, Issue(
        f"unknown score category {shown(text)}", one_of(CATEGORIES), partial(nearest, text, CATEGORIES)
    )


class Scale:
    """The names of a scale, made ready to be looked up in any case."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self.exact = frozenset(self.names)
        self.lower = {name.lower(): name for name in self.names}
        self.expected = f"{listed(self.names)} or a number from 0 to 100"
        self.near = Names(self.names)


def score_value(text: str, scale: Scale) -> tuple[str | None, Issue | None]:
    """A score value: a name of the scale in any case, or a number from 0 to 100 as text."""
    clean = text.strip()
    if not clean:
        return None, None
    if text in scale.exact:
        return text, None
    if clean.lower() in scale.lower:
        return scale.lower[clean.lower()], None
    expected = scale.expected
    if DECIMAL.fullmatch(clean):
        if float(clean) <= 100:
            return clean, None
        return None, Issue(f"score value {shown(text)} is outside the scale", expected)
    if re.match(r"[-+]?\.?[0-9]", clean):
        plain = "write it as a plain decimal number, such as 50 or 72.5"
        return None, Issue(f"score value {shown(text)} is outside the scale", expected, plain)
    return None, Issue(f"unknown score value {shown(text)}", expected, partial(scale.near.question, text))


def numeric(text: str) -> bool:
    """Whether a text can be taken for a number."""
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
    return None, Issue(f"unknown ATT&CK domain {shown(text)}", one_of(DOMAINS), partial(nearest, text, DOMAINS))


def listed(names: Sequence[str]) -> str:
    """`a, b, c`, the first few of many."""
    return ", ".join([*(shown(name)[1:-1] for name in names[:_LISTED]), *(["…"] if len(names) > _LISTED else [])])


def one_of(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
