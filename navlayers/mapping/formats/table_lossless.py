"""A mapping set as a table that loses nothing, and what is read back of it beside the published columns.

The rows of a table tell most of a set. `Said` is the rest, as JSON in a cell or as a sheet; `Exact` is what the
cells of one row cannot tell of it. Rows are read again before they are written: what they do not tell of
capabilities goes into `Said`, what they do not tell of mappings into `Exact`, so that tables stay plain.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers.attack.domain import Domain
from navlayers.errors import OutputError, Place, Problem
from navlayers.mapping.formats.assemble import Assembled, assemble, rows_of
from navlayers.mapping.formats.context import technique_names
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.rows import MEANINGLESS, Pairs, Row, Seen, Table
from navlayers.mapping.formats.table_columns import EXACT, OTHER, SET_FIELDS
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType, NonMappable, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COLUMNS = (
    *("mapping_framework", "mapping_framework_version", "capability_group", "capability_id"),
    *("capability_description", "mapping_type", "attack_object_id", "attack_object_name", "attack_version"),
    *("technology_domain", "score_category", "score_value", "related_score", "references", "comments"),
    *("organization", "creation_date", "last_update"),
)
"""The published columns in their order."""

_OF_OTHER_TYPE = frozenset({"mapping_types", "capabilities"})
"""Fields of `Said` that a `MappingSet` holds in another way."""

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
    same = {field: getattr(mapping_set, field) for field in Said.__struct_fields__ if field not in _OF_OTHER_TYPE}
    kinds = tuple((kind.id, kind.name, kind.description) for kind in mapping_set.mapping_types)
    return Said(**same, mapping_types=kinds)


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


def _hex(found: re.Match[str]) -> str:
    return "".join((f"\\u{ord(found[0][0]):04x}", found[0][1:]))


class Written(NamedTuple):
    """The header and the rows of a table, not yet neutralized, and what is said beside them."""

    header: list[str]
    rows: list[list[str]]
    said: Said


def _nowhere(index: int, _field: str) -> Place:
    return Place(f"row {index + 1}")


def sheet_of(mapping_set: MappingSet) -> Written:
    """The set as a table.

    Raises:
        OutputError: the set holds what the reader would refuse.
    """
    whole = _sound(mapping_set)
    whole = msgspec.structs.replace(canonical(whole), mappings=whole.mappings, non_mappable=whole.non_mappable)
    name_of = technique_names(whole)
    rows = [(row, tuple(dict(extra).items())) for row, extra in rows_of(whole, name_of)]
    said = said_of(whole)
    groups = list(_group_cells(whole, [row for row, _ in rows], said.group_ids()))
    said, exact = _compared(whole, rows, groups, said, name_of)
    fixed = {column: escape(_said_text(said, field)) for column, field in SET_FIELDS.items()}
    header = [*COLUMNS, "status"]
    table = [
        [fixed[name] if name in fixed else _cell(row, name, group) for name in header]
        for (row, _), group in zip(rows, groups, strict=True)
    ]
    others = [_other(row, extra) for row, extra in rows]
    for name, cells, wanted in (
        (OTHER, others, any(others)),
        (EXACT, [json_cell(exact[n]) if n in exact else "" for n in range(len(rows))], bool(exact)),
    ):
        if wanted:
            header.append(name)
            for line, cell in zip(table, cells, strict=True):
                line.append(cell)
    return Written(header, table, said)


def _sound(value: Any) -> Any:
    """A set without halves of surrogate pairs, which no file can hold."""
    try:
        msgspec.msgpack.encode(value)
    except UnicodeEncodeError:
        return msgspec.convert(_mended(msgspec.to_builtins(value)), MappingSet)
    return value


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(part) for key, part in value.items()}
    return [_mended(part) for part in value] if isinstance(value, list | tuple) else value


def _cell(row: Row, name: str, group: str) -> str:
    if name == "references":
        # A list as Python writes it, which is what the published tables hold.
        links = repr(list(row.references or ())) if row.references else ""
        return links.replace("_x005F_", "\\x5fx005F_").replace("_x005f_", "\\x5fx005f_")
    text = group if name == "capability_group" else getattr(row, name)
    return escape(text) if text else ""


def _other(row: Row, extra: Pairs) -> str:
    pairs = {field: value for field in MEANINGLESS if (value := getattr(row, field)) is not None} | dict(extra)
    return json_cell(pairs) if pairs else ""


def _group_cells(whole: MappingSet, rows: Sequence[Row], ids: dict[str, str]) -> Iterator[str]:
    """What each row says of groups: all of its capability's where it counts for all of them."""
    capabilities = {capability.id: capability for capability in whole.capabilities}
    parts: list[Mapping | NonMappable] = [*whole.mappings, *whole.non_mappable]
    for row, part in zip(rows, parts, strict=True):
        groups: tuple[str, ...] = (row.capability_group,) if row.capability_group else ()
        if groups and part.group is None and part.capability in capabilities:
            groups = capabilities[part.capability].groups
        names = ((id_, whole.groups.get(id_, id_)) for id_ in groups)
        yield GROUPS.join(name if ids.get(name) == id_ else id_ for id_, name in names)


def _compared(
    whole: MappingSet,
    rows: Sequence[tuple[Row, Pairs]],
    groups: Sequence[str],
    said: Said,
    name_of: Callable[[str], str | None],
) -> tuple[Said, dict[int, Exact]]:
    """What the rows do not tell, read again: of the set and its capabilities, and of rows by their numbers.

    Raises:
        OutputError: the rows would be refused.
    """
    findings = Findings(lenient=True)
    table = Table(findings, _nowhere, whole.scale)
    ids = said.group_ids()
    several: dict[int, tuple[str, ...]] = {}
    batch = []
    for index, ((row, extra), text) in enumerate(zip(rows, groups, strict=True)):
        again = Row(*(getattr(row, field) or None for field in Row.__struct_fields__))
        found = said.groups_in(text, ids) if text.strip() else ()
        again.capability_group = found[0] if found else None
        if len(found) > 1:
            several[index] = found
        if extra:
            table.extras[index] = extra
        batch.append(again)
    table.add(batch)
    if findings.failed:
        raise OutputError(Problem(f"{p.place}: {p.message}", expected=p.expected) for p in findings.errors())
    told = {id_: (seen.name() or id_, seen.group_ids(), seen.references()) for id_, seen in table.seen.items()}
    # In order: groups come back as rows name them first.
    differing = {
        c.id: SaidOfCapability(c.name, c.groups, c.references)
        for c in whole.capabilities
        if told.get(c.id) != (c.name, c.groups, c.references)
    }
    said = msgspec.structs.replace(said, capabilities=differing)
    tell_capabilities(table, said)
    done = assemble(msgspec.structs.replace(whole, capabilities=()), table, name_of)
    read = corrected(done, said, several, {})
    if (len(whole.mappings), len(whole.non_mappable)) != (len(read.mappings), len(read.non_mappable)):
        raise OutputError(Problem("a mapping has the status non-mappable, which a table cannot hold"))
    pairs = zip((*whole.mappings, *whole.non_mappable), (*read.mappings, *read.non_mappable), strict=True)
    exact: dict[int, Exact] = {}
    for index, (one, other) in enumerate(pairs):
        if one == other:
            continue
        differ = {field for field in one.__struct_fields__ if getattr(one, field) != getattr(other, field)}
        if not differ <= set(Exact.__struct_fields__):
            raise OutputError(Problem(f"row {index + 1} cannot be written: {', '.join(sorted(differ))}"))
        exact[index] = Exact(**{field: getattr(one, field) for field in differ})
    return said, exact
