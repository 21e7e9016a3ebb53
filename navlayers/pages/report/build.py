"""Make a report: its sections, its title page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.wording import and_list
from navlayers.errors import Problem, UsageError
from navlayers.output.document import Document, Section, with_own_pages
from navlayers.output.tables import Span, Table
from navlayers.pages.charts import tactic_chart
from navlayers.pages.report.brief import brief_blocks
from navlayers.pages.report.capabilities import capability_blocks, comment_blocks, non_mappable_blocks
from navlayers.pages.report.heatmaps import gaps_blocks, heatmap_blocks, overview, plan_blocks
from navlayers.pages.report.method import appendix_blocks, method_blocks
from navlayers.pages.report.options import SECTIONS, ReportOptions, SectionId
from navlayers.pages.report.summary import summary_blocks, title_numbers
from navlayers.pages.report.techniques import tactic_blocks, technique_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from navlayers.output.document import Block, Content
    from navlayers.pages.report.input import ReportInput


def _history_blocks(data: ReportInput) -> Iterable[Block]:
    """The history, if there is one."""
    if data.history is None:
        return ()
    from navlayers.pages.history import section_blocks  # noqa: PLC0415 - few reports have one

    return section_blocks(data.history)


_BLOCKS: dict[SectionId, tuple[str, Callable[[ReportInput], Iterable[Block]]]] = {
    "summary": ("Summary", summary_blocks),
    "gaps": ("Against the threat", gaps_blocks),
    "plan": ("Plan", plan_blocks),
    "heatmaps": ("Heatmaps", heatmap_blocks),
    "tactics": ("Coverage per tactic", tactic_blocks),
    "history": ("Over time", _history_blocks),
    "techniques": ("Strongest and weakest", technique_blocks),
    "capabilities": ("Capabilities", capability_blocks),
    "non-mappable": ("Non-mappable", non_mappable_blocks),
    "method": ("Method and sources", method_blocks),
    "appendix": ("Appendix", appendix_blocks),
    "comments": ("Comments and references", comment_blocks),
}
# Titles of sections about threats, which cover nothing.
_OF_THREATS: dict[SectionId, str] = {"tactics": "Techniques per tactic", "techniques": "Most and least"}
_NAMED = 5
"""Inputs named in the title."""


class Report(NamedTuple):
    """A report: the document, and the data behind it, of which HTML shows more."""

    document: Document
    data: ReportInput


def make_report(data: ReportInput, options: ReportOptions = ReportOptions()) -> Report:
    """Make the document of a report.

    Raises:
        UsageError: None of the sections has data.
    """
    figures = tuple(heatmap_blocks(data))
    sections = [Section("brief", "", tuple(map(_without_empty, brief_blocks(data))))] if options.brief else []
    for name in SECTIONS:
        if name in options.sections and not options.brief:
            title, blocks = _BLOCKS[name]
            if name == "capabilities":
                title = data.noun.plural.capitalize()
            elif data.noun.threat:
                title = _OF_THREATS.get(name, title)
            sections.append(
                Section(name, title, tuple(map(_without_empty, figures if name == "heatmaps" else blocks(data))))
            )
    sections = [section for section in sections if section.blocks]
    if not sections:
        message = f"no data for the section{'s' * (len(options.sections) > 1)} "
        hint = "--threat adds gaps, --budget or --target plan, --history history"
        raise UsageError(Problem(message + and_list(list(options.sections)), hint=hint))
    kind = "techniques" if data.noun.threat else "coverage"
    names, more = list(data.names[:_NAMED]), len(data.names) - _NAMED
    category = data.comparison.category
    scores = f"Numbers of {data.noun.plural}" if data.comparison.counts else "Scores"
    facts: list[tuple[str, Content]] = [
        ("Inputs" if data.several else "Input", tuple(_titles(data))),
        (
            f"Whether {data.noun.covered}" if data.comparison.covered_only else scores,
            f"{category} only" if category else "overall",
        ),
        *([("Threat", data.gaps.threat.title)] if data.gaps else []),
        *([("To be covered", and_list([each.threat.title for each in data.threats]))] if data.threats else []),
    ]
    against = f" against {data.gaps.threat.title}" if data.gaps else ""
    title = f"ATT&CK {kind} of {and_list([*names, f'{more} more'] if more > 0 else names)}{against}"
    document = Document(
        title=options.title or title,
        subtitle=f"MITRE {data.release}{against if options.title else ''}",
        author=options.author,
        date=options.date,
        logo=options.logo,
        facts=() if options.brief else tuple(facts),
        sections=tuple(sections),
        paper=options.paper,
        numbers=title_numbers(data),
        picture=msgspec.structs.replace(overview(data, figures), marked=data.hole.tactics),
        chart=None if options.brief else tactic_chart(data.comparison, data.gaps, data.hole),
        brief=options.brief,
    )
    return Report(with_own_pages(document, data.catalogue.own_pages), data)


def _titles(data: ReportInput) -> Iterator[str]:
    """The inputs with their versions: `a 1, b 2 and c`."""
    last = len(data.inputs) - 1
    for number, coverage in enumerate(data.inputs):
        before = "" if not number else " and " if number == last else ", "
        yield f"{before}{coverage.set.name}"
        if version := coverage.set.shown_version:
            yield " "
            yield Span(version, tag=True)


def _without_empty(block: Block) -> Block:
    """A table without columns whose cells are all empty; any other block as it is."""
    if not isinstance(block, Table) or not block.rows:
        return block
    empty = (None, "")
    return block.only([i for i in range(len(block.columns)) if any(row[i] not in empty for row in block.rows)])
