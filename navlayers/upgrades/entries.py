"""The technique entries of a layer at another release: under which id and tactics each of them stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text import shown, technique_url
from navlayers.attack.id_changes import IdChange
from navlayers.layer.annotate import EXACT
from navlayers.layer.formats import Document
from navlayers.layer.repair import as_json
from navlayers.upgrades.report import Dropped, Merged, MovedEntry, Pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.attack.id_changes import ReleaseChange, Tactics
    from navlayers.layer.repair import Repair

_KNOWN = frozenset(("tactic", "score", "color", "comment", "enabled", "metadata", "links", "showSubtechniques"))
"""Fields that the Navigator complains of, or stops at, where they are null."""

_HIDDEN = "a later entry of the technique counts, as in the Navigator"
_RULED = frozenset(
    ("techniqueID", "tactic", "score", "enabled", "comment", "metadata", "links", "showSubtechniques")
)
"""Fields of an entry that have a rule of their own where several become one."""

_BLANK = "\n\n"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry of a layer: its number, its old id, what becomes of that, its tactic (None: all), its fields.

    `exact` is its score, though a lower one stands in the fields for the Navigator; None where it has none.
    """

    number: int
    id: str
    change: IdChange
    tactic: str | None
    fields: dict[str, Any]
    exact: float | None = None

    @property
    def score(self) -> str:
        """The score as written, "" where there is none."""
        return "" if self.exact is None else as_json(self.exact)

    @property
    def rank(self) -> tuple[bool, float]:
        """Enabled ones before disabled ones, which do not count; then by score, those without one last."""
        return self.fields.get("enabled") is not False, float("-inf") if self.exact is None else self.exact

    def under(self, tactic: str) -> Entry:
        """The entry under another tactic."""
        return msgspec.structs.replace(self, tactic=tactic)


class Carried(msgspec.Struct):
    """The entries of the result, and what changed. `ids` are those of the input, each once, in their order.

    `removed` holds, by id, the entries of techniques that are removed; `spelt` tactics that were named otherwise.
    """

    entries: list[Document]
    ids: list[str]
    removed: dict[str, list[Pairs]]
    merged: list[Merged]
    moved: list[MovedEntry]
    dropped: list[Dropped]
    spelt: dict[str, str]


def carry(entries: Sequence[Document], releases: ReleaseChange, mending: Repair) -> Carried:
    """The entries at the new release, mended; those given are not changed."""
    result = Carried([], [], {}, [], [], [], {})
    tactics = releases.tactics
    read = [_entry(number, fields, releases, mending) for number, fields in enumerate(entries)]
    result.ids = list(dict.fromkeys(entry.id for entry in read))
    groups: dict[str, list[Entry]] = {}
    for entry in _shown(read, tactics, result):
        if entry.change.now is None:
            result.removed.setdefault(entry.id, []).append(entry.fields)
        else:
            groups.setdefault(entry.change.now, []).append(entry)
    placed: list[tuple[int, bool, Document]] = []
    for identifier, group in groups.items():
        under = list(_under_tactics(identifier, group, tactics, releases, result))
        placed += _settled(identifier, under, releases, mending, result)
    placed.sort(key=lambda one: one[:2])
    result.entries = [fields for _, _, fields in placed]
    return result


def _entry(number: int, fields: Document, releases: ReleaseChange, mending: Repair) -> Entry:
    identifier = fields["techniqueID"].strip()
    if None in fields.values():
        fields = {key: value for key, value in fields.items() if value is not None or key not in _KNOWN}
    tactic = fields.get("tactic") or None
    return Entry(number, identifier, releases.id_change(identifier), tactic, fields, mending.meant(fields))


def _shown(read: list[Entry], tactics: Tactics, result: Carried) -> list[Entry]:
    """The entries that the Navigator shows in the old release: of a technique and tactic, the last one."""
    later: dict[str, set[str | None]] = {}
    shown = []
    for entry in reversed(read):
        known = later.setdefault(entry.id, set())
        key = entry.tactic and (tactics.find(entry.tactic) or entry.tactic)
        if None in known or key in known:
            result.dropped.append(Dropped(entry.id, entry.change.name, _HIDDEN, entry.fields))
        else:
            known.add(key)
            shown.append(entry)
    result.dropped.reverse()
    return shown[::-1]


def _under_tactics(
    identifier: str, group: list[Entry], tactics: Tactics, releases: ReleaseChange, result: Carried
) -> Iterator[Entry]:
    """The entries of what is one technique now, each under a tactic that it has, or under all (None)."""
    if all(entry.tactic is None for entry in group):
        yield from group
        return
    has = releases.new.techniques[identifier].tactics
    found = [entry.tactic and tactics.find(entry.tactic) for entry in group]
    fitting = [short if short in has else None for short in found]
    everywhere = any(entry.tactic is None for entry in group)
    free = () if everywhere else tuple(tactic for tactic in has if tactic not in fitting)
    for entry, short, fits in zip(group, found, fitting, strict=True):
        if entry.tactic is None:
            yield entry
        elif fits is not None:
            if fits != entry.tactic:
                result.spelt[entry.tactic] = fits
            yield entry.under(fits)
        else:
            before = tactics.of(entry.id)
            gained = tuple(tactic for tactic in has if tactic not in before) if short in before else ()
            to = gained or free
            name = releases.full_name(identifier)
            if to:
                result.moved.append(MovedEntry(identifier, name, entry.tactic, to))
                yield from (entry.under(tactic) for tactic in to)
            else:
                why = f"it is not under {shown(entry.tactic)[1:-1]}, and all its tactics have entries of their own"
                result.dropped.append(Dropped(entry.id, entry.change.name, why, entry.fields))


def _settled(
    identifier: str, group: list[Entry], releases: ReleaseChange, mending: Repair, result: Carried
) -> Iterator[tuple[int, bool, Document]]:
    """The entries of one technique of the result, those that meet as one, each with its place.

    One for all tactics comes before those for single ones: of two for a tactic, the Navigator takes the last.
    """
    if len(group) == 1:
        (entry,) = group
        yield entry.number, entry.tactic is not None, _at(entry, identifier, mending)
        return
    sources = {entry.id for entry in group}
    keys = {(entry.id, entry.tactic) for entry in group}
    if len(sources) == 1 and len(keys) == len(group):
        yield from ((entry.number, entry.tactic is not None, _at(entry, identifier, mending)) for entry in group)
        return
    first = min(entry.number for entry in group)
    for tactic in dict.fromkeys(entry.tactic for entry in group):
        members = [
            entry
            for entry in group
            if entry.tactic == tactic or (entry.tactic is None and (entry.id, tactic) not in keys)
        ]
        place = first if tactic is None else next(e.number for e in members if e.tactic == tactic)
        if len(members) == 1:
            yield place, tactic is not None, _at(members[0], identifier, mending)
            continue
        members = [members[at] for at in releases.in_order([entry.id for entry in members])]
        fields, value = merged([(entry, _at(entry, identifier, mending)) for entry in members], tactic)
        ids = tuple(entry.id for entry in members)
        values = tuple(entry.score for entry in members)
        names = tuple(entry.change.name for entry in members)
        comments = tuple(entry.fields.get("comment", "") for entry in members)
        name = releases.full_name(identifier)
        result.merged.append(Merged(identifier, name, ids, values, value, tactic or "", names, comments))
        yield place, tactic is not None, fields


def _at(entry: Entry, identifier: str, mending: Repair) -> Document:
    """The fields of an entry, mended, under its new id and tactic; a link to the old page leads to the new one."""
    fields = entry.fields
    if fields.get("techniqueID") == identifier and fields.get("tactic") == entry.tactic:
        return mending.entry(fields)
    fields = {**fields, "techniqueID": identifier, "tactic": entry.tactic}
    if entry.tactic is None:
        del fields["tactic"]
    if identifier != entry.id and fields.get("links"):
        fields["links"] = list(_links(fields["links"], entry.id, identifier))
    return mending.entry(fields)


def _links(links: Iterable[Document], old: str, new: str) -> Iterator[Document]:
    page = technique_url(old)
    for link in links:
        if link.get("url") == page:
            label = link.get("label")
            link = {**link, "url": technique_url(new)}  # noqa: PLW2901 - the item itself is not changed
            if isinstance(label, str):
                link["label"] = label.replace(old, new)
        yield link


def merged(members: Sequence[tuple[Entry, Document]], tactic: str | None) -> tuple[Document, str]:
    """The fields of one entry for several, given with their new fields in order; and its score as written.

    The values of the strongest one count, see `Entry.rank`, and of several the first; what it leaves out, the next
    one fills in. Comments are joined, metadata and links united; sub-techniques are opened if any entry opens them.
    """
    ranked = sorted(members, key=lambda member: member[0].rank, reverse=True)
    best, first = ranked[0]
    fields = dict(first)
    for _, other in ranked[1:]:
        for key, value in other.items():
            if key not in _RULED and fields.get(key) in (None, ""):
                fields[key] = value
    if tactic is not None:
        fields["tactic"] = tactic
    else:
        fields.pop("tactic", None)
    comment = joined(other.get("comment", "") for _, other in members)
    if comment:
        fields["comment"] = comment
    if any(other.get("showSubtechniques") for _, other in members):
        fields["showSubtechniques"] = True
    metadata = _united(_metadata(other, entry is best) for entry, other in members)
    links = _united(other.get("links", ()) for _, other in members)
    for key, items in (("metadata", metadata), ("links", links)):
        if items:
            fields[key] = items
    return fields, best.score


def _metadata(fields: Document, best: bool) -> Iterable[Document]:
    return [item for item in fields.get("metadata", ()) if best or item.get("name") != EXACT]


def _united(lists: Iterable[Iterable[Document]]) -> list[Document]:
    """The items of several lists, each once, in their order; dividers stay where they stand."""
    seen: set[bytes] = set()
    items = []
    for listed in lists:
        for item in listed:
            key = msgspec.json.encode(item, order="sorted")
            if key not in seen or "divider" in item:
                items.append(item)
            seen.add(key)
    return items


def joined(texts: Iterable[str]) -> str:
    """Texts with a blank line between, in their order; one that stands there already is not said again."""
    whole = ""
    for text in texts:
        if not text.strip() or f"{_BLANK}{text}{_BLANK}" in f"{_BLANK}{whole}{_BLANK}":
            continue
        whole = f"{whole}{_BLANK}{text}" if whole else text
    return whole
