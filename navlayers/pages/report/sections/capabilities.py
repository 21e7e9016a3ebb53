"""The capabilities, ranked by what they cover, with what only they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.output.document import Paragraph
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.report.sections import numbers
from navlayers.pages.report.sections.numbers import counted
from navlayers.scoring.scores import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.pages.report.subject import Subject

MOST = 10
"""So many of an input are told of; the appendix has all."""
_NAMED = 6


def blocks(subject: Subject) -> Iterator[Block]:
    """The first of each input."""
    for number in subject.sets:
        ranked = subject.ranked[number]
        if not ranked:
            continue
        yield Paragraph(_sentence(subject, number))
        yield table(subject, number, MOST)


def _sentence(subject: Subject, number: int) -> str:
    ranked = subject.ranked[number]
    title = subject.names[number]
    first = ranked[0]
    covered = first.stats.techniques + first.stats.subtechniques
    cover = counted(len(ranked), "capability covers", "capabilities cover")
    text = f"{title}: {cover} something; {first.label} covers most ({covered:,})."
    needed = sum(bool(one.only) for one in ranked)
    if needed:
        text += (
            f" {counted(needed, 'capability is', 'capabilities are')} the only one of the set for some technique."
        )
        leading = max(ranked, key=lambda one: len(one.only))
        text += f" Most rests on {leading.label}: {len(leading.only):,} that no other one of the set covers."
    return text


def table(subject: Subject, number: int, most: int | None = None) -> Table:
    """The capabilities of an input; the first so many, with some of what only they cover, or all."""
    one = subject.inputs[number]
    ranked = subject.ranked[number]
    several = len(subject.inputs) > 1
    asked = subject.comparison.category
    bare = one.counts or one.covered_only
    categories = [c for c in one.scored.rules.scored_categories if not bare and asked in (None, c)]
    active = subject.comparison.active
    found = (
        Column("capability"),
        *columns("techniques", "sub-techniques", kind="number"),
        Column("of the matrix", "percent"),
        *(_mean(category) for category in categories),
        *columns(*(("only it in the set", "only it of all") if several else ("only it",)), kind="number"),
        Column("techniques that only it covers" + (" in the set" if several else "")),
    )
    rows = []
    for rank in ranked[:most]:
        stats = rank.stats
        means: list[Cell] = [
            round(stats.categories[c].mean, 1) if c in stats.categories else None for c in categories
        ]
        counts: list[Cell] = [len(rank.only), *([len(rank.only_of_all)] if several else [])]
        share = 100 * (stats.techniques + stats.subtechniques) / active
        only = numbers.names_of(rank.only, _NAMED if most else len(rank.only))
        rows.append((rank.label, stats.techniques, stats.subtechniques, share, *means, *counts, only))
    more = len(ranked) - len(rows)
    note = f"The appendix has all {len(ranked):,}." if more > 0 else ""
    title = f"{subject.names[number]}: capabilities by what they cover"
    return Table(f"capabilities of {one.name}", title, found, tuple(rows), note)


def _mean(category: str) -> Column:
    if category == UNSPECIFIED:
        return Column("mean score", "score")
    return Column(f"mean {category}", "score", category)
