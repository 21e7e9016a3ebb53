"""`navlayers history`: numbers per commit or dated copy, and which of ATT&CK, mapping and options moved them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import row, set_of
from history_helpers import FIRST, Rows, commit, git, moves, written
from hypothesis import given
from hypothesis import strategies as st

import navlayers
from navlayers.analysis.history import series_of
from navlayers.analysis.history_result import CAUSES, Version
from navlayers.analysis.inputs import load_inputs
from navlayers.mapping.find import Source
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from conftest import Run

    from navlayers.mapping.model import MappingSet


@pytest.mark.usefixtures("repository")
def test_each_cause_is_told_apart(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST))
    # EDR is new, MFA no longer covers T1110.
    second: Rows = {
        "MFA": {"T1574.001": "minimal", "T1574.002": "partial"},
        "EDR": {"T1059.001": "partial", "T1003": "minimal"},
    }
    commit("2025-02-10", "EDR", written(second))
    # ATT&CK 17.1 has one technique for T1574.001 and T1574.002.
    commit("2025-03-10", "ATT&CK 17.1", written(second, "17.1"))
    # T1574.001 scores 50 by what was T1574.002; T1003 no longer counts.
    commit("2025-04-10", "Scale", written(second, "17.1", {"minimal": 0, "partial": 50}))
    assert moves("own.yaml") == [
        ("2025-02-10", "mapping", 1, 4, 656),
        ("2025-03-10", "attack", -1, 3, 679),
        ("2025-04-10", "options", -1, 2, 679),
    ]
    result = run("history", "own.yaml")
    assert (result.code, result.err) == (0, "")
    hashes = git("log", "--reverse", "--format=%h", "--abbrev=7").split()
    assert result.out.splitlines()[:7] == [
        "Own covers 2 of the 679 techniques and sub-techniques of ATT&CK Enterprise 17.1 (<1%), "
        "−1 since 2025-01-10; 3 of 4 commits moved a number. The largest move: −1 on 2025-04-10 "
        f"by {hashes[3]}: scale minimal 10 → 0 (1 lost).",
        "",
        "commit   date        covered  share  change  why",
        f"{hashes[0]}  2025-01-10        3   0.5%   first",
        f"{hashes[1]}  2025-02-10        4   0.6%      +1  "
        "mapping: EDR now covers T1003, T1059.001; MFA no longer covers T1110",
        f"{hashes[2]}  2025-03-10        3   0.4%      −1  "
        "ATT&CK 16.1 → 17.1: T1574.002 replaced by one that was covered; total 656 → 679",
        f"{hashes[3]}  2025-04-10        2   0.3%      −1  options: scale minimal 10 → 0 (1 lost)",
    ]


@pytest.mark.usefixtures("repository")
def test_all_three_causes_in_one_commit_add_up() -> None:
    commit("2025-01-10", "First", written(FIRST))
    # ATT&CK merges two (3 → 2), EDR adds two (→ 4), minimal counts no longer (→ 3).
    after: Rows = {**FIRST, "EDR": {"T1059.001": "partial", "T1003": "minimal"}}
    commit("2025-02-10", "Everything", written(after, "17.1", {"minimal": 0, "partial": 50}))
    assert moves("own.yaml") == [
        ("2025-02-10", "attack", -1, 2, 679),
        ("2025-02-10", "mapping", 2, 4, 679),
        ("2025-02-10", "options", -1, 3, 679),
    ]
    # The same with one release for all: T1574.002 is merged from the start.
    assert moves("own.yaml", attack_version="17.1") == [
        ("2025-02-10", "mapping", 2, 4, 679),
        ("2025-02-10", "options", -1, 3, 679),
    ]


@pytest.mark.usefixtures("repository")
def test_techniques_that_a_release_lacks_are_its_own_move(run: Run) -> None:
    commit("2025-01-10", "Newest", written({"EDR": {"T1685": "partial", "T1110": "partial"}}, "19.1"))
    commit("2025-02-10", "Back", written({"EDR": {"T1685": "partial", "T1110": "partial"}}, "18.1"))
    assert moves("own.yaml") == [("2025-02-10", "attack", -1, 1, 691)]
    assert "ATT&CK 19.1 → 18.1: T1685 no longer active; total 697 → 691" in run("history", "own.yaml").out


@pytest.mark.usefixtures("repository")
def test_all_changes_of_a_capability_are_reasons(run: Run) -> None:
    commit("2025-01-10", "First", written({"MFA": {"T1210": "partial"}}))
    commit("2025-02-10", "More", written({"MFA": {"T1210": "significant", "T1133": "partial"}}))
    commit("2025-03-10", "Less", written({"MFA": {"T1210": "minimal", "T1003": "partial"}}))
    more = "MFA now covers T1133, raises T1210 50 → 100"
    less = "MFA now covers T1003, no longer T1133, lowers T1210 100 → 10"
    lines = run("history", "own.yaml").out.splitlines()[3:6]
    first, second, third = git("log", "--reverse", "--format=%h", "--abbrev=7").split()
    # The mean of 100 and 50 is 75, that of 10 and 50 is 30.
    assert lines == [
        f"{first}  2025-01-10        1   0.2%    50   first",
        f"{second}  2025-02-10        2   0.3%    75      +1  mapping: {more}",
        f"{third}  2025-03-10        2   0.3%    30      ±0  mapping: {less}",
    ]
    (series,) = json.loads(run("history", "own.yaml", "--json").out)["series"]
    assert series["points"][1]["moves"][0]["drivers"] == [
        {"name": "MFA", "gained": ["T1133"], "stronger": ["T1210"], "scores": {"T1210": [50, 100]}}
    ]


@pytest.mark.usefixtures("repository")
def test_tactics_move_by_cause(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST))
    commit("2025-02-10", "More", written({**FIRST, "EDR": {"T1003": "partial"}}))
    assert run("history", "own.yaml", "-o", "out.csv", "-q").code == 0
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text("utf-8-sig"))))
    second = git("rev-parse", "HEAD")
    overall, credentials = (
        next(each for each in rows if each["version"] == second and each["tactic"] == tactic)
        for tactic in ("", "Credential Access")
    )
    assert overall == {
        "set": "own",
        "date": "2025-02-10",
        "version": second,
        "attack_version": "16.1",
        "tactic": "",
        "covered": "4",
        "total": "656",
        "percent": "0.6",
        "mean": "40",
        "change": "1",
        "by_attack": "0",
        "by_mapping": "1",
        "by_options": "0",
        "why": "EDR now covers T1003",
    }
    names = ("covered", "total", "change", "by_mapping", "mean", "why")
    assert [credentials[name] for name in names] == ["2", "67", "1", "1", "", ""]
    # Two versions of 14 tactics and of all.
    assert len(rows) == 2 * 15


def test_dated_folders_and_files_need_no_git(run: Run) -> None:
    more: Rows = {**FIRST, "EDR": {"T1003": "partial"}}
    for name, rows in (("2025-01", FIRST), ("2025-02-15", more), ("20250301", {"EDR": {"T1003": "partial"}})):
        Path(f"copies/{name}").mkdir(parents=True)
        Path(f"copies/{name}/own.yaml").write_text(written(rows), encoding="utf-8")
        Path(f"files/own-{name}.yaml").parent.mkdir(exist_ok=True)
        shutil.copy(f"copies/{name}/own.yaml", f"files/own-{name}.yaml")
    second, third = ("2025-02-15", "mapping", 1, 4, 656), ("2025-03-01", "mapping", -3, 1, 656)
    for folder in ("copies", "files"):
        assert moves(folder) == [second, third]
        assert moves(folder, since="2025-03") == [third]
    assert [series.name for series in navlayers.history("files").series] == ["own"]
    assert moves("copies", since="20250301") == []
    assert run("history", "copies").out.splitlines()[2:6] == [
        "version     covered  share  change  why",
        "2025-01           3   0.5%   first",
        "2025-02-15        4   0.6%      +1  mapping: EDR now covers T1003",
        "20250301          1   0.2%      −3  mapping: MFA no longer covers T1110, T1574.001, T1574.002",
    ]
    result = run("history", "copies", "--since", "January")
    assert (result.code, result.err) == (
        2,
        'navlayers: --since "January" is not in copies; expected a date such as 2025-03-01, or the name of a dated '
        "file or folder\n",
    )


def test_layers_have_a_history_and_counts_move(run: Run) -> None:
    for day, scores in (("2025-01-01", {"T1110": 50}), ("2025-02-01", {"T1110": 50, "T1003": 20, "T1552": 0})):
        layer = {
            "name": "Own",
            "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
            "domain": "enterprise-attack",
            "techniques": [{"techniqueID": technique, "score": score} for technique, score in scores.items()],
        }
        Path("layers").mkdir(exist_ok=True)
        Path(f"layers/own {day}.json").write_text(json.dumps(layer), encoding="utf-8")
    assert moves("layers") == [("2025-02-01", "mapping", 1, 2, 656)]
    # In a set without values, a second capability moves the mean of counts alone.
    for day, rows in (("2025-01-01", "A,T1110\n"), ("2025-02-01", "A,T1110\nB,T1110\n")):
        Path("counts").mkdir(exist_ok=True)
        Path(f"counts/{day}.csv").write_text(f"control,technique\n{rows}", encoding="utf-8")
    total = moves("counts")[0][-1]
    assert moves("counts") == [("2025-02-01", "mapping", 0, 1, total)]
    assert "mapping: B raises T1110 1 → 2" in run("history", "counts").out


@pytest.mark.usefixtures("repository")
def test_every_format(run: Run) -> None:
    commit("2025-01-10", "First <b>", written(FIRST))
    commit("2025-02-10", "More & more", written({**FIRST, "EDR": {"T1003": "partial"}}, "17.1"))
    names = [f"out.{ending}" for ending in ("txt", "md", "html", "svg", "pdf", "docx", "json")]
    for name in names:
        assert run("history", "own.yaml", "-o", name, "-q").code == 0
    texts = {name: Path(name).read_bytes().decode("utf-8", "replace") for name in names}
    assert texts["out.pdf"].startswith("%PDF-")
    assert Path("out.docx").read_bytes().startswith(b"PK")
    assert "More &amp; more" in texts["out.html"]
    assert "First &lt;b&gt;" in texts["out.html"]
    assert texts["out.html"].count('<svg class="wide"') == texts["out.html"].count('<svg class="narrow"') == 1
    # A line for all, and 14 tactics of which 5 have a covered technique; marks where they moved.
    assert texts["out.svg"].count("Own") == 0
    assert "<title>own, 2025-02-10 " in texts["out.svg"]
    assert "3 of 679 (&lt;1%), ±0" in texts["out.svg"]
    data = json.loads(texts["out.json"])
    (series,) = data["series"]
    attack, mapping = series["points"][1]["moves"]
    assert (attack["cause"], attack["releases"], attack["after"]["covered"]) == ("attack", ["16.1", "17.1"], 2)
    assert (mapping["cause"], mapping["drivers"]) == ("mapping", [{"name": "EDR", "gained": ["T1003"]}])
    assert run("history", "own.yaml", "--json").out == texts["out.json"]
    result = run("history", "own.yaml", "--since", "HEAD", "-o", "one.svg")
    assert (result.code, "the history has one version; expected two or more for a picture" in result.err) == (
        2,
        True,
    )
    result = run("history", "own.yaml", "-o", "own.yaml", "--format", "md", "--force")
    assert result.code == 2
    assert Path("own.yaml").read_text("utf-8").startswith("framework")


@pytest.mark.usefixtures("repository")
def test_a_report_has_a_section(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST))
    commit("2025-02-10", "More", written({**FIRST, "EDR": {"T1003": "partial"}}))
    result = run("report", "own.yaml", "--history", "--sections", "summary,history", "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert "\n## Over time\n\nOwn covers 4 of the 656 " in result.out
    assert " | 2025-02-10 | 4 | 656 | 0.6% | +1 | mapping | EDR now covers T1003 |\n" in result.out
    assert "Over time" not in run("report", "own.yaml", "-o", "-").out
    since = run("report", "own.yaml", "--history", "--since", "2026", "--sections", "history", "-o", "-").out
    assert "1 commit, so nothing moved" in since
    for words in (("--since", "2025"), ("--sections", "history")):
        result = run("report", "own.yaml", "-o", "-", *words)
        assert (result.code, "needs a history (add --history)" in result.err) == (2, True)
    again = navlayers.history("own.yaml")
    options = navlayers.ReportOptions(sections=("history",))
    file = navlayers.report("own.yaml", output="own.html", history=again, options=options)
    assert '<h2 id="history-title">Over time</h2>' in file.read_text("utf-8")


VALUES = ("minimal", "partial", "significant")
IDS = ("T1110", "T1003", "T1574.001", "T1574.002", "T1562.001", "T1562.006", "T1685", "T1078.004", "T9999")


@st.composite
def _versions(draw: st.DrawFn) -> list[MappingSet]:
    versions = []
    scales: list[dict[str, float]] = [{}, dict(zip(VALUES, (0, 50, 100), strict=True)), dict.fromkeys(VALUES, 40)]
    for _ in range(draw(st.integers(2, 4))):
        pairs = draw(
            st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from(IDS)), st.sampled_from(VALUES))
        )
        scale = draw(st.sampled_from(scales))
        rows = [row(*pair, "protect", value) for pair, value in sorted(pairs.items())]
        release = draw(st.sampled_from(["16.1", "17.1", "19.1"]))
        versions.append(set_of(rows, scale=scale, attack_version=release))
    return versions


@given(_versions(), st.sampled_from(["max", "count", "mean"]))
def test_the_parts_of_a_change_add_up(versions: list[Any], aggregate: Any) -> None:
    read = [
        (Version(str(n), f"2025-01-0{n + 1}"), load_inputs([Source("own", Path("own"), mapping_set=each)]))
        for n, each in enumerate(versions)
    ]
    series = series_of("own", read, ScoreOptions(aggregate=aggregate))
    assert series is not None
    for before, after in zip(series.points, series.points[1:], strict=False):
        levels = [
            before.level,
            *(level for move in after.moves for level in (move.before, move.after)),
            after.level,
        ]
        assert levels[::2] == levels[1::2]
        assert sum(move.change for move in after.moves) == after.level.covered - before.level.covered
        causes = [move.cause for move in after.moves]
        assert causes == [cause for cause in CAUSES if cause in causes]
        for move in after.moves:
            lost = {technique for driver in move.drivers for technique in driver.lost}
            gained = {technique for driver in move.drivers for technique in driver.gained}
            assert len(gained) - len(lost) == move.change


def test_dated_entries_that_are_no_versions(tmp_path: Path, run: Run) -> None:
    """A day that no month has is no date, an empty folder no version, and the dates of rules' ids no versions."""
    for name, rows in (("2025-01-31", FIRST), ("2025-02-31", FIRST), ("2025-03-31", {"MFA": {"T1110": "partial"}})):
        (tmp_path / "sets" / name).mkdir(parents=True)
        (tmp_path / "sets" / name / "own.yaml").write_text(written(rows))
    (tmp_path / "sets" / "2025-04-30").mkdir()
    assert moves(str(tmp_path / "sets")) == [("2025-03-31", "mapping", -2, 1, 656)]
    assert "2025-04-30: no mapping set in this folder" in run("history", tmp_path / "sets").err
    (tmp_path / "rules").mkdir()
    for month in ("01", "02"):
        text = f"title: x\nid: CAR-2013-{month}-001\ncoverage: [{{technique: T1003}}]\nimplementations: []\n"
        (tmp_path / "rules" / f"CAR-2013-{month}-001.yaml").write_text(text)
    done = run("history", tmp_path / "rules")
    assert (done.code, "a folder that is one set has no history" in done.err) == (2, True)
