"""`navlayers gaps` as its users see it: a small set against weights, worked out by hand."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click
import openpyxl
import pytest
from conftest import Cells, Run, contents, write_set

from navlayers import attack
from navlayers.cli.gaps import command
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


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "weights.csv"
    path.parent.mkdir(exist_ok=True)
    lines = "".join(f"{t},{w}\n" for t, w in WEIGHTS.items())
    path.write_text(f"technique,weight\n{lines}", encoding="utf-8")
    return path


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
    assert colours == {"#ffd92f"} == {whole["legendItems"][0]["color"]}
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
    sentence = "a and b cover 3 of 6 techniques of weights at ATT&CK 19.1: 50 %, 41 % by weight, 36 % by score."
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
    done = run("gaps", *pair, "--threat", weights)
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == (
        "a and b cover 3 of 6 techniques of weights at ATT&CK 19.1: 50 %, 41 % by weight, 36 % by score. "
        "3 uncovered, 1 weak (below 50)."
    )
    assert "total (each technique once) 6 3 1 50.0 % 41.2 % 35.9 %" in lines
    assert "Uncovered, or weak (below 50), largest gap (weight × missing score) first" in lines
    assert "T1003 OS Credential Dumping 5 5.0" in lines
    assert "a Name of mfa 2 1 6 5.0" in lines


def test_a_threat_without_weights_is_told_without_them_and_ranked_by_groups(run: Run, tiny: Path) -> None:
    done = run("gaps", tiny, "--threat", "APT29")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "by weight" not in done.out.replace("by the weight", "")
    assert "tactic total covered weak share by score" in lines
    assert "Uncovered, or weak (below 50), lowest score first, then used by most groups" in lines
    assert "technique name score groups" in lines
    assert "capability techniques unique by score" in lines
    assert max(map(len, done.out.splitlines()[1:])) <= 90
    rows = result(run, tiny, "--threat", "APT29")["techniques"]
    ranks = [(-one["gap"], -one["groups"], one["id"]) for one in rows]
    assert ranks == sorted(ranks)
    assert {one["id"]: one["groups"] for one in rows} == {one["id"]: GROUPS[one["id"]] for one in rows}


def test_a_release_without_groups_ranks_by_id(run: Run, tiny: Path) -> None:
    rows = result(run, tiny, "--threat", "TA0006", "--attack", "16.1")["techniques"]
    assert {one["groups"] for one in rows} == {None}
    assert [one["id"] for one in rows if one["gap"] == 1] == sorted(one["id"] for one in rows if one["gap"] == 1)


def test_what_the_sets_could_not_have_considered_is_marked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    # T1680 and T1027.015 came with 17.1 and later, T1574.001 took the place of T1574.002.
    path.write_text("technique,weight\nT1680,3\nT1027.015,2\nT1003,1\nT1574.001,1\n", encoding="utf-8")
    old = write_set(
        tmp_path / "old.json", [("a", "T1027", "protect", "partial"), ("a", "T1078", "protect", "partial")]
    )
    rows = {one["id"]: one for one in result(run, old, "--threat", path)["techniques"]}
    assert {id_ for id_, one in rows.items() if one["newer_than_inputs"]} == {"T1680", "T1027.015"}
    assert rows["T1027.015"]["related"] == "parent T1027 50"
    done = run("gaps", old, "--threat", path)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "T1680 Local Storage Discovery 3 3 newer than the sets" in lines
    assert "T1027.015 Compression 2 2 parent T1027 50, newer than the sets" in lines
    new = write_set(tmp_path / "new.json", [("a", "T1078", "protect", "partial")], attack_version="18.1")
    rows = {one["id"]: one for one in result(run, old, new, "--threat", path)["techniques"]}
    assert not any(one["newer_than_inputs"] for one in rows.values())


def test_what_a_release_lacks_of_the_threat_is_said_everywhere(
    run: Run, tiny: Path, tmp_path: Path, out: Path
) -> None:
    path = tmp_path / "new.csv"
    path.write_text("technique,weight\nT1078,2\nT1680,2\nT1681,1\nT1671,2\n", encoding="utf-8")
    losses = "3 of 4 techniques, 71.4 % of the weight, are not in ATT&CK 16.1 and left out"
    done = run("gaps", tiny, "--threat", path, "--attack", "16.1", "-o", out)
    assert done.out.startswith("tiny 1 covers 1 of 1 techniques of new at ATT&CK 16.1: 100 %")
    assert f"; {losses}. 0 uncovered" in done.out.splitlines()[0]
    assert f"note: new: {losses}: T1671; T1680; T1681\n" in done.err
    text = (out / "gaps.md").read_text(encoding="utf-8")
    assert f"; {losses}. 0 uncovered" in text.splitlines()[2]
    assert losses in layer(out, "gap")["description"]
    found = result(run, tiny, "--threat", path, "--attack", "16.1")
    assert found["threat"]["left_out"] == {
        "weights": {"T1671": 2, "T1680": 2, "T1681": 1},
        "percent_of_weight": 71.4286,
    }
    assert losses in found["summary"]
    plan = run("plan", tiny, "--threat", path, "--target", "95%", "--attack", "16.1")
    assert f"note: new: {losses}: T1671; T1680; T1681\n" in plan.err
    newest = result(run, tiny, "--threat", path)
    assert (newest["attack_version"], newest["total"]["techniques"]) == ("19.1", 4)


def test_cells_of_markdown_and_tooltips_name_the_first_capabilities(run: Run, tmp_path: Path, out: Path) -> None:
    path = write_set(tmp_path / "m.json", [(f"c{n}", "T1078", "protect", "partial") for n in range(9)])
    assert run("gaps", path, "--threat", "TA0001", "-o", out, "-q").code == 0
    names = [f"c{n} Name of c{n} = 50" for n in range(9)]
    assert f"| {'; '.join(names[:5])}; +4 more |" in (out / "gaps.md").read_text(encoding="utf-8")
    assert f"{'; '.join(names[:6])}; +3 more\n" in entries(out, "gap")["T1078"]["comment"]
    assert "; ".join(names) in (out / "techniques.csv").read_text("utf-8-sig")


def test_more_than_the_first_gaps_are_in_the_files(run: Run, tiny: Path, out: Path) -> None:
    done = run("gaps", tiny, "--threat", "FIN7", "--threat", "APT29", "-o", out)
    assert any(
        line.startswith("… and ") and line.endswith(" more; -o writes all") for line in done.out.splitlines()
    )
    assert "Coverage per threat" in done.out
    assert done.err.endswith(f"written to {out}\n")


def test_an_unscored_set_covers_without_a_score_unless_a_relation_has_a_worth(
    run: Run, tmp_path: Path, weights: Path
) -> None:
    path = write_set(tmp_path / "in" / "u.json", [("a", "T1078", None, None), ("b", "T1078", None, None)])
    done = run("gaps", path, "--threat", weights, "--json")
    note = "note: u: the set has no scores, so mapped techniques count as covered"
    assert note in done.err
    found = json.loads(done.out)
    total = found["total"]
    assert (found["scored"], total["covered"], total["covered_weight"]) == (False, 1, 4)
    assert (total["weak"], total["scored_weight"], total["percent"]["by_score"]) == (None, None, None)
    assert found["capabilities"][0]["by_score"] is None
    row = next(one for one in found["techniques"] if one["id"] == "T1078")
    assert (row["state"], row["score"], row["missing"], row["gap"]) == ("covered", None, 0, 0)
    done = run("gaps", path, "--threat", weights, "--worth", "25", "--json")
    assert "without a score" not in done.err
    assert json.loads(done.out)["total"]["scored_weight"] == 1


def test_results_of_an_unscored_set_claim_no_score(run: Run, tmp_path: Path, weights: Path, out: Path) -> None:
    path = write_set(tmp_path / "in" / "u.json", [("a", "T1078", None, None), ("a", "T1110", None, None)])
    done = run("gaps", path, "--threat", weights, "-o", out)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == (
        "tiny 1 covers 2 of 6 techniques of weights at ATT&CK 19.1: 33 %, 35 % by weight. 4 uncovered."
    )
    assert "total (each technique once) 6 2 – 33.3 % 35.3 % –" in lines
    assert "u has no scores; --worth sets one" in lines
    assert "Uncovered, largest weight first" in lines
    assert "T1110.001 Password Guessing 2 parent T1110 covered" in lines
    assert "u has no scores" in (out / "gaps.md").read_text(encoding="utf-8")
    found = entries(out, "coverage")
    assert {
        id_: (one.get("score"), one.get("color")) for id_, one in found.items() if id_ in ("T1003", "T1078")
    } == {
        "T1003": (0, "#ffd92f"),
        "T1078": (None, layer(out, "coverage")["legendItems"][1]["color"]),
    }
    assert found["T1078"]["comment"].startswith("Covered by Name of a\n")
    assert [one["label"] for one in layer(out, "coverage")["legendItems"]] == ["not covered", "covered"]
    assert "score" not in entries(out, "gap")["T1078"]


def test_a_layer_of_counts_covers_without_a_score(run: Run, tmp_path: Path, out: Path, weights: Path) -> None:
    path = write_set(tmp_path / "in" / "u.json", [("a", "T1078", None, None), ("b", "T1078", None, None)])
    assert run("build", path, "-o", out, "-q").code == 0
    found = result(run, out / "u" / "overview.json", "--threat", weights)
    assert (found["total"]["covered"], found["total"]["scored_weight"]) == (1, None)
    assert found["capabilities"][0]["by_score"] is None
    worth = result(run, out / "u" / "overview.json", "--threat", weights, "--worth", "25")
    assert worth["total"]["scored_weight"] == worth["capabilities"][0]["by_score"] == 1


def test_a_mapping_without_a_value_is_not_rated_and_covers_nothing(run: Run, tmp_path: Path, weights: Path) -> None:
    path = write_set(
        tmp_path / "in" / "m.json", [("a", "T1078", "protect", None), ("a", "T1110", "protect", "partial")]
    )
    done = run("gaps", path, "--threat", weights, "--json")
    assert "note: a technique is mapped without a score value: not rated, so not covered" in done.err
    rows = {one["id"]: one for one in json.loads(done.out)["techniques"]}
    assert (rows["T1078"]["state"], rows["T1078"]["score"], rows["T1078"]["gap"]) == ("not rated", None, 4)
    total = json.loads(done.out)["total"]
    assert (total["covered"], total["weak"], total["unrated"]) == (1, 0, 1)


def test_techniques_recorded_as_non_mappable_are_told_from_those_that_nobody_mapped(run: Run) -> None:
    """Of the 14 techniques of APT29 that NIST 800-53 does not cover, it records 8 as non-mappable."""
    found = result(run, "nist_800_53", "--threat", "APT29", "--attack", "18.1")
    recorded = [row["id"] for row in found["techniques"] if row["non_mappable"] == ["nist_800_53"]]
    assert len(recorded) == 8
    assert all(row["state"] == "uncovered" for row in found["techniques"] if row["non_mappable"])
    assert found["summary"].endswith("14 uncovered (8 of them recorded as non-mappable).")


def test_a_set_without_mappings_covers_nothing_and_is_told(run: Run, tmp_path: Path, weights: Path) -> None:
    path = write_set(tmp_path / "in" / "e.json", [("a", None, None, None)])
    done = run("gaps", path, "--threat", weights, "--json")
    assert "note: e: no mappings" in done.err
    found = json.loads(done.out)
    assert (found["total"]["covered"], found["categories"], found["capabilities"]) == (0, {}, [])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["aws"], "no threat is given; expected"),
        (["--threat", "APT29"], "no input given; expected one or more sets or layers"),
        (
            ["--threat", "APT29", "--software-of", "aws"],
            "--software-of took aws for a group: write the sets before it",
        ),
        (
            ["aws", "veris-ics", "--threat", "APT29"],
            "the inputs are of different ATT&CK domains: aws of enterprise",
        ),
        (["veris-ics", "--threat", "APT29"], '"APT29" is in ATT&CK Enterprise, the sets are for ATT&CK ICS'),
        (
            ["aws", "nist_800_53", "--threat", "APT29"],
            "nist_800_53 has counts of capabilities, aws has scores",
        ),
        (["aws", "--threat", "APT29", "--attack", "17.1"], "campaigns of ATT&CK enterprise 17.1 are not installed"),
        (["aws", "--threat", "APT29", "--attack", "99"], "ATT&CK enterprise 99 is not installed"),
        (["aws", "--threat", "APT 29"], "(did you mean APT29 (G0016)"),
        (
            ["aws", "--threat", "cozyduke"],
            "expected G0016 (group APT29) or S0046 (software CozyCar) (use the id)",
        ),
        (["nist_800_53", "--threat", "APT29", "--category", "detect"], 'nist_800_53 has no category "detect"'),
        (["aws", "--threat", "APT29", "--weak", "101"], "--weak is 101; expected a number from 0 to 100"),
        (["aws", "--threat", "APT29", "--weak", "nan"], "--weak is nan; expected a number from 0 to 100"),
        (["aws", "--threat", "APT29", "-o", "-", "--json"], "--json and -o - both write to standard output"),
        (["-", "--threat", "-"], "- is both a set and the threat"),
        (["aws", "--threat", "G0017"], "DragonOK (G0017): uses no techniques in ATT&CK Enterprise 19.1"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(run: Run, args: list[str], message: str) -> None:
    done = run("gaps", *args)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_weights_that_are_no_numbers_have_their_places(run: Run, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text("technique,weight\nT1059,many\n", encoding="utf-8")
    done = run("gaps", tiny, "--threat", path)
    assert done.code == 2
    assert done.err == f'navlayers: {path}:2:7: weight "many" is not a number; expected a number of 0 or more\n'


def test_a_threat_comes_from_standard_input_and_layers_go_to_standard_output(run: Run, tiny: Path) -> None:
    done = run("gaps", tiny, "--threat", "-", "-o", "-", "-q", stdin=b"technique,weight\nT1078,3\n")
    assert (done.code, done.err) == (0, "")
    assert [tab["name"] for tab in json.loads(done.out)] == ["Gap – stdin", "Coverage – stdin", "Threat – stdin"]


def test_a_group_with_its_software_by_an_option_without_a_value(run: Run, tiny: Path) -> None:
    alone = result(run, tiny, "--threat", "APT29")["total"]["techniques"]
    found = result(run, tiny, "--threat", "APT29", "--software-of")
    assert found["total"]["techniques"] > alone
    assert len(found["threats"][0]["by_software_alone"]) == found["total"]["techniques"] - alone


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


def test_the_hash_seed_reaches_no_byte(pair: tuple[Path, Path], tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        words = ["--threat", "FIN7", "--threat", "APT29", "--software-of", "all", "--threat", "kev"]
        command = [sys.executable, "-m", "navlayers", "gaps", *map(str, pair), *words, "-o", str(out), "-q"]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
        made.append(contents(out))
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("G001", ("G0016", "APT29")),
        ("apt2", ("APT29", "group G0016")),
        ("Cobalt S", ("Cobalt Strike", "software S0154")),
        ("C0024", ("C0024", "SolarWinds Compromise")),
        ("TA0006", ("TA0006", "Credential Access")),
        ("cred", ("credential-access", "Credential Access")),
    ],
)
def test_threats_are_completed_by_id_and_name(typed: str, found: tuple[str, str]) -> None:
    option = next(each for each in command.params if each.name == "threat")
    items = option.shell_complete(click.Context(command), typed)
    assert found in [(item.value, item.help) for item in items]


def test_the_shell_completes_threats_and_sets() -> None:
    context = click.Context(command)
    option = next(each for each in command.params if each.name == "threat")
    values = [item.value for item in option.shell_complete(context, "k")]
    assert "kev" in values
    assert "KARAE" in values
    assert option.shell_complete(context, "APT29")[0].value == "APT29"
