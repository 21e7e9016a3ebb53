"""Tables of weights: a technique and a number in a row."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.dates import day, iso_day, wrong_day
from navlayers._text.wording import bare, comma_list, quantity, quoted
from navlayers.errors import InputError, Problem, UsageError
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.table import Amount, without_percent
from navlayers.mapping.formats.table_values import LARGEST, TOO_LARGE, spellings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.attack import Catalogue
    from navlayers.errors import Place
    from navlayers.mapping.formats.table import Sheet

WORDS = (
    *("weight", "weighting", "prevalence", "frequency", "sightings", "observations", "occurrences", "incidents"),
    *("hits", "count", "counts", "uses", "usage", "times", "likelihood", "probability", "importance", "percentage"),
    *("percent", "share", "number", "total"),
)
"""Words in the headers of weights, the surest first."""

HEAVIEST = float(LARGEST)
"""Maximum weight."""

_IDENTIFIERS = frozenset(
    {"number", "id", "no", "nr", "code", "exitcode", "processid", "pid", "line", "row", "step"}
)
"""Last words of headers of numbers that identify something: the number of a test, and not that of sightings."""

_ID = re.compile(r"T[0-9]{4}")
_TECHNIQUE = ("attack_object_id", "attack_object_name", "subtechnique")
_CAPABILITY = ("capability_id", "capability_description")
_SCORES = frozenset({"protect", "detect", "respond", "score_category"})
_VAGUE = frozenset({"id", "name", "title"})
_GAPS = frozenset({"weight", "missing", "gap"})
"""Columns of the tables that `navlayers gaps` writes; only the weights of these are weights."""


_DATES = ("last", "date", "day", "observed", "seen", "sighted", "timestamp", "time", "when")
"""Words in the headers of dates, the surest first."""


class Weight(NamedTuple):
    """A row: a technique as it is written, its weight ≥ 0, the day ("": unknown), and its place or the weight's."""

    technique: str
    weight: float
    place: Place
    day: str = ""


def weights_sheet(sheets: Sequence[Sheet], user_headers: Mapping[str, str]) -> tuple[Sheet, int | None] | None:
    """The first sheet of weights and their column, or the first of techniques alone; None if all hold mappings.

    Raises:
        InputError: several columns may be the weights.
    """
    # A column called "techniques" may as well count them.
    with_ids = [sheet for sheet in sheets if any(_ID.search(cells[_ids(sheet)]) for _, cells in sheet.data_rows())]
    candidates = [(sheet, _column(sheet, user_headers)) for sheet in with_ids or sheets]
    weighted = [(sheet, column) for sheet, column in candidates if column is not None]
    bare = [(sheet, None) for sheet, _ in candidates if not _is_mappings(sheet)]
    return next(iter([*weighted, *bare]), None)


def _ids(sheet: Sheet) -> int:
    return sheet.columns.fields["attack_object_id"]


def _is_mappings(sheet: Sheet) -> bool:
    """Whether the table has capabilities or scores, not only a technique and a number."""
    columns = sheet.columns
    named = [columns.headers[columns.fields[field]] for field in _CAPABILITY if field in columns.fields]
    return not _SCORES.isdisjoint(columns.fields) or any(header.casefold() not in _VAGUE for header in named)


def _free(sheet: Sheet) -> list[int]:
    """The columns that do not hold techniques."""
    taken = [*(sheet.columns.fields.get(field) for field in _TECHNIQUE), *sheet.columns.more]
    return [column for column in range(sheet.columns.width) if column not in taken]


def _amounts(sheet: Sheet) -> list[int]:
    """The columns that may hold weights: neither techniques nor what tells rows apart, such as "Test Number"."""

    def identifies(column: int) -> bool:
        words = re.findall(r"[a-z]+", sheet.header(column).casefold())
        return words != ["number"] and not _IDENTIFIERS.isdisjoint(words[-1:])

    return [column for column in _free(sheet) if not identifies(column)]


def _column(sheet: Sheet, user_headers: Mapping[str, str]) -> int | None:
    columns = sheet.columns
    score = columns.fields.get("score_value")
    if "score_value" in user_headers:
        return score
    named = sheet.columns_with(WORDS, _amounts(sheet))
    numeric = sheet.numeric_columns(_amounts(sheet))
    sure = [column for column in named if column in numeric]
    if sure or _is_mappings(sheet):
        return sure[0] if sure else None
    if named:
        return named[0]
    if score is not None:
        return score if score in numeric else None
    if len(numeric) > 1:
        names = [sheet.header(column) or f"column {column + 1}" for column in numeric]
        message = f"{len(numeric)} numeric columns: {comma_list(names)}"
        expected = "one weight column, with a header such as weight, count or prevalence"
        hint = f"rename it, or choose it with --columns score={bare(names[-1])}"
        raise InputError(Problem(message, sheet.grid.place(columns.row, numeric[0]), expected, hint))
    return numeric[0] if numeric else None


def other_numbers(sheet: Sheet, column: int) -> list[str]:
    """The headers of other columns of numbers than that of the weights; none in a table of `navlayers gaps`."""
    if _GAPS.issubset(sheet.columns.headers):
        return []
    numeric = sheet.numeric_columns([other for other in _amounts(sheet) if other != column])
    return [header for other in numeric if (header := sheet.header(other))]


def date_column(sheet: Sheet, name: str) -> int:
    """The column of dates: one whose header says so, or else the first in which most cells are dates.

    Raises:
        UsageError: there is none; `name` is that of the file.
    """
    free = _free(sheet)
    dates = dict.fromkeys(free, 0)
    filled = dict.fromkeys(free, 0)
    for _, cells in sheet.data_rows():
        for column in free:
            filled[column] += bool(cells[column].strip())
            dates[column] += day(cells[column]) is not None
    named = [*sheet.columns_with(_DATES, free), *free]
    for column in named:
        if dates[column] and 2 * dates[column] > filled[column]:
            return column
    message = f"--half-life: {name} has no column of dates"
    raise UsageError(Problem(message, expected="a column such as date or last seen, with dates such as 2026-01-31"))


def _date(text: str) -> str | Issue:
    """The day of a cell; the error of a text that is none, or may be of two."""
    found = iso_day(text)
    if found is not None:
        return found
    return Issue(f"date {quoted(text)} {wrong_day(text)}", "year-month-day, such as 2026-01-31", code="wrong-type")


def read_weights(
    sheet: Sheet, column: int | None, catalogue: Catalogue, findings: Findings, dates: int | None = None
) -> list[Weight]:
    """The rows of a table of weights, one for each technique of a cell.

    What is wrong goes to `findings`; rows without a technique, a weight or a date are left out with a notice.

    Args:
        sheet: the table.
        column: the column of weights; None: each row weighs 1.
        catalogue: has the names of techniques.
        findings: for the problems.
        dates: the column of dates; None: none counts.
    """
    ids = _ids(sheet)
    weights: list[Weight] = []
    blank: list[int] = []
    one = Fraction(1)
    bare = (Amount(line, cells, "1", one) for line, cells in sheet.data_rows())
    for line, cells, text, weight in bare if column is None else sheet.amounts(column, percent=True):
        techniques = sheet.techniques(line, cells, findings)
        if not (techniques and text.strip() and (dates is None or cells[dates].strip())):
            blank.append(line)
            continue
        place = sheet.grid.place(line, ids if column is None else column)
        if isinstance(weight, str):
            largest = "at most 1e12" if weight == TOO_LARGE else "a number of 0 or more"
            expected = spellings(without_percent(text)) or largest
            findings.add(Issue(f"weight {quoted(text)} {weight}", expected, code="unknown-value"), place)
            continue
        seen = "" if dates is None else _date(cells[dates])
        seen_at = place if dates is None else sheet.grid.place(line, dates)
        if isinstance(seen, Issue):
            findings.add(seen, seen_at)
            continue
        for technique, at in techniques:
            id_, issue = value_rules.technique(technique.id, release=lambda: catalogue)
            if issue is not None:
                findings.add(issue, sheet.grid.place(line, at, technique.offset))
            if id_ is not None:
                weights.append(Weight(id_, float(weight), seen_at, seen))
    if blank:
        lacking = "a technique or a weight" if dates is None else "a technique, a weight or a date"
        message = f"skipped {quantity(len(blank), 'row')} without {lacking}"
        findings.add(Issue(message, fatal=False), sheet.grid.place(blank[0], ids))
    return weights
