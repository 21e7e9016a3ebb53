"""The tools of whole sets: sets lists them, and coverage counts what each maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers._text.dates import iso_date
from navlayers._text.wording import and_list
from navlayers.agents.answers import Answer, Data
from navlayers.agents.problems import remarks
from navlayers.agents.provenance import provenance
from navlayers.pages.stats import SetNumbers, as_json
from navlayers.scoring.coverage import coverage_of
from navlayers.scoring.stats import set_stats

if TYPE_CHECKING:
    from navlayers.agents.arguments import CoverageArguments, SetsArguments
    from navlayers.agents.inventory import Inventory

_RULE = "a technique is mapped if a capability is related to it, rated or not"


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


def sets(inventory: Inventory, _arguments: SetsArguments) -> SetsAnswer:
    """The sets that the tools can read, as `navlayers sets` lists them."""
    entries, broken = inventory.listing()
    return SetsAnswer(rows=tuple(map(_set_row, entries)), set_data=remarks(broken))


def _set_row(entry: dict[str, Any]) -> SetRow:
    data = {"title": entry["title"] or entry["framework"], "version": iso_date(str(entry["version"]))}
    return msgspec.convert({**entry, "set": entry["name"], "set_data": data}, SetRow)


class CoverageRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of a set, or with rows="tactics" of a tactic in a set; `active` or `total` is the denominator."""

    set: str
    tactic: str = ""
    name: str = ""
    mapped: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    techniques: int | UnsetType = UNSET
    subtechniques: int | UnsetType = UNSET
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
    """How much of ATT&CK each set maps, as `navlayers stats` counts it."""
    loaded, skipped = inventory.prepared(inventory.get(arguments.sets))
    rows: list[CoverageRow] = []
    for each in loaded:
        numbers: Any = msgspec.to_builtins(as_json(SetNumbers(each, set_stats(each.set, each.catalogue))))
        if arguments.rows == "tactics":
            rows += (msgspec.convert({**tactic, "set": each.name}, CoverageRow) for tactic in numbers["tactics"])
        else:
            own = {**numbers, "name": "", "set": each.name, "not_active": len(numbers["not_active"])}
            rows.append(msgspec.convert(own, CoverageRow))
    inputs = [coverage_of(each, inventory.settings.scoring) for each in loaded]
    releases = list(dict.fromkeys(each.catalogue.title for each in loaded))
    origin = provenance(loaded[0].catalogue, inputs, _RULE, method=True)
    if len(releases) > 1:
        origin = msgspec.structs.replace(origin, attack=and_list(releases))
    notices = (*skipped, *(notice for each in inputs for notice in each.notices))
    return CoverageAnswer(rows=tuple(rows), provenance=origin, set_data=remarks(notices))
