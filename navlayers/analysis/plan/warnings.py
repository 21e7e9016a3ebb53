"""What is worth knowing about a plan beside its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import listed
from navlayers.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from navlayers.analysis.plan.integer_scale import Scale
    from navlayers.analysis.plan.model import State
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.scoring.coverage import Coverage
    from navlayers.scoring.options import ScoreOptions


def worth_knowing(
    inputs: Sequence[Coverage],
    options: PlanOptions,
    scoring: ScoreOptions,
    states: Mapping[str, State],
    values: Scale,
) -> Iterator[Problem]:
    """What a user would otherwise find out by wondering about the numbers."""
    by_score = options.measure == "score" or options.min_score > 0
    scored = [one.name for one in inputs if one.set.scored]
    bare = [one.name for one in inputs if not one.set.scored and one.set.mappings]
    if bare and scoring.worth is None and by_score and (scored or options.min_score):
        message = f"{listed(bare)}: relations without a score count as 100"
        yield Problem(message, hint="--worth gives them another value, --measure covered counts techniques alone")
    for one in inputs:
        unrated = sum(mapping.value is None for mapping in one.set.mappings)
        if unrated and one.set.scored and scoring.worth is None and by_score:
            some = f"{unrated} mapping{'s have' if unrated > 1 else ' has'} no score value and so no score"
            yield Problem(f"{one.name}: {some}", hint="--worth gives a value")
    free = [candidate for candidate, state in states.items() if state == "no cost"]
    if free:
        have = "capabilities have" if len(free) > 1 else "capability has"
        left = "are" if len(free) > 1 else "is"
        yield Problem(f"{len(free)} {have} no cost and {left} left out of the plan: {listed(free)}")
    if values.rounded:
        yield Problem("the weights are rounded to a millionth of the largest")
