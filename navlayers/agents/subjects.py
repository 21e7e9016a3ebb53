"""The tools of one subject: technique and capability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers._text.wording import and_list
from navlayers.agents.answers import EVERYTHING, Answer, Data, Provenance
from navlayers.agents.problems import remarks
from navlayers.agents.provenance import MOST_REASONS, Reason, names_of, rule, strongest
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.pages.show.build import page as show_page
from navlayers.pages.show.lookup import find
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.agents.arguments import CapabilityArguments, TechniqueArguments
    from navlayers.agents.inventory import Inventory
    from navlayers.mapping.load import Prepared
    from navlayers.pages.show.results import CapabilitySection, MappingRow, TechniquePage, TechniqueSection


class TechniqueRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique in a set, or with rows="mappings" one mapping of it.

    `score`: overall, 0–100, or a number of capabilities where `counts`; None: not rated. `role`, if it is not
    control: the score of a threat says how much attacks it, which covers nothing.
    """

    set: str
    role: str = ""
    attack_version: str = ""
    status: str = ""
    score: float | UnsetType | None = UNSET
    counts: bool = False
    categories: dict[str, float | None] | UnsetType = UNSET
    capabilities: int | UnsetType = UNSET
    subtechniques_mapped: int | UnsetType = UNSET
    non_mappable: int = 0
    category: str = ""
    not_counted: str = ""
    set_data: Data = {}


class TechniqueAnswer(Answer, frozen=True, kw_only=True):
    """A technique in sets. `not_mapped_by` are the sets of its domain that do not map it."""

    technique: str
    name: str = ""
    status: str = ""
    successor: str = ""
    tactics: tuple[str, ...] = ()
    not_mapped_by: tuple[str, ...] = ()
    rows: tuple[TechniqueRow, ...] = ()


def technique(inventory: Inventory, arguments: TechniqueArguments) -> TechniqueAnswer:
    """What sets have on a technique, as `navlayers show` tells it."""
    loaded, skipped = inventory.prepared(inventory.get(arguments.sets, every=True))
    subject = find(arguments.technique, loaded, "technique")
    shown: Any = show_page(subject, loaded, inventory.settings.scoring)
    if arguments.rows == "mappings":
        rows = tuple(row for section in shown.sections for row in _mappings(section))
    else:
        rows = tuple(sorted(map(_technique_row, shown.sections), key=_rank))
    attack = f"ATT&CK {DOMAIN_NAMES[shown.domain]} {shown.attack_version}; scores: attack_version of the row"
    successor = f"{shown.successor.id} {shown.successor.name}" if shown.successor else ""
    return TechniqueAnswer(
        technique=shown.id,
        name=shown.name if shown.status != "unknown" else "",
        status=shown.status,
        successor=successor,
        tactics=tuple(each.shortname for each in shown.tactics),
        not_mapped_by=shown.without,
        rows=rows,
        empty=UNSET if rows else _why_empty(shown, successor, loaded),
        set_data=remarks(skipped),
        provenance=_provenance(attack, inventory, shown.sections, loaded),
    )


def _rank(row: TechniqueRow) -> tuple[bool, bool, float]:
    """Threats last, numbers of capabilities after scores, each from the highest."""
    return row.role == "threat", row.counts, -(row.score or 0)


def _technique_row(section: TechniqueSection) -> TechniqueRow:
    head, aggregate = section.set, section.aggregate
    row = TechniqueRow(
        set=head.name,
        role="" if head.role == "control" else head.role,
        attack_version=head.attack_version,
        status=section.status if section.status != "active" else "",
        counts=head.counts,
        capabilities=0,
        subtechniques_mapped=sum(bool(each.capabilities) for each in section.subtechniques) or UNSET,
        non_mappable=len(section.non_mappable),
        set_data=names_of(head.title, head.version),
    )
    if aggregate is None:
        return row
    reasons = [
        Reason(one.capability, one.name, each.category, one.strength or "", one.score)
        for each in aggregate.categories
        for one in each.given
    ]
    return msgspec.structs.replace(
        row,
        score=aggregate.overall,
        categories={each.category or UNSPECIFIED: each.score for each in aggregate.categories},
        capabilities=aggregate.capabilities,
        set_data={**row.set_data, "strongest": strongest(reasons, MOST_REASONS)},
    )


def _mappings(section: TechniqueSection) -> Iterator[TechniqueRow]:
    for row in (*section.mappings, *section.non_mappable):
        yield TechniqueRow(
            set=section.set.name,
            category=row.category,
            score=row.score if row.counts else UNSET,
            not_counted=row.why_not,
            set_data=_mapping(row),
        )


def _mapping(row: MappingRow) -> Data:
    own = {
        "capability": row.capability_id,
        "name": row.capability_name,
        "type": row.mapping_type,
        "value": row.value,
        "comment": row.comment,
    }
    return {name: text for name, text in own.items() if text}


def _why_empty(shown: TechniquePage, successor: str, loaded: Iterable[Prepared]) -> str:
    """Why no set has the technique."""
    if shown.out_of_scope:
        return f"{shown.id} is out of scope: {shown.out_of_scope}"
    if shown.replacements:
        names = and_list([each.set for each in shown.replacements])
        return f"{shown.id} was revoked; {names} has it as {shown.replacements[0].technique.id}: ask for that"
    if successor:
        return f"{shown.id} was revoked by {successor}: ask for that"
    if shown.status != "active":
        return f"{shown.id} is {shown.status} in ATT&CK {shown.attack_version}, without a successor"
    there = [each.name for each in loaded if each.set.domain == shown.domain]
    if not there:
        return f"{shown.id} is of ATT&CK {shown.domain}, and no set is"
    if len(there) == 1:
        return f"{there[0]} does not map {shown.id}"
    return f"none of {len(there)} sets of ATT&CK {shown.domain} maps {shown.id}"


def _provenance(
    attack: str,
    inventory: Inventory,
    sections: Sequence[TechniqueSection | CapabilitySection],
    loaded: Iterable[Prepared],
) -> Provenance:
    counts = any(each.set.counts for each in sections)
    scopes = (each.catalogue.scope for each in loaded if each.catalogue.scope)
    return Provenance(attack, rule(inventory.settings.scoring, counts=counts), next(scopes, EVERYTHING))


class CapabilityRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique that a capability is mapped to; `only`: no other capability of the set covers it."""

    set: str
    technique: str
    name: str
    score: float | None
    categories: dict[str, float | None] = {}
    only: bool = False
    set_data: Data = {}


class CapabilitySet(msgspec.Struct, frozen=True):
    """A capability in a set: numbers of techniques and sub-techniques, `unique` ones by no other capability."""

    set: str
    attack_version: str
    techniques: int
    subtechniques: int
    unique: int
    non_mappable: int
    set_data: Data


class CapabilityAnswer(Answer, frozen=True, kw_only=True):
    """A capability in the sets that have it."""

    sets: tuple[CapabilitySet, ...] = ()
    rows: tuple[CapabilityRow, ...] = ()


def capability(inventory: Inventory, arguments: CapabilityArguments) -> CapabilityAnswer:
    """What a capability is mapped to, as `navlayers show` tells it."""
    loaded, skipped = inventory.prepared(inventory.get(arguments.sets, every=True))
    subject = find(arguments.capability, loaded, "capability")
    shown: Any = show_page(subject, loaded, inventory.settings.scoring)
    rows = tuple(row for section in shown.sections for row in _techniques(section))
    return CapabilityAnswer(
        sets=tuple(map(_capability_set, shown.sections[:MOST_REASONS])),
        rows=rows,
        empty=UNSET if rows else _why_nothing(shown.sections),
        set_data=remarks(skipped),
        provenance=_provenance("per set: attack_version", inventory, shown.sections, loaded),
    )


def _techniques(section: CapabilitySection) -> Iterator[CapabilityRow]:
    """Each technique once, though it is in several tactics."""
    entries = {each.id: each for column in reversed(section.tactics) for each in column.techniques}
    for technique, each in sorted(entries.items()):
        data: Data = {"values": {category or UNSPECIFIED: value for category, value in each.strengths.items()}}
        if each.comments:
            data["comments"] = each.comments
        yield CapabilityRow(
            set=section.set.name,
            technique=technique,
            name=each.name,
            score=each.overall,
            categories=each.categories,
            only=each.only,
            set_data=data,
        )


def _capability_set(section: CapabilitySection) -> CapabilitySet:
    head, numbers = section.set, section.stats
    data = {"id": section.id, "name": section.name, "groups": [each.name for each in section.groups]}
    return CapabilitySet(
        set=head.name,
        attack_version=head.attack_version,
        techniques=numbers.techniques if numbers else 0,
        subtechniques=numbers.subtechniques if numbers else 0,
        unique=len(section.unique),
        non_mappable=len(section.non_mappable),
        set_data={**data, **names_of(head.title, head.version)},
    )


def _why_nothing(sections: Iterable[CapabilitySection]) -> str:
    for each in sections:
        if each.non_mappable:
            return f"{each.set.name} records that nothing of it can be mapped"
        if each.set.scope:
            return f"no mapping of it is in scope: {each.set.scope}"
    return "no set maps it to a technique that is active in its release"
