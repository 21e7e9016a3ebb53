"""Capabilities by what they cover, what cannot be mapped, comments of mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import counted, joined, web_links
from navlayers.output.document import Paragraph
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.report.wording import names_of
from navlayers.scoring.scores import UNSPECIFIED
from navlayers.scoring.stats import non_mappable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.output.tables import Cell
    from navlayers.pages.report.subject import Subject
    from navlayers.scoring.coverage import Coverage


MOST = 10
"""So many of an input are told of; the appendix has all."""
_NAMED = 6


def capability_blocks(subject: Subject) -> Iterator[Block]:
    """The first of each input."""
    for number in subject.sets:
        ranked = subject.ranked[number]
        if not ranked:
            continue
        yield Paragraph(_sentence_of(subject, number))
        yield capability_table(subject, number, MOST)


def _sentence_of(subject: Subject, number: int) -> str:
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


def capability_table(subject: Subject, number: int, most: int | None = None) -> Table:
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
        only = names_of(rank.only, _NAMED if most else len(rank.only))
        rows.append((rank.label, stats.techniques, stats.subtechniques, share, *means, *counts, only))
    more = len(ranked) - len(rows)
    note = f"The appendix has all {len(ranked):,}." if more > 0 else ""
    title = f"{subject.names[number]}: capabilities by what they cover"
    return Table(f"capabilities of {one.name}", title, found, tuple(rows), note)


def _mean(category: str) -> Column:
    if category == UNSPECIFIED:
        return Column("mean score", "score")
    return Column(f"mean {category}", "score", category)


MOST = 10
"""So many of an input are told of; the appendix has all where there are more."""


def non_mappable_blocks(subject: Subject) -> Iterator[Block]:
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
        yield non_mappable_table(subject, number, MOST)


def non_mappable_table(subject: Subject, number: int, most: int | None = None) -> Table:
    """The records of an input, the first so many, or all; columns without anything are left out."""
    one = subject.inputs[number]
    names = {capability.id: capability.name for capability in one.set.capabilities}
    records = sorted(
        {
            (
                record.capability or "",
                record.capability_name or names.get(record.capability or "", ""),
                record.technique or "",
                _recorded_name(subject, record.technique, record.technique_name),
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


def _recorded_name(subject: Subject, identifier: str | None, written: str | None) -> str:
    known = subject.catalogue.get(identifier) if identifier else None
    return known.name if known else written or ""


def comment_blocks(subject: Subject) -> Iterator[Block]:
    """A table per set that has any."""
    for one in subject.inputs:
        if not one.is_layer:
            found = comment_table(one, subject.comparison.category)
            if found.rows:
                yield found


def comment_table(one: Coverage, category: str | None) -> Table:
    """A row per capability and comment: the techniques that it is about, its text, its references."""
    groups: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for mapping in one.scored.mappings:
        references = tuple(sorted(web_links(mapping.references)))
        if category in (None, mapping.category) and (mapping.comment or references):
            key = (mapping.capability, mapping.comment, references)
            rated = " ".join(text for text in (mapping.technique, mapping.category, mapping.value) if text)
            groups.setdefault(key, set()).add(rated)
    rows = sorted(
        (one.labels.get(capability, capability), "\n".join(sorted(techniques)), comment, "\n".join(references))
        for (capability, comment, references), techniques in groups.items()
    )
    found = columns("capability", "techniques", "comment", "references")
    used = [i for i in range(len(found)) if any(row[i] for row in rows)]
    title = f"{one.name}: comments and references of the mappings"
    shown = tuple(tuple(row[i] for i in used) for row in rows)
    return Table(f"comments of {one.name}", title, tuple(found[i] for i in used), shown, long=True)
