"""The metadata of a Mappings Explorer file."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import _text as wording
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.model import MappingSet, MappingType

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.attack.domain import Domain
    from navlayers.errors import Place
    from navlayers.mapping.formats.context import Context

REQUIRED = {
    "mapping_framework": 'the id of the framework, such as "nist_800_53"',
    "mapping_framework_version": 'the version of the framework, such as "rev5"',
    "technology_domain": "enterprise, mobile or ics",
    "attack_version": 'the ATT&CK version that the set was made for, such as "16.1"',
}
DETAILS = {
    "mapping_version": "mapping_version",
    "creation_date": "created",
    "last_update": "updated",
    "author": "author",
    "contact": "contact",
    "organization": "organization",
}
"""Metadata field → native name."""

NATIVE = {
    "mapping_framework": "framework",
    "mapping_framework_version": "version",
    "technology_domain": "domain",
    "attack_version": "attack_version",
    **DETAILS,
}
"""Metadata field → the name by which users call it, which is that of the native format."""

_OF_SETS = {native: field for field, native in NATIVE.items()} | {"groups": "capability_groups"}

NO_DATE = "00/00/0000"
"""What stands for a date of creation that is not known: the published schema asks for one in this form."""

_IGNORED = {"mapping_framework_version_schema"}
_TABLES = {"mapping_types", "capability_groups"}


def metadata_field(field: str) -> str:
    """The field of the metadata that holds a field of a set."""
    return _OF_SETS.get(field, field)


def json_metadata(raw: bytes) -> dict[str, Any]:
    """The fields of the text of a metadata object; numbers as they are written, unknown fields as None."""
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    known = {*REQUIRED, *DETAILS, *_TABLES}
    return {field: _decoded(value) if field in known else None for field, value in fields.items()}


def head_of(fields: dict[str, Any], context: Context, place: Callable[[str], Place]) -> MappingSet:
    """A mapping set that has only metadata, from the fields of the metadata object.

    Values are text, None, lists, dicts, or of other kinds that are told. What the user says of the set counts
    instead of what the file says.
    """
    findings, said = context.findings, context.options.metadata
    texts: dict[str, str] = {}

    def add(field: str, message: str, expected: str = "", *, code: str, fatal: bool = True) -> None:
        findings.add(Issue(message, expected, fatal=fatal, code=code), partial(place, field))

    for field in (*REQUIRED, *DETAILS):
        value = _text(fields.get(field))
        if value is None:
            add(field, f"metadata {field} is not text", REQUIRED.get(field, "text or null"), code="wrong-type")
        elif value.strip() and (field, value.strip()) != ("creation_date", NO_DATE):
            texts[field] = value.strip()
        elif field in REQUIRED and NATIVE[field] not in said:
            add(field, f"metadata {field} is missing", REQUIRED[field], code="missing-metadata")
    for field in fields:
        if field not in REQUIRED and field not in DETAILS and field not in _TABLES and field not in _IGNORED:
            add(field, f"metadata {field} has no meaning here and is left out", code="not-carried", fatal=False)
    texts |= {field: said[native] for field, native in NATIVE.items() if native in said}
    domain: Domain | None = None
    if "technology_domain" in texts:
        domain, issue = checks.domain(texts["technology_domain"])
        if issue:
            findings.add(issue, partial(place, "technology_domain"))
    types = _table(fields.get("mapping_types"))
    groups = _table(fields.get("capability_groups"))
    for field, table in (("mapping_types", types), ("capability_groups", groups)):
        for id_ in _repeated(fields.get(field)) if table else ():
            message = f"id {wording.shown(id_)} stands twice but for blanks around it in {field}"
            add(field, message, "each id once", code="duplicate-id")
    if types is None:
        add(
            "mapping_types",
            "metadata mapping_types is not an object",
            "an object of mapping type id → name, description",
            code="wrong-type",
        )
    if groups is None:
        message = "metadata capability_groups is not an object"
        add("capability_groups", message, "an object of group id → name", code="wrong-type")
    return MappingSet(
        framework=texts.get("mapping_framework", ""),
        version=texts.get("mapping_framework_version", ""),
        domain=domain or "enterprise",
        attack_version=texts.get("attack_version", ""),
        title=said.get("title", ""),
        source=said.get("source", ""),
        licence=said.get("licence", ""),
        groups={id_: _name(value) or id_ for id_, value in (groups or {}).items()},
        mapping_types=tuple(_mapping_type(id_, value) for id_, value in (types or {}).items()),
        details={native: texts[field] for field, native in DETAILS.items() if field in texts},
    )


def _text(value: Any) -> str | None:
    """The text of a metadata value; "" for null and absent; None for other kinds."""
    return "" if value is None else value if isinstance(value, str) else None


def _decoded(raw: msgspec.Raw) -> Any:
    """A value; a number as it is written, and within a value if it is beyond any machine's."""
    written = bytes(raw).decode()
    if written[0] in "-0123456789":
        return written
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        return json.loads(written, parse_float=str, parse_int=str)


def _table(value: Any) -> dict[str, Any] | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = dict.fromkeys(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        return None
    # Ids are compared without blanks around them, as those of rows are.
    return {id_.strip(): said for id_, said in value.items() if id_.strip()}


def _repeated(value: Any) -> list[str]:
    """Ids that are the same without the blanks around them."""
    ids = [id_.strip() for id_ in value or ()]
    return sorted(id_ for id_, count in Counter(ids).items() if count > 1 and id_)


def _name(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""


def _mapping_type(id_: str, value: Any) -> MappingType:
    description = value.get("description") if isinstance(value, dict) else None
    return MappingType(id_, _name(value), description if isinstance(description, str) else "")
