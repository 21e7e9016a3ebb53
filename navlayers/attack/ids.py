"""Technique ids: their pattern, other spellings of them, and the techniques that an unknown id probably means."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from navlayers._text.wording import excerpt, or_list
from navlayers.attack import release
from navlayers.attack.catalogue import base_number
from navlayers.attack.domains import DOMAIN_NAMES, DOMAINS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from navlayers.attack.catalogue import Catalogue
    from navlayers.attack.domains import Domain

    Newest = Callable[[Domain], tuple[Catalogue, ...]]

TECHNIQUE = re.compile(r"(?:(?!(?:MITRE|ATTACK|T[0-9]{4})-)[A-Z][A-Z0-9]*-)?T[0-9]{4}(?:\.[0-9]{3})?")
"""Technique and sub-technique ids: of ATT&CK, of PRE-ATT&CK (PRE-T1064), of ATT&CK Workbench (ORG-T1000.001)."""

# Patterns that few inputs need are text: to compile them here would take longer than most imports, and `re` keeps
# those that it has compiled.
_EDGES = " \t\r\n.,;:|/#*`'\"()[]{}<>-"
_DASHES = "[\u2010-\u2015\u2212]"
_INVISIBLE = "[\u00ad\u200b-\u200f\u2060\ufeff]"
# A sub-technique has all digits after a mark or none; or one digit, its zeros left out. Two digits could lack one
# at either end: T1059.01 is .001 or .010.
_ID = r"T[\s_-]?(?P<base>[0-9]{4})(?:(?:\s*[./:_-]\s*)?(?P<sub>[0-9]{3})|\s*[./_-]\s*(?P<short>[1-9]))?(?![0-9])"
_SPELLED = (
    r"(?is)(?:(?:https?://)?\S+/(?:techniques?|wiki/technique)/|(?:mitre\W*)?(?:att&ck|attack)\W+|techniques?\W+)?"
    rf"{_ID}(?:/?[?#]\S*|(?:\s*[-:|(\[]\s*|\s+)(?!t[0-9])(?:[1-9][0-9]{{2}}\s+)?[a-z/](?:(?!\bt[0-9]{{4}}).)*)?"
)
"""An id in other cases and with other marks, the address of its page, or either before the technique's name."""

_MANY = (
    r"(?i)T[0-9]{4}(?:\s*[./]\s*(?:\*|x+\b)|\W{1,9}(?:(?:all|any|incl\w{,9}|with|and)\W{1,9}){1,4}(?:\w{1,40}\W{1,9})?sub(?:s|[-\s]?techniques?)?\b"
    r"|\.[0-9]{3}\s*[-\u2010-\u2015\u2212~]+\s*\.?(?:0[0-9]{2}\b|[0-9]{3}\b(?!\s+[a-z]))"
    r"|(?:\.[0-9]{3})?\s*(?:[-\u2010-\u2015\u2212:>~=]+|\bto\b|\.\.+)\s*T[0-9]{4})"
)
"""A range or group of techniques: T1059.*, T1059.001-003, T1059 (all subs)."""

_NAME_FIRST = rf"(?i)(?:(?!\bT[0-9]{{4}})[^()\[\]])+[(\[]\s*{_ID}"
_LONGEST = 500
"""Characters of an id with its name, and more."""

# Without IGNORECASE, which makes `re` go through all letters of \w.
_NAME = re.compile(r"(?![Tt]?[\s_-]*[0-9])[\w/.][^\n]{2,}")
# As people write ids: T-1059, 1059.1, T1059.01.
_NEARLY = r"[Tt]?\s*[-_]?([0-9]{4})(?:\s*[./_-]\s*([0-9]{1,3}))?"
_DIGITS = str.maketrans("OoIl", "0011")
"""Letters that look like digits."""

_LONGEST_ID = 40
"""Characters of an id that others are close to, and more."""

_SUGGESTED = 2
"""Maximum number of suggestions; of more ids that are equally close, none is suggested."""


def likely_id(text: str) -> str | None:
    """The id that a text spells in another way, such as t1059, T1059/001 or an address; None if several or none."""
    if len(text) > _LONGEST or stands_for_several(text):
        return None
    visible = re.sub(_INVISIBLE, "", unicodedata.normalize("NFKC", text))
    plain = re.sub(_DASHES, "-", visible).strip(_EDGES)
    match = re.fullmatch(_SPELLED, plain) or re.fullmatch(_NAME_FIRST, plain)
    if match is None:
        return None
    sub = match["sub"] or (f"00{match['short']}" if match["short"] else "")
    return f"T{match['base']}{f'.{sub}' if sub else ''}"


def stands_for_several(text: str) -> bool:
    """Whether a text means techniques without listing them, as a range of ids or "all subs" does."""
    return re.search(_MANY, text) is not None


def possible_id(text: str) -> str | None:
    """The id with the digits of a malformed one, which may have several readings; None without such digits."""
    nearly = re.fullmatch(_NEARLY, text.strip()[:1] + text.strip()[1:].translate(_DIGITS))
    if nearly is None:
        return None
    return f"T{nearly[1]}.{nearly[2]:0>3}" if nearly[2] else f"T{nearly[1]}"


def may_be_name(text: str) -> bool:
    """Whether a text is the name of a technique rather than an id with a mistake."""
    return len(text) <= _LONGEST and _NAME.fullmatch(text.strip()) is not None and likely_id(text) is None


def suggestion(identifier: str, catalogue: Catalogue, name: str = "") -> str:
    """What an id that is unknown or malformed probably means, as a sentence; "" if nothing is close.

    Close are two adjacent characters swapped, a wrong number of a sub-technique and, failing that, one wrong digit.

    Args:
        identifier: the id, or the one with its digits.
        catalogue: the release that is searched.
        name: the name that the input gives the technique.
    """
    named = [entry.id for entry in catalogue.named(name) if entry.active]
    if catalogue.is_active(identifier) or len(named) == 1:
        return _question([identifier] if catalogue.is_active(identifier) else named, catalogue)
    # Of a name, or another text that one character does not make an id, nothing is close.
    far = len(identifier) > _LONGEST_ID or len(re.findall(r"[^A-Z0-9.-]", identifier)) > 1
    places = range(2, 0 if far else len(identifier))
    swapped = {f"{identifier[: n - 1]}{identifier[n]}{identifier[n - 1]}{identifier[n + 1 :]}" for n in places}
    near = sorted(filter(catalogue.is_active, swapped))
    parent, dot, _ = identifier.partition(".")
    if dot and catalogue.is_active(parent):
        numbers = [child.id.removeprefix(parent) for child in catalogue.subtechniques(parent)]
        subs = f"{numbers[0]} to {numbers[-1]}" if numbers else "no sub-techniques"
        return _question([*near, parent], catalogue) if near else f"{_full(parent, catalogue)} has {subs}"
    if far:
        return ""
    changed = {f"{identifier[:n]}{digit}{identifier[n + 1 :]}" for n in (1, *places) for digit in "0123456789"}
    near = near or sorted(filter(catalogue.is_active, changed))
    return _question(near if len(near) <= _SUGGESTED else [], catalogue)


def _question(identifiers: Iterable[str], catalogue: Catalogue) -> str:
    names = [_full(identifier, catalogue) for identifier in identifiers]
    return f"did you mean {or_list(names)}?" if names else ""


def _full(identifier: str, catalogue: Catalogue) -> str:
    return excerpt(f"{identifier} {catalogue.full_name(identifier)}")


def other_domain(identifier: str, domain: Domain, newest: Newest = release.newest) -> str:
    """The name of another domain ("Mobile") whose newest release has an id, else "".

    Args:
        identifier: the id.
        domain: the domain that lacks it.
        newest: gives the newest releases of a domain; for many ids, one that keeps them.
    """
    others = (other for other in DOMAINS if other != domain)
    return next((DOMAIN_NAMES[o] for o in others if any(c.get(identifier) for c in newest(o))), "")


def newer_than(identifier: str, domain: Domain, newest: Newest = release.newest) -> str:
    """The newest installed release ("enterprise 19.1") where an id is above all known ids, else "".

    The arguments are those of `other_domain`.
    """
    releases = newest(domain)
    highest = max(catalogue.highest for catalogue in releases)
    return f"{domain} {releases[0].version}" if base_number(identifier) > highest else ""
