"""The tactics of a matrix in bands of columns: very different lengths, about the same heights.

Heights are whole tenths of a row, so that they add up exactly.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from functools import lru_cache
from itertools import accumulate, combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Family: TypeAlias = tuple[int, ...]
"""Heights of a technique's cell and those of its sub-techniques, in tenths of a row."""

_MOST_BANDS = 3


class Band(NamedTuple):
    """Tactics side by side: the number of the first, per tactic the cells of each of its columns, the height."""

    first: int
    columns: tuple[tuple[int, ...], ...]
    height: int


@lru_cache(maxsize=16)
def packer(tactics: tuple[tuple[Family, ...], ...], higher: float) -> Packer:
    """A packer of these tactics; layers of a release share it.

    Args:
        tactics: the families of each.
        higher: how much higher columns may be, as a factor, for techniques to keep their sub-techniques.
    """
    return Packer(tactics, higher)


class Packer:
    """Packs tactics of very different length into bands of columns of about the same height."""

    def __init__(self, tactics: Sequence[Sequence[Family]], higher: float) -> None:
        self._tactics, self._higher = tactics, higher
        self.total = sum(sum(map(sum, families)) for families in tactics)
        """The heights of all cells, in tenths of a row."""
        self._columns: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
        self._spreads: dict[tuple[int, int], _Spread] = {}
        self._packings: dict[int, tuple[tuple[Band, ...], ...]] = {}

    def packings(self, slots: int) -> tuple[tuple[Band, ...], ...]:
        """The lowest packing with `slots` columns per band, for each possible number of bands."""
        if slots not in self._packings:
            self._packings[slots] = tuple(self._pack(slots))
        return self._packings[slots]

    def _pack(self, slots: int) -> Iterator[tuple[Band, ...]]:
        count = len(self._tactics)
        heights: dict[tuple[int, int], float] = {
            ends: self._spread(*ends).height(slots) if ends[1] - ends[0] <= slots else math.inf
            for ends in combinations(range(count + 1), 2)
        }
        for number in range(1, min(_MOST_BANDS, count) + 1):
            candidates = (tuple(pairwise((0, *cuts, count))) for cuts in combinations(range(1, count), number - 1))
            lowest = min(candidates, key=lambda bands: sum(map(heights.__getitem__, bands)))
            if all(end - start <= slots for start, end in lowest):
                yield tuple(self._band(*ends, slots) for ends in lowest)

    def _band(self, start: int, end: int, slots: int) -> Band:
        spread = self._spread(start, end)
        columns = tuple(self._in_columns(*one)[1] for one in spread.counts(slots))
        return Band(start, columns, spread.height(slots))

    def _spread(self, start: int, end: int) -> _Spread:
        if (start, end) not in self._spreads:
            self._spreads[start, end] = _Spread(range(start, end), lambda *item: self._in_columns(*item)[0])
        return self._spreads[start, end]

    def _in_columns(self, tactic: int, count: int) -> tuple[int, tuple[int, ...]]:
        """The least height of a tactic in `count` columns, and the number of cells of each column."""
        key = tactic, count
        if key not in self._columns:
            families = self._tactics[tactic]
            # A technique keeps its first sub-technique, so that it is never alone at the foot of a column.
            split = [part for own in families for part in (own[:2], *((height,) for height in own[2:]))]
            lowest, whole = _fill(split, count), _fill(families, count)
            self._columns[key] = whole if whole[0] <= lowest[0] * self._higher else lowest
        return self._columns[key]


class _Spread:
    """Tactics side by side, each further column given to the highest as long as that makes it lower."""

    def __init__(self, tactics: range, height: Callable[[int, int], int]) -> None:
        self._tactics, self._height = tactics, height
        self._heap = [(-height(tactic, 1), tactic) for tactic in tactics]
        heapq.heapify(self._heap)
        self._columns = dict.fromkeys(tactics, 1)
        self._given: list[int] = []
        self._heights = [-self._heap[0][0]]

    def height(self, slots: int) -> int:
        """The height with so many columns, in tenths of a row."""
        further = slots - len(self._tactics)
        while len(self._given) < further:
            height, tactic = self._heap[0]
            lower = -self._height(tactic, self._columns[tactic] + 1)
            if lower <= height:
                return self._heights[-1]
            self._columns[tactic] += 1
            heapq.heapreplace(self._heap, (lower, tactic))
            self._given.append(tactic)
            self._heights.append(-self._heap[0][0])
        return self._heights[further]

    def counts(self, slots: int) -> Iterator[tuple[int, int]]:
        """Each tactic and the number of its columns, of so many columns."""
        self.height(slots)
        given = Counter(self._given[: slots - len(self._tactics)])
        return ((tactic, 1 + given[tactic]) for tactic in self._tactics)


def _fill(parts: Sequence[Family], count: int) -> tuple[int, tuple[int, ...]]:
    """The least height at which the parts fill at most `count` columns, and the cells of each column."""
    heights = [sum(part) for part in parts]
    ends = list(accumulate(heights, initial=0))
    heights_tried = range(max(-(-ends[-1] // count), *heights), ends[-1] + 1)
    height = heights_tried[bisect_left(heights_tried, True, key=lambda limit: len(_filled(ends, limit)) <= count)]
    cells, start = [], 0
    for length in _filled(ends, height):
        cells.append(sum(map(len, parts[start : start + length])))
        start += length
    return height, tuple(cells)


def _filled(ends: Sequence[int], limit: int) -> list[int]:
    """The number of parts in each column if every column is filled before the next, given where each part ends."""
    columns, start = [], 0
    while start < len(ends) - 1:
        stop = bisect_right(ends, ends[start] + limit) - 1
        columns.append(stop - start)
        start = stop
    return columns
