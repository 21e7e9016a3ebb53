"""Documents and tables as text that fits the terminal's width; control characters in the data are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.lines import columns, printable, wrap
from navlayers.output.document import Chart, Facts, Figure, Heading, Items, Note, Numbers, Paragraph, flat
from navlayers.output.tables import RowStyle, Span, Table, fill_of
from navlayers.output.terminal import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block, Document, Item
    from navlayers.output.tables import Cell, Column, Tone
    from navlayers.output.terminal import Terminal

GAP = 2
INDENT = "    "
NARROWEST, SHORTEST = 14, 12
"""Minimum widths of text columns: of those whose cells are wrapped, and of those whose cells are cut."""

SHORT_HEADER = 9
_LEAST = 20
"""The minimum width of indented text, however narrow the window."""

BAR = 12
"""Columns of a bar that stands for 100%."""

_PLAIN = RowStyle()


def render(document: Document, terminal: Terminal = PLAIN, *, cut: bool = False) -> str:
    """The document as lines of text, with a line feed at the end.

    Args:
        document: the document.
        terminal: its width and colors.
        cut: whether texts in tables are cut where they do not fit, a line per row; else they are wrapped.
    """
    writer = _Writer(terminal, cut=cut)
    for block in flat(document):
        writer.put(block)
    return "\n".join(writer.lines) + "\n"


def fit(text: str, width: int, *, right: bool = False, end: bool = False) -> str:
    """The text padded or cut with an ellipsis to a width; `end`: rather keep the end than the start."""
    taken = columns(text)
    if taken > width:
        start = text[: max(width // 3, 1)] if end else text
        rest = text if end else ""
        while rest and columns(rest) > width - 1 - columns(start):
            rest = rest[1:]
        while not end and columns(start) > width - 1:
            start = start[:-1]
        text = f"{start}…{rest}"
        taken = columns(text)
    padding = " " * (width - taken)
    return padding + text if right else text + padding


def item_lines(items: Sequence[Item], width: int | None = None, indent: str = "") -> Iterator[str]:
    """The items of a list, nested items indented; long lines are wrapped."""
    for item in items:
        line = indent + printable(item.text)
        if width is None or columns(line) <= width:
            yield line
        else:
            start = line[: len(line) - len(line.lstrip())]
            first, *rest = wrap(line, max(width - len(start) - len(INDENT), _LEAST))
            yield start + first
            yield from (f"{start}{INDENT}{part}" for part in rest)
        yield from item_lines(item.below, width, f"{indent}  ")


def table_lines(table: Table, terminal: Terminal = PLAIN) -> list[str]:
    """The table without title and note, a line per row; texts are cut, but not figures, to fit the terminal."""
    groups = [[number] for number in range(len(table.columns))]
    grid = _grid(table, groups, _cells(table, terminal), terminal, cut=True)
    return [] if grid is None else [*grid[0], *(line for lines in grid[1] for line in lines)]


def _cells(table: Table, terminal: Terminal) -> list[list[str]]:
    """The texts of the rows; shares of columns with bars start with one where the window is wide enough."""
    texts = [list(map(printable, row)) for row in table.texts]
    bars = [number for number, column in enumerate(table.columns) if column.bar]
    widest = [max((columns(row[number]) for row in texts), default=0) for number in range(len(table.columns))]
    least = [
        width if c.right or c.whole else min(width, 2 * SHORTEST)
        for width, c in zip(widest, table.columns, strict=True)
    ]
    least = [max(width, columns(c.header) if c.right else 0) for width, c in zip(least, table.columns, strict=True)]
    if terminal.width is not None and sum(least) + GAP * (len(least) - 1) + (BAR + 1) * len(bars) > terminal.width:
        return texts
    for number in bars:
        for row, cells in zip(texts, table.rows, strict=True):
            share = cells[number]
            if isinstance(share, float | int):
                row[number] = f"{_bar(share)} {row[number]:>{widest[number]}}"
    return texts


def _bar(share: float) -> str:
    """A bar of `BAR` columns for 0–100%."""
    halves = round(min(max(share, 0), 100) * 2 * BAR / 100)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(BAR, "─")


def _grid(
    table: Table,
    groups: Sequence[Sequence[int]],
    texts: Sequence[Sequence[str]],
    terminal: Terminal,
    *,
    cut: bool,
) -> tuple[list[str], list[list[str]]] | None:
    """The lines of the header and of each row; None if they do not fit, unless cells are `cut`.

    A group of columns is one column, with a line per column. Headers of single columns are aligned at the bottom;
    headers of figures are wrapped to about the width of the figures.
    """
    width = terminal.width
    columns_ = [table.columns[group[0]] for group in groups]
    cells = [[[row[i] for i in group if row[i]] for group in groups] for row in texts]
    heads = []
    for place, (group, column) in enumerate(zip(groups, columns_, strict=True)):
        lines = [printable(line) for i in group for line in table.columns[i].header.split("\n")]
        if column.right and len(lines) == 1 and lines[0]:
            widest = max((columns(text) for row in cells for text in row[place]), default=0)
            lines = wrap(lines[0], max(widest, SHORT_HEADER, *map(columns, lines[0].split())))
        heads.append(lines)
    depth = max(map(len, heads), default=0)
    # Headers of stacked columns are aligned with their cells.
    if all(len(group) == 1 for group in groups):
        heads = [[""] * (depth - len(lines)) + lines for lines in heads]
    narrowest = SHORTEST if cut else NARROWEST
    natural, least = [], []
    for place, group in enumerate(groups):
        longest = [max((columns(row[i]) for row in texts), default=0) for i in group]
        head = max(columns(line) for line in heads[place])
        natural.append(max(head, *longest))
        keeps = (table.columns[i].right or table.columns[i].whole for i in group)
        least.append(max(w if keep else min(w, narrowest) for w, keep in zip(longest, keeps, strict=True)))
        least[-1] = max(least[-1], head if columns_[place].right else min(head, narrowest))
    widths = _shared(natural, least, width) or (least if cut else None)
    if widths is None:
        return None

    def lines_of(row: Sequence[list[str]], values: Sequence[Cell] | None = None) -> list[str]:
        broken = row
        if not cut:
            pairs = zip(row, widths, strict=True)
            broken = [[line for text in texts for line in _broken(text, width)] for texts, width in pairs]
        lines = []
        for number in range(max(1, *map(len, broken))):
            fitted = [
                fit(texts[number] if number < len(texts) else "", width, right=c.right, end=c.kind == "path")
                for texts, width, c in zip(broken, widths, columns_, strict=True)
            ]
            fitted[-1] = fitted[-1].rstrip()
            if values is not None and terminal.colors:
                pairs_ = zip(fitted, groups, strict=True)
                fitted = [
                    _painted(text, values[group[0]], table.columns[group[0]], terminal) for text, group in pairs_
                ]
            lines.append((" " * GAP).join(fitted).rstrip())
        return lines

    return lines_of(heads), [lines_of(row, values) for row, values in zip(cells, table.rows, strict=True)]


def _painted(text: str, value: Cell, column: Column, terminal: Terminal) -> str:
    """A cell in its color or tone: scores and named colors fill it, zeros are dim, bars have the accent."""
    if column.bar and text[:1] in "━╸─":
        bar, figure = text[:BAR], text[BAR:]
        full = bar.rstrip("─")
        return terminal.tone(full, "accent") + terminal.tone(bar[len(full) :], "dim") + figure
    fill = fill_of(value, column) if text.strip() else ""
    if fill:
        from navlayers.layer.contrast import text_color  # noqa: PLC0415 - for colored cells alone

        return terminal.paint(text, text_color(fill), fill)
    tone = (value.tone or "strong" * value.strong) if isinstance(value, Span) else "dim" * (value == 0)
    body = text.strip()
    before, _, after = text.partition(body) if body else (text, "", "")
    return before + terminal.tone(body, tone) + after


def _shared(natural: Sequence[int], least: Sequence[int], width: int | None) -> list[int] | None:
    """Column widths that fit, the widest columns narrowed first; None if the minimum widths do not fit."""
    if width is None:
        return list(natural)
    room = width - GAP * (len(natural) - 1)
    if sum(least) > room:
        return None
    widths = [min(each, room) for each in natural]
    while sum(widths) > room:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


class _Writer:
    def __init__(self, terminal: Terminal, *, cut: bool) -> None:
        self.lines: list[str] = []
        self._terminal = terminal
        self._width = terminal.width
        self._cut = cut

    def put(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._flow(block.text, tone="strong" if block.warning else "")
            case Note():
                self._flow(block.text, tone="dim")
            case Facts():
                self._gap()
                self._facts(block)
            case Items():
                self.lines += item_lines(block.items, self._width)
            case Figure():
                self._figure(block)
            case Chart():
                self._chart(block)
            case Numbers():
                self._titled(block.table)
            case Table():
                self._titled(block)

    def _heading(self, heading: Heading) -> None:
        text = printable(f"{heading.key}  {heading.text}" if heading.key else heading.text).strip()
        if self.lines:
            self.lines.append("")
        lines = wrap(text, self._width) if self._width else [text]
        self.lines += [self._terminal.tone(line, "strong") for line in lines]
        mark = {1: "=", 2: "-"}.get(heading.level)
        if mark:
            self.lines.append(mark * max(map(columns, lines)))

    def _flow(self, text: str, indent: str = "", tone: Tone = "") -> None:
        text = printable(text)
        lines = wrap(text, max(self._width - len(indent), _LEAST)) if self._width else [text.strip()]
        self.lines += [indent + self._terminal.tone(line, tone) for line in lines]

    def _figure(self, figure: Figure) -> None:
        """The caption of a picture; in a window that shows pictures, a small matrix instead."""
        # Few documents for terminals have pictures.
        from navlayers.output import mini_matrix  # noqa: PLC0415

        picture = mini_matrix.lines(figure.view, self._terminal)
        if picture:
            self.lines += ["", *picture]
        elif figure.caption:
            self._flow(figure.caption)

    def _chart(self, chart: Chart) -> None:
        """The title, caption and numbers of a picture."""
        if chart.title:
            self._heading(Heading(chart.title))
        self._flow(chart.caption)
        if chart.table is not None:
            self._titled(chart.table)

    def _facts(self, facts: Facts) -> None:
        indent = max((columns(label) for label, _ in facts.items), default=0) + GAP
        for label, text in facts.texts:
            lines = wrap(printable(text), max(self._width - indent, _LEAST)) if self._width else [printable(text)]
            for number, line in enumerate(lines):
                start = label if number == 0 else ""
                self.lines.append(f"{self._terminal.tone(start, 'dim')}{' ' * (indent - columns(start))}{line}")

    def _gap(self) -> None:
        """An empty line between blocks of an answer."""
        if self._cut and self.lines:
            self.lines.append("")

    def _titled(self, table: Table) -> None:
        if table.title:
            self._heading(Heading(table.title))
        else:
            self._gap()
        self._table(table)
        if table.note:
            self._flow(table.note, tone="dim")

    def _table(self, table: Table) -> None:
        """Add the rows: in columns, with some columns below others, or as a line per cell, whichever fits first."""
        styles = table.styles or (_PLAIN,) * len(table.rows)
        texts = [
            [f"  {text}" if i == 0 and style.level else text for i, text in enumerate(row)]
            for row, style in zip(_cells(table, self._terminal), styles, strict=True)
        ]
        filled = [i for i in range(len(table.columns)) if any(row[i] for row in texts)]
        if not filled:
            return
        for groups in ([[i] for i in filled], _stacked(table, filled)):
            grid = _grid(table, groups, texts, self._terminal, cut=self._cut)
            if grid is not None:
                head, rows = grid
                self.lines += [self._terminal.tone(line, "dim") for line in head]
                for lines, style in zip(rows, styles, strict=True):
                    self.lines += [self._terminal.tone(line, "dim") if style.quiet else line for line in lines]
                    self._details(style)
                return
        for row, style in zip(texts, styles, strict=True):
            for i in filled:
                if i == filled[0]:
                    self._flow(row[i])
                elif row[i]:
                    self._flow(f"{printable(table.columns[i].header)}: {row[i].strip()}", "  ")
            self._details(style)

    def _details(self, style: RowStyle) -> None:
        for detail in style.details:
            for number, span in enumerate(detail.spans):
                self._flow(f"{detail.label}: {span}" if number == 0 else span, INDENT)


def _stacked(table: Table, filled: Sequence[int]) -> list[list[int]]:
    """The numbers of columns in groups: a column and the columns that may go below it."""
    groups: dict[int, list[int]] = {}
    known = set(filled)
    for number in filled:
        under = table.columns[number].under
        groups.setdefault(under if under in known and under is not None else number, []).append(number)
    return list(groups.values())


def _broken(text: str, width: int) -> list[str]:
    """A text in lines of a width, each with the blanks before it."""
    if columns(text) <= width:
        return [text]
    start = text[: len(text) - len(text.lstrip())]
    return [start + line for line in wrap(text, max(width - len(start), 1))]
