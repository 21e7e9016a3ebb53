"""The document of a Mappings Explorer file: metadata and rows that the published schema allows, and losses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.dates import day
from navlayers._text.wording import comma_list, quoted
from navlayers.errors import Problem
from navlayers.mapping.formats.assemble import rows_of
from navlayers.mapping.formats.context import lost, technique_names
from navlayers.mapping.formats.mappings_explorer import NO_DATE
from navlayers.mapping.formats.rows import COMPLETE, ExplorerRow, Seen
from navlayers.mapping.formats.value_rules import NON_MAPPABLE
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE
from navlayers.mapping.nouns import likely_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from navlayers.mapping.model import Mapping, MappingSet, NonMappable


_REQUIRED = (
    *("capability_id", "capability_description", "mapping_type"),
    *("attack_object_id", "attack_object_name", "capability_group"),
)
_OPTIONAL = ("score_category", "score_value", "related_score", "comments")
_LAST = ("status", *ExplorerRow.__struct_fields__[12:])
"""Fields of a row in the order of the published files; `references` come before the last ones."""

_STATUSES = frozenset({COMPLETE, NON_MAPPABLE, "in_progress"})
_MAX_FIELDS = 20
"""Fields without a place in the format that are named in notices; further ones are counted."""

_NO_ROOM = "no such field in Mappings Explorer files"


class Document(msgspec.Struct, frozen=True):
    """The content of a Mappings Explorer file, and notices of what it lacks."""

    metadata: dict[str, Any]
    rows: list[Any]
    notices: tuple[Problem, ...]


def document_of(mapping_set: MappingSet, write: Callable[[dict[str, Any]], object]) -> Document:
    """The set as a document that the published schema allows.

    Args:
        mapping_set: the set.
        write: gives what is kept of a row, such as its text: rows as dicts take much memory.
    """
    metadata, notices = _metadata(mapping_set)
    fields: Counter[str] = Counter()
    values: Counter[str] = Counter()
    seen: dict[str, Seen] = {}
    rows = []
    for row, extra in rows_of(mapping_set, technique_names(mapping_set)):
        fields.update(field for field, _ in extra)
        if row.score_value is not None and row.score_value not in DEFAULT_SCALE:
            values[row.score_value] += 1
            row.score_value = _nearest(row.score_value, mapping_set.scale)
        if row.status is not None and row.status not in _STATUSES:
            fields["status"] += 1
            row.status = None
        if row.capability_id is not None:
            of_capability = seen.setdefault(row.capability_id, Seen(0))
            of_capability.add(row.references or (), row.capability_description, row.capability_group)
        rows.append(write(_fields(row)))
    for value, count in values.items():
        nearest = _nearest(value, mapping_set.scale)
        written = f"as {nearest}" if nearest else "without a value"
        why = f"the format knows {', '.join(DEFAULT_SCALE)}; it is written {written}"
        notices.append(lost(f"score value {quoted(value)} of {_rows(count)}", why))
    for field, count in list(fields.items())[:_MAX_FIELDS]:
        notices.append(lost(f"field {quoted(field)} of {_rows(count)}", _NO_ROOM))
    if len(fields) > _MAX_FIELDS:
        notices.append(lost(f"{len(fields) - _MAX_FIELDS} more fields", _NO_ROOM))
    notices += _lost_of_capabilities(mapping_set, seen)
    return Document(metadata, rows, tuple(dict.fromkeys(notices)))


def _fields(row: ExplorerRow) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(row, name) for name in _REQUIRED}
    fields |= {name: value for name in _OPTIONAL if (value := getattr(row, name)) is not None}
    fields["references"] = row.references or ()
    return fields | {name: value for name in _LAST if (value := getattr(row, name)) is not None}


def _nearest(value: str, scale: dict[str, float]) -> str | None:
    """The score value of the format that is nearest to another, the lower of two; None for 0 and for words."""
    number = float(value) if value not in scale and DECIMAL.fullmatch(value) else scale.get(value)
    if not number:  # the lowest value of the format would cover
        return None
    return min(DEFAULT_SCALE, key=lambda name: (abs(DEFAULT_SCALE[name] - number), DEFAULT_SCALE[name]))


def _metadata(mapping_set: MappingSet) -> tuple[dict[str, Any], list[Problem]]:
    """The metadata object of a set, its keys in the order of the published files, and what it has no room for."""
    details = mapping_set.details
    created, notices = _date(details, "created")
    updated, more = _date(details, "updated")
    notices += more
    metadata = {
        "mapping_version": details.get("mapping_version", ""),
        "technology_domain": mapping_set.domain,
        "attack_version": mapping_set.attack_version,
        "mapping_framework": mapping_set.framework,
        "mapping_framework_version": mapping_set.version,
        "author": details.get("author"),
        "contact": details.get("contact"),
        "organization": details.get("organization"),
        "creation_date": created or NO_DATE,
        **({} if updated is None else {"last_update": updated}),
        "mapping_types": {
            kind.id: {"name": kind.name, "description": kind.description} for kind in mapping_set.mapping_types
        },
        "capability_groups": dict(mapping_set.groups),
    }
    if "created" not in details:
        why = "the set has no creation date"
        notices.append(_made_up(why, "set it with --meta created=2025-01-31"))
    named = [field for field in ("title", "source", "licence", "scale") if getattr(mapping_set, field)]
    if mapping_set.role != likely_role(mapping_set.framework):
        named.append("role")
    if named:
        notices.append(lost(comma_list(named), _NO_ROOM))
    return metadata, notices


def _date(details: dict[str, str], field: str) -> tuple[str | None, list[Problem]]:
    """A date as MM/DD/YYYY, None if absent or not recognized; and a notice of any loss."""
    if field not in details:
        return None, []
    text = details[field]
    if date := day(text):
        year, month, day_ = date.split("-")
        american = f"{month}/{day_}/{year}"
        # Anything behind the day is a time.
        lost_time = [lost(f"the time of {field} {quoted(text)}", f"it is written as {american}")]
        return american, lost_time if len(text.strip()) > len(date) else []
    hint = "write it as 2025-01-31"
    if field == "created":
        return None, [_made_up(f"created {quoted(text)} is not a date", hint)]
    return None, [lost(f"{field} {quoted(text)}", "it is not a date", hint=hint)]


def _made_up(why: str, hint: str) -> Problem:
    return Problem(f"{why}: creation_date is written as {NO_DATE}", hint=hint, code="not-carried")


def _lost_of_capabilities(mapping_set: MappingSet, seen: dict[str, Seen]) -> Iterator[Problem]:
    """Facts about capabilities that the rows do not have: one notice for each kind of loss."""
    grouped = {capability.id for capability in mapping_set.capabilities if len(capability.groups) > 1}
    # Rows that count for several groups of their capability, as they do not name one.
    parts: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    several = Counter(
        part.capability
        for part in parts
        if part.capability in grouped and part.group is None and ("capability_group", "") not in part.other
    )
    read = {id_: (rows.name() or id_, rows.group_ids(), rows.references()) for id_, rows in seen.items()}
    pairs = [(capability, read[capability.id]) for capability in mapping_set.capabilities if capability.id in read]
    silent = (capability.id for capability in mapping_set.capabilities if capability.id not in read)
    yield from _lost_ids("capabilities without mappings", silent, "the format holds only rows")
    renamed = (capability.id for capability, (name, _, _) in pairs if name != capability.name)
    yield from _lost_ids("names of capabilities", renamed, "their rows have other descriptions")
    regrouped = (
        capability.id
        for capability, (_, ids, _) in pairs
        if set(ids) != set(capability.groups) and capability.id not in several
    )
    yield from _lost_ids("groups of capabilities", regrouped, "a row names one group")
    relinked = (capability.id for capability, (_, _, references) in pairs if references != capability.references)
    yield from _lost_ids("references of capabilities", relinked, "their rows have others")
    if several:
        yield lost(f"all groups but the first of {_rows(several.total())}", "a row names one group")


def _lost_ids(what: str, ids: Iterable[str], why: str) -> Iterator[Problem]:
    ids = sorted(ids)
    if ids:
        more = f" and {len(ids) - 3:,} more" if len(ids) > 3 else ""
        yield lost(f"{what} ({', '.join(map(quoted, ids[:3]))}{more})", why)


def _rows(count: int) -> str:
    return f"{count:,} rows" if count > 1 else "a row"
