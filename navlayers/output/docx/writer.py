"""A document as a Word document: title page, contents, sections, heatmaps on landscape pages.

The styles are those of the template report.docx, which tools/make_docx_template.py makes.
"""

from __future__ import annotations

import math
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, cast

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.oxml.text.paragraph import CT_P
from docx.shared import Pt

from navlayers._text.lines import joined_numbers, printable, single_line
from navlayers.output.document import Chart, Facts, Figure, Heading, Note, Numbers, Paragraph
from navlayers.output.docx.elements import (
    add_bookmark,
    add_drawing,
    add_field,
    add_logo,
    add_reference,
    element,
    safe,
    saved,
)
from navlayers.output.docx.tables import Tables, add_facts, add_numbers
from navlayers.output.drawing import typeset
from navlayers.output.drawing.charts import draw
from navlayers.output.drawing.font import cut, ems
from navlayers.output.drawing.options import MM, PAPERS, Rendered
from navlayers.output.drawing.thumbnail import thumbnail
from navlayers.output.paper import NO_LETTERS, heatmaps, is_sticky
from navlayers.output.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document as WordDocument
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.section import Section as WordSection
    from docx.text.paragraph import Paragraph as WordParagraph

    from navlayers.output.document import Block, Document, Section
    from navlayers.output.drawing.shapes import Drawing

TEMPLATE = files("navlayers.output.docx") / "report.docx"

TEXT_WIDTH = 170 * MM
"""Width of the text on upright pages in points, whatever the paper."""

# The longest title in the header, in ems.
_HEADER_EMS = 55.0

# Sizes of the title, each with the most lines at that size.
_TITLES, _SMALLEST_TITLE = ((30.0, 3), (20.0, 5)), 13.0

# Space above the title in points, without and with a logo.
_TITLE_TOP, _TITLE_TOP_WITH_LOGO = 100.0, 24.0

# On a title page with a chart, so that all fits: the share of the width for the matrix; the text of the chart.
_BESIDE_CHART, _SMALL_CHART = 0.75, 7.5

# Points that headings and notes take on the page of a heatmap; size, line height and most lines of
# captions; the width of "Figure 1. " before them, in ems.
_AROUND_HEATMAP = 72.0
_CAPTION, _CAPTION_LINE, _MOST_CAPTION, _FIGURE = 8.5, 11.0, 5, 6.0

_CONTENTS_LEVELS = 2

PageKind: TypeAlias = Literal["title", "upright", "turned", "wide"]
"""The pages of a section: of texts, upright or turned for wide tables; of heatmaps."""


class _Page(NamedTuple):
    """A page; lengths in points. `edge`: from the edge of the paper to header and footer."""

    width: float
    height: float
    side: float
    top: float
    bottom: float
    edge: float

    @property
    def inner_width(self) -> float:
        return self.width - 2 * self.side

    @property
    def inner_height(self) -> float:
        return self.height - self.top - self.bottom


def _pages(short: float, long: float) -> dict[PageKind, _Page]:
    """The pages of a paper, given its sides in mm."""
    width, height = short * MM, long * MM
    upright = _Page(width, height, (width - TEXT_WIDTH) / 2, 23 * MM, 20 * MM, 10 * MM)
    turned = upright._replace(width=height, height=width)
    wide = _Page(height, width, 12 * MM, 14 * MM, 13 * MM, 7 * MM)
    return {"title": upright, "upright": upright, "turned": turned, "wide": wide}


def render(document: Document) -> Rendered:
    """The document as DOCX.

    Raises:
        UsageError: the logo cannot be drawn.
    """
    writer = _Writer(document)
    data = writer.write()
    texts = typeset.texts(writer.drawings)
    return Rendered(data, tuple(typeset.missing_letters(document.title, texts, NO_LETTERS)))


class _Writer:
    def __init__(self, document: Document) -> None:
        self._document = document
        paper = PAPERS[document.paper]
        self._pages = _pages(paper.short, paper.long)
        with TEMPLATE.open("rb") as template:
            self._word: WordDocument = docx.Document(template)
        section = self._word.sections[0]
        _set_page(section, self._pages["title"])
        section.header.paragraphs[0].text = cut(single_line(document.title), _HEADER_EMS)
        self._tables = Tables(self._word)
        self.drawings: list[Drawing] = []
        self._heatmaps = chain.from_iterable(self._heatmaps_of(section.figures) for section in document.sections)
        self._headings: list[tuple[int, str, str]] = []
        self._figures = 0
        self._kind: PageKind = "title"

    def write(self) -> bytes:
        """The bytes of the file."""
        self._title_page()
        if self._document.brief:
            for section in self._document.sections:
                for number, block in enumerate(section.blocks):
                    self._block(block, 1, next(iter(section.blocks[number + 1 :]), None))
        else:
            self._turn("upright")
            self._add("TOCHeading", "Contents")
            contents = self._add("EndofSection")
            for number, section in enumerate(self._document.sections):
                self._section(section, is_first=number == 0)
            self._contents(contents)
        return saved(self._word, printable(self._document.title), printable(self._document.author))

    def _add(self, style: str, text: str = "") -> WordParagraph:
        """A paragraph, by the id of its style: looking it up by name takes python-docx 1 ms each time."""
        paragraph = self._word.add_paragraph(safe(text))
        paragraph._p.style = style
        return paragraph

    def _title_page(self) -> None:
        document = self._document
        if document.logo is not None:
            add_logo(self._add("Picture"), document.logo)
        title = self._add("Title")
        above = _TITLE_TOP if document.logo is None and document.chart is None else _TITLE_TOP_WITH_LOGO
        title.paragraph_format.space_before = Pt(0 if document.brief else above)
        wide = ems(printable(document.title))
        sizes = (size for size, lines in _TITLES if wide * size <= lines * TEXT_WIDTH)
        title.add_run(joined_numbers(_one_line(document.title))).font.size = Pt(next(sizes, _SMALLEST_TITLE))
        # A no-break space keeps the last word from standing alone on a line.
        self._add("Subtitle", "\u00a0".join(_one_line(document.subtitle).rsplit(" ", 1)))
        if document.numbers is not None:
            add_numbers(self._word, document.numbers, TEXT_WIDTH)
        if document.picture is not None:
            picture = document.picture
            width = TEXT_WIDTH * (1 if document.chart is None else _BESIDE_CHART)
            self._drawing(thumbnail(picture.view, width, single_line(picture.caption), picture.marked), last=True)
        if document.chart is not None:
            self._add("Note", document.chart.caption).paragraph_format.keep_with_next = True
            self._drawing(draw(document.chart, TEXT_WIDTH, _SMALL_CHART), last=True)
        add_facts(self._word, document.about, TEXT_WIDTH)

    def _contents(self, end: WordParagraph) -> None:
        """Fill in the contents before a paragraph; Word adds page numbers when it is asked to update the field."""
        instruction = element("instrText")
        instruction.text = f'TOC \\o "1-{_CONTENTS_LEVELS}" \\h \\z'
        start = [_field_mark("begin"), element("r", instruction), _field_mark("separate")]
        for level, text, name in self._headings:
            if level <= _CONTENTS_LEVELS:
                entry = end.insert_paragraph_before()
                entry._p.style = f"toc{level}"
                entry._p.extend(start)
                start = []
                add_reference(entry, text, name)
        end._p.extend([*start, _field_mark("end")])

    def _turn(self, kind: PageKind) -> bool:
        """Go on with pages of a kind; whether that starts a new page."""
        if kind == self._kind:
            return False
        section = self._word.add_section(WD_SECTION.NEW_PAGE)
        section.different_first_page_header_footer = False
        _set_page(section, self._pages[kind])
        # python-docx ends the section with an extra paragraph, which would take a line, or a page.
        mark = cast("CT_P", self._word.element.body[-2])
        last = mark.getprevious()
        if isinstance(last, CT_P):
            last.set_sectPr(mark.pPr.sectPr)  # type: ignore[union-attr,arg-type]  # it has both
            self._word.element.body.remove(mark)
        else:
            mark.style = "EndofSection"
        self._kind = kind
        return True

    def _section(self, section: Section, *, is_first: bool) -> None:
        kinds = self._kinds(section.blocks)
        is_top = self._turn(kinds[0] if kinds else "upright")
        breaks = not is_top and (is_first or kinds[:1] == ["wide"] or section.id == "appendix")
        self._heading(1, section.title, is_top=is_top, breaks=breaks)
        level = 2
        for number, (block, kind) in enumerate(zip(section.blocks, kinds, strict=True)):
            turns = self._turn(kind)
            if isinstance(block, Figure):
                is_top = turns or number == 0
                self._heading(level, block.title, is_top=is_top, breaks=not is_top)
                self._drawing(next(self._heatmaps))
                self._caption(block.caption or block.title)
            elif isinstance(block, Heading):
                level = 3
                self._heading(2, block.text)
            else:
                self._block(block, level, next(iter(section.blocks[number + 1 :]), None))

    def _heading(self, level: int, text: str, *, is_top: bool = False, breaks: bool = False) -> None:
        """A heading that the contents lead to; `breaks`: on a new page."""
        text = _one_line(text)
        paragraph = self._add(f"Heading{level}", text)
        number = len(self._headings) + 1
        name = f"_Toc{number:08d}"
        add_bookmark(paragraph, name, number)
        self._headings.append((level, text, name))
        if breaks:
            paragraph.paragraph_format.page_break_before = True
        if is_top or breaks:
            paragraph.paragraph_format.space_before = Pt(0)

    def _kinds(self, blocks: Sequence[Block]) -> list[PageKind]:
        """The page of each block: long tables are turned one by one, others with all of their section."""
        tables = [block for block in blocks if isinstance(block, Table)]
        wide = [not self._tables.fits(table, TEXT_WIDTH) for table in tables]
        is_turned = any(turned for table, turned in zip(tables, wide, strict=True) if not table.long)
        turned_one_by_one = {id(table): turned for table, turned in zip(tables, wide, strict=True) if table.long}
        return [
            "wide"
            if isinstance(block, Figure)
            else "turned"
            if turned_one_by_one.get(id(block), is_turned)
            else "upright"
            for block in blocks
        ]

    def _block(self, block: Block, level: int, following: Block | None) -> None:
        page = self._pages[self._kind]
        match block:
            case Paragraph() | Note():
                paragraph = self._add("Note" if isinstance(block, Note) else "Normal", block.text)
                if is_sticky(block, following):
                    paragraph.paragraph_format.keep_with_next = True
            case Numbers():
                if block.title:
                    self._add("Note", block.title).paragraph_format.keep_with_next = True
                add_numbers(self._word, block, page.inner_width)
            case Facts():
                add_facts(self._word, block.texts, page.inner_width)
            case Chart():
                self._heading(level, block.title)
                self._drawing(draw(block, TEXT_WIDTH, _CAPTION))
                self._caption(block.caption)
            case Table():
                self._heading(level, block.title)
                self._tables.add(block, page.inner_width)

    def _heatmaps_of(self, figures: Sequence[Figure]) -> list[Drawing]:
        """The heatmaps of a section, without title and caption."""
        page = self._pages["wide"]
        captions = [
            math.ceil((ems(printable(figure.caption)) + _FIGURE) * _CAPTION * 1.05 / page.inner_width)
            for figure in figures
        ]
        lines = min(max(captions, default=1), _MOST_CAPTION)
        return heatmaps(figures, page.inner_width, page.inner_height - _AROUND_HEATMAP - lines * _CAPTION_LINE)

    def _drawing(self, drawing: Drawing, *, last: bool = False) -> None:
        """A picture; `last`: no caption follows, with which it would be kept on one page."""
        self.drawings.append(drawing)
        paragraph = self._add("Picture")
        add_drawing(paragraph, drawing)
        if last:
            paragraph.paragraph_format.keep_with_next = False

    def _caption(self, text: str) -> None:
        self._figures += 1
        caption = self._add("Caption", "Figure ")
        add_field(caption, "SEQ Figure \\* ARABIC", str(self._figures))
        caption.add_run(safe(f". {text}"))


def _set_page(section: WordSection, page: _Page) -> None:
    section.page_width, section.page_height = Pt(page.width), Pt(page.height)
    section.orientation = WD_ORIENT.LANDSCAPE if page.width > page.height else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Pt(page.side)
    section.top_margin, section.bottom_margin = Pt(page.top), Pt(page.bottom)
    section.header_distance = section.footer_distance = Pt(page.edge)


def _one_line(text: str) -> str:
    return " ".join(printable(" ".join(text.split())).split())


def _field_mark(kind: str) -> BaseOxmlElement:
    return element("r", element("fldChar", fldCharType=kind))
