"""What lies beside a plan: what one more capability would add, which could replace another, which are redundant."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from navlayers.analysis.plan.candidates import Level
    from navlayers.analysis.plan.result import State

MOST = 3
"""Maximum number of candidates named that together make one redundant."""


class Swap(msgspec.Struct, frozen=True):
    """The candidate `by` that would best replace a chosen one, and the `loss` of value, in weighted techniques."""

    by: str
    loss: Fraction


class Redundancy(msgspec.Struct, frozen=True):
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


class SwapLimits(NamedTuple):
    """What a swap has to keep to.

    Attributes:
        prices: candidate id → cost.
        left: what is left of the budget.
        least: the value that the target asks for; None where there is none.
    """

    prices: Mapping[str, Fraction]
    left: Fraction
    least: Fraction | None


class Margins:
    """What candidates add to a plan, and what the plan loses without one.

    Attributes:
        adds: candidate id → the value that it would add to the chosen and those in place.
    """

    def __init__(self, levels: Sequence[Level], states: Mapping[str, State]) -> None:
        self.adds = dict.fromkeys(states, Fraction(0))
        self._states = states
        self._value = Fraction(0)
        # Of each active candidate: what it alone gives, and how much of that each other candidate would give.
        self._own: dict[str, Fraction] = {}
        self._shared: dict[str, dict[str, Fraction]] = {}
        active = {candidate for candidate, state in states.items() if state in ("chosen", "have")}
        for level in levels:
            givers = active.intersection(level.givers)
            if not givers:
                for giver in level.givers:
                    self.adds[giver] += level.worth
                continue
            self._value += level.worth
            if len(givers) == 1:
                (member,) = givers
                self._own[member] = self._own.get(member, Fraction(0)) + level.worth
                shared = self._shared.setdefault(member, {})
                for giver in level.givers:
                    shared[giver] = shared.get(giver, Fraction(0)) + level.worth

    def swaps(self, limits: SwapLimits) -> dict[str, Swap]:
        """Chosen candidate → the swap within the budget, or for the target, that loses least, where there is one.

        Of several that lose as little, the first by id.
        """
        others = [candidate for candidate, state in self._states.items() if state == "not chosen"]
        others.sort(key=lambda candidate: (-self.adds[candidate], candidate))
        swaps = {}
        for member, state in self._states.items():
            if state != "chosen":
                continue
            most = limits.prices[member] + limits.left
            shared = self._shared.get(member, {})
            # Of those that share nothing with the member, only the one that adds most can be the best.
            unrelated = next((other for other in others if limits.prices[other] <= most), None)
            gives = {
                other: self.adds[other] + shared.get(other, 0)
                for other in (*shared, *([] if unrelated is None else [unrelated]))
                if self._states[other] == "not chosen" and limits.prices[other] <= most
            }
            if not gives:
                continue
            best = min(gives, key=lambda other: (-gives[other], other))
            loss = self._own.get(member, Fraction(0)) - gives[best]
            if limits.least is None or self._value - loss >= limits.least:
                swaps[member] = Swap(best, loss)
        return swaps


class Redundancies:
    """Finds what only one candidate gives among some, of which it may be one.

    What each gives is an integer with a bit per level, the levels of the fewest givers first: subsets and
    intersections of thousands of candidates take one operation each.
    """

    def __init__(self, levels: Sequence[Level], among: Iterable[str]) -> None:
        ids = frozenset(among)
        givers = [[giver for giver in level.givers if giver in ids] for level in levels]
        order = sorted(range(len(levels)), key=lambda number: (len(givers[number]), number))
        self._techniques = [levels[number].technique for number in order]
        self._givers = [givers[number] for number in order]
        self._gives: dict[str, int] = {}
        self._few_give = 0
        for bit, number in enumerate(order):
            for giver in levels[number].givers:
                self._gives[giver] = self._gives.get(giver, 0) | 1 << bit
            if len(self._givers[bit]) < 2:
                self._few_give |= 1 << bit

    def of(self, candidate: str) -> Redundancy:
        """What the candidate alone gives, or which others give all of it."""
        gives = self._gives.get(candidate, 0)
        only = {self._techniques[b] for b in _bits(gives & self._few_give) if self._givers[b] in ([], [candidate])}
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
