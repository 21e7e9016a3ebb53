"""What only one candidate gives, and whether others give all of it as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.plan.candidates import Level

MOST = 3
"""So many others are named that together make a candidate redundant; where it takes more, none are."""


class Overlap(msgspec.Struct, frozen=True):
    """One candidate beside others.

    `only`: the techniques to which it gives a score that none of the others gives, by id. `redundant`: there is
    none, although it gives something. `by`: ids of others that give all that it gives, each by itself or, where
    `together`, all of them; empty where it takes more than three.
    """

    only: tuple[str, ...]
    redundant: bool
    by: tuple[str, ...] = ()
    together: bool = False


class Others:
    """Candidates beside which one is set; it may be among them."""

    def __init__(self, levels: Sequence[Level], candidates: Iterable[str]) -> None:
        self._levels = levels
        self._ids = frozenset(candidates)
        self._gives: dict[str, set[int]] = {}
        self._givers: list[frozenset[str]] = []
        for number, level in enumerate(levels):
            for giver in level.givers:
                self._gives.setdefault(giver, set()).add(number)
            self._givers.append(self._ids.intersection(level.givers))

    def beside(self, candidate: str) -> Overlap:
        """What the candidate gives beside these others."""
        gives = self._gives.get(candidate, set())
        only = sorted(number for number in gives if self._givers[number] <= {candidate})
        if only or not gives:
            return Overlap(tuple(dict.fromkeys(self._levels[number].technique for number in only)), redundant=False)
        rarest = min(gives, key=lambda number: (len(self._givers[number]), number))
        alone = sorted(o for o in self._givers[rarest] - {candidate} if gives <= self._gives[o])
        if alone:
            return Overlap((), redundant=True, by=tuple(alone))
        return Overlap((), redundant=True, by=self._few(gives, candidate), together=True)

    def _few(self, gives: set[int], candidate: str) -> tuple[str, ...]:
        """A few others that give all of it together, those that give most of it first; none where it takes many."""
        left = set(gives)
        found: list[str] = []
        others = sorted({other for number in gives for other in self._givers[number]} - {candidate})
        while left:
            if len(found) == MOST:
                return ()
            best = max(others, key=lambda other: len(left & self._gives[other]))
            left -= self._gives[best]
            found.append(best)
        return tuple(sorted(found))
