from __future__ import annotations

import contextlib

import pytest
from yaml_helpers import HEAD, example, problems, read, under

from navlayers import InputError
from navlayers.mapping.model import Capability, Mapping, MappingType, NonMappable

LINK = "https://example.org/key-vault"


def test_the_worked_example_of_the_docs_reads_as_the_docs_say() -> None:
    reading = read(example())
    found = reading.mapping_set
    assert (found.framework, found.version, found.domain, found.attack_version) == (
        "acme",
        "2.10",
        "enterprise",
        "16.1",
    )
    assert found.capabilities == (
        Capability("key_vault", "Key Vault", ("storage",), (LINK,)),
        Capability("AC-2", "Account Management", ("identity",)),
        Capability("badge_printer", "badge_printer"),
    )
    assert found.mappings == (
        Mapping("key_vault", "T1552.004", None, "protect", "significant", "Keys never leave the vault.", (LINK,)),
        Mapping("key_vault", "T1552.004", None, "detect", "minimal", "Keys never leave the vault.", (LINK,)),
        Mapping("key_vault", "T1555", None, "protect", "partial", "", (LINK,)),
        Mapping("key_vault", "T1555", None, "protect", "minimal", "For secrets that are copied elsewhere."),
        Mapping("key_vault", "T1588.003", None, "protect", "30", "", (LINK,)),
        Mapping("AC-2", "T1078", "mitigates"),
        Mapping("AC-2", "T1136"),
    )
    assert found.non_mappable == (
        NonMappable("badge_printer", None, None, "Out of scope."),
        NonMappable(None, "T1496.002", None, "No capability reaches it."),
    )
    assert reading.notices == ()
    assert reading.format == "native"


FORMS = {
    "T1078:": [Mapping("c", "T1078")],
    "T1078: mitigates": [Mapping("c", "T1078", "mitigates")],
    "T1078: {detect: ~}": [Mapping("c", "T1078", category="detect")],
    "T1078: {value: Partial}": [Mapping("c", "T1078", value="partial")],
    "T1078: {protect: 72.5}": [Mapping("c", "T1078", category="protect", value="72.5")],
    "T1078: [a, {type: b}]": [Mapping("c", "T1078", "a"), Mapping("c", "T1078", "b")],
    "T1078: {capability_name: n, other: {author: Jo, k: }}": [
        Mapping("c", "T1078", capability_name="n", other=(("author", "Jo"), ("k", "")))
    ],
    "T1078: {name: Valid Accounts}": [Mapping("c", "T1078")],
    "T1078: {name: Good Accounts}": [Mapping("c", "T1078", technique_name="Good Accounts")],
    "T1078: {references: https://example.org/1}": [Mapping("c", "T1078", references=("https://example.org/1",))],
}


@pytest.mark.parametrize("line", FORMS)
def test_each_form_under_a_technique_gives_its_mappings(line: str) -> None:
    assert list(under(line).mapping_set.mappings) == FORMS[line]


def test_the_first_mapping_type_is_the_default() -> None:
    body = (
        "capabilities: {c: {techniques: {T1001: , T1002: {type: ~}, T1003: {type: b}, T1005: {detect: minimal}}}}"
    )
    for types in ("[a, b]", "{a: , b: B}", "{a: {name: }, b: {name: B, description: D}}"):
        found = read(f"{HEAD}mapping_types: {types}\n{body}").mapping_set
        assert [mapping.type for mapping in found.mappings] == ["a", None, "b", "a"]
    assert found.mapping_types == (MappingType("a"), MappingType("b", "B", "D"))


def test_non_mappables_are_distinct_from_mappings_at_all_three_places() -> None:
    body = "  c: {non_mappable: true, techniques: {T1001: {non_mappable: true, comment: x}}}\n"
    reading = read(
        HEAD + "capabilities:\n" + body + "non_mappable:\n  T1002:\n  T1003: [{comment: a}, {comment: b}]\n"
    )
    assert reading.mapping_set.mappings == ()
    assert reading.mapping_set.non_mappable == (
        NonMappable("c"),
        NonMappable("c", "T1001", comment="x"),
        NonMappable(None, "T1002"),
        NonMappable(None, "T1003", comment="a"),
        NonMappable(None, "T1003", comment="b"),
    )
    assert str(reading.place(2, "non_mappable")) == "set.yaml:8:3"
    assert str(reading.place(4, "non_mappable")) == "set.yaml:9:25"


def test_every_mapping_and_its_fields_have_line_and_column() -> None:
    reading = under(
        "T1001: mitigates\nT1002: {protect: partial, detect: minimal}\nT1003:\n  - detect: partial\n    comment: x"
    )
    places = [str(reading.place(index)) for index in range(4)]
    assert places == ["set.yaml:8:7", "set.yaml:9:15", "set.yaml:9:33", "set.yaml:11:11"]
    assert str(reading.place(1, field="value")) == "set.yaml:9:24"
    assert str(reading.place(2, field="value")) == "set.yaml:9:41"
    assert str(reading.place(3, field="comment")) == "set.yaml:12:20"
    assert str(reading.place(0, "capability")) == "set.yaml:6:3"


def test_plain_scalars_are_text_as_written_with_a_notice_where_to_quote() -> None:
    reading = read(
        HEAD.replace('"1"', "010").replace('"16.1"', "16.10")
        + "title: no\ncreated: 2025-03-06\nauthor: 1:30\ngroups: {on: yes}\n"
        "capabilities: {1e3: {groups: [on], non_mappable: true}}\n"
    )
    found = reading.mapping_set
    assert (found.version, found.attack_version, found.title) == ("010", "16.10", "no")
    assert found.details == {"created": "2025-03-06", "author": "1:30"}
    assert found.groups == {"on": "yes"}
    assert found.capabilities == (Capability("1e3", "1e3", ("on",)),)
    assert [str(notice).split(" is read")[0] for notice in reading.notices] == [
        "set.yaml:2:10: 010", "set.yaml:4:17: 16.10", "set.yaml:5:8: no", "set.yaml:6:10: 2025-03-06",
        "set.yaml:7:9: 1:30", "set.yaml:8:10: on", "set.yaml:8:14: yes", "set.yaml:9:16: 1e3", "set.yaml:9:31: on",
    ]  # fmt: skip
    assert str(reading.notices[2]) == (
        'set.yaml:5:8: no is read as the text "no"; other YAML tools read true or false (write "no")'
    )


def test_numbers_that_every_tool_writes_back_the_same_need_no_quotes() -> None:
    reading = read(HEAD.replace('"1"', "5").replace('"16.1"', "16.1") + "capabilities: {c: {non_mappable: true}}")
    assert (reading.mapping_set.version, reading.mapping_set.attack_version) == ("5", "16.1")
    assert reading.notices == ()


MANY = {
    "groups": "groups: {" + ", ".join(f"group_{n}: G" for n in range(2000)) + "}\ncapabilities: {c: {groups: ["
    + ", ".join(f"groop_{n}" for n in range(2000)) + "]}}",
    "values": "scale: {" + ", ".join(f"value_{n}: 1" for n in range(3000)) + "}\ncapabilities:\n"
    + "".join(f"  c{n}: {{techniques: {{T1078: {{protect: valoo_{n}}}}}}}\n" for n in range(3000)),
    "types": "scale: {" + ", ".join(f"value_{n}: 1" for n in range(3000)) + "}\ncapabilities:\n"
    + "".join(f"  c{n}: {{techniques: {{T1078: valoo_{n}}}}}\n" for n in range(3000)),
    "keys": "capabilities: {c: {techniques: {T1078: {" + ", ".join(f"protekt_{n}: 1" for n in range(3000)) + "}}}}",
}  # fmt: skip


@pytest.mark.parametrize("body", MANY)
@pytest.mark.cpu(1.5)
def test_thousands_of_unknown_names_take_no_time(body: str) -> None:
    with contextlib.suppress(InputError):
        read(f"{HEAD}{MANY[body]}\n")


def test_an_undeclared_group_is_kept_under_its_id_with_a_notice() -> None:
    reading = read(
        f"{HEAD}groups: {{storage: Storage}}\ncapabilities:\n  c: {{groups: [storag], non_mappable: true}}\n"
    )
    assert reading.mapping_set.groups == {"storage": "Storage", "storag": "storag"}
    assert [str(n) for n in reading.notices] == [
        'set.yaml:7:3: capability group "storag" is not declared (did you mean storage?)'
    ]


def test_the_values_of_the_metadata_can_be_found() -> None:
    reading = read(f"{HEAD}license: MIT\ncapabilities: {{c: {{non_mappable: true}}}}\n")
    places = {field: str(reading.place_of(field)) for field in ("attack_version", "version", "licence", "title")}
    assert places == {
        "attack_version": "set.yaml:4:17",
        "version": "set.yaml:2:10",
        "licence": "set.yaml:5:10",
        "title": "set.yaml:1:1",
    }


GROUPS = "groups: {g: G, h: H}\ncapabilities:\n  c:\n    groups: [ g, h]\n    techniques: "


def test_an_entry_is_filed_under_a_group_of_its_capability() -> None:
    reading = read(f'{HEAD}{GROUPS}{{T1001: {{group: g}}, T1002: {{group: " h "}}}}\n')
    assert [mapping.group for mapping in reading.mapping_set.mappings] == ["g", "h"]
    assert [str(notice) for notice in reading.notices] == [
        'set.yaml:9:52: " h " has spaces around it (it is read as "h")'
    ]
    assert problems(f"{HEAD}{GROUPS.replace('g, h', 'alpha')}{{T1001: {{group: alhpa}}}}\n") == [
        'set.yaml:9:33: capability "c" is not in group "alhpa"; expected one of alpha (did you mean alpha?)'
    ]
    (problem,) = problems(f"{HEAD}capabilities: {{c: {{techniques: {{T1001: {{group: g}}}}}}}}\n")
    assert problem.endswith("; expected no group: it has none (add the group to the capability)")


def test_ids_that_are_the_same_but_for_blanks_or_case_are_errors() -> None:
    body = "capabilities: {c: {non_mappable: true}}\n"
    ids = "ids are compared without spaces around them"
    found = problems(f'{HEAD}groups: {{a: A, "a ": B}}\nscale: {{b: 1, B: 2, " b": 3}}\n{body}')
    assert found == [
        f'set.yaml:5:16: group "a " is the same as "a" in line 5, column 10; expected each id once ({ids})',
        f'set.yaml:6:15: score value "B" is the same as "b" in line 6, column 9; expected each id once ({ids})',
        f'set.yaml:6:21: score value " b" is the same as "b" in line 6, column 9; expected each id once ({ids})',
    ]
    for name in ("1e3", "010", ".5", "inf", "-1"):
        (problem,) = problems(f'{HEAD}scale: {{"{name}": 1}}\n{body}')
        assert (
            f'score value "{name}" is not a plain decimal number; expected a word, or a number such as 3' in problem
        )


def test_with_numbers_as_score_values_no_other_number_is_a_score() -> None:
    scale = "scale: {0: 0, 1: 20, 5: 100}\n"
    body = "capabilities: {c: {techniques: {T1078: {protect: 1}, T1110: {protect: 5}, T1566: {protect: 3}}}}\n"
    assert problems(HEAD + scale + body) == [
        'set.yaml:6:92: score value "3" is outside the scale; expected 0, 1 or 5'
    ]


def test_a_set_without_capabilities_is_refused_unless_it_lists_non_mappable_techniques() -> None:
    expected = "expected a mapping of capability id → name, techniques and so on"
    assert problems(HEAD) == [f"set.yaml:1:1: the set has no capabilities; {expected}"]
    for empty in ("capabilities: {}", "capabilities:", "capabilities: ~"):
        assert problems(HEAD + empty) == [f"set.yaml:5:1: the set has no capabilities; {expected}"]
    reading = read(f"{HEAD}non_mappable: {{T1078: }}\n")
    assert [str(notice) for notice in reading.notices] == [f"set.yaml:1:1: the set has no capabilities; {expected}"]


def test_capabilities_with_neither_techniques_nor_non_mappable_are_reported() -> None:
    head = f"{HEAD}capabilities:\n  d: {{non_mappable: true}}\n  a:\n"
    alone = 'set.yaml:7:3: capability "a" has no techniques (list its techniques, or add non_mappable: true)'
    assert [str(notice) for notice in read(head).notices] == [alone]
    (notice,) = read(f"{head}  b: {{name: B}}\n  c: {{techniques: {{}}}}\n").notices
    assert str(notice) == "set.yaml:7:3: 3 capabilities have no techniques (`navlayers check set.yaml` lists them)"
