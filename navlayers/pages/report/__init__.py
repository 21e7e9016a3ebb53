"""Reports: documents about mapping sets, alone, compared, against a threat, with a plan.

`report_input` collects the data, `make_report` makes the document of it.
"""

from navlayers.pages.report.build import SECTIONS, Report, ReportOptions, make_report
from navlayers.pages.report.input import ReportInput, report_input

__all__ = ["SECTIONS", "Report", "ReportInput", "ReportOptions", "make_report", "report_input"]
