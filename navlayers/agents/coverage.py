"""The tools of whole sets: sets lists them, and coverage counts what each maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers._text.wording import and_list
from navlayers.agents.answers import Answer, Data
from navlayers.agents.problems import remarks
from navlayers.agents.provenance import names_of, provenance, rule_of
from navlayers.pages.stats import SetNumbers, as_json
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.stats import set_stats

if TYPE_CHECKING:
    from navlayers.agents.arguments import CoverageArguments, SetsArguments
    from navlayers.agents.inventory import Inventory
    from navlayers.mapping.load import Prepared
    from navlayers.scoring.coverage import Coverage

_RULE = "a technique is mapped if a capability is related to it, rated or not"


class SetRow(msgspec.Struct, frozen=True):
    """A set that the tools can read; `default`: of the command line, and meant where `sets` is omitted."""

    set: str
    default: bool
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


def sets(inventory: Inventory, _arguments: SetsArguments) -> SetsAnswer:
    """The sets that the tools can read, as `navlayers sets` lists them."""
    entries, broken = inventory.listing()
    rows = tuple(_set_row(each, default=each["name"] in inventory.named) for each in entries)
    return SetsAnswer(rows=rows, set_data=remarks(broken))


def _set_row(entry: dict[str, Any], *, default: bool) -> SetRow:
    data = names_of(str(entry["title"] or entry["framework"]), str(entry["version"]))
    return msgspec.convert({**entry, "set": entry["name"], "default": default, "set_data": data}, SetRow)


class CoverageRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of a set, or of a tactic in a set, or a technique that a set does not cover, and why (`state`).

    `active` or `total` is the denominator, `percent` that of techniques and sub-techniques.
    `base_techniques_mapped` are mapped themselves or by a sub-technique.
    """

    set: str
    tactic: str = ""
    technique: str = ""
    name: str = ""
    state: str = ""
    mapped: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    techniques: int | UnsetType = UNSET
    subtechniques: int | UnsetType = UNSET
    percent: float | UnsetType = UNSET
    active: int | UnsetType = UNSET
    base_techniques: int | UnsetType = UNSET
    base_techniques_mapped: int | UnsetType = UNSET
    mappings: int | UnsetType = UNSET
    capabilities: int | UnsetType = UNSET
    not_active: int | UnsetType = UNSET
    scored: bool | UnsetType = UNSET


class CoverageAnswer(Answer, frozen=True, kw_only=True):
    """How much of ATT&CK sets map."""

    rows: tuple[CoverageRow, ...] = ()


def coverage(inventory: Inventory, arguments: CoverageArguments) -> CoverageAnswer:
    """How much of ATT&CK each set maps, as `navlayers stats` counts it, or what it does not cover."""
    loaded, skipped = inventory.prepared(inventory.get(arguments.sets))
    inputs = [coverage_of(each, inventory.settings.scoring) for each in loaded]
    rows: list[CoverageRow] = []
    for prepared, each in zip(loaded, inputs, strict=True):
        rows += _uncovered(each) if arguments.rows == "uncovered" else _counted(prepared, arguments.rows)
    releases = list(dict.fromkeys(each.catalogue.title for each in loaded))
    rule = rule_of(inputs, inventory.settings.scoring) if arguments.rows == "uncovered" else _RULE
    origin = provenance(loaded[0].catalogue, inputs, rule, method=True)
    if len(releases) > 1:
        origin = msgspec.structs.replace(origin, attack=and_list(releases))
    notices = (*skipped, *(notice for each in inputs for notice in each.notices))
    empty = UNSET if rows else "every technique in scope is covered"
    return CoverageAnswer(rows=tuple(rows), empty=empty, provenance=origin, set_data=remarks(notices))


def _counted(prepared: Prepared, rows: str) -> list[CoverageRow]:
    """The numbers of a set, or of its tactics."""
    counted = SetNumbers(prepared, set_stats(prepared.set, prepared.catalogue))
    numbers: Any = msgspec.to_builtins(as_json(counted))
    if rows == "tactics":
        return [msgspec.convert({**each, "set": prepared.name}, CoverageRow) for each in numbers["tactics"]]
    own = {"name": "", "set": prepared.name, "not_active": len(numbers["not_active"]), "percent": counted.share}
    return [msgspec.convert(numbers | own, CoverageRow)]


def _uncovered(coverage: Coverage) -> list[CoverageRow]:
    """The active techniques that a set does not cover, by id."""
    covered, catalogue = coverage.measures(), coverage.scored.catalogue
    return [
        CoverageRow(set=coverage.name, technique=id_, name=each.name, state=uncovered_state(id_, coverage))
        for id_, each in sorted(catalogue.techniques.items())
        if catalogue.is_active(id_) and id_ not in covered
    ]


def uncovered_state(technique: str, coverage: Coverage, category: str | None = None) -> str:
    """Why a set does not cover a technique, in one category or in any."""
    entry = coverage.entries.get(technique)
    if entry is None:
        return "not mapped"
    if category is not None and category not in entry.categories:
        return f"not mapped in {category}"
    return "not rated" if entry.measure(category) is None else "scored 0"
