"""Layers laid out for a format that holds several of them: names told apart, matrices, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.render.matrix import Matrix, matrix_of
from navlayers.render.options import RenderOptions
from navlayers.render.rows import Row, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.render.view import View

DEFAULTS = RenderOptions()


class Laid(NamedTuple):
    """A layer, `name` different from those of the others beside it."""

    name: str
    matrix: Matrix
    rows: tuple[Row, ...]

    @property
    def view(self) -> View:
        """The layer itself."""
        return self.matrix.view


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
