"""Results of tests as evidence: what each format says, and what a mapping gets of it, worked out by hand."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

import navlayers
from navlayers.mapping.formats import read
from navlayers.mapping.outcomes import result_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

RULES = """\
framework: rules
version: "1"
domain: enterprise
attack_version: "16.1"
role: detection
capabilities:
  R1: {name: Encoded PowerShell, techniques: {T1059.001: {detect: }}}
  R2:
    name: LSASS access
    techniques:
      T1003.001: {detect: , evidence: {level: validated, date: 2025-01-01}}
  R3: {name: LSASS dump, techniques: {T1003.001: {detect: }}}
  R4: {name: Scheduled task, techniques: {T1053.005: {detect: , evidence: enabled}}}
  R5: {name: Staging, techniques: {T1074.001: {protect: }}}
"""
TABLE = """\
technique,rule,result,date,test
T1059.001,r1,Not detected,2026-05-01,a
T1059.001,R1,Alerted - High,2026-05-04,a
T1003.001,LSASS dump,none,2026-05-04,b
T1003.001,,Detected,2024-05-04,c
T1053.005,,undetected,2026-05-05,d
T1074.001,,Detected,2026-05-05,e
T1074,,Blocked,2026-05-05,f
T1086,,Logged,2026-05-05,g
T1059.001,R9,Logged,2026-05-05,h
"""
ATOMIC = """\
"Execution Time (UTC)","Execution Time (Local)","Technique","Test Number","Test Name","Hostname","IP Address",\
"Username","GUID","ProcessId","ExitCode"
"2026-05-06T09:12:13Z","2026-05-06T11:12:13Z","T1059.001","1","Encoded","ws1","10.0.0.5","c\\b","f31327","4242","0"
"2026-05-06T09:15:13Z","2026-05-06T11:15:13Z","T1003.001","4","Dump","ws1","10.0.0.5","c\\b","665786","4250","1"
"""


def _attire(code: int) -> dict[str, Any]:
    steps = [{"order": 1, "time-start": "2026-05-06T09:12:13.000Z", "exit-code": code, "is-timeout": False}]
    about = {"mitre-technique-id": "T1059.001", "procedure-name": "Encoded", "order": 1}
    return {**about, "procedure-id": {"type": "guid", "id": f"p{code}"}, "steps": steps}


def _step(technique: str, status: int) -> dict[str, Any]:
    about = {"ability_id": f"a{technique}", "name": "Find files", "run": "2026-05-07T22:07:20Z", "status": status}
    return {**about, "attack": {"tactic": "collection", "technique_id": technique, "technique_name": "x"}}


EVENT = {
    "status": 0,
    "finished_timestamp": "2026-05-07T22:07:20Z",
    "ability_metadata": {"ability_id": "a1", "ability_name": "Find files"},
    "attack_metadata": {"tactic": "collection", "technique_id": "T1059.001", "technique_name": "x"},
}
INJECT = {
    "inject_id": "i1",
    "inject_title": "PowerShell",
    "inject_sent_at": "2026-05-09T08:00:00Z",
    "inject_attack_patterns": [{"attack_pattern_external_id": "T1059.001", "attack_pattern_name": "PowerShell"}],
    "inject_expectations": [
        {"inject_expectation_type": "DETECTION", "inject_expectation_status": "SUCCESS"},
        {
            "inject_expectation_type": "PREVENTION",
            "inject_expectation_score": 0,
            "inject_expectation_expected_score": 100,
        },
    ],
}
VECTR = """\
Campaign,Test Case Name,Phase,MITRE ID,Status,Outcome,Start Time,Detection Time
APT,Encoded,Execution,T1059.001,Completed,Alerted,2026-05-08 10:00:00,10:04
APT,Dump,Credential Access,T1003.001,Completed,None,2026-05-08 10:10:00,
APT,Later,Persistence,T1547.001,NotPerformed,TBD,,
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def joined(run: Run, rules: Path, results: str | object, *options: str) -> dict[str, Any]:
    """The answer, with the evidence of each mapping that has any."""
    path = rules.with_name("results.txt")
    path.write_text(results if isinstance(results, str) else json.dumps(results, indent=1), encoding="utf-8")
    out = rules.with_name("out.yaml")
    result = run("evidence", rules, path, "-o", out, "--json", "--force", "-q", *options)
    assert result.code == 0, result.err
    answer: dict[str, Any] = json.loads(result.out)
    mappings = read(out).mapping_set.mappings
    answer["evidence"] = {m.capability: (str(m.evidence), m.evidence.note) for m in mappings if m.evidence}
    return answer


def test_a_table_raises_what_was_noticed_and_lists_what_was_not(run: Run, rules: Path) -> None:
    found = joined(run, rules, TABLE)
    # Of the two runs of test a, the newer counts. T1086 is T1059.001 since it was revoked; R9 is no rule.
    assert found["results"] == {"blocked": 1, "detected": 3, "logged": 2, "missed": 2}
    assert found["evidence"] == {
        # The result that names R1 counts before the others of the technique.
        "R1": ("validated 2026-05-04", "a"),
        # The detection of 2024 is older than what R2 has.
        "R2": ("validated 2025-01-01", ""),
        # The result that names R3 counts before that of the technique.
        "R3": ("declared 2026-05-04", "tested on 2026-05-04, not detected"),
        "R4": ("enabled", "tested on 2026-05-05, not detected"),
    }
    assert found["raised"] == {"validated": 1}
    assert [(one["capability"], one["technique"], one["date"]) for one in found["missed"]] == [
        ("R3", "T1003.001", "2026-05-04"),
        ("R4", "T1053.005", "2026-05-05"),
    ]
    # What was detected says nothing of R5, which protects; T1074 is another technique than its sub-technique.
    assert (found["not_mapped"], found["untested"], found["unknown"]) == ({"T1074": 1}, ["T1074.001"], ["R9"])
    assert rules.read_text(encoding="utf-8") == RULES


@pytest.mark.parametrize(
    ("results", "counts", "executed"),
    [
        (ATOMIC, {"failed": 1, "ran": 1}, "tested 2026-05-06"),
        (
            {"attire-version": "1.1", "procedures": [_attire(0), _attire(1)]},
            {"failed": 1, "ran": 1},
            "tested 2026-05-06",
        ),
        (
            {"name": "Op", "steps": {"paw": {"steps": [_step("T1059.001", 0), _step("T1003.001", 1)]}}},
            {"failed": 1, "ran": 1},
            "tested 2026-05-07",
        ),
        ([EVENT], {"ran": 1}, "tested 2026-05-07"),
    ],
    ids=["atomic", "attire", "caldera", "caldera events"],
)
def test_an_attack_that_ran_is_no_evidence_unless_asked(
    results: object, counts: dict[str, int], executed: str, run: Run, rules: Path
) -> None:
    found = joined(run, rules, results)
    assert (found["results"], found["raised"], found["missed"]) == (counts, {}, [])
    assert joined(run, rules, results, "--executed", "tested")["evidence"]["R1"][0] == executed


def test_names_of_techniques_and_logs_of_other_kinds(run: Run, rules: Path) -> None:
    named = rules.with_name("named.csv")
    named.write_text("technique,result\nPowerShell,Detected\n", encoding="utf-8")
    assert "1 validated" in run("evidence", rules, named, "-o", rules.with_name("out.yaml")).out
    for kind, message in (
        ("atomic", f"{named}:1:1: this is not a log of Invoke-AtomicRedTeam; expected the columns Execution"),
        ("attire", f"{named}: this is not JSON; expected a log for attire"),
    ):
        refused = run("evidence", rules, named, "--results-format", kind)
        assert (refused.code, message in refused.err) == (2, True), refused.err
    log = rules.with_name("log.csv")
    for old, new, message in (
        ('"0"\n', '"zero"\n', f'{log}:2:113: 1 exit code such as "zero" is not a number: it is read as not run'),
        ('"ExitCode"', '"Code"', f"{log}:1:2: no column ExitCode: all tests are read as run"),
    ):
        log.write_text(ATOMIC.replace(old, new), encoding="utf-8")
        assert message in run("evidence", rules, log).err


def test_vectr_and_openaev_say_what_was_noticed(run: Run, rules: Path) -> None:
    found = joined(run, rules, VECTR)
    assert found["results"] == {"detected": 1, "missed": 1, "open": 1}
    assert found["evidence"]["R1"] == ("validated 2026-05-08", "Encoded")
    # R2 was validated before, which the later test refutes.
    note = "tested on 2026-05-08, not detected; validated 2025-01-01 before"
    assert found["evidence"]["R2"] == ("declared 2026-05-08", note)
    openaev = joined(run, rules, {"exercise_information": {}, "exercise_injects": [INJECT]})
    assert openaev["results"] == {"detected": 1, "not blocked": 1}
    assert (openaev["evidence"]["R1"], openaev["partly"]) == (("validated 2026-05-09", "PowerShell"), 0)


def test_the_newest_run_counts_in_any_order_of_rows(run: Run, rules: Path) -> None:
    rows = (
        "T1059.001,R1,Detected,2026-05-01 09:00,a\n",
        "T1059.001,R1,none,2026-05-01 10:30,a\n",
        # A run that did not run says nothing; of one time, what was not noticed counts.
        "T1059.001,R1,aborted,2026-05-02,a\n",
        "T1053.005,R4,Logged,2026-05-01,d\n",
        "T1053.005,R4,none,2026-05-01,d\n",
    )
    for some in (rows, rows[::-1]):
        found = joined(run, rules, "technique,rule,result,date,test\n" + "".join(some))
        assert (found["results"], found["raised"]) == ({"missed": 2}, {})


def test_each_expectation_of_an_inject_is_a_test(run: Run, rules: Path) -> None:
    several = [
        {"inject_expectation_type": "DETECTION", "inject_expectation_status": status}
        for status in ("SUCCESS", "FAILED")
    ]
    inject = {**INJECT, "inject_expectations": several}
    found = joined(run, rules, {"exercise_injects": [inject]})
    assert (found["results"], found["partly"]) == ({"detected": 1, "missed": 1}, 1)
    assert found["evidence"]["R1"] == ("validated 2026-05-09", "1 of 2 tests: PowerShell")


def test_what_results_do_not_say_is_said(run: Run, rules: Path) -> None:
    path = rules.with_name("r.csv")
    rows = ",R1,Detected\nT1059.001,Encoded PowerShel,Detected\nT9999,,Detected\n"
    path.write_text(f"technique,rule,result\n{rows}", encoding="utf-8")
    err = run("evidence", rules, path, "-o", rules.with_name("out.yaml")).err
    assert "r.csv:2:5: left out 1 result without a technique id" in err
    assert "rules has no Encoded PowerShel, which results name (did you mean Encoded PowerShell?)" in err
    assert "ATT&CK 16.1 has no T9999, which results name" in err
    refused = run("evidence", rules, path, "-o", rules.with_name("out.json"))
    assert (refused.code, "the format of Mappings Explorer has no evidence" in refused.err) == (2, True)


def test_a_detection_does_not_show_that_a_control_mitigates(run: Run, rules: Path) -> None:
    rules.write_text(RULES.replace("detection", "control").replace("detect: ", "comment: "), encoding="utf-8")
    found = joined(run, rules, "technique,result,control\nT1059.001,Detected,\nT1053.005,Detected,R4\n")
    assert (found["undecided"], found["raised"], found["tested"]) == (True, {"validated": 1}, ["T1053.005"])


def test_the_answer_fits_the_window(run: Run, rules: Path) -> None:
    rows = "".join(f"T1{n:03d},detected\n" for n in (3, 5, 7, 8, 10, 11, 12, 14, 16, 18))
    path = rules.with_name("many.csv")
    path.write_text(f"technique,result\nT1003.001,none\nT1053.005,missed\n{rows}", encoding="utf-8")
    result = run("evidence", rules, path, "-o", rules.with_name("out.yaml"))
    assert len(result.out.splitlines()) <= 25
    assert "Tested, not detected: 2 mappings." in result.out
    assert "Tested, not mapped by rules: T1003 (1 test), T1005 (1 test)" in result.out
    assert "1 mapping keeps its dated evidence: the tests that were not detected have no date" in result.err
    assert "12 results without a rule or control, applied to every mapping" in result.err


def test_a_negative_result_keeps_notes_and_what_a_later_test_shows(run: Run, rules: Path) -> None:
    text = RULES.replace("evidence: enabled", "evidence: {level: enabled, note: By Tim}")
    rules.write_text(text.replace("2025-01-01}", "2026-06-01, note: Purple team}"), encoding="utf-8")
    found = joined(run, rules, "technique,result,date\nT1003.001,none,2026-05-04\nT1053.005,none,2026-05-04\n")
    # R2 passed a later test; R3 did not.
    assert [one["capability"] for one in found["missed"]] == ["R3", "R4"]
    assert found["evidence"] == {
        "R2": ("validated 2026-06-01", "Purple team"),
        "R3": ("declared 2026-05-04", "tested on 2026-05-04, not detected"),
        "R4": ("enabled", "tested on 2026-05-04, not detected; By Tim"),
    }
    later = "technique,result,date\nT1003.001,none,2026-06-04\n"
    once = joined(run, rules, later)["evidence"]
    note = "tested on 2026-06-04, not detected; validated 2026-06-01 before; Purple team"
    assert once["R2"] == ("declared 2026-06-04", note)
    rules.write_bytes(rules.with_name("out.yaml").read_bytes())
    # The same results again change nothing.
    assert joined(run, rules, later)["evidence"] == once


def test_standard_input_is_one_of_the_inputs(run: Run, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"technique,result\nT1059.001,Detected\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    path = rules.with_name("a.csv")
    path.write_text("technique,result\nT1053.005,Logged\n", encoding="utf-8")
    result = navlayers.evidence(rules, path, "-")
    assert (result.raised, result.set.name) == ({"validated": 1, "tested": 1}, "rules")
    refused = run("evidence", rules, "-", "-")
    assert (refused.code, "- is given twice" in refused.err) == (2, True)


def test_segments_are_joined_in_memory(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "tenants"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(RULES, encoding="utf-8")
    results = tmp_path / "r.csv"
    results.write_text("technique,result\nT1059.001,Detected\n", encoding="utf-8")
    result = run("evidence", f"segments:{folder}", results, "-o", tmp_path / "out.yaml")
    assert "Evidence of 2 mappings is new: 2 validated, 2 of them by results that name no rule." in result.out, (
        result.err
    )


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (
            "technique,result\nT1059,success\n",
            'r.txt:2:7: unknown result "success"; expected a word such as blocked',
        ),
        ("technique,result\nT10,blocked\n", "r.txt:2:1: technique id"),
        ("technique,result,date\nT1059,none,June 2026\n", 'r.txt:2:7: date "June 2026" is not a date'),
        ("technique,result,start time\nT1059,none,03/04/2026 08:00\n", 'date "03/04/2026 08:00" is ambiguous'),
        ("technique,result,date\nT1059,none,2026-13-05\n", 'date "2026-13-05" is not a date'),
        ("technique,level\nT1059,high\n", "r.txt:1:1: no column of results; expected a column such as outcome"),
        ('{"a": 1}', "unknown kind of test results"),
        ("technique,result\nValid Acounts,missed\n", 'r.txt:2:1: "Valid Acounts" is neither a technique id nor'),
        ('{"procedures": [', "r.txt:1:17: this is not JSON"),
        ('{\r "a": é', "r.txt:2:7: this is not JSON"),
        ('{"procedures": []}', "no test results"),
    ],
)
def test_wrong_results_are_refused_with_their_place(results: str, message: str, run: Run, rules: Path) -> None:
    path = rules.with_name("r.txt")
    path.write_text(results, encoding="utf-8")
    result = run("evidence", rules, path)
    assert (result.code, message in result.err) == (2, True), result.err


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("Blocked by EDR", "blocked"),
        ("Alert (High)", "detected"),
        ("Not Alerted", "missed"),
        ("N/A", "open"),
        ("not prevented", "not blocked"),
        ("no idea", None),
        ("Detection failed", None),
        ("Prevented - none", None),
        ("Alert suppressed", None),
        ("detected=0", None),
        ("Prevented: false", None),
    ],
)
def test_words_of_results(word: str, result: str | None) -> None:
    assert result_of(word) == result


def test_results_of_several_segments_are_refused(run: Run, tmp_path: Path) -> None:
    rules, results = tmp_path / "rules.csv", tmp_path / "results.csv"
    rules.write_text("technique,rule,tenant\nT1059,R1,Alpha\nT1059,R1,Beta\n", encoding="utf-8")
    answers = "technique,rule,result,tenant\nT1059,R1,Detected,Alpha\nT1059,R1,Missed,Beta\n"
    results.write_text(answers, encoding="utf-8")
    done = run("evidence", rules, results, "-q")
    assert done.code == 2
    assert f"{results}:1:23: results of 2 segments; expected those of one segment" in done.err
