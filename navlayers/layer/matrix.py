"""The matrix as the ATT&CK Navigator draws it: techniques, order, colors.

`release_columns` gives the columns of a release, and `matrix_of` lays out a layer.

Source: the code and behavior of Navigator 5.1; docs/render.md states the rules.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from navlayers._text.lines import single_line
from navlayers.attack import Tactic
from navlayers.layer.ramps import tells_uncovered
from navlayers.layer.view import TECHNIQUES, Annotation, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Catalogue, Technique

Detail: TypeAlias = Literal["full", "scored", "mini"]

# The Navigator sorts names with localeCompare: blanks, punctuation, digits, letters.
_ORDER = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"
_PLACES = {char: f"{place:02d}" for place, char in enumerate(_ORDER)}

# Smallest value of the layer format's `sorting` that sorts by score.
_BY_SCORE = 2

# Floats of this size have no decimals.
_WHOLE = 2.0**53


HEADING = Annotation(comment="out of scope: the heading of its sub-techniques", enabled=False)
"""The annotation of a technique that is out of scope; in the Navigator it is disabled, too."""


class Family(NamedTuple):
    """A technique and its sub-techniques under one tactic, in matrix order."""

    technique: Technique
    subtechniques: tuple[Technique, ...]


class ReleaseColumn(msgspec.Struct, frozen=True, dict=True):
    """A tactic and its families, in matrix order."""

    tactic: Tactic
    families: tuple[Family, ...]

    @cached_property
    def techniques(self) -> tuple[Technique, ...]:
        """The active techniques, each before its sub-techniques, without headings."""
        every = (t for family in self.families for t in (family.technique, *family.subtechniques))
        return tuple(technique for technique in every if self.tactic.shortname in technique.tactics)


def release_columns(catalogue: Catalogue) -> tuple[ReleaseColumn, ...]:
    """The columns of a release: tactics in matrix order, techniques and sub-techniques sorted as in the Navigator.

    A sub-technique appears only under tactics that its technique has, too.
    """
    return _columns(_Same(catalogue))


class _Same:
    """A release by its identity: two of the same content are the same object."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __hash__(self) -> int:
        return id(self.catalogue)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.catalogue is self.catalogue


@lru_cache(maxsize=8)
def _columns(release: _Same) -> tuple[ReleaseColumn, ...]:
    catalogue = release.catalogue
    bases = sorted((t for t in catalogue.techniques.values() if t.in_matrix and t.parent is None), key=by_name)
    return tuple(
        ReleaseColumn(
            tactic,
            tuple(
                Family(base, tuple(sorted(_subtechniques(catalogue, base, tactic.shortname), key=by_name)))
                for base in bases
                if tactic.shortname in (*base.tactics, *base.heading_tactics)
            ),
        )
        for tactic in catalogue.tactics
    )


def _subtechniques(catalogue: Catalogue, base: Technique, tactic: str) -> Iterator[Technique]:
    return (sub for sub in catalogue.subtechniques(base.id) if tactic in sub.tactics)


def _is_heading(technique: Technique, tactic: str) -> bool:
    return tactic in technique.heading_tactics


def by_name(technique: Technique) -> tuple[str, str]:
    """The key that sorts techniques by name as the Navigator does."""
    return _collated(technique.name), technique.id


@lru_cache(maxsize=4096)
def _collated(name: str) -> str:
    """The sort key of a name in browsers: blanks, punctuation, digits, letters."""
    return "".join(_PLACES.get(char, char) if char != " " else " " for char in name.lower())


class Cell(msgspec.Struct, frozen=True):
    """A technique or sub-technique under a tactic.

    `score` is the score shown: the aggregate if the layer shows aggregates; None for a color of its own in a layer
    that tells what is not covered. `color` is the `#rrggbb` that the
    Navigator draws, "" for none. `subtechniques` are those that pass the filters, `opened` says whether they are
    expanded, and `in_all` counts all of them.
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
        """Whether the technique is enabled."""
        return self.annotation.enabled

    @property
    def shown(self) -> tuple[Cell, ...]:
        """The sub-techniques drawn as cells."""
        return self.subtechniques if self.opened else ()

    @property
    def closed(self) -> tuple[Cell, ...]:
        """The annotated sub-techniques that are collapsed, and cannot be expanded in a picture."""
        return () if self.opened else tuple(sub for sub in self.subtechniques if sub.annotation.annotated)


class Column(msgspec.Struct, frozen=True):
    """A tactic and its techniques.

    `total` counts the techniques and sub-techniques that pass the filters, `mapped` those of them that are
    annotated and enabled. A view with ratios replaces both, with 0 for a tactic that it lacks. `counted` names what
    is counted, `whole` what the totals are.
    """

    id: str
    shortname: str
    name: str
    cells: tuple[Cell, ...]
    mapped: int
    total: int
    counted: str
    whole: str = "all"

    @property
    def ratio(self) -> str:
        """The text below the name, such as "4/10"; "" for none."""
        return f"{self.mapped}/{self.total}" if self.total else ""

    @property
    def tooltip(self) -> str:
        """The name with the ratio in words, as a tooltip."""
        name = f"{self.id} {single_line(self.name)}"
        return f"{name}\n{self.mapped} of {self.total} {self.counted}" if self.total else name


class Matrix(msgspec.Struct, frozen=True):
    """The layout of a layer: its non-empty columns, in ATT&CK's order."""

    view: View
    columns: tuple[Column, ...]

    def cells(self) -> Iterator[Cell]:
        """Every drawn cell, parents before their sub-techniques."""
        for column in self.columns:
            for cell in column.cells:
                yield cell
                yield from cell.shown


def matrix_of(view: View, detail: Detail = "full") -> Matrix:
    """The layout of a layer.

    Args:
        view: the layer at its release.
        detail: "scored" keeps annotated techniques and their parents only, and expands all of them; the others show
            what the Navigator shows.
    """
    builder = _Builder(view, only_annotated=detail == "scored")
    columns = map(builder.column, release_columns(view.catalogue))
    return Matrix(view, tuple(column for column in columns if column.cells))


class _Builder:
    def __init__(self, view: View, *, only_annotated: bool) -> None:
        self._view = view
        self._only_annotated = only_annotated
        self._platforms = set(view.platforms)
        annotated = {technique for (technique, _), entry in view.entries.items() if entry.annotated}
        self._annotated_parents = {i.partition(".")[0] for i in annotated if "." in i}
        self._aggregates = True
        # Numbers of colors that stand for what is not covered would mean something else than other numbers.
        self._unnumbered = tells_uncovered(view.legend)

    def column(self, column: ReleaseColumn) -> Column:
        tactic = column.tactic
        filtered = [family for family in column.families if self._passes_filters(family, tactic.shortname)]
        shown = [family for family in filtered if self._is_shown(family, tactic.shortname)]
        # The Navigator computes aggregates while sorting, so a column with one technique has none.
        self._aggregates = len(filtered) > 1
        cells = tuple(self._cell(family, tactic.shortname) for family in self._sorted(shown, tactic.shortname))
        ratios = self._view.ratios
        if ratios is not None:
            mapped, total = ratios.tactics.get(tactic.shortname) or (0, 0)
            words = ratios.counted, ratios.whole
            return Column(tactic.id, tactic.shortname, tactic.name, cells, mapped, total, *words)
        every = [each for cell in cells for each in (cell, *cell.subtechniques)]
        mapped = sum(each.annotation.counted for each in every)
        subs = [sub for family in filtered for sub in family.subtechniques if self._passes(sub, tactic.shortname)]
        total = len(subs) + sum(not _is_heading(family.technique, tactic.shortname) for family in filtered)
        counted = f"{TECHNIQUES if self._view.has_subtechniques else 'techniques'} annotated"
        return Column(tactic.id, tactic.shortname, tactic.name, cells, mapped, total, counted)

    def _is_shown(self, family: Family, tactic: str) -> bool:
        """Whether a technique is drawn: always, or only if it or a sub-technique is annotated."""
        if not self._only_annotated:
            return True
        return any(self._view.annotation(t.id, tactic).annotated for t in (family.technique, *family.subtechniques))

    def _passes_filters(self, family: Family, tactic: str) -> bool:
        """Whether a technique passes the filters of platforms and of enabled ones, or is the heading of one."""
        if _is_heading(family.technique, tactic):
            return any(self._passes(sub, tactic) for sub in family.subtechniques)
        if self._view.hide_disabled and not self._view.annotation(family.technique.id, tactic).enabled:
            kept = any(
                self._view.annotation(sub.id, tactic).enabled and self._is_on_platform(sub)
                for sub in family.subtechniques
            )
            if not kept:
                return False
        return self._is_on_platform(family.technique)

    def _passes(self, sub: Technique, tactic: str) -> bool:
        """Whether a sub-technique passes the filters."""
        return self._passes_filters(Family(sub, ()), tactic)

    def _is_on_platform(self, technique: Technique) -> bool:
        return not self._platforms or bool(self._platforms & set(technique.platforms or ("None",)))

    def _cell(self, family: Family, tactic: str) -> Cell:
        technique, subs = family
        entry = HEADING if _is_heading(technique, tactic) else self._view.annotation(technique.id, tactic)
        families = [Family(sub, ()) for sub in subs if self._passes(sub, tactic)]
        kept = [sub for sub in families if self._is_shown(sub, tactic)]
        shows = self._view.layout.show_aggregate and bool(subs) and self._aggregates
        score = self._aggregate(family, tactic) if shows else entry.score
        return Cell(
            id=technique.id,
            name=technique.name,
            score=None if entry.color and self._unnumbered else score,
            color=self._view.color(entry, score),
            annotation=entry,
            subtechniques=tuple(self._cell(sub, tactic) for sub in self._sorted(kept, tactic)),
            opened=bool(kept) and self._is_opened(technique.id, entry),
            in_all=len(subs),
        )

    def _is_opened(self, technique: str, entry: Annotation) -> bool:
        expanded = self._view.layout.expanded
        if self._only_annotated or expanded == "all" or self._view.layout.layout == "mini":
            return True
        return entry.opened or (expanded == "annotated" and technique in self._annotated_parents)

    def _aggregate(self, family: Family, tactic: str) -> float | None:
        """The aggregate of a technique and its sub-techniques; a technique without a score counts as 0."""
        own = self._view.annotation(family.technique.id, tactic).score
        subs = (self._view.annotation(sub.id, tactic).score for sub in family.subtechniques)
        sub_scores = [score for score in subs if score is not None]
        if own is None and not sub_scores:
            return None
        scores = [own or 0, *sub_scores]
        how = self._view.layout.aggregate
        if how == "average":
            unscored = self._view.layout.count_unscored
            count = len(family.subtechniques) + 1 if unscored else len(sub_scores) + (own is not None)
            return _two_decimals(sum(scores) / count)
        return _two_decimals(sum(scores) if how == "sum" else max(scores) if how == "max" else min(scores))

    def _sorted(self, families: Sequence[Family], tactic: str) -> Sequence[Family]:
        """Families in the order of the layer's sorting; the input is sorted by name."""
        sorting = self._view.sorting
        if sorting < _BY_SCORE:
            return families[::-1] if sorting == 1 else families
        sign = 1 if sorting == _BY_SCORE else -1
        return sorted(families, key=lambda family: sign * self._rank(family, tactic))

    def _rank(self, family: Family, tactic: str) -> float:
        score = self._view.annotation(family.technique.id, tactic).score
        if self._view.layout.show_aggregate and family.subtechniques:
            score = self._aggregate(family, tactic)
        return -math.inf if score is None else score


def _two_decimals(score: float) -> float:
    """A number rounded to two decimals as JavaScript's toFixed does: halves away from 0."""
    if abs(score) >= _WHOLE:
        return score
    return float(Decimal(score).quantize(Decimal("0.01"), ROUND_HALF_UP))
