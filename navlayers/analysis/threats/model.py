"""A threat: techniques with weights, and its members."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers._text.numbers import percent_text
from navlayers._text.wording import and_list
from navlayers.attack.domains import Domain
from navlayers.errors import Problem, ScopeError
from navlayers.mapping.replacements import Inactive, ReplacedId
from navlayers.scoring.scores import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue

MemberKind = Literal[
    "group", "software", "campaign", "tactic", "layer", "set", "table", "emulation", "flow", "report", "file"
]


class Member(msgspec.Struct, frozen=True):
    """One group, software, campaign, tactic, set or file of a threat.

    Attributes:
        kind: its kind.
        id: of ATT&CK, or the name of a set or file.
        name: name for people.
        weights: active technique id → weight above 0, by id; 1 each for groups, software, campaigns and tactics.
        through: technique id → software of a group or campaign, if only its software uses it.
        replaced, left_out: ids that remapping a set or file to the release replaced or left out.
        lost: id of a left-out technique → its weight.
        file: name of the set or file that it is from; "": it is of ATT&CK.
        first_seen, last_seen: days that a file of threats states, as 2025-01-31; "": unknown.
    """

    kind: MemberKind
    id: str
    name: str
    weights: dict[str, float]
    through: dict[str, tuple[str, ...]] = {}
    replaced: tuple[ReplacedId, ...] = ()
    left_out: tuple[Inactive, ...] = ()
    lost: dict[str, float] = {}
    file: str = ""
    first_seen: str = ""
    last_seen: str = ""

    def within(self, catalogue: Catalogue) -> Member:
        """The member with its techniques in the scope of a release."""
        weights = {
            technique: weight for technique, weight in self.weights.items() if catalogue.is_active(technique)
        }
        through = {technique: names for technique, names in self.through.items() if technique in weights}
        return msgspec.structs.replace(self, weights=weights, through=through)

    @property
    def of_attack(self) -> bool:
        """Whether its techniques are from ATT&CK itself, with weight 1 each."""
        return not self.file

    @property
    def even(self) -> bool:
        """Whether each of its techniques weighs 1 by its nature, as it is used or not."""
        return self.of_attack or (self.is_actor and set(self.weights.values()) <= {1})

    @property
    def is_actor(self) -> bool:
        """Whether it uses techniques, and is no file of weights."""
        return self.kind not in ("layer", "set", "table", "file")

    @property
    def label(self) -> str:
        """Its name, with an id of ATT&CK."""
        return f"{self.name} ({self.id})" if self.of_attack else self.name


class ThreatModel(msgspec.Struct, frozen=True, dict=True):
    """The techniques of a threat at one ATT&CK release.

    Attributes:
        title: common title of the members.
        domain, attack_version: of the release.
        members: its members in the given order, without duplicates.
        weights: technique id → the sum of the weights that the members give it, above 0, by id.
        notices: messages for the user.
        whole: number of techniques of the threat in the whole release; None: the scope is that.
        decay: how weights fade with the time since they were seen, in words; "": they do not.
    """

    title: str
    domain: Domain
    attack_version: str
    members: tuple[Member, ...]
    weights: dict[str, float]
    notices: tuple[Problem, ...] = ()
    whole: int | None = None
    decay: str = ""

    def within(self, catalogue: Catalogue) -> ThreatModel:
        """The threat in the scope of its release.

        Raises:
            ScopeError: nothing of it is in scope.
        """
        if catalogue.bounds is None:
            return self
        members = tuple(member.within(catalogue) for member in self.members)
        weights = {
            technique: weight for technique, weight in self.weights.items() if catalogue.is_active(technique)
        }
        if not weights:
            message = f"no technique of {self.title} is in scope: {catalogue.scope}"
            raise ScopeError(
                Problem(message, expected="at least one", hint="name another threat, or widen the scope")
            )
        return msgspec.structs.replace(self, members=members, weights=weights, whole=len(self.weights))

    @property
    def in_scope(self) -> str:
        """How much of it is in scope: "58 of the 66 techniques of APT29 are in scope"; "" without a scope."""
        if self.whole is None:
            return ""
        number = len(self.weights)
        of = f"of the {self.whole:,} techniques" if self.whole > 1 else "of 1 technique"
        return f"{number:,} {of} of {self.title} {'are' if number > 1 else 'is'} in scope"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What every result has to state of it: its part in scope, what is left out, how weights fade."""
        return tuple(text for text in (self.in_scope, self.losses, self.decay) if text)

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
        """The weight that the release lacks, as a percentage of all weights."""
        return _share(self.lost, self.weights)

    @cached_property
    def losses(self) -> str:
        """The missing part: "3 of 4 techniques, 71% of the weight, are not in …"; "" for none."""
        return losses(self.members, self.weights, self.attack_version)

    @property
    def even(self) -> bool:
        """Whether every technique weighs 1."""
        return all(weight == 1 for weight in self.weights.values())

    @cached_property
    def counted(self) -> bool:
        """Whether a weight is a number of members: none of them has other weights."""
        return all(member.even for member in self.members)

    def users(self, technique: str) -> tuple[Member, ...]:
        """The members that use a technique, by weight, then by name."""
        users = [member for member in self.members if technique in member.weights]
        return tuple(sorted(users, key=lambda user: (-user.weights[technique], user.name.casefold(), user.id)))


def losses(members: Iterable[Member], kept: dict[str, float], version: str) -> str:
    """The missing members in words; "" for none. `kept` has the weights of the members in the release."""
    members = list(members)
    lost = summed(member.lost for member in members)
    if not lost:
        return ""
    unknown = {inactive.id for member in members for inactive in member.left_out if inactive.fate == "unknown"}
    there = "in" if unknown.issuperset(lost) else "active in"
    share = percent_text(_share(lost, kept), 100)
    techniques = f"{len(lost):,} of {len(lost) + len(kept):,} techniques, {share} of the weight,"
    return f"{techniques} {'are' if len(lost) > 1 else 'is'} not {there} ATT&CK {version} and left out"


def _share(lost: dict[str, float], kept: dict[str, float]) -> float:
    weight = math.fsum(lost.values())
    return 100 * weight / (weight + math.fsum(kept.values())) if weight else 0


def summed(weights: Iterable[dict[str, float]]) -> dict[str, float]:
    """Technique id → the sum of its weights, by id; in any order of input."""
    terms: dict[str, list[float]] = {}
    for own in weights:
        for technique, weight in own.items():
            terms.setdefault(technique, []).append(weight)
    return {technique: exact(math.fsum(terms[technique])) for technique in sorted(terms)}


def title_of(members: Sequence[Member]) -> str:
    """A short common title of the members."""
    names = [member.name for member in members]
    if len(members) > 1 and all(member.through for member in members):
        return f"{and_list(names)} with their software"
    return and_list([f"{member.name} with its software" if member.through else member.name for member in members])
