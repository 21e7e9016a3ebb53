"""The tool gaps: what of a threat sets do not cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from navlayers.agents.answers import Answer, Data
from navlayers.agents.problems import remarks
from navlayers.agents.provenance import MOST_REASONS, provenance, rule_of
from navlayers.api.gaps import gaps as gaps_of_sets
from navlayers.pages.gaps import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.agents.arguments import GapsArguments
    from navlayers.agents.inventory import Inventory


class GapsRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique or tactic of the threat, or a capability that covers some of it."""

    technique: str = ""
    tactic: str = ""
    set: str = ""
    name: str = ""
    state: str = ""
    score: float | UnsetType | None = UNSET
    weight: float | UnsetType = UNSET
    gap: float | UnsetType = UNSET
    best_by: tuple[str, ...] = ()
    groups: int | UnsetType | None = UNSET
    related: str = ""
    techniques: int | UnsetType = UNSET
    covered: int | UnsetType = UNSET
    weak: int | UnsetType | None = UNSET
    unrated: int | UnsetType = UNSET
    only: int | UnsetType = UNSET
    set_data: Data | UnsetType = UNSET


class GapsAnswer(Answer, frozen=True, kw_only=True):
    """Sets against a threat: numbers of its techniques, and percentages plain, by weight and by score."""

    techniques: int
    covered: int
    weak: int | None
    weak_below: float
    unrated: int
    percent: dict[str, float | None]
    rows: tuple[GapsRow, ...] = ()


def gaps(inventory: Inventory, arguments: GapsArguments) -> GapsAnswer:
    """What of a threat sets do not cover, as `navlayers gaps` counts it."""
    sets = inventory.get(arguments.sets)
    result = gaps_of_sets(
        *sets,
        threat=inventory.threat(arguments.threat, sets),
        category=arguments.category,
        **inventory.settings.options,
    )
    numbers: Any = msgspec.to_builtins(as_json(result), enc_hook=float)
    hints = {row.technique: row.hint for row in result.rows}
    rows = tuple(_ROWS[arguments.rows](numbers, hints))
    total = numbers["total"]
    notices = (*result.notices, *(notice for each in result.inputs for notice in each.notices))
    rule = rule_of(result.inputs, inventory.settings.scoring, arguments.category)
    return GapsAnswer(
        techniques=total["techniques"],
        covered=total["covered"],
        weak=total["weak"],
        weak_below=numbers["weak_below"],
        unrated=total["unrated"],
        percent=total["percent"],
        rows=rows,
        empty=UNSET if rows else "no capability covers a technique of the threat",
        provenance=provenance(result.catalogue, result.inputs, rule, method=True),
        set_data=remarks(notices, numbers["summary"]),
    )


def _techniques(numbers: Any, hints: dict[str, str]) -> Iterator[GapsRow]:
    for each in numbers["techniques"]:
        capabilities = [one["capability"] for one in each["covered_by"][:MOST_REASONS]]
        own = {name: each[name] for name in ("name", "state", "score", "weight", "gap", "best_by", "groups")}
        yield GapsRow(
            technique=each["id"],
            related=hints[each["id"]],
            set_data={"covered_by": capabilities} if capabilities else UNSET,
            **own,
        )


def _tactics(numbers: Any, _hints: object) -> Iterator[GapsRow]:
    for tactic, each in numbers["tactics"].items():
        own = {name: each[name] for name in ("name", "techniques", "covered", "weak", "unrated")}
        yield GapsRow(tactic=tactic, **own)


def _capabilities(numbers: Any, _hints: object) -> Iterator[GapsRow]:
    for each in numbers["capabilities"]:
        data = {"capability": each["id"], "name": each["name"]}
        yield GapsRow(set=each["input"], techniques=each["techniques"], only=each["only"], set_data=data)


_ROWS = {"techniques": _techniques, "tactics": _tactics, "capabilities": _capabilities}
