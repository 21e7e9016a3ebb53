"""The layout of a matrix on a page: the positions of cells and the sizes of text.

Tactics are side by side in one to three bands; long tactics take several columns. Lengths of text are in ems,
sizes of the text, so that one measurement serves every size. Heights of cells are whole tenths of a row, so that
heights of columns add up exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.lines import single_line
from navlayers.output.drawing.font import ems, rooms
from navlayers.output.drawing.options import SMALLEST
from navlayers.output.drawing.packing import Band, packer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.matrix import Matrix
    from navlayers.output.drawing.packing import Family
    from navlayers.output.drawing.theme import Look

ROW = 10
"""The height of one row, in tenths of it."""

SQUARES, SQUARES_ROW = 10, 6
"""Small squares below a technique: the number in a line, and the height of a line in tenths of a row."""

PAD, INDENT, APART = 0.4, 0.9, 0.6
"""In ems: between border and text, before sub-techniques, between a name and the score at its right."""

LEADING, MOST_LINES = 1.12, 3
"""Line height of names in ems, and their most lines; one more where a name is set smaller."""

# The free height of a cell around the lines of its name, in ems: at least, at most, on a free page.
_AIR, _MOST_AIR, _FREE_AIR = 0.26, 1.0, 0.4

# A name that is too long is set smaller, down to 58% of the size of the others: of the largest size that is
# SMALLEST. In one line more than the others have, lines are tight: free height, first line, line height, in ems.
_SMALLER, _SMALLEST = 0.84, 0.58
_TIGHT_AIR, _FIRST_LINE, _TIGHT = 0.2, 0.78, 1.06

# Sizes of text in points at A4: the largest, that of a printed footnote; the steps tried; that of a free page.
_LARGEST, _STEP, _FREE = 8.5, 0.25, 7.2

# Sizes of scores and of the names of tactics, as shares of the size of names.
_FIGURES, _HEAD = 0.86, 1.12

# A further band is one more row of heads to look through: it has to gain a twentieth in size.
_PER_BAND = 0.95

# Techniques keep their sub-techniques in their column where that makes columns no higher than so: on a page, where
# height costs size of text, and on a free page, where it is only more paper.
_HIGHER, _HIGHER_FREE = 1.05, 1.12

# Columns of a free page hold 97% of the names in one line, and are 9 to 24 ems wide; the others are set smaller.
_FREE_SHARE, _FREE_NARROWEST, _FREE_WIDEST = 0.97, 9.0, 24.0

# Rounding must not cut a name that is exactly as wide as its column, in points.
_SLACK = 0.01


class Label(NamedTuple):
    """Widths in ems: a cell's text in one line, two and so on, and the indent and score next to it."""

    rooms: tuple[float, ...]
    extra: float


class Content(NamedTuple):
    """The content of a layout: the families and the name of each tactic, and the texts of all cells."""

    tactics: tuple[tuple[Family, ...], ...]
    heads: tuple[str, ...]
    labels: tuple[Label, ...]


def content_of(matrix: Matrix, look: Look) -> Content:
    """Measure the cells and texts of a matrix."""
    tactics, labels = [], []
    for column in matrix.columns:
        families = []
        for cell in column.cells:
            subtechniques = look.subtechniques(cell)
            families.append((ROW + squares_height(len(look.small(cell))), *(ROW for _ in subtechniques)))
            for each in (cell, *subtechniques):
                figure = look.figure(each)
                extra = (INDENT if each is not cell else 0.0) + (ems(figure) + APART if figure else 0.0)
                labels.append(Label(rooms(look.label(each), MOST_LINES + 1), extra))
        tactics.append(tuple(families))
    return Content(tuple(tactics), tuple(single_line(column.name) for column in matrix.columns), tuple(labels))


def squares_height(count: int) -> int:
    """The height of small squares below a technique, in tenths of a row."""
    return SQUARES_ROW * -(-count // SQUARES)


class Layout(msgspec.Struct, frozen=True):
    """A layout; lengths in points.

    Attributes:
        bands: where the tactics are.
        width: of a column.
        gap: between columns.
        row: height of a cell.
        size: of names.
        lines: of a name.
        head: height of the head of a tactic.
        head_size: size of tactics' names.
        head_lines: lines of tactics' names.
        quality: by which layouts are compared; larger is better.
        smallest: size that no name is below.
    """

    bands: tuple[Band, ...]
    width: float
    gap: float
    row: float
    size: float
    lines: int
    head: float
    head_size: float
    head_lines: int
    quality: float
    smallest: float

    @property
    def small(self) -> float:
        """The size of scores."""
        return _small(self.size)

    def setting(self, label: Sequence[float], room: float) -> tuple[float, int, float]:
        """Size, lines and line height (in ems) of a text, given its `rooms` and the width in points."""
        ways = _settings(self.size, self.lines, self.row, self.smallest)
        return next((way for way in ways if label[way[1] - 1] * way[0] <= room), ways[-1])

    @property
    def band_gap(self) -> float:
        """The space between bands."""
        return self.gap * 2.5

    @property
    def total_width(self) -> float:
        """The width of all columns."""
        return _slots(self.bands) * (self.width + self.gap) - self.gap

    @property
    def total_height(self) -> float:
        """The height of all bands with their heads."""
        heads = len(self.bands) * (self.head + self.band_gap) - self.band_gap
        return heads + _height(self.bands) * self.row / ROW


def page_layouts(
    content: Content, width: float, height: float, unit: float, least: float, smallest: float = SMALLEST
) -> dict[int, Layout]:
    """Number of bands → the most legible layout.

    The quality of a layout is its size of text times the square of the share of names that are whole: a name that
    is cut costs more than small letters.

    Args:
        content: the cells and texts of the matrix.
        width: of the room, in points.
        height: of the room, in points.
        unit: the size of text relative to A4.
        least: the share of names, 0–1, that must not be cut.
        smallest: the least size of names, in points.
    """
    measure, packed = _Measure(content, smallest), packer(content.tactics, _HIGHER)
    layouts: list[Layout] = []
    slots = max(1, math.ceil(packed.total / ROW * smallest * (LEADING + _AIR) / max(height, 1)))
    while measure.share((width + 3 * unit) / slots - 3 * unit, smallest, MOST_LINES + 1) >= least:
        layouts += (
            layout
            for bands in packed.packings(slots)
            if (layout := measure.largest(bands, width, height, unit)) is not None
        )
        slots += 1
    best: dict[int, Layout] = {}
    for layout in sorted(layouts, key=lambda layout: -layout.quality):
        if len(layout.bands) not in best and measure.whole(layout) >= least:
            best[len(layout.bands)] = layout
    return best


def free_layout(content: Content, unit: float, aspect: float) -> Layout:
    """A layout with room for all names and about the aspect ratio (width by height)."""
    measure, packed = _Measure(content, SMALLEST), packer(content.tactics, _HIGHER_FREE)
    size, gap = _FREE * unit, 3.5 * unit
    row = size * (LEADING + _FREE_AIR)
    width = measure.free_width(size, row)

    def layout(bands: tuple[Band, ...]) -> Layout:
        head_size, head_lines, head = measure.head(bands, width, gap, size)
        return Layout(bands, width, gap, row, size, 1, head, head_size, head_lines, size, SMALLEST)

    def cost(candidate: Layout) -> tuple[float, int]:
        # Distance from the wanted shape, and empty room; the header of the page takes about 40 points.
        shape = candidate.total_width / (candidate.total_height + 40 * unit) / aspect
        waste = 1 - packed.total / (_slots(candidate.bands) * _height(candidate.bands))
        return abs(math.log(shape)) / 2 + waste + 0.15 * len(candidate.bands), len(candidate.bands)

    # The number of columns of a perfect packing with the wanted shape; real packings have a few less or more.
    middle = math.sqrt(aspect * packed.total / ROW * row / (width + gap))
    fewest = max(int(middle * 0.8), 1)
    counts = range(fewest, max(int(middle * 1.7), fewest) + len(content.tactics))
    return min((layout(bands) for slots in counts for bands in packed.packings(slots)), key=cost)


def _slots(bands: Sequence[Band]) -> int:
    return max(sum(map(len, band.columns)) for band in bands)


def _height(bands: Sequence[Band]) -> int:
    return sum(band.height for band in bands)


def _small(size: float) -> float:
    return max(SMALLEST, _FIGURES * size)


@lru_cache(maxsize=1 << 10)
def _settings(size: float, lines: int, row: float, smallest: float) -> tuple[tuple[float, int, float], ...]:
    """The ways to set a name in a cell, the best first: size, lines, line height."""
    smaller = max(smallest, _SMALLER * size)
    tight = min((row - _TIGHT_AIR * size) / (_FIRST_LINE + _TIGHT * lines), smaller)
    ways = [(size, lines, LEADING), (smaller, lines, LEADING)]
    return (*ways, (tight, lines + 1, _TIGHT)) if tight >= max(smallest, _SMALLEST * size) else tuple(ways)


class _Measure:
    """Measures how many names fit a column at a size of text."""

    def __init__(self, content: Content, smallest: float) -> None:
        self._smallest = smallest
        self._labels = content.labels
        self._heads = [ems(name) for name in content.heads]
        self._rooms = [
            sorted(label.rooms[lines] + label.extra for label in content.labels) for lines in range(MOST_LINES + 1)
        ]
        self._extra = max((label.extra for label in content.labels), default=0)
        self._word = max((ems(word) for head in content.heads for word in head.split()), default=1)

    def share(self, width: float, size: float, lines: int) -> float:
        """The share of names that are whole in a column of a width in points; -1 if its scores do not fit."""
        room = width / size - 2 * PAD + 1e-6
        return bisect_right(self._rooms[lines - 1], room) / len(self._labels) if room >= self._extra else -1

    def _readable(self, width: float, size: float, lines: int, row: float) -> float:
        """The share of names that are whole; a name that is whole only in a smaller size counts half."""
        room = width - 2 * PAD * size
        ways = _settings(size, lines, row, self._smallest)
        usual, *smaller = [bisect_right(self._rooms[lines - 1], room / size) for size, lines, _ in ways]
        return (usual + max(smaller)) / 2 / len(self._labels)

    def whole(self, layout: Layout) -> float:
        """The share of names that a layout does not cut, smaller ones included."""
        ways = _settings(layout.size, layout.lines, layout.row, self._smallest)
        # Of ways with as many lines the smallest size, in which fits what fits in another; that leaves two at most.
        least = {lines: min(size for size, other, _ in ways if other == lines) for _, lines, _ in ways}
        (one, first), (two, second) = (*least.items(), *least.items())[:2]
        usual, room = layout.size, layout.width - 2 * PAD * layout.size + 1e-6
        whole = [
            rooms[one - 1] * first + extra * usual <= room or rooms[two - 1] * second + extra * usual <= room
            for rooms, extra in self._labels
        ]
        return sum(whole) / len(self._labels)

    def largest(self, bands: tuple[Band, ...], width: float, height: float, unit: float) -> Layout | None:
        """The most legible sizes for bands in a width and height in points; None if no size fits."""
        gap = 3 * unit
        column = (width + gap) / _slots(bands) - gap
        spans = [len(columns) * (column + gap) - gap for band in bands for columns in band.columns]
        best: Layout | None = None
        for step in range(int((_LARGEST * unit - self._smallest) / (_STEP * unit) + 1e-6) + 1):
            size = self._smallest + _STEP * unit * step
            head_size, head_lines, head = self._head(spans, column, size)
            row = (height - len(bands) * head - (len(bands) - 1) * gap * 2.5) * ROW / _height(bands)
            lines = min(int((row / size - _AIR) / LEADING), MOST_LINES)
            if lines < 1 or self.share(column, size, lines) < 0:
                break
            whole = self._readable(column, size, lines, row)
            while lines > 1 and self._readable(column, size, lines - 1, row) == whole:
                lines -= 1
            quality = size * whole**2 * _PER_BAND ** (len(bands) - 1)
            if best is None or quality > best.quality:
                needed = max((self._rooms[lines - 1][-1] + 2 * PAD) * size, self._word * size * _HEAD * 1.6)
                narrow = min(column, needed + _SLACK)
                row = min(row, (LEADING * lines + _MOST_AIR) * size)
                best = Layout(
                    bands, narrow, gap, row, size, lines, head, head_size, head_lines, quality, self._smallest
                )
        return best

    def free_width(self, size: float, row: float) -> float:
        """The width of a column in points in which no name of one line is cut."""
        usual = self._rooms[0][min(int(len(self._labels) * _FREE_SHARE), len(self._labels) - 1)]
        needs = (
            min(rooms[lines - 1] * smaller for smaller, lines, _ in _settings(size, 1, row, self._smallest))
            + extra * size
            for rooms, extra in self._labels
        )
        return max(min(max(usual, _FREE_NARROWEST), _FREE_WIDEST) * size, *needs) + 2 * PAD * size + _SLACK

    def head(self, bands: Sequence[Band], width: float, gap: float, size: float) -> tuple[float, int, float]:
        """Size and lines of tactics' names, and the height of their heads with the counts below."""
        spans = [len(columns) * (width + gap) - gap for band in bands for columns in band.columns]
        return self._head(spans, width, size)

    def _head(self, spans: Sequence[float], width: float, size: float) -> tuple[float, int, float]:
        """The same, given the widths of the tactics."""
        wanted = max(self._smallest, min(size * _HEAD, width / self._word))
        lines = 1 + any([wide * wanted > span for wide, span in zip(self._heads, spans, strict=True)])  # noqa: C419 - faster
        return wanted, lines, wanted * 1.15 * lines + _small(size) * 1.25 + size * 0.6
