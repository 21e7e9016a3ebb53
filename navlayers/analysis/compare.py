"""The comparison of inputs that are at one release: pure numbers, from which layers and tables are made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers.attack import Catalogue
from navlayers.errors import Problem, UsageError
from navlayers.scoring.aggregate import exact
from navlayers.scoring.coverage import Coverage, check_category

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


Relation: TypeAlias = Literal[
    "only first", "first stronger", "equal", "second stronger", "only second", "not rated"
]
"""How two inputs cover a technique; "not rated": both do, and one of them gives no score."""

FEWEST = 2


class Row(msgspec.Struct, frozen=True):
    """One technique that at least one input covers.

    `scores` has an entry per input: its score, None where it covers without one; `covering` are the numbers of the
    inputs that cover it. `best` is the highest score, None where nobody gives one; `best_by` are those who give it.
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
        """How much is missing, 0–100: all of it, or the share of sub-techniques that nobody covers."""
        return 100 if not self.covered else exact(100 * (1 - self.covered / self.total))


class Difference(msgspec.Struct, frozen=True):
    """What two inputs, by their numbers, give the techniques that either covers.

    `scores` holds technique id → score of the second minus that of the first, a missing one being 0; None where
    both cover it and one of them gives no score. `relations` says the same in words.
    """

    first: int
    second: int
    scores: dict[str, float | None]
    relations: dict[str, Relation]

    def count(self, relation: Relation) -> int:
        """How many techniques are related so."""
        return sum(found == relation for found in self.relations.values())


class Totals(msgspec.Struct, frozen=True):
    """What one input covers of the matrix or of a tactic.

    `mean` is the mean score of the techniques that it covers with one; None where there is none. `spread` is its
    mean score over all of the `total` active techniques and sub-techniques, those that it does not cover being 0.
    `unique` counts those that no other input covers, `best` those to which it alone gives the highest score.
    """

    techniques: int
    subtechniques: int
    total: int
    mean: float | None
    spread: float
    unique: int
    best: int

    @property
    def covered(self) -> int:
        """Techniques and sub-techniques."""
        return self.techniques + self.subtechniques

    @property
    def share(self) -> float:
        """The covered ones in per cent of all."""
        return 100 * self.covered / self.total if self.total else 0


class TacticTotals(msgspec.Struct, frozen=True):
    """One tactic: how many active techniques and sub-techniques it has, and what each input covers of them."""

    tactic: str
    name: str
    total: int
    any: int
    inputs: tuple[Totals, ...]

    @property
    def strongest(self) -> tuple[int, ...]:
        """The numbers of the inputs whose scores are highest over the whole tactic; none where all are 0."""
        highest = max(one.spread for one in self.inputs)
        return tuple(n for n, one in enumerate(self.inputs) if one.spread == highest > 0)


class Overlap(msgspec.Struct, frozen=True):
    """Two inputs: how many techniques both and either cover; `jaccard` is the one by the other, 0–1."""

    first: int
    second: int
    both: int
    either: int

    @property
    def jaccard(self) -> float | None:
        """The Jaccard index; None where neither covers anything."""
        return self.both / self.either if self.either else None


class Comparison(msgspec.Struct, frozen=True):
    """Inputs side by side, overall or in one category.

    `rows` are the techniques that any input covers, `gaps` the active ones that none does, both by id; `active` is
    how many active techniques and sub-techniques there are. `totals` are those of each input, `union` those of all
    together, by the best score.
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

    @property
    def counts(self) -> bool:
        """Whether scores are numbers of capabilities, not 0–100."""
        return any(one.counts for one in self.inputs)

    @property
    def covered_only(self) -> bool:
        """Whether inputs are compared by what they cover alone, every score being 100."""
        return any(one.covered_only for one in self.inputs)

    @property
    def highest(self) -> float:
        """The highest score of any input: 0 where there is none."""
        return max((row.best for row in self.rows if row.best is not None), default=0)


def compare(
    catalogue: Catalogue, inputs: Sequence[Coverage], *, category: str | None = None, baseline: int | None = None
) -> Comparison:
    """Compare inputs, each with the others; their differences where they are two, or from the `baseline`'s number.

    Raises:
        UsageError: fewer than two inputs, or a category that none of them scores.
    """
    if len(inputs) < FEWEST:
        raise UsageError(
            Problem("there are fewer than two inputs to compare", expected="two or more sets or layers")
        )
    return side_by_side(catalogue, inputs, category=category, baseline=baseline)


def side_by_side(
    catalogue: Catalogue, inputs: Sequence[Coverage], *, category: str | None = None, baseline: int | None = None
) -> Comparison:
    """The same of one input or more: a single one has totals and gaps, too.

    Raises:
        UsageError: no input has the category.
    """
    check_category(inputs, category)
    measures = [one.measures(category) for one in inputs]
    rows = tuple(_row(technique, measures) for technique in sorted(set().union(*measures)))
    active = [technique for technique in catalogue.techniques.values() if technique.active]
    members = {
        tactic.shortname: {technique.id for technique in active if tactic.shortname in technique.tactics}
        for tactic in catalogue.tactics
    }
    if baseline is None:
        pairs = [(0, 1)] if len(inputs) == FEWEST else []
    else:
        pairs = [(baseline, other) for other in range(len(inputs)) if other != baseline]
    return Comparison(
        catalogue=catalogue,
        inputs=tuple(inputs),
        category=category,
        rows=rows,
        gaps=tuple(_gaps(catalogue, {row.technique for row in rows})),
        active=len(active),
        totals=_totals(rows, len(inputs), len(active)),
        union=_counted(rows, [row.best for row in rows], len(active), unique=len(rows), best=len(rows)),
        tactics=tuple(
            _tactic(tactic.shortname, tactic.name, members[tactic.shortname], rows, len(inputs))
            for tactic in catalogue.tactics
        ),
        overlaps=tuple(
            Overlap(
                a, b, len(measures[a].keys() & measures[b].keys()), len(measures[a].keys() | measures[b].keys())
            )
            for a in range(len(inputs))
            for b in range(a + 1, len(inputs))
        ),
        differences=tuple(difference(a, b, measures[a], measures[b]) for a, b in pairs),
    )


def _row(technique: str, measures: Sequence[dict[str, float | None]]) -> Row:
    covering = tuple(number for number, found in enumerate(measures) if technique in found)
    scores = tuple(found.get(technique) for found in measures)
    best = max((score for score in scores if score is not None), default=None)
    return Row(technique, scores, covering, best, tuple(n for n in covering if scores[n] == best))


def _gaps(catalogue: Catalogue, covered: set[str]) -> Iterable[Gap]:
    for technique in catalogue.techniques.values():
        if technique.active and technique.id not in covered:
            subs = catalogue.subtechniques(technique.id)
            yield Gap(technique.id, sum(sub.id in covered for sub in subs), len(subs))


def _totals(rows: Iterable[Row], inputs: int, total: int) -> tuple[Totals, ...]:
    rows = list(rows)
    return tuple(_total([row for row in rows if number in row.covering], number, total) for number in range(inputs))


def _total(rows: Sequence[Row], number: int, total: int) -> Totals:
    unique = sum(row.covering == (number,) for row in rows)
    best = sum(row.best_by == (number,) for row in rows)
    return _counted(rows, [row.scores[number] for row in rows], total, unique=unique, best=best)


def _counted(rows: Sequence[Row], scores: Iterable[float | None], total: int, *, unique: int, best: int) -> Totals:
    subs = sum("." in row.technique for row in rows)
    given = [score for score in scores if score is not None]
    together = math.fsum(given)
    mean = exact(together / len(given)) if given else None
    spread = exact(together / total) if total else 0
    return Totals(len(rows) - subs, subs, total, mean, spread, unique, best)


def _tactic(tactic: str, name: str, members: set[str], rows: Iterable[Row], inputs: int) -> TacticTotals:
    own = [row for row in rows if row.technique in members]
    return TacticTotals(tactic, name, len(members), len(own), _totals(own, inputs, len(members)))


def difference(
    first: int, second: int, before: dict[str, float | None], after: dict[str, float | None]
) -> Difference:
    """What lies between two inputs, given technique id → score of each."""
    scores: dict[str, float | None] = {}
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
