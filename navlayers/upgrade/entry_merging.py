"""Several entries of a layer as one: the rule for each of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.attack.id_changes import Fate
from navlayers.layer.repair import EXACT, as_json
from navlayers.upgrade.merging import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.old_formats import Document

_RULED = frozenset(
    ("techniqueID", "tactic", "score", "enabled", "comment", "metadata", "links", "showSubtechniques")
)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry of a layer: its number, its old id, what becomes of that, its tactic (None: all), its fields.

    `exact` is its score, though a lower one stands in the fields for the Navigator; None where it has none.
    """

    number: int
    id: str
    fate: Fate
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
