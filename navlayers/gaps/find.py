"""Inputs and a threat → what is covered of it, what is not, and by whom."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from navlayers.aggregate import exact, tidy
from navlayers.errors import Problem, UsageError
from navlayers.gaps.givers import bounded, givers_of
from navlayers.gaps.model import FULL, WEAK, CapabilityShare, Gaps, Giver, Row, State, TacticShare
from navlayers.gaps.shares import Measured, Share, share_of
from navlayers.model import CATEGORIES
from navlayers.options import ScoreOptions
from navlayers.wording import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.attack import Catalogue
    from navlayers.coverage import Coverage
    from navlayers.threats import ThreatModel
    from navlayers.together import Together

_OPTIONS = ScoreOptions()

Best = dict[str, tuple[float | None, tuple[int, ...]]]
"""Technique id → the best score and the numbers of the inputs that give it."""


def find_gaps(
    together: Together,
    threat: ThreatModel,
    options: ScoreOptions = _OPTIONS,
    *,
    category: str | None = None,
    weak: float = WEAK,
) -> Gaps:
    """What the inputs, taken together, cover of a threat at the same release.

    Where the inputs say that a relation holds, not how well, it counts as covered in full.

    Raises:
        UsageError: the options do not fit the inputs, some give counts and others scores, no input has the
            category, or `weak` is not from 0 to 100.
    """
    if not (math.isfinite(weak) and 0 <= weak <= FULL):
        raise UsageError(Problem(f"--weak is {weak:g}", expected="a number from 0 to 100"))
    inputs = together.covered(options)
    _check_category(inputs, category)
    best = _best(inputs, category)
    named = [c for c in CATEGORIES if any(c in one.categories for one in inputs)]
    per_category: dict[str, Best] = {one: _best(inputs, one) for one in named}
    givers = givers_of(inputs, category, threat.weights)
    rows = tuple(
        _row(together.catalogue, technique, weight, best, per_category, givers.get(technique, ()), weak)
        for technique, weight in threat.weights.items()
    )
    by_id = {row.technique: row for row in rows}
    return Gaps(
        catalogue=together.catalogue,
        threat=threat,
        inputs=inputs,
        category=category,
        weak=weak,
        rows=rows,
        total=_share(rows, weak),
        tactics=tuple(_tactics(together.catalogue, rows, weak)),
        categories={
            one: share_of((_measured(row.weight, row.technique, found) for row in rows), weak)
            for one, found in per_category.items()
        },
        members=tuple(
            share_of((_measured(w, t, best) for t, w in member.weights.items()), weak) for member in threat.members
        ),
        capabilities=tuple(_capabilities(inputs, by_id.values())),
        notices=tuple(_notices(inputs, category)),
    )


def _check_category(inputs: Sequence[Coverage], category: str | None) -> None:
    if category is None or any(category in one.categories for one in inputs):
        return
    there = [c for c in CATEGORIES if any(c in one.categories for one in inputs)]
    names = ", ".join(one.name for one in inputs)
    message = f"{names} {'have' if len(inputs) > 1 else 'has'} no category {shown(category)}"
    expected = ", ".join(there) if there else ""
    hint = nearest(category, there) if there else "leave out --category: the sets have none"
    raise UsageError(Problem(message, expected=expected, hint=hint))


def _best(inputs: Sequence[Coverage], category: str | None) -> Best:
    found: dict[str, list[tuple[float | None, int]]] = {}
    for number, one in enumerate(inputs):
        for technique, score in one.measures(category).items():
            found.setdefault(technique, []).append((bounded(score, counts=one.counts), number))
    best: Best = {}
    for technique, scores in found.items():
        rated = [score for score, _ in scores if score is not None]
        highest = max(rated) if rated else None
        best[technique] = highest, tuple(number for score, number in scores if score == highest)
    return best


def _row(
    catalogue: Catalogue,
    technique: str,
    weight: float,
    best: Best,
    per_category: Mapping[str, Best],
    givers: tuple[Giver, ...],
    weak: float,
) -> Row:
    score, best_by = best.get(technique, (None, ()))
    state: State = "covered"
    if technique not in best:
        state = "uncovered"
    elif score is None:
        state = "not rated"
    elif score < weak:
        state = "weak"
    return Row(
        technique,
        catalogue.techniques[technique].name,
        weight,
        state,
        score,
        best_by,
        givers,
        {category: found[technique][0] for category, found in per_category.items() if technique in found},
        _hint(catalogue, technique, best) if state == "uncovered" else "",
    )


def _hint(catalogue: Catalogue, technique: str, best: Best) -> str:
    """What is covered beside an uncovered technique, which is not covered by that: its parent or sub-techniques."""
    parent = catalogue.techniques[technique].parent
    if parent is not None:
        if parent not in best:
            return ""
        score = best[parent][0]
        return f"parent {parent} is covered, {'not rated' if score is None else f'{tidy(score):g}'}"
    subs = catalogue.subtechniques(technique)
    covered = sum(sub.id in best for sub in subs)
    return f"{covered} of {len(subs)} sub-techniques {'is' if covered == 1 else 'are'} covered" if covered else ""


def _measured(weight: float, technique: str, best: Best) -> Measured:
    return Measured(weight, technique in best, best[technique][0] if technique in best else None)


def _share(rows: Iterable[Row], weak: float) -> Share:
    return share_of((Measured(row.weight, row.covered, row.score) for row in rows), weak)


def _tactics(catalogue: Catalogue, rows: Sequence[Row], weak: float) -> Iterator[TacticShare]:
    """The tactics that the threat has techniques of, in the order of the matrix."""
    for tactic in catalogue.tactics:
        inside = [row for row in rows if tactic.shortname in catalogue.techniques[row.technique].tactics]
        if inside:
            yield TacticShare(tactic.id, tactic.name, _share(inside, weak))


def _capabilities(inputs: Sequence[Coverage], rows: Iterable[Row]) -> list[CapabilityShare]:
    """By the weight that each covers, then by score, then by input and id."""
    found: dict[tuple[int, str], list[tuple[Row, float]]] = {}
    for row in rows:
        for giver in row.givers:
            found.setdefault((giver.input, giver.capability), []).append((row, giver.score or 0))
    shares = [
        CapabilityShare(
            input=number,
            capability=capability,
            label=inputs[number].labels.get(capability, capability),
            techniques=len(those),
            only=sum(len(row.givers) == 1 for row, _ in those),
            weight=exact(math.fsum(row.weight for row, _ in those)),
            by_score=exact(math.fsum(row.weight * score / FULL for row, score in those)),
        )
        for (number, capability), those in found.items()
    ]
    return sorted(shares, key=lambda one: (-one.weight, -one.by_score, one.input, one.capability))


def _notices(inputs: Sequence[Coverage], category: str | None) -> Iterator[Problem]:
    counted = [one.name for one in inputs if one.counts]
    if counted:
        message = f"{', '.join(counted)}: what is mapped counts as covered in full, for it is not said how well"
        yield Problem(message, hint="--worth gives it a number, 0-100")
    without = [one.name for one in inputs if category is not None and category not in one.categories]
    if without:
        yield Problem(f"{', '.join(without)}: no category {category}, so nothing of it counts")
    unrated = sum(score is None for one in inputs for score in one.measures(category).values())
    if unrated and not counted:
        they = f"{unrated:,} techniques are" if unrated > 1 else "a technique is"
        message = f"{they} mapped without a score value, and count{'s' * (unrated == 1)} as covered but not rated"
        yield Problem(message, hint="--worth gives them a number")
