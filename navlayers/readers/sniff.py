"""Which format an input is of, by its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.readers.source import Source

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COMMENTS = (b"//", b"/*")
"""Comments as JavaScript has them: JSON has none, and the reader of JSON says so."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 1 << 18
_KEY = re.compile(rb"""^(?:["']?)([A-Za-z][A-Za-z0-9_& -]*?)(?:["']?)[ \t]*:(?:[ \t\r\n]|$)""", re.MULTILINE)
_SECURITY_STACK = frozenset({b"ATT&CK version", b"platform", b"tags"})
_SIGMA = frozenset({b"logsource", b"detection"})


class _Top(msgspec.Struct):
    objects: msgspec.Raw | None = None
    techniques: msgspec.Raw | None = None
    metadata: msgspec.Raw | None = None
    mapping_objects: msgspec.Raw | None = None
    type: msgspec.Raw | None = None


_top = msgspec.json.Decoder(_Top)
_tops = msgspec.json.Decoder(list[_Top])


def sniff(source: Source) -> str:
    """The name of the format that an input is of; where nothing speaks for any, of that whose errors help most."""
    data = source.data
    if data.startswith((_ZIP, _OLE)):
        return "xlsx"
    start = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in {b"{", b"["} or start.startswith(_COMMENTS):
        return _json(data)
    return _text(start)


def _json(data: bytes) -> str:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        if data.lstrip()[:1] == b"[":
            tops = _tops.decode(data)
            return "layer" if tops and any(top.techniques is not None for top in tops) else "mapex-json"
        top = _top.decode(data)
    except (msgspec.DecodeError, RecursionError):
        # Not JSON, or not UTF-8: its head tells what it was to be.
        head = data[:_HEAD]
        if b'"mapping_objects"' in head:
            return "mapex-json"
        if b'"objects"' in head and b'"bundle"' in head:
            return "stix"
        return "layer" if b'"techniques"' in head or b'"techniqueID"' in head else "mapex-json"
    if top.mapping_objects is not None:
        return "mapex-json"
    if top.objects is not None:
        return "stix"
    return "layer" if top.techniques is not None else "mapex-json"


def _text(start: bytes) -> str:
    if start[:2] in _UTF16:
        # Spreadsheets save "Unicode text" in this way, as tables with tabs.
        start = start.decode("utf-16", "replace").encode()
    keys = frozenset(found[1] for found in _KEY.finditer(start))
    if b"mapping_objects" in keys or (b"metadata" in keys and b"capabilities" not in keys):
        return "mapex-yaml"
    if b"file_type" in keys and b"techniques" in keys:
        return "dettect"
    if keys >= _SECURITY_STACK or (b"ATT&CK version" in keys and b"techniques" in keys):
        return "security-stack"
    if keys >= _SIGMA or (b"title" in keys and keys & _SIGMA):
        return "sigma"
    first = next((line for line in start.splitlines() if line.strip() and not line.startswith((b"#", b"---"))), b"")
    if not _KEY.match(first) and any(mark in first for mark in (b",", b";", b"\t", b"|")):
        return "csv"
    return "native"


_LOOKED_AT = 200
_HEAD_OF_FILE = 1 << 14


def sniff_folder(path: Path) -> str | None:
    """The folder format of which a folder holds one set; None where its files are sets, or none, of their own.

    Only the first files are looked at; folders below are, too, as rules are filed in them, unless the files at the
    top are sets.
    """
    for pattern in ("*", "**/*"):
        files = (p for p in sorted(path.glob(pattern)) if p.suffix.lower() in {".yml", ".yaml"} and p.is_file())
        kinds = set()
        for number, file in enumerate(files):
            if number == _LOOKED_AT:
                break
            if not file.name.startswith("."):
                with file.open("rb") as stream:
                    kinds.add(_text(stream.read(_HEAD_OF_FILE).lstrip(b"\xef\xbb\xbf \t\r\n")))
        if kinds & {"security-stack"} and not kinds & {"mapex-yaml"}:
            return "security-stack"
        if kinds & {"sigma"} and not kinds & {"mapex-yaml"}:
            return "sigma"
        if kinds:
            return None
    return None
