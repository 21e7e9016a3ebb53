"""The STIX 2.1 objects that a bundle of a mapping set holds, and navlayers' extension of them.

The objects are facts of the OASIS standard; the extension carries what STIX 2.1 has no property for.
"""

from __future__ import annotations

import re
import uuid
from datetime import date
from hashlib import sha1
from typing import Any

import msgspec

EXTENSION = "extension-definition--cbb29f9d-257e-57c5-b604-05b5cc9073d8"
"""Id of navlayers' extension definition; properties of a set, a capability or a mapping stand under it."""


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


class Properties(msgspec.Struct, omit_defaults=True):
    """The properties under the extension: of the set (in its grouping), of a capability, or of a mapping.

    Dates are as the set writes them.
    """

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
    capability_groups: tuple[Group, ...] = ()
    mapping_types: tuple[Kind, ...] = ()
    scale: tuple[Step, ...] = ()
    non_mappable: tuple[Unmapped, ...] = ()
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
    """The extensions of an object; those of others are not looked at."""

    own: Properties | None = msgspec.field(name=EXTENSION, default=None)


DETAILS = {
    "mapping_version": "mapping_version",
    "created": "creation_date",
    "updated": "last_update",
    "author": "author",
    "contact": "contact",
    "organization": "organization",
}
"""Name in `MappingSet.details` → property of the set's extension."""


NAMESPACE = uuid.UUID("afde33c9-8a89-5794-b366-2a6bd3743bd6").bytes
"""UUIDv5 of "navlayers" in the namespace of DNS names."""

UNKNOWN_DATE = "1970-01-01T00:00:00.000Z"
"""Creation time of objects of undated sets; STIX requires one."""

_OWN_DATE = "2026-01-01T00:00:00.000Z"
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?", re.DOTALL)
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


class Reference(msgspec.Struct, omit_defaults=True):
    """An external reference."""

    source_name: str | None = None
    description: str | None = None
    url: str | None = None
    external_id: str | None = None


class Identity(msgspec.Struct, omit_defaults=True, tag_field="type", tag="identity"):
    """The creator of objects."""

    spec_version: str
    id: str
    created: str
    modified: str
    name: str
    identity_class: str


class Definition(msgspec.Struct, omit_defaults=True, tag_field="type", tag="extension-definition"):
    """The definition of an extension."""

    spec_version: str
    id: str
    created_by_ref: str
    created: str
    modified: str
    name: str
    description: str
    schema: str
    version: str
    extension_types: tuple[str, ...]


class Grouping(msgspec.Struct, omit_defaults=True, tag_field="type", tag="grouping"):
    """The mapping set: what belongs to it, and what it says of itself."""

    spec_version: str
    id: str
    created: str
    modified: str
    name: str
    description: str
    context: str
    object_refs: tuple[str, ...]
    extensions: Extensions
    created_by_ref: str | None = None


class Relationship(msgspec.Struct, omit_defaults=True, tag_field="type", tag="relationship", gc=False):
    """A mapping: from a capability's object to ATT&CK's attack-pattern."""

    spec_version: str
    id: str
    created: str
    modified: str
    relationship_type: str
    source_ref: str
    target_ref: str
    extensions: Extensions
    description: str | None = None
    external_references: tuple[Reference, ...] = ()
    created_by_ref: str | None = None


class Named(msgspec.Struct, omit_defaults=True):
    """A capability, or a technique that no ATT&CK release at hand knows; its class tells the type of the object."""

    spec_version: str
    id: str
    created: str
    modified: str
    name: str
    external_references: tuple[Reference, ...] = ()
    extensions: Extensions | None = None
    created_by_ref: str | None = None


class CourseOfAction(Named, omit_defaults=True, tag_field="type", tag="course-of-action"):
    """A control or service."""


class Vulnerability(Named, omit_defaults=True, tag_field="type", tag="vulnerability"):
    """A CVE entry."""


class AttackPattern(Named, omit_defaults=True, tag_field="type", tag="attack-pattern"):
    """An incident's action, or a technique that no available release knows."""


Thing = Identity | Definition | Grouping | CourseOfAction | Vulnerability | AttackPattern | Relationship


class Bundle(msgspec.Struct, tag_field="type", tag="bundle"):
    """The bundle."""

    id: str
    objects: list[Thing]


def identify(kind: str, *key: str | int | None) -> str:
    """The STIX id of an object: UUIDv5 of its type and identifying properties."""
    # As uuid.uuid5 does, which takes three times as long.
    digest = bytearray(sha1(NAMESPACE + msgspec.json.encode((kind, *key)), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{kind}--{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_AUTHOR = Identity("2.1", identify("identity", "navlayers"), _OWN_DATE, _OWN_DATE, "navlayers", "system")

DEFINITION: tuple[Thing, Thing] = (
    _AUTHOR,
    Definition(
        "2.1",
        EXTENSION,
        _AUTHOR.id,
        _OWN_DATE,
        _OWN_DATE,
        "Mappings of security capabilities to ATT&CK",
        "What a mapping set says that STIX 2.1 has no property for.",
        "A grouping is a mapping set: framework, framework_version, domain, attack_version, and, as far as the set "
        "has them, its other metadata, capability_groups, mapping_types, scale and non_mappable. The object of a "
        "capability has capability_id and group_ids. A relationship is a mapping: technique_id, mapping_type, "
        "score_category (protect, detect or respond), score_value (a name of the scale or a number from 0 to 100), "
        "group_id, names that the mapping spells in its own way, and other_fields. All values are text, but for "
        "scale, which has numbers from 0 to 100 (by default minimal is 10, partial 50, significant 100).",
        "1.0.0",
        ("property-extension",),
    ),
)
"""The extension, and who defines it."""


def extended(**properties: Any) -> Extensions:
    """The extensions of an object that has these properties under navlayers' own."""
    return Extensions(Properties("property-extension", **properties))


def organization(name: str) -> Identity:
    """The identity of an organisation; the same name is the same object in every bundle."""
    id_ = identify("identity", "organization", name)
    return Identity("2.1", id_, UNKNOWN_DATE, UNKNOWN_DATE, name, "organization")


def timestamp(text: str) -> str | None:
    """The start of a day as STIX writes it; the text is 2025-03-06, with or without a time, or 03/06/2025.

    None where it is no such day. The time is left out, for its zone may be missing.
    """
    if found := _ISO.fullmatch(text.strip()):
        year, month, day = found.groups()
    elif found := _AMERICAN.fullmatch(text.strip()):
        month, day, year = found.groups()
    else:
        return None
    try:
        return f"{date(int(year), int(month), int(day)).isoformat()}T00:00:00.000Z"
    except ValueError:
        return None
