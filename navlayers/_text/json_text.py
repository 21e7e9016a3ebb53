"""JSON by line, as files and terminals get it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.lines import is_control

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def encode(document: msgspec.Struct, indent: str = "") -> bytes:
    """A Struct as a JSON object, with a line per member, and per item of a member that is a non-empty tuple.

    Members that are `msgspec.UNSET` are left out.
    """
    members = ((field, getattr(document, field)) for field in document.__struct_fields__)
    return _lines(((field, value) for field, value in members if value is not msgspec.UNSET), indent)


def encode_members(document: Mapping[str, Any]) -> bytes:
    """A dictionary as JSON in the layout of `encode`."""
    return _lines(document.items(), "")


def _lines(members: Iterable[tuple[str, Any]], indent: str) -> bytes:
    encode_one = msgspec.json.Encoder().encode
    inner = f"\n{indent}  ".encode()
    lines = []
    for name, value in members:
        if isinstance(value, (tuple, list)) and value:
            text = b"[" + inner + b"  " + (b"," + inner + b"  ").join(map(encode_one, value)) + inner + b"]"
        else:
            text = encode_one(value)
        lines.append(encode_one(name) + b": " + text)
    start = indent.encode()
    return start + b"{" + inner + (b"," + inner).join(lines) + b"\n" + start + b"}"


_NOT_PLAIN = r"[^\n -~]"


def json_text(value: object) -> str:
    """A value as indented JSON with a final line feed; characters that a terminal interprets are escaped."""
    try:
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except UnicodeEncodeError:  # a file name that is not Unicode: only escapes can represent it
        import json  # noqa: PLC0415 - for this name alone

        text = json.dumps(msgspec.to_builtins(value), indent=2)
    return re.sub(_NOT_PLAIN, _escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if not is_control(char):
        return char
    import json  # noqa: PLC0415 - for few characters

    return json.dumps(char)[1:-1]
