"""What lies near a plan: what one more would add, and who could take the place of one that it has."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from navlayers.analysis.plan.candidates import Level
    from navlayers.analysis.plan.model import State


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
