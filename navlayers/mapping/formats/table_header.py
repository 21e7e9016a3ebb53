"""The header of a table: the row near its start, or two, that name its columns; else the cells do."""

from __future__ import annotations

import re
from itertools import islice, pairwise, zip_longest
from typing import TYPE_CHECKING

import msgspec

from navlayers.mapping.formats.table_columns import (
    HEADER_WITHIN,
    NUMBERED,
    TECHNIQUE_WORDS,
    WORDS,
    Columns,
    columns_of,
    is_number,
    names_of,
    normal,
    others_of,
)
from navlayers.mapping.formats.table_content import holds_ids, known_names, likely_fields, technique_columns
from navlayers.mapping.model import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from navlayers.mapping.formats.table import Grid

_SAMPLE = 200
"""Rows that decide which columns hold techniques."""

_ANY_NAME = frozenset({"name", "title"})
"""Headers that name the capability, or the technique of the row where no column has capabilities."""


def find_columns(grid: Grid, user_headers: Mapping[str, str], wanted: Collection[str]) -> Columns | None:
    """The columns of a table, by the row near its start that has the most known headers.

    A row with ids of techniques is not a header. Where techniques are wanted, the cells decide which column holds
    them if its header does not.

    Returns:
        None where no such row has one of the wanted fields, and no column holds techniques that are wanted.
    """
    rows = list(islice(grid.rows(), _SAMPLE))
    headers = [
        columns_of(number, row, user_headers)
        for number, row in enumerate(rows[:HEADER_WITHIN])
        if not any(map(holds_ids, row))
    ]
    headers = [*_of_two_rows(headers, user_headers), *headers]
    candidates = [columns for columns in headers if not columns.fields.keys().isdisjoint(wanted)]
    # The title of a table may be a known word: of two such rows, the wider is the header.
    best = max(candidates, key=lambda columns: (len(columns.fields), len(columns.headers)), default=None)
    if "attack_object_id" not in wanted:
        return best
    is_name = known_names()
    columns = _by_content(grid, rows, best, headers, user_headers, is_name)
    if columns is None:
        return None
    below = rows[columns.row + 1 :]
    return _with_categories(_with_technique_names(columns, below, user_headers, is_name), below, user_headers)


def _of_two_rows(headers: Sequence[Columns], user_headers: Mapping[str, str]) -> list[Columns]:
    """Two rows that are a header together, as merged cells cause it: "ATT&CK" over "ID" and "Name"."""
    result = []
    for above, below in pairwise(headers):
        if below.row == above.row + 1 and len(above.fields) > 1 and len(below.fields) > 1:
            group, cells = "", []
            for upper, lower in zip_longest(above.headers, below.headers, fillvalue=""):
                group = upper or group
                both = f"{group} {lower}"
                cells.append(both if lower and normal(both) in WORDS else lower or upper)
            columns = columns_of(below.row, cells, user_headers)
            result.append(msgspec.structs.replace(columns, rows=(*above.rows, *below.rows)))
    return result


def _with_technique_names(
    columns: Columns, rows: Sequence[Sequence[str]], user_headers: Mapping[str, str], is_name: Callable[[str], bool]
) -> Columns:
    """The columns where a column such as "Name" holds the techniques' names, and not those of capabilities."""
    headers = names_of(columns)
    for field in ("capability_id", "capability_description"):
        column = columns.fields.get(field, -1)
        if column < 0 or headers[column] not in _ANY_NAME or field in user_headers:
            continue
        names = [row[column].strip() for row in rows if len(row) > column and row[column].strip()]
        if 2 * sum(map(is_name, names)) > len(names):
            fields = {other: place for other, place in columns.fields.items() if other != field}
            fields.setdefault("attack_object_name", column)
            return msgspec.structs.replace(columns, fields=fields)
    return columns


def _with_categories(columns: Columns, rows: Sequence[Sequence[str]], user_headers: Mapping[str, str]) -> Columns:
    """The columns where a column such as "Type" holds protect, detect and respond, and so is the category."""
    column = columns.fields.get("mapping_type", -1)
    if column < 0 or "score_category" in columns.fields or "mapping_type" in user_headers:
        return columns
    cells = [row[column].strip().lower() for row in rows if len(row) > column and row[column].strip()]
    if 2 * sum(cell in CATEGORIES for cell in cells) <= len(cells):
        return columns
    fields = {field: place for field, place in columns.fields.items() if field != "mapping_type"}
    return msgspec.structs.replace(columns, fields={**fields, "score_category": column})


def _by_content(
    grid: Grid,
    rows: list[list[str]],
    best: Columns | None,
    headers: list[Columns],
    user_headers: Mapping[str, str],
    is_name: Callable[[str], bool],
) -> Columns | None:
    """The columns with that of techniques found by its cells, if its header does not name it."""
    by_user = user_headers.get("attack_object_id")
    if best is not None:
        technique = best.fields["attack_object_id"]
        holding = [column for column in technique_columns(rows[best.row + 1 :]) if column < best.width]
        numbered = [c for c in holding if c != technique and NUMBERED.sub("", names_of(best)[c]) in TECHNIQUE_WORDS]
        if by_user is not None or technique in holding or not holding:
            return msgspec.structs.replace(best, more=() if by_user else tuple(numbered)) if numbered else best
        return _with_techniques(best, holding)
    first = next((number for number, row in enumerate(rows) if any(map(holds_ids, row))), len(rows))
    holding = technique_columns(rows[first:])
    if not holding or (by_user is not None and not by_user.isdecimal()):
        return None
    above = [columns for columns in headers if columns.row < first and len(columns.headers) > holding[0]]
    header = max(above, key=lambda columns: (len(columns.fields), columns.row), default=None)
    if header is not None and header.headers[holding[0]] and not _is_technique(header.headers[holding[0]], is_name):
        return _with_techniques(header, [column for column in holding if column < header.width])
    width = max(map(len, grid.rows()))
    fields = {field: int(name) - 1 for field, name in user_headers.items() if is_number(name, width)}
    technique = fields.get("attack_object_id", holding[0])
    free = [column for column in range(width) if column not in (*holding, *fields.values())]
    fields = likely_fields(rows, technique, free) | fields
    others = others_of([""] * width, fields)
    return Columns(-1, [""] * width, fields, others, width, tuple(c for c in holding if c != technique))


def _with_techniques(columns: Columns, holding: Sequence[int]) -> Columns:
    """The columns where these hold techniques, whatever their headers mean otherwise."""
    fields = {field: column for field, column in columns.fields.items() if column not in holding}
    before = fields.pop("attack_object_id", None)
    if before is not None and names_of(columns)[before] in TECHNIQUE_WORDS:
        fields.setdefault("attack_object_name", before)
    fields["attack_object_id"] = holding[0]
    others = {c: name for c, name in others_of(columns.headers, fields).items() if c not in holding}
    return msgspec.structs.replace(columns, fields=fields, others=others, more=tuple(holding[1:]))


def _is_technique(text: str, is_name: Callable[[str], bool]) -> bool:
    """Whether a text is an id, maybe with a mistake, or the name of a technique: no header."""
    return bool(re.fullmatch(r"\W*T?[\s_-]?[0-9][\w./-]*\W*", text, re.IGNORECASE)) or is_name(text)


def repeats_header(columns: Columns, cells: Sequence[str]) -> bool:
    """Whether a row below the header has the texts of one of its rows, in any spelling."""
    technique = columns.fields["attack_object_id"]
    for names in columns.rows:
        # Almost every row differs in this cell, and to normalize all cells takes longer than to read them.
        same = normal(cells[technique]) == names[technique] if technique < len(names) else True
        if same and [*map(normal, cells[: len(names)])] == names:
            return True
    return False
