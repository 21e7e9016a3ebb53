"""Rules about references, by their form alone: nothing is fetched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from navlayers import wording
from navlayers.check.finding import Edit, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.check.finding import Finding
    from navlayers.check.subject import Subject
    from navlayers.errors import Place
    from navlayers.readers.rows import Kind

_BETWEEN = 100
"""So many characters, blanks mostly, can stand between two links of a list."""

_Row = tuple[Literal["mapping", "non_mappable", "capability"], int, str | None, tuple[str, ...]]
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_START = re.compile(r"(?<![/=?&%:.])https?://", re.IGNORECASE)
"""Where a link begins that is no part of another one, as those of archives have it."""

_HOST = re.compile(r"https?://(?:[^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:]*)(?::[0-9]*)?(?=[/?#]|$)", re.IGNORECASE)
_NAME = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(?:\.(?!-)[\w-]{1,63}(?<!-))*\.?")
_LOCAL = re.compile(r"localhost|.*\.(?:local|localhost|localdomain|internal|test|invalid)|127\..*", re.IGNORECASE)
_ODD = {'"': "a quote", "<": "an angle bracket", ">": "an angle bracket", "`": "a quote"}
_SENTENCE = re.compile(r"[a-z]{5,}\.$")
_ENDINGS = re.compile(r"(?:[a-z]*corp|[a-z]*inc|etc)\.$", re.IGNORECASE)


def references(subject: Subject) -> Iterator[Finding]:
    """References that are no links that work, each once for a capability, with the number of its mappings."""
    found: dict[tuple[str, str | None], tuple[Kind, int]] = {}
    counts: dict[tuple[str, str | None], int] = {}
    verdicts: dict[str, tuple[str, str, str] | None] = {}
    known: dict[tuple[str, ...], list[str]] = {}
    rows: list[_Row] = [
        ("capability", index, capability.id, capability.references)
        for index, capability in enumerate(subject.set.capabilities)
    ]
    rows += [("mapping", i, row.capability, row.references) for i, row in enumerate(subject.set.mappings)]
    rows += [("non_mappable", i, row.capability, row.references) for i, row in enumerate(subject.set.non_mappable)]
    for kind, index, capability, listed in rows:
        if listed not in known:
            for link in listed:
                if link not in verdicts:
                    verdicts[link] = verdict(link)
            known[listed] = [link for link in listed if verdicts[link] is not None]
        for link in dict.fromkeys(known[listed]):
            key = (link, capability)
            found.setdefault(key, (kind, index))
            counts[key] = counts.get(key, 0) + (kind != "capability")
    for (link, capability), (kind, index) in found.items():
        said = verdicts[link]
        if said is None:
            continue
        code, message, hint = said
        count = counts[link, capability]
        many = f", in {count} mappings" if count > 1 else ""
        places = _places(subject, [row for row in rows if row[2] == capability and link in row[3]], link)
        place = places[0] if places else subject.place(kind, index, "references")
        clean = link.strip()
        fix = [Edit(at, clean, clean) for at in places] if code == "link-blanks" else []
        yield finding(code, place, f"link {wording.shown(link)} {message}{many}", hint=hint, fix=fix)


def _places(subject: Subject, rows: list[_Row], link: str) -> list[Place]:
    """Where a link stands in the lists of references that hold it, in the order of the file.

    Rows share the links of their capability in some formats, and in others the capability has those of its rows:
    what is found further behind the start of a list than that list can reach is not in it.
    """
    found = set()
    for kind, index, _, listed in rows:
        start = subject.place(kind, index, "references")
        text = subject.texts.of(start.path)
        if text is not None and not text.table:
            at = text.find(link, start, sum(len(one) + _BETWEEN for one in listed) + _BETWEEN)
            found |= {at} if at is not None else set()
    return sorted(found)


def verdict(link: str) -> tuple[str, str, str] | None:
    """Code, message and hint about a reference; None for one whose form is that of a link that may work."""
    clean = link.strip()
    if not clean:
        return "broken-link", "is blank", "remove it"
    wrong = _wrong(clean)
    if wrong is not None:
        return "broken-link", wrong[0], wrong[1]
    if clean != link:
        return "link-blanks", "has blanks around it", "remove them"
    return None


def _wrong(link: str) -> tuple[str, str] | None:
    starts = [found.start() for found in _START.finditer(link)]
    if len(starts) > 1:
        return f"holds {len(starts)} links", "make a reference of each"
    if not starts or starts[0]:
        if starts and not _SCHEME.match(link[: starts[0]]):
            return "has text before the link", "the link alone"
        scheme = _SCHEME.match(link)
        if scheme is not None and scheme[1].lower() not in {"http", "https"} and not link[scheme.end() :].isdigit():
            if starts:
                return "has text before the link", "the link alone"
            return f"begins with {scheme[1]}:", "a web address begins with https://"
        return "is no web address", "a web address begins with https://"
    if any(mark.isspace() for mark in link):
        return "has blanks within", "the link alone, with %20 where a blank is meant"
    odd = next((name for mark, name in _ODD.items() if mark in link), "")
    if odd:
        return f"has {odd} in it", "the link alone"
    host = _HOST.match(link)
    if host is None or not (host[1].startswith("[") or _NAME.fullmatch(host[1])):
        return "has no sound host", "a name such as example.org behind https://"
    if _LOCAL.fullmatch(host[1]) or ("." not in host[1] and not host[1].startswith("[")):
        return "leads to a host that is none in the internet", "a name such as example.org behind https://"
    return _copied(link) if "#" not in link else None


def _copied(link: str) -> tuple[str, str] | None:
    """Marks of the sentence that a link was copied from."""
    end = link[-1]
    sentence = end == "." and _SENTENCE.search(link) and not _ENDINGS.search(link)
    if end in ",;" or sentence or (end == ")" and link.count("(") < link.count(")")):
        return f"ends in {end}", "remove it if it belongs to the sentence that the link was copied from"
    return None
