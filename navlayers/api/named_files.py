"""The files that words of the command line name: `SET@PART`, `segments:…`, `asset:FILE`, `@LIST`, `FILE#NAME`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIXES = ("segments:", "asset:")


def texts(word: str) -> Iterator[str]:
    """The texts in a word that may name a file, a folder or a set: more rather than fewer.

    Args:
        word: a name, or the value of an option: several with commas, `FILE:COLUMN`, `FILE#NAME`, `NAME=FILE`,
            a condition with `@FILE`, and what `SET` may be.
    """
    found: dict[str, None] = {}
    for part in (word, *word.split(",")):
        bare = part
        for prefix in _PREFIXES:
            bare = bare.removeprefix(prefix)
        for form in (part, bare, bare.partition("=")[2]):
            ends = (place for place, letter in enumerate(form) if letter in ":#@")
            found |= dict.fromkeys([form, *(form[:end] for end in ends)])
    if "@" in word:
        from navlayers.mapping.where import list_files  # noqa: PLC0415 - for such words alone

        found |= dict.fromkeys(list_files(word))
    yield from (text.strip() for text in found if text.strip())


def files(word: str, folder: Path = Path()) -> Iterator[Path]:
    """The files and folders that a word names, and what the assets among them name in their turn.

    Args:
        word: as in `texts`.
        folder: the folder that relative paths are below.
    """
    for text in texts(word):
        # Unlike that of a Path, this one takes texts that cannot be paths.
        if os.path.exists(path := folder / text):  # noqa: PTH110
            yield path
            if f"asset:{text}" in word:
                from navlayers.mapping.assets import named_files  # noqa: PLC0415 - for assets alone

                yield from named_files(path)
