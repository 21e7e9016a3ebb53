"""Read mapping sets of any known format: `read(path)` gives a `Reading`.

One module per format; `FORMATS` lists them. The content, not the file's ending, decides which one reads an input.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from navlayers._text import nearest, shown
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.context import METADATA, Context, ReadOptions
from navlayers.mapping.formats.detect import sniff, sniff_folder
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.names import technique_names
from navlayers.mapping.formats.names_of_formats import FORMATS
from navlayers.mapping.formats.source import MAX_BYTES, Folder, Source
from navlayers.mapping.model import MappingSet

if TYPE_CHECKING:
    from navlayers.errors import Place
    from navlayers.mapping.formats.rows import Kind

__all__ = ["FORMATS", "MAX_BYTES", "Findings", "ReadOptions", "Reading", "read"]

_DEFAULT = ReadOptions()


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


def read(
    path: str | Path,
    *,
    data: bytes | None = None,
    reading: ReadOptions = _DEFAULT,
    findings: Findings | None = None,
) -> Reading:
    """Read one mapping set.

    Args:
        path: the file, or the folder of a folder format; or only its name in messages when `data` is given.
        data: the content, for input that is not a file (standard input goes by the name "-").
        reading: what the user says of the input.
        findings: where errors and notices go; lenient ones let reading go on over errors.

    Raises:
        InputError: the input cannot be read, is of no known format, or is wrong; all its problems are listed.
        UsageError: the options name a format or metadata that there is not.
    """
    _check(reading)
    findings = Findings() if findings is None else findings
    source, format_ = _open(path, data, reading)
    reader = importlib.import_module(FORMATS[format_].module)
    mapping_set, places = reader.read(source, Context(findings, reading, technique_names))
    return Reading(mapping_set, findings.notices(), format_, places)


def _open(path: str | Path, data: bytes | None, options: ReadOptions) -> tuple[Source | Folder, str]:
    if data is None and _is_folder(path):
        format_ = options.format or sniff_folder(Path(path))
        if format_ is not None and FORMATS[format_].folder:
            return Folder(str(path), (".yml", ".yaml"), options.max_bytes), format_
    source = sources.load(path, data, options.max_bytes)
    return source, options.format or sniff(source)


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # what cannot be a path is told when it is opened
        return False


def _check(options: ReadOptions) -> None:
    if options.format is not None and options.format not in FORMATS:
        raise UsageError(Problem(f"unknown format {shown(options.format)}", expected=", ".join(FORMATS)))
    for name in options.metadata:
        if name not in METADATA:
            hint = nearest(name, METADATA)
            raise UsageError(Problem(f"unknown metadata {shown(name)}", expected=", ".join(METADATA), hint=hint))
