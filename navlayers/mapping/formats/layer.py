"""Reader of ATT&CK Navigator layers, formats 3.0 to 4.5, and lists of them: a layer is a capability.

Source of the fields: layers/spec of mitre-attack/attack-navigator. docs/formats.md tells what becomes of them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import _text as wording
from navlayers._text import slugs
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.layer_document import Head, Places, head_of, layer_texts, members_of
from navlayers.mapping.formats.layer_entries import Entries, Entry
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.errors import Place
    from navlayers.mapping.find import Source as FoundSource
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source

_COUNT = ("aggregate", "count")
"""The metadata of a layer whose scores count capabilities, as navlayers' layers of unscored sets do."""

_WRITTEN = "score"
"""The name of the other field of a mapping that holds what a layer wrote, where that is not the value."""

_LAST_COUNTS = "the last one is used, as in the Navigator"
_TOLD = 100
"""So many entries that stand twice are told one by one: their places take time to find."""


class _Metadata(msgspec.Struct):
    metadata: Any = None


_heads = msgspec.json.Decoder(list[_Metadata])


class _Row(msgspec.Struct, gc=False):
    """What becomes one mapping or non-mappable: an entry, its number, and all the tactics that it stands under."""

    number: int
    entry: Entry
    tactics: list[str]


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a Navigator layer or a list of them.

    Raises:
        InputError: the text is not JSON, not a layer, or wrong in the places listed.
    """
    source, findings = as_text(source), context.findings
    places = Places(source)
    heads = []
    rows: list[list[_Row]] = []
    for number, text in enumerate(layer_texts(source)):
        head = head_of(members_of(text, number, source, places, findings), number, places, findings)
        heads.append(head)
        rows.append(_rows(head, number, places, findings))
    _refuse_strangers(heads, places, context)
    mapping_set = _assemble(heads, rows, places, context)
    findings.raise_errors()
    return mapping_set, places


def _rows(head: Head, number: int, places: Places, findings: Findings) -> list[_Row]:
    """The entries of a layer that say something, those that say the same under several tactics as one."""

    def report(index: int, issue: Issue) -> None:
        findings.add(issue, partial(places.entry, number, index))

    kept: dict[tuple[str, str], _Row] = {}
    again: list[int] = []
    for index, entry in enumerate(Entries(number, places, findings).read(head.techniques)):
        if entry is None:
            continue
        key = (entry.technique, entry.tactic)
        earlier = kept.pop(key, None)
        if earlier is not None:
            again.append(index)
            if len(again) <= _TOLD:
                report(index, _again(entry, places.entry(number, earlier.number)))
        kept[key] = _Row(index, entry, [entry.tactic] if entry.tactic else [])
    if len(again) > _TOLD:
        message = f"{len(again) - _TOLD:,} more duplicate entries"
        report(again[_TOLD], Issue(message, hint=_LAST_COUNTS, fatal=False, code="not-carried"))
    blank = [row.number for row in kept.values() if row.entry.blank]
    if blank:
        message = (
            f"skipped {wording.counted(len(blank), 'entry', 'entries')} without a score, a color or other data"
        )
        report(blank[0], Issue(message, fatal=False, code="not-carried"))
    rows: list[_Row] = []
    same: dict[tuple[object, ...], list[str]] = {}
    for row in kept.values():
        if row.entry.blank:
            continue
        if row.tactics:
            known = same.setdefault(row.entry.content, row.tactics)
            if known is not row.tactics:
                known.append(row.entry.tactic)
                continue
        rows.append(row)
    return rows


def _again(entry: Entry, first: Place) -> Issue:
    under = f" under {wording.shown(entry.tactic)[1:-1]}" if entry.tactic else ""
    message = f"duplicate entry for {entry.technique}{under}, first in line {first.line}, column {first.column}"
    return Issue(message, hint=_LAST_COUNTS, fatal=False, code="not-carried")


def _are(things: Sequence[object]) -> str:
    return "are" if len(things) > 1 else "is"


def _refuse_strangers(heads: list[Head], places: Places, context: Context) -> None:
    """A set has one domain and one ATT&CK version: layers of a list that differ cannot be one."""
    for field, what in (("domain", "domain"), ("attack_version", "ATT&CK version")):
        if field in context.options.metadata:
            continue
        first: tuple[int, str] | None = None
        for number, head in enumerate(heads):
            said: str = getattr(head, field)
            if not said:
                continue
            if first is None:
                first = (number, said)
            elif _major(said) != _major(first[1]):
                here, there = wording.shown(said)[1:-1], wording.shown(first[1])[1:-1]
                at = places.layer(first[0], field)
                message = f"this layer has {what} {here}, the one in line {at.line} has {there}"
                hint = f"a set has one {what}: split the list, or name one with --meta {field}=…"
                issue = Issue(message, f"the same {what} in every layer", hint, code="wrong-shape")
                context.findings.add(issue, places.layer(number, field))


def _major(version: str) -> str:
    """What the Navigator goes by: the first digits; a text without any is itself."""
    found = re.search(r"[0-9]+", version)
    return found[0] if found else version


def _assemble(heads: list[Head], rows: list[list[_Row]], places: Places, context: Context) -> MappingSet:
    used = (row.entry.technique for of in rows for row in of if row.entry.enabled)
    head = make_head(context, _found(heads), used, places.layer(0))
    capabilities = []
    mappings: list[Mapping] = []
    records: list[NonMappable] = []
    for number, (layer, of, id_) in enumerate(zip(heads, rows, _ids(heads), strict=True)):
        capabilities.append(Capability(id_, layer.name or id_))
        scores = [row.entry.score for row in of if row.entry.score is not None]
        number_of = layer.scale(scores, number, places, context.findings)
        for row in of:
            entry = row.entry
            other = _other(entry, row.tactics)
            value = None
            if entry.score is not None:
                value, written = number_of(entry.score)
                if not entry.enabled or value != written:
                    other = (("score", written), *other)
            if entry.enabled:
                mappings.append(
                    Mapping(id_, entry.technique, None, None, value, entry.comment, entry.links, other=other)
                )
            else:
                other = (("enabled", "false"), *other)
                records.append(NonMappable(id_, entry.technique, None, entry.comment, entry.links, other=other))
            places.keep("mapping" if entry.enabled else "non_mappable", number, row.number)
    if not (mappings or records):
        issue = Issue(
            "the set has no mappings", hint="no entry has a score or other data", fatal=False, code="empty-set"
        )
        context.findings.add(issue, places.layer(0))
    return msgspec.structs.replace(
        head, capabilities=tuple(capabilities), mappings=tuple(mappings), non_mappable=tuple(records)
    )


def _other(entry: Entry, tactics: list[str]) -> tuple[tuple[str, str], ...]:
    if not (tactics or entry.color or entry.more):
        return ()
    said = (
        ("tactic", ", ".join(tactics)),
        ("color", entry.color),
        ("metadata", entry.metadata),
        ("link labels", entry.labels),
        *entry.extra,
    )
    return tuple([pair for pair in said if pair[1]])


def _found(heads: list[Head]) -> dict[str, str]:
    """What the layers say of the set; of several, what all of them say that say anything."""
    found = {}
    for field in ("framework", "version", "domain", "attack_version", "title", "source", "licence"):
        said = {text for head in heads if (text := getattr(head, field))}
        if len(said) == 1 or (said and field in {"domain", "attack_version"}):
            found[field] = next(text for head in heads if (text := getattr(head, field)))
    if len(heads) == 1 and heads[0].name and "framework" not in found:
        found["framework"] = slugs([heads[0].name])[heads[0].name]
        found["title"] = heads[0].name
    return found


def _ids(heads: list[Head]) -> list[str]:
    """An id for each layer, made of its name; names that stand again get a number."""
    times: dict[str, int] = {}
    names = []
    for head in heads:
        name = head.name or "layer"
        times[name] = times.get(name, 0) + 1
        names.append(f"{name} {times[name]}" if times[name] > 1 else name)
    ids = slugs(names)
    return [ids[name] for name in names]


def counting(source: FoundSource, max_bytes: int) -> tuple[bool, ...]:
    """For each layer of a file that was read as such, whether its metadata say that its scores are counts."""
    text = sources.as_text(sources.load(source.path, source.data, max_bytes)).data.strip()
    heads = _heads.decode(text if text.startswith(b"[") else b"[" + text + b"]")
    return tuple(_says(head.metadata) for head in heads)


def _says(metadata: Any) -> bool:
    items = metadata if isinstance(metadata, list) else []
    return any(isinstance(item, dict) and (item.get("name"), item.get("value")) == _COUNT for item in items)


def as_unscored(mapping_set: MappingSet) -> MappingSet:
    """A set that was read from layers of counts, as the unscored one that it is; what counts 0 is no mapping.

    The counts stand beside the mappings: `counts` gives them.
    """
    mappings = []
    for mapping in mapping_set.mappings:
        text = _text(mapping)
        if text is None:
            mappings.append(mapping)
        elif float(text) > 0:
            other = dict(mapping.other) | {_WRITTEN: text}
            mappings.append(msgspec.structs.replace(mapping, value=None, other=tuple(other.items())))
    return msgspec.structs.replace(mapping_set, mappings=tuple(mappings))


def counts(mapping_set: MappingSet) -> dict[str, float]:
    """Technique id → the number that the layers give it, the highest of several."""
    found: dict[str, float] = {}
    for mapping in mapping_set.mappings:
        number = written(mapping)
        if number is not None:
            found[mapping.technique] = max(number, found.get(mapping.technique, number))
    return found


def written(mapping: Mapping) -> float | None:
    """The score as the layer has it; None where it has none."""
    text = _text(mapping)
    return None if text is None else float(text)


def _text(mapping: Mapping) -> str | None:
    """The score stands beside the value where that was made to fit 0–100."""
    return dict(mapping.other).get(_WRITTEN, mapping.value)
