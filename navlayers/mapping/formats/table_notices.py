"""Notices about the columns of a table: those found by their cells, and those that are not read."""

from __future__ import annotations

import re
import shlex
from functools import partial
from typing import TYPE_CHECKING

from navlayers._text import numbers, wording
from navlayers._text.wording import or_list
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.rows import MOST_UNKNOWN
from navlayers.mapping.formats.table_columns import (
    CAPABILITY,
    closest_header,
    columns_named,
    misspelled_field,
    names_of,
)
from navlayers.mapping.formats.table_content import MOST_MARKS, NOT_RATED, denies, failed
from navlayers.mapping.formats.value_rules import NON_MAPPABLE, TECHNIQUE_EXPECTED
from navlayers.mapping.model import CATEGORIES, DECIMAL
from navlayers.mapping.ranges import doubtful

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from navlayers.errors import Place
    from navlayers.mapping.formats.context import Context, PartKind
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.rows import Table
    from navlayers.mapping.formats.table import Sheet
    from navlayers.mapping.formats.table_columns import Columns
    from navlayers.mapping.formats.table_content import Wide
    from navlayers.mapping.formats.value_rules import Scale
    from navlayers.mapping.model import MappingSet

_MEANINGS = {
    "attack_object_id": "techniques",
    "attack_object_name": "names of techniques",
    "capability_id": "capabilities",
    "capability_description": "names of capabilities",
    "score_value": "scores",
}
_NUMBERED = (("technique", "attack_object_id"), ("capability", "capability_id"), ("score", "score_value"))
"""Name in `--columns` → field, in the hint for tables without a header."""

_EXPECTED = {
    "attack_object_id": TECHNIQUE_EXPECTED,
    "subtechnique": TECHNIQUE_EXPECTED,
    "capability_id": "the id of a capability",
    "capability_description": "a capability",
    "score_category": or_list(CATEGORIES),
}
"""Field → what it holds, for cells that hold nothing that can be read."""

_TEXTS = frozenset({"attack_object_name", "capability_group", "comments", "references"})
"""Fields whose text matters to no result."""

_MOST_WORDS = 5
_NEGATIVE = re.compile(
    r"\b(?:not|no|none|n/a|planned|missing|draft|proposed|rejected|disabled|retired)\b", re.IGNORECASE
)
"""Statuses of rows that probably do not count."""

_UNCOUNTED = "delete those that do not count, or give them the status non_mappable"


def report_columns(sheet: Sheet, wide: Wide, findings: Findings) -> None:
    """Report columns found by their cells, and a table without capabilities."""
    columns = sheet.columns
    _report_meaning(sheet, wide, findings)
    if CAPABILITY.isdisjoint(columns.fields) and len(wide.tools) <= len(wide.counts) <= 1:
        others = [header for column, header in columns.others.items() if columns.headers[column]]
        hint = f"name the column with --columns capability=HEADER; the table has {wording.comma_list(others)}"
        message = "no capability column: all rows belong to one capability"
        issue = Issue(message, hint=hint if others else "", fatal=False, code="assumed-metadata")
        findings.add(issue, sheet.grid.place(max(columns.row, 0), 0))


def report_failed(sheet: Sheet, wide: Wide, scale: Scale, line: int, cells: list[str], findings: Findings) -> None:
    """Report the cells of a row whose formula failed, and blank them; those without a meaning stay as they are."""
    columns = sheet.columns
    named = {column: field for field, column in columns.fields.items()}
    named |= dict.fromkeys(columns.more, "attack_object_id")
    named |= dict.fromkeys((*wide.tools, *columns.categories.values()), "score_value")
    for column in [column for column in named if failed(cells[column])]:
        field = named[column]
        about = field in _TEXTS or (field == "capability_description" and "capability_id" in columns.fields)
        message = f"the formula of this cell failed: {cells[column].strip()}"
        expected = scale.expected if field == "score_value" else _EXPECTED.get(field, "a value")
        hint = "it is read as blank" if about else "correct it in the spreadsheet, or write the value"
        issue = Issue(message, "" if about else expected, hint, fatal=not about, code="failed-formula")
        findings.add(issue, partial(sheet.grid.place, line, column))
        cells[column] = ""


def _report_meaning(sheet: Sheet, wide: Wide, findings: Findings) -> None:
    """Report which columns have their meaning from their cells."""
    columns = sheet.columns
    named = {column: field for field, column in columns.fields.items()}
    parts = []
    hint = "name columns with --columns, such as --columns technique=HEADER"
    if columns.row < 0:
        parts.append("the table has no header")
        fields = [(name, columns.fields[field]) for name, field in _NUMBERED if field in columns.fields]
        hint = "add a header, or number the columns: --columns "
        hint += ",".join(f"{name}={column + 1}" for name, column in fields)
        meanings = [f"column {c + 1} holds {_MEANINGS[f]}" for c, f in sorted(named.items()) if f in _MEANINGS]
        parts.append(wording.and_list(meanings))
    else:
        ids = [columns.fields["attack_object_id"], *columns.more]
        if columns.more or not columns_named(columns, ids[0]):
            headers = [wording.quoted(sheet.header(column)) for column in ids]
            parts.append(f"techniques in column{'s' * (len(ids) > 1)} {wording.and_list(headers)}")
    tools = [sheet.header(column) for column in wide.tools if column not in wide.counts]
    if tools:
        parts.append(f"a capability in each of the columns {wording.and_list(tools)}")
    if parts:
        issue = Issue("; ".join(parts), hint=hint, fatal=False, code="assumed-metadata")
        findings.add(issue, sheet.grid.place(max(columns.row, 0), 0))


def report_counts(sheet: Sheet, wide: Wide, zeros: int, findings: Findings) -> None:
    """Report columns of counts, which are no scores."""
    if wide.counts:
        names = [sheet.header(column) for column in sorted(wide.counts)]
        message = f"counts in {wording.and_list([wording.quoted(name) for name in names])} are not scores"
        if zeros:
            message += f"; skipped {wording.quantity(zeros, 'row')} with 0"
        hint = f"to use them as scores: {_as_score(sheet, min(wide.counts))} --score-range 0-"
        hint = f"{hint}{numbers.decimal(wide.highest)}" if wide.highest else ""
        place = sheet.grid.place(max(sheet.columns.row, 0), min(wide.counts))
        findings.add(Issue(message, hint=hint, fatal=False, code="not-carried"), place)


def _as_score(sheet: Sheet, column: int) -> str:
    """The option that reads a column as scores; its number where the header names several columns."""
    header = sheet.header(column)
    unique = header and sheet.columns.headers.count(header) == 1
    return f"--columns {shlex.quote(f'score={header if unique else column + 1}')}"


def _reading(sheet: Sheet, column: int, words: str) -> str:
    """The hint of a column that can be read as scores, by the scores of its words."""
    return f"read it with: {_as_score(sheet, column)} --scale {shlex.quote(words)}"


def report_unread(sheet: Sheet, table: Table, findings: Findings) -> None:
    """Report columns without a meaning, once each: yes and no, a second one of a header, nearly a known header."""
    columns, place = sheet.columns, sheet.grid.place
    texts: dict[str, dict[str, str]] = {}
    for pairs in table.extras.values():
        for name, text in pairs:
            if len(known := texts.setdefault(name, {})) <= MOST_MARKS:
                known.setdefault(text.strip().lower(), text.strip())
    headers = names_of(columns)
    used = {headers[column] for column in columns.fields.values() if column < columns.width}
    for number, (column, name) in enumerate(columns.others.items()):
        issue = _ignored(sheet, column, texts.get(name, {}))
        if issue is None and columns.row >= 0 and sheet.header(column):
            if headers[column] in used:
                issue = _second(sheet.header(column))
            elif number < MOST_UNKNOWN:
                issue = _misspelled(columns, column)
        if issue is not None:
            findings.add(issue, partial(place, max(columns.row, 0), column))
    written = {*table.columns["status"]} - {None}
    statuses = [status for status in sorted(written) if _NEGATIVE.search(status) and status != NON_MAPPABLE]
    if statuses:
        listed = wording.and_list([wording.quoted(status) for status in statuses[:_MOST_WORDS]])
        message = f"rows with status {listed} are mappings like others"
        issue = Issue(message, hint=_UNCOUNTED, fatal=False, code="unknown-field")
        findings.add(issue, place(max(columns.row, 0), columns.fields.get("status", 0)))


def _ignored(sheet: Sheet, column: int, texts: Mapping[str, str]) -> Issue | None:
    """The notice of a column that says of some rows that they do not count; lower case → text as written."""
    if not denies(texts):
        return None
    no = [text for word, text in sorted(texts.items()) if denies([word])]
    listed = wording.or_list([wording.quoted(text) for text in no])
    message = (
        f"column {wording.quoted(sheet.columns.others[column])} is ignored: rows with {listed} count as mappings"
    )
    hint: str | Callable[[], str] = _UNCOUNTED
    if {"score_value", *CATEGORIES}.isdisjoint(sheet.columns.fields):
        rated = [(word, text) for word, text in sorted(texts.items()) if word not in NOT_RATED]
        words = ",".join(f"{text}={0 if text in no or word == 'none' else 100}" for word, text in rated)
        hint = partial(_reading, sheet, column, words)
    return Issue(message, hint=hint, fatal=False, code="unknown-field")


def _second(header: str) -> Issue:
    """The notice of a second column of a header in use."""
    message = f"a second column {wording.quoted(header)} is not read"
    hint = "rename one of them, or number the one to read with --columns"
    return Issue(message, hint=hint, fatal=False, code="not-carried")


def _misspelled(columns: Columns, column: int) -> Issue | None:
    """The notice of a column with a header close to a known one."""
    field = misspelled_field(columns.others[column])
    known = field or closest_header(columns.others[column])
    if not known or known in columns.fields:
        return None
    # --columns does not name these fields.
    way = "rename it" if field else "rename it, or use --columns"
    message = f"unknown column {wording.quoted(columns.others[column])}"
    hint = f"did you mean {known}? it is kept as an unknown column; {way}"
    return Issue(message, hint=hint, fatal=False, code="unknown-field")


def report_scale(
    mapping_set: MappingSet,
    context: Context,
    part: Callable[[PartKind, int, str], Place],
    others: Collection[str] = (),
    *,
    percent: bool,
) -> None:
    """Report numbers that are probably not 0–100, unless the user gives their range.

    Args:
        mapping_set: the set.
        context: has the options and the findings.
        part: gives the place of a field of a mapping.
        others: scores of other parts of the table.
        percent: some of the numbers are percentages.
    """
    values = [mapping.value for mapping in mapping_set.mappings if mapping.value is not None]
    every = [*values, *others]
    if context.options.score_range or not values or not all(map(DECIMAL.fullmatch, every)):
        return
    likely = doubtful([float(value) for value in every if value not in context.options.scale])
    if likely is not None:
        message = f"no score is above {likely[1]:g}, and scores are read as 0–100"
        # Percentages are 0–100, even if all of them are small.
        hint = f"set the range that they have, such as --score-range 0-{100 if percent else likely[1]:g}"
        first = next(index for index, mapping in enumerate(mapping_set.mappings) if mapping.value is not None)
        issue = Issue(message, hint=hint, fatal=False, code="suspicious-scale")
        context.findings.add(issue, part("mapping", first, "value"))
