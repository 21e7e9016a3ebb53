"""How wide text is in the font of the pictures, and as much of it as fits: Helvetica, or what has its metrics.

The font is the one that mitreattack-python brings; Arial and Liberation Sans are as wide to the letter.
"""

from __future__ import annotations

import re
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
"""Heights above the baseline in ems: of letters with everything, and of capitals and figures."""

# What no line may break: words with the hyphen or slash behind them; dates are whole.
_PARTS = re.compile(r"(?:[^\s/-]|(?<=\d)[/-](?=\d))+(?:[/-]|\s+)?|[/-]|\s+")

# Shares of the room that are tried until no word stands alone on the last line.
_NARROWER = (0.97, 0.94, 0.9, 0.85, 0.8, 0.7, 0.6)

# Sizes of the font: Helvetica has 1,000 units per em, so that advances are whole; 40 tells shapes of letters apart.
_MEASURED_AT, _COMPARED_AT = 1000, 40

# A private code point that no font has, whose picture is that of every missing letter.
_MISSING = "\U0010fffe"

# Widths in ems of letters that the font lacks: of symbols and East Asian letters, and of all others.
_SYMBOLS = 0x2000
_WIDE, _UNKNOWN = 1.0, 0.85


def folder() -> Path:
    """Where the font's file is."""
    # The package itself takes long to import, and is not needed to find its files.
    found = find_spec("mitreattack")
    places = found.submodule_search_locations if found is not None else None
    return Path(next(iter(places or ("",)))) / "navlayers" / "exporters" / "fonts"


def width(text: str, size: float) -> float:
    """How wide the text is, in the unit of its size."""
    return ems(text) * size


@lru_cache(maxsize=1 << 16)
def ems(text: str) -> float:
    """How wide the text is, in ems."""
    return sum(map(_ADVANCES.__getitem__, text))


@lru_cache(maxsize=1 << 16)
def cut(text: str, room: float) -> str:
    """As much of the text as fits into that many ems, with an ellipsis where some is missing; "" if nothing."""
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
    """The text in so many lines at most, of that many ems, parted at blanks, hyphens and slashes."""
    made: list[str] = []
    parts = _PARTS.findall(text)
    while parts and len(made) < lines - 1 and ems(text) > room:
        taken = 1
        while taken < len(parts) and ems("".join(parts[: taken + 1]).rstrip()) <= room:
            taken += 1
        line = "".join(parts[:taken]).rstrip()
        if ems(line) > room:
            break
        made.append(line)
        parts = parts[taken:]
        text = "".join(parts)
    made.append(cut(text, room))
    return tuple(line for line in made if line)


def paragraph(text: str, room: float, lines: int) -> tuple[str, ...]:
    """The text in lines as by `wrap`, with no word alone on the last one where that can be."""
    made = wrap(text, room, lines)
    if len(made) > 1 and " " not in made[-1] and not made[-1].endswith(ELLIPSIS):
        for share in _NARROWER:
            other = wrap(text, room * share, len(made))
            if not other[-1].endswith(ELLIPSIS) and " " in other[-1]:
                return other
    return made


@lru_cache(maxsize=1 << 14)
def rooms(text: str, lines: int) -> tuple[float, ...]:
    """The widths, in ems, that the text needs to stand whole in one line, in two, and so on."""
    starts, ends = [0.0], []
    for part in _PARTS.findall(text):
        ends.append(starts[-1] + ems(part.rstrip()))
        starts.append(starts[-1] + ems(part))
    count = len(ends)
    if not count:
        return (0.0,) * lines
    # The least of the widths in which what is left from each part on stands in so many lines.
    left = [ends[-1] - start for start in starts[:-1]]
    found = [left[0]]
    for _ in range(lines - 1):
        left = [
            min([ends[-1] - starts[i], *(max(ends[j - 1] - starts[i], left[j]) for j in range(i + 1, count))])
            for i in range(count)
        ]
        found.append(left[0])
    return tuple(found)


class _Advances(dict[str, float]):
    """Character → its advance in ems, measured when first asked for."""

    def __missing__(self, char: str) -> float:
        self[char] = advance = self._measure(char)
        return advance

    @staticmethod
    def _measure(char: str) -> float:
        if unicodedata.category(char) in ("Mn", "Me"):
            return 0
        # What the font lacks is drawn in another one, whose widths can only be guessed.
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
    # Only drawings measure text; the import takes longer than the measuring.
    from PIL import ImageFont  # noqa: PLC0415

    path = folder() / "sans-serif.ttf"
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
