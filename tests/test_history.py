"""`navlayers history`: numbers per commit or dated copy, and which of ATT&CK, mapping and options moved them."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import row, set_of
from hypothesis import given
from hypothesis import strategies as st

import navlayers
from navlayers.analysis.history import series_of
from navlayers.analysis.history_result import CAUSES, Version
from navlayers.analysis.inputs import load_inputs
from navlayers.mapping.find import Source
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Run

    from navlayers.mapping.model import MappingSet

Rows = dict[str, dict[str, str]]
"""Capability → technique → score value."""

FIRST: Rows = {"MFA": {"T1110": "partial", "T1574.001": "minimal", "T1574.002": "partial"}}


def written(rows: Rows, attack: str = "16.1", scale: Mapping[str, int] | None = None) -> str:
    """A set as native YAML."""
    lines = ["framework: own", "title: Own", "version: '1'", "domain: enterprise", f"attack_version: '{attack}'"]
    if scale:
        lines.append(f"scale: {{{', '.join(f'{name}: {number}' for name, number in scale.items())}}}")
    lines.append("capabilities:")
    for capability, techniques in rows.items():
        lines += [f"  {capability}:", f"    name: {capability}", "    techniques:"]
        lines += [f"      {technique}: {{protect: {value}}}" for technique, value in techniques.items()]
    return "\n".join(lines) + "\n"


def git(*args: str, day: str = "") -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    dates = {f"GIT_{who}_DATE": f"{day}T12:00:00+0000" for who in ("AUTHOR", "COMMITTER")} if day else {}
    done = subprocess.run(["git", *who, *args], check=True, capture_output=True, env={**os.environ, **dates})
    return done.stdout.decode().strip()


def commit(day: str, subject: str, text: str | None, name: str = "own.yaml") -> None:
    """Commit a file; None: only what is staged."""
    if text is not None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", subject, day=day)


@pytest.fixture
def _repository(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder as an empty repository."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git("init", "-q", "-b", "main")


def moves(*inputs: str, **options: Any) -> list[tuple[str, str, int, int, int]]:
    """Date, cause, change, covered and active techniques after it, of each move."""
    return [
        (point.version.day, move.cause, move.change, move.after.covered, move.after.total)
        for series in navlayers.history(*inputs, **options).series
        for point in series.points
        for move in point.moves
    ]


@pytest.mark.usefixtures("_repository")
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


@pytest.mark.usefixtures("_repository")
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


@pytest.mark.usefixtures("_repository")
def test_techniques_that_a_release_lacks_are_its_own_move(run: Run) -> None:
    commit("2025-01-10", "Newest", written({"EDR": {"T1685": "partial", "T1110": "partial"}}, "19.1"))
    commit("2025-02-10", "Back", written({"EDR": {"T1685": "partial", "T1110": "partial"}}, "18.1"))
    assert moves("own.yaml") == [("2025-02-10", "attack", -1, 1, 691)]
    assert "ATT&CK 19.1 → 18.1: T1685 no longer active; total 697 → 691" in run("history", "own.yaml").out


@pytest.mark.usefixtures("_repository")
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


@pytest.mark.usefixtures("_repository")
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


@pytest.mark.usefixtures("_repository")
def test_what_cannot_be_read_or_is_deleted_ends_nothing(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST))
    commit("2025-02-10", "Oops", "framework: [\n")
    git("rm", "-q", "own.yaml")
    commit("2025-03-10", "Gone", None)
    commit("2025-04-10", "Back", written({"MFA": {"T1110": "partial"}}))
    assert moves("own.yaml") == [("2025-04-10", "mapping", -2, 1, 656)]
    (series,) = navlayers.history("own.yaml").series
    assert [(each.version.subject, each.problem.message.split(":")[0]) for each in series.unread] == [
        ("Oops", "this is not YAML"),
        ("Gone", "deleted"),
    ]
    lines = run("history", "own.yaml").out.splitlines()
    # What cannot be read is no start either.
    assert moves("own.yaml", since="2025-04") == [("2025-04-10", "mapping", -2, 1, 656)]
    assert [line[9:] for line in lines if "Oops" in line or "Gone" in line] == [
        "2025-02-10  Oops     line 1, column 13: this is not YAML: did not find expected node content while "
        "parsing a flow node",
        "2025-03-10  Gone     deleted",
    ]


@pytest.mark.usefixtures("_repository")
def test_a_renamed_file_keeps_its_history_and_changes_on_disk_are_its_last_version(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST), "old/name.yaml")
    git("mv", "old/name.yaml", "own.yaml")
    commit("2025-02-10", "Rename", None)
    # Ends of lines are git's matter, not a change.
    Path("own.yaml").write_bytes(written(FIRST).replace("\n", "\r\n").encode())
    assert moves("own.yaml") == []
    assert [p.version.path for p in navlayers.history("own.yaml").series[0].points] == ["old/name.yaml", "own.yaml"]
    Path("own.yaml").write_text(written({**FIRST, "EDR": {"T1003": "partial"}}), encoding="utf-8")
    assert moves("own.yaml") == [("", "mapping", 1, 4, 656)]
    result = run("history", "own.yaml", "--all")
    assert "not committed" in result.out
    assert result.out.splitlines()[2:6] == [
        "What moved the numbers",
        "commit         date        covered   of  share  change  moved by",
        f"{git('rev-list', '--max-parents=0', 'HEAD')[:7]}        2025-01-10        3  656   0.5%   first",
        "not committed                    4  656   0.6%      +1  mapping",
    ]


@pytest.mark.usefixtures("_repository")
def test_since_a_date_or_a_revision_and_no_more_commits_than_asked(run: Run) -> None:
    for month, techniques in enumerate(("T1110", "T1003", "T1552"), 1):
        commit(
            f"2025-0{month}-10", f"Commit {month}", written({"MFA": {techniques: "partial", "T1078": "partial"}})
        )
        git("tag", f"v{month}")
    commit("2025-04-10", "Another file", "", "other.txt")
    second, third = ("2025-02-10", "mapping", 0, 2, 656), ("2025-03-10", "mapping", 0, 2, 656)
    assert moves("own.yaml") == [second, third]
    for since in ("2025-02-10", "2025-02", "v1"):
        assert moves("own.yaml", since=since) == [second, third]
    for since in ("2025-02-11", "2025-03", "v2"):
        assert moves("own.yaml", since=since) == [third]
    for since in ("2026", "v3", "HEAD"):
        assert moves("own.yaml", since=since) == []
    result = run("history", "own.yaml", "--commits", "2")
    assert result.err == "note: own.yaml: commits before the newest 2 are left out (--commits sets the number)\n"
    assert "1 of 2 commits moved a number" in result.out
    for since in ("v9", "--output=x"):
        result = run("history", "own.yaml", f"--since={since}")
        assert (result.code, result.err) == (
            2,
            f'navlayers: "{since}" is neither a date nor a revision that git knows; expected a date such as '
            "2025-03-01, or a branch, tag or commit (`git tag` and `git log` list them)\n",
        )
    assert not Path("x").exists()


@pytest.mark.usefixtures("_repository")
def test_a_merge_is_one_commit_and_each_set_of_a_folder_has_its_own_moves(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST), "sets/a.yaml")
    commit("2025-01-11", "Second", written(FIRST), "sets/b.yaml")
    git("switch", "-q", "-c", "topic")
    more: Rows = {**FIRST, "EDR": {"T1003": "partial"}}
    commit("2025-01-12", "On a branch", written(more), "sets/b.yaml")
    commit("2025-01-13", "Still there", written({**more, "NAC": {"T1552": "partial"}}), "sets/b.yaml")
    git("switch", "-q", "main")
    commit("2025-01-14", "Elsewhere", "x", "other.txt")
    git("merge", "-q", "--no-ff", "-m", "Merge", "topic", day="2025-01-15")
    Path("sets/notes.csv").write_text("not,a\nset,1\n", encoding="utf-8")
    assert moves("sets") == [("2025-01-15", "mapping", 2, 5, 656)]
    result = run("history", "sets")
    assert result.out.splitlines()[0].startswith(
        "2 sets since 2025-01-10: 1 of 3 commits moved a number: b. The largest move: b +2 on 2025-01-15 by "
    )
    assert "note: sets/notes.csv: no commit of the current branch has this file" in result.err


@pytest.mark.usefixtures("_repository")
def test_a_recipe_makes_a_history_anew_after_each_commit(run: Run) -> None:
    Path("navlayers.yaml").write_text(
        "sets: own.yaml\noutputs: {history: {output: out.csv, since: '2025'}}\n", "utf-8"
    )
    commit("2025-01-10", "First", written(FIRST))
    first = run("run")
    assert (first.code, "1 of 1 file written" in first.out) == (0, True)
    assert "up to date" in run("run").out
    # The same file, but now there is a commit that made it so.
    Path("own.yaml").write_text(written({**FIRST, "EDR": {"T1003": "partial"}}), encoding="utf-8")
    assert run("run").code == 0
    assert ",,,16.1,,4,656," in Path("out.csv").read_text("utf-8")
    commit("2025-02-10", "EDR", None)
    assert "1 of 1 file written" in run("run").out
    assert "own,2025-02-10," in Path("out.csv").read_text("utf-8")


@pytest.mark.usefixtures("_repository")
def test_a_shallow_clone_says_so(run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST))
    commit("2025-02-10", "More", written({**FIRST, "EDR": {"T1003": "partial"}}))
    git("clone", "-q", "--depth", "1", Path.cwd().as_uri(), "clone")
    result = run("history", "clone/own.yaml")
    assert result.err == (
        "note: the clone is shallow: it lacks older commits (`git fetch --unshallow` gets them)\n"
    )
    assert "1 commit, so nothing moved" in result.out


def test_what_has_no_history_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    Path("own.yaml").write_text(written(FIRST), encoding="utf-8")
    dated = "name a file in git, or a folder of dated copies, such as 2025-01-31/…"
    expected = {
        ("own.yaml",): f"own.yaml: not in a git repository; expected a file or folder with a history ({dated})",
        (): "no input given; expected a file in git, a folder of such files, or a folder of dated copies "
        "(for example: navlayers history my-controls.yaml)",
        ("-",): f"-: has no history; expected a file or a folder of sets ({dated})",
    }
    expected[("absent.yaml",)] = "absent.yaml: no such file"
    for names, message in expected.items():
        result = run("history", *names)
        assert (result.code, result.err) == (2, f"navlayers: {message}\n")
    git("init", "-q")
    result = run("history", "own.yaml")
    none = "navlayers: own.yaml: no commit of the current branch has this file; expected a file in git (commit it, "
    assert (result.code, result.err[: len(none)]) == (2, none)
    Path("own.yaml").rename("later.yaml")
    commit("2025-01-10", "Other", "x", "other.txt")
    Path("own.yaml").write_text(written(FIRST), encoding="utf-8")
    assert run("history", "own.yaml").err.startswith(none)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    result = run("history", "own.yaml")
    assert (result.code, result.err) == (
        2,
        "navlayers: own.yaml: git is not installed (or name a folder of dated copies)\n",
    )


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


@pytest.mark.usefixtures("_repository")
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


@pytest.mark.usefixtures("_repository")
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


@pytest.mark.usefixtures("_repository")
def test_odd_names_and_times_of_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of folders have line breaks; commits have times that no calendar has."""
    folder = Path("new\nline/sub\ndir")
    folder.mkdir(parents=True)
    git("init", "-q", "-b", "main", str(folder.parent))
    file = folder / "-own \n ü.yaml"
    for number, time in enumerate(("@1750000000 +0000", "@1750000000 +9900", "@253402300900 +0000"), 1):
        file.write_text(written({"MFA": dict.fromkeys(["T1110", "T1003", "T1059"][:number], "partial")}))
        monkeypatch.setenv("GIT_COMMITTER_DATE", time)
        git("-C", str(folder), "add", "-A")
        git("-C", str(folder), "commit", "-q", "-m", "x")
    assert moves(str(file)) == [("2025-06-19", "mapping", 1, 2, 656), ("9999-12-31", "mapping", 1, 3, 656)]


@pytest.mark.usefixtures("_repository")
def test_settings_of_git_and_of_its_hooks_change_nothing(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    commit("2025-01-10", "First", written(FIRST), "sub/own.yaml")
    git("checkout", "-q", "-b", "side")
    commit("2025-02-10", "Less", written({"MFA": {"T1110": "partial"}}), "sub/own.yaml")
    git("checkout", "-q", "main")
    commit("2025-03-10", "Other", "x", "other.txt")
    git("merge", "-q", "--no-edit", "side", day="2025-04-10")
    expected = [("2025-04-10", "mapping", -2, 1, 656)]
    for value in ("off", "combined", "separate"):
        git("config", "log.diffMerges", value)
        assert moves("sub/own.yaml") == expected
    monkeypatch.setenv("GIT_DIR", ".git")
    assert moves("sub/own.yaml") == expected
    monkeypatch.delenv("GIT_DIR")
    done = run("history", "sub/own.yaml", "--since", "^HEAD")
    assert (done.code, '"^HEAD" is neither a date nor a revision that git knows' in done.err) == (2, True)


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
