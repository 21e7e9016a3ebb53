from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import CORPUS_FILES
from hypothesis import given
from hypothesis import strategies as st

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.model import Capability, Mapping, MappingType, NonMappable

if TYPE_CHECKING:
    from pathlib import Path

META: dict[str, Any] = {
    "mapping_framework": "demo",
    "mapping_framework_version": "1",
    "technology_domain": "enterprise",
    "attack_version": "16.1",
    "mapping_types": {"mitigates": {"name": "Mitigates", "description": "D."}},
    "capability_groups": {"g": "Group"},
}
START = json.dumps({"metadata": META})[:-1] + ',\n"mapping_objects": [\n'


def read_rows(*rows: dict[str, Any] | str) -> readers.Reading:
    """A file whose rows stand one to a line from line 3 on."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return readers.read("set.json", data=(START + ",\n".join(lines) + "]}").encode())


def row(**fields: Any) -> dict[str, Any]:
    base = {"capability_id": "c", "attack_object_id": "T1078", "attack_object_name": "Valid Accounts"}
    return {**base, "mapping_type": "mitigates", "capability_group": "g", "status": "complete", **fields}


def problems(data: str | bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        readers.read("set.json", data=data if isinstance(data, bytes) else data.encode())
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_a_published_set_gives_exactly_its_rows(path: Path) -> None:
    found = readers.read(path).mapping_set
    rows = json.loads(path.read_bytes())["mapping_objects"]
    mapped = [r for r in rows if r["capability_id"] and r["attack_object_id"] and r["status"] == "complete"]
    assert Counter((m.capability, m.technique, m.category, m.value, m.comment) for m in found.mappings) == Counter(
        (
            r["capability_id"],
            r["attack_object_id"],
            r.get("score_category"),
            r.get("score_value"),
            r.get("comments") or "",
        )
        for r in mapped
    )
    assert [m.type for m in found.mappings] == [r["mapping_type"] for r in mapped]
    assert [m.references for m in found.mappings] == [tuple(r["references"] or ()) for r in mapped]
    assert len(found.non_mappable) == len(rows) - len(mapped)
    assert {c.id for c in found.capabilities} == {r["capability_id"] for r in rows} - {None}
    groups = {c.id: set(c.groups) for c in found.capabilities}
    for r in rows:
        if r["capability_id"]:
            assert r["capability_group"] in groups[r["capability_id"]]


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_the_names_of_a_published_set_follow_from_the_kept_fields(path: Path) -> None:
    found = readers.read(path).mapping_set
    rows = json.loads(path.read_bytes())["mapping_objects"]
    names = {c.id: c.name for c in found.capabilities}
    described = [r["capability_description"] for r in rows if r["capability_id"] and r["attack_object_id"]]
    spelled = [(m.capability_name or names[m.capability], m.capability) for m in found.mappings]
    assert [None if name == id_ else name for name, id_ in spelled] == described


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_every_mapping_of_a_published_set_is_found_again_at_its_place(path: Path) -> None:
    reading = readers.read(path)
    lines = path.read_text().splitlines()
    for index in range(0, len(reading.mapping_set.mappings), 37):
        mapping = reading.mapping_set.mappings[index]
        place = reading.place(index, field="technique")
        assert lines[place.line - 1][place.column - 1 :].startswith(f'"{mapping.technique}"')


def test_columns_of_a_file_of_one_line_count_characters() -> None:
    rows = [row(attack_object_id=f"T100{number}", comments="é漢😀" * 3000) for number in (1, 2)]
    line = json.dumps({"metadata": META, "mapping_objects": rows}, ensure_ascii=False)
    reading = readers.read("one.json", data=line.encode())
    columns = [find('{"capability_id"') + 1 for find in (line.index, line.rindex)]
    places = [reading.place(number) for number in (1, 0, 1, 0)]
    assert [(place.line, place.column) for place in places] == [(1, columns[n]) for n in (1, 0, 1, 0)]


def test_metadata_becomes_that_of_the_set() -> None:
    meta = {
        **META, "mapping_version": "", "creation_date": "01/02/2024", "last_update": "02/03/2025", "author": None,
        "contact": " a@example.org ", "organization": "Org", "attack_version": "@", "mapping_framework_version": 5,
    }  # fmt: skip
    # As a JSON number, a version keeps the digits that it is written with.
    text = json.dumps({"metadata": meta, "mapping_objects": [row()]}).replace('"@"', "16.10")
    found = readers.read("set.json", data=text.encode()).mapping_set
    assert (found.framework, found.version, found.domain, found.attack_version) == (
        "demo",
        "5",
        "enterprise",
        "16.10",
    )
    assert found.groups == {"g": "Group"}
    assert found.mapping_types == (MappingType("mitigates", "Mitigates", "D."),)
    assert found.details == {
        "created": "01/02/2024",
        "updated": "02/03/2025",
        "contact": "a@example.org",
        "organization": "Org",
    }


def test_a_byte_order_mark_and_blanks_before_the_json_do_no_harm() -> None:
    data = b"\xef\xbb\xbf \n" + (START + json.dumps(row()) + "]}").encode()
    reading = readers.read("set.json", data=data)
    assert len(reading.mapping_set.mappings) == 1
    assert (reading.place(0).line, reading.place(0).column) == (4, 1)


def test_a_technique_s_name_is_kept_only_where_it_is_not_that_of_its_release() -> None:
    found = read_rows(row(), row(attack_object_name="Good Accounts"), row(attack_object_name=None)).mapping_set
    assert [mapping.technique_name for mapping in found.mappings] == [None, "Good Accounts", None]


def test_names_stay_as_they_are_when_the_release_is_not_known() -> None:
    data = (START.replace("16.1", "0.9") + json.dumps(row()) + "]}").encode()
    found = readers.read("set.json", data=data).mapping_set
    assert [mapping.technique_name for mapping in found.mappings] == ["Valid Accounts"]


def test_a_capability_takes_the_name_groups_and_links_of_its_rows() -> None:
    found = read_rows(
        row(capability_description="Name", references=["https://a", "https://b"]),
        row(capability_description="Nmae", references=["https://b"], capability_group="h"),
        row(capability_description="Name", references=["https://b"]),
        row(capability_id="d", capability_description="B", references=None),
        row(capability_id="d", capability_description="A", references=[]),
        row(capability_id="e", capability_description=None),
    ).mapping_set
    assert found.capabilities == (
        Capability("c", "Name", ("g", "h"), ("https://b",)),
        Capability("d", "A", ("g",)),
        Capability("e", "e", ("g",)),
    )
    assert [m.capability_name for m in found.mappings] == [None, "Nmae", None, "B", None, None]
    assert [m.group for m in found.mappings] == ["g", "h", "g", None, None, None]
    assert found.mappings[0].references == ("https://a", "https://b")


def test_half_scores_letter_case_and_numbers_are_accepted() -> None:
    found = read_rows(
        row(score_category="Protect", score_value="PARTIAL"),
        row(score_category="detect"),
        row(score_value="minimal"),
        row(score_category="respond", score_value="72.5"),
        row(score_category="respond", score_value=30),
        row(score_category="", score_value=" "),
    ).mapping_set
    assert [(m.category, m.value) for m in found.mappings] == [
        ("protect", "partial"), ("detect", None), (None, "minimal"),
        ("respond", "72.5"), ("respond", "30"), (None, None),
    ]  # fmt: skip


def test_non_mappable_rows_are_not_mappings() -> None:
    reading = read_rows(
        row(attack_object_id=None, attack_object_name=None, mapping_type=None, status="non_mappable"),
        row(status="non_mappable", comments="Why"),
        row(mapping_type="non_mappable"),
        row(capability_id=None, capability_group=None, status="non_mappable", mapping_type=None),
        row(attack_object_id="", attack_object_name=""),
        row(),
    )
    assert len(reading.mapping_set.mappings) == 1
    assert reading.mapping_set.non_mappable == (
        NonMappable("c"),
        NonMappable("c", "T1078", "mitigates", "Why"),
        NonMappable("c", "T1078", "non_mappable", other=(("status", "complete"),)),
        NonMappable(None, "T1078"),
        NonMappable("c", None, "mitigates", other=(("status", "complete"),)),
    )
    assert [str(notice).split(" (")[0] for notice in reading.notices] == [
        "set.json:7:44: this row names no technique"
    ]
    assert str(reading.place(0)) == "set.json:8:1"
    assert str(reading.place(3, "non_mappable", "technique")) == "set.json:6:45"


def test_related_score_is_kept_only_if_it_is_not_the_parent() -> None:
    sub = {"attack_object_id": "T1078.001", "attack_object_name": "Default Accounts", "score_category": "detect"}
    found = read_rows(
        row(**sub, related_score="T1078"),
        row(**sub, related_score=""),
        row(**sub, related_score="T1059"),
        row(related_score="T1078"),
    ).mapping_set
    assert [mapping.other for mapping in found.mappings] == [
        (), (), (("related_score", "T1059"),), (("related_score", "T1078"),),
    ]  # fmt: skip


def test_fields_without_meaning_are_kept_as_they_stood() -> None:
    found = read_rows(
        row(attack_version="15.1", author="Jo", author_contact=None, tags=["a"], weight=1)
    ).mapping_set
    assert found.mappings[0].other == (
        ("author", "Jo"), ("attack_version", "15.1"), ("tags", '["a"]'), ("weight", "1"),
    )  # fmt: skip


SCALE = "minimal, partial, significant or a number from 0 to 100"


def test_every_wrong_row_is_reported_with_line_column_expectation_and_hint() -> None:
    lines = [
        '{"capability_id":"c","attack_object_id":"T107"}',
        '{"capability_id":"c","attack_object_id":"T1059.01","score_category":"protekt","score_value":"mininal"}',
        "5",
        '{"capability_id":5,"attack_object_id":"T1078"}',
        '{"capability_id":null,"attack_object_id":" "}',
        '{"capability_id":"c","attack_object_id":"T1078","score_value":150,"references":"x"}',
        '{"capability_id":"ü","attack_object_id":"T1078","score_value":"010"}',
    ]
    technique = "a technique id such as T1059 or T1059.001"
    assert problems(START + ",\n".join(lines) + "]}") == [
        f'set.json:3:41: technique id "T107" is malformed; expected {technique}',
        f'set.json:4:41: technique id "T1059.01" is malformed; expected {technique} (did you mean T1059.001?)',
        'set.json:4:69: unknown score category "protekt"; '
        "expected protect, detect or respond (did you mean protect?)",
        f'set.json:4:93: unknown score value "mininal"; expected {SCALE} (did you mean minimal?)',
        "set.json:5:1: a row is a number; expected an object with capability_id, attack_object_id and so on",
        "set.json:6:18: capability_id is a number; expected text",
        "set.json:7:1: this row names neither a capability nor a technique; "
        "expected a capability_id, an attack_object_id, or both (complete the row or delete it)",
        f'set.json:8:63: score value "150" is outside the scale; expected {SCALE} '
        "(set the range of the scores, such as --score-range 0-150)",
        'set.json:8:80: references is the text "x"; expected a list',
        f'set.json:9:63: score value "010" is not a decimal number; expected {SCALE} '
        "(write it as a plain decimal number, such as 50 or 72.5)",
    ]


def test_missing_and_wrong_metadata_is_reported_together_with_the_rows() -> None:
    text = (
        '{"metadata": {"technology_domain": "entreprise", "mapping_framework": ["a"]},\n'
        '"mapping_objects": [{"capability_id":"c","attack_object_id":"x"}]}'
    )
    assert [problem.split("; ")[0] for problem in problems(text)] == [
        "set.json:1:14: metadata mapping_framework_version is missing",
        "set.json:1:14: metadata attack_version is missing",
        'set.json:1:36: unknown ATT&CK domain "entreprise"',
        "set.json:1:71: metadata mapping_framework is not text",
        'set.json:2:61: technique id "x" is malformed',
    ]


EXPECTED = 'Mappings Explorer JSON: {"metadata": {…}, "mapping_objects": […]}'
SYNTAX = "expected Mappings Explorer JSON (check for missing commas, quotes or brackets)"
NOT_A_SET = {
    "{}": [f'1:1: there is neither "metadata" nor "mapping_objects"; expected {EXPECTED}'],
    '{"metadata": {}}': [f'1:1: there is no "mapping_objects"; expected {EXPECTED}'],
    "[]": [f"1:1: the top level is a list; expected {EXPECTED}"],
    '{"metadata": [],\n"mapping_objects": {}}': [
        f"1:14: metadata is not an object; expected {EXPECTED}",
        f"2:20: mapping_objects is not a list of rows; expected {EXPECTED}",
    ],
    '{"metadata": {}, "mapping_objects": [],}': [f'1:39: this is not JSON: unexpected ",}}"; {SYNTAX}'],
    '{"metadata": {': [f"1:15: this is not JSON: the text ends too early; {SYNTAX}"],
    '{"metadata": {}} x': [f'1:18: this is not JSON: unexpected "x"; {SYNTAX}'],
    '{"metadata": "\\ud800"}': [
        "1:15: this is not JSON text: \\ud800 is half of a surrogate pair; "
        "expected Mappings Explorer JSON (remove it, or write both halves)"
    ],
    '{"metadata": ' + "[" * 100_000: [
        "1:63: the JSON is nested too deeply; expected Mappings Explorer JSON (a mapping set needs five levels)"
    ],
    '{"metadata": {},\n"mapping_objects": [{"capability_id": "\\ud800", "attack_object_id": "T1078"}]}': [
        "2:40: this is not JSON text: \\ud800 is half of a surrogate pair; "
        "expected Mappings Explorer JSON (remove it, or write both halves)"
    ],
    "// mine\n{}": [
        '1:1: this is not JSON: unexpected "// mine"; '
        "expected Mappings Explorer JSON (JSON has no comments: remove it)"
    ],
    "{,\r": [f'1:2: this is not JSON: unexpected ","; {SYNTAX}'],
    "{\r\r,}": [f'3:1: this is not JSON: unexpected ",}}"; {SYNTAX}'],
    "[" * 100_000: [f"1:1: the top level is a list; expected {EXPECTED}"],
}


@pytest.mark.parametrize("text", NOT_A_SET, ids=range(len(NOT_A_SET)))
def test_other_json_is_refused_with_a_clear_message(text: str) -> None:
    wanted = [f"set.json{m}" if m.startswith(": ") else f"set.json:{m}" for m in NOT_A_SET[text]]
    assert problems(text) == wanted


def test_a_layer_and_a_stix_bundle_are_recognised() -> None:
    for text, likeness in (
        ('{"techniques": [], "domain": "x"}', "this looks like a Navigator layer"),
        ('{"type": "bundle", "objects": []}', "this looks like a STIX bundle"),
    ):
        with pytest.raises(InputError) as caught:
            readers.read("set.json", data=text.encode(), reading=readers.ReadOptions(format="mapex-json"))
        assert likeness in str(caught.value.problems[0])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
odd_rows = st.dictionaries(
    st.sampled_from([*row(), "score_category", "score_value", "references", "comments", "related_score", "else"]),
    json_values | st.sampled_from(["T1078", "protect", "partial", "non_mappable"]),
)
odd_metadata = st.dictionaries(st.sampled_from([*META, "author", "else"]), json_values)


@given(st.lists(odd_rows | json_values, max_size=4), odd_metadata | json_values, st.booleans())
def test_any_json_is_read_or_refused_with_places_inside_the_file(
    rows: list[Any], metadata: Any, good: bool
) -> None:
    text = json.dumps({"metadata": META if good else metadata, "mapping_objects": rows}, indent=1)
    try:
        found = readers.read("set.json", data=text.encode()).mapping_set
    except InputError as error:
        for problem in error.problems:
            assert problem.place is not None
            assert 1 <= problem.place.line <= text.count("\n") + 1
    else:
        assert len(found.mappings) + len(found.non_mappable) == len(rows)
        assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


@given(
    st.binary(max_size=60), st.sampled_from([b"", b"{", b"[", b'{"metadata": ', b"framework: ", b"\xef\xbb\xbf"])
)
def test_no_bytes_at_all_give_a_traceback(data: bytes, start: bytes) -> None:
    with pytest.raises(InputError):
        readers.read("any", data=start + data)


def test_the_values_of_the_metadata_can_be_found() -> None:
    text = json.dumps({"metadata": {**META, "last_update": "x"}, "mapping_objects": [row()]}, indent=1)
    reading = readers.read("set.json", data=text.encode())
    lines = text.splitlines()
    for field, value in {
        "attack_version": '"16.1"',
        "version": '"1"',
        "framework": '"demo"',
        "updated": '"x"',
    }.items():
        place = reading.place_of(field)
        assert lines[place.line - 1][place.column - 1 :].startswith(value)
    assert str(reading.place_of("attack_version")) == "set.json:6:21"
    assert str(reading.place_of("title")) == "set.json:2:14"


def test_a_mapping_s_fields_can_be_found_in_rows_that_lack_them() -> None:
    reading = read_rows(row(), '{"capability_id": "c", "attack_object_id": "T1078"}')
    assert reading.mapping_set.mappings[1] == Mapping(
        "c", "T1078", other=(("capability_group", ""),), technique_name=None
    )
    assert str(reading.place(1, field="value")) == "set.json:4:1"
    assert str(reading.place(0, "capability")) == "set.json:3:1"


def test_numbers_of_thousands_of_digits_are_outside_the_scale() -> None:
    (problem,) = problems(START + json.dumps(row(score_value="@")).replace('"@"', "9" * 5000) + "]}")
    assert f'score value "{"9" * 60}…" is outside the scale' in problem
    (problem,) = problems(START + json.dumps(row(comments="@")).replace('"@"', "9" * 5000) + "]}")
    assert "comments is a number; expected text" in problem
    text = START.replace('"16.1"', '"16.1", "mapping_version": ' + "9" * 5000) + json.dumps(row()) + "]}"
    assert readers.read("set.json", data=text.encode()).mapping_set.details == {"mapping_version": "9" * 5000}


@pytest.mark.parametrize("depth", [10, 900, 960, 990, 1010, 1100, 3000])
def test_metadata_is_read_or_refused_however_deep_it_is(depth: int) -> None:
    text = START.replace('"16.1"', '"16.1", "else": ' + "[" * depth + "]" * depth) + json.dumps(row()) + "]}"
    said = "the JSON is nested too deeply"
    try:
        assert readers.read("set.json", data=text.encode()).mapping_set.mappings
    except InputError as error:
        said = str(error)
    assert "the JSON is nested too deeply" in said


@pytest.mark.parametrize("depth", [900, 960, 990, 1010, 1100])
def test_a_wrong_field_after_a_deeply_nested_field_is_reported(depth: int) -> None:
    line = '{"capability_id": "c", "else": ' + "[" * depth + "]" * depth + ', "attack_object_id": "x"}'
    (problem,) = problems(START + line + "]}")
    assert 'technique id "x" is malformed' in problem or "too deep" in problem
