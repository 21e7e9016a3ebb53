"""Alternatives to a plan: what one more capability adds, replacements, redundant capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from navlayers.analysis.plan.problem import Level
    from navlayers.analysis.plan.result import State

MOST = 3
"""Maximum number of candidates named that together make one redundant."""


class Redundancy(msgspec.Struct, frozen=True, rename={"only": "only_it", "together": "by_all_of_them_together"}):
    """Whether other candidates give all that one gives.

    Attributes:
        only: techniques to which no other gives as high a score, by id.
        redundant: there is none, although the candidate gives something.
        by: ids of others that give all of it; empty where no few do.
        together: those of `by` give it all together; else each does by itself.
    """

    only: tuple[str, ...]
    redundant: bool
    by: tuple[str, ...] = ()
    together: bool = False


class Margins:
    """The gain of each candidate for a plan, and the loss without it, in units of the levels.

    Attributes:
        adds: candidate id → the value that it would add to the chosen and those in place.
        value: that of the chosen and those in place together.
    """

    def __init__(self, levels: Sequence[Level], states: Mapping[str, State]) -> None:
        self.adds = dict.fromkeys(states, 0)
        self.value = 0
        self._states = states
        # Of each active candidate: how much of what it alone gives each candidate would give, itself included.
        self._shared: dict[str, dict[str, int]] = {}
        active = {candidate for candidate, state in states.items() if state in ("chosen", "have")}
        for level in levels:
            givers = active.intersection(level.givers)
            if not givers:
                for giver in level.givers:
                    self.adds[giver] += level.worth
                continue
            self.value += level.worth
            if len(givers) == 1:
                shared = self._shared.setdefault(givers.pop(), {})
                for giver in level.givers:
                    shared[giver] = shared.get(giver, 0) + level.worth

    def swaps(
        self, prices: Mapping[str, Fraction], left: Fraction, most: Fraction | None
    ) -> Iterator[tuple[str, str, int]]:
        """Each chosen candidate that another could replace, the one that loses least, and the loss of value.

        Of several that lose as little, the first by id. `left` is what is left of the budget, `most` the loss that
        the target allows, None without a target.
        """
        others = [candidate for candidate, state in self._states.items() if state == "not chosen"]
        others.sort(key=lambda candidate: (-self.adds[candidate], candidate))
        for member, state in self._states.items():
            if state != "chosen":
                continue
            shared = self._shared.get(member, {})
            budget = prices[member] + left
            # Of those that share nothing with the member, only the one that adds most can be the best.
            rivals = {other for other in shared if self._states[other] == "not chosen" and prices[other] <= budget}
            rivals.update(next(([other] for other in others if prices[other] <= budget), []))
            if rivals:
                best = min(rivals, key=lambda other: (-self.adds[other] - shared.get(other, 0), other))
                loss = shared.get(member, 0) - self.adds[best] - shared.get(best, 0)
                if most is None or loss <= most:
                    yield member, best, loss


class Redundancies:
    """Finds what only one candidate gives among some, of which it may be one.

    What each gives is an integer with a bit per level, the levels of the fewest givers first: subsets and
    intersections of thousands of candidates take one operation each.
    """

    def __init__(self, levels: Sequence[Level], among: Iterable[str]) -> None:
        ids = frozenset(among)
        order = sorted(levels, key=lambda level: len(ids.intersection(level.givers)))
        self._techniques = [level.technique for level in order]
        self._givers = [[giver for giver in level.givers if giver in ids] for level in order]
        self._gives: dict[str, int] = {}
        for bit, level in enumerate(order):
            for giver in level.givers:
                self._gives[giver] = self._gives.get(giver, 0) | 1 << bit
        self._given_by_one = (1 << sum(len(givers) < 2 for givers in self._givers)) - 1

    def of(self, candidate: str) -> Redundancy:
        """The candidate's unique contribution, or the other candidates that cover all of it."""
        gives = self._gives.get(candidate, 0)
        rare = _bits(gives & self._given_by_one)
        only = {self._techniques[bit] for bit in rare if self._givers[bit] in ([], [candidate])}
        if only or not gives:
            return Redundancy(tuple(sorted(only)), redundant=False)
        alone = [other for other in self._rarest_givers(gives, candidate) if not gives & ~self._gives[other]]
        if alone:
            return Redundancy((), redundant=True, by=tuple(sorted(alone)))
        return Redundancy((), redundant=True, by=self._few_together(gives, candidate), together=True)

    def _rarest_givers(self, gives: int, candidate: str) -> list[str]:
        """The others that give the level that the fewest give."""
        return [other for other in self._givers[next(_bits(gives))] if other != candidate]

    def _few_together(self, gives: int, candidate: str) -> tuple[str, ...]:
        """Few others that give all of it together, () where none are found.

        Greedy: the rarest level is given first, by the candidate that gives most of the rest, too.
        """
        chosen: list[str] = []
        while gives:
            if len(chosen) == MOST:
                return ()
            others = self._rarest_givers(gives, candidate)
            best = min(others, key=lambda other: (-(gives & self._gives[other]).bit_count(), other))
            gives &= ~self._gives[best]
            chosen.append(best)
        return tuple(sorted(chosen))


def _bits(number: int) -> Iterator[int]:
    """The indexes of the bits that are set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
