"""`navlayers compare` as its users see it: small sets whose comparison is worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROWS, Cells, Run, contents, write_set

from navlayers import attack
from navlayers.layer.colors import Gradient

if TYPE_CHECKING:
    from pathlib import Path

A: tuple[Cells, ...] = (
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1078", "detect", "minimal"),
    ("mfa", "T1110", "protect", "partial"),
    ("ids", "T1110", "detect", "significant"),
    ("ids", "T1059.001", "detect", "minimal"),
)
B: tuple[Cells, ...] = (
    ("edr", "T1078", "detect", "partial"),
    ("edr", "T1110", "detect", "significant"),
    ("edr", "T1059.001", "detect", "significant"),
    ("edr", "T1003", "respond", "partial"),
)
OVERALL = {"T1003": (None, 50), "T1059.001": (10, 100), "T1078": (100, 50), "T1110": (100, 100)}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return write_set(tmp_path / "in" / "a.json", A), write_set(tmp_path / "in" / "b.json", B)


def layer(folder: Path, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / path).read_bytes())
    return found


def entries(folder: Path, path: str) -> dict[str, Any]:
    return {entry["techniqueID"]: entry for entry in layer(folder, path)["techniques"]}


def scores(folder: Path, path: str) -> dict[str, float]:
    return {technique: entry["score"] for technique, entry in entries(folder, path).items()}


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "comparison.csv").read_text("utf-8-sig"))))


def test_every_layer_of_two_sets_says_what_was_worked_out_by_hand(
    run: Run, pair: tuple[Path, Path], out: Path
) -> None:
    done = run("compare", *pair, "-o", out)
    assert (done.code, done.err) == (0, f"written to {out}\n")
    assert "T1078" not in done.out, "the files have the techniques, the terminal the totals"
    assert scores(out, "inputs/a.json") == {t: a for t, (a, _) in OVERALL.items() if a}
    assert scores(out, "inputs/b.json") == {t: b for t, (_, b) in OVERALL.items() if b}
    assert scores(out, "union.json") == {"T1003": 50, "T1059.001": 100, "T1078": 100, "T1110": 100}
    assert scores(out, "agreement.json") == {"T1003": 1, "T1059.001": 2, "T1078": 2, "T1110": 2}
    assert scores(out, "differences/a--b.json") == {"T1003": 50, "T1059.001": 90, "T1078": -50, "T1110": 0}
    best = {t: e["metadata"][0] for t, e in entries(out, "union.json").items()}
    assert {t: item["value"] for t, item in best.items()} == {
        "T1003": "b", "T1059.001": "b", "T1078": "a", "T1110": "a, b"
    }  # fmt: skip
    assert {item["name"] for item in best.values()} == {"best by"}


def test_the_gap_holds_the_active_techniques_that_none_covers(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    run("compare", *pair, "-o", out)
    release = attack.find("enterprise", "16.1").catalogue
    active = {technique.id for technique in release.techniques.values() if technique.active}
    gap = scores(out, "gap.json")
    assert gap.keys() == active - OVERALL.keys()
    assert set(gap.values()) == {0}, "a color without a score would be read as covered"
    # One of eleven sub-techniques of T1059 is covered; T1003's own sub-techniques are not.
    found = entries(out, "gap.json")
    assert (found["T1059"]["comment"], found["T1059"]["color"]) == ("Not covered; 1 of 11 subs", "#fb6a4a")
    others = {(entry["comment"], entry["color"]) for technique, entry in found.items() if technique != "T1059"}
    assert others == {("Not covered", "#99000d")}


def test_a_difference_tells_five_relations_by_colour_and_in_words(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    only = write_set(tmp_path / "in" / "only.json", [*A, ("x", "T1566", "protect", "minimal")])
    run("compare", only, pair[1], "-o", out)
    found = layer(out, "differences/only--b.json")
    by_id = {entry["techniqueID"]: entry for entry in found["techniques"]}
    gradient = Gradient(tuple(found["gradient"]["colors"]), -100, 100)
    legend = {item["label"]: item["color"] for item in found["legendItems"]}
    assert list(legend) == ["only only", "only stronger", "equal", "b stronger", "only b"]
    assert len(set(legend.values())) == 5
    assert by_id["T1566"]["color"] == legend["only only"]
    assert by_id["T1003"]["color"] == legend["only b"]
    assert by_id["T1110"]["color"] == legend["equal"]
    assert "color" not in by_id["T1078"]
    assert "color" not in by_id["T1059.001"]
    assert gradient.color(-50) == legend["only stronger"]
    assert legend["equal"] != "#ffffff"
    assert found["gradient"]["minValue"] == -found["gradient"]["maxValue"] == -100
    words = {technique: entry["comment"].splitlines()[0] for technique, entry in by_id.items()}
    assert words == {
        "T1003": "Only b: only none, b 50",
        "T1059.001": "B stronger by 90: only 10, b 100",
        "T1078": "Only stronger by 50: only 100, b 50",
        "T1110": "Equal: only 100, b 100",
        "T1566": "Only only: only 10, b none",
    }


def test_all_tabs_share_one_scale_and_stand_in_reading_order(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    run("compare", *pair, "-o", out)
    tabs = [one["name"] for one in reversed(json.loads((out / "all.json").read_bytes()))]
    assert tabs == [
        "tiny 1 – overview", "tiny 1 – overview", "Union", "Best by", "Agreement", "Gap", "Difference – a → b"
    ]  # fmt: skip
    assert run("compare", *pair, "-o", "-").out.encode() == (out / "all.json").read_bytes()
    gradients = [layer(out, path)["gradient"] for path in ("inputs/a.json", "inputs/b.json", "union.json")]
    assert gradients[0] == gradients[1] == gradients[2]


def test_the_table_has_scores_overall_and_per_category(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    run("compare", *pair, "-o", out)
    rows = {row["technique"]: row for row in table(out)}
    assert list(rows["T1078"]) == [
        *("technique", "name", "tactics", "covered by", "best", "best by"),
        *("a", "a protect", "a detect", "b", "b detect", "b respond", "a → b"),
    ]
    assert list(rows["T1078"].values())[3:] == ["2", "100", "a", "100", "100", "10", "50", "50", "", "-50"]
    tactics = {"initial-access", "persistence", "privilege-escalation", "defense-evasion"}
    assert set(rows["T1078"]["tactics"].split(", ")) == tactics
    assert [rows["T1003"][name] for name in ("a", "a protect", "b", "b detect", "b respond", "a → b")] == [
        "", "", "50", "", "50", "50"
    ]  # fmt: skip


def test_totals_per_input_tactic_and_pair(run: Run, pair: tuple[Path, Path]) -> None:
    found = json.loads(run("compare", *pair, "--json").out)
    assert {
        name: (one["techniques"], one["subtechniques"], one["mean"], one["unique"])
        for name, one in found["inputs"].items()
    } == {
        "a": (2, 1, 70, 0),
        "b": (3, 1, 75, 1),
    }
    assert [found["together"][number] for number in ("techniques", "subtechniques", "mean")] == [3, 1, 87.5]
    assert found["inputs"]["a"]["over_all"] == pytest.approx(210 / found["active"])
    assert [one["best_alone"] for one in found["inputs"].values()] == [1, 2]
    assert found["overlaps"] == [{"inputs": ["a", "b"], "both": 3, "either": 4, "jaccard": 0.75}]
    execution = found["tactics"]["execution"]
    assert execution["any"] == 1
    assert execution["inputs"] == {
        "a": {"covered": 1, "mean": 10, "over_all": pytest.approx(10 / execution["total"]), "unique": 0},
        "b": {"covered": 1, "mean": 100, "over_all": pytest.approx(100 / execution["total"]), "unique": 0},
    }
    assert execution["strongest"] == ["b"]


def test_the_terminal_shows_techniques_and_totals_or_totals_alone(run: Run, pair: tuple[Path, Path]) -> None:
    whole = run("compare", *pair, "--all").out
    rows = {line.split()[0]: line.split() for line in whole.splitlines() if line.startswith("T1")}
    assert rows["T1078"] == ["T1078", "Valid", "Accounts", "100", "50"]
    assert rows["T1003"] == ["T1003", "OS", "Credential", "Dumping", "50"]
    assert ["a", "b", "3", "4", "0.75"] in [line.split() for line in whole.splitlines()]
    brief = run("compare", *pair).out
    assert "T1078" not in brief
    assert brief.splitlines()[0] == whole.splitlines()[0]


def test_one_category_is_compared_alone(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    run("compare", *pair, "-o", out, "--category", "detect")
    assert scores(out, "inputs/a.json") == {"T1059.001": 10, "T1078": 10, "T1110": 100}
    assert scores(out, "differences/a--b.json") == {"T1059.001": 90, "T1078": 40, "T1110": 0}
    assert layer(out, "inputs/a.json")["gradient"]["colors"][0] == "#fee6ce"


def test_differences_of_several_are_from_the_baseline(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    third = write_set(tmp_path / "in" / "c.json", B[:2])
    assert run("compare", *pair, third, "-o", out).code == 0
    assert not list(out.glob("differences/*"))
    assert run("compare", *pair, third, "-o", out, "--baseline", pair[1]).code == 0
    assert sorted(p.name for p in out.glob("differences/*")) == ["b--a.json", "b--c.json"]
    assert scores(out, "differences/b--c.json") == {"T1003": -50, "T1059.001": -100, "T1078": 0, "T1110": 0}


def test_a_baseline_that_is_not_among_the_inputs_becomes_the_first(run: Run, pair: tuple[Path, Path]) -> None:
    found = json.loads(run("compare", pair[1], "--baseline", pair[0], "--json").out)
    assert list(found["inputs"]) == ["a", "b"]
    assert found["differences"][0]["first"] == "a"


def test_a_category_is_compared_whatever_its_weight_overall(run: Run, pair: tuple[Path, Path]) -> None:
    plain = json.loads(run("compare", *pair, "--category", "protect", "--json").out)
    weights = ("--weights", "protect=0,detect=1,respond=1")
    weighted = json.loads(run("compare", *pair, "--category", "protect", *weights, "--json").out)
    assert {t: one["best"] for t, one in weighted["techniques"].items()} == {"T1078": 100, "T1110": 50}
    assert weighted["together"] == plain["together"]


def test_the_layers_of_one_list_are_compared_with_each_other(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    run("build", pair[0], "-o", out, "--only", "categories,all")
    found = json.loads(run("compare", out / "a" / "all.json", "--json").out)
    assert len(found["inputs"]) == 2
    assert {name: one["techniques"] + one["subtechniques"] for name, one in found["inputs"].items()} == {
        "tiny-1-protect": 2, "tiny-1-detect": 3
    }  # fmt: skip


UNSCORED: tuple[Cells, ...] = (
    ("c1", "T1078", None, None),
    ("c2", "T1078", None, None),
    ("c1", "T1110", None, None),
)


def test_what_is_covered_can_be_compared_without_scores(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    counts = write_set(tmp_path / "in" / "counts.json", UNSCORED)
    assert run("compare", pair[0], counts, "--measure", "covered", "-o", out).code == 0
    assert scores(out, "inputs/counts.json") == {"T1078": 100, "T1110": 100}
    assert scores(out, "differences/a--counts.json") == {"T1059.001": -100, "T1078": 0, "T1110": 0}
    assert [item["label"] for item in layer(out, "union.json")["legendItems"]] == ["covered"]
    text = (out / "comparison.md").read_text()
    assert "mean score |" not in text
    assert "Every covered technique counts as 100" in text


def test_inputs_of_different_releases_meet_at_the_newest_and_what_changed_is_told(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    old = write_set(
        tmp_path / "in" / "old.json",
        [("x", "T1053.001", "protect", "partial"), ("x", "T1574.002", "protect", "partial")],
        attack_version="8.2",
    )
    done = run("compare", pair[0], old, "-o", out, "--attack", "18.1")
    assert "old: remapped to ATT&CK 18.1: T1053.001 At (Linux) → T1053.002 At; T1574.002 " in done.err
    assert scores(out, "inputs/old.json") == {"T1053.002": 50, "T1574.001": 50}
    (_, entry) = layer(out, "index.json")["inputs"]
    assert [(m["id"], m["successor"]) for m in entry["replaced"]] == [
        ("T1053.001", "T1053.002"), ("T1574.002", "T1574.001")
    ]  # fmt: skip
    assert json.loads(run("compare", pair[0], old, "--json").out)["attack_version"] == "16.1"


def test_what_is_named_twice_is_compared_once_and_told(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("compare", pair[0], pair[1], pair[0], "--json")
    assert list(json.loads(done.out)["inputs"]) == ["a", "b"]
    assert f"note: duplicate input {pair[0]}\n" in done.err


def test_a_set_without_mappings_covers_nothing_and_says_so(
    run: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    empty = write_set(tmp_path / "in" / "empty.json", ROWS[-2:])
    done = run("compare", pair[0], empty, "--json")
    assert "empty: no mappings" in done.err
    found = json.loads(done.out)
    numbers = ("techniques", "subtechniques", "mean", "unique")
    assert [found["inputs"]["empty"][name] for name in numbers] == [0, 0, None, 0]
    assert found["overlaps"][0]["jaccard"] == 0


def test_inputs_are_never_written_over_or_removed(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    run("compare", *pair, "-o", out)
    before = contents(out)
    for command in (
        ("compare", out / "inputs" / "a.json", out / "union.json", "-o", out, "--force"),
        ("gaps", out / "union.json", "--threat", "APT29", "-o", out, "--force"),
        ("gaps", pair[0], "--threat", out / "union.json", "-o", out, "--force"),
        ("plan", out / "union.json", "--budget", "1", "-o", out, "--force"),
        ("diff", out / "union.json", out / "gap.json", "-o", out / "gap.json", "--force"),
    ):
        done = run(*command)
        assert (done.code, done.out) == (2, ""), command
        assert "this input would be overwritten or removed" in done.err or "this is the input" in done.err
        assert contents(out) == before


def test_results_of_another_command_are_not_cleared(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    run("compare", *pair, "-o", out)
    done = run("gaps", pair[0], "--threat", "APT29", "-o", out)
    assert (done.code, done.out) == (2, "")
    assert f"{out}: holds the results of navlayers compare" in done.err


def test_counting_a_layer_leaves_out_what_it_scores_0(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    text = {"name": "Mine", "domain": "enterprise-attack", "versions": {"attack": "16", "layer": "4.5"}}
    entries_ = [{"techniqueID": "T1078", "score": 75}, {"techniqueID": "T1110", "score": 0}]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({**text, "techniques": entries_}))
    done = run("compare", pair[0], path, "--aggregate", "count", "--json")
    assert json.loads(done.out)["inputs"]["mine"]["techniques"] == 1
    assert "mine: --aggregate count counts the entries of a layer and ignores its scores" in done.err


def test_the_same_input_gives_the_same_bytes_whatever_the_order_of_its_rows(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    run("compare", *pair, "-o", out)
    shuffled = write_set(tmp_path / "other" / "a.json", A[::-1]), write_set(tmp_path / "other" / "b.json", B[::-1])
    run("compare", *shuffled, "-o", tmp_path / "again")
    assert contents(out) == contents(tmp_path / "again")


def test_a_folder_that_holds_other_files_is_refused(run: Run, pair: tuple[Path, Path], out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    done = run("compare", *pair, "-o", out)
    assert (done.code, done.out) == (2, "")
    assert f"{out}: holds files that navlayers did not write: thesis.txt" in done.err
    assert list(out.iterdir()) == [out / "thesis.txt"]
    assert run("compare", *pair, "-o", out, "--force").code == 0
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_layer_is_compared_by_its_own_scores(
    run: Run, pair: tuple[Path, Path], out: Path, tmp_path: Path
) -> None:
    entries_ = [
        {"techniqueID": "T1078", "score": 75, "comment": "by hand"},
        {"techniqueID": "T1110", "score": 0},
        {"techniqueID": "T1566", "score": 20, "enabled": False},
        {"techniqueID": "T1003", "tactic": "credential-access", "score": 30},
    ]
    text = {"name": "Mine", "domain": "enterprise-attack", "versions": {"attack": "16", "layer": "4.5"}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({**text, "techniques": entries_}))
    done = run("compare", pair[0], path, "-o", out)
    assert "mine: 1 technique scored 0 counts as not covered" in done.err
    assert scores(out, "inputs/mine.json") == {"T1003": 30, "T1078": 75}
    assert entries(out, "inputs/mine.json")["T1078"]["comment"] == "by hand"
    assert scores(out, "differences/a--mine.json") == {
        "T1003": 30, "T1059.001": -10, "T1078": -25, "T1110": -100
    }  # fmt: skip
    refused = run("compare", pair[0], path, "--category", "protect")
    assert refused.code == 2
    assert "layers have no categories: mine" in refused.err


def test_counts_and_scores_are_never_mixed_silently(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    counts = write_set(tmp_path / "in" / "counts.json", UNSCORED)
    done = run("compare", pair[0], counts)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "navlayers: counts has counts of capabilities, a has scores; expected inputs of one kind "
        "(--measure covered compares only which techniques are covered; --worth 50 gives mappings without a value "
        "that score)\n"
    )
    found = json.loads(run("compare", pair[0], counts, "--worth", "50", "--json").out)
    assert found["techniques"]["T1078"]["scores"]["counts"] == {"overall": 50}
