"""Inputs against a threat: its covered and uncovered techniques, and the capabilities that cover them."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers._text.numbers import number_text
from navlayers._text.spelling import suggestion
from navlayers._text.wording import quantity, quoted
from navlayers.analysis.gaps_result import (
    FULL,
    CapabilityShare,
    Contributor,
    Gaps,
    Share,
    TacticShare,
    TechniqueGap,
)
from navlayers.analysis.inputs import newer_than, refuse_threats
from navlayers.errors import NavlayersError, Problem, UsageError
from navlayers.mapping.model import CATEGORIES
from navlayers.scoring.coverage import unrated_by_all
from navlayers.scoring.options import WEAK, ScoreOptions
from navlayers.scoring.scores import exact
from navlayers.scoring.stats import non_mappable_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.analysis.gaps_result import State
    from navlayers.analysis.inputs import InputSet
    from navlayers.analysis.threats.model import ThreatModel
    from navlayers.attack import Catalogue
    from navlayers.scoring.coverage import Coverage


def check_weak(weak: float) -> None:
    """Check a threshold of weak scores.

    Raises:
        UsageError: it is not from 0 to 100.
    """
    if not (math.isfinite(weak) and 0 <= weak <= FULL):
        raise UsageError(Problem(f"--weak is {weak:g}", expected="a number from 0 to 100"))


class _Best(NamedTuple):
    """The best coverage by any input.

    `covered` is technique id → the highest score 0–100, None where inputs have no scores, and the names of the
    inputs that give it. `unrated` are the techniques that inputs map and none rates.
    """

    covered: dict[str, tuple[float | None, tuple[str, ...]]]
    unrated: frozenset[str]


def find_gaps(
    inputs: InputSet,
    threat: ThreatModel,
    options: ScoreOptions = ScoreOptions(),
    *,
    category: str | None = None,
    weak: float = WEAK,
) -> Gaps:
    """The coverage of a threat by inputs together, at the same release.

    Mapped techniques of unscored inputs count as covered, without scores.

    Args:
        inputs: the sets and layers; the best of all counts.
        threat: techniques with weights.
        options: how mappings become scores.
        category: only its scores count; None: the overall ones.
        weak: a technique that is covered below this score, 0–100, is weak.

    Raises:
        UsageError: an input lists threats, the options do not fit the inputs, some give counts and others scores,
            no input has the category, or `weak` is not from 0 to 100.
    """
    check_weak(weak)
    refuse_threats(inputs)
    catalogue, coverages = inputs.catalogue, inputs.coverage(options, hundred=True)
    own_categories = [c for c in CATEGORIES if any(c in coverage.categories for coverage in coverages)]
    if category is not None and category not in own_categories:
        raise UsageError(_no_category(coverages, category, own_categories))
    best = _best(coverages, category)
    per_category = {category_: _best(coverages, category_) for category_ in own_categories}
    # Without scores, nothing is weak.
    least = None if any(coverage.counts for coverage in coverages) else weak
    contributors = _contributors(coverages, category, threat.weights)
    non_mappable = {coverage.name: {*non_mappable_ids(coverage.set).techniques} for coverage in coverages}
    groups, newer = using_groups(catalogue), newer_than(coverages, catalogue)
    rows = []
    for technique, weight in threat.weights.items():
        state = _state(technique, best, least)
        score, best_by = best.covered.get(technique, (None, ()))
        uncovered = state == "uncovered"
        missing = 0 if state == "covered" and score is None else exact(FULL - (score or 0))
        row = TechniqueGap(
            technique=technique,
            name=catalogue.techniques[technique].name,
            tactics=catalogue.techniques[technique].tactics,
            weight=weight,
            state=state,
            score=score,
            categories={
                name: own.covered[technique][0] if technique in own.covered else None
                for name, own in per_category.items()
                if technique in own.covered or technique in own.unrated
            },
            missing=missing,
            gap=exact(weight * missing / FULL),
            best_by=best_by,
            used_by={member.id: member.weights[technique] for member in threat.users(technique)},
            covered_by=contributors.get(technique, ()),
            groups=None if groups is None else groups.get(technique, 0),
            related=_related(catalogue, technique, best) if uncovered else "",
            non_mappable=tuple(name for name, ids in non_mappable.items() if uncovered and technique in ids),
            newer=uncovered and technique in newer,
        )
        rows.append(row)
    return Gaps(
        catalogue=catalogue,
        threat=threat,
        inputs=coverages,
        category=category,
        weak=weak,
        rows=tuple(rows),
        total=_share(threat.weights, best, least),
        tactics=tuple(_by_tactic(catalogue, threat.weights, best, least)),
        categories={category_: _share(threat.weights, found, least) for category_, found in per_category.items()},
        members=tuple(_share(member.weights, best, least) for member in threat.members),
        capabilities=tuple(_capabilities(coverages, rows, scored=least is not None)),
        notices=tuple(_notices(coverages, category)),
    )


def _no_category(inputs: Sequence[Coverage], category: str, there: Sequence[str]) -> Problem:
    names = ", ".join(coverage.name for coverage in inputs)
    message = f"{names} {'have' if len(inputs) > 1 else 'has'} no category {quoted(category)}"
    hint = suggestion(category, there) if there else "omit --category: the sets have no categories"
    return Problem(message, expected=", ".join(there), hint=hint)


def _best(inputs: Sequence[Coverage], category: str | None) -> _Best:
    scores: dict[str, list[tuple[float | None, str]]] = {}
    for coverage in inputs:
        for technique, score in coverage.measures(category).items():
            scores.setdefault(technique, []).append((_bounded(score, counts=coverage.counts), coverage.name))
    covered = {}
    for technique, given in scores.items():
        highest = max((score for score, _ in given if score is not None), default=None)
        covered[technique] = highest, tuple(name for score, name in given if score == highest)
    return _Best(covered, unrated_by_all(inputs, category))


def _bounded(score: float | None, *, counts: bool) -> float | None:
    """A score 0–100: sums are cut at 100; counts have no score."""
    return None if score is None or counts else min(score, FULL)


def _state(technique: str, best: _Best, weak: float | None) -> State:
    if technique in best.covered:
        score = best.covered[technique][0]
        return "weak" if weak is not None and score is not None and score < weak else "covered"
    return "not rated" if technique in best.unrated else "uncovered"


def _related(catalogue: Catalogue, technique: str, best: _Best) -> str:
    """The coverage of an uncovered technique's parent or sub-techniques, which does not count for it."""
    parent = catalogue.techniques[technique].parent
    if parent is not None:
        if parent not in best.covered:
            return f"parent {parent} not rated" if parent in best.unrated else ""
        score = best.covered[parent][0]
        return f"parent {parent} {'covered' if score is None else number_text(score)}"
    subs = catalogue.subtechniques(technique)
    covered = sum(sub.id in best.covered for sub in subs)
    return f"{covered} of {quantity(len(subs), 'sub')}" if covered else ""


def _share(weights: Mapping[str, float], best: _Best, weak: float | None) -> Share:
    """The share of techniques, in any order; `weak` is None where there are no scores."""
    covered = {technique: weight for technique, weight in weights.items() if technique in best.covered}
    scores = {technique: best.covered[technique][0] or 0 for technique in covered}
    by_score = math.fsum(weight * scores[technique] / FULL for technique, weight in covered.items())
    return Share(
        techniques=len(weights),
        covered=len(covered),
        weak=None if weak is None else sum(score < weak for score in scores.values()),
        unrated=sum(technique in best.unrated for technique in weights),
        weight=exact(math.fsum(weights.values())),
        covered_weight=exact(math.fsum(covered.values())),
        scored_weight=None if weak is None else exact(by_score),
    )


def _by_tactic(
    catalogue: Catalogue, weights: Mapping[str, float], best: _Best, weak: float | None
) -> Iterator[TacticShare]:
    """The tactics of the threat's techniques, in the order of the matrix."""
    for tactic in catalogue.tactics:
        inside = {t: w for t, w in weights.items() if tactic.shortname in catalogue.techniques[t].tactics}
        if inside:
            yield TacticShare(tactic.id, tactic.name, _share(inside, best, weak))


def _contributors(
    inputs: Iterable[Coverage], category: str | None, techniques: Mapping[str, float]
) -> dict[str, tuple[Contributor, ...]]:
    """Technique id → the capabilities of all inputs that cover it, the strongest first, then by input and id."""
    contributors: dict[str, list[Contributor]] = {}
    for coverage in inputs:
        for capability, technique, score in _alone(coverage, category):
            if technique in techniques:
                contributors.setdefault(technique, []).append(Contributor(coverage.name, capability, score))
    # The sort is stable: equally strong capabilities stay in the order of inputs and ids.
    return {
        technique: tuple(sorted(of, key=lambda contributor: 1 if contributor.score is None else -contributor.score))
        for technique, of in contributors.items()
    }


def _alone(coverage: Coverage, category: str | None) -> Iterator[tuple[str, str, float | None]]:
    """Capability, technique and score of each capability alone."""
    covered = coverage.measures(category)
    alone = coverage.scored.alone
    whole = coverage.is_layer and len(alone) == 1
    for capability, entries in alone.items():
        for technique, entry in entries.items():
            if technique not in covered:
                continue
            score = covered[technique] if whole else entry.measure(category)
            if not score:  # 0, not rated, or not in this category
                continue
            yield capability, technique, _bounded(score, counts=coverage.counts)


def _capabilities(
    inputs: Sequence[Coverage], rows: Iterable[TechniqueGap], *, scored: bool
) -> list[CapabilityShare]:
    """The capabilities by covered weight, then by score, then by input and id."""
    covers: dict[tuple[str, str], list[tuple[TechniqueGap, float]]] = {}
    for row in rows:
        for contributor in row.covered_by:
            key = contributor.input, contributor.capability
            covers.setdefault(key, []).append((row, contributor.score or 0))
    shares = [
        CapabilityShare(
            input=coverage.name,
            id=capability,
            name=coverage.labels.get(capability, capability),
            techniques=len(covered),
            only=sum(len(row.covered_by) == 1 for row, _ in covered),
            weight=exact(math.fsum(row.weight for row, _ in covered)),
            by_score=exact(math.fsum(row.weight * score / FULL for row, score in covered)) if scored else None,
        )
        for coverage in inputs
        for (name, capability), covered in sorted(covers.items())
        if name == coverage.name
    ]
    return sorted(shares, key=lambda share: (-share.weight, -(share.by_score or 0)))


def _notices(inputs: Sequence[Coverage], category: str | None) -> Iterator[Problem]:
    counted = [coverage.name for coverage in inputs if coverage.counts]
    if counted:
        message = f"{', '.join(counted)}: the set has no scores, so mapped techniques count as covered"
        yield Problem(message, hint="--worth sets their score, 0-100")
    without = [coverage.name for coverage in inputs if category is not None and category not in coverage.categories]
    if without:
        yield Problem(f"{', '.join(without)}: no category {category}, so it covers nothing")
    unrated = len(_best(inputs, category).unrated)
    if unrated and not counted:
        they = f"{unrated:,} techniques are" if unrated > 1 else "a technique is"
        message = f"{they} mapped without a score value: not rated, so not covered"
        yield Problem(message, hint="--worth sets their score")


def using_groups(catalogue: Catalogue) -> Counter[str] | None:
    """Technique id → number of groups that use it themselves; None without groups of this or an older release."""
    try:
        release = attack.find(catalogue.domain, catalogue.version).release
        return Counter(technique for group in attack.threats(release).groups for technique in group.techniques)
    except NavlayersError:
        return None
