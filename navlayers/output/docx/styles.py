"""The look of a report in Word: its styles, its pages, what stands at their top and bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.shared import Pt, RGBColor

from navlayers._text import clean
from navlayers.output.docx.elements import add_field, element
from navlayers.output.drawing.font import cut
from navlayers.output.drawing.options import MM, PAPERS

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section
    from docx.styles.style import BaseStyle, ParagraphStyle

    from navlayers.output.document import Paper

_INK, _MUTED, _LINK = (RGBColor.from_string(color) for color in ("1B1F24", "59636E", "0550AE"))
_RULE, _HEAD_RULE = "D1D9E0", "818B98"

TEXT_WIDTH = 170 * MM
"""Of upright pages, in points, whatever the paper."""

_HEADER_EMS = 55.0
"""Longest title at the top of pages."""

_PARTS = ("STYLES", "SETTINGS", "FONT_TABLE", "THEME", "OFFICE_DOCUMENT", "CORE_PROPERTIES")
_KEPT = frozenset(getattr(RELATIONSHIP_TYPE, name) for name in _PARTS)
"""Parts of python-docx's template that are of use; the others are a thumbnail, lists, data of who made it."""


class _Style(NamedTuple):
    """A style of paragraphs; sizes and distances in points, `line` as a multiple of the font's own."""

    name: str
    size: float
    before: float = 0
    after: float = 0
    line: float = 1
    bold: bool = False
    muted: bool = False
    keep: bool = False
    base: str = "Normal"
    custom: bool = True


_STYLES = (
    _Style("heading 1", 20, 28, 8, 1.05, bold=True, keep=True, custom=False),
    _Style("heading 2", 13, 18, 6, 1.05, bold=True, keep=True, custom=False),
    _Style("heading 3", 10.5, 12, 4, 1.05, bold=True, keep=True, custom=False),
    _Style("Title", 30, 0, 8, 1.05, bold=True, custom=False),
    _Style("Subtitle", 13, 0, 28, 1.1, muted=True, custom=False),
    _Style("caption", 8.5, 4, 12, 1.1, muted=True, custom=False),
    _Style("header", 8, muted=True, custom=False),
    _Style("footer", 8, muted=True, custom=False),
    # Not based on a heading, so that the contents do not list themselves.
    _Style("TOC Heading", 20, 0, 14, 1.05, bold=True, keep=True, custom=False),
    _Style("toc 1", 10, 7, 1, 1.05, bold=True, keep=True, custom=False),
    _Style("toc 2", 9, 0, 0, 1.05, custom=False),
    _Style("Note", 8.5, 6, 8, 1.1, muted=True),
    _Style("Picture", 10, 2, 2, keep=True),
    _Style("End of Section", 1),
    _Style("After Table", 8),
    _Style("Table Text", 9, line=1.08),
    _Style("Table Head", 8, line=1.08, bold=True, muted=True),
    _Style("Table Text Small", 7.5, line=1.05),
    _Style("Table Head Small", 6.5, line=1.08, bold=True, muted=True),
    _Style("Number Value", 22, bold=True, keep=True),
    _Style("Number Label", 9.5, 2, 0, 1.05, bold=True),
    _Style("Number Note", 8.5, 1, 0, 1.05, muted=True),
    _Style("Fact Name", 9.5, line=1.1, muted=True),
    _Style("Fact Text", 9.5, line=1.1),
)
_BUILT_IN = ("Normal", "Default Paragraph Font", "Normal Table", "No List")
"""Those that a document must have; the template's other ones are of another look."""


class Page(NamedTuple):
    """A page; lengths in points. `edge`: from the edge of the paper to header and footer."""

    width: float
    height: float
    side: float
    top: float
    bottom: float
    edge: float

    @property
    def inner_width(self) -> float:
        """Between the margins."""
        return self.width - 2 * self.side

    @property
    def inner_height(self) -> float:
        """Between the margins."""
        return self.height - self.top - self.bottom

    def turned(self) -> Page:
        """The page lying on its side, for tables that are wider than it."""
        return self._replace(width=self.height, height=self.width)


def upright(paper: Paper) -> Page:
    """The page of texts and tables."""
    width, height = PAPERS[paper].short * MM, PAPERS[paper].long * MM
    return Page(width, height, (width - TEXT_WIDTH) / 2, 23 * MM, 20 * MM, 10 * MM)


def wide(paper: Paper) -> Page:
    """The page of heatmaps."""
    width, height = PAPERS[paper].long * MM, PAPERS[paper].short * MM
    return Page(width, height, 12 * MM, 14 * MM, 13 * MM, 7 * MM)


def new_document(title: str, page: Page) -> Document:
    """A document with the styles of reports; its title page, the first, has neither header nor footer."""
    document = docx.Document()
    for relationships in (document.part.rels, document.part.package.rels):
        for number, relationship in list(relationships.items()):
            if relationship.reltype not in _KEPT:
                del relationships[number]
    # Word 2013 and later, whose "compatibility mode" of 14 the template asks for.
    document.settings.element.xpath("//w:compatSetting[@w:name='compatibilityMode']")[0].set(qn("w:val"), "15")
    _add_styles(document)
    (section,) = document.sections
    _set_page(section, page)
    section.different_first_page_header_footer = True
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
    section.header.paragraphs[0].text = cut(clean(title), _HEADER_EMS)
    section.header.paragraphs[0].style = "header"
    foot = section.footer.paragraphs[0]
    foot.style = "footer"
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    foot.add_run("Page ")
    add_field(foot, "PAGE", "1")
    foot.add_run(" of ")
    add_field(foot, "NUMPAGES", "1")
    return document


def _set_page(section: Section, page: Page) -> None:
    section.page_width, section.page_height = Pt(page.width), Pt(page.height)
    section.orientation = WD_ORIENT.LANDSCAPE if page.width > page.height else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Pt(page.side)
    section.top_margin, section.bottom_margin = Pt(page.top), Pt(page.bottom)
    section.header_distance = section.footer_distance = Pt(page.edge)


def start_section(document: Document, page: Page) -> None:
    """Go on with other pages, whose header and footer are those of the section before."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.different_first_page_header_footer = False
    _set_page(section, page)
    # python-docx ends the section with a paragraph of its own, which would take a line, or a page.
    mark = cast("CT_P", document.element.body[-2])
    last = mark.getprevious()
    if isinstance(last, CT_P):
        last.set_sectPr(mark.pPr.sectPr)  # type: ignore[union-attr,arg-type]  # it has both
        document.element.body.remove(mark)
    else:
        mark.style = "EndofSection"


def _add_styles(document: Document) -> None:
    styles = document.styles
    for style in list(styles):
        if style.name not in _BUILT_IN:
            style.delete()
    normal = cast("ParagraphStyle", styles["Normal"])
    _format(normal, _Style("Normal", 10, 0, 6, 1.2))
    normal.font.color.rgb = _INK
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), "Arial")
    for spec in _STYLES:
        style = cast("ParagraphStyle", styles.add_style(spec.name, WD_STYLE_TYPE.PARAGRAPH, not spec.custom))
        style.base_style, style.quick_style = normal, not spec.custom
        _format(style, spec)
    for level in (1, 2, 3):
        outline = element("outlineLvl", val=level - 1)
        cast("ParagraphStyle", styles[f"Heading {level}"]).element.get_or_add_pPr().append(outline)
    for level, indent in ((1, 0), (2, 12)):
        contents = cast("ParagraphStyle", styles[f"toc {level}"]).paragraph_format
        contents.left_indent = Pt(indent)
        contents.tab_stops.add_tab_stop(Pt(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER, builtin=True)
    link.font.color.rgb, link.font.underline = _LINK, False
    _add_table_styles(document, styles["Normal Table"])


def _format(style: ParagraphStyle, spec: _Style) -> None:
    text, font = style.paragraph_format, style.font
    text.space_before, text.space_after, text.line_spacing = Pt(spec.before), Pt(spec.after), float(spec.line)
    if spec.keep:
        text.keep_with_next = text.keep_together = True
    font.size = Pt(spec.size)
    # Hebrew and Arabic have a size and a weight of their own.
    style.element.rPr.sz.addnext(element("szCs", val=round(spec.size * 2)))
    if spec.bold:
        font.bold = font.cs_bold = True
    if spec.muted:
        font.color.rgb = _MUTED


def _add_table_styles(document: Document, base: BaseStyle) -> None:
    """Tables of results, with rules between the rows, and those that hold a layout."""
    sides = ("top", "bottom", "insideH")
    borders = [element(side, val="single", sz=4, space=0, color=_RULE) for side in sides]
    margins = {"Report Table": (50, 80, 50, 80), "Report Layout": (40, 0, 40, 200)}
    for name, twips in margins.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.TABLE)
        style.base_style = base
        cells = [
            element(side, w=width, type="dxa")
            for side, width in zip(("top", "left", "bottom", "right"), twips, strict=True)
        ]
        properties = element("tblPr")
        if name == "Report Table":
            properties.append(element("tblBorders", *borders))
        properties.append(element("tblCellMar", *cells))
        style.element.append(properties)
    head = [element("top", val="nil"), element("bottom", val="single", sz=8, space=0, color=_HEAD_RULE)]
    document.styles["Report Table"].element.append(
        element("tblStylePr", element("tcPr", element("tcBorders", *head)), type="firstRow")
    )
