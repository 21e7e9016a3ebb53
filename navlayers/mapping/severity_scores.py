"""Scores of mappings without a value, by the severity level of their rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers._text.numbers import decimal
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from navlayers.mapping.model import Mapping, MappingSet

LEVEL_SCORES = {
    **dict.fromkeys(("emergency", "alert", "critical"), 100.0),
    **dict.fromkeys(("high", "error", "major"), 75.0),
    **dict.fromkeys(("medium", "moderate", "warning"), 50.0),
    **dict.fromkeys(("low", "minor", "notice"), 25.0),
    **dict.fromkeys(("informational", "info", "debug"), 10.0),
}
"""Default score of each severity level, in the words of Sigma, Elastic, Sentinel, Panther and Falco."""

_WAZUH_HIGHEST = 16
"""Wazuh's levels are numbers from 0 to 16."""


def score_table(given: dict[str, float]) -> dict[str, float]:
    """Severity level → score 0–100: those that are given, and the default ones.

    Raises:
        UsageError: a score is not from 0 to 100.
    """
    for level, number in given.items():
        if not 0 <= number <= 100:
            raise UsageError(Problem(f"--score-table: {level} is {number:g}", expected="a number from 0 to 100"))
    return LEVEL_SCORES | {level.casefold(): number for level, number in given.items()}


def scored_by_level(mapping: Mapping, table: dict[str, float]) -> Mapping:
    """The mapping, with the score of its level in a table where it has no value."""
    if mapping.value is not None:
        return mapping
    number = _level_score(dict(mapping.other), table)
    return mapping if number is None else msgspec.structs.replace(mapping, value=decimal(number))


def _fields(other: dict[str, str]) -> dict[str, str]:
    return {name.casefold().replace("_", " "): text.strip().casefold() for name, text in other.items()}


def _level_of(other: dict[str, str]) -> str:
    """The level of a rule as it is written, in lower case; "" without one."""
    fields = _fields(other)
    return fields.get("level") or fields.get("severity") or fields.get("priority") or ""


def _level_score(other: dict[str, str], table: dict[str, float]) -> float | None:
    """The score of a rule's level or severity; its risk score where it has neither."""
    text = _level_of(other)
    if text in table:
        return table[text]
    for number, highest in ((text, _WAZUH_HIGHEST), (_fields(other).get("risk score", ""), 100)):
        if number.isdecimal() and len(number) < 10 and int(number) <= highest:
            return round(100 * int(number) / highest, 2)
    return None


def levels_of(mapping_set: MappingSet) -> frozenset[str]:
    """The levels of mappings, in lower case."""
    return frozenset(_level_of(dict(mapping.other)) for mapping in mapping_set.mappings) - {""}


def unknown_levels(mapping_set: MappingSet, table: dict[str, float]) -> dict[str, Mapping]:
    """The levels of mappings without a score value that have no score either, each with its first mapping."""
    found: dict[str, Mapping] = {}
    for mapping in mapping_set.mappings:
        if mapping.value is None:
            found.setdefault(_level_of(dict(mapping.other)), mapping)
    return {level: found[level] for level in sorted(found.keys() - table.keys() - {""})}
