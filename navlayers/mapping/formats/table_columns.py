"""The columns of a table and their meaning: by the usual headers, or as the user names them with --columns."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.formulas import restore
from navlayers._text.spelling import Names, compact, suggestion
from navlayers._text.wording import bare, comma_list, quoted
from navlayers.errors import InputError, OtherFileError, Place, Problem, UsageError
from navlayers.mapping import evidence
from navlayers.mapping.formats import rows
from navlayers.mapping.formats.table_content import holds_ids
from navlayers.mapping.formats.table_values import remembered
from navlayers.mapping.model import CATEGORIES, SEGMENT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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

CAPABILITY = frozenset({"capability_id", "capability_description"})
"""Fields that name the capability of a row."""

_SET_WORDS = {field: {field.replace("_", "")} for field in SET_FIELDS}
_SET_WORDS["attack_version"] |= {"attckversion", "mitreattckversion", "mitreattackversion"}
_SET_WORDS["technology_domain"] |= {"attckdomain", "attackdomain", "mitreattckdomain", "mitreattackdomain"}
"""Published column → its normalized headers."""

_ALWAYS = ("mapping_framework", "mapping_framework_version", "attack_version", "technology_domain")
"""Column names with this meaning in any table; others have it only in published tables."""

_SURE: dict[str, str] = {
    "attack_object_id": "attackobjectid techniqueid attckid attackid attcktechniqueid attacktechniqueid "
    "mitreattckid mitreattackid mitretechniqueid mitreid tid ttpid",
    "subtechnique": "subtechniqueid subtechnique subtechniquenumber attcksubtechnique attacksubtechnique "
    "mitresubtechnique subtechniquename subid",
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
    "mitreattck mitreattack ttp mitre": ("attack_object_id", "attack_object_name"),
    "capability control securitycontrol rule mitigation safeguard countermeasure requirement service product "
    "feature vulnerability tool solution detectionrule correlationrule usecase "
    "id name title": ("capability_id", "capability_description"),
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


TECHNIQUE_WORDS = {
    *_SURE["attack_object_id"].split(),
    *next(iter(_LIKELY)).split(),
}
_TECHNIQUES = {*TECHNIQUE_WORDS, "attack_object_id", "attack_object_name"}
NUMBERED = re.compile("^(?:primary|secondary|tertiary|other|additional|second|third)|s?(?<![0-9])[0-9]+$|s$")
"""What tells several columns of techniques apart."""

WORDS = {word for text in (*_SURE.values(), *_LIKELY, *_CATEGORY) for word in text.split()}
_PLURALS = {f"{word}s": word for word in WORDS} | {word: word for word in WORDS}
_NAMES = Names(WORDS)
_OTHERS = (*SEGMENT_FIELDS, *evidence.FIELDS)
_OTHER_NAMES = Names(_OTHERS)
"""Fields that are read from columns without a meaning, by their headers alone."""

_HEADERS = [
    *((field, words.split()) for field, words in _SURE.items()),
    *((field, words.split()) for words, pair in _LIKELY.items() for field in pair),
]


def header_words(field: str) -> tuple[str, ...]:
    """The normalized headers that mean a field, the surest first."""
    return tuple(word for name, words in _HEADERS if name == field for word in words)


class Columns(msgspec.Struct, dict=True):
    """The header of a table.

    Attributes:
        row: the number of its row, from 0; -1 for a table without a header.
        headers: the texts of its cells, without blank ones at the end.
        fields: field of a row or score category → column.
        others: column without a meaning → the name under which its cells are kept.
        width: the number of its cells, with blank ones at the end.
        more: further columns of techniques.
        rows: the normalized headers of each of its rows.
    """

    row: int
    headers: list[str]
    fields: dict[str, int]
    others: dict[int, str]
    width: int
    more: tuple[int, ...] = ()
    rows: tuple[list[str], ...] = ()

    @cached_property
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


def columns_named(columns: Columns, column: int) -> bool:
    """Whether the header of a column means techniques, or there is none."""
    name = NUMBERED.sub("", names_of(columns)[column])
    known = (_SURE["attack_object_id"], _SURE["subtechnique"], _SURE["attack_object_name"])
    return not name or name in TECHNIQUE_WORDS or any(name in words.split() for words in known)


def names_of(columns: Columns) -> list[str]:
    """The headers without case, blanks and marks."""
    return [normal(header) for header in columns.headers] + [""] * (columns.width - len(columns.headers))


def is_number(text: str, most: int) -> bool:
    """Whether a text is the number of one of so many columns."""
    return text.isdecimal() and 0 < int(text) <= most


def _column(header: str, headers: Sequence[str]) -> int | None:
    """The column that a user names by its header, else by a similar one, else by its number from 1."""
    if header in headers:
        return headers.index(header)
    names = [normal(text) for text in headers]
    if normal(header) in filter(None, names):
        return names.index(normal(header))
    return int(header) - 1 if is_number(header, len(headers)) else None


def columns_of(number: int, row: Iterable[str], user_headers: Mapping[str, str]) -> Columns:
    """The columns of a table whose header is this row."""
    headers = [restore(cell).strip() for cell in row]
    width = len(headers)
    while headers and not headers[-1]:
        headers.pop()
    names = [normal(header) for header in headers]
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
        named = _column(header, headers)
        if named is not None:
            fields[field] = named
    free.difference_update(fields.values())
    published = {"attackobjectid", "capabilityid"} <= columns.keys()
    for field in SET_FIELDS if published else _ALWAYS:
        take(field, (column for column, name in enumerate(names) if name in _SET_WORDS[field]))
    for field, words in _HEADERS:
        if field not in user_headers:
            take(field, (column for word in words for column in columns.get(word, ())))
    # "Detection" alone may be a description; with "Protection" in the same table, both are categories.
    rated = [column for column in sorted(free) if names[column] in _CATEGORY]
    for column in rated:
        category = _CATEGORY[names[column]]
        if category == names[column] or len(rated) > 1:
            take(category, [column])
    if "attack_object_id" not in fields:
        # A column of sub-techniques or of names alone.
        alone = next((field for field in ("subtechnique", "attack_object_name") if field in fields), None)
        if alone is not None:
            fields["attack_object_id"] = fields.pop(alone)
    return Columns(number, headers, fields, others_of(headers, fields), width, rows=(names,))


def others_of(headers: list[str], fields: dict[str, int]) -> dict[int, str]:
    """Column without a meaning → the name under which its cells are kept."""
    columns: dict[str, int] = {}
    for column in sorted(set(range(len(headers))).difference(fields.values())):
        name = headers[column] or f"column {column + 1}"
        columns[name if name not in columns else f"{name} ({column + 1})"] = column
    return {column: name for name, column in columns.items()}


@remembered
def normal(header: str) -> str:
    """A header without case, blanks and marks; a known one without the plural of its last word."""
    plain = compact(header.casefold().replace("&amp;", "&").replace("(s)", ""))
    return _PLURALS.get(plain, plain)


def closest_header(header: str) -> str:
    """The known name closest to an unknown header; "" if none is close."""
    return rows.meant(header) or _NAMES.closest(normal(header), 0.8) or ""


def misspelled_field(header: str) -> str:
    """The field of segments or evidence that an unknown header nearly names; "" for none."""
    plain = evidence.field_key(header)
    close = None if plain in _OTHERS else _OTHER_NAMES.closest(plain, 0.8)
    # "Evidence URL" is none of evidence.
    return close if close and close.count("_") == plain.count("_") else ""


def no_technique_column(path: str, grids: Iterable[Grid], user_headers: Mapping[str, str]) -> OtherFileError:
    """The error of a file without a technique column; its hint lists the headers of the first tables."""
    import shlex  # noqa: PLC0415 - for this error alone

    seen, near = [], ""
    for grid in grids:
        candidates = islice(grid.rows(), HEADER_WITHIN)
        # An id is never a header.
        named = [
            [cell.strip() for cell in row if cell.strip()] for row in candidates if not any(map(holds_ids, row))
        ]
        headers = max(named, key=len, default=[])
        if headers:
            seen.append(
                f"{f'{grid.kind} {quoted(grid.name)}' if grid.name else 'the table'} has {comma_list(headers)}"
            )
        compared = islice(headers, rows.MOST_UNKNOWN)
        near = near or next((header for header in compared if closest_header(header) in _TECHNIQUES), "")
    there = "; ".join(seen[:3])
    message, expected = (
        "no technique column",
        "a header such as technique, technique id or ATT&CK ID, or cells such as T1059",
    )
    known = "if one of them holds techniques, name it: --columns technique=HEADER"
    asked = f"does {bare(near)} hold techniques? --columns {shlex.quote(f'technique={near}')}" if near else known
    hint = f"{there}; {asked}" if there else ""
    if "attack_object_id" in user_headers:
        message, expected = f"no column {quoted(user_headers['attack_object_id'])}", "a header of the table"
        hint = there
    return OtherFileError(Problem(message, Place(path, 1, 1), expected, hint, code="wrong-shape"))


def refuse_missing(grid: Grid, columns: Columns, user_headers: Mapping[str, str]) -> None:
    """Raise an `InputError` where a header that the user names is not in the table."""
    headers = columns.headers + [""] * (columns.width - len(columns.headers))
    missing = [header for header in user_headers.values() if _column(header, headers) is None]
    if missing:
        place, there = grid.place(max(columns.row, 0), 0), comma_list(list(filter(None, columns.headers)))
        if columns.row < 0:
            there = f"the number of a column, 1 to {columns.width}: the table has no header"
        raise InputError(
            Problem(f"no column {quoted(header)}", place, there, suggestion(header, columns.headers))
            for header in missing
        )
