"""Files of commits as inputs: REVISION:PATH, as git writes it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

OLD = "control,technique,category,score\nMFA,T1078,protect,significant\nMFA,T1110,protect,partial\n"
NEW = OLD + "EDR,T1059.001,detect,partial\n"


def git(*args: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *args], check=True, capture_output=True)


@pytest.fixture
def _repository(run: Run) -> None:
    """The current folder as a repository: OLD in main at sub/my.csv and as the tag v1, NEW on disk."""
    Path("sub").mkdir()
    Path("sub/my.csv").write_text(OLD, encoding="utf-8")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "v1")
    Path("sub/my.csv").write_text(NEW, encoding="utf-8")


@pytest.mark.usefixtures("_repository")
def test_a_file_of_a_branch_is_compared_with_the_one_on_disk(run: Run) -> None:
    result = run("diff", "main:sub/my.csv", "sub/my.csv", "--format", "md")
    assert (result.code, result.out.splitlines()[:3]) == (
        0,
        [
            "### Coverage: my: main → this branch",
            "",
            "1 technique gained; 1 capability added. Covered: 2 → 3 techniques and sub-techniques, "
            "mean score 75 → 67. At ATT&CK enterprise 19.1.",
        ],
    )
    for head in ("HEAD", "@", "HEAD~0"):
        assert run("diff", f"{head}:sub/my.csv", "sub/my.csv").out.startswith(f"my: {head} → working tree, at ")
    assert "note: main:sub/my.csv:1:1: the file lacks metadata; assumed: framework my, " in result.err


@pytest.mark.usefixtures("_repository")
@pytest.mark.parametrize("name", ["main:./my.csv", "v1:sub/my.csv", "@:sub/my.csv", "HEAD~0:sub/my.csv"])
def test_revisions_and_paths_are_those_of_git(run: Run, name: str) -> None:
    os.chdir("sub")
    result = run("stats", name, "--json")
    assert result.code == 0
    assert '"mappings": 2' in result.out


@pytest.mark.usefixtures("_repository")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("man:sub/my.csv", "man:sub/my.csv: git knows no revision 'man' (`git branch -a` and `git tag` list them)"),
        ("main:my.csv", "main:my.csv: main has no such file (the path starts at the top folder of the repository"),
        ("main:sub", "main:sub: not a file (name a file of this folder)"),
        ("--output=x:sub/my.csv", "--output=x:sub/my.csv: no such file"),
        ("C:sub.csv", "C:sub.csv: no such file"),
    ],
)
def test_what_git_does_not_have_is_told(run: Run, name: str, message: str) -> None:
    result = run("stats", "--", name)
    assert result.code == 2
    assert message in result.err
    assert not Path("x").exists()


def test_outside_a_repository_it_is_a_file_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    result = run("stats", "main:my.csv")
    assert result.code == 2
    assert "main:my.csv: no such file" in result.err


@pytest.mark.usefixtures("_repository")
def test_a_file_of_that_very_name_comes_first(run: Run) -> None:
    Path("main:my.csv").write_text(NEW, encoding="utf-8")
    assert '"mappings": 3' in run("stats", "main:my.csv", "--json").out


@pytest.mark.usefixtures("_repository")
def test_a_commit_is_never_changed(run: Run) -> None:
    assert run("upgrade", "main:sub/my.csv", "--in-place").code == 2
    Path("bad.csv").write_text(OLD.replace("T1078", "t1078"), encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    result = run("check", "main:bad.csv", "--fix")
    assert "fixed nothing" in result.err
    assert not Path("main:bad.csv").exists()
