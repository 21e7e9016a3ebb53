"""A report as GitHub's workflow commands, which annotate lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.checks.formats.paths import relative

if TYPE_CHECKING:
    from navlayers.checks.finding import Finding, Report


def render(report: Report) -> str:
    """A line per finding."""
    return "".join(_line(finding) for finding in report.findings)


def _line(finding: Finding) -> str:
    place = finding.place
    fields = {"file": relative(place.path)}
    if place.line:
        fields |= {"line": str(place.line)}
    if place.line and place.column:
        fields |= {"col": str(place.column)}
    fields["title"] = finding.code
    said = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    command = "notice" if finding.level == "note" else finding.level
    return f"::{command} {said}::{_data(finding.text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
