"""Which column of a table holds what: by the words that people put over them, or as the user says."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import Names, listed, nearest, restore, shown
from navlayers.errors import InputError, OtherFileError, Place, Problem, UsageError
from navlayers.mapping.formats import rows
from navlayers.mapping.model import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from navlayers.mapping.formats.table_sheet import Grid

HEADER_WITHIN = 20
"""A header is looked for in so many rows."""

SET_FIELDS = {
    "mapping_framework": "framework",
    "mapping_framework_version": "version",
    "attack_version": "attack_version",
    "technology_domain": "domain",
    "organization": "organization",
    "creation_date": "created",
    "last_update": "updated",
}
"""Published column that says the same in every row → what it says of the set."""

_NEARLY = 0.8

OTHER, EXACT, SET_METADATA = "other", "exact", "set_metadata"
OWN = (OTHER, EXACT, SET_METADATA)
"""Columns that navlayers writes beside the published ones."""

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
"""Field → normalised headers that mean it, the surest first."""

_LIKELY: dict[str, tuple[str, str]] = {
    "technique attcktechnique attacktechnique mitretechnique mitreattcktechnique mitreattacktechnique attck attack "
    "mitreattck mitreattack ttp mitre subtechnique": ("attack_object_id", "attack_object_name"),
    "capability control securitycontrol rule mitigation safeguard countermeasure requirement service product "
    "feature vulnerability tool solution id name title": ("capability_id", "capability_description"),
}
"""Headers that mean the id where no surer one does, and else the name."""

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
"""What `--columns` takes → field."""


class Columns(msgspec.Struct):
    """Where the header stands (from 0), which column holds which field, and the headers of all columns.

    `others` are the columns that have no meaning, by the name under which they are kept; `width` counts the cells
    of the header row, with blank ones at its end.
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


def check_names(by_user: Mapping[str, str]) -> dict[str, str]:
    """What the user says of columns: field → header.

    Raises:
        UsageError: it names what no column can hold.
    """
    known = (*_BY_USER, *_SURE)
    problems = [
        Problem(
            f"--columns has the unknown name {shown(name)}", expected=", ".join(_BY_USER), hint=nearest(name, known)
        )
        for name in by_user
        if name not in known
    ]
    if problems:
        raise UsageError(problems)
    return {_BY_USER.get(name, name): header for name, header in by_user.items()}


def find_columns(grid: Grid, by_user: Mapping[str, str]) -> Columns | None:
    """The columns of a table that has one for techniques; None where no row of the first is such a header."""
    found = (columns_of(number, row, by_user) for number, row in enumerate(islice(grid.rows(), HEADER_WITHIN)))
    fit = [columns for columns in found if "attack_object_id" in columns.fields or SET_METADATA in columns.fields]
    return max(fit, key=lambda columns: len(columns.fields), default=None)


def columns_of(number: int, row: Iterable[str], by_user: Mapping[str, str]) -> Columns:
    """What the cells of a row mean as headers."""
    headers = [restore(cell).strip() for cell in row]
    width = len(headers)
    while headers and not headers[-1]:
        headers.pop()
    names = [_normal(header) for header in headers]
    fields: dict[str, int] = {}
    columns = _by_name(names)
    free = {column for of in columns.values() for column in of}

    def take(field: str, column: int) -> None:
        fields[field] = column
        free.discard(column)

    for field, header in by_user.items():
        exactly = [column for column, text in enumerate(headers) if text == header]
        nearly = [column for column, name in enumerate(names) if name and name == _normal(header)]
        for found in (exactly or nearly)[:1]:
            take(field, found)
    published = {"attackobjectid", "capabilityid"} <= set(names)
    for field in (*SET_FIELDS, *OWN):
        same = [c for c in columns.get(_normal(field), ()) if c in free and headers[c].lower() == field]
        always = field in {"mapping_framework", "mapping_framework_version", "attack_version", "technology_domain"}
        if same and (always or published):
            take(field, same[0])
    for field, words in _SURE.items():
        if field not in by_user:
            _take_first(field, words.split(), columns, free, fields)
    for words, pair in _LIKELY.items():
        for field in pair:
            if field not in by_user:
                _take_first(field, words.split(), columns, free, fields)
    # Of "Detection" alone one cannot tell whether it is a category.
    rated = [column for column in sorted(free) if names[column] in _CATEGORY]
    for place in rated:
        category = _CATEGORY[names[place]]
        if category not in fields and (category == names[place] or len(rated) > 1):
            take(category, place)
    return Columns(number, headers, fields, _others(headers, fields), width)


def _by_name(names: list[str]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        if name:
            columns.setdefault(name, []).append(column)
    return columns


def _take_first(
    field: str, words: list[str], columns: dict[str, list[int]], free: set[int], fields: dict[str, int]
) -> None:
    if field in fields:
        return
    for word in words:
        for column in columns.get(word, ()):
            if column in free:
                fields[field] = column
                free.discard(column)
                return


def _others(headers: list[str], fields: dict[str, int]) -> dict[int, str]:
    taken = set(fields.values())
    others: dict[int, str] = {}
    names: set[str] = set()
    for column, header in enumerate(headers):
        if column not in taken:
            name = header or f"column {column + 1}"
            others[column] = name if name not in names else f"{name} ({column + 1})"
            names.add(others[column])
    return others


def _normal(header: str) -> str:
    """A header without case, blanks and marks, and without the plural of its last word."""
    plain = re.sub(r"[\W_]+", "", header.casefold().replace("&amp;", "&").replace("(s)", ""))
    return _SINGULAR.get(plain, plain)


def _words() -> set[str]:
    texts = (*_SURE.values(), *_LIKELY, " ".join(_CATEGORY))
    return {word for text in texts for word in text.split()}


_NAMES = Names(_words())


def meant(header: str) -> str:
    """The word for a column that an unknown header all but spells; "" when there is none."""
    return rows.meant(header) or _NAMES.closest(_normal(header), _NEARLY) or ""


_SINGULAR = {f"{word}s": word for word in _words() if f"{word}s" not in _words()}


def no_technique_column(path: str, grids: Iterable[tuple[str, Grid]], by_user: Mapping[str, str]) -> OtherFileError:
    """The error of a table without a technique column; `grids` are its sheets by name."""
    seen = []
    for name, grid in grids:
        rows = [row for row in islice(grid.rows(), HEADER_WITHIN) if any(row)]
        widest = max(rows, key=lambda row: sum(map(bool, row)), default=[])
        headers = [cell.strip() for cell in widest if cell.strip()]
        if headers:
            seen.append(f"{f'sheet {shown(name)} has ' if name else 'the table has '}{listed(headers)}")
    there = "; ".join(seen[:3])
    if "attack_object_id" in by_user:
        message = f"no column is called {shown(by_user['attack_object_id'])}"
        return OtherFileError(
            Problem(message, Place(path, 1, 1), "a header of the table", there, code="wrong-shape")
        )
    hint = f"{there}: name it with --columns technique=HEADER" if there else ""
    expected = "a column that is called technique, technique id, ATT&CK ID or the like"
    problem = Problem("no column holds techniques", Place(path, 1, 1), expected, hint, code="wrong-shape")
    return OtherFileError(problem)


def refuse_missing(grid: Grid, columns: Columns, by_user: Mapping[str, str]) -> None:
    """Raise an `InputError` where a header that the user names is not in the table."""
    missing = [header for field, header in by_user.items() if field not in columns.fields]
    if missing:
        place, there = grid.place(columns.row, 0), listed([header for header in columns.headers if header])
        raise InputError(
            Problem(f"no column is called {shown(header)}", place, there, nearest(header, columns.headers))
            for header in missing
        )
