"""Colors as the ATT&CK Navigator reads and computes them.

Source: the Navigator 5.1 reads colors with tinycolor 1.6, interpolates a layer's gradient to 100 colors with
tinygradient 1.1, and picks one by the score's place between minValue and maxValue.
"""

from __future__ import annotations

import math
import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


WHITE = "#ffffff"

DEFAULT_COLORS = ("#ff6666", "#ffe766", "#8ec843")
"""The default gradient of layer format 4.5."""

STEPS = 100
FEWEST_COLORS = 2
"""Minimum number of colors: with fewer, the Navigator shows an empty matrix."""

BAND = 0.995
"""Scores from this share of the range up to, but not including, its end empty the Navigator's matrix: their index
rounds to 100, one past the last of the 100 colors."""

# Two decimals suit ranges from 1 up to this one.
_WIDE = 1e9
# Largest exponent of 10 that is well within floats.
_FINE = 300


class LegendItem(msgspec.Struct, frozen=True):
    """The label of a color, an item of the layer format."""

    label: str
    color: str


class Gradient(msgspec.Struct, frozen=True, dict=True):
    """A gradient of layer format 4.5: two or more `#rrggbb` colors, evenly spaced from minValue to maxValue."""

    colors: tuple[str, ...]
    minValue: float = 0  # noqa: N815 - the layer format's name
    maxValue: float = 100  # noqa: N815 - the layer format's name

    def color(self, score: float) -> str:
        """The `#rrggbb` of a cell with this score in the Navigator."""
        colors = self.steps
        if score >= self.maxValue:
            return colors[-1]
        if score <= self.minValue:
            return colors[0]
        place = (score - self.minValue) / (self.maxValue - self.minValue) * STEPS
        return colors[min(_round(place), STEPS - 1)]

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The 100 colors, first to last; kept, as a gradient may have thousands of colors to look up."""
        return gradient_steps(self.colors)

    def safe(self, score: float) -> float:
        """The score, lowered just below the band that empties the Navigator's matrix if it is inside."""
        return self._below if self.empties(score) else score

    def empties(self, score: float) -> bool:
        """Whether the Navigator shows an empty matrix for a score."""
        span = self.maxValue - self.minValue
        return span > 0 and BAND <= (score - self.minValue) / span < 1

    @property
    def _below(self) -> float:
        """A score just below the band, with two decimals unless the range is very small or large."""
        span = self.maxValue - self.minValue
        unit = 100 if 1 <= span <= _WIDE else 10.0 ** min(4 - math.floor(math.log10(span)), _FINE)
        return math.floor((self.minValue + span * BAND) * unit - 1) / unit


def safe_maximum(scores: list[float]) -> int:
    """The maxValue of a gradient for scores without a fixed range, such as counts; at least 1.

    It is the highest score, rounded up, or slightly more if another score would be in the band that empties the
    Navigator's matrix.
    """
    highest = max([1, *map(math.ceil, scores)])
    if any(BAND <= score / highest < 1 for score in scores):
        return math.floor(highest / BAND) + 1
    return highest


@lru_cache(maxsize=64)
def gradient_steps(colors: tuple[str, ...]) -> tuple[str, ...]:
    """The 100 colors of a gradient as `#rrggbb`, first to last."""
    stops = [rgb_of(color) for color in colors]
    result: list[str] = []
    for start, end, count in zip(stops, stops[1:], _substeps(len(stops)), strict=False):
        for i in range(count):
            result.append(hex_of(a + (b - a) / count * i for a, b in zip(start, end, strict=True)))
    result.append(hex_of(stops[-1]))
    return tuple(result)


def _substeps(stops: int) -> list[int]:
    """Number of colors between each two stops, 100 in all, distributed as in tinygradient."""
    count = max(1, _round((STEPS - 1) / (stops - 1)))
    # tinygradient changes the first of the equal numbers, one by one, until they add up.
    missing = STEPS - 1 - count * (stops - 1)
    changed = [count + (1 if missing > 0 else -1)] * abs(missing)
    return changed + [count] * (stops - 1 - len(changed))


def rgb_of(color: str) -> tuple[int, ...]:
    """Red, green and blue of `#rrggbb`, 0–255 each."""
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def hex_of(channels: Iterable[float]) -> str:
    """The `#rrggbb` of red, green and blue, 0–255 each."""
    return "#" + "".join(f"{_round(channel):02x}" for channel in channels)


def _round(number: float) -> int:
    """Halves go up, as in JavaScript, not to even."""
    return math.floor(number + 0.5)


# Colors in CSS and tinycolor notation.

_HEX = "#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
_NUMBER = r"([-+]?\d*\.\d+%?|[-+]?\d+%?)"
# Rare in layers: compiled when a color needs it.
_FUNCTION = rf"(rgb|hsl|hsv)(a?)[\s(]+{_NUMBER}[,\s]+{_NUMBER}[,\s]+{_NUMBER}(?:[,\s]+{_NUMBER})?\s*\)?"


@lru_cache(maxsize=4096)
def parse_color(text: str) -> tuple[int, int, int, float] | None:
    """Red, green and blue, 0–255 each, and alpha, 0–1 in hundredths; None if the text is not a color.

    Like tinycolor, it accepts names, hexadecimal digits, and rgb, hsl and hsv with or without alpha, parentheses
    and commas.
    """
    plain = text.strip().lower()
    if plain == "transparent":
        return 0, 0, 0, 0
    digits = re.fullmatch(_HEX, plain)
    if digits:
        return _from_hex(digits[1])
    function = re.fullmatch(_FUNCTION, plain)
    if function:
        kind, _, first, second, third, alpha = function.groups()
        return *_from_function(kind, first, second, third), _alpha(alpha)
    # Color names are rare, and Pillow is slow to import.
    from PIL import ImageColor  # noqa: PLC0415

    # Pillow replaces the text of a color by a tuple once it has looked it up.
    named = ImageColor.colormap.get(plain)
    if isinstance(named, tuple):
        red, green, blue = named[:3]
        return red, green, blue, 1
    return None if named is None else _from_hex(named[1:])


def _from_hex(digits: str) -> tuple[int, int, int, float]:
    if len(digits) <= 4:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, *alpha = bytes.fromhex(digits)
    return red, green, blue, _hundredths(alpha[0] / 255) if alpha else 1


def _from_function(kind: str, first: str, second: str, third: str) -> tuple[int, int, int]:
    if kind == "rgb":
        channels = tuple(_share(text, 255) for text in (first, second, third))
    else:
        import colorsys  # noqa: PLC0415 - for few colors

        hue, middle, last = _share(first, 360), _share(_percentage(second), 100), _share(_percentage(third), 100)
        is_hsl = kind == "hsl"
        channels = colorsys.hls_to_rgb(hue, last, middle) if is_hsl else colorsys.hsv_to_rgb(hue, middle, last)
    red, green, blue = (_round(channel * 255) for channel in channels)
    return red, green, blue


def _share(text: str, most: float) -> float:
    """A number or percentage as a share of `most`, 0–1; "1.0" means 100%, as in tinycolor."""
    if "." in text and float(text.rstrip("%")) == 1:
        text = "100%"
    share = float(text[:-1]) / 100 if text.endswith("%") else float(text) / most
    return min(max(share, 0), 1)


def _percentage(text: str) -> str:
    """A number up to 1 as a percentage, as in tinycolor."""
    return text if text.endswith("%") or float(text) > 1 else f"{float(text) * 100}%"


def _alpha(text: str | None) -> float:
    if text is None:
        return 1
    alpha = float(text.rstrip("%"))
    return _hundredths(alpha) if 0 <= alpha <= 1 else 1


def _hundredths(alpha: float) -> float:
    return _round(100 * alpha) / 100


def cell_color(text: str) -> str:
    """The `#rrggbb` of a cell's own color, blended with white by its alpha; "" if the text is not a color."""
    parsed = parse_color(text)
    if parsed is None:
        return ""
    *channels, alpha = parsed
    return hex_of((channel - 255) * alpha + 255 for channel in channels)


def gradient_of(colors: list[str], low: float, high: float) -> Gradient:
    """The gradient of a layer. Alpha is ignored, as in the Navigator, and a single color is repeated."""
    parsed = [parse_color(color) for color in colors]
    plain = tuple(hex_of(color[:3]) for color in parsed if color is not None)
    if len(plain) < len(colors) or not plain:
        plain = DEFAULT_COLORS
    return Gradient(plain if len(plain) >= FEWEST_COLORS else plain * FEWEST_COLORS, low, high)
