from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import write_set

if TYPE_CHECKING:
    from conftest import Run

SHIPPED = {
    "attack_detections": "18.1",
    "attack_detections-ics": "18.1",
    "attack_detections-mobile": "18.1",
    "attack_mitigations": "18.1",
    "attack_mitigations-ics": "18.1",
    "attack_mitigations-mobile": "18.1",
    "aws": "16.1",
    "azure": "16.1",
    "cri_profile": "16.1",
    "csa_ccm": "17.1",
    "fedramp_800_53": "8.2",
    "gcp": "16.1",
    "intel-vpro": "15.1",
    "kev": "16.1",
    "kev-mobile": "16.1",
    "m365": "16.1",
    "nist_800_53": "16.1",
    "nist_800_53-rev4": "14.1",
    "top-techniques": "14.1",
    "veris": "16.1",
    "veris-ics": "16.1",
    "veris-mobile": "16.1",
}


def test_the_shipped_sets_are_listed_with_their_release(run: Run) -> None:
    done = run("sets", "--json")
    assert done.code == 0
    assert {one["name"]: one["attack_version"] for one in json.loads(done.out)} == SHIPPED


def test_every_shipped_set_names_its_source_and_licence(run: Run) -> None:
    for one in json.loads(run("sets", "--json").out):
        assert one["source"].startswith("http")
        assert one["licence"]


def test_the_table_is_on_standard_output_and_hints_on_standard_error(run: Run) -> None:
    done = run("sets")
    assert done.code == 0
    assert all(name in done.out for name in SHIPPED)
    assert run("sets", "-q") == (0, done.out, "")


@pytest.mark.parametrize("args", [["sets"], ["stats"], ["build", "--only", "overview"]], ids=" ".join)
def test_on_a_terminal_every_table_fits_its_80_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = run(*args)
    assert done.code == 0
    assert all(name in done.out for name in SHIPPED) or (args == ["stats"] and "… and 3 more" in done.out)
    lines = re.sub(r"\x1b\[[\d;]*m", "", done.out).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_sets_found_here_come_before_shipped_ones_of_the_same_name(run: Run) -> None:
    write_set(Path("mappings/gcp.json"))
    write_set(Path("mappings/own.json"), title="Own")
    listed = {one["name"]: one for one in json.loads(run("sets", "--json").out)}
    assert set(listed) == {*SHIPPED, "own"}
    assert listed["gcp"]["framework"] == "tiny"
    assert listed["gcp"]["path"] == "mappings/gcp.json"
    assert listed["aws"]["origin"] == "shipped"


def test_a_broken_file_is_reported_and_does_not_hide_the_others(run: Run) -> None:
    Path("mappings").mkdir()
    Path("mappings/broken.json").write_text("{", encoding="utf-8")
    done = run("sets", "--json")
    assert done.code == 0
    assert "broken.json" in done.err
    assert {one["name"] for one in json.loads(done.out)} == set(SHIPPED)


@pytest.mark.parametrize("name", ["sets", "stats", "build"])
def test_h_prints_the_help_of_a_command(run: Run, name: str) -> None:
    done = run(name, "-h")
    assert done.code == 0
    assert done.out.startswith(f"Usage: navlayers {name}")


def test_the_program_lists_its_commands_and_its_version(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    assert all(name in done.out for name in ("build", "sets", "stats", "attack"))
    assert run("--version").code == 0


@pytest.mark.parametrize("args", [["biuld"], ["--nonsense"], ["sets", "extra"]])
def test_an_unknown_command_is_refused(run: Run, args: list[str]) -> None:
    done = run(*args)
    assert done.code == 2
    assert done.out == ""
    assert args[-1] in done.err
