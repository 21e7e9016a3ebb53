"""A mapping set as the cells of a table: the published columns, and what it takes beside them to lose nothing.

The rows are read again before they are given: what their cells do not tell is told in the metadata (capabilities)
or in a column for it (mappings), so that tables stay plain where they can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers.errors import OutputError, Place, Problem
from navlayers.mapping.formats import roundtrip as table_own
from navlayers.mapping.formats.assemble import assemble, rows_of
from navlayers.mapping.formats.context import technique_names
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.roundtrip import (
    GROUPS,
    Exact,
    Said,
    SaidOfCapability,
    escape,
    json_cell,
    said_of,
    sound,
)
from navlayers.mapping.formats.rows import MEANINGLESS, Row, Table
from navlayers.mapping.formats.table_columns import EXACT, OTHER, SET_FIELDS
from navlayers.mapping.model import Mapping, MappingSet, NonMappable, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from navlayers.mapping.formats.rows import Pairs


COLUMNS = (
    *("mapping_framework", "mapping_framework_version", "capability_group", "capability_id"),
    *("capability_description", "mapping_type", "attack_object_id", "attack_object_name", "attack_version"),
    *("technology_domain", "score_category", "score_value", "related_score", "references", "comments"),
    *("organization", "creation_date", "last_update"),
)
"""The published columns in their order."""


class Sheet(NamedTuple):
    """The header and the rows of a table, not yet neutralised, and what is said beside them."""

    header: list[str]
    rows: list[list[str]]
    said: Said


def _nowhere(index: int, _field: str) -> Place:
    return Place(f"row {index + 1}")


def sheet_of(mapping_set: MappingSet) -> Sheet:
    """The set as a table.

    Raises:
        OutputError: the set holds what the reader would refuse.
    """
    whole = _sound(mapping_set)
    whole = msgspec.structs.replace(canonical(whole), mappings=whole.mappings, non_mappable=whole.non_mappable)
    written = _Rows(whole)
    exact = written.check()
    fixed = _set_cells(whole)
    names = [*COLUMNS, "status"]
    header = list(names)
    others = [_other(row, extra) for row, extra in written.rows]
    if any(others):
        header.append(OTHER)
    if exact:
        header.append(EXACT)
    rows = []
    for index, ((row, _), groups) in enumerate(zip(written.rows, written.groups, strict=True)):
        cells = [fixed[name] if name in fixed else _cell(row, name, groups) for name in names]
        if any(others):
            cells.append(others[index])
        if exact:
            cells.append(json_cell(exact[index]) if index in exact else "")
        rows.append(cells)
    return Sheet(header, rows, written.said)


def _sound(mapping_set: MappingSet) -> MappingSet:
    """The set without halves of surrogate pairs, which no file can hold."""
    try:
        msgspec.msgpack.encode(mapping_set)
    except UnicodeEncodeError:
        return msgspec.convert(_mended(msgspec.to_builtins(mapping_set)), MappingSet)
    return mapping_set


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(part) for key, part in value.items()}
    return [_mended(part) for part in value] if isinstance(value, list | tuple) else value


def _set_cells(whole: MappingSet) -> dict[str, str]:
    texts = {
        "framework": whole.framework,
        "version": whole.version,
        "domain": whole.domain,
        "attack_version": whole.attack_version,
        **whole.details,
    }
    return {column: escape(texts.get(native, "")) for column, native in SET_FIELDS.items()}


def _cell(row: Row, name: str, groups: str) -> str:
    if name == "references":
        return _references(row.references or ())
    text = groups if name == "capability_group" else getattr(row, name)
    return escape(text) if text else ""


def _references(links: tuple[str, ...]) -> str:
    """A list as Python writes it, which is what the published tables hold."""
    return repr(list(links)).replace("_x005F_", "\\x5fx005F_").replace("_x005f_", "\\x5fx005f_") if links else ""


def _other(row: Row, extra: Pairs) -> str:
    pairs = {field: value for field in MEANINGLESS if (value := getattr(row, field)) is not None} | dict(extra)
    return json_cell(pairs) if pairs else ""


class _Rows:
    """The rows of a set, and what is read of them."""

    def __init__(self, whole: MappingSet) -> None:
        self._whole = whole
        self._names: Callable[[str], str | None] = technique_names(whole)
        self.said = said_of(whole)
        self.rows = [(row, _kept(extra)) for row, extra in rows_of(whole, self._names)]
        self._ids = self.said.group_ids()
        self.groups = list(self._group_cells())

    def _group_cells(self) -> Iterable[str]:
        """What each row says of groups: all of its capability's where it counts for all of them."""
        capabilities = {capability.id: capability for capability in self._whole.capabilities}
        parts: list[Mapping | NonMappable] = [*self._whole.mappings, *self._whole.non_mappable]
        for (row, _), part in zip(self.rows, parts, strict=True):
            ids: tuple[str, ...] = (row.capability_group,) if row.capability_group else ()
            if ids and part.group is None and part.capability in capabilities:
                ids = capabilities[part.capability].groups
            yield GROUPS.join(self._name(id_) for id_ in ids)

    def _name(self, id_: str) -> str:
        name = self._whole.groups.get(id_, id_)
        return name if self._ids.get(name) == id_ else id_

    def check(self) -> dict[int, Exact]:
        """What the cells do not tell, by number of the row; puts what they do not tell of capabilities into `said`.

        Raises:
            OutputError: the rows would be refused.
        """
        findings = Findings(lenient=True)
        table = Table(findings, _nowhere, self._whole.scale)
        several: dict[int, tuple[str, ...]] = {}
        batch = []
        for index, ((row, extra), text) in enumerate(zip(self.rows, self.groups, strict=True)):
            again = Row(*(getattr(row, field) or None for field in Row.__struct_fields__))
            groups = self.said.groups_in(text, self._ids) if text.strip() else ()
            again.capability_group = groups[0] if groups else None
            if len(groups) > 1:
                several[index] = groups
            if extra:
                table.extras[index] = extra
            batch.append(again)
        table.add(batch)
        if findings.failed:
            problems = (Problem(f"{p.place}: {p.message}", expected=p.expected) for p in findings.errors())
            raise OutputError(problems)
        told = {id_: (f.name() or id_, f.group_ids(), f.references()) for id_, f in table.seen.items()}
        # In order: groups come back as rows name them first.
        self.said = msgspec.structs.replace(
            self.said,
            capabilities={
                c.id: SaidOfCapability(c.name, c.groups, c.references)
                for c in self._whole.capabilities
                if told.get(c.id) != (c.name, c.groups, c.references)
            },
        )
        table_own.tell_capabilities(table, self.said)
        done = assemble(msgspec.structs.replace(self._whole, capabilities=()), table, self._names)
        read = table_own.corrected(done, self.said, several, {})
        exact: dict[int, Exact] = {}
        exact |= _compared(self._whole.mappings, read.mappings, 0)
        return exact | _compared(self._whole.non_mappable, read.non_mappable, len(self._whole.mappings))


def _kept(extra: Pairs) -> Pairs:
    return tuple(dict(extra).items()) if extra else extra


def _compared(
    wanted: tuple[Mapping | NonMappable, ...], read: tuple[Mapping | NonMappable, ...], first: int
) -> dict[int, Exact]:
    if len(wanted) != len(read):
        raise OutputError(Problem("a mapping says that it is non-mappable, which a table cannot tell"))
    exact: dict[int, Exact] = {}
    for index, (one, other) in enumerate(zip(wanted, read, strict=True), first):
        if one == other:
            continue
        differ = {field for field in one.__struct_fields__ if getattr(one, field) != getattr(other, field)}
        if not differ <= set(Exact.__struct_fields__):
            raise OutputError(Problem(f"row {index + 1} cannot be told: {', '.join(sorted(differ))}"))
        exact[index] = Exact(**{field: getattr(one, field) for field in differ})
    return exact
