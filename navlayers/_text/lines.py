"""Text as lines of a terminal: width, wrapping, and characters that a terminal or XML interprets."""

from __future__ import annotations

import re
import unicodedata

_BEFORE_NUMBER = r"(?<=\w) (?=\d)"


def printable(text: str) -> str:
    """The text with blanks for control characters, which would move the cursor of a terminal."""
    if text.isprintable():
        return text
    return "".join(" " if is_control(char) else char for char in text)


def is_control(char: str) -> bool:
    """Whether a terminal interprets the character instead of showing it, or shows nothing."""
    category = unicodedata.category(char)
    return category.startswith("C") or category in ("Zl", "Zp")


def columns(text: str) -> int:
    """The width of the text on a terminal, in columns."""
    return len(text) if text.isascii() else sum(map(_WIDTHS.__getitem__, text))


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of `width` columns, broken at blanks or within longer words; at least one line.

    Addresses are not broken, as terminals make only whole ones clickable.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        if line and columns(line) + 1 + columns(rest) <= width:
            line += f" {rest}"
            continue
        if line:
            lines.append(line)
        while columns(rest) > width and "://" not in word:
            head = _start(rest, width)
            lines.append(head)
            rest = rest[len(head) :]
        line = rest
    return [*lines, line] if line or not lines else lines


def _start(word: str, width: int) -> str:
    """The part of a word that fits, at least one letter."""
    used = 0
    for index, char in enumerate(word):
        used += columns(char)
        if used > width and index:
            return word[:index]
    return word


def single_line(text: str, longest: int = 2000) -> str:
    """The text on one line, without control characters and marks of writing direction."""
    text = text[:longest]
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_REPLACEMENTS)
    return " ".join(text.split()) if "  " in text or text != text.strip() else text


def joined_numbers(text: str) -> str:
    """The text with no-break spaces in front of numbers, so that lines do not break within "Microsoft 365"."""
    return re.sub(_BEFORE_NUMBER, "\u00a0", text)


class _Replacements(dict[int, str]):
    """Code point → its replacement."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        # XML forbids control characters, and an unterminated direction mark would turn the text after it.
        kept = " " if char.isspace() else "" if unicodedata.category(char)[0] == "C" else char
        self[point] = kept
        return kept


_REPLACEMENTS = _Replacements()


class _Widths(dict[str, int]):
    """Character → its columns: two of a wide one, none of one that goes above another."""

    def __missing__(self, char: str) -> int:
        width = 1 + (unicodedata.east_asian_width(char) in "WF") - (unicodedata.combining(char) > 0)
        self[char] = width
        return width


_WIDTHS = _Widths()
