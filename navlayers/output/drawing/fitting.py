"""How large the cells of a matrix can be on a page, and in which columns they stand: the most legible way."""

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
"""Between the border of a cell and its text, in sizes."""

APART = 0.6
"""Before what stands at the right of a cell, in sizes of it."""

LEADING = 1.12
MOST_LINES = 3
"""Of a name; one more where it is set smaller."""

_TIGHT, _TIGHT_AIR, _DESCENT = 1.06, 0.2, 0.78
_LESS, _LEAST = 0.84, 0.58
"""Names that are too long are set smaller by so much, and in one line more, by so much at most."""

_AIR, _MOST_AIR = 0.26, 1.0
_LARGEST = 8.5
_SMALLER = 0.86
_NARROWEST = 6 * SMALLEST
_HEAD = 1.12
_MOST_BANDS = 3
_BAND, _LINE = 0.9, 0.95
"""What a layout is worth for each band and each line of names more."""

_HIGHER, _HIGHER_FREE = 1.05, 1.12
"""So much higher may columns be, on a page and on a free one, for techniques to stay with their sub-techniques."""

_WHOLE = 1.5
_SMALLER_WHOLE = 0.6
"""How much whole names count, and those that are whole for they are set smaller as compared to others."""

_SHAPE, _WASTE, _PARTED = 0.5, 1.0, 0.15
"""What counts against a free layout: not the shape that is wished for, empty room, each band more."""


class Name(NamedTuple):
    """The widths of what stands in a cell, in sizes: what the name needs in one line, two …; the rest."""

    rooms: tuple[float, ...]
    indent: float
    score: float
    id: float


class Texts(msgspec.Struct, frozen=True):
    """What stands in the cells: the names, the widest of the scores in sizes, the names of the tactics."""

    names: tuple[Name, ...]
    score: float = 0
    heads: tuple[str, ...] = ()


class Fit(msgspec.Struct, frozen=True):
    """A layout; lengths in points.

    `width` of a column, `gap` between columns, `row` of a cell, `head` of the head of a tactic; `size` of text,
    `small` that of figures, `head_size` that of tactics' names; `lines` per name. `lengths`: per tactic, how many
    items each of its columns has. `whole` is the share of the names that are not cut.
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
    whole: float
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
        """Between bands."""
        return self.gap * 2.5

    @property
    def total_width(self) -> float:
        """Of all columns."""
        widest = max(sum(band.counts) for band in self.packing.bands)
        return widest * (self.width + self.gap) - self.gap

    @property
    def total_height(self) -> float:
        """Of all bands with their heads."""
        bands = self.packing.bands
        heads = len(bands) * (self.head + self.band_gap) - self.band_gap
        return heads + sum(band.height for band in bands) * self.row / ROW


def small_of(size: float) -> float:
    """The size of figures beside text of a size."""
    return max(SMALLEST, _SMALLER * size)


def best_fit(
    tactics: Sequence[Groups],
    texts: Texts,
    width: float,
    height: float,
    unit: float,
    least: float,
    bands: int = 0,
) -> Fit | None:
    """The most legible layout within so much room; None where not even the smallest text fits.

    `least` is the share of the names that must not be cut; `bands` is how many there are to be, 0 for any number.
    """
    search = _Search(texts, width, height, unit)
    heights = [sum(map(sum, groups)) for groups in tactics]
    found = [
        fit
        for packing in _candidates(heights, width, height, search, least)
        if bands in (0, len(packing.bands)) and (fit := search.fit(packing, ())) is not None
    ]
    # What looks best with the heights that columns have at best is settled with those that they have.
    for fit in sorted(found, key=lambda fit: -fit.quality)[:6]:
        packing, lengths = settle(fit.packing, tactics, _HIGHER)
        settled = search.fit(packing, lengths)
        if settled is not None and (whole := search.whole(settled)) >= least:
            return msgspec.structs.replace(settled, whole=whole)
    return None


def _candidates(
    heights: Sequence[int], width: float, height: float, search: _Search, least: float
) -> Iterator[Packing]:
    """Those whose columns are not too narrow or high for the smallest text, nor cut too many names."""
    fewest = math.ceil(sum(heights) / ROW * SMALLEST * (LEADING + _AIR) / max(height, 1))
    for slots in range(max(fewest, -(-len(heights) // _MOST_BANDS)), int(width / _NARROWEST) + 1):
        if search.most_whole(slots, height * slots * ROW / max(sum(heights), 1)) >= least:
            yield from packings(heights, slots, _MOST_BANDS)


def free_fit(tactics: Sequence[Groups], texts: Texts, unit: float, aspect: float) -> Fit:
    """A layout with room for all, whose width is about `aspect` times its height."""
    size = 7.2 * unit
    measure = _Measure(texts)
    gap = 3.5 * unit
    row = size * (LEADING + 0.4)
    width = max(measure.quantile(0.97, 1), 9.0) * size
    width = measure.all_whole(min(width, 24 * size), size, row) + 2 * PAD * size
    heights = [sum(map(sum, groups)) for groups in tactics]
    best: tuple[float, Packing] | None = None
    middle = math.sqrt(aspect * sum(heights) / ROW * row / (width + gap))
    fewest = max(int(middle * 0.8), -(-len(heights) // _MOST_BANDS))
    for slots in range(fewest, max(int(middle * 1.7), fewest) + 3):
        for packing in packings(heights, slots, _MOST_BANDS):
            columns = max(sum(band.counts) for band in packing.bands)
            bands = len(packing.bands)
            shape = columns * (width + gap) / (packing.height * row / ROW + (40 + 40 * bands) * unit)
            waste = 1 - sum(heights) / (columns * packing.height)
            cost = _SHAPE * abs(math.log(shape / aspect)) + _WASTE * waste + _PARTED * (bands - 1)
            if best is None or cost < best[0]:
                best = cost, packing
    assert best is not None  # noqa: S101 - there is a column at least
    packing, lengths = settle(best[1], tactics, _HIGHER_FREE)
    head_size, head_lines, head = measure.head(packing, width, gap, size)
    return Fit(packing, lengths, width, gap, row, size, small_of(size), 1, head, head_size, head_lines, 1, size)


class _Search:
    def __init__(self, texts: Texts, width: float, height: float, unit: float) -> None:
        self._measure = _Measure(texts)
        self._width, self._height, self._unit = width, height, unit
        steps = int((_LARGEST * unit - SMALLEST) / (0.25 * unit))
        self._sizes = [SMALLEST + 0.25 * unit * step for step in range(max(steps, 0) + 1)]

    def fit(self, packing: Packing, lengths: tuple[tuple[int, ...], ...]) -> Fit | None:
        """The best sizes for a packing; None where nothing fits."""
        gap = 3 * self._unit
        bands = len(packing.bands)
        columns = max(sum(band.counts) for band in packing.bands)
        full = (self._width + gap) / columns - gap
        best: Fit | None = None
        for size in self._sizes:
            head_size, head_lines, head = self._measure.head(packing, full, gap, size)
            room = self._height - bands * head - (bands - 1) * gap * 2.5
            row = room * ROW / packing.height
            if row < size * (LEADING + _AIR):
                break
            for lines in range(1, MOST_LINES + 1):
                least = size * (LEADING * lines + _AIR)
                if row < least:
                    break
                if self._measure.figures(size, lines) > full:
                    continue
                most = min(row, least + size * (_MOST_AIR - _AIR))
                width = min(full, self._measure.needs(size, lines))
                whole = self._measure.read(width, size, lines, most)
                quality = size**0.7 * whole**_WHOLE * _BAND ** (bands - 1) * _LINE ** (lines - 1)
                if best is None or quality > best.quality:
                    best = Fit(
                        packing, lengths, width, gap, most, size, small_of(size), lines,
                        head, head_size, head_lines, whole, quality,
                    )  # fmt: skip
        return best

    def whole(self, fit: Fit) -> float:
        """The share of the names that a layout does not cut."""
        return self._measure.whole(fit)

    def most_whole(self, columns: int, row: float) -> float:
        """The share of the names that no layout of so many columns and so high cells goes beyond."""
        width = (self._width + 3 * self._unit) / columns - 3 * self._unit
        lines = int((row / SMALLEST - _TIGHT_AIR - _DESCENT) / _TIGHT + 0.001) + 1
        return self._measure.most_whole(width, min(max(lines, 1), MOST_LINES + 1))


@lru_cache(maxsize=1 << 10)
def _settings(size: float, lines: int, row: float) -> tuple[tuple[float, int, float], ...]:
    """The ways to set a name in a cell, the best first: size, lines, leading."""
    ways = [(size, lines, LEADING)]
    less = max(SMALLEST, _LESS * size)
    if less < size:
        ways.append((less, lines, LEADING))
    tight = min((row - _TIGHT_AIR * size) / (_DESCENT + _TIGHT * lines), less)
    if tight >= max(SMALLEST, _LEAST * size):
        ways.append((tight, lines + 1, _TIGHT))
    return tuple(ways)


class _Measure:
    """How much of texts can be read at a size in a column."""

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
        """The width that so much of the names does not go beyond, in sizes."""
        rooms = self._rooms[lines - 1]
        return rooms[min(int(len(rooms) * share), len(rooms) - 1)] if rooms else 0

    def all_whole(self, width: float, size: float, row: float) -> float:
        """The least width from a given one on in which no name of one line is cut, in points."""
        ways, small = _settings(size, 1, row), small_of(size)
        needs = (
            min(name.rooms[lines - 1] * smaller for smaller, lines, _ in ways)
            + name.indent * size
            + self._beside(name, 1) * small
            for name in self._texts.names
        )
        return max(width, *needs, 0.0) + 0.01

    def figures(self, size: float, lines: int) -> float:
        """The width of a column below which figures would leave their cells, in points."""
        beside = self._figures[lines > 1] * small_of(size)
        return (self._indent + 2 * PAD) * size + beside

    def needs(self, size: float, lines: int) -> float:
        """The width of a column in which every name is whole, and the tactics' names are, in points."""
        name = self.quantile(1, lines)
        return max((name + 2 * PAD) * size + 0.01, self._words * size * _HEAD * 1.6)

    def read(self, width: float, size: float, lines: int, row: float) -> float:
        """About the share of the names that are whole in so many points, smaller ones as less."""
        count = len(self._texts.names)
        if not count:
            return 1.0
        room = width - 2 * PAD * size
        usual, *others = [
            bisect_right(self._rooms[most - 1], room / smaller) for smaller, most, _ in _settings(size, lines, row)
        ]
        return (usual + _SMALLER_WHOLE * (max(others, default=usual) - usual)) / count

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
        return wanted, lines, wanted * 1.15 * lines + small_of(size) * 1.25 + size * 0.6
