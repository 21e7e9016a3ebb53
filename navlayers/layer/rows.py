"""A layer as rows, one per technique, whether or not its matrix shows the technique.

Layers written by navlayers are redundant: the comment fits the Navigator's tooltip, and the metadata repeats it in
full. `metadata_of` and `facts_of` leave out such repetition.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers._text.links import is_technique_page
from navlayers.layer.document import ATTACK
from navlayers.layer.view import Annotation, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.attack import Technique
    from navlayers.layer.matrix import Cell, Matrix

Where: TypeAlias = Literal["shown", "collapsed", "left out"]
"""Whether the matrix shows a technique, has it in a collapsed one, or filters it out."""

_PLACES: tuple[Where, ...] = ("shown", "collapsed", "left out")


class TechniqueRow(msgspec.Struct, frozen=True):
    """A technique's annotation, under the tactics (names) that share it.

    `score` is the layer's own; `aggregate` includes the sub-techniques, if the layer shows aggregates. `color` is
    the `#rrggbb` of the cell, "" for none.
    """

    id: str
    name: str
    parent: str
    tactics: tuple[str, ...]
    score: float | None
    aggregate: float | None
    color: str
    where: Where
    annotation: Annotation

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Labels and URLs, without the technique's ATT&CK page, which its id links to."""
        return tuple(link for link in self.annotation.links if not is_technique_page(self.id, *link))


class Joint(msgspec.Struct, frozen=True):
    """A technique's scores in several layers, under the tactics that share them."""

    id: str
    name: str
    tactics: tuple[str, ...]
    scores: tuple[float | None, ...]
    colors: tuple[str, ...]


def rows_of(matrix: Matrix) -> tuple[TechniqueRow, ...]:
    """A row per technique with an annotation or aggregate, in id order."""
    cells: dict[tuple[str, str], tuple[Cell, Where]] = {}
    for column in matrix.columns:
        for cell in column.cells:
            cells[cell.id, column.shortname] = (cell, "shown")
            for sub in cell.subtechniques:
                cells[sub.id, column.shortname] = (sub, "shown" if cell.opened else "collapsed")
    active = (technique for technique in matrix.view.catalogue.techniques.values() if technique.active)
    return tuple(row for technique in active for row in _rows(technique, matrix.view, cells))


def _rows(
    technique: Technique, view: View, cells: dict[tuple[str, str], tuple[Cell, Where]]
) -> Iterator[TechniqueRow]:
    """The rows of a technique: tactics with the same annotation and color share one."""
    grouped: dict[tuple[Annotation, float | None, str], list[tuple[str, Where]]] = {}
    names = {tactic.shortname: tactic.name for tactic in view.catalogue.tactics}
    for tactic in technique.tactics:
        entry = view.annotation(technique.id, tactic)
        cell, where = cells.get((technique.id, tactic), (None, _PLACES[-1]))
        aggregate = cell.score if cell is not None and view.layout.show_aggregate and cell.in_all else None
        if _has_row(entry, view) or aggregate is not None:
            color = cell.color if cell is not None else view.color(entry, entry.score)
            grouped.setdefault((entry, aggregate, color), []).append((names.get(tactic, tactic), where))
    for (entry, aggregate, color), places in grouped.items():
        yield TechniqueRow(
            id=technique.id,
            name=technique.name,
            parent=technique.parent or "",
            tactics=tuple(name for name, _ in places),
            score=entry.score,
            aggregate=aggregate,
            color=color,
            where=min((where for _, where in places), key=_PLACES.index),
            annotation=entry,
        )


def _has_row(entry: Annotation, view: View) -> bool:
    """Whether an annotation gets a row; annotations that only hide a technique do not."""
    if not entry.annotated:
        return False
    only_hides = msgspec.structs.replace(entry, enabled=True, opened=False) == Annotation()
    return entry.enabled or not (view.hide_disabled and only_hides)


def joint_of(layers: Sequence[Iterable[TechniqueRow]]) -> tuple[Joint, ...]:
    """A row per technique with a score in any of the layers, in id order."""
    by_technique: dict[str, dict[str, dict[int, TechniqueRow]]] = {}
    for number, rows in enumerate(layers):
        for row in rows:
            for tactic in row.tactics:
                by_technique.setdefault(row.id, {}).setdefault(tactic, {})[number] = row
    joint = []
    for identifier in sorted(by_technique):
        grouped: dict[tuple[tuple[float | None, ...], tuple[str, ...]], list[str]] = {}
        for tactic, by_layer in by_technique[identifier].items():
            of_layers = [by_layer.get(number) for number in range(len(layers))]
            scores = tuple(None if row is None else row.score for row in of_layers)
            colors = tuple("" if row is None else row.color for row in of_layers)
            if any(score is not None for score in scores):
                grouped.setdefault((scores, colors), []).append(tactic)
        name = next(row.name for by_layer in by_technique[identifier].values() for row in by_layer.values())
        joint += [Joint(identifier, name, tuple(tactics), *same) for same, tactics in grouped.items()]
    return tuple(joint)


# Metadata that repeats other parts of the layer.

_PER_CATEGORY = frozenset({"protect", "detect", "respond", "capabilities"})
_SHOWN = frozenset(
    {"shows", "techniques", "sub-techniques", "framework", "framework version", ATTACK, "scale", "measure"}
)
_CUT = re.compile(r"\+\d+ more\b")


def metadata_of(view: View, entry: Annotation) -> tuple[tuple[str, str], ...]:
    """The metadata of a technique without facts that its comment repeats.

    Layers of other tools keep all metadata; so do techniques whose comment names only the first capabilities.
    """
    if not _is_from_navlayers(view) or not entry.comment:
        return entry.metadata
    return tuple((name, value) for name, value in entry.metadata if not _repeats(entry.comment, name, value))


def _repeats(comment: str, name: str, value: str) -> bool:
    if name in _PER_CATEGORY:
        return not _CUT.search(comment)
    # Comments of comparisons have the score of each input; the metadata adds the scores of categories.
    score = re.escape(f"{name} {value.partition(';')[0]}")
    return re.search(rf"(?<!\w){score}(?![\w.])", comment, re.IGNORECASE) is not None


def facts_of(view: View) -> tuple[tuple[str, str], ...]:
    """The metadata of a layer without facts that its name, legend or counts repeat."""
    if not _is_from_navlayers(view):
        return view.metadata
    return tuple((name, value) for name, value in view.metadata if name not in _SHOWN)


def _is_from_navlayers(view: View) -> bool:
    """Whether navlayers wrote the layer: its metadata has the framework, or the compared inputs."""
    return any(name in ("framework", "compared") for name, _ in view.metadata)
