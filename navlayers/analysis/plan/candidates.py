"""The capabilities that a plan chooses from, and what each gives."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.errors import Problem, UsageError
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.analysis.inputs import Together
    from navlayers.mapping.model import Category
    from navlayers.scoring.coverage import Coverage

Measure = Literal["score", "covered"]

FULL = 100.0
"""What a bare relation of an unscored set is worth, unless `worth` says otherwise."""


class Candidate(msgspec.Struct, frozen=True):
    """A capability that may be chosen.

    `id` is that of the capability, behind its set's name and a colon where there are several sets. `gives`:
    technique id → the best score 0–100 that it gives, by id; None where it is mapped without a score.
    """

    id: str
    set: str
    capability: str
    name: str
    gives: dict[str, float | None]


class Level(msgspec.Struct, frozen=True):
    """A part of a technique's score: what it is worth, and the ids of the candidates that give at least as much."""

    technique: str
    worth: Fraction
    givers: tuple[str, ...]


def score_inputs(together: Together, scoring: ScoreOptions) -> tuple[Coverage, ...]:
    """What each input gives; a relation of an unscored set is worth 100 unless the options say otherwise.

    Layers of counts are unscored, too: how many capabilities there are says nothing of how well they cover.

    Raises:
        UsageError: the options do not fit an input.
    """
    found = []
    for one in together.inputs:
        worth = FULL if scoring.worth is None and not one.set.scored else scoring.worth
        found.append(coverage_of(one, ScoreOptions(scale=scoring.scale, worth=worth)))
    return tuple(found)


def candidates_of(
    inputs: Sequence[Coverage], category: Category | None, min_score: float, measure: Measure
) -> tuple[Candidate, ...]:
    """Every capability that has a mapping, by id.

    Scores below `min_score` do not count. Mappings without a score count where it is `covered` that is measured and
    no least score is asked for.

    Raises:
        UsageError: no input has a mapping that counts.
    """
    bare = measure == "covered" and not min_score
    found = []
    for one in inputs:
        names = {capability.id: capability.name for capability in one.set.capabilities}
        gives: dict[str, dict[str, float | None]] = {mapping.capability: {} for mapping in one.set.mappings}
        for technique, entry in sorted(one.scored.scores.items()):
            for named, contributions in entry.contributions.items():
                if category is not None and named != category:
                    continue
                for given in contributions:
                    if given.score is None:
                        if bare:
                            gives[given.capability].setdefault(technique, None)
                    elif given.score > 0 and given.score >= min_score:
                        best = gives[given.capability].get(technique)
                        gives[given.capability][technique] = max(best or 0, given.score)
        found += [
            Candidate(
                f"{one.name}:{capability}" if len(inputs) > 1 else capability,
                one.name,
                capability,
                names.get(capability, capability),
                given,
            )
            for capability, given in gives.items()
        ]
    if not any(candidate.gives for candidate in found):
        raise UsageError(_nothing(inputs, category, min_score))
    return tuple(sorted(found, key=lambda candidate: candidate.id))


def _nothing(inputs: Sequence[Coverage], category: str | None, min_score: float) -> Problem:
    sets = inputs[0].name if len(inputs) == 1 else "the sets"
    if not any(one.set.mappings for one in inputs):
        return Problem(f"{sets} {'has' if len(inputs) == 1 else 'have'} no mappings, so there is nothing to choose")
    hint = "navlayers stats counts what there is"
    if category is not None:
        there = sorted({c for one in inputs for c in one.categories})
        hint = f"there is {', '.join(there)}" if there else "the mappings name no category"
        return Problem(f"no capability gives a score in the category {category}", hint=hint)
    if min_score:
        return Problem(f"no capability gives a score of {min_score:g} or more", hint=hint)
    return Problem("no capability gives a score", hint="--worth gives a mapping without a value one")


def levels_of(
    candidates: Iterable[Candidate], measure: Measure, weights: Mapping[str, Fraction] | None
) -> tuple[Level, ...]:
    """What there is to cover, by technique and then score, lowest first.

    A technique's best score among the chosen is the sum of its levels that they give, so that the weighted sum of
    what is covered is that of the scores. `weights`: technique id → weight, 0 where it is missing; None: 1 each.
    """
    given: dict[str, list[tuple[float | None, str]]] = {}
    for candidate in candidates:
        for technique, score in candidate.gives.items():
            given.setdefault(technique, []).append((score, candidate.id))
    found = []
    for technique in sorted(given):
        weight = Fraction(1) if weights is None else weights.get(technique, Fraction(0))
        if not weight:
            continue
        if measure == "covered":
            found.append(Level(technique, weight, tuple(sorted(i for _, i in given[technique]))))
            continue
        before = Fraction(0)
        for score in sorted({score for score, _ in given[technique] if score is not None}):
            exactly = Fraction(str(score))
            givers = tuple(sorted(i for other, i in given[technique] if other is not None and other >= score))
            found.append(Level(technique, weight * (exactly - before) / 100, givers))
            before = exactly
    return tuple(found)
