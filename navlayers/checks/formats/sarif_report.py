"""A report as SARIF 2.1.0, which code scanning takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from navlayers.checks.codes import CODES
from navlayers.checks.formats.jsonfile import indented
from navlayers.checks.formats.paths import relative

if TYPE_CHECKING:
    from navlayers.checks.finding import Finding, Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report) -> str:
    """One run with the rules that have findings, and a result per finding."""
    rules = sorted({finding.code for finding in report.findings})
    driver = {"name": "navlayers", "rules": [_rule(code) for code in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, rules.index(finding.code)) for finding in report.findings],
    }
    return indented({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> dict[str, Any]:
    said = CODES[code]
    words = "".join(word.capitalize() for word in code.split("-"))
    return {
        "id": code,
        "name": words,
        "shortDescription": {"text": f"{said.title[:1].upper()}{said.title[1:]}."},
        "fullDescription": {"text": said.why or f"{said.title}."},
        "help": {"text": said.mend or said.title},
        "defaultConfiguration": {"level": said.level},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    place = finding.place
    uri = quote(relative(place.path), safe="/") if place.path != "-" else "stdin"
    physical: dict[str, Any] = {"artifactLocation": {"uri": f"file://{uri}" if uri.startswith("/") else uri}}
    if place.line:
        physical["region"] = {"startLine": place.line, **({"startColumn": place.column} if place.column else {})}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.level,
        "message": {"text": finding.text},
        "locations": [{"physicalLocation": physical}],
    }
