"""Sigma rules: what becomes of a folder of them, of one file, and of files that are no rules."""

from __future__ import annotations

import json
import resource
from typing import TYPE_CHECKING

import pytest
from conftest import told

import navlayers.mapping.formats.native.write as native
from navlayers.errors import InputError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.find import resolve
from navlayers.mapping.formats import Findings, ReadOptions
from navlayers.mapping.load import Prepared, prepare
from navlayers.mapping.model import canonical
from navlayers.mapping.replacements import inactive

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

    from navlayers.mapping.model import MappingSet

RULE = """\
title: Office Starts A Shell
id: 11111111-2222-3333-4444-555555555555
status: test
description: An office program starts a shell.
references:
    - https://example.org/shells
author: A. Nalyst, B. Lue
date: 2024-03-01
modified: 2025-01-31
tags:
    - attack.execution
    - attack.t1059.001
    - attack.T1566
    - attack.g0032
    - cve.2024-0001
logsource:
    product: windows
    category: process_creation
detection:
    selection: &which
        Image|endswith: '\\cmd.exe'
    other: *which
    condition: selection or other
level: high
"""

PLAIN = """\
title: Odd Login
status: experimental
logsource: {product: linux, service: sshd}
detection: {keywords: [odd], condition: keywords}
tags: ['attack.t1078']
level: low
"""

UNTAGGED = PLAIN.replace("tags: ['attack.t1078']\n", "").replace("Odd Login", "Untagged")


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write(tmp_path / "rules", {"win/shell.yml": RULE, "linux/login.yml": PLAIN, "linux/none.yaml": UNTAGGED})


def techniques(whole: MappingSet) -> list[tuple[str, str]]:
    return [(mapping.capability, mapping.technique) for mapping in whole.mappings]


def test_each_rule_is_a_capability_that_detects_the_techniques_of_its_tags(rules: Path) -> None:
    whole = readers.read(rules).mapping_set
    uuid = "11111111-2222-3333-4444-555555555555"
    assert [(c.id, c.name, c.references) for c in whole.capabilities] == [
        ("linux-login", "Odd Login", ()),
        ("linux-none", "Untagged", ()),
        (uuid, "Office Starts A Shell", ("https://example.org/shells",)),
    ]
    assert techniques(whole) == [("linux-login", "T1078"), (uuid, "T1059.001"), (uuid, "T1566")]
    assert {(m.type, m.category, m.value) for m in whole.mappings} == {("detects", "detect", None)}
    assert (whole.framework, whole.title, whole.version) == ("sigma", "Sigma rules: rules", "2025-01-31")
    assert whole.details == {"created": "2024-03-01", "updated": "2025-01-31"}


def test_groups_are_levels_states_products_and_kinds_of_logs(rules: Path) -> None:
    whole = readers.read(rules).mapping_set
    assert list(whole.groups.items()) == [
        ("level-high", "Level: high"),
        ("level-low", "Level: low"),
        ("status-test", "Status: test"),
        ("status-experimental", "Status: experimental"),
        ("product-linux", "Product: linux"),
        ("product-windows", "Product: windows"),
        ("log-process_creation", "Log category: process_creation"),
    ]
    assert whole.capabilities[2].groups == ("level-high", "status-test", "product-windows", "log-process_creation")


def test_mappings_keep_the_other_fields_of_their_rule(rules: Path) -> None:
    mapping = readers.read(rules).mapping_set.mappings[1]
    assert mapping.comment == "An office program starts a shell."
    assert mapping.references == ("https://example.org/shells",)
    assert dict(mapping.other) == {
        "level": "high",
        "status": "test",
        "author": "A. Nalyst, B. Lue",
        "date": "2024-03-01",
        "modified": "2025-01-31",
        "logsource": "product windows, category process_creation",
        "tags": "attack.execution, attack.g0032, cve.2024-0001",
    }


def test_the_overview_counts_rules_and_no_category_has_a_layer(rules: Path, tmp_path: Path, run: Run) -> None:
    write(rules, {"more.yml": PLAIN.replace("Odd Login", "Odder Login")})
    assert run("build", rules, "-o", tmp_path / "out").code == 0
    built = tmp_path / "out" / "rules"
    overview = json.loads((built / "overview.json").read_bytes())
    assert {entry["techniqueID"]: entry["score"] for entry in overview["techniques"]} == {
        "T1059.001": 1,
        "T1078": 2,
        "T1566": 1,
    }
    assert not (built / "detect.json").exists()
    low = json.loads((built / "groups" / "level-low.json").read_bytes())
    assert {entry["techniqueID"]: entry["score"] for entry in low["techniques"]} == {"T1078": 2}


def test_rules_without_techniques_are_kept_and_counted_once(rules: Path) -> None:
    reading = readers.read(rules)
    assert told(reading, "capability-without-mapping") == ["1 of 3 rules have no technique tag"]
    assert told(reading, "not-carried") == ["rule fields not carried over: detection"]


def test_deprecated_rules_are_counted_in_a_note(rules: Path) -> None:
    write(rules, {"old.yml": PLAIN.replace("experimental", "deprecated").replace("Odd Login", "Old Login")})
    assert told(readers.read(rules), "deprecated-rule") == ["1 of 4 rules is deprecated"]


def test_other_files_are_skipped_with_one_notice(rules: Path) -> None:
    write(
        rules,
        {
            "README.yml": "about: rules\n",
            "ci/build.yml": "on: push\njobs: {}\n",
            "broken.yml": "title: [never\ndetection: x\n",
            "latin.yml": RULE.encode().replace(b"A. Nalyst", b"Andr\xe9"),
            "empty.yml": "",
            ".github/hidden.yml": "on: push\n",
        },
    )
    reading = readers.read(rules)
    assert len(reading.mapping_set.capabilities) == 3
    message = told(reading, "not-carried")[0]
    assert message.startswith(f"skipped 5 of 8 files that are not Sigma rules: {rules}/README.yml, ")
    assert "broken.yml (this is not YAML: " in message
    assert message.endswith(", 2 more")


def test_links_to_folders_are_not_followed(rules: Path) -> None:
    (rules / "win" / "round").symlink_to(rules, target_is_directory=True)
    assert len(readers.read(rules).mapping_set.capabilities) == 3


def test_a_folder_without_any_rule_is_an_error(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.yml": "on: push\n", "b.yml": "x: [\n"})
    with pytest.raises(InputError, match="no file in this folder is a Sigma rule"):
        readers.read(folder, reading=ReadOptions(format="sigma"))


def test_a_single_file_is_a_set_and_its_faults_are_errors(tmp_path: Path, run: Run) -> None:
    write(tmp_path, {"odd.yml": PLAIN, "bad.yml": PLAIN + "level: [\n"})
    whole = readers.read(tmp_path / "odd.yml").mapping_set
    assert (techniques(whole), whole.title) == ([("odd", "T1078")], "Sigma rules")
    with pytest.raises(InputError, match=r"bad\.yml:7:\d+: this is not YAML"):
        readers.read(tmp_path / "bad.yml")
    result = run("convert", "-", stdin=PLAIN.encode())
    assert (result.code, "rule:" in result.out) == (0, True)


def test_rules_below_a_folder_are_found_in_spite_of_settings_at_its_top(rules: Path, run: Run) -> None:
    write(rules, {"mkdocs.yml": "site_name: Rules\n"})
    assert "Sigma rules: rules" in run("stats", rules).out
    assert readers.read(rules).format == "sigma"


def test_malformed_technique_tags_are_errors_at_their_ids(tmp_path: Path) -> None:
    text = PLAIN.replace("['attack.t1078']", "[attack.t1078, 'attack.t1059.01']")
    folder = write(tmp_path / "in", {"a.yml": text, "b.yml": RULE.replace("attack.T1566", "attack.t15666")})
    with pytest.raises(InputError) as caught:
        readers.read(folder)
    first, second = caught.value.problems
    assert (first.place, first.code) == (Place(str(folder / "a.yml"), 5, 30), "malformed-technique")
    assert first.hint == "did you mean T1059.001?"
    assert second.place == Place(str(folder / "b.yml"), 13, 14)
    findings = Findings(lenient=True)
    whole = readers.read(folder, findings=findings).mapping_set
    assert [technique for _, technique in techniques(whole)] == ["T1078", "T1059.001"]
    assert len(findings.errors()) == 2


def test_unknown_levels_are_reported_with_the_nearest_known_level(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.yml": PLAIN.replace("level: low", "level: lwo")})
    (notice,) = [n for n in readers.read(folder).notices if "level" in n.message]
    assert (notice.place, notice.hint) == (Place(str(folder / "a.yml"), 6, 8), "did you mean low?")


def test_places_lead_to_each_rules_own_file(rules: Path) -> None:
    reading = readers.read(rules)
    shell, login = str(rules / "win" / "shell.yml"), str(rules / "linux" / "login.yml")
    assert reading.place(0) == Place(login, 5, 16)
    assert reading.place(1, field="technique") == Place(shell, 12, 14)
    assert reading.place(2, "capability", "id") == Place(shell, 2, 5)
    assert reading.place(2, "capability", "name") == Place(shell, 1, 8)
    assert reading.place_of("attack_version") == Place(str(rules))


def test_two_rules_with_the_same_id_are_kept_and_reported(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.yml": RULE, "old/a.yml": RULE.replace("Office", "Old Office")})
    reading = readers.read(folder)
    ids = [capability.id for capability in reading.mapping_set.capabilities]
    assert ids == ["11111111-2222-3333-4444-555555555555", "old-a"]
    (notice,) = [n for n in reading.notices if n.code == "repeated-rule"]
    assert notice.place == Place(str(folder / "old" / "a.yml"), 2, 5)


def test_two_rules_with_the_same_id_in_a_file_are_kept_and_reported(tmp_path: Path) -> None:
    second = RULE.replace("Office", "Other Office").replace("t1059.001", "t1110")
    reading = readers.read(write(tmp_path / "in", {"both.yml": f"{RULE}---\n{second}"}))
    names = {capability.id: capability.name for capability in reading.mapping_set.capabilities}
    assert len(names) == 2
    assert sum("Other Office" in name for name in names.values()) == 1
    assert [n.code for n in reading.notices].count("repeated-rule") == 1


def test_fields_of_a_global_part_apply_to_the_rules_after_it(tmp_path: Path) -> None:
    text = """\
action: global
title: Remote Service
id: AAAAAAAA-0000-0000-0000-000000000000
tags: [attack.t1021]
level: medium
---
logsource: {product: windows, category: process_creation}
detection: {a: {x: 1}, condition: a}
---
logsource: {product: linux}
detection: {a: {x: 2}, condition: a}
---
action: reset
title: Another
tags: [attack.t1110]
detection: {a: {x: 3}, condition: a}
"""
    whole = readers.read(write(tmp_path / "in", {"both.yml": text})).mapping_set
    assert techniques(whole) == [("aaaaaaaa-0000-0000-0000-000000000000", "T1021"), ("both-4", "T1110")]
    groups = ("level-medium", "product-windows", "log-process_creation", "product-linux")
    assert whole.capabilities[0].groups == groups


def test_correlations_are_rules_in_addition_to_the_rules_they_name(tmp_path: Path) -> None:
    text = PLAIN + "---\ntitle: Many Logins\ncorrelation: {type: event_count}\ntags: [attack.t1110.001]\n"
    whole = readers.read(write(tmp_path / "in", {"many.yml": text})).mapping_set
    assert [capability.name for capability in whole.capabilities] == ["Odd Login", "Many Logins"]
    assert techniques(whole) == [("many", "T1078"), ("many-2", "T1110.001")]


def test_tags_through_an_alias_count(tmp_path: Path) -> None:
    shared = "x-tags: &tags [attack.t1003]\ntags: *tags\n"
    folder = write(tmp_path / "in", {"a.yml": PLAIN.replace("tags: ['attack.t1078']\n", shared)})
    assert techniques(readers.read(folder).mapping_set) == [("a", "T1003")]


@pytest.mark.parametrize(
    "bomb",
    [
        "b0: &b0 x\n" + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 40)),
        f"b: &b {'x' * 100_000}\nreferences: [{', '.join(['*b'] * 20_000)}]\n",
        f"b: &b [{'a, ' * 10_000}a]\nreferences: [{', '.join(['*b'] * 20_000)}]\n",
    ],
)
@pytest.mark.cpu(1)
def test_bombs_of_aliases_are_passed_over_fast_and_in_little_memory(bomb: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.yml": PLAIN, "bomb.yml": bomb + PLAIN})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reading = readers.read(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert techniques(reading.mapping_set) == [("a", "T1078")]
    assert "the aliases up to here expand to too much text" in told(reading, "not-carried")[0]


@pytest.mark.parametrize("action", ["global", "repeat"])
def test_parts_that_count_for_too_many_rules_are_refused(action: str, tmp_path: Path) -> None:
    tags = f"tags: [{', '.join(f'attack.t{n:04d}' for n in range(10_000))}]\n"
    first = f"action: global\n{tags}" if action == "global" else PLAIN.replace("tags: ['attack.t1078']\n", tags)
    logsource = "" if action == "repeat" else "logsource: {product: linux}\ndetection: {a: b}\n"
    rule = f"---\naction: {action if action == 'repeat' else 'none'}\n{logsource}title: "
    path = write(tmp_path, {"a.yml": first + "".join(f"{rule}r{n}\n" for n in range(1_000))}) / "a.yml"
    with pytest.raises(InputError, match="the global parts of this file are too large") as caught:
        readers.read(path)
    assert caught.value.problems[0].place is not None
    assert caught.value.problems[0].place.line > 1


@pytest.mark.cpu(3)
def test_a_rule_in_thousands_of_documents_is_read_in_less_than_three_seconds(tmp_path: Path) -> None:
    part = "---\ntags: [attack.t{0:04d}]\nlogsource: {{product: p{0}}}\ndetection: {{a: b}}\n"
    parts = "".join(part.format(n) for n in range(5_000))
    path = write(tmp_path, {"a.yml": f"action: global\nid: x\ntitle: t\n{parts}"}) / "a.yml"
    whole = readers.read(path).mapping_set
    assert len(whole.mappings) == 5_000
    assert len(whole.capabilities) == 1


def test_a_file_that_nests_without_end_is_passed_over(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.yml": PLAIN, "deep.yml": "detection: " + "[" * 200_000})
    reading = readers.read(folder)
    assert techniques(reading.mapping_set) == [("a", "T1078")]
    assert "nested too deeply" in told(reading, "not-carried")[0]


def test_a_set_survives_as_native_yaml(rules: Path, tmp_path: Path) -> None:
    whole = readers.read(rules).mapping_set
    (tmp_path / "back.yaml").write_bytes(native.encode(whole).data)
    assert canonical(readers.read(tmp_path / "back.yaml").mapping_set) == canonical(whole)


@pytest.mark.cpu(3)
def test_three_thousand_rules_are_read_in_less_than_three_seconds(tmp_path: Path) -> None:
    for number in range(3_000):
        text = RULE.replace("11111111", f"{number:08}").replace("t1059.001", f"t1059.00{number % 9 + 1}")
        write(tmp_path / "many", {f"{number % 40}/{number}.yml": text})
    whole = readers.read(tmp_path / "many").mapping_set
    assert (len(whole.capabilities), len(whole.mappings)) == (3_000, 6_000)


@pytest.mark.cpu(3)
def test_thousands_of_rules_with_the_same_id_are_named_in_less_than_three_seconds(tmp_path: Path) -> None:
    rule = "---\nid: x\ntitle: t\ntags: [attack.t1078]\nlogsource: {product: linux}\ndetection: {a: b}\n"
    path = write(tmp_path, {"a.yml": rule * 4_000}) / "a.yml"
    whole = readers.read(path).mapping_set
    assert [one.id for one in whole.capabilities] == ["x", "a", *(f"a-{n}" for n in range(2, 4_000))]


OLD, NEW, BOTH = ("defense-evasion", "t1562.001"), ("defense-impairment", "t1685.002"), ("stealth", "t1027")


@pytest.mark.parametrize(
    ("tags", "release", "ids"),
    [
        ([OLD, ("defense_evasion", "t1070.001")], "18.1", ["T1562.001", "T1070.001"]),
        ([NEW, BOTH], "19.1", ["T1685.002", "T1027"]),
        ([BOTH], "19.1", ["T1027"]),
        ([("defense-evasion", "t1027")], "18.1", ["T1027"]),
        ([OLD, OLD, NEW], "19.1", ["T1685", "T1685", "T1685.002"]),
    ],
)
def test_the_release_follows_from_techniques_and_then_from_tactics(
    tags: list[tuple[str, str]], release: str, ids: list[str], tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {
        f"{n}.yml": PLAIN.replace("'attack.t1078'", f"attack.{a}, attack.{b}") for n, (a, b) in enumerate(tags)
    }
    (prepared,) = prepare(resolve([str(write(tmp_path / "in", files))]))
    assert isinstance(prepared, Prepared)
    assert prepared.set.attack_version == release
    assert [mapping.technique for mapping in prepared.set.mappings] == ids
    assert not inactive(prepared.set, prepared.catalogue)
