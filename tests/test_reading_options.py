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
    message = "gcp: no technique is of ATT&CK ICS; 290 are of ATT&CK Enterprise (omit --meta domain=ics)"
    assert (done.code, done.err) == (2, f"navlayers: {message}\nNothing was written.\n")
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["stats", "check"])
def test_a_domain_with_nearly_none_of_the_techniques_is_refused_everywhere(run: Run, command: str) -> None:
    # One of its 470 techniques is in Mobile, too.
    done = run(command, "nist_800_53", "--meta", "domain=mobile")
    message = "only 1 of 470 techniques is of ATT&CK Mobile; 469 are of ATT&CK Enterprise"
    assert done.code == 2
    assert f"{message} (omit --meta domain=mobile)" in done.err


@pytest.mark.parametrize("command", ["upgrade", "render"])
def test_a_layer_is_not_of_another_domain(run: Run, command: str) -> None:
    layer = {"versions": {"layer": "4.5", "attack": "18"}, "domain": "enterprise-attack", "name": "n"}
    Path("layer.json").write_text(json.dumps(layer | {"techniques": [{"techniqueID": "T1059", "score": 1}]}))
    done = run(command, "layer.json", "--meta", "domain=ics")
    message = "layer.json:1:1: no technique is of ATT&CK ICS; 1 is of ATT&CK Enterprise"
    assert (done.code, message in done.err) == (2, True)
    named = json.dumps(layer | {"techniques": [{"techniqueID": "Phishing", "score": 1}]})
    Path("named.json").write_text(named)
    done = run(command, "named.json", "--meta", "domain=enterprise")
    assert (done.code, 'named.json:1:123: technique id "Phishing" is malformed' in done.err) == (2, True)
    idle = run(command, "layer.json", "--score-range", "0-5", "--columns", "score=x", "--scale", "High=3").err
    assert "note: layer: --columns has no effect: the input is not a table\n" in idle
    assert "note: layer: --score-range has no effect: the layer keeps its scores\n" in idle
    assert "note: layer: --scale has no effect: the layer keeps its scores\n" in idle


@pytest.mark.parametrize("command", ["build", "check", "render", "stats", "upgrade"])
def test_an_option_that_one_of_several_inputs_needs_is_no_notice(run: Run, command: str) -> None:
    Path("five.csv").write_text(TABLE.replace("technique", "ID"))
    done = run(command, "gcp", "five.csv", "aws", "--columns", "technique=ID", "--score-range", "0-5")
    assert "has no effect" not in done.err
    done = run(command, "gcp", "kev", "--columns", "technique=ID")
    assert done.err.count("note: gcp, kev: --columns has no effect: the input is not a table\n") == 1


@pytest.mark.parametrize("command", ["build", "check", "convert", "upgrade"])
def test_reading_options_without_effect_are_told(run: Run, command: str) -> None:
    options = ["--columns", "technique=ID", "--score-range", "0-5", "--scale", "High=3"]
    done = run(command, "gcp", *options)
    assert "note: gcp: --columns has no effect: the input is not a table\n" in done.err
    assert "note: gcp: --score-range has no effect: no score is a number\n" in done.err
    assert done.err.count("note: gcp: --scale High has no effect: no mapping has this score value\n") == 1
    Path("five.csv").write_text(TABLE.replace("technique", "ID"))
    plain = ["--columns", "technique=ID", "--score-range", "0-5"]
    assert "has no effect" not in run(command, "five.csv", *plain).err


def test_a_scale_has_no_names_that_are_nearly_numbers(run: Run) -> None:
    done = run("convert", "gcp", "--scale", "1.=3")
    message = (
        '--scale: score value "1." is not a plain decimal number; expected a word, or a number such as 3 or 2.5'
    )
    assert (done.code, done.err) == (2, f"navlayers: {message}\n")
    assert run("check", "gcp", "--scale", "1.=3").err == f"navlayers: {message}\n"
    run("convert", "gcp", "--scale", "high=3", "-o", "gcp.stix.json")
    bundle = Path("gcp.stix.json")
    bundle.write_text(bundle.read_text().replace('"value": "high"', '"value": "inf"'))
    done = run("check", bundle)
    assert (done.code, 'wrong-type score value "inf" is not a plain decimal' in done.out) == (1, True)


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
