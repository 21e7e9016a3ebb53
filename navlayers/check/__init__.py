"""Finding what is wrong in mapping sets, and mending what has one right answer."""

from navlayers.check.explain import explanation
from navlayers.check.finding import Checked, Edit, Finding, Report
from navlayers.check.fix import Mended, mend
from navlayers.check.formats import FORMATS, render
from navlayers.check.run import check
from navlayers.check.texts import Texts

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
