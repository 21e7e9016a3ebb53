"""Text fit for its target: lines of a terminal, characters that it or XML interprets, names of files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_BEFORE_NUMBER = re.compile(r"(?<=\w) (?=\d)")


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
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


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
    return _BEFORE_NUMBER.sub("\u00a0", text)


class _Replacements(dict[int, str]):
    """Code point → its replacement."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        # XML forbids control characters, and an unterminated direction mark would turn the text after it.
        kept = " " if char.isspace() else "" if unicodedata.category(char)[0] == "C" else char
        self[point] = kept
        return kept


_REPLACEMENTS = _Replacements()


LONGEST = 80
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.ASCII)
"""Names that Windows reserves for devices, with any ending."""


def slug(text: str) -> str:
    """The text as lower-case letters, digits, dots, hyphens and underscores; "" if it has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"-?[^a-z0-9._-]+-?", "-", plain).strip("-._ ")[:LONGEST].strip("-._ ")


def slugs(ids: Iterable[str]) -> dict[str, str]:
    """Id → slug; all are different, also on file systems that ignore case.

    An id whose slug is empty, reserved or a duplicate gets a part of its own hash, so that the slugs do not depend
    on the order of the ids.
    """
    names = {identifier: slug(identifier) for identifier in ids}
    while True:
        times = Counter(names.values())
        bad = [i for i, name in names.items() if not name or times[name] > 1 or RESERVED.fullmatch(name)]
        changed = {identifier: _hashed(identifier) for identifier in bad}
        if changed.items() <= names.items():
            return names
        names.update(changed)


def _hashed(identifier: str) -> str:
    """The slug and a hash, without dots: Windows reserves names up to their first dot."""
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    name = slug(identifier).replace(".", "-")[: LONGEST - 17]
    return f"{name}-{digest}" if name else digest
