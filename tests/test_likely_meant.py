"""Inputs with one likely meaning: names for ids, ids of other domains, small percentages, files of threats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from navlayers.analysis.threats import lookup

if TYPE_CHECKING:
    from conftest import Run

POWERSHELL = "(did you mean T1059.001 Command and Scripting Interpreter: PowerShell?)"
TAKES = f"expected {lookup.EXPECTED}"
RULE = """\
title: shell
tags:
  - attack.execution
  - attack.{}
  - attack.t1078
logsource:
  product: windows
detection:
  condition: selection
"""
DETTECT = """\
version: 1.2
file_type: technique-administration
name: d
domain: {}
techniques:
- technique_id: {}
  technique_name: any
  detection:
  - applicable_to: [all]
    score_logbook:
    - date: 2020-01-01
      score: 3
"""


def layer(*ids: str, domain: str = "enterprise") -> str:
    """A layer that scores techniques 50."""
    entries = [{"techniqueID": id_, "score": 50} for id_ in ids]
    versions = {"attack": "18", "layer": "4.5", "navigator": "5.1.0"}
    return json.dumps({"name": "own", "domain": f"{domain}-attack", "versions": versions, "techniques": entries})


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("own.json", layer("PowerShell"), "own.json:1:"),
        ("own.json", layer("Command and Scripting Interpreter: PowerShell"), "own.json:1:"),
        ("d.yaml", DETTECT.format("enterprise-attack", "powershell"), "d.yaml:6:17: "),
    ],
)
def test_a_name_instead_of_an_id_is_answered_with_the_id(run: Run, name: str, text: str, place: str) -> None:
    Path(name).write_text(text)
    done = run("stats", name)
    assert done.code == 2
    assert f"navlayers: {place}" in done.err
    assert POWERSHELL in done.err
    assert POWERSHELL in run("check", name).out


def test_the_id_of_a_name_is_that_of_the_domain(run: Run) -> None:
    Path("own.json").write_text(layer("Phishing", domain="mobile"))
    assert "(did you mean T1660 Phishing?)" in run("stats", "own.json").err
    Path("d.yaml").write_text(DETTECT.format("mobile-attack", "Phishing"))
    assert "(did you mean T1660 Phishing?)" in run("stats", "d.yaml").err


def test_a_sigma_tag_with_the_name_of_a_technique_is_a_notice(run: Run) -> None:
    Path("rule.yml").write_text(RULE.format("powershell"))
    done = run("stats", "rule.yml")
    assert done.code == 0
    message = 'rule.yml:4:5: tag "attack.powershell" has the name of a technique instead of its id'
    assert f"{message}; expected a tag such as attack.t1059 {POWERSHELL}" in done.err
    Path("rule.yml").write_text(RULE.format("defense-evasion"))
    assert "name of a technique" not in run("stats", "rule.yml").err


def test_an_id_of_another_domain_is_left_out_with_the_name_of_that_domain(run: Run) -> None:
    Path("own.json").write_text(layer("T1521.003", "T0801", "T1078", "T1059.950"))
    err = run("gaps", "own.json", "--threat", "APT29").err
    assert ": T0801: a technique of ATT&CK ICS and 2 more (" in err
    upgraded = run("upgrade", "own.json", "--attack", "19.1").out
    assert "T1521.003" in upgraded


@pytest.mark.parametrize(
    ("score", "high"), [("{} %", 100), ("{}%", 100), ("{}", 10)], ids=["blank", "percentages", "numbers"]
)
@pytest.mark.parametrize("header", ["technique,control,score", "technique,control,protect"])
def test_small_percentages_are_settled_by_the_range_of_percentages(
    run: Run, score: str, high: int, header: str
) -> None:
    Path("own.csv").write_text(f"{header}\nT1059,a,{score.format(5)}\nT1078,b,{score.format(7)}\n")
    option = f"--score-range 0-{high}"
    assert f"(set the range that they have, such as {option})" in run("check", "own.csv").out
    done = run("build", "own.csv", "--only", "overview", "-o", "-", *option.split())
    assert "no score is above" not in done.err
    scores = {entry["techniqueID"]: entry.get("score") for entry in json.loads(done.out)["techniques"]}
    assert scores["T1078"] == (7 if high == 100 else 70)


GROUPS = "file_type: group-administration\nversion: 1.0\ngroups:\n- group_name: FIN7\n  technique_id: [T1059.001]\n"
SCYTHE = '{"threat": {"name": "a", "script": {"1": {"module": "run", "rtags": ["att&ck-technique:T1059"]}}}}'


@pytest.mark.parametrize(
    ("name", "text", "format_"),
    [
        ("groups.yaml", GROUPS, "DeTT&CT group administration file"),
        ("threat.json", SCYTHE, "SCYTHE threat"),
    ],
)
def test_files_of_threats_are_no_sets(run: Run, name: str, text: str, format_: str) -> None:
    Path(name).write_text(text)
    expected = f"{name}: a {format_}, which covers nothing: use it with --threat; expected a mapping set"
    assert expected in run("stats", name).err


def test_stix_without_uses_is_refused_in_words_about_threats(run: Run) -> None:
    objects = [{"type": "intrusion-set", "id": "intrusion-set--1", "name": "Phish"}]
    Path("flow.json").write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}))
    done = run("gaps", "gcp", "--threat", "flow.json")
    kind = "STIX bundle without techniques that something uses"
    assert (done.code, done.err) == (2, f"navlayers: flow.json: {kind}: not read as a threat; {TAKES}\n")
