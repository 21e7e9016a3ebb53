"""The technique entries of a Navigator layer, checked field by field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text import Names, shown, technique_url
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.layer_document import kind
from navlayers.mapping.formats.rows import Pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.layer_document import Layer

_TYPES: dict[str, type] = {
    "techniqueID": str,
    "tactic": str,
    "score": float,
    "color": str,
    "comment": str,
    "enabled": bool,
    "metadata": list,
    "links": list,
    "showSubtechniques": bool,
}
"""Field of an entry → its type."""

_ATTRIBUTES = frozenset({"tactic", "color", "comment", "enabled"})
_EXACT = "exact score"
"""The name of the metadata in which navlayers writes a score that the Navigator cannot show."""


class Entry(msgspec.Struct, gc=False):
    """The content of an entry.

    Attributes:
        metadata: as JSON, "" for none.
        labels: of the links, as JSON, "" for none.
        extra: fields that the layer format does not have.
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
        """Whether it has more than a score, color and comment."""
        return bool(self.metadata or self.links or self.labels or self.extra)

    @property
    def content(self) -> tuple[Any, ...]:
        """All but the tactic."""
        first = (self.technique, self.score, self.color, self.comment, self.enabled)
        return (*first, self.metadata, self.links, self.labels, self.extra)


def read_entries(layer: Layer) -> Iterator[Entry | None]:
    """The entries of a layer in their order; None for one without a technique. Errors go to the findings."""
    unknown: dict[str, list[int]] = {}
    for index, fields in enumerate(layer.entries):
        yield _entry(layer, index, fields, unknown)
    for field, indexes in unknown.items():
        entries = f"{len(indexes):,} entries" if len(indexes) > 1 else "an entry"
        near = Names(_TYPES).closest(field, 0.8)
        hint = f"did you mean {near}? it is kept as plain text" if near else "it is kept as plain text"
        message = f"unknown field {shown(field)} in {entries}"
        issue = Issue(message, hint=hint, fatal=False, code="unknown-field")
        layer.report(issue, "techniques", indexes[0], field)


def _entry(layer: Layer, index: int, fields: Any, unknown: dict[str, list[int]]) -> Entry | None:
    if not isinstance(fields, dict):
        issue = Issue(f"this entry is {kind(fields)}", 'an object with "techniqueID"', code="wrong-type")
        layer.report(issue, "techniques", index)
        return None
    id_ = fields.get("techniqueID")
    # The id first: one of the links may be that of the technique's own page.
    entry = Entry(id_ if isinstance(id_, str) else "")
    for field, value in fields.items():
        if value is not None and field in _TYPES:
            problem = _set(entry, field, value)
            if problem is not None:
                _report(layer, index, field, *problem)
        elif value is not None:
            entry.extra += ((field, value if isinstance(value, str) else _compact(value)),)
            unknown.setdefault(field, []).append(index)
    # The Navigator's score is rounded: the exact one counts, wherever it is in the entry.
    for item in fields["metadata"] if entry.metadata else ():
        if item.get("name") == _EXACT and isinstance(item.get("value"), str):
            text = item["value"].partition(" ")[0]
            entry.score = float(text) if checks.numeric(text) else entry.score
            break
    if entry.score is not None and not math.isfinite(entry.score):
        _report(layer, index, "score", "too large a number", "a number")
        entry.score = None
    return _with_id(layer, index, entry, id_)


def _with_id(layer: Layer, index: int, entry: Entry, id_: Any) -> Entry | None:
    """The entry with its id without blanks; None, with a report, if it has no id of a technique."""
    if id_ is None:
        near = [name for name, _ in entry.extra if Names(["techniqueID", "technique"]).closest(name, 0.8)]
        hint = f"it has {shown(near[0])}; did you mean techniqueID?" if near else ""
        message, expected = 'this entry has no "techniqueID"', "a technique id such as T1059"
        layer.report(Issue(message, expected, hint, code="malformed-technique"), "techniques", index)
    if not isinstance(id_, str):
        return None
    clean, issue = checks.technique(id_, "techniqueID is empty")
    if issue is not None:
        layer.report(issue, "techniques", index, "techniqueID")
    entry.technique = clean or id_
    return entry if clean else None


def _report(layer: Layer, index: int, field: str, what: str, expected: str, hint: str = "") -> None:
    layer.report(Issue(f"{field} is {what}", expected, hint, code="wrong-type"), "techniques", index, field)


def _set(entry: Entry, field: str, value: Any) -> tuple[str, ...] | None:
    """Set a field of the format; if the value is wrong, what it is, what is expected, and a hint."""
    type_ = _TYPES[field]
    if type_ is list:
        return _set_list(entry, field, value)
    if type_ is float and type(value) in (int, float):
        entry.score = float(value)
    elif type_ is float:
        number = isinstance(value, str) and checks.numeric(value)
        return kind(value), "a number", f"write {shown(value.strip())[1:-1]} without quotes" if number else ""
    elif type(value) is not type_:
        return kind(value), "text" if type_ is str else "true or false"
    elif field in _ATTRIBUTES:
        setattr(entry, field, value)
    return None


def _set_list(entry: Entry, field: str, value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return kind(value), "a list of objects"
    odd = [item for item in value if not isinstance(item, dict)]
    if odd:
        return f"a list that holds {kind(odd[0])}", "a list of objects"
    if field == "metadata":
        entry.metadata = _compact(value) if value else ""
        return None
    if any("url" in item and not isinstance(item["url"], str) for item in value):
        return "a list with a url that is not text", "a list of links, each with label and url"
    # A link to the technique's own page says no more than its id.
    page = technique_url(entry.technique.strip())
    kept = [item for item in value if item.get("url") != page]
    entry.links = tuple(item["url"] for item in kept if item.get("url"))
    labels = [item.get("label") or None if item.get("url") else item for item in kept]
    entry.labels = _compact(labels) if any(label is not None for label in labels) else ""
    return None


def _compact(value: Any) -> str:
    """A JSON value as text on one line."""
    return msgspec.json.encode(value).decode()
