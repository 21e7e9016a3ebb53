"""`navlayers compare` with unusual inputs: counts, equal names, sets and layers that do not go together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Run, write_set
from test_compare import UNSCORED, A, B, layer, scores

if TYPE_CHECKING:
    from pathlib import Path


def test_a_baseline_is_known_by_its_path_where_names_are_the_same(run: Run, tmp_path: Path, out: Path) -> None:
    last, now = (write_set(tmp_path / folder / "set.json", rows) for folder, rows in (("last", A), ("now", B)))
    found = json.loads(run("compare", now, last, "--baseline", last, "--json").out)
    assert found["differences"][0]["first"] == "last/set"
    assert found["differences"][0]["techniques"]["T1078"]["difference"] == -50
    run("build", last, "-o", out, "--only", "categories,all")
    listed = out / "set" / "all.json"
    refused = run("compare", listed, "--baseline", listed)
    assert (refused.code, refused.out) == (2, "")
    assert "holds several layers; expected one set or layer" in refused.err


def test_counts_are_compared_with_counts_those_of_layers_too(run: Run, out: Path, tmp_path: Path) -> None:
    one = write_set(tmp_path / "in" / "one.json", UNSCORED)
    two = write_set(tmp_path / "in" / "two.json", UNSCORED[:2])
    run("build", two, "-o", tmp_path / "built", "--only", "overview")
    (tmp_path / "built" / "two" / "overview.json").rename(tmp_path / "layer.json")
    run("compare", one, tmp_path / "layer.json", "-o", out)
    assert scores(out, "union.json") == {"T1078": 2, "T1110": 1}
    assert scores(out, "differences/one--layer.json") == {"T1078": 0, "T1110": -1}
    assert layer(out, "union.json")["gradient"]["maxValue"] == 2


def test_a_list_of_layers_of_counts_and_of_scores_is_refused(run: Run, tmp_path: Path) -> None:
    one = write_set(tmp_path / "in" / "one.json", UNSCORED)
    two = write_set(tmp_path / "in" / "two.json", A)
    both = tmp_path / "both.json"
    both.write_text(run("build", one, two, "--only", "overview", "-o", "-").out)
    done = run("compare", both)
    assert (done.code, done.out) == (2, "")
    assert "both holds layers of counts and layers of scores; expected layers of one kind" in done.err


def test_a_count_of_nothing_is_no_relation_that_could_be_worth_something(run: Run, tmp_path: Path) -> None:
    versions = {"attack": "16", "layer": "4.5"}
    text: dict[str, Any] = {"name": "Counts", "domain": "enterprise-attack", "versions": versions}
    text["metadata"] = [{"name": "aggregate", "value": "count"}]
    text["techniques"] = [{"techniqueID": "T1078", "score": 3}, {"techniqueID": "T1110", "score": 0}]
    path = tmp_path / "counts.json"
    path.write_text(json.dumps(text))
    found = json.loads(run("compare", path, "gcp", "--worth", "50", "--json").out)["inputs"]["counts"]
    assert (found["techniques"], found["mean"]) == (1, 50)


def test_numbers_of_capabilities_are_more_not_stronger(run: Run, out: Path, tmp_path: Path) -> None:
    one, two = (write_set(tmp_path / f"{name}.json", UNSCORED[:n]) for name, n in (("one", 2), ("two", 1)))
    done = run("compare", one, two, "-o", out)
    assert "stronger" not in done.out
    found = layer(out, "differences/one--two.json")
    assert found["techniques"][0]["comment"].startswith("One has 1 more: one 2, two 1")
    assert "one more" in {item["label"] for item in found["legendItems"]}


@pytest.mark.parametrize(("rows", "colors", "end"), [(1, 3, 1), (2, 5, 2)])
def test_differences_of_few_have_no_more_colours_than_whole_numbers(
    run: Run, out: Path, tmp_path: Path, rows: int, colors: int, end: int
) -> None:
    one, two = (write_set(tmp_path / f"{name}.json", UNSCORED[:n]) for name, n in (("one", rows), ("two", 1)))
    run("compare", one, two, "-o", out)
    gradient = layer(out, "differences/one--two.json")["gradient"]
    assert (len(gradient["colors"]), gradient["minValue"], gradient["maxValue"]) == (colors, -end, end)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["aws"], "there are fewer than two inputs to compare"),
        (["aws", "aws"], "duplicate input aws"),
        ([], "no input given"),
        (["aws", "gcpp"], "no mapping set 'gcpp'"),
        (["aws", "veris-ics"], "different ATT&CK domains: aws of enterprise, veris-ics of ics"),
        (["aws", "gcp", "--attack", "99"], "ATT&CK enterprise 99 is not installed"),
        (["aws", "gcp", "--baseline", "nope"], "no mapping set 'nope'"),
        (["nist_800_53", "csa_ccm", "--category", "protect"], "no input has the category protect"),
        (["aws", "gcp", "-o", ""], "-o is empty"),
        (["aws", "gcp", "-o", "-", "--json"], "both write to standard output"),
    ],
)
def test_what_cannot_be_compared_is_told(run: Run, args: list[str], words: str) -> None:
    done = run("compare", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_files_of_one_name_are_told_apart(run: Run, tmp_path: Path, out: Path) -> None:
    one, two = (write_set(tmp_path / folder / "set.json", rows) for folder, rows in (("one", A), ("two", B)))
    assert run("compare", one, two, "-o", out).code == 0
    assert sorted(p.name for p in (out / "inputs").iterdir()) == ["one-set.json", "two-set.json"]
    assert [one["name"] for one in layer(out, "index.json")["inputs"]] == ["one/set", "two/set"]


def test_a_shipped_set_keeps_its_name_beside_a_file_of_that_name(run: Run, tmp_path: Path) -> None:
    mine = write_set(tmp_path / "mine" / "gcp.json", A)
    assert list(json.loads(run("compare", "gcp", mine, "--json").out)["inputs"]) == ["gcp", "mine/gcp"]


def test_scores_that_differ_in_what_is_not_written_do_not_differ(run: Run, tmp_path: Path) -> None:
    options = ("--aggregate", "mean", "--weights", "protect=3,detect=1,respond=0.7")
    run("build", "m365", *options, "-o", tmp_path / "built", "--only", "overview")
    done = run("diff", "m365", tmp_path / "built" / "m365" / "overview.json", *options, "--fail-on-loss")
    assert (done.code, done.out.splitlines()[1]) == (0, "Nothing changed.")
