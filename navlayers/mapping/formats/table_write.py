"""The rows of tables from mapping sets, the same for CSV and XLSX, and what tables cannot hold."""

from __future__ import annotations

import re
from collections import Counter
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import numbers, wording
from navlayers.mapping.formats.assemble import rows_of
from navlayers.mapping.formats.context import lost, technique_names
from navlayers.mapping.formats.rows import ExplorerRow
from navlayers.mapping.formats.table_columns import SET_FIELDS, columns_of
from navlayers.mapping.model import DEFAULT_SCALE
from navlayers.mapping.nouns import likely_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.errors import Problem
    from navlayers.mapping.formats.rows import Pairs
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

COLUMNS = (
    *("mapping_framework", "mapping_framework_version", "capability_group", "capability_id"),
    *("capability_description", "mapping_type", "attack_object_id", "attack_object_name", "attack_version"),
    *("technology_domain", "score_category", "score_value", "related_score", "references", "comments"),
    *("organization", "creation_date", "last_update", "status"),
)
"""The columns of the published tables in their order, and the status, which only the published JSON has."""

_OF_ROWS = tuple(field for field in COLUMNS if field in ExplorerRow.__struct_fields__)
_AUTHORS = ("author", "author_contact", "author_organization")
_MOST_EXTRA = 100
"""Maximum number of columns for fields without meaning."""

_NOT_IN_CELLS = re.compile("[\0\ud800-\udfff\ufffe\uffff]")


class SetTable(NamedTuple):
    """A set as a table: its header and its rows, which are worked out once, and the notice of what it leaves out.

    Cells are not neutralized yet. Characters that no cell can hold are replaced by U+FFFD.
    """

    header: list[str]
    rows: Iterator[list[str]]
    notices: tuple[Problem, ...]


def table_of(mapping_set: MappingSet) -> SetTable:
    """The set as a table."""
    rows = list(rows_of(mapping_set, technique_names(mapping_set)))
    names = list(dict.fromkeys(name for row, extra in rows for name in _more(row, extra)))
    columns = columns_of(0, [*COLUMNS, *names[:_MOST_EXTRA]], {})
    # A field named like a known header cannot have a column: it would be read as that.
    kept = [
        name
        for column, name in enumerate(names[:_MOST_EXTRA], len(COLUMNS))
        if name not in COLUMNS
        and _NOT_IN_CELLS.search(name) is None
        and (columns.others.get(column) == name or (name in _AUTHORS and columns.fields.get(name) == column))
    ]
    times = Counter(mapping_set.groups.values())
    groups = {id_: name if name.strip() and times[name] == 1 else id_ for id_, name in mapping_set.groups.items()}
    # A table has no scale: values of the set's own are written as their numbers.
    own = {name: number for name, number in mapping_set.scale.items() if DEFAULT_SCALE.get(name) != number}
    values = {name: numbers.decimal(number) for name, number in own.items()}
    heads = {
        column: str(getattr(mapping_set, field, "") or mapping_set.details.get(field, ""))
        for column, field in SET_FIELDS.items()
    }
    header = [*COLUMNS, *kept]
    texts: dict[str, str] = {}

    def cells_of(row: ExplorerRow, extra: Pairs) -> list[str]:
        cells = _more(row, extra)
        cells.update((field, value) for field in _OF_ROWS if (value := getattr(row, field)))
        cells |= heads
        cells["references"] = repr(list(row.references)) if row.references else ""
        if row.capability_group:
            cells["capability_group"] = groups.get(row.capability_group, row.capability_group)
        if row.score_value in values:
            cells["score_value"] = values[row.score_value]
        return [_cell_text(cells[column], texts) if column in cells else "" for column in header]

    losses = list(_losses(mapping_set))
    losses += [f"names of score values ({wording.comma_list(list(values))}, written as numbers)"] if values else []
    dropped = [name for name in names if name not in kept]
    losses += [f"fields {wording.comma_list(dropped)}"] if dropped else []
    hint = "native YAML keeps everything"
    notices = (lost(", ".join(losses), "no such columns in tables", hint=hint),) if losses else ()
    return SetTable(header, starmap(cells_of, rows), notices)


def _more(row: ExplorerRow, extra: Pairs) -> dict[str, str]:
    """The fields of a row that have no column of their own in the published tables."""
    return {field: value for field in _AUTHORS if (value := getattr(row, field))} | dict(extra)


def _cell_text(text: str, known: dict[str, str]) -> str:
    """The text without characters that no cell can hold; `known` are texts and what is written of them."""
    written = known.get(text)
    if written is None:
        written = known[text] = _NOT_IN_CELLS.sub("\ufffd", text)
    return written


def _losses(mapping_set: MappingSet) -> Iterator[str]:
    yield from (field for field in ("title", "source", "licence") if getattr(mapping_set, field))
    if mapping_set.role != likely_role(mapping_set.framework):
        yield "role"
    yield from (field for field in mapping_set.details if field not in SET_FIELDS.values())
    if any(kind.description or kind.name not in ("", kind.id) for kind in mapping_set.mapping_types):
        yield "names and descriptions of mapping types"
    if any(name not in ("", id_) for id_, name in mapping_set.groups.items()):
        yield "ids of groups"
    if mapping_set.segments:
        yield "segments"
    parts: list[Mapping | NonMappable] = [*mapping_set.mappings, *mapping_set.non_mappable]
    several = {capability.id for capability in mapping_set.capabilities if len(capability.groups) > 1}
    rows = sum(part.group is None and part.capability in several for part in parts)
    if rows:
        yield f"all groups but the first of {wording.quantity(rows, 'row')}"
    silent = {capability.id for capability in mapping_set.capabilities}.difference(
        part.capability for part in parts
    )
    if silent:
        yield f"{wording.quantity(len(silent), 'capability', 'capabilities')} without mappings"
