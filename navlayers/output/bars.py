"""Bars as a drawing: a group of rows, each with a bar and its figures per series, above a percentage axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import single_line
from navlayers.layer.colors import WHITE, contrast
from navlayers.output.drawing.font import CAP, cut, ems, wrap
from navlayers.output.drawing.shapes import Drawing, Group, Line, Rect, Shape, Text
from navlayers.output.drawing.theme import THEMES
from navlayers.output.tables import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import BarRow, Bars

_THEME = THEMES["light"]

# In points: sizes of text (labels; series, figures and axis), line height of labels.
_LABEL, _SMALL, _LINE = 8.5, 7.5, 10.5

# In points: from one bar of a row to the next, by how many it has; the thickest bar, which takes a share of that.
_PITCHES, _BAR, _THICKEST = (14.0, 10.0, 9.0, 8.5), 0.7, 8.0

# In points: between rows, between columns, heights of a legend line and the axis, width of a tick's label.
_GAP, _BETWEEN, _LEGEND, _AXIS, _TICK = 7.0, 8, 20, 14, 30
_TICKS = ((0, 25, 50, 75, 100), (0, 50, 100), (0, 100), (0,))

# Shares of the width that labels and names of series take at most, and lines of a label.
_MOST_LABEL, _MOST_SERIES, _MOST_LINES = 0.3, 0.16, 3

# A color with less contrast to white has a border.
_LEAST_CONTRAST = 1.5
_EMPTY = "There is nothing to show."


class _Columns(NamedTuple):
    """Widths of labels and of names of series, both ends of the axis, and the right edge of counts."""

    label: float
    series: float
    left: float
    right: float
    counts: float

    def position(self, share: float) -> float:
        """The position of a share, 0–100, on the axis."""
        return self.left + min(share, 100) / 100 * (self.right - self.left)


def bars_drawing(bars: Bars, width: float) -> Drawing:
    """Bars as a picture of a width in points and the necessary height, without their title and note."""
    columns = _columns(bars, width)
    groups = []
    keys = _keys(bars, width)
    if keys:
        groups.append(Group("legend", "", tuple(shape for key in keys for shape in _key(*key))))
    top = float(_LEGEND * (keys[-1][1] + 1 if keys else 0))
    pitch = _PITCHES[min(len(bars.series), len(_PITCHES)) - 1]
    lines_beside = max(int(pitch * len(bars.series) / _LINE), _MOST_LINES)
    labels = [wrap(single_line(row.label), columns.label / _LABEL, lines_beside) for row in bars.rows]
    heights = [max(pitch * len(bars.series), _LINE * len(lines)) + _GAP for lines in labels]
    bottom = top + sum(heights)
    axis = _axis(columns, top, bottom) if bars.rows else [Text(0, top + _SMALL, _EMPTY, _SMALL, _THEME.muted)]
    groups.append(Group("axis", "", tuple(axis)))
    for number, (row, lines, height) in enumerate(zip(bars.rows, labels, heights, strict=True)):
        shapes = _row(row, bars, lines, columns, top + _GAP / 2, width, pitch)
        groups.append(Group(f"row-{number}", _words(row, bars), tuple(shapes)))
        top += height
    title = single_line(bars.title) or "Bars"
    return Drawing(width, bottom + _AXIS, title, describe(bars), _THEME.page, tuple(groups))


def bars_drawings(bars: Bars, width: float, most: float) -> tuple[Drawing, ...]:
    """Bars as pictures of at most `most` points in height if possible, with about the same number of rows."""
    for count in range(1, max(len(bars.rows), 1) + 1):
        size = math.ceil(len(bars.rows) / count) or 1
        starts = range(0, max(len(bars.rows), 1), size)
        parts = [bars_drawing(msgspec.structs.replace(bars, rows=bars.rows[i : i + size]), width) for i in starts]
        if all(part.height <= most for part in parts):
            break
    return tuple(parts)


def describe(bars: Bars) -> str:
    """The bars in words, as their alternative text."""
    return " ".join(f"{_words(row, bars)}." for row in bars.rows) or _EMPTY


def figures(covered: int, total: int) -> str:
    """How much a bar shows in words, as "12/45 · 26.7%"."""
    return " · ".join(filter(None, (f"{covered}/{total}", percent(covered, total))))


def percent(covered: int, total: int) -> str:
    """A share as tables have it, "26.7%"; "" of nothing."""
    return shown(100 * covered / total, "percent") if total else ""


def _words(row: BarRow, bars: Bars) -> str:
    parts = [
        f"{single_line(series.name) if len(bars.series) > 1 else ''} {figures(number, row.total)}".lstrip()
        for series, number in zip(bars.series, row.covered, strict=True)
    ]
    return f"{single_line(row.label)}: {', '.join(parts)}"


def _row(
    row: BarRow, bars: Bars, lines: Sequence[str], columns: _Columns, top: float, width: float, pitch: float
) -> Iterator[Shape]:
    first = top + pitch / 2 + CAP * _LABEL / 2
    for number, line in enumerate(lines):
        yield Text(0, first + number * _LINE, line, _LABEL, _THEME.ink)
    for series, number, share in zip(bars.series, row.covered, row.shares, strict=True):
        base = top + pitch / 2 + CAP * _SMALL / 2
        if columns.series:
            name = cut(single_line(series.name), columns.series / _SMALL)
            yield Text(columns.left - _BETWEEN, base, name, _SMALL, _THEME.muted, "end")
        if share:
            height = min(_BAR * pitch, _THICKEST)
            wide = max(columns.position(share) - columns.left, 0.5)
            yield Rect(columns.left, top + (pitch - height) / 2, wide, height, series.color, _border(series.color))
        yield Text(columns.counts, base, f"{number}/{row.total}", _SMALL, _THEME.muted, "end")
        yield Text(width, base, percent(number, row.total), _SMALL, _THEME.ink, "end")
        top += pitch


def _border(color: str) -> str:
    return "" if contrast(color, WHITE) >= _LEAST_CONTRAST else _THEME.muted


def _columns(bars: Bars, width: float) -> _Columns:
    label = min(
        max((ems(single_line(row.label)) for row in bars.rows), default=0) * _LABEL + 1, _MOST_LABEL * width
    )
    series = 0.0
    if len(bars.series) > 1:
        widest = max(ems(single_line(series.name)) for series in bars.series) * _SMALL + 1
        series = min(widest, _MOST_SERIES * width)
    left = label + _BETWEEN + (series + _BETWEEN if series else 0)
    pairs = [(number, row.total) for row in bars.rows for number in row.covered]
    counts = width - _BETWEEN - max((ems(percent(*pair)) for pair in pairs), default=0) * _SMALL
    widest = max((ems(f"{number}/{total}") for number, total in pairs), default=0) * _SMALL
    return _Columns(label, series, left, counts - 2 * _BETWEEN - widest, counts)


def _axis(columns: _Columns, top: float, bottom: float) -> Iterator[Shape]:
    room = columns.right - columns.left
    for tick in next((ticks for ticks in _TICKS if _TICK * (len(ticks) - 1) <= room), ()):
        x = columns.position(tick)
        yield Line(x, top, x, bottom, _THEME.border if tick else _THEME.rule, 0.5)
        yield Text(x, bottom + _AXIS - 3, f"{tick}%", _SMALL, _THEME.muted, "middle")


def _keys(bars: Bars, width: float) -> list[tuple[float, int, str, str]]:
    """The entries of the legend: left edge, line, label, color."""
    keys = []
    x, line = 0.0, 0
    for series in bars.series:
        label = cut(single_line(series.name), (width - 14) / _SMALL)
        wide = 14 + ems(label) * _SMALL
        if x and x + wide > width:
            x, line = 0.0, line + 1
        keys.append((x, line, label, series.color))
        x += wide + 2 * _BETWEEN
    return keys


def _key(x: float, line: int, label: str, color: str) -> Iterator[Shape]:
    top = line * _LEGEND
    yield Rect(x + 0.25, top + 0.5, 9, 7, color, _border(color))
    yield Text(x + 14, top + 4 + CAP * _SMALL / 2, label, _SMALL, _THEME.ink)
