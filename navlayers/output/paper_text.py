"""Text on paper: lines without control characters, whose longest words may be parted."""

from __future__ import annotations

import re
import unicodedata

from navlayers._text import plain
from navlayers.output.drawing.font import ems

_BREAK = "\u200b"
_PARTS = re.compile(r"(?<=[/-])(?=[^\W\d])")
"""Where a line may end within a word, by Unicode's line breaking rules (UAX 14)."""


def lines_of(text: str) -> list[str]:
    """The lines of a text as they may be shown, with single blanks."""
    return [" ".join(plain(line).split()) for line in text.strip().splitlines()]


def parted(line: str, size: float, room: float) -> str:
    """A line whose words may be parted where one is too long for so much room with letters of that size."""
    room /= size
    if ems(line) <= room:
        return line
    return " ".join(word if ems(word) <= room else _word(word, room) for word in line.split(" "))


def said(text: str, size: float, room: float) -> str:
    """A text in its lines, as it may be shown in so much room."""
    return "\n".join(parted(line, size, room) for line in lines_of(text))


def one_line(text: str, size: float, room: float) -> str:
    """A text as `said`, but in one line as far as there is room."""
    return parted(" ".join(lines_of(text)), size, room)


def _word(word: str, room: float) -> str:
    """A word that may be parted anywhere where parting it at hyphens and slashes is not enough."""
    return "".join(part if ems(part) <= room else _loose(part) for part in _PARTS.split(word))


def _loose(part: str) -> str:
    # What stands upon a letter stays with it.
    return "".join(c if not i or unicodedata.combining(c) else _BREAK + c for i, c in enumerate(part))
