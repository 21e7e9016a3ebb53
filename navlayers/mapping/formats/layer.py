"""Reader of ATT&CK Navigator layers, formats 3.0 to 4.5, and lists of them: a layer is a capability.

Source of the fields: layers/spec of mitre-attack/attack-navigator. docs/formats.md tells what becomes of them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as wording
from navlayers._text import slugs
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.json_keys import top_repeats
from navlayers.mapping.formats.json_text import not_json
from navlayers.mapping.formats.layer_entries import Entries, Entry
from navlayers.mapping.formats.layer_head import Head, head_of
from navlayers.mapping.formats.layer_places import Places
from navlayers.mapping.formats.metadata import make_head
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.json_keys import Repeat
    from navlayers.mapping.formats.source import Source

_FORMAT = "Navigator layer JSON"
_EXPECTED = 'a Navigator layer: {"name": …, "domain": …, "techniques": […]}, or a list of them'
_LIKENESS = ("techniques", "versions", "gradient", "legendItems", "domain")
_LAST_COUNTS = "the last one counts, as in the Navigator"
_TOLD = 100
"""So many entries that stand twice are told one by one: their places take time to find."""

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


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
    texts = layer_texts(source)
    places = Places(source, texts)
    heads = []
    rows: list[list[_Row]] = []
    for number, text in enumerate(texts):
        try:
            members = _MEMBERS.decode(text)
            for repeat in top_repeats(text):
                first = places.at(number, repeat.first)
                findings.add(stands_twice(repeat, first), places.at(number, repeat.again))
        except (msgspec.DecodeError, RecursionError) as error:
            raise not_json(source, error, _FORMAT) from None
        head = head_of(members, number, places, findings)
        places.begin(head.techniques)
        heads.append(head)
        rows.append(_rows(head, number, places, context))
    _refuse_strangers(heads, places, context)
    mapping_set = _assemble(heads, rows, places, context)
    findings.raise_errors()
    return mapping_set, places


def layer_texts(source: Source) -> list[bytes]:
    """The text of each layer of a file.

    Raises:
        InputError: the text is not JSON, or an item of the list is no layer.
        OtherFileError: it is sound JSON of another kind.
    """
    text = source.data.strip()
    try:
        if not text.startswith(b"["):
            _check_shape(_MEMBERS.decode(text), source)
            return [text]
        raws = [bytes(raw) for raw in _RAWS.decode(text)]
    except msgspec.ValidationError:
        problem = Problem(
            "the top level is neither a layer nor a list of layers", Place(source.path, 1, 1), _EXPECTED
        )
        raise OtherFileError(msgspec.structs.replace(problem, code="wrong-shape")) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, _FORMAT) from None
    if not raws:
        problem = Problem("the list of layers is empty", Place(source.path, 1, 1), _EXPECTED, code="wrong-shape")
        raise OtherFileError(problem)
    places = Places(source, raws)
    odd = [number for number, raw in enumerate(raws) if not raw.startswith(b"{")]
    if odd:
        raise InputError(
            Problem("an item of the list is no layer", places.at(number, 0), _EXPECTED, code="wrong-shape")
            for number in odd
        )
    return raws


def _check_shape(members: dict[str, msgspec.Raw], source: Source) -> None:
    if sum(key in members for key in _LIKENESS) < 2 and "techniques" not in members:
        hint = "this looks like the index that navlayers writes beside its layers" if "generator" in members else ""
        place = source.place(len(source.data) - len(source.data.lstrip()))
        raise OtherFileError(Problem('there is no "techniques"', place, _EXPECTED, hint, code="wrong-shape"))


def stands_twice(repeat: Repeat, first: Place) -> Issue:
    """What to say of a key that stands again."""
    message = f"key {wording.shown(repeat.key)} stands twice, first in line {first.line}, column {first.column}"
    return Issue(message, "each key once", "merge the two, or remove one", code="duplicate-key")


def _rows(head: Head, number: int, places: Places, context: Context) -> list[_Row]:
    """The entries of a layer that say something, those that say the same under several tactics as one."""
    findings = context.findings

    def report(index: int, field: str, issue: Issue) -> None:
        findings.add(issue, partial(places.entry, number, index, field))

    def repeated(index: int, repeat: Repeat) -> None:
        findings.add(
            lambda: stands_twice(repeat, places.inside(number, index, repeat.first)),
            lambda: places.inside(number, index, repeat.again),
        )

    kept: dict[tuple[str, str], _Row] = {}
    again: list[int] = []
    for index, entry in enumerate(Entries(report, repeated).read(head.techniques)):
        if entry is None:
            continue
        key = (entry.technique, entry.tactic)
        earlier = kept.pop(key, None)
        if earlier is not None:
            again.append(index)
            if len(again) <= _TOLD:
                report(index, "", _again(entry, places.entry(number, earlier.number, "")))
        kept[key] = _Row(index, entry, [entry.tactic] if entry.tactic else [])
    if len(again) > _TOLD:
        message = f"{len(again) - _TOLD:,} more entries stand twice"
        report(again[_TOLD], "", Issue(message, hint=_LAST_COUNTS, fatal=False, code="not-carried"))
    blank = [row.number for row in kept.values() if row.entry.blank]
    if blank:
        entries = f"{len(blank):,} entries say" if len(blank) > 1 else "an entry says"
        message = f"{entries} nothing of a technique, but at most that it is opened, and {_are(blank)} left out"
        report(blank[0], "", Issue(message, fatal=False, code="not-carried"))
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
    message = f"{entry.technique}{under} stands twice, first in line {first.line}, column {first.column}"
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
                message = f"this layer is of {what} {here}, that in line {at.line} of {there}"
                hint = f"a set has one {what}: split the list, or name one with --meta {field}=…"
                issue = Issue(message, f"the same {what} in every layer", hint, code="wrong-shape")
                context.findings.add(issue, places.layer(number, field))


def _major(version: str) -> str:
    """What the Navigator goes by: the first digits; a text without any is itself."""
    found = re.search(r"[0-9]+", version)
    return found[0] if found else version


def _assemble(heads: list[Head], rows: list[list[_Row]], places: Places, context: Context) -> MappingSet:
    used = (row.entry.technique for of in rows for row in of if row.entry.enabled)
    head = make_head(context, _found(heads), used, places.layer(0, ""))
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
            "the set has no mappings", hint="no entry scores or tells anything", fatal=False, code="empty-set"
        )
        context.findings.add(issue, places.layer(0, ""))
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
