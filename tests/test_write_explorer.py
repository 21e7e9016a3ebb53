from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from conftest import CORPUS, CORPUS_FILES, row, sample_sets, set_of
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_write_native import mapping_sets, texts

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.model import Capability, Mapping, MappingSet, MappingType, NonMappable, canonical

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.find import Source

Object = dict[str, Any]
SET = MappingSet(
    framework="demo",
    version="1",
    domain="enterprise",
    attack_version="16.1",
    mapping_types=(MappingType("scores", "Scores", ""),),
    groups={"g": "Group"},
    capabilities=(Capability("a", "Name of a", ("g",), ("https://a.example",)),),
    mappings=(
        Mapping("a", "T1078.004", "scores", "protect", "partial", "Why.", ("https://a.example",)),
        Mapping("a", "T1059", "scores", references=("https://a.example",)),
    ),
    non_mappable=(NonMappable("b"),),
    details={"created": "01/31/2025", "author": "Someone"},
)


@lru_cache
def schema() -> Draft202012Validator:
    if not CORPUS.is_dir():
        pytest.skip("the published schema is not at ../shared/corpus")
    return Draft202012Validator(json.loads((CORPUS / "mapex-unified-data-schema.json").read_bytes()))


OTHERS = frozenset({"nist_800_53", *(s.name for s in sample_sets() if s.name.startswith("attack"))})
"""Shipped sets with more than Mappings Explorer files hold: several groups, fields, no date."""


def encoded(mapping_set: MappingSet, to: str = "mapex-json") -> tuple[Any, list[str]]:
    written = readers.encode(mapping_set, to)
    content = json.loads(written.data) if to == "mapex-json" else yaml.load(written.data, yaml.CSafeLoader)
    assert all(notice.code == "not-carried" for notice in written.notices)
    return content, [str(notice) for notice in written.notices]


def rows(path: Path | bytes) -> list[Object]:
    objects: list[Object] = json.loads(path if isinstance(path, bytes) else path.read_bytes())["mapping_objects"]
    return objects


def said(objects: list[Object]) -> list[str]:
    """The rows without what says nothing: fields that are null or blank."""
    kept = ({field: value for field, value in one.items() if value is not None and value != ""} for one in objects)
    return [json.dumps(one, sort_keys=True) for one in kept]


def test_a_set_becomes_an_object_of_metadata_and_rows_in_the_layout_of_the_published_files() -> None:
    assert (
        readers.encode(SET, "mapex-json").data.decode()
        == """\
{
    "metadata": {
        "mapping_version": "",
        "technology_domain": "enterprise",
        "attack_version": "16.1",
        "mapping_framework": "demo",
        "mapping_framework_version": "1",
        "author": "Someone",
        "contact": null,
        "organization": null,
        "creation_date": "01/31/2025",
        "mapping_types": {
            "scores": {
                "name": "Scores",
                "description": ""
            }
        },
        "capability_groups": {
            "g": "Group"
        }
    },
    "mapping_objects": [
        {
            "capability_id": "a",
            "capability_description": "Name of a",
            "mapping_type": "scores",
            "attack_object_id": "T1078.004",
            "attack_object_name": "Cloud Accounts",
            "capability_group": "g",
            "score_category": "protect",
            "score_value": "partial",
            "related_score": "T1078",
            "comments": "Why.",
            "references": [
                "https://a.example"
            ],
            "status": "complete"
        },
        {
            "capability_id": "a",
            "capability_description": "Name of a",
            "mapping_type": "scores",
            "attack_object_id": "T1059",
            "attack_object_name": "Command and Scripting Interpreter",
            "capability_group": "g",
            "references": [
                "https://a.example"
            ],
            "status": "complete"
        },
        {
            "capability_id": "b",
            "capability_description": null,
            "mapping_type": null,
            "attack_object_id": null,
            "attack_object_name": null,
            "capability_group": null,
            "references": [],
            "status": "non_mappable"
        }
    ]
}
"""
    )


def test_yaml_has_a_field_on_each_line_and_quotes_what_tools_would_misread() -> None:
    mapping = Mapping("no", "T1059", "scores", None, None, "Two\nlines.\n", ("https://a.example", "- b"))
    written = readers.encode(msgspec.structs.replace(SET, mappings=(mapping,), non_mappable=()), "mapex-yaml")
    assert (
        written.data.decode()
        == """\
metadata:
  mapping_version: ""
  technology_domain: enterprise
  attack_version: "16.1"
  mapping_framework: demo
  mapping_framework_version: "1"
  author: Someone
  contact:
  organization:
  creation_date: "01/31/2025"
  mapping_types:
    scores:
      name: Scores
      description: ""
  capability_groups:
    g: Group
mapping_objects:
- capability_id: "no"
  capability_description: null
  mapping_type: scores
  attack_object_id: T1059
  attack_object_name: Command and Scripting Interpreter
  capability_group: null
  comments: |
    Two
    lines.
  references:
  - https://a.example
  - "- b"
  status: complete
"""
    )


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_a_published_set_through_native_yaml_is_the_same_rows_and_valid(path: Path) -> None:
    published = readers.read(path).mapping_set
    through = readers.read("set.yaml", data=readers.encode(published).data).mapping_set
    written = readers.encode(through, "mapex-json")
    schema().validate(json.loads(written.data))
    assert Counter(said(rows(written.data))) == Counter(said(rows(path)))
    assert written.notices == ()


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_a_published_set_keeps_the_order_of_its_rows_with_non_mappables_behind(path: Path) -> None:
    """A non-mappable says so, or lacks a technique or a capability; each of the two kinds keeps its order."""
    objects = rows(path)
    whole = [one["status"] == "complete" and one["attack_object_id"] and one["capability_id"] for one in objects]
    mapped = [one for one, fine in zip(objects, whole, strict=True) if fine]
    rest = [one for one, fine in zip(objects, whole, strict=True) if not fine]
    written = rows(readers.encode(readers.read(path).mapping_set, "mapex-json").data)
    assert said(written) == said([*mapped, *rest])


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_the_metadata_of_a_published_set_comes_back(path: Path) -> None:
    written = encoded(readers.read(path).mapping_set)[0]["metadata"]
    published = json.loads(path.read_bytes())["metadata"]
    assert written == {
        field: value if value or field == "mapping_version" else None for field, value in published.items()
    }
    assert list(written["capability_groups"]) == list(published["capability_groups"])


def test_some_published_files_come_back_byte_for_byte(corpus: Path) -> None:
    same = []
    for path in CORPUS_FILES:
        if readers.encode(readers.read(path).mapping_set, "mapex-json").data.strip() == path.read_bytes().strip():
            same.append(path.name.partition("_attack")[0])
    assert same == [
        *("cri_profile-v2.1", "csa_ccm-4.1", "gcp-03.06.2025", "intel-vpro-08.20.2024", "kev-07.28.2025"),
        *("m365-07.18.2025", "veris-1.4.0", "veris-1.4.0"),
    ]


@pytest.mark.parametrize(
    "source", [s for s in sample_sets() if s.name not in OTHERS], ids=lambda source: source.name
)
def test_a_shipped_set_is_valid_and_notices_name_its_losses(source: Source) -> None:
    mapping_set = readers.read(source.path).mapping_set
    content, notices = encoded(mapping_set)
    schema().validate(content)
    assert notices == ["title, source, licence left out: no such field in Mappings Explorer files"]
    again = readers.read("set.json", data=json.dumps(content).encode()).mapping_set
    bare = msgspec.structs.replace(mapping_set, title="", source="", licence="")
    assert canonical(again) == canonical(bare)


@given(mapping_sets())
def test_any_set_is_valid_by_the_schema_and_yaml_equals_json(mapping_set: MappingSet) -> None:
    content, notices = encoded(mapping_set)
    schema().validate(content)
    assert encoded(mapping_set, "mapex-yaml") == (content, notices)
    assert len(content["mapping_objects"]) == len(mapping_set.mappings) + len(mapping_set.non_mappable)


def _object(draw: st.DrawFn) -> Object:
    def some(*values: object) -> object:
        return draw(st.sampled_from(values))

    fields = {
        "capability_id": some("a", "a", "AC-2", "no", None),
        "capability_description": some("Name", "Name", "Another", "a", "", None),
        "mapping_type": some("scores", "mitigates", "non_mappable", "", None),
        "attack_object_id": some("T1078", "T1078.004", "T9999", "T1059", None),
        "attack_object_name": some("Valid Accounts", "Cloud Accounts", "Wrong", "", None),
        "capability_group": some("g", "h", "undeclared", None),
        "score_category": some("protect", "detect", None),
        "score_value": some("minimal", "partial", "significant", None),
        "related_score": some("T1078", "T1", "", None),
        "comments": draw(st.none() | texts),
        "references": draw(st.none() | st.lists(texts, max_size=2)),
        "status": some("complete", "in_progress", "non_mappable", "", None),
        "author": some("Someone", "", None),
        "attack_version": some("16.1", "15", None),
    }
    absent = draw(st.sets(st.sampled_from(list(fields)), max_size=3))
    return {field: value for field, value in fields.items() if field not in absent}


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Any Mappings Explorer file, odd ones too."""
    objects = [_object(draw) for _ in range(draw(st.integers(1, 6)))]
    metadata = {
        "mapping_framework": "demo",
        "mapping_framework_version": draw(texts.filter(str.strip)),
        "technology_domain": "enterprise",
        "attack_version": draw(st.sampled_from(["16.1", "4711"])),
        "author": draw(st.none() | texts),
        "creation_date": draw(st.sampled_from(["01/31/2025", "00/00/0000", "", None])),
        "mapping_types": {"scores": {"name": draw(texts), "description": draw(texts)}, "mitigates": None},
        "capability_groups": {"g": "Group", "h": draw(texts)},
    }
    return json.dumps({"metadata": metadata, "mapping_objects": objects}).encode()


@pytest.mark.parametrize("to", ["mapex-json", "mapex-yaml"])
@given(data=documents())
def test_any_set_that_was_read_comes_back_the_same(data: bytes, to: str) -> None:
    try:
        mapping_set = readers.read("set.json", data=data).mapping_set
    except InputError:
        assume(False)
    again = readers.read("set", data=readers.encode(mapping_set, to).data)
    assert again.format == to
    assert canonical(again.mapping_set) == canonical(mapping_set)


def test_other_score_values_become_the_nearest_and_each_is_reported_once() -> None:
    values = ["partial", "high", "low", "0", "30", "75", "75.5", "75.5"]
    mapping_set = set_of(
        [row("a", "T1078", "protect", value) for value in values],
        scale={"partial": 50, "high": 90, "low": 20},
    )
    content, notices = encoded(msgspec.structs.replace(mapping_set, title="", details={"created": "1/2/2025"}))
    assert [one.get("score_value") for one in content["mapping_objects"]] == [
        *("partial", "significant", "minimal", None, "minimal", "partial", "significant", "significant"),
    ]
    known = "left out: the format knows minimal, partial, significant; it is written as"
    assert notices == [
        "scale left out: no such field in Mappings Explorer files",
        f'score value "high" of a row {known} significant',
        f'score value "low" of a row {known} minimal',
        f'score value "0" of a row {known.removesuffix("as")}without a value',
        f'score value "30" of a row {known} minimal',
        f'score value "75" of a row {known} partial',
        f'score value "75.5" of 2 rows {known} significant',
    ]


@pytest.mark.parametrize(
    ("created", "written", "notice"),
    [
        ("2025-01-31", "01/31/2025", None),
        ("1/2/2025", "01/02/2025", None),
        ("2025-01-31T10:00:00Z", "01/31/2025", 'the time of created "2025-01-31T10:00:00Z" left out'),
        ("soon", "00/00/0000", 'created "soon" is not a date: creation_date is written as 00/00/0000'),
        (None, "00/00/0000", "the set has no creation date: creation_date is written as 00/00/0000"),
    ],
)
def test_a_date_is_written_as_the_schema_wants_it(created: str | None, written: str, notice: str | None) -> None:
    details = {"updated": "2025-02-01"} | ({"created": created} if created else {})
    content, notices = encoded(msgspec.structs.replace(SET, details=details))
    schema().validate(content)
    assert (content["metadata"]["creation_date"], content["metadata"]["last_update"]) == (written, "02/01/2025")
    assert [text.startswith(notice or "") for text in notices] == ([True] if notice else [])


def test_a_date_of_zeros_is_absent_and_an_invalid_last_update_is_left_out() -> None:
    content, notices = encoded(msgspec.structs.replace(SET, details={"updated": "soon", "created": "01/31/2025"}))
    assert "last_update" not in content["metadata"]
    assert notices == ['updated "soon" left out: it is not a date (write it as 2025-01-31)']
    content, _ = encoded(msgspec.structs.replace(SET, details={}))
    assert readers.read("set.json", data=json.dumps(content).encode()).mapping_set.details == {}


def test_losses_of_rows_are_reported_by_kind() -> None:
    mapping_set = msgspec.structs.replace(
        SET,
        groups={"g": "G", "h": "H"},
        capabilities=(
            Capability("a", "Name", ("g", "h"), ("https://a.example",)),
            Capability("silent", "Silent", ("h",)),
        ),
        mappings=tuple(
            Mapping(
                "a", technique, "scores", capability_name="Other", other=(("level", "high"), ("status", "stable"))
            )
            for technique in ("T1059", "T1078")
        ),
        non_mappable=(),
    )
    content, notices = encoded(mapping_set)
    schema().validate(content)
    assert [(one["capability_group"], "status" in one) for one in content["mapping_objects"]] == [("g", False)] * 2
    room = "no such field in Mappings Explorer files"
    assert notices == [
        f'field "level" of 2 rows left out: {room}',
        f'field "status" of 2 rows left out: {room}',
        'capabilities without mappings ("silent") left out: the format holds only rows',
        'names of capabilities ("a") left out: their rows have other descriptions',
        'references of capabilities ("a") left out: their rows have others',
        "all groups but the first of 2 rows left out: a row names one group",
    ]


def test_a_group_that_no_row_names_is_reported_with_its_capability() -> None:
    mapping_set = msgspec.structs.replace(
        SET,
        capabilities=(Capability("a", "Name of a", ("g", "h"), ("https://a.example",)),),
        mappings=tuple(msgspec.structs.replace(mapping, group="h") for mapping in SET.mappings),
    )
    content, notices = encoded(mapping_set)
    assert {one["capability_group"] for one in content["mapping_objects"]} == {"h", None}
    assert notices == ['groups of capabilities ("a") left out: a row names one group']


def test_a_non_mappable_never_comes_back_as_a_mapping() -> None:
    record = NonMappable("a", "T1059", "scores", other=(("status", ""), ("capability_id", "x")))
    content, _ = encoded(msgspec.structs.replace(SET, mappings=(), non_mappable=(record,)))
    again = readers.read("set.json", data=json.dumps(content).encode()).mapping_set
    assert (again.mappings, [(one.capability, one.technique) for one in again.non_mappable]) == (
        (),
        [("a", "T1059")],
    )


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    mapping_set = msgspec.structs.replace(SET, mappings=(Mapping("a", "T1059", comment="x\ud800y \U0001f600"),))
    for to in ("mapex-json", "mapex-yaml"):
        assert encoded(mapping_set, to)[0]["mapping_objects"][0]["comments"] == "x\ufffdy \U0001f600"
