"""Costs of capabilities from a column of a table."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import listed, nearest, shown
from navlayers.analysis.plan.candidates import read_file
from navlayers.errors import InputError, Place, Problem, UsageError
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.formats.amounts import NOT_A_NUMBER, amount, spellings
from navlayers.mapping.formats.context import Context, technique_names
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.table_columns import HEADER_WITHIN, columns_of
from navlayers.mapping.formats.table_sheet import Sheet, open_grids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.plan.candidates import Directory
    from navlayers.mapping.formats.table_sheet import Grid

WORDS = {"cost", "costs", "price", "expense", "effort", "budget", "amount", "days", "hours", "fte", "eur", "usd"}
"""Words in a header that speak of costs."""

_OWN_NAME = "give the one with the costs a name of its own"
_CAPABILITY = ("capability_id", "capability_description")
_DRIVE = re.compile(r"[A-Za-z]:[\\/][^:]*")


class Price(NamedTuple):
    """A row: what its cells call the capability, the id first, its cost ≥ 0, and where these stand."""

    names: tuple[str, ...]
    cost: Fraction
    name_place: Place
    place: Place


class Costs(NamedTuple):
    """The rows of a table of costs, the header of the costs' column, and what is worth knowing."""

    header: str
    prices: tuple[Price, ...]
    notices: tuple[Problem, ...] = ()


def split_column(text: str) -> tuple[str, str | None]:
    """`FILE:COLUMN` → the two; a colon may be part of either, or stand behind the letter of a drive."""
    if not text or _is_file(text):
        return text, None
    colons = [i for i, letter in enumerate(text) if letter == ":"]
    for at in colons:
        if _is_file(text[:at]):
            return text[:at], text[at + 1 :].strip()
    if not colons or _DRIVE.fullmatch(text):
        return text, None
    at = colons[-1]
    return text[:at], text[at + 1 :].strip()


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def read_costs(path: str, column: str | None = None) -> Costs:
    """Read a CSV, TSV or XLSX table with a capability and a number in a row.

    `column` is the header of the costs; None: the column whose header speaks of costs, or the only one of numbers.

    Raises:
        InputError: the file cannot be read, has no such columns, or a cost is no number of 0 or more.
        UsageError: no file is named.
    """
    if not path:
        raise UsageError(Problem("--cost is empty", expected="FILE or FILE:COLUMN"))
    source = read_file(path, "--cost", "a table of capabilities and costs")
    findings = Findings()
    sheet, cost = _choose(path, open_grids(source, Context(findings, ReadOptions(), technique_names)), column)
    prices = tuple(_prices(sheet, cost))
    problems = [price for price in prices if isinstance(price, Problem)]
    header = sheet.columns.headers[cost]
    if len(problems) == len(prices) > 1 and not _is_numeric(sheet, cost):
        place = sheet.grid.place(sheet.columns.row, cost)
        message = f"column {shown(header)[1:-1]} has no numbers ({len(problems)} rows)"
        raise InputError(Problem(message, place, "costs, such as 1200 or 1200.50"))
    if problems:
        raise InputError(problems)
    findings.raise_errors()
    found = tuple(price for price in prices if isinstance(price, Price))
    return Costs(header, found, findings.notices())


def _choose(path: str, grids: Sequence[Grid], column: str | None) -> tuple[Sheet, int]:
    """The table that has both columns, the first of several, and its column of costs."""
    known: list[Sheet] = []
    for grid in grids:
        for number, row in enumerate(islice(grid.rows(), HEADER_WITHIN)):
            sheet = Sheet(grid, columns_of(number, row, {}))
            if any(field in sheet.columns.fields for field in _CAPABILITY):
                known.append(sheet)
                cost = _cost_column(sheet, column)
                if cost is not None:
                    return sheet, cost
    place = Place(path, 1, 1)
    if not known:
        expected = "a column that is called capability, control, id, name or the like"
        raise InputError(Problem("no column holds capabilities", place, expected))
    grid, columns = max(known, key=lambda sheet: len(sheet.columns.headers))
    place, there = grid.place(columns.row, 0), [header for header in columns.headers if header]
    if column is not None:
        hint = nearest(column, there)
        raise InputError(Problem(f"no column is called {shown(column)}", place, listed(there), hint))
    hint = f"the table has {listed(there)}: name one with --cost {path}:COLUMN"
    raise InputError(Problem("no column holds costs", place, "a column that is called cost or the like", hint))


def _cost_column(sheet: Sheet, asked: str | None) -> int | None:
    """The number of the column of costs; None where there is none.

    Raises:
        InputError: several columns are as good.
    """
    grid, columns = sheet
    headers = columns.headers
    if asked is not None:
        same = [i for i, header in enumerate(headers) if header == asked]
        near = same or [i for i, header in enumerate(headers) if _plain(header) == _plain(asked)]
        if len(near) > 1:
            message = f"{len(near)} columns are called {shown(asked)}"
            raise InputError(Problem(message, grid.place(columns.row, near[1]), "one column of costs", _OWN_NAME))
        return near[0] if near else None
    taken = {columns.fields[field] for field in _CAPABILITY if field in columns.fields}
    free = [column for column in range(len(headers)) if column not in taken]
    speaking = [i for i in free if set(re.findall(r"[a-z]+", headers[i].casefold())) & WORDS]
    numeric = [i for i in speaking or free if _is_numeric(sheet, i)]
    if len(numeric) > 1:
        names = [headers[i] or f"column {i + 1}" for i in numeric]
        what = "speak of costs" if speaking else "hold numbers"
        message = f"{len(numeric)} columns {what}: {listed(names)}"
        hint = f"name one with --cost {grid.path}:COLUMN" if len({*names}) > 1 else _OWN_NAME
        raise InputError(Problem(message, grid.place(columns.row, numeric[0]), "one column of costs", hint))
    return next(iter([*numeric, *speaking]), None)


def _plain(header: str) -> str:
    return " ".join(header.split()).casefold()


def _is_numeric(sheet: Sheet, column: int) -> bool:
    cells = [cells[column] for _, cells in sheet.below() if column < len(cells) and cells[column].strip()]
    return bool(cells) and 2 * sum(amount(cell) != NOT_A_NUMBER for cell in cells) > len(cells)


def _prices(sheet: Sheet, column: int) -> Iterator[Price | Problem]:
    """Each row that names a capability and a cost, or what is wrong with its cost."""
    grid, fields = sheet.grid, sheet.columns.fields
    named = [fields[field] for field in _CAPABILITY if field in fields and fields[field] != column]
    for line, cells, text, cost in sheet.amounts(column):
        names = tuple(cells[i].strip() for i in named if i < len(cells) and cells[i].strip())
        if not (names and text.strip()):
            continue
        if isinstance(cost, Fraction):
            yield Price(names, cost, grid.place(line, named[0]), grid.place(line, column))
        else:
            expected = spellings(text) or "a number of 0 or more, such as 1200 or 1200.50"
            yield Problem(f"cost {shown(text)} {cost}", grid.place(line, column), expected)


def assign(costs: Costs, directory: Directory) -> tuple[dict[str, Fraction], tuple[Problem, ...]]:
    """Candidate id → cost, and notices of rows that name no candidate.

    Raises:
        InputError: a row names several candidates, or a candidate has several costs.
    """
    found: dict[str, tuple[Fraction, Place]] = {}
    unknown: list[Price] = []
    problems: list[Problem] = []
    for price in costs.prices:
        name = next((name for name in price.names if directory.find(name)), None)
        if name is None:
            unknown.append(price)
            continue
        one = directory.one(name, "", price.name_place)
        if isinstance(one, Problem):
            problems.append(one)
            continue
        before = found.setdefault(one.id, (price.cost, price.place))
        if before[0] != price.cost:
            problems.append(
                Problem(f"{one.id} has another cost at {before[1]}", price.place, hint="keep one of them")
            )
    if problems:
        raise InputError(problems)
    notices = list(costs.notices)
    if unknown:
        rows = f"{len(unknown)} rows name" if len(unknown) > 1 else "a row names"
        names = listed(list(dict.fromkeys(price.names[0] for price in unknown)))
        notices.append(Problem(f"{rows} no capability of the sets: {names}", unknown[0].name_place))
    return {id_: cost for id_, (cost, _) in found.items()}, tuple(notices)
