"""What only one candidate gives, and whether others give all of it as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.analysis.plan.candidates import Level

MOST = 3
"""So many others are named that together make a candidate redundant; where it takes more, none are."""


class Overlap(msgspec.Struct, frozen=True):
    """One candidate beside others.

    `only`: the techniques to which it gives a score that none of the others gives, by id. `redundant`: there is
    none, although it gives something. `by`: ids of others that give all that it gives, each by itself or, where
    `together`, all of them; empty where no few are found.
    """

    only: tuple[str, ...]
    redundant: bool
    by: tuple[str, ...] = ()
    together: bool = False


class Others:
    """Candidates beside which one is set; it may be among them.

    What each gives is a number of a bit per level, those of the fewest givers first.
    """

    def __init__(self, levels: Sequence[Level], candidates: Iterable[str]) -> None:
        ids = frozenset(candidates)
        among = [[giver for giver in level.givers if giver in ids] for level in levels]
        order = sorted(range(len(levels)), key=lambda number: (len(among[number]), number))
        self._techniques = [levels[number].technique for number in order]
        self._givers = [among[number] for number in order]
        self._gives: dict[str, int] = {}
        self._few_give = 0
        for bit, number in enumerate(order):
            for giver in levels[number].givers:
                self._gives[giver] = self._gives.get(giver, 0) | 1 << bit
            if len(self._givers[bit]) < 2:
                self._few_give |= 1 << bit

    def beside(self, candidate: str) -> Overlap:
        """What the candidate gives beside these others."""
        gives = self._gives.get(candidate, 0)
        only = {self._techniques[b] for b in _bits(gives & self._few_give) if self._givers[b] in ([], [candidate])}
        if only or not gives:
            return Overlap(tuple(sorted(only)), redundant=False)
        alone = [o for o in self._first_givers(gives, candidate) if not gives & ~self._gives[o]]
        if alone:
            return Overlap((), redundant=True, by=tuple(sorted(alone)))
        return Overlap((), redundant=True, by=self._few(gives, candidate), together=True)

    def _first_givers(self, left: int, candidate: str) -> list[str]:
        """The others that give the level that the fewest give."""
        return [other for other in self._givers[next(_bits(left))] if other != candidate]

    def _few(self, gives: int, candidate: str) -> tuple[str, ...]:
        """A few others that give all of it together; none where they are not found.

        What the fewest give is given first, by the one that gives most of the rest, too.
        """
        left = gives
        found: list[str] = []
        while left:
            if len(found) == MOST:
                return ()
            others = self._first_givers(left, candidate)
            best = min(others, key=lambda other: (-(left & self._gives[other]).bit_count(), other))
            left &= ~self._gives[best]
            found.append(best)
        return tuple(sorted(found))


def _bits(number: int) -> Iterator[int]:
    """Which bits are set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
