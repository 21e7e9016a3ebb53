"""Inputs at one release side by side: the numbers of the layers, tables and JSON of `compare`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from navlayers.analysis.compare_result import (
    Change,
    ComparedTechnique,
    Comparison,
    Difference,
    Gap,
    Measures,
    Relation,
    TacticTotals,
    Threatened,
    Totals,
)
from navlayers.errors import Problem, UsageError
from navlayers.scoring.coverage import Coverage, check_category, unrated_by_all
from navlayers.scoring.options import OVERALL
from navlayers.scoring.scores import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from navlayers.attack import Catalogue


FEWEST = 2


def compare(
    catalogue: Catalogue, inputs: Sequence[Coverage], *, category: str | None = None, baseline: int | None = None
) -> Comparison:
    """Compare two inputs or more.

    Args:
        catalogue: the release that all inputs are at.
        inputs: the sets and layers, scored alike; threats beside others are what these are to cover.
        category: only its scores count; None: the overall ones.
        baseline: index of the input from which all others differ; None: two inputs differ from each other.

    Raises:
        UsageError: there are fewer than two inputs, none of them has the category, or the baseline is a threat.
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
        UsageError: no input has the category, or the baseline is a threat.
    """
    first = None if baseline is None else inputs[baseline]
    threats = [coverage for coverage in inputs if coverage.set.role == "threat"]
    if len(threats) < len(inputs):
        inputs = [coverage for coverage in inputs if coverage not in threats]
    else:
        threats = []
    if first in threats:
        hint = "use a set of controls or detections as the baseline"
        raise UsageError(Problem(f"{first.name} lists what is to be covered, so it is no baseline", hint=hint))
    check_category(inputs, category)
    names = [coverage.name for coverage in inputs]
    measures = {coverage.name: coverage.measures(category) for coverage in inputs}
    unrated = {coverage.name: coverage.unrated(category) for coverage in inputs}
    rated_by_none = unrated_by_all(inputs, category)
    rows = {id_: _row(id_, inputs, measures, unrated, category) for id_ in sorted(set().union(*measures.values()))}
    active = [technique for technique in catalogue.techniques.values() if technique.active]
    tactics = []
    for tactic in catalogue.tactics:
        inside = {technique.id for technique in active if tactic.shortname in technique.tactics}
        covered = [id_ for id_ in rows if id_ in inside]
        totals = _totals_of_each(covered, rows, measures, unrated, inside)
        highest = max(total.over_all for total in totals)
        strongest = tuple(n for n, total in zip(names, totals, strict=True) if total.over_all == highest > 0)
        tactics.append(TacticTotals(tactic.shortname, tactic.name, len(inside), len(covered), strongest, totals))
    gaps = []
    for technique in active:
        if technique.id not in rows:
            subs = catalogue.subtechniques(technique.id)
            by = tuple(n for n in names if technique.id in unrated[n]) if technique.id in rated_by_none else ()
            gaps.append(Gap(technique.id, sum(sub.id in rows for sub in subs), len(subs), by))
    pairs = [(names[0], names[1])] if len(inputs) == FEWEST else []
    if first is not None:
        pairs = [(first.name, other) for other in names if other != first.name]
    best = {id_: row.best for id_, row in rows.items()}
    return Comparison(
        catalogue=catalogue,
        inputs=tuple(inputs),
        category=category,
        rows=rows,
        gaps=tuple(gaps),
        active=len(active),
        totals=_totals_of_each(rows, rows, measures, unrated, {technique.id for technique in active}),
        union=_totals(
            best,
            len(active),
            unique=len(rows),
            best=len(rows),
            unrated=len(rated_by_none),
        ),
        tactics=tuple(tactics),
        differences=tuple(Difference(a, b, _changes(measures[a], measures[b])) for a, b in pairs),
        threats=tuple(_threatened(threat, measures) for threat in threats),
    )


def _row(
    technique: str,
    inputs: Sequence[Coverage],
    measures: Mapping[str, Measures],
    unrated: Mapping[str, frozenset[str]],
    category: str | None,
) -> ComparedTechnique:
    scores = {}
    for coverage in inputs:
        if technique in measures[coverage.name]:
            entry = coverage.entries[technique]
            own = {c: score for c, score in entry.categories.items() if c in coverage.categories}
            scores[coverage.name] = {OVERALL: entry.measure(category), **own}
    given = {name: measures[name][technique] for name in scores}
    best = max(given.values())
    best_by = tuple(name for name, score in given.items() if score == best)
    return ComparedTechnique(
        best, best_by, scores, tuple(name for name, ids in unrated.items() if technique in ids)
    )


def _totals_of_each(
    techniques: Iterable[str],
    rows: Mapping[str, ComparedTechnique],
    measures: Mapping[str, Measures],
    unrated: Mapping[str, frozenset[str]],
    active: Set[str],
) -> tuple[Totals, ...]:
    """The totals of each input for covered techniques among `active` ones."""
    techniques = list(techniques)
    totals = []
    for name, scores in measures.items():
        own = {id_: scores[id_] for id_ in techniques if id_ in scores}
        unique = sum(len(rows[id_].scores) == 1 for id_ in own)
        best = sum(rows[id_].best_by == (name,) for id_ in own)
        numbers = len(unrated[name] & active)
        totals.append(_totals(own, len(active), unique=unique, best=best, unrated=numbers))
    return tuple(totals)


def _totals(measures: Measures, total: int, *, unique: int, best: int, unrated: int) -> Totals:
    subs = sum("." in id_ for id_ in measures)
    mean = exact(math.fsum(measures.values()) / len(measures)) if measures else None
    over_all = exact(math.fsum(measures.values()) / total) if total else 0
    return Totals(len(measures) - subs, subs, total, mean, over_all, unique, best, unrated)


def _threatened(threat: Coverage, measures: Mapping[str, Measures]) -> Threatened:
    techniques = sorted(threat.measures())
    return Threatened(threat, {t: tuple(name for name in measures if t in measures[name]) for t in techniques})


def _changes(before: Measures, after: Measures) -> dict[str, Change]:
    changes = {}
    for technique in sorted({*before, *after}):
        a, b = before.get(technique, 0), after.get(technique, 0)
        if technique not in after:
            change = Change("only first", exact(-a))
        elif technique not in before:
            change = Change("only second", b)
        else:
            relation: Relation = "equal" if a == b else "second stronger" if b > a else "first stronger"
            change = Change(relation, exact(b - a))
        changes[technique] = change
    return changes
