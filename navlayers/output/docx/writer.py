"""A report → a document of Word: title page, contents, sections; heatmaps on pages that lie on their side."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

from docx.shared import Pt

from navlayers._text import plain
from navlayers.output.bars import bars_drawings
from navlayers.output.document import Bars, Facts, Figure, Heading, Note, Numbers, Paragraph
from navlayers.output.docx import styles
from navlayers.output.docx.elements import add_field, add_reference, bookmark, element, safe, saved
from navlayers.output.docx.pictures import add_drawing, add_logo, heatmap_drawings
from navlayers.output.docx.styles import TEXT_WIDTH
from navlayers.output.docx.tables import Tables, add_facts, add_numbers
from navlayers.output.drawing import typeset
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.options import Rendered
from navlayers.output.paper import NO_LETTERS, is_sticky
from navlayers.output.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.text.paragraph import Paragraph as WordParagraph

    from navlayers.output.document import Block, Document, Section
    from navlayers.output.drawing.shapes import Drawing

Way: TypeAlias = Literal["title", "upright", "turned", "wide"]
"""Which page a section of the document has: of texts, upright or turned for wide tables; of heatmaps."""

_NO_BREAK = "\u00a0"
_TITLES, _SMALLEST_TITLE = ((30.0, 3), (20.0, 5)), 13.0
"""Sizes of the title, and in how many lines it has to stand to be so large."""

_AROUND_BARS = 110.0
"""Points for the heading and the note of bars."""

_FRESH = ("appendix",)
"""Sections that begin a page."""

_CONTENTS_LEVELS = 2
_TITLE_TOP, _TITLE_TOP_WITH_LOGO = 150.0, 60.0


def render(document: Document) -> Rendered:
    """The report as DOCX.

    Raises:
        UsageError: the logo cannot be drawn.
    """
    writer = _Writer(document)
    data = writer.write()
    lacking = typeset.lacking(document.title, typeset.texts(writer.drawings), NO_LETTERS)
    return Rendered(data, tuple(lacking))


def _title_size(title: str) -> float:
    """What keeps the title on its page."""
    size = ems(plain(title))
    return next((points for points, lines in _TITLES if size * points <= lines * TEXT_WIDTH), _SMALLEST_TITLE)


class _Writer:
    def __init__(self, document: Document) -> None:
        self._document = document
        upright, wide = styles.upright(document.paper), styles.wide(document.paper)
        self._pages: dict[Way, styles.Page] = {
            "title": upright,
            "upright": upright,
            "turned": upright.turned(),
            "wide": wide,
        }
        self._word = styles.new_document(document.title, upright)
        self._tables = Tables(self._word)
        self.drawings: list[Drawing] = []
        self._heatmaps = chain.from_iterable(
            heatmap_drawings(section.figures, wide) for section in document.sections
        )
        self._headings: list[tuple[int, str, str]] = []
        self._figures = 0
        self._way: Way = "title"

    def write(self) -> bytes:
        """The bytes of the file."""
        self._title_page()
        self._turn("upright")
        self._word.add_paragraph("Contents", "TOC Heading")
        contents = self._word.add_paragraph(style="End of Section")
        for number, section in enumerate(self._document.sections):
            self._section(section, is_first=number == 0)
        self._contents(contents)
        return saved(self._word, plain(self._document.title), plain(self._document.author))

    def _title_page(self) -> None:
        document = self._document
        if document.logo is not None:
            add_logo(self._word.add_paragraph(style="Picture"), document.logo)
        title = self._word.add_paragraph(style="Title")
        title.paragraph_format.space_before = Pt(_TITLE_TOP if document.logo is None else _TITLE_TOP_WITH_LOGO)
        title.add_run(_one_line(document.title)).font.size = Pt(_title_size(document.title))
        # Its last word does not stand alone on a line.
        self._word.add_paragraph(_NO_BREAK.join(_one_line(document.subtitle).rsplit(" ", 1)), "Subtitle")
        told = [("Author", document.author), ("Date", document.date), *document.facts]
        add_facts(self._word, [(name, text) for name, text in told if text], TEXT_WIDTH)

    def _contents(self, end: WordParagraph) -> None:
        """Fill in the contents before a paragraph; Word adds the pages when it is asked to update the field."""
        code = f'TOC \\o "1-{_CONTENTS_LEVELS}" \\h \\z'
        instruction = element("instrText")
        instruction.text = code
        start = [_field_mark("begin"), element("r", instruction), _field_mark("separate")]
        for level, text, name in self._headings:
            if level <= _CONTENTS_LEVELS:
                entry = end.insert_paragraph_before(style=f"toc {level}")
                entry._p.extend(start)
                start = []
                add_reference(entry, text, name)
        end._p.extend([*start, _field_mark("end")])

    def _turn(self, way: Way) -> bool:
        """Go on with other pages, if the next page is another one; whether it is."""
        if way == self._way:
            return False
        styles.start_section(self._word, self._pages[way])
        self._way = way
        return True

    def _section(self, section: Section, *, is_first: bool) -> None:
        ways = self._ways(section.blocks)
        is_top = self._turn(ways[0] if ways else "upright")
        breaks = not is_top and (is_first or ways[:1] == ["wide"] or section.id in _FRESH)
        self._heading(1, section.title, is_top=is_top, breaks=breaks)
        level = 2
        for number, (block, way) in enumerate(zip(section.blocks, ways, strict=True)):
            turns = self._turn(way)
            if isinstance(block, Figure):
                is_top = turns or number == 0
                self._heading(level, block.title, is_top=is_top, breaks=not is_top)
                self._drawing(next(self._heatmaps))
                self._caption(block.caption or block.title)
            elif isinstance(block, Heading):
                level = 3
                self._heading(2, block.text)
            else:
                follows = section.blocks[number + 1] if number + 1 < len(section.blocks) else None
                self._block(block, level, follows)

    def _heading(self, level: int, text: str, *, is_top: bool = False, breaks: bool = False) -> None:
        """A heading that the contents lead to; `breaks`: on a new page."""
        text = _one_line(text)
        paragraph = self._word.add_paragraph(text, f"Heading {level}")
        number = len(self._headings) + 1
        name = f"_Toc{number:08d}"
        bookmark(paragraph, name, number)
        self._headings.append((level, text, name))
        if breaks:
            paragraph.paragraph_format.page_break_before = True
        if is_top or breaks:
            paragraph.paragraph_format.space_before = Pt(0)

    def _ways(self, blocks: Sequence[Block]) -> list[Way]:
        """Which page each block has: long tables are turned one by one, others with all of their section."""
        short = [block for block in blocks if isinstance(block, Table) and not block.long]
        is_upright = all(self._tables.fits(table, TEXT_WIDTH) for table in short)
        return [self._way_of(block, is_upright=is_upright) for block in blocks]

    def _way_of(self, block: Block, *, is_upright: bool) -> Way:
        if isinstance(block, Figure):
            return "wide"
        if isinstance(block, Table) and block.long:
            is_upright = self._tables.fits(block, TEXT_WIDTH)
        return "upright" if is_upright else "turned"

    def _block(self, block: Block, level: int, follows: Block | None) -> None:
        page = self._pages[self._way]
        match block:
            case Paragraph() | Note():
                style = "Note" if isinstance(block, Note) else "Normal"
                made = self._word.add_paragraph(safe(block.text), style)
                if is_sticky(block, follows):
                    made.paragraph_format.keep_with_next = True
            case Numbers():
                add_numbers(self._word, block, page.inner_width)
            case Facts():
                add_facts(self._word, block.texts, page.inner_width)
            case Table():
                self._heading(level, block.title)
                self._tables.add(block, page.inner_width)
            case Bars():
                self._heading(level, block.title)
                for drawing in bars_drawings(block, page.inner_width, page.inner_height - _AROUND_BARS):
                    self._drawing(drawing)
                self._caption(block.note or block.title)

    def _drawing(self, drawing: Drawing) -> None:
        self.drawings.append(drawing)
        add_drawing(self._word.add_paragraph(style="Picture"), drawing)

    def _caption(self, text: str) -> None:
        self._figures += 1
        caption = self._word.add_paragraph("Figure ", "Caption")
        add_field(caption, "SEQ Figure \\* ARABIC", str(self._figures))
        caption.add_run(safe(f". {text}"))


def _one_line(text: str) -> str:
    return " ".join(plain(" ".join(text.split())).split())


def _field_mark(kind: str) -> BaseOxmlElement:
    return element("r", element("fldChar", fldCharType=kind))
