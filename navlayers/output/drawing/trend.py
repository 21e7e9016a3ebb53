"""Shares over time as lines with steps: a large panel, small panels, marks where something moved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import single_line
from navlayers._text.numbers import percent_text
from navlayers.output.drawing.font import CAP, cut, ems
from navlayers.output.drawing.shapes import Group, Rect, Shape, Text
from navlayers.output.drawing.theme import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Trend, TrendPoint

_THEME = THEMES["light"]

# In sizes of text: heights of panels, the room of a figure, the least width of a small panel, the space between.
_LARGE, _SMALL, _FIGURE, _PANEL, _BETWEEN = 11.0, 3.4, 3.6, 11.0, 1.6
_ROW, _TEXT, _LINE, _STEP, _DOT = 1.75, 0.9, 0.06, 0.16, 0.42

_GRIDS = (1, 2, 5, 10, 25)
"""Distances of the lines of a grid, in percent."""

_MOST_LINES = 5


class _Frame(NamedTuple):
    """Where a panel is, and the percentages at its bottom and its top."""

    left: float
    right: float
    top: float
    bottom: float
    low: float
    high: float

    def x(self, point: TrendPoint) -> float:
        return self.left + (self.right - self.left) * point.x

    def y(self, percent: float) -> float:
        return self.bottom - (self.bottom - self.top) * (percent - self.low) / (self.high - self.low)


def draw_trend(trend: Trend, width: float, size: float) -> tuple[tuple[Group, ...], float]:
    """The shapes of shares over time, and their height.

    Args:
        trend: the lines and their marks.
        width: the width of the drawing, in points.
        size: the size of its text, in points.
    """
    groups = [*_legend(trend, width, size)]
    top = (len(groups) and _ROW * size) + (0.4 + (1.5 if trend.unit and trend.large else 0)) * size
    lines = list(trend.lines)
    if trend.large:
        name, points = lines.pop(0)
        frame = _Frame(2.6 * size, width - _FIGURE * size, top, top + _LARGE * size, *_range(points))
        groups += _panel(trend, "line1", name, points, frame, size, large=True)
        top = frame.bottom + 3.4 * size
    if not lines:
        return tuple(groups), top - 1.2 * size
    beside = max(int((width + _BETWEEN * size) / ((_PANEL + _BETWEEN) * size)), 1)
    beside = math.ceil(len(lines) / math.ceil(len(lines) / beside))
    pitch = (width + _BETWEEN * size) / beside
    down = top
    for number, (name, points) in enumerate(lines):
        left, row = number % beside * pitch, number // beside
        start = top + row * (_SMALL + 3.4) * size + 1.5 * size
        right = left + pitch - (_BETWEEN + _FIGURE) * size
        frame = _Frame(left, right, start, start + _SMALL * size, 0.0, 100.0)
        groups += _panel(trend, f"line{number + 1 + trend.large}", name, points, frame, size, large=False)
        down = frame.bottom
    return tuple(groups), down + 1.6 * size


def _percent(point: TrendPoint) -> float:
    return 100 * point.part / point.whole if point.whole else 0.0


def _range(points: Sequence[TrendPoint]) -> tuple[float, float]:
    """The ends of a large axis: those of the grid around the line, with some air."""
    values = [_percent(point) for point in points] or [0.0]
    step = _grid(min(values), max(values))
    low, high = math.floor(min(values) / step) * step, math.ceil(max(values) / step) * step
    if high - low < 2 * step:
        low, high = low - step, high + step
    return max(low, 0.0), min(high, 100.0)


def _grid(low: float, high: float) -> int:
    return next((step for step in _GRIDS if (high - low) / step <= _MOST_LINES - 1), _GRIDS[-1])


def _legend(trend: Trend, width: float, size: float) -> Iterator[Group]:
    """The words for the marks, side by side; none if no point has a mark."""
    used = {point.mark for _, points in trend.lines for point in points} - {None}
    x = 0.0
    for mark, word in enumerate(trend.marks):
        if mark in used:
            middle = _ROW * size / 2
            text = cut(word, width / size / len(used) - 2)
            label = Text(x + 1.2 * size, middle + CAP * size / 2, text, size, _THEME.ink)
            yield Group(f"mark{mark + 1}", "", (*_mark(trend, mark, x + _DOT * size, middle, size), label))
            x += (ems(text) + 2.8) * size


def _panel(
    trend: Trend, key: str, name: str, points: Sequence[TrendPoint], frame: _Frame, size: float, *, large: bool
) -> Iterator[Group]:
    """The grid, the line, and a group per point, whose title says what it is."""
    yield Group(key, "", tuple(_axes(trend, name, points, frame, size, large=large)))
    line = _STEP * size if large else 0.75 * _STEP * size
    for number, (point, after) in enumerate(zip(points, [*points[1:], None], strict=True)):
        x, y = frame.x(point), frame.y(_percent(point))
        end = frame.right if after is None else frame.x(after)
        shapes: list[Shape] = [Rect(x, y - line / 2, max(end - x, line), line, trend.colors[0])]
        if after is not None:
            low, high = sorted((y, frame.y(_percent(after))))
            shapes.append(Rect(end - line / 2, low - line / 2, line, high - low + line, trend.colors[0]))
        yield Group(f"{key}-{number + 1}", point.tip, tuple(shapes))
    for number, point in enumerate(points):
        if point.mark is not None:
            scale = size if large else 0.55 * size
            shapes = list(_mark(trend, point.mark, frame.x(point), frame.y(_percent(point)), scale))
            yield Group(f"{key}-mark{number + 1}", point.tip, tuple(shapes))


def _axes(
    trend: Trend, name: str, points: Sequence[TrendPoint], frame: _Frame, size: float, *, large: bool
) -> Iterator[Shape]:
    small, line = _TEXT * size, _LINE * size
    step = _grid(frame.low, frame.high) if large else frame.high
    for number in range(round((frame.high - frame.low) / step) + 1):
        value = frame.low + number * step
        y = frame.y(value)
        yield Rect(frame.left, y - line / 2, frame.right - frame.left, line, _THEME.border)
        if large:
            yield Text(frame.left - 0.4 * size, y + CAP * small / 2, f"{value:g}%", small, _THEME.muted, "end")
    if not large:
        room = (frame.right - frame.left) / size + _FIGURE
        yield Text(frame.left, frame.top - 0.5 * size, cut(single_line(name), room), size, _THEME.ink)
    else:
        if trend.unit:
            text = cut(single_line(trend.unit), frame.right / size)
            yield Text(0, frame.top - 0.9 * size, text, small, _THEME.muted)
        base = frame.bottom + 1.3 * size
        yield Text(frame.left, base, trend.ends[0], small, _THEME.muted)
        yield Text(frame.right, base, trend.ends[1], small, _THEME.muted, "end")
    if points:
        last = points[-1]
        base = frame.y(_percent(last)) + CAP * size / 2
        text = percent_text(last.part, last.whole)
        yield Text(frame.right + 0.8 * size, base, text, size, _THEME.ink, strong=True)


def _mark(trend: Trend, mark: int, x: float, y: float, size: float) -> Iterator[Rect]:
    """A mark in its color and shape: a disc, a square, a ring."""
    radius, color = _DOT * size, trend.colors[1 + mark]
    # A rim in the color of the page sets it apart from the line.
    rounds = 0.0 if mark == 1 else 1.0
    yield _disc(x, y, 1.35 * radius, _THEME.page, rounds)
    yield _disc(x, y, radius, color, rounds)
    if mark == 2:
        yield _disc(x, y, 0.5 * radius, _THEME.page, rounds)


def _disc(x: float, y: float, radius: float, fill: str, rounds: float) -> Rect:
    return Rect(x - radius, y - radius, 2 * radius, 2 * radius, fill, radius=radius * rounds)
