"""Colours of scores, computed as the ATT&CK Navigator computes them.

Source: the Navigator 5.1 interpolates a layer's gradient to 100 colours (tinygradient 1.1 on tinycolor) and picks
one by the score's place between minValue and maxValue.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS = 100
BAND = 0.995
"""A score of at least this share of the range, yet below its end, makes the Navigator show an empty matrix."""

_WIDE = 1e9
_FINE = 300
"""Powers of ten beyond it have no room in a number."""


class Gradient(msgspec.Struct, frozen=True):
    """A gradient of layer format 4.5: two or more `#rrggbb` colours, evenly spaced from minValue to maxValue."""

    colors: tuple[str, ...]
    minValue: float = 0  # noqa: N815 - the layer format's name
    maxValue: float = 100  # noqa: N815 - the layer format's name

    def color(self, score: float) -> str:
        """The `#rrggbb` that the Navigator gives a cell of that score."""
        colors = steps(self.colors)
        if score >= self.maxValue:
            return colors[-1]
        if score <= self.minValue:
            return colors[0]
        place = (score - self.minValue) / (self.maxValue - self.minValue) * STEPS
        return colors[min(_round(place), STEPS - 1)]

    def safe(self, score: float) -> float:
        """The score, lowered by the little that keeps it out of the band that empties the Navigator's matrix."""
        return self._below if self.empties(score) else score

    def empties(self, score: float) -> bool:
        """Whether the Navigator shows an empty matrix for a score."""
        span = self.maxValue - self.minValue
        return span > 0 and BAND <= (score - self.minValue) / span < 1

    @property
    def _below(self) -> float:
        """A score just below the band: to two decimals, but for scales on which that is too coarse or too fine."""
        span = self.maxValue - self.minValue
        unit = 100 if 1 <= span <= _WIDE else 10.0 ** min(4 - math.floor(math.log10(span)), _FINE)
        return math.floor((self.minValue + span * BAND) * unit - 1) / unit


def safe_maximum(scores: list[float]) -> int:
    """The end of a gradient from 0 for scores that set its scale themselves, such as counts; 1 or more.

    It is the highest score, rounded up, or a little more where another score would lie in the band that empties
    the Navigator's matrix.
    """
    highest = max([1, *map(math.ceil, scores)])
    if any(BAND <= score / highest < 1 for score in scores):
        return math.floor(highest / BAND) + 1
    return highest


@lru_cache(maxsize=64)
def steps(colors: tuple[str, ...]) -> tuple[str, ...]:
    """The gradient's 100 colours, as `#rrggbb`, from the first to the last."""
    stops = [_channels(color) for color in colors]
    result: list[str] = []
    for start, end, count in zip(stops, stops[1:], _substeps(len(stops)), strict=False):
        for i in range(count):
            result.append(_hex(a + (b - a) / count * i for a, b in zip(start, end, strict=True)))
    result.append(_hex(stops[-1]))
    return tuple(result)


def _substeps(stops: int) -> list[int]:
    """How many colours lie between each two stops, 100 in all: even, the odd ones where tinygradient puts them."""
    substeps = [max(1, _round((STEPS - 1) / (stops - 1)))] * (stops - 1)
    while (total := sum(substeps) + 1) != STEPS:
        if total < STEPS:
            substeps[substeps.index(min(substeps))] += 1
        else:
            substeps[substeps.index(max(substeps))] -= 1
    return substeps


def _channels(color: str) -> tuple[float, ...]:
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def _hex(channels: Iterable[float]) -> str:
    return "#" + "".join(f"{_round(channel):02x}" for channel in channels)


def _round(number: float) -> int:
    """Halves go up, as in JavaScript, not to even."""
    return math.floor(number + 0.5)
