"""The document model of all formats: title page, sections, blocks.

All texts are plain: each format escapes them in its own way. Nothing here knows mapping sets, or how
documents are written.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers.output.tables import Column, Table, relinked, with_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.layer.view import View  # noqa: TC004 - documents are never decoded, most have no figure

Paper: TypeAlias = Literal["A4", "letter"]
LogoKind: TypeAlias = Literal["png", "jpeg", "svg"]
_ACROSS = 4
Content: TypeAlias = "str | tuple[str, ...]"
"""A text, or pieces of text; a `Span` is a link or has a color or emphasis."""


def spans(content: Content) -> tuple[str, ...]:
    """The pieces of text of a content."""
    return (content,) if isinstance(content, str) else content


class Logo(msgspec.Struct, frozen=True):
    """A picture for the title page: bytes, kind, and size in pixels or units of the SVG."""

    data: bytes
    kind: LogoKind
    width: float
    height: float


class Heading(msgspec.Struct, frozen=True):
    """A heading within a section; the section's heading has level 2. `key` is an id in front of the text."""

    text: str
    level: int = 3
    key: str = ""


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph of text and links."""

    content: Content
    warning: bool = False

    @property
    def spans(self) -> tuple[str, ...]:
        """The pieces of text."""
        return spans(self.content)

    @property
    def text(self) -> str:
        """The plain text."""
        return "".join(self.spans)


class Note(msgspec.Struct, frozen=True):
    """A muted paragraph that explains the block before it."""

    text: str


class Item(msgspec.Struct, frozen=True):
    """An item of a list with its nested items."""

    text: str
    below: tuple[Item, ...] = ()


class Items(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Item, ...]


class Number(msgspec.Struct, frozen=True):
    """A key figure: its label, its value as text, a note on its base or origin; `marked` as a shortcoming."""

    label: str
    value: str
    note: str = ""
    marked: bool = False


class Numbers(msgspec.Struct, frozen=True):
    """Key figures, side by side, with a title above them."""

    items: tuple[Number, ...]
    title: str = ""

    @property
    def across(self) -> int:
        """How many stand side by side: at most four, and about as many in each row."""
        return math.ceil(len(self.items) / math.ceil(len(self.items) / _ACROSS)) if self.items else 1

    @property
    def table(self) -> Table:
        """The figures as a table, for formats without cards."""
        columns = (Column("figure"), Column("value", "number"), Column("of what"))
        return Table("", self.title, columns, tuple((item.label, item.value, item.note) for item in self.items))


class Facts(msgspec.Struct, frozen=True):
    """Names, each with a text or several values."""

    items: tuple[tuple[str, Content], ...]

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """The names and their values as plain text."""
        return tuple((name, ", ".join(spans(content))) for name, content in self.items)


class Figure(msgspec.Struct, frozen=True):
    """The matrix of one layer; `caption` describes it in a sentence, `marked` tactics have a bar if it is small."""

    view: View
    title: str
    caption: str
    marked: tuple[str, ...] = ()


class Shares(msgspec.Struct, frozen=True):
    """Parts of wholes.

    Attributes:
        series, colors: the names of the parts, and a color `#rrggbb` of each.
        rows: per row its name, the whole, and the part of each series.
        rest: of a single series, the words for the rest and its color `#rrggbb`; "" for an outline.
        marked: the names of the marked rows.
        mark: the words for the mark.
    """

    series: tuple[str, ...]
    colors: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[int, ...]], ...]
    rest: tuple[str, str] = ("", "")
    marked: tuple[str, ...] = ()
    mark: str = ""


class Flow(msgspec.Struct, frozen=True):
    """What flows from sources to targets, and how much of each target nothing reaches.

    Attributes:
        sources: name, figure and color `#rrggbb` of each.
        targets: name, how much of it any source reaches, and how much it is in all.
        links: for each source, the size of its ribbon to each target.
        unit: one and several of what a ribbon's size counts.
        reached: the words for what is reached, and for the rest.
        rest: the color `#rrggbb` of the rest; "" if it is no shortcoming.
    """

    sources: tuple[tuple[str, str, str], ...]
    targets: tuple[tuple[str, int, int], ...]
    links: tuple[tuple[int, ...], ...]
    unit: tuple[str, str]
    reached: tuple[str, str] = ("covered", "not covered")
    rest: str = ""


class TrendPoint(msgspec.Struct, frozen=True):
    """A point of a line: its place in time from 0 to 1, part and whole, what it shows when pointed at.

    `mark` is the number of its mark in the legend; None for none.
    """

    x: float
    part: int
    whole: int
    tip: str
    mark: int | None = None


class Trend(msgspec.Struct, frozen=True):
    """Shares over time, a line for each name; a share stays until its next point.

    Attributes:
        lines: name and points of each.
        large: the first line has a large panel of its own.
        ends: the first and the last date.
        marks: the words for marks of points.
        colors: `#rrggbb` of the lines, then of each mark.
        unit: what the percentages are of, for the axis of the large panel.
    """

    lines: tuple[tuple[str, tuple[TrendPoint, ...]], ...]
    large: bool
    ends: tuple[str, str]
    marks: tuple[str, ...]
    colors: tuple[str, ...]
    unit: str = ""


class Chart(msgspec.Struct, frozen=True):
    """Numbers as a picture. `caption` says in sentences what it shows.

    `table` has the numbers for formats without pictures; None if another table of the document has them.
    """

    plot: Shares | Flow | Trend
    title: str
    caption: str
    table: Table | None = None


Block: TypeAlias = Heading | Paragraph | Note | Items | Numbers | Facts | Table | Figure | Chart


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
    """A document; its title page has subtitle, `facts` (name, value), author, date, logo, numbers, picture, chart.

    `key` is an id in front of the title; `blocks` come before the first section. `brief`: one page on paper.
    """

    title: str
    subtitle: str = ""
    author: str = ""
    date: str = ""
    logo: Logo | None = None
    facts: tuple[tuple[str, Content], ...] = ()
    sections: tuple[Section, ...] = ()
    paper: Paper = "A4"
    key: str = ""
    blocks: tuple[Block, ...] = ()
    numbers: Numbers | None = None
    picture: Figure | None = None
    chart: Chart | None = None
    brief: bool = False

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        """The names and texts of the title page."""
        about = (("Author", self.author), ("Date", self.date), *self.plain_facts)
        return tuple((name, text) for name, text in about if text)

    @property
    def plain_facts(self) -> tuple[tuple[str, str], ...]:
        """The facts as plain text."""
        return tuple((name, "".join(spans(content))) for name, content in self.facts)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order of the document."""
        return tuple(figure for section in self.sections for figure in section.figures)

    @property
    def pictures(self) -> tuple[Figure | Chart, ...]:
        """Every figure and chart, in the order of the document."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, Figure | Chart))


def with_own_pages(document: Document, pages: Mapping[str, str]) -> Document:
    """The document with other addresses for those in `pages`, such as `Catalogue.own_pages`."""

    def content(old: Content) -> Content:
        return tuple(relinked(span, pages) for span in spans(old))

    def block(old: Block) -> Block:
        match old:
            case Table():
                return with_pages(old, pages)
            case Paragraph():
                return Paragraph(content(old.content), old.warning)
            case Facts():
                return Facts(tuple((name, content(value)) for name, value in old.items))
        return old

    if not pages:
        return document
    sections = (Section(each.id, each.title, tuple(map(block, each.blocks))) for each in document.sections)
    return msgspec.structs.replace(document, sections=tuple(sections), blocks=tuple(map(block, document.blocks)))


def flat(document: Document) -> Iterator[Block]:
    """All blocks of a document in order, with headings for its title and its sections."""
    if document.title:
        yield Heading(document.title, 1, document.key)
    yield from document.blocks
    for section in document.sections:
        yield Heading(section.title, 2)
        yield from section.blocks
