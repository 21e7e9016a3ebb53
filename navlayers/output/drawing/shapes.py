"""Drawings of rectangles, lines, ribbons and texts in groups with id and title, and drawings as SVG."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias
from xml.sax.saxutils import escape

import msgspec

from navlayers.output.drawing.font import BOLD_FAMILY, FAMILY, ems, is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Characters that XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES = {'"': "&quot;", "'": "&#39;"}

# The opacity of ribbons, which cross each other.
_RIBBON = 0.5

# A longer text states its width: machines without Helvetica and its like would draw it over its neighbors.
_SHORT = 4


class Rect(msgspec.Struct, frozen=True):
    """A rectangle; lengths in points, colors as `#rrggbb`, `stroke` "" for none; `radius` rounds its corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str = ""
    line: float = 0.5
    radius: float = 0


class Line(msgspec.Struct, frozen=True):
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    stroke: str
    line: float = 0.5


class Text(msgspec.Struct, frozen=True):
    """A line of text: `x` is its start, middle or end, depending on `anchor`; `y` is its baseline.

    `strong` text is as wide as other text.
    """

    x: float
    y: float
    text: str
    size: float
    fill: str
    anchor: Literal["start", "middle", "end"] = "start"
    strong: bool = False


class Ribbon(msgspec.Struct, frozen=True):
    """A see-through band from its left end to its right one, whose upper corners are (x1, y1) and (x2, y2)."""

    x1: float
    y1: float
    x2: float
    y2: float
    height: float
    fill: str


Shape: TypeAlias = Rect | Line | Text | Ribbon


class Group(msgspec.Struct, frozen=True):
    """Shapes that form a unit: `id` is unique in the picture, `title` is the tooltip."""

    id: str
    title: str
    shapes: tuple[Shape, ...]


class Drawing(msgspec.Struct, frozen=True):
    """One page, in points; `title` and `description` are its alternative text."""

    width: float
    height: float
    title: str
    description: str
    background: str
    groups: tuple[Group, ...]


def to_svg(drawing: Drawing, *, fixed: bool = True) -> bytes:
    """The drawing as SVG in UTF-8, its size in points: shapes and text that all readers of SVG draw alike.

    `fixed`: texts state their widths, for readers that may lack the font.
    """
    return "\n".join(_lines(drawing, fixed=fixed)).encode() + b"\n"


def inline_svg(drawing: Drawing, paint: Callable[[str], str], kind: str) -> str:
    """The drawing as an element of HTML without ids, for pictures of filled shapes.

    Args:
        drawing: the drawing.
        paint: color → the attribute that fills a shape with it.
        kind: the class of the element.

    Returns:
        The element, its text escaped.
    """
    label = f"{drawing.title}. {drawing.description}" if drawing.title else drawing.description
    body = (
        f"<g>{_titled(group)}{''.join(_shape(shape, paint, fixed=True) for shape in group.shapes)}</g>"
        for group in drawing.groups
    )
    return svg_element("".join(body), kind, label, (drawing.width, drawing.height), f' font-family="{FAMILY}"')


def svg_element(body: str, kind: str, label: str, size: tuple[float, float], more: str = "") -> str:
    """A picture as an element of HTML.

    Args:
        body: its shapes as SVG.
        kind: its class.
        label: what it shows, for those who cannot see it.
        size: its width and height.
        more: further attributes, with a space before each.

    Returns:
        The element, its label escaped.
    """
    box = " ".join(map(_number, size))
    return f'<svg class="{kind}" role="img" aria-label="{_escape(label)}" viewBox="0 0 {box}"{more}>{body}</svg>'


def _lines(drawing: Drawing, *, fixed: bool) -> Iterator[str]:
    # Six decimals: pages that become PNG are cut to whole pixels.
    width, height = (f"{side:.6f}".rstrip("0").rstrip(".") for side in (drawing.width, drawing.height))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="{FAMILY}">'
    )
    yield f"<title>{_escape(drawing.title)}</title>"
    yield f"<desc>{_escape(drawing.description)}</desc>"
    yield f'<rect width="{width}" height="{height}" fill="{drawing.background}"/>'
    for group in drawing.groups:
        shapes = "".join(_shape(shape, _filled, fixed=fixed) for shape in group.shapes)
        yield f'<g id="{_escape(group.id)}">{_titled(group)}{shapes}</g>'
    yield "</svg>"


def _titled(group: Group) -> str:
    return f"<title>{_escape(group.title)}</title>" if group.title else ""


def _filled(color: str) -> str:
    return f'fill="{color}"'


def _shape(shape: Shape, paint: Callable[[str], str], *, fixed: bool) -> str:
    """A shape as an element; `fixed`: texts state their widths, as a bold face is wider."""
    if isinstance(shape, Rect):
        stroke = f' stroke="{shape.stroke}" stroke-width="{_number(shape.line)}"' if shape.stroke else ""
        corners = f' rx="{_number(shape.radius)}"' if shape.radius else ""
        return (
            f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}" '
            f'height="{_number(shape.height)}"{corners} {paint(shape.fill)}{stroke}/>'
        )
    if isinstance(shape, Line):
        return (
            f'<line x1="{_number(shape.x1)}" y1="{_number(shape.y1)}" x2="{_number(shape.x2)}" '
            f'y2="{_number(shape.y2)}" stroke="{shape.stroke}" stroke-width="{_number(shape.line)}"/>'
        )
    if isinstance(shape, Ribbon):
        return f'<path d="{_band(shape)}" {paint(shape.fill)} fill-opacity="{_RIBBON}"/>'
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    bold = ""
    if shape.strong:
        bold = ' font-weight="600"' if fixed else f' font-family="{BOLD_FAMILY}" font-weight="600"'
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}" '
        f"{paint(shape.fill)}{anchor}{bold}{_width(shape) if fixed else ''}>{_escape(shape.text)}</text>"
    )


def _width(text: Text) -> str:
    """The width of a text that is long enough to reach its neighbors in a wider font."""
    if len(text.text) < _SHORT or not (text.text.isascii() or all(map(is_known, text.text))):
        return ""
    return f' textLength="{_number(ems(text.text) * text.size)}" lengthAdjust="spacingAndGlyphs"'


def _band(ribbon: Ribbon) -> str:
    """The outline of a ribbon: its edges are level at both ends."""
    left, right, middle = (_number(x) for x in (ribbon.x1, ribbon.x2, (ribbon.x1 + ribbon.x2) / 2))
    tops = ribbon.y1, ribbon.y2
    (top1, top2), (end1, end2) = ([_number(y + more) for y in tops] for more in (0.0, ribbon.height))
    over = f"M{left} {top1}C{middle} {top1} {middle} {top2} {right} {top2}"
    return f"{over}V{end2}C{middle} {end2} {middle} {end1} {left} {end1}Z"


@lru_cache(maxsize=1 << 14)
def _number(value: float) -> str:
    """A number with at most two decimals, which is finer than any printer."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if text[-1] == "0" else text


def _escape(text: str) -> str:
    """Text for XML 1.0 without forbidden characters."""
    return escape(text if text.isprintable() else _FORBIDDEN.sub("", text), _QUOTES)


def bottom(drawing: Drawing) -> float:
    """The lowest point of all shapes, in points; letters reach 0.22 of their size below their baseline."""
    return max(
        (
            shape.y + shape.height
            if isinstance(shape, Rect)
            else max(shape.y1, shape.y2) + shape.height
            if isinstance(shape, Ribbon)
            else max(shape.y1, shape.y2)
            if isinstance(shape, Line)
            else shape.y + 0.22 * shape.size
            for group in drawing.groups
            for shape in group.shapes
        ),
        default=0.0,
    )
