"""The techniques that are covered best and least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.report.document import Rows, Text
from navlayers.report.sections import naming, numbers
from navlayers.report.sections.numbers import counted
from navlayers.tables import Column, Table, columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.comparing.comparison import Row
    from navlayers.report.document import Block
    from navlayers.report.subject import Subject
    from navlayers.tables import Cell, Kind

MOST = 10
"""So many of either kind are told of; the appendix has all."""


def blocks(subject: Subject) -> Iterator[Block]:
    """Both lists where anything is covered, and how much is not covered at all."""
    comparison = subject.comparison
    givers = {row.technique: len(subject.givers[row.technique]) for row in comparison.rows}
    rated = [row for row in comparison.rows if row.best is not None]
    if rated:
        strongest = sorted(rated, key=lambda r: (-(r.best or 0), -givers[r.technique], r.technique))[:MOST]
        weakest = sorted(rated, key=lambda r: (r.best or 0, givers[r.technique], r.technique))[:MOST]
        how = "" if comparison.counts or comparison.covered_only else "{} score, then "
        most = f"{how.format('highest')}most capabilities first"
        yield Rows(_table(subject, "Strongest", strongest, givers, most))
        if len(rated) > MOST:
            fewest = f"{how.format('lowest')}fewest capabilities first"
            yield Rows(_table(subject, "Weakest of what is covered", weakest, givers, fewest))
    yield Text(_gaps(subject))


def _table(subject: Subject, title: str, rows: Sequence[Row], givers: dict[str, int], note: str) -> Table:
    comparison = subject.comparison
    several = len(subject.inputs) > 1
    names = [one.name for one in subject.inputs]
    kind: Kind = "number" if comparison.counts else "score"
    # A single input's numbers of capabilities are in the last column.
    bare = comparison.covered_only or (comparison.counts and not several)
    scores = () if bare else columns(*(names if several else ["score"]), kind=kind)
    by_category = () if several else numbers.categories(subject, subject.inputs[0])
    by_category = by_category if len(by_category) > 1 else ()
    found = (Column("technique", "technique"), *columns("name", "tactics"), *scores)
    found += (*(Column(category, kind, category) for category in by_category), Column("capabilities", "number"))
    made = []
    for row in rows:
        technique = subject.catalogue.techniques[row.technique]
        cells: list[Cell] = [
            technique.id,
            naming.full_name(subject.catalogue, technique.id),
            naming.tactics(subject.catalogue, technique.id),
        ]
        if scores:
            cells += [("not rated" if n in row.covering and s is None else s) for n, s in enumerate(row.scores)]
        entry = subject.inputs[0].entries.get(row.technique)
        cells += [entry.categories.get(category) if entry else None for category in by_category]
        made.append((*cells, givers[row.technique]))
    return Table(title.lower(), title, found, tuple(made), note)


def _gaps(subject: Subject) -> str:
    gaps = subject.comparison.gaps
    subs = sum("." in gap.technique for gap in gaps)
    who = "No input covers" if len(subject.inputs) > 1 else f"{subject.names[0]} does not cover"
    if not gaps:
        return "Every active technique is covered."
    partly = sum(gap.covered > 0 for gap in gaps)
    below = f" Of {partly:,} of them, some sub-techniques are covered." if partly else ""
    return (
        f"{who} {counted(len(gaps) - subs, 'technique')} and {counted(subs, 'sub-technique')}; "
        f"the appendix lists them.{below}"
    )
