"""Keys of Mappings Explorer JSON that are duplicate or misspelt, and ids with blanks."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_read_json import META, START, problems, read_rows, row

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats._json import members, repeats
from navlayers.mapping.model import MappingType

ADVICE = "expected each key once (merge them, or remove one)"
DUPLICATES = {
    '{"capability_id": "c", "attack_object_id": "T1078", "capability_id": "d"}': ("capability_id", 53, 2),
    '{"capability_id": "c", "attack_object_id": "T1078", "capability_id" : null}': ("capability_id", 53, 2),
    '{"capability_id": "c", "attack_object_id": "T1078", "capability\\u005fid":"d"}': ("capability_id", 53, 2),
    '{"capability_id": null, "capability_id": "d"}': ("capability_id", 25, 2),
    '{"capability_id": "d", "comments": "a \\": b", "comments": "a : b"}': ("comments", 47, 24),
    '{"capability_id": "d", "else": 1, "else": 2}': ("else", 35, 24),
    '{"capability_id": "ü", "comments": "https://a", "capability_id": "d"}': ("capability_id", 49, 2),
}


@pytest.mark.parametrize("line", DUPLICATES)
@pytest.mark.parametrize("before", [0, 1, 5])
def test_a_duplicate_key_in_a_row_is_refused(line: str, before: int) -> None:
    key, again, first = DUPLICATES[line]
    keys = list(dict.fromkeys(json.loads(line)))
    same = json.dumps({key: "T1078" if key == "attack_object_id" else "c" for key in keys})
    number = before + 3
    assert problems(START + ",\n".join([*[same] * before, line, same]) + "]}") == [
        f'set.json:{number}:{again}: duplicate key "{key}", first in line {number}, column {first}; {ADVICE}'
    ]


def test_colons_and_quotes_in_texts_are_not_keys() -> None:
    rows = [row(comments=text) for text in ('"a":', "b :", "\n:", "https://c", '"comments": "', "")]
    assert [m.comment for m in read_rows(*rows).mapping_set.mappings] == [r["comments"] for r in rows]


def test_a_duplicate_key_at_the_top_is_refused() -> None:
    rows = f'"mapping_objects": [{json.dumps(row())}]'
    meta = f'"metadata": {json.dumps(META)}'
    other = '"mapping_objects": []'
    found = {
        f"{{{meta},\n{rows},\n{other}}}": ("3:1", "mapping_objects", 2),
        f"{{{other},\n{rows},\n{meta}}}": ("2:1", "mapping_objects", 1),
        f"\n{{{other},\n{meta},{rows}}}": (f"3:{len(meta) + 2}", "mapping_objects", 2),
        f'{{"a": 1,\n"a": 12,{meta},{rows}}}': ("2:1", "a", 1),
    }
    for text, (place, key, line) in found.items():
        column = 2 if line == text.count("\n", 0, text.index("{")) + 1 else 1
        assert problems(text) == [
            f'set.json:{place}: duplicate key "{key}", first in line {line}, column {column}; {ADVICE}'
        ]


def test_duplicate_keys_in_the_metadata_are_refused_at_every_level() -> None:
    meta = json.dumps(META, indent=0).replace('"g": "Group"', '"g": "Group",\n"g": "Other"')
    meta = meta.replace('"description": "D."', '"description": "D.",\n"name": "N"').replace(
        "{", '{"author": "a",', 1
    )
    meta = meta[:-1] + ',"author": "b"}'
    found = problems(f'{{"metadata": {meta}, "mapping_objects": [{json.dumps(row())}]}}')
    assert [problem.split("; ")[0] for problem in found] == [
        'set.json:10:1: duplicate key "name", first in line 8, column 1',
        'set.json:15:1: duplicate key "g", first in line 14, column 1',
        'set.json:17:2: duplicate key "author", first in line 1, column 15',
    ]


keys = st.lists(st.sampled_from([*row(), "comments", "score_value", "references"]), max_size=8)
seps = st.sampled_from([":", ": ", " :", "\n: ", "\t:"])


@given(st.lists(st.tuples(keys, seps, st.sampled_from(['"c"', "null", '""', '"a: \\": b"'])), max_size=6))
def test_exactly_the_rows_with_duplicate_keys_are_reported(lines: list[tuple[list[str], str, str]]) -> None:
    raws = ["{" + ",".join(f'"{key}"{sep}{value}' for key in names) + "}" for names, sep, value in lines]
    findings = readers.Findings(lenient=True)
    readers.read("set.json", data=(START + ",\n".join(raws) + "]}").encode(), findings=findings)
    assert not any(problem.code == "duplicate-key" for problem in findings.errors())
    found = [problem for problem in findings.notices() if problem.code == "duplicate-key"]
    twice = sum(len(names) - len(set(names)) for names, _, _ in lines)
    assert len(found) == twice
    assert [bool(repeats(raw.encode())) for raw in raws] == [len(set(names)) < len(names) for names, _, _ in lines]


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ü", '"']), values), max_size=5), st.sampled_from([None, 1]))
def test_the_members_of_an_object_are_found_for_all_values(
    pairs: list[tuple[str, Any]], indent: int | None
) -> None:
    body = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, indent=indent)}" for key, value in pairs)
    raw = f" {{ {body} }} ".encode()
    inner = raw[1:]
    found = list(members(inner))
    assert [(m.key, json.loads(inner[m.value : m.end])) for m in found] == pairs
    assert [(r.key, r.first, r.again) for r in repeats(raw, 1)] == [
        (r.key, r.first + 1, r.again + 1) for r in repeats(inner)
    ]


def test_a_mapping_without_a_capability_is_an_error_that_names_the_misspelt_key() -> None:
    lines = [
        {"capabilityid": "c", "attack_object_id": "T1078", "score_category": "protect", "score_value": "partial"},
        {"attack_object_id": "T1078", "mapping_type": "mitigates", "status": "complete"},
        {"attack_object_id": "T1078", "score_value": "partial"},
        {"attack_object_id": "T1078", "score_value": "partial", "status": "Non-Mappable"},
    ]
    assert problems(START + ",\n".join(map(json.dumps, lines)) + "]}") == [
        "set.json:3:18: this row has a score but names no capability; expected a capability_id "
        '(it has "capabilityid"; did you mean capability_id?)',
        "set.json:4:1: this row has a mapping type but names no capability; expected a capability_id "
        "(complete the row, or give it the status non_mappable)",
        "set.json:5:1: this row has a score but names no capability; expected a capability_id "
        "(complete the row, or give it the status non_mappable)",
    ]


def test_a_technique_alone_that_is_not_marked_is_a_non_mappable_with_a_notice() -> None:
    reading = read_rows('{"attack_object_id": "T1078"}', '{"attack_object_id": "T1078", "capability": "c"}')
    assert len(reading.mapping_set.non_mappable) == 2
    assert [str(notice) for notice in reading.notices] == [
        "set.json:3:1: this row names no capability "
        "(it is kept as non-mappable; give it a capability_id, or the status non_mappable)",
        'set.json:4:45: this row names no capability (it has "capability"; did you mean capability_id?)',
        'set.json:4:45: unknown field "capability" in a row '
        "(did you mean capability_id? it is kept as an unknown field)",
    ]


def test_misspelt_fields_are_reported_once_each_with_the_number_of_rows() -> None:
    reading = read_rows(row(scorevalue="partial"), row(categry="protect", scorevalue="x", tags="y"), row(weight=1))
    assert [str(notice) for notice in reading.notices] == [
        'set.json:3:183: unknown field "scorevalue" in 2 rows '
        "(did you mean score_value? it is kept as an unknown field)",
        'set.json:4:180: unknown field "categry" in a row '
        "(did you mean score_category? it is kept as an unknown field)",
    ]
    assert reading.mapping_set.mappings[0].other == (("scorevalue", "partial"),)


@pytest.mark.parametrize("word", ["Non_Mappable", "non-mappable", "Non-Mappable", " NON_MAPPABLE "])
def test_non_mappable_is_understood_in_every_spelling(word: str) -> None:
    found = read_rows(row(status=word), row(mapping_type=word), row(status=None, mapping_type=word)).mapping_set
    assert found.mappings == ()
    assert [(n.type, n.other) for n in found.non_mappable] == [
        ("mitigates", ()), ("non_mappable", (("status", "complete"),)), ("non_mappable", (("status", ""),)),
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["score_value", "score_category", "capability_group"])
@pytest.mark.cpu(1)
def test_three_thousand_wrong_values_take_no_time(field: str) -> None:
    with contextlib.suppress(InputError):
        read_rows(*(row(**{field: f"value{number}"}) for number in range(3000)))


@pytest.mark.cpu(1)
def test_rows_of_many_shapes_are_read_in_little_more_time_than_rows_of_one() -> None:
    order = random.Random(1)  # noqa: S311
    optional = ["comments", "score_category", "score_value", "references", "author", "related_score"]
    rows = []
    for _ in range(5000):
        made = row()
        for key in order.sample(optional, 3):
            made[key] = None
        rows.append(made)
    assert len(read_rows(*rows).mapping_set.mappings) == 5000


def test_blank_ids_in_the_metadata_are_left_out() -> None:
    meta = {**META, "capability_groups": {" g ": "Group", "": "None"}, "mapping_types": ["mitigates", " "]}
    text = json.dumps({"metadata": meta, "mapping_objects": [row()]})
    reading = readers.read("set.json", data=text.encode())
    assert reading.mapping_set.groups == {"g": "Group"}
    assert reading.mapping_set.mapping_types == (MappingType("mitigates"),)
    assert reading.notices == ()


def test_ids_of_the_metadata_that_are_the_same_but_for_blanks_are_refused() -> None:
    meta = {**META, "capability_groups": {"g": "Group", " g": "Other"}}
    (problem,) = problems(json.dumps({"metadata": meta, "mapping_objects": [row()]}))
    assert 'duplicate id "g" in capability_groups, without the spaces around it; expected each id once' in problem


def test_blanks_around_ids_are_removed_with_a_notice() -> None:
    reading = read_rows(row(capability_id=" c"), row())
    assert [c.id for c in reading.mapping_set.capabilities] == ["c"]
    assert [str(notice) for notice in reading.notices] == [
        'set.json:3:19: " c" has spaces around it (it is read as "c")'
    ]


def test_an_undeclared_group_is_named_by_its_id_with_one_notice() -> None:
    reading = read_rows(row(), row(capability_group="h"), row(capability_group="h"))
    assert reading.mapping_set.groups == {"g": "Group", "h": "h"}
    (notice,) = reading.notices
    assert str(notice).startswith('set.json:4:142: capability group "h" is not declared')
