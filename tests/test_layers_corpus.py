"""The layers of the published sets, against numbers worked out here from their JSON alone."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS, CORPUS_FILES, Run, active_techniques, build_layers

from navlayers import attack
from navlayers.layer.document import encode_layer
from navlayers.mapping import formats as readers
from navlayers.mapping.replacements import inactive, remap

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.model import MappingSet

pytestmark = pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
NUMBERS = {"minimal": 10, "partial": 50, "significant": 100}
GCP, AZURE_2021, NIST = (
    CORPUS / name
    for name in (
        "gcp-03.06.2025_attack-16.1-enterprise.json",
        "azure-06.29.2021_attack-8.2-enterprise.json",
        "nist_800_53-rev5_attack-16.1-enterprise.json",
    )
)
each_set = pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)

Json = dict[str, Any]


@lru_cache
def mapping_set(path: Path) -> MappingSet:
    return readers.read(path).mapping_set


@lru_cache
def content(path: Path) -> Json:
    loaded: Json = json.loads(path.read_bytes())
    return loaded


def mapped_rows(path: Path) -> list[Json]:
    return [
        row
        for row in content(path)["mapping_objects"]
        if row["attack_object_id"]
        and row["capability_id"]
        and "non_mappable" not in (row["status"], row["mapping_type"])
    ]


def active(path: Path) -> frozenset[str]:
    metadata = content(path)["metadata"]
    return active_techniques(metadata["technology_domain"], metadata["attack_version"])


def overview(path: Path) -> Json:
    (built,) = build_layers(mapping_set(path), only=["overview"])
    layer: Json = json.loads(encode_layer(built.layer))
    return layer


@each_set
def test_the_overview_has_the_strongest_value_or_the_number_of_capabilities(path: Path) -> None:
    strongest: dict[str, float] = {}
    capabilities: dict[str, set[str]] = {}
    for row in mapped_rows(path):
        technique = row["attack_object_id"]
        capabilities.setdefault(technique, set()).add(row["capability_id"])
        if row.get("score_value"):
            strongest[technique] = max(strongest.get(technique, 0), NUMBERS[row["score_value"]])
    expected = strongest or {technique: len(ids) for technique, ids in capabilities.items()}
    layer = overview(path)
    assert {t["techniqueID"]: t["score"] for t in layer["techniques"]} == {
        technique: score for technique, score in expected.items() if technique in active(path)
    }
    assert layer["gradient"]["maxValue"] == (
        100 if strongest else max(expected[t] for t in active(path) & set(expected))
    )


@each_set
def test_each_category_layer_has_the_strongest_value_of_its_category(path: Path) -> None:
    expected: dict[str, dict[str, float]] = {}
    for row in mapped_rows(path):
        if row.get("score_category") and row["attack_object_id"] in active(path):
            scores = expected.setdefault(row["score_category"], {})
            technique = row["attack_object_id"]
            scores[technique] = max(scores.get(technique, 0), NUMBERS[row["score_value"]])
    built = build_layers(mapping_set(path), only=["categories"])
    assert {b.path: {t.techniqueID: t.score for t in b.layer.techniques} for b in built} == {
        f"{category}.json": scores for category, scores in expected.items()
    }


@each_set
def test_every_mapped_capability_and_every_group_has_a_layer_with_its_techniques(path: Path) -> None:
    capabilities: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    for row in mapped_rows(path):
        if row["attack_object_id"] in active(path):
            capabilities.setdefault(row["capability_id"], set()).add(row["attack_object_id"])
            if row["capability_group"]:
                groups.setdefault(row["capability_group"], set()).add(row["attack_object_id"])
    for kind, expected in (("capabilities", capabilities), ("groups", groups)):
        built = [b for b in build_layers(mapping_set(path), only=["capabilities", "groups"]) if b.kind == kind]
        assert {b.id: {t.techniqueID for t in b.layer.techniques} for b in built} == expected
        assert len({b.path.casefold() for b in built}) == len(expected)


@each_set
def test_non_mappable_rows_score_nothing_and_are_listed(path: Path) -> None:
    rows = content(path)["mapping_objects"]
    mapped = mapped_rows(path)
    read = mapping_set(path)
    assert len(read.mappings) == len(mapped)
    assert len(read.non_mappable) == len(rows) - len(mapped)
    shown = {c for b in build_layers(read, only=["capabilities"]) for c in [b.id]}
    assert shown <= {row["capability_id"] for row in mapped}


@each_set
def test_what_is_left_out_is_what_mitres_bundle_does_not_have_as_active(path: Path) -> None:
    read = mapping_set(path)
    left_out = inactive(read, attack.find(read.domain, read.attack_version).catalogue)
    expected = {row["attack_object_id"] for row in mapped_rows(path)} - active(path)
    assert {technique.id for technique in left_out} == expected
    for technique in left_out:
        mapped_by = {row["capability_id"] for row in mapped_rows(path) if row["attack_object_id"] == technique.id}
        assert set(technique.capabilities) == mapped_by


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aws-12.12.2024_attack-16.1-enterprise", {"T1053.001"}),
        ("azure-04.26.2025_attack-16.1-enterprise", {"T1053.001"}),
        ("nist_800_53-rev5_attack-16.1-enterprise", {"T1521.003"}),
        ("gcp-03.06.2025_attack-16.1-enterprise", set()),
    ],
)
def test_known_slips_of_the_published_sets_are_left_out(name: str, expected: set[str]) -> None:
    read = mapping_set(CORPUS / f"{name}.json")
    found = inactive(read, attack.find(read.domain, read.attack_version).catalogue)
    assert {technique.id for technique in found} == expected


@pytest.mark.parametrize("path", [AZURE_2021, NIST, GCP], ids=lambda path: path.stem)
def test_carrying_to_another_release_accounts_for_every_id(path: Path) -> None:
    read = mapping_set(path)
    target = attack.find("enterprise", "18.1").catalogue
    carried, moved = remap(read, target)
    now_active = active_techniques("enterprise", "18.1")
    before = {mapping.technique for mapping in read.mappings}
    kept = before & now_active
    changed = {move.id for move in moved}
    gone = {technique.id for technique in inactive(carried, target)}
    assert kept | changed | gone == before
    assert len(kept) + len(changed) + len(gone) == len(before)
    assert {move.successor for move in moved} <= now_active
    assert len(carried.mappings) == len(read.mappings)
    assert {m.technique for m in carried.mappings} == kept | {move.successor for move in moved} | gone


def test_carrying_twice_is_carrying_once() -> None:
    target = attack.find("enterprise", "18.1").catalogue
    once, _ = remap(mapping_set(AZURE_2021), target)
    assert remap(once, target) == (once, ())


def test_the_azure_set_of_2021_at_18_1_tells_every_change_in_its_index(run: Run, tmp_path: Path) -> None:
    done = run("build", AZURE_2021, "-o", tmp_path / "out", "--attack", "18.1", "--only", "overview")
    assert done.code == 0
    (folder,) = (tmp_path / "out").iterdir()
    index = json.loads((folder / "index.json").read_bytes())
    layer = json.loads((folder / "overview.json").read_bytes())
    before = {row["attack_object_id"] for row in mapped_rows(AZURE_2021)}
    carried = {move["id"]: move["successor"] for move in index["replaced"]}
    left_out = {technique["id"] for technique in index["left_out"]}
    shown = {technique["techniqueID"] for technique in layer["techniques"]}
    assert left_out & before == before - set(carried) - active_techniques("enterprise", "18.1")
    assert shown == {carried.get(i, i) for i in before} - left_out
    assert layer["versions"]["attack"] == "18"
    assert (index["set"]["attack_version"], index["attack_version"]) == ("8.2", "18.1")
    assert all(identifier in done.err for identifier in sorted(carried)[:5])
