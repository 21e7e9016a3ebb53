"""Inputs at one release side by side: pure numbers, from which layers and tables are made."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from navlayers.analysis.frames import Tabular
from navlayers.attack import Catalogue
from navlayers.errors import Problem, UsageError
from navlayers.scoring.aggregate import exact
from navlayers.scoring.coverage import Coverage, check_category

if TYPE_CHECKING:
    from collections.abc import Sequence

Relation: TypeAlias = Literal[
    "only first", "first stronger", "equal", "second stronger", "only second", "not rated"
]
"""How two inputs cover a technique; "not rated": both do, and one of them gives no score."""

FEWEST = 2

Measures: TypeAlias = dict[str, float | None]
"""Technique id → score of a covered technique; None where it is covered without one."""


class Row(msgspec.Struct, frozen=True):
    """One technique that at least one input covers.

    Attributes:
        technique: its id.
        scores: the score of each input; None where it gives none.
        covering: indexes of the inputs that cover it.
        best: the highest score; None where no input gives one.
        best_by: indexes of the inputs that give it.
    """

    technique: str
    scores: tuple[float | None, ...]
    covering: tuple[int, ...]
    best: float | None
    best_by: tuple[int, ...]


class Gap(msgspec.Struct, frozen=True):
    """An active technique that no input covers; of its `total` active sub-techniques, `covered` are."""

    technique: str
    covered: int
    total: int

    @property
    def missing(self) -> float:
        """How much is missing, 0–100: 100, or the percentage of sub-techniques that no input covers."""
        return 100 if not self.covered else exact(100 * (1 - self.covered / self.total))


class Difference(msgspec.Struct, frozen=True):
    """The scores of two inputs for the techniques that either covers.

    Attributes:
        first, second: indexes of the inputs.
        scores: technique id → score of the second minus that of the first, a missing one being 0; None where both
            cover it and one of them gives no score.
        relations: technique id → the same in words.
    """

    first: int
    second: int
    scores: Measures
    relations: dict[str, Relation]

    def count(self, relation: Relation) -> int:
        """Number of techniques of this relation."""
        return sum(each == relation for each in self.relations.values())


class Totals(msgspec.Struct, frozen=True):
    """The coverage of the matrix or of a tactic by one input.

    Attributes:
        techniques, subtechniques: number of those covered.
        total: number of active techniques and sub-techniques.
        mean: mean score of those covered with one; None where there is none.
        over_all: mean score over `total`, those not covered being 0.
        unique: number of those that no other input covers.
        best_alone: number of those to which it alone gives the highest score.
    """

    techniques: int
    subtechniques: int
    total: int
    mean: float | None
    over_all: float
    unique: int
    best_alone: int

    @property
    def covered(self) -> int:
        """Number of techniques and sub-techniques covered."""
        return self.techniques + self.subtechniques

    @property
    def share(self) -> float:
        """The covered ones in per cent of `total`."""
        return 100 * self.covered / self.total if self.total else 0


class TacticTotals(msgspec.Struct, frozen=True):
    """One tactic: of its `total` active techniques and sub-techniques, `any` are covered; and totals per input."""

    tactic: str
    name: str
    total: int
    any: int
    inputs: tuple[Totals, ...]

    @property
    def strongest(self) -> tuple[int, ...]:
        """Indexes of the inputs whose scores are highest over the whole tactic; () where all are 0."""
        highest = max(totals.over_all for totals in self.inputs)
        return tuple(index for index, totals in enumerate(self.inputs) if totals.over_all == highest > 0)


class Overlap(msgspec.Struct, frozen=True):
    """Two inputs, by their indexes, and the number of techniques that both and that either cover."""

    first: int
    second: int
    both: int
    either: int

    @property
    def jaccard(self) -> float | None:
        """The Jaccard index both / either, 0–1; None where neither covers anything."""
        return self.both / self.either if self.either else None


class Comparison(msgspec.Struct, Tabular, frozen=True):
    """Inputs side by side, overall or in one category.

    Attributes:
        catalogue: the ATT&CK release.
        inputs: the sets and layers, scored.
        category: only its scores count; None: the overall ones.
        rows: the techniques that any input covers, by id.
        gaps: the active techniques that no input covers, by id.
        active: number of active techniques and sub-techniques.
        totals: those of each input.
        union: those of all inputs together, by the best score.
        tactics: totals per tactic, in the order of the matrix.
        overlaps: each pair of inputs.
        differences: of two inputs, or of each input from the baseline.
        notices: what to tell the user, in addition to the notices of each input.
        files: the files that were read.
    """

    catalogue: Catalogue
    inputs: tuple[Coverage, ...]
    category: str | None
    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    active: int
    totals: tuple[Totals, ...]
    union: Totals
    tactics: tuple[TacticTotals, ...]
    overlaps: tuple[Overlap, ...]
    differences: tuple[Difference, ...]
    notices: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Inputs and release in one line."""
        names = ", ".join(item.name for item in self.inputs)
        return f"<Comparison of {names}, ATT&CK {self.catalogue.domain} {self.catalogue.version}>"

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row per technique that any input covers: id, name, a score per input, the best score and by whom."""
        names = [item.name for item in self.inputs]
        return [
            {
                "technique": row.technique,
                "name": self.catalogue.techniques[row.technique].name,
                **dict(zip(names, row.scores, strict=True)),
                "best": row.best,
                "best_by": tuple(names[number] for number in row.best_by),
            }
            for row in self.rows
        ]

    @property
    def counts(self) -> bool:
        """Whether scores are numbers of capabilities, not 0–100."""
        return any(each.counts for each in self.inputs)

    @property
    def covered_only(self) -> bool:
        """Whether inputs are compared by what they cover alone, every score being 100."""
        return any(each.covered_only for each in self.inputs)

    @property
    def highest(self) -> float:
        """The highest score of any input; 0 where there is none."""
        return max((row.best for row in self.rows if row.best is not None), default=0)


def compare(
    catalogue: Catalogue, inputs: Sequence[Coverage], *, category: str | None = None, baseline: int | None = None
) -> Comparison:
    """Compare two inputs or more.

    Args:
        catalogue: the release that all inputs are at.
        inputs: the sets and layers, scored alike.
        category: only its scores count; None: the overall ones.
        baseline: index of the input from which all others differ; None: two inputs differ from each other.

    Raises:
        UsageError: there are fewer than two inputs, or none of them has the category.
    """
    if len(inputs) < FEWEST:
        raise UsageError(
            Problem("there are fewer than two inputs to compare", expected="two or more sets or layers")
        )
    return side_by_side(catalogue, inputs, category=category, baseline=baseline)


def side_by_side(
    catalogue: Catalogue, inputs: Sequence[Coverage], *, category: str | None = None, baseline: int | None = None
) -> Comparison:
    """Like `compare`, but also accepts a single input, which has totals and gaps, too.

    Raises:
        UsageError: no input has the category.
    """
    check_category(inputs, category)
    measures = [each.measures(category) for each in inputs]
    rows = [_row(technique, measures) for technique in sorted(set().union(*measures))]
    covered = {row.technique for row in rows}
    active = [technique for technique in catalogue.techniques.values() if technique.active]
    tactics = []
    for tactic in catalogue.tactics:
        inside = {technique.id for technique in active if tactic.shortname in technique.tactics}
        own = [row for row in rows if row.technique in inside]
        totals = _totals_of_each(own, len(inputs), len(inside))
        tactics.append(TacticTotals(tactic.shortname, tactic.name, len(inside), len(own), totals))
    gaps = []
    for technique in active:
        if technique.id not in covered:
            subs = catalogue.subtechniques(technique.id)
            gaps.append(Gap(technique.id, sum(sub.id in covered for sub in subs), len(subs)))
    pairs = [(0, 1)] if len(inputs) == FEWEST else []
    if baseline is not None:
        pairs = [(baseline, other) for other in range(len(inputs)) if other != baseline]
    return Comparison(
        catalogue=catalogue,
        inputs=tuple(inputs),
        category=category,
        rows=tuple(rows),
        gaps=tuple(gaps),
        active=len(active),
        totals=_totals_of_each(rows, len(inputs), len(active)),
        union=_totals([(row, row.best) for row in rows], len(active), unique=len(rows), best=len(rows)),
        tactics=tuple(tactics),
        overlaps=tuple(
            Overlap(
                a, b, len(measures[a].keys() & measures[b].keys()), len(measures[a].keys() | measures[b].keys())
            )
            for a, b in itertools.combinations(range(len(inputs)), 2)
        ),
        differences=tuple(_difference(a, b, measures[a], measures[b]) for a, b in pairs),
    )


def _row(technique: str, measures: Sequence[Measures]) -> Row:
    covering = tuple(index for index, scores in enumerate(measures) if technique in scores)
    scores = tuple(own.get(technique) for own in measures)
    best = max((score for score in scores if score is not None), default=None)
    return Row(technique, scores, covering, best, tuple(index for index in covering if scores[index] == best))


def _totals_of_each(rows: Sequence[Row], inputs: int, total: int) -> tuple[Totals, ...]:
    """The totals of each input over `total` techniques."""
    totals = []
    for index in range(inputs):
        own = [(row, row.scores[index]) for row in rows if index in row.covering]
        unique = sum(row.covering == (index,) for row, _ in own)
        best = sum(row.best_by == (index,) for row, _ in own)
        totals.append(_totals(own, total, unique=unique, best=best))
    return tuple(totals)


def _totals(rows: Sequence[tuple[Row, float | None]], total: int, *, unique: int, best: int) -> Totals:
    subs = sum("." in row.technique for row, _ in rows)
    scores = [score for _, score in rows if score is not None]
    mean = exact(math.fsum(scores) / len(scores)) if scores else None
    over_all = exact(math.fsum(scores) / total) if total else 0
    return Totals(len(rows) - subs, subs, total, mean, over_all, unique, best)


def _difference(first: int, second: int, before: Measures, after: Measures) -> Difference:
    scores: Measures = {}
    relations: dict[str, Relation] = {}
    for technique in sorted({*before, *after}):
        a, b = before.get(technique), after.get(technique)
        if technique not in after:
            relations[technique], scores[technique] = "only first", None if a is None else exact(-a)
        elif technique not in before:
            relations[technique], scores[technique] = "only second", b
        elif a is None or b is None:
            relations[technique], scores[technique] = "not rated", None
        else:
            scores[technique] = exact(b - a)
            relations[technique] = "equal" if a == b else "second stronger" if b > a else "first stronger"
    return Difference(first, second, scores, relations)
