"""Ids with names, and labels of capabilities and groups: the name, after the id if that is a code such as AC-02."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.spelling import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navlayers.mapping.model import MappingSet


class IdAndName(msgspec.Struct, frozen=True):
    """An id and its name."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.id if self.name in ("", self.id) else f"{self.id} {self.name}"


def capability_labels(mapping_set: MappingSet) -> dict[str, str]:
    """Capability id → label."""
    return labels({capability.id: capability.name for capability in mapping_set.capabilities})


def labels(names: Mapping[str, str]) -> dict[str, str]:
    """Id → label, from id → name.

    "Cloud IDS" for `cloud_ids`, "AC-02 Account Management" for `AC-02`. A name shared by several ids is
    preceded by the id.
    """
    times = Counter(names.values())
    return {identifier: _label(identifier, name, times[name] == 1) for identifier, name in names.items()}


def _label(identifier: str, name: str, unique: bool) -> str:
    plain, own = compact(name), compact(identifier)
    if plain == own:
        return name
    if own.endswith(plain):
        return name if unique else identifier
    if unique and not re.search(r"[A-Z0-9]", identifier):
        return name
    return f"{identifier} {name}"
