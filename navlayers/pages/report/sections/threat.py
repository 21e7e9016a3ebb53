"""Gaps against a threat and a plan, where the report is about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.analysis.gaps import headline
from navlayers.analysis.gaps_layers import layers_of
from navlayers.analysis.plan.layer import plan_layer
from navlayers.analysis.plan.summary import against, summary
from navlayers.output.document import Paragraph
from navlayers.pages import gaps_tables as gap_tables
from navlayers.pages import plan_tables
from navlayers.pages.report.heatmaps import heatmap, of_gaps, of_plan
from navlayers.pages.report.sections import naming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block
    from navlayers.pages.report.subject import Subject

UNRATED = "What is mapped counts in full there, for the sets do not say how well."
"""Said of a plan of unscored sets."""

_DRAWN = ("coverage", "gap")


def gaps_blocks(subject: Subject) -> Iterator[Block]:
    """How much of the threat is covered, what is not, and by which capabilities; heatmaps of coverage and gap."""
    gaps = subject.gaps
    if gaps is None:
        return
    yield Paragraph(headline(gaps))
    for table in gap_tables.brief_tables(gaps):
        # What a terminal is told of files is in the appendix here.
        note = "The appendix has all." if table.note.startswith("…") else table.note
        yield naming.in_full(msgspec.structs.replace(table, note=note), subject.catalogue)
    for _, kind, layer in layers_of(gaps):
        if kind in _DRAWN:
            yield heatmap(subject, layer, layer.name, reading=of_gaps(gaps, kind))


def plan_blocks(subject: Subject) -> Iterator[Block]:
    """The chosen capabilities by what each adds, what comes next, who could take their place."""
    plan = subject.plan
    if plan is None:
        return
    sentences = [f"{sentence}." for sentence in (summary(plan), against(plan)) if sentence]
    yield Paragraph(" ".join([*sentences, *([UNRATED] if plan.counts else [])]))
    yield from plan_tables.brief_tables(plan)
    layer = plan_layer(plan)
    yield heatmap(subject, layer, layer.name, reading=of_plan(plan))
