"""Pictures of a document of Word: heatmaps, bars and the logo as PNG, with what they show in words."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import clean
from navlayers.output.bars import bars_drawings
from navlayers.output.docx.xml import escaped
from navlayers.output.drawing import font, typeset
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.page_sizes import Frame
from navlayers.output.drawing.pictures import draw_alike
from navlayers.output.drawing.shapes import Line, Rect, Text
from navlayers.output.paper import bad_logo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Bars, Figure, Logo
    from navlayers.output.docx.package import Package
    from navlayers.output.drawing.shapes import Drawing, Shape

_PPI = 200
_LOGO_PPI = 300
_EMU = 12_700
"""English metric units per point."""

_DESCENT = 0.22
_LOGO_WIDTH, _LOGO_HEIGHT = 200.0, 72.0
_LOGO_POINTS = 0.75
"""Of a pixel of a logo, if it is shown as large as it is."""


class Pictures:
    """The pictures of a document, each with a number of its own."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._numbers = count(1)
        self.drawings: list[Drawing] = []

    def drawing(self, drawing: Drawing) -> str:
        """A run that shows a drawing in its size."""
        self.drawings.append(drawing)
        relation = self._package.picture(typeset.to_png(drawing, _PPI), "png")
        told = f"{drawing.title}. {drawing.description}"
        return self._shown(relation, drawing.width, drawing.height, drawing.title, told)

    def logo(self, logo: Logo) -> str:
        """A run that shows a logo, no larger than it is and than fits.

        Raises:
            UsageError: the logo cannot be drawn.
        """
        share = min(_LOGO_WIDTH / logo.width, _LOGO_HEIGHT / logo.height, _LOGO_POINTS)
        width, height = logo.width * share, logo.height * share
        if logo.kind == "svg":
            share = min(_LOGO_WIDTH / logo.width, _LOGO_HEIGHT / logo.height)
            width, height = logo.width * share, logo.height * share
            relation = self._package.picture(_svg_as_png(logo.data, width, height), "png")
        else:
            relation = self._package.picture(logo.data, logo.kind)
        return self._shown(relation, width, height, "Logo", "Logo")

    def _shown(self, relation: str, width: float, height: float, title: str, told: str) -> str:
        number = next(self._numbers)
        size = f'cx="{round(width * _EMU)}" cy="{round(height * _EMU)}"'
        named = f'id="{number}" name="Picture {number}"'
        return (
            '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
            f"<wp:extent {size}/>"
            f'<wp:docPr {named} descr="{escaped(told)}" title="{escaped(title)}"/>'
            '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
            '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
            f"<pic:pic><pic:nvPicPr><pic:cNvPr {named}/><pic:cNvPicPr/></pic:nvPicPr>"
            f'<pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
            f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
            "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )


def heatmap_drawings(heatmaps: Sequence[Figure], width: float, height: float) -> list[Drawing]:
    """Heatmaps that are laid out alike, in that many points; their titles and captions stand around them.

    What is left out for want of room is said in them.
    """
    frame = Frame(width, height, 0, 1, width / height, headed=False)
    drawn = draw_alike([heatmap.view for heatmap in heatmaps], RenderOptions(page="A4"), frame)
    return [
        msgspec.structs.replace(drawing, title=clean(heatmap.title) or "Heatmap", height=_height(drawing))
        for heatmap, (drawing, _) in zip(heatmaps, drawn, strict=True)
    ]


def _height(drawing: Drawing) -> float:
    """That of what is drawn: the caption stands below it, not below what is empty."""
    bottoms = (_bottom(shape) for group in drawing.groups for shape in group.shapes)
    return min(max(bottoms, default=0) + 1, drawing.height)


def _bottom(shape: Shape) -> float:
    match shape:
        case Rect():
            return shape.y + shape.height
        case Line():
            return max(shape.y1, shape.y2)
        case Text():
            return shape.y + _DESCENT * shape.size


def bars_drawn(bars: Bars, width: float, height: float) -> Iterator[Drawing]:
    """Bars, in several drawings where one would be higher than a page."""
    yield from bars_drawings(bars, width, height)


def _svg_as_png(data: bytes, width: float, height: float) -> bytes:
    import typst  # noqa: PLC0415 - the compiler is large

    source = (
        f"#set page(width: {width:.3f}pt, height: {height:.3f}pt, margin: 0pt, fill: none)\n"
        '#set text(font: "Helvetica")\n'
        '#image(bytes(sys.inputs.logo), format: "svg", width: 100%, height: 100%, fit: "contain")'
    )
    try:
        made: bytes = typst.compile(  # type: ignore[call-overload]
            source.encode(),
            format="png",
            ppi=_LOGO_PPI,
            font_paths=[str(font.folder())],
            ignore_system_fonts=True,
            sys_inputs={"logo": data.decode("utf-8", "replace")},
            timestamp=0,
        )
    except RuntimeError as error:
        raise bad_logo() from error
    return made
