"""The columns of a table and their meaning: by the usual headers, or as the user names them with --columns."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import Names, comma_list, quoted, restore, suggestion
from navlayers.errors import InputError, OtherFileError, Place, Problem, UsageError
from navlayers.mapping.formats import rows
from navlayers.mapping.model import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from navlayers.mapping.formats.table import Grid

HEADER_WITHIN = 20
"""The header is one of the first rows: titles may precede it."""

SET_FIELDS = {
    "mapping_framework": "framework",
    "mapping_framework_version": "version",
    "attack_version": "attack_version",
    "technology_domain": "domain",
    "organization": "organization",
    "creation_date": "created",
    "last_update": "updated",
}
"""Published column that has the same value in every row → field of the set."""

_ALWAYS = ("mapping_framework", "mapping_framework_version", "attack_version", "technology_domain")
"""Column names with this meaning in any table; others have it only in published tables."""

_SURE: dict[str, str] = {
    "attack_object_id": "attackobjectid techniqueid attckid attackid attcktechniqueid attacktechniqueid "
    "mitreattckid mitreattackid mitretechniqueid mitreid tid ttpid subtechniqueid",
    "attack_object_name": "attackobjectname techniquename attckname attackname attcktechniquename "
    "attacktechniquename mitretechniquename",
    "capability_id": "capabilityid controlid controlidentifier controlnumber ruleid detectionid requirementid "
    "safeguardid subcategoryid cveid cve vulnerabilityid serviceid productid featureid mitigationid",
    "capability_description": "capabilitydescription capabilityname controlname controltitle rulename ruletitle "
    "detectionname servicename productname featurename mitigationname",
    "capability_group": "capabilitygroup group groupname family controlfamily capabilityfamily",
    "mapping_type": "mappingtype type relationship relationshiptype relation mitigates",
    "status": "status",
    "score_category": "scorecategory category",
    "score_value": "scorevalue score value rating coverage effectiveness scorerating",
    "related_score": "relatedscore",
    "references": "references reference links link urls url refs ref",
    "comments": "comments comment notes note remarks remark rationale justification",
    "author": "author",
    "author_contact": "authorcontact",
    "author_organization": "authororganization",
}
"""Field → normalized headers that mean it, the surest first."""

_LIKELY: dict[str, tuple[str, str]] = {
    "technique attcktechnique attacktechnique mitretechnique mitreattcktechnique mitreattacktechnique attck attack "
    "mitreattck mitreattack ttp mitre subtechnique": ("attack_object_id", "attack_object_name"),
    "capability control securitycontrol rule mitigation safeguard countermeasure requirement service product "
    "feature vulnerability tool solution id name title": ("capability_id", "capability_description"),
}
"""Headers that mean the id if no surer one does, else the name."""

_CATEGORY: dict[str, str] = {
    "protect": "protect",
    "detect": "detect",
    "respond": "respond",
    "protection": "protect",
    "prevent": "protect",
    "prevention": "protect",
    "detection": "detect",
    "response": "respond",
}
_BY_USER: dict[str, str] = {
    "technique": "attack_object_id",
    "technique_name": "attack_object_name",
    "capability": "capability_id",
    "capability_name": "capability_description",
    "group": "capability_group",
    "category": "score_category",
    "value": "score_value",
    "score": "score_value",
    "comment": "comments",
    "references": "references",
    "type": "mapping_type",
    "status": "status",
    "protect": "protect",
    "detect": "detect",
    "respond": "respond",
}
"""Name in `--columns` → field."""


_WORDS = {word for text in (*_SURE.values(), *_LIKELY, *_CATEGORY) for word in text.split()}
_PLURALS = {f"{word}s": word for word in _WORDS} | {word: word for word in _WORDS}
_NAMES = Names(_WORDS)
_HEADERS = [
    *((field, words.split()) for field, words in _SURE.items()),
    *((field, words.split()) for words, pair in _LIKELY.items() for field in pair),
]


class Columns(msgspec.Struct):
    """The header of a table.

    Attributes:
        row: the number of its row, from 0.
        headers: the texts of its cells, without blank ones at the end.
        fields: field of a row or score category → column.
        others: column without a meaning → the name under which its cells are kept.
        width: the number of its cells, with blank ones at the end.
    """

    row: int
    headers: list[str]
    fields: dict[str, int]
    others: dict[int, str]
    width: int

    @property
    def categories(self) -> dict[str, int]:
        """Score category → the column that holds its values."""
        return {name: self.fields[name] for name in CATEGORIES if name in self.fields}


def check_names(columns: Mapping[str, str]) -> dict[str, str]:
    """Field → header, from the values of `--columns`.

    Raises:
        UsageError: it has an unknown name.
    """
    known = (*_BY_USER, *_SURE)
    problems = [
        Problem(
            f"unknown name {quoted(name)} in --columns", expected=", ".join(_BY_USER), hint=suggestion(name, known)
        )
        for name in columns
        if name not in known
    ]
    if problems:
        raise UsageError(problems)
    return {_BY_USER.get(name, name): header for name, header in columns.items()}


def find_columns(grid: Grid, user_headers: Mapping[str, str], wanted: Collection[str]) -> Columns | None:
    """The columns of a table, by the row near its start that has the most known headers.

    Returns:
        None where no such row has one of the wanted fields.
    """
    rows = enumerate(islice(grid.rows(), HEADER_WITHIN))
    headers = (columns_of(number, row, user_headers) for number, row in rows)
    candidates = [columns for columns in headers if not columns.fields.keys().isdisjoint(wanted)]
    # The title of a table may be a known word: of two such rows, the wider is the header.
    return max(candidates, key=lambda columns: (len(columns.fields), len(columns.headers)), default=None)


def columns_of(number: int, row: Iterable[str], user_headers: Mapping[str, str]) -> Columns:
    """The columns of a table whose header is this row."""
    headers = [restore(cell).strip() for cell in row]
    width = len(headers)
    while headers and not headers[-1]:
        headers.pop()
    names = [_normal(header) for header in headers]
    columns: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        columns.setdefault(name, []).append(column)
    fields: dict[str, int] = {}
    free = {column for column, name in enumerate(names) if name}

    def take(field: str, candidates: Iterable[int]) -> None:
        column = next((column for column in candidates if column in free), None)
        if column is not None and field not in fields:
            fields[field] = column
            free.discard(column)

    for field, header in user_headers.items():
        equal = [column for column, text in enumerate(headers) if text == header]
        alike = columns.get(_normal(header), []) if _normal(header) else []
        if equal or alike:
            fields[field] = (equal or alike)[0]
    free.difference_update(fields.values())
    published = {"attackobjectid", "capabilityid"} <= columns.keys()
    for field in SET_FIELDS if published else _ALWAYS:
        take(field, (column for column, header in enumerate(headers) if header.lower() == field))
    for field, words in _HEADERS:
        if field not in user_headers:
            take(field, (column for word in words for column in columns.get(word, ())))
    # "Detection" alone may be a description; with "Protection" in the same table, both are categories.
    rated = [column for column in sorted(free) if names[column] in _CATEGORY]
    for column in rated:
        category = _CATEGORY[names[column]]
        if category == names[column] or len(rated) > 1:
            take(category, [column])
    return Columns(number, headers, fields, _others(headers, fields), width)


def _others(headers: list[str], fields: dict[str, int]) -> dict[int, str]:
    columns: dict[str, int] = {}
    for column in sorted(set(range(len(headers))).difference(fields.values())):
        name = headers[column] or f"column {column + 1}"
        columns[name if name not in columns else f"{name} ({column + 1})"] = column
    return {column: name for name, column in columns.items()}


def _normal(header: str) -> str:
    """A header without case, blanks and marks; a known one without the plural of its last word."""
    plain = re.sub(r"[\W_]+", "", header.casefold().replace("&amp;", "&").replace("(s)", ""))
    return _PLURALS.get(plain, plain)


def closest_header(header: str) -> str:
    """The known name closest to an unknown header; "" if none is close."""
    return rows.meant(header) or _NAMES.closest(_normal(header), 0.8) or ""


def no_technique_column(path: str, grids: Iterable[Grid], user_headers: Mapping[str, str]) -> OtherFileError:
    """The error of a file without a technique column; its hint lists the headers of the first tables."""
    seen = []
    for grid in grids:
        candidates = islice(grid.rows(), HEADER_WITHIN)
        headers = max(([cell.strip() for cell in row if cell.strip()] for row in candidates), key=len, default=[])
        if headers:
            seen.append(f"{f'sheet {quoted(grid.name)}' if grid.name else 'the table'} has {comma_list(headers)}")
    there = "; ".join(seen[:3])
    message, expected = (
        "no technique column",
        "a header such as technique, technique id or ATT&CK ID",
    )
    hint = f"{there}; name the column with --columns technique=HEADER" if there else ""
    if "attack_object_id" in user_headers:
        message, expected = f"no column {quoted(user_headers['attack_object_id'])}", "a header of the table"
        hint = there
    return OtherFileError(Problem(message, Place(path, 1, 1), expected, hint, code="wrong-shape"))


def refuse_missing(grid: Grid, columns: Columns, user_headers: Mapping[str, str]) -> None:
    """Raise an `InputError` where a header that the user names is not in the table."""
    missing = [header for field, header in user_headers.items() if field not in columns.fields]
    if missing:
        place, there = grid.place(columns.row, 0), comma_list([header for header in columns.headers if header])
        raise InputError(
            Problem(f"no column {quoted(header)}", place, there, suggestion(header, columns.headers))
            for header in missing
        )
