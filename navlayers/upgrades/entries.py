"""The entries of a layer at another release: their ids, their tactics, and entries that become one.

docs/upgrade.md, "Layers", has the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.links import technique_url
from navlayers._text.wording import bare
from navlayers.attack.id_changes import IdChange
from navlayers.layer.annotate import EXACT
from navlayers.layer.repair import as_json
from navlayers.upgrades.report import Dropped, Merged, MovedEntry, Pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.attack.id_changes import ReleaseChange
    from navlayers.layer.format_versions import Document
    from navlayers.layer.repair import Repair

# The Navigator reports an error or stops if one of these fields is null.
_NULLS = frozenset(("tactic", "score", "color", "comment", "enabled", "metadata", "links", "showSubtechniques"))

# Fields of merged entries that are computed; the others are those of the strongest entry.
_RULED = frozenset(
    ("techniqueID", "tactic", "score", "enabled", "comment", "metadata", "links", "showSubtechniques")
)
_HIDDEN = "overridden by a later entry of the technique, as in the Navigator"
_BLANK = "\n\n"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry of a layer.

    Attributes:
        number: Its index among the entries.
        id, change: Its old id, and the change of that.
        tactic: The short name or another name of the tactic; None: all.
        fields: All of its fields.
        exact: Its score, None for none. The field may have a lower one, see `navlayers.layer.repair`.
    """

    number: int
    id: str
    change: IdChange
    tactic: str | None
    fields: dict[str, Any]
    exact: float | None = None

    @property
    def score(self) -> str:
        """The score as written, "" for none."""
        return "" if self.exact is None else as_json(self.exact)

    @property
    def rank(self) -> tuple[bool, float]:
        """Its strength: enabled entries before disabled ones, then by score."""
        return self.fields.get("enabled") is not False, float("-inf") if self.exact is None else self.exact


class EntryUpgrade:
    """The entries of one layer at another release, repaired, and the changes.

    Attributes:
        ids: The ids of the layer, each once, in its order.
        removed: Id → its entries, of ids that the release does not have.
        merged, moved, dropped: Further changes.
        tactics: Other names of tactics in the layer → their short names.
    """

    def __init__(self, releases: ReleaseChange, repair: Repair) -> None:
        self._releases = releases
        self._repair = repair
        self.ids: list[str] = []
        self.removed: dict[str, list[Pairs]] = {}
        self.merged: list[Merged] = []
        self.moved: list[MovedEntry] = []
        self.dropped: list[Dropped] = []
        self.tactics: dict[str, str] = {}

    def upgraded(self, entries: Sequence[Document]) -> list[Document]:
        """The entries of the result; the given ones are not changed."""
        read = [self._entry(number, fields) for number, fields in enumerate(entries)]
        self.ids = list(dict.fromkeys(entry.id for entry in read))
        groups: dict[str, list[Entry]] = {}
        for entry in self._visible(read):
            if entry.change.now is None:
                self.removed.setdefault(entry.id, []).append(entry.fields)
            else:
                groups.setdefault(entry.change.now, []).append(entry)
        placed: list[tuple[int, bool, Document]] = []
        for identifier, group in groups.items():
            placed += self._placed(identifier, list(self._under_tactics(identifier, group)))
        return [fields for _, _, fields in sorted(placed, key=lambda place: place[:2])]

    def _entry(self, number: int, fields: Document) -> Entry:
        identifier = fields["techniqueID"].strip()
        if None in fields.values():
            fields = {key: value for key, value in fields.items() if value is not None or key not in _NULLS}
        change, tactic = self._releases.id_change(identifier), fields.get("tactic") or None
        return Entry(number, identifier, change, tactic, fields, self._repair.meant(fields))

    def _visible(self, entries: list[Entry]) -> list[Entry]:
        """The entries that the Navigator shows in the old release: the last one of a technique and tactic."""
        later: dict[str, set[str | None]] = {}
        visible: list[Entry] = []
        hidden: list[Dropped] = []
        for entry in reversed(entries):
            tactics = later.setdefault(entry.id, set())
            tactic = entry.tactic and (self._releases.tactics.find(entry.tactic) or entry.tactic)
            if None in tactics or tactic in tactics:
                hidden.append(Dropped(entry.id, entry.change.name, _HIDDEN, entry.fields))
            else:
                tactics.add(tactic)
                visible.append(entry)
        self.dropped += reversed(hidden)
        return visible[::-1]

    def _under_tactics(self, identifier: str, group: list[Entry]) -> Iterator[Entry]:
        """The entries of one technique of the result, each under a tactic of the technique, or under all (None)."""
        if all(entry.tactic is None for entry in group):
            yield from group
            return
        tactics = self._releases.tactics
        own = self._releases.new.techniques[identifier].tactics
        names = [entry.tactic and tactics.find(entry.tactic) for entry in group]
        everywhere = any(entry.tactic is None for entry in group)
        free = () if everywhere else tuple(tactic for tactic in own if tactic not in names)
        for entry, name in zip(group, names, strict=True):
            if entry.tactic is None:
                yield entry
            elif name in own:
                if name != entry.tactic:
                    self.tactics[entry.tactic] = name
                yield msgspec.structs.replace(entry, tactic=name)
            else:
                before = tactics.of(entry.id)
                if not self._was_shown(entry):
                    why = f"not shown in the old release, where the technique is not under {bare(entry.tactic)}"
                    self.dropped.append(Dropped(entry.id, entry.change.name, why, entry.fields))
                    continue
                gained = tuple(tactic for tactic in own if tactic not in before) if name in before else ()
                yield from self._moved(entry, identifier, gained or free)

    def _was_shown(self, entry: Entry) -> bool:
        """Whether the technique has the tactic of the entry in the old release; True where that is not known."""
        old, tactics = self._releases.old, self._releases.old_tactics
        before = old.get(entry.id) if old else None
        if tactics is None or before is None or not before.active or entry.tactic is None:
            return True
        return tactics.find(entry.tactic) in before.tactics

    def _moved(self, entry: Entry, identifier: str, to: tuple[str, ...]) -> Iterator[Entry]:
        tactic = entry.tactic or ""
        if to:
            self.moved.append(MovedEntry(identifier, self._releases.new.full_name(identifier), tactic, to))
        else:
            why = f"the technique is not under {bare(tactic)}, and each of its tactics has another entry"
            self.dropped.append(Dropped(entry.id, entry.change.name, why, entry.fields))
        return (msgspec.structs.replace(entry, tactic=now) for now in to)

    def _placed(self, identifier: str, group: list[Entry]) -> Iterator[tuple[int, bool, Document]]:
        """The entries of one technique of the result with their places, merged by tactic.

        Of two entries for a tactic, the Navigator takes the last: the one for all tactics comes first.
        """
        keys = {(entry.id, entry.tactic) for entry in group}
        if len({entry.id for entry in group}) == 1 and len(keys) == len(group):
            for entry in group:
                yield entry.number, entry.tactic is not None, self._at(entry, identifier)
            return
        first = min((entry.number for entry in group), default=0)
        for tactic in dict.fromkeys(entry.tactic for entry in group):
            members = [
                entry
                for entry in group
                if entry.tactic == tactic or (entry.tactic is None and (entry.id, tactic) not in keys)
            ]
            place = first if tactic is None else next(e.number for e in members if e.tactic == tactic)
            fields = (
                self._merged(identifier, members, tactic) if len(members) > 1 else self._at(members[0], identifier)
            )
            yield place, tactic is not None, fields

    def _at(self, entry: Entry, identifier: str) -> Document:
        """The repaired fields of an entry under its new id and tactic; a link to its ATT&CK page follows."""
        fields = entry.fields
        if fields.get("techniqueID") == identifier and fields.get("tactic") == entry.tactic:
            return self._repair.entry(fields)
        fields = {**fields, "techniqueID": identifier, "tactic": entry.tactic}
        if entry.tactic is None:
            del fields["tactic"]
        if identifier != entry.id and fields.get("links"):
            fields["links"] = [_link(link, entry.id, identifier) for link in fields["links"]]
        return self._repair.entry(fields)

    def _merged(self, identifier: str, members: list[Entry], tactic: str | None) -> Document:
        """The fields of one entry for several: see "Entries that meet" in docs/upgrade.md."""
        members = [members[at] for at in self._releases.in_order([entry.id for entry in members])]
        all_fields = [self._at(entry, identifier) for entry in members]
        ranked = sorted(range(len(members)), key=lambda at: members[at].rank, reverse=True)
        best = ranked[0]
        fields = {**all_fields[best], "tactic": tactic}
        if tactic is None:
            del fields["tactic"]
        for at in ranked[1:]:
            for key, value in all_fields[at].items():
                if key not in _RULED and fields.get(key) in (None, ""):
                    fields[key] = value
        if comment := joined(other.get("comment", "") for other in all_fields):
            fields["comment"] = comment
        if any(other.get("showSubtechniques") for other in all_fields):
            fields["showSubtechniques"] = True
        metadata = _united(
            [item for item in other.get("metadata", ()) if at == best or item.get("name") != EXACT]
            for at, other in enumerate(all_fields)
        )
        links = _united(other.get("links", ()) for other in all_fields)
        fields |= {key: items for key, items in (("metadata", metadata), ("links", links)) if items}
        self.merged.append(
            Merged(
                identifier,
                self._releases.new.full_name(identifier),
                ids=tuple(entry.id for entry in members),
                values=tuple(entry.score for entry in members),
                value=members[best].score,
                where=tactic or "",
                names=tuple(entry.change.name for entry in members),
                comments=tuple(entry.fields.get("comment", "") for entry in members),
            )
        )
        return fields


def _link(link: Document, old: str, new: str) -> Document:
    if link.get("url") != technique_url(old):
        return link
    label = link.get("label")
    renamed = {"label": label.replace(old, new)} if isinstance(label, str) else {}
    return {**link, "url": technique_url(new), **renamed}


def _united(lists: Iterable[Iterable[Document]]) -> list[Document]:
    """The items of several lists, each once, in their order; dividers stay in their places."""
    seen: set[bytes] = set()
    items = []
    for item in (item for some in lists for item in some):
        key = msgspec.json.encode(item, order="sorted")
        if key not in seen or "divider" in item:
            items.append(item)
        seen.add(key)
    return items


def joined(texts: Iterable[str]) -> str:
    """Texts with a blank line between them, each once."""
    parts: dict[str, None] = {}
    lines = {""}
    for text in texts:
        if text in parts or not text.strip():
            continue
        own = text.split("\n")
        # Only a text of known lines may be within the others, which take time to join.
        if not lines.issuperset(own) or f"{_BLANK}{text}{_BLANK}" not in f"{_BLANK}{_BLANK.join(parts)}{_BLANK}":
            parts[text] = None
            lines.update(own)
    return _BLANK.join(parts)
