"""Options of a report."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from navlayers.errors import Problem, UsageError, unknown
from navlayers.output.document import Logo, Paper

SectionId: TypeAlias = Literal[
    "summary",
    "gaps",
    "plan",
    "heatmaps",
    "tactics",
    "history",
    "techniques",
    "capabilities",
    "non-mappable",
    "method",
    "appendix",
    "comments",
]
SECTIONS: tuple[SectionId, ...] = get_args(SectionId)
"""All sections in the order of the document; a section without data is left out."""

LONG: tuple[SectionId, ...] = ("appendix", "comments")
"""Sections on request, which may fill a book."""

USUAL: tuple[SectionId, ...] = tuple(section for section in SECTIONS if section not in LONG)
"""The sections of a report by default."""


class ReportOptions(msgspec.Struct, frozen=True):
    """Options of a report.

    Attributes:
        title: "": one that names the inputs.
        author: The author, "" for none.
        date: The date in any form, "" for none.
        logo: A picture for the title page.
        sections: Some of `SECTIONS`; their order in the document is fixed.
        paper: The paper of PDF and DOCX.
        brief: One page instead of sections.

    Raises:
        UsageError: A section is unknown, or there is none.
    """

    title: str = ""
    author: str = ""
    date: str = ""
    logo: Logo | None = None
    sections: tuple[SectionId, ...] = USUAL
    paper: Paper = "A4"
    brief: bool = False

    def __post_init__(self) -> None:
        if problems := unknown("section", self.sections, SECTIONS):
            raise UsageError(problems)
        if not self.sections:
            raise UsageError(Problem("no sections given", expected=", ".join(SECTIONS)))
