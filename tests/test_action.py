"""action.yml, the job for GitLab and .pre-commit-hooks.yaml in a real repository; `gh` is a stand-in."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from browser_helpers import lacking

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
OLD = "control,technique,category,score\nMFA,T1078,protect,significant\nMFA,T1110,protect,partial\n"
NEW = "control,technique,category,score\nMFA,T1078,protect,minimal\nEDR,t1059,detect,partial\n"
GH = """\
#!/bin/sh
echo "$*" >> "$LOG/calls"
case "$*" in
  *--jq*) cat "$LOG/id" 2> /dev/null ;;
  *) cp "${*##*body=@}" "$LOG/comment" ;;
esac
exit 0
"""


def git(*args: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *args], check=True, capture_output=True)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of one branch alone, as actions/checkout makes it; calls of gh are written into the folder."""
    origin, clone, log = (tmp_path / name for name in ("origin", "clone", "log"))
    log.mkdir()
    (log / "gh").write_text(GH, encoding="utf-8")
    (log / "gh").chmod(0o755)
    origin.mkdir()
    monkeypatch.chdir(origin)
    git("init", "-q", "-b", "main")
    for text, name in ((OLD, "first"), (NEW, "second")):
        (origin / "my.csv").write_text(text, encoding="utf-8")
        git("add", ".")
        git("commit", "-q", "-m", name)
        git("checkout", "-q", "-b", "feature") if name == "first" else None
    git("clone", "-q", "--depth", "1", "--branch", "feature", origin.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    for name, value in {
        "PATH": f"{log}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LOG": str(log),
        "FILES": "my.csv\n",
        "BASE": "origin/main",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_STEP_SUMMARY": str(log / "summary"),
        "GITHUB_ACTION_PATH": str(ROOT),
    }.items():
        monkeypatch.setenv(name, value)
    return log


def run_action(**environment: str) -> tuple[int, str]:
    """Status and output of the step that does the work, its environment that of `action.yml` with these inputs."""
    step = ACTION["runs"]["steps"][-1]
    assert environment.keys() <= step["env"].keys()
    done = subprocess.run(
        ["bash", "-c", step["run"]], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    return done.returncode, done.stdout


def test_a_pull_request_gets_annotations_a_summary_and_one_comment(log: Path) -> None:
    status, out = run_action(COMMENT="true", PULL_REQUEST="5")
    assert status == 0
    assert "::warning file=my.csv,line=3,col=5,title=technique-id-spelling::" in out
    summary = (log / "summary").read_text(encoding="utf-8")
    assert summary.startswith("### Coverage: my: main → this branch\n\n1 technique lost, 1 weaker, 1 gained; ")
    assert (log / "comment").read_text(encoding="utf-8") == f"{summary}\n<!-- navlayers -->\n"
    (log / "id").write_text("77\n", encoding="utf-8")
    run_action(COMMENT="true", PULL_REQUEST="5")
    calls = (log / "calls").read_text(encoding="utf-8").splitlines()
    assert [re.sub("body=@.*", "", call) for call in calls if "--jq" not in call] == [
        "api --silent --method POST repos/o/r/issues/5/comments -F ",
        "api --silent --method PATCH repos/o/r/issues/comments/77 -F ",
    ]


def test_what_fails_fails_the_job_after_all_is_written(log: Path) -> None:
    status, _ = run_action(STRICT="true", FAIL_ON_LOSS="true", LAYERS="layers", SARIF="findings.sarif")
    assert status == 1
    assert Path("layers/my/overview.json").is_file()
    assert '"version": "2.1.0"' in Path("findings.sarif").read_text(encoding="utf-8")
    assert "1 technique lost" in (log / "summary").read_text(encoding="utf-8")
    assert not (log / "calls").exists()


def test_new_and_unchanged_files_are_told(log: Path) -> None:
    Path("new one.csv").write_text(NEW, encoding="utf-8")
    run_action(FILES="\n  new one.csv\n")
    run_action(BASE="origin/feature")
    assert (log / "summary").read_text(encoding="utf-8") == (
        "### Coverage: new one.csv is new\n\n### Coverage: no mapping file changed\n"
    )


@pytest.mark.parametrize("base", ["origin/mian", "nosuch", "0" * 40])
def test_a_base_that_is_not_found_is_an_error(log: Path, base: str) -> None:
    status, out = run_action(BASE=base, FAIL_ON_LOSS="true")
    assert status == 2
    assert out.startswith(f"::error::navlayers: cannot find the base '{base}': fatal: ")
    assert len(out.splitlines()) == 1
    assert not (log / "summary").exists()


def test_a_base_can_be_a_commit_that_the_clone_lacks(log: Path) -> None:
    first = subprocess.check_output(["git", "ls-remote", "origin", "main"], text=True).split()[0]
    assert run_action(BASE=first, FAIL_ON_LOSS="true")[0] == 1
    assert "1 technique lost, 1 weaker, 1 gained" in (log / "summary").read_text(encoding="utf-8")


LONG = "control,technique,category,score\n" + "".join(
    f"C{number},T{number},protect,partial\n" for number in (1003, 1055, 1059, 1078, 1110, 1133)
)


@pytest.mark.parametrize("committed", [True, False])
def test_a_renamed_file_is_compared_with_its_old_path(log: Path, committed: bool) -> None:
    """The clone has one commit: of an older one, only the base."""
    origin = log.parent / "origin"
    git("-C", str(origin), "checkout", "-q", "main")
    (origin / "my.csv").write_text(LONG, encoding="utf-8")
    git("-C", str(origin), "commit", "-q", "-a", "-m", "long")
    Path("sub").mkdir()
    git("mv", "my.csv", "sub/é [1].csv")
    # Half of the content is gone.
    Path("sub/é [1].csv").write_text("".join(LONG.splitlines(keepends=True)[:4]), encoding="utf-8")
    if committed:
        git("commit", "-q", "-a", "-m", "rename")
    status, _ = run_action(FILES="sub/é [1].csv", FAIL_ON_LOSS="true")
    summary = (log / "summary").read_text(encoding="utf-8")
    assert summary.startswith("### Coverage: my → e-1\n\n3 techniques lost; ")
    assert status == 1


def test_paths_start_at_the_current_folder(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    for name in ("../my.csv", str(log.parent / "clone" / "my.csv")):
        assert run_action(FILES=name, FAIL_ON_LOSS="true")[0] == 1
    assert (log / "summary").read_text(encoding="utf-8").count("1 technique lost, 1 weaker, 1 gained") == 2


def test_no_files_are_an_error(log: Path) -> None:
    status, out = run_action(FILES=" \n")
    assert status == 2
    assert out.startswith("::error::navlayers: the input 'files' is empty")


def test_inputs_reach_the_script_by_its_environment_alone() -> None:
    steps = ACTION["runs"]["steps"]
    assert not any("${{" in step.get("run", "") for step in steps)
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(ACTION["inputs"])


def test_the_job_for_gitlab_writes_the_change_of_coverage(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = (ROOT / "docs" / "howto-pull-request.md").read_text(encoding="utf-8")
    block = re.search(r"## In GitLab CI\n\n```yaml\n(.*?)```", docs, re.DOTALL)
    assert block
    ((_, job),) = yaml.safe_load(block[1]).items()
    assert job.keys() == {"image", "rules", "before_script", "script", "artifacts"}
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    assert all(isinstance(line, str) for line in (*job["before_script"], *job["script"]))
    assert job["artifacts"] == {"paths": ["coverage.md"], "when": "always"}
    # As GitLab's runner does it: one script, which the first failing line ends.
    script = "\n".join(["set -eo pipefail", *job["script"]]).replace("my-controls.yaml", "my.csv")
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
    subprocess.run(["bash", "-c", script], check=True, capture_output=True)
    assert "1 technique lost, 1 weaker, 1 gained" in Path("coverage.md").read_text(encoding="utf-8")


CONFIG = """\
repos:
  - repo: {}
    rev: hooks
    hooks:
      - {{id: navlayers-check, language: system}}
      - {{id: navlayers-build, language: system, args: [-o, layers]}}
"""


def run_hooks() -> tuple[int, dict[str, str], str]:
    """Status and output of pre-commit, and hook → how it ended; the installation of the hooks is left out."""
    done = subprocess.run(["pre-commit", "run", "--all-files"], capture_output=True, text=True, check=False)
    ends = dict(re.findall(r"^(navlayers \w+)\.+(?:\(.*\))?(\w+)$", done.stdout, re.MULTILINE))
    return done.returncode, ends, done.stdout


def test_hooks_stop_what_is_wrong_or_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("pre_commit") is None:
        lacking("no pre-commit: pip install pre-commit")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    hooks, own = tmp_path / "hooks", tmp_path / "own"
    for folder in (hooks, own / "mappings"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(hooks)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "hooks")
    git("tag", "hooks")
    monkeypatch.chdir(own)
    git("init", "-q")
    Path(".pre-commit-config.yaml").write_text(CONFIG.format(hooks.as_posix()), encoding="utf-8")
    # Only the folder of mappings is theirs.
    Path("controls.yaml").write_text("no: [mapping", encoding="utf-8")
    mapping = Path("mappings/my.csv")
    mapping.write_text(OLD, encoding="utf-8")
    subprocess.run(["navlayers", "build", "-q"], check=True)
    git("add", ".")
    assert run_hooks()[:2] == (0, {"navlayers check": "Passed", "navlayers build": "Passed"})

    mapping.write_text(OLD.replace("partial", "minimal"), encoding="utf-8")
    status, ends, out = run_hooks()
    assert (status, ends) == (1, {"navlayers check": "Passed", "navlayers build": "Failed"})
    assert "files were modified by this hook" in out
    git("add", ".")
    mapping.write_text(OLD.replace("T1110", "T1x10"), encoding="utf-8")
    status, ends, out = run_hooks()
    assert (status, ends) == (1, {"navlayers check": "Failed", "navlayers build": "Failed"})
    assert "mappings/my.csv:3:5: malformed-technique" in out
