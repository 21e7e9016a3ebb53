"""The command that an answer proposes next: it helps, keeps what the user said about the input, and runs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

TABLE = "control,technique,category,score\nMFA,T1078,protect,High\nEDR,T1110,detect,medium\n"
OLD = """{"name": "old", "versions": {"attack": "9", "navigator": "4.3", "layer": "4.2"},
"domain": "enterprise-attack", "techniques": [{"techniqueID": "T1078", "score": 50}]}"""

RULE = "title: A\nid: a\ntags: [attack.t1078]\nlogsource: {product: linux}\ndetection: {a: b}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "plain.csv").write_text(TABLE.replace("High", "100").replace("medium", "50"), encoding="utf-8")
    (tmp_path / "old.json").write_text(OLD, encoding="utf-8")
    many = "".join(f"c{number},T1078\n" for number in range(201))
    (tmp_path / "many.csv").write_text(f"control,technique\n{many}", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "tool.csv").write_text("technique,weight\nT1588.002,1\n", encoding="utf-8")
    return tmp_path


def following(run: Run, *words: str) -> list[str]:
    """The words of the command that a run proposes; it runs, too."""
    done = run(*words)
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.startswith("Next:"))
    name, *proposed = shlex.split(line.removeprefix("Next:"))
    assert name == "navlayers"
    assert run(*proposed).code == 0
    return proposed


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        # Own sets are in place, and a shipped one is to choose from.
        ("gaps plain.csv --threat G0016", "plan nist_800_53 --have plain.csv --threat G0016 --budget 5"),
        ("gaps gcp plain.csv --threat G0016", "plan gcp plain.csv --have plain.csv --threat G0016 --budget 5"),
        ("gaps gcp --threat G0016", "plan gcp --threat G0016 --budget 5"),
        # No shipped control is mapped to the technique, and a plan would fail.
        ("gaps plain.csv --threat tool.csv", "report plain.csv --threat tool.csv -o report.html"),
        ("gaps intel-vpro --threat tool.csv", "report intel-vpro --threat tool.csv -o report.html"),
        (
            "plan nist_800_53 --have plain.csv --budget 1",
            "report nist_800_53 plain.csv --have plain.csv --budget 1 --worth 100 -o report.html",
        ),
        # No plan chooses controls for detection rules.
        ("gaps rules --threat G0016", "report rules --threat G0016 -o report.html"),
        # A layer for each of many capabilities would be thousands of files.
        ("stats many.csv", "build many.csv --only overview,categories,groups"),
        # The command is not said again.
        ("compare plain.csv gcp", "compare plain.csv gcp -o compared"),
        ("compare plain.csv gcp -o out", "report plain.csv gcp -o report.html"),
        ("stats plain.csv gcp", "stats plain.csv"),
        # A layer of an older release; the folder suits one file and several.
        ("stats old.json", "upgrade old.json -o upgraded/"),
        ("stats old.json --attack 16.1", "upgrade old.json --attack 16.1 -o upgraded/"),
        ("upgrade old.json --dry-run", "upgrade old.json -o upgraded/"),
    ],
)
def test_the_next_command_helps_and_runs(run: Run, folder: Path, line: str, proposed: str) -> None:
    assert following(run, *line.split()) == proposed.split()


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("stats mine.csv", "build mine.csv {}"),
        ("show MFA --set mine.csv", "show MFA --set mine.csv {} --full"),
        ("compare mine.csv gcp --aggregate mean", "compare mine.csv gcp --aggregate mean {} -o compared"),
    ],
)
def test_the_next_command_keeps_the_options_of_reading_and_scoring(
    run: Run, folder: Path, line: str, proposed: str
) -> None:
    given = "--scale High=100,medium=50 --meta framework=Ours,version=2"
    # Options of the output are of one run.
    proposal = following(run, *line.split(), *given.split(), "--color=never")
    assert proposal == proposed.format(given).split()
