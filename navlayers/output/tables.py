"""Tables of results, the look and the links of their cells in every format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers._text.links import technique_url, web_links
from navlayers._text.numbers import percent_figure, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CellKind: TypeAlias = Literal["text", "number", "score", "percent", "technique", "color", "path"]
Tone: TypeAlias = Literal["", "good", "bad", "warning", "accent", "dim", "strong"]
Cell: TypeAlias = "str | float | None"
"""None is an empty cell, which is not 0."""

_TECHNIQUE = r"(?:[A-Z][A-Z0-9]*-)?T\d{4}(\.\d{3})?"
_COLOR = "#[0-9a-fA-F]{6}"


class Span(str):
    """A piece of text with an http(s) address, the color `#rrggbb` behind it, or emphasis; a plain str has none.

    `tone` is its meaning, which terminals show as a color. A `tag` is set apart from the text before it.
    """

    __slots__ = ("color", "strong", "tag", "tone", "url")
    url: str
    color: str
    strong: bool
    tone: Tone
    tag: bool

    def __new__(
        cls, text: str, url: str = "", *, color: str = "", strong: bool = False, tone: Tone = "", tag: bool = False
    ) -> Span:
        """The text and its looks; the caller ensures that the address is http(s)."""
        span = super().__new__(cls, text)
        span.url, span.color, span.strong, span.tone, span.tag = url, color, strong, tone, tag
        return span


def url_of(text: str) -> str:
    """The address of a piece of text; "" for none."""
    return text.url if isinstance(text, Span) else ""


class Column(msgspec.Struct, frozen=True):
    """A column: header and kind of content (text, numbers, scores, percentages, technique ids, colors, paths).

    Scores are numbers of their `range` whose cells are colored as layers are, in the hue of their `category`, ""
    for overall; colors, `#rrggbb`, fill theirs. In narrow windows, cells of `whole` columns are neither cut nor
    broken, and the column may go below the one whose number is `under`. On terminals, percentages have a `bar`.
    """

    header: str
    kind: CellKind = "text"
    category: str = ""
    whole: bool = False
    under: int | None = None
    range: tuple[float, float] = (0, 100)
    bar: bool = False

    @property
    def right(self) -> bool:
        """Whether it holds figures, which are right-aligned."""
        return self.kind in ("number", "score", "percent")


_TEXT = Column("")


class Detail(msgspec.Struct, frozen=True):
    """A detail under a row: a label, and paragraphs or links."""

    label: str
    spans: tuple[str, ...]


class RowStyle(msgspec.Struct, frozen=True):
    """The look of a row. `level`: 1 for a sub-technique below its technique. `quiet`: nothing is mapped there."""

    level: int = 0
    quiet: bool = False
    details: tuple[Detail, ...] = ()


class Table(msgspec.Struct, frozen=True):
    """A table: `name` is the name of its sheet, `title` goes above it, `note` below it.

    `long`: it may run over many pages, so it is set small. `styles` has an entry per row, or none at all. `keys`:
    the numbers of the columns that name a row.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    long: bool = False
    styles: tuple[RowStyle, ...] = ()
    keys: tuple[int, ...] = (0,)

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers in order."""
        return tuple(column.header for column in self.columns)

    @property
    def right(self) -> frozenset[int]:
        """The numbers of the columns that hold figures."""
        return frozenset(i for i, column in enumerate(self.columns) if column.right)

    def only(self, numbers: Sequence[int]) -> Table:
        """The table with the columns of these numbers."""
        rows = tuple(tuple(row[number] for number in numbers) for row in self.rows)
        return msgspec.structs.replace(self, columns=tuple(self.columns[n] for n in numbers), rows=rows)

    @property
    def texts(self) -> list[list[str]]:
        """The rows as texts; all figures of a column have the same number of decimals."""
        cells = [_texts([row[i] for row in self.rows], column.kind) for i, column in enumerate(self.columns)]
        return [list(row) for row in zip(*cells, strict=True)]


def _texts(cells: Sequence[Cell], kind: CellKind) -> list[str]:
    if kind not in ("number", "score"):
        return [shown(cell, kind) for cell in cells]
    needed = decimals(cells)
    return [shown(c) if c is None or isinstance(c, str) else f"{rounded(c):.{needed}f}" for c in cells]


def decimals(cells: Iterable[Cell]) -> int:
    """The number of decimals that the figures of a column need, at most two."""
    figures = (shown(cell) for cell in cells if cell is not None and not isinstance(cell, str))
    return max((len(figure.partition(".")[2]) for figure in figures), default=0)


def columns(*headers: str, kind: CellKind = "text") -> tuple[Column, ...]:
    """Columns of one kind."""
    return tuple(Column(header, kind) for header in headers)


def shown(cell: Cell, kind: CellKind = "text") -> str:
    """A cell as text: at most two decimals, percentages with one."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return percent_figure(cell, 100) if kind == "percent" else f"{rounded(cell)}"


def fill_of(cell: Cell, column: Column) -> str:
    """The color of a cell as `#rrggbb`: of its score, in the hue of its category, or the color it names.

    "" for none.
    """
    if isinstance(cell, str):
        if isinstance(cell, Span) and cell.color:
            return cell.color
        return cell.lower() if column.kind == "color" and re.fullmatch(_COLOR, cell) else ""
    if column.kind != "score" or cell is None:
        return ""
    from navlayers.layer.ramps import value_gradient  # noqa: PLC0415 - colored tables only

    return value_gradient(column.category or None, 0, column.range).color(cell)


def address_of(cell: Cell, column: Column) -> str:
    """The address that a cell links to: the page of a technique, or an http(s) address; "" for none."""
    if not isinstance(cell, str):
        return ""
    if column.kind == "technique" and not url_of(cell):
        return technique_url(cell) if re.fullmatch(_TECHNIQUE, cell) else ""
    url = url_of(cell) if isinstance(cell, Span) else cell
    return url if "://" in url and web_links([url]) == (url,) else ""


def relinked(text: str, pages: Mapping[str, str], column: Column = _TEXT) -> str:
    """The text; if `pages` has another address for its address, a link to that."""
    page = pages.get(address_of(text, column))
    if page is None:
        return text
    old = text if isinstance(text, Span) else Span(text)
    return Span(text, page, color=old.color, strong=old.strong, tone=old.tone, tag=old.tag)


def with_pages(table: Table, pages: Mapping[str, str]) -> Table:
    """The table with other addresses for those in `pages`, such as `Catalogue.own_pages`."""
    if not pages:
        return table
    rows = (
        tuple(
            relinked(cell, pages, column) if isinstance(cell, str) else cell
            for cell, column in zip(row, table.columns, strict=True)
        )
        for row in table.rows
    )
    return msgspec.structs.replace(table, rows=tuple(rows))
