"""What a report is asked for: title page, sections, paper."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from navlayers._text import nearest, shown
from navlayers.errors import Problem, UsageError
from navlayers.output.document import Logo, Paper

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
