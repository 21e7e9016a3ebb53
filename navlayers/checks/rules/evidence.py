"""Rules about evidence: its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.wording import quoted
from navlayers.checks.finding import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.checks.finding import Finding
    from navlayers.checks.subject import Subject


def evidence_dates(subject: Subject) -> Iterator[Finding]:
    """Evidence of a day that has not come yet, and evidence that is older than the user wants."""
    today, trust = subject.as_of, subject.trust
    for index, mapping in enumerate(subject.set.mappings):
        evidence = mapping.evidence
        if evidence is None:
            continue
        what = f"{mapping.technique} of capability {quoted(mapping.capability)}: evidence {evidence}"
        if today and evidence.date > today:
            place = subject.place("mapping", index, "evidence")
            yield finding("future-evidence", place, f"{what} is after {today}")
        elif trust.is_stale(evidence):
            place = subject.place("mapping", index, "evidence")
            why = f"is older than {trust.oldest}" if evidence.date else "has no date"
            yield finding("stale-evidence", place, f"{what} {why}", hint="test it again")
