"""Reports as text, JSON, SARIF 2.1.0 and GitHub's workflow commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from navlayers._text.json_text import json_text
from navlayers._text.lines import printable, wrap
from navlayers.checks.finding import codes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from navlayers.checks.finding import Finding, Level, Report

    Tone: TypeAlias = Callable[[str, str], str]

FORMATS = ("text", "json", "sarif", "github")
MANY = 4
"""Smallest number of equal findings in one file that text output groups under the first."""

_WIDTH = 100
_INDENT = "    "
_TONES: dict[Level, str] = {"error": "bad", "warning": "warning", "note": "accent"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report, format_: str, *, width: int | None = None, tone: Tone = lambda text, _: text) -> str:
    """The report in a format of `FORMATS`.

    Args:
        report: the findings.
        format_: the format.
        width: of text: columns of the terminal; None for lines of any length.
        tone: of text: colors a code by the level of its finding, as `Terminal.tone` does.
    """
    if format_ == "text":
        return _text(report, width, tone)
    return {"json": _json, "sarif": _sarif, "github": _github}[format_](report)


def _text(report: Report, width: int | None, tone: Tone) -> str:
    """Lines `file:line:column: CODE message`, with repeated findings grouped."""

    def line(finding: Finding) -> str:
        text = printable(str(finding))
        if width is not None:
            text = f"\n{_INDENT}".join(wrap(text, width - len(_INDENT)))
        return text.replace(finding.code, tone(finding.code, _TONES[finding.level]), 1)

    same: dict[tuple[str, ...], list[Finding]] = {}
    groups = []
    for each in report.findings:
        group = same.setdefault((each.place.path, each.code, each.message, each.expected, each.hint), [])
        group.append(each)
        groups.append(group)
    lines = []
    for group, finding in zip(groups, report.findings, strict=True):
        if len(group) < MANY:
            lines.append(line(finding))
        elif group[0] is finding:
            places = ", ".join(f"{other.place.line}:{other.place.column}" for other in group[1:])
            more = f"and {len(group) - 1:,} more at {places}"
            more_lines = [f"{_INDENT}{text}" for text in wrap(more, (width or _WIDTH) - len(_INDENT))]
            lines += [line(finding), *more_lines]
    return "".join(f"{text}\n" for text in lines)


def _json(report: Report) -> str:
    """A JSON object with the inputs, the findings and the number of errors and warnings."""
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
    checked = [{"path": each.path, "format": each.format} for each in report.inputs]
    return json_text(
        {"checked": checked, "errors": report.errors, "warnings": report.warnings, "findings": findings}
    )


def _sarif(report: Report) -> str:
    """A SARIF 2.1.0 log with one run: a rule per code that has findings, and a result per finding."""
    rules = sorted({finding.code for finding in report.findings})
    run = {
        "tool": {"driver": {"name": "navlayers", "rules": [_sarif_rule(code) for code in rules]}},
        # Places count characters, not the units of UTF-16.
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(finding, rules.index(finding.code)) for finding in report.findings],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_rule(code: str) -> dict[str, Any]:
    kind = codes()[code]
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in code.split("-")),
        "shortDescription": {"text": f"{kind.title[:1].upper()}{kind.title[1:]}."},
        "fullDescription": {"text": kind.why or f"{kind.title}."},
        "help": {"text": kind.fix or kind.title},
        "defaultConfiguration": {"level": kind.level},
    }


def _sarif_result(finding: Finding, rule: int) -> dict[str, Any]:
    place = finding.place
    uri = quote(_relative(place.path), safe="/") if place.path != "-" else "stdin"
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


def _github(report: Report) -> str:
    """A workflow command per finding, which GitHub shows as an annotation of a pull request."""
    return "".join(map(_github_line, report.findings))


def _github_line(finding: Finding) -> str:
    place = finding.place
    fields = {"file": _relative(place.path)}
    if place.line:
        fields |= {"line": str(place.line)}
        fields |= {"col": str(place.column)} if place.column else {}
    fields["title"] = finding.code
    # Property values also escape the characters that end them.
    values = {name: _escaped(value).replace(":", "%3A").replace(",", "%2C") for name, value in fields.items()}
    # Annotations of GitHub are errors, warnings and notices.
    command = "notice" if finding.level == "note" else finding.level
    properties = ",".join(f"{name}={value}" for name, value in values.items())
    return f"::{command} {properties}::{_escaped(finding.text)}\n"


def _escaped(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _relative(path: str) -> str:
    """The path, relative to the current folder if it is inside it, with slashes."""
    file = Path(path)
    if file.is_absolute() and file.is_relative_to(here := Path.cwd()):
        file = file.relative_to(here)
    return file.as_posix()
