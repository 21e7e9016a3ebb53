"""What a threat is to coverage: techniques with weights, and whose they are. No files and no names here."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text import joined
from navlayers.attack.domain import Domain
from navlayers.errors import Problem
from navlayers.mapping.remap import Inactive, Moved
from navlayers.scoring.aggregate import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["group", "software", "campaign", "tactic", "layer", "set", "table"]


_TOLD = 4


class Member(msgspec.Struct, frozen=True):
    """One of the things that were chosen.

    `id` is that of ATT&CK, or the name of a set or file. `weights`: technique id → weight above 0, by id, of
    techniques that are active in the release; 1 each of a group, software, campaign or tactic. `through`:
    techniques that a group or campaign uses by its software alone → the names of that software. `moved` and
    `left_out` say what carrying a set or file to the release changed; `lost` are the weights of what was left out.
    """

    kind: Kind
    id: str
    name: str
    weights: dict[str, float]
    through: dict[str, tuple[str, ...]] = {}
    moved: tuple[Moved, ...] = ()
    left_out: tuple[Inactive, ...] = ()
    lost: dict[str, float] = {}

    @property
    def of_attack(self) -> bool:
        """Whether ATT&CK itself says what it uses, so that every technique weighs 1."""
        return self.kind not in ("layer", "set", "table")

    @property
    def label(self) -> str:
        """What people call it, with its id where that is one of ATT&CK's."""
        return f"{self.name} ({self.id})" if self.of_attack else self.name


class ThreatModel(msgspec.Struct, frozen=True, dict=True):
    """What a threat does, at one ATT&CK release.

    `members` are what was chosen, in the order given, each once. `weights`: technique id → the sum of the weights
    that the members give it, above 0, by id. `notices` say what is worth knowing.
    """

    title: str
    domain: Domain
    attack_version: str
    members: tuple[Member, ...]
    weights: dict[str, float]
    notices: tuple[Problem, ...] = ()

    @cached_property
    def total(self) -> float:
        """The weight of all techniques."""
        return exact(math.fsum(self.weights.values()))

    @cached_property
    def lost(self) -> dict[str, float]:
        """The weights of the techniques that the release lacks, by id."""
        return summed(member.lost for member in self.members)

    @property
    def lost_share(self) -> float:
        """How much of the weight that was given the release lacks, in per cent."""
        return _share(self.lost, self.weights)

    @cached_property
    def losses(self) -> str:
        """What the release lacks of it: "3 of 4 techniques, 71 % of the weight, are not in …"; "" for nothing."""
        return losses(self.members, self.weights, self.attack_version)

    @property
    def even(self) -> bool:
        """Whether every technique weighs 1, so that weights say nothing."""
        return all(weight == 1 for weight in self.weights.values())

    @property
    def counted(self) -> bool:
        """Whether a weight is a number of members, not a sum of their weights."""
        return all(member.of_attack for member in self.members)

    def users(self, technique: str) -> tuple[Member, ...]:
        """The members that use a technique, those that weigh it most first, then by name."""
        found = [member for member in self.members if technique in member.weights]
        return tuple(sorted(found, key=lambda one: (-one.weights[technique], one.name.casefold(), one.id)))


def losses(members: Iterable[Member], kept: dict[str, float], version: str) -> str:
    """What a release lacks of members, of whom it has techniques of the weights `kept`; "" for nothing."""
    members = list(members)
    lost = summed(member.lost for member in members)
    if not lost:
        return ""
    unknown = {one.id for member in members for one in member.left_out if one.fate == "unknown"}
    there = "in" if unknown.issuperset(lost) else "active in"
    share = f"{_share(lost, kept):.1f}".removesuffix(".0")
    techniques = f"{len(lost):,} of {len(lost) + len(kept):,} techniques, {share} % of the weight,"
    return f"{techniques} {'are' if len(lost) > 1 else 'is'} not {there} ATT&CK {version} and left out"


def _share(lost: dict[str, float], kept: dict[str, float]) -> float:
    weight = math.fsum(lost.values())
    return 100 * weight / (weight + math.fsum(kept.values())) if weight else 0


def summed(weights: Iterable[dict[str, float]]) -> dict[str, float]:
    """The weights of each technique together, by id; the order in which they come does not show."""
    found: dict[str, list[float]] = {}
    for one in weights:
        for technique, weight in one.items():
            found.setdefault(technique, []).append(weight)
    return {technique: exact(math.fsum(found[technique])) for technique in sorted(found)}


def title_of(members: Sequence[Member]) -> str:
    """What the members are called together, in a few words."""
    with_software = [one for one in members if one.through]
    if len(with_software) == len(members) > 1:
        return f"{joined([one.name for one in members])} with their software"
    return joined([f"{one.name} with its software" if one.through else one.name for one in members])
