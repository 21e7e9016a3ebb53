from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import stix2
from conftest import CORPUS_FILES, SHARED, row, set_of
from hypothesis import given
from test_write_native import SMALL, mapping_sets

from navlayers import OutputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import encode
from navlayers.mapping.model import Capability, Mapping, MappingSet, canonical

if TYPE_CHECKING:
    from pathlib import Path

TINY_SET = set_of(
    [row("ids", "T1078", "protect", "partial", "https://example.org/a?b=c", "page 7", comment="Why.")]
)


def bundle_of(mapping_set: MappingSet) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(encode(mapping_set, "stix").data)
    return loaded


def of_type(mapping_set: MappingSet, kind: str) -> list[dict[str, Any]]:
    return [thing for thing in bundle_of(mapping_set)["objects"] if thing["type"] == kind]


def read_back(data: bytes) -> MappingSet:
    reading = readers.read("set.json", data=data)
    assert reading.format == "stix"
    return reading.mapping_set


@given(mapping_sets())
def test_any_set_comes_back_whole_and_opens_in_the_stix2_library(mapping_set: MappingSet) -> None:
    data = encode(mapping_set, "stix").data
    assert canonical(read_back(data)) == canonical(mapping_set)
    assert encode(read_back(data), "stix").data == data
    parsed = stix2.parse(data.decode(), allow_custom=False)
    assert len(parsed.objects) == len({thing.id for thing in parsed.objects})
    assert all(uuid.UUID(thing.id.partition("--")[2]).version in {4, 5} for thing in parsed.objects)


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_a_published_set_survives_with_all_it_holds(path: Path) -> None:
    read = readers.read(path).mapping_set
    data = encode(read, "stix").data
    assert canonical(read_back(data)) == canonical(read)
    objects = json.loads(data)["objects"]
    assert sum(thing["type"] == "relationship" for thing in objects) == len(read.mappings)
    assert len({thing["id"] for thing in objects}) == len(objects)


def test_relationships_lead_to_the_ids_of_mitre_s_own_bundle(corpus: Path) -> None:
    read = readers.read(corpus / "gcp-03.06.2025_attack-16.1-enterprise.json").mapping_set
    release = json.loads((SHARED / "attack" / "enterprise-attack-16.1.json").read_bytes())
    ids = {
        thing["id"]: thing["external_references"][0]["external_id"]
        for thing in release["objects"]
        if thing["type"] == "attack-pattern"
    }
    targets = [ids[thing["target_ref"]] for thing in of_type(read, "relationship")]
    assert sorted(targets) == sorted(mapping.technique for mapping in read.mappings)


def test_fields_with_a_stix_property_use_it() -> None:
    (relationship,) = of_type(TINY_SET, "relationship")
    (capability,) = of_type(TINY_SET, "course-of-action")
    assert relationship["relationship_type"] == "mitigates"
    assert relationship["source_ref"] == capability["id"]
    assert relationship["description"] == "Why."
    assert relationship["external_references"] == [
        {"source_name": "example.org", "url": "https://example.org/a?b=c"},
        {"source_name": "tiny", "description": "page 7"},
    ]
    assert capability["name"] == "Name of ids"
    assert capability["external_references"][0] == {"source_name": "tiny", "external_id": "ids"}
    (properties,) = relationship["extensions"].values()
    assert properties == {
        "extension_type": "property-extension",
        "technique_id": "T1078",
        "mapping_type": "relates",
        "score_category": "protect",
        "score_value": "partial",
    }


def test_a_detection_is_not_a_mitigation() -> None:
    (relationship,) = of_type(set_of([row("ids", "T1078", "detect", "partial")]), "relationship")
    assert relationship["relationship_type"] == "related-to"


def test_a_cve_is_a_vulnerability_and_a_veris_action_an_attack_pattern() -> None:
    (vulnerability,) = of_type(set_of([row("CVE-2024-1086", "T1068")]), "vulnerability")
    assert vulnerability["external_references"][0] == {"source_name": "cve", "external_id": "CVE-2024-1086"}
    veris = msgspec.structs.replace(set_of([row("action.hacking", "T1068")]), framework="veris")
    (pattern,) = of_type(veris, "attack-pattern")
    assert pattern["name"] == "Name of action.hacking"


def test_rows_that_are_the_same_are_relationships_of_their_own() -> None:
    twice = set_of([row("ids", "T1078"), row("ids", "T1078")])
    assert len({thing["id"] for thing in of_type(twice, "relationship")}) == 2
    assert len(read_back(encode(twice, "stix").data).mappings) == 2


def test_a_changed_score_keeps_the_id_and_changes_the_bundle_s() -> None:
    other = set_of(
        [row("ids", "T1078", "protect", "minimal", "https://example.org/a?b=c", "page 7", comment="Why.")]
    )
    assert of_type(TINY_SET, "relationship")[0]["id"] == of_type(other, "relationship")[0]["id"]
    assert bundle_of(TINY_SET)["id"] != bundle_of(other)["id"]


@pytest.mark.parametrize(
    ("details", "created", "modified"),
    [
        ({}, "1970-01-01", "1970-01-01"),
        ({"created": "01/13/2022", "updated": "04/16/2025"}, "2022-01-13", "2025-04-16"),
        ({"created": "2025-03-06T10:00:00Z"}, "2025-03-06", "2025-03-06"),
        ({"updated": "2024-02-29"}, "2024-02-29", "2024-02-29"),
        ({"created": "2026-01-01", "updated": "2025-01-01"}, "2025-01-01", "2025-01-01"),
        ({"created": "02/29/2023", "updated": "spring"}, "1970-01-01", "1970-01-01"),
    ],
)
def test_dates_are_the_set_s_never_today_s(details: dict[str, str], created: str, modified: str) -> None:
    (relationship,) = of_type(msgspec.structs.replace(TINY_SET, details=details), "relationship")
    assert relationship["created"] == f"{created}T00:00:00.000Z"
    assert relationship["modified"] == f"{modified}T00:00:00.000Z"


def test_the_organization_of_the_set_is_the_creator() -> None:
    assert "created_by_ref" not in of_type(TINY_SET, "relationship")[0]
    named = msgspec.structs.replace(TINY_SET, details={"organization": "Example Ltd"})
    (maker,) = [thing for thing in of_type(named, "identity") if thing["name"] == "Example Ltd"]
    assert of_type(named, "relationship")[0]["created_by_ref"] == maker["id"]


def test_a_technique_of_no_release_is_reported_and_comes_back() -> None:
    written = encode(set_of([row("ids", "T9999")]), "stix")
    assert [str(notice) for notice in written.notices if "T9999: no installed ATT&CK release" in notice.message]
    assert read_back(written.data).mappings[0].technique == "T9999"
    (pattern,) = of_type(set_of([row("ids", "T9999")]), "attack-pattern")
    assert pattern["external_references"] == [{"source_name": "mitre-attack", "external_id": "T9999"}]


def test_a_technique_of_another_domain_has_the_id_of_that_domain_and_is_reported() -> None:
    written = encode(set_of([row("ids", "T1521.003")]), "stix")
    (notice,) = written.notices
    assert "T1521.003: not in ATT&CK enterprise 16.1; has its STIX id from ATT&CK mobile 18.1" in notice.message


def test_a_release_that_is_not_installed_is_reported() -> None:
    written = encode(set_of([row("ids", "T1078")], attack_version="99.0"), "stix")
    assert "ATT&CK enterprise 99.0 is not installed" in written.notices[0].message


def test_half_of_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert read_back(encode(msgspec.structs.replace(SMALL, title="a\ud800b"), "stix").data).title == "a\ufffdb"


def test_a_set_of_nothing_is_refused() -> None:
    with pytest.raises(OutputError, match="the set has no capabilities"):
        encode(MappingSet("demo", "1", "mobile", "16.1"), "stix")


def test_capabilities_without_mappings_come_back() -> None:
    alone = MappingSet("demo", "1", "mobile", "16.1", capabilities=(Capability("a", "A"),))
    assert read_back(encode(alone, "stix").data).capabilities == alone.capabilities


def test_order_of_different_rows_does_not_matter() -> None:
    rows = [Mapping("a", "T1078"), Mapping("b", "T1059")]
    one, other = set_of(rows), set_of(rows[::-1])
    assert encode(one, "stix").data == encode(other, "stix").data
