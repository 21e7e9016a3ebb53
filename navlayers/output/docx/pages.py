"""The pages of a document of Word: how large they are, their margins, their headers and footers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import clean
from navlayers.output.docx.xml import field, paragraph, root, run, said, twips
from navlayers.output.drawing.font import cut
from navlayers.output.drawing.page_sizes import MM, PAPERS

if TYPE_CHECKING:
    from navlayers.output.document import Paper
    from navlayers.output.docx.package import Package

TEXT_WIDTH = 170 * MM
"""Of upright pages, in points, whatever the paper."""

_TOP, _BOTTOM, _EDGE = 23 * MM, 20 * MM, 10 * MM
_WIDE_SIDE, _WIDE_TOP, _WIDE_BOTTOM, _WIDE_EDGE = 12 * MM, 14 * MM, 13 * MM, 7 * MM
_HEADER = 55.0
"""How long the title at the top of pages may be, in sizes of its text."""


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


def upright(paper: Paper) -> Page:
    """The page of texts and tables."""
    width, height = PAPERS[paper].short * MM, PAPERS[paper].long * MM
    return Page(width, height, (width - TEXT_WIDTH) / 2, _TOP, _BOTTOM, _EDGE)


def turned(page: Page) -> Page:
    """The page lying on its side, for tables that are wider than it."""
    return page._replace(width=page.height, height=page.width)


def wide(paper: Paper) -> Page:
    """The page of heatmaps."""
    width, height = PAPERS[paper].long * MM, PAPERS[paper].short * MM
    return Page(width, height, _WIDE_SIDE, _WIDE_TOP, _WIDE_BOTTOM, _WIDE_EDGE)


class Ends:
    """What stands at the top and the bottom of every page but the first, and how sections refer to it."""

    def __init__(self, package: Package, title: str) -> None:
        head = cut(clean(title), _HEADER)
        foot = f"{run('Page ')}{field('PAGE', '1')}{run(' of ')}{field('NUMPAGES', '1')}"
        header = package.part("header", root("hdr", said("Header", head)))
        footer = package.part("footer", root("ftr", paragraph("Footer", foot)))
        self._references = (
            f'<w:headerReference w:type="default" r:id="{header}"/>'
            f'<w:footerReference w:type="default" r:id="{footer}"/>'
        )

    def section(self, page: Page, *, title_page: bool = False) -> str:
        """The properties of a section, which begins on a new page; that of the title page has neither."""
        turned = ' w:orient="landscape"' if page.width > page.height else ""
        margins = {"top": page.top, "right": page.side, "bottom": page.bottom, "left": page.side}
        margins |= {"header": page.edge, "footer": page.edge, "gutter": 0}
        told = "".join(f' w:{name}="{twips(points)}"' for name, points in margins.items())
        return (
            f"<w:sectPr>{self._references}"
            '<w:type w:val="nextPage"/>'
            f'<w:pgSz w:w="{twips(page.width)}" w:h="{twips(page.height)}"{turned}/>'
            f'<w:pgMar{told}/><w:cols w:space="720"/>{"<w:titlePg/>" if title_page else ""}</w:sectPr>'
        )
