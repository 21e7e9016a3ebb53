"""Techniques as people write them: what has one reading is taken with a notice and corrected by `check --fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import ReadOptions

if TYPE_CHECKING:
    from conftest import Run

CASES = Path(__file__).parents[2] / "shared" / "cases"
META = {"framework": "demo", "version": "1", "domain": "enterprise", "attack_version": "18.1"}

ONE_READING = {
    "t1078": "T1078",
    "T 1566": "T1566",
    "T-1566": "T1566",
    "T1059/003": "T1059.003",
    "T1059-003": "T1059.003",
    "T1059_003": "T1059.003",
    "T1059003": "T1059.003",
    "T1566 .001": "T1566.001",
    "T1059.001.": "T1059.001",
    "T1059.3": "T1059.003",
    "T1059\u2011001": "T1059.001",
    "[T1059]": "T1059",
    "MITRE ATT&CK: T1059": "T1059",
    "attack.t1059.001": "T1059.001",
    "t1059.001 - PowerShell": "T1059.001",
    "T1566.001 - 365 phishing": "T1566.001",
    "T1553 and Subvert Trust Controls": "T1553",
    "https://attack.mitre.org/versions/v18/techniques/T1059/001/#detection": "T1059.001",
    "attack.mitre.org/wiki/Technique/T1086": "T1086",
}
NONE_OR_SEVERAL = ["T1059.01", "T1059.0011", "T10590", "T105", "1059", "T1059 or T1078", "T1059-T1062", "T1059 100"]


def named(text: str) -> list[str]:
    """The techniques of a row of JSON with this text as its id."""
    row = f'{{"capability_id": "c", "attack_object_id": "{text}"}}'
    head = '{"metadata": {"mapping_framework": "demo"}, "mapping_objects": ['
    reading = readers.read("set.json", data=f"{head}{row}]}}".encode(), reading=ReadOptions(metadata=META))
    assert [notice.code for notice in reading.notices] == ["technique-id-spelling"]
    return [mapping.technique for mapping in reading.mapping_set.mappings]


@pytest.mark.parametrize("text", ONE_READING)
def test_a_spelling_with_one_reading_is_taken_with_a_notice(text: str) -> None:
    assert named(text) == [ONE_READING[text]]


@pytest.mark.parametrize("text", NONE_OR_SEVERAL)
def test_a_spelling_without_one_reading_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="is malformed"):
        named(text)


@pytest.mark.parametrize(
    ("text", "technique"),
    [
        ("Phishing", "T1566"),
        ("valid accounts", "T1078"),
        ("Valid Accounts: Cloud Accounts", "T1078.004"),
        ("PowerShell", "T1059.001"),  # T1086 had this name before it was revoked
    ],
)
def test_the_name_of_one_active_technique_is_its_id(text: str, technique: str) -> None:
    assert named(text) == [technique]


def test_a_name_of_several_techniques_is_an_error_with_their_ids() -> None:
    with pytest.raises(InputError) as caught:
        named("Cloud Accounts")
    assert str(caught.value).split("; ")[1] == (
        "expected an id: T1078.004 (Valid Accounts: Cloud Accounts), T1585.003 (Establish Accounts: Cloud "
        "Accounts) or T1586.003 (Compromise Accounts: Cloud Accounts)"
    )


@pytest.mark.parametrize("text", ["Execution", "TA0002", "execution"])
def test_a_tactic_in_place_of_a_technique_is_named(text: str) -> None:
    with pytest.raises(InputError, match=f'"{text}" is the tactic TA0002 Execution, not a technique'):
        named(text)


def test_a_misspelled_name_is_an_error_with_the_likely_one() -> None:
    with pytest.raises(InputError, match="did you mean Phishing"):
        named("Pishing")


TABLE = """\
Control;Technique;Score
FW;"T1059.001.";50
EDR;"T1059 - Command and Scripting Interpreter, T1003 - OS Credential Dumping";70,5
X;t1078;20
Y;T1059/003;30
Z;T 1566;40
Q;T1566 .001;40
N;"T1003; t1110.001";5
N;T1566.001/002;5
M;Valid Accounts: Cloud Accounts;5
"""
FIXED = """\
Control;Technique;Score
FW;"T1059.001";50
EDR;"T1059 - Command and Scripting Interpreter, T1003 - OS Credential Dumping";70,5
X;T1078;20
Y;T1059.003;30
Z;T1566;40
Q;T1566.001;40
N;"T1003; T1110.001";5
N;T1566.001 / T1566.002;5
M;T1078.004;5
"""


def test_spellings_of_a_table_are_one_notice_and_check_fixes_each(run: Run) -> None:
    Path("t.csv").write_text(TABLE)
    built = run("build", "t.csv", "-o", "out")
    assert built.code == 0
    (line,) = [line for line in built.err.splitlines() if "other spellings" in line]
    assert line == (
        'note: t.csv:2:5: read 8 technique ids in other spellings: "T1059.001." as T1059.001, "t1078" as T1078, '
        '"T1059/003" as T1059.003, "T 1566" as T1566 and 4 more (correct it with: navlayers check --fix t.csv)'
    )
    checked = run("check", "t.csv", "--select", "technique-id-spelling", "--strict")
    assert checked.code == 1
    assert len([line for line in checked.out.splitlines() if "technique-id-spelling" in line]) == 8
    assert run("check", "t.csv", "--fix").code == 0
    assert Path("t.csv").read_text() == FIXED
    assert "spelling" not in run("check", "t.csv").out


def test_a_table_of_other_encoding_is_read_with_the_same_notice(run: Run) -> None:
    """cases/25b.csv: Windows-1252 with semicolons."""
    if not CASES.is_dir():
        pytest.skip("needs ../shared")
    (Path.cwd() / "25b.csv").write_bytes((CASES / "25b.csv").read_bytes())
    result = run("convert", "25b.csv", "--format", "csv", "-o", "-")
    rows = sorted(line.split(",")[6] for line in result.out.splitlines()[1:])
    assert rows == ["T1003", "T1059", "T1059.001", "T1059.003", "T1078", "T1566", "T1566.001"]
    assert "read 5 technique ids in other spellings" in result.err
    before = Path("25b.csv").read_bytes()
    assert run("check", "25b.csv", "--fix").code == 0
    after = (
        before.replace(b"T1059.001.", b"T1059.001").replace(b"t1078", b"T1078").replace(b"T1059/003", b"T1059.003")
    )
    assert Path("25b.csv").read_bytes() == after.replace(b"T 1566", b"T1566").replace(b"T1566 .", b"T1566.")


def test_what_cannot_be_fixed_in_place_is_told(run: Run) -> None:
    with xlsxwriter.Workbook("t.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Control", "Technique"])
        sheet.write_row(1, 0, ["A", "t1078"])
    result = run("check", "t.xlsx", "--fix")
    assert "fixed nothing (--fix changes only values in text files that have exactly one correction)" in result.err
    again = run("check", "t.xlsx")
    assert "(correct it in the workbook)" in again.out
    assert "can be fixed" not in again.err
    assert '"fixable": true' not in run("check", "t.xlsx", "--json").out


RULE = "title: {0}\nlogsource:\n  product: windows\ndetection:\n  a: b\ntags:\n  - attack.execution\n  - {1}\n"


@pytest.mark.parametrize(
    ("tag", "fixed"),
    [
        ("attack.t1086", "attack.t1059.001"),
        ("'attack.t1574.002'", "'attack.t1574.001'"),
        ("attack.T1086", "attack.T1059.001"),
        ("attack.t1059/001", "attack.t1059.001"),
        ('"attack.t1059.3"', '"attack.t1059.003"'),
    ],
)
def test_tags_of_sigma_rules_are_fixed_in_their_case(run: Run, tag: str, fixed: str) -> None:
    Path("r.yml").write_text(RULE.format("a", tag))
    assert run("check", "r.yml", "--fix", "--meta", "attack_version=19.1").code == 0
    assert Path("r.yml").read_text() == RULE.format("a", fixed)


def test_ids_of_yaml_and_layers_are_fixed(run: Run) -> None:
    head = "framework: d\nversion: a\ndomain: enterprise\nattack_version: '18.1'\ncapabilities:\n"
    Path("s.yaml").write_text(f"{head}  a:\n    techniques:\n      t1078:\n  b:\n    techniques:\n      t1078:\n")
    Path("l.json").write_text(
        '{"versions": {"attack": "18"}, "techniques": [{"techniqueID": "t1078", "score": 1}]}'
    )
    assert run("check", "s.yaml", "l.json", "--fix").code == 0
    assert Path("s.yaml").read_text().count("T1078:") == 2
    assert '"T1078"' in Path("l.json").read_text()


def test_capabilities_without_techniques_are_one_notice_and_check_lists_each(run: Run) -> None:
    head = "framework: x\nversion: 1\ndomain: enterprise\nattack_version: 16.1\ncapabilities:\n"
    spelled = "".join(f"  s{number}: {{techniques: {{t1003: {{}}}}}}\n" for number in range(30))
    Path("set.yaml").write_text(f"{head}{spelled}  a: {{name: A}}\n", encoding="utf-8")
    alone = 'note: set.yaml:36:3: capability "a" has no techniques (list its techniques, or add non_mappable: true)'
    assert alone in run("stats", "set.yaml").err
    empty = "".join(f"  e{number}: {{}}\n" for number in range(25))
    Path("set.yaml").write_text(head + spelled + empty, encoding="utf-8")
    notices = [line for line in run("stats", "set.yaml").err.splitlines() if "no techniques" in line]
    hint = "`navlayers check set.yaml` lists them"
    assert notices == [f"note: set.yaml:36:3: 25 capabilities have no techniques ({hint})"]
    listed = run("check", "set.yaml").out
    assert listed.count("capability-without-mapping capability") == 25
