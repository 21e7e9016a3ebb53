"""The techniques that are covered best and least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.output.document import Paragraph
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.report.sections import naming, numbers
from navlayers.pages.report.sections.numbers import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.analysis.compare import Row
    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Kind
    from navlayers.pages.report.subject import Subject

MOST = 10
"""So many of either kind are told of; the appendix has all."""

WEAK = 50
"""What scores as much is not among the weakest."""


def blocks(subject: Subject) -> Iterator[Block]:
    """Both lists where anything is covered, and how much is not covered at all."""
    rated = [row for row in subject.comparison.rows if row.best is not None]
    if rated:
        yield _ranked(subject, "Strongest", rated, -1)
        weak = [row for row in rated if _by_number(subject) or (row.best or 0) < WEAK]
        if weak:
            yield _ranked(subject, "Weakest of what is covered", weak, 1)
        else:
            yield Paragraph(f"Nothing that is covered scores below {WEAK:g}.")
    yield Paragraph(_gaps(subject))


def _by_number(subject: Subject) -> bool:
    """Whether scores say nothing beyond how many capabilities there are."""
    return subject.comparison.counts or subject.comparison.covered_only


def _ranked(subject: Subject, title: str, rows: Sequence[Row], sign: int) -> Table:
    """The first by score, then by number of capabilities; `sign`: from the highest -1, from the lowest 1."""

    def rank(row: Row) -> tuple[float, float]:
        score = 0 if _by_number(subject) and subject.sets else row.best or 0
        return sign * score, sign * subject.capabilities(row.technique)

    order = sorted(rows, key=lambda row: (*rank(row), row.technique))
    told = order[:MOST]
    which, number = ("highest", "most") if sign < 0 else ("lowest", "fewest")
    parts = [f"{number} capabilities"] if subject.sets else []
    parts = parts if _by_number(subject) and parts else [f"{which} score", *parts]
    note = f"{', then '.join(parts)} first"
    more = sum(rank(row) == rank(told[-1]) for row in order[MOST:])
    if more:
        note += f", then by id: {more:,} more {'is' if more == 1 else 'are'} like the last of these"
    return _table(subject, title, told, f"{note[:1].upper()}{note[1:]}.")


def _table(subject: Subject, title: str, rows: Sequence[Row], note: str) -> Table:
    comparison = subject.comparison
    several = len(subject.inputs) > 1
    names = [one.name for one in subject.inputs]
    kind: Kind = "number" if comparison.counts else "score"
    # A single input's numbers of capabilities are in the last column.
    bare = comparison.covered_only or (comparison.counts and not several and bool(subject.sets))
    scores = () if bare else columns(*(names if several else ["score"]), kind=kind)
    by_category = () if several or comparison.covered_only else numbers.categories(subject, subject.inputs[0])
    by_category = by_category if len(by_category) > 1 else ()
    found = (Column("technique", "technique"), *columns("name", "tactics"), *scores)
    found += tuple(Column(category, kind, category) for category in by_category)
    found += (Column("capabilities", "number"),) if subject.sets else ()
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
        cells += [subject.capabilities(row.technique)] if subject.sets else []
        made.append(tuple(cells))
    return Table(title.lower(), title, found, tuple(made), note)


def _gaps(subject: Subject) -> str:
    gaps = subject.comparison.gaps
    subs = sum("." in gap.technique for gap in gaps)
    who = "No input covers" if len(subject.inputs) > 1 else f"{subject.names[0]} does not cover"
    if not gaps:
        return "Every active technique is covered."
    partly = sum(gap.covered > 0 for gap in gaps)
    has = "One of them has" if partly == 1 else f"{partly:,} of them have"
    below = f" {has} sub-techniques that are covered." if partly else ""
    return (
        f"{who} {counted(len(gaps) - subs, 'technique')} and {counted(subs, 'sub-technique')}; "
        f"the appendix lists them.{below}"
    )
