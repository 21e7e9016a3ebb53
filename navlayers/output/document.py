"""A document, whatever format it is written in: title page, sections, and the blocks that they hold.

All texts are plain: each format escapes them in its own way. Nothing here knows mapping sets, or how
documents are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers.layer.view import View
from navlayers.output.tables import Cell, Column, Table, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

Paper: TypeAlias = Literal["A4", "letter"]
LogoKind: TypeAlias = Literal["png", "jpeg", "svg"]
_SQUARES = 20
Content: TypeAlias = "str | tuple[str, ...]"
"""A text, or pieces of text, some of which may be spans that lead somewhere or stand out."""


def spans(content: Content) -> tuple[str, ...]:
    """The pieces of a content."""
    return (content,) if isinstance(content, str) else content


class Logo(msgspec.Struct, frozen=True):
    """A picture for the title page: its bytes and what they are; its size in pixels, or in units of the SVG."""

    data: bytes
    kind: LogoKind
    width: float
    height: float


class Heading(msgspec.Struct, frozen=True):
    """A heading within a section, whose own has level 2. `key` is a code set apart from the text."""

    text: str
    level: int = 3
    key: str = ""


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph of text and links."""

    content: Content
    warning: bool = False

    @property
    def spans(self) -> tuple[str, ...]:
        """Its pieces."""
        return spans(self.content)

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return "".join(self.spans)


class Note(msgspec.Struct, frozen=True):
    """A paragraph, set back, that explains what stands before it."""

    text: str


class Item(msgspec.Struct, frozen=True):
    """An item of a list, with those below it."""

    text: str
    below: tuple[Item, ...] = ()


class Items(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Item, ...]


class Number(msgspec.Struct, frozen=True):
    """A figure to be read at a glance: what it counts, the figure as text, what it is of or how it came about."""

    label: str
    value: str
    note: str = ""


class Numbers(msgspec.Struct, frozen=True):
    """Figures beside each other."""

    items: tuple[Number, ...]

    @property
    def table(self) -> Table:
        """The figures as a table, where cards have no place."""
        columns = (Column("figure"), Column("value", "number"), Column("of what"))
        return Table("", "", columns, tuple((one.label, one.value, one.note) for one in self.items))


class Facts(msgspec.Struct, frozen=True):
    """Names and what there is to say of each: a text, or several values."""

    items: tuple[tuple[str, Content], ...]

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """The names and what there is to say as plain text."""
        return tuple((name, ", ".join(spans(content))) for name, content in self.items)


class Figure(msgspec.Struct, frozen=True):
    """The matrix of one layer; `caption` says in a sentence what it shows."""

    view: View
    title: str
    caption: str


class Series(msgspec.Struct, frozen=True):
    """One of the bars of each row: its name and its colour, `#rrggbb`."""

    name: str
    color: str


class BarRow(msgspec.Struct, frozen=True):
    """One row of bars: `covered` of `total` per series, in their order."""

    label: str
    total: int
    covered: tuple[int, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """The bars in per cent, 0–100."""
        return tuple(100 * number / self.total if self.total else 0.0 for number in self.covered)


class Bars(msgspec.Struct, frozen=True):
    """Shares as bars, 0–100 % wide, those of a row beside each other; `note` says what is counted."""

    title: str
    series: tuple[Series, ...]
    rows: tuple[BarRow, ...]
    note: str = ""

    @property
    def table(self) -> Table:
        """The bars as a table: of squares, so that rows can be compared at a glance, and as figures."""
        columns = [Column("tactic"), Column("techniques", "number")]
        for series in self.series:
            columns += [Column(series.name, "number"), Column("share")]
        rows = []
        for row in self.rows:
            cells: list[Cell] = [row.label, row.total]
            for covered, share in zip(row.covered, row.shares, strict=True):
                full = min(round(share * _SQUARES / 100), _SQUARES)
                cells += [covered, f"{'█' * full}{'░' * (_SQUARES - full)} {shown(share, 'percent')}"]
            rows.append(tuple(cells))
        return Table("", self.title, tuple(columns), tuple(rows), self.note)


Block: TypeAlias = Heading | Paragraph | Note | Items | Numbers | Facts | Table | Figure | Bars


class Section(msgspec.Struct, frozen=True):
    """A section with a heading; `id` names its kind."""

    id: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, in their order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


class Document(msgspec.Struct, frozen=True):
    """A document. `subtitle` and `facts` (name, value) stand on the title page, as do author, date and logo.

    `key` is a code set apart from the title; `blocks` stand before the first section.
    """

    title: str
    subtitle: str = ""
    author: str = ""
    date: str = ""
    logo: Logo | None = None
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    paper: Paper = "A4"
    key: str = ""
    blocks: tuple[Block, ...] = ()

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order of the document."""
        return tuple(figure for section in self.sections for figure in section.figures)


def flat(document: Document) -> Iterator[Block]:
    """All blocks of a document in their order, its title and those of its sections as headings."""
    yield Heading(document.title, 1, document.key)
    yield from document.blocks
    for section in document.sections:
        yield Heading(section.title, 2)
        yield from section.blocks
