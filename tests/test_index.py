"""The index of a set's folder."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import TINY, Cells, Run, contents, row, set_of, write_set

from navlayers.layer.build import KINDS
from navlayers.mapping.model import NonMappable
from navlayers.pages import index
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import score_set

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.model import MappingSet

Json = dict[str, Any]


def made(mapping_set: MappingSet, **options: Any) -> Json:
    result: Json = json.loads(
        index.encode(
            index.make_index(
                score_set(mapping_set, TINY, ScoreOptions(**options)),
                own_attack_version="16.1",
                replaced=(),
                only=KINDS,
                files=(),
                layers=0,
            )
        )
    )
    return result


@pytest.fixture
def built(run: Run, tmp_path: Path) -> Path:
    source = write_set(tmp_path / "tiny.json")
    assert run("build", source, "-o", tmp_path / "out").code == 0
    return tmp_path / "out" / "tiny"


def test_the_index_lists_every_file_with_its_hash_and_its_numbers(built: Path) -> None:
    files = contents(built)
    found = json.loads(files.pop("index.json"))
    assert {entry["path"]: entry["sha256"] for entry in found["files"]} == {
        path: hashlib.sha256(data).hexdigest() for path, data in files.items()
    }
    for entry in found["files"]:
        if entry["kind"] != "all":
            layer = json.loads(files[entry["path"]])
            subs = sum("." in technique["techniqueID"] for technique in layer["techniques"])
            assert (entry["techniques"], entry["subtechniques"]) == (len(layer["techniques"]) - subs, subs)
            assert entry["name"] == layer["name"]


def test_the_list_of_all_holds_every_layer_for_tabs_in_the_order_of_the_index(built: Path) -> None:
    files = contents(built)
    order = [entry["path"] for entry in json.loads(files["index.json"])["files"] if entry["kind"] != "all"]
    # The Navigator opens a list from its end.
    assert json.loads(files["all.json"])[::-1] == [json.loads(files[path]) for path in order]
    assert order[0] == "overview.json"


def test_the_index_says_which_set_and_options_the_layers_are_of(run: Run, tmp_path: Path) -> None:
    source = write_set(tmp_path / "tiny.json")
    options = ["--aggregate", "mean", "--weights", "protect=2,detect=1", "--scale", "partial=60", "--worth", "5"]
    run("build", source, "-o", tmp_path, "--force", *options, "--rollup", "max", "--only", "overview")
    found = json.loads((tmp_path / "tiny" / "index.json").read_bytes())
    assert found["generator"] == "navlayers"
    assert found["options"] == {
        "aggregate": "mean",
        "weights": {"protect": 2, "detect": 1},
        "scale": {"partial": 60},
        "worth": 5,
        "rollup": "max",
        "across_segments": "merged",
    }
    assert found["only"] == ["overview"]
    assert found["set"]["framework"] == "tiny"
    assert found["set"]["version"] == "1"
    assert found["attack_version"] == "16.1"
    assert [entry["path"] for entry in found["files"]] == ["overview.json"]


def test_non_mappable_capabilities_and_techniques_are_listed(built: Path) -> None:
    found = json.loads((built / "index.json").read_bytes())
    assert found["non_mappable_capabilities"] == [{"id": "hsm", "name": "Name of hsm"}]
    assert found["non_mappable_techniques"] == [{"id": "T1200", "name": "Hardware Additions"}]
    assert found["counts"]["non_mappable_capabilities"] == 1
    assert found["counts"]["non_mappable_techniques"] == 1


def test_replaced_ids_are_listed_with_their_successors(built: Path) -> None:
    (carried,) = json.loads((built / "index.json").read_bytes())["replaced"]
    assert (carried["id"], carried["successor"]) == ("T1053.001", "T1053.002")


def test_the_counts_are_those_of_the_layers(built: Path) -> None:
    counts = json.loads((built / "index.json").read_bytes())["counts"]
    expected = {"mappings": 5, "capabilities": 2, "techniques": 2, "subtechniques": 2}
    assert expected.items() <= counts.items()
    # overview, protect, detect, one group, two capabilities
    assert counts["layers"] == 6


def test_numbers_of_a_capability_are_its_share_mean_sum_and_what_only_it_covers() -> None:
    rows = [
        row("a", "T1001", "protect", "partial"),
        row("a", "T1001", "protect", "minimal"),
        row("a", "T1001.001", "protect", "significant"),
        row("a", "T1001", "detect", "minimal"),
        row("b", "T1001", "detect", "minimal"),
        row("b", "T1002", "protect", "partial"),
        row("b", "T1004", "protect", "partial"),
    ]
    first, second = made(set_of(rows))["capabilities"]
    # The tiny release has six active techniques and sub-techniques.
    assert first["share"] == 33.33
    assert (first["techniques"], first["subtechniques"], first["unique"]) == (1, 1, 1)
    assert first["categories"] == {"protect": {"mean": 75, "sum": 150}, "detect": {"mean": 10, "sum": 10}}
    assert (second["techniques"], second["subtechniques"], second["unique"]) == (2, 0, 1)
    assert second["categories"] == {"protect": {"mean": 50, "sum": 50}, "detect": {"mean": 10, "sum": 10}}


def test_a_capability_of_an_unscored_set_has_coverage_but_no_means() -> None:
    rows = [row("a", "T1001"), row("b", "T1001"), row("b", "T1002")]
    first, second = made(set_of(rows))["capabilities"]
    assert (first["share"], first["unique"], first["categories"]) == (16.67, 0, {})
    assert (second["share"], second["unique"]) == (33.33, 1)


@pytest.mark.parametrize("aggregate", ["max", "mean", "sum", "combined"])
def test_what_a_capability_contributes_does_not_depend_on_the_aggregate(aggregate: str) -> None:
    mapping_set = set_of([row("a", "T1001", "protect", "partial"), row("b", "T1001", "protect", "minimal")])
    assert made(mapping_set, aggregate=aggregate)["capabilities"] == made(mapping_set)["capabilities"]


def test_numbers_of_a_capability_are_there_for_counts_of_a_scored_set_too() -> None:
    mapping_set = set_of([row("a", "T1001", "protect", "partial")])
    (capability,) = made(mapping_set, aggregate="count")["capabilities"]
    assert capability["categories"] == {"protect": {"mean": 50, "sum": 50}}


def test_the_index_does_not_depend_on_the_order_of_anything() -> None:
    mapping_set = set_of([row("b", "T1002"), row("a", "T9999"), row("a", "T1001"), row("c", "T1004")])
    looked_at = (NonMappable("y"), NonMappable("x"), NonMappable(None, "T1005"), NonMappable(None, "T1002"))
    straight = msgspec.structs.replace(mapping_set, non_mappable=looked_at)
    turned = msgspec.structs.replace(
        mapping_set,
        mappings=mapping_set.mappings[::-1],
        capabilities=mapping_set.capabilities[::-1],
        non_mappable=looked_at[::-1],
    )
    assert made(straight) == made(turned)


def test_a_record_of_a_capability_that_has_mappings_does_not_say_that_it_cannot_be_mapped(
    run: Run, tmp_path: Path
) -> None:
    rows: list[Cells] = [("a", "T1078", "protect", "partial"), ("a", None, None, None)]
    run("build", write_set(tmp_path / "x.json", rows), "-o", tmp_path / "out")
    found = json.loads((tmp_path / "out" / "x" / "index.json").read_bytes())
    assert found["non_mappable_capabilities"] == []
    assert [entry["id"] for entry in found["capabilities"]] == ["a"]
