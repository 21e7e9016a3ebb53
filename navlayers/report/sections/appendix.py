"""The appendix: everything that the sections told the first of, and every technique with its mappings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from navlayers.gaps import tables as gap_tables
from navlayers.layers.annotate import View, comment
from navlayers.layers.palette import value_gradient
from navlayers.plan import tables as plan_tables
from navlayers.report.document import Rows
from navlayers.report.sections import capabilities, naming, non_mappable
from navlayers.tables import Column, Table, columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.coverage import Coverage
    from navlayers.report.document import Block
    from navlayers.report.subject import Subject
    from navlayers.tables import Cell, Kind


def blocks(subject: Subject) -> Iterator[Block]:
    """Mappings per technique, what is not covered, all capabilities, all that cannot be mapped."""
    for number in range(len(subject.inputs)):
        yield Rows(mappings(subject, number), long=True)
    if subject.comparison.gaps:
        yield Rows(not_covered(subject), long=True)
    for number in capabilities.told(subject):
        whole = capabilities.table(subject, number)
        if len(whole.rows) > capabilities.MOST:
            yield Rows(whole, long=True)
    for number, one in enumerate(subject.inputs):
        if not one.is_layer:
            records = non_mappable.table(subject, number)
            if len(records.rows) > non_mappable.MOST:
                yield Rows(records, long=True)
    if subject.gaps is not None:
        yield Rows(gap_tables.techniques(subject.gaps, 5), long=True)
    if subject.plan is not None:
        yield Rows(plan_tables.capabilities(subject.plan), long=True)


def mappings(subject: Subject, number: int) -> Table:
    """Every technique that an input covers: its score, and per category who gives what, strongest first."""
    one, title = subject.inputs[number], subject.names[number]
    category = subject.comparison.category
    view = View(one.scored.rules, category, value_gradient(category, 100), one.labels)
    notes = _comments(one) if one.is_layer else {}
    kind: Kind = "number" if one.counts else "score"
    found = (Column("technique", "technique"), Column("name"), Column("score", kind), Column("mappings"))
    rows: list[tuple[Cell, ...]] = []
    for technique, score in sorted(one.measures(category).items()):
        entry = one.entries[technique]
        text = notes.get(technique, "") if one.is_layer else comment(entry, view, sys.maxsize)
        name = naming.full_name(subject.catalogue, technique)
        rows.append((technique, name, "not rated" if score is None else score, text))
    what = "what the layer says of each technique" if one.is_layer else "every technique with its mappings"
    return Table(f"mappings of {one.name}", f"{title}: {what}", found, tuple(rows))


def not_covered(subject: Subject) -> Table:
    """The active techniques that no input covers; of those with sub-techniques, how many of these are covered."""
    catalogue = subject.catalogue
    rows: list[tuple[Cell, ...]] = []
    for gap in subject.comparison.gaps:
        below = (gap.covered, gap.total) if gap.total else (None, None)
        names = (naming.full_name(catalogue, gap.technique), naming.tactics(catalogue, gap.technique))
        rows.append((gap.technique, *names, *below))
    found = (
        Column("technique", "technique"),
        *columns("name", "tactics"),
        *columns("sub-techniques covered", "of", kind="number"),
    )
    who = "no input covers" if len(subject.inputs) > 1 else f"{subject.names[0]} does not cover"
    return Table("not covered", f"Active techniques that {who}", found, tuple(rows))


def _comments(one: Coverage) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for mapping in one.scored.mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, []).append(mapping.comment)
    return {technique: "\n".join(dict.fromkeys(texts)) for technique, texts in found.items()}
