"""A mapping set of any format as bytes of another: what `navlayers convert` does."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from navlayers import readers, writers
from navlayers.facts import facts
from navlayers.readers.context import ReadOptions
from navlayers.writers.written import Written

if TYPE_CHECKING:
    from pathlib import Path

NATIVE = "native"
BINARY = frozenset({"xlsx"})
"""Formats that are not text."""

_ENDINGS = {".json": "mapex-json", ".csv": "csv", ".xlsx": "xlsx"}
_DEFAULT = ReadOptions()


def format_for(output: str) -> str:
    """The format that a file's ending asks for: .json, .csv and .xlsx have one each; all else is native YAML."""
    format_ = _ENDINGS.get(PurePath(output).suffix.lower(), NATIVE)
    return format_ if format_ in writers.FORMATS else NATIVE


def convert(
    path: str | Path,
    to: str = NATIVE,
    *,
    data: bytes | None = None,
    reading: ReadOptions = _DEFAULT,
    only_facts: bool = False,
    title: str | None = None,
    source: str | None = None,
    licence: str | None = None,
) -> Written:
    """The set that a file or folder holds, in another format; notices tell what is not carried over.

    Args:
        path: the file, or the folder of a folder format; or only its name in messages when `data` is given.
        to: a name of `writers.FORMATS`.
        data: the content, for input that is not a file.
        reading: how to read it.
        only_facts: leave out comments, descriptions and other prose, see `navlayers.facts`.
        title: what people call the set, instead of what the file says.
        source: where the set was published, instead of what the file says.
        licence: under which licence, instead of what the file says.

    Raises:
        InputError: the input cannot be read; all its problems are listed.
        OutputError: the format cannot hold the set.
        UsageError: there is no such format.
    """
    read = readers.read(path, data=data, options=reading)
    said = {"title": title, "source": source, "licence": licence}
    changes = {field: text for field, text in said.items() if text is not None}
    mapping_set = msgspec.structs.replace(read.mapping_set, **changes)
    written = writers.encode(facts(mapping_set) if only_facts else mapping_set, to)
    return Written(written.data, (*read.notices, *written.notices))
