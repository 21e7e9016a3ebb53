"""The matrix as the ATT&CK Navigator draws it for a layer: which techniques, in which order, in which colours.

Source: the Navigator 5.1, observed and read; its rules are said in docs/render.md.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers._text import clean
from navlayers.layer.view import Annotation, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Tactic, Technique

Detail: TypeAlias = Literal["full", "scored", "mini"]

_ORDER = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"
_WHOLE = 2.0**53
"""From here on, numbers have no decimals."""

_PLACES = {char: f"{place:02d}" for place, char in enumerate(_ORDER)}


class Cell(msgspec.Struct, frozen=True):
    """A technique or sub-technique under a tactic.

    `score` is the number that stands for it, the aggregate where the layer shows aggregates; `color` the `#rrggbb`
    that the Navigator gives it, "" for none. `subtechniques` are those that the filters leave, `opened` says
    whether they are shown; `in_all` is how many there are.
    """

    id: str
    name: str
    score: float | None
    color: str
    annotation: Annotation
    subtechniques: tuple[Cell, ...] = ()
    opened: bool = False
    in_all: int = 0

    @property
    def enabled(self) -> bool:
        """Whether the layer has it enabled."""
        return self.annotation.enabled

    @property
    def shown(self) -> tuple[Cell, ...]:
        """The sub-techniques that are drawn as cells."""
        return self.subtechniques if self.opened else ()

    @property
    def closed(self) -> tuple[Cell, ...]:
        """The annotated sub-techniques that the layer does not open, as nobody can in a picture."""
        return () if self.opened else tuple(sub for sub in self.subtechniques if sub.annotation.annotated)


class Column(msgspec.Struct, frozen=True):
    """A tactic and its techniques.

    `total` counts those that the filters leave, `mapped` the ones of them that are annotated and enabled,
    themselves or by a sub-technique; where the view has ratios, they are those, and 0 where it has none of the
    tactic. `counted` says what they count.
    """

    id: str
    shortname: str
    name: str
    cells: tuple[Cell, ...]
    mapped: int
    total: int
    counted: str = "techniques annotated"

    @property
    def ratio(self) -> str:
        """What stands beneath the name: "4/10", or nothing."""
        return f"{self.mapped}/{self.total}" if self.total else ""

    @property
    def told(self) -> str:
        """The same in words, with the name."""
        name = f"{self.id} {clean(self.name)}"
        return f"{name}\n{self.mapped} of {self.total} {self.counted}" if self.total else name

    @property
    def height(self) -> int:
        """How many cells stand below each other when the shown sub-techniques stand below their technique."""
        return sum(1 + len(cell.shown) for cell in self.cells)


class Matrix(msgspec.Struct, frozen=True):
    """A layer laid out: the columns that have any technique, in ATT&CK's order."""

    view: View
    columns: tuple[Column, ...]

    def cells(self) -> Iterable[Cell]:
        """Every cell that is drawn, parents before their sub-techniques."""
        for column in self.columns:
            for cell in column.cells:
                yield cell
                yield from cell.shown


def matrix_of(view: View, detail: Detail = "full") -> Matrix:
    """Lay out a layer.

    "scored" leaves out what the layer does not annotate, but for parents of what it does, and opens all of them;
    the others show what the Navigator shows.
    """
    builder = _Builder(view, only_annotated=detail == "scored")
    columns = (builder.column(tactic) for tactic in view.catalogue.tactics)
    return Matrix(view, tuple(column for column in columns if column.cells))


class _Builder:
    def __init__(self, view: View, *, only_annotated: bool) -> None:
        self._view = view
        self._only_annotated = only_annotated
        active = [t for t in view.catalogue.techniques.values() if t.active]
        self._bases = [t for t in active if t.parent is None]
        self._platforms = set(view.platforms)
        annotated = {technique for (technique, _), entry in view.entries.items() if entry.annotated}
        self._annotated_parents = {i.partition(".")[0] for i in annotated if "." in i}
        self._aggregates = True

    def column(self, tactic: Tactic) -> Column:
        name = tactic.shortname
        left = [t for t in self._bases if name in t.tactics and self._is_left(t, name)]
        shown = [t for t in left if self._is_shown(t, name)]
        # The Navigator works aggregates out as it sorts, and so shows none where there is nothing to sort.
        self._aggregates = len(left) > 1
        cells = tuple(self._cell(technique, name) for technique in self._sorted(shown, name))
        mapped = sum(
            cell.annotation.counted or any(s.annotation.counted for s in cell.subtechniques) for cell in cells
        )
        if self._view.ratios is not None:
            counted = self._view.ratios.counted
            mapped, total = self._view.ratios.tactics.get(name) or (0, 0)
            return Column(tactic.id, name, tactic.name, cells, mapped, total, counted)
        return Column(tactic.id, name, tactic.name, cells, mapped, len(left))

    def _subs(self, technique: Technique, tactic: str) -> list[Technique]:
        return [sub for sub in self._view.catalogue.subtechniques(technique.id) if tactic in sub.tactics]

    def _is_shown(self, technique: Technique, tactic: str) -> bool:
        """Whether a technique that the filters leave is asked for: it or one below it is annotated, or all are."""
        if not self._only_annotated:
            return True
        return any(self._view.of(one.id, tactic).annotated for one in (technique, *self._subs(technique, tactic)))

    def _is_left(self, technique: Technique, tactic: str) -> bool:
        """Whether the filters leave a technique: its platforms, and those that are disabled."""
        subs = self._subs(technique, tactic)
        if self._view.hide_disabled and not self._view.of(technique.id, tactic).enabled:
            kept = any(self._view.of(sub.id, tactic).enabled and self._on_platform(sub) for sub in subs)
            if not kept:
                return False
        return self._on_platform(technique)

    def _on_platform(self, technique: Technique) -> bool:
        return not self._platforms or bool(self._platforms & set(technique.platforms or ("None",)))

    def _cell(self, technique: Technique, tactic: str) -> Cell:
        entry = self._view.of(technique.id, tactic)
        subs = self._subs(technique, tactic)
        kept = [sub for sub in subs if self._is_left(sub, tactic) and self._is_shown(sub, tactic)]
        aggregate = self._aggregate(technique, tactic) if subs else None
        shows = self._view.layout.show_aggregate and bool(subs) and self._aggregates
        return Cell(
            id=technique.id,
            name=technique.name,
            score=aggregate if shows else entry.score,
            color=self._color(entry, aggregate if shows else None),
            annotation=entry,
            subtechniques=tuple(self._cell(sub, tactic) for sub in self._sorted(kept, tactic, subs=True)),
            opened=bool(kept) and self._is_opened(technique.id, entry),
            in_all=len(subs),
        )

    def _is_opened(self, technique: str, entry: Annotation) -> bool:
        expanded = self._view.layout.expanded
        if self._only_annotated or expanded == "all" or self._view.layout.layout == "mini":
            return True
        return entry.opened or (expanded == "annotated" and technique in self._annotated_parents)

    def _color(self, entry: Annotation, aggregate: float | None) -> str:
        if not entry.enabled:
            return ""
        if entry.color:
            return entry.color
        score = entry.score if aggregate is None else aggregate
        return "" if score is None else self._view.gradient.color(score)

    def _aggregate(self, technique: Technique, tactic: str) -> float | None:
        """The aggregate of a technique and its sub-techniques; its own score is 0 there where it has none."""
        own = self._view.of(technique.id, tactic).score
        subs = self._subs(technique, tactic)
        given = [score for sub in subs if (score := self._view.of(sub.id, tactic).score) is not None]
        if own is None and not given:
            return None
        scores = [own or 0, *given]
        how = self._view.layout.aggregate
        if how == "average":
            count = len(subs) + 1 if self._view.layout.count_unscored else len(given) + (own is not None)
            return _fixed(sum(scores) / count)
        return _fixed(sum(scores) if how == "sum" else max(scores) if how == "max" else min(scores))

    def _sorted(self, techniques: Iterable[Technique], tactic: str, *, subs: bool = False) -> Sequence[Technique]:
        by_name = sorted(techniques, key=lambda t: (_collated(t.name), t.id), reverse=self._view.sorting == 1)
        if self._view.sorting < 2:
            return by_name
        sign = 1 if self._view.sorting == 2 else -1
        return sorted(by_name, key=lambda t: sign * self._rank(t, tactic, subs=subs))

    def _rank(self, technique: Technique, tactic: str, *, subs: bool) -> float:
        score = self._view.of(technique.id, tactic).score
        if self._view.layout.show_aggregate and not subs and self._subs(technique, tactic):
            score = self._aggregate(technique, tactic)
        return -math.inf if score is None else score


def _fixed(score: float) -> float:
    """Two decimals as JavaScript has them: exactly half a hundredth goes away from 0."""
    if abs(score) >= _WHOLE:
        return score
    return float(Decimal(score).quantize(Decimal("0.01"), ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def _collated(name: str) -> str:
    """What names are sorted by: blanks, marks, digits, letters, as people and browsers have them."""
    return "".join(_PLACES.get(char, char) if char != " " else " " for char in name.lower())
