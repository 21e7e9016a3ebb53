"""Rules about references, by their form alone: nothing is fetched."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Literal

from navlayers import _text as wording
from navlayers.checks.finding import Edit, finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place

_BETWEEN = 100
"""So many characters, blanks mostly, can stand between two links of a list."""

_MOST = 1_000
"""So many rows that share a list of references are looked at for the places of its links."""

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
    found: dict[tuple[str, str | None], list[_Row]] = {}
    counts: Counter[tuple[str, str | None]] = Counter()
    verdicts: dict[str, tuple[str, str, str] | None] = {}
    for rows in _alike(subject):
        _, _, capability, listed = rows[0]
        for link in dict.fromkeys(listed):
            if link not in verdicts:
                verdicts[link] = verdict(link)
            if verdicts[link] is not None:
                found.setdefault((link, capability), []).extend(rows[:_MOST])
                counts[link, capability] += sum(kind != "capability" for kind, _, _, _ in rows)
    for (link, capability), rows in found.items():
        said = verdicts[link]
        if said is None:
            continue
        code, message, hint = said
        count = counts[link, capability]
        many = f", in {count} mappings" if count > 1 else ""
        places = _places(subject, rows, link)
        place = places[0] if places else subject.place(rows[0][0], rows[0][1], "references")
        clean = link.strip()
        fix = [Edit(at, clean, clean) for at in places] if code == "link-blanks" else []
        yield finding(code, place, f"link {wording.shown(link)} {message}{many}", hint=hint, fix=fix)


def _alike(subject: Subject) -> Iterable[list[_Row]]:
    """What has references, by its capability and the very list: mappings may share that of their capability."""
    alike: dict[tuple[str | None, int], list[_Row]] = {}
    rows: chain[_Row] = chain(
        (("capability", i, one.id, one.references) for i, one in enumerate(subject.set.capabilities)),
        (("mapping", i, row.capability, row.references) for i, row in enumerate(subject.set.mappings)),
        (("non_mappable", i, row.capability, row.references) for i, row in enumerate(subject.set.non_mappable)),
    )
    for row in rows:
        if row[3]:
            alike.setdefault((row[2], id(row[3])), []).append(row)
    return alike.values()


def _places(subject: Subject, rows: list[_Row], link: str) -> list[Place]:
    """Where a link stands in the lists of references that hold it, in the order of the file.

    Rows share the links of their capability in some formats, and in others the capability has those of its rows:
    what is found further behind the start of a list than that list can reach is not in it.
    """
    found = set()
    seen = set()
    for kind, index, _, listed in rows:
        start = subject.place(kind, index, "references")
        text = subject.texts.of(start.path)
        if text is not None and not text.table and (start, id(listed)) not in seen:
            seen.add((start, id(listed)))
            at = text.find(link, start, sum(map(len, listed)) + _BETWEEN * (len(listed) + 1))
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
