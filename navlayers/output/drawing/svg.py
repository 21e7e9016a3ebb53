"""A drawing as SVG: plain shapes and text that browsers, office programs and PDF makers read alike."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers.output.drawing.font import FAMILY
from navlayers.output.drawing.shapes import Drawing, Group, Line, Rect, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PEN = 0.025
_MARKUP = re.compile("[&<>\"']")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def to_svg(drawing: Drawing) -> bytes:
    """The drawing as SVG in UTF-8, its size in points."""
    return "\n".join(_lines(drawing)).encode() + b"\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    # Of a page to be turned into pixels every part of one counts, else all of it is drawn a little off.
    width, height = (f"{side:.6f}".rstrip("0").rstrip(".") for side in (drawing.width, drawing.height))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="{FAMILY}">'
    )
    yield f"<title>{escape(drawing.title)}</title>"
    yield f"<desc>{escape(drawing.description)}</desc>"
    yield f'<rect width="{width}" height="{height}" fill="{drawing.background}"/>'
    for group in drawing.groups:
        yield _group(group)
    yield "</svg>"


def _group(group: Group) -> str:
    title = f"<title>{escape(group.title)}</title>" if group.title else ""
    return f'<g id="{escape(group.id)}">{title}{"".join(map(_shape, group.shapes))}</g>'


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
    # Drawn with a pen, so that it is the same with a font that has no bold face, and no wider.
    pen = f' stroke="{shape.fill}" stroke-width="{_number(shape.size * _PEN)}"' if shape.strong else ""
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}" '
        f'fill="{shape.fill}"{anchor}{pen}>{escape(shape.text)}</text>'
    )


@lru_cache(maxsize=1 << 14)
def _number(value: float) -> str:
    """Two decimals at most, which is finer than any printer."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if text[-1] == "0" else text


def escape(text: str) -> str:
    """Text as XML 1.0 has it, without what it cannot have."""
    if not text.isprintable():
        text = _FORBIDDEN.sub("", text)
    return _MARKUP.sub(lambda found: _ENTITIES[found[0]], text)
