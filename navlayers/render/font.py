"""How wide text is in the font of the pictures, and as much of it as fits: Helvetica, or what has its metrics.

The font is the one that mitreattack-python brings; Arial and Liberation Sans are as wide to the letter.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"
ELLIPSIS = "…"
ASCENT, CAP = 0.76, 0.72
"""Heights above the baseline per size: of letters with everything, and of capitals and figures."""

_MEASURED_AT = 1000
_OTHER_SCRIPTS = 0x300
_WIDE, _UNKNOWN = 1.0, 0.85
_LONGEST = 2000


def folder() -> Path:
    """Where the font's file is."""
    # The package itself takes long to import, and is not needed to find its files.
    found = find_spec("mitreattack")
    places = found.submodule_search_locations if found is not None else None
    return Path(next(iter(places or ("",)))) / "navlayers" / "exporters" / "fonts"


def clean(text: str, longest: int = _LONGEST) -> str:
    """The text on one line, as it may be shown: without control characters and marks of writing direction."""
    text = text[:longest]
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_shown, text))
    return " ".join(text.split())


def _shown(char: str) -> str:
    if char.isspace():
        return " "
    # Xml 1.0 has no characters of these, and a direction that is not ended turns what follows.
    return "" if unicodedata.category(char)[0] == "C" or char in "\ufffe\uffff" else char


def width(text: str, size: float) -> float:
    """How wide the text is, in the unit of its size."""
    return ems(text) * size


@lru_cache(maxsize=1 << 16)
def ems(text: str) -> float:
    """How wide the text is, in sizes."""
    return sum(map(_ADVANCES.__getitem__, text))


@lru_cache(maxsize=1 << 16)
def cut(text: str, room: float) -> str:
    """As much of the text as fits into that many sizes, with an ellipsis where some is missing; "" if nothing."""
    if ems(text) <= room:
        return text
    left = room - ems(ELLIPSIS)
    used = 0.0
    for index, char in enumerate(text):
        used += _ADVANCES[char]
        if used > left:
            head = text[:index].rstrip(" ,;:.-–(/")
            return head + ELLIPSIS if head else ""
    return text


@lru_cache(maxsize=1 << 16)
def wrap(text: str, room: float, lines: int) -> tuple[str, ...]:
    """The text in at most so many lines of that many sizes, broken at blanks, the last one cut."""
    made: list[str] = []
    words = text.split(" ")
    while words and len(made) < lines - 1:
        line = words[0]
        taken = 1
        while taken < len(words) and ems(f"{line} {words[taken]}") <= room:
            line += f" {words[taken]}"
            taken += 1
        if ems(line) > room:
            break
        made.append(line)
        words = words[taken:]
    if words:
        made.append(cut(" ".join(words), room))
    return tuple(line for line in made if line)


class _Advances(dict[str, float]):
    """Character → its advance in sizes, measured when first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._font: FreeTypeFont | None = None

    def __missing__(self, char: str) -> float:
        if self._font is None:
            # Only drawings measure text; the import takes longer than the measuring.
            from PIL import ImageFont  # noqa: PLC0415

            path = folder() / "sans-serif.ttf"
            self._font = ImageFont.truetype(str(path), _MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)
        self[char] = advance = self._measure(char, self._font)
        return advance

    @staticmethod
    def _measure(char: str, font: FreeTypeFont) -> float:
        if unicodedata.category(char) in ("Mn", "Me"):
            return 0
        if unicodedata.east_asian_width(char) in "WF":
            return _WIDE
        measured = font.getlength(char) / _MEASURED_AT
        # Scripts that the font lacks are drawn in another one, whose widths can only be guessed.
        return max(measured, _UNKNOWN) if ord(char) >= _OTHER_SCRIPTS and char.isalpha() else measured


_ADVANCES = _Advances()
