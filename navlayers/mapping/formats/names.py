"""Technique names of the ATT&CK release that a set was made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.model import MappingSet


def technique_names(head: MappingSet) -> Callable[[str], str | None]:
    """The function from technique id to its name in the set's own release.

    Where that release is not at hand, or only a neighbour of it is, every name is unknown: names in the file are
    then kept as they stand.
    """
    # ATT&CK catalogues are loaded only when a file is read.
    from navlayers import attack  # noqa: PLC0415

    try:
        found = attack.find(head.domain, head.attack_version)
        if found.notice is not None:
            return _unknown
        catalogue = attack.load(found.release)
    except ReleaseError:
        return _unknown

    def name(technique: str) -> str | None:
        entry = catalogue.get(technique)
        return entry.name if entry is not None else None

    return name


def _unknown(technique: str) -> str | None:
    return None
