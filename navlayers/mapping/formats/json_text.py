"""Text that is to be JSON: what to say where it is none, and where the value of a key stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from navlayers import _text as wording
from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.json_keys import members

if TYPE_CHECKING:
    from navlayers.mapping.formats.source import Source

HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]')
_MOST_LEVELS = 50
_PAIR = len("\\ud800\\udc00")


def field_offset(raw: bytes, field: str) -> int:
    """The byte offset of the value of a field within the text of a JSON object; 0 when it has no such field."""
    try:
        return next((member.value for member in members(raw) if member.key == field), 0) if field else 0
    except RecursionError:
        return 0


def not_json(source: Source, error: Exception, expected: str) -> InputError:
    """What to say of an input that the decoder refused: where it stops being JSON, and why."""
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
        message = f"this is not JSON: {wording.shown(rest)} cannot stand here"
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
    """The offset of the first bracket that is nested deeper than any file needs."""
    depth = 0
    for found in _BRACKET.finditer(data):
        if found[0] in (b"[", b"{"):
            depth += 1
            if depth > _MOST_LEVELS:
                return found.start()
        elif found[0] in (b"]", b"}"):
            depth -= 1
    return 0
