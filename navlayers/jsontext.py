"""JSON made to be kept in git: one member per line, and of lists one item per line."""

from __future__ import annotations

import msgspec


def encode(document: msgspec.Struct, indent: str = "") -> bytes:
    """A Struct as a JSON object; members that are tuples get a line per item, all else stays on its line.

    Empty tuples are written as `[]`.
    """
    encode_one = msgspec.json.Encoder().encode
    inner = f"\n{indent}  ".encode()
    members = []
    for field in document.__struct_fields__:
        value = getattr(document, field)
        if isinstance(value, tuple) and value:
            text = b"[" + inner + b"  " + (b"," + inner + b"  ").join(map(encode_one, value)) + inner + b"]"
        else:
            text = encode_one(value)
        members.append(b'"' + field.encode() + b'": ' + text)
    start = indent.encode()
    return start + b"{" + inner + (b"," + inner).join(members) + b"\n" + start + b"}"
