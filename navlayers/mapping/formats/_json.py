"""JSON text: offsets of members, duplicate keys, syntax errors."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text import shown
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.findings import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source

HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_KEY = re.compile(rb"[ \t\r\n,]*(" + _STRING + rb")[ \t\r\n]*:[ \t\r\n]*", re.DOTALL)
_TOKEN = re.compile(_STRING + rb'|[][{}]|[^][{}",: \t\r\n]+', re.DOTALL)
_NEXT = re.compile(rb"[ \t\r\n]*[,}]")
_SPACED = (b" :", b"\t:", b"\r:", b"\n:")
_APART = re.compile(rb'"[ \t\r\n]+:')
_CHUNK = 1 << 20
_MOST_LEVELS = 50
_PAIR = len("\\ud800\\udc00")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


class Member(NamedTuple):
    """A member of an object or array: its key or index, and the byte offsets of key, value and the value's end."""

    key: str | int
    at: int
    value: int
    end: int


class Repeat(NamedTuple):
    """A duplicate key, and the byte offsets of its first and of this occurrence."""

    key: str
    first: int
    again: int


def members(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Member]:
    """The members of the object or array between two byte offsets, in file order; none for other values."""
    text = memoryview(data)[start:end]
    at = start + 1
    if data.startswith(b"[", start):
        for index, item in enumerate(_array.decode(text)):
            raw = bytes(item)
            at = data.index(raw, at)
            yield Member(index, at, at, at + len(raw))
            at += len(raw)
    if not data.startswith(b"{", start):
        return
    try:
        # Of a key that stands twice, the last value; stepping over values that are known takes no time.
        known = _object.decode(text)
    except (msgspec.DecodeError, RecursionError):
        known = {}
    while found := _KEY.match(data, at):
        key = str(json.loads(found[1], strict=False))
        at = _behind(data, found.end(), known.get(key))
        yield Member(key, found.start(1), found.end(), at)


def _behind(data: bytes, at: int, value: msgspec.Raw | None) -> int:
    """The offset after the value that starts at `at`; `value` is the decoder's guess at that value."""
    if value is not None:
        view = memoryview(value)
        # In pieces, so that no second copy of a large value is made.
        pieces = range(0, len(view), _CHUNK)
        if all(data.startswith(bytes(view[p : p + _CHUNK]), at + p) for p in pieces) and _NEXT.match(
            data, at + len(view)
        ):
            return at + len(view)
    depth = 0
    for token in _TOKEN.finditer(data, at):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth <= 0:
            return token.end()
    return len(data)


def repeats(data: bytes, start: int = 0, end: int | None = None, *, depth: int = 0) -> list[Repeat]:
    """The duplicate keys of an object, and of the objects up to `depth` levels below it."""
    if not data.startswith(b"{", start):
        return []
    seen: dict[str | int, int] = {}
    found = []
    for member in members(data, start, end):
        first = seen.setdefault(member.key, member.at)
        if first != member.at:
            found.append(Repeat(str(member.key), first, member.at))
        if depth:
            found += repeats(data, member.value, member.end, depth=depth - 1)
    return found


def report_repeats(found: list[Repeat], findings: Findings, place: Callable[[int], Place]) -> None:
    """Report duplicate keys; `place` maps a byte offset to its place."""
    for key, first, again in found:
        findings.add(partial(_issue, key, partial(place, first)), partial(place, again))


def _issue(key: str, first: Callable[[], Place]) -> Issue:
    return stands_twice(key, first())


def stands_twice(key: str, first: Place) -> Issue:
    """The error for a duplicate key."""
    message = f"key {shown(key)} stands twice, first in line {first.line}, column {first.column}"
    return Issue(message, "each key once", "merge the two, or remove one", code="duplicate-key")


def most_keys(text: bytes) -> int:
    """An upper bound on the number of keys in JSON text: quotes followed by a colon."""
    apart = len(_APART.findall(text)) if any(spaced in text for spaced in _SPACED) else 0
    return text.count(b'":') + apart


def not_json(source: Source, error: Exception, expected: str) -> InputError:
    """The error for input that the decoder rejected: position and reason."""
    found = re.search(r"\(byte (\d+)\)", str(error))
    # The library notices half a pair only some characters behind it, if at all.
    start = max(int(found[1]) - _PAIR, 0) if found else 0
    surrogate = HALF_PAIR.search(source.data, start, start + 2 * _PAIR if found else len(source.data))
    if surrogate and found and surrogate.start() > int(found[1]):
        surrogate = None
    place, hint = Place(source.path), "check for missing commas, quotes or brackets"
    if isinstance(error, RecursionError):
        message, hint = "the JSON is nested too deeply", "a mapping set needs five levels"
        place = source.place(_deep(source.data))
    elif surrogate:
        message = f"this is not JSON text: {surrogate[0].decode()} is half of a surrogate pair"
        place, hint = source.place(surrogate.start()), "remove it, or write both halves"
    elif found:
        # Of what stands behind the end, the library tells the place after its first character.
        at = int(found[1]) - ("trailing" in str(error))
        rest = source.data[at : at + 20].decode("utf-8", "replace").split("\n")[0].rstrip()
        message = f"this is not JSON: {shown(rest)} cannot stand here"
        place = source.place(at)
        if rest.startswith(("//", "/*")):
            hint = "JSON has no comments: remove it"
        elif rest.lstrip("-").startswith(("NaN", "Infinity")):
            hint = "JSON has numbers only: leave the value out"
    else:
        message = "this is not JSON: the text ends too early"
        place = source.place(len(source.data.rstrip()))
    return InputError(Problem(message, place, expected, hint, code="syntax"))


def _deep(data: bytes) -> int:
    """The offset of the first bracket that is nested deeper than any valid file needs."""
    depth = 0
    for token in _TOKEN.finditer(data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
        if depth > _MOST_LEVELS:
            return token.start()
    return 0
