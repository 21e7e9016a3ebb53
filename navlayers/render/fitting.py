"""How large the cells of a matrix can be on a page, and in which columns they stand: the most legible way."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from navlayers.render.font import ems
from navlayers.render.packing import ROW, Packing, packings, settle
from navlayers.render.pages import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.render.packing import Groups

PAD = 0.4
"""Between the border of a cell and its text, in sizes."""

LEADING = 1.12
_AIR, _MOST_AIR = 0.26, 1.0
_LARGEST = 8.5
_SMALLER = 0.86
_NARROWEST = 6 * SMALLEST
_HEAD = 1.12
_LATER_LINES = 0.8
_MOST_BANDS = 3
_MOST_LINES = 3
_BAND, _LINE = 0.9, 0.95
"""What a layout is worth for each band and each line of names more."""

_SHAPE, _WASTE, _PARTED = 0.5, 1.0, 0.15
"""What counts against a free layout: not the shape that is wished for, empty room, each band more."""


class Texts(msgspec.Struct, frozen=True):
    """What stands in the cells, as widths in sizes.

    Sorted ones of `names` and of the longest `words` of each, the widest of the figures at the right; `heads` are
    the names of the tactics.
    """

    names: tuple[float, ...]
    words: tuple[float, ...]
    score: float = 0
    id: float = 0
    heads: tuple[str, ...] = ()


class Fit(msgspec.Struct, frozen=True):
    """A layout; lengths in points.

    `width` of a column, `gap` between columns, `row` of a cell, `head` of the head of a tactic; `size` of text,
    `small` that of figures, `head_size` that of tactics' names; `lines` per name. `lengths`: per tactic, how many
    items each of its columns has. `read` is the share of names that is not cut away.
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
    read: float
    quality: float

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
    tactics: Sequence[Groups], texts: Texts, width: float, height: float, unit: float, least: float
) -> Fit | None:
    """The most legible layout within so much room; None where not even the smallest text fits.

    `least` is the share of the names that has to be readable.
    """
    search = _Search(texts, width, height, unit)
    heights = [sum(map(sum, groups)) for groups in tactics]
    found = [fit for packing in _candidates(heights, width, height) if (fit := search.fit(packing, ())) is not None]
    # What looks best with the heights that columns have at best is settled with those that they have.
    for fit in sorted(found, key=lambda fit: -fit.quality)[:6]:
        packing, lengths = settle(fit.packing, tactics)
        settled = search.fit(packing, lengths)
        if settled is not None and settled.read >= least:
            return settled
    return None


def _candidates(heights: Sequence[int], width: float, height: float) -> Iterator[Packing]:
    """Those whose columns are neither too narrow nor too high for the smallest text."""
    fewest = math.ceil(sum(heights) / ROW * SMALLEST * (LEADING + _AIR) / max(height, 1))
    for slots in range(max(fewest, -(-len(heights) // _MOST_BANDS)), int(width / _NARROWEST) + 1):
        yield from packings(heights, slots, _MOST_BANDS)


def free_fit(tactics: Sequence[Groups], texts: Texts, unit: float, aspect: float) -> Fit:
    """A layout with room for all, whose width is about `aspect` times its height."""
    size = 7.2 * unit
    measure = _Measure(texts)
    gap = 3.5 * unit
    width = (min(max(measure.quantile(0.97), 9.0), 24.0) + 2 * PAD + measure.figures(size, 1)) * size
    row = size * (LEADING + 0.4)
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
    packing, lengths = settle(best[1], tactics)
    head_size, head_lines, head = measure.head(packing, width, gap, size)
    read = measure.read(width, size, 1)
    return Fit(
        packing, lengths, width, gap, row, size, small_of(size), 1, head, head_size, head_lines, read, read * size
    )


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
            for lines in range(1, _MOST_LINES + 1):
                least = size * (LEADING * lines + _AIR)
                if row < least:
                    break
                width = min(full, self._measure.needs(size, lines))
                read = self._measure.read(width, size, lines)
                quality = size**0.7 * read**2 * _BAND ** (bands - 1) * _LINE ** (lines - 1)
                if best is None or quality > best.quality:
                    most = least + size * (_MOST_AIR - _AIR)
                    best = Fit(
                        packing, lengths, width, gap, min(row, most), size, small_of(size), lines,
                        head, head_size, head_lines, read, quality,
                    )  # fmt: skip
        return best


class _Measure:
    """How much of texts can be read at a size in a column."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._names = texts.names
        self._inverses = [0.0, *accumulate(1 / name if name else 0 for name in reversed(texts.names))]
        self._words = max((ems(word) for head in texts.heads for word in head.split()), default=1)

    def quantile(self, share: float) -> float:
        """The width that so much of the names does not go beyond, in sizes."""
        return self._names[min(int(len(self._names) * share), len(self._names) - 1)] if self._names else 0

    def figures(self, size: float, lines: int) -> float:
        """The room of score and id at the right, in sizes; the one below the other where there are lines for it."""
        small = small_of(size) / size
        parts = [(part + 0.6) * small for part in (self._texts.score, self._texts.id) if part]
        return (sum(parts) if lines == 1 else max(parts, default=0)) if parts else 0

    def needs(self, size: float, lines: int) -> float:
        """The width of a column in which every name is whole, and the tactics' names are, in points."""
        name = self._names[-1] if self._names else 0
        name = name if lines == 1 else max(name * 0.75, 8)
        return max((name + 2 * PAD + self.figures(size, lines)) * size, self._words * size * _HEAD * 1.6)

    def read(self, width: float, size: float, lines: int) -> float:
        """The share of names, 0–1, that can be read in a column of so many points."""
        count = len(self._names)
        if not count:
            return 1.0
        room = width / size - 2 * PAD - self.figures(size, lines)
        if room <= 0:
            return 0.0
        if lines == 1:
            return self._share(room)
        # A word that is longer than a line is cut there, and what follows it is lost.
        fitting = bisect_right(self._texts.words, room) / count
        return fitting * self._share(room * (1 + _LATER_LINES * (lines - 1))) + (1 - fitting) * self._share(room)

    def _share(self, room: float) -> float:
        count = len(self._names)
        whole = bisect_right(self._names, room)
        return (whole + room * self._inverses[count - whole]) / count

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
