"""Alternatives to a plan: the gain of one more capability, replacements, redundant capabilities."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from navlayers.analysis.plan.problem import Level
    from navlayers.analysis.plan.result import State

MOST = 3
"""Maximum number of candidates listed that together make another one redundant."""

MOST_ALONE = 200
"""Maximum number of those listed that each do alone: thousands of candidates may cover the same."""


class Redundancy(msgspec.Struct, frozen=True, rename={"only": "only_it", "together": "by_all_of_them_together"}):
    """Whether other candidates cover all that a candidate covers.

    Attributes:
        only: techniques to which no other candidate gives as high a score, by id.
        redundant: there are none, although the candidate covers techniques.
        by: ids of other candidates that cover all of it, `MOST_ALONE` at most; empty if more than `MOST` are
            needed.
        together: the candidates of `by` cover it only together; else each does alone.
    """

    only: tuple[str, ...]
    redundant: bool
    by: tuple[str, ...] = ()
    together: bool = False


class Margins:
    """The gain of each candidate for a plan, and the loss without it, in units of the levels.

    Attributes:
        adds: candidate id → the value that it would add to the active candidates, which are chosen or in place.
        value: value of the active candidates together.
    """

    def __init__(self, levels: Sequence[Level], states: Mapping[str, State]) -> None:
        self.adds = dict.fromkeys(states, 0)
        self.value = 0
        self._states = states
        # Active candidate → any candidate → the shared part of the value that only the active one gives.
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
        """Each replaceable chosen candidate, its best replacement (ties by id), and the loss of value.

        Args:
            prices: candidate id → cost.
            left: the rest of the budget.
            most: the loss that the target allows; None without a target.
        """
        others = [candidate for candidate, state in self._states.items() if state == "not chosen"]
        others.sort(key=lambda candidate: (-self.adds[candidate], candidate))
        for member, state in self._states.items():
            if state != "chosen":
                continue
            shared = self._shared.get(member, {})
            budget = prices[member] + left
            # Of the candidates that share nothing with the member, only the one that adds most can be the best.
            rivals = {other for other in shared if self._states[other] == "not chosen" and prices[other] <= budget}
            rivals.update(next(([other] for other in others if prices[other] <= budget), []))
            if rivals:
                best = min(rivals, key=lambda other: (-self.adds[other] - shared.get(other, 0), other))
                loss = shared.get(member, 0) - self.adds[best] - shared.get(best, 0)
                if most is None or loss <= most:
                    yield member, best, loss


class Redundancies:
    """The unique contribution of a candidate among others.

    The levels of a candidate are an integer with a bit per level, those of the fewest givers first: subsets and
    intersections of thousands of candidates take one operation each.
    """

    def __init__(self, levels: Sequence[Level], among: Iterable[str]) -> None:
        ids = frozenset(among)
        order = sorted(levels, key=lambda level: len(ids.intersection(level.givers)))
        self._techniques = [level.technique for level in order]
        self._givers = [sorted(giver for giver in level.givers if giver in ids) for level in order]
        self._gives: dict[str, int] = {}
        for bit, level in enumerate(order):
            for giver in level.givers:
                self._gives[giver] = self._gives.get(giver, 0) | 1 << bit
        self._given_by_one = (1 << sum(len(givers) < 2 for givers in self._givers)) - 1
        # Level → what each of its givers gives: thousands of candidates are compared without a call for each.
        self._given = [[self._gives[giver] for giver in givers] for givers in self._givers]
        # What candidates give → those that give it, one more than is listed, and those that are.
        self._alone: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def of(self, candidate: str) -> Redundancy:
        """The candidate's unique contribution, or the other candidates that cover all of it."""
        gives = self._gives.get(candidate, 0)
        rare = _bits(gives & self._given_by_one)
        only = {self._techniques[bit] for bit in rare if self._givers[bit] in ([], [candidate])}
        if only or not gives:
            return Redundancy(tuple(sorted(only)), redundant=False)
        alone = self._enough(gives, candidate)
        if alone:
            return Redundancy((), redundant=True, by=alone)
        return Redundancy((), redundant=True, by=self._few_together(gives, candidate), together=True)

    def _enough(self, gives: int, candidate: str) -> tuple[str, ...]:
        """The other candidates that each give all of it, and so its level with the fewest givers, by id."""
        if gives not in self._alone:
            level = next(_bits(gives))
            shared = map(gives.__and__, self._given[level])
            every = (other for other, part in zip(self._givers[level], shared, strict=True) if part == gives)
            alone = tuple(islice(every, MOST_ALONE + 1))
            self._alone[gives] = alone, alone[:MOST_ALONE]
        alone, listed = self._alone[gives]
        return tuple(other for other in alone if other != candidate) if candidate in alone else listed

    def _few_together(self, gives: int, candidate: str) -> tuple[str, ...]:
        """Up to `MOST` other candidates that give all of it together; () if there are none.

        Greedy: for the rarest level, take the candidate that gives most of the rest.
        """
        chosen: list[str] = []
        while len(chosen) < MOST - 1:
            level = next(_bits(gives))
            givers = self._givers[level]
            shares = [*map(int.bit_count, map(gives.__and__, self._given[level]))]
            if candidate in givers:
                shares[givers.index(candidate)] = -1
            best = shares.index(max(shares))
            gives &= ~self._given[level][best]
            chosen.append(givers[best])
            if not gives:
                return tuple(sorted(chosen))
        last = self._enough(gives, candidate)
        return tuple(sorted([*chosen, last[0]])) if last else ()


def _bits(number: int) -> Iterator[int]:
    """The indexes of the bits that are set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
