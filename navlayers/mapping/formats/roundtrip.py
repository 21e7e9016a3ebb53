"""What navlayers writes into tables beside the published columns, so that they lose nothing: read and checked.

The rows of a table tell most of a set. `Said` is the rest, as JSON in a cell or as a sheet; `Exact` is what the
cells of one row cannot tell of it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.attack.domain import Domain
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType, NonMappable

if TYPE_CHECKING:
    from navlayers.mapping.formats.assemble import Assembled
    from navlayers.mapping.formats.rows import Table

Part = Mapping | NonMappable
GROUPS = "; "
"""Stands between the groups of a cell that names several."""

_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
_NOT_IN_CELLS = re.compile("[\\x00\ufffe\uffff]|\\\\u(?=[0-9a-f]{4})|_x(?=005[Ff]_)")
_NOT_IN_JSON_CELLS = re.compile("[\ufffe\uffff]|_x(?=005[Ff]_)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class SaidOfCapability(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A capability that its rows do not tell, or not rightly."""

    name: str
    groups: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A set without its rows. `mapping_types` are id, name and description."""

    framework: str
    version: str
    domain: Domain
    attack_version: str
    title: str = ""
    source: str = ""
    licence: str = ""
    details: dict[str, str] = {}
    scale: dict[str, float] = {}
    mapping_types: tuple[tuple[str, str, str], ...] = ()
    groups: dict[str, str] = {}
    capabilities: dict[str, SaidOfCapability] = {}

    def group_ids(self) -> dict[str, str]:
        """Group name → id, of the names that are no other group's name or id."""
        times = Counter(self.groups.values())
        return {
            name: id_
            for id_, name in self.groups.items()
            if name.strip() and times[name] == 1 and (name == id_ or name not in self.groups)
        }

    def groups_in(self, text: str, ids: dict[str, str]) -> tuple[str, ...]:
        """The ids of the groups that a cell names; `ids` are those of `group_ids`."""
        if text in ids:
            return (ids[text],)
        parts = text.split(GROUPS)
        if text not in self.groups and len(parts) > 1 and all(part in ids or part in self.groups for part in parts):
            return tuple(ids.get(part, part) for part in parts)
        return (text if text in self.groups else text.strip(),)


class Exact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a mapping or non-mappable whose cells would be read as something else."""

    type: str | msgspec.UnsetType | None = msgspec.UNSET
    comment: str | msgspec.UnsetType = msgspec.UNSET
    references: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    group: str | msgspec.UnsetType | None = msgspec.UNSET
    technique_name: str | msgspec.UnsetType | None = msgspec.UNSET
    capability_name: str | msgspec.UnsetType | None = msgspec.UNSET
    other: tuple[tuple[str, str], ...] | msgspec.UnsetType = msgspec.UNSET

    def fields(self) -> dict[str, Any]:
        """What it says, by field of the model."""
        pairs = ((field, getattr(self, field)) for field in self.__struct_fields__)
        return {field: value for field, value in pairs if value is not msgspec.UNSET}


def said_of(mapping_set: MappingSet) -> Said:
    """All that a table says of a set beside its rows, but for capabilities."""
    return Said(
        framework=mapping_set.framework,
        version=mapping_set.version,
        domain=mapping_set.domain,
        attack_version=mapping_set.attack_version,
        title=mapping_set.title,
        source=mapping_set.source,
        licence=mapping_set.licence,
        details=mapping_set.details,
        scale=mapping_set.scale,
        mapping_types=tuple((kind.id, kind.name, kind.description) for kind in mapping_set.mapping_types),
        groups=mapping_set.groups,
    )


def with_said(head: MappingSet, said: Said, by_user: dict[str, str], columns: dict[str, str]) -> MappingSet:
    """The metadata of a set with what its table says exactly; users, and columns that were changed, count more."""
    changed = {field for field, text in columns.items() if text.strip() != _said_text(said, field).strip()}
    kept = {
        field: getattr(said, field)
        for field in ("framework", "version", "domain", "attack_version", "title", "source", "licence")
        if field not in by_user and field not in changed
    }
    details = said.details | {f: t for f, t in head.details.items() if f in by_user or f in changed}
    return msgspec.structs.replace(
        head,
        **kept,
        details=details,
        scale=said.scale,
        groups=said.groups,
        mapping_types=tuple(MappingType(*kind) for kind in said.mapping_types),
    )


def _said_text(said: Said, field: str) -> str:
    return said.details.get(field, "") if field not in said.__struct_fields__ else str(getattr(said, field))


def tell_capabilities(table: Table, said: Said) -> None:
    """Make the table hold for true what is said of capabilities, whatever most rows say."""
    from navlayers.mapping.formats.rows import Seen  # noqa: PLC0415 - the writer of tables reads no rows

    for id_, capability in said.capabilities.items():
        found = table.seen.get(id_)
        first = found.first if found is not None else -1
        firsts = found.groups if found is not None else {}
        groups: dict[str | None, int] = {group: firsts.get(group, first) for group in capability.groups}
        name = capability.name if capability.name != id_ else None
        table.seen[id_] = Seen(first, {capability.references: 1}, {name: 1}, groups)


def corrected(
    done: Assembled, said: Said, groups: dict[int, tuple[str, ...]], exact: dict[int, Exact]
) -> MappingSet:
    """A set that was read from rows, with what only metadata and `exact` cells tell.

    `groups` are those of the rows whose cells name several, `exact` what is said of rows, both by their numbers.
    """
    mapping_set = done.mapping_set
    capabilities = {
        c.id: msgspec.structs.replace(c, groups=said.capabilities[c.id].groups) if c.id in said.capabilities else c
        for c in mapping_set.capabilities
    }
    if not groups and not exact:
        return msgspec.structs.replace(mapping_set, capabilities=tuple(capabilities.values()))
    return msgspec.structs.replace(
        mapping_set,
        capabilities=tuple(capabilities.values()),
        mappings=_corrected(mapping_set.mappings, done.rows["mapping"], capabilities, groups, exact),
        non_mappable=_corrected(mapping_set.non_mappable, done.rows["non_mappable"], capabilities, groups, exact),
    )


def _corrected(
    parts: tuple[Any, ...],
    rows: Any,
    capabilities: dict[str, Capability],
    groups: dict[int, tuple[str, ...]],
    exact: dict[int, Exact],
) -> tuple[Any, ...]:
    fixed = list(parts)
    for number, row in enumerate(rows):
        if row in groups:
            capability = capabilities.get(fixed[number].capability)
            if capability is not None and set(capability.groups) == set(groups[row]):
                fixed[number] = msgspec.structs.replace(fixed[number], group=None)
        if row in exact:
            fixed[number] = msgspec.structs.replace(fixed[number], **exact[row].fields())
    return tuple(fixed)


def escape(text: str) -> str:
    r"""A text as a cell can hold it: characters that no cell holds become `\uXXXX`."""
    return _NOT_IN_CELLS.sub(_hex, text)


def unescape(text: str) -> str:
    """What `escape` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "\\u" in text else text


def json_cell(value: Any) -> str:
    """A value as JSON that every cell can hold."""
    return _NOT_IN_JSON_CELLS.sub(_hex, msgspec.json.encode(value).decode())


def sound(text: str) -> str:
    """A text without halves of surrogate pairs, which no file can hold."""
    return _SURROGATE.sub("\ufffd", text)


def _hex(found: re.Match[str]) -> str:
    return "".join((f"\\u{ord(found[0][0]):04x}", found[0][1:]))
