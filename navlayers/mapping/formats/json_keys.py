"""Keys of JSON objects and where they stand.

Finds keys that stand twice: the decoder keeps the last of them and says nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACE = re.compile(r"[ \t\r\n]*")
_KEY = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
_NEXT = re.compile(rb"[ \t\r\n]*([,}])")
_SPACED = (b" :", b"\t:", b"\r:", b"\n:")
_APART = re.compile(rb'"[ \t\r\n]+:')
_CHUNK = 1 << 20
_SHAPES = 16

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Member(NamedTuple):
    """A key of an object and the byte offsets of the key, of its value and of the value's end."""

    key: str
    at: int
    value: int
    end: int


class Repeat(NamedTuple):
    """A key that stands again, and the byte offsets of its first and of this standing."""

    key: str
    first: int
    again: int


def members(raw: bytes) -> Iterator[Member]:
    """The members of an object in the order written; none where the text is no object."""
    if not raw.startswith(b"{"):
        return
    text = raw.decode("utf-8", "replace")
    decode = json.JSONDecoder(strict=False, parse_int=str).raw_decode
    known, offset = 0, 0

    def byte(index: int) -> int:
        nonlocal known, offset
        known, offset = index, offset + len(text[known:index].encode())
        return offset

    at = _skip(text, 1)
    while text[at : at + 1] == '"':
        start = byte(at)
        key, at = decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        value = byte(at)
        _, at = decode(text, at)
        yield Member(str(key), start, value, byte(at))
        at = _skip(text, _skip(text, at) + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def repeats(raw: bytes, *, depth: int = 0) -> list[Repeat]:
    """The keys that stand twice in an object, and in the objects `depth` levels below it."""
    seen: dict[str, int] = {}
    found = []
    for member in members(raw):
        first = seen.setdefault(member.key, member.at)
        if first != member.at:
            found.append(Repeat(member.key, first, member.at))
        if depth:
            below = repeats(raw[member.value : member.end], depth=depth - 1)
            found += [Repeat(key, member.value + one, member.value + two) for key, one, two in below]
    return found


def top_repeats(data: bytes) -> list[Repeat]:
    """The keys that stand twice at the top level of a file, which must be sound JSON and an object.

    Values are not read again: one that is the same as what the decoder kept for its key is stepped over.
    """
    kept = _members.decode(data)
    seen: dict[str, int] = {}
    at = data.index(b"{") + 1
    while found := _KEY.match(data, at):
        key = str(json.loads(found[1], strict=False))
        if key in seen:
            return repeats(data[data.index(b"{") :])
        seen[key] = found.start(1)
        end = _behind(data, found.end(), kept[key])
        if end is None:
            return repeats(data[data.index(b"{") :])
        at = end
    return []


def _behind(data: bytes, at: int, value: msgspec.Raw) -> int | None:
    """The offset behind a value and the comma after it; None where another value stands there."""
    view = memoryview(value)
    for start in range(0, len(view), _CHUNK):
        piece = bytes(view[start : start + _CHUNK])
        if not data.startswith(piece, at + start):
            return None
    following = _NEXT.match(data, at + len(view))
    return following and following.end()


def most_keys(text: bytes) -> int:
    """How many keys a JSON text has at most: the quotes before a colon, with blanks between them or not."""
    apart = len(_APART.findall(text)) if any(spaced in text for spaced in _SPACED) else 0
    return text.count(b'":') + apart
