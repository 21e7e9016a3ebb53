"""Layers laid out for a format that holds several of them: names told apart, matrices, rows."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import joined
from navlayers.layer.matrix import Matrix, matrix_of
from navlayers.layer.technique_rows import Row, rows_of
from navlayers.output.drawing.options import RenderOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.view import View

DEFAULTS = RenderOptions()
_LONGEST_TITLE = 120
_DATE = re.compile(r"(?<![\w./-])\d{1,4}([./-])\d{1,2}\1\d{1,4}(?![\w/-])")


class Laid(NamedTuple):
    """A layer, `name` different from those of the others beside it."""

    name: str
    matrix: Matrix
    rows: tuple[Row, ...]

    @property
    def view(self) -> View:
        """The layer itself."""
        return self.matrix.view


def undated(view: View) -> str:
    """Its name without the version or the date of what it shows, which makes names long."""
    name = view.name
    for label, value in view.metadata:
        if label == "framework version" and len(value) > 1:
            name = name.replace(value, " ")
    bare = re.sub(r"\s+([:,;])", r"\1", " ".join(_DATE.sub(" ", name).split())).strip(" :,;")
    return bare or view.name


def title_of(layers: Sequence[Laid]) -> str:
    """What stands above all of them: their names, the first few of many."""
    if len(layers) == 1:
        return layers[0].name
    names = [undated(layer.view) for layer in layers]
    if len(set(names)) < len(names):
        names = [layer.name for layer in layers]
    ends = list(accumulate(len(name) + 2 for name in names))
    kept = max(sum(end <= _LONGEST_TITLE for end in ends), 1)
    if kept == len(names):
        return joined(names)
    return joined([*names[:kept], f"{len(names) - kept} more"])


def lay_out(views: Iterable[View], options: RenderOptions) -> list[Laid]:
    """The layers in order, each with as much of its matrix as the options ask for."""
    found: list[Laid] = []
    names: set[str] = set()
    for view in views:
        number, name = 1, view.name
        while name in names:
            number += 1
            name = f"{view.name} ({number})"
        names.add(name)
        matrix = matrix_of(view, options.detail or "full")
        found.append(Laid(name, matrix, rows_of(matrix)))
    return found
