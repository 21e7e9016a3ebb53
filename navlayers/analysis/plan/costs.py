"""Costs of capabilities from a column of a table."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.spelling import folded
from navlayers._text.wording import bare, comma_list, quoted
from navlayers.analysis.plan.candidates import read_file
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.formats.context import Context
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.table import find_sheets, open_grids
from navlayers.mapping.formats.table_columns import refuse_missing
from navlayers.mapping.formats.table_values import spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.analysis.plan.candidates import Directory
    from navlayers.mapping.formats.table import Sheet

WORDS = ("cost", "costs", "price", "expense", "effort", "budget", "amount", "days", "hours", "fte", "eur", "usd")
"""Words in the headers of costs."""

_CAPABILITY = ("capability_id", "capability_description")
_DRIVE = re.compile(r"[A-Za-z]:[\\/][^:]*")


class Price(NamedTuple):
    """A row: the id and name of a capability as far as it has them, its cost ≥ 0, and what gives their places."""

    names: tuple[str, ...]
    cost: Fraction
    name_place: Callable[[], Place]
    place: Callable[[], Place]


class Costs(NamedTuple):
    """The rows of a table of costs, the header of the costs' column, and notices about the file."""

    header: str
    prices: tuple[Price, ...]
    notices: tuple[Problem, ...] = ()


def split_column(text: str) -> tuple[str, str | None]:
    """`FILE:COLUMN` → the two. A colon may be part of either, or follow the letter of a drive."""
    colons = [at for at, letter in enumerate(text) if letter == ":"]
    for at in (len(text), *colons):
        try:
            if Path(text[:at]).is_file():
                return text[:at], text[at + 1 :].strip() if at < len(text) else None
        except (OSError, ValueError):  # too long for a path, or not one
            continue
    if not colons or _DRIVE.fullmatch(text):
        return text, None
    return text[: colons[-1]], text[colons[-1] + 1 :].strip()


def read_costs(path: str, column: str | None = None) -> Costs:
    """Read a CSV, TSV or XLSX table with a capability and a number in a row.

    Args:
        path: the file.
        column: the header of the costs; None for the one that has one of `WORDS`, or else the only numeric one.

    Raises:
        InputError: the file cannot be read, has no such columns, or a cost is not a number of 0 or more.
        UsageError: no file is named.
    """
    if not path:
        raise UsageError(Problem("--cost is empty", expected="FILE or FILE:COLUMN"))
    source = read_file(path, "--cost", "a table of capabilities and costs")
    findings = Findings()
    grids = open_grids(source, Context(findings, ReadOptions()))
    sheets = find_sheets(grids, {}, _CAPABILITY)
    if not sheets:
        expected = "a header such as capability, control, id or name"
        raise InputError(Problem("no capability column", Place(path, 1, 1), expected))
    sheet, cost = next(
        ((sheet, cost) for sheet in sheets if (cost := _cost_column(sheet, column)) is not None), (sheets[0], None)
    )
    headers = sheet.columns.headers
    header_place = sheet.grid.place(sheet.columns.row, cost or 0)
    if cost is None and column is not None:
        refuse_missing(sheet.grid, sheet.columns, {"cost": column})
    if cost is None:
        listing = comma_list([header for header in headers if header])
        hint = f"the table has {listing}; choose one with --cost {path}:COLUMN"
        expected = "a header such as cost, price or effort"
        raise InputError(Problem("no cost column", header_place, expected, hint))
    rows = tuple(_prices(sheet, cost))
    problems = [row for row in rows if isinstance(row, Problem)]
    if len(problems) == len(rows) > 1 and not sheet.numeric_columns([cost]):
        message = f"column {bare(headers[cost])} has no numbers ({len(problems)} rows)"
        raise InputError(Problem(message, header_place, "costs, such as 1200 or 1200.50"))
    if problems:
        raise InputError(problems)
    return Costs(headers[cost], tuple(row for row in rows if isinstance(row, Price)), findings.notices())


def _cost_column(sheet: Sheet, name: str | None) -> int | None:
    """The column of costs; None if there is none.

    Raises:
        InputError: there are several candidates.
    """
    grid, columns = sheet
    headers = columns.headers
    unique = "rename the others"
    if name is not None:
        equal = [column for column, header in enumerate(headers) if header == name]
        wanted = folded(name)
        alike = equal or [column for column, header in enumerate(headers) if folded(header) == wanted]
        if len(alike) > 1:
            message = f"duplicate column {quoted(name)}"
            raise InputError(Problem(message, grid.place(columns.row, alike[1]), "one cost column", unique))
        return alike[0] if alike else None
    taken = {columns.fields[field] for field in _CAPABILITY if field in columns.fields}
    free = [column for column in range(len(headers)) if column not in taken]
    named = sorted(sheet.columns_with(WORDS, free))
    numeric = sheet.numeric_columns(named or free)
    if len(numeric) > 1:
        names = [headers[column] or f"column {column + 1}" for column in numeric]
        message = f"{len(numeric)} {'cost' if named else 'numeric'} columns: {comma_list(names)}"
        hint = f"choose one with --cost {grid.path}:COLUMN" if len({*names}) > 1 else unique
        raise InputError(Problem(message, grid.place(columns.row, numeric[0]), "one cost column", hint))
    return next(iter([*numeric, *named]), None)


def _prices(sheet: Sheet, column: int) -> Iterator[Price | Problem]:
    """The price of each row that has a capability and a cost, or the problem of its cost."""
    grid, fields = sheet.grid, sheet.columns.fields
    named = [fields[field] for field in _CAPABILITY if field in fields and fields[field] != column]
    for line, cells, text, cost in sheet.amounts(column):
        names = tuple(name for i in named if (name := cells[i].strip()))
        if names and text.strip():
            if isinstance(cost, Fraction):
                # Few of many rows have a problem, and places take a fifth of the time.
                yield Price(names, cost, partial(grid.place, line, named[0]), partial(grid.place, line, column))
            else:
                expected = spellings(text) or "a number of 0 or more, such as 1200 or 1200.50"
                yield Problem(f"cost {quoted(text)} {cost}", grid.place(line, column), expected)


def assign(costs: Costs, directory: Directory) -> tuple[dict[str, Fraction], tuple[Problem, ...]]:
    """Candidate id → cost, and notices of rows that name no candidate.

    Raises:
        InputError: a row names several candidates, or a candidate has several costs.
    """
    prices: dict[str, Price] = {}
    unknown: list[Price] = []
    problems: list[Problem] = []
    for price in costs.prices:
        name = next((name for name in price.names if directory.find(name)), None)
        if name is None:
            unknown.append(price)
            continue
        candidate = directory.one(name, "")
        if isinstance(candidate, Problem):
            problems.append(candidate.at(price.name_place()))
            continue
        before = prices.setdefault(candidate.id, price)
        if before.cost != price.cost:
            message = f"{candidate.id} has a different cost at {before.place()}"
            problems.append(Problem(message, price.place(), hint="keep one of them"))
    if problems:
        raise InputError(problems)
    notices = list(costs.notices)
    if unknown:
        rows = (
            "1 row with an unknown capability"
            if len(unknown) == 1
            else f"{len(unknown)} rows with unknown capabilities"
        )
        names = comma_list(list(dict.fromkeys(price.names[0] for price in unknown)))
        notices.append(Problem(f"skipped {rows}: {names}", unknown[0].name_place()))
    return {id_: price.cost for id_, price in prices.items()}, tuple(notices)
