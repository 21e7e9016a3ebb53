"""A set as the published schema of the Mappings Explorer formats wants it: metadata, and rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers._text import shown
from navlayers.mapping.formats.assemble import rows_of
from navlayers.mapping.formats.checks import NON_MAPPABLE
from navlayers.mapping.formats.context import lost, technique_names
from navlayers.mapping.formats.rows import COMPLETE, Row, Seen
from navlayers.mapping.formats.write_explorer_metadata import Metadata, metadata_of
from navlayers.mapping.model import DECIMAL, DEFAULT_SCALE

if TYPE_CHECKING:
    from collections.abc import Container

    from navlayers.errors import Problem
    from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable

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
    """What stands in a Mappings Explorer file, and what of the set does not."""

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
    """Score values that the schema does not know, as the nearest that it does; of two as near, the lower."""

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
        """One for each value that stands as another."""
        found = []
        for value, taken in self._taken.items():
            what = f"score value {shown(value)} of {_rows(self._rows[value])}"
            names = ", ".join(DEFAULT_SCALE)
            found.append(lost(what, f"the format knows {names}; it is written as {taken}" if taken else _NO_ROOM))
        return found


def _closest(number: float) -> str:
    return min(DEFAULT_SCALE, key=lambda name: (abs(DEFAULT_SCALE[name] - number), DEFAULT_SCALE[name]))


class _Losses:
    """What readers of the rows would not learn of the set, counted rather than told row by row."""

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
        """What is lost, one notice for each kind of loss; of the groups of the capabilities `told`, all is said."""
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
