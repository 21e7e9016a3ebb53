"""Keys of JSON objects and where they stand.

Finds keys that stand twice: the decoder keeps the last of them and says nothing.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.mapping.formats.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


class Rows:
    """Decodes rows, and tells those in which a key may stand twice.

    The decoder does not tell how many keys a row has. A row has no fewer colons than keys. Most rows have the keys
    of the row before: a decoder that requires these proves that a row with as many colons has no key twice.
    """

    def __init__(self) -> None:
        self._any = msgspec.json.Decoder(Row).decode
        self._same = self._any
        self._keys = 0
        self._shapes: dict[frozenset[str], msgspec.json.Decoder[Row] | None] = {}

    def batch(self, raws: Iterable[msgspec.Raw], odd: Callable[[int, bytes], Row]) -> tuple[list[Row], list[int]]:
        """The rows, and the numbers of those that have to be looked at for keys that stand twice.

        `odd` reads a row that is not typed as published.
        """
        rows: list[Row] = []
        doubtful = []
        same, keys = self._same, self._keys
        for raw in raws:
            text = bytes(raw)
            try:
                row = same(text)
                if text.count(b":") == keys or _no_more(text, keys):
                    rows.append(row)
                    continue
            except (msgspec.DecodeError, RecursionError):
                pass
            try:
                row, doubt = self._other(text)
            except (msgspec.DecodeError, RecursionError):
                row, doubt = odd(len(rows), text), True
            if doubt:
                doubtful.append(len(rows))
            rows.append(row)
            same, keys = self._same, self._keys
        return rows, doubtful

    def _other(self, text: bytes) -> tuple[Row, bool]:
        """Decode a row whose keys are not those of the row before, and tell whether one may stand twice."""
        row = self._any(text)
        keys = frozenset(_members.decode(text))
        doubt = not (text.count(b":") == len(keys) or _no_more(text, len(keys)))
        if keys in self._shapes or len(self._shapes) < _SHAPES:
            shape = self._shapes.get(keys)
            if shape is None and keys in self._shapes:
                shape = _requiring(keys)
            self._shapes[keys] = shape
            if shape is not None:
                self._same, self._keys = shape.decode, len(keys)
        return row, doubt


def _no_more(text: bytes, keys: int) -> bool:
    """Whether an object surely has no more keys than that: every colon of a key stands right behind a quote."""
    return text.count(b'":') == keys and not any(spaced in text for spaced in _SPACED)


@lru_cache(maxsize=64)
def _requiring(keys: frozenset[str]) -> msgspec.json.Decoder[Row]:
    """A decoder of rows that have at least these keys."""
    fields = [
        (field.name, field.type) if field.name in keys else (field.name, field.type, None)
        for field in msgspec.structs.fields(Row)
    ]
    shape = msgspec.defstruct("Shape", fields, bases=(Row,), kw_only=True, gc=False, forbid_unknown_fields=True)
    return msgspec.json.Decoder(shape)
