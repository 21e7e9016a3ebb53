"""Layers as a presentation: a slide each, of shapes and text that can be edited, with notes for the speaker."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.lines import single_line
from navlayers.errors import Problem, UsageError, extra
from navlayers.output.drawing import facts
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.options import Rendered
from navlayers.output.drawing.pictures import draw_alike
from navlayers.output.drawing.shapes import Line, Rect, Ribbon
from navlayers.output.drawing.summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.view import View
    from navlayers.output.drawing.options import RenderOptions
    from navlayers.output.drawing.shapes import Drawing, Text

# English Metric Units per point.
_EMU = 12700
_BLANK = 6
_LONGEST_TITLE = 255
"""Characters of a property of the document, which python-pptx limits."""

# The first moment that a zip file can hold; files of the same layers have the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)

_FONT = "Arial"
# Text boxes are much wider than their text, which other fonts set wider. They wrap, as LibreOffice centers the text
# of boxes that do not.
_WIDER = 1.6
_MOST_OPEN = 10
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_pptx(views: Sequence[View], options: RenderOptions) -> Rendered:
    """The layers as slides, in the given order.

    Raises:
        UsageError: there is no layer, or nothing fits within the margins.
    """
    # Only presentations need the library, which is slow to import.
    with extra("office"):
        from pptx import Presentation  # noqa: PLC0415

    if not views:
        raise UsageError(Problem("no layer to draw"))
    if options.page != "16:9":
        options = msgspec.structs.replace(options, page="16:9")
    pages = draw_alike(views, options)
    deck = Presentation()
    deck.core_properties.author = "navlayers"
    deck.core_properties.title = _clean(facts.title_of(facts.tabs_of(views, options)))[:_LONGEST_TITLE]
    deck.core_properties.created = deck.core_properties.modified = datetime(*_DATE[:3])
    deck.core_properties.last_modified_by = "navlayers"
    deck.core_properties.revision = 1
    for view, (drawing, _) in zip(views, pages, strict=True):
        deck.slide_width, deck.slide_height = _emu(drawing.width), _emu(drawing.height)
        slide = deck.slides.add_slide(deck.slide_layouts[_BLANK])
        _draw(slide, drawing)
        slide.notes_slide.notes_text_frame.text = _clean(_notes(view))
    buffer = BytesIO()
    deck.save(buffer)
    notices = [notice for _, each in pages for notice in each]
    return Rendered(_dated(buffer.getvalue()), tuple(notices))


def _notes(view: View) -> str:
    """What the speaker says: headline, biggest hole, description, the first techniques that are open."""
    summary = summary_of(view)
    parts = [f"{summary.number} {summary.words}: {summary.counts}."]
    parts += [f"{summary.hole.text}." if summary.hole.text else "", single_line(view.description)]
    names = summary.open_names
    if names:
        shown = names[:_MOST_OPEN]
        more = f", and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        parts.append(f"Top gaps: {', '.join(shown)}{more}.")
    return "\n".join(filter(None, parts))


def _draw(slide: Any, drawing: Drawing) -> None:
    """The shapes of a page; each has the title of its part of the picture as name."""
    fill = slide.background.fill
    fill.solid()
    fill.fore_color.rgb = _color(drawing.background)
    # Otherwise each shape looks through all others for its number.
    slide.shapes.turbo_add_enabled = True
    for group in drawing.groups:
        for shape in group.shapes:
            if isinstance(shape, Ribbon):
                raise TypeError("slides are matrices, which have no ribbons")
            drawn = _shape(slide.shapes, shape)
            drawn.name = _clean(group.title.partition("\n")[0] or group.id)


def _shape(shapes: Any, shape: Rect | Line | Text) -> Any:
    from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE  # noqa: PLC0415
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN  # noqa: PLC0415
    from pptx.util import Pt  # noqa: PLC0415

    if isinstance(shape, Rect):
        drawn = shapes.add_shape(
            MSO_SHAPE.RECTANGLE, _emu(shape.x), _emu(shape.y), _emu(shape.width), _emu(shape.height)
        )
        drawn.fill.solid()
        drawn.fill.fore_color.rgb = _color(shape.fill)
        _unstyle(drawn)
        if shape.stroke:
            drawn.line.color.rgb, drawn.line.width = _color(shape.stroke), _emu(shape.line)
        else:
            drawn.line.fill.background()
        return drawn
    if isinstance(shape, Line):
        ends = map(_emu, (shape.x1, shape.y1, shape.x2, shape.y2))
        drawn = shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *ends)
        _unstyle(drawn)
        drawn.line.color.rgb, drawn.line.width = _color(shape.stroke), _emu(shape.line)
        return drawn
    width = ems(shape.text) * shape.size * _WIDER
    left = shape.x - {"start": 0, "middle": width / 2, "end": width}[shape.anchor]
    height = shape.size * 1.3
    drawn = shapes.add_textbox(_emu(left), _emu(shape.y - shape.size * 0.99), _emu(width), _emu(height))
    frame = drawn.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
    paragraph = frame.paragraphs[0]
    paragraph.alignment = {"start": PP_ALIGN.LEFT, "middle": PP_ALIGN.CENTER, "end": PP_ALIGN.RIGHT}[shape.anchor]
    run = paragraph.add_run()
    run.text = _clean(shape.text)
    run.font.size, run.font.bold, run.font.name = Pt(round(shape.size, 1)), shape.strong, _FONT
    run.font.color.rgb = _color(shape.fill)
    return drawn


def _unstyle(drawn: Any) -> None:
    """Remove the theme's style: LibreOffice draws its shadow."""
    for style in drawn._element.findall(f"{{{drawn._element.nsmap['p']}}}style"):
        drawn._element.remove(style)


def _color(text: str) -> Any:
    from pptx.dml.color import RGBColor  # noqa: PLC0415

    make: Any = RGBColor
    return make(*bytes.fromhex(text[1:]))


def _emu(points: float) -> Any:
    return round(points * _EMU)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _dated(data: bytes) -> bytes:
    """The zip file with one date for all of its parts."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return buffer.getvalue()
