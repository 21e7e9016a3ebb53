"""A document, whatever format it is written in: title page, sections, and the blocks that they hold.

All texts are plain: each format escapes them in its own way. Nothing here knows mapping sets, or how
documents are written.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from navlayers.layer.view import View
from navlayers.output.tables import Table

Paper: TypeAlias = Literal["A4", "letter"]
LogoKind: TypeAlias = Literal["png", "jpeg", "svg"]
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


class Number(msgspec.Struct, frozen=True):
    """A figure to be read at a glance: what it counts, the figure as text, what it is of or how it came about."""

    label: str
    value: str
    note: str = ""


class Numbers(msgspec.Struct, frozen=True):
    """Figures beside each other."""

    items: tuple[Number, ...]


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


Block: TypeAlias = Heading | Paragraph | Note | Numbers | Facts | Table | Figure | Bars


class Section(msgspec.Struct, frozen=True):
    """A section with a heading. `id` names its kind, or is a code set apart from the title, as `Heading.key`."""

    id: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures, in their order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


class Document(msgspec.Struct, frozen=True):
    """A document. `subtitle` and `facts` (name, value) stand on the title page, as do author, date and logo.

    `blocks` stand before the first section.
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
