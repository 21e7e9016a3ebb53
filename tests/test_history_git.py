"""`navlayers history` in git: renames, merges, deleted and broken versions, shallow clones, settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from history_helpers import FIRST, Rows, commit, git, moves, written

import navlayers

if TYPE_CHECKING:
    from conftest import Run


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
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
