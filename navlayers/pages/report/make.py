"""A subject → the document about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text import joined
from navlayers.errors import Problem, UsageError
from navlayers.layer.describe import DOMAIN_NAMES
from navlayers.output.document import Document, Section
from navlayers.pages.report import sections
from navlayers.pages.report.options import SECTIONS, ReportOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.pages.report.subject import Subject

_OPTIONS = ReportOptions()
_NAMED = 5
"""So many inputs are named in the title."""


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
            facts=sections.facts(subject),
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
            title, blocks = sections.MAKERS[name]
            made = tuple(blocks(subject))
            if made:
                yield Section(name, title, made)
