"""`navlayers gaps` as its users see it: a small set against weights, worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from conftest import Cells, Run, contents, write_set

from navlayers import attack
from navlayers.layer.colors import Gradient

if TYPE_CHECKING:
    from pathlib import Path

A: tuple[Cells, ...] = (
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1078", "detect", "minimal"),
    ("mfa", "T1110", "protect", "partial"),
)
B: tuple[Cells, ...] = (
    ("ids", "T1110", "detect", "significant"),
    ("ids", "T1059.001", "detect", "minimal"),
)
WEIGHTS = {"T1003": 5, "T1059": 3, "T1059.001": 1, "T1078": 4, "T1110": 2, "T1110.001": 2}
"""17 in all. T1003 is covered by nobody, T1059 by a sub-technique, T1110.001 by its parent."""

GROUPS = Counter(
    technique
    for group in attack.threats(attack.find("enterprise", "19.1").release).groups
    for technique in group.techniques
)
GAPS = {"T1003": 5, "T1059": 3, "T1110.001": 2, "T1059.001": 0.9}
ACTIVE = 697
"""Techniques and sub-techniques of enterprise 19.1, as docs and `navlayers attack list` count them: 222 and 475."""


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return write_set(tmp_path / "in" / "a.json", A), write_set(tmp_path / "in" / "b.json", B)


def write_weights(folder: Path) -> Path:
    path = folder / "in" / "weights.csv"
    path.parent.mkdir(exist_ok=True)
    lines = "".join(f"{t},{w}\n" for t, w in WEIGHTS.items())
    path.write_text(f"technique,weight\n{lines}", encoding="utf-8")
    return path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_weights(tmp_path)


@pytest.fixture
def written(run: Run, pair: tuple[Path, Path], weights: Path, out: Path) -> Path:
    done = run("gaps", *pair, "--threat", weights, "-o", out, "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    return out


def layer(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_bytes())
    return found


def entries(folder: Path, name: str) -> dict[str, Any]:
    return {one["techniqueID"]: one for one in layer(folder, name)["techniques"] if one.get("enabled", True)}


def result(run: Run, *args: str | Path) -> dict[str, Any]:
    done = run("gaps", *args, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def percent(share: dict[str, Any]) -> list[float]:
    return [round(share["percent"][name], 2) for name in ("plain", "by_weight", "by_score")]


def test_shares_are_plain_by_weight_and_by_score(run: Run, pair: tuple[Path, Path], weights: Path) -> None:
    found = result(run, *pair, "--threat", weights)
    total = found["total"]
    assert (total["techniques"], total["covered"], total["weak"]) == (6, 3, 1)
    assert (total["weight"], total["covered_weight"], total["scored_weight"]) == (17, 7, 6.1)
    assert percent(total) == [50, round(700 / 17, 2), round(610 / 17, 2)]
    assert {name: percent(share) for name, share in found["categories"].items()} == {
        "protect": [33.33, round(600 / 17, 2), round(500 / 17, 2)],
        "detect": [50, round(700 / 17, 2), round(250 / 17, 2)],
    }
    access = found["tactics"]["TA0006"]
    # T1003, T1110 and T1110.001
    assert (access["name"], access["techniques"], access["covered"], access["weight"]) == (
        "Credential Access",
        3,
        1,
        9,
    )
    assert percent(access) == [33.33, 22.22, 22.22]
    assert [(one["id"], percent(one)) for one in found["threats"]] == [("weights", percent(total))]


def test_gaps_are_ranked_by_weight_and_missing_score(run: Run, pair: tuple[Path, Path], weights: Path) -> None:
    rows = result(run, *pair, "--threat", weights)["techniques"]
    assert [(one["id"], one["gap"]) for one in rows] == [*GAPS.items(), ("T1078", 0), ("T1110", 0)]
    by_id = {one["id"]: one for one in rows}
    assert {id_: one["state"] for id_, one in by_id.items()} == {
        "T1003": "uncovered",
        "T1059": "uncovered",
        "T1110.001": "uncovered",
        "T1059.001": "weak",
        "T1078": "covered",
        "T1110": "covered",
    }
    assert {id_: one["related"] for id_, one in by_id.items() if one["related"]} == {
        "T1059": "1 of 13 subs",
        "T1110.001": "parent T1110 100",
    }
    assert by_id["T1110"] == {
        "id": "T1110",
        "name": "Brute Force",
        "tactics": ["credential-access"],
        "weight": 2,
        "state": "covered",
        "score": 100,
        "categories": {"protect": 50, "detect": 100},
        "missing": 0,
        "gap": 0,
        "best_by": ["b"],
        "used_by": {"weights": 2},
        "covered_by": [
            {"input": "b", "capability": "ids", "score": 100},
            {"input": "a", "capability": "mfa", "score": 50},
        ],
        "groups": GROUPS["T1110"],
        "related": "",
        "newer_than_inputs": False,
        "non_mappable": [],
    }


def test_capabilities_are_ranked_by_the_weight_they_cover(run: Run, pair: tuple[Path, Path], weights: Path) -> None:
    found = result(run, *pair, "--threat", weights)["capabilities"]
    assert found == [
        {"input": "a", "id": "mfa", "name": "Name of mfa", "techniques": 2, "only": 1, "weight": 6, "by_score": 5},
        {
            "input": "b",
            "id": "ids",
            "name": "Name of ids",
            "techniques": 2,
            "only": 1,
            "weight": 3,
            "by_score": 2.1,
        },
    ]


def test_one_category_is_scored_by_itself(run: Run, pair: tuple[Path, Path], weights: Path) -> None:
    found = result(run, *pair, "--threat", weights, "--category", "protect")
    assert (found["category"], percent(found["total"])) == ("protect", percent(found["categories"]["protect"]))
    assert [one["id"] for one in found["capabilities"]] == ["mfa"]
    assert {one["id"]: one["score"] for one in found["techniques"] if one["score"]} == {"T1078": 100, "T1110": 50}


@pytest.mark.parametrize(("weak", "number"), [("10", 0), ("10.5", 1), ("100", 1), ("0", 0)])
def test_what_is_weak_is_below_the_bound(
    run: Run, pair: tuple[Path, Path], weights: Path, weak: str, number: int
) -> None:
    assert result(run, *pair, "--threat", weights, "--weak", weak)["total"]["weak"] == number


def test_the_layer_of_the_threat_holds_its_weights(written: Path) -> None:
    found = entries(written, "threat")
    assert {id_: one["score"] for id_, one in found.items()} == WEIGHTS
    assert found["T1003"]["comment"] == "Weight 5\nUsed by weights = 5"
    gradient = layer(written, "threat")["gradient"]
    assert (gradient["colors"], gradient["minValue"], gradient["maxValue"]) == (
        ["#fee5d9", "#fb6a4a", "#99000d"],
        0,
        5,
    )
    assert [item["label"] for item in layer(written, "threat")["legendItems"]] == [
        "5 weight",
        "2.5 weight",
        "0.5 weight",
    ]


def test_coverage_hides_what_the_threat_does_not_do_and_colours_what_nobody_covers(written: Path) -> None:
    whole = layer(written, "coverage")
    assert whole["hideDisabled"] is True
    disabled = {one["techniqueID"] for one in whole["techniques"] if one.get("enabled") is False}
    assert not disabled & {*WEIGHTS, "T1059", "T1110"}
    assert len(disabled) == ACTIVE - len(WEIGHTS)
    found = entries(written, "coverage")
    assert {id_: one.get("score") for id_, one in found.items()} == {
        "T1003": 0,
        "T1059": 0,
        "T1059.001": 10,
        "T1078": 100,
        "T1110": 100,
        "T1110.001": 0,
    }, "a colour without a score would be read as covered"
    colours = {one["color"] for id_, one in found.items() if "color" in one}
    assert colours == {"#99000d"} == {whole["legendItems"][0]["color"]}
    assert whole["legendItems"][0]["label"] == "not covered"
    assert found["T1110.001"]["comment"] == "Not covered (parent T1110 100)\nUsed by weights = 2"
    assert found["T1110"]["comment"].startswith("Covered 100 by b: Name of ids = 100; a: Name of mfa = 50\n")
    assert {"name": "covered by", "value": "b: Name of ids = 100; a: Name of mfa = 50"} in found["T1110"][
        "metadata"
    ]
    assert found["T1059.001"]["links"][0]["url"] == "https://attack.mitre.org/techniques/T1059/001/"


def test_a_parent_that_the_threat_does_not_use_stays_with_its_sub_techniques(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    path = tmp_path / "one.csv"
    path.write_text("technique,weight\nT1059.001,1\n", encoding="utf-8")
    assert run("gaps", *pair, "--threat", path, "-o", out, "-q").code == 0
    for name in ("coverage", "gap"):
        listed = {one["techniqueID"]: one.get("enabled", True) for one in layer(out, name)["techniques"]}
        assert listed["T1059.001"]
        assert "T1059" not in listed, "the Navigator hides sub-techniques with their parent"
        assert listed["T1059.003"] is False


def test_the_layer_of_the_gap_holds_weight_times_missing_score(written: Path) -> None:
    found = entries(written, "gap")
    assert {id_: one["score"] for id_, one in found.items() if "score" in one} == GAPS
    assert set(found) == set(WEIGHTS)
    assert found["T1059.001"]["comment"].startswith("Gap 0.9\nCovered 10 by b: Name of ids = 10\n")
    assert layer(written, "gap")["hideDisabled"] is True


def test_tabs_stand_in_reading_order(written: Path) -> None:
    tabs = json.loads((written / "all.json").read_bytes())
    assert [tab["name"] for tab in reversed(tabs)] == ["Threat – weights", "Coverage – weights", "Gap – weights"]


def test_legends_have_the_colours_of_the_cells(written: Path) -> None:
    for name in ("threat", "gap"):
        whole = layer(written, name)
        gradient = Gradient(
            tuple(whole["gradient"]["colors"]), whole["gradient"]["minValue"], whole["gradient"]["maxValue"]
        )
        for item in whole["legendItems"]:
            if "covered" not in item["label"]:
                number = 0.9 if item["label"] == "weak" else float(item["label"].partition(" ")[0])
                assert item["color"] == gradient.color(number)


def test_the_gap_tells_what_is_uncovered_from_what_is_weak(written: Path) -> None:
    found = entries(written, "gap")
    colours = {id_: one.get("color") for id_, one in found.items()}
    uncovered = {id_ for id_, one in entries(written, "coverage").items() if "color" in one}
    assert colours == {id_: "#99000d" if id_ in uncovered else None for id_ in found}
    assert layer(written, "gap")["gradient"]["colors"] == ["#fee5d9", "#fb6a4a"], "what is weak is lighter"
    labels = [item["label"] for item in layer(written, "gap")["legendItems"]]
    assert labels == ["not covered", "weak", "covered"]


def test_all_tabs_hide_the_same(written: Path) -> None:
    listed = [
        {one["techniqueID"]: one.get("enabled", True) for one in layer(written, name)["techniques"]}
        for name in ("threat", "coverage", "gap")
    ]
    assert listed[0] == listed[1] == listed[2]
    assert all(layer(written, name)["hideDisabled"] for name in ("threat", "coverage", "gap"))


@pytest.mark.parametrize(
    ("words", "label"),
    [
        (("APT29",), ["used by APT29"]),
        (("credential-access",), ["of Credential Access"]),
        (("APT29", "FIN7"), ["2 of the threats", "1 of the threats"]),
    ],
)
def test_the_legend_of_a_threat_names_it(
    run: Run, tiny: Path, out: Path, words: tuple[str, ...], label: list[str]
) -> None:
    options = [part for word in words for part in ("--threat", word)]
    assert run("gaps", tiny, *options, "-o", out, "-q").code == 0
    assert [item["label"] for item in layer(out, "threat")["legendItems"]] == label


def test_tables_hold_every_technique_with_who_uses_and_who_covers_it(written: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((written / "techniques.csv").read_text("utf-8-sig"))))
    assert [one["technique"] for one in rows] == [*GAPS, "T1078", "T1110"]
    assert rows[3] == {
        "technique": "T1059.001",
        "name": "PowerShell",
        "tactics": "execution",
        "weight": "1",
        "groups": str(GROUPS["T1059.001"]),
        "used by": "weights = 1",
        "state": "weak",
        "score": "10",
        "best by": "b",
        "missing": "90",
        "gap": "0.9",
        "protect": "",
        "detect": "10",
        "capabilities": "b: Name of ids = 10",
        "non-mappable in": "",
        "related": "",
    }
    book = openpyxl.load_workbook(written / "gaps.xlsx")
    assert book.sheetnames == ["threats", "tactics", "categories", "capabilities", "techniques"]
    assert [cell.value for cell in book["threats"][2]][:6] == ["weights", "weights", "table", 6, 3, 1]
    markdown = (written / "gaps.md").read_text(encoding="utf-8")
    assert markdown.startswith("# Gaps of a, b against weights\n")
    sentence = "a and b cover 3 of 6 techniques of weights at ATT&CK 19.1: 50%, 41% by weight, 36% by score."
    assert sentence in markdown.splitlines()[2]
    headings = [line for line in markdown.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Coverage per threat",
        "## Coverage per tactic",
        "## Coverage per category",
        "## Capabilities that cover the threat, by covered weight",
        "## Techniques of the threat, largest gap first",
    ]


def test_the_index_says_what_it_was_made_from(written: Path) -> None:
    index = json.loads((written / "index.json").read_bytes())
    assert (index["command"], index["attack_version"]) == ("gaps", "19.1")
    assert [one["path"] for one in index["files"]] == [
        *("threat.json", "coverage.json", "gap.json", "all.json"),
        *("techniques.csv", "gaps.xlsx", "gaps.md"),
    ]
    (member,) = index["options"]["threat"]
    assert (member["kind"], member["id"], member["techniques"]) == ("table", "weights", 6)


def test_what_was_written_is_a_threat_again(run: Run, written: Path, pair: tuple[Path, Path]) -> None:
    expected = result(run, *pair, "--threat", written / "threat.json")["total"]
    for name in ("techniques.csv", "gaps.xlsx"):
        assert result(run, *pair, "--threat", written / name)["total"] == expected
    assert percent(expected) == [50, round(700 / 17, 2), round(610 / 17, 2)]


def test_the_terminal_gets_shares_gaps_and_capabilities(run: Run, pair: tuple[Path, Path], weights: Path) -> None:
    done = run("gaps", *pair, "--threat", weights, "--all")
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == (
        "a and b cover 3 of 6 techniques of weights at ATT&CK 19.1: 50%, 41% by weight, 36% by score. "
        "3 uncovered, 1 weak (below 50). Most gaps: Credential Access, 2 of 3 not covered (67%)."
    )
    assert "total (each technique once) 6 3 1 50.0% 41.2% 35.9%" in lines
    assert "Top gaps (not covered, or below 50), largest gap (weight × missing score) first" in lines
    assert "T1003 OS Credential Dumping 5 5.0" in lines
    assert "a Name of mfa 2 1 6 5.0" in lines


def test_running_again_replaces_its_files_and_foreign_ones_are_kept(
    run: Run, pair: tuple[Path, Path], weights: Path, written: Path
) -> None:
    before = contents(written)
    assert run("gaps", *reversed(pair), "--threat", weights, "-o", written, "-q").code == 0
    assert run("gaps", *pair, "--threat", weights, "-o", written, "-q").code == 0
    assert contents(written) == before
    (written / "notes.txt").write_text("mine", encoding="utf-8")
    done = run("gaps", *pair, "--threat", weights, "-o", written)
    assert done.code == 2
    assert "notes.txt" in done.err
    assert run("gaps", *pair, "--threat", weights, "-o", written, "--force", "-q").code == 0
    assert contents(written) == before | {"notes.txt": b"mine"}
