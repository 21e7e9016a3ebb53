"""A table of results as CSV, XLSX and Markdown: real numbers, harmless text, the same bytes for the same table."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers._text import neutralise, plain, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind: TypeAlias = Literal["text", "number", "score", "percent", "technique", "color"]
Cell: TypeAlias = "str | float | None"
"""None is a cell that has nothing to say, which is not 0."""

_ALMOST = 99.9
_ADDRESS_MARKS = re.compile(r"""[\s()<>|\\"'`]""")
_MARKS = re.compile(r"([\\|*_`<>\[\]~#]|:(?=//)|(?<=www)\.|&(?=#?\w+;))")
_BEGINNING = re.compile(r"^(\d*)([-+=.)])(?=\s|$|[-=]+$)")
"""What begins an item of a list, or is a line beneath a heading."""

_MENTION = re.compile(r"(?<!\w)@(?=\w)")
"""What GitHub takes for the name of somebody to notify; a comment between keeps them apart, unseen."""


class Span(str):
    """A piece of text with an http(s) address, the color `#rrggbb` behind it, or emphasis; a plain str has none."""

    __slots__ = ("color", "strong", "url")
    url: str
    color: str
    strong: bool

    def __new__(cls, text: str, url: str = "", *, color: str = "", strong: bool = False) -> Span:
        """The text and its looks; the caller knows the address to be one of the web."""
        span = super().__new__(cls, text)
        span.url, span.color, span.strong = url, color, strong
        return span


class Column(msgspec.Struct, frozen=True):
    """A column: its header, and what it holds: text, numbers, scores, percentages (0–100), technique ids, colors.

    Scores are numbers 0–100 whose cells are colored as layers are, in the hue of their `category`, "" for overall;
    colors, `#rrggbb`, fill theirs. In narrow windows, cells of `whole` columns are neither cut nor broken, and the
    column may go below the one whose number is `under`.
    """

    header: str
    kind: Kind = "text"
    category: str = ""
    whole: bool = False
    under: int | None = None

    @property
    def right(self) -> bool:
        """Whether it holds figures, which stand at the right."""
        return self.kind in ("number", "score", "percent")


class Detail(msgspec.Struct, frozen=True):
    """What stands under a row: a label, and paragraphs or links."""

    label: str
    spans: tuple[str, ...]


class RowStyle(msgspec.Struct, frozen=True):
    """How a row is set. `level`: 1 for a sub-technique below its technique. `quiet`: nothing is mapped there."""

    level: int = 0
    quiet: bool = False
    details: tuple[Detail, ...] = ()


class Table(msgspec.Struct, frozen=True):
    """A table: `name` is that of its sheet, `title` what stands above it, `note` what there is to know below it.

    `long`: it may run over many pages, so it is set small. `styles` has an entry per row, or none at all.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    long: bool = False
    styles: tuple[RowStyle, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers in order."""
        return tuple(column.header for column in self.columns)

    @property
    def right(self) -> frozenset[int]:
        """The numbers of the columns that hold figures."""
        return frozenset(i for i, column in enumerate(self.columns) if column.right)

    @property
    def texts(self) -> list[list[str]]:
        """The rows as people read them: figures of a column with as many decimals."""
        cells = [_texts([row[i] for row in self.rows], column.kind) for i, column in enumerate(self.columns)]
        return [list(row) for row in zip(*cells, strict=True)]


def _texts(cells: Sequence[Cell], kind: Kind) -> list[str]:
    if kind not in ("number", "score"):
        return [shown(cell, kind) for cell in cells]
    needed = decimals(cells)
    return [shown(c) if c is None or isinstance(c, str) else f"{tidy(c):.{needed}f}" for c in cells]


def decimals(cells: Iterable[Cell]) -> int:
    """How many decimals the figures of a column need, two at most."""
    figures = (shown(cell) for cell in cells if cell is not None and not isinstance(cell, str))
    return max((len(figure.partition(".")[2]) for figure in figures), default=0)


def columns(*headers: str, kind: Kind = "text") -> tuple[Column, ...]:
    """Columns of one kind."""
    return tuple(Column(header, kind) for header in headers)


def shown(cell: Cell, kind: Kind = "text") -> str:
    """A cell as people read it: two decimals at most, percentages with one; what is not all is not 100.0 %."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if kind != "percent":
        return f"{tidy(cell)}"
    return f"{min(cell, _ALMOST) if cell < 100 else cell:.1f} %"


def to_csv(table: Table) -> bytes:
    """The table as CSV: commas, lines that end in LF, a byte order mark only where the text is not all ASCII.

    Texts that a spreadsheet would run as formulas are neutralised.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_csv_cell(header) for header in table.headers])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    text = stream.getvalue()
    return (text if text.isascii() else f"\ufeff{text}").encode("utf-8", "replace")


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Span) and cell.url:
        cell = cell.url
    return neutralise(plain(cell)) if isinstance(cell, str) else str(tidy(cell))


def to_markdown(tables: Iterable[Table], heading: int = 2) -> str:
    """The tables as Markdown, each below a heading of that level."""
    return "\n".join(_section(table, heading) for table in tables)


def _section(table: Table, heading: int) -> str:
    lines = [f"{'#' * heading} {escape(table.title)}", "", *markdown_lines(table)]
    if table.note:
        lines += ["", escape(table.note)]
    return "\n".join([*lines, ""])


def markdown_lines(table: Table) -> list[str]:
    """The table alone as Markdown: a line of headers, one of rules, and one per row."""
    heads = _line(map(escape, table.headers))
    rules = _line("---:" if column.right else "---" for column in table.columns)
    return [heads, rules, *(_line(map(_markdown, row)) for row in table.texts)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown(text: str) -> str:
    if not (isinstance(text, Span) and text.url):
        return "<br>".join(escape(line) for line in text.splitlines()) if "\n" in text else escape(text)
    return f"[{escape(text)}]({_ADDRESS_MARKS.sub(lambda mark: f'%{ord(mark[0]):02X}', text.url)})"


def escape(text: str) -> str:
    """Text that Markdown shows as it stands, on one line: no markup, no HTML, nothing linked or mentioned."""
    marked = _MARKS.sub(r"\\\1", " ".join(plain(text).split()))
    return _BEGINNING.sub(r"\1\\\2", _MENTION.sub("@<!-- -->", marked))


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """The tables as a workbook, a sheet each."""
    from navlayers.output import sheets  # noqa: PLC0415 - it is built upon this module

    return sheets.to_xlsx(tables)
