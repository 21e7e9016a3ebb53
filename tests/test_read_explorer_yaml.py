from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import CORPUS, CORPUS_FILES

from navlayers import InputError
from navlayers.checks.finding import codes
from navlayers.errors import OtherFileError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.model import Capability, Mapping, NonMappable

if TYPE_CHECKING:
    from pathlib import Path

GCP = "gcp-03.06.2025_attack-16.1-enterprise"
HEAD = """\
metadata:
  mapping_framework: demo
  mapping_framework_version: 03/06/2025
  technology_domain: enterprise
  attack_version: '16.1'
  author: null
  capability_groups:
    g: Group
  mapping_types:
    scores: {name: Scores, description: ''}
"""
ROW = """\
- attack_object_id: T1078
  attack_object_name: Valid Accounts
  capability_id: a
  capability_description: Name of
    a
  capability_group: g
  comments: 'First line.

    Second line.'
  mapping_type: scores
  references:
  - https://a.example
  - https://b.example
  score_category: protect
  score_value: partial
"""


def read(text: str) -> readers.Reading:
    return readers.read("set.yaml", data=text.encode())


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_rows_and_metadata_are_read_like_json_in_any_order() -> None:
    for text in (f"mapping_objects:\n{ROW}{HEAD}", f"---\n# Words\n{HEAD}mapping_objects:\n{ROW}...\n"):
        reading = read(text)
        found = reading.mapping_set
        assert reading.format == "mapex-yaml"
        assert reading.notices == ()
        assert (found.framework, found.version, found.attack_version) == ("demo", "03/06/2025", "16.1")
        links = ("https://a.example", "https://b.example")
        assert found.capabilities == (Capability("a", "Name of a", ("g",), links),)
        comment = "First line.\nSecond line."
        assert found.mappings == (Mapping("a", "T1078", "scores", "protect", "partial", comment, links),)


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_a_published_set_that_any_tool_dumped_as_yaml_reads_as_the_json_does(path: Path) -> None:
    content = json.loads(path.read_bytes())
    expected = readers.read(path).mapping_set
    dumped = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, indent=4, width=60)
    assert read(dumped).mapping_set == expected
    # In these styles PyYAML gives nulls a tag, so rows go without.
    rows = [{key: value for key, value in row.items() if value is not None} for row in content["mapping_objects"]]
    metadata = {key: value for key, value in content["metadata"].items() if value is not None}
    short = {"metadata": metadata, "mapping_objects": rows[:100]}
    by_json = readers.read("set.json", data=json.dumps(short).encode()).mapping_set
    styles: list[dict[str, Any]] = [
        {"default_flow_style": True},
        {"default_style": "|"},
        {"default_style": '"'},
        {"width": 1},
    ]
    for style in styles:
        dumped = yaml.dump(short, Dumper=yaml.CSafeDumper, sort_keys=False, **style)
        options = readers.ReadOptions(format="mapex-yaml")
        assert readers.read("set.yaml", data=dumped.encode(), reading=options).mapping_set == by_json


def test_the_published_yaml_reads_without_a_notice(corpus: Path) -> None:
    reading = readers.read(corpus / "exports" / f"{GCP}.yaml")
    assert (reading.format, reading.notices, len(reading.mapping_set.mappings)) == ("mapex-yaml", (), 518)


def test_places_are_those_of_the_values() -> None:
    record = ROW.replace("T1078", "").replace("Valid Accounts", "").replace("scores", "non_mappable")
    reading = read(f"mapping_objects:\n{ROW}{record}{HEAD}")
    lines = f"mapping_objects:\n{ROW}".splitlines()
    assert lines[1].index("attack_object_id") + 1 == 3
    assert reading.place(0) == Place("set.yaml", 2, 3)
    assert reading.place(0, field="technique") == Place("set.yaml", 2, 21)
    assert reading.place(0, field="value") == Place("set.yaml", 16, 16)
    assert reading.place(0, field="comment") == Place("set.yaml", 8, 13)
    assert reading.place(0, "capability", "name") == Place("set.yaml", 5, 27)
    assert reading.place(0, field="author") == Place("set.yaml", 2, 3)
    assert reading.place(0, "non_mappable") == Place("set.yaml", 17, 3)
    assert reading.place_of("attack_version") == Place("set.yaml", 36, 19)
    assert reading.place_of("groups") == Place("set.yaml", 39, 5)
    assert reading.place_of("title") == Place("set.yaml", 33, 3)


def test_plain_words_numbers_and_dates_are_text_with_a_notice_where_tools_differ() -> None:
    row = (
        "- {capability_id: no, attack_object_id: T1078, score_category: protect, score_value: 72.50, comments: ~}\n"
    )
    reading = read(HEAD.replace("03/06", "2025-03-06 # ").replace("'16.1'", "16.1") + f"mapping_objects:\n{row}\n")
    assert reading.mapping_set.version == "2025-03-06"
    assert reading.mapping_set.attack_version == "16.1"
    assert reading.mapping_set.mappings == (Mapping("no", "T1078", None, "protect", "72.50"),)
    assert [str(notice) for notice in reading.notices] == [
        'set.yaml:3:30: 2025-03-06 is read as the text "2025-03-06"; other YAML tools read a date '
        '(write "2025-03-06")',
        'set.yaml:12:19: no is read as the text "no"; other YAML tools read true or false (write "no")',
        'set.yaml:12:86: 72.50 is read as the text "72.50"; other YAML tools read a number and may write it '
        'differently (write "72.50")',
    ]


def test_unknown_fields_of_rows_are_kept_and_others_are_reported() -> None:
    row = "- {capability_id: a, attack_object_id: T1078, scorevalue: [1, {x: ~}], author: Me}\n"
    reading = read(f"{HEAD}more: 1\nmapping_objects:\n{row}")
    other = (("author", "Me"), ("scorevalue", '["1", {"x": null}]'))
    assert reading.mapping_set.mappings == (Mapping("a", "T1078", other=other),)
    assert [str(notice) for notice in reading.notices] == [
        'set.yaml:11:1: "more" is unknown and left out',
        'set.yaml:13:59: unknown field "scorevalue" in a row '
        "(did you mean score_value? it is kept as an unknown field)",
    ]


def test_all_errors_are_reported_together_with_their_places() -> None:
    text = HEAD.replace("technology_domain: enterprise", "technology_domain: entreprise").replace("demo", "[demo]")
    text += """\
mapping_objects:
- attack_object_id: T107
  capability_id: a
- words
- attack_object_id: T1078
  capability_id: {a: b}
  references: {a: b}
- attack_object_id: T1078
  attack_object_id: T1079
  capability_id: a
  score_value: partal
  comments: &a x
"""
    assert [problem.split(";")[0].split(" (")[0] for problem in problems(text)] == [
        "set.yaml:2:22: metadata mapping_framework is not text",
        'set.yaml:4:22: unknown ATT&CK domain "entreprise"',
        'set.yaml:12:21: technique id "T107" is malformed',
        'set.yaml:14:3: a row is the text "words"',
        "set.yaml:16:18: capability_id is an object",
        "set.yaml:17:15: references is an object",
        'set.yaml:19:3: duplicate key "attack_object_id", first in line 18, column 3',
        'set.yaml:21:16: unknown score value "partal"',
        "set.yaml:22:13: anchor &a is not accepted",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD, 'set.yaml:1:1: there is no "mapping_objects"'),
        ("metadata:\nmapping_objects: []\n", "set.yaml:1:10: metadata is not an object"),
        (f"{HEAD}mapping_objects: {{}}\n", "set.yaml:11:18: mapping_objects is not a list of rows"),
        (f"{HEAD}mapping_objects:\n- a: b: c\n", "set.yaml:12:7: this is not YAML: mapping values are not allowed"),
        (f"{HEAD}mapping_objects: []\n---\na: b\n", "set.yaml:12:1: a second YAML document starts here"),
    ],
)
def test_other_documents_are_refused_with_the_missing_part(text: str, expected: str) -> None:
    assert problems(text)[0].startswith(expected)


def test_every_problem_has_a_code() -> None:
    for text in (HEAD, "metadata:\nmapping_objects:\n- x\n", f"{HEAD}mapping_objects: [x, {{references: [[]]}}]\n"):
        with pytest.raises(InputError) as caught:
            read(text)
        assert {problem.code for problem in caught.value.problems} <= codes().keys()


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "other: 1\n"])
def test_yaml_of_another_kind_is_another_file(text: str) -> None:
    with pytest.raises(OtherFileError, match="expected Mappings Explorer YAML: metadata and mapping_objects"):
        readers.read("set.yaml", data=text.encode(), reading=readers.ReadOptions(format="mapex-yaml"))


def test_a_set_without_rows_is_reported_and_lenient_reading_continues_after_errors() -> None:
    reading = read(f"{HEAD}mapping_objects: []\n")
    assert [notice.code for notice in reading.notices] == ["empty-set"]
    findings = readers.Findings(lenient=True)
    bad = ROW.replace("partial", "partal")
    text = f"{HEAD}mapping_objects:\n{bad}- capability_id: b\n  status: non_mappable\n- x\n"
    found = readers.read("set.yaml", data=text.encode(), findings=findings)
    assert [(one.capability, one.value) for one in found.mapping_set.mappings] == [("a", None)]
    assert found.mapping_set.non_mappable[0] == NonMappable("b")
    assert len(findings.errors()) == 2


def test_a_reading_keeps_rows_in_little_memory_and_knows_their_places() -> None:
    rows = "".join(ROW.replace("capability_id: a", f"capability_id: a{number}") for number in range(200))
    text = f"{HEAD}mapping_objects:\n{rows}"
    read(f"{HEAD}mapping_objects:\n{ROW}")
    tracemalloc.start()
    try:
        reading = read(text)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 6 * len(text)
    assert str(reading.place(199, field="comment")) == "set.yaml:3003:13"
    assert str(reading.place(199, field="value")) == "set.yaml:3011:16"


def _laughs(levels: int, wide: int) -> str:
    lines = [f"{HEAD}mapping_objects:", "- &a0 {capability_id: lol, attack_object_id: T1078}"]
    lines += [f"- &a{n} {{x: [{', '.join([f'*a{n - 1}'] * wide)}]}}" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


BOMBS = {
    "billion laughs": _laughs(10, 10),
    "many aliases": _laughs(2, 100_000),
    "itself": f"{HEAD}mapping_objects: &a [*a, *a]\n",
    "merge keys": f"{HEAD}mapping_objects:\n- &a {{capability_id: a}}\n- <<: *a\n",
    "deep": f"{HEAD}mapping_objects: {'[' * 100_000}\n",
}


@pytest.mark.cpu(1.5)
@pytest.mark.parametrize("text", BOMBS.values(), ids=list(BOMBS))
def test_a_bomb_is_refused_in_a_second_and_little_memory(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text(text)
    # The largest memory of children is that of all so far; a child of its own tells its own.
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-m', 'navlayers', 'convert', sys.argv[1]], capture_output=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(done.returncode, used.ru_maxrss / 1024)\n"
        "sys.stderr.buffer.write(done.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    code, megabytes = done.stdout.split()
    assert code == "2", done.stderr
    assert "Traceback" not in done.stderr
    assert "not accepted" in done.stderr or "nested too deeply" in done.stderr
    assert float(megabytes) <= 100


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the published mapping sets are not at ../shared/corpus")
@pytest.mark.cpu(1.5)
def test_a_set_as_large_as_nist_s_is_read_in_time() -> None:
    """It takes about 0.2 s; the limit leaves room for slow machines."""
    nist = next(path for path in CORPUS_FILES if path.name.startswith("nist_800_53-rev5"))
    dumped = yaml.dump(json.loads(nist.read_bytes()), Dumper=yaml.CSafeDumper).encode()
    assert len(readers.read("set.yaml", data=dumped).mapping_set.mappings) == 5314
