"""Convert a mapping set from any format to another, as `navlayers convert` does."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from navlayers._text import shown
from navlayers.errors import OutputError, Place, Problem, UsageError
from navlayers.mapping import formats
from navlayers.mapping.find import Source, resolve
from navlayers.mapping.formats.context import ReadOptions, Written
from navlayers.mapping.redact import facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NATIVE = "native"
BINARY = frozenset({"xlsx"})
"""Formats that are not text."""

_ENDINGS = {"": NATIVE, ".yaml": NATIVE, ".yml": NATIVE, ".json": "mapex-json", ".csv": "csv", ".xlsx": "xlsx"}
_DEFAULT = ReadOptions()


def format_for(output: str) -> str:
    """The output format for a file suffix; native YAML without one.

    Raises:
        UsageError: no format has that ending.
    """
    ending = PurePath(output).suffix.lower()
    if ending not in _ENDINGS:
        expected = ", ".join(known for known in _ENDINGS if known)
        message = f"the ending of {shown(output)} does not say which format to write"
        raise UsageError(Problem(message, expected=expected, hint="or name the format with --to"))
    return _ENDINGS[ending]


def single(name: str, found: Sequence[Source]) -> Source:
    """The one set that a name means.

    Raises:
        UsageError: it means several.
    """
    if len(found) > 1:
        message = f"{name} holds {len(found)} files, and one set is converted at a time"
        raise UsageError(Problem(message, expected="one file", hint=f"for example {found[0].path}"))
    return found[0]


def convert(
    source: str | Path | Source,
    to: str = NATIVE,
    *,
    reading: ReadOptions = _DEFAULT,
    only_facts: bool = False,
    title: str | None = None,
    origin: str | None = None,
    licence: str | None = None,
) -> Written:
    """A set in another format; notices tell what the reader found and what is not carried over.

    Args:
        source: the name of a shipped set, a file, the folder of a folder format, or what `resolve` gives for it.
        to: a name of `formats.WRITABLE`.
        reading: how to read it.
        only_facts: leave out comments, descriptions and other prose, see `navlayers.mapping.redact`.
        title: what people call the set, instead of what the file says.
        origin: where the set was published, instead of what the file says.
        licence: under which licence, instead of what the file says.

    Raises:
        InputError: the input cannot be read; all its problems are listed.
        OutputError: the format cannot hold the set; the problems name the input.
        UsageError: there is no such format, or the source holds several sets.
    """
    if not isinstance(source, Source):
        source = single(str(source), resolve([str(source)], reading.format))
    read = formats.read(source.path, data=source.data, reading=reading)
    given = {"title": title, "source": origin, "licence": licence}
    changes = {field: text for field, text in given.items() if text is not None}
    mapping_set = msgspec.structs.replace(read.mapping_set, **changes)
    try:
        written = formats.encode(facts(mapping_set) if only_facts else mapping_set, to)
    except OutputError as error:
        place = Place(str(source.path))
        raise OutputError(msgspec.structs.replace(p, place=p.place or place) for p in error.problems) from None
    return Written(written.data, (*read.notices, *written.notices))
