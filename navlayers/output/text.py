"""Documents and tables as text that fits the terminal's width; control characters in the data are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import columns, printable, wrap
from navlayers.output.document import Bars, Facts, Figure, Heading, Items, Note, Numbers, Paragraph, flat
from navlayers.output.tables import RowStyle, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block, Document, Item

GAP = 2
INDENT = "    "
NARROWEST, SHORTEST = 14, 12
"""Minimum widths of text columns: of those whose cells are wrapped, and of those whose cells are cut."""

SHORT_HEADER = 9
_LEAST = 20
"""The minimum width of indented text, however narrow the window."""

_BOLD, _DIM, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_PLAIN = RowStyle()


def render(document: Document, width: int | None = None, *, styled: bool = False) -> str:
    """The document in lines of at most `width` columns (None: unlimited), with a line feed at the end.

    `styled`: with the terminal's bold and dim letters.
    """
    writer = _Writer(width, styled=styled)
    for block in flat(document):
        writer.put(block)
    return "\n".join(writer.lines) + "\n"


def fit(text: str, width: int, *, right: bool = False, end: bool = False) -> str:
    """The text padded or cut with an ellipsis to a width; `end`: rather keep the end than the start."""
    if columns(text) > width:
        start = text[: max(width // 3, 1)] if end else text
        rest = text if end else ""
        while rest and columns(rest) > width - 1 - columns(start):
            rest = rest[1:]
        while not end and columns(start) > width - 1:
            start = start[:-1]
        text = f"{start}…{rest}"
    padding = " " * (width - columns(text))
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


def table_text(table: Table, width: int | None = None) -> str:
    """The table with its title, its note, and an empty line at the end."""
    note = printable(table.note)
    notes = (wrap(note, width) if width else [note]) if note else []
    return "\n".join([printable(table.title), *table_lines(table, width), *notes, ""])


def table_lines(table: Table, width: int | None = None) -> list[str]:
    """The table without title and note, a line per row; texts are cut, but not figures, to fit `width`.

    Headers are aligned at the bottom; headers of figures are wrapped to about the width of the figures.
    """
    rows = [list(map(printable, row)) for row in table.texts]
    heads = []
    for i, column in enumerate(table.columns):
        lines = [printable(line) for line in column.header.split("\n")]
        if column.right and len(lines) == 1:
            longest = max((len(row[i]) for row in rows), default=0)
            lines = (
                wrap(lines[0], max(longest, SHORT_HEADER, *map(columns, lines[0].split()))) if lines[0] else [""]
            )
        heads.append(lines)
    depth = max(map(len, heads), default=0)
    cells = [*map(list, zip(*([""] * (depth - len(lines)) + lines for lines in heads), strict=True)), *rows]
    natural = [max(columns(row[i]) for row in cells) for i in range(len(heads))]
    least = [w if c.right else min(w, SHORTEST) for w, c in zip(natural, table.columns, strict=True)]
    widths = _shared(natural, least, width) or least
    lines = []
    for row in cells:
        parts = zip(row, widths, table.columns, strict=True)
        fitted = (fit(text, wide, right=c.right, end=c.kind == "path") for text, wide, c in parts)
        lines.append((" " * GAP).join(fitted).rstrip())
    return lines


def _shared(natural: Sequence[int], least: Sequence[int], width: int | None) -> list[int] | None:
    """Column widths that fit, the widest columns narrowed first; None if the minimum widths do not fit."""
    widths = list(natural)
    if width is None:
        return widths
    room = width - GAP * (len(widths) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


class _Writer:
    def __init__(self, width: int | None, *, styled: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._styled = styled

    def put(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._flow(block.text, bold=block.warning)
            case Note():
                self._flow(block.text, dim=True)
            case Facts():
                self._facts(block)
            case Items():
                self.lines += item_lines(block.items, self._width)
            case Figure():
                self._flow(block.caption or block.title)
            case Numbers() | Bars():
                self._titled(block.table)
            case Table():
                self._titled(block)

    def _heading(self, heading: Heading) -> None:
        text = printable(f"{heading.key}  {heading.text}" if heading.key else heading.text).strip()
        if self.lines:
            self.lines.append("")
        lines = wrap(text, self._width) if self._width else [text]
        self.lines += [self._bold(line) for line in lines]
        mark = {1: "=", 2: "-"}.get(heading.level)
        if mark:
            self.lines.append(mark * max(map(columns, lines)))

    def _flow(self, text: str, indent: str = "", *, bold: bool = False, dim: bool = False) -> None:
        text = printable(text)
        lines = wrap(text, max(self._width - len(indent), _LEAST)) if self._width else [text.strip()]
        for line in lines:
            styled = self._bold(line) if bold else self._dim(line) if dim else line
            self.lines.append(indent + styled)

    def _facts(self, facts: Facts) -> None:
        indent = max((columns(label) for label, _ in facts.items), default=0) + GAP
        for label, text in facts.texts:
            lines = wrap(printable(text), max(self._width - indent, _LEAST)) if self._width else [printable(text)]
            for number, line in enumerate(lines):
                start = label if number == 0 else ""
                self.lines.append(f"{self._dim(start)}{' ' * (indent - columns(start))}{line}")

    def _titled(self, table: Table) -> None:
        if table.title:
            self._heading(Heading(table.title))
        self._table(table)
        if table.note:
            self._flow(table.note, dim=True)

    def _table(self, table: Table) -> None:
        """Add the rows: in columns, with some columns below others, or as a line per cell, whichever fits first."""
        styles = table.styles or (_PLAIN,) * len(table.rows)
        texts = [
            [printable(f"  {text}" if i == 0 and style.level else text) for i, text in enumerate(row)]
            for row, style in zip(table.texts, styles, strict=True)
        ]
        filled = [i for i in range(len(table.columns)) if any(row[i] for row in texts)]
        if not filled:
            return
        for groups in ([[i] for i in filled], _stacked(table, filled)):
            widths = self._widths(table, groups, texts)
            if widths is None:
                continue
            heads = ["\n".join(printable(table.columns[i].header) for i in group) for group in groups]
            right = [table.columns[group[0]].right for group in groups]
            self._draw(heads, widths, right, dim=True)
            for row, style in zip(texts, styles, strict=True):
                cells = ["\n".join(row[i] for i in group if row[i]) for group in groups]
                self._draw(cells, widths, right, dim=style.quiet)
                self._details(style)
            return
        for row, style in zip(texts, styles, strict=True):
            for i in filled:
                if row[i]:
                    head = "" if i == filled[0] else f"{printable(table.columns[i].header)}: "
                    self._flow(f"{head}{row[i].strip()}" if head else row[i], "  " if head else "")
            self._details(style)

    def _widths(
        self, table: Table, groups: Sequence[Sequence[int]], texts: Sequence[Sequence[str]]
    ) -> list[int] | None:
        natural, least = [], []
        for group in groups:
            longest = [
                max(columns(text) for text in (table.columns[i].header, *(r[i] for r in texts))) for i in group
            ]
            whole = (table.columns[i].whole for i in group)
            natural.append(max(longest))
            least.append(max(w if keep else min(w, NARROWEST) for w, keep in zip(longest, whole, strict=True)))
        return _shared(natural, least, self._width)

    def _draw(self, cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], *, dim: bool) -> None:
        """Add a row; its cells may have several lines."""
        broken = [_broken(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, broken))):
            parts = []
            for lines, width, is_right in zip(broken, widths, right, strict=True):
                parts.append(fit(lines[number] if number < len(lines) else "", width, right=is_right))
            line = (" " * GAP).join(parts).rstrip()
            self.lines.append(self._dim(line) if dim else line)

    def _details(self, style: RowStyle) -> None:
        for detail in style.details:
            for number, span in enumerate(detail.spans):
                self._flow(f"{detail.label}: {span}" if number == 0 else span, INDENT)

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_END}" if self._styled and text else text

    def _dim(self, text: str) -> str:
        return f"{_DIM}{text}{_END}" if self._styled and text else text


def _stacked(table: Table, filled: Sequence[int]) -> list[list[int]]:
    """The numbers of columns in groups: a column and those that may go below it."""
    groups: dict[int, list[int]] = {}
    for number in filled:
        under = table.columns[number].under
        groups.setdefault(under if under in filled and under is not None else number, []).append(number)
    return list(groups.values())


def _broken(cell: str, width: int) -> list[str]:
    """The lines of a cell, wrapped to a width."""
    broken: list[str] = []
    for part in cell.split("\n"):
        start = part[: len(part) - len(part.lstrip())]
        lines = [part] if columns(part) <= width else [start + x for x in wrap(part, max(width - len(start), 1))]
        broken += lines
    return broken
