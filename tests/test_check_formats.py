from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import write_set

if TYPE_CHECKING:
    from conftest import Run

ROWS = [("mfa", "T1053.001", "protect", "partial"), ("mfa", "T1078", "detect", "partial")]


@pytest.fixture
def odd() -> Path:
    return write_set(Path("cwd,a b") / "set%.json", ROWS)


def test_sarif_has_a_result_with_a_relative_path_and_a_region_for_every_finding(run: Run, odd: Path) -> None:
    log = json.loads(run("check", odd, "--format", "sarif").out)
    (one,) = log["runs"]
    rules = one["tool"]["driver"]["rules"]
    found = json.loads(run("check", odd, "--json").out)["findings"]
    assert log["version"] == "2.1.0"
    assert [result["ruleId"] for result in one["results"]] == [finding["code"] for finding in found]
    for result, finding in zip(one["results"], found, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "cwd%2Ca%20b/set%25.json"
        assert physical["region"] == {"startLine": finding["line"], "startColumn": finding["column"]}


def test_github_annotations_are_escaped(run: Run, odd: Path) -> None:
    lines = run("check", odd, "--format", "github", "--select", "revoked-technique").out.splitlines()
    (line,) = lines
    assert line.startswith("::error file=cwd%2Ca b/set%25.json,line=1,col=")
    assert ",title=revoked-technique::technique T1053.001 " in line


def test_reports_are_the_same_every_time(run: Run, odd: Path) -> None:
    for format_ in ("text", "json", "sarif", "github"):
        assert run("check", odd, "--format", format_).out == run("check", odd, "--format", format_).out != ""


def test_quiet_prints_errors_only(run: Run, odd: Path) -> None:
    result = run("check", odd, "-q")
    assert result.err == ""
    assert {line.split(": ")[1].split(" ")[0] for line in result.out.splitlines()} == {"revoked-technique"}


def test_quiet_and_strict_prints_all_that_fails(run: Run, odd: Path) -> None:
    assert run("check", odd, "-q", "--strict").out == run("check", odd).out


def test_the_schema_is_printed(run: Run) -> None:
    assert json.loads(run("check", "--schema").out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github"])
def test_no_control_character_of_a_set_reaches_the_terminal(run: Run, odd: Path, format_: str) -> None:
    document = json.loads(odd.read_text(encoding="utf-8"))
    document["metadata"]["evil\x1b]0;title\x07\u202e\x9b"] = "x"
    odd.write_text(json.dumps(document), encoding="utf-8")
    shown = run("check", odd, "--format", format_)
    assert "evil" in shown.out
    assert not set("\x1b\x07\u202e\x9b") & set(shown.out + shown.err)
