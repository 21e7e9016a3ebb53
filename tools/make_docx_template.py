"""Remake the template of Word reports, navlayers/output/docx/report.docx: its styles, header and footer.

The template can be changed in Word, too; `navlayers.output.docx` refers to its styles by their ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from navlayers.output.docx.elements import add_field, element, saved
from navlayers.output.docx.writer import TEMPLATE, TEXT_WIDTH

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import BaseStyle, ParagraphStyle

INK, MUTED, LINK = (RGBColor.from_string(color) for color in ("1B1F24", "59636E", "0550AE"))
RULE, HEAD_RULE = "D1D9E0", "818B98"

PARTS = ("STYLES", "SETTINGS", "FONT_TABLE", "THEME", "OFFICE_DOCUMENT", "CORE_PROPERTIES")
KEPT = frozenset(getattr(RELATIONSHIP_TYPE, name) for name in PARTS)
"""Parts of python-docx's own template that are of use; the others are a thumbnail, lists, data about its author."""

BUILT_IN = ("Normal", "Default Paragraph Font", "Normal Table", "No List")
"""Styles that a document must have; the other styles of python-docx's template have another look."""


class Style(NamedTuple):
    """A paragraph style; sizes and distances in points, `line` as a multiple of the font's own line height."""

    name: str
    size: float
    before: float = 0
    after: float = 0
    line: float = 1
    bold: bool = False
    muted: bool = False
    keep: bool = False
    custom: bool = True


STYLES = (
    Style("heading 1", 20, 28, 8, 1.05, bold=True, keep=True, custom=False),
    Style("heading 2", 13, 18, 6, 1.05, bold=True, keep=True, custom=False),
    Style("heading 3", 10.5, 12, 4, 1.05, bold=True, keep=True, custom=False),
    Style("Title", 30, 0, 8, 1.05, bold=True, custom=False),
    Style("Subtitle", 13, 0, 28, 1.1, muted=True, custom=False),
    Style("caption", 8.5, 4, 12, 1.1, muted=True, custom=False),
    Style("header", 8, muted=True, custom=False),
    Style("footer", 8, muted=True, custom=False),
    # Not based on a heading, so that the contents do not list themselves.
    Style("TOC Heading", 20, 0, 14, 1.05, bold=True, keep=True, custom=False),
    Style("toc 1", 10, 7, 1, 1.05, bold=True, keep=True, custom=False),
    Style("toc 2", 9, 0, 0, 1.05, custom=False),
    Style("Note", 8.5, 6, 8, 1.1, muted=True),
    Style("Picture", 10, 2, 2, keep=True),
    Style("End of Section", 1),
    Style("After Table", 8),
    Style("Table Text", 9, line=1.08),
    Style("Table Head", 8, line=1.08, bold=True, muted=True),
    Style("Table Text Small", 7.5, line=1.05),
    Style("Table Head Small", 6.5, line=1.08, bold=True, muted=True),
    Style("Number Value", 22, bold=True, keep=True),
    Style("Number Label", 9.5, 2, 0, 1.05, bold=True),
    Style("Number Note", 8.5, 1, 0, 1.05, muted=True),
    Style("Fact Name", 9.5, line=1.1, muted=True),
    Style("Fact Text", 9.5, line=1.1),
)


def template() -> Document:
    """A document without text; its first page has neither header nor footer."""
    document = docx.Document()
    for relationships in (document.part.rels, document.part.package.rels):
        for number, relationship in list(relationships.items()):
            if relationship.reltype not in KEPT:
                del relationships[number]
    # Word 2013 and later; python-docx's template asks for the "compatibility mode" of Word 2010.
    document.settings.element.xpath("//w:compatSetting[@w:name='compatibilityMode']")[0].set(qn("w:val"), "15")
    add_styles(document)
    (section,) = document.sections
    section.different_first_page_header_footer = True
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
    section.header.paragraphs[0].style = "header"
    foot = section.footer.paragraphs[0]
    foot.style = "footer"
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    foot.add_run("Page ")
    add_field(foot, "PAGE", "1")
    foot.add_run(" of ")
    add_field(foot, "NUMPAGES", "1")
    return document


def add_styles(document: Document) -> None:
    """Replace the template's styles."""
    styles = document.styles
    for style in list(styles):
        if style.name not in BUILT_IN:
            style.delete()
    normal = cast("ParagraphStyle", styles["Normal"])
    set_format(normal, Style("Normal", 10, 0, 6, 1.2))
    normal.font.color.rgb = INK
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), "Arial")
    for spec in STYLES:
        style = cast("ParagraphStyle", styles.add_style(spec.name, WD_STYLE_TYPE.PARAGRAPH, not spec.custom))
        style.base_style, style.quick_style = normal, not spec.custom
        set_format(style, spec)
    for level in (1, 2, 3):
        outline = element("outlineLvl", val=level - 1)
        cast("ParagraphStyle", styles[f"Heading {level}"]).element.get_or_add_pPr().append(outline)
    for level, indent in ((1, 0), (2, 12)):
        contents = cast("ParagraphStyle", styles[f"toc {level}"]).paragraph_format
        contents.left_indent = Pt(indent)
        contents.tab_stops.add_tab_stop(Pt(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER, builtin=True)
    link.font.color.rgb, link.font.underline = LINK, False
    add_table_styles(document, styles["Normal Table"])


def set_format(style: ParagraphStyle, spec: Style) -> None:
    """Give a style its look."""
    text, font = style.paragraph_format, style.font
    text.space_before, text.space_after, text.line_spacing = Pt(spec.before), Pt(spec.after), float(spec.line)
    if spec.keep:
        text.keep_with_next = text.keep_together = True
    font.size = Pt(spec.size)
    # Word takes size and weight of Hebrew and Arabic from elements of their own.
    style.element.rPr.sz.addnext(element("szCs", val=round(spec.size * 2)))
    if spec.bold:
        font.bold = font.cs_bold = True
    if spec.muted:
        font.color.rgb = MUTED


def add_table_styles(document: Document, base: BaseStyle) -> None:
    """Add the styles of tables of results, with rules between rows, and of tables that hold a layout."""
    sides = ("top", "bottom", "insideH")
    borders = [element(side, val="single", sz=4, space=0, color=RULE) for side in sides]
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
    head = [element("top", val="nil"), element("bottom", val="single", sz=8, space=0, color=HEAD_RULE)]
    document.styles["Report Table"].element.append(
        element("tblStylePr", element("tcPr", element("tcBorders", *head)), type="firstRow")
    )


if __name__ == "__main__":
    Path(str(TEMPLATE)).write_bytes(saved(template(), "", ""))
