"""Tables in Markdown, as in wikis and READMEs: each table of a file is read as a sheet of a workbook is."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.csv_table import decode
from navlayers.mapping.formats.source import text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.formats.context import Context, Places
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

_RULE = re.compile(r"[ \t]{,3}\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*\|?[ \t]*")
"""The line below the header of a table."""

_CELL = re.compile(r"(?:[^\\|]|\\.)*+|\\$")
_HEADING = re.compile(r"#{1,6}[ \t]+(.*)")
_FENCE = re.compile(r"[ \t]{,3}(`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^)\[]*\)")
_BREAK = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
_MARKS = re.compile(r"`|\*\*|\\(?=[|*_`\\])")
_MARKED = frozenset("[<`*\\")
"""The first letters of links, breaks and marks, which most cells lack."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read the tables of a Markdown file that have one mapping in a row.

    Raises:
        InputError: it has no table of mappings, or one is wrong in the places listed.
        UsageError: `columns` of the options has an unknown name.
    """
    from navlayers.mapping.formats import table_rows  # noqa: PLC0415 - slow to import

    return table_rows.read(source.path, open_grids(source, context), context)


def open_grids(source: Source, context: Context) -> list[MarkdownGrid]:
    """The tables of a Markdown file, by the heading above each; those in blocks of code do not count.

    Raises:
        InputError: it is not text, or has no table.
    """
    lines = text_lines(decode(source, context.findings))
    grids: list[MarkdownGrid] = []
    times: Counter[str] = Counter()
    heading, fence = "", ""
    number = 0
    while number < len(lines):
        line = lines[number]
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        elif found := _HEADING.fullmatch(line):
            heading = _clean(found[1].rstrip(" \t").rstrip("#").rstrip(" \t"))
        elif "|" in line and _is_rule(lines, number + 1):
            end = number + 2
            while end < len(lines) and "|" in lines[end]:
                end += 1
            name = heading or "table"
            grids.append(MarkdownGrid(source.path, name, lines, number, end, times[name]))
            times[name] += 1
            number = end
            continue
        number += 1
    if not grids:
        problem = Problem("no table in this file", Place(source.path), "a header, |---|---| and rows below it")
        raise InputError(problem)
    return grids


def _is_rule(lines: Sequence[str], number: int) -> bool:
    return number < len(lines) and "-" in lines[number] and _RULE.fullmatch(lines[number]) is not None


class MarkdownGrid:
    """A table of a Markdown file: lines `start` to `end`, without the one below the header."""

    kind = "table"
    hidden = False
    strict = False

    def __init__(self, path: str, heading: str, lines: Sequence[str], start: int, end: int, same: int) -> None:
        self.path = path
        self.heading = heading
        self.name = f"{heading} ({same + 1})" if same else heading
        self._file = path
        self._lines = lines
        self._numbers = [start, *range(start + 2, end)]

    def rows(self) -> Iterator[list[str]]:
        """Each row as long as it is written."""
        for number in self._numbers:
            yield [_clean(text) for _, text in _cells(self._lines[number])]

    def place(self, row: int, column: int, offset: int = 0) -> Place:
        """The place of a character of a cell, or of the cell where marks are left out of its text."""
        number = self._numbers[row]
        cells = _cells(self._lines[number])
        if column >= len(cells):
            return Place(self._file, number + 1, 1)
        start, text = cells[column]
        return Place(self._file, number + 1, start + 1 + (offset if _clean(text) == text else 0))


def _cells(line: str) -> list[tuple[int, str]]:
    """The cells of a line: where the text of each starts, and the text with its marks."""
    cells: list[tuple[int, str]] = []
    end = len(line.rstrip())
    start = len(line) - len(line.lstrip())
    start += line.startswith("|", start)
    while start < end or not cells:
        match = _CELL.match(line, start, end)
        stop = match.end() if match else end
        text = line[start:stop]
        cells.append((start + len(text) - len(text.lstrip()), text.strip()))
        start = stop + 1
    return cells


def _clean(text: str) -> str:
    """The text of a cell as it is shown: of links their texts, without the marks of code and bold text."""
    if _MARKED.isdisjoint(text):
        return text.strip()
    return _MARKS.sub("", _BREAK.sub(", ", _LINK.sub(r"\1", text))).strip()
