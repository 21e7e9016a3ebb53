"""Folders: which are one set, which hold sets, and which files of theirs are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents, write_set

from navlayers.errors import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.find import resolve
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.formats.detect import sniff_folder

if TYPE_CHECKING:
    from conftest import Run

RULE = "title: {0}\nlogsource: {{product: linux}}\ndetection: {{a: {{b: c}}, condition: a}}\ntags: [attack.t1078]\n"
CONTROL = """\
ATT&CK version: 8.2
creation date: 03/04/2021
name: {0}
platform: Azure
tags: [Some]
description: ''
techniques:
  - {{id: T1078, name: Valid Accounts, technique-scores: [{{category: Protect, value: Partial}}]}}
"""
NATIVE = """\
framework: own
version: 1
domain: enterprise
attack_version: "16.1"
capabilities: {a: {techniques: {T1078: }}}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a_yml": RULE, "b_yml": RULE}, "sigma"),
        ({"linux__ssh__a_yml": RULE}, "sigma"),
        ({"settings_yml": "x: 1\n", "linux__a_yml": RULE}, "sigma"),
        ({"package_json": "{}", "linux__a_yml": RULE}, "sigma"),
        ({"settings_yml": "x: 1\n", "a_yml": CONTROL}, "security-stack"),
        ({"Azure__a_yml": CONTROL}, "security-stack"),
        ({"own_yml": NATIVE, "rules__a_yml": RULE}, None),
        ({"own_yml": NATIVE, "a_yml": CONTROL}, None),
        ({"set_json": '{"mapping_objects": []}', "rules__a_yml": RULE}, None),
        ({".git__a_yml": RULE, "settings_yml": "x: 1\n"}, None),
        ({"settings_yml": "x: 1\n"}, None),
    ],
)
def test_a_folder_is_one_set_where_its_files_are_parts_of_one(
    tmp_path: Path, files: dict[str, str], expected: str | None
) -> None:
    assert sniff_folder(write(tmp_path / "in", **files)) == expected


def test_a_folder_of_sets_is_many_sets_and_a_folder_of_rules_is_one(tmp_path: Path) -> None:
    many = tmp_path / "many"
    write_set(many / "one.json")
    write_set(many / "two.json")
    rules = write(tmp_path / "rules", a_yml=RULE, b__c_yml=RULE)
    assert [(source.name, source.origin) for source in resolve([str(many), str(rules)])] == [
        ("one", "folder"),
        ("two", "folder"),
        ("rules", "file"),
    ]


def test_the_same_folder_gives_the_same_bytes_by_whatever_name(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = write(tmp_path / "stack", b_yml=CONTROL.format("B"), a__c_yml=CONTROL.format("C"))
    assert run("build", stack, "-o", tmp_path / "one").code == 0
    monkeypatch.chdir(stack)
    assert run("build", ".", "-o", tmp_path / "two").code == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_input_is_never_changed(tmp_path: Path, run: Run) -> None:
    stack = write(tmp_path / "stack", a_yml=CONTROL.format("A"), b_yml=CONTROL.format("B"))
    before = contents(stack)
    assert run("build", stack, "-o", tmp_path / "out").code == 0
    assert run("convert", stack, "-o", tmp_path / "out.yaml").code == 0
    assert contents(stack) == before


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    stack = write(tmp_path / "stack", a_yml=CONTROL.format("A"), b_yml=CONTROL.format("B"))
    size = len(CONTROL.format("A"))
    assert len(readers.read(stack, reading=ReadOptions(max_bytes=2 * size)).mapping_set.capabilities) == 2
    with pytest.raises(InputError, match="too large in total"):
        readers.read(stack, reading=ReadOptions(max_bytes=2 * size - 1))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_below_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    stack = write(tmp_path / "stack", a_yml=CONTROL.format("A"), below__b_yml=CONTROL.format("B"))
    (stack / "below").chmod(0)
    try:
        with pytest.raises(InputError, match="this folder cannot be read"):
            readers.read(stack)
    finally:
        (stack / "below").chmod(0o700)


def test_an_unreadable_or_empty_file_of_a_stack_is_told_with_the_others(tmp_path: Path) -> None:
    stack = write(
        tmp_path / "stack", a_yml=CONTROL.format("A"), b_yml="", c_yml=CONTROL.format("C").replace("T1078", "T78")
    )
    with pytest.raises(InputError) as caught:
        readers.read(stack)
    assert [(p.place and p.place.path.rpartition("/")[2], p.code) for p in caught.value.problems] == [
        ("b.yml", "unreadable"),
        ("c.yml", "malformed-technique"),
    ]


def test_folders_that_stand_in_each_other_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    top = write(tmp_path / "in", a_yml=RULE)
    monkeypatch.chdir(top)
    for _ in range(300):
        Path("d").mkdir()
        os.chdir("d")
    monkeypatch.chdir(tmp_path)
    result = run("check", top)
    assert result.code == 2
    assert "folders are nested more than 100 deep" in result.out


def test_the_name_of_a_file_gives_a_terminal_no_orders(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\n.yml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        readers.read(path)
    assert "a\\x1b[31m\\n.yml:1:" in str(caught.value)
    write(tmp_path, b_yml=RULE.format("b"))
    (notice,) = [n for n in readers.read(tmp_path).notices if "skipped" in n.message]
    assert "a\\x1b[31m\\n.yml" in notice.message
