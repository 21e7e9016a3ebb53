"""How large the cells of a matrix can be on a page, and in which columns they stand: the most legible way.

Every length of text is measured in ems, sizes of the text, so that one measurement serves all sizes. The weights of
the score by which layouts are compared were chosen by looking at pictures of the shipped sets on every page size.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.output.drawing.font import ems
from navlayers.output.drawing.options import SMALLEST
from navlayers.output.drawing.packing import ROW, Packing, packings, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.drawing.packing import Groups

PAD = 0.4
"""Between the border of a cell and its text, in ems."""

APART = 0.6
"""Before what stands at the right of a cell, in ems of it."""

LEADING = 1.12
"""Line height of names, in ems."""

MOST_LINES = 3
"""Lines of a name; one more where it is set smaller."""

# A name that is too long is set smaller, or tightly in one line more: line height, free height around the lines,
# and height of the first line, in ems. The sizes are shares of the usual one.
_TIGHT, _TIGHT_AIR, _FIRST_LINE = 1.06, 0.2, 0.78
_SMALLER, _SMALLEST = 0.84, 0.58

# The height of a cell beyond its lines, in ems: at least, at most, and on a free page.
_AIR, _MOST_AIR, _FREE_AIR = 0.26, 1.0, 0.4

# Sizes of text in points at unit 1: the largest on a page, the steps that are tried, that on a free page.
_LARGEST, _STEP, _FREE = 8.5, 0.25, 7.2

# The sizes of figures and of tactics' names, as shares of that of names.
_FIGURES, _HEAD = 0.86, 1.12

# The narrowest column: six ems of the smallest text hold a short word.
_NARROWEST = 6 * SMALLEST
_MOST_BANDS = 3

# The score of a layout is size^0.7 · readable^1.5, less for each further band and line of names: whole names count
# more than large ones. A name that is only whole at a smaller size counts for 0.6 of one.
_SIZE, _READABLE, _PER_BAND, _PER_LINE, _SHRUNK = 0.7, 1.5, 0.9, 0.95, 0.6

# So many layouts with the best scores are tried with the heights that columns really get.
_TRIED = 6

# How much higher columns may be for techniques to stay with their sub-techniques, on a page and on a free one.
_HIGHER, _HIGHER_FREE = 1.05, 1.12

# The cost of a free layout: its distance from the wanted shape, its empty room, each further band.
_SHAPE, _WASTE, _PARTED = 0.5, 1.0, 0.15

# Names of a free page: this share of them fits into one line at most so wide and at least so wide, in ems.
_FREE_SHARE, _FREE_WIDEST, _FREE_NARROWEST = 0.97, 24, 9.0

# Rounding must not cut a name that is exactly as wide as its column, in points.
_SLACK = 0.01


class Name(NamedTuple):
    """Widths in ems of what stands in a cell: the name in one line, two …; its indent; score; id."""

    rooms: tuple[float, ...]
    indent: float
    score: float
    id: float


class Texts(msgspec.Struct, frozen=True):
    """What stands in the cells: the names, the widest score in ems, the names of the tactics."""

    names: tuple[Name, ...]
    score: float = 0
    heads: tuple[str, ...] = ()


class Fit(msgspec.Struct, frozen=True):
    """A layout; lengths in points.

    Attributes:
        packing: which tactics stand in which band, and in how many columns.
        lengths: per tactic, how many cells each of its columns has.
        width: of a column.
        gap: between columns.
        row: height of a cell.
        size: of names.
        small: size of figures.
        lines: of a name.
        head: height of the head of a tactic.
        head_size: size of tactics' names.
        head_lines: lines of tactics' names.
        quality: by which layouts are compared; larger is better.
    """

    packing: Packing
    lengths: tuple[tuple[int, ...], ...]
    width: float
    gap: float
    row: float
    size: float
    small: float
    lines: int
    head: float
    head_size: float
    head_lines: int
    quality: float

    def setting(self, rooms: Sequence[float], room: float) -> tuple[float, int, float]:
        """Size, lines and leading of a name in so many points: as others have it, or smaller, in more lines."""
        ways = _settings(self.size, self.lines, self.row)
        for way in ways:
            if rooms[way[1] - 1] * way[0] <= room:
                return way
        return ways[-1] if ways[-1][1] > self.lines else ways[0]

    @property
    def band_gap(self) -> float:
        """The space between bands."""
        return self.gap * 2.5

    @property
    def total_width(self) -> float:
        """The width of all columns."""
        widest = max(sum(band.counts) for band in self.packing.bands)
        return widest * (self.width + self.gap) - self.gap

    @property
    def total_height(self) -> float:
        """The height of all bands with their heads."""
        bands = self.packing.bands
        heads = len(bands) * (self.head + self.band_gap) - self.band_gap
        return heads + sum(band.height for band in bands) * self.row / ROW


def best_fit(
    tactics: Sequence[Groups], texts: Texts, width: float, height: float, unit: float, least: float, bands: int = 0
) -> Fit | None:
    """The most legible layout; None where not even the smallest text fits.

    Args:
        tactics: the heights of the cells.
        texts: what stands in them.
        width: of the room, in points.
        height: of the room, in points.
        unit: the size of text relative to A4.
        least: the share of the names that must not be cut.
        bands: how many there are to be; 0 for any number.
    """
    search = _Search(texts, width, height, unit)
    heights = [sum(map(sum, groups)) for groups in tactics]
    found = [
        fit
        for packing in search.packings(heights, least)
        if bands in (0, len(packing.bands)) and (fit := search.fit(packing, ())) is not None
    ]
    # Packings are found with the heights that columns could have at best, and settled with those that they get.
    for fit in sorted(found, key=lambda fit: -fit.quality)[:_TRIED]:
        settled = search.fit(*settle(fit.packing, tactics, _HIGHER))
        if settled is not None and search.measure.whole(settled) >= least:
            return settled
    return None


def free_fit(tactics: Sequence[Groups], texts: Texts, unit: float, aspect: float) -> Fit:
    """A layout with room for all names, whose width is about `aspect` times its height."""
    size = _FREE * unit
    measure = _Measure(texts)
    gap = 3.5 * unit
    row = size * (LEADING + _FREE_AIR)
    width = max(measure.quantile(_FREE_SHARE, 1), _FREE_NARROWEST) * size
    width = measure.all_whole(min(width, _FREE_WIDEST * size), size, row) + 2 * PAD * size
    heights = [sum(map(sum, groups)) for groups in tactics]
    best: tuple[float, Packing] | None = None
    # The columns of a perfect packing with the wanted shape, and some fewer and more.
    middle = math.sqrt(aspect * sum(heights) / ROW * row / (width + gap))
    fewest = max(int(middle * 0.8), -(-len(heights) // _MOST_BANDS))
    for slots in range(fewest, max(int(middle * 1.7), fewest) + 3):
        for packing in packings(heights, slots, _MOST_BANDS):
            columns = max(sum(band.counts) for band in packing.bands)
            bands = len(packing.bands)
            # Heads and header take about 40 points each.
            shape = columns * (width + gap) / (packing.height * row / ROW + (40 + 40 * bands) * unit)
            waste = 1 - sum(heights) / (columns * packing.height)
            cost = _SHAPE * abs(math.log(shape / aspect)) + _WASTE * waste + _PARTED * (bands - 1)
            if best is None or cost < best[0]:
                best = cost, packing
    assert best is not None  # noqa: S101 - there is a column at least
    packing, lengths = settle(best[1], tactics, _HIGHER_FREE)
    head_size, head_lines, head = measure.head(packing, width, gap, size)
    return Fit(packing, lengths, width, gap, row, size, _small(size), 1, head, head_size, head_lines, size)


def _small(size: float) -> float:
    """The size of figures beside text of a size."""
    return max(SMALLEST, _FIGURES * size)


class _Search:
    def __init__(self, texts: Texts, width: float, height: float, unit: float) -> None:
        self.measure = _Measure(texts)
        self._width, self._height, self._gap = width, height, 3 * unit
        steps = int((_LARGEST * unit - SMALLEST) / (_STEP * unit))
        self._sizes = [SMALLEST + _STEP * unit * step for step in range(max(steps, 0) + 1)]

    def packings(self, heights: Sequence[int], least: float) -> Iterator[Packing]:
        """Those that do not cut too many names even in the smallest text."""
        row = SMALLEST * (LEADING + _AIR)
        fewest = math.ceil(sum(heights) / ROW * row / max(self._height, 1))
        for slots in range(max(fewest, -(-len(heights) // _MOST_BANDS)), int(self._width / _NARROWEST) + 1):
            highest = self._height * slots * ROW / max(sum(heights), 1)
            lines = int((highest / SMALLEST - _TIGHT_AIR - _FIRST_LINE) / _TIGHT + 0.001) + 1
            width = (self._width + self._gap) / slots - self._gap
            if self.measure.most_whole(width, min(max(lines, 1), MOST_LINES + 1)) >= least:
                yield from packings(heights, slots, _MOST_BANDS)

    def fit(self, packing: Packing, lengths: tuple[tuple[int, ...], ...]) -> Fit | None:
        """The best sizes for a packing; None where nothing fits."""
        gap, measure = self._gap, self.measure
        bands = len(packing.bands)
        columns = max(sum(band.counts) for band in packing.bands)
        full = (self._width + gap) / columns - gap
        best: Fit | None = None
        for size in self._sizes:
            head_size, head_lines, head = measure.head(packing, full, gap, size)
            room = self._height - bands * head - (bands - 1) * gap * 2.5
            row = room * ROW / packing.height
            if row < size * (LEADING + _AIR):
                break
            for lines in range(1, MOST_LINES + 1):
                least = size * (LEADING * lines + _AIR)
                if row < least:
                    break
                if measure.figures(size, lines) > full:
                    continue
                most = min(row, least + size * (_MOST_AIR - _AIR))
                width = min(full, measure.needs(size, lines))
                readable = measure.readable(width, size, lines, most)
                quality = size**_SIZE * readable**_READABLE * _PER_BAND ** (bands - 1) * _PER_LINE ** (lines - 1)
                if best is None or quality > best.quality:
                    small = _small(size)
                    best = Fit(
                        packing, lengths, width, gap, most, size, small, lines, head, head_size, head_lines, quality
                    )
        return best


@lru_cache(maxsize=1 << 10)
def _settings(size: float, lines: int, row: float) -> tuple[tuple[float, int, float], ...]:
    """The ways to set a name in a cell, the best first: size, lines, leading."""
    ways = [(size, lines, LEADING)]
    smaller = max(SMALLEST, _SMALLER * size)
    if smaller < size:
        ways.append((smaller, lines, LEADING))
    tight = min((row - _TIGHT_AIR * size) / (_FIRST_LINE + _TIGHT * lines), smaller)
    if tight >= max(SMALLEST, _SMALLEST * size):
        ways.append((tight, lines + 1, _TIGHT))
    return tuple(ways)


class _Measure:
    """How much of the texts can be read at a size in a column."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        # With figures at the size of names, which is a little more than they take.
        self._rooms = [
            sorted(name.rooms[lines] + name.indent + self._beside(name, lines + 1) for name in texts.names)
            for lines in range(MOST_LINES + 1)
        ]
        self._indent = max((name.indent for name in texts.names), default=0)
        self._figures = [max((self._beside(name, lines) for name in texts.names), default=0) for lines in (1, 2)]
        self._words = max((ems(word) for head in texts.heads for word in head.split()), default=1)

    def _beside(self, name: Name, lines: int) -> float:
        """The room of score and id at the right, in their size; one above the other where there are lines."""
        if not name.id:
            return name.score
        return self._texts.score + name.id if lines == 1 else max(name.score, name.id)

    def quantile(self, share: float, lines: int) -> float:
        """The width in ems that so much of the names does not go beyond."""
        rooms = self._rooms[lines - 1]
        return rooms[min(int(len(rooms) * share), len(rooms) - 1)] if rooms else 0

    def all_whole(self, width: float, size: float, row: float) -> float:
        """The least width in points, `width` or more, in which no name of one line is cut."""
        ways, small = _settings(size, 1, row), _small(size)
        needs = (
            min(name.rooms[lines - 1] * smaller for smaller, lines, _ in ways)
            + name.indent * size
            + self._beside(name, 1) * small
            for name in self._texts.names
        )
        return max(width, *needs, 0.0) + _SLACK

    def figures(self, size: float, lines: int) -> float:
        """The width of a column in points below which figures would leave their cells."""
        return (self._indent + 2 * PAD) * size + self._figures[lines > 1] * _small(size)

    def needs(self, size: float, lines: int) -> float:
        """The width of a column in points in which every name is whole, and the words of tactics' names are."""
        name = self.quantile(1, lines)
        return max((name + 2 * PAD) * size + _SLACK, self._words * size * _HEAD * 1.6)

    def readable(self, width: float, size: float, lines: int, row: float) -> float:
        """About the share of the names that are whole in so many points, smaller ones as less."""
        count = len(self._texts.names)
        if not count:
            return 1.0
        room = width - 2 * PAD * size
        usual, *others = [
            bisect_right(self._rooms[most - 1], room / smaller) for smaller, most, _ in _settings(size, lines, row)
        ]
        return (usual + _SHRUNK * (max(others, default=usual) - usual)) / count

    def most_whole(self, width: float, lines: int) -> float:
        """The share of the names that are whole in the smallest text in so many points and lines."""
        rooms = self._rooms[lines - 1]
        return bisect_right(rooms, width / SMALLEST - 2 * PAD + 0.001) / len(rooms) if rooms else 1.0

    def whole(self, fit: Fit) -> float:
        """The share of the names that a layout does not cut."""
        names = self._texts.names
        ways = _settings(fit.size, fit.lines, fit.row)
        room = fit.width - 2 * PAD * fit.size
        count = 0
        for name in names:
            left = room - name.indent * fit.size - self._beside(name, fit.lines) * fit.small
            count += any(name.rooms[lines - 1] * size <= left for size, lines, _ in ways)
        return count / len(names) if names else 1.0

    def head(self, packing: Packing, width: float, gap: float, size: float) -> tuple[float, int, float]:
        """Size and lines of tactics' names, and the height of their heads with the counts below."""
        wanted = max(SMALLEST, min(size * _HEAD, width / self._words))
        lines = 1
        for band in packing.bands:
            names = self._texts.heads[band.first : band.first + len(band.counts)]
            for name, count in zip(names, band.counts, strict=True):
                if ems(name) * wanted > count * (width + gap) - gap:
                    lines = 2
        return wanted, lines, wanted * 1.15 * lines + _small(size) * 1.25 + size * 0.6
