"""The places of rows in the files of a table: a line of a text, a row group of a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence


def row_groups(path: str, rows: Sequence[int]) -> list[tuple[int, str]]:
    """Of each row of a Parquet file, from 0, no line, and its number and that of its row group in words."""
    metadata = pq.ParquetFile(path).metadata
    starts, total = [], 0
    for group in range(metadata.num_row_groups):
        starts.append(total)
        total += metadata.row_group(group).num_rows
    groups = [sum(start <= row for start in starts) for row in rows]
    return [(0, f"row {row + 1:,}, row group {group:,}") for row, group in zip(rows, groups, strict=True)]


def lines(path: str, rows: Sequence[int], texts: Sequence[str]) -> list[tuple[int, str]]:
    """Of each row below the header of a CSV file, from 0, its line; or 0, and its number in words.

    Blank lines are no rows, and a row goes on while a quotation mark is open.

    Args:
        path: the file.
        rows: the rows.
        texts: of each, a text that it has; without it, the engine has other rows.
    """
    wanted = {row + 1: text.encode() for row, text in zip(rows, texts, strict=True)}
    found: dict[int, int] = {}
    row, start, open_, last = -1, 0, False, max(wanted)
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not open_ and line.strip():
                row, start = row + 1, number
                if row > last:
                    break
            if row in wanted and wanted[row] in line:
                found[row] = start
            open_ ^= line.count(b'"') % 2 == 1
    return [(found.get(row + 1, 0), "" if row + 1 in found else f"row {row + 2:,}") for row in rows]
