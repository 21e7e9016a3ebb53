"""Remap a mapping set to another ATT&CK release through revoked-by, and report every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.attack.id_changes import ReleaseChange, Why, reason
from navlayers.attack.ids import newer_than, other_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack import Catalogue
    from navlayers.attack.id_changes import IdChange
    from navlayers.mapping.model import Mapping, MappingSet


MOST_LISTED = 10
"""Maximum replaced, and maximum inactive, techniques that a message lists."""


class Inactive(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mapped technique that is not active in the release.

    Attributes:
        id: technique id.
        name: name in the release, or in the mappings if the release does not have the id.
        fate: "revoked", "deprecated" or "unknown".
        successor: the technique that revoked it; "" for none.
        capabilities: ids of the capabilities mapped to it.
        successor_active: whether the successor is active in the release.
        newer: the newest installed release, where the id is newer than that.
        domain: the name of another domain that has an unknown id.
    """

    id: str
    name: str
    fate: Why
    successor: str = ""
    successor_name: str = ""
    capabilities: tuple[str, ...] = ()
    successor_active: bool = True
    newer: str = ""
    domain: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.name}".rstrip() + f": {self.why}"

    @property
    def why(self) -> str:
        """Why it is not active, in words."""
        successor = f"{self.successor} {self.successor_name}".rstrip()
        return reason(self.fate, successor, active=self.successor_active, newer=self.newer, domain=self.domain)


class ReplacedId(msgspec.Struct, frozen=True):
    """A technique id of the set, and its successor in the release that the set is remapped to."""

    id: str
    name: str
    successor: str
    successor_name: str


def changes_of_ids(
    name: str, version: str, replaced: Iterable[ReplacedId], left_out: Iterable[Inactive], *, own: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """What every command tells of the ids of a set at a release: a heading with its items, if there are any.

    `own` is the release that the set was made for.
    """
    there = f"revoked in ATT&CK {version}, replaced"
    heading = there if own == version else f"remapped to ATT&CK {version}"
    ids = [f"{one.id} {one.name} → {one.successor} {one.successor_name}" for one in replaced]
    if ids:
        yield f"{name}: {heading}", ids
    missing = list(map(str, left_out))
    if missing:
        yield f"{name}: {not_active(version)}", missing


def not_active(version: str) -> str:
    """The heading of techniques that are left out."""
    return f"left out, not active in ATT&CK {version}"


def inactive_ids(ids: Iterable[str], catalogue: Catalogue) -> list[Inactive]:
    """Ids that are not active in the release."""
    releases = ReleaseChange(None, catalogue)
    changes = [releases.id_change(id_) for id_ in ids if not catalogue.is_active(id_)]
    return [_inactive(change, releases) for change in changes]


def inactive(mapping_set: MappingSet, catalogue: Catalogue) -> tuple[Inactive, ...]:
    """The mapped techniques that are not active in the release, by id."""
    mappings: dict[str, list[Mapping]] = {}
    active = catalogue.active
    for mapping in mapping_set.mappings:
        if mapping.technique not in active:
            mappings.setdefault(mapping.technique, []).append(mapping)
    releases = ReleaseChange(None, catalogue)
    techniques = []
    for id_, rows in sorted(mappings.items()):
        capabilities = tuple(sorted({row.capability for row in rows}))
        technique = _inactive(releases.id_change(id_), releases, capabilities)
        # The release has no name for an unknown id; the mappings may.
        if technique.fate == "unknown":
            name = max(row.technique_name or "" for row in rows)
            technique = msgspec.structs.replace(technique, name=name)
        techniques.append(technique)
    return tuple(techniques)


def _inactive(change: IdChange, releases: ReleaseChange, capabilities: tuple[str, ...] = ()) -> Inactive:
    catalogue = releases.new
    end = catalogue.get(change.end) if change.end else None
    successor = (end.id, end.name) if end else ("", "")
    active = end is None or end.active
    why = change.why or ("revoked" if end else "unknown")
    domain = other_domain(change.id, catalogue.domain, releases.newest) if why == "unknown" else ""
    newer = newer_than(change.id, catalogue.domain, releases.newest) if why == "unknown" and not domain else ""
    return Inactive(change.id, change.name, why, *successor, capabilities, active, newer, domain)


def remap(
    mapping_set: MappingSet, catalogue: Catalogue, own: Catalogue | None = None
) -> tuple[MappingSet, tuple[ReplacedId, ...]]:
    """The set at the catalogue's release: revoked techniques become their replacements.

    A technique that is not active in the release and has no replacement stays; `inactive` reports it. One that the
    release does not have at all gets its name from `own`, the set's own release. To remap a set twice changes
    nothing more.
    """
    releases = ReleaseChange(None, catalogue)
    replaced: dict[str, ReplacedId] = {}
    names: dict[str, str] = {}
    for id_ in sorted({mapping.technique for mapping in mapping_set.mappings}):
        change = releases.id_change(id_)
        known = own.get(id_) if own and catalogue.get(id_) is None else None
        if change.kind == "replaced" and change.now is not None:
            replaced[id_] = ReplacedId(id_, change.name, change.now, change.now_name)
        elif known is not None:
            names[id_] = known.name
    mappings = mapping_set.mappings
    if replaced or names:
        mappings = tuple(_remapped(mapping, replaced, names) for mapping in mappings)
    remapped = msgspec.structs.replace(mapping_set, mappings=mappings, attack_version=catalogue.version)
    return remapped, tuple(replaced.values())


def _remapped(mapping: Mapping, replaced: dict[str, ReplacedId], names: dict[str, str]) -> Mapping:
    id_ = mapping.technique
    if id_ in replaced:
        return msgspec.structs.replace(mapping, technique=replaced[id_].successor, technique_name=None)
    if id_ in names and mapping.technique_name is None:
        return msgspec.structs.replace(mapping, technique_name=names[id_])
    return mapping
