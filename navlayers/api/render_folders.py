"""Which files of a folder are drawn: its layers, and none of what else stands beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import listed
from navlayers.errors import InputError, NavlayersError, Place, Problem
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.detect import sniff
from navlayers.output.folders import INDEX, read_index
from navlayers.pages.results import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navlayers.mapping.find import Source

_FROM_FOLDER = "folder"


def to_draw(found: Sequence[Source], max_bytes: int) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """The inputs that are drawn: of a folder its layers, or else its sets; and notices of what is not.

    Of a folder that navlayers wrote, the one file that holds all of its layers is enough.

    Raises:
        InputError: a folder holds neither layers nor sets.
    """
    kept: list[Source] = []
    notices: list[Problem] = []
    done: set[Path] = set()
    for source in found:
        folder = source.path.parent
        if source.origin != _FROM_FOLDER:
            kept.append(source)
        elif folder not in done:
            done.add(folder)
            of_folder = [one for one in found if one.origin == _FROM_FOLDER and one.path.parent == folder]
            drawn = _of_folder(folder, of_folder, max_bytes)
            kept += drawn
            passed = len(of_folder) - len(drawn)
            if passed:
                what = f"{passed} file{'s' * (passed > 1)} of this folder {'are' if passed > 1 else 'is'} not drawn"
                left = [one.path.name for one in of_folder if one not in drawn]
                hint = f"drawn: {listed([one.path.name for one in drawn])}"
                notices.append(Problem(f"{what}: {listed(left)}", Place(str(folder)), hint=hint))
    return tuple(kept), tuple(notices)


def _of_folder(folder: Path, found: Sequence[Source], max_bytes: int) -> list[Source]:
    whole = [source for source in found if source.path.name == ALL]
    if whole and read_index(folder) is not None:
        return whole
    formats = {source: _format(source, max_bytes) for source in found if source.path.name != INDEX}
    layers = [source for source, format_ in formats.items() if format_ == "layer"]
    sets = [source for source, format_ in formats.items() if format_]
    if not sets:
        raise InputError(
            Problem("this folder holds no layers", Place(str(folder)), "Navigator layers, or mapping sets")
        )
    return layers or sets


def _format(source: Source, max_bytes: int) -> str:
    """What a file is; a file that cannot be read is told of when it is drawn."""
    try:
        return sniff(sources.load(source.path, source.data, max_bytes))
    except NavlayersError:
        return "layer"
