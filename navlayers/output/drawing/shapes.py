"""Drawings of rectangles, lines and texts in groups with id and title, and drawings as SVG."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias
from xml.sax.saxutils import escape

import msgspec

from navlayers.output.drawing.font import FAMILY

if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters that XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES = {'"': "&quot;", "'": "&#39;"}

# Strong text has a stroke (in ems) instead of a bold face: it looks the same in every font and is no wider.
_PEN = 0.025


class Rect(msgspec.Struct, frozen=True):
    """A rectangle; lengths in points, colors as `#rrggbb`, `stroke` "" for none."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str = ""
    line: float = 0.5


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


Shape: TypeAlias = Rect | Line | Text


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


def to_svg(drawing: Drawing) -> bytes:
    """The drawing as SVG in UTF-8, its size in points: shapes and text that all readers of SVG draw alike."""
    return "\n".join(_lines(drawing)).encode() + b"\n"


def _lines(drawing: Drawing) -> Iterator[str]:
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
        yield _group(group)
    yield "</svg>"


def _group(group: Group) -> str:
    title = f"<title>{_escape(group.title)}</title>" if group.title else ""
    return f'<g id="{_escape(group.id)}">{title}{"".join(map(_shape, group.shapes))}</g>'


def _shape(shape: Shape) -> str:
    if isinstance(shape, Rect):
        stroke = f' stroke="{shape.stroke}" stroke-width="{_number(shape.line)}"' if shape.stroke else ""
        return (
            f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}" '
            f'height="{_number(shape.height)}" fill="{shape.fill}"{stroke}/>'
        )
    if isinstance(shape, Line):
        return (
            f'<line x1="{_number(shape.x1)}" y1="{_number(shape.y1)}" x2="{_number(shape.x2)}" '
            f'y2="{_number(shape.y2)}" stroke="{shape.stroke}" stroke-width="{_number(shape.line)}"/>'
        )
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    pen = f' stroke="{shape.fill}" stroke-width="{_number(shape.size * _PEN)}"' if shape.strong else ""
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}" '
        f'fill="{shape.fill}"{anchor}{pen}>{_escape(shape.text)}</text>'
    )


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
            else max(shape.y1, shape.y2)
            if isinstance(shape, Line)
            else shape.y + 0.22 * shape.size
            for group in drawing.groups
            for shape in group.shapes
        ),
        default=0.0,
    )
