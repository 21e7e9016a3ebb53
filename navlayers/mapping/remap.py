"""Remap a mapping set to another ATT&CK release through revoked-by, and report every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.attack.id_changes import ReleaseChange, Why, reason

if TYPE_CHECKING:
    from navlayers.attack import Catalogue
    from navlayers.mapping.model import MappingSet


class Inactive(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mapped technique that is not active in the release.

    `successor` is the id that took its place where it was revoked, active in the release or not; `capabilities` are
    the ids mapped to it.
    """

    id: str
    name: str
    fate: Why
    successor: str = ""
    successor_name: str = ""
    capabilities: tuple[str, ...] = ()
    successor_active: bool = True

    def __str__(self) -> str:
        name = f"{self.id} {self.name}".rstrip()
        successor = f"{self.successor} {self.successor_name}".rstrip()
        return f"{name}: {reason(self.fate, successor, active=self.successor_active)}"


class Moved(msgspec.Struct, frozen=True):
    """A technique id of the set, and its replacement in the other release."""

    id: str
    name: str
    successor: str
    successor_name: str


def inactive(mapping_set: MappingSet, catalogue: Catalogue) -> tuple[Inactive, ...]:
    """The mapped techniques that are not active in the release, by id."""
    found: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for mapping in mapping_set.mappings:
        if not catalogue.is_active(mapping.technique):
            found.setdefault(mapping.technique, set()).add(mapping.capability)
            names.setdefault(mapping.technique, set()).add(mapping.technique_name or "")
    releases = ReleaseChange(None, catalogue)
    return tuple(_inactive(i, max(names[i]), tuple(sorted(found[i])), releases) for i in sorted(found))


def _inactive(identifier: str, written: str, capabilities: tuple[str, ...], releases: ReleaseChange) -> Inactive:
    change = releases.id_change(identifier)
    end = releases.new.get(change.end) if change.end else None
    return Inactive(
        identifier,
        written if change.why == "unknown" else change.name,
        change.why or "unknown",
        end.id if end else "",
        end.name if end else "",
        capabilities,
        successor_active=end is None or end.active,
    )


def carry_to(
    mapping_set: MappingSet, catalogue: Catalogue, own: Catalogue | None = None
) -> tuple[MappingSet, tuple[Moved, ...]]:
    """The set at the catalogue's release: revoked techniques become their replacements.

    A technique that is not active in the release and has no replacement stays; `inactive` reports it. One that the
    release does not have at all gets its name from `own`, the set's own release. To carry a set twice changes
    nothing more.
    """
    releases = ReleaseChange(None, catalogue)
    moved: dict[str, Moved] = {}
    mappings = []
    for mapping in mapping_set.mappings:
        identifier = mapping.technique
        now = mapping
        change = releases.id_change(identifier)
        if change.kind == "replaced" and change.now is not None:
            moved[identifier] = Moved(identifier, change.name, change.now, change.now_name)
        if own and mapping.technique_name is None and catalogue.get(identifier) is None:
            known = own.get(identifier)
            now = msgspec.structs.replace(mapping, technique_name=known.name) if known else mapping
        if identifier in moved:
            now = msgspec.structs.replace(mapping, technique=moved[identifier].successor, technique_name=None)
        mappings.append(now)
    carried = msgspec.structs.replace(mapping_set, mappings=tuple(mappings), attack_version=catalogue.version)
    return carried, tuple(moved[identifier] for identifier in sorted(moved))
