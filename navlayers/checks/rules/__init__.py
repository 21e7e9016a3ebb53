"""The rules of `check`: functions from a subject to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.checks.rules.declared import contradictions, lookalikes, types, unmapped_capabilities, unused_groups
from navlayers.checks.rules.evidence import evidence_dates
from navlayers.checks.rules.links import references
from navlayers.checks.rules.scores import duplicates, incomplete_scores, parents
from navlayers.checks.rules.techniques import technique_names, techniques

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject

RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    *(techniques, technique_names),
    *(incomplete_scores, duplicates, parents),
    *(unused_groups, types, unmapped_capabilities, lookalikes, contradictions),
    references,
    evidence_dates,
)
