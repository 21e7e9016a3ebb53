from __future__ import annotations

import json
import re
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import SHARED, Run, row, set_of

from navlayers import InputError
from navlayers.errors import OtherFileError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Findings, ReadOptions, _json, encode
from navlayers.mapping.formats.stix import read as stix_read
from navlayers.mapping.model import NonMappable

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.formats import Reading

UUID = "00000000-0000-4000-8000-{:012}"
SAID = ReadOptions(metadata={"framework": "f", "version": "1", "domain": "enterprise", "attack_version": "16.1"})


def ref(kind: str, number: int) -> str:
    return f"{kind}--{UUID.format(number)}"


def technique(number: int, id_: str | None, **more: Any) -> dict[str, Any]:
    references = [{"source_name": "mitre-attack", "external_id": id_}] if id_ else []
    return {
        "type": "attack-pattern",
        "id": ref("attack-pattern", number),
        "name": "Valid Accounts",
        "external_references": references,
        **more,
    }


def control(number: int, kind: str = "course-of-action", **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": ref(kind, number), "name": "Some control", **more}


def relation(number: int, source: str, target: str, kind: str = "mitigates", **more: Any) -> dict[str, Any]:
    return {
        "type": "relationship",
        "id": ref("relationship", number),
        "relationship_type": kind,
        "source_ref": source,
        "target_ref": target,
        **more,
    }


A, T = ref("course-of-action", 1), ref("attack-pattern", 1)
SOUND = [control(1), technique(1, "T1078"), relation(1, A, T)]


def read(*objects: dict[str, Any], reading: ReadOptions = SAID, **bundle: Any) -> Reading:
    # An object on a line of its own: the first is in line 2.
    lines = ",\n".join(json.dumps(thing) for thing in objects)
    head = json.dumps({"type": "bundle", "id": ref("bundle", 1), **bundle})[:-1]
    data = f'{head}, "objects": [\n{lines}\n]}}'.encode()
    return readers.read("b.json", data=data, reading=reading)


def problems(*objects: dict[str, Any]) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(*objects)
    return [str(problem) for problem in caught.value.problems]


def pairs(reading: Reading) -> list[tuple[str, str, str | None]]:
    return [(m.capability, m.technique, m.type) for m in reading.mapping_set.mappings]


@pytest.mark.parametrize(
    ("name", "capabilities", "mappings"),
    [("enterprise-attack-16.1", 44, 1372), ("enterprise-attack-8.2", 42, 972), ("ics-attack-16.1", 51, 331)],
)
def test_an_attack_release_is_mitre_s_mitigations(name: str, capabilities: int, mappings: int) -> None:
    path = SHARED / "attack" / f"{name}.json"
    if not path.is_file():
        pytest.skip("the ATT&CK releases are not at ../shared/attack")
    whole = readers.read(path).mapping_set
    domain, _, version = name.partition("-attack-")
    assert (whole.framework, whole.version, whole.domain) == ("attack-mitigations", version, domain)
    assert whole.attack_version == version
    assert (len(whole.capabilities), len(whole.mappings)) == (capabilities, mappings)
    bundle = json.loads(path.read_bytes())
    by_id = {thing["id"]: thing for thing in bundle["objects"]}

    def alive(thing: dict[str, Any]) -> bool:
        return not (thing.get("revoked") or thing.get("x_mitre_deprecated"))

    expected = [
        tuple(by_id[r[end]]["external_references"][0]["external_id"] for end in ("source_ref", "target_ref"))
        for r in bundle["objects"]
        if r["type"] == "relationship" and r["relationship_type"] == "mitigates"
        if all(map(alive, (r, by_id[r["source_ref"]], by_id[r["target_ref"]])))
    ]
    assert [(m.capability, m.technique) for m in whole.mappings] == expected
    assert not any(m.technique_name for m in whole.mappings)


def test_a_release_builds_into_layers(run: Run, out: Path) -> None:
    path = SHARED / "attack" / "mobile-attack-16.1.json"
    if not path.is_file():
        pytest.skip("the ATT&CK releases are not at ../shared/attack")
    assert run("build", path, "-o", out).code == 0
    assert list(out.rglob("*m1011*.json"))


def test_ids_come_from_external_ids_else_names_else_stix_ids() -> None:
    reading = read(
        control(1, external_references=[{"source_name": "x", "external_id": "AC-2"}]),
        control(2, name="Firewall", kind="infrastructure"),
        {"type": "x-product", "id": ref("x-product", 3)},
        technique(1, "T1078"),
        relation(1, A, T),
        relation(2, ref("infrastructure", 2), T, "technique-scores"),
        relation(3, ref("x-product", 3), T, "related-to"),
    )
    assert pairs(reading) == [
        ("AC-2", "T1078", "mitigates"),
        ("Firewall", "T1078", "technique-scores"),
        (ref("x-product", 3), "T1078", "related-to"),
    ]
    assert [kind.id for kind in reading.mapping_set.mapping_types] == [
        "mitigates",
        "technique-scores",
        "related-to",
    ]


def test_techniques_are_known_by_attack_s_stix_ids_of_any_release() -> None:
    # Of the mobile domain; the bundle holds no attack-pattern.
    (mapping,) = json.loads(encode(set_of([row("a", "T1521.003")]), "stix").data)["objects"][-1:]
    mobile = ReadOptions(metadata={**SAID.metadata, "domain": "mobile"})
    reading = read(control(1), relation(1, A, mapping["target_ref"]), reading=mobile)
    assert pairs(reading) == [("Some control", "T1521.003", "mitigates")]


def test_published_veris_mappings_have_attack_patterns_as_capabilities() -> None:
    own = technique(2, None, name="action.hacking")
    assert pairs(read(own, technique(1, "T1078"), relation(1, own["id"], T, "related-to"))) == [
        ("action.hacking", "T1078", "related-to")
    ]


def test_relationships_of_adversaries_are_skipped_and_counted() -> None:
    reading = read(
        *SOUND,
        control(5, "intrusion-set"),
        control(6, "tool"),
        relation(2, ref("intrusion-set", 5), T, "uses"),
        relation(3, ref("tool", 6), T, "uses"),
        relation(4, T, ref("attack-pattern", 9), "revoked-by"),
    )
    assert len(reading.mapping_set.mappings) == 1
    left = [n.message for n in reading.notices if n.code == "not-carried"]
    assert left == [
        "skipped 2 relationships that do not map a capability: 1 × intrusion-set uses, 1 × tool uses",
    ]


def test_revoked_and_deprecated_objects_are_skipped_and_counted() -> None:
    reading = read(
        *SOUND,
        relation(2, A, T, revoked=True),
        relation(3, A, T, x_mitre_deprecated=True),
        technique(2, "T1110", revoked=True),
        relation(4, A, ref("attack-pattern", 2)),
    )
    assert len(reading.mapping_set.mappings) == 1
    assert [n.message for n in reading.notices if "skipped 3 relationships that are revoked" in n.message]


def test_detections_are_skipped_if_there_are_mitigations() -> None:
    component = control(7, "x-mitre-data-component", name="Process Creation")
    detects = relation(2, component["id"], T, "detects")
    assert pairs(read(*SOUND, component, detects)) == [("Some control", "T1078", "mitigates")]
    assert pairs(read(technique(1, "T1078"), component, detects)) == [("Process Creation", "T1078", "detects")]


def test_comments_links_and_properties_without_meaning_are_kept() -> None:
    reading = read(
        control(1, external_references=[{"source_name": "x", "url": "https://example.org/c"}], labels=["AC"]),
        technique(1, "T1078", name="Old name"),
        relation(
            1,
            A,
            T,
            description="Why.",
            external_references=[{"source_name": "y", "url": "https://example.org/r"}],
            confidence=70,
            x_note="n",
        ),
    )
    (mapping,) = reading.mapping_set.mappings
    assert mapping.comment == "Why."
    assert mapping.references == ("https://example.org/c", "https://example.org/r")
    assert mapping.other == (("confidence", "70"), ("x_note", "n"))
    assert mapping.technique_name == "Old name"
    assert reading.mapping_set.groups == {"AC": "AC"}


def test_of_two_versions_of_an_object_the_newer_counts() -> None:
    old = control(1, name="Old", modified="2020-01-01T00:00:00.000Z")
    new = control(1, name="New", modified="2021-01-01T00:00:00.000Z")
    for objects in ((old, new), (new, old)):
        assert read(*objects, *SOUND[1:]).mapping_set.capabilities[0].name == "New"


def test_stix_2_0_is_read() -> None:
    assert pairs(read(*SOUND, spec_version="2.0")) == [("Some control", "T1078", "mitigates")]


def test_all_errors_are_reported_together_with_their_places() -> None:
    objects = [
        control(1),
        technique(1, "T1078"),
        technique(2, "T99"),
        relation(1, ref("course-of-action", 8), T),
        relation(2, A, ref("attack-pattern", 8)),
        relation(3, A, ref("attack-pattern", 2)),
        {"type": "relationship", "id": ref("relationship", 4), "source_ref": A, "target_ref": T},
        control(1, name="Another"),
    ]
    found = problems(*objects)
    lines = [json.dumps(thing) for thing in objects]
    assert found[0].startswith(f'b.json:4:{lines[2].index("[{") + 1}: technique id "T99" is malformed')
    assert found[1].startswith(f"b.json:5:{lines[3].index(ref('course-of-action', 8))}: source_ref ")
    assert found[2].startswith(f"b.json:6:{lines[4].index(ref('attack-pattern', 8))}: target_ref ")
    assert found[3].startswith("b.json:8:1: a relationship has no relationship_type")
    assert found[4].startswith(f"b.json:9:{lines[7].index(ref('course-of-action', 1))}: duplicate id ")
    assert len(found) == 5


def test_all_values_of_wrong_types_are_reported() -> None:
    found = problems(control(1, name=5), technique(1, "T1078"), relation(1, A, T, description=[], revoked="no"))
    assert sorted(text.split(": ", 1)[1] for text in found) == [
        "description is a list; expected text",
        "name is a number; expected text",
        'revoked is the text "no"; expected true or false',
    ]


def test_a_duplicate_key_is_an_error() -> None:
    data = encode(set_of([row("a", "T1078")]), "stix").data
    again = data.replace(b'"target_ref":', b'"target_ref": "x", "target_ref":')
    with pytest.raises(InputError, match='duplicate key "target_ref"'):
        readers.read("b.json", data=again)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"type": "bundle", "objects": [}', "b.json:1:32: this is not JSON"),
        (b'{"type": "bundle", "objects": [', "b.json:1:32: this is not JSON: the text ends too early"),
        (b'{"type": "bundle", "objects": {}}', "b.json:1:31: objects is not a list"),
        (b'{"type": "report", "objects": []}', 'b.json:1:10: the type is "report"'),
        (b'{"type": "bundle", "objects": []}', "b.json:1:1: no relationship in this bundle maps a capability"),
        (b'{"type": "bundle", "objects": [5]}', "b.json:1:32: an object of the bundle is not a JSON object"),
        (b'{"type": "bundle", "objects": ' + b"[" * 5000 + b"]" * 5000 + b"}", "the JSON is nested too deeply"),
    ],
)
def test_other_json_is_refused_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        readers.read("b.json", data=data, reading=ReadOptions(format="stix"))
    assert message in str(caught.value)


def test_a_bundle_without_mappings_may_be_passed_over_in_a_folder() -> None:
    with pytest.raises(OtherFileError):
        read(control(1))


def test_lenient_reading_gives_the_valid_parts() -> None:
    objects = [*SOUND, relation(2, A, ref("attack-pattern", 8))]
    data = json.dumps({"type": "bundle", "objects": objects}).encode()
    findings = Findings(lenient=True)
    reading = readers.read("b.json", data=data, reading=SAID, findings=findings)
    assert len(reading.mapping_set.mappings) == 1
    assert len(findings.errors()) == 1


def test_a_reading_keeps_mappings_in_little_memory_and_knows_their_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_json, "_SCANNED", 100)
    rows = [
        row(f"ids-{number % 20}", "T1078", "protect", "partial", comment=f"Why {number}.") for number in range(300)
    ]
    data = encode(set_of(rows), "stix").data
    lines = data.decode().splitlines()
    readers.read("set.json", data=data)
    tracemalloc.start()
    try:
        reading = readers.read("set.json", data=data)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2 * len(data)
    # Again after they were forgotten.
    for number in [*range(300), 0, 299]:
        place = reading.place(number, field="comment")
        comment = reading.mapping_set.mappings[number].comment
        assert lines[place.line - 1][place.column - 1 :].startswith(f'"{comment}"')


def test_places_lead_to_the_values_of_our_own_bundles() -> None:
    data = encode(set_of([row("ids", "T1078", "protect", "partial", comment="Why.")]), "stix").data
    reading = readers.read("b.json", data=data)
    lines = data.decode().splitlines()

    def at(place: Place) -> str:
        return lines[place.line - 1][place.column - 1 :]

    assert at(reading.place(0, field="technique")).startswith('"T1078"')
    assert at(reading.place(0, field="value")).startswith('"partial"')
    assert at(reading.place(0, field="comment")).startswith('"Why."')
    assert at(reading.place(0, "capability", "id")).startswith('"ids"')
    assert at(reading.place_of("attack_version")).startswith('"16.1"')
    assert at(reading.place_of("version")).startswith('"1"')


def test_wrong_values_in_bundles_of_navlayers_are_reported() -> None:
    data = encode(set_of([row("ids", "T1078", "protect", "partial")]), "stix").data
    data = (
        data.replace(b'"partial"', b'"partail"').replace(b'"protect"', b'"protekt"').replace(b'"T1078"', b'"T178"')
    )
    with pytest.raises(InputError) as caught:
        readers.read("b.json", data=data)
    said = [problem.message for problem in caught.value.problems]
    assert sorted(said) == [
        'technique id "T178" is malformed',
        'unknown score category "protekt"',
        'unknown score value "partail"',
    ]


@pytest.mark.parametrize(("id_", "groups"), [("  ", {}), (" kept ", {"kept": "Grp"})])
def test_ids_of_groups_have_no_spaces_around_them_and_empty_ones_no_group(id_: str, groups: dict[str, str]) -> None:
    data = encode(set_of([row("ids", "T1078")], groups={"ids": ("grp",)}), "stix").data
    data = data.replace(b'"group_id": "grp"', f'"group_id": "{id_}"'.encode())
    data = re.sub(rb'("group_ids": \[\s*)"grp"', rb'\1"' + id_.encode() + b'"', data)
    found = readers.read("b.json", data=data).mapping_set
    assert (found.groups, found.capabilities[0].groups) == (groups, tuple(groups))
    assert readers.read("a.yaml", data=encode(found, "native").data).mapping_set.groups == groups


@pytest.mark.parametrize("id_", ["", "  "])
def test_an_empty_id_of_a_non_mappable_is_none(id_: str) -> None:
    unmapped = NonMappable(capability="x-1", technique="T1110")
    mapping_set = msgspec.structs.replace(set_of([row("ids", "T1078")]), non_mappable=(unmapped,))
    data = encode(mapping_set, "stix").data.replace(b'"capability_id": "x-1"', f'"capability_id": "{id_}"'.encode())
    found = readers.read("b.json", data=data).mapping_set
    assert [(each.capability, each.technique) for each in found.non_mappable] == [(None, "T1110")]
    assert readers.read("a.yaml", data=encode(found, "native").data).mapping_set.non_mappable == found.non_mappable


def test_ids_of_capabilities_have_no_spaces_around_them() -> None:
    data = encode(set_of([row("ids", "T1078")]), "stix").data
    data = data.replace(b'"capability_id": "ids"', b'"capability_id": " ids\\r"')
    found = readers.read("b.json", data=data).mapping_set
    assert [each.id for each in found.capabilities] == [each.capability for each in found.mappings] == ["ids"]


def test_metadata_of_the_user_overrides_that_of_the_bundle() -> None:
    data = encode(set_of([row("ids", "T1078")]), "stix").data
    reading = readers.read("b.json", data=data, reading=ReadOptions(metadata={"version": "9", "title": "Mine"}))
    assert (reading.mapping_set.version, reading.mapping_set.title) == ("9", "Mine")


def test_objects_of_one_capability_join_their_groups() -> None:
    first = control(1, labels=["a", "b"], external_references=[{"source_name": "x", "external_id": "c"}])
    objects = [
        first,
        *(control(n, **{**first, "id": ref("course-of-action", n), "labels": [f"l{n}", "a"]}) for n in (2, 3)),
    ]
    links = [relation(n, ref("course-of-action", n), T) for n in (1, 2, 3)]
    (capability,) = read(*objects, technique(1, "T1078"), *links).mapping_set.capabilities
    assert capability.groups == ("a", "b", "l2", "l3")


def test_links_of_a_capability_are_joined_to_those_of_a_million_mappings_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Relationships share the links of their capability, but for those that have some of their own."""
    many = control(1, external_references=[{"url": f"https://a.org/{number}"} for number in range(3)])
    own = [{"url": "https://b.org"}]
    bundle = [many, technique(1, "T1078"), *(relation(n, A, T, f"k{n}", external_references=own) for n in range(3))]
    monkeypatch.setattr(stix_read, "_MOST_LINKS", 9)
    first, *_, last = read(*bundle, relation(9, A, T)).mapping_set.mappings
    assert first.references == (*last.references, "https://b.org")
    monkeypatch.setattr(stix_read, "_MOST_LINKS", 8)
    (problem,) = problems(*bundle)
    assert problem.startswith("b.json:6:")
    assert "relationships with references of their own" in problem
