"""The capabilities of a report's sets, their non-mappable records, and the comments of their mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.links import web_links
from navlayers._text.numbers import rounded
from navlayers._text.wording import and_list, first_few, quantity
from navlayers.output.document import Paragraph
from navlayers.pages.charts import flow_chart
from navlayers.pages.report.input import optional
from navlayers.pages.results import Field, table_of
from navlayers.scoring.options import UNSPECIFIED
from navlayers.scoring.stats import non_mappable, non_mappable_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block, Chart
    from navlayers.output.tables import Table
    from navlayers.pages.report.input import ReportInput
    from navlayers.scoring.coverage import Coverage

LISTED = 10
"""Rows per input in a section; the appendix has all."""

_NAMED = 3


def capability_blocks(data: ReportInput) -> Iterator[Block]:
    """The flow from the capabilities of a single input to tactics; the capabilities of each that cover most."""
    if not data.several and data.sets and (chart := _flow(data)) is not None:
        yield chart
    for number in data.sets:
        ranked = data.ranked[number]
        if not ranked:
            continue
        top = ranked[0].stats
        words = data.inputs[number].noun
        cover = f"{words.cover}s" if len(ranked) == 1 else words.cover
        text = (
            f"{data.names[number]}: {words.counted(len(ranked))} {cover} at least one technique; "
            f"{ranked[0].label} {words.cover}s the most "
            f"({top.techniques + top.subtechniques:,})."
        )
        if needed := sum(bool(capability.only) for capability in ranked):
            most = max(ranked, key=lambda capability: len(capability.only))
            cover = f"{words.cover}s" if needed == 1 else words.cover
            text += (
                f" {words.counted(needed)} {cover} techniques that no other of the set {words.cover}s; "
                f"{most.label} the most ({len(most.only):,})."
            )
        yield Paragraph(text)
        yield capability_table(data, number, LISTED)


def _flow(data: ReportInput) -> Chart | None:
    (coverage,) = data.inputs
    covering = {technique: [capability for _, capability in every] for technique, every in data.covering.items()}
    return flow_chart(coverage.set, coverage.scored.mappings, data.catalogue, covering, coverage.noun)


def capability_table(data: ReportInput, number: int, most: int | None = None) -> Table:
    """The capabilities of an input; the first `most`, with some of what only they cover, or all."""
    coverage, every = data.inputs[number], data.ranked[number]
    ranked = every[:most]
    category = data.comparison.category
    unscored = coverage.counts or coverage.covered_only
    categories = [c for c in coverage.scored.rules.scored_categories if not unscored and category in (None, c)]
    in_set = " in the set" if data.several else ""

    def mean(c: str) -> Field:
        means = [rounded(r.stats.categories[c].mean, 1) if c in r.stats.categories else None for r in ranked]
        if c == UNSPECIFIED:
            return Field("mean score", means, "score")
        return Field(f"mean {c}", means, "score", category=c)

    covered = [r.stats.techniques + r.stats.subtechniques for r in ranked]
    fields = [
        Field(coverage.noun.singular, [r.label for r in ranked]),
        Field("techniques", [r.stats.techniques for r in ranked], "number"),
        Field("sub-techniques", [r.stats.subtechniques for r in ranked], "number"),
        Field("of the matrix", [100 * part / data.comparison.active for part in covered], "percent"),
        *map(mean, categories),
        Field(f"unique{in_set}", [len(r.only) for r in ranked], "number"),
        Field("unique overall", [len(r.only_of_all) for r in ranked], "number", data.several),
        Field(f"unique techniques{in_set}", [first_few(r.only, most and _NAMED) for r in ranked]),
    ]
    note = f"The first {len(ranked)} of {len(every):,}." if len(every) > len(ranked) else ""
    words = coverage.noun
    title = f"{data.names[number]}: {words.plural} by what they {words.cover}"
    return table_of(f"capabilities of {coverage.name}", title, fields, note)


def non_mappable_blocks(data: ReportInput) -> Iterator[Block]:
    """The number of records of each input, and the first of them."""
    for number in data.sets:
        records, words = non_mappable(data.inputs[number].set), data.inputs[number].noun
        kinds = (
            (records.capabilities, words.singular, words.plural),
            (records.techniques, "technique", ""),
            (records.pairs, f"pair of {words.singular} and technique", f"pairs of {words.singular} and technique"),
        )
        parts = [quantity(*kind) for kind in kinds if kind[0]]
        if parts:
            yield Paragraph(f"{data.names[number]} records {and_list(parts)} as non-mappable.")
            yield non_mappable_table(data, number, LISTED)
        else:
            yield Paragraph(f"{data.names[number]} has no non-mappable records.")


def non_mappable_table(data: ReportInput, number: int, most: int | None = None) -> Table:
    """The non-mappable records of an input, the first `most` or all."""
    coverage = data.inputs[number]
    names = {capability.id: capability.name for capability in coverage.set.capabilities}
    records = set()
    for record in non_mappable_records(coverage.set):
        capability, technique = record.capability or "", record.technique or ""
        known = data.catalogue.get(technique)
        name = known.name if known else record.technique_name or ""
        capability_name = record.capability_name or names.get(capability, "")
        records.add((capability, capability_name, technique, name, record.comment))
    rows = sorted(records)
    # A column is there if any record has a value for it, even if none of the first rows does.
    used = [any(row[i] for row in rows) for i in range(5)]
    headers = (coverage.noun.singular, "name", "technique", "name", "comment")
    fields = [
        Field(header, [row[i] for row in rows[:most]], "technique" if header == "technique" else "text", used[i])
        for i, header in enumerate(headers)
    ]
    note = f"The first {most} of {len(rows):,}." if most and len(rows) > most else ""
    return table_of(f"non-mappable in {coverage.name}", f"{data.names[number]}: non-mappable", fields, note)


def comment_blocks(data: ReportInput) -> Iterator[Block]:
    """A table of comments and references per set that has any."""
    for number in data.sets:
        table = _comment_table(data.inputs[number], data.comparison.category)
        if table.rows:
            yield table


def _comment_table(coverage: Coverage, category: str | None) -> Table:
    """A row per capability and comment: the techniques that it is about, its text, its references."""
    groups: dict[tuple[str, str, str], set[str]] = {}
    for mapping in coverage.scored.mappings:
        references = "\n".join(sorted(web_links(mapping.references)))
        if category in (None, mapping.category) and (mapping.comment or references):
            key = (coverage.labels.get(mapping.capability, mapping.capability), mapping.comment, references)
            rated = " ".join(text for text in (mapping.technique, mapping.category, mapping.value) if text)
            groups.setdefault(key, set()).add(rated)
    rows = sorted((label, "\n".join(sorted(rated)), *rest) for (label, *rest), rated in groups.items())
    headers = (coverage.noun.singular, "techniques", "comment", "references")
    fields = [optional(header, [row[i] for row in rows]) for i, header in enumerate(headers)]
    title = f"{coverage.name}: comments and references of the mappings"
    return table_of(f"comments of {coverage.name}", title, fields, long=True)
