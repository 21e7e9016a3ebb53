"""Luminance, contrast and lightness of colors, and the colors that stand for them on dark pages."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from navlayers.layer.colors import WHITE, Gradient, hex_of, rgb_of

BLACK = "#000000"

# The shares of red, green and blue in luminance.
_SHARES = (0.2126, 0.7152, 0.0722)


@lru_cache(maxsize=4096)
def luminance(color: str) -> float:
    """The relative luminance of `#rrggbb`, 0–1 (WCAG 2.1)."""
    channels = (_linear(channel / 255) for channel in rgb_of(color))
    return sum(share * channel for share, channel in zip(_SHARES, channels, strict=True))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two `#rrggbb`, 1–21 (WCAG 2.1)."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=4096)
def text_color(background: str) -> str:
    """Black or white, whichever has more contrast; at least 4.5:1 on any color."""
    return BLACK if contrast(BLACK, background) >= contrast(WHITE, background) else WHITE


@lru_cache(maxsize=4096)
def gray(color: str) -> str:
    """The gray of the same luminance (IEC 61966-2-1), as in black-and-white print."""
    return "#" + f"{round(_gamma(luminance(color)) * 255):02x}" * 3


def _gamma(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def lightness(color: str) -> float:
    """The lightness L* of `#rrggbb`, 0–100 (CIE 1976)."""
    level = luminance(color)
    return 116 * level ** (1 / 3) - 16 if level > 216 / 24389 else level * 24389 / 27


# On dark pages: the lightness L* of the lightest color of a ramp, and its rise per unit that a color is darker.
_DEEPEST, _RISE, _LIGHTEST = 24.0, 0.71, 98.0

# The share of white that pure reds forgo: with all of it, the red of what is not covered is salmon, near pinks.
_REDNESS = 0.6


@lru_cache(maxsize=4096)
def dark(color: str) -> str:
    """The `#rrggbb` that stands for a color on dark pages: the same hue, and the lighter the darker the color is.

    So contrast with the page rises with the score, as it does on white pages: every dark page, picture and terminal
    takes its colors from here.
    """
    light = lightness(color)
    wanted = _level(_DEEPEST + _RISE * (_LIGHTEST - light))
    channels = [_linear(channel / 255) for channel in rgb_of(color)]
    # As bright as the hue allows, and tints stronger, or their hue would be lost; black is gray.
    most, strength = max(channels), 1 + (light / 100) ** 3
    channels = [(channel / most) ** strength for channel in channels] if most else [1.0] * 3
    own = sum(share * channel for share, channel in zip(_SHARES, channels, strict=True))
    if own >= wanted:
        channels = [channel * wanted / own for channel in channels]
    else:
        redness = max(channels[0] - max(channels[1:]), 0) ** 3
        white = (wanted - own) / (1 - own) * (1 - _REDNESS * redness)
        channels = [channel + (1 - channel) * white for channel in channels]
    return hex_of(255 * _gamma(channel) for channel in channels)


def falls(gradient: Gradient) -> bool:
    """Whether higher scores are darker, as in a ramp for white pages."""
    levels = [lightness(color) for color in gradient.colors]
    return all(before > after for before, after in pairwise(levels))


def _level(light: float) -> float:
    """The luminance, 0–1, of a lightness L* above 8."""
    return ((light + 16) / 116) ** 3
