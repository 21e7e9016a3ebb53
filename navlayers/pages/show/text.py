"""A page for the terminal: tables that fit its width, comments under their row; nothing in it obeys the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import columns, plain, wrap
from navlayers.pages.show.blocks import Facts, Heading, Paragraph, Table
from navlayers.pages.show.layout import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.pages.show.blocks import Block, Line
    from navlayers.pages.show.results import Page

GAP = 2
INDENT = "    "
NARROWEST = 14
"""No column of text is made narrower than this before columns are put below others."""

_BOLD, _DIM, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render(page: Page, width: int | None = None, styled: bool = False) -> str:
    """The page as lines of at most `width` columns; None: as long as they come."""
    writer = _Writer(width, styled)
    for block in blocks(page):
        writer.put(block)
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self, width: int | None, styled: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._styled = styled

    def put(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._heading(block)
        elif isinstance(block, Paragraph):
            text = "".join(cell.text for cell in block.cells)
            self._flow(text, bold=block.warning)
        elif isinstance(block, Facts):
            self._facts(block)
        else:
            self._table(block)

    def _heading(self, heading: Heading) -> None:
        text = plain(f"{heading.key}  {heading.text}" if heading.key else heading.text).strip()
        if self.lines:
            self.lines.append("")
        lines = wrap(text, self._width) if self._width else [text]
        self.lines += [self._bold(line) for line in lines]
        mark = {1: "=", 2: "-"}.get(heading.level)
        if mark:
            self.lines.append(mark * max(map(columns, lines)))

    def _flow(self, text: str, indent: str = "", *, bold: bool = False, dim: bool = False) -> None:
        text = plain(text)
        lines = wrap(text, max(self._width - len(indent), 20)) if self._width else [text.strip()]
        for line in lines:
            styled = self._bold(line) if bold else self._dim(line) if dim else line
            self.lines.append(indent + styled)

    def _facts(self, facts: Facts) -> None:
        if not facts.items:
            return
        indent = max(columns(label) for label, _ in facts.items) + GAP
        for label, cells in facts.items:
            text = plain(", ".join(cell.text for cell in cells))
            lines = wrap(text, max(self._width - indent, 20)) if self._width else [text]
            for number, line in enumerate(lines):
                start = label if number == 0 else ""
                self.lines.append(f"{self._dim(start)}{' ' * (indent - columns(start))}{line}")

    def _table(self, table: Table) -> None:
        shown = [i for i, _ in enumerate(table.columns) if any(line.cells[i].text for line in table.lines)]
        if not shown:
            return
        heads = [plain(table.columns[i].name) for i in shown]
        rows = [[_indented(line, i) for i in shown] for line in table.lines]
        right = [table.columns[i].right for i in shown]
        keep = [table.columns[i].keep for i in shown]
        groups = [[n] for n in range(len(shown))]
        widths = self._widths(groups, heads, rows, keep)
        if widths is None:
            groups = _stacked(table, shown)
            widths = self._widths(groups, heads, rows, keep)
        if widths is None:
            self._records(table, shown, heads, rows)
            return
        self._draw(["\n".join(heads[n] for n in group) for group in groups], groups, widths, right, dim=True)
        for line, row in zip(table.lines, rows, strict=True):
            cells = ["\n".join(row[n] for n in group if row[n]) for group in groups]
            self._draw(cells, groups, widths, right, dim=line.quiet)
            self._below(line)

    def _widths(
        self, groups: list[list[int]], heads: list[str], rows: list[list[str]], keep: list[bool]
    ) -> list[int] | None:
        """How wide the columns are, or None where they do not fit. Text that may be broken gives way."""
        widths, least = [], []
        for group in groups:
            texts = {n: [heads[n], *(row[n] for row in rows)] for n in group}
            widths.append(max(columns(text) for n in group for text in texts[n]))
            least.append(
                max(
                    max(columns(text) for text in texts[n])
                    if keep[n]
                    else min(max(columns(text) for text in texts[n]), NARROWEST)
                    for n in group
                )
            )
        if self._width is None:
            return widths
        room = self._width - GAP * (len(groups) - 1)
        if sum(least) > room:
            return None
        while sum(widths) > room:
            widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
            widths[widest] -= 1
        return widths

    def _draw(
        self, cells: Sequence[str], groups: list[list[int]], widths: list[int], right: list[bool], *, dim: bool
    ) -> None:
        """One row of the table; its cells may have several lines."""
        broken = [_lines(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, broken))):
            parts = []
            for lines, group, width in zip(broken, groups, widths, strict=True):
                text = lines[number] if number < len(lines) else ""
                padding = " " * (width - columns(text))
                parts.append(padding + text if right[group[0]] else text + padding)
            line = (" " * GAP).join(parts).rstrip()
            self.lines.append(self._dim(line) if dim else line)

    def _records(self, table: Table, shown: list[int], heads: list[str], rows: list[list[str]]) -> None:
        """Each row as lines of its own, for terminals that are too narrow for columns."""
        for line, row in zip(table.lines, rows, strict=True):
            for n, _ in enumerate(shown):
                if row[n]:
                    self._flow(row[n] if n == 0 else f"{heads[n]}: {row[n].strip()}", "" if n == 0 else "  ")
            self._below(line)

    def _below(self, line: Line) -> None:
        for below in line.below:
            for number, cell in enumerate(below.cells):
                self._flow(f"{below.label}: {cell.text}" if number == 0 else cell.text, INDENT)

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_END}" if self._styled and text else text

    def _dim(self, text: str) -> str:
        return f"{_DIM}{text}{_END}" if self._styled and text else text


def _indented(line: Line, column: int) -> str:
    """The text of a cell; the id of a sub-technique a little to the right of its technique's."""
    text = plain(line.cells[column].text)
    return f"  {text}" if column == 0 and line.level else text


def _stacked(table: Table, shown: list[int]) -> list[list[int]]:
    """Positions of columns, those that may stand below another joined to it."""
    groups: dict[int, list[int]] = {}
    for n, column in enumerate(shown):
        under = table.columns[column].under
        home = shown.index(under) if under is not None and under in shown else n
        groups.setdefault(home, []).append(n)
    return list(groups.values())


def _lines(cell: str, width: int) -> list[str]:
    found: list[str] = []
    for part in cell.split("\n"):
        start = part[: len(part) - len(part.lstrip())]
        if columns(part) <= width:
            found.append(part)
        else:
            found += [start + line for line in wrap(part, max(width - len(start), 1))]
    return found
