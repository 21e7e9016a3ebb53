"""Colours as CSS writes them, which the ATT&CK Navigator reads in layers of any tool."""

from __future__ import annotations

import re
from functools import lru_cache

DEFAULT = ("#ff6666", "#ffe766", "#8ec843")
"""The colours of a layer that names none."""

_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[int, int, int, int] | None:
    """Red, green, blue and alpha, 0–255 each, of a colour as CSS writes it; None where it is none."""
    found = _HEX.fullmatch(text.strip())
    if found:
        digits = found[1]
        if len(digits) <= 4:
            digits = "".join(digit * 2 for digit in digits)
        red, green, blue, *alpha = bytes.fromhex(digits)
        return red, green, blue, (alpha[0] if alpha else 255)
    # Names and functions are rare; the library that knows them is imported for them alone.
    from PIL import ImageColor  # noqa: PLC0415

    try:
        named = ImageColor.getrgb(text.strip().lower())
    except ValueError:
        return None
    return named[0], named[1], named[2], (named[3] if len(named) > 3 else 255)
