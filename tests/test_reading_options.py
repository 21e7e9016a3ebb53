"""Reading options that do not fit an input, and what notices and explanations say of a table with numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

TABLE = "control,technique,score\nc1,T1059,5\nc2,T1078,4\nc3,T1003,1\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_domain_without_any_technique_of_the_set_is_refused(run: Run) -> None:
    done = run("build", "gcp", "--meta", "domain=ics", "-o", "out")
    message = "gcp: no technique is of ATT&CK ICS; they are of ATT&CK Enterprise (omit --meta domain=ics)"
    assert (done.code, done.err) == (2, f"navlayers: {message}\nNothing was written.\n")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (["--columns", "technique=ID"], "--columns without effect: the input is not a table"),
        (["--score-range", "0-5"], "--score-range without effect: no score is a number"),
    ],
)
def test_reading_options_without_effect_are_told(run: Run, option: list[str], why: str) -> None:
    assert f"note: gcp: {why}\n" in run("stats", "gcp", *option).err
    Path("five.csv").write_text(TABLE.replace("technique", "ID"))
    plain = ["--columns", "technique=ID", "--score-range", "0-5"]
    assert "without effect" not in run("stats", "five.csv", *plain).err


def test_numbers_outside_the_range_have_one_option_with_the_highest(run: Run) -> None:
    Path("five.csv").write_text(TABLE.replace(",4", ",6"))
    done = run("stats", "five.csv", "--score-range", "0-3")
    assert (done.code, done.err.count("is outside the scale"), done.err.count("such as")) == (2, 2, 1)
    assert "(set the range of the scores, such as --score-range 0-6)" in done.err


def test_a_table_of_numbers_is_explained_by_numbers(run: Run) -> None:
    Path("five.csv").write_text(TABLE)
    done = run("build", "five.csv", "--score-range", "0-5", "--only", "overview", "-o", "-", "-q")
    layer = json.loads(done.out)
    assert {each["techniqueID"]: each["score"] for each in layer["techniques"]} == {
        "T1059": 100,
        "T1078": 80,
        "T1003": 20,
    }
    assert "is that of its strongest capability (from 0 to 100)." in layer["description"]
    assert "minimal" not in done.out
    run("report", "five.csv", "--score-range", "0-5", "-o", "five.md")
    assert "minimal" not in Path("five.md").read_text()


def test_an_upgrade_of_an_unknown_release_does_not_name_an_assumed_one(run: Run) -> None:
    Path("five.csv").write_text(TABLE.replace(",5", ",50"))
    done = run("upgrade", "five.csv", "--attack", "18.1", "-o", "new.csv")
    assert "(unknown release)" in done.out
    assert "version unversioned, domain enterprise; its ATT&CK release is unknown (set it" in done.err


def test_a_report_tells_the_parts_of_a_table_that_it_leaves_out(run: Run) -> None:
    Path("own.csv").write_text("control,technique\na,T1059\nb,T1404\nc,T0801\n")
    run("report", "own.csv", "-o", "own.md")
    text = Path("own.md").read_text()
    assert "Using own-enterprise; left out own-mobile and own-ics: results are of one ATT&CK domain." in text
