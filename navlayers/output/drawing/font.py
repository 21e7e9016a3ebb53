"""Measuring, cutting and wrapping text in the font of pictures, which has the metrics of Helvetica.

The font is the one that mitreattack-python brings; Arial and Liberation Sans are as wide to the letter. It has no
bold face, so strong text and the text of PDF reports are set in Source Sans Pro, whose words are narrower by about
a tenth.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import extra

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FAMILY = "Helvetica, Arial, 'Liberation Sans', Arimo, 'Nimbus Sans', 'DejaVu Sans Condensed', sans-serif"
"""Fonts that are as wide, and one that is wider by 5%."""

BOLD_FAMILY = "Source Sans Pro"
"""The font of strong text where fonts are given: narrower, so that it fits."""

ELLIPSIS = "…"
CAP = 0.72
"""Height of capitals and digits above the baseline, in ems."""

# Unbreakable parts: words with the hyphen or slash behind them, dates, a number with the word before it.
_PARTS = re.compile(r"(?:[^\s/-]|\u00a0|(?<=\d)[/-](?=\d)|(?<=[A-Za-z]) (?=\d))+(?:[/-]|[^\S\u00a0]+)?|[/-]|\s+")

# Shares of the width to try until the last line has more than one word.
_NARROWER = (0.97, 0.94, 0.9, 0.85, 0.8, 0.7, 0.6)

# Sizes of the font: Helvetica has 1,000 units per em, so that advances are whole; 40 tells shapes of letters apart.
_MEASURED_AT, _COMPARED_AT = 1000, 40

# A private code point that no font has: its glyph is the one for missing letters.
_MISSING = "\U0010fffe"

# Assumed widths in ems of letters that the font lacks: symbols and East Asian letters, all others.
_SYMBOLS = 0x2000
_WIDE, _UNKNOWN = 1.0, 0.85


def folder() -> Path:
    """The folder of the font file."""
    return _package("mitreattack") / "navlayers" / "exporters" / "fonts"


def text_folder() -> Path:
    """The folder of the font files for text with a bold face."""
    return _package("font_source_sans_pro") / "files"


def _package(name: str) -> Path:
    # Importing the package to find its files would take long.
    with extra("pictures"):
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(name=name)
    return Path(spec.submodule_search_locations[0])


@lru_cache(maxsize=1 << 16)
def ems(text: str) -> float:
    """The width of the text, in ems."""
    return sum(map(_ADVANCES.__getitem__, text))


@lru_cache(maxsize=1 << 16)
def cut(text: str, room: float) -> str:
    """The text, cut with an ellipsis to a width in ems; "" if nothing fits."""
    if ems(text) <= room:
        return text
    limit = room - ems(ELLIPSIS)
    used = 0.0
    for index, char in enumerate(text):
        used += _ADVANCES[char]
        if used > limit:
            head = text[:index].rstrip(" ,;:.-–(/")
            return head + ELLIPSIS if head else ""
    return text


@lru_cache(maxsize=1 << 16)
def wrap(text: str, room: float, lines: int) -> tuple[str, ...]:
    """The text in at most `lines` lines of `room` ems, broken at blanks, hyphens and slashes."""
    result: list[str] = []
    parts = _PARTS.findall(text)
    while parts and len(result) < lines - 1 and ems(text) > room:
        count = 1
        while count < len(parts) and ems("".join(parts[: count + 1]).rstrip()) <= room:
            count += 1
        line = "".join(parts[:count]).rstrip()
        if ems(line) > room:
            break
        result.append(line)
        parts = parts[count:]
        text = "".join(parts)
    result.append(cut(text, room))
    return tuple(line for line in result if line)


def paragraph(text: str, room: float, lines: int) -> tuple[str, ...]:
    """The text in lines as by `wrap`, if possible with more than one word on the last line."""
    result = wrap(text, room, lines)
    if len(result) > 1 and " " not in result[-1] and not result[-1].endswith(ELLIPSIS):
        for share in _NARROWER:
            other = wrap(text, room * share, len(result))
            if not other[-1].endswith(ELLIPSIS) and " " in other[-1]:
                return other
    return result


@lru_cache(maxsize=1 << 14)
def rooms(text: str, lines: int) -> tuple[float, ...]:
    """The widths in ems that the text needs in one line, in two, up to `lines`."""
    starts, ends = [0.0], []
    for part in _PARTS.findall(text):
        ends.append(starts[-1] + ems(part.rstrip()))
        starts.append(starts[-1] + ems(part))
    count = len(ends)
    if not count:
        return (0.0,) * lines
    # For each part, the least width in which the text from it on fits the lines counted so far.
    tails = [ends[-1] - start for start in starts[:-1]]
    widths = [tails[0]]
    for _ in range(lines - 1):
        tails = [_narrowest(i, starts, ends, tails) for i in range(count)]
        widths.append(tails[0])
    return tuple(widths)


def _narrowest(i: int, starts: list[float], ends: list[float], tails: list[float]) -> float:
    """The least width of the text from part `i` on: the wider of a first line, up to part `j`, and of the rest."""
    # The first line grows with j, and the rest shrinks: the best j is where they meet.
    meet = bisect_left(range(len(ends)), 0.0, lo=i + 1, key=lambda j: ends[j - 1] - starts[i] - tails[j])
    breaks = [j for j in (meet - 1, meet) if i < j < len(ends)]
    return min([ends[-1] - starts[i], *(max(ends[j - 1] - starts[i], tails[j]) for j in breaks)])


class _Advances(dict[str, float]):
    """Character → its advance in ems, measured when first asked for."""

    def __missing__(self, char: str) -> float:
        self[char] = advance = self._measure(char)
        return advance

    @staticmethod
    def _measure(char: str) -> float:
        if unicodedata.category(char) in ("Mn", "Me"):
            return 0
        # Another font draws the letters that this one lacks; guess its widths.
        if not is_known(char):
            return _WIDE if ord(char) >= _SYMBOLS or unicodedata.east_asian_width(char) in "WF" else _UNKNOWN
        return _font(_MEASURED_AT).getlength(char) / _MEASURED_AT


_ADVANCES = _Advances()


@lru_cache(maxsize=1 << 12)
def is_known(char: str) -> bool:
    """Whether the font has the character."""
    if char.isascii():
        return True
    font = _font(_COMPARED_AT)
    return bytes(font.getmask(char)) != bytes(font.getmask(_MISSING))


@lru_cache(maxsize=2)
def _font(size: int) -> FreeTypeFont:
    # Only drawings measure text, and the import takes longer than measuring.
    from PIL import ImageFont  # noqa: PLC0415

    path = folder() / "sans-serif.ttf"
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
