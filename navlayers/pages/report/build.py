"""Build a report: its options, its sections, its title page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import msgspec

from navlayers._text import joined, nearest, shown
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.errors import Problem, UsageError
from navlayers.output.document import Document, Logo, Paper, Section
from navlayers.pages.report.capabilities import capability_blocks, comment_blocks, non_mappable_blocks
from navlayers.pages.report.heatmaps import gaps_blocks, heatmap_blocks, plan_blocks
from navlayers.pages.report.method import appendix_blocks, method_blocks
from navlayers.pages.report.summary import summary_blocks
from navlayers.pages.report.techniques import tactic_blocks, technique_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.output.document import Block
    from navlayers.pages.report.subject import Subject

SectionId: TypeAlias = Literal[
    "summary",
    "heatmaps",
    "tactics",
    "techniques",
    "capabilities",
    "non-mappable",
    "gaps",
    "plan",
    "method",
    "appendix",
    "comments",
]
SECTIONS: tuple[SectionId, ...] = get_args(SectionId)
"""Every section in the order of the document. "gaps" and "plan" are there where a threat or a plan is."""

USUAL: tuple[SectionId, ...] = tuple(name for name in SECTIONS if name != "comments")
"""Those of a report that nobody asks anything else of: comments of mappings may be a book by themselves."""


class ReportOptions(msgspec.Struct, frozen=True):
    """Options of a report.

    `title`: "" for one that is made of the names of the sets. `date` stands as it is given. `sections`: which of
    `SECTIONS`, in whatever order; the order of the document is fixed. `paper` is that of PDF and DOCX.

    Raises:
        UsageError: there is no such section, or none is asked for.
    """

    title: str = ""
    author: str = ""
    date: str = ""
    logo: Logo | None = None
    sections: tuple[SectionId, ...] = USUAL
    paper: Paper = "A4"

    def __post_init__(self) -> None:
        unknown = [name for name in self.sections if name not in SECTIONS]
        if unknown:
            message = f"sections: there is no {shown(unknown[0])}"
            raise UsageError(Problem(message, expected=", ".join(SECTIONS), hint=nearest(unknown[0], SECTIONS)))
        if not self.sections:
            raise UsageError(Problem("sections: none is asked for", expected=", ".join(SECTIONS)))


_OPTIONS = ReportOptions()

_NAMED = 5
"""Maximum number of inputs named in the title."""

_MAKERS: dict[SectionId, tuple[str, Callable[[Subject], Iterator[Block]]]] = {
    "summary": ("Summary", summary_blocks),
    "heatmaps": ("Heatmaps", heatmap_blocks),
    "tactics": ("Coverage per tactic", tactic_blocks),
    "techniques": ("Strongest and weakest", technique_blocks),
    "capabilities": ("Capabilities", capability_blocks),
    "non-mappable": ("Not mappable", non_mappable_blocks),
    "gaps": ("Against the threat", gaps_blocks),
    "plan": ("Plan", plan_blocks),
    "method": ("Method and sources", method_blocks),
    "appendix": ("Appendix", appendix_blocks),
    "comments": ("Comments and references", comment_blocks),
}
"""Section → its heading and what makes its blocks; one without blocks is left out."""


class Report(NamedTuple):
    """A report: the document, and what it is about, which pages that are explored show more of."""

    document: Document
    subject: Subject
    options: ReportOptions


def make_report(subject: Subject, options: ReportOptions = _OPTIONS) -> Report:
    """Work out what a report says.

    Raises:
        UsageError: none of the sections that are asked for has anything to say.
    """
    made = tuple(_sections(subject, options))
    if not made:
        message = f"there is nothing to say in the section{'s' * (len(options.sections) > 1)} "
        hint = "--threat makes gaps, --budget or --target makes plan"
        raise UsageError(Problem(message + joined(list(options.sections)), hint=hint))
    return Report(
        Document(
            title=options.title or _title(subject),
            subtitle=_subtitle(subject),
            author=options.author,
            date=options.date,
            logo=options.logo,
            facts=_facts(subject),
            sections=made,
            paper=options.paper,
        ),
        subject,
        options,
    )


def _title(subject: Subject) -> str:
    names = list(subject.names)
    more = len(names) - _NAMED
    return f"ATT&CK coverage of {joined([*names[:_NAMED], f'{more} more'] if more > 0 else names)}"


def _subtitle(subject: Subject) -> str:
    catalogue = subject.catalogue
    titles = joined([one.title for one in subject.inputs])
    return f"{titles}, at MITRE ATT&CK {DOMAIN_NAMES[catalogue.domain]} {catalogue.version}"


def _sections(subject: Subject, options: ReportOptions) -> Iterator[Section]:
    for name in SECTIONS:
        if name in options.sections:
            title, blocks = _MAKERS[name]
            made = tuple(blocks(subject))
            if made:
                yield Section(name, title, made)


def _facts(subject: Subject) -> tuple[tuple[str, str], ...]:
    """What stands on the title page."""
    catalogue, category = subject.catalogue, subject.comparison.category
    found = [
        ("ATT&CK release", f"{DOMAIN_NAMES[catalogue.domain]} {catalogue.version}"),
        ("Inputs" if len(subject.inputs) > 1 else "Input", joined([one.title for one in subject.inputs])),
        (_what(subject), "overall" if category is None else f"{category} only"),
    ]
    found += [("Threat", subject.gaps.threat.title)] if subject.gaps else []
    return tuple(found)


def _what(subject: Subject) -> str:
    if subject.comparison.covered_only:
        return "Whether covered"
    return "Numbers of capabilities" if subject.comparison.counts else "Scores"
