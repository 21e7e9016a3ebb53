"""Inputs and a threat → what is covered of it, what is not, and by whom."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from navlayers._text import figure, nearest, shown
from navlayers.analysis.gaps.contributors import bounded, givers_of
from navlayers.analysis.gaps.model import FULL, WEAK, CapabilityShare, Gaps, Row, State, TacticShare
from navlayers.analysis.gaps.releases import newer_than, using_groups
from navlayers.analysis.gaps.shares import Measured, Share, share_of
from navlayers.errors import Problem, UsageError
from navlayers.mapping.model import CATEGORIES
from navlayers.scoring.aggregate import exact
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.analysis.inputs import Together
    from navlayers.analysis.threats import ThreatModel
    from navlayers.attack import Catalogue, Tactic
    from navlayers.scoring.coverage import Coverage

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

    Where the inputs say that a relation holds, not how well, it counts as covered, and there are no scores.

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
    scored = not any(one.counts for one in inputs)
    groups, newer = using_groups(together.catalogue), newer_than(inputs, together.catalogue)
    rows = tuple(
        Row(
            technique,
            together.catalogue.techniques[technique].name,
            weight,
            state := _state(technique, best, weak, scored=scored),
            *best.get(technique, (None, ())),
            givers.get(technique, ()),
            {category: found[technique][0] for category, found in per_category.items() if technique in found},
            None if groups is None else groups.get(technique, 0),
            _related(together.catalogue, technique, best, scored=scored) if state == "uncovered" else "",
            state == "uncovered" and technique in newer,
        )
        for technique, weight in threat.weights.items()
    )
    by_id = {row.technique: row for row in rows}

    def share(weights: Mapping[str, float], found: Best) -> Share:
        return share_of((_measured(w, t, found) for t, w in weights.items()), weak, scored=scored)

    return Gaps(
        catalogue=together.catalogue,
        threat=threat,
        inputs=inputs,
        category=category,
        weak=weak,
        rows=rows,
        total=share(threat.weights, best),
        tactics=tuple(
            TacticShare(tactic.id, tactic.name, share(weights, best))
            for tactic, weights in _tactics(together.catalogue, threat.weights)
        ),
        categories={one: share(threat.weights, found) for one, found in per_category.items()},
        members=tuple(share(member.weights, best) for member in threat.members),
        capabilities=tuple(_capabilities(inputs, by_id.values(), scored=scored)),
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


def _state(technique: str, best: Best, weak: float, *, scored: bool) -> State:
    if technique not in best:
        return "uncovered"
    if not scored:
        return "covered"
    score = best[technique][0]
    if score is None:
        return "not rated"
    return "weak" if score < weak else "covered"


def _related(catalogue: Catalogue, technique: str, best: Best, *, scored: bool) -> str:
    """What is covered beside an uncovered technique, which is not covered by that: its parent or sub-techniques."""
    parent = catalogue.techniques[technique].parent
    if parent is not None:
        if parent not in best:
            return ""
        score = best[parent][0]
        rated = "covered" if not scored else "not rated" if score is None else f"{figure(score)}"
        return f"parent {parent} {rated}"
    subs = catalogue.subtechniques(technique)
    covered = sum(sub.id in best for sub in subs)
    return f"{covered} of {len(subs)} sub{'s' * (len(subs) > 1)}" if covered else ""


def _measured(weight: float, technique: str, best: Best) -> Measured:
    return Measured(weight, technique in best, best[technique][0] if technique in best else None)


def _tactics(catalogue: Catalogue, weights: Mapping[str, float]) -> Iterator[tuple[Tactic, dict[str, float]]]:
    """The tactics that the threat has techniques of, in the order of the matrix, with the weights of these."""
    for tactic in catalogue.tactics:
        inside = {t: w for t, w in weights.items() if tactic.shortname in catalogue.techniques[t].tactics}
        if inside:
            yield tactic, inside


def _capabilities(inputs: Sequence[Coverage], rows: Iterable[Row], *, scored: bool) -> list[CapabilityShare]:
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
            by_score=exact(math.fsum(row.weight * score / FULL for row, score in those)) if scored else None,
        )
        for (number, capability), those in found.items()
    ]
    return sorted(shares, key=lambda one: (-one.weight, -(one.by_score or 0), one.input, one.capability))


def _notices(inputs: Sequence[Coverage], category: str | None) -> Iterator[Problem]:
    counted = [one.name for one in inputs if one.counts]
    if counted:
        message = f"{', '.join(counted)}: what is mapped counts as covered, without a score, for none is given"
        yield Problem(message, hint="--worth gives it a number, 0-100")
    without = [one.name for one in inputs if category is not None and category not in one.categories]
    if without:
        yield Problem(f"{', '.join(without)}: no category {category}, so nothing of it counts")
    unrated = sum(score is None for one in inputs for score in one.measures(category).values())
    if unrated and not counted:
        they = f"{unrated:,} techniques are" if unrated > 1 else "a technique is"
        message = f"{they} mapped without a score value, and count{'s' * (unrated == 1)} as covered but not rated"
        yield Problem(message, hint="--worth gives them a number")
