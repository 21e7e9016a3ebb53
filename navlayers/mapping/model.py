"""The mapping set: capabilities of one framework, related to techniques of one ATT&CK release.

All types are frozen; they hold what the file says, in the order of the file, and nothing of files or layers.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Literal, TypeAlias, get_args

import msgspec

from navlayers._text.dates import iso_date
from navlayers.attack.domains import Domain
from navlayers.mapping.evidence import Evidence
from navlayers.mapping.nouns import noun

Role = Literal["control", "detection", "threat"]
ROLES: tuple[Role, ...] = get_args(Role)
"""What the capabilities are: controls, detection rules, or threats, which never count as coverage."""

Category = Literal["protect", "detect", "respond"]
CATEGORIES: tuple[Category, ...] = get_args(Category)

DEFAULT_SCALE: dict[str, float] = {"minimal": 10, "partial": 50, "significant": 100}
"""Score value → number 0–100; the figures that CTID's security-stack mappings published."""

Range: TypeAlias = tuple[float, float]
"""The lowest and the highest score of a scale of numbers."""

HUNDRED: Range = (0.0, 100.0)

DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
"""A number in a mapping set: plain decimal, so that every tool reads the same number."""


LONGEST_NAME = 120
"""Longer capability names count as sentences; the longest published name has 110 characters."""

UNVERSIONED = "unversioned"
"""The assumed version of a file that names none."""


class Capability(msgspec.Struct, frozen=True):
    """A security control, service, setting, or vulnerability that is mapped.

    Attributes:
        groups: ids of capability groups.
        references: the links of most of its mappings.
    """

    id: str
    name: str
    groups: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


SEGMENT = "segment"
SEGMENT_FIELDS = (SEGMENT, "segments", "tenant", "tenants")
"""Fields of mappings that name segments, in any case."""


# Without bookkeeping for the garbage collector, as there are thousands: a mapping has no reference to itself.
class Mapping(msgspec.Struct, frozen=True, gc=False):
    """One capability related to one technique or sub-technique.

    Attributes:
        capability: id of the capability.
        technique: technique id, such as "T1059.001".
        type: mapping type, such as "technique_scores" or "mitigates".
        category: "protect", "detect" or "respond"; None in an unscored set.
        value: name of the scale, or number 0–100 as text; None in an unscored set.
        references: all links of this mapping, including those of its capability.
        group: the capability's group of this row, if it is not in all of them.
        technique_name: name of the technique in the file, if it differs from the ATT&CK release.
        capability_name: name of the capability in the row, if it differs from the capability.
        other: fields of the row without a meaning here, as written.
        evidence: what shows that the mapping holds; None counts as declared.
        robustness: 1–5, how hard a detection is to evade, by MITRE's Summiting the Pyramid.
    """

    capability: str
    technique: str
    type: str | None = None
    category: Category | None = None
    value: str | None = None
    comment: str = ""
    references: tuple[str, ...] = ()
    group: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    other: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = None
    robustness: int | None = None

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments or tenants for which it holds, of its field "segment" or "tenant"; () for all."""
        return tuple(
            name
            for field, text in self.other
            if field.casefold() in SEGMENT_FIELDS
            for part in re.split("[,;]", text)
            if (name := part.strip())
        )


class NonMappable(msgspec.Struct, frozen=True):
    """A record that a capability, or a technique, was assessed and cannot be mapped. Never a mapping.

    Attributes:
        capability: id of the capability; None if the record is about a technique alone.
        technique: technique id; None if the record is about a capability alone.
    """

    capability: str | None = None
    technique: str | None = None
    type: str | None = None
    comment: str = ""
    references: tuple[str, ...] = ()
    group: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    other: tuple[tuple[str, str], ...] = ()


class MappingType(msgspec.Struct, frozen=True):
    """A relation between capability and technique, as the framework declares it."""

    id: str
    name: str = ""
    description: str = ""


class MappingSet(msgspec.Struct, frozen=True):
    """One framework mapped to one ATT&CK domain at one ATT&CK version.

    Attributes:
        framework: id of the framework, such as "nist_800_53".
        version: version of the framework, as written.
        domain: "enterprise", "mobile" or "ics".
        attack_version: ATT&CK release, as written: "16.1", "v16.1" or "16".
        title: name for people; "" for none.
        groups: group id → name, in the order declared.
        scale: score value → number 0–100; empty for the default scale.
        range: of the scores of a layer, whose values are numbers as written; None: values are on `scale` or 0–100.
        source: where the set was published; "" if unknown.
        licence: SPDX id or text; "" if unknown.
        role: what its capabilities are.
        details: other metadata by the names in `DETAILS`.
        segments: all of its segments, also those without mappings; () for those of the mappings.
    """

    framework: str
    version: str
    domain: Domain
    attack_version: str
    title: str = ""
    groups: dict[str, str] = {}
    mapping_types: tuple[MappingType, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    non_mappable: tuple[NonMappable, ...] = ()
    scale: dict[str, float] = {}
    source: str = ""
    licence: str = ""
    role: Role = "control"
    details: dict[str, str] = {}
    range: Range | None = None
    segments: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Name, counts and release in one line."""
        kind = type(self).__name__
        counts = f"{noun(self).counted(len(self.capabilities))}, {len(self.mappings):,} mappings"
        return f"<{kind} {self.name_and_version}: {counts}, ATT&CK {self.domain} {self.attack_version}>"

    @property
    def name(self) -> str:
        """The title, or the framework if there is no title."""
        return self.title or self.framework

    @property
    def name_and_version(self) -> str:
        """The name with the version, a date as "2025-03-06"; the name alone of a file without a version."""
        return f"{self.name} {self.shown_version}".strip()

    @property
    def shown_version(self) -> str:
        """The version, a date as "2025-03-06"; "" of a file without a version."""
        return "" if self.version == UNVERSIONED else iso_date(self.version)

    @property
    def scored(self) -> bool:
        """Whether it rates its mappings: it declares a scale or a range, or any mapping has a score value."""
        return bool(self.scale or self.range) or not self.values <= {None}

    @property
    def values(self) -> set[str | None]:
        """The score values of its mappings; None is that of mappings without one."""
        return {*map(attrgetter("value"), self.mappings)}

    @property
    def default_type(self) -> str | None:
        """The mapping type of mappings whose file gives none: the first that the set declares."""
        return self.mapping_types[0].id if self.mapping_types else None


DETAILS = ("mapping_version", "created", "updated", "author", "contact", "organization")
"""The keys of `MappingSet.details`, in the order of the file."""


def canonical(mapping_set: MappingSet) -> MappingSet:
    """The set as native YAML gives it back: the same facts in the order of the file.

    Capabilities go by id (with those that only mappings name); mappings and non-mappables follow their capability,
    then go by technique id, then keep their order. Equal sets in other orders become equal.
    Names and groups that are blank are filled from their ids, blank metadata is left out.
    """
    capabilities = _capabilities(mapping_set)
    rank = {capability.id: number for number, capability in enumerate(capabilities)}
    last = len(rank)

    def place(record: NonMappable) -> tuple[int, bool, str]:
        position = rank[record.capability] if record.capability is not None else last
        return position, record.technique is not None, record.technique or ""

    groups = {id_: name or id_ for id_, name in mapping_set.groups.items()}
    for capability in capabilities:
        groups.update((group, group) for group in capability.groups if group not in groups)
    details = mapping_set.details
    return msgspec.structs.replace(
        mapping_set,
        title=mapping_set.title if mapping_set.title.strip() else "",
        source=mapping_set.source if mapping_set.source.strip() else "",
        licence=mapping_set.licence if mapping_set.licence.strip() else "",
        groups=groups,
        capabilities=capabilities,
        mappings=tuple(sorted(mapping_set.mappings, key=lambda m: (rank[m.capability], m.technique))),
        non_mappable=tuple(sorted(mapping_set.non_mappable, key=place)),
        details={field: details[field] for field in DETAILS if details.get(field, "").strip()},
    )


def groups_of(mapping: Mapping | NonMappable, capabilities: dict[str, Capability]) -> tuple[str, ...]:
    """The groups of a mapping: the one that it names, else those of its capability; each once.

    Args:
        mapping: the mapping, or a record of what cannot be mapped.
        capabilities: id → capability.
    """
    if mapping.group is not None:
        return (mapping.group,)
    capability = capabilities.get(mapping.capability or "")
    return tuple(dict.fromkeys(capability.groups)) if capability else ()


def _capabilities(mapping_set: MappingSet) -> tuple[Capability, ...]:
    known = {capability.id: capability for capability in reversed(mapping_set.capabilities)}
    ordered: dict[str, Capability] = {}
    for capability in mapping_set.capabilities:
        ordered.setdefault(capability.id, known[capability.id])
    used: list[str | None] = [mapping.capability for mapping in mapping_set.mappings]
    used += [record.capability for record in mapping_set.non_mappable]
    for id_ in used:
        if id_ is not None and id_ not in ordered:
            ordered[id_] = Capability(id_, id_)
    return tuple(
        msgspec.structs.replace(
            capability,
            name=capability.name if capability.name.strip() else capability.id,
            groups=tuple(dict.fromkeys(capability.groups)),
        )
        for _, capability in sorted(ordered.items())
    )
