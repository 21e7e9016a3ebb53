"""What the reader and the writer of STIX share: the extension that carries what STIX 2.1 has no property for."""

from __future__ import annotations

import msgspec

EXTENSION = "extension-definition--cbb29f9d-257e-57c5-b604-05b5cc9073d8"
"""Id of navlayers' extension definition; properties of a set, a capability or a mapping stand under it."""

Pair = tuple[str, str]


class Part(msgspec.Struct, omit_defaults=True):
    """A name and its value, where JSON would have an object with any text as key: STIX restricts its keys."""

    name: str
    value: str


class Kind(msgspec.Struct, omit_defaults=True):
    """A mapping type that the set declares."""

    type_id: str
    name: str = ""
    description: str = ""


class Group(msgspec.Struct):
    """A capability group that the set declares."""

    group_id: str
    name: str


class Step(msgspec.Struct):
    """A score value of the set's own scale and its number, 0–100."""

    value: str
    score: float


class Unmapped(msgspec.Struct, omit_defaults=True):
    """A record that a capability, or a technique, was looked at and cannot be mapped."""

    capability_id: str | None = None
    technique_id: str | None = None
    mapping_type: str | None = None
    comment: str = ""
    references: tuple[str, ...] = ()
    group_id: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    other_fields: tuple[Part, ...] = ()


class SetProperties(msgspec.Struct, omit_defaults=True, tag_field="extension_type", tag="property-extension"):
    """What the grouping says of the set; dates are as the set writes them."""

    framework: str
    framework_version: str
    domain: str
    attack_version: str
    title: str = ""
    source: str = ""
    licence: str = ""
    mapping_version: str = ""
    creation_date: str = ""
    last_update: str = ""
    author: str = ""
    contact: str = ""
    organization: str = ""
    capability_groups: tuple[Group, ...] = ()
    mapping_types: tuple[Kind, ...] = ()
    scale: tuple[Step, ...] = ()
    non_mappable: tuple[Unmapped, ...] = ()


class CapabilityProperties(
    msgspec.Struct, omit_defaults=True, tag_field="extension_type", tag="property-extension"
):
    """What a capability's object says beside its name and references."""

    capability_id: str
    group_ids: tuple[str, ...] = ()


class MappingProperties(msgspec.Struct, omit_defaults=True, tag_field="extension_type", tag="property-extension"):
    """What a relationship says beside its ends, description and references."""

    technique_id: str
    technique_name: str | None = None
    capability_name: str | None = None
    mapping_type: str | None = None
    score_category: str | None = None
    score_value: str | None = None
    group_id: str | None = None
    other_fields: tuple[Part, ...] = ()


DETAILS = {
    "mapping_version": "mapping_version",
    "created": "creation_date",
    "updated": "last_update",
    "author": "author",
    "contact": "contact",
    "organization": "organization",
}
"""Name in `MappingSet.details` → property of the set's extension."""
