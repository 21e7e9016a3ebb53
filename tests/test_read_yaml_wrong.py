from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_helpers import HEAD, ROOT, example, problems, read, under

import navlayers.mapping.formats.native.write as native
from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.model import canonical

TECHNIQUE = "a technique id such as T1059 or T1059.001"
SCALE = "minimal, partial, significant or a number from 0 to 100"
PLAIN = "write it as a plain decimal number, such as 50 or 72.5"
WRONG_ENTRIES = {
    "Cloud Accounts: a": (
        '8:7: technique name "Cloud Accounts" has 3 meanings in ATT&CK 16.1; expected an id: T1078.004 (Valid '
        "Accounts: Cloud Accounts), T1585.003 (Establish Accounts: Cloud Accounts) or T1586.003 (Compromise "
        "Accounts: Cloud Accounts)"
    ),
    "T1059.01: a": f'8:7: technique id "T1059.01" is malformed; expected {TECHNIQUE} (did you mean T1059.001?)',
    "TA0001: a": f'8:7: "TA0001" is the tactic TA0001 Initial Access, not a technique; expected {TECHNIQUE}',
    "T1001: {protekt: partial}": '8:15: unknown key "protekt" in an entry (did you mean protect?)',
    "T1001: {prevent: partial}": '8:15: unknown key "prevent" in an entry (did you mean protect?)',
    "T1OO1: a": f'8:7: technique id "T1OO1" is malformed; expected {TECHNIQUE} (did you mean T1001?)',
    "T1001: {protect: partal}": f'8:24: unknown score value "partal"; expected {SCALE} (did you mean partial?)',
    "T1001: {protect: 101}": f'8:24: score value "101" is outside the scale; expected {SCALE} '
    "(set the range of the scores, such as --score-range 0-101)",
    "T1001: {protect: 010}": f'8:24: score value "010" is not a decimal number; expected {SCALE} ({PLAIN})',
    "T1001: {protect: 1:30}": f'8:24: score value "1:30" is not a decimal number; expected {SCALE} ({PLAIN})',
    "T1001: {protect: 0x10}": f'8:24: score value "0x10" is not a decimal number; expected {SCALE} ({PLAIN})',
    "T1001: Non-Mappable": (
        '8:14: "Non-Mappable" is not a mapping type; expected a mapping type, an entry such as {protect: partial}, '
        "or a list of entries (write {non_mappable: true})"
    ),
    "T1001: {protect: [a]}": f"8:24: protect is a list; expected {SCALE}",
    "T1001: {protect: partial, value: 5}": (
        '8:40: an entry has both "value" and "protect"; expected the value after its category'
    ),
    "T1001: {non_mappable: true, detect: minimal}": (
        "8:43: a non-mappable has a detect score; expected no score in a non-mappable"
    ),
    "T1001: {non_mappable: yes}": '8:29: non_mappable is the text "yes"; expected true or false',
    "T1001: a\nT1001: b": (
        '9:7: duplicate key "T1001", first in line 8, column 7; expected each key once (merge them, or remove one)'
    ),
    "T1001: {comment: {a: b}}": '8:24: "comment" is a mapping; expected text',
}


@pytest.mark.parametrize("line", WRONG_ENTRIES)
def test_a_wrong_entry_is_reported_with_place_expectation_and_hint(line: str) -> None:
    with pytest.raises(InputError) as caught:
        under(line)
    assert [str(problem) for problem in caught.value.problems] == [f"set.yaml:{WRONG_ENTRIES[line]}"]


NOT_A_SET = {
    "a: b: c": "1:5: this is not YAML: mapping values are not allowed in this context",
    "a:\n\tb: c": "2:1: this is not YAML: found character that cannot start any token",
    "a: \x01": "1:4: this is not YAML: control characters are not allowed",
    "- a": "1:1: the top level is a list",
    "hello": '1:1: the top level is the text "hello"',
    "~": "1:1: the top level is empty",
    "a: &x [*x]": "1:4: anchor &x is not accepted; expected values written out, without aliases",
    "a: *x": "1:4: alias *x is not accepted; expected the value itself",
    "a: !!python/object/apply:os.system [ls]": '1:4: YAML tag "!!python/object/apply:os.system" is not accepted',
    f"{HEAD}---\n{HEAD}": "5:1: a second YAML document starts here; expected one mapping set in a file",
    "- " * 100_000: "1:41: the YAML is nested too deeply; expected at most 20 levels",
    "\n".join(" " * depth + "a:" for depth in range(2000)): "21:21: the YAML is nested too deeply",
    f"{HEAD}? [a]\n: b": "5:3: a key is a list or a mapping; expected text as a key",
    "# nothing": " the file has no YAML document",
}


@pytest.mark.parametrize("text", NOT_A_SET, ids=range(len(NOT_A_SET)))
def test_other_yaml_is_refused_with_one_clear_message(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"set.yaml:{NOT_A_SET[text]}")


REFUSED = [text for text in NOT_A_SET if "not accepted" in NOT_A_SET[text] or "nested" in NOT_A_SET[text]]

HINTS = {
    "a: b: c": "put quotes around text that contains a colon and a space",
    "a:\n\tb: c": "indent with spaces, not with tabs",
    "a: @x": "put quotes around text that starts with @",
    "a: `x`": "put quotes around text that starts with `",
    "a: ü\x01": "remove it, or write it as an escape between double quotes",
    "a: [1": "check indentation, brackets and quotes, here and in the lines above",
}


@pytest.mark.parametrize("text", HINTS)
def test_invalid_yaml_is_reported_with_a_hint(text: str) -> None:
    (problem,) = problems(text)
    assert re.match(r"set\.yaml:[12]:[1-6]: this is not YAML: ", problem)
    assert problem.endswith(f"({HINTS[text]})")


PURE = """\
import json, sys, yaml
if hasattr(yaml, "CSafeLoader"):
    del yaml.CSafeLoader
from navlayers import InputError
from navlayers.mapping import formats
for text in json.load(sys.stdin):
    try:
        formats.read("set.yaml", data=text.encode())
    except InputError as error:
        print(error)
reading = formats.read(sys.argv[1])
print(len(reading.mapping_set.mappings), reading.place(100))
"""


def test_the_parser_in_pure_python_reads_the_same_and_gives_the_same_hints() -> None:
    gcp = ROOT / "mappings" / "gcp.yaml"
    run = [sys.executable, "-c", PURE, str(gcp)]
    texts = json.dumps([*HINTS, *REFUSED])
    done = subprocess.run(run, input=texts, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    for line, hint in zip(lines, HINTS.values(), strict=False):
        assert re.match(r"set\.yaml:[12]:[1-6]: this is not YAML: ", line)
        assert line.endswith(f"({hint})")
    for line, text in zip(lines[len(HINTS) : -1], REFUSED, strict=True):
        assert line.startswith(f"set.yaml:{NOT_A_SET[text]}")
    assert lines[-1] == f"{len(readers.read(gcp).mapping_set.mappings)} {readers.read(gcp).place(100)}"


edits = st.tuples(
    st.integers(0, 900), st.integers(0, 5), st.sampled_from([*"{}[]:,#'\"|>&*!%@-?~ \t\n0a", "T1", "\x07"])
)


@given(st.lists(edits, min_size=1, max_size=4))
def test_a_broken_set_is_read_or_refused_with_places_inside_the_file(changes: list[tuple[int, int, str]]) -> None:
    text = example()
    for start, length, new in changes:
        text = text[:start] + new + text[start + length :]
    try:
        reading = readers.read("set.yaml", data=text.encode())
    except InputError as error:
        for problem in error.problems:
            assert problem.place is not None
            assert problem.place.line <= text.count("\n") + 1
    else:
        assert read(native.dumps(reading.mapping_set)).mapping_set == canonical(reading.mapping_set)


def test_missing_metadata_is_reported_together() -> None:
    assert problems("framework: demo\ndomain: entreprise\nversion:\n") == [
        'set.yaml:1:1: "attack_version" is missing; '
        'expected the ATT&CK version that the set was made for, such as "16.1"',
        'set.yaml:2:9: unknown ATT&CK domain "entreprise"; '
        "expected enterprise, mobile or ics (did you mean enterprise?)",
        'set.yaml:3:9: "version" is empty; expected the version of the framework, such as rev5',
    ]


def test_the_scale_takes_only_numbers_that_all_tools_read_the_same() -> None:
    found = problems(f"{HEAD}scale: {{a: 010, b: 1:30, c: 0x10, d: 1_0, e: .5, f: 150, g: x, h: 50}}")
    assert [problem.split(";")[0] for problem in found] == [
        'set.yaml:5:12: the number of score value "a" is "010"',
        'set.yaml:5:20: the number of score value "b" is "1:30"',
        'set.yaml:5:29: the number of score value "c" is "0x10"',
        'set.yaml:5:38: the number of score value "d" is "1_0"',
        'set.yaml:5:46: the number of score value "e" is ".5"',
        'set.yaml:5:53: the number of score value "f" is 150, outside the scale',
        'set.yaml:5:61: the number of score value "g" is "x"',
    ]


def test_a_set_s_own_scale_decides_which_values_there_are() -> None:
    techniques = "{T1001: {protect: high}, T1002: {detect: 7}}"
    body = f"scale: {{low: 20, High: 80.5}}\ncapabilities: {{c: {{techniques: {techniques}}}}}"
    found = read(HEAD + body).mapping_set
    assert found.scale == {"low": 20.0, "High": 80.5}
    assert [mapping.value for mapping in found.mappings] == ["High", "7"]


def test_of_more_than_a_thousand_problems_the_rest_is_counted() -> None:
    lines = "".join(f"      X{number}: a\n" for number in range(1100))
    found = problems(f"{HEAD}capabilities:\n  c:\n    techniques:\n{lines}")
    assert len(found) == 1001
    assert found[0].startswith('set.yaml:8:7: technique id "X0" is malformed')
    assert found[-1] == "set.yaml: … and 100 more problems"


@pytest.mark.cpu(1)
def test_an_alias_bomb_is_refused_at_once_and_in_little_memory() -> None:
    names = [f"n{level}" for level in range(60)]
    bomb = 'n0: &n0 ["lol"]\n' + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 500)}]\n" for old, new in pairwise(names)
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = problems(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert found[0].startswith("set.yaml:1:5: anchor &n0 is not accepted")


def test_the_same_problem_at_the_same_place_is_reported_once() -> None:
    with pytest.raises(InputError) as caught:
        under("T1059: [{protect: partial}, [x]]")
    assert len(caught.value.problems) == 1


def test_lines_that_end_in_carriage_returns_are_counted() -> None:
    for text, place in {
        f"{HEAD}capabilities:\n  c: {{techniques: {{X: a}}}}\n": "6:20",
        f"{HEAD}title: a: b\n": "5:9",
    }.items():
        for end in ("\r", "\r\n", "\n"):
            (problem,) = problems(text.replace("\n", end))
            assert problem.startswith(f"set.yaml:{place}: ")


def test_values_in_messages_are_short_and_without_control_characters() -> None:
    for body in (
        f"title: &{'a' * 5000} x",
        f"title: *{'a' * 5000}",
        f"scale: {{a: {'9' * 5000}}}",
        f'capabilities: {{c: {{techniques: {{"\\e[31m{"T" * 5000}": []}}}}}}',
        f"a: !{'b' * 5000}!c d",
        f"created: 2025-03-06T{'1' * 5000}\ncapabilities: {{c: {{techniques: {{X: a}}}}}}",
    ):
        for problem in problems(f"{HEAD}{body}\n"):
            assert len(problem) < 500
            assert "\x1b" not in problem
    reading = read(f"{HEAD}created: 2025-03-06T{'1' * 5000}\ncapabilities: {{c: {{non_mappable: true}}}}\n")
    assert all(len(str(notice)) < 500 for notice in reading.notices)
    assert len(reading.notices) == 1


@pytest.mark.parametrize(
    "entry", ["{type: non_mappable}", '"non_mappable"', "non_mappable", "{protect: partial, type: Non-Mappable}"]
)
def test_a_type_non_mappable_is_never_a_mapping(entry: str) -> None:
    (problem,) = problems(
        f"{HEAD}mapping_types: [mitigates, non_mappable]\ncapabilities: {{c: {{techniques: {{T1003: {entry}}}}}}}\n"
    )
    assert "is not a mapping type" in problem
    assert problem.endswith("(write {non_mappable: true})")


@pytest.mark.parametrize("text", ["a: b: c\n", 'a: "\\ud800"\n', "a:\n\tb: c\n", "a: \x01\n"])
def test_invalid_yaml_is_reported_once_in_lenient_reading(text: str) -> None:
    findings = readers.Findings(lenient=True)
    with pytest.raises(InputError) as caught:
        readers.read("set.yaml", data=text.encode(), findings=findings)
    assert len({*caught.value.problems, *findings.errors()}) == 1
    assert "this is not YAML" in str(caught.value)


def test_a_list_of_techniques_and_a_file_of_unknown_shape_have_one_finding_with_what_to_do() -> None:
    findings = readers.Findings(lenient=True)
    readers.read(
        "set.yaml", data=f"{HEAD}capabilities: {{c: {{techniques: [T1078]}}}}\n".encode(), findings=findings
    )
    assert [problem.code for problem in (*findings.errors(), *findings.notices())] == ["wrong-type"]
    (problem,) = problems("controls:\n- name: MFA\n")
    assert problem.endswith("(`navlayers init` writes a first file)")
