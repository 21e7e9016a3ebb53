"""A report as JSON: its findings and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.checks.formats.jsonfile import indented

if TYPE_CHECKING:
    from navlayers.checks.finding import Report


def render(report: Report) -> str:
    """An object with the inputs, the findings and their number by level."""
    findings = [
        {
            "path": finding.place.path,
            "line": finding.place.line,
            "column": finding.place.column,
            "code": finding.code,
            "level": finding.level,
            "message": finding.message,
            "expected": finding.expected,
            "hint": finding.hint,
            "fixable": bool(finding.fix),
        }
        for finding in report.findings
    ]
    checked = [{"path": path, "format": format_} for path, format_, _ in report.checked]
    result = {"checked": checked, "errors": report.errors, "warnings": report.warnings, "findings": findings}
    return indented(result)
