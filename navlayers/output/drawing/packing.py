"""Tactics of very different length on one page: side by side in bands, long ones in several columns."""

from __future__ import annotations

import heapq
from functools import lru_cache
from itertools import accumulate, combinations
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Groups: TypeAlias = "tuple[tuple[int, ...], ...]"
"""Of one tactic: per technique the heights of what stands below each other, the technique first."""

ROW = 10
"""The height of a cell; all heights are whole numbers of tenths of it."""


class Band(NamedTuple):
    """Tactics side by side: from which number on, how many columns each has, how high the highest is."""

    first: int
    counts: tuple[int, ...]
    height: int


class Packing(NamedTuple):
    """A way to lay out all tactics in `slots` equally wide columns per band."""

    slots: int
    bands: tuple[Band, ...]

    @property
    def height(self) -> int:
        """Of all bands."""
        return sum(band.height for band in self.bands)


def packings(heights: Sequence[int], slots: int, most_bands: int) -> tuple[Packing, ...]:
    """The lowest packing for each number of bands; heights are those that columns could have at best."""
    return _packings(tuple(heights), slots, most_bands)


@lru_cache(maxsize=1 << 10)
def _packings(tactics: tuple[int, ...], slots: int, most_bands: int) -> tuple[Packing, ...]:
    found = []
    spread: dict[tuple[int, int], Band] = {}

    def band(start: int, end: int) -> Band:
        found = spread.get((start, end))
        if found is None:
            found = spread[start, end] = Band(start, *_spread(tactics[start:end], slots))
        return found

    for bands in range(1, min(most_bands, len(tactics)) + 1):
        best: tuple[int, tuple[Band, ...]] | None = None
        for cuts in combinations(range(1, len(tactics)), bands - 1):
            starts, ends = (0, *cuts), (*cuts, len(tactics))
            if slots < len(tactics) and any(end - start > slots for start, end in zip(starts, ends, strict=True)):
                continue
            made = tuple(map(band, starts, ends))
            height = sum([one.height for one in made])
            if best is None or height < best[0]:
                best = height, made
        if best is not None:
            found.append(Packing(slots, best[1]))
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def _spread(heights: tuple[int, ...], slots: int) -> tuple[tuple[int, ...], int]:
    """How many of the columns each tactic gets so that the highest is as low as can be."""
    counts = [1] * len(heights)
    heap = [(-height, number) for number, height in enumerate(heights)]
    heapq.heapify(heap)
    for _ in range(slots - len(heights)):
        if -heap[0][0] <= ROW:
            break
        number = heap[0][1]
        counts[number] += 1
        heapq.heapreplace(heap, (-_share(heights[number], counts[number]), number))
    return tuple(counts), -heap[0][0]


def _share(height: int, count: int) -> int:
    return -(-height // count)


def settle(
    packing: Packing, tactics: Sequence[Groups], higher: float
) -> tuple[Packing, tuple[tuple[int, ...], ...]]:
    """The packing with the heights that its columns really have, and per tactic how many items each column has.

    Techniques and their sub-techniques stay together where columns become no more than so many times higher.
    """
    bands = []
    lengths: list[tuple[int, ...]] = []
    for band in packing.bands:
        own = tactics[band.first : band.first + len(band.counts)]
        lowest = [_lowest(groups, count) for groups, count in zip(own, band.counts, strict=True)]
        limit = int(max(lowest) * higher)
        wholes = [_lowest_whole(groups, count, limit) for groups, count in zip(own, band.counts, strict=True)]
        height = max(whole or low for whole, low in zip(wholes, lowest, strict=True))
        parts = [_split(groups, count, height) for groups, count in zip(own, band.counts, strict=True)]
        lengths += parts
        bands.append(Band(band.first, tuple(map(len, parts)), height))
    return Packing(packing.slots, tuple(bands)), tuple(lengths)


@lru_cache(maxsize=1 << 12)
def _lowest(groups: Groups, count: int) -> int:
    """The lowest height at which the items fit into so many columns, techniques parted from their own or not."""
    items = [item for group in groups for item in group]
    height = max(_share(sum(items), count), *items)
    while len(_filled(items, height)) > count:
        height += 1
    return height


@lru_cache(maxsize=1 << 12)
def _lowest_whole(groups: Groups, count: int, limit: int) -> int:
    """The lowest height, up to a limit, at which no technique is parted from its own; 0 where there is none."""
    sizes = [sum(group) for group in groups]
    for height in range(max(_share(sum(sizes), count), *sizes), limit + 1):
        if len(_filled(sizes, height)) <= count:
            return height
    return 0


def _filled(items: Sequence[int], height: int) -> list[int]:
    """How many items stand in each column that is filled before the next is begun."""
    columns, left = [0], height
    for item in items:
        if item > left and columns[-1]:
            columns.append(0)
            left = height
        columns[-1] += 1
        left -= item
    return columns


@lru_cache(maxsize=1 << 12)
def _split(groups: Groups, count: int, height: int) -> tuple[int, ...]:
    """How many items each column gets, of about even height."""
    sizes = [sum(group) for group in groups]
    even = _share(sum(sizes), count)
    if max(sizes) <= height:
        for low in range(max(even, *sizes), height + 1):
            columns = _filled(sizes, low)
            if len(columns) <= count:
                return _items(groups, columns)
    items = [item for group in groups for item in group]
    for low in range(max(even, *items), height + 1):
        columns = _filled(items, low)
        if len(columns) <= count:
            even_ones = _without_orphans(groups, columns, height)
            others = _without_orphans(groups, _at_groups(groups, count, height), height)
            return min(even_ones, others, key=lambda lengths: _broken(groups, lengths))
    return tuple(_filled(items, height))


def _at_groups(groups: Groups, count: int, height: int) -> list[int]:
    """How many items each column gets that ends with a group as long as the others hold what is left."""
    items = [item for group in groups for item in group]
    ends = list(accumulate(len(group) for group in groups))
    columns: list[int] = []
    start = 0
    while start < len(items):
        full = start + _filled(items[start:], height)[0]
        left = count - len(columns) - 1
        for end in reversed([end for end in ends if start < end < full]):
            if full < len(items) and full not in ends and len(_filled(items[end:], height)) <= left:
                full = end
                break
        columns.append(full - start)
        start = full
    return columns


def _broken(groups: Groups, lengths: Sequence[int]) -> int:
    """How many columns begin amid a group."""
    return len(set(accumulate(lengths)) - set(accumulate(len(group) for group in groups)))


def _items(groups: Groups, columns: Sequence[int]) -> tuple[int, ...]:
    lengths, start = [], 0
    for column in columns:
        lengths.append(sum(len(group) for group in groups[start : start + column]))
        start += column
    return tuple(lengths)


def _without_orphans(groups: Groups, columns: list[int], height: int) -> tuple[int, ...]:
    """Techniques at the foot of a column go to the head of the next, to their own, where there is room."""
    items = [item for group in groups for item in group]
    alone = set()
    place = 0
    for group in groups:
        if len(group) > 1:
            alone.add(place)
        place += len(group)
    end = 0
    for number in range(len(columns) - 1):
        end += columns[number]
        following = items[end : end + columns[number + 1]]
        if end - 1 in alone and columns[number] > 1 and sum(following) + items[end - 1] <= height:
            columns[number] -= 1
            columns[number + 1] += 1
            end -= 1
    return tuple(columns)
