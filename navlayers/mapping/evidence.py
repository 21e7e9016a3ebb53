"""Evidence of mappings: what shows that a capability does what its mapping says, and which of it counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from navlayers._text.dates import iso_day, wrong_day
from navlayers._text.numbers import decimal
from navlayers._text.spelling import suggestion
from navlayers._text.wording import and_list, or_list, quantity, quoted
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack.scope import Scope
    from navlayers.mapping.model import Mapping, MappingSet

Level = Literal["declared", "enabled", "data present", "tested", "validated"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the weakest: somebody says so; it is switched on; the data that it needs arrive; a test ran; it passed."""

RANKS: dict[str, int] = {level: rank for rank, level in enumerate(LEVELS)}
DECLARED: Level = "declared"
"""What a mapping without evidence counts as."""

_DATED = frozenset({"data present", "tested", "validated"})
"""Levels that hold on a day. A capability that is enabled is so as long as its file says it."""

ROBUSTNESS = (1, 5)
"""The lowest and highest robustness of a detection in MITRE's Summiting the Pyramid."""

FIELDS = ("evidence", "evidence_date", "evidence_note", "robustness")
"""Names of evidence in tables, STIX bundles and other formats of rows."""

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


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """The evidence of a mapping.

    Attributes:
        level: one of `LEVELS`.
        date: the day that it is of, such as "2026-01-31"; "" if unknown.
        note: free text.
    """

    level: Level
    date: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.level} {self.date}".rstrip()


def plain(name: str) -> str:
    """The name of a field of a row as in `FIELDS`: "evidence_date" of "Evidence date"."""
    return name.strip().casefold().replace(" ", "_")


def level_named(text: str) -> Level | None:
    """The level of a text in any case, with "-" or "_" for blanks; None if there is no such level."""
    words = text.strip().casefold().replace("_", " ").replace("-", " ")
    return next((level for level in LEVELS if level == words), None)


def require_level(option: str, text: str) -> Level:
    """The level of a text.

    Raises:
        UsageError: there is no such level.
    """
    level = level_named(text)
    if level is None:
        hint = suggestion(text, LEVELS)
        raise UsageError(Problem(f"{option}: unknown level {quoted(text)}", expected=or_list(LEVELS), hint=hint))
    return level


def strongest(evidence: Iterable[Evidence | None]) -> Evidence | None:
    """The evidence of the highest level, the latest of several; None for none."""
    return max(filter(None, evidence), key=lambda each: (RANKS[each.level], each.date, each.note), default=None)


class Trust(msgspec.Struct, frozen=True):
    """Which evidence counts, and for how much.

    Attributes:
        least: the lowest level that counts; "" for all.
        discount: level → factor 0–1 of the scores of its mappings.
        oldest: older evidence counts as declared; "" for evidence of any age.
        by_level: whether mappings without a value are scored by the level of their rule.
    """

    least: str = ""
    discount: dict[str, float] = {}
    oldest: str = ""
    by_level: bool = False

    def level(self, mapping: Mapping) -> Level:
        """The level that a mapping counts as."""
        return self.level_of(mapping.evidence)

    def level_of(self, evidence: Evidence | None) -> Level:
        """The level that evidence counts as."""
        return DECLARED if evidence is None or self.is_stale(evidence) else evidence.level

    def is_stale(self, evidence: Evidence) -> bool:
        """Whether evidence is older than what counts, or lacks the day that its level is of."""
        if not self.oldest or evidence.level == DECLARED:
            return False
        return evidence.date < self.oldest if evidence.date else evidence.level in _DATED

    def factor(self, mapping: Mapping) -> float:
        """The factor of the score of a mapping."""
        return self.discount.get(self.level(mapping), 1.0) if self.discount else 1.0


def trust_of(scope: Scope | None) -> Trust:
    """Which evidence counts in a scope.

    Raises:
        UsageError: a level is unknown, a number is out of range, or the day that ages are counted to is missing.
    """
    if scope is None:
        return Trust()
    _table(scope.score_table)
    least = require_level("--evidence", scope.evidence) if scope.evidence else ""
    discount: dict[str, float] = {}
    for name, factor in scope.discount.items():
        level = require_level("--discount", name)
        if not 0 <= factor <= 1:
            raise UsageError(Problem(f"--discount: {level} is {factor:g}", expected="a number from 0 to 1"))
        if level in discount:
            raise UsageError(Problem(f"--discount: duplicate level {level}"))
        discount[level] = factor
    oldest = ""
    if scope.max_age is not None:
        today = iso_day(scope.as_of)
        if today is None:
            message = f"max_age needs a day to count back from, and as_of is {quoted(scope.as_of)}"
            raise UsageError(Problem(message, expected="a date such as 2026-01-31"))
        try:
            oldest = str(date.fromisoformat(today) - timedelta(days=scope.max_age))
        except OverflowError:
            oldest = str(date.min)
    return Trust(least, discount, oldest, bool(scope.score_by))


def trusted(mapping_set: MappingSet, scope: Scope | None) -> MappingSet:
    """The set with the mappings whose evidence counts; those without a value may be scored by their level.

    Args:
        mapping_set: the set.
        scope: says which; None for all.

    Raises:
        UsageError: as `trust_of`; or a score of a level is not from 0 to 100.
    """
    trust = trust_of(scope)
    mappings = mapping_set.mappings
    if trust.least:
        mappings = tuple(mapping for mapping in mappings if _meets(mapping, trust))
    if scope is not None and scope.score_by:
        table = _table(scope.score_table)
        mappings = tuple(_scored_by_level(mapping, table) for mapping in mappings)
    return (
        msgspec.structs.replace(mapping_set, mappings=mappings) if mappings != mapping_set.mappings else mapping_set
    )


def _meets(mapping: Mapping, trust: Trust) -> bool:
    return not trust.least or RANKS[trust.level(mapping)] >= RANKS[trust.least]


def _table(given: dict[str, float]) -> dict[str, float]:
    for level, number in given.items():
        if not 0 <= number <= 100:
            raise UsageError(Problem(f"--score-table: {level} is {number:g}", expected="a number from 0 to 100"))
    return LEVEL_SCORES | {level.casefold(): number for level, number in given.items()}


def _scored_by_level(mapping: Mapping, table: dict[str, float]) -> Mapping:
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


def evidence_notices(before: MappingSet, after: MappingSet, scope: Scope | None, name: str) -> Iterator[Problem]:
    """Notices of evidence that is too old to count, and of scores by level.

    Args:
        before: the set as it was read.
        after: the set with the mappings that count.
        scope: says which.
        name: the name of the set.
    """
    if scope is None:
        return
    trust = trust_of(scope)
    found = [mapping.evidence for mapping in before.mappings if mapping.evidence is not None]
    if (trust.least or trust.discount or trust.oldest) and not found:
        message = f"{name}: no mapping has evidence, so all of them count as {DECLARED}"
        hint = "add test results with `navlayers evidence`" if trust.least not in ("", DECLARED) else ""
        yield Problem(message, hint=hint)
    if scope.max_age is not None and (coming := sum(evidence.date > scope.as_of for evidence in found)):
        yield Problem(f"{name}: evidence of {quantity(coming, 'mapping')} is of a day after {scope.as_of}")
    stale = [evidence for evidence in found if trust.is_stale(evidence)]
    old = sum(bool(evidence.date) for evidence in stale)
    if old:
        what = f"evidence of {quantity(old, 'mapping')} is older than {trust.oldest}"
        yield Problem(f"{name}: {what}: it counts as {DECLARED}")
    if undated := len(stale) - old:
        what = f"evidence of {quantity(undated, 'mapping')} has no date"
        yield Problem(f"{name}: {what}: it counts as {DECLARED}")
    if scope.score_by:
        unrated = sum(mapping.value is None for mapping in before.mappings if _meets(mapping, trust))
        left = sum(mapping.value is None for mapping in after.mappings)
        if unrated:
            message = f"{name}: {unrated - left:,} of {quantity(len(after.mappings), 'mapping')} scored by level"
            hint = f"{left:,} have no level and no score value" if left else ""
            words = _unknown_levels(after, _table(scope.score_table))
            if words:
                hint = f"{left:,} have no score: set that of {and_list([*map(quoted, words)])} with --score-table"
            yield Problem(message, hint=hint)
        elif after.mappings:
            yield Problem(f"{name}: --score-by has no effect: every mapping has a score value")


def _unknown_levels(mapping_set: MappingSet, table: dict[str, float]) -> list[str]:
    """The levels of mappings without a score value that have no score either."""
    found = {_level_of(dict(m.other)) for m in mapping_set.mappings if m.value is None}
    return sorted(found - table.keys() - {""})


def pairs(mapping: Mapping) -> tuple[tuple[str, str], ...]:
    """The evidence of a mapping as the fields of a row, by the names in `FIELDS`."""
    evidence = mapping.evidence
    texts = (
        *((evidence.level, evidence.date, evidence.note) if evidence else ("", "", "")),
        str(mapping.robustness) if mapping.robustness else "",
    )
    return tuple((name, text) for name, text in zip(FIELDS, texts, strict=True) if text)


def as_fields(mapping_set: MappingSet) -> MappingSet:
    """The set with its evidence among the other fields of its mappings, for formats of rows."""
    if not any(m.evidence is not None or m.robustness is not None for m in mapping_set.mappings):
        return mapping_set
    mappings = tuple(
        msgspec.structs.replace(m, evidence=None, robustness=None, other=(*m.other, *own))
        if (own := pairs(m))
        else m
        for m in mapping_set.mappings
    )
    return msgspec.structs.replace(mapping_set, mappings=mappings)


def checked(fields: dict[str, str]) -> tuple[dict[str, Any], list[tuple[str, str, str, str]]]:
    """The evidence in fields of texts, and what is wrong with them.

    Args:
        fields: name of `FIELDS` → its text.

    Returns:
        Values of `Mapping` by name; and for each wrong field its name, what is wrong, what is expected, a hint.
    """
    wrong: list[tuple[str, str, str, str]] = []
    values: dict[str, Any] = {}
    text, on, note = (fields.get(name, "") for name in FIELDS[:3])
    level = level_named(text) if text.strip() else None
    if text.strip() and level is None:
        wrong.append((FIELDS[0], f"unknown evidence {quoted(text)}", or_list(LEVELS), suggestion(text, LEVELS)))
    if on and iso_day(on) is None:
        message = f"evidence date {quoted(on)} {wrong_day(on)}"
        wrong.append((FIELDS[1], message, "a date such as 2026-01-31", ""))
    if (on or note) and not text.strip():
        wrong.append((FIELDS[1 if on else 2], "evidence without a level", or_list(LEVELS), ""))
    if level is not None:
        values["evidence"] = Evidence(level, iso_day(on) or "", note)
    if number := fields.get("robustness", "").strip():
        steps = [str(step) for step in range(ROBUSTNESS[0], ROBUSTNESS[1] + 1)]
        if number in steps:
            values["robustness"] = int(number)
        else:
            message = f"robustness {quoted(number)} is not on the scale of Summiting the Pyramid"
            wrong.append(("robustness", message, "a whole number from {} to {}".format(*ROBUSTNESS), ""))
    return values, wrong
