"""Pictures of a document of Word: heatmaps, bars and the logo as PNG, with what they show in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import clean, plain
from navlayers.output.docx.elements import add_picture
from navlayers.output.drawing import font, typeset
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.options import Frame, RenderOptions
from navlayers.output.drawing.pictures import draw_alike
from navlayers.output.drawing.shapes import Line, Rect, Text
from navlayers.output.paper import bad_logo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.text.paragraph import Paragraph

    from navlayers.output.document import Figure, Logo
    from navlayers.output.docx.styles import Page
    from navlayers.output.drawing.shapes import Drawing, Shape

_PPI, _LOGO_PPI = 200, 300
_DESCENT = 0.22
"""Of letters below the line they stand on, in sizes."""

_LOGO_WIDTH, _LOGO_HEIGHT = 200.0, 72.0
_LOGO_POINTS = 0.75
"""Of a pixel of a logo, if it is shown as large as it is."""

_AROUND_HEATMAP, _CAPTION, _CAPTION_LINE = 72.0, 8.5, 11.0
"""The height that headings need on the page of a heatmap, the size and the leading of its caption, in points."""

_MOST_CAPTION = 5
_FIGURE = 6.0
"""Width of "Figure 1. " before a caption, in sizes."""


def add_drawing(paragraph: Paragraph, drawing: Drawing) -> None:
    """Add a drawing in its size."""
    alt = f"{drawing.title}. {drawing.description}"
    add_picture(paragraph, typeset.to_png(drawing, _PPI), (drawing.width, drawing.height), drawing.title, alt)


def add_logo(paragraph: Paragraph, logo: Logo) -> None:
    """Add a logo, no larger than it is and than fits.

    Raises:
        UsageError: the logo cannot be drawn.
    """
    share = min(_LOGO_WIDTH / logo.width, _LOGO_HEIGHT / logo.height)
    if logo.kind != "svg":
        share = min(share, _LOGO_POINTS)
    size = logo.width * share, logo.height * share
    data = _svg_as_png(logo.data, *size) if logo.kind == "svg" else logo.data
    add_picture(paragraph, data, size, "Logo", "Logo")


def heatmap_drawings(figures: Sequence[Figure], page: Page) -> list[Drawing]:
    """The heatmaps of a section, laid out alike; their titles and captions stand around them.

    What is left out for want of room is said in them.
    """
    captions = max((_caption_lines(figure, page.inner_width) for figure in figures), default=1)
    width, height = page.inner_width, page.inner_height - _AROUND_HEATMAP - captions * _CAPTION_LINE
    frame = Frame(width, height, 0, 1, width / height, headed=False)
    drawn = draw_alike([figure.view for figure in figures], RenderOptions(page="A4"), frame)
    return [
        msgspec.structs.replace(drawing, title=clean(figure.title) or "Heatmap", height=_height(drawing))
        for figure, (drawing, _) in zip(figures, drawn, strict=True)
    ]


def _caption_lines(figure: Figure, width: float) -> int:
    return min(math.ceil((ems(plain(figure.caption)) + _FIGURE) * _CAPTION * 1.05 / width), _MOST_CAPTION)


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
