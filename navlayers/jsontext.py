"""JSON made to be kept in git: one member per line, and of lists one item per line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def encode(document: msgspec.Struct, indent: str = "") -> bytes:
    """A Struct as a JSON object; members that are tuples get a line per item, all else stays on its line.

    Empty tuples are written as `[]`.
    """
    members = ((field, getattr(document, field)) for field in document.__struct_fields__)
    return _lines(members, indent)


def encode_members(document: Mapping[str, Any]) -> bytes:
    """An object as JSON in the same manner: members that are lists get a line per item."""
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
