"""Colours of cells as the ATT&CK Navigator gives them, and colours of the text upon them.

Source: the Navigator 5.1 reads colours as CSS writes them, mixes those of cells with the white behind them by their
alpha, and ignores the alpha of gradients.
"""

from __future__ import annotations

import math
from functools import lru_cache

from navlayers.layer.css import DEFAULT, parse
from navlayers.layer.gradient import Gradient

BLACK, WHITE = "#000000", "#ffffff"
_FEWEST = 2


def cell_color(text: str) -> str:
    """The `#rrggbb` of a cell's own colour on white; "" where it is none."""
    found = parse(text)
    if found is None:
        return ""
    *channels, alpha = found
    return "#" + "".join(f"{math.floor((channel - 255) * alpha + 255.5):02x}" for channel in channels)


def gradient_of(colors: list[str], low: float, high: float) -> Gradient:
    """The gradient of a layer, its alpha ignored; a single colour stands for all."""
    found = [parse(color) for color in colors]
    plain = tuple(f"#{c[0]:02x}{c[1]:02x}{c[2]:02x}" for c in found if c is not None)
    if len(plain) < len(colors) or not plain:
        plain = DEFAULT
    return Gradient(plain if len(plain) >= _FEWEST else plain * _FEWEST, low, high)


@lru_cache(maxsize=4096)
def luminance(color: str) -> float:
    """The relative luminance of `#rrggbb`, 0–1 (WCAG 2.1)."""
    red, green, blue = (_linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb`, 1–21 (WCAG 2.1)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=4096)
def text_color(background: str) -> str:
    """Black or white, whichever contrasts more; at least 4.5:1 on any colour."""
    return BLACK if contrast(BLACK, background) >= contrast(WHITE, background) else WHITE


@lru_cache(maxsize=4096)
def grey(color: str) -> str:
    """The grey of the same luminance, as a printer without colours gives it."""
    linear = luminance(color)
    level = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return "#" + f"{round(level * 255):02x}" * 3


def lightness(color: str) -> float:
    """The lightness L* of `#rrggbb`, 0–100 (CIE 1976)."""
    level = luminance(color)
    return 116 * level ** (1 / 3) - 16 if level > 216 / 24389 else level * 24389 / 27
