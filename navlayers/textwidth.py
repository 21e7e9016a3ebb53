"""Text in a terminal: what may be shown, how many columns it needs, where it may be broken."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """The text without control characters, which would move the cursor: they are shown as blanks."""
    if text.isprintable():
        return text
    return "".join(" " if moves(char) else char for char in text)


def moves(char: str) -> bool:
    """Whether a terminal would obey the character rather than show it, or has nothing to show."""
    category = unicodedata.category(char)
    return category.startswith("C") or category in ("Zl", "Zp")


def columns(text: str) -> int:
    """How many columns a terminal needs for the text."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of so many columns, broken at blanks or within longer words; at least one line.

    Addresses stay whole, for terminals follow those that stand on one line.
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
    """As much of the word as fits, one letter at least."""
    used = 0
    for index, char in enumerate(word):
        used += columns(char)
        if used > width and index:
            return word[:index]
    return word
