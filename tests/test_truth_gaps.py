"""What `gaps` says, worked out a second time from docs/gaps.md."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from truth_gaps import Weights, gaps, group, said_of, with_software
from truth_oracle import (
    BARE,
    CATEGORIES,
    facts,
    json_of,
    mismatches,
    native,
    newest,
    scores,
    shipped,
    view,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.mark.parametrize(
    ("name", "threats", "options"),
    [
        ("aws", "G0016", {}),
        ("m365", "G0046 S0154 C0024", {"weak": 60.0, "aggregate": "mean"}),
        ("gcp", "G0032 G0065", {"category": "detect"}),
        ("nist_800_53", "G0016", {}),
        ("nist_800_53", "G0016 G0007", {"worth": 30.0, "aggregate": "combined"}),
        ("intel-vpro", "G0016", {"rollup": "max"}),
    ],
)
def test_gaps_against_groups_software_and_campaigns(
    run: Run, name: str, threats: str, options: dict[str, Any]
) -> None:
    release = newest()
    members = {one: group(release, one) for one in threats.split()}
    right = gaps({name: shipped(name)}, members, release, groups_known=True, **options)
    words = [word for one in members for word in ("--threat", one)]
    words += [word for key, value in options.items() for word in (f"--{key}", str(value))]
    said = said_of(json_of(run, "gaps", name, *words, "--json"), right)
    if options.get("rollup"):  # what a parent gets is nobody's own
        del said["capabilities"], right["capabilities"]
    assert mismatches(said, right) == {}


def test_gaps_of_several_sets_take_the_best_of_each(run: Run) -> None:
    release = newest()
    names = ("aws", "azure", "m365")
    right = gaps(
        {name: shipped(name) for name in names}, {"G0016": group(release, "G0016")}, release, groups_known=True
    )
    said = said_of(json_of(run, "gaps", *names, "--threat", "G0016", "--json"), right)
    del said["capabilities"], right["capabilities"]
    assert mismatches(said, right) == {}


def test_gaps_with_the_software_of_a_group(run: Run) -> None:
    release = facts("enterprise", "18.1")
    right = gaps({"aws": shipped("aws")}, {"G0007": with_software(release, "G0007")}, release, groups_known=True)
    said = said_of(
        json_of(run, "gaps", "aws", "--threat", "G0007", "--software-of=all", "--attack", "18.1", "--json"), right
    )
    assert mismatches(said, right) == {}


@pytest.mark.parametrize("name", ["m365", "nist_800_53"])
@pytest.mark.parametrize("words", ["", "all"], ids=["itself", "with software"])
def test_gaps_at_a_release_to_which_groups_are_carried(run: Run, name: str, words: str) -> None:
    release = newest()
    member = with_software(release, "G0034") if words else group(release, "G0034")
    right = gaps({name: shipped(name)}, {"G0034": member}, release, groups_known=True)
    options = [f"--software-of={words}"] if words else []
    said = json_of(run, "gaps", name, "--threat", "G0034", "--attack", "19.1", "--json", *options)
    assert mismatches(said_of(said, right), right) == {}


def test_gaps_say_once_that_groups_are_carried(run: Run) -> None:
    notices = run("gaps", "nist_800_53", "--threat", "G0016", "--threat", "G0007", "--attack", "19.1").err
    assert [bool(re.search(r"groups|threats", line)) for line in notices.splitlines() if "18.1" in line] == [True]


@pytest.mark.parametrize("version", ["16.1", "17.1"])
def test_gaps_weigh_techniques_by_the_vulnerabilities_that_lead_to_them(run: Run, version: str) -> None:
    release = facts("enterprise", version)
    kev = {t: float(s or 0) for t, s in view(scores(shipped("kev"), release)).items()}
    right = gaps({"gcp": shipped("gcp")}, {"kev": kev}, release)
    said = said_of(json_of(run, "gaps", "gcp", "--threat", "kev", "--attack", version, "--json"), right)
    assert mismatches(said, right) == {}


@pytest.mark.parametrize("tactic", ["TA0006", "TA0040"])
def test_gaps_against_a_tactic(run: Run, tactic: str) -> None:
    release = facts("enterprise", "16.1")
    short = next(short for id_, short, _ in release.matrix if id_ == tactic)
    member: Weights = {t: 1 for t in release.active if short in release.tactics[t]}
    right = gaps({"azure": shipped("azure")}, {tactic: member}, release)
    words = ("--threat", tactic, "--attack", "16.1", "--json")
    assert mismatches(said_of(json_of(run, "gaps", "azure", *words), right), right) == {}


TABLE = {"T1078": 2.5, "T1110.001": 4, "T1059": 1, "T1486": 3, "T1566.001": 10, "T1003": 0.5, "T1053.002": 7}


def table_of(path: Path) -> Path:
    path.write_text("".join(["technique,weight\n", *(f"{t},{w}\n" for t, w in TABLE.items())]), encoding="utf-8")
    return path


@pytest.mark.parametrize("options", [{}, {"category": "detect"}, {"weak": 10.5}], ids=["plain", "detect", "weak"])
def test_gaps_against_weights_of_a_table(run: Run, tmp_path: Path, options: dict[str, Any]) -> None:
    release = facts("enterprise", "16.1")
    right = gaps({"m365": shipped("m365")}, {"table": dict(TABLE)}, release, **options)
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    path = table_of(tmp_path / "table.csv")
    result = json_of(run, "gaps", "m365", "--threat", path, "--attack", "16.1", "--json", *words)
    result["threats"][0]["id"] = "table"
    for one in result["techniques"]:
        one["used_by"] = dict.fromkeys(["table"], *one["used_by"].values())
    assert mismatches(said_of(result, right), right) == {}


def test_the_table_of_gaps(run: Run, tmp_path: Path) -> None:
    release = newest()
    found = gaps({"aws": shipped("aws")}, {"G0016": group(release, "G0016")}, release, groups_known=True)
    own = scores(shipped("aws"), release)
    right = {}
    for technique in found["order"]:
        one = found["techniques"][technique]
        by = own.get(technique, {})
        right[technique] = {
            "name": one["name"],
            "tactics": ", ".join(one["tactics"]),
            "weight": one["weight"],
            "groups": one["groups"],
            "state": one["state"],
            "score": one["score"] or "",
            "best by": ", ".join(one["best_by"]),
            "missing": one["missing"],
            "gap": one["gap"],
            "related": one["related"],
            **{category: by.get(category, "") for category in CATEGORIES},
        }
    assert run("gaps", "aws", "--threat", "G0016", "-o", tmp_path / "out", "-q").code == 0
    text = (tmp_path / "out" / "techniques.csv").read_text(encoding="utf-8-sig")
    said = {}
    for row in csv.DictReader(io.StringIO(text)):
        cells = {key: float(cell) if re.fullmatch(r"-?[\d.]+", cell) else cell for key, cell in row.items()}
        said[row["technique"]] = {key: cells[key] for key in next(iter(right.values()))}
    assert list(said) == found["order"]
    assert mismatches(said, right) == {}


NOT_RATED = """\
framework: nr
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  a:
    techniques:
      T1078: {protect: }
      T1110.001: {protect: significant}
      T1003: {protect: minimal, detect: }
      T1053.001: {detect: 99.7}
      T1486: {protect: 0}
      T1059:
"""


@pytest.mark.parametrize("category", [None, "protect", "detect"])
def test_what_is_not_rated_is_neither_covered_nor_weak(run: Run, tmp_path: Path, category: str | None) -> None:
    path = tmp_path / "nr.yaml"
    path.write_text(NOT_RATED, encoding="utf-8")
    release = facts("enterprise", "16.1")
    right = gaps({"nr": native(path)}, {"table": dict(TABLE)}, release, category=category)
    words = ("--category", category) if category else ()
    result = json_of(
        run, "gaps", path, "--threat", table_of(tmp_path / "t.csv"), "--attack", "16.1", "--json", *words
    )
    said = said_of(result, right)
    keys = ("total", "categories", "states", "scores")
    for one in (said, right):
        one["states"] = {t: row["state"] for t, row in one["techniques"].items()}
        one["scores"] = {t: row["score"] or 0 for t, row in one["techniques"].items()}
    assert mismatches({key: said[key] for key in keys}, {key: right[key] for key in keys}) == {}
    assert BARE not in right["categories"]


ONE_RATES_0 = """\
framework: {name}
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  {name}: {{techniques: {{T1078: {{protect: {value}}}, T1110: {{protect: significant}}}}}}
"""


def test_what_one_set_rates_0_is_rated(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yaml" for name in ("zero", "none")]
    for path, value in zip(files, ("0", ""), strict=True):
        path.write_text(ONE_RATES_0.format(name=path.stem, value=value), encoding="utf-8")
    release = facts("enterprise", "16.1")
    right = gaps({path.stem: native(path) for path in files}, {"table": dict(TABLE)}, release)
    words = ("--threat", table_of(tmp_path / "t.csv"), "--attack", "16.1", "--json")
    said = json_of(run, "gaps", *files, *words)
    assert {one["id"]: one["state"] for one in said["techniques"]} == {
        t: one["state"] for t, one in right["techniques"].items()
    }
