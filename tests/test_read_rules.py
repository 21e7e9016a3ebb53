"""Detection content of each format: what becomes of a folder of it, and of files that are broken."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from rule_cases import CASES, Case

from navlayers.errors import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import FORMATS, ReadOptions
from navlayers.mapping.formats import source as sources

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_any_text_is_scanned_for_ids(tmp_path: Path, run: Run) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "a.kql").write_text("// Logins\nlet x = 1; // T1059.001, t1078 and T1059.001\n")
    (tmp_path / "in" / "sub" / "a.md").write_text("https://attack.mitre.org/techniques/T1003/001/\n")
    (tmp_path / "in" / "none.py").write_text("no id\n")
    (tmp_path / "in" / "b.bin").write_bytes(b"\xff\x00T1059")
    reading = readers.read(tmp_path / "in", reading=ReadOptions(format="scan"))
    mappings = reading.mapping_set.mappings
    pairs = [(mapping.capability, mapping.technique, mapping.type, mapping.category) for mapping in mappings]
    assert pairs == [
        ("a.kql", "T1059.001", "mentions", None),
        ("a.kql", "T1078", "mentions", None),
        ("sub/a.md", "T1003.001", "mentions", None),
    ]
    place = reading.place(1)
    assert (place.path, place.line, place.column) == (str(tmp_path / "in" / "a.kql"), 2, 26)
    done = run("stats", "--from", "scan", tmp_path / "in")
    assert "skipped 2 of 4 files that are not files with a technique id" in done.err
    assert "a file that mentions a technique may not detect it" in done.err


def write(folder: Path, case: Case, text: str | None = None) -> Path:
    path = folder / case.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case.text if text is None else text, encoding="utf-8")
    return path


@pytest.mark.parametrize("format_", CASES)
@pytest.mark.parametrize("whole", [True, False], ids=["folder", "file"])
def test_rules_become_capabilities_and_their_techniques_mappings(format_: str, whole: bool, tmp_path: Path) -> None:
    case = CASES[format_]
    file = write(tmp_path / "in", case)
    reading = readers.read(tmp_path / "in" if whole else file)
    assert reading.format == format_
    found = reading.mapping_set
    assert [(mapping.capability, mapping.technique, mapping.value) for mapping in found.mappings] == case.pairs
    assert {one.id: tuple(sorted(one.groups)) for one in found.capabilities} == {
        id_: tuple(sorted(groups)) for id_, groups in case.groups.items()
    }
    assert case.other.items() <= dict(found.mappings[0].other).items()
    place = reading.place(0)
    assert (place.path, place.line, place.column) == (str(file), *case.place)
    assert {mapping.category for mapping in found.mappings} == ({None} if found.role == "threat" else {"detect"})


@pytest.mark.parametrize("format_", [name for name, case in CASES.items() if case.wrong[0]])
def test_one_broken_file_is_named_and_the_rest_read(format_: str, tmp_path: Path, run: Run) -> None:
    case = CASES[format_]
    folder = tmp_path / "in"
    broken = write(folder / "broken", case, case.text.replace(case.wrong[0], case.wrong[1], 1))
    write(folder / "whole", case)
    reading = readers.read(folder, reading=ReadOptions(format=format_))
    assert len(reading.mapping_set.mappings) == len(case.pairs)
    line = case.wrong[2][0]
    assert any(f"{broken} (" in note.message and f"in line {line})" in note.message for note in reading.notices)
    alone = run("stats", "--from", format_, broken)
    assert (alone.code, f"{broken}:{line}:{case.wrong[2][1]}: " in alone.err) == (2, True)


@pytest.mark.parametrize("format_", CASES)
def test_half_a_file_is_a_result_or_an_error_with_its_place(format_: str, tmp_path: Path, run: Run) -> None:
    case = CASES[format_]
    file = write(tmp_path, case, case.text[: len(case.text) // 2])
    done = run("stats", "--from", format_, file)
    assert done.code in (0, 2)
    assert done.code == 0 or str(file) in done.err


@pytest.mark.parametrize("format_", CASES)
def test_templates_and_other_ids(format_: str, tmp_path: Path, run: Run) -> None:
    """A template has no technique; an unknown id is left out with a notice; a revoked one is replaced."""
    case = CASES[format_]
    id_ = case.pairs[0][1]
    for text, notice in (("T9999", "T9999"), ("T1086", "T1086 PowerShell → T1059.001")):
        # Sub-techniques become parts of other ids otherwise.
        file = write(tmp_path, case, case.text.replace(id_, text).replace(id_.lower(), text))
        done = run("stats", file)
        assert notice in done.err, done.err
    # In YAML, braces in a list are no text.
    template = "<% id %>" if format_ == "car" else "{{ id }}"
    file = write(tmp_path, case, case.text.replace(id_, template).replace(id_.lower(), template))
    if format_ == "sysmon":
        with pytest.raises(InputError, match="not a Sysmon configuration with technique ids; expected conditions"):
            readers.read(file, reading=ReadOptions(format=format_))
        return
    reading = readers.read(file, reading=ReadOptions(format=format_))
    mapped = [(mapping.capability, mapping.technique, mapping.value) for mapping in reading.mapping_set.mappings]
    assert mapped == [pair for pair in case.pairs if not pair[1].startswith(id_)]
    if format_ not in ("sigma", "scan"):  # whose other tags, or words, are anything
        assert [notice for notice in reading.notices if "with a placeholder of a template" in notice.message]


@pytest.mark.parametrize("format_", CASES)
def test_a_broken_file_and_a_loop_of_links_in_a_folder_are_told_and_the_rest_is_read(
    format_: str, tmp_path: Path
) -> None:
    case = CASES[format_]
    file = write(tmp_path / "rules", case, case.text)
    (tmp_path / "rules" / "loop").symlink_to(tmp_path / "rules", target_is_directory=True)
    (tmp_path / "rules" / f"loop{file.suffix}").symlink_to(tmp_path / "rules" / f"loop{file.suffix}")
    (file.parent / f"broken{file.suffix}").write_bytes(b"\xff\xfe\x00\x01: [{<T1059\x00")
    reading = readers.read(tmp_path / "rules", reading=ReadOptions(format=format_))
    assert [(one.technique, one.value) for one in reading.mapping_set.mappings] == [pair[1:] for pair in case.pairs]
    (skipped,) = (notice.message for notice in reading.notices if notice.message.startswith("skipped"))
    assert f"broken{file.suffix}" in skipped


def test_a_placeholder_keeps_the_ids_beside_it_and_is_told(tmp_path: Path) -> None:
    tags = ["TA0001:T1059", "TA0001:{{ x }}", "T1078.{{ sub }} and T1110", "T1566 ${open"]
    file = tmp_path / "rule.yml"
    reports = "".join(f'    - "{tag}"\n' for tag in tags)
    file.write_text(f"AnalysisType: rule\nRuleID: a\nReports:\n  MITRE ATT&CK:\n{reports}")
    reading = readers.read(file)
    assert [mapping.technique for mapping in reading.mapping_set.mappings] == ["T1059", "T1110", "T1566"]
    assert f"{file}:6:7: 3 tags with a placeholder of a template: it stands for no technique" in (
        "\n".join(map(str, reading.notices))
    )


def test_a_suricata_rule_may_have_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.rules"
    file.write_text(
        'alert tcp $A any \\\n -> any any ( \\\r\n msg:"Two; \\"x\\""; \\\n sid:1; \\\n'
        " metadata:mitre_technique_id T1059, \\\n  signature_severity Major;)\n"
        '# alert tcp any any -> any any (msg:"off"; \\\n#  sid:2; metadata:mitre_technique_id T1078;)\n'
    )
    reading = readers.read(file)
    first, second = reading.mapping_set.mappings
    assert (first.capability, first.technique, dict(first.other)) == ("1", "T1059", {"level": "Major"})
    assert (second.capability, second.technique, dict(second.other)) == ("2", "T1078", {"enabled": "false"})
    assert (reading.place(0).line, reading.place(1).line) == (5, 8)


@pytest.mark.parametrize("large", [1, sources.LARGE], ids=["by line", "whole"])
def test_an_export_of_kibana_has_a_rule_in_each_line(
    large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LARGE", large)
    technique = {"id": "T1059", "name": "x", "subtechnique": [{"id": "T1059.001"}]}
    rules = [
        {
            "rule_id": "one",
            "name": "One",
            "enabled": True,
            "severity": "high",
            "threat": [{"technique": [technique]}],
        },
        {"rule_id": "two", "name": "Two", "enabled": False, "threat": []},
        {"exported_count": 2, "missing_rules": []},
    ]
    file = tmp_path / "rules.ndjson"
    file.write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    reading = readers.read(file)
    assert [mapping.technique for mapping in reading.mapping_set.mappings] == ["T1059", "T1059.001"]
    assert [one.name for one in reading.mapping_set.capabilities] == ["One", "Two"]
    assert dict(reading.mapping_set.mappings[0].other)["enabled"] == "true"
    first = reading.place(1)
    assert (reading.format, first.line, first.column) == ("elastic", 1, file.read_text().index('T1059.001"') + 1)
    file.write_text(json.dumps(rules[0]) + "\n{broken\n")
    with pytest.raises(InputError) as raised:
        readers.read(file)
    place = raised.value.problems[0].place
    assert place is not None
    assert (place.line, place.column) == (2, 1)


def test_rules_of_sentinel_are_read_from_templates_and_of_defender_from_json(tmp_path: Path) -> None:
    properties = {"displayName": "Spray", "severity": "High", "enabled": True, "techniques": ["T1110"]}
    properties |= {"query": "x", "subTechniques": ["T1110.003"]}
    resource = {"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules", "properties": properties}
    template = {"$schema": "x", "contentVersion": "1.0.0.0", "resources": [{**resource, "name": "[concat('a')]"}]}
    arm, custom = tmp_path / "arm.json", tmp_path / "custom.json"
    arm.write_text(json.dumps(template, indent=2))
    alert = {"alertTemplate": {"title": "x", "mitreTechniques": ["T1078.004"]}}
    detection = {"id": "7", "displayName": "Logins", "isEnabled": False, "detectionAction": alert}
    custom.write_text(json.dumps(detection))
    for file, expected in ((arm, {("arm", "T1110"), ("arm", "T1110.003")}), (custom, {("7", "T1078.004")})):
        reading = readers.read(file)
        assert reading.format == "sentinel"
        found = reading.mapping_set
        assert {(mapping.capability, mapping.technique) for mapping in found.mappings} == expected
    assert dict(found.mappings[0].other)["enabled"] == "false"


def test_a_value_that_is_nested_too_deeply_is_an_error_with_its_place(tmp_path: Path) -> None:
    deep = f'{"[" * 700}"T1059"{"]" * 700}'
    rule = f'{{"rule_id": "a", "name": "b", "threat": [{{"technique": {deep}}}]}}\n'
    for format_, text in (
        ("elastic", rule + rule),
        ("sentinel", f'{{"displayName": "a", "query": "b", "techniques": {deep}}}'),
        ("sentinel", deep.replace('"T1059"', '{"displayName": "a", "query": "b"}')),
    ):
        file = tmp_path / "in.json"
        file.write_text(text)
        with pytest.raises(InputError, match=r"in\.json:1:[0-9]+: this is nested too deeply; expected at most 50"):
            readers.read(file, reading=ReadOptions(format=format_))


@pytest.mark.parametrize("filler", ["a", " ", "a:", 'a:"', "a ", ",", "metadata:a   ", "(", "\\"], ids=repr)
def test_a_line_without_end_takes_no_time_of_its_square(filler: str) -> None:
    """With a search from each letter on, each of these takes minutes."""
    start = "alert tcp any any -> any any (sid:1; metadata:mitre_technique_id T1059, a"
    for between in ("", "; "):
        line = f"{start}{between}{filler * (500_000 // len(filler))})\n"
        found = readers.read("x.rules", data=line.encode(), reading=ReadOptions(format="suricata")).mapping_set
        assert [mapping.technique for mapping in found.mappings] == ["T1059"]


def test_many_rules_in_one_line_have_their_own_places() -> None:
    """Of each, the place is counted from the one before; the rules of a template are searched in order."""
    rules = [{"properties": {"displayName": f"{n}", "techniques": ["T1059"], "query": "é"}} for n in range(2_000)]
    template = json.dumps({"resources": [{"type": "alertRules"}, *rules]}, ensure_ascii=False)
    reading = readers.read("x.json", data=template.encode(), reading=ReadOptions(format="sentinel"))
    columns = [match.start() + 2 for match in re.finditer('"T1059', template)]
    assert [reading.place(number).column for number in (0, 1, 1_999)] == [columns[0], columns[1], columns[-1]]


@pytest.mark.parametrize("format_", CASES)
def test_a_file_of_another_kind_is_an_error_with_its_place(format_: str) -> None:
    with pytest.raises(InputError, match=r"other:1:1: this is not "):
        readers.read("other", data=b"x = 1\n", reading=ReadOptions(format=format_))


def test_places_of_toml_count_every_end_of_a_line() -> None:
    """TOML's own end at LF; an editor shows a line after CR, too."""
    data = '[metadata]\nnote = "\r2024"\n[rule]\nrule_id = "é"[[x]]\n'.encode()
    with pytest.raises(InputError) as error:
        readers.read("a.toml", data=data)
    assert str(error.value).startswith("a.toml:5:14: this is not TOML")


def test_a_rule_without_meta_has_none_of_the_next_rule() -> None:
    text = 'rule bare {\n  events:\n    $e.x = "1"\n}\n' + CASES["yara-l"].text
    found = readers.read("x.yaral", data=text.encode()).mapping_set
    assert [one.id for one in found.capabilities] == ["bare", "shell_from_office"]
    assert {mapping.capability for mapping in found.mappings} == {"shell_from_office"}


def test_every_format_of_rules_has_a_case() -> None:
    assert {name for name, format_ in FORMATS.items() if format_.reader.startswith("rules.")} == {
        *CASES,
        "sigma",
        "scan",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", '[rule]\nrule_id = "r"\nthreat = [{tactic.name = "TACTIC", technique = [{id = "T1027"}]}]\n'),
        ("a.yaml", "id: r\nname: R\nseverity: High\ntactics: [TACTIC]\nrelevantTechniques: [T1027]\nquery: x\n"),
        (
            "a.yaral",
            'rule r {\n meta:\n  mitre_attack_tactic = "TACTIC"\n  mitre_attack_technique = "T1027"\n'
            ' events:\n  $e.a = "b"\n condition:\n  $e\n}\n',
        ),
    ],
)
def test_the_tactics_that_rules_name_tell_the_release(name: str, text: str, tmp_path: Path) -> None:
    releases = []
    for tactic in ("Defense Evasion", "DefenseEvasion", "Stealth"):
        path = tmp_path / name
        path.write_text(text.replace("TACTIC", tactic))
        releases.append(readers.read(path).mapping_set.attack_version)
    assert releases == ["18.1", "18.1", "19.1"]


def test_no_entity_of_xml_is_expanded() -> None:
    declared = '<!DOCTYPE z [<!ENTITY a "T1078"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    wazuh = '<rule id="1"><description>&a; &b;</description><mitre><id>T1059</id></mitre></rule>'
    sysmon = '<Image condition="is" name="technique_id=T1059,technique_name=&a; &b;">x</Image>'
    for text in (
        f'<group name="x">{wazuh}</group>',
        f'<Sysmon schemaversion="4.5"><EventFiltering><ProcessCreate onmatch="include">{sysmon}</ProcessCreate>'
        "</EventFiltering></Sysmon>",
    ):
        found = readers.read("rules.xml", data=f"{declared}{text}".encode()).mapping_set
        (mapping,) = found.mappings
        assert "&a; &b;" in f"{found.capabilities} {mapping} {found.groups}"


def test_a_condition_of_sysmon_belongs_to_the_event_next_around_it() -> None:
    """With dozens of events around it, a condition would be dozens of rules."""
    inner = '<Rule><Image name="T1059">x</Image></Rule><Hash onmatch="exclude"><Image name="T1003">x</Image></Hash>'
    events = f'<A onmatch="include"><B onmatch="include">{inner}</B><Image name="T1110">x</Image></A>'
    text = f"<Sysmon><EventFiltering>{events}</EventFiltering></Sysmon>"
    found = readers.read("s.xml", data=text.encode(), reading=ReadOptions(format="sysmon")).mapping_set
    assert [(mapping.technique, dict(mapping.other)["event"]) for mapping in found.mappings] == [
        ("T1059", "B"),
        ("T1110", "A"),
    ]
