"""Checks of mapping sets: findings, and fixes for those that have exactly one right correction."""

from navlayers.checks.finding import CheckedInput, Edit, Finding, Report, explanation
from navlayers.checks.fixes import FixedFile, fix
from navlayers.checks.render import FORMATS, render
from navlayers.checks.run import check

__all__ = [
    "FORMATS",
    "CheckedInput",
    "Edit",
    "Finding",
    "FixedFile",
    "Report",
    "check",
    "explanation",
    "fix",
    "render",
]
