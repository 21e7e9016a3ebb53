"""What a picture is made of: rectangles, lines, texts, and groups of them that have a name and a title."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Rect(msgspec.Struct, frozen=True):
    """A rectangle; lengths in points, colours as `#rrggbb`, `stroke` "" for none."""

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
    """A line of text: `x` is where it starts, ends or has its middle, by `anchor`; `y` is its baseline.

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
    """Shapes that are one thing: `id` is unique in the picture, `title` what is told when it is pointed at."""

    id: str
    title: str
    shapes: tuple[Shape, ...]


class Drawing(msgspec.Struct, frozen=True):
    """One page, in points; `title` and `description` are for those who do not see it."""

    width: float
    height: float
    title: str
    description: str
    background: str
    groups: tuple[Group, ...]
