"""Tables of weights: a technique and a number in a row."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from navlayers import _text as wording
from navlayers.errors import InputError, Problem
from navlayers.mapping.formats import checks, table_values
from navlayers.mapping.formats.amounts import LARGEST, NOT_A_NUMBER, TOO_LARGE, amount, spellings
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.table_sheet import Amount, without_percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.errors import Place
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.formats.table_sheet import Sheet

WORDS = (
    *("weight", "weighting", "prevalence", "frequency", "sightings", "observations", "occurrences", "incidents"),
    *("hits", "count", "counts", "uses", "usage", "times", "likelihood", "probability", "importance", "percentage"),
    *("percent", "share", "number", "total"),
)
"""Words in a header that speak of weights, the surest first."""

HEAVIEST = float(LARGEST)
"""The largest weight; beyond it, sums would lose the small ones."""

_ID = re.compile(r"T[0-9]{4}")
_TECHNIQUE_FIELDS = ("attack_object_id", "attack_object_name")
_SURE_CAPABILITY = ("protect", "detect", "respond", "score_category")
_VAGUE = frozenset({"id", "name", "title"})
_OWN = frozenset({"weight", "missing", "gap"})
"""Columns that `navlayers gaps` writes beside the weights."""

_USUAL = 0.5
"""A column holds numbers where at least so many of its cells do."""


class Weight(NamedTuple):
    """A row: a technique as it is written, its weight ≥ 0, and where the weight stands."""

    technique: str
    weight: float
    place: Place


def weights_sheet(sheets: Sequence[Sheet], by_user: Mapping[str, str]) -> tuple[Sheet, int | None] | None:
    """The first sheet that holds weights and the column that they are in; None where the sheets hold mappings.

    The column is None where a row is a technique and nothing else counts.

    Raises:
        InputError: several columns may be the weights.
    """
    of_techniques = [sheet for sheet in sheets if _names_techniques(sheet)]
    found = [(sheet, _column(sheet, by_user)) for sheet in of_techniques or sheets]
    with_weights = [(sheet, column) for sheet, column in found if column is not None]
    if with_weights:
        return with_weights[0]
    bare = [sheet for sheet, _ in found if not _is_mappings(sheet.columns)]
    return (bare[0], None) if bare else None


def _names_techniques(sheet: Sheet) -> bool:
    """Whether any cell below the header of techniques names one; it may as well say how many there are."""
    at = sheet.columns.fields["attack_object_id"]
    return any(at < len(cells) and _ID.search(cells[at]) for _, cells in sheet.below())


def _is_mappings(columns: Columns) -> bool:
    """Whether the table says which capability is related to a technique, not only a technique and a number."""
    if any(field in columns.fields for field in _SURE_CAPABILITY):
        return True
    named = [columns.headers[columns.fields[f]] for f in _CAPABILITY if f in columns.fields]
    return any(header.casefold() not in _VAGUE for header in named)


_CAPABILITY = ("capability_id", "capability_description")


def _column(sheet: Sheet, by_user: Mapping[str, str]) -> int | None:
    columns = sheet.columns
    if "score_value" in by_user:
        return columns.fields.get("score_value")
    taken = _named(columns)
    ranked = sorted(
        (WORDS.index(word), column)
        for column, header in enumerate(columns.headers)
        if column not in taken
        for word in re.findall(r"[a-z]+", header.casefold())
        if word in WORDS
    )
    numeric = _numeric(sheet, taken)
    sure = [column for _, column in ranked if column in numeric]
    if sure:
        return sure[0]
    if ranked and not _is_mappings(columns):
        return ranked[0][1]
    if _is_mappings(columns):
        return None
    score = columns.fields.get("score_value")
    if score is not None:
        return score if score in numeric else None
    if len(numeric) > 1:
        names = [columns.headers[column] or f"column {column + 1}" for column in numeric]
        message = f"{len(numeric)} columns hold numbers: {wording.listed(names)}"
        expected = "one column of weights, called weight, count, prevalence or the like"
        hint = f"rename it, or name it with --columns score={wording.shown(names[-1])[1:-1]}"
        raise InputError(Problem(message, sheet.grid.place(columns.row, numeric[0]), expected, hint))
    return numeric[0] if numeric else None


def _numeric(sheet: Sheet, taken: set[int]) -> list[int]:
    """The columns most of whose cells are numbers, whatever else is wrong with these."""
    filled: dict[int, int] = {}
    numbers: dict[int, int] = {}
    for _, cells in sheet.below():
        for column, cell in enumerate(cells):
            if cell.strip() and column not in taken:
                filled[column] = filled.get(column, 0) + 1
                numbers[column] = numbers.get(column, 0) + _looks_numeric(cell)
    return [column for column in sorted(filled) if numbers[column] >= _USUAL * filled[column] and numbers[column]]


def _looks_numeric(cell: str) -> bool:
    return checks.numeric(cell) or amount(without_percent(cell)) != NOT_A_NUMBER


def others_of_numbers(sheet: Sheet, column: int) -> list[str]:
    """The headers of the columns that hold numbers, too, and are not the weights; none for a table of our own."""
    headers = sheet.columns.headers
    if _OWN.issubset(headers):
        return []
    numeric = _numeric(sheet, {column, *_named(sheet.columns)})
    return [headers[other] for other in numeric if headers[other]]


def _named(columns: Columns) -> set[int]:
    """The columns of techniques."""
    return {columns.fields[field] for field in _TECHNIQUE_FIELDS if field in columns.fields}


def read_weights(sheet: Sheet, column: int | None, findings: Findings) -> list[Weight]:
    """The rows of a table of weights, one for each technique of a cell; without a column, each weighs 1.

    What is wrong goes to `findings`; rows without a technique or a weight are left out with a notice.
    """
    at = sheet.columns.fields["attack_object_id"]
    found: list[Weight] = []
    blank = 0
    first: Place | None = None
    one = Fraction(1)
    rows = (
        (Amount(line, cells, "1", one) for line, cells in sheet.below())
        if column is None
        else sheet.amounts(column, percent=True)
    )
    for line, cells, written, weight in rows:
        text = cells[at] if at < len(cells) else ""
        if not (text.strip() and written.strip()):
            blank += 1
            first = first or sheet.grid.place(line, at)
            continue
        where = sheet.grid.place(line, at if column is None else column)
        if isinstance(weight, str):
            largest = "at most 1e12" if weight == TOO_LARGE else "a number of 0 or more"
            expected = spellings(without_percent(written)) or largest
            findings.add(Issue(f"weight {wording.shown(written)} {weight}", expected, code="unknown-value"), where)
            continue
        for technique in table_values.techniques(text):
            id_, issue = checks.technique(technique.id)
            if issue is not None:
                findings.add(issue, sheet.grid.place(line, at, technique.offset))
            if id_ is not None:
                found.append(Weight(id_, float(weight), where))
    if blank and first is not None:
        message = f"skipped {wording.counted(blank, 'row')} without a technique or a weight"
        findings.add(Issue(message, fatal=False), first)
    return found
