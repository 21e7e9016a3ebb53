"""Read mapping sets of any known format: `read(path)` gives a `Reading`.

One module per format; `FORMATS` lists them. The content, not the file's ending, decides which one reads a file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

import msgspec

from navlayers.errors import Problem
from navlayers.model import MappingSet
from navlayers.readers import source as sources
from navlayers.readers.findings import Findings
from navlayers.readers.names import technique_names
from navlayers.readers.source import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.errors import Place
    from navlayers.readers.rows import Kind
    from navlayers.readers.source import Source

__all__ = ["FORMATS", "MAX_BYTES", "Reading", "read"]

FORMATS = {
    "explorer-json": "navlayers.readers.explorer_json",
    "native": "navlayers.readers.native",
}
"""Format → the module whose `read(source, findings, technique_names)` gives the set and its places."""


class Places(Protocol):
    """Where the parts of a set stand in the file that it was read from."""

    def part(self, kind: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability by its index in the set."""

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the metadata where it is not written."""


class Reading(msgspec.Struct, frozen=True):
    """A mapping set as read from one input: what it says, what is worth knowing about the file, and where."""

    mapping_set: MappingSet
    notices: tuple[Problem, ...]
    format: str
    places: Places

    def place(self, index: int, kind: Kind = "mapping", field: str = "") -> Place:
        """The place of a mapping, a non-mappable or a capability by its index in the set.

        `field`, a field of the model such as "value", narrows it to where that is written, if the format can tell.
        Computed when asked for; the reading keeps the content for that.
        """
        return self.places.part(kind, index, field)

    def place_of(self, field: str) -> Place:
        """The place of a value of the metadata, by its name in the model or in `details`: "attack_version"."""
        return self.places.head(field)


def read(path: str | Path, *, data: bytes | None = None, max_bytes: int = MAX_BYTES) -> Reading:
    """Read one mapping set.

    Args:
        path: the file; or only its name in messages when `data` is given.
        data: the content, for input that is not a file (standard input goes by the name "-").
        max_bytes: larger inputs are refused unread.

    Raises:
        InputError: the input cannot be read, is of no known format, or is wrong; all its problems are listed.
    """
    source = sources.load(path, data, max_bytes)
    format_ = sniff(source)
    findings = Findings()
    reader = importlib.import_module(FORMATS[format_])
    mapping_set, places = reader.read(source, findings, technique_names)
    return Reading(mapping_set, findings.notices(), format_, places)


def sniff(source: Source) -> str:
    """The format of an input, by its first character that is not blank."""
    start = source.data.lstrip()[:2]
    # Comments as JavaScript has them: JSON has none, and the reader of JSON says so.
    return "explorer-json" if start[:1] in {b"{", b"["} or start in {b"//", b"/*"} else "native"
