"""What was looked at and cannot be mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import joined
from navlayers.output.document import Paragraph
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.report.sections.numbers import counted
from navlayers.scoring.stats import non_mappable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.pages.report.subject import Subject

MOST = 10
"""So many of an input are told of; the appendix has all where there are more."""


def blocks(subject: Subject) -> Iterator[Block]:
    """Per input: how much, and the first of it."""
    for number, one in enumerate(subject.inputs):
        if one.is_layer:
            continue
        found = non_mappable(one.set)
        parts = [
            *([counted(found.capabilities, "capability", "capabilities")] if found.capabilities else []),
            *([counted(found.techniques, "technique")] if found.techniques else []),
            *(
                [counted(found.pairs, "pair of capability and technique", "pairs of capability and technique")]
                if found.pairs
                else []
            ),
        ]
        title = subject.names[number]
        if not parts:
            yield Paragraph(f"{title} records nothing that cannot be mapped.")
            continue
        yield Paragraph(f"{title} records {joined(parts)} as looked at and not to be mapped.")
        yield table(subject, number, MOST)


def table(subject: Subject, number: int, most: int | None = None) -> Table:
    """The records of an input, the first so many, or all; columns without anything are left out."""
    one = subject.inputs[number]
    names = {capability.id: capability.name for capability in one.set.capabilities}
    records = sorted(
        {
            (
                record.capability or "",
                record.capability_name or names.get(record.capability or "", ""),
                record.technique or "",
                _technique(subject, record.technique, record.technique_name),
                record.comment,
            )
            for record in one.set.non_mappable
        }
    )
    headers = (*columns("capability", "name"), Column("technique", "technique"), *columns("name", "comment"))
    used = [i for i in range(len(headers)) if any(record[i] for record in records)]
    rows: tuple[tuple[Cell, ...], ...] = tuple(tuple(record[i] for i in used) for record in records[:most])
    note = f"The appendix has all {len(records):,}." if len(rows) < len(records) else ""
    title = f"{subject.names[number]}: not mappable"
    return Table(f"not mappable in {one.name}", title, tuple(headers[i] for i in used), rows, note)


def _technique(subject: Subject, identifier: str | None, written: str | None) -> str:
    known = subject.catalogue.get(identifier) if identifier else None
    return known.name if known else written or ""
