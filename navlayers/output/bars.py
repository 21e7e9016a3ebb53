"""Bars as a drawing: a group of rows, each with a bar and its figures per series, above an axis of per cents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import clean
from navlayers.layer.colors import WHITE, contrast
from navlayers.output.drawing.font import CAP, cut, ems, wrap
from navlayers.output.drawing.shapes import Drawing, Group, Line, Rect, Shape, Text
from navlayers.output.drawing.theme import THEMES
from navlayers.output.tables import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import BarRow, Bars

_THEME = THEMES["light"]
_LABEL, _SMALL = 8.5, 7.5
"""Sizes of text: of what is counted, and of series, figures and the axis."""

_LINE = 10.5
_BAR, _PITCHES = 0.7, (14.0, 10.0, 9.0, 8.5)
"""The height of a bar as a share of the distance to the next, by how many a row has."""

_THICKEST = 8.0
_GAP = 7.0
_BETWEEN = 8
_TICKS = ((0, 25, 50, 75, 100), (0, 50, 100), (0, 100), (0,))
_TICK = 30
"""Points that a tick's label needs."""

_LEGEND, _AXIS = 20, 14
_MOST_LABEL, _MOST_SERIES = 0.3, 0.16
"""Shares of the width that labels and names of series may take."""

_LEAST_CONTRAST = 1.5
_MOST_LINES = 3
_NOTHING = "There is nothing to show."


class _Columns(NamedTuple):
    """Where what stands: widths of labels and of names of series, the ends of the axis, where counts end."""

    label: float
    series: float
    left: float
    right: float
    counts: float

    def at(self, share: float) -> float:
        """Where a share, 0–100, is on the axis."""
        return self.left + min(share, 100) / 100 * (self.right - self.left)


def bars_drawing(bars: Bars, width: float) -> Drawing:
    """Bars as a picture of that width in points, as high as they need; their title and note are not in it."""
    rows = [_Row(row, bars) for row in bars.rows]
    columns = _columns(bars, rows, width)
    groups = [Group("legend", "", tuple(_legend(bars, width)))] if bars.series else []
    top = float(_LEGEND * _legend_lines(bars, width))
    bottom = top + sum(row.height(columns.label) + _GAP for row in rows)
    groups.append(Group("axis", "", tuple(_axis(columns, top, bottom) if rows else _nothing(top))))
    for number, row in enumerate(rows):
        groups.append(Group(f"row-{number}", row.told, tuple(row.shapes(columns, top + _GAP / 2, width))))
        top += row.height(columns.label) + _GAP
    title = clean(bars.title) or "Bars"
    return Drawing(width, bottom + _AXIS, title, describe(bars), _THEME.page, tuple(groups))


def bars_drawings(bars: Bars, width: float, most: float) -> tuple[Drawing, ...]:
    """Bars as pictures that are no higher than so many points where that can be, about as many rows in each."""
    for count in range(1, max(len(bars.rows), 1) + 1):
        size = math.ceil(len(bars.rows) / count) or 1
        starts = range(0, max(len(bars.rows), 1), size)
        parts = [bars_drawing(msgspec.structs.replace(bars, rows=bars.rows[i : i + size]), width) for i in starts]
        if all(part.height <= most for part in parts):
            break
    return tuple(parts)


def describe(bars: Bars) -> str:
    """All that the bars show in words, for those who do not see them."""
    text = " ".join(f"{_Row(row, bars).told}." for row in bars.rows)
    return text or _NOTHING


def figures(covered: int, total: int) -> str:
    """How much a bar shows in words, as "12/45 · 26.7 %"."""
    return " · ".join(filter(None, (f"{covered}/{total}", percent(covered, total))))


def percent(covered: int, total: int) -> str:
    """A share as tables have it, "26.7 %"; of nothing there is none."""
    return shown(100 * covered / total, "percent") if total else ""


class _Row:
    """A row of bars: its label and the shapes of each bar."""

    def __init__(self, row: BarRow, bars: Bars) -> None:
        self._row = row
        self._series = bars.series
        self.label = clean(row.label)
        self.counts = [f"{number}/{row.total}" for number in row.covered]
        self.percents = [percent(number, row.total) for number in row.covered]

    @property
    def told(self) -> str:
        parts = [
            f"{clean(one.name) if len(self._series) > 1 else ''} {figures(number, self._row.total)}".lstrip()
            for one, number in zip(self._series, self._row.covered, strict=True)
        ]
        return f"{self.label}: {', '.join(parts)}"

    @property
    def pitch(self) -> float:
        return _PITCHES[min(len(self._series), len(_PITCHES)) - 1]

    def _lines(self, room: float) -> Sequence[str]:
        lines = max(int(self.pitch * len(self._series) / _LINE), _MOST_LINES)
        return wrap(self.label, room / _LABEL, lines)

    def height(self, room: float) -> float:
        return max(self.pitch * len(self._series), _LINE * len(self._lines(room)))

    def shapes(self, columns: _Columns, top: float, width: float) -> Iterator[Shape]:
        first = top + self.pitch / 2 + CAP * _LABEL / 2
        for number, line in enumerate(self._lines(columns.label)):
            yield Text(0, first + number * _LINE, line, _LABEL, _THEME.ink)
        for number, (series, share) in enumerate(zip(self._series, self._row.shares, strict=True)):
            base = top + self.pitch / 2 + CAP * _SMALL / 2
            if columns.series:
                name = cut(clean(series.name), columns.series / _SMALL)
                yield Text(columns.left - _BETWEEN, base, name, _SMALL, _THEME.muted, "end")
            if share:
                yield _bar(columns, share, top, self.pitch, series.color)
            yield Text(columns.counts, base, self.counts[number], _SMALL, _THEME.muted, "end")
            yield Text(width, base, self.percents[number], _SMALL, _THEME.ink, "end")
            top += self.pitch


def _bar(columns: _Columns, share: float, top: float, pitch: float, color: str) -> Rect:
    # What is hardly to be seen on white has a border.
    stroke = "" if contrast(color, WHITE) >= _LEAST_CONTRAST else _THEME.muted
    height = min(_BAR * pitch, _THICKEST)
    wide = max(columns.at(share) - columns.left, 0.5)
    return Rect(columns.left, top + (pitch - height) / 2, wide, height, color, stroke)


def _columns(bars: Bars, rows: Sequence[_Row], width: float) -> _Columns:
    label = min(max((ems(row.label) for row in rows), default=0) * _LABEL + 1, _MOST_LABEL * width)
    series = 0.0
    if len(bars.series) > 1:
        widest = max(ems(clean(one.name)) for one in bars.series) * _SMALL + 1
        series = min(widest, _MOST_SERIES * width)
    left = label + _BETWEEN + (series + _BETWEEN if series else 0)
    counts = width - _BETWEEN - max((ems(text) for row in rows for text in row.percents), default=0) * _SMALL
    right = counts - 2 * _BETWEEN - max((ems(text) for row in rows for text in row.counts), default=0) * _SMALL
    return _Columns(label, series, left, right, counts)


def _axis(columns: _Columns, top: float, bottom: float) -> Iterator[Shape]:
    room = columns.right - columns.left
    for tick in next((ticks for ticks in _TICKS if _TICK * (len(ticks) - 1) <= room), ()):
        x = columns.at(tick)
        yield Line(x, top, x, bottom, _THEME.border if tick else _THEME.rule, 0.5)
        yield Text(x, bottom + _AXIS - 3, f"{tick} %", _SMALL, _THEME.muted, "middle")


def _nothing(top: float) -> Iterator[Shape]:
    yield Text(0, top + _SMALL, _NOTHING, _SMALL, _THEME.muted)


class _Key(NamedTuple):
    """An entry of the legend and its place."""

    x: float
    line: int
    label: str
    color: str


def _keys(bars: Bars, width: float) -> Iterator[_Key]:
    x, line = 0.0, 0
    for one in bars.series:
        label = cut(clean(one.name), (width - 14) / _SMALL)
        wide = 14 + ems(label) * _SMALL
        if x and x + wide > width:
            x, line = 0.0, line + 1
        yield _Key(x, line, label, one.color)
        x += wide + 2 * _BETWEEN


def _legend_lines(bars: Bars, width: float) -> int:
    return max((key.line + 1 for key in _keys(bars, width)), default=0)


def _legend(bars: Bars, width: float) -> Iterator[Shape]:
    for key in _keys(bars, width):
        top = key.line * _LEGEND
        stroke = "" if contrast(key.color, WHITE) >= _LEAST_CONTRAST else _THEME.muted
        yield Rect(key.x + 0.25, top + 0.5, 9, 7, key.color, stroke)
        yield Text(key.x + 14, top + 4 + CAP * _SMALL / 2, key.label, _SMALL, _THEME.ink)
