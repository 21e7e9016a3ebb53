"""Rules about references: only their text is checked, nothing is fetched."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Literal

from navlayers._text import wording
from navlayers.checks.finding import Edit, finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject
    from navlayers.errors import Place

_BETWEEN = 100
"""Maximum number of characters between two links of a list, mostly blanks."""

_MOST = 1_000
"""Maximum number of rows with the same list of references that are searched for the places of its links."""

_MOST_IN_VAIN = 100_000_000
"""Characters that are searched for links that are not there, as those that are spelled with escapes."""

_Row = tuple[Literal["mapping", "non_mappable", "capability"], int, str | None, tuple[str, ...]]
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_START = re.compile(r"(?<![/=?&%:.])https?://", re.IGNORECASE)
"""The start of a link, but not of one inside another link, as in URLs of web archives."""

_HOST = re.compile(r"https?://(?:[^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:]*)(?::[0-9]*)?(?=[/?#]|$)", re.IGNORECASE)
_NAME = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(?:\.(?!-)[\w-]{1,63}(?<!-))*\.?")
# Reserved by RFC 2606 and RFC 6762, or usual in networks of companies.
_LOCAL = re.compile(r"localhost|.*\.(?:local|localhost|localdomain|internal|test|invalid)|127\..*", re.IGNORECASE)
_ODD = {'"': "a quote", "<": "an angle bracket", ">": "an angle bracket", "`": "a quote"}
_SENTENCE = re.compile(r"(?<![a-z])[a-z]{5,}\.$")
_ENDINGS = re.compile(r"(?:corp|inc|etc)\.$", re.IGNORECASE)


def references(subject: Subject) -> Iterator[Finding]:
    """Invalid references, once per capability, with the number of its mappings."""
    invalid: dict[tuple[str, str | None], list[list[_Row]]] = {}
    counts: Counter[tuple[str, str | None]] = Counter()
    verdicts: dict[str, tuple[str, str, str] | None] = {}
    for rows in _by_list(subject):
        _, _, capability, listed = rows[0]
        for link in dict.fromkeys(listed):
            if link not in verdicts:
                verdicts[link] = verdict(link)
            if verdicts[link] is not None:
                invalid.setdefault((link, capability), []).append(rows)
                counts[link, capability] += len(rows) - (rows[0][0] == "capability")
    lists = _Lists(subject)
    for (link, capability), groups in invalid.items():
        problem = verdicts[link]
        if problem is None:
            continue
        code, message, hint = problem
        count = counts[link, capability]
        many = f", in {count} mappings" if count > 1 else ""
        places = lists.places(chain.from_iterable(rows[:_MOST] for rows in groups), link)
        place = places[0] if places else lists.start(*groups[0][0][:2])
        clean = link.strip()
        fix = [Edit(place, clean, clean) for place in places] if code == "link-spaces" else []
        yield finding(code, place, f"link {wording.quoted(link)} {message}{many}", hint=hint, fix=fix)


def _by_list(subject: Subject) -> Iterable[list[_Row]]:
    """Rows with references, by capability and list object: mappings may share the list of their capability."""
    groups: dict[tuple[str | None, int], list[_Row]] = {}
    rows: chain[_Row] = chain(
        (("capability", i, row.id, row.references) for i, row in enumerate(subject.set.capabilities)),
        (("mapping", i, row.capability, row.references) for i, row in enumerate(subject.set.mappings)),
        (("non_mappable", i, row.capability, row.references) for i, row in enumerate(subject.set.non_mappable)),
    )
    for row in rows:
        if row[3]:
            groups.setdefault((row[2], id(row[3])), []).append(row)
    return groups.values()


class _Lists:
    """The lists of references in the files of a set."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        # A row may have thousands of links, and its place take as long as reading it.
        self.start = cache(partial(subject.place, field="references"))
        self._lengths: dict[int, int] = {}
        self._last: dict[tuple[Place, int], Place] = {}
        self._in_vain: Counter[tuple[Place, int]] = Counter()
        self._all_in_vain = 0

    def places(self, rows: Iterable[_Row], link: str) -> list[Place]:
        """The places of a link in the lists of references that hold it, in file order.

        In some formats rows share the links of their capability; in others the capability has those of its rows.
        A match beyond the maximum length of a list therefore belongs to another list.
        """
        places = set()
        seen = set()
        for number, (kind, index, _, listed) in enumerate(rows):
            # The first row is usually the one that has the list.
            if number and self._all_in_vain > _MOST_IN_VAIN:
                break
            start = self.start(kind, index)
            text = self._subject.texts.get(start.path)
            key = start, id(listed)
            if text is None or text.table or key in seen or self._in_vain[key] > _MOST_IN_VAIN:
                continue
            seen.add(key)
            if key[1] not in self._lengths:
                self._lengths[key[1]] = sum(map(len, listed)) + _BETWEEN * (len(listed) + 1)
            reach = self._lengths[key[1]]
            # Links are asked for in the order of their list, so the next one is usually behind the last.
            last = self._last.get(key)
            place = None if last is None else text.find(link, start, reach, last)
            place = text.find(link, start, reach) if place is None else place
            if place is not None:
                self._last[key] = place
                places.add(place)
            else:
                self._in_vain[key] += reach
                self._all_in_vain += reach
        return sorted(places)


def verdict(link: str) -> tuple[str, str, str] | None:
    """Code, message and hint of an invalid reference; None if its text is a valid web link."""
    clean = link.strip()
    if not clean:
        return "broken-link", "is empty", "remove it"
    wrong = _wrong(clean)
    if wrong is not None:
        return "broken-link", wrong[0], wrong[1]
    if clean != link:
        return "link-spaces", "has leading or trailing spaces", "remove them"
    return None


def _wrong(link: str) -> tuple[str, str] | None:
    starts = [match.start() for match in _START.finditer(link)]
    if len(starts) > 1:
        return f"contains {len(starts)} links", "split it into one reference per link"
    if not starts or starts[0]:
        if starts and not _SCHEME.match(link[: starts[0]]):
            return "has text before the link", "keep only the link"
        scheme = _SCHEME.match(link)
        if scheme is not None and scheme[1].lower() not in {"http", "https"} and not link[scheme.end() :].isdigit():
            if starts:
                return "has text before the link", "keep only the link"
            return f"begins with {scheme[1]}:", "a web address begins with https://"
        return "is not a web address", "a web address begins with https://"
    if any(mark.isspace() for mark in link):
        return "contains spaces", "write %20 for a space, or keep only the link"
    character = next((name for mark, name in _ODD.items() if mark in link), "")
    if character:
        return f"contains {character}", "keep only the link"
    host = _HOST.match(link)
    if host is None or not (host[1].startswith("[") or _NAME.fullmatch(host[1])):
        return "has no valid host", "use a host name such as example.org after https://"
    if _LOCAL.fullmatch(host[1]) or ("." not in host[1] and not host[1].startswith("[")):
        return "leads to a host that is not on the internet", "use a host name such as example.org after https://"
    # A fragment may end in any punctuation: it is the name of a heading, or quotes text of the page.
    return _copied(link) if "#" not in link else None


def _copied(link: str) -> tuple[str, str] | None:
    """Trailing punctuation of the sentence that a link was copied from."""
    end = link[-1]
    sentence = end == "." and _SENTENCE.search(link) and not _ENDINGS.search(link)
    if end in ",;" or sentence or (end == ")" and link.count("(") < link.count(")")):
        return f"ends in {end}", "remove it if it is punctuation of the surrounding sentence"
    return None
