"""Which evidence of mappings counts, and for how much."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.dates import iso_day
from navlayers._text.spelling import suggestion
from navlayers._text.wording import and_list, quantity, quoted
from navlayers.errors import Place, Problem, UsageError
from navlayers.mapping.evidence import DECLARED, RANKS, Evidence, Level, require_level
from navlayers.mapping.severity_scores import LEVEL_SCORES, score_table, scored_by_level, unknown_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.attack.scope import Scope
    from navlayers.mapping.model import Mapping, MappingSet

_DATED = frozenset({"data present", "tested", "validated"})
"""Levels that hold on a day. A capability that is enabled is so as long as its file says it."""


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

    def factor(self, evidence: Evidence | None) -> float:
        """The factor of the score of a mapping with that evidence."""
        return self.discount.get(self.level_of(evidence), 1.0) if self.discount else 1.0


def trust_of(scope: Scope | None) -> Trust:
    """Which evidence counts in a scope.

    Raises:
        UsageError: a level is unknown, a number is out of range, or the day that ages are counted to is missing.
    """
    if scope is None:
        return Trust()
    score_table(scope.score_table)
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


def counted_mappings(mapping_set: MappingSet, scope: Scope | None) -> MappingSet:
    """The set with the mappings whose evidence counts; those without a value may be scored by their level.

    Args:
        mapping_set: the set.
        scope: says which; None for all.

    Raises:
        UsageError: as `trust_of`; or a score of a level is not from 0 to 100.
    """
    trust = trust_of(scope)
    if trust.least:
        mappings = tuple(mapping for mapping in mapping_set.mappings if _meets(mapping, trust))
        mapping_set = msgspec.structs.replace(mapping_set, mappings=mappings)
    return with_scores(mapping_set, scope)


def with_scores(mapping_set: MappingSet, scope: Scope | None) -> MappingSet:
    """The set; in a scope with scores by level, mappings without a value have that of their level."""
    if scope is None or not scope.score_by:
        return mapping_set
    table = score_table(scope.score_table)
    mappings = tuple(scored_by_level(mapping, table) for mapping in mapping_set.mappings)
    return msgspec.structs.replace(mapping_set, mappings=mappings)


def _meets(mapping: Mapping, trust: Trust) -> bool:
    return RANKS[trust.level(mapping)] >= RANKS.get(trust.least, 0)


def evidence_notices(
    before: MappingSet,
    after: MappingSet,
    scope: Scope | None,
    name: str,
    place_of: Callable[[Mapping], Place] | None = None,
) -> Iterator[Problem]:
    """Notices of evidence that is too old to count, and of scores by level.

    Args:
        before: the set as it was read.
        after: the set with the mappings that count.
        scope: says which.
        name: the name of the set.
        place_of: the place of a mapping; None: it has none.
    """
    if scope is None:
        return
    trust = trust_of(scope)
    found = [mapping.evidence for mapping in before.mappings if mapping.evidence is not None]
    if (trust.least or trust.discount or trust.oldest) and not found:
        if trust.least in {"", DECLARED}:
            yield Problem(f"{name}: no mapping has evidence, so all of them count as {DECLARED}")
        else:
            least = f"'{trust.least}'" if " " in trust.least else trust.least
            hint = f'`evidence` adds test results; "SET@evidence>={least}" limits one set alone'
            yield Problem(f"{name}: no mapping has evidence, so none of them counts", hint=hint)
    coming = [m for m in before.mappings if m.evidence and m.evidence.date > scope.as_of] if trust.oldest else []
    if coming:
        message = f"{name}: evidence of {quantity(len(coming), 'mapping')} is of a day after {scope.as_of}"
        yield Problem(message, place_of and place_of(coming[0]))
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
        rest = sum(mapping.value is None for mapping in after.mappings)
        if unrated:
            message = f"{name}: {unrated - rest:,} of {quantity(len(after.mappings), 'mapping')} scored by level"
            yield Problem(message, hint=f"{rest:,} {'has' if rest == 1 else 'have'} no score" if rest else "")
            if words := unknown_levels(after, score_table(scope.score_table)):
                level, mapping = next(iter(words.items()))
                close = suggestion(level, LEVEL_SCORES)
                hint = " ".join(filter(None, (close, "--score-table sets the score of a level")))
                start = "" if place_of else f"{name}: "
                message = f"{start}unknown level{'s' * (len(words) > 1)} {and_list([*map(quoted, words)])}"
                yield Problem(message, place_of and place_of(mapping), hint=hint)
        elif after.mappings:
            yield Problem(f"{name}: --score-by has no effect: every mapping has a score value")
