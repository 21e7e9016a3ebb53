"""Nothing of an input, a file name, an option or a commit controls a terminal or the log of a CI job."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from test_terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

# A window title, colors, C1, bidi controls, ends of lines of all kinds, commands of CI logs.
ODD = "\x1b]0;P\x07\x1b[31m\x9b2J\u202e\u2066\u2028\x85\r\n::error::pwn\n##[error]x ##vso[task.x]|`"
NAME = ODD.replace("/", "")


def _set(comment: str = "") -> str:
    objects = [
        {
            "capability_id": f"{id_}{ODD}",
            "capability_description": f"D{ODD}",
            "attack_object_id": technique,
            "attack_object_name": f"N{ODD}",
            "mapping_type": f"M{ODD}",
            "capability_group": f"{group}{ODD}",
            "comments": f"c{ODD}{comment}",
            "references": [f"https://a/{ODD}"],
            "status": "complete",
            "score_category": "protect",
            "score_value": "significant",
        }
        for id_, technique, group in (("C", "T1078", "g"), ("C2", "T1086", "g"), ("C3", "T1059", "none"))
    ]
    metadata = {
        "mapping_version": f"V{ODD}",
        "technology_domain": "enterprise",
        "attack_version": "16.1",
        "mapping_framework": f"F{ODD}",
        "mapping_framework_version": f"1{ODD}",
        "mapping_types": {f"M{ODD}": {"name": f"M{ODD}", "description": ODD}},
        "capability_groups": {f"g{ODD}": f"G{ODD}"},
    }
    return json.dumps({"metadata": metadata, "mapping_objects": objects})


LAYER: dict[str, Any] = {
    "name": f"L{ODD}",
    "versions": {"layer": "4.5", "attack": "16.1", "navigator": "5.1"},
    "domain": "enterprise-attack",
    "description": ODD,
    "techniques": [{"techniqueID": "T1078", "score": 5, "comment": ODD, "metadata": [{"name": ODD, "value": ODD}]}],
    "legendItems": [{"label": f"1{ODD}", "color": "#ff0000"}],
}
ANSWERS = (
    "check s.json",
    "check t.csv",
    "check l.json",
    "stats s.json",
    "show T1078 --set s.json",
    "show T1059 --set s.json --full",
    "compare s.json s2.json",
    "compare s.json l.json",
    "diff s.json s2.json",
    "gaps s.json --threat APT29 --all",
    "plan s.json --budget 1 --threat APT29",
    "upgrade s.json --attack 19.1 -o u.yaml",
    "render l.json --format md -o -",
    "build s.json -o b",
    "history repository/s.json",
)


def _controls(text: str) -> set[str]:
    return {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")}


def _commands(text: str) -> list[str]:
    return [
        line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line or "##vso[" in line
    ]


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    here = tmp_path / "cwd"
    (here / "s.json").write_text(_set())
    (here / "s2.json").write_text(_set("other"))
    (here / "l.json").write_text(json.dumps(LAYER))
    row = ODD.replace("\n", " ").replace("\r", " ")
    (here / "t.csv").write_text(f"Technique,Control,Comment {row}\nT1086,C{row},{row}\nT1{row},C,x\n", newline="\n")
    (here / f"{NAME}.csv").write_text("Technique,Control\nT1078,A\nT99,C\n")
    repository = here / "repository"
    repository.mkdir()
    git = ["git", "-C", str(repository), "-c", f"user.name=n{ODD}", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    for comment, rows in (("first", _set()), ("second", _set().replace("T1078", "T1110"))):
        (repository / "s.json").write_text(rows)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-qm", f"{comment}{ODD}"], check=True)
    return here


def test_answers_and_messages_hold_no_control_characters_and_no_commands(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Findings in the format of GitHub are commands, one per finding and nothing else."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    argued = (
        ["check", f"{NAME}.csv"],
        ["build", f"{NAME}.csv"],
        ["show", ODD],
        ["stats", ODD],
        ["stats", f"{ODD}:a.csv"],
        ["stats", "gcp", "--where", ODD],
        ["check", f"--{ODD}"],
        [f"foo{ODD}"],
        ["gaps", "s.json", "--threat", ODD],
        ["check", "t.csv", "--columns", ODD],
        ["plan", "gcp", "--budget", ODD],
        ["run", ODD],
    )
    for words in (*(answer.split() for answer in ANSWERS), *argued):
        done = run(*words)
        printed = done.out + done.err
        assert done.code in (0, 1, 2), words
        assert printed.strip(), words
        assert (words, _controls(printed), _commands(printed)) == (words, set(), [])
    found = run("check", "s.json", f"{NAME}.csv", "--format", "github")
    assert not _controls(found.out)
    assert all(line.startswith(("::error file=", "::warning file=")) for line in found.out.splitlines())


def test_a_terminal_gets_data_without_control_characters(run: Run, folder: Path) -> None:
    """A pipe gets it as it is."""
    shown = on_terminal(100, "convert", str(folder / "s.json"), "--format", "csv", TERM="dumb")
    assert "::error::pwn" in shown
    assert not _controls(shown.replace("\r\n", "\n"))
    assert "\x1b]0;P" in run("convert", folder / "s.json", "--format", "csv").out
