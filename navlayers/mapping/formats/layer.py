"""Reader of ATT&CK Navigator layers, formats 3.0 to 4.5, and lists of them: a layer is a capability.

docs/formats.md lists the fields and how they are read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text import wording
from navlayers._text.numbers import decimal
from navlayers._text.slugs import slugs
from navlayers.attack.id_changes import Tactics
from navlayers.errors import ReleaseError
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.layer_document import Layer, load_layers
from navlayers.mapping.formats.layer_entries import Entry, read_entries
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.model import HUNDRED, Capability, Mapping, MappingSet, NonMappable
from navlayers.mapping.ranges import WRITTEN, range_text, with_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.errors import Place
    from navlayers.mapping.find import Source as FoundSource
    from navlayers.mapping.formats.context import Context, PartKind
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import Range

_LAST_COUNTS = "the last entry counts, as in the Navigator"
_MOST_REPORTED = 100
"""Maximum duplicate entries, and entries under a wrong tactic, reported one by one: places take time to find."""

_FIELDS = {"technique": "techniqueID", "value": "score", "references": "links"}
"""Field of a mapping → field of an entry, where they differ."""

_HEAD = {"attack_version": ("versions", "attack"), "framework": ("name",), "title": ("name",)}
"""Field of the set → path in a layer, where they differ."""


class _Row(msgspec.Struct, gc=False):
    """An entry that becomes a mapping or non-mappable: its number, and all its tactics."""

    number: int
    entry: Entry
    tactics: list[str]


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a Navigator layer or a list of them.

    Raises:
        InputError: the text is not JSON, not a layer, or wrong in the places listed.
    """
    layers = load_layers(sources.as_text(source), context.findings)
    entries = [_entries(layer) for layer in layers]
    for field, what in (("domain", "domain"), ("attack_version", "ATT&CK version")):
        if field not in context.options.metadata:
            _refuse_unlike(layers, field, what)
    mapping_set, numbers = _assemble(layers, entries, context)

    def part(kind: PartKind, index: int, field: str) -> Place:
        if kind == "capability":
            return layers[index].place("name")
        layer, entry = numbers[kind][index]
        path = ("techniques", entry, _FIELDS.get(field, field)) if field else ("techniques", entry)
        return layers[layer].place(*path)

    return mapping_set, Places(part, lambda field: layers[0].place(*_HEAD.get(field, (field,))))


def _entries(layer: Layer) -> list[_Row]:
    """The entries of a layer with content, a row each."""
    kept: dict[tuple[str, str], _Row] = {}
    duplicates: list[int] = []
    for index, entry in enumerate(read_entries(layer)):
        if entry is None:
            continue
        # The Navigator lets later entries overwrite earlier ones.
        earlier = kept.pop((entry.technique, entry.tactic), None)
        if earlier is not None:
            duplicates.append(index)
            if len(duplicates) <= _MOST_REPORTED:
                under = f" under {wording.bare(entry.tactic)}" if entry.tactic else ""
                place = layer.place("techniques", earlier.number)
                message = f"duplicate entry for {entry.technique}{under}, first in {place.position}"
                _report(layer, index, message, _LAST_COUNTS)
        kept[entry.technique, entry.tactic] = _Row(index, entry, [entry.tactic] if entry.tactic else [])
    if len(duplicates) > _MOST_REPORTED:
        message = f"{len(duplicates) - _MOST_REPORTED:,} more duplicate entries"
        _report(layer, duplicates[_MOST_REPORTED], message, _LAST_COUNTS)
    blank = [row.number for row in kept.values() if row.entry.blank]
    if blank:
        entries = wording.quantity(len(blank), "entry", "entries")
        _report(layer, blank[0], f"skipped {entries} without a score, a color or other data")
    return [row for row in kept.values() if not row.entry.blank]


def _shown(layers: Sequence[Layer], entries: list[list[_Row]], head: MappingSet) -> Iterator[list[_Row]]:
    """The rows of each layer without those that the Navigator does not show in the release of the layer.

    These are under a tactic that the technique does not have there. Where the release is not installed, nothing is
    known of that, and all stay.
    """
    try:
        release = attack.find(head.domain, head.attack_version).catalogue
    except ReleaseError:  # reported when the release is needed
        yield from entries
        return
    known = Tactics(None, release)
    for layer, rows in zip(layers, entries, strict=True):
        shown, wrong = [], []
        names: dict[tuple[str, str], list[int]] = {}
        for row in rows:
            technique = release.get(row.entry.technique) if row.tactics else None
            if technique is None or not technique.active:
                shown.append(row)
                continue
            tactic = known.find(row.entry.tactic)
            if tactic is None or tactic not in technique.tactics:
                wrong.append(row)
                continue
            shown.append(row)
            if tactic != row.entry.tactic:
                names.setdefault((row.entry.tactic, tactic), []).append(row.number)
        for (name, tactic), numbers in names.items():
            many = wording.quantity(len(numbers), "entry", "entries") if len(numbers) > 1 else "an entry"
            message = f"the tactic {wording.quoted(name)} of {many} is read as {tactic}"
            issue = Issue(message, hint="the Navigator knows short names only", fatal=False, code="wrong-tactic")
            layer.report(issue, "techniques", numbers[0], "tactic")
        for row in wrong[:_MOST_REPORTED]:
            id_, tactic = row.entry.technique, wording.bare(row.entry.tactic)
            message = f"{id_} is not under {tactic} in ATT&CK {release.version}; the entry is left out"
            hint = f"the Navigator does not show it: {id_} is under {', '.join(release.techniques[id_].tactics)}"
            issue = Issue(message, hint=hint, fatal=False, code="wrong-tactic")
            layer.report(issue, "techniques", row.number, "tactic")
        if len(wrong) > _MOST_REPORTED:
            message = f"{len(wrong) - _MOST_REPORTED:,} more entries under tactics that the techniques lack"
            issue = Issue(message, hint="they are left out", fatal=False, code="wrong-tactic")
            layer.report(issue, "techniques", wrong[_MOST_REPORTED].number, "tactic")
        yield shown


def _rows(entries: list[_Row]) -> list[_Row]:
    """The rows, of which those that differ only by tactic are one."""
    rows: list[_Row] = []
    same: dict[tuple[object, ...], list[str]] = {}
    for row in entries:
        if row.tactics:
            known = same.setdefault(row.entry.content, row.tactics)
            if known is not row.tactics:
                known.append(row.entry.tactic)
                continue
        rows.append(row)
    return rows


def _report(layer: Layer, entry: int, message: str, hint: str = "") -> None:
    layer.report(Issue(message, hint=hint, fatal=False, code="not-carried"), "techniques", entry)


def _refuse_unlike(layers: list[Layer], field: str, what: str) -> None:
    """Report layers of another domain or ATT&CK version: a set has one."""
    written = [(layer, str(getattr(layer, field))) for layer in layers if getattr(layer, field)]
    for layer, text in written:
        first, expected = written[0]
        if _major(text) != _major(expected):
            here, there = wording.bare(text), wording.bare(expected)
            path = _HEAD.get(field, (field,))
            message = f"this layer has {what} {here}, the one in line {first.place(*path).line} has {there}"
            hint = f"a set has one {what}: split the list, or set it with --meta {field}=…"
            layer.report(Issue(message, f"the same {what} in every layer", hint, code="wrong-shape"), *path)


def _major(version: str) -> str:
    """The first digits, by which the Navigator chooses a release; a text without any is itself."""
    digits = re.search(r"[0-9]+", version)
    return digits[0] if digits else version


def _assemble(
    layers: list[Layer], entries: list[list[_Row]], context: Context
) -> tuple[MappingSet, dict[PartKind, list[tuple[int, int]]]]:
    """The set, and the numbers of layer and entry of each mapping and non-mappable."""
    every = [row for of_layer in entries for row in of_layer]
    used = (row.entry.technique for row in every if row.entry.enabled)
    tactics = [row.entry.tactic for row in every if row.tactics]
    head = make_head(context, _metadata(layers), used, layers[0].place(), tactics)
    rows = list(map(_rows, _shown(layers, entries, head) if tactics else entries))
    capabilities = []
    mappings: list[Mapping] = []
    records: list[NonMappable] = []
    ranges = _ranges(layers, rows, context)
    several = len({*ranges, None}) > 2
    numbers: dict[PartKind, list[tuple[int, int]]] = {"mapping": [], "non_mappable": []}
    for number, (layer, id_) in enumerate(zip(layers, _ids(layers), strict=True)):
        capabilities.append(Capability(id_, layer.name or id_))
        for row in rows[number]:
            entry = row.entry
            other = _other(entry, row.tactics)
            value = None if entry.score is None else decimal(entry.score)
            if value is not None and (not entry.enabled or _is_not_rated(entry, layer)):
                other, value = ((WRITTEN, value), *other), None
            if entry.enabled:
                about = (None, None, value, entry.comment, entry.links)
                mapping = Mapping(id_, entry.technique, *about, other=other)
                score_range = ranges[number]
                mappings.append(with_number(mapping, score_range) if several and score_range else mapping)
            else:
                other = (("enabled", "false"), *other)
                records.append(NonMappable(id_, entry.technique, None, entry.comment, entry.links, other=other))
            numbers["mapping" if entry.enabled else "non_mappable"].append((number, row.number))
    if not (mappings or records):
        hint = "all of its entries are left out" if every else "no entry has a score or other data"
        layers[0].report(Issue("the set has no mappings", hint=hint, fatal=False, code="empty-set"))
    mapping_set = msgspec.structs.replace(
        head,
        capabilities=tuple(capabilities),
        mappings=tuple(mappings),
        non_mappable=tuple(records),
        range=HUNDRED if several else next(filter(None, ranges), None),
    )
    return mapping_set, numbers


def _ranges(layers: list[Layer], rows: list[list[_Row]], context: Context) -> list[Range | None]:
    """The range of each layer; None for a layer without ratings. One notice names ranges that differ."""
    ranges: list[Range | None] = []
    for layer, own in zip(layers, rows, strict=True):
        rated = [row.entry for row in own if row.entry.score is not None or _is_not_rated(row.entry, layer)]
        scores = [entry.score for entry in rated if entry.score is not None]
        ranges.append(layer.range_of(scores, context.options.score_range) if rated else None)
    different = list(dict.fromkeys(filter(None, ranges)))
    if len(different) > 1 and not any(layer.is_count for layer in layers):
        names = ", ".join(map(range_text, different))
        message = f"layers of different ranges ({names}): each is brought to 0–100 by its own range"
        layers[0].report(Issue(message, fatal=False, code="other-scale"), "gradient")
    return ranges


def _is_not_rated(entry: Entry, layer: Layer) -> bool:
    return bool(entry.color) and entry.color == layer.not_rated


def _other(entry: Entry, tactics: list[str]) -> tuple[tuple[str, str], ...]:
    if not (tactics or entry.color or entry.more):
        return ()
    pairs = [("tactic", ", ".join(tactics)), ("color", entry.color)]
    pairs += [("metadata", entry.metadata), ("link labels", entry.labels), *entry.extra]
    return tuple([pair for pair in pairs if pair[1]])


def _metadata(layers: list[Layer]) -> dict[str, str]:
    """The metadata of the set: values that all layers with a value share."""
    metadata = {}
    for field in ("framework", "version", "domain", "attack_version", "title", "source", "licence", "role"):
        written = [text for layer in layers if (text := str(getattr(layer, field)))]
        if written and (len(set(written)) == 1 or field in {"domain", "attack_version"}):
            metadata[field] = written[0]
    if len(layers) == 1 and layers[0].name and "framework" not in metadata:
        metadata["framework"] = slugs([layers[0].name])[layers[0].name]
        metadata["title"] = layers[0].name
    return metadata


def _ids(layers: list[Layer]) -> list[str]:
    """An id for each layer, derived from its name; repeated names get a number."""
    times: dict[str, int] = {}
    names = []
    for layer in layers:
        name = layer.name or "layer"
        times[name] = times.get(name, 0) + 1
        names.append(f"{name} {times[name]}" if times[name] > 1 else name)
    ids = slugs(names)
    return [ids[name] for name in names]


def counting(source: FoundSource, max_bytes: int) -> tuple[bool, ...]:
    """For each layer of a file, whether its metadata declare its scores to be counts of capabilities.

    Args:
        source: the file, as `navlayers.mapping.find.resolve` gives it.
        max_bytes: maximum size.
    """
    text = sources.as_text(sources.load(source.path, source.data, max_bytes))
    return tuple(layer.is_count for layer in load_layers(text, Findings()))
