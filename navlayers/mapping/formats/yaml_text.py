"""YAML text that every YAML 1.1 and 1.2 tool reads as the same strings. Short, and the same for the same data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 110
"""A mapping or list stays on one line up to this many columns."""

_KEY_LIMIT = 800
"""Longer keys are written with a question mark: YAML takes at most 1024 characters before the colon."""

_KEYWORDS = re.compile(r"y|n|yes|no|on|off|true|false|null|nan|inf", re.IGNORECASE)
_NUMBERLIKE = re.compile(r"[0-9][0-9_.,:/xXoOa-fA-FeE+\-TtZz ]*")
# PyYAML takes any question mark between brackets as the sign of a key.
_MARKS = re.compile(r": |:$| #|[,?\[\]{}]")
_BLOCK_MARKS = re.compile(r": |:$| #")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Number(str):
    """Digits to be written without quotes."""

    __slots__ = ()


class Block(dict[str, "Value"]):
    """A mapping that takes a line for each key however short it is."""


Value = str | bool | None | list["Value"] | dict[str, "Value"]


def text(value: str, *, flow: bool = False) -> str:
    """A string as a YAML scalar, in double quotes where any tool could take it for something else.

    Lone surrogates, which UTF-8 cannot hold, become U+FFFD.

    Args:
        value: the string.
        flow: it is written between brackets, where commas and brackets need quotes, too.
    """
    first = value[:1]
    if (
        (first.isalpha() or first in {"_", "("} or "0" <= first <= "9")
        and value.isprintable()
        and value[-1] != " "
        and not (_MARKS if flow else _BLOCK_MARKS).search(value)
        and not (len(value) <= 5 and _KEYWORDS.fullmatch(value))
        and not _NUMBERLIKE.fullmatch(value)
    ):
        return value
    if value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "\\uFFFD"
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def document(tree: dict[str, Value]) -> str:
    """The text of a YAML document, ending in a line break.

    Args:
        tree: key → value; a `Block` takes a line for each of its keys, other mappings share a line where they fit.
    """
    return "\n".join(_mapping(tree, "")) + "\n"


def _mapping(tree: dict[str, Value], indent: str) -> Iterator[str]:
    for key, value in tree.items():
        written = text(key)
        if len(written) > _KEY_LIMIT:
            yield f"{indent}? {written}"
            written = ""
        yield from _under(f"{indent}{written}:", value, indent)


def _under(head: str, value: Value, indent: str) -> Iterator[str]:
    """The lines of a value after a head such as `key:` or `-`."""
    if isinstance(value, str) and "\n" in value and _literal(value):
        yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{indent}  {line}" if line else ""
        return
    if not isinstance(value, (dict, list)):
        scalar = _scalar(value, flow=False)
        yield f"{head} {scalar}" if scalar else head
    elif (short := _line(value, WIDTH - len(head) - 1)) is not None:
        yield f"{head} {short}"
    elif isinstance(value, dict) and head.endswith("-"):
        # The first key of a list's item follows its dash.
        lines = _mapping(value, indent + "  ")
        yield f"{head} {next(lines).lstrip(' ')}"
        yield from lines
    elif isinstance(value, dict):
        yield head
        yield from _mapping(value, indent + "  ")
    else:
        yield head
        for item in value:
            yield from _under(f"{indent}  -", item, indent + "  ")


def _literal(value: str) -> bool:
    """Whether each line of a text of several lines can be written as it is."""
    lines = value.removesuffix("\n").split("\n")
    return (
        bool(lines[0])
        and lines[0][0] != " "
        and bool(lines[-1])
        and all(line.isprintable() and line[-1:] != " " for line in lines)
    )


def _line(value: Value, room: int) -> str | None:
    """A value on one line between brackets, if it fits and neither nests blocks nor holds a long key or link."""
    if isinstance(value, list):
        addresses = [item for item in value if isinstance(item, str) and "://" in item]
        if addresses and (len(value) > 1 or text(addresses[0], flow=True) != addresses[0]):
            return None
        if any(isinstance(item, dict) for item in value) and len(value) > 1:
            return None
        parts = [_line(item, room) for item in value]
        line = f"[{', '.join(part or '' for part in parts)}]"
    elif isinstance(value, dict):
        keys = [text(key, flow=True) for key in value]
        if (isinstance(value, Block) and value) or any(len(key) > _KEY_LIMIT for key in keys):
            return None
        parts = [_line(item, room) for item in value.values()]
        line = f"{{{', '.join(f'{key}: {part}' for key, part in zip(keys, parts, strict=True))}}}"
    else:
        return None if isinstance(value, str) and "\n" in value else _scalar(value, flow=True)
    return None if None in parts or (len(line) > room and value) else line


def _scalar(value: str | bool | None, *, flow: bool) -> str:
    if value is None:
        return "~" if flow else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, Number) else text(value, flow=flow)
