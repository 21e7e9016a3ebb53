"""`--lenient`, what is left out and how it is told, and formats that are not read, through the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from navlayers.mapping import formats as readers

if TYPE_CHECKING:
    from conftest import Run

SHARED = Path(__file__).parents[2] / "shared" / "cases"
TABLE = """capability_id,attack_object_id,score_category,score_value,attack_version
c1,T1059,protect,partial,16.1
c1,T10,protect,partial,16.1
c2,T1078,protect,bogus,16.1
c3,T1566,detect,significant,16.1
,T1566,detect,significant,16.1
"""
NATIVE = """framework: x
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  a:
    techniques:
      T1059: {protect: partial}
      T10599: {protect: partial}
      T1078: {protect: bogus}
      T1566: [{detect: minimal}, {foo: 1}]
"""
RULES = """title: One
id: 11111111-1111-1111-1111-111111111111
tags: [attack.t1059]
logsource: {product: windows}
detection: {a: b}
---
title: Two
id: 11111111-1111-1111-1111-111111111112
tags: [attack.t10x, attack.t1078]
logsource: {product: windows}
detection: {a: b}
"""


def layer(*entries: str) -> str:
    head = (
        '{"name": "x", "domain": "enterprise-attack", "versions": {"attack": "16", "layer": "4.5"}, "techniques": ['
    )
    return head + "\n" + ",\n".join(entries) + "]}"


LAYER = layer(
    '{"techniqueID": "T1059", "score": 10}',
    '{"techniqueID": "T1078", "score": "a"}',
    '{"techniqueID": "T1567", "score": 10, "score": 11}',
)


def mapped(path: Path) -> list[tuple[str, str]]:
    done = readers.read(path, reading=readers.ReadOptions(lenient=True))
    return [(mapping.capability, mapping.technique) for mapping in done.mapping_set.mappings]


@pytest.mark.parametrize(
    ("name", "text", "kept", "told"),
    [
        (
            "a.csv",
            TABLE,
            [("c1", "T1059"), ("c3", "T1566")],
            'a.csv:3:4: left out 3 rows with errors: line 3: technique id "T10" is malformed; '
            'line 4: unknown score value "bogus"; line 6: this row has a score but names no capability',
        ),
        (
            "n.yaml",
            NATIVE,
            [("a", "T1059"), ("a", "T1566")],
            'n.yaml:9:7: left out 3 entries with errors: line 9: technique id "T10599" is malformed; '
            'line 10: unknown score value "bogus"; line 11: unknown key "foo" in an entry',
        ),
        (
            "l.json",
            LAYER,
            [("x", "T1059")],
            'l.json:3:35: left out 2 entries with errors: line 3: score is the text "a"; '
            'line 4: duplicate key "score"',
        ),
        (
            "r.yml",
            RULES,
            [("11111111-1111-1111-1111-111111111111", "T1059")],
            'left out 1 rule with errors: line 9: technique id "T10X" is malformed',
        ),
    ],
)
def test_bad_rows_entries_and_rules_are_left_out_counted_and_listed(
    run: Run, tmp_path: Path, name: str, text: str, kept: list[tuple[str, str]], told: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    strict = run("build", path, "-o", tmp_path / "out")
    assert strict.code == 2
    assert not (tmp_path / "out").exists()
    result = run("build", path, "-o", tmp_path / "out", "--lenient")
    assert result.code == 0
    assert told in result.err
    assert mapped(path) == kept


def test_a_set_with_nothing_but_errors_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    path.write_text(layer('{"techniqueID": "T1078", "score": "a"}'))
    result = run("build", path, "-o", tmp_path / "out", "--lenient")
    assert (result.code, 'score is the text "a"' in result.err) == (2, True)


def test_the_command_that_lists_what_is_left_out_has_the_options_of_the_run(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("control,technique,quality\nA,T1078,High\nA,T1059,Hgih\n")
    options = ["--columns", "score=quality", "--scale", "High=100", "--lenient"]
    err = run("stats", path, *options, "--json").err
    (command,) = re.findall("`navlayers (.*)` lists all of them", err)
    assert command == f"check {path} {' '.join(options)}"
    assert 'unknown score value "Hgih"' in run(*command.split()).out
    path.write_text("control,technique,quality\nA,t1078,50\n")
    fix = "--columns score=quality --json"
    err = run("stats", path, *fix.split()).err
    assert f"(correct it with: navlayers check --fix {path} --columns score=quality)" in err


def test_render_and_upgrade_leave_out_bad_entries_of_a_layer(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    path.write_text(LAYER)
    assert run("render", path, "-o", tmp_path / "l.csv").code == 2
    assert "left out 2 entries with errors" in run("render", path, "-o", tmp_path / "l.csv", "--lenient").err
    result = run("upgrade", path, "--attack", "18.1", "-o", tmp_path / "new.json", "--lenient")
    assert "left out 2 entries with errors" in result.out + result.err
    assert [e["techniqueID"] for e in json.loads((tmp_path / "new.json").read_text())["techniques"]] == ["T1059"]


def test_a_folder_is_not_stopped_by_a_file_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.yaml").write_text(NATIVE.replace("bogus", "minimal").replace("T10599", "T1190"))
    (tmp_path / "in" / "b.json").write_text('{"metadata": {')
    assert run("build", tmp_path / "in", "-o", tmp_path / "out").code == 2
    result = run("build", tmp_path / "in", "-o", tmp_path / "out", "--lenient")
    assert result.code == 0
    assert "b.json:1:15: left out, cannot be read: this is not JSON" in result.err


def test_faults_with_one_right_reading_are_notices(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    path.write_text(
        layer(
            '{"techniqueID": "T1059", "score": 10, "enabled": "True"}',
            '{"techniqueID": "T1078", "score": 10, "enabled": "false"}',
            '{"techniqueID": "T1566", "score": 10, "score": 10}',
            '{"techniqueID": "PRE-T1064", "score": 3}',
        )
    )
    result = run("build", path, "-o", tmp_path / "out")
    assert result.code == 0
    assert 'enabled is the text "True" in an entry' in result.err
    assert 'duplicate key "score" with the same value' in result.err
    assert "note: l: left out, not active in ATT&CK 16.1: PRE-T1064: not in this release\n" in result.err
    assert mapped(path) == [("x", "T1059"), ("x", "T1566"), ("x", "PRE-T1064")]
    run("upgrade", path, "--attack", "18.1", "-o", tmp_path / "new.json")
    entries = json.loads((tmp_path / "new.json").read_text())["techniques"]
    assert [(e["techniqueID"], e.get("enabled")) for e in entries] == [
        ("T1059", True),
        ("T1078", False),
        ("T1566", None),
    ]


def test_different_duplicate_keys_stay_an_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    path.write_text(layer('{"techniqueID": "T1567", "score": 10, "score": 11}'))
    assert "duplicate key" in run("build", path, "-o", tmp_path / "out").err


INACTIVE = (
    NATIVE.partition("      T10599")[0] + "      T1086: {protect: partial}\n      T9999: {protect: minimal}\n"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "SET", "-o", "OUT"],
        ["render", "SET", "-o", "OUT.svg"],
        ["stats", "SET"],
        ["compare", "SET", "gcp"],
        ["gaps", "SET", "--threat", "APT29"],
        ["report", "SET", "-o", "OUT.md"],
        ["site", "SET", "-o", "OUT"],
    ],
)
def test_every_command_tells_what_is_left_out(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "in.yaml"
    path.write_text(INACTIVE)
    words = {"SET": str(path), "OUT": str(tmp_path / "out"), "OUT.svg": str(tmp_path / "out.svg")}
    words["OUT.md"] = str(tmp_path / "out.md")
    told = run(*(words.get(word, word) for word in arguments)).err.replace("\n ", "")
    assert "replaced: T1086 PowerShell → T1059.001 PowerShell" in told or "remapped to ATT&CK 19.1: T1086" in told
    assert "left out, not active in ATT&CK" in told
    assert ": T9999: newer than ATT&CK enterprise 19.1" in told


def test_a_strict_check_of_a_folder_without_sets_fails(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "other.json").write_text('{"a": 1}')
    assert run("check", tmp_path / "in").code == 0
    result = run("check", tmp_path / "in", "--strict")
    assert result.code == 1
    assert (
        f"{tmp_path / 'in'}: no mapping set in this folder: found 1 other JSON file (navlayers reads" in result.err
    )


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("b.toml", 'name = "x"\n', "a TOML file"),
        ("y.yar", 'rule a { strings: $a = "x" condition: $a }\n', "a YARA rule file: not supported yet"),
        ("x.xml", "<?xml version='1.0'?><a/>", "an XML file"),
        ("y.pdf", "%PDF-1.7\n", "a PDF file"),
        ("l.jsonl", '{"a": 1}\n{"a": 2}\n', "a JSON Lines file"),
        ("i.png", "\x89PNG\r\n\x1a\n", "a PNG image"),
        ("j.csv", "\xff\xd8\xff\xe0", "a JPEG image"),
        ("v.svg", "<svg></svg>", "an SVG image"),
        ("d.csv", "T1059,\x01\x02\x03\x04\x05\x06\x07\x08\x0e", "a binary file of unknown format"),
        ("d.yaml", "\x01\x02\x03\x04\x05\x06\x07\x08\x0e", "a binary file of unknown format"),
    ],
)
def test_messages_name_the_format_that_they_see(
    run: Run, tmp_path: Path, name: str, content: str, kind: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(content.encode("latin-1"))
    alone = run("build", folder / name, "-o", tmp_path / "out")
    assert (alone.code, f"{name}: {kind}; expected a mapping set (navlayers reads" in alone.err) == (2, True)
    inside = run("build", folder, "-o", tmp_path / "out")
    found = kind.partition(" ")[2].replace(": not supported yet", " (not supported yet)")
    assert (inside.code, f"no mapping set in this folder: found 1 {found} (navlayers" in inside.err) == (2, True)
    checked = run("check", folder / name)
    assert (checked.code, f"{name}: unreadable {kind}; expected" in checked.out) == (2, True)
    assert "navlayers reads native YAML" in inside.err


def test_files_that_are_not_sets_never_stop_a_folder(run: Run, tmp_path: Path) -> None:
    """As in SigmaHQ's deprecated/: a list of the rules as CSV and JSON beside folders of rules."""
    below = tmp_path / "deprecated" / "windows"
    below.mkdir(parents=True)
    (below / "a.yml").write_text(RULES.partition("---")[0])
    (tmp_path / "deprecated" / "deprecated.csv").write_text("id,title,date\n1,One,2020\n")
    (tmp_path / "deprecated" / "deprecated.json").write_text('[{"id": 1, "title": "One"}]')
    assert run("build", tmp_path / "deprecated", "-o", tmp_path / "out").code == 0
    (tmp_path / "deprecated" / "set.yaml").write_text(INACTIVE)
    assert run("build", tmp_path / "deprecated", "-o", tmp_path / "sets").code == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not here")
def test_a_fix_never_makes_a_file_unreadable(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.stix.json"
    shutil.copy(SHARED / "hostile" / "fix-breaks.stix.json", path)
    result = run("check", "--fix", path)
    assert "fixed 1 finding" in result.err
    assert run("build", path, "-o", tmp_path / "out").code == 0


def test_a_type_that_looks_like_a_category_is_written_so_that_it_is_read(run: Run, tmp_path: Path) -> None:
    metadata: dict[str, Any] = {
        "mapping_framework": "a",
        "mapping_framework_version": "1",
        "technology_domain": "enterprise",
        "attack_version": "16.1",
        "mapping_types": {},
        "capability_groups": {},
    }
    row = {"capability_id": "c", "attack_object_id": "T1078", "mapping_type": "protects"}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"metadata": metadata, "mapping_objects": [row]}))
    assert run("convert", path, "-o", tmp_path / "a.yaml").code == 0
    assert readers.read(tmp_path / "a.yaml").mapping_set.mappings[0].type == "protects"


def test_counts_are_not_ratings_of_parents(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "l.json"
    entries = ['{"techniqueID": "T1059", "score": 12}', '{"techniqueID": "T1059.001", "score": 3}']
    path.write_text(layer(*entries))
    assert "parent-above-subs" not in run("check", path).out


def test_a_table_whose_cells_have_control_characters_is_text() -> None:
    data = b"capability_id,attack_object_id\n" + b"\b\b\b\bmfa,T1078\n" * 9
    options = readers.ReadOptions(metadata={"framework": "f", "version": "1", "domain": "enterprise"})
    assert len(readers.read("a.csv", data=data, reading=options).mapping_set.mappings) == 9
