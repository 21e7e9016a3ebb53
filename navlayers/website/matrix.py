"""The matrix of a release as a page shows it: columns of techniques with their sub-techniques, shaded by scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Tactic, Technique
    from navlayers.pages.show.set_index import MatrixColumn
    from navlayers.website.heat import Heat, Shade


class Family(NamedTuple):
    """A technique and its sub-techniques within one tactic."""

    base: Technique
    subs: tuple[Technique, ...]


class Frame(NamedTuple):
    """A column without shades; `total` counts its techniques."""

    tactic: Tactic
    total: int
    families: tuple[Family, ...]


class Cell(NamedTuple):
    """A technique; `shade` is None where it is not mapped. `views` are its shades in all heats, for the script."""

    id: str
    name: str
    shade: Shade | None
    views: str
    tip: str


class Base(NamedTuple):
    """A technique with its sub-techniques."""

    cell: Cell
    subs: tuple[Cell, ...]


class Column(NamedTuple):
    """A tactic; `mapped` and `total` count techniques, mapped themselves or by a sub-technique."""

    tactic: Tactic
    mapped: int
    total: int
    bases: tuple[Base, ...]


def frames(columns: Sequence[MatrixColumn]) -> tuple[Frame, ...]:
    """The columns of a release, techniques with the sub-techniques that belong to them."""
    return tuple(Frame(column.tactic, len(column.bases), tuple(_families(column))) for column in columns)


def _families(column: MatrixColumn) -> Iterator[Family]:
    """Sub-techniques whose technique is not in the column are by themselves."""
    subs: dict[str, list[Technique]] = {}
    heads: list[Technique] = []
    for technique in column.techniques:
        if technique.parent in column.bases:
            subs.setdefault(technique.parent or "", []).append(technique)
        else:
            heads.append(technique)
    return (Family(head, tuple(subs.get(head.id, ()))) for head in heads)


def matrix(framed: Sequence[Frame], heats: Sequence[Heat], *, whole: bool) -> tuple[Column, ...]:
    """The matrix shaded by the first heat.

    Args:
        framed: its columns.
        heats: the ways to look at it, one at least.
        whole: with all techniques, not only those that are mapped, themselves or by a sub-technique.
    """
    shaded = {technique for heat in heats for technique in heat.shades}
    columns = (_column(frame, heats, shaded, whole=whole) for frame in framed)
    return tuple(column for column in columns if column.bases)


def _column(frame: Frame, heats: Sequence[Heat], shaded: set[str], *, whole: bool) -> Column:
    bases = []
    mapped = 0
    for family in frame.families:
        found = [sub for sub in family.subs if sub.id in shaded]
        if found or family.base.id in shaded:
            mapped += family.base.parent is None
        elif not whole:
            continue
        cells = tuple(_cell(sub, heats) for sub in (family.subs if whole else found))
        bases.append(Base(_cell(family.base, heats), cells))
    return Column(frame.tactic, mapped, frame.total, tuple(bases))


def _cell(technique: Technique, heats: Sequence[Heat]) -> Cell:
    first = heats[0].shades.get(technique.id)
    views = ""
    if len(heats) > 1:
        found = [heat.shades.get(technique.id) for heat in heats]
        views = "|".join(map(_view, found)) if any(found) else ""
    return Cell(technique.id, technique.name, first, views, heats[0].tips.get(technique.id, ""))


def _view(shade: Shade | None) -> str:
    return f"{shade.color[1:]}={shade.text}" if shade else ""
