"""The library: what the commands do, by the same names."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from conftest import contents, write_set

import navlayers
from navlayers.layer.document import encode_layers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", navlayers.__all__)
def test_every_public_name_exists_and_has_a_docstring(name: str) -> None:
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
    with pytest.raises(navlayers.UsageError, match="a folder of 2 sets"):
        navlayers.load(tmp_path)


@pytest.mark.parametrize("name", ["no-such-set", "no/such/file.json"])
def test_load_names_the_missing_input(name: str) -> None:
    with pytest.raises(navlayers.InputError) as caught:
        navlayers.load(name)
    assert name in str(caught.value)


def test_scores_are_those_of_active_techniques_by_id(tmp_path: Path) -> None:
    mapping_set = navlayers.load(write_set(tmp_path / "tiny.json"))
    scores = mapping_set.scores()
    assert {i: entry.overall for i, entry in scores.items()} == {
        "T1053.002": 50,  # T1053.001 is revoked by it in 16.1
        "T1078": 100,
        "T1078.004": 10,
        "T1110": 50,
    }
    assert list(scores) == sorted(scores)
    assert scores["T1078"].categories == {"protect": 100, "detect": 50}


def test_scores_can_be_those_of_another_release(tmp_path: Path) -> None:
    mapping_set = navlayers.load(write_set(tmp_path / "tiny.json"))
    at_18 = mapping_set.scores(attack_version="18.1")
    assert at_18["T1053.002"].overall == 50
    assert "T1053.001" not in at_18


def test_layers_of_the_library_are_the_bytes_of_the_command(tmp_path: Path) -> None:
    path = write_set(tmp_path / "tiny.json")
    navlayers.build(path, output=tmp_path / "out")
    files = contents(tmp_path / "out" / "tiny")
    built = {name: layer.to_json() for name, layer in navlayers.load(path).layers().items()}
    assert built == {name: data for name, data in files.items() if name not in ("index.json", "all.json")}
    assert encode_layers(built.values()) == files["all.json"]


def test_options_of_the_library_are_those_of_the_command(tmp_path: Path) -> None:
    path = write_set(
        tmp_path / "a.json", [("a", "T1078.001", "protect", "partial"), ("b", "T1078.001", "protect", None)]
    )
    scores = navlayers.load(path).scores(
        aggregate="mean", weights={"protect": 1}, scale={"partial": 60}, worth=5, rollup="max"
    )
    assert scores["T1078"].overall == 32.5


@pytest.mark.parametrize("wanted", ["99.9", "7", "nonsense"])
def test_a_release_that_is_not_installed_is_an_error_that_names_the_installed_ones(wanted: str) -> None:
    with pytest.raises(navlayers.ReleaseError, match=r"16\.1"):
        navlayers.load("gcp").scores(attack_version=wanted)


@pytest.mark.parametrize("item", [3, None, object()])
def test_a_wrong_type_of_input_is_a_type_error_that_names_the_expected_ones(item: object) -> None:
    with pytest.raises(TypeError, match="expected a name, a path, a MappingSet or a Layer, not "):
        navlayers.compare("aws", item)  # type: ignore[arg-type]


def test_results_have_reprs_of_one_line(tmp_path: Path) -> None:
    tiny = navlayers.load(write_set(tmp_path / "tiny.json"))
    gaps = navlayers.gaps(tiny, threat="APT29")
    assert [
        repr(tiny),
        repr(tiny.scores()),
        repr(tiny.layer()),
        repr(navlayers.compare(tiny, "gcp")),
        repr(navlayers.diff(tiny, tiny)),
        repr(gaps),
        repr(navlayers.plan(tiny, budget=1)),
    ] == [
        "<MappingSet tiny 1: 3 capabilities, 5 mappings, ATT&CK enterprise 16.1>",
        "<Scores of 4 techniques, ATT&CK enterprise 16.1>",
        "<Layer 'tiny 1 – overview': 4 techniques, ATT&CK 16>",
        "<Comparison of tiny, gcp, ATT&CK enterprise 16.1>",
        "<Diff of tiny and tiny-2: 0 techniques changed>",
        "<Gaps against APT29: 65 of 66 techniques open>",
        "<Plan of 1 capability, 95% of the total value, proven optimal>",
    ]


def test_results_are_rows_of_dictionaries_and_frames(tmp_path: Path) -> None:
    tiny = navlayers.load(write_set(tmp_path / "tiny.json"))
    assert tiny.scores().to_dicts()[2] == {
        "set": "tiny",
        "domain": "enterprise",
        "attack_version": "16.1",
        "technique": "T1078",
        "technique_name": "Valid Accounts",
        "category": "overall",
        "score": 100,
        "rated": True,
        "covered": True,
        "capabilities": 2,
        "capabilities_covering": 2,
        "rolled_up": False,
    }
    replaced = next(row for row in tiny.to_dicts() if row["written_technique"] == "T1053.001")
    assert (replaced["technique"], replaced["technique_name"], replaced["file"]) == ("T1053.002", "At", None)
    comparison = navlayers.compare(tiny, "gcp")
    row = next(row for row in comparison.to_dicts() if row["technique"] == "T1110")
    assert (row["tiny"], row["best"]) == (50, 100)
    for result in (
        tiny,
        tiny.scores(),
        comparison,
        navlayers.gaps(tiny, threat="APT29"),
        navlayers.diff(tiny, "gcp"),
    ):
        frame = result.to_frame()
        assert frame.to_dict("records")[0].keys() == result.to_dicts()[0].keys()
        assert len(frame) == len(result.to_dicts())
        assert "<table>" in result._repr_html_()


def test_a_layer_saves_itself_and_is_read_again(tmp_path: Path) -> None:
    tiny = navlayers.load(write_set(tmp_path / "tiny.json"))
    layer = tiny.layer("protect", aggregate="mean")
    assert layer.save(tmp_path / "layer.json").read_bytes() == layer.to_json()
    assert layer.save(tmp_path / "layer.svg").read_text("utf-8") == layer._repr_svg_()
    assert navlayers.compare(layer, tmp_path / "layer.json").union.covered == 3
    with pytest.raises(navlayers.UsageError, match="no layer 'nonsense'"):
        tiny.layer("nonsense")
    with pytest.raises(navlayers.UsageError, match="does not name a format"):
        layer.save(tmp_path / "layer.doc")


def test_a_set_is_saved_converted_and_read_again(tmp_path: Path) -> None:
    tiny = navlayers.load(write_set(tmp_path / "tiny.json"))
    for name in ("a.yaml", "a.csv", "a.xlsx", "a.json"):
        saved = navlayers.load(tiny.save(tmp_path / name))
        assert sorted(map(repr, saved.mappings)) == sorted(map(repr, tiny.mappings))
    assert navlayers.convert(tiny) == (tmp_path / "a.yaml").read_bytes()


def test_functions_without_notices_in_their_result_warn(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("technique,capability\nT1078,a\nT1110,\n", encoding="utf-8")
    with pytest.warns(navlayers.NavlayersWarning, match="bare.csv") as caught:
        bare = navlayers.load(path)
    assert caught[0].filename == __file__
    noted = navlayers.load(write_set(tmp_path / "tiny.json"))
    noted = msgspec.structs.replace(noted, details={"author": "Somebody"})
    for call in (lambda: noted.save(tmp_path / "noted.csv"), lambda: navlayers.convert(noted, "csv")):
        with pytest.warns(navlayers.NavlayersWarning, match="author"):
            call()
    assert len(bare.mappings) == 1


def test_sets_in_memory_give_what_their_files_give(tmp_path: Path) -> None:
    path = write_set(tmp_path / "tiny.json")
    tiny = navlayers.load(path)
    assert navlayers.gaps(tiny, threat="APT29").to_dicts() == navlayers.gaps(path, threat="APT29").to_dicts()
    navlayers.build(tiny, output=tmp_path / "a")
    navlayers.build(path, output=tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    for ending in ("html", "docx"):
        one = navlayers.report(tiny, output=tmp_path / f"a.{ending}").read_bytes()
        assert one == navlayers.report(path, output=tmp_path / f"b.{ending}").read_bytes()


def test_layers_are_built_in_memory_and_unknown_kinds_refused(tmp_path: Path) -> None:
    tiny = navlayers.load(write_set(tmp_path / "tiny.json"))
    built = navlayers.build(tiny, output=None, only=["overview"])
    assert built.document == tiny.layer().to_json()
    with pytest.raises(navlayers.UsageError, match='unknown layer kind "overviews"'):
        navlayers.build(tiny, output=tmp_path / "out", only=["overviews"])  # type: ignore[list-item]
    assert not (tmp_path / "out").exists()


def test_a_baseline_is_a_name_and_a_result_has_files_and_notices(tmp_path: Path) -> None:
    path = write_set(tmp_path / "tiny.json")
    comparison = navlayers.compare(path, "gcp", path, baseline="gcp")
    assert [difference.first for difference in comparison.differences] == ["gcp"]
    assert path in comparison.files
    assert [notice.message for notice in comparison.notices] == [f"duplicate input {path}"]
    assert [each.name for each in navlayers.compare(path, baseline="gcp").inputs] == ["gcp", "tiny"]


def test_two_versions_are_two_inputs() -> None:
    with pytest.raises(navlayers.UsageError, match="gcp and gcp are the same input"):
        navlayers.diff("gcp", "gcp")


def test_all_errors_have_one_base() -> None:
    for error in (navlayers.InputError, navlayers.OutputError, navlayers.UsageError, navlayers.ReleaseError):
        assert issubclass(error, navlayers.NavlayersError)


def test_sets_in_memory_of_one_name_are_numbered(tmp_path: Path) -> None:
    mine, other = navlayers.load("gcp"), navlayers.load("gcp")
    assert repr(navlayers.compare(mine, other)) == "<Comparison of gcp, gcp-2, ATT&CK enterprise 16.1>"
    exported = navlayers.export(mine, other, "gcp", output=tmp_path / "sets.csv", tables=["sets"])
    assert [each.name for each in exported.sets] == ["gcp", "gcp-2", "gcp-3"]
