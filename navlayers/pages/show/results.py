"""What a page of `navlayers show` holds: one type per kind of thing, with a section per mapping set.

Scores are 0–100, or numbers of capabilities where the set (or the option) counts; None: there is no number.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from navlayers.attack import Status, Tactic
from navlayers.attack.domain import Domain
from navlayers.scoring.stats import CapabilityStats


class Named(msgspec.Struct, frozen=True):
    """An id and its name."""

    id: str
    name: str


class SetHead(msgspec.Struct, frozen=True):
    """The set that a section is about. `attack_version` is the release that it is looked at in.

    `counts`: scores are numbers of capabilities. `method`: sentences that say how scores are made.
    """

    name: str
    title: str
    framework: str
    version: str
    domain: Domain
    attack_version: str
    scored: bool
    counts: bool
    method: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """One mapping, or a record of what cannot be mapped, as a published mapping page lists it.

    `counts` tells whether the row is part of the score; `why_not` says why it is not. `notes` are the fields of the
    row that have no meaning in the model.
    """

    capability_id: str
    capability_name: str
    mapping_type: str
    attack_id: str
    attack_name: str
    category: str = ""
    value: str = ""
    score: float | None = None
    counts: bool = False
    why_not: str = ""
    notes: str = ""
    comment: str = ""
    references: tuple[str, ...] = ()


class Given(msgspec.Struct, frozen=True):
    """What one capability gives a technique in one category."""

    capability: str
    name: str
    strength: str
    score: float | None


class CategoryScore(msgspec.Struct, frozen=True):
    """The score of a technique in one category, and who gives it, strongest first."""

    category: str
    score: float | None
    given: tuple[Given, ...]


class Aggregate(msgspec.Struct, frozen=True):
    """The scores of one technique; `says` is what the set's overview layer says of it, with all names."""

    overall: float | None
    categories: tuple[CategoryScore, ...]
    capabilities: int
    says: tuple[str, ...]


class Entry(msgspec.Struct, frozen=True):
    """A technique in a list: its scores, its score values per category; `only`: no other capability covers it.

    `capabilities` is how many are mapped to it; 0: it is not mapped.
    """

    id: str
    name: str
    overall: float | None = None
    categories: dict[str, float | None] = {}
    strengths: dict[str, str] = {}
    capabilities: int = 0
    only: bool = False
    comments: tuple[str, ...] = ()


class Column(msgspec.Struct, frozen=True):
    """The techniques of one tactic; `mapped` and `total` count base techniques, mapped themselves or by a sub."""

    tactic: Tactic
    mapped: int
    total: int
    techniques: tuple[Entry, ...]


class TechniqueSection(msgspec.Struct, frozen=True):
    """What one set says of a technique.

    `status` and `successor` are those in the set's release; "unknown" where that does not have the id. `carried`
    are the techniques whose mappings were carried here from an older release.
    """

    set: SetHead
    technique: Named
    status: Status | Literal["unknown"]
    successor: Named | None
    aggregate: Aggregate | None
    mappings: tuple[Row, ...]
    non_mappable: tuple[Row, ...]
    parent: Entry | None
    subtechniques: tuple[Entry, ...]
    carried: tuple[Named, ...] = ()


class TechniquePage(msgspec.Struct, frozen=True, tag_field="kind", tag="technique"):
    """A technique as the release says, and what each set says of it.

    `without` are the sets of its domain that do not map it, `elsewhere` those of other domains.
    """

    id: str
    name: str
    url: str
    domain: Domain
    attack_version: str
    description: str
    tactics: tuple[Tactic, ...]
    platforms: tuple[str, ...]
    parent: Named | None
    subtechniques: tuple[Named, ...]
    status: Status | Literal["unknown"]
    successor: Named | None
    sections: tuple[TechniqueSection, ...]
    without: tuple[str, ...]
    elsewhere: tuple[str, ...]


class CapabilitySection(msgspec.Struct, frozen=True):
    """What one set says of a capability; `unique` are the techniques that only it covers."""

    set: SetHead
    id: str
    name: str
    groups: tuple[Named, ...]
    references: tuple[str, ...]
    stats: CapabilityStats | None
    tactics: tuple[Column, ...]
    not_active: tuple[str, ...]
    unique: tuple[Named, ...]
    non_mappable: tuple[Row, ...]


class CapabilityPage(msgspec.Struct, frozen=True, tag_field="kind", tag="capability"):
    """A capability, in every set that has it."""

    id: str
    name: str
    sections: tuple[CapabilitySection, ...]
    without: tuple[str, ...]


class Member(msgspec.Struct, frozen=True):
    """A capability of a group: how many techniques and sub-techniques it covers, how many only it in the set."""

    id: str
    name: str
    techniques: int
    subtechniques: int
    unique: int


class GroupSection(msgspec.Struct, frozen=True):
    """What one set says of a capability group."""

    set: SetHead
    id: str
    name: str
    capabilities: tuple[Member, ...]
    tactics: tuple[Column, ...]


class GroupPage(msgspec.Struct, frozen=True, tag_field="kind", tag="group"):
    """A capability group, in every set that has it."""

    id: str
    name: str
    sections: tuple[GroupSection, ...]
    without: tuple[str, ...]


class TacticSection(msgspec.Struct, frozen=True):
    """What one set covers of a tactic: every technique in matrix order, mapped or not."""

    set: SetHead
    column: Column


class TacticPage(msgspec.Struct, frozen=True, tag_field="kind", tag="tactic"):
    """A tactic, in every set of its domain whose release has it."""

    id: str
    name: str
    url: str
    domain: Domain
    attack_version: str
    sections: tuple[TacticSection, ...]
    without: tuple[str, ...]


Page: TypeAlias = TechniquePage | CapabilityPage | GroupPage | TacticPage
