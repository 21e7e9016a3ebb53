"""The one page of a report for a board: the answer, tactics, what to do next, the method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text.wording import and_list
from navlayers.analysis.gaps import using_groups
from navlayers.analysis.gaps_result import headline
from navlayers.analysis.plan.result import summary as plan_summary
from navlayers.analysis.plan.result import threat_coverage
from navlayers.output.document import Note, Paragraph
from navlayers.pages import compare as tables
from navlayers.pages import gaps as gap_tables
from navlayers.pages import plan as plan_tables
from navlayers.pages.report.heatmaps import full_names
from navlayers.pages.report.techniques import tactic_table
from navlayers.pages.results import Field, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from navlayers.output.document import Block
    from navlayers.output.tables import Table
    from navlayers.pages.report.input import ReportInput

_NEXT = 5
"""Rows of what to do next."""


def brief_blocks(data: ReportInput) -> Iterator[Block]:
    """The blocks below the numbers and the picture of the page."""
    sentences = [tables.headline(data.comparison)]
    if data.gaps is not None:
        sentences.append(headline(data.gaps))
    if data.plan is not None:
        sentences += [f"{text}." for text in (plan_summary(data.plan), threat_coverage(data.plan)) if text]
    yield Paragraph(" ".join(sentences))
    yield tactic_table(data)
    yield from next_steps(data)
    words = data.noun
    how = "" if words.threat or data.unscored else " whose score is above 0"
    inputs = and_list([coverage.title for coverage in data.comparison.every])
    yield Note(
        f"{words.covered.capitalize()}: a technique or sub-technique with a mapped {words.singular}{how}. "
        f"Sources: {inputs}, at {data.release}."
    )


def next_steps(data: ReportInput) -> Iterator[Table]:
    """What to do next, if there is something."""
    if not data.noun.threat and (following := _next(data)).rows:
        yield following


def _next(data: ReportInput) -> Table:
    """What to do next: the plan, or the first gaps of the threat, or the open techniques that most groups use."""
    if data.plan is not None:
        table = plan_tables.curve(data.plan, brief=True)
        title = f"Next: the first {data.noun.plural} of the plan"
        return msgspec.structs.replace(table, title=title, rows=table.rows[:_NEXT], note="")
    if data.gaps is not None:
        table = full_names(gap_tables.first_gaps(data.gaps, _NEXT), data)
        return msgspec.structs.replace(table, title="Next: close these gaps", note="")
    # Old releases have no groups; ids stay, so those of the newest do. Without any, no technique comes first.
    newest = attack.find(data.catalogue.domain).catalogue
    groups: Mapping[str, int] = using_groups(data.catalogue) or using_groups(newest) or {}
    every = [gap.technique for gap in data.comparison.gaps if groups]
    first = sorted(every, key=lambda technique: (-groups.get(technique, 0), technique))[:_NEXT]
    fields = [
        Field("technique", first, "technique"),
        Field("name", map(data.full_name, first)),
        Field("tactics", map(data.tactics, first)),
        Field("groups that use it", [groups.get(technique, 0) for technique in first], "number"),
    ]
    return table_of("next", f"Next: techniques that are not {data.noun.covered}", fields)
