"""The columns of a table and their meaning: by the usual headers, or as the user names them with --columns."""

from __future__ import annotations

import re
from itertools import islice, pairwise, zip_longest
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text import Names, comma_list, compact, quoted, restore, suggestion
from navlayers.errors import InputError, OtherFileError, Place, Problem, UsageError
from navlayers.mapping.formats import rows
from navlayers.mapping.formats.table_content import holds_ids, likely_fields, technique_columns
from navlayers.mapping.model import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from navlayers.mapping.formats.table import Grid

HEADER_WITHIN = 20
"""The header is one of the first rows: titles may precede it."""

_SAMPLE = 200
"""Rows that decide which columns hold techniques."""

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
    "feature vulnerability tool solution id name title": ("capability_id", "capability_description"),
}
"""Headers that mean the id if no surer one does, else the name."""

_ANY_NAME = frozenset({"name", "title"})
"""Headers that name the capability, or the technique of the row where no column has capabilities."""

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


_TECHNIQUE_WORDS = {
    *_SURE["attack_object_id"].split(),
    *next(iter(_LIKELY)).split(),
}
_NUMBERED = re.compile("^(?:primary|secondary|tertiary|other|additional|second|third)|s?[0-9]+$|s$")
"""What tells several columns of techniques apart."""

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
        row: the number of its row, from 0; -1 for a table without a header.
        headers: the texts of its cells, without blank ones at the end.
        fields: field of a row or score category → column.
        others: column without a meaning → the name under which its cells are kept.
        width: the number of its cells, with blank ones at the end.
        more: further columns of techniques.
    """

    row: int
    headers: list[str]
    fields: dict[str, int]
    others: dict[int, str]
    width: int
    more: tuple[int, ...] = ()

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
    columns = _by_content(grid, rows, best, headers, user_headers)
    return columns and _with_technique_names(columns, rows[columns.row + 1 :], user_headers)


def _of_two_rows(headers: Sequence[Columns], user_headers: Mapping[str, str]) -> list[Columns]:
    """Two rows that are a header together, as merged cells cause it: "ATT&CK" over "ID" and "Name"."""
    result = []
    for above, below in pairwise(headers):
        if below.row == above.row + 1 and len(above.fields) > 1 and len(below.fields) > 1:
            group, cells = "", []
            for upper, lower in zip_longest(above.headers, below.headers, fillvalue=""):
                group = upper or group
                both = f"{group} {lower}"
                cells.append(both if lower and _normal(both) in _WORDS else lower or upper)
            result.append(columns_of(below.row, cells, user_headers))
    return result


def _with_technique_names(
    columns: Columns, rows: Sequence[Sequence[str]], user_headers: Mapping[str, str]
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


def _by_content(
    grid: Grid, rows: list[list[str]], best: Columns | None, headers: list[Columns], user_headers: Mapping[str, str]
) -> Columns | None:
    """The columns with that of techniques found by its cells, if its header does not name it."""
    by_user = user_headers.get("attack_object_id")
    if best is not None:
        technique = best.fields["attack_object_id"]
        holding = [column for column in technique_columns(rows[best.row + 1 :]) if column < best.width]
        numbered = [
            c for c in holding if c != technique and _NUMBERED.sub("", names_of(best)[c]) in _TECHNIQUE_WORDS
        ]
        if by_user is not None or technique in holding or not holding:
            return msgspec.structs.replace(best, more=() if by_user else tuple(numbered)) if numbered else best
        return _with_techniques(best, holding)
    first = next((number for number, row in enumerate(rows) if any(map(holds_ids, row))), len(rows))
    holding = technique_columns(rows[first:])
    if not holding or (by_user is not None and not by_user.isdecimal()):
        return None
    above = [columns for columns in headers if columns.row < first and len(columns.headers) > holding[0]]
    header = max(above, key=lambda columns: (len(columns.fields), columns.row), default=None)
    if header is not None and header.headers[holding[0]] and not _is_technique(header.headers[holding[0]]):
        return _with_techniques(header, [column for column in holding if column < header.width])
    width = max(map(len, grid.rows()))
    fields = {field: int(name) - 1 for field, name in user_headers.items() if _is_number(name, width)}
    technique = fields.get("attack_object_id", holding[0])
    free = [column for column in range(width) if column not in (*holding, *fields.values())]
    fields = likely_fields(rows, technique, free) | fields
    others = _others([""] * width, fields)
    return Columns(-1, [""] * width, fields, others, width, tuple(c for c in holding if c != technique))


def _with_techniques(columns: Columns, holding: Sequence[int]) -> Columns:
    """The columns where these hold techniques, whatever their headers mean otherwise."""
    fields = {field: column for field, column in columns.fields.items() if column not in holding}
    before = fields.pop("attack_object_id", None)
    if before is not None and names_of(columns)[before] in _TECHNIQUE_WORDS:
        fields.setdefault("attack_object_name", before)
    fields["attack_object_id"] = holding[0]
    others = {c: name for c, name in _others(columns.headers, fields).items() if c not in holding}
    return msgspec.structs.replace(columns, fields=fields, others=others, more=tuple(holding[1:]))


def columns_named(columns: Columns, column: int) -> bool:
    """Whether the header of a column means techniques, or there is none."""
    name = _NUMBERED.sub("", names_of(columns)[column])
    known = (_SURE["attack_object_id"], _SURE["subtechnique"], _SURE["attack_object_name"])
    return not name or name in _TECHNIQUE_WORDS or any(name in words.split() for words in known)


def names_of(columns: Columns) -> list[str]:
    """The headers without case, blanks and marks."""
    return [_normal(header) for header in columns.headers] + [""] * (columns.width - len(columns.headers))


def _is_technique(text: str) -> bool:
    """Whether a text is an id, maybe with a mistake, or the name of a technique: no header."""
    if re.fullmatch(r"\W*T?[\s_-]?[0-9][\w./-]*\W*", text, re.IGNORECASE):
        return True
    return is_name(text)


def is_name(text: str) -> bool:
    """Whether a text is the name of a technique."""
    return any(catalogue.named(text) for catalogue in attack.newest("enterprise"))


def _is_number(text: str, most: int) -> bool:
    return text.isdecimal() and 0 < int(text) <= most


def _column(header: str, headers: Sequence[str]) -> int | None:
    """The column that a user names by its header, else by a similar one, else by its number from 1."""
    if header in headers:
        return headers.index(header)
    names = [_normal(text) for text in headers]
    if _normal(header) in filter(None, names):
        return names.index(_normal(header))
    return int(header) - 1 if _is_number(header, len(headers)) else None


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
    return Columns(number, headers, fields, _others(headers, fields), width)


def _others(headers: list[str], fields: dict[str, int]) -> dict[int, str]:
    columns: dict[str, int] = {}
    for column in sorted(set(range(len(headers))).difference(fields.values())):
        name = headers[column] or f"column {column + 1}"
        columns[name if name not in columns else f"{name} ({column + 1})"] = column
    return {column: name for name, column in columns.items()}


def _normal(header: str) -> str:
    """A header without case, blanks and marks; a known one without the plural of its last word."""
    plain = compact(header.casefold().replace("&amp;", "&").replace("(s)", ""))
    return _PLURALS.get(plain, plain)


def closest_header(header: str) -> str:
    """The known name closest to an unknown header; "" if none is close."""
    return rows.meant(header) or _NAMES.closest(_normal(header), 0.8) or ""


def no_technique_column(path: str, grids: Iterable[Grid], user_headers: Mapping[str, str]) -> OtherFileError:
    """The error of a file without a technique column; its hint lists the headers of the first tables."""
    seen = []
    for grid in grids:
        candidates = islice(grid.rows(), HEADER_WITHIN)
        # An id is never a header.
        named = [
            [cell.strip() for cell in row if cell.strip()] for row in candidates if not any(map(holds_ids, row))
        ]
        headers = max(named, key=len, default=[])
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
