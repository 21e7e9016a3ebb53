"""The technique entries of a Navigator layer, checked field by field."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers import _text as wording
from navlayers._text import technique_url
from navlayers.attack.catalogue import SITE
from navlayers.mapping.formats import checks
from navlayers.mapping.formats._json import most_keys, repeats
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.layer_document import kind, twice
from navlayers.mapping.formats.rows import Pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.layer_document import Places


class _Item(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An item of metadata (name, value), a link (label, url), or a divider."""

    name: str | UnsetType = UNSET
    value: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    divider: bool | UnsetType = UNSET


class _Written(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An entry as layer formats 3.0 to 4.5 have it; names are the format's own."""

    techniqueID: str  # noqa: N815
    tactic: str | UnsetType | None = UNSET
    score: float | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET
    comment: str | UnsetType | None = UNSET
    enabled: bool | UnsetType | None = UNSET
    metadata: list[_Item] | UnsetType | None = UNSET
    links: list[_Item] | UnsetType | None = UNSET
    showSubtechniques: bool | UnsetType | None = UNSET  # noqa: N815


ALL_WRITTEN = msgspec.json.Decoder(list[_Written])
"""Takes all entries of a layer at once, and only where each is typed as the format says."""

_FIELDS = _Written.__struct_fields__
_ITEM = _Item.__struct_fields__
_ITEM_KEYS = frozenset(_ITEM)
_PLAIN = dict.fromkeys(("techniqueID", "tactic", "color", "comment"), str) | dict.fromkeys(
    ("enabled", "showSubtechniques"), bool
)
"""Field that is neither number nor list → its type."""

_KEPT = frozenset({"tactic", "color", "comment", "enabled"})
_ENTRY = 'an object with "techniqueID"'
_EXACT = "exact score"
"""The name of the metadata in which navlayers writes a score that the Navigator cannot show."""


class Entry(msgspec.Struct, gc=False):
    """What an entry says. `metadata` and `labels` (of links) are compact JSON, "" where there are none.

    `extra` holds the fields that the format does not know.
    """

    technique: str
    tactic: str = ""
    score: float | None = None
    color: str = ""
    comment: str = ""
    enabled: bool = True
    metadata: str = ""
    links: tuple[str, ...] = ()
    labels: str = ""
    extra: Pairs = ()

    @property
    def blank(self) -> bool:
        """Whether the entry at most opens its sub-techniques."""
        return self.score is None and self.enabled and not (self.color or self.comment or self.more)

    @property
    def more(self) -> bool:
        """Whether it says more than score, color and comment."""
        return bool(self.metadata or self.links or self.labels or self.extra)

    @property
    def content(self) -> tuple[Any, ...]:
        """All that it says but the tactic."""
        first = (self.technique, self.score, self.color, self.comment, self.enabled)
        return (*first, self.metadata, self.links, self.labels, self.extra)


class Entries:
    """Reads the entries of one layer, by its number in the file; what is wrong goes to the findings."""

    def __init__(self, layer: int, places: Places, findings: Findings) -> None:
        self._layer = layer
        self._places = places
        self._findings = findings
        self._ids: dict[str, str | None] = {}
        self._unknown: dict[str, tuple[int, int]] = {}

    def read(self, raws: Sequence[msgspec.Raw]) -> Iterator[Entry | None]:
        """The entries in their order; None for one that is of no use."""
        for index, raw in enumerate(raws):
            entry = self._entry(index, bytes(raw))
            if entry is not None:
                id_ = self._technique(index, entry.technique)
                entry.technique = id_ or entry.technique
                if entry.score is not None and not math.isfinite(entry.score):
                    self._report(index, "score", _score_issue("too large a number"))
                    entry.score = None
                entry = entry if id_ else None
            yield entry
        self._tell_unknown()

    def _report(self, index: int, field: str, issue: Issue) -> None:
        self._findings.add(issue, partial(self._places.entry, self._layer, index, field))

    def _wrong(self, index: int, field: str, what: str, expected: str) -> None:
        self._report(index, field, Issue(f"{field or 'this entry'} is {what}", expected, code="wrong-type"))

    def _technique(self, index: int, text: str) -> str | None:
        known = self._ids.get(text)
        if known is None:
            known, issue = checks.technique(text)
            if known is None and issue is None:
                issue = Issue("techniqueID is empty", "a technique id such as T1059", code="malformed-technique")
            if issue is None:
                self._ids[text] = known
            else:
                self._report(index, "techniqueID", issue)
        return known

    def _entry(self, index: int, text: bytes) -> Entry | None:
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            self._wrong(
                index,
                "",
                "not readable: invalid escapes, a number that is too long, or nesting that is too deep",
                _ENTRY,
            )
            return None
        if not isinstance(fields, dict):
            self._wrong(index, "", kind(fields), _ENTRY)
            return None
        if most_keys(text) != _keys(fields):
            self._tell_repeats(index, text)
        id_ = fields.get("techniqueID")
        # Known before its links are read, of which one may be that of its own page.
        entry = Entry(id_ if isinstance(id_, str) else "")
        for field, value in fields.items():
            if value is None:
                continue
            if field in _KEPT and type(value) is _PLAIN[field]:
                setattr(entry, field, value)
            elif field in _FIELDS:
                self._field(entry, index, field, value)
            else:
                entry.extra += ((field, value if isinstance(value, str) else compact(value)),)
                first, times = self._unknown.get(field, (index, 0))
                self._unknown[field] = (first, times + 1)
        # Where the Navigator's score is rounded, the exact one counts, wherever it stands in the entry.
        for item in fields.get("metadata") or () if entry.metadata else ():
            if item.get("name") == _EXACT and isinstance(item.get("value"), str):
                number = item["value"].partition(" ")[0]
                entry.score = float(number) if checks.numeric(number) else entry.score
                break
        if id_ is None:
            near = [
                name for name, _ in entry.extra if wording.Names(["techniqueID", "technique"]).closest(name, 0.8)
            ]
            hint = f"it has {wording.shown(near[0])}; did you mean techniqueID?" if near else ""
            expected = "a technique id such as T1059"
            self._report(
                index, "", Issue('this entry has no "techniqueID"', expected, hint, code="malformed-technique")
            )
            return None
        return entry if isinstance(id_, str) else None

    def _field(self, entry: Entry, index: int, field: str, value: Any) -> None:
        if field in _PLAIN:
            if type(value) is not _PLAIN[field]:
                self._wrong(index, field, kind(value), "text" if _PLAIN[field] is str else "true or false")
        elif field != "score":
            self._list(entry, field, value, partial(self._wrong, index, field))
        elif type(value) in (int, float):
            entry.score = _float(value)
        else:
            self._report(index, field, _score_issue(kind(value), value))

    @staticmethod
    def _list(entry: Entry, field: str, value: Any, wrong: Callable[[str, str], None]) -> None:
        if not isinstance(value, list):
            wrong(kind(value), "a list of objects")
        elif not value:
            return
        elif not all(isinstance(item, dict) for item in value):
            odd = next(item for item in value if not isinstance(item, dict))
            wrong(f"a list that holds {kind(odd)}", "a list of objects")
        elif field == "metadata":
            entry.metadata = compact([_ordered(item) for item in value])
        elif any("url" in item and not isinstance(item["url"], str) for item in value):
            wrong("a list with a url that is not text", "a list of links, each with label and url")
        else:
            entry.links, entry.labels = _links(value, entry.technique)

    def _tell_repeats(self, index: int, text: bytes) -> None:
        try:
            found = repeats(text)
        except (ValueError, RecursionError):  # told elsewhere
            return
        for repeat in found:
            # Their places take time to find, and many may be only counted.
            place = partial(self._places.at, repeat.again, self._layer, index)
            self._findings.add(partial(twice, repeat, self._layer, self._places, index), place)

    def _tell_unknown(self) -> None:
        for field, (first, times) in self._unknown.items():
            entries = f"{times:,} entries" if times > 1 else "an entry"
            near = wording.Names(_FIELDS).closest(field, 0.8)
            hint = f"did you mean {near}? it is kept as plain text" if near else "it is kept as plain text"
            message = f"unknown field {wording.shown(field)} in {entries}"
            self._report(first, field, Issue(message, hint=hint, fatal=False, code="unknown-field"))


def compact(value: Any) -> str:
    """A JSON value as text on one line."""
    return msgspec.json.encode(value).decode()


def _keys(fields: dict[str, Any]) -> int:
    """How many keys the text of an entry has, those of its lists included, if none stands twice."""
    lists = (fields.get("metadata"), fields.get("links"))
    items = (item for of in lists if isinstance(of, list) for item in of if isinstance(item, dict))
    return len(fields) + sum(map(len, items))


def _ordered(item: dict[str, Any]) -> dict[str, Any]:
    """An item whose fields are all of the format in the order of that; any other as it stands."""
    return {key: item[key] for key in _ITEM if key in item} if item.keys() <= _ITEM_KEYS else item


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _score_issue(what: str, value: Any = None) -> Issue:
    hint = ""
    if isinstance(value, str) and checks.numeric(value):
        hint = f"write {wording.shown(value.strip())[1:-1]} without quotes"
    return Issue(f"score is {what}", "a number", hint, code="wrong-type")


def _links(items: Sequence[dict[str, Any]], technique: str) -> tuple[tuple[str, ...], str]:
    """The addresses, and what stands beside them: labels, dividers, items without an address.

    A link to the technique's own page says only what its id says.
    """
    urls: list[str] = []
    beside: list[Any] = []
    for item in items:
        url = item.get("url")
        if not url:
            beside.append(_ordered(item))
        elif SITE not in url or url != technique_url(technique.strip()):
            urls.append(url)
            beside.append(item.get("label") or None)
    told = any(label is not None for label in beside)
    return tuple(urls), compact(beside) if told else ""
