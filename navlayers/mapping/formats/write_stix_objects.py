"""The STIX 2.1 objects that a bundle of a mapping set holds, as they are written. Facts of the OASIS standard."""

from __future__ import annotations

import re
import uuid

import msgspec

from navlayers.mapping.formats.stix_common import EXTENSION, CapabilityProperties, MappingProperties, SetProperties

NAMESPACE = uuid.UUID("afde33c9-8a89-5794-b366-2a6bd3743bd6").bytes
"""UUIDv5 of "navlayers" in the namespace of DNS names."""

UNKNOWN_DATE = "1970-01-01T00:00:00.000Z"
"""When an object was made, where the set does not say; STIX asks for a time."""

_OWN_DATE = "2026-01-01T00:00:00.000Z"
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?", re.DOTALL)
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Reference(msgspec.Struct, omit_defaults=True):
    """An external reference."""

    source_name: str
    description: str | None = None
    url: str | None = None
    external_id: str | None = None


class Identity(msgspec.Struct, omit_defaults=True, tag_field="type", tag="identity"):
    """Who made objects."""

    spec_version: str
    id: str
    created: str
    modified: str
    name: str
    identity_class: str


class Definition(msgspec.Struct, omit_defaults=True, tag_field="type", tag="extension-definition"):
    """What an extension is."""

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


class Extended(msgspec.Struct, omit_defaults=True):
    """The properties that stand under the id of the extension."""

    own: SetProperties | CapabilityProperties | MappingProperties = msgspec.field(name=EXTENSION)


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
    extensions: Extended
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
    extensions: Extended
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
    extensions: Extended | None = None
    created_by_ref: str | None = None


class CourseOfAction(Named, omit_defaults=True, tag_field="type", tag="course-of-action"):
    """A control or service."""


class Vulnerability(Named, omit_defaults=True, tag_field="type", tag="vulnerability"):
    """A CVE entry."""


class AttackPattern(Named, omit_defaults=True, tag_field="type", tag="attack-pattern"):
    """What an incident does, or a technique of no release at hand."""


Thing = Identity | Definition | Grouping | CourseOfAction | Vulnerability | AttackPattern | Relationship


class Bundle(msgspec.Struct, tag_field="type", tag="bundle"):
    """All of it."""

    id: str
    objects: list[Thing]


def identify(kind: str, *key: str | int | None) -> str:
    """The id of an object of a type: UUIDv5 of what makes it the one it is."""
    # As uuid.uuid5 does, which takes three times as long.
    from hashlib import sha1  # noqa: PLC0415

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
    if int(year) < 1 or not 1 <= int(month) <= 12 or not 1 <= int(day) <= _DAYS[int(month) - 1]:
        return None
    if (int(month), int(day)) == (2, 29) and (int(year) % 4 or (int(year) % 100 == 0 and int(year) % 400)):
        return None
    return f"{int(year):04}-{int(month):02}-{int(day):02}T00:00:00.000Z"
