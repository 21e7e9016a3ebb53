"""Evidence of mappings: what shows that a capability does what its mapping says."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from navlayers._text.dates import iso_day, wrong_day
from navlayers._text.spelling import suggestion
from navlayers._text.wording import or_list, quoted
from navlayers.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.mapping.model import Mapping, MappingSet

Level = Literal["declared", "enabled", "data present", "tested", "validated"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the weakest: somebody says so; it is switched on; the data that it needs arrive; a test ran; it passed."""

RANKS: dict[str, int] = {level: rank for rank, level in enumerate(LEVELS)}
DECLARED: Level = "declared"
"""What a mapping without evidence counts as."""

ROBUSTNESS = (1, 5)
"""The lowest and highest robustness of a detection in MITRE's Summiting the Pyramid."""

FIELDS = ("evidence", "evidence_date", "evidence_note", "robustness")
"""Names of evidence in tables, STIX bundles and other formats of rows."""


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


def field_key(name: str) -> str:
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


def evidence_fields(mapping: Mapping) -> tuple[tuple[str, str], ...]:
    """The evidence of a mapping as the fields of a row, by the names in `FIELDS`."""
    evidence = mapping.evidence
    texts = (
        *((evidence.level, evidence.date, evidence.note) if evidence else ("", "", "")),
        str(mapping.robustness) if mapping.robustness else "",
    )
    return tuple((name, text) for name, text in zip(FIELDS, texts, strict=True) if text)


def has_evidence(mapping_set: MappingSet) -> bool:
    """Whether some mapping has evidence or a robustness."""
    return bool({*map(attrgetter("evidence", "robustness"), mapping_set.mappings)} - {(None, None)})


def with_evidence_fields(mapping_set: MappingSet) -> MappingSet:
    """The set with its evidence among the other fields of its mappings, for formats of rows."""
    if not has_evidence(mapping_set):
        return mapping_set
    mappings = tuple(
        msgspec.structs.replace(m, evidence=None, robustness=None, other=(*m.other, *own))
        if (own := evidence_fields(m))
        else m
        for m in mapping_set.mappings
    )
    return msgspec.structs.replace(mapping_set, mappings=mappings)


def parse_evidence(fields: dict[str, str]) -> tuple[dict[str, Any], list[tuple[str, str, str, str]]]:
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
