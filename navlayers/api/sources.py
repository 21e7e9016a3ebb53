"""Inputs of the library: names, paths and objects as sources that can be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from navlayers._text import slug
from navlayers.errors import Problem, UsageError
from navlayers.layer.document import Layer, encode_layer
from navlayers.mapping.find import Source, briefly, resolve
from navlayers.mapping.model import MappingSet

if TYPE_CHECKING:
    from navlayers.mapping.formats import ReadOptions

Input: TypeAlias = "str | os.PathLike[str] | MappingSet | Layer"
"""A shipped name, a file of any format, a folder, or an object."""


def sources(inputs: tuple[Input, ...], reading: ReadOptions) -> tuple[Source, ...]:
    """The sources of inputs, in their order; a folder may stand for several.

    Raises:
        TypeError: An input is neither a name, a path, a MappingSet nor a Layer.
        InputError: A name or path means nothing.
    """
    found: list[Source] = []
    for item in inputs:
        if isinstance(item, MappingSet):
            found.append(Source(slug(item.framework) or "set", Path(item.framework), mapping_set=item))
        elif isinstance(item, Layer):
            found.append(Source(slug(item.name) or "layer", Path(f"{item.name}.json"), data=encode_layer(item)))
        elif isinstance(item, str | os.PathLike):
            found += resolve([os.fspath(item)], reading.format, distinct=False)
        else:
            kind = type(item).__name__
            raise TypeError(f"expected a name, a path, a MappingSet or a Layer, not {kind}: {item!r:.60}")
    return briefly(found)


def source(item: Input, reading: ReadOptions) -> Source:
    """The source of one input.

    Raises:
        TypeError: As for `sources`.
        InputError: The name or path means nothing.
        UsageError: The input is a folder of several sets.
    """
    found = sources((item,), reading)
    if len(found) != 1:
        message = f"{item} is a folder of {len(found)} sets"
        raise UsageError(Problem(message, expected="one set or layer", hint=f"for example {found[0].path}"))
    return found[0]
