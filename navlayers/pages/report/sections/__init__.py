"""The sections of a report: a module each, whose `blocks(subject)` gives what it holds; nothing for no section."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from navlayers._text import joined
from navlayers.layer.describe import DOMAIN_NAMES
from navlayers.pages.report import heatmaps
from navlayers.pages.report.sections import (
    appendix,
    capabilities,
    comments,
    method,
    non_mappable,
    summary,
    tactics,
    techniques,
    threat,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.output.document import Block
    from navlayers.pages.report.options import SectionId
    from navlayers.pages.report.subject import Subject

Maker: TypeAlias = "tuple[str, Callable[[Subject], Iterator[Block]]]"

MAKERS: dict[SectionId, Maker] = {
    "summary": ("Summary", summary.blocks),
    "heatmaps": ("Heatmaps", heatmaps.heatmaps),
    "tactics": ("Coverage per tactic", tactics.blocks),
    "techniques": ("Strongest and weakest", techniques.blocks),
    "capabilities": ("Capabilities", capabilities.blocks),
    "non-mappable": ("Not mappable", non_mappable.blocks),
    "gaps": ("Against the threat", threat.gaps_blocks),
    "plan": ("Plan", threat.plan_blocks),
    "method": ("Method and sources", method.blocks),
    "appendix": ("Appendix", appendix.blocks),
    "comments": ("Comments and references", comments.blocks),
}
"""Section → its heading and what makes its blocks."""


def facts(subject: Subject) -> tuple[tuple[str, str], ...]:
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
