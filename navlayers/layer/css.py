"""Colours as CSS writes them, which the ATT&CK Navigator reads in layers of any tool.

Source: the Navigator reads them with tinycolor 1.6, which takes names, hexadecimal digits, and rgb, hsl and hsv,
with or without alpha, brackets and commas.
"""

from __future__ import annotations

import colorsys
import math
import re
from functools import lru_cache

DEFAULT = ("#ff6666", "#ffe766", "#8ec843")
"""The colours of a layer that names none."""

_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_NUMBER = r"([-+]?\d*\.\d+%?|[-+]?\d+%?)"
_FUNCTION = re.compile(rf"(rgb|hsl|hsv)(a?)[\s(]+{_NUMBER}[,\s]+{_NUMBER}[,\s]+{_NUMBER}(?:[,\s]+{_NUMBER})?\s*\)?")


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[int, int, int, float] | None:
    """Red, green and blue, 0–255 each, and alpha, 0–1 in hundredths, of a colour; None where it is none."""
    plain = text.strip().lower()
    if plain == "transparent":
        return 0, 0, 0, 0
    found = _HEX.fullmatch(plain)
    if found:
        return _hex(found[1])
    function = _FUNCTION.fullmatch(plain)
    if function:
        kind, _, one, two, three, alpha = function.groups()
        return *_channels(kind, one, two, three), _alpha(alpha)
    # Names are rare; the library that knows them is imported for them alone.
    from PIL import ImageColor  # noqa: PLC0415

    # Its names have digits, or channels once it has itself been asked for them.
    named = ImageColor.colormap.get(plain)
    if isinstance(named, tuple):
        red, green, blue = named[:3]
        return red, green, blue, 1
    return None if named is None else _hex(named[1:])


def _hex(digits: str) -> tuple[int, int, int, float]:
    if len(digits) <= 4:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, *alpha = bytes.fromhex(digits)
    return red, green, blue, _hundredths(alpha[0] / 255) if alpha else 1


def _channels(kind: str, one: str, two: str, three: str) -> tuple[int, int, int]:
    if kind == "rgb":
        channels = tuple(_bound(text, 255) for text in (one, two, three))
    else:
        hue, first, second = _bound(one, 360), _bound(_percentage(two), 100), _bound(_percentage(three), 100)
        hsl = kind == "hsl"
        channels = colorsys.hls_to_rgb(hue, second, first) if hsl else colorsys.hsv_to_rgb(hue, first, second)
    red, green, blue = (math.floor(channel * 255 + 0.5) for channel in channels)
    return red, green, blue


def _bound(text: str, most: float) -> float:
    """A number or a percentage as a share of `most`, 0–1; 1.0 as text is all, as in tinycolor."""
    if "." in text and float(text.rstrip("%")) == 1:
        text = "100%"
    share = float(text[:-1]) / 100 if text.endswith("%") else float(text) / most
    return min(max(share, 0), 1)


def _percentage(text: str) -> str:
    """Shares up to 1 are meant as such."""
    return text if text.endswith("%") or float(text) > 1 else f"{float(text) * 100}%"


def _alpha(text: str | None) -> float:
    if text is None:
        return 1
    alpha = float(text.rstrip("%"))
    return _hundredths(alpha) if 0 <= alpha <= 1 else 1


def _hundredths(alpha: float) -> float:
    return math.floor(100 * alpha + 0.5) / 100
