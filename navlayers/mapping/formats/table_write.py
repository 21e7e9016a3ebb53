"""The rows of tables from mapping sets, the same for CSV and XLSX, and what tables cannot hold."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from navlayers._text import numbers, wording
from navlayers.mapping.formats.assemble import rows_of
from navlayers.mapping.formats.context import lost, technique_names
from navlayers.mapping.formats.table_columns import SET_FIELDS, columns_of
from navlayers.mapping.model import DEFAULT_SCALE
from navlayers.mapping.nouns import likely_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.errors import Problem
    from navlayers.mapping.model import Mapping, MappingSet, NonMappable

COLUMNS = (
    *("mapping_framework", "mapping_framework_version", "capability_group", "capability_id"),
    *("capability_description", "mapping_type", "attack_object_id", "attack_object_name", "attack_version"),
    *("technology_domain", "score_category", "score_value", "related_score", "references", "comments"),
    *("organization", "creation_date", "last_update", "status"),
)
"""The columns of the published tables in their order, and the status, which only the published JSON has."""

_AUTHORS = ("author", "author_contact", "author_organization")
_MOST_EXTRA = 100
"""Maximum number of columns for fields without meaning."""

_NOT_IN_CELLS = re.compile("[\0\ud800-\udfff\ufffe\uffff]")


def rows_of_set(mapping_set: MappingSet) -> tuple[list[list[str]], tuple[Problem, ...]]:
    """The header and the rows of a set as a table, and the notice of what the table leaves out.

    Cells are not neutralized yet. Characters that no cell can hold are replaced by U+FFFD.
    """
    rows = list(rows_of(mapping_set, technique_names(mapping_set)))
    extras = [{f: value for f in _AUTHORS if (value := getattr(row, f))} | dict(extra) for row, extra in rows]
    names = list(dict.fromkeys(name for extra in extras for name in extra))
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
    table = [[*COLUMNS, *kept]]
    for (row, _), extra in zip(rows, extras, strict=True):
        cells = extra | {field: value for field in COLUMNS if (value := getattr(row, field, None))} | heads
        cells["references"] = repr(list(row.references)) if row.references else ""
        if row.capability_group:
            cells["capability_group"] = groups.get(row.capability_group, row.capability_group)
        if row.score_value in values:
            cells["score_value"] = values[row.score_value]
        table.append([_NOT_IN_CELLS.sub("\ufffd", cells.get(column, "")) for column in table[0]])
    losses = list(_losses(mapping_set))
    losses += [f"names of score values ({wording.comma_list(list(values))}, written as numbers)"] if values else []
    dropped = [name for name in names if name not in kept]
    losses += [f"fields {wording.comma_list(dropped)}"] if dropped else []
    hint = "native YAML keeps everything"
    return table, (lost(", ".join(losses), "no such columns in tables", hint=hint),) if losses else ()


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
