"""What numbers mean: roles, not rated, scales of layers, words. Right values of issue 13 and the design."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from truth_oracle import SHARED, covered, facts, json_of, mismatches, scores, shipped, view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Run

CASES = SHARED / "cases"
THREATS = ("kev", "kev-mobile", "veris", "veris-ics", "veris-mobile")

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not at ../shared/cases")


def counts(said: dict[str, Any]) -> dict[str, Any]:
    return {key: said["total"][key] for key in ("techniques", "covered", "weak")}


# Not rated.


@needs_cases
def test_dettect_without_detection_covers_nothing(run: Run) -> None:
    said = json_of(run, "gaps", CASES / "21b.yaml", "--threat", "credential-access", "--attack", "18.1", "--json")
    assert counts(said) == {"techniques": 67, "covered": 0, "weak": 0}


@needs_cases
def test_dettect_without_detection_has_layers_without_scores(run: Run) -> None:
    layer = json_of(run, "build", CASES / "21b.yaml", "--only", "overview", "-o", "-", "--attack", "18.1")
    assert [entry["techniqueID"] for entry in layer["techniques"] if entry.get("score") is not None] == []


@needs_cases
def test_dettect_techniques_without_detection_are_not_non_mappable(run: Run) -> None:
    said = json_of(run, "stats", CASES / "21b.yaml", "--attack", "18.1", "--json")[0]["non_mappable"]
    assert said == {"capabilities": 0, "techniques": 0, "pairs": 0}


@needs_cases
def test_dettect_detects_what_has_a_rating(run: Run) -> None:
    said = json_of(run, "compare", CASES / "21.yaml", "aws", "--attack", "18.1", "--json")
    name = next(iter(said["inputs"]))
    assert [t for t, one in said["techniques"].items() if name in one["scores"]] == ["T1059.001"]


@needs_cases
@pytest.mark.parametrize(
    ("detection", "visibility"),
    [(-1, 3), (3, 0), (0, 2), (5, 4)],
)
def test_detection_and_visibility_are_two_views(run: Run, tmp_path: Path, detection: int, visibility: int) -> None:
    text = (CASES / "21b.yaml").read_text(encoding="utf-8").replace("score: 3", f"score: {visibility}")
    path = tmp_path / "seen.yaml"
    path.write_text(text.replace("score: -1", f"score: {detection}"), encoding="utf-8")
    words = ("--threat", "credential-access", "--attack", "18.1", "--json")
    said = {
        "detection": json_of(run, "gaps", path, *words)["total"]["covered"],
        "visibility": json_of(run, "gaps", path, "--from", "dettect-visibility", *words)["total"]["covered"],
    }
    assert said == {"detection": 4 * (detection > 0), "visibility": 4 * (visibility > 0)}


RATED = """\
framework: nr
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  a: {techniques: {T1078: {protect: }, T1110: {protect: significant}, T1003: {protect: minimal}}}
"""


@pytest.fixture
def not_rated(tmp_path: Path) -> Path:
    path = tmp_path / "nr.yaml"
    path.write_text(RATED, encoding="utf-8")
    return path


def test_one_of_two_is_weak_where_the_third_is_not_rated(run: Run, not_rated: Path, tmp_path: Path) -> None:
    threat = tmp_path / "t.csv"
    threat.write_text("technique\nT1078\nT1110\nT1003\n", encoding="utf-8")
    said = json_of(run, "gaps", not_rated, "--threat", threat, "--attack", "16.1", "--json")
    assert counts(said) == {"techniques": 3, "covered": 2, "weak": 1}


def test_what_is_not_rated_is_covered_in_no_command(run: Run, not_rated: Path) -> None:
    compared = json_of(run, "compare", not_rated, "aws", "--json")["inputs"]["nr"]
    only = json_of(run, "compare", not_rated, "aws", "--measure", "covered", "--json")["inputs"]["nr"]
    differ = json_of(run, "diff", not_rated, "aws", "--json")["totals"]["before"]["covered"]
    planned = [
        json_of(run, "plan", not_rated, "--budget", "1", "--measure", measure, "--json")["techniques_of_all"]
        for measure in ("score", "covered")
    ]
    report = run("report", not_rated, "--sections", "summary", "-o", "-", "-q").out
    assert {
        "compare": compared["techniques"],
        "compare covered": only["techniques"],
        "diff": differ,
        "plan": planned,
        "report": re.findall(r"(\d+) of the 656", report),
    } == {"compare": 2, "compare covered": 2, "diff": 2, "plan": [2, 2], "report": ["2"]}


COVER = "cover at least one technique, 2 of the set cover none"


def test_a_capability_covers_only_what_it_rates(run: Run, not_rated: Path) -> None:
    more = "  b: {techniques: {T1486: {protect: }}}\n  c: {techniques: {T1110: {detect: }}}\n"
    not_rated.write_text(RATED + more, encoding="utf-8")
    report = run("report", not_rated, "--sections", "summary", "-o", "-", "-q").out
    shown = {
        one: json_of(run, "show", one, "--set", not_rated, "--format", "json")["sections"][0]["stats"]
        for one in "abc"
    }
    assert {
        "cover at least one": re.findall(r"^\| Capabilities \| (\d+) \| (.*) \|$", report, re.MULTILINE),
        "covered once": re.findall(r"^\| Covered once \| (\d+)", report, re.MULTILINE),
        **{one: (stats["techniques"], stats["unique"]) for one, stats in shown.items()},
    } == {"cover at least one": [("1", COVER)], "covered once": ["2"], "a": (2, 2), "b": (0, 0), "c": (0, 0)}


def test_count_does_not_count_what_is_not_rated(run: Run, not_rated: Path) -> None:
    layer = json_of(run, "build", not_rated, "-o", "-", "--only", "overview", "--aggregate", "count")
    said = {entry["techniqueID"]: entry.get("score") for entry in layer["techniques"]}
    assert said == {"T1003": 1, "T1078": None, "T1110": 1}


def test_gaps_tell_what_was_recorded_as_non_mappable(run: Run) -> None:
    said = json_of(run, "gaps", "nist_800_53", "--threat", "G0016", "--attack", "18.1", "--json")
    known = {"id", "name", "tactics", "weight", "gap", "used_by", "groups", "related"}
    said_nothing = {t for t in (one["id"] for one in said["techniques"]) if t in shipped("nist_800_53").nothing[1]}
    rows = {
        one["id"]: {k: v for k, v in one.items() if k not in known}
        for one in said["techniques"]
        if not one["best_by"]
    }
    told = [{json.dumps(row) for t, row in rows.items() if (t in said_nothing) == which} for which in (True, False)]
    assert (bool(told[True]), told[True] & told[False]) == (True, set())


# Layers keep their scores, and their range.


def layer_file(path: Path, found: Mapping[str, float], low: float, high: float) -> Path:
    said = {
        "name": path.stem,
        "domain": "enterprise-attack",
        "versions": {"layer": "4.5", "attack": "16", "navigator": "5.1.0"},
        "gradient": {"colors": ["#ffffff", "#ff0000"], "minValue": low, "maxValue": high},
        "techniques": [{"techniqueID": t, "score": s} for t, s in found.items()],
    }
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def overall(said: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        name: {t: one["scores"][name]["overall"] for t, one in said["techniques"].items() if name in one["scores"]}
        for name in said["inputs"]
    }


@needs_cases
def test_a_merged_layer_covers_what_it_scores(run: Run) -> None:
    said = json_of(run, "gaps", CASES / "19.json", "--threat", CASES / "18t.csv", "--json")
    assert (said["total"]["techniques"], said["total"]["covered"]) == (3, 3)


@pytest.mark.parametrize("high", [5, 10, 100, 250])
def test_siblings_of_one_range_are_compared_as_written(run: Run, tmp_path: Path, high: int) -> None:
    found: dict[str, dict[str, float]] = {
        "a": {"T1003": 1, "T1059": high / 2},
        "b": {"T1003": 1, "T1059": high, "T1486": 2},
    }
    files = [layer_file(tmp_path / f"{name}.json", of, 0, high) for name, of in found.items()]
    assert mismatches(overall(json_of(run, "compare", *files, "--json")), found) == {}


def test_a_score_beyond_its_range_does_not_change_its_siblings(run: Run, tmp_path: Path) -> None:
    found = {"a": {"T1003": 1, "T1059": 5}, "b": {"T1003": 1, "T1059": 120}}
    files = [layer_file(tmp_path / f"{name}.json", of, 0, 10) for name, of in found.items()]
    said = overall(json_of(run, "compare", *files, "--json"))
    assert (said["a"]["T1003"], said["b"]["T1003"]) == (1, 1)


def test_layers_of_different_ranges_are_brought_to_100(run: Run, tmp_path: Path) -> None:
    first = layer_file(tmp_path / "a.json", {"T1003": 1, "T1059": 5}, 0, 5)
    second = layer_file(tmp_path / "b.json", {"T1003": 2, "T1059": 10}, 0, 10)
    said = overall(json_of(run, "compare", first, second, "--json"))
    assert said == {"a": {"T1003": 20, "T1059": 100}, "b": {"T1003": 20, "T1059": 100}}


def test_counts_from_1_to_250_are_all_covered(run: Run, tmp_path: Path) -> None:
    found: dict[str, float] = {"T1003": 1, "T1059": 250, "T1486": 2}
    path = layer_file(tmp_path / "counts.json", found, 1, 250)
    threat = tmp_path / "t.csv"
    threat.write_text("technique\nT1003\nT1059\nT1486\n", encoding="utf-8")
    said = json_of(run, "gaps", path, "--threat", threat, "--attack", "16.1", "--json")
    assert (said["total"]["techniques"], said["total"]["covered"]) == (3, 3)


def test_the_best_score_of_a_layer_is_not_weak(run: Run, tmp_path: Path) -> None:
    path = layer_file(tmp_path / "five.json", {"T1003": 5, "T1059": 1}, 0, 5)
    threat = tmp_path / "t.csv"
    threat.write_text("technique\nT1003\nT1059\n", encoding="utf-8")
    said = json_of(run, "gaps", path, "--threat", threat, "--attack", "16.1", "--json")
    assert {one["id"]: one["state"] for one in said["techniques"]} == {"T1003": "covered", "T1059": "weak"}


# Roles.


def test_vulnerabilities_are_a_threat(run: Run) -> None:
    release = facts("enterprise", "16.1")
    kev = {t: score for t, score in view(scores(shipped("kev"), release)).items() if score}
    held = covered(scores(shipped("aws"), release))
    said = json_of(run, "gaps", "aws", "--threat", "kev", "--attack", "16.1", "--json")["total"]
    right = {
        "techniques": len(kev),
        "covered": len(kev.keys() & held.keys()),
        "weight": sum(kev.values()),
        "covered_weight": sum(kev[t] for t in kev.keys() & held.keys()),
    }
    assert mismatches({key: said[key] for key in right}, right) == {}


@pytest.mark.parametrize(("command", "name"), list(product(("gaps", "plan"), ("kev", "veris"))))
def test_a_threat_set_is_refused_as_the_covering_side(run: Run, command: str, name: str) -> None:
    result = run(command, name, *(("--threat", "G0016") if command == "gaps" else ("--budget", "3")))
    assert (result.code, "--threat" in result.err) == (2, True)


@pytest.mark.parametrize("name", THREATS)
def test_a_threat_set_never_covers(run: Run, name: str) -> None:
    texts = {
        "stats": run("stats", name, "-q").out,
        "report": run("report", name, "--sections", "summary,tactics", "-o", "-", "-q").out,
        "layer": json_of(run, "build", name, "-o", "-", "--only", "overview")["description"],
    }
    assert {what: re.findall(r"\b[Cc]over\w*", text) for what, text in texts.items()} == {
        what: [] for what in texts
    }


def test_the_report_of_vulnerabilities_says_what_follows_from_them(run: Run) -> None:
    made = shipped("kev")
    release = facts("enterprise", "16.1")
    report = run("report", "kev", "--sections", "summary", "-o", "-", "-q").out
    number = (len(view(scores(made, release))), len({row.capability for row in made.rows}))
    assert number == (155, 419)
    assert re.search(r"\b155\b.* 419 known exploited vulnerabilities", report)


def test_the_role_of_a_set_can_be_given(run: Run) -> None:
    result = run("gaps", "aws", "--meta", "role=threat", "--threat", "G0016")
    assert (result.code, "--threat" in result.err) == (2, True)


# Words.


def test_percentages_of_sentences_have_no_decimals(run: Run) -> None:
    texts = {
        "gaps": json_of(run, "gaps", "aws", "--threat", "G0016", "--attack", "18.1", "--json")["summary"],
        "plan": json_of(run, "plan", "aws", "--budget", "2", "--json")["summary"],
        "report": next(
            line
            for line in run("report", "aws", "--sections", "summary", "-o", "-", "-q").out.splitlines()
            if line.startswith("AWS covers")
        ),
    }
    said = {what: re.findall(r"(\d+(?:\.\d+)?) ?%", text)[:1] for what, text in texts.items()}
    assert said == {"gaps": ["47"], "plan": ["49"], "report": ["33"]}


def test_a_plan_of_a_set_without_scores_speaks_of_mapped_techniques(run: Run) -> None:
    summary = json_of(run, "plan", "nist_800_53", "--budget", "2", "--json")["summary"]
    assert ("mapped" in summary, re.findall(r"\w*cover\w*|protect\w*", summary)) == (True, [])


# Tables with numbers.


def numbers(path: Path, *values: float | str) -> Path:
    ids = ("T1003", "T1059", "T1078", "T1110")
    lines = [f"c{at},{t},{v}" for at, (t, v) in enumerate(zip(ids, values, strict=True))]
    path.write_text("\n".join(["capability,technique,score", *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize("values", [(0.5, 1, 0.25, 0), (5, 1, 3, 0), (10, 7, 3, 0)], ids=["1", "5", "10"])
def test_numbers_of_a_small_scale_are_a_finding(run: Run, tmp_path: Path, values: tuple[float, ...]) -> None:
    path = numbers(tmp_path / "small.csv", *values)
    said = run("check", path, "--meta", "attack_version=16.1", "--json").out
    assert "suspicious-scale" in said


def test_a_range_of_scores_settles_the_scale(run: Run, tmp_path: Path) -> None:
    path = numbers(tmp_path / "five.csv", 5, 1, 3, 0)
    words = ("--score-range", "0-5", "--meta", "attack_version=16.1", "--only", "overview", "-o", "-")
    layer = json_of(run, "build", path, *words)
    said = {entry["techniqueID"]: entry["score"] for entry in layer["techniques"]}
    assert said == {"T1003": 100, "T1059": 20, "T1078": 60, "T1110": 0}


def test_words_are_read_by_a_scale(run: Run, tmp_path: Path) -> None:
    path = numbers(tmp_path / "words.csv", "High", "Low", "Medium", "High")
    words = (
        "--scale",
        "High=90,Medium=60,Low=30",
        "--meta",
        "attack_version=16.1",
        "--only",
        "overview",
        "-o",
        "-",
    )
    layer = json_of(run, "build", path, *words)
    said = {entry["techniqueID"]: entry["score"] for entry in layer["techniques"]}
    assert said == {"T1003": 90, "T1059": 30, "T1078": 60, "T1110": 90}
