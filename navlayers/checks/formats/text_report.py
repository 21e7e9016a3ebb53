"""A report as lines of text: `file:line:column: CODE message`; what is said many times is said once."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.checks.finding import Finding, Report

MANY = 4
"""From so many findings of one file that say the same on, the others are listed under the first."""

_WIDTH = 100


def render(report: Report) -> str:
    """The findings by file and place."""
    same: dict[tuple[str, ...], list[Finding]] = {}
    for finding in report.findings:
        same.setdefault((finding.place.path, finding.code, finding.text), []).append(finding)
    lines = []
    for finding in report.findings:
        group = same[finding.place.path, finding.code, finding.text]
        if len(group) < MANY:
            lines.append(str(finding))
        elif group[0] is finding:
            lines += [str(finding), *_also(group[1:])]
    return "".join(f"{line}\n" for line in lines)


def _also(others: list[Finding]) -> list[str]:
    places = ", ".join(f"{finding.place.line}:{finding.place.column}" for finding in others)
    text = f"and {len(others)} more at {places}"
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
