"""CSV files as DuckDB reads them. It guesses their form otherwise, and skips rows that do not fit its guess."""

from __future__ import annotations

import csv
import re
from itertools import count
from pathlib import Path

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.csv_table import DELIMITERS
from navlayers.mapping.formats.source import UTF16
from navlayers.tables.sql import exact_path, string

_LONGEST_HEADER = 1 << 20

_ERROR = re.compile(r"CSV Error on Line: (\d+)\n(?:Original Line: .*\n)?(.+)")
_FILE = re.compile(r"^ +file = (.+)$", re.MULTILINE)
_COLUMNS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


def csv_header(path: str) -> tuple[str, list[str]]:
    """The delimiter of a CSV file, and the names of its columns, each once.

    `csv_table` holds whole files, and reads what engines do not: other encodings, `sep=`, titles above the header.

    Raises:
        InputError: it has no header, or is not UTF-8.
    """
    with Path(path).open("rb") as stream:
        line = stream.readline(_LONGEST_HEADER)
    place = Place(path, 1)
    if line.startswith(UTF16) or b"\0" in line[:4]:
        raise InputError(Problem("this is UTF-16 or UTF-32 text", place, "UTF-8", code="encoding"))
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise InputError(Problem("this is not UTF-8", place, "UTF-8", code="encoding")) from None
    if not text.strip():
        raise InputError(Problem("no header", place, "the names of the columns in the first line"))
    rows = {mark: next(csv.reader([text], delimiter=mark)) for mark in DELIMITERS}
    delimiter = "\t" if path.lower().endswith(".tsv") else max(rows, key=lambda mark: len(rows[mark]))
    names: dict[str, None] = {}
    for number, name in enumerate(rows[delimiter], 1):
        first = name.strip() or f"column {number}"
        names[next(each for n in count(1) if (each := first if n == 1 else f"{first} {n}") not in names)] = None
    return delimiter, [*names]


def csv_source(path: str) -> str:
    """The SQL of the rows of a CSV file, whose cells are all text."""
    delimiter, names = csv_header(path)
    columns = ", ".join(f"{string(name)}: 'VARCHAR'" for name in names)
    form = f"auto_detect = false, header = true, delim = {string(delimiter)}, quote = '\"', escape = '\"'"
    file = string(exact_path(path))
    return f"read_csv({file}, {form}, comment = '', hive_partitioning = false, columns = {{{columns}}})"


def csv_problem(error: Exception) -> Problem | None:
    """What DuckDB says of a row of a CSV file, with its place; None for another error."""
    found = _ERROR.search(str(error))
    if found is None:
        return None
    file = _FILE.search(str(error))
    place = Place(file[1] if file else "", int(found[1]))
    columns = _COLUMNS.search(found[2])
    if columns:
        # Of a longer row, DuckDB does not count all cells.
        few = int(columns[2]) < int(columns[1])
        message = f"this row has {columns[2]} cells" if few else "this row has more cells than the header"
        return Problem(message, place, f"{columns[1]}, as the header has" if few else columns[1])
    if "unicode" in found[2]:
        return Problem("this is not UTF-8", place, "UTF-8", code="encoding")
    return Problem(found[2].strip(), place)
