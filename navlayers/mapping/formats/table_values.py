"""What the cells of a table say: technique ids among other words, lists of links, scores as people write them."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from navlayers.mapping.formats.checks import TECHNIQUE

_ID = r"T[0-9]{4}(?:\.[0-9]{3})?(?![0-9.]*[0-9])"
_URL = re.compile(r"https?://\S*/techniques/(T[0-9]{4})(?:/([0-9]{3}))?/?(?:[?#]\S*)?")
_PARTS = re.compile(
    r"[;\r\n]++|[,|&]\s*+(?=T[0-9]|https?:)|(?<=[0-9])\s*+/\s*+(?=T[0-9])"
    r"|(?<!\s)\s++(?:and\s++)?(?=T[0-9]{3}|https?:)"
)
"""What stands between techniques. A comma within a name does not."""

_NAMED = re.compile(rf"({_ID})\s*(?:\s[-–—]+\s|:|[-–—]|\s)\s*(\S.*)", re.DOTALL)
_NAME_FIRST = re.compile(rf"([^()\[\]]*\S)\s*[(\[]\s*({_ID})\s*[)\]]")
_WRAPPED = re.compile(rf"[(\[]\s*({_ID})\s*[)\]]")
_EDGES = " \t\r\n,;|\xa0"

_LINKS = re.compile(r"[;,]?\s+|[;,](?=https?:)")
_PERCENT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*%")
_COMMA = re.compile(r"([0-9]+),([0-9]+)")
_LONGEST_LIST = 1_000_000


class Technique(NamedTuple):
    """A technique that a cell names: its id as it is written, its name where it is, and where the id begins."""

    id: str
    name: str | None = None
    offset: int = 0


def techniques(text: str) -> tuple[Technique, ...]:
    """The techniques of a cell, in its order, each once; what is no id comes as it stands, for a rule to refuse.

    Between them are commas, semicolons, bars, blanks or line ends; a name may follow an id, or an id stand in
    brackets behind its name; addresses of technique pages count as their ids.
    """
    if TECHNIQUE.fullmatch(text):
        return (Technique(text),)
    found: dict[str, Technique] = {}
    at = 0
    for separator in (*_PARTS.finditer(text), None):
        part = text[at : separator.start() if separator else len(text)]
        clean = part.strip(_EDGES)
        if clean:
            technique = _technique(clean, at + part.index(clean))
            found.setdefault(technique.id, technique)
        at = separator.end() if separator else len(text)
    return tuple(found.values())


def _technique(part: str, at: int) -> Technique:
    if TECHNIQUE.fullmatch(part):
        return Technique(part, None, at)
    if url := _URL.fullmatch(part):
        return Technique(f"{url[1]}.{url[2]}" if url[2] else url[1], None, at)
    if wrapped := _WRAPPED.fullmatch(part):
        return Technique(wrapped[1], None, at + wrapped.start(1))
    if named := _NAMED.fullmatch(part):
        return Technique(named[1], named[2].strip(), at)
    if behind := _NAME_FIRST.fullmatch(part):
        return Technique(behind[2], behind[1].strip(), at + behind.start(2))
    return Technique(part, None, at)


def references(text: str) -> tuple[str, ...]:
    """The links of a cell: a list as Python or JSON writes it, or links with blanks, commas or lines between."""
    clean = text.strip()
    if clean.startswith("[") and clean.endswith("]") and len(clean) <= _LONGEST_LIST:
        try:
            value = ast.literal_eval(clean)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            value = None
        if isinstance(value, list) and all(isinstance(link, str) for link in value):
            return tuple(value)
    if "\n" in clean or clean.count("http") > 1:
        parts = _LINKS.split(clean) if clean.count("http") > 1 else clean.split("\n")
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return (clean,) if clean else ()


def score(text: str) -> str:
    """A score without its percent sign, with a point for a decimal comma; other texts as they stand."""
    clean = text.strip()
    if found := _PERCENT.fullmatch(clean):
        clean = found[1]
    if found := _COMMA.fullmatch(clean):
        return f"{found[1]}.{found[2]}"
    return clean
