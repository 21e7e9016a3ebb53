"""SVG pictures as PNG and PDF: the same font on every machine, and the same bytes every time."""

from __future__ import annotations

import math
import struct
import zlib
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from navlayers._engines.process import EngineError, result
from navlayers._text.lines import single_line
from navlayers._text.wording import quoted
from navlayers.errors import OutputError, Problem, extra
from navlayers.output.drawing import font
from navlayers.output.drawing.shapes import Line, Text, to_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.output.drawing.shapes import Drawing, Shape

# Non-European scripts: code points from Hebrew up to the Latin and Greek extensions, and from CJK on.
_HEBREW, _LATIN_MORE, _CJK = 0x590, 0x1E00, 0x2E80

# Signs that navlayers writes and the font lacks, as strokes from their start on the baseline, and the pen, in ems.
# A fallback font would draw them in another weight and width.
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

SECONDS = 300
"""Time of a compilation; the largest files take seconds."""

_COMPILE = "navlayers._engines.compiler:compiled"

_MESSAGE_LENGTH = 300
"""Letters of the compiler's words in an error."""

# typst rounds pixels up: pages are smaller by this part of a pixel, so that 100.0004 does not become 101.
_SLACK = 0.001

# The length of the signature (8 bytes) and IHDR (25 bytes) of a PNG; pHYs goes behind them.
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
    """A drawing as PNG that states its pixels per inch, so that programs paste it in the size of the page."""
    # Whole pixels: otherwise typst blurs lines and cuts off a row of pixels.
    pixels = (math.ceil(side * ppi / 72 - 0.01) for side in (drawing.width, drawing.height))
    width, height = ((count - _SLACK) * 72 / ppi for count in pixels)
    whole = msgspec.structs.replace(drawing, width=width, height=height)
    data = _compile([whole], "png", ppi)
    return data[:_PNG_HEADER] + _density(ppi) + data[_PNG_HEADER:]


def _density(ppi: float) -> bytes:
    """The chunk pHYs (PNG, second edition, 11.3.5.3): pixels per meter in x and y, unit 1; typst writes none."""
    per_meter = round(ppi * _INCHES_PER_METER)
    chunk = b"pHYs" + struct.pack(">IIB", per_meter, per_meter, 1)
    return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))


def to_pdf(drawings: Sequence[Drawing]) -> bytes:
    """Drawings as PDF, each with a page and an outline entry."""
    return _compile(drawings, "pdf", None)


def _compile(drawings: Sequence[Drawing], format_: Literal["png", "pdf"], ppi: float | None) -> bytes:
    inputs = {"title": drawings[0].title}
    pages = []
    for number, drawing in enumerate(drawings):
        pages.append(_PAGE.format(width=drawing.width, height=drawing.height, number=number))
        inputs[f"title{number}"] = drawing.title
        inputs[f"alt{number}"] = drawing.description
        inputs[f"page{number}"] = svg(drawing).decode()
    return typst((_HEAD + "".join(pages)).encode(), format=format_, ppi=ppi, sys_inputs=inputs)


class CompilerError(OutputError):
    """The compiler gives no result.

    Attributes:
        reason: "error" is an error in the source, or of the compiler itself; the others ended the compiler.
        diagnostic: the compiler's words about the source; "" where it has none.
    """

    def __init__(self, error: EngineError) -> None:
        self.reason = error.reason
        self.diagnostic = error.diagnostic
        text, hint = single_line(str(error))[:_MESSAGE_LENGTH], "report it with the input"
        if error.reason in ("time", "memory"):
            message, hint = f"the compiler of PDF and PNG takes {text}", "choose fewer layers or sections"
        else:
            message = f"the compiler of PDF and PNG fails: {text}"
        super().__init__(Problem(message, hint=f"{hint}; SVG and HTML do not need the compiler"))


def typst(source: bytes | dict[str, bytes], *, seconds: float = SECONDS, **options: Any) -> bytes:
    """The bytes that typst makes of a source or of files, with the fonts of pictures and text, without a date.

    Raises:
        CompilerError: the compiler finds errors in the source, has one, or takes too much time or memory.
    """
    folders = (str(font.folder()), str(font.text_folder()))
    with extra("pictures"):
        try:
            data: bytes = result(_COMPILE, source, folders, options, seconds=seconds)
        except EngineError as error:
            raise CompilerError(error) from error
    return data


def svg(drawing: Drawing) -> bytes:
    """A drawing as SVG for the compiler, with signs that the font lacks as strokes."""
    return to_svg(_split(drawing), fixed=False)


def texts(drawings: Sequence[Drawing]) -> set[str]:
    """All texts of drawings."""
    return {shape.text for d in drawings for g in d.groups for shape in g.shapes if isinstance(shape, Text)}


def missing_letters(name: str, texts: Iterable[str], hint: str) -> Iterator[Problem]:
    """A notice if text is in scripts for which PNG and PDF have no letters; `name` names the file's subject."""
    letters = (char for text in texts if not text.isascii() for char in text)
    if any(_is_foreign(char) and not font.is_known(char) for char in letters):
        message = f"{quoted(name)}: the font has no letters for some of the text and draws boxes instead"
        yield Problem(message, hint=hint)


def _is_foreign(char: str) -> bool:
    """Whether a character is outside the European scripts, for which the compiler has fonts."""
    return _HEBREW <= ord(char) < _LATIN_MORE or ord(char) >= _CJK


def _split(drawing: Drawing) -> Drawing:
    """The drawing with letters that the font lacks as separate texts, or typst sets all of a text in a fallback."""
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
    wide = font.ems(shape.text) * shape.size
    left = shape.x - {"start": 0, "middle": wide / 2, "end": wide}[shape.anchor]
    for (_, sign), chars in groupby(shape.text, lambda char: (font.is_known(char), _SIGNS.get(char))):
        text = "".join(chars)
        if sign is not None:
            for char in text:
                yield from _sign(sign, left, shape)
                left += font.ems(char) * shape.size
            continue
        if text.strip():
            lead = font.ems(text[: len(text) - len(text.lstrip())]) * shape.size
            yield msgspec.structs.replace(shape, x=left + lead, text=text.strip(), anchor="start")
        left += font.ems(text) * shape.size


def _sign(strokes: Sequence[tuple[float, float, float, float]], left: float, shape: Text) -> Iterator[Line]:
    size, base = shape.size, shape.y
    pen = size * _PEN * (1.3 if shape.strong else 1)
    for x1, y1, x2, y2 in strokes:
        yield Line(left + x1 * size, base - y1 * size, left + x2 * size, base - y2 * size, shape.fill, pen)
