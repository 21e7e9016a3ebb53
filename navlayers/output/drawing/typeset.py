"""SVG pictures as PNG and PDF, with one font whatever the machine has, and the same bytes every time."""

from __future__ import annotations

import math
import struct
import zlib
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text import shown
from navlayers.errors import Problem
from navlayers.output.drawing import font
from navlayers.output.drawing.shapes import Line, Text, to_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.output.drawing.shapes import Drawing, Shape

# Code points of scripts beyond the European ones begin here, pause for more Latin, Greek and signs, and go on.
_HEBREW, _LATIN_MORE, _CJK = 0x590, 0x1E00, 0x2E80

# Signs that texts of navlayers use and the font lacks, as strokes from where they start on the baseline, and the
# width of the pen, in ems. Another font would draw them in another weight and width.
_PEN = 0.075
_TIP = ((0.66, 0.54, 0.9, 0.34), (0.66, 0.14, 0.9, 0.34))
_TAIL = ((0.34, 0.54, 0.1, 0.34), (0.34, 0.14, 0.1, 0.34))
_SHAFT = (0.1, 0.34, 0.9, 0.34)
_SIGNS = {
    "→": (_SHAFT, *_TIP),
    "←": (_SHAFT, *_TAIL),
    "↔": (_SHAFT, *_TIP, *_TAIL),
    "✓": ((0.15, 0.3, 0.38, 0.04), (0.36, 0.04, 0.85, 0.66)),
    "✗": ((0.2, 0.06, 0.8, 0.62), (0.2, 0.62, 0.8, 0.06)),
}

# typst rounds pixels up: a page gets this much of a pixel less, so that 100.0004 do not become 101.
_SLACK = 0.001

# Signature (8 bytes) and IHDR (25 bytes) of a PNG, after which pHYs may stand.
_PNG_HEADER = 33
_INCHES_PER_METER = 1 / 0.0254

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
    """A drawing as PNG, which states its pixels per inch so that it is pasted in the size of the page."""
    # Whole pixels: else lines between pixels are blurred, and a row of them is cut off.
    pixels = (math.ceil(side * ppi / 72 - 0.01) for side in (drawing.width, drawing.height))
    width, height = ((count - _SLACK) * 72 / ppi for count in pixels)
    whole = msgspec.structs.replace(drawing, width=width, height=height)
    made = _compile([whole], "png", ppi)
    return made[:_PNG_HEADER] + _density(ppi) + made[_PNG_HEADER:]


def _density(ppi: float) -> bytes:
    """The chunk pHYs (PNG, second edition, 11.3.5.3): pixels per meter in x and y, unit 1; typst writes none."""
    per_meter = round(ppi * _INCHES_PER_METER)
    chunk = b"pHYs" + struct.pack(">IIB", per_meter, per_meter, 1)
    return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))


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
        inputs[f"page{number}"] = svg(drawing).decode()
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


def svg(drawing: Drawing) -> bytes:
    """A drawing as SVG for the compiler: `to_svg` but for signs that the font lacks."""
    return to_svg(_parted(drawing))


def texts(drawings: Sequence[Drawing]) -> set[str]:
    """All that is written in drawings."""
    return {shape.text for d in drawings for g in d.groups for shape in g.shapes if isinstance(shape, Text)}


def lacking(name: str, texts: Iterable[str], hint: str) -> Iterator[Problem]:
    """A notice where there is text in scripts for which PNG and PDF have no letters; `name` is what it is in."""
    letters = (char for text in texts if not text.isascii() for char in text)
    if any(_is_foreign(char) and not font.is_known(char) for char in letters):
        message = f"{shown(name)}: the font has no letters for some of the text and draws boxes instead"
        yield Problem(message, hint=hint)


def _is_foreign(char: str) -> bool:
    """Whether it is neither of the European scripts nor a usual sign, which the compiler brings letters for."""
    return _HEBREW <= ord(char) < _LATIN_MORE or ord(char) >= _CJK


def _parted(drawing: Drawing) -> Drawing:
    """The drawing with what the font lacks as texts of their own: else all of a text is set in another font."""
    groups = tuple(
        msgspec.structs.replace(group, shapes=tuple(part for shape in group.shapes for part in _runs(shape)))
        if any(isinstance(shape, Text) and not shape.text.isascii() for shape in group.shapes)
        else group
        for group in drawing.groups
    )
    return msgspec.structs.replace(drawing, groups=groups)


def _runs(shape: Shape) -> Iterator[Shape]:
    if not isinstance(shape, Text) or shape.text.isascii() or all(map(font.is_known, shape.text)):
        yield shape
        return
    wide = font.width(shape.text, shape.size)
    left = shape.x - {"start": 0, "middle": wide / 2, "end": wide}[shape.anchor]
    for (_, sign), chars in groupby(shape.text, lambda char: (font.is_known(char), _SIGNS.get(char))):
        text = "".join(chars)
        if sign is not None:
            for char in text:
                yield from _sign(sign, left, shape)
                left += font.width(char, shape.size)
            continue
        if text.strip():
            lead = font.width(text[: len(text) - len(text.lstrip())], shape.size)
            yield msgspec.structs.replace(shape, x=left + lead, text=text.strip(), anchor="start")
        left += font.width(text, shape.size)


def _sign(strokes: Sequence[tuple[float, float, float, float]], left: float, shape: Text) -> Iterator[Line]:
    size, base = shape.size, shape.y
    pen = size * _PEN * (1.3 if shape.strong else 1)
    for x1, y1, x2, y2 in strokes:
        yield Line(left + x1 * size, base - y1 * size, left + x2 * size, base - y2 * size, shape.fill, pen)
