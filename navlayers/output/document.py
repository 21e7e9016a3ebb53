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


class Logo(msgspec.Struct, frozen=True):
    """A picture for the title page: its bytes and what they are; its size in pixels, or in units of the SVG."""

    data: bytes
    kind: LogoKind
    width: float
    height: float


class Text(msgspec.Struct, frozen=True):
    """A paragraph. `soft`: a note that explains what stands before it."""

    text: str
    soft: bool = False


class Subheading(msgspec.Struct, frozen=True):
    """A heading within a section."""

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
    """Names and what there is to say of each."""

    items: tuple[tuple[str, str], ...]


class Rows(msgspec.Struct, frozen=True):
    """A table with its title and note. `long`: it may run over many pages, so it is set small."""

    table: Table
    long: bool = False


class Heatmap(msgspec.Struct, frozen=True):
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


Block: TypeAlias = Text | Subheading | Numbers | Facts | Rows | Heatmap | Bars


class Section(msgspec.Struct, frozen=True):
    """A section with a heading; `id` is one of `navlayers.pages.report.options.SECTIONS`."""

    id: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def heatmaps(self) -> tuple[Heatmap, ...]:
        """Its heatmaps, in their order."""
        return tuple(block for block in self.blocks if isinstance(block, Heatmap))


class Document(msgspec.Struct, frozen=True):
    """A document. `subtitle` and `facts` (name, value) stand on the title page, as do author, date and logo."""

    title: str
    subtitle: str
    author: str
    date: str
    logo: Logo | None
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    paper: Paper = "A4"

    @property
    def heatmaps(self) -> tuple[Heatmap, ...]:
        """Every heatmap, in the order of the document."""
        return tuple(heatmap for section in self.sections for heatmap in section.heatmaps)
