"""Shared parts of CTID's Mappings Explorer JSON and YAML: metadata, and the document to write."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers._text import listed, shown
from navlayers.errors import Problem
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.assemble import rows_of
from navlayers.mapping.formats.checks import NON_MAPPABLE
from navlayers.mapping.formats.context import Places, lost, technique_names
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.rows import COMPLETE, Row, Seen, row_field
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE, MappingSet, MappingType

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from navlayers.attack.domain import Domain
    from navlayers.errors import Place
    from navlayers.mapping.formats._locate import Locator
    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.model import Capability, Mapping, NonMappable

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
"""Placeholder for an unknown creation date, which the published schema requires."""

_IGNORED = {"mapping_framework_version_schema"}
TABLES = {"mapping_types", "capability_groups"}


def places_of(locator: Locator, rows: dict[Kind, Sequence[int]]) -> Places:
    """Where the parts of a set stand; `rows` are the numbers of the rows that they were read from."""
    return Places(
        lambda kind, index, field: row_place(locator, rows[kind][index], row_field(field)),
        lambda field: metadata_place(locator, _OF_SETS.get(field, field)),
    )


def row_place(locator: Locator, index: int, field: str) -> Place:
    """The place of a field's value, or of the row where it lacks the field."""
    return locator.place(("mapping_objects", index, field))


def metadata_place(locator: Locator, field: str = "") -> Place:
    """The place of a metadata field's value, or of the metadata."""
    return locator.place(("metadata", field))


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
        if field not in REQUIRED and field not in DETAILS and field not in TABLES and field not in _IGNORED:
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
            message = f"id {shown(id_)} stands twice but for blanks around it in {field}"
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
    """Ids that are equal once stripped."""
    ids = [id_.strip() for id_ in value or ()]
    return sorted(id_ for id_, count in Counter(ids).items() if count > 1 and id_)


def _name(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""


def _mapping_type(id_: str, value: Any) -> MappingType:
    description = value.get("description") if isinstance(value, dict) else None
    return MappingType(id_, _name(value), description if isinstance(description, str) else "")


_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})((?:[Tt ].*)?)")
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")

Metadata = dict[str, str | dict[str, str] | dict[str, dict[str, str]] | None]


def metadata_of(mapping_set: MappingSet) -> tuple[Metadata, list[Problem]]:
    """The metadata object of a set, its keys in the order of the published files, and what it has no room for."""
    notices = []
    details = mapping_set.details
    created, notice = _date(details, "created")
    notices += notice
    updated, notice = _date(details, "updated")
    notices += notice
    if created is None and "created" not in details:
        notices.append(_made_up("the set does not say when it was created"))
    fields: Metadata = {
        "mapping_version": details.get("mapping_version", ""),
        "technology_domain": mapping_set.domain,
        "attack_version": mapping_set.attack_version,
        "mapping_framework": mapping_set.framework,
        "mapping_framework_version": mapping_set.version,
        "author": details.get("author"),
        "contact": details.get("contact"),
        "organization": details.get("organization"),
        "creation_date": created or NO_DATE,
    }
    if updated is not None:
        fields["last_update"] = updated
    fields["mapping_types"] = {
        kind.id: {"name": kind.name, "description": kind.description} for kind in mapping_set.mapping_types
    }
    fields["capability_groups"] = dict(mapping_set.groups)
    nowhere = {
        "title": mapping_set.title,
        "source": mapping_set.source,
        "licence": mapping_set.licence,
        "scale": mapping_set.scale,
    }
    named = [field for field, value in nowhere.items() if value]
    if named:
        notices.append(lost(listed(named), "Mappings Explorer files have no room for it"))
    return fields, notices


def _date(details: dict[str, str], field: str) -> tuple[str | None, list[Problem]]:
    """A date as MM/DD/YYYY; None if absent or not recognized."""
    text = details.get(field)
    if text is None:
        return None, []
    written = text.strip()
    american, iso = _AMERICAN.fullmatch(written), _ISO.fullmatch(written)
    if american:
        return f"{american[1]:0>2}/{american[2]:0>2}/{american[3]}", []
    if iso:
        date = f"{iso[2]:0>2}/{iso[3]:0>2}/{iso[1]}"
        return date, [lost(f"the time of {field} {shown(text)}", f"it is written as {date}")] if iso[4] else []
    hint = "write it as 2025-01-31"
    if field == "created":
        return None, [_made_up(f"created {shown(text)} is no date", hint)]
    return None, [lost(f"{field} {shown(text)}", "it is no date", hint=hint)]


def _made_up(why: str, hint: str = "say it with --meta created=2025-01-31") -> Problem:
    return Problem(f"{why}: creation_date is written as {NO_DATE}", hint=hint, code="not-carried")


_ALWAYS = (
    *("capability_id", "capability_description", "mapping_type"),
    *("attack_object_id", "attack_object_name", "capability_group"),
)
_WHERE_SAID = ("score_category", "score_value", "related_score", "comments")
_AT_THE_END = ("status", *Row.__struct_fields__[12:])
"""Fields of a row in the order of the published files; `references` stand before the last of these."""

_STATUSES = frozenset({COMPLETE, NON_MAPPABLE, "in_progress"})
_MOST_NAMED = 20
_NO_ROOM = "Mappings Explorer files have no room for it"


class Document(NamedTuple):
    """The content of a Mappings Explorer file, and notices of what it lacks."""

    metadata: Metadata
    rows: list[dict[str, Any]]
    notices: tuple[Problem, ...]


def document_of(mapping_set: MappingSet) -> Document:
    """The set as a document that the published schema allows."""
    metadata, notices = metadata_of(mapping_set)
    values = _Values(mapping_set.scale)
    losses = _Losses()
    rows = []
    for row, more in rows_of(mapping_set, technique_names(mapping_set)):
        extra = more
        if row.score_value is not None and row.score_value not in DEFAULT_SCALE:
            row.score_value = values.nearest(row.score_value)
        if row.status is not None and row.status not in _STATUSES:
            extra += (("status", row.status),)
            row.status = None
        losses.see(row, extra)
        rows.append(_fields(row))
    notices += values.notices()
    several = _in_several_groups(mapping_set)
    notices += losses.notices(mapping_set.capabilities, several)
    if several:
        notices.append(lost(f"all groups but the first of {_rows(several.total())}", "a row names one group"))
    return Document(metadata, rows, tuple(notices))


def _fields(row: Row) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(row, name) for name in _ALWAYS}
    for name in _WHERE_SAID:
        value = getattr(row, name)
        if value is not None:
            fields[name] = value
    fields["references"] = row.references or ()
    for name in _AT_THE_END:
        value = getattr(row, name)
        if value is not None:
            fields[name] = value
    return fields


def _in_several_groups(mapping_set: MappingSet) -> Counter[str | None]:
    """Capability → its rows that count for several groups, as they do not say for which."""
    several = {capability.id for capability in mapping_set.capabilities if len(capability.groups) > 1}
    parts: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable] if several else []
    return Counter(
        part.capability
        for part in parts
        if part.capability in several and part.group is None and ("capability_group", "") not in part.other
    )


class _Values:
    """Maps score values outside the schema to the nearest value in it; ties go to the lower."""

    def __init__(self, scale: dict[str, float]) -> None:
        self._scale = scale
        self._taken: dict[str, str | None] = {}
        self._rows: dict[str, int] = {}

    def nearest(self, value: str) -> str | None:
        self._rows[value] = self._rows.get(value, 0) + 1
        if value not in self._taken:
            number = self._scale.get(value)
            if number is None and DECIMAL.fullmatch(value):
                number = float(value)
            self._taken[value] = None if number is None else _closest(number)
        return self._taken[value]

    def notices(self) -> list[Problem]:
        """One notice per replaced value."""
        found = []
        for value, taken in self._taken.items():
            what = f"score value {shown(value)} of {_rows(self._rows[value])}"
            names = ", ".join(DEFAULT_SCALE)
            found.append(lost(what, f"the format knows {names}; it is written as {taken}" if taken else _NO_ROOM))
        return found


def _closest(number: float) -> str:
    return min(DEFAULT_SCALE, key=lambda name: (abs(DEFAULT_SCALE[name] - number), DEFAULT_SCALE[name]))


class _Losses:
    """Counts what the rows cannot express of the set, for one notice per kind of loss."""

    def __init__(self) -> None:
        self._extra: dict[str, int] = {}
        self._seen: dict[str, Seen] = {}

    def see(self, row: Row, extra: tuple[tuple[str, str], ...]) -> None:
        for field, _ in extra:
            self._extra[field] = self._extra.get(field, 0) + 1
        if row.capability_id is None:
            return
        seen = self._seen.get(row.capability_id)
        if seen is None:
            seen = self._seen[row.capability_id] = Seen(0, {}, {}, {})
        references, name, group = row.references or (), row.capability_description, row.capability_group
        seen.links[references] = seen.links.get(references, 0) + 1
        seen.names[name] = seen.names.get(name, 0) + 1
        seen.groups.setdefault(group, 0)

    def notices(self, capabilities: tuple[Capability, ...], told: Container[str | None]) -> list[Problem]:
        """One notice per kind of loss; group losses of the capabilities in `told` are reported elsewhere."""
        found = []
        for number, (field, rows) in enumerate(self._extra.items()):
            if number == _MOST_NAMED:
                found.append(lost(f"{len(self._extra) - number} more fields", _NO_ROOM))
                break
            found.append(lost(f"field {shown(field)} of {_rows(rows)}", _NO_ROOM))
        silent = [capability.id for capability in capabilities if capability.id not in self._seen]
        renamed, grouped, linked = [], [], []
        for capability in capabilities:
            seen = self._seen.get(capability.id)
            if seen is None:
                continue
            if (seen.name() or capability.id) != capability.name:
                renamed.append(capability.id)
            if set(seen.group_ids()) != set(capability.groups) and capability.id not in told:
                grouped.append(capability.id)
            if seen.references() != capability.references:
                linked.append(capability.id)
        for ids, what, why in (
            (silent, "capabilities without mappings", "the format holds rows alone"),
            (renamed, "names of capabilities", "their rows are described otherwise"),
            (grouped, "groups of capabilities", "a row names one group"),
            (linked, "references of capabilities", "their rows carry others"),
        ):
            if ids:
                named = ", ".join(map(shown, sorted(ids)[:3]))
                more = f" and {len(ids) - 3:,} more" if len(ids) > 3 else ""
                found.append(lost(f"{what} ({named}{more})", why))
        return found


def _rows(count: int) -> str:
    return f"{count:,} rows" if count > 1 else "a row"
