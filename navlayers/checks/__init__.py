"""Finding what is wrong in mapping sets, and mending what has one right answer."""

from navlayers.checks.codes import explanation
from navlayers.checks.finding import Checked, Edit, Finding, Report
from navlayers.checks.fix import Mended, mend
from navlayers.checks.formats import FORMATS, render
from navlayers.checks.run import check
from navlayers.checks.texts import Texts

__all__ = [
    "FORMATS",
    "Checked",
    "Edit",
    "Finding",
    "Mended",
    "Report",
    "Texts",
    "check",
    "explanation",
    "mend",
    "render",
]
