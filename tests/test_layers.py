"""What the layers of a set are, and what they say."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import TINY, build_layers, layers_at, row, set_of

from navlayers import load
from navlayers.layer.build import KINDS, LayerKind
from navlayers.layer.document import encode_layer
from navlayers.mapping.model import Capability, NonMappable
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.layer.build import BuiltLayer
    from navlayers.mapping.model import MappingSet

ROWS = [
    row("ids", "T1001", "protect", "partial", "https://ids.example"),
    row("ids", "T1001.001", "detect", "minimal"),
    row("fw", "T1001", "protect", "significant", "https://fw.example"),
    row("fw", "T1002", "detect", "partial", comment="Only at the edge."),
]
GROUPS = {"ids": ("net", "watch"), "fw": ("net",)}
TWO = set_of(ROWS, groups=GROUPS)


def layers(mapping_set: MappingSet, only: tuple[LayerKind, ...] = KINDS, **options: Any) -> dict[str, BuiltLayer]:
    return {built.path: built for built in layers_at(mapping_set, TINY, ScoreOptions(**options), only)}


def entries(built: BuiltLayer) -> dict[str, Any]:
    return {t["techniqueID"]: t for t in json.loads(encode_layer(built.layer))["techniques"]}


def test_a_set_gives_an_overview_and_a_layer_per_category_group_and_capability() -> None:
    assert {path: (built.kind, built.id) for path, built in layers(TWO).items()} == {
        "overview.json": ("overview", "overview"),
        "protect.json": ("categories", "protect"),
        "detect.json": ("categories", "detect"),
        "groups/net.json": ("groups", "net"),
        "groups/watch.json": ("groups", "watch"),
        "capabilities/fw.json": ("capabilities", "fw"),
        "capabilities/ids.json": ("capabilities", "ids"),
    }


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "all"])
def test_only_gives_the_same_layers_as_everything_does(kind: LayerKind) -> None:
    everything = {path: built for path, built in layers(TWO).items() if built.kind == kind}
    assert layers(TWO, (kind,)) == everything


@pytest.mark.parametrize(
    ("path", "scores"),
    [
        ("overview.json", {"T1001": 100, "T1001.001": 10, "T1002": 50}),
        ("protect.json", {"T1001": 100}),
        ("detect.json", {"T1001.001": 10, "T1002": 50}),
        ("groups/net.json", {"T1001": 100, "T1001.001": 10, "T1002": 50}),
        ("groups/watch.json", {"T1001": 50, "T1001.001": 10}),
        ("capabilities/ids.json", {"T1001": 50, "T1001.001": 10}),
        ("capabilities/fw.json", {"T1001": 100, "T1002": 50}),
    ],
)
def test_each_layer_scores_only_what_it_is_about(path: str, scores: dict[str, float]) -> None:
    assert {i: t["score"] for i, t in entries(layers(TWO)[path]).items()} == scores


def test_an_unscored_set_has_no_category_layers() -> None:
    mapping_set = set_of([row("a", "T1001"), row("b", "T1001")])
    assert {built.kind for built in layers(mapping_set).values()} == {"overview", "capabilities"}


def test_a_category_that_the_set_never_scores_has_no_layer() -> None:
    mapping_set = set_of([row("a", "T1001", "protect", "partial"), row("a", "T1002", "detect")])
    assert "protect.json" in layers(mapping_set)
    assert "detect.json" not in layers(mapping_set)


def test_a_set_of_non_mappables_only_has_an_overview_without_techniques() -> None:
    empty = msgspec.structs.replace(
        set_of([]), capabilities=(Capability("a", "A"),), non_mappable=(NonMappable("a", None, "non_mappable"),)
    )
    (built,) = layers(empty).values()
    assert built.kind == "overview"
    assert built.layer.techniques == ()


def test_non_mappable_records_are_in_no_layer() -> None:
    looked_at = (NonMappable("ids", "T1005"), NonMappable(None, "T1005"), NonMappable("none", None))
    assert layers(msgspec.structs.replace(TWO, non_mappable=looked_at)) == layers(TWO)


@pytest.mark.parametrize("path", layers(TWO))
def test_a_name_says_framework_version_and_what_the_layer_shows(path: str) -> None:
    shows = {
        "overview.json": "overview",
        "protect.json": "protect",
        "detect.json": "detect",
        "groups/net.json": "Net",
        "groups/watch.json": "Watch",
        "capabilities/fw.json": "Name of fw",
        "capabilities/ids.json": "Name of ids",
    }
    name = layers(TWO)[path].layer.name
    assert name.startswith("Tiny 1")
    assert shows[path] in name


def test_no_two_layers_of_a_set_have_the_same_name() -> None:
    same = (Capability("a", "Same"), Capability("b", "Same"), Capability("c", "overview"))
    rows = [row(i, "T1001", "protect", "partial") for i in "abc"]
    named = msgspec.structs.replace(set_of(rows), capabilities=same)
    names = [built.layer.name for path, built in layers(named).items() if path.startswith("capabilities")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["strongest", "minimal 10, partial 50, significant 100", "highest across protect and detect"]),
        ({"aggregate": "mean"}, ["mean"]),
        ({"aggregate": "median"}, ["median"]),
        ({"aggregate": "min"}, ["weakest"]),
        ({"aggregate": "sum"}, ["sum"]),
        ({"aggregate": "count"}, ["number of capabilities"]),
        ({"aggregate": "combined"}, ["independent"]),
        ({"weights": {"protect": 2, "detect": 1}}, ["protect 2, detect 1"]),
        ({"scale": {"partial": 60}}, ["partial 60"]),
        ({"rollup": "max"}, ["highest", "sub-techniques"]),
        ({"rollup": "mean"}, ["mean", "unmapped", "sub-techniques"]),
    ],
    ids=str,
)
def test_the_description_says_how_the_scores_were_made(options: dict[str, Any], words: list[str]) -> None:
    description = layers(TWO, ("overview",), **options)["overview.json"].layer.description
    assert all(word in description for word in words), description


def test_the_metadata_says_versions_aggregate_scale_and_counts() -> None:
    mapping_set = msgspec.structs.replace(TWO, source="https://source.example/x", licence="Apache-2.0")
    layer = layers(mapping_set, ("overview",), rollup="mean", worth=20)["overview.json"].layer
    facts = {item.name: item.value for item in layer.metadata}
    expected = {
        "framework": "tiny",
        "framework version": "1",
        "ATT&CK version": "enterprise 16.1",
        "aggregate": "max",
        "scale": "minimal 10, partial 50, significant 100",
        "capabilities": "2",
        "techniques": "2",
        "sub-techniques": "1",
        "roll-up": "mean",
        "licence": "Apache-2.0",
    }
    assert expected.items() <= facts.items()
    assert [link.url for link in layer.links] == ["https://source.example/x"]


def test_a_rolled_up_technique_says_so_in_its_metadata() -> None:
    rows = [row("a", "T1001.001", "protect", "partial"), row("a", "T1002", "protect", "partial")]
    techniques = entries(layers(set_of(rows), rollup="mean")["overview.json"])
    assert techniques["T1001"]["score"] == 16.67
    assert "rolled up" in json.dumps(techniques["T1001"]["metadata"])
    assert "rolled up" not in json.dumps(techniques["T1002"]["metadata"])
    assert "rolled up" not in json.dumps(techniques["T1001.001"]["metadata"])


def test_a_comment_tells_per_category_the_capabilities_strongest_first() -> None:
    rows = [
        row("b", "T1001", "detect", "minimal"),
        row("a", "T1001", "protect", "minimal"),
        row("c", "T1001", "protect", "significant"),
        row("b", "T1001", "protect", "partial"),
    ]
    comment = entries(layers(set_of(rows))["overview.json"])["T1001"]["comment"]
    order = ["Protect", "Name of c", "Name of b", "Name of a", "Detect", "Name of b"]
    position = -1
    for word in order:
        position = comment.index(word, position + 1)
    assert "Respond" not in comment


def test_a_comment_of_a_category_layer_tells_that_category_only() -> None:
    rows = [row("a", "T1001", "protect", "partial"), row("b", "T1001", "detect", "partial")]
    comment = entries(layers(set_of(rows))["detect.json"])["T1001"]["comment"]
    assert "Name of b" in comment
    assert "Name of a" not in comment


@pytest.mark.parametrize("scored", [True, False])
def test_a_long_list_of_capabilities_is_cut_in_the_comment_and_whole_in_the_metadata(scored: bool) -> None:
    ids = [f"c{number:02}" for number in range(40)]
    rows = [row(i, "T1001", "protect", "partial") if scored else row(i, "T1001") for i in reversed(ids)]
    technique = entries(layers(set_of(rows))["overview.json"])["T1001"]
    shown = [i for i in ids if f"Name of {i}" in technique["comment"]]
    assert 0 < len(shown) < 40
    assert shown == ids[: len(shown)]
    assert f"+{40 - len(shown)} more" in technique["comment"]
    (listed,) = [item["value"] for item in technique["metadata"] if "c00" in item["value"]]
    assert [i for i in sorted(ids, key=listed.index) if i in listed] == ids


def test_the_metadata_of_a_technique_is_in_the_order_of_strength() -> None:
    rows = [row("a", "T1001", "protect", "minimal"), row("b", "T1001", "protect", "significant")]
    (item,) = entries(layers(set_of(rows))["overview.json"])["T1001"]["metadata"]
    assert item["name"] == "protect"
    assert item["value"].index("b = significant") < item["value"].index("a = minimal")


def test_a_capability_layer_carries_the_comments_of_its_rows_and_the_overview_does_not() -> None:
    built = layers(TWO)
    assert "Only at the edge." in entries(built["capabilities/fw.json"])["T1002"]["comment"]
    assert "Only at the edge." not in json.dumps(entries(built["overview.json"]))


def test_links_of_a_layer_are_those_of_the_mappings_that_it_shows() -> None:
    technique = entries(layers(TWO)["capabilities/ids.json"])["T1001"]
    assert [link["url"] for link in technique["links"]] == [
        "https://attack.mitre.org/techniques/T1001/",
        "https://ids.example",
    ]


def test_what_is_left_out_is_counted_in_the_metadata() -> None:
    rows = [*ROWS, row("ids", "T1004", "protect", "partial"), row("ids", "T9999", "protect", "partial")]
    facts = {item.name: item.value for item in layers(set_of(rows))["overview.json"].layer.metadata}
    assert facts["techniques left out"] == "2"
    assert facts["techniques"] == "2"


def test_a_mapping_filed_under_one_group_counts_there_only() -> None:
    filed = [
        msgspec.structs.replace(mapping, group="watch") if mapping.capability == "ids" else mapping
        for mapping in ROWS
    ]
    built = layers(set_of(filed, groups=GROUPS))
    assert {i: t["score"] for i, t in entries(built["groups/net.json"]).items()} == {"T1001": 100, "T1002": 50}
    assert set(entries(built["groups/watch.json"])) == {"T1001", "T1001.001"}


@pytest.mark.parametrize("name", ["gcp", "nist_800_53", "kev-mobile", "veris-ics"])
def test_mitreattack_python_reads_every_layer_of_a_shipped_set_without_a_complaint(name: str) -> None:
    with warnings.catch_warnings():
        # Its own dependencies may warn on import; what it has to say of a layer it prints.
        warnings.simplefilter("ignore")
        from mitreattack.navlayers import Layer  # noqa: PLC0415 - takes a second

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for built in build_layers(load(name)):
            written = encode_layer(built.layer).decode()
            layer = Layer(strict=True)
            layer.from_str(written)
            assert said.getvalue() == "", f"{built.path}: {said.getvalue()}"
            read, expected = layer.to_dict(), json.loads(written)
            assert read["name"] == expected["name"]
            assert [(t["techniqueID"], t.get("score")) for t in read["techniques"]] == [
                (t["techniqueID"], t.get("score")) for t in expected["techniques"]
            ]
