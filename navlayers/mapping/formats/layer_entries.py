"""The technique entries of a Navigator layer: their fields, checked."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.links import is_technique_page
from navlayers._text.spelling import Names
from navlayers._text.wording import quantity, quoted
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats._json import convert, kind
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.rows import MOST_UNKNOWN, Pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats._json import Path
    from navlayers.mapping.formats.layer_document import Layer

_EXACT = "exact score"
"""The name of the metadata in which navlayers writes a score that the Navigator cannot show."""


class _Fields(msgspec.Struct, rename={"technique": "techniqueID", "opened": "showSubtechniques"}):
    """The fields of an entry."""

    technique: str | None = None
    tactic: str | None = None
    score: float | None = None
    color: str | None = None
    comment: str | None = None
    enabled: bool | None = None
    metadata: list[dict[str, Any]] | None = None
    links: list[dict[str, Any]] | None = None
    opened: bool | None = None


_NAMES = _Fields.__struct_encode_fields__
_TRUTH = {"true": True, "false": False}
"""Texts that some exporters write instead of a truth value."""


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
    """The entries of a layer in their order; None for one without a technique or, if lenient, with errors.

    Args:
        layer: errors and notices go to its findings.
    """
    unknown: dict[str, list[int]] = {}
    texts: dict[str, list[int]] = {}
    for index, fields in enumerate(layer.entries):
        mark = layer.findings.mark
        entry = _entry(layer, index, fields, unknown, texts)
        yield None if index in layer.left_out or layer.findings.left_out(mark, "entry") else entry
    for text, indexes in texts.items():
        entries = quantity(len(indexes), "entry", "entries") if len(indexes) > 1 else "an entry"
        hint = f"it is read as {text.lower()}; the Navigator ignores text"
        message = f"enabled is the text {quoted(text)} in {entries}"
        issue = Issue(message, "true or false", hint, fatal=False, code="wrong-type")
        layer.report(issue, "techniques", indexes[0], "enabled")
    names = Names(_NAMES)
    for number, (field, indexes) in enumerate(unknown.items()):
        near = names.closest(field, 0.8) if number < MOST_UNKNOWN else None
        hint = f"did you mean {near}? it is kept as plain text" if near else "it is kept as plain text"
        entries = quantity(len(indexes), "entry", "entries") if len(indexes) > 1 else "an entry"
        issue = Issue(f"unknown field {quoted(field)} in {entries}", hint=hint, fatal=False, code="unknown-field")
        layer.report(issue, "techniques", indexes[0], field)


def _entry(
    layer: Layer, index: int, value: Any, unknown: dict[str, list[int]], texts: dict[str, list[int]]
) -> Entry | None:
    def report(path: Path, issue: Issue | None) -> None:
        if issue is not None:
            layer.report(issue, "techniques", index, *path)

    if not isinstance(value, dict):
        wanted = 'an object with "techniqueID"'
        layer.report(lambda: Issue(f"this entry is {kind(value)}", wanted, code="wrong-type"), "techniques", index)
        return None
    extra: list[tuple[str, str]] = []
    for name, item in value.items():
        if item is not None and name not in _NAMES:
            extra.append((name, item if isinstance(item, str) else _compact(item)))
            unknown.setdefault(name, []).append(index)
    enabled = value.get("enabled")
    if isinstance(enabled, str) and enabled.lower() in _TRUTH:
        value = {**value, "enabled": _TRUTH[enabled.lower()]}
        texts.setdefault(enabled, []).append(index)
    fields = convert(value, _Fields, report) or _Fields()
    if value.get("techniqueID") is None:
        message, expected = 'this entry has no "techniqueID"', "a technique id such as T1059"
        hint = partial(_hint, tuple(extra)) if extra else ""
        report((), Issue(message, expected, hint, code="malformed-technique"))
    technique, issue = None, None
    if fields.technique is not None:
        technique, issue = value_rules.technique(fields.technique, "techniqueID is empty", domain=layer.domain)
    report(("techniqueID",), issue)
    score = _score(fields)
    if score is not None and not math.isfinite(score):
        report(("score",), Issue("score is too large a number", "a number", code="wrong-type"))
        score = None
    links = fields.links or []
    wrong = next((number for number, item in enumerate(links) if not isinstance(item.get("url", ""), str)), None)
    if wrong is not None:
        report(("links", wrong, "url"), Issue("a url is not text", "a link: label and url", code="wrong-type"))
        links = []
    if technique is None:
        return None
    # A link to the technique's own page says no more than its id.
    links = [item for item in links if not is_technique_page(technique, item.get("label"), item.get("url"))]
    labels = [item.get("label") or None if item.get("url") else item for item in links]
    return Entry(
        technique,
        fields.tactic or "",
        score,
        fields.color or "",
        fields.comment or "",
        fields.enabled is not False,
        _compact(fields.metadata) if fields.metadata else "",
        tuple(item["url"] for item in links if item.get("url")),
        _compact(labels) if any(label is not None for label in labels) else "",
        tuple(extra),
    )


def _hint(extra: Pairs) -> str:
    """A question with the field that may be the misspelled id; "" if none is similar."""
    names = Names(["techniqueID", "technique"])
    near = next((name for name, _ in extra[:MOST_UNKNOWN] if names.closest(name, 0.8)), "")
    return f"it has {quoted(near)}; did you mean techniqueID?" if near else ""


def _score(fields: _Fields) -> float | None:
    """The score. The Navigator's is rounded: the exact one counts, if navlayers wrote it into the metadata."""
    for item in fields.metadata or ():
        if item.get("name") == _EXACT and isinstance(item.get("value"), str):
            text = item["value"].partition(" ")[0]
            return float(text) if value_rules.numeric(text) else fields.score
    return fields.score


def _compact(value: Any) -> str:
    """A JSON value as text on one line."""
    return msgspec.json.encode(value).decode()
