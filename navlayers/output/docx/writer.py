"""A report → a document of Word: title page, contents, sections; heatmaps on pages that lie on their side."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

from navlayers._text import plain
from navlayers.output.document import Bars, Facts, Figure, Heading, Note, Numbers, Paragraph
from navlayers.output.docx import layout, pages
from navlayers.output.docx.package import Package
from navlayers.output.docx.pages import TEXT_WIDTH, Ends
from navlayers.output.docx.pictures import Pictures, bars_drawn, heatmap_drawings
from navlayers.output.docx.tables import Tables
from navlayers.output.docx.xml import Headings, body, ending, field, paragraph, run, said, sized, twips
from navlayers.output.drawing import typeset
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.rendered import Rendered
from navlayers.output.paper import NO_LETTERS, is_sticky
from navlayers.output.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Block, Document, Section
    from navlayers.output.drawing.shapes import Drawing

Way: TypeAlias = Literal["title", "upright", "turned", "wide"]
"""Which page a section of the document has: of texts, upright or turned for wide tables; of heatmaps."""

_AROUND_HEATMAP, _CAPTION, _CAPTION_LINE = 72.0, 8.5, 11.0
"""The height that headings need on the page of a heatmap, the size and the leading of its caption, in points."""

_MOST_CAPTION = 5
_FIGURE = 6.0
_NO_BREAK = "\u00a0"
_TITLES, _SMALLEST_TITLE = ((30.0, 3), (20.0, 5)), 13.0
"""Sizes of the title, and in how many lines it has to stand to be so large."""


_AROUND_BARS = 110.0
_FRESH = ("appendix",)
"""Sections that begin a page."""

_AT_TOP = '<w:spacing w:before="0"/>'
_NEXT_PAGE = f"<w:pageBreakBefore/>{_AT_TOP}"
_TITLE_TOP, _TITLE_TOP_WITH_LOGO = 150.0, 60.0


def render(document: Document) -> Rendered:
    """The report as DOCX.

    Raises:
        UsageError: the logo cannot be drawn.
    """
    writer = _Writer(document, pages.upright(document.paper), pages.wide(document.paper))
    data = writer.package.save(writer.document(), document.title, document.author)
    lacking = typeset.lacking(document.title, typeset.texts(writer.pictures.drawings), NO_LETTERS)
    return Rendered(data, tuple(lacking))


def _heatmaps(section: Section, page: pages.Page) -> Sequence[Drawing]:
    """The heatmaps of a section, which are laid out alike."""
    captions = max((_caption_lines(heatmap, page.inner_width) for heatmap in section.figures), default=1)
    height = page.inner_height - _AROUND_HEATMAP - captions * _CAPTION_LINE
    return heatmap_drawings(section.figures, page.inner_width, height)


def _caption_lines(heatmap: Figure, width: float) -> int:
    return min(math.ceil((ems(plain(heatmap.caption)) + _FIGURE) * _CAPTION * 1.05 / width), _MOST_CAPTION)


def _title_size(title: str) -> str:
    """That of the style, or what keeps the title on its page."""
    size = next(
        (size for size, lines in _TITLES if ems(plain(title)) * size <= lines * TEXT_WIDTH), _SMALLEST_TITLE
    )
    return sized(size) if size < _TITLES[0][0] else ""


class _Writer:
    def __init__(self, document: Document, upright: pages.Page, wide: pages.Page) -> None:
        self._document = document
        self.package = Package()
        self.pictures = Pictures(self.package)
        self._tables = Tables(self.package)
        self._ends = Ends(self.package, document.title)
        self._headings = Headings()
        self._pages: dict[Way, pages.Page] = {
            "title": upright,
            "upright": upright,
            "turned": pages.turned(upright),
            "wide": wide,
        }
        self._heatmaps = chain.from_iterable(_heatmaps(section, wide) for section in document.sections)
        self._figures = 0
        self._way: Way = "title"
        self._items: list[str] = []

    def document(self) -> bytes:
        """The XML of the document."""
        self._items += self._title_page()
        self._turn("upright")
        # The contents are known when all headings are, but stand before them.
        contents = len(self._items)
        self._items.append("")
        for number, section in enumerate(self._document.sections):
            self._section(section, is_first=number == 0)
        self._items[contents] = self._headings.contents()
        return body(self._items, self._properties())

    def _properties(self) -> str:
        return self._ends.section(self._pages[self._way], title_page=self._way == "title")

    def _turn(self, way: Way) -> bool:
        """End the section of pages, if the next page is another one; whether it is."""
        if way == self._way:
            return False
        if not self._items[-1].startswith("<w:p>"):
            self._items.append(paragraph("End", ""))
        self._items[-1] = ending(self._items[-1], self._properties())
        self._way = way
        return True

    def _title_page(self) -> Iterator[str]:
        document = self._document
        if document.logo is not None:
            yield paragraph("Picture", self.pictures.logo(document.logo))
        top = _TITLE_TOP if document.logo is None else _TITLE_TOP_WITH_LOGO
        spacing = f'<w:spacing w:before="{twips(top)}"/>'
        yield paragraph("Title", run(" ".join(document.title.split()), _title_size(document.title)), spacing)
        # Its last word does not stand alone on a line.
        yield said("Subtitle", _NO_BREAK.join(" ".join(document.subtitle.split()).rsplit(" ", 1)))
        told = [("Author", document.author), ("Date", document.date), *document.facts]
        yield from layout.facts_of([(name, text) for name, text in told if text], TEXT_WIDTH)

    def _section(self, section: Section, *, is_first: bool) -> None:
        ways = self._ways(section.blocks)
        starts_wide = ways[:1] == ["wide"]
        if self._turn(ways[0] if ways else "upright"):
            fresh = _AT_TOP
        else:
            fresh = _NEXT_PAGE if is_first or starts_wide or section.id in _FRESH else ""
        self._items.append(self._headings.heading(1, section.title, fresh))
        level = 2
        for number, (block, way) in enumerate(zip(section.blocks, ways, strict=True)):
            turns = self._turn(way)
            if isinstance(block, Figure):
                self._items += self._heatmap(block, level, _AT_TOP if turns or number == 0 else _NEXT_PAGE)
            elif isinstance(block, Heading):
                level = 3
                self._items.append(self._headings.heading(2, block.text))
            else:
                follows = section.blocks[number + 1] if number + 1 < len(section.blocks) else None
                self._items += self._block(block, level, follows)

    def _ways(self, blocks: Sequence[Block]) -> list[Way]:
        """Which page each block has: long tables are turned one by one, others with all of their section."""
        short = [one for one in blocks if isinstance(one, Table) and not one.long]
        is_upright = all(self._tables.fits(table, TEXT_WIDTH) for table in short)
        return [self._way_of(one, is_upright=is_upright) for one in blocks]

    def _way_of(self, block: Block, *, is_upright: bool) -> Way:
        if isinstance(block, Figure):
            return "wide"
        if isinstance(block, Table) and block.long:
            is_upright = self._tables.fits(block, TEXT_WIDTH)
        return "upright" if is_upright else "turned"

    def _block(self, block: Block, level: int, follows: Block | None) -> Iterator[str]:
        page = self._pages[self._way]
        if isinstance(block, Paragraph | Note):
            kept = "<w:keepNext/>" if is_sticky(block, follows) else ""
            yield said("Note" if isinstance(block, Note) else "Normal", block.text, kept)
        elif isinstance(block, Numbers):
            yield from layout.numbers_of(block, page.inner_width)
        elif isinstance(block, Facts):
            yield from layout.facts_of(block.texts, page.inner_width)
        elif isinstance(block, Bars):
            yield from self._bars(block, level, page)
        elif isinstance(block, Table):
            yield self._headings.heading(level, block.title)
            yield from self._tables.rows(block, page.inner_width)

    def _heatmap(self, block: Figure, level: int, properties: str) -> Iterator[str]:
        yield self._headings.heading(level, block.title, properties)
        yield paragraph("Picture", self.pictures.drawing(next(self._heatmaps)))
        yield self._caption(block.caption or block.title)

    def _bars(self, block: Bars, level: int, page: pages.Page) -> Iterator[str]:
        yield self._headings.heading(level, block.title)
        for drawing in bars_drawn(block, page.inner_width, page.inner_height - _AROUND_BARS):
            yield paragraph("Picture", self.pictures.drawing(drawing))
        yield self._caption(block.note or block.title)

    def _caption(self, text: str) -> str:
        self._figures += 1
        number = field("SEQ Figure \\* ARABIC", str(self._figures))
        return paragraph("Caption", f"{run('Figure ')}{number}{run(f'. {text}')}")
