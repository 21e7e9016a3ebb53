"""The tools that look something up: sets, technique, capability, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.dates import iso_date
from navlayers._text.wording import and_list
from navlayers.agents.answers import EVERYTHING, UNSET, Answer, Data, Provenance, Unset, told
from navlayers.agents.provenance import provenance, rule
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.pages.show.build import page as show_page
from navlayers.pages.show.lookup import find
from navlayers.pages.stats import SetNumbers, as_json
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.options import UNSPECIFIED
from navlayers.scoring.stats import set_stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.agents.arguments import (
        CapabilityArguments,
        CoverageArguments,
        SetsArguments,
        TechniqueArguments,
    )
    from navlayers.agents.shelf import Shelf
    from navlayers.mapping.load import Prepared
    from navlayers.pages.show.results import CapabilitySection, MappingRow, TechniquePage, TechniqueSection

MOST_REASONS = 3
"""Capabilities that a row names for a score."""


class SetRow(msgspec.Struct, frozen=True):
    """A set that the tools can read."""

    set: str
    origin: str
    role: str
    domain: str
    attack_version: str
    scored: bool
    capabilities: int
    mappings: int
    set_data: Data


class SetsAnswer(Answer, frozen=True, kw_only=True):
    """The sets."""

    rows: tuple[SetRow, ...] = ()


def sets(shelf: Shelf, arguments: SetsArguments) -> SetsAnswer:
    """The sets that the tools can read, as `navlayers sets` lists them."""
    listed, broken = shelf.listing()
    own = ("origin", "role", "domain", "attack_version", "scored", "capabilities", "mappings")
    rows = (
        SetRow(
            set=str(each["name"]),
            **{name: each[name] for name in own},  # type: ignore[arg-type]
            set_data={"title": each["title"] or each["framework"], "version": iso_date(str(each["version"]))},
        )
        for each in listed
    )
    return SetsAnswer(rows=tuple(rows), set_data=told(broken))


class TechniqueRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique in a set, or with rows="mappings" one mapping of it.

    `score`: overall, 0–100, or a number of capabilities where `counts`; None: not rated.
    """

    set: str
    attack_version: str = ""
    status: str = ""
    score: float | Unset | None = UNSET
    counts: bool = False
    categories: dict[str, float | None] | Unset = UNSET
    capabilities: int | Unset = UNSET
    subtechniques_mapped: int | Unset = UNSET
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


def technique(shelf: Shelf, arguments: TechniqueArguments) -> TechniqueAnswer:
    """What sets have on a technique, as `navlayers show` tells it."""
    loaded, skipped = shelf.prepared(shelf.get(arguments.sets, every=True))
    scoring = shelf.settings.scoring
    shown: Any = show_page(find(arguments.technique, loaded, "technique"), loaded, scoring)
    if arguments.rows == "mappings":
        rows = tuple(row for section in shown.sections for row in _mappings(section))
    else:
        rows = tuple(map(_technique_row, shown.sections))
    known = shown.status != "unknown"
    successor = f"{shown.successor.id} {shown.successor.name}" if shown.successor else ""
    scopes = {each.catalogue.scope for each in loaded if each.catalogue.scope}
    return TechniqueAnswer(
        technique=shown.id,
        name=shown.name if known else "",
        status=shown.status,
        successor=successor,
        tactics=tuple(each.shortname for each in shown.tactics),
        not_mapped_by=shown.without,
        rows=rows,
        empty=UNSET if rows else _why_empty(shown, successor, loaded),
        set_data=told(skipped),
        provenance=Provenance(
            f"ATT&CK {DOMAIN_NAMES[shown.domain]} {shown.attack_version}; scores: attack_version of the row",
            rule(scoring, counts=any(each.set.counts for each in shown.sections)),
            next(iter(scopes), EVERYTHING),
        ),
    )


def _technique_row(section: TechniqueSection) -> TechniqueRow:
    head, found = section.set, section.aggregate
    return TechniqueRow(
        set=head.name,
        attack_version=head.attack_version,
        status=section.status if section.status != "active" else "",
        score=found.overall if found else UNSET,
        counts=head.counts,
        categories={each.category or UNSPECIFIED: each.score for each in found.categories} if found else UNSET,
        capabilities=found.capabilities if found else 0,
        subtechniques_mapped=sum(bool(each.capabilities) for each in section.subtechniques) or UNSET,
        non_mappable=len(section.non_mappable),
        set_data={"title": head.title, "version": iso_date(head.version)}
        | ({"strongest": _strongest(section)} if found else {}),
    )


def _strongest(section: TechniqueSection) -> list[Data]:
    """The capabilities that give most, over all categories."""
    given = [
        (each.category, one)
        for each in (section.aggregate.categories if section.aggregate else ())
        for one in each.given
    ]
    given.sort(key=lambda pair: -(pair[1].score or 0))
    return [reason(g.capability, g.name, category, g.strength, g.score) for category, g in given[:MOST_REASONS]]


def reason(capability: str, name: str, category: str, value: str | None, score: float | None) -> Data:
    """A capability behind a score, without what it does not have."""
    own = {"id": capability, "name": name, "category": category, "value": value}
    return {**{key: text for key, text in own.items() if text}, **({} if score is None else {"score": score})}


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
    return f"none of {len(there)} sets of ATT&CK {shown.domain} maps {shown.id}"


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


def capability(shelf: Shelf, arguments: CapabilityArguments) -> CapabilityAnswer:
    """What a capability is mapped to, as `navlayers show` tells it."""
    loaded, skipped = shelf.prepared(shelf.get(arguments.sets, every=True))
    scoring = shelf.settings.scoring
    shown: Any = show_page(find(arguments.capability, loaded, "capability"), loaded, scoring)
    rows = tuple(row for section in shown.sections for row in _techniques(section))
    scopes = {each.catalogue.scope for each in loaded if each.catalogue.scope}
    return CapabilityAnswer(
        sets=tuple(map(_capability_set, shown.sections[:MOST_REASONS])),
        rows=rows,
        empty=UNSET if rows else _why_nothing(shown.sections),
        set_data=told(skipped),
        provenance=Provenance(
            "per set: attack_version",
            rule(scoring, counts=any(each.set.counts for each in shown.sections)),
            next(iter(scopes), EVERYTHING),
        ),
    )


def _techniques(section: CapabilitySection) -> Iterator[CapabilityRow]:
    """Each technique once, though it is in several tactics."""
    entries = {each.id: each for column in reversed(section.tactics) for each in column.techniques}
    for each in sorted(entries.values(), key=lambda entry: entry.id):
        data: Data = {"values": {name or UNSPECIFIED: text for name, text in each.strengths.items()}} | (
            {"comments": each.comments} if each.comments else {}
        )
        yield CapabilityRow(section.set.name, each.id, each.name, each.overall, each.categories, each.only, data)


def _capability_set(section: CapabilitySection) -> CapabilitySet:
    numbers = section.stats
    return CapabilitySet(
        section.set.name,
        section.set.attack_version,
        numbers.techniques if numbers else 0,
        numbers.subtechniques if numbers else 0,
        len(section.unique),
        len(section.non_mappable),
        {
            "id": section.id,
            "name": section.name,
            "groups": [each.name for each in section.groups],
            "title": section.set.title,
            "version": iso_date(section.set.version),
        },
    )


def _why_nothing(sections: Iterable[CapabilitySection]) -> str:
    for each in sections:
        if each.non_mappable:
            return f"{each.set.name} records that nothing of it can be mapped"
        if each.set.scope:
            return f"no mapping of it is in scope: {each.set.scope}"
    return "no set maps it to a technique that is active in its release"


class CoverageRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of a set, or with rows="tactics" of a tactic in a set; `active` or `total` is the denominator."""

    set: str
    tactic: str = ""
    name: str = ""
    mapped: int | Unset = UNSET
    total: int | Unset = UNSET
    techniques: int | Unset = UNSET
    subtechniques: int | Unset = UNSET
    active: int | Unset = UNSET
    base_techniques: int | Unset = UNSET
    base_techniques_mapped: int | Unset = UNSET
    mappings: int | Unset = UNSET
    capabilities: int | Unset = UNSET
    not_active: int | Unset = UNSET
    scored: bool | Unset = UNSET


class CoverageAnswer(Answer, frozen=True, kw_only=True):
    """How much of ATT&CK sets map."""

    rows: tuple[CoverageRow, ...] = ()


RULE = "a technique is mapped if a capability is related to it, rated or not"

_NUMBERS = (
    *("techniques", "subtechniques", "active", "base_techniques", "base_techniques_mapped"),
    *("mappings", "capabilities", "scored"),
)


def coverage(shelf: Shelf, arguments: CoverageArguments) -> CoverageAnswer:
    """How much of ATT&CK each set maps, as `navlayers stats` counts it."""
    loaded, skipped = shelf.prepared(shelf.get(arguments.sets))
    scoring = shelf.settings.scoring
    rows: list[CoverageRow] = []
    for each in loaded:
        numbers: Any = as_json(SetNumbers(each, set_stats(each.set, each.catalogue)))
        if arguments.rows == "sets":
            own = {name: numbers[name] for name in _NUMBERS}
            rows.append(CoverageRow(each.name, **own, not_active=len(numbers["not_active"])))
        else:
            rows += (CoverageRow(each.name, t.tactic, t.name, t.mapped, t.total) for t in numbers["tactics"])
    inputs = [coverage_of(each, scoring) for each in loaded]
    releases = dict.fromkeys(each.catalogue.title for each in loaded)
    where = provenance(loaded[0].catalogue, inputs, RULE, method=True)
    several = len(releases) > 1
    where = msgspec.structs.replace(where, attack=and_list([*releases]) if several else where.attack)
    remarks = (*skipped, *(notice for each in inputs for notice in each.notices))
    return CoverageAnswer(rows=tuple(rows), provenance=where, set_data=told(remarks))
