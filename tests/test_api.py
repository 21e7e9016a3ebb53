"""The library: what the commands do, by the same names."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import contents, row, set_of, write_set

import navlayers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", navlayers.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(navlayers, name).__doc__
    assert name in dir(navlayers)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"navlayers.*nonsense"):
        _ = navlayers.nonsense


def test_importing_the_library_imports_nothing_heavy() -> None:
    heavy = "{'pandas', 'stix2', 'mitreattack', 'click', 'yaml', 'requests'}"
    code = f"import sys, navlayers; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_load_reads_a_file_by_path_or_by_its_name_as_text(tmp_path: Path) -> None:
    path = write_set(tmp_path / "tiny.json")
    assert navlayers.load(path) == navlayers.load(str(path))
    assert navlayers.load(path).framework == "tiny"


def test_load_reads_a_shipped_set() -> None:
    assert navlayers.load("gcp").framework == "gcp"


def test_load_refuses_a_folder_of_several_sets(tmp_path: Path) -> None:
    write_set(tmp_path / "a.json")
    write_set(tmp_path / "b.json")
    with pytest.raises(navlayers.UsageError, match="holds 2 sets"):
        navlayers.load(tmp_path)


@pytest.mark.parametrize("name", ["no-such-set", "no/such/file.json"])
def test_load_says_what_is_not_there(name: str) -> None:
    with pytest.raises(navlayers.InputError) as caught:
        navlayers.load(name)
    assert name in str(caught.value)


def test_scores_are_those_of_active_techniques_by_id(tmp_path: Path) -> None:
    mapping_set = navlayers.load(write_set(tmp_path / "tiny.json"))
    scores = navlayers.scores(mapping_set)
    assert {i: entry.overall for i, entry in scores.items()} == {"T1078": 100, "T1078.004": 10, "T1110": 50}
    assert list(scores) == sorted(scores)
    assert scores["T1078"].categories == {"protect": 100, "detect": 50}


def test_scores_can_be_those_of_another_release(tmp_path: Path) -> None:
    mapping_set = navlayers.load(write_set(tmp_path / "tiny.json"))
    at_18 = navlayers.scores(mapping_set, attack_version="18.1")
    assert at_18["T1053.002"].overall == 50
    assert "T1053.001" not in at_18


def test_layers_of_the_library_are_the_bytes_of_the_command(tmp_path: Path) -> None:
    path = write_set(tmp_path / "tiny.json")
    navlayers.build_folder(navlayers.resolve([str(path)]), tmp_path / "out")
    files = contents(tmp_path / "out" / "tiny")
    built = {one.path: navlayers.encode_layer(one.layer) for one in navlayers.build_layers(navlayers.load(path))}
    assert built == {name: data for name, data in files.items() if name not in ("index.json", "all.json")}
    assert navlayers.encode_layers(built.values()) == files["all.json"]


def test_options_of_the_library_are_those_of_the_command() -> None:
    options = navlayers.ScoreOptions("mean", {"protect": 1}, {"partial": 60}, 5, "max")
    rows = [row("a", "T1078.001", "protect", "partial"), row("b", "T1078.001", "protect")]
    assert navlayers.scores(set_of(rows), options)["T1078"].overall == 32.5


@pytest.mark.parametrize(
    ("wanted", "version"), [(None, "16.1"), ("18.1", "18.1"), ("18", "18.1"), ("v17.1", "17.1"), ("latest", "18.1")]
)
def test_release_is_the_sets_own_or_the_one_asked_for(wanted: str | None, version: str) -> None:
    assert navlayers.release(set_of([]), wanted).version == version


@pytest.mark.parametrize("wanted", ["99.9", "7", "nonsense", ""])
def test_a_release_that_is_not_at_hand_is_an_error_that_names_those_that_are(wanted: str) -> None:
    with pytest.raises(navlayers.ReleaseError, match=r"16\.1"):
        navlayers.release(set_of([], attack_version=wanted or "0"), wanted or None)


def test_all_errors_have_one_base() -> None:
    for error in (navlayers.InputError, navlayers.OutputError, navlayers.UsageError, navlayers.ReleaseError):
        assert issubclass(error, navlayers.NavlayersError)
