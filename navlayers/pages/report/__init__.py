"""Documents that people attach: a report of mapping sets, of a comparison, of gaps, of a plan.

`make_report(subject)` works out what it says, `render_report(report, "pdf")` makes a file of it.
"""

from __future__ import annotations

from navlayers.output.document import Document
from navlayers.pages.report.build import SECTIONS, Report, ReportOptions, make_report
from navlayers.pages.report.subject import Subject, subject_of

__all__ = [
    "SECTIONS",
    "Document",
    "Report",
    "ReportOptions",
    "Subject",
    "make_report",
    "subject_of",
]
