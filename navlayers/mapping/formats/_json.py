"""JSON text: typed values, places of values, duplicate keys, syntax errors. Places are scanned for on request."""

from __future__ import annotations

import io
import math
import re
from array import array
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from navlayers._text.wording import quoted
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.findings import Issue, duplicate_key
from navlayers.mapping.formats.value_rules import numeric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source

Path = tuple[str | int, ...]
"""Keys and indices that lead to a value from the top of a document."""

HALF_PAIR = (
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""The escape of half of a surrogate pair."""

_PAIR = len("\\ud800\\udc00")
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_KEY = re.compile(rb"[ \t\r\n,]*(" + _STRING + rb")[ \t\r\n]*:[ \t\r\n]*", re.DOTALL)
_TOKEN = rb"(?s)" + _STRING + rb'|[][{}]|[^][{}",: \t\r\n]+'
_LEVELS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_MAX_LEVELS = 50
_SCANNED = 10_000
"""Objects and arrays whose members are remembered."""

_PART = 1 << 20
"""Bytes of a value that are compared at once: it may be nearly all of a file."""

_LONGEST_NUMBER = 60
_NEXT = re.compile(rb"[ \t\r\n]*[,}]")
_SPACED_KEY = rb'"[ \t\r\n]+:'

_ERROR = (
    r"(?:Expected `(?P<wanted>[^`]+)`, got `[^`]+`|[^`]*missing required field `(?P<missing>[^`]+)`|.*?)"
    r"(?: - at `\$(?P<path>[^`]*)`)?"
)
"""The message of msgspec for a value of the wrong type."""

_STEP = r"\.([^.\[]+)|\[(\d+)\]"
_TYPES = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_T = TypeVar("_T")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


def kind(value: Any) -> str:
    """The kind of a JSON value, for messages."""
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "a number"


def convert(value: Any, type_: type[_T], report: Callable[[Path, Issue], None]) -> _T | None:
    """A decoded JSON value as a type, such as a Struct, without its fields of other types.

    Args:
        value: the value.
        type_: the type.
        report: is called with the path and the error of each value of another type.

    Returns:
        None if the value itself has another type.
    """
    while True:
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            path, issue = _wrong_type(str(error), value)
        report(path, issue)
        if not path or not isinstance(value, dict):
            return None
        # msgspec stops at the first wrong field: without it, the next is found.
        value = {key: item for key, item in value.items() if key != path[0]}


def _wrong_type(error: str, value: Any) -> tuple[Path, Issue]:
    """The path to a value of the wrong type, and the issue."""
    match = re.fullmatch(_ERROR, error)
    path = tuple(key or int(index) for key, index in re.findall(_STEP, (match and match["path"]) or ""))
    for step in path:
        value = value[step]
    name = "this"
    for step in path:
        name = f"{name}[{step}]" if isinstance(step, int) else step
    if match and match["missing"]:
        return path, Issue(f"{name} lacks {match['missing']}", code="wrong-type")
    wanted = [name for name in ((match and match["wanted"]) or "").split(" | ") if name in _TYPES]
    expected = " or ".join(dict.fromkeys(_TYPES[name] for name in wanted))
    what = "too large a number" if "out of range" in error else kind(value)
    hint = f"write {value.strip()} without quotes" if "float" in wanted and _is_numeric(value) else ""
    return path, Issue(f"{name} is {what}", expected, hint, code="wrong-type")


def _is_numeric(value: Any) -> bool:
    return isinstance(value, str) and len(value) < _LONGEST_NUMBER and numeric(value)


def loads(text: str | bytes) -> Any:
    """The value of valid JSON text; an integer that no float holds is infinity."""
    import json  # noqa: PLC0415 - for what msgspec does not decode

    return json.loads(text, parse_int=_integer, strict=False)


def dumps(value: Any) -> bytes:
    """A value as JSON, with U+FFFD for halves of surrogate pairs, which UTF-8 cannot hold."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json  # noqa: PLC0415 - for such text alone

        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def json_object(head: dict[str, Any], items: Iterable[Any], indent: int) -> io.BytesIO:
    """An object as indented JSON, with items in the empty array that is its last member, and a line end.

    Each item is encoded alone: all at once take several times the memory.
    """
    start = msgspec.json.format(dumps(head), indent=indent)
    end = start.rindex(b"]")
    written = io.BytesIO()
    written.write(start[:end])
    line = b"\n" + 2 * indent * b" "
    mark = b""
    for item in items:
        written.write(mark + line + msgspec.json.format(dumps(item), indent=indent).replace(b"\n", line))
        mark = b","
    written.write(b"\n" + indent * b" " if mark else b"")
    written.write(start[end:] + b"\n")
    return written


def _integer(digits: str) -> float:
    # Python refuses to convert more than 4,300 digits; no float has 310.
    return int(digits) if len(digits) < 300 else math.inf


class Member(msgspec.Struct, frozen=True):
    """A member of an object or array: its key or index, and the byte offsets of key, value and the value's end."""

    key: str | int
    start: int
    value: int
    end: int


class Repeat(msgspec.Struct, frozen=True):
    """A duplicate key, the byte offsets of its first and of this occurrence, and whether their values are equal."""

    key: str
    first: int
    again: int
    equal: bool


class JsonLocator:
    """Finds the places of values in valid JSON text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        start = len(source.data) - len(source.data.lstrip())
        self._top = Member("", start, start, len(source.data))
        # Object → its members; array → where its items, of which there may be a million, start and end.
        self._inner: dict[Path, dict[str | int, Member] | array[int]] = {}

    def place(self, path: Path = ()) -> Place:
        """The place of the value at a path, or of the nearest one around it where there is none."""
        member = self._member(path)
        return self._source.place(member.value) if member is not None else self.place(path[:-1])

    def inside(self, path: Path, offset: int) -> Place:
        """The place `offset` bytes after the start of the value at a path."""
        member = self._member(path)
        return self._source.place((member.value if member else 0) + offset)

    def _member(self, path: Path) -> Member | None:
        if not path:
            return self._top
        around, step = path[:-1], path[-1]
        inner = self._inner.get(around)
        if inner is None:
            outer = self._member(around)
            if outer is None:
                return None
            inner = self._inner[around] = self._scanned(outer)
            if len(self._inner) > _SCANNED:
                self._forget()
        if isinstance(inner, dict):
            return inner.get(step)
        if not isinstance(step, int) or not 0 <= step < len(inner) // 2:
            return None
        start, end = inner[2 * step : 2 * step + 2]
        return Member(step, start, start, end)

    def _scanned(self, outer: Member) -> dict[str | int, Member] | array[int]:
        inner = members(self._source.data, outer.value, outer.end)
        if self._source.data.startswith(b"[", outer.value):
            return array("Q", chain.from_iterable((item.value, item.end) for item in inner))
        found: dict[str | int, Member] = {}
        for member in inner:
            # The first of duplicate keys counts for places.
            found.setdefault(member.key, member)
        return found

    def _forget(self) -> None:
        """Forget the members of what is within the members of the top: they are soon scanned again."""
        self._inner = {path: inner for path, inner in self._inner.items() if len(path) < 2}


def members(
    data: bytes, start: int = 0, end: int | None = None, known: Mapping[str, msgspec.Raw] | None = None
) -> Iterator[Member]:
    """The members of the object or array between two byte offsets, in file order; none for other values.

    `known` has the last value of each key of an object, if it is decoded: their tokens need no look.
    """
    text = memoryview(data)[start:end]
    offset = start + 1
    if data.startswith(b"[", start):
        for index, raw in enumerate(_array.decode(text)):
            item = bytes(raw)
            offset = data.index(item, offset)
            yield Member(index, offset, offset, offset + len(item))
            offset += len(item)
    if not data.startswith(b"{", start):
        return
    try:
        known = _object.decode(text) if known is None else known
    except (msgspec.DecodeError, RecursionError):
        known = {}
    while match := _KEY.match(data, offset):
        key = str(loads(match[1])) if b"\\" in match[1] else match[1][1:-1].decode("utf-8", "surrogatepass")
        offset = _end_of_value(data, match.end(), known.get(key))
        yield Member(key, match.start(1), match.end(), offset)


def _end_of_value(data: bytes, start: int, known: msgspec.Raw | None) -> int:
    if known is not None:
        value = memoryview(known)
        parts = range(0, len(value), _PART)
        same = all(data.startswith(bytes(value[part : part + _PART]), start + part) for part in parts)
        if same and _NEXT.match(data, start + len(value)):
            return start + len(value)
    depth = 0
    for token in re.compile(_TOKEN).finditer(data, start):
        depth += _LEVELS.get(token[0], 0)
        if depth <= 0:
            return token.end()
    return len(data)


def repeats(
    data: bytes,
    start: int = 0,
    end: int | None = None,
    *,
    depth: int = 0,
    known: Mapping[str, msgspec.Raw] | None = None,
) -> list[Repeat]:
    """The duplicate keys of an object, and of those up to `depth` levels below it; `known` is that of `members`."""
    if not data.startswith(b"{", start):
        return []
    seen: dict[str | int, Member] = {}
    again = []
    for member in members(data, start, end, known):
        first = seen.setdefault(member.key, member)
        if first is not member:
            equal = data[first.value : first.end] == data[member.value : member.end]
            again.append(Repeat(str(member.key), first.start, member.start, equal))
        if depth:
            again += repeats(data, member.value, member.end, depth=depth - 1)
    return again


def report_repeats(again: list[Repeat], findings: Findings, place: Callable[[int], Place]) -> None:
    """Report duplicate keys: with equal values as notices, else as errors.

    Args:
        again: the keys, as `repeats` gives them.
        findings: for the issues.
        place: the function from byte offset to place.
    """
    for one in again:
        if one.equal:
            message = f"duplicate key {quoted(one.key)} with the same value"
            issue = Issue(message, hint="remove one", fatal=False, code="duplicate-key")
            findings.add(issue, partial(place, one.again))
        else:
            first = partial(place, one.first)
            findings.add(partial(_duplicate_at, one.key, first), partial(place, one.again))


def _duplicate_at(key: str, first: Callable[[], Place]) -> Issue:
    return duplicate_key(key, first())


def may_repeat_keys(text: bytes, keys: int) -> bool:
    """Whether JSON text may have more keys than the number of distinct ones that were decoded.

    Asked for each row of large files, so the fewest passes come first: a key has a colon, and nearly always a quote
    before it.
    """
    if text.count(b":") == keys:
        return False
    return text.count(b'":') + len(re.findall(_SPACED_KEY, text)) != keys


def not_json(source: Source, error: Exception, expected: str) -> InputError:
    """The error for input that the decoder rejected: position and reason.

    Args:
        source: the input, without a byte order mark.
        error: a `msgspec.DecodeError` or a `RecursionError`.
        expected: the valid content, for the message.
    """
    data, position = source.data, re.search(r"\(byte (\d+)\)", str(error))
    # msgspec reports the byte after a wrong character behind the end.
    offset = int(position[1]) - ("trailing" in str(error)) if position else len(data.rstrip())
    # msgspec notices half a pair only some characters after it, if at all.
    half = re.compile(HALF_PAIR).search(data, max(offset - _PAIR, 0) if position else 0, offset + _PAIR)
    if half and position and half.start() > offset:
        half = None
    hint = "check for missing commas, quotes or brackets"
    if isinstance(error, RecursionError):
        message, hint, offset = "the JSON is nested too deeply", "a mapping set needs five levels", _too_deep(data)
    elif half:
        message = f"this is not JSON text: {half[0].decode()} is half of a surrogate pair"
        offset, hint = half.start(), "remove it, or write both halves"
    elif position:
        rest = data[offset : offset + 20].decode("utf-8", "replace").split("\n")[0].rstrip()
        message = f"this is not JSON: unexpected {quoted(rest)}"
        if rest.startswith(("//", "/*")):
            hint = "JSON has no comments: remove it"
        elif rest.lstrip("-").startswith(("NaN", "Infinity")):
            hint = "JSON has numbers only: leave the value out"
    else:
        message = "this is not JSON: the text ends too early"
    return InputError(Problem(message, source.place(offset), expected, hint, code="syntax"))


def _too_deep(data: bytes) -> int:
    """The offset of the first bracket that is nested deeper than any valid file needs."""
    depth = 0
    for token in re.finditer(_TOKEN, data):
        depth += _LEVELS.get(token[0], 0)
        if depth > _MAX_LEVELS:
            return token.start()
    return 0
