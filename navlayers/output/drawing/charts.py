"""Charts of documents: shares of a series as bars, of two as dumbbells, of several as panels; lines, flows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.lines import single_line
from navlayers._text.numbers import percent_text
from navlayers.layer.ramps import UNCOVERED
from navlayers.output.document import Shares, Trend
from navlayers.output.drawing.flow import draw_flow
from navlayers.output.drawing.font import CAP, cut, ems
from navlayers.output.drawing.shapes import Drawing, Group, Rect, Shape, Text
from navlayers.output.drawing.theme import THEMES
from navlayers.output.drawing.trend import draw_trend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Chart

_THEME = THEMES["light"]

_NARROW = 32
"""Widths of fewer sizes of text have names above what they name."""

# The rest in sizes of text. A percentage with its space; rows; dots; tracks; space between panels; the least panel.
_FIGURE, _GAP, _SMALL = 3.2, 1.5, 0.9
_ROW, _HIGH_ROW = 1.75, 3.0
_DOT, _INNER = 0.46, 0.34
_BAR, _LINE, _MARKER = 0.28, 0.06, 0.7
_BETWEEN, _PANEL, _WIDEST_NAME = 1.2, 6.6, 14.0

_SCALES = ((25, 5), (50, 10), (100, 25))
"""Ends of the axis in percent, and the distance of its marks."""


class _Axis(NamedTuple):
    """Percent from `left` to `right`, up to `end`, with a mark at each `step`."""

    left: float
    right: float
    end: int
    step: int

    def x_of(self, percent: float) -> float:
        return self.left + (self.right - self.left) * percent / self.end

    @property
    def marks(self) -> range:
        return range(0, self.end + 1, self.step)


def draw(chart: Chart, width: float, size: float) -> Drawing:
    """A chart as a drawing, without its title and caption.

    One series is bars, two are dumbbells, others panels of bars; shares over time are lines. Narrow drawings
    have names above what they name, or fewer panels side by side.

    Args:
        chart: the chart.
        width: the width of the drawing in points; its height follows.
        size: the size of its text in points.

    Returns:
        The drawing, with the title and caption as alternative text.
    """
    plot = chart.plot
    if isinstance(plot, Trend):
        groups, height = draw_trend(plot, width, size)
    elif not isinstance(plot, Shares):
        groups, height = draw_flow(plot, width, size)
    elif len(plot.series) == 1:
        groups, height = _bars(plot, width, size)
    elif len(plot.series) == 2:
        groups, height = _dumbbells(plot, width, size)
    else:
        groups, height = _panels(plot, width, size)
    title = single_line(chart.title)
    return Drawing(width, round(height, 2), title, single_line(chart.caption), _THEME.page, groups)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _scale(shares: Shares) -> tuple[int, int]:
    most = max((_percent(part, whole) for _, whole, parts in shares.rows for part in parts), default=0.0)
    return next(scale for scale in _SCALES if most <= scale[0])


def _names(shares: Shares, size: float) -> float:
    """The width of the names of rows."""
    return min(max((ems(name) for name, _, _ in shares.rows), default=0.0), _WIDEST_NAME) * size


def _bars(shares: Shares, width: float, size: float) -> tuple[tuple[Group, ...], float]:
    """A bar per row, the rest of the whole behind it, and a mark before the names of some rows."""
    fractions = [f"{parts[0]:,} of {whole:,}" for _, whole, parts in shares.rows]
    after = max(map(ems, fractions), default=0.0) * _SMALL * size
    indent = _MARKER * size if shares.marked else 0.0
    left = indent + _names(shares, size) + _GAP / 2 * size
    right = width - after - (_FIGURE + _GAP) * size
    pitch, top = _ROW * size, 2 * _ROW * size if width < _NARROW * size else _ROW * size
    groups = [Group("legend", "", tuple(_key(shares, width, size)))]
    for number, (name, whole, parts) in enumerate(shares.rows):
        y, marked = top + number * pitch, name in shares.marked
        base = y + pitch / 2 + CAP * size / 2
        end = left + (right - left) * _percent(parts[0], whole) / 100
        shapes: list[Shape] = [Text(indent, base, cut(name, _WIDEST_NAME), size, _THEME.ink)]
        if marked:
            shapes.append(Rect(0, y + pitch * 0.2, _MARKER / 2 * size, pitch * 0.6, UNCOVERED))
        if end < right:
            shapes += _rest(shares, end, y + pitch * 0.2, right - end, pitch * 0.6, size)
        if end > left:
            shapes.append(Rect(left, y + pitch * 0.2, end - left, pitch * 0.6, shares.colors[0]))
        share = percent_text(parts[0], whole)
        shapes.append(Text(right + _FIGURE * size, base, share, size, _THEME.ink, "end"))
        shapes.append(Text(width, base, fractions[number], _SMALL * size, _THEME.muted, "end"))
        groups.append(Group(f"row{number + 1}", _tip(shares, name, whole, parts), tuple(shapes)))
    return tuple(groups), top + len(shares.rows) * pitch


def _key(shares: Shares, width: float, size: float) -> Iterator[Shape]:
    """The colors of bars and their rest, and the mark, on a second line where the first is full."""
    x, y, small = 0.0, 0.0, _SMALL * size
    for number, label in enumerate((*shares.series, shares.rest[0], *([shares.mark] if shares.marked else []))):
        wide = 1.6 * small + ems(label) * small
        if x and x + wide > width:
            x, y = 0.0, y + _ROW * size
        top = y + (_ROW * size - small) / 2 - 0.1 * size
        if number == 0:
            yield Rect(x, top, small, small, shares.colors[0])
        elif number == 1:
            yield from _rest(shares, x, top, small, small, size)
        else:
            yield Rect(x + small - _MARKER / 2 * size, top, _MARKER / 2 * size, small, UNCOVERED)
        yield Text(x + 1.5 * small, y + _ROW * size / 2 + CAP * small / 2 - 0.1 * size, label, small, _THEME.muted)
        x += wide + _GAP * size


def _rest(shares: Shares, x: float, y: float, width: float, height: float, size: float) -> Iterator[Shape]:
    """What is not covered: in its color, or as an outline."""
    line = _LINE * size
    yield Rect(x, y, width, height, shares.rest[1] or _THEME.rule)
    if not shares.rest[1] and width > 2 * line:
        yield Rect(x + line, y + line, width - 2 * line, height - 2 * line, _THEME.page)


def _dumbbells(shares: Shares, width: float, size: float) -> tuple[tuple[Group, ...], float]:
    """A line per row with a dot for the first series and a ring for the second, between their percentages."""
    stacked = width < _NARROW * size
    left = (0.0 if stacked else _names(shares, size) + _GAP * size) + _FIGURE * size
    axis = _Axis(left, width - _FIGURE * size, *_scale(shares))
    pitch = size * (_HIGH_ROW if stacked else _ROW)
    groups = list(_legend(shares, width, size))
    top = (len(groups) if stacked else 1) * _ROW * size
    groups = groups if stacked else [Group("series", "", tuple(s for group in groups for s in group.shapes))]
    top += 1.5 * size
    down = top + len(shares.rows) * pitch
    groups.append(Group("axis", "", tuple(_grid(axis, top, down, size))))
    for number, (name, whole, parts) in enumerate(shares.rows):
        middle = top + number * pitch + (pitch - _ROW * size / 2 if stacked else pitch / 2)
        base = middle + CAP * size / 2
        label = (
            Text(0, base - 1.4 * size, cut(name, width / size), size, _THEME.ink)
            if stacked
            else Text(0, base, cut(name, _WIDEST_NAME), size, _THEME.ink)
        )
        shapes = (label, *_dumbbell(shares, whole, parts, axis, middle, size))
        groups.append(Group(f"row{number + 1}", _tip(shares, name, whole, parts), shapes))
    return tuple(groups), down + 0.3 * size


def _legend(shares: Shares, width: float, size: float) -> Iterator[Group]:
    """The names of the two series with their marks: side by side, or below each other if the drawing is narrow."""
    stacked = width < _NARROW * size
    x, room = 0.0, (width if stacked else width / 2) / size - 2 * _GAP
    for number, name in enumerate(shares.series):
        middle = (number if stacked else 0) * _ROW * size + _ROW * size / 2
        text = cut(single_line(name), room)
        marks = _mark(number, x + _DOT * size, middle, size, shares.colors[number])
        label = Text(x + 1.5 * size, middle + CAP * size / 2, text, size, _THEME.ink)
        yield Group(f"series{number + 1}", "", (*marks, label))
        x += 0.0 if stacked else (ems(text) + 1.5 + 2 * _GAP) * size


def _grid(axis: _Axis, top: float, down: float, size: float) -> Iterator[Shape]:
    """The marks of the axis, and a line for each."""
    small, line = _SMALL * size, _LINE * size
    for mark in axis.marks:
        x = axis.x_of(mark)
        yield Rect(x - line / 2, top - 0.2 * size, line, down - top + 0.2 * size, _THEME.border)
        yield Text(x, top - 0.5 * size, f"{mark}%", small, _THEME.muted, "middle")


def _dumbbell(
    shares: Shares, whole: int, parts: Sequence[int], axis: _Axis, middle: float, size: float
) -> Iterator[Shape]:
    values = [_percent(part, whole) for part in parts]
    places = [axis.x_of(value) for value in values]
    low, high = min(places), max(places)
    bar, base, small = _BAR * size, middle + CAP * _SMALL * size / 2, _SMALL * size
    if low < high:
        yield Rect(low, middle - bar / 2, high - low, bar, _THEME.rule)
    for number in (1, 0):
        yield from _mark(number, places[number], middle, size, shares.colors[number])
    beside = 0.8 * size
    lower, higher = (percent_text(part, whole) for part in sorted(parts))
    if lower != higher:
        yield Text(low - beside, base, lower, small, _THEME.ink, "end")
    yield Text(high + beside, base, higher, small, _THEME.ink)


def _mark(series: int, x: float, y: float, size: float, color: str) -> Iterator[Shape]:
    """The dot of the first series, which fits into the ring of the second."""
    if series:
        yield _disc(x, y, _DOT * size, color)
        yield _disc(x, y, _INNER * size, _THEME.page)
    else:
        yield _disc(x, y, _INNER * size, color)


def _disc(x: float, y: float, radius: float, fill: str) -> Rect:
    return Rect(x - radius, y - radius, 2 * radius, 2 * radius, fill, radius=radius)


def _tip(shares: Shares, name: str, whole: int, parts: Sequence[int]) -> str:
    return "\n".join(
        [name, *(f"{series}: {part} of {whole}" for series, part in zip(shares.series, parts, strict=True))]
    )


def _panels(shares: Shares, width: float, size: float) -> tuple[tuple[Group, ...], float]:
    """A panel of bars per series, as many side by side as fit; the highest bar of each row has a bold figure."""
    names = _names(shares, size)
    room, gap = width - names, _BETWEEN * size
    count = len(shares.series)
    beside = max(int(room / (_PANEL * size + gap)), 1)
    beside = math.ceil(count / math.ceil(count / beside))
    panel = room / beside - gap
    end, _ = _scale(shares)
    pitch = _ROW * size
    groups: list[Group] = []
    top = 0.0
    for start in range(0, count, beside):
        rows = top + 1.9 * size
        down = rows + len(shares.rows) * pitch
        labels = (
            Text(0, rows + (n + 0.5) * pitch + CAP * size / 2, cut(name, _WIDEST_NAME), size, _THEME.ink)
            for n, (name, _, _) in enumerate(shares.rows)
        )
        groups.append(Group(f"names{len(groups) + 1}", "", tuple(labels)))
        for place, series in enumerate(range(start, min(start + beside, count))):
            left = names + gap + place * (panel + gap)
            axis = _Axis(left, left + panel - _FIGURE * size, end, end)
            shapes = tuple(_panel(shares, series, axis, (top, rows, down), size))
            title = f"{shares.series[series]}: 0–{end}%"
            groups.append(Group(f"panel{series + 1}", title, shapes))
        top = down + 2.4 * size
    return tuple(groups), top - size


def _panel(
    shares: Shares, series: int, axis: _Axis, lines: tuple[float, float, float], size: float
) -> Iterator[Shape]:
    """A panel: its name, a bar and a figure per row, the axis; `lines`: its top, its rows, their end."""
    top, rows, down = lines
    pitch, line, small = _ROW * size, _LINE * size, _SMALL * size
    name = cut(single_line(shares.series[series]), (axis.right - axis.left) / size + _FIGURE)
    yield Text(axis.left, top + size, name, size, _THEME.ink, strong=True)
    for mark in axis.marks:
        yield Rect(axis.x_of(mark) - line / 2, rows, line, down - rows, _THEME.border)
        yield Text(axis.x_of(mark), down + size, f"{mark}%", small, _THEME.muted, "middle" if mark else "start")
    for number, (_, whole, parts) in enumerate(shares.rows):
        middle = rows + (number + 0.5) * pitch
        part = parts[series]
        high = 0.55 * pitch
        if part:
            bar = axis.x_of(_percent(part, whole)) - axis.left
            yield Rect(axis.left, middle - high / 2, bar, high, shares.colors[series])
        end = axis.x_of(_percent(part, whole)) + 0.4 * size
        ink = _THEME.ink if part else _THEME.muted
        is_most = part > 0 and part == max(parts)
        base = middle + CAP * small / 2
        yield Text(end, base, percent_text(part, whole), small, ink, strong=is_most)
