"""What is known of a threat's techniques once inputs are set against it. No files and no layers here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.analysis.gaps.shares import Share
from navlayers.analysis.threats import ThreatModel
from navlayers.attack import Catalogue
from navlayers.errors import Problem
from navlayers.scoring.aggregate import exact
from navlayers.scoring.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["uncovered", "not rated", "weak", "covered"]

FULL = 100.0
NEWER = "newer than the sets"
"""Said of a technique that none of the inputs could have considered."""

WEAK = 50.0
"""Covered below this score is weak, unless the user says otherwise."""


class Giver(msgspec.Struct, frozen=True):
    """A capability that covers a technique: the number of its input, its id, what it gives by itself.

    `score` is 0–100; None where it is not rated, or the input has no scores.
    """

    input: int
    capability: str
    score: float | None


class Row(msgspec.Struct, frozen=True):
    """One technique of the threat.

    `score` is the best that any input gives, 0–100; None where no input covers it, or none rates it. `best_by` are
    the numbers of the inputs that give it, `givers` the capabilities of all inputs, strongest first. `categories`
    holds the best score of each category that any input has for it. `groups` is how many groups of ATT&CK use it,
    None where that is not at hand. Of an uncovered one, `related` tells what is covered of its parent or
    sub-techniques; `newer` is one that was not there yet in any release that the inputs were made for.
    """

    technique: str
    name: str
    weight: float
    state: State
    score: float | None
    best_by: tuple[int, ...]
    givers: tuple[Giver, ...]
    categories: dict[str, float | None]
    groups: int | None = None
    related: str = ""
    newer: bool = False

    @property
    def hint(self) -> str:
        """What is worth knowing of an uncovered one, in a few words."""
        return ", ".join(text for text in (self.related, NEWER if self.newer else "") if text)

    @property
    def covered(self) -> bool:
        """Whether any input covers it, however weakly."""
        return self.state != "uncovered"

    @property
    def missing(self) -> float:
        """What its score lacks of 100; nothing where it is covered and there are no scores."""
        return 0 if self.state == "covered" and self.score is None else exact(FULL - (self.score or 0))

    @property
    def gap(self) -> float:
        """Its weight times what is missing, 0 to the weight."""
        return exact(self.weight * self.missing / FULL)


class TacticShare(msgspec.Struct, frozen=True):
    """How much is covered of a threat's techniques of one tactic."""

    tactic: str
    name: str
    share: Share


class CapabilityShare(msgspec.Struct, frozen=True):
    """What one capability covers of the threat: how many techniques, and how many only it covers.

    `weight` is that of the techniques, `by_score` the same with each technique's weight times its score / 100; None
    where there are no scores.
    """

    input: int
    capability: str
    label: str
    techniques: int
    only: int
    weight: float
    by_score: float | None


class Gaps(msgspec.Struct, frozen=True, dict=True):
    """Inputs against a threat. `category` is the one whose scores count, None for the overall ones.

    `rows` hold every technique of the threat, by id; `members` are in the order of the threat's, `capabilities` in
    the order of what they cover.
    """

    catalogue: Catalogue
    threat: ThreatModel
    inputs: tuple[Coverage, ...]
    category: str | None
    weak: float
    rows: tuple[Row, ...]
    total: Share
    tactics: tuple[TacticShare, ...]
    categories: dict[str, Share]
    members: tuple[Share, ...]
    capabilities: tuple[CapabilityShare, ...]
    notices: tuple[Problem, ...] = ()

    @property
    def scored(self) -> bool:
        """Whether the inputs say how well they cover, not only what."""
        return not any(one.counts for one in self.inputs)

    @cached_property
    def ranked(self) -> tuple[Row, ...]:
        """All rows, the largest gap first, then by how many groups of ATT&CK use them, then by id."""
        return tuple(sorted(self.rows, key=lambda row: (-row.gap, -(row.groups or 0), row.technique)))

    @cached_property
    def open(self) -> tuple[Row, ...]:
        """The rows that are uncovered, weak or not rated, the largest gap first."""
        return tuple(row for row in self.ranked if row.state != "covered")

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """What people call the inputs: by their names where several have one title."""
        titles = tuple(one.title for one in self.inputs)
        return titles if len(set(titles)) == len(titles) else tuple(one.name for one in self.inputs)

    def names(self, numbers: Iterable[int]) -> str:
        """The names of inputs by their numbers."""
        return ", ".join(self.inputs[number].name for number in numbers)
