"""The appendix: everything that the sections told the first of, and every technique with its mappings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from navlayers.layer.annotate import View, comment
from navlayers.layer.colors import value_gradient
from navlayers.output.tables import Column, Table, columns
from navlayers.pages import gaps_tables as gap_tables
from navlayers.pages import plan_tables
from navlayers.pages.report.sections import capabilities, naming, non_mappable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell, Kind
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage


_USERS = 5
"""So many users and capabilities of a technique stand in a cell."""


def blocks(subject: Subject) -> Iterator[Block]:
    """Mappings per technique, what is not covered, all capabilities, all that cannot be mapped."""
    return (msgspec.structs.replace(table, long=True) for table in _tables(subject))


def _tables(subject: Subject) -> Iterator[Table]:
    for number in range(len(subject.inputs)):
        yield mappings(subject, number)
    if subject.comparison.gaps:
        yield not_covered(subject)
    for number in subject.sets:
        whole = capabilities.table(subject, number)
        if len(whole.rows) > capabilities.MOST:
            yield whole
    for number, one in enumerate(subject.inputs):
        if not one.is_layer:
            records = non_mappable.table(subject, number)
            if len(records.rows) > non_mappable.MOST:
                yield records
    if subject.gaps is not None:
        whole = naming.in_full(gap_tables.techniques(subject.gaps, _USERS), subject.catalogue)
        yield naming.without(whole, "weight", "used by", "best by")
    if subject.plan is not None:
        yield plan_tables.capabilities(subject.plan)


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
    """The active techniques that no input covers; sub-techniques by themselves where others beside them are."""
    catalogue = subject.catalogue
    looked_at = _non_mappable(subject)
    gaps = {gap.technique: gap for gap in subject.comparison.gaps}
    rows: list[tuple[Cell, ...]] = []
    for gap in gaps.values():
        above = gaps.get(catalogue.techniques[gap.technique].parent or "")
        if above is not None and not above.covered:
            continue
        below = (gap.covered, gap.total) if gap.total else (None, None)
        names = (naming.full_name(catalogue, gap.technique), naming.tactics(catalogue, gap.technique))
        rows.append((gap.technique, *names, *below, ", ".join(looked_at.get(gap.technique, ()))))
    found = (
        Column("technique", "technique"),
        *columns("name", "tactics"),
        *columns("sub-techniques covered", "of", kind="number"),
        Column("not mappable by"),
    )
    who = "no input covers" if len(subject.inputs) > 1 else f"{subject.names[0]} does not cover"
    note = "Where none of a technique's sub-techniques is covered, these are not listed by themselves."
    whole = Table("not covered", f"Active techniques that {who}", found, tuple(rows), note)
    return naming.without(whole, *(() if looked_at else ("not mappable by",)))


def _non_mappable(subject: Subject) -> dict[str, list[str]]:
    """Technique id → the inputs that record it as looked at and not to be mapped."""
    found: dict[str, list[str]] = {}
    for one in subject.inputs:
        for technique in sorted({r.technique for r in one.set.non_mappable if r.technique and not r.capability}):
            found.setdefault(technique, []).append(one.name)
    return found


def _comments(one: Coverage) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for mapping in one.scored.mappings:
        if mapping.comment:
            found.setdefault(mapping.technique, []).append(mapping.comment)
    return {technique: "\n".join(dict.fromkeys(texts)) for technique, texts in found.items()}
