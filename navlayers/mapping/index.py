"""The index of the shipped sets: their metadata and counts, so that listing them reads none of them."""

from __future__ import annotations

import msgspec

from navlayers.attack.domains import Domain
from navlayers.mapping.find import HERE, INDEX_FILE, Source, shipped_folder
from navlayers.mapping.model import MappingSet, Role


class Entry(msgspec.Struct, frozen=True):
    """What a list of sets tells about one.

    Attributes:
        capabilities: number of capabilities with a mapping.
        mappings: number of mappings.
    """

    framework: str
    role: Role
    title: str
    version: str
    domain: Domain
    attack_version: str
    scored: bool
    capabilities: int
    mappings: int
    source: str
    licence: str


def facts(source: Source, listed: Entry) -> dict[str, object]:
    """What a list of sets tells about one, in JSON."""
    return {
        "name": source.name,
        "origin": origin(source),
        "path": str(source.path),
        **msgspec.structs.asdict(listed),
    }


def origin(source: Source) -> str:
    """Where a set was found, in a word."""
    return f"{HERE}/" if source.origin == "here" else source.origin


_COUNTS = frozenset({"capabilities", "mappings"})


def entry(mapping_set: MappingSet) -> Entry:
    """The entry of a set."""
    own = {name: getattr(mapping_set, name) for name in Entry.__struct_fields__ if name not in _COUNTS}
    capabilities = len({mapping.capability for mapping in mapping_set.mappings})
    return Entry(capabilities=capabilities, mappings=len(mapping_set.mappings), **own)


def shipped_entries() -> dict[str, Entry]:
    """Name of a shipped set → its entry."""
    return msgspec.json.decode((shipped_folder() / INDEX_FILE).read_bytes(), type=dict[str, Entry])
