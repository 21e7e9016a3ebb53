"""SVG pictures as PNG and PDF, with one font whatever the machine has, and the same bytes every time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.render import font
from navlayers.render.svg import to_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.render.drawing import Drawing

_HEAD = """#set document(title: sys.inputs.title, author: "navlayers", date: none)
#set text(font: "Helvetica")
"""
_PAGE = """#page(width: {width:.6f}pt, height: {height:.6f}pt, margin: 0pt, fill: none)[
#place(hide(heading(sys.inputs.title{number})))
#image(
  bytes(sys.inputs.page{number}), format: "svg", alt: sys.inputs.alt{number},
  width: 100%, height: 100%, fit: "stretch",
)
]
"""


def to_png(drawing: Drawing, ppi: float) -> bytes:
    """A drawing as PNG of so many pixels per inch."""
    # Pictures of whole pixels: else the rows of pixels are moved by parts of one, and some are lost.
    width, height = (math.ceil(side * ppi / 72 - 0.01) * 72 / ppi for side in (drawing.width, drawing.height))
    whole = msgspec.structs.replace(drawing, width=width, height=height)
    return _compile([whole], "png", ppi)


def to_pdf(drawings: Sequence[Drawing]) -> bytes:
    """Drawings as PDF, a page and an entry of the outline each."""
    return _compile(drawings, "pdf", None)


def _compile(drawings: Sequence[Drawing], format_: Literal["png", "pdf"], ppi: float | None) -> bytes:
    # The compiler is large, and only pictures need it.
    import typst  # noqa: PLC0415

    inputs = {"title": drawings[0].title}
    pages = []
    for number, drawing in enumerate(drawings):
        pages.append(_PAGE.format(width=drawing.width, height=drawing.height, number=number))
        inputs[f"title{number}"] = drawing.title
        inputs[f"alt{number}"] = drawing.description
        inputs[f"page{number}"] = to_svg(drawing).decode()
    made: bytes = typst.compile(  # type: ignore[misc]
        (_HEAD + "".join(pages)).encode(),
        format=format_,
        ppi=ppi,
        font_paths=[str(font.folder())],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        timestamp=0,
    )
    return made
