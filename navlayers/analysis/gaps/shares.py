"""How much of a threat is covered, in three measures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.scoring.aggregate import exact

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL = 100


class Measured(NamedTuple):
    """One technique: its weight, whether it is covered, its score 0–100 (None: not rated, which counts 0)."""

    weight: float
    covered: bool
    score: float | None


class Share(msgspec.Struct, frozen=True):
    """How much is covered of some techniques.

    `techniques` and `covered` count them, `weak` those that are covered below the bound. `weight` is that of all of
    them, `covered_weight` that of the covered ones, `scored_weight` the sum of each one's weight times score / 100.
    What takes scores is None where there are none.
    """

    techniques: int
    covered: int
    weak: int | None
    weight: float
    covered_weight: float
    scored_weight: float | None

    @property
    def plain(self) -> float:
        """Covered of all techniques, in per cent."""
        return FULL * self.covered / self.techniques if self.techniques else 0

    @property
    def weighted(self) -> float:
        """Covered of all weight, in per cent."""
        return FULL * self.covered_weight / self.weight if self.weight else 0

    @property
    def by_score(self) -> float | None:
        """Score of all weight, in per cent: 100 where all techniques score 100."""
        if self.scored_weight is None:
            return None
        return FULL * self.scored_weight / self.weight if self.weight else 0


def share_of(measured: Iterable[Measured], weak: float, *, scored: bool = True) -> Share:
    """The share of some techniques, with what takes scores where they are `scored`; their order does not show."""
    every = list(measured)
    covered = [one for one in every if one.covered]
    return Share(
        techniques=len(every),
        covered=len(covered),
        weak=sum(one.score is None or one.score < weak for one in covered) if scored else None,
        weight=exact(math.fsum(one.weight for one in every)),
        covered_weight=exact(math.fsum(one.weight for one in covered)),
        scored_weight=exact(math.fsum(one.weight * (one.score or 0) / FULL for one in covered)) if scored else None,
    )
