"""What lies near a plan: what one more would add, and who could take the place of one that it has."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from navlayers.analysis.plan.candidates import Level
    from navlayers.analysis.plan.result import State


class Swap(msgspec.Struct, frozen=True):
    """The candidate that would best take the place of one of the plan, and what would be lost with it."""

    by: str
    loss: Fraction


class Room(NamedTuple):
    """What a swap has to keep to: the costs of candidates, what is left of the budget, the value of the target."""

    prices: Mapping[str, Fraction]
    left: Fraction
    least: Fraction | None


class Beside:
    """Candidates beside the plan: `adds` is what each would add to it, in units of worth."""

    def __init__(self, levels: Sequence[Level], worth: Sequence[int], states: Mapping[str, State]) -> None:
        self.adds = dict.fromkeys(states, 0)
        self._states = states
        self._value = 0
        self._own: dict[str, int] = {}
        self._shared: dict[str, dict[str, int]] = {}
        active = {candidate for candidate, state in states.items() if state in ("chosen", "have")}
        for level, one in zip(levels, worth, strict=True):
            ours = active.intersection(level.givers)
            if not ours:
                for giver in level.givers:
                    self.adds[giver] += one
                continue
            self._value += one
            if len(ours) == 1:
                (member,) = ours
                self._own[member] = self._own.get(member, 0) + one
                shared = self._shared.setdefault(member, {})
                for giver in level.givers:
                    shared[giver] = shared.get(giver, 0) + one

    def swaps(self, room: Room, value: Callable[[int], Fraction]) -> dict[str, Swap]:
        """Chosen candidate → who could take its place within the budget or for the target, if anybody.

        It is the one with which least is lost; of several, the first by id. `value` is what units are worth.
        """
        others = [candidate for candidate, state in self._states.items() if state == "not chosen"]
        others.sort(key=lambda candidate: (-self.adds[candidate], candidate))
        found = {}
        for member, state in self._states.items():
            if state != "chosen":
                continue
            most = room.prices[member] + room.left
            shared = self._shared.get(member, {})
            any_ = next((other for other in others if room.prices[other] <= most), None)
            near = {
                other: self.adds[other] + shared.get(other, 0)
                for other in (*shared, *([] if any_ is None else [any_]))
                if self._states[other] == "not chosen" and room.prices[other] <= most
            }
            if not near:
                continue
            best = min(near, key=lambda other: (-near[other], other))
            loss = self._own.get(member, 0) - near[best]
            if room.least is None or value(self._value - loss) >= room.least:
                found[member] = Swap(best, value(loss))
        return found


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
