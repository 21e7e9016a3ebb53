"""The data of `show` pages, also their JSON: a type per kind of page, with a section per mapping set.

Scores are 0–100, or numbers of capabilities where the set (or an option) counts; None: there is no number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers import attack
from navlayers.attack import Tactic
from navlayers.attack.domains import Domain
from navlayers.mapping.model import Range, Role
from navlayers.mapping.nouns import Noun, noun_of
from navlayers.scoring.comments import IdAndName

if TYPE_CHECKING:
    from navlayers.scoring.stats import CapabilityStats  # noqa: TC004 - never decoded

Status: TypeAlias = attack.Status | Literal["unknown"]
"""That of a technique in a release; "unknown": the release does not have the id."""


class SetHead(msgspec.Struct, frozen=True):
    """The set of a section.

    `attack_version` is the release of the scores, which may not be the set's own. `counts`: scores are numbers of
    capabilities. `range`: the least and the highest score. `method`: how scores are computed, in sentences.
    `scope`: that of the numbers in words, if they have one.
    """

    name: str
    title: str
    framework: str
    role: Role
    version: str
    domain: Domain
    attack_version: str
    scored: bool
    counts: bool
    range: Range
    method: tuple[str, ...]
    scope: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def noun(self) -> Noun:
        """The word for the set's capabilities."""
        return noun_of(self.framework, self.role)

    @property
    def release(self) -> str:
        """The release with its scope."""
        return f"{self.attack_version}, {self.scope}" if self.scope else self.attack_version


class Section(msgspec.Struct, frozen=True):
    """The data of one set about the subject of the page."""

    set: SetHead


class MappingRow(msgspec.Struct, frozen=True):
    """A mapping or a non-mappable record, with the fields of a published mapping page.

    `counts`: the row is part of the score; `why_not` says why it is not. `notes` has the fields of the file that
    the model does not know.
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
    """The contribution of one capability to a technique in one category."""

    capability: str
    name: str
    strength: str
    score: float | None


class CategoryScore(msgspec.Struct, frozen=True):
    """The score of a technique in one category, and its contributions, the strongest first."""

    category: str
    score: float | None
    given: tuple[Given, ...]


class Aggregate(msgspec.Struct, frozen=True):
    """The scores of one technique; `says` is its comment in the set's overview layer, with all names.

    `segments` has the score in each segment where they are combined; None: no mapping is rated there.
    """

    overall: float | None
    categories: tuple[CategoryScore, ...]
    capabilities: int
    says: tuple[str, ...]
    segments: dict[str, float | None] | msgspec.UnsetType = msgspec.UNSET


class Entry(msgspec.Struct, frozen=True):
    """A technique in a list.

    `categories` and `strengths` are scores and score values by category, `capabilities` the number mapped to it
    (0: it is not mapped); `only`: no other capability covers it.
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
    """The techniques of one tactic; `mapped` of its `total` techniques and sub-techniques are mapped."""

    tactic: Tactic
    mapped: int
    total: int
    techniques: tuple[Entry, ...]


class TechniqueSection(Section, frozen=True):
    """A technique in one set; `replaced` are revoked techniques whose mappings it has after remapping."""

    technique: IdAndName
    status: Status
    successor: IdAndName | None
    aggregate: Aggregate | None
    mappings: tuple[MappingRow, ...]
    non_mappable: tuple[MappingRow, ...]
    parent: Entry | None
    subtechniques: tuple[Entry, ...]
    replaced: tuple[IdAndName, ...] = ()


class Replacement(msgspec.Struct, frozen=True):
    """The technique for which the mappings of a revoked one count in a set, by the set's name."""

    set: str
    technique: IdAndName


class TechniquePage(msgspec.Struct, frozen=True, tag_field="kind", tag="technique"):
    """A technique.

    `replacements` are those of the sets that map it under the id of its successor, `without` the other sets of its
    domain that do not map it, `elsewhere` the sets of other domains. `out_of_scope` is the scope, in words, that
    leaves it out; "" for none.
    """

    id: str
    name: str = ""
    url: str = ""
    domain: Domain = "enterprise"
    attack_version: str = ""
    description: str = ""
    tactics: tuple[Tactic, ...] = ()
    platforms: tuple[str, ...] = ()
    parent: IdAndName | None = None
    subtechniques: tuple[IdAndName, ...] = ()
    status: Status = "unknown"
    successor: IdAndName | None = None
    sections: tuple[TechniqueSection, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    without: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    out_of_scope: str = ""


class CapabilitySection(Section, frozen=True):
    """A capability in one set; `unique` are the techniques that no other capability of the set covers."""

    id: str
    name: str
    groups: tuple[IdAndName, ...]
    references: tuple[str, ...]
    stats: CapabilityStats | None
    tactics: tuple[Column, ...]
    not_active: tuple[str, ...]
    unique: tuple[IdAndName, ...]
    non_mappable: tuple[MappingRow, ...]


class CapabilityPage(msgspec.Struct, frozen=True, tag_field="kind", tag="capability"):
    """A capability, in every set that has it."""

    id: str
    name: str
    sections: tuple[CapabilitySection, ...]
    without: tuple[str, ...]

    def rounded(self) -> CapabilityPage:
        """The same with the decimals of JSON."""
        sections = (
            msgspec.structs.replace(section, stats=section.stats and section.stats.rounded())
            for section in self.sections
        )
        return msgspec.structs.replace(self, sections=tuple(sections))


class Member(msgspec.Struct, frozen=True):
    """A capability of a group: numbers of techniques it covers in the group, `unique` ones by no other."""

    id: str
    name: str
    techniques: int
    subtechniques: int
    unique: int


class GroupSection(Section, frozen=True):
    """A capability group in one set."""

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


class TacticSection(Section, frozen=True):
    """All techniques of a tactic in matrix order, with the scores of one set."""

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
