"""STIX objects of mapping sets: their properties, navlayers' extension of them, and ids.

STIX 2.1 has no property for most fields of a mapping. They are under a property extension: in the grouping for the
set, in the object of a capability, in the relationship of a mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.formats.rows import Pairs

EXTENSION = "extension-definition--cbb29f9d-257e-57c5-b604-05b5cc9073d8"
SET_PROPERTIES = {
    "version": "framework_version",
    "groups": "capability_groups",
    "created": "creation_date",
    "updated": "last_update",
}
"""Field of a mapping set, or of its details → property of the extension, where the names differ."""

ROW_PROPERTIES = {
    "capability": "capability_id",
    "technique": "technique_id",
    "type": "mapping_type",
    "category": "score_category",
    "value": "score_value",
    "group": "group_id",
    "other": "other_fields",
}
"""Field of a mapping or non-mappable → property of the extension, where the names differ."""


class Part(msgspec.Struct):
    """A name with a value. STIX restricts the keys of objects, so names are values here."""

    name: str
    value: str


class DeclaredType(msgspec.Struct, omit_defaults=True):
    """A mapping type of the set."""

    type_id: str
    name: str = ""
    description: str = ""


class DeclaredGroup(msgspec.Struct):
    """A capability group of the set."""

    group_id: str
    name: str


class Step(msgspec.Struct):
    """A score value of the set's scale, and its number 0–100."""

    value: str
    score: float


class Record(msgspec.Struct, omit_defaults=True, rename=ROW_PROPERTIES):
    """A non-mappable, with the fields of `NonMappable` in the same order."""

    capability: str | None = None
    technique: str | None = None
    type: str | None = None
    comment: str = ""
    references: tuple[str, ...] = ()
    group: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    other: tuple[Part, ...] = ()


class Properties(msgspec.Struct, omit_defaults=True):
    """The properties of the extension: of a set (first part), a capability (second), a mapping (third)."""

    extension_type: str | None = None

    framework: str | None = None
    framework_version: str = ""
    domain: str = ""
    attack_version: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    mapping_version: str = ""
    creation_date: str = ""
    last_update: str = ""
    author: str = ""
    contact: str = ""
    organization: str = ""
    capability_groups: tuple[DeclaredGroup, ...] = ()
    mapping_types: tuple[DeclaredType, ...] = ()
    scale: tuple[Step, ...] = ()
    non_mappable: tuple[Record, ...] = ()

    capability_id: str | None = None
    group_ids: tuple[str, ...] = ()

    technique_id: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    mapping_type: str | None = None
    score_category: str | None = None
    score_value: str | None = None
    group_id: str | None = None
    other_fields: tuple[Part, ...] = ()


class Extensions(msgspec.Struct, omit_defaults=True):
    """The extensions of an object; those of others are not read."""

    own: Properties | None = msgspec.field(name=EXTENSION, default=None)


class Reference(msgspec.Struct, omit_defaults=True):
    """An external reference."""

    source_name: str | None = None
    description: str | None = None
    url: str | None = None
    external_id: str | None = None


def parts(pairs: Pairs) -> tuple[Part, ...]:
    """Pairs as objects."""
    return tuple(Part(name, value) for name, value in pairs)


def pairs(written: Iterable[Part]) -> Pairs:
    """Objects as pairs."""
    return tuple((part.name, part.value) for part in written)
