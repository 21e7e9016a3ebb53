"""Inputs of the library and the commands: names, paths and objects as sources that can be read."""

from __future__ import annotations

import os
import sys
import warnings
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import msgspec

from navlayers._text.slugs import slug
from navlayers._text.wording import and_list
from navlayers.errors import InputError, NavlayersWarning, Place, Problem, UsageError
from navlayers.mapping.find import STDIN, Source, may_be_table, repeated, resolve
from navlayers.mapping.model import MappingSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.document import Layer
    from navlayers.mapping.formats import ReadOptions

Input: TypeAlias = "str | os.PathLike[str] | MappingSet | Layer | Source"
"""A shipped name, a file of any format, a folder, "-" for standard input, an object, or a source."""


def sources(
    inputs: Sequence[Input], reading: ReadOptions, *, distinct: bool = False, whole: bool = False
) -> tuple[Source, ...]:
    """The sources of inputs, in their order; a folder or a table of several ATT&CK domains may contain several.

    Args:
        inputs: Names, paths and objects; none: the sets in the folder `mappings` if there is one, else all shipped.
        reading: How to read files.
        distinct: Refuse different files of the same name, instead of adding their folders to the names.
        whole: Do not split tables of several domains.

    Raises:
        TypeError: An input is neither a name, a path, a MappingSet nor a Layer.
        InputError: No input has that name, or standard input cannot be read.
        UsageError: Two files have the same name and `distinct` is set.
    """
    resolved = [] if inputs else list(resolve((), reading.format, distinct=distinct))
    for kind, group in groupby(inputs, _kind):
        if kind == "memory":
            resolved += map(_in_memory, group)
            continue
        names = [os.fspath(name) for name in cast("Iterable[str]", group)]
        if kind == "names":
            resolved += resolve(names, reading.format, distinct=distinct)
        else:
            from navlayers.api.segments import segments_source  # noqa: PLC0415 - for such inputs alone

            resolved += (segments_source(name, reading, lambda item: sources((item,), reading)) for name in names)
    resolved = [
        msgspec.structs.replace(item, data=standard_input(reading.max_bytes)) if _unread(item) else item
        for item in resolved
    ]
    resolved = _numbered(resolved)
    if whole or not any(may_be_table(item, reading) for item in resolved):
        return tuple(resolved)
    from navlayers.mapping.table_domains import by_domain  # noqa: PLC0415 - for tables alone

    return by_domain(resolved, reading)


def _numbered(found: Iterable[Source]) -> list[Source]:
    """The sources; where sets in memory have a name twice, with a number after it."""
    names: dict[str, Source] = {}
    for each in found:
        free = next(name for n in count(1) if (name := each.name if n == 1 else f"{each.name}-{n}") not in names)
        names[free] = each if free == each.name else msgspec.structs.replace(each, name=free)
    return [*names.values()]


def _unread(item: Source) -> bool:
    """Whether an input is standard input, to be read."""
    return str(item.path) == STDIN and item.data is None


def _kind(item: object) -> str:
    if not isinstance(item, str | os.PathLike):
        return "memory"
    return "segments" if os.fspath(item).startswith("segments:") else "names"


def _in_memory(item: object) -> Source:
    if isinstance(item, Source):
        return item
    if isinstance(item, MappingSet):
        scope = getattr(item, "scope", None)  # that of a set of the library
        return Source(set_name(item), Path(item.framework), mapping_set=item, scope=scope)
    from navlayers.layer.document import Layer, encode_layer  # noqa: PLC0415 - for objects of the library alone

    if isinstance(item, Layer):
        return Source(slug(item.name) or "layer", Path(f"{item.name}.json"), data=encode_layer(item))
    kind = type(item).__name__
    raise TypeError(f"expected a name, a path, a MappingSet or a Layer, not {kind}: {item!r:.60}")


def set_name(mapping_set: MappingSet) -> str:
    """The name of the results of a set in memory."""
    return slug(mapping_set.framework) or "set"


def standard_input(max_bytes: int) -> bytes:
    """Standard input, read one byte past the limit, so that the reader of its format can refuse it.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return sys.stdin.buffer.read(max_bytes + 1) if sys.stdin else b""
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(Problem(f"cannot read standard input: {reason}", Place(STDIN))) from error


def source(item: Input, reading: ReadOptions, *, whole: bool = False) -> Source:
    """The source of one input.

    Args:
        item: A name, path, set or layer.
        reading: How to read a file.
        whole: Do not split a table of several domains.

    Raises:
        TypeError: As for `sources`.
        InputError: No input has that name.
        UsageError: The input is a folder of several sets, or a table of several domains unless `whole`.
    """
    resolved = sources((item,), reading, whole=whole)
    if len(resolved) != 1 and resolved[0].parts:
        message = f"techniques of several ATT&CK domains: {and_list([part.domain for part in resolved])}"
        hint = one_domain_hint(resolved[0])
        raise UsageError(Problem(message, Place(str(resolved[0].path)), "a table of one domain", hint))
    if len(resolved) != 1:
        message = f"{item} is a folder of {len(resolved)} sets"
        raise UsageError(Problem(message, expected="one set or layer", hint=f"for example {resolved[0].path}"))
    return resolved[0]


def one_domain_hint(part: Source) -> str:
    """What to do where a part of a table of several domains cannot be one of several inputs."""
    return f"--meta domain={part.domain} reads all rows as one set"


def named_twice(inputs: Sequence[Input], reading: ReadOptions) -> tuple[Problem, ...]:
    """A notice for each name whose inputs earlier names include."""
    names = [os.fspath(cast("str", item)) for item in inputs if _kind(item) == "names"]
    repeats = () if STDIN in names or len(names) < 2 else repeated(names, reading.format)
    return tuple(Problem(f"duplicate input {name}") for name in repeats)


def warn(notices: Iterable[Problem]) -> None:
    """Issue each notice once as a warning at the line that called the library's function."""
    for notice in dict.fromkeys(notices):
        warnings.warn(str(notice), NavlayersWarning, stacklevel=3)
