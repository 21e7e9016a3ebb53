"""Figures that several sections need, each worked out in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.stats import capability_stats
from navlayers.tables import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.coverage import Coverage
    from navlayers.report.subject import Subject
    from navlayers.stats import CapabilityStats


def percent(part: float, whole: float) -> str:
    """A share as people read it, with one decimal."""
    return shown(100 * part / whole if whole else 0, "percent")


def counted(number: int, what: str, many: str = "") -> str:
    """A number with its noun: "1 technique", "1,024 techniques"."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def categories(subject: Subject, one: Coverage) -> tuple[str, ...]:
    """The categories to tell of: those of the input, or the one that the report is about."""
    asked = subject.comparison.category
    return one.categories if asked is None else tuple(c for c in one.categories if c == asked)


def givers(subject: Subject, technique: str) -> tuple[tuple[int, str], ...]:
    """Number of input and id of every capability that is mapped to a technique, in the category that counts."""
    asked = subject.comparison.category
    found = []
    for number, one in enumerate(subject.inputs):
        entry = one.scores.get(technique)
        if entry is None:
            continue
        groups = [g for c, g in entry.contributions.items() if asked in (None, c)]
        found += [(number, capability) for capability in sorted({c.capability for g in groups for c in g})]
    return tuple(found)


class Ranked(NamedTuple):
    """A capability with what only it covers: in its input, and of all inputs."""

    stats: CapabilityStats
    label: str
    only: tuple[str, ...]
    only_of_all: tuple[str, ...]


def ranking(subject: Subject, number: int) -> tuple[Ranked, ...]:
    """The capabilities of an input that cover something, those that cover most first, then by what only they do."""
    one = subject.inputs[number]
    only: dict[str, list[str]] = {}
    alone: dict[str, list[str]] = {}
    for row in subject.comparison.rows:
        every = givers(subject, row.technique)
        mine = [capability for at, capability in every if at == number]
        if len(mine) == 1:
            only.setdefault(mine[0], []).append(row.technique)
            if len(every) == 1:
                alone.setdefault(mine[0], []).append(row.technique)
    found = [
        Ranked(
            stats, one.labels.get(stats.id, stats.id), tuple(only.get(stats.id, ())), tuple(alone.get(stats.id, ()))
        )
        for stats in capability_stats(one.scored)
    ]
    return tuple(
        sorted(found, key=lambda r: (-(r.stats.techniques + r.stats.subtechniques), -len(r.only), r.stats.id))
    )


def names_of(found: Sequence[str], most: int) -> str:
    """Some ids, and how many more there are."""
    more = len(found) - most
    return ", ".join(found[:most]) + (f", +{more} more" if more > 0 else "")
