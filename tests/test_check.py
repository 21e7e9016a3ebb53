from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import create_autospec

import pytest
from conftest import CORPUS_FILES, SHARED, write_set

from navlayers.checks import Report, check, render, source_text, subject
from navlayers.checks.finding import codes, explanations, finding
from navlayers.checks.rules import links
from navlayers.errors import Place
from navlayers.mapping import formats as readers
from navlayers.mapping.find import resolve

if TYPE_CHECKING:
    from conftest import Run

    from navlayers.checks import Finding

ROOT = Path(__file__).parent.parent
HEAD = 'framework: demo\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\n'


def findings(path: Path, text: str) -> list[str]:
    """`line:column CODE` of everything found in a native set."""
    path.write_text(text, encoding="utf-8")
    return [f"{f.place.line}:{f.place.column} {f.code}" for f in check(resolve([str(path)])).findings]


def under(path: Path, lines: str, head: str = HEAD) -> list[str]:
    """What is found in a set whose one capability stands in line 6, its first technique in line 8."""
    return findings(path, f"{head}capabilities:\n  c:\n    techniques:\n{indented(lines)}")


def indented(lines: str) -> str:
    return "".join(f"      {line}\n" for line in lines.splitlines())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set.yaml"


WRONG = {
    "T1053.001: {protect: partial}": ["8:7 revoked-technique"],
    "T1064: {protect: partial}": ["8:7 deprecated-technique"],
    "T1059.999: mitigates": ["8:7 unknown-technique"],
    "T1521.003: mitigates": ["8:7 other-domain-technique"],
    "T1059.01: mitigates": ["8:7 malformed-technique"],
    "T1078: {protect: partial, name: Valid accounts}": ["8:39 technique-spelling"],
    "T1078: {protect: partial, name: Brute Force}": ["8:39 technique-name"],
    "T1046: {name: Network Service Scanning}": ["8:21 technique-renamed"],
    "T1078: {protect: partial, detect: }": ["8:41 category-without-value"],
    "T1078: {protect: partial}\nT1110: {value: partial}": ["9:14 value-without-category"],
    "T1078: [{protect: partial}, {protect: partial}]": ["8:45 duplicate-mapping"],
    "T1078: [{protect: partial}, {protect: minimal}]": ["8:45 conflicting-values"],
    "T1020: {protect: minimal}\nT1020.001: {protect: partial}": ["8:24 parent-below-subs"],
    "T1078: {protect: partial}\nT1078.004: {protect: minimal}": ["8:24 parent-above-subs"],
    "T1078: {references: ['https://example.org/a b']}": ["8:28 broken-link"],
}


@pytest.mark.parametrize("lines", WRONG)
def test_findings_point_at_the_wrong_value(file: Path, lines: str) -> None:
    assert under(file, lines) == WRONG[lines]


SOUND = [
    "T1078: {protect: partial}\nT1078.004: {protect: partial}",
    "T1078: {protect: minimal}\nT1078.004: {protect: partial}",
    "T1078: {protect: partial}\nT1078.004: {detect: minimal}",
    "T1078: {protect: }\nT1110: {detect: }",
    "T1078: {value: partial}\nT1110: {value: 30}",
    "T1078: [{type: a, protect: partial}, {type: b, protect: minimal}]",
    "T1078: {protect: partial, name: Valid Accounts}",
    "T1078.004: {protect: partial, name: 'Valid Accounts: Cloud Accounts'}",
    "T1078: {references: ['https://web.archive.org/web/2020/https://example.org/a', 'https://example.org/Acme_Inc.']}",
]


@pytest.mark.parametrize("lines", SOUND)
def test_a_valid_set_has_no_findings(file: Path, lines: str) -> None:
    assert under(file, lines) == []


def test_groups_types_capabilities_and_look_alikes(file: Path) -> None:
    text = f"""{HEAD}mapping_types: [related_to]
groups: {{storage: Storage, network: Network}}
capabilities:
  key_vault: {{groups: [storage], techniques: {{T1078: }}}}
  Key-Vault: {{groups: [Storage], techniques: {{T1110: {{type: related-to}}}}}}
  alone: {{name: Alone}}
  both: {{techniques: {{T1078: }}, non_mappable: true}}
"""
    assert findings(file, text) == [
        "6:28 unused-group",
        "9:3 lookalike-id",
        "9:3 undeclared-group",
        "9:61 undeclared-type",
        "10:3 capability-without-mapping",
        "11:3 mapped-non-mappable",
    ]


def test_groups_have_the_places_of_their_declarations(file: Path) -> None:
    """Not those where a capability names them, or where their ids are within longer ones."""
    groups = "groups:\n  g1: One\n  a: x\n  b: x\n  B: x\n  A: x\n  1: x\n"
    text = f"{HEAD}{groups}capabilities: {{c: {{groups: [g1, a, b, A, B], techniques: {{T1078: }}}}}}\n"
    assert findings(file, text) == ["9:3 lookalike-id", "10:3 lookalike-id", "11:3 unused-group"]


def test_the_same_finding_in_many_rows_is_one_line_with_the_other_places(run: Run, tmp_path: Path) -> None:
    rows = [(f"c{number}", "T1053.001", "protect", "partial") for number in range(6)]
    path = write_set(tmp_path / "many.json", rows)
    result = run("check", path, "--select", "revoked-technique")
    assert result.code == 1
    first, more = result.out.splitlines()
    assert first.startswith(f"{path}:1:")
    assert ": revoked-technique technique T1053.001 " in first
    assert more.startswith("    and 5 more at 1:")
    assert len(json.loads(run("check", path, "--json", "--select", "revoked-technique").out)["findings"]) == 6


def test_errors_of_a_reader_and_findings_of_the_rules_are_reported_together(file: Path) -> None:
    assert under(file, "T1078: {protect: middling}\nT1053.001: {protect: partial}") == [
        "8:24 unknown-value",
        "9:7 revoked-technique",
    ]


def test_a_malformed_id_gets_the_name_of_the_technique_that_is_meant(run: Run, file: Path) -> None:
    under(file, "T1059.01: {protect: partial}")
    result = run("check", file)
    assert "did you mean T1059.001 Command and Scripting Interpreter: PowerShell?" in result.out
    assert result.code == 1


def test_exit_status(run: Run, file: Path) -> None:
    under(file, "T1078: [{protect: partial}, {protect: partial}]")
    assert run("check", file).code == 0
    assert run("check", file, "--strict").code == 1
    assert run("check", file, "--strict", "--ignore", "duplicate-mapping").code == 0
    assert run("check", file, "--ignore", "duplicates").code == 2
    assert run("check", file.with_name("none.yaml")).code == 2
    file.write_bytes(b"")
    assert run("check", file).code == 2


def test_against_another_release(run: Run, file: Path) -> None:
    under(file, "T1562.001: mitigates\nT1053.002: mitigates")
    assert run("check", file).out == ""
    result = run("check", file, "--attack", "8.2")
    assert result.out == ""
    under(file, "T1666: mitigates")
    assert "unknown-technique" in run("check", file, "--attack", "8.2").out


def test_the_error_is_explained_before_more_frequent_warnings(run: Run) -> None:
    """Of AWS, one id is revoked in its release, and many have other names."""
    result = run("check", "aws")
    assert result.err.splitlines()[0].split() == ["27", "technique-renamed"]
    assert result.err.endswith("`navlayers check --explain revoked-technique` explains the code\n")


def test_a_code_with_a_slip_gets_a_suggestion(run: Run) -> None:
    result = run("check", "--explain", "revoked-techniques")
    assert (result.code, result.out) == (2, "")
    assert "did you mean revoked-technique?" in result.err
    assert run("check", "--explain", "revoked-technique").out.startswith("## revoked-technique\n\nError: ")


def test_every_code_is_explained_and_the_docs_equal_the_output_of_the_command(run: Run) -> None:
    assert [code for code, said in codes().items() if not (said.why and said.fix and said.example)] == []
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == explanations()
    assert run("check", "--explain", "all").out == explanations()


def test_every_code_that_the_package_names_is_known() -> None:
    named = set()
    for path in sorted((ROOT / "navlayers").rglob("*.py")):
        named |= set(re.findall(r'\bcode="([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert named <= codes().keys()


@pytest.mark.parametrize(
    ("link", "code"),
    {
        "https://example.org/a": None,
        "https://example.org/a#b.": None,
        "https://en.wikipedia.org/wiki/Lock_(device)": None,
        "http://192.0.2.1:8080/a": None,
        "https://bücher.example/ä": None,
        " https://example.org/a": "link-spaces",
        "": "broken-link",
        "[]": "broken-link",
        "example.org/a": "broken-link",
        "ftp://example.org/a": "broken-link",
        "See https://example.org/a": "broken-link",
        "https://example.org/a; https://example.org/b": "broken-link",
        'https://example.org/"a"': "broken-link",
        "https://localhost/a": "broken-link",
        "https://intranet/a": "broken-link",
        "https://example.org/sentence.": "broken-link",
        "https://example.org/a)": "broken-link",
    }.items(),
)
def test_links_are_judged_by_their_form(link: str, code: str | None) -> None:
    verdict = links.verdict(link)
    assert (verdict and verdict[0]) == code


@cache
def _findings(path: Path) -> tuple[Finding, ...]:
    """Those of a published set; two tests look at all of them."""
    return check(resolve([str(path)])).findings


@cache
def _published_techniques(domain: str, version: str) -> dict[str, dict[str, Any]]:
    """Id → technique of the bundle of a release."""
    bundle = SHARED / "attack" / f"{domain}-attack-{version}.json"
    return {
        reference["external_id"]: {name: thing.get(name) for name in ("name", "revoked", "x_mitre_deprecated")}
        for thing in json.loads(bundle.read_bytes())["objects"]
        if thing["type"] == "attack-pattern"
        for reference in thing["external_references"]
        if reference["source_name"].startswith("mitre-")
    }


def _by_code(found: tuple[Finding, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.code] = counts.get(one.code, 0) + 1
    return counts


def test_the_findings_of_published_sets_agree_with_an_independent_count(corpus: Path) -> None:
    for path in CORPUS_FILES:
        file = json.loads(path.read_bytes())
        head, rows = file["metadata"], file["mapping_objects"]
        known = _published_techniques(head["technology_domain"], head["attack_version"])
        counts = _by_code(_findings(path))
        used = [known.get(row["attack_object_id"]) for row in rows if row["attack_object_id"]]
        assert counts.get("revoked-technique", 0) == sum(bool(thing and thing.get("revoked")) for thing in used)
        assert counts.get("deprecated-technique", 0) == sum(
            bool(thing and thing.get("x_mitre_deprecated") and not thing.get("revoked")) for thing in used
        )
        assert counts.get("other-domain-technique", 0) + counts.get("unknown-technique", 0) == used.count(None)
        renamed = sum(
            thing["name"] != row["attack_object_name"]
            for row in rows
            if (thing := known.get(row["attack_object_id"] or "")) and not thing.get("revoked")
        )
        names = ("technique-renamed", "technique-spelling", "technique-name")
        assert sum(counts.get(code, 0) for code in names) == renamed
        groups = {row["capability_group"] for row in rows}
        assert counts.get("unused-group", 0) == len(head["capability_groups"].keys() - groups)


MANY = {
    "unknown ids": "".join(f"      T{n:04d}: {{protect: partial}}\n" for n in range(2_000, 8_000)),
    "wrong names": "      T1078:\n"
    + "".join(f"      - {{protect: {n % 100}, name: Nme {n}}}\n" for n in range(4_000)),
    "the same again": "      T1078:\n" + "".join(f"      - {{protect: 1.{n + 1}}}\n" for n in range(6_000)),
    "dead links": "      T1078: {protect: partial}\n    references:\n"
    + "".join(f"    - http://h{n}.local\n" for n in range(3_000)),
    "groups": "      T1078: {protect: partial}\n    groups:\n" + "".join(f"    - g{n}\n" for n in range(10_000)),
}


@pytest.mark.parametrize("lines", MANY.values(), ids=MANY)
@pytest.mark.cpu(3)
def test_thousands_of_findings_take_no_more_than_three_seconds(lines: str, file: Path) -> None:
    file.write_text(f"{HEAD}capabilities:\n  c:\n    techniques:\n{lines}", encoding="utf-8")
    check(resolve([str(file)]))


def test_rows_that_repeat_a_mapping_often_are_counted(tmp_path: Path) -> None:
    """A table without capabilities may repeat each technique thousands of times."""
    file = tmp_path / "set.csv"
    for rows, places in ((21, [*range(3, 23)]), (22, [*range(3, 23)]), (1_000, [*range(3, 23)])):
        file.write_text("Capability,Technique,Protect\n" + "c,T1078,partial\n" * rows, encoding="utf-8")
        found = [each for each in check(resolve([str(file)])).findings if each.code == "duplicate-mapping"]
        assert [each.place.line for each in found] == places
    assert found[18].message == (
        'T1078 of capability "c" is rated protect partial twice, first in line 2, column 9, identically'
    )
    assert found[19].message == (
        'T1078 of capability "c" is rated protect partial 980 more times from here on, first in line 2, column 9'
    )


@pytest.mark.cpu(1)
def test_thousands_of_equal_findings_are_one_with_its_places() -> None:
    equal = tuple(finding("duplicate-mapping", Place("a.csv", line, 1), "twice") for line in range(2, 30_002))
    text = render(Report(equal, ()), "text")
    assert text.startswith("a.csv:2:1: duplicate-mapping twice\n    and 29,999 more at 3:1, 4:1, ")
    assert text.endswith(" 30001:1\n")


def test_a_set_reads_the_same_for_check_as_for_everything_else(corpus: Path) -> None:
    """Every place of a finding is a place in the file."""
    for path in CORPUS_FILES:
        lines = path.read_text(encoding="utf-8").split("\n")
        for one in _findings(path):
            assert 0 < one.place.column <= len(lines[one.place.line - 1])
        assert readers.read(path).format == "mapex-json"


def test_other_files_of_a_folder_are_reported(run: Run, tmp_path: Path) -> None:
    write_set(tmp_path / "in" / "one.json", [("mfa", "T1078", "protect", "partial")])
    (tmp_path / "in" / "other.json").write_text('{"something": 1}')
    result = run("check", tmp_path / "in")
    assert f"note: {tmp_path / 'in' / 'other.json'}: skipped, not a mapping set" in result.err


def test_a_release_that_is_not_at_hand_ends_a_check_as_it_ends_a_build(run: Run, one: Path) -> None:
    assert run("check", one, "--attack", "99").code == run("build", one, "--attack", "99").code == 2


def test_losses_of_a_format_are_notes_that_do_not_fail(run: Run, tmp_path: Path) -> None:
    (tmp_path / "layer.json").write_text(
        '{"name": "L", "versions": {"layer": "4.5", "attack": "16"}, "domain": "enterprise-attack",'
        ' "description": "for nobody", "techniques": [{"techniqueID": "T1078", "score": 50}]}'
    )
    said = "framework=l,version=1,attack_version=16.1"
    result = run("check", tmp_path / "layer.json", "--strict", "--meta", said)
    assert ("not-carried" in result.out, result.code) == (True, 0)
    as_github = run("check", tmp_path / "layer.json", "--format", "github", "--meta", said)
    assert as_github.out.startswith("::notice ")


def test_a_status_in_place_of_a_type_is_not_undeclared(run: Run, tmp_path: Path) -> None:
    head = 'framework: d\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\nmapping_types: [scores]\n'
    path = tmp_path / "set.yaml"
    for type_, times in (("other", 1), ("non_mappable", 0)):
        body = f"capabilities:\n  a: {{techniques: {{T1078: }}}}\n  b: {{non_mappable: {{type: {type_}}}}}\n"
        path.write_text(head + body)
        assert run("check", path).out.count("undeclared-type") == times


def test_two_formats_exclude_each_other(run: Run, one: Path) -> None:
    assert run("check", one, "--json", "--format", "sarif").code == 2
    assert run("check", one, "--json").out == run("check", one, "--json", "--format", "json").out


def test_unfixable_findings_against_another_release_have_no_fix(run: Run, tmp_path: Path) -> None:
    path = write_set(tmp_path / "one.json", [("mfa", "T1053.001", "protect", "partial")])
    assert "can be fixed with --fix" in run("check", path).err
    assert "can be mended" not in run("check", path, "--attack", "18.1").err


def test_a_check_ends_after_20_000_errors(run: Run, tmp_path: Path) -> None:
    """A table that is wrong in every row is of another kind, or hostile."""
    table = tmp_path / "names.csv"
    rows = (f"C{number},Unknown {number}\n" for number in range(20_100))
    table.write_text(f"capability,technique\n{''.join(rows)}", encoding="utf-8")
    found = json.loads(run("check", table, "--json").out)["findings"]
    assert found[0]["message"] == "… and at least 15,000 more problems"
    assert [finding["line"] for finding in found[-2:]] == [5000, 5001]


def test_thousands_of_unused_groups_have_the_places_of_their_declarations(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is searched for behind the one before it, and those that are written with escapes not for ever."""
    calls = create_autospec(source_text.Text.find, side_effect=source_text.Text.find)
    monkeypatch.setattr(source_text.Text, "find", calls)
    text = f"{HEAD}capabilities: {{c: {{groups: [g1], techniques: {{T1078: }}}}}}\ngroups:\n  g1: One\n"
    text += "".join(f"  g{number}: G\n" for number in range(2, 200))
    assert findings(file, text) == [f"{number + 6}:3 unused-group" for number in range(2, 200)]
    assert calls.call_count == 199 - 1
    calls.reset_mock()
    escaped = "".join(f'  "\\x68{number}": H\n' for number in range(500))
    assert (
        findings(file, f"{HEAD}groups:\n{escaped}capabilities: {{c: {{techniques: {{T1078: }}}}}}\n")
        == ["6:3 unused-group"] * 500
    )
    assert calls.call_count == 100


def test_links_that_are_written_with_escapes_are_not_searched_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_MOST_IN_VAIN", 3_000)
    path = write_set(tmp_path / "one.json", [("mfa", "T1078", "detect", "minimal")])
    content = json.loads(path.read_text())
    content["mapping_objects"][0]["references"] = [f"http://a/{number}" for number in range(20)]
    path.write_text(json.dumps(content, indent=1).replace("http://a/", "http:\\/\\/a\\/"))
    calls = create_autospec(source_text.Text.find, side_effect=source_text.Text.find)
    monkeypatch.setattr(source_text.Text, "find", calls)
    places = create_autospec(subject.Subject.place, side_effect=subject.Subject.place)
    monkeypatch.setattr(subject.Subject, "place", places)
    found = [each for each in check(resolve([str(path)])).findings if each.code == "broken-link"]
    assert len(found) == 20
    assert sum(call.kwargs == {"field": "references"} for call in places.call_args_list) <= 2
    assert len({each.place for each in found}) == 1
    assert calls.call_count == 2


def test_many_types_and_values_do_not_make_messages_long(file: Path) -> None:
    """Each of thousands of errors would list all of them."""
    numbers = "".join(f"  {number}: {number / 10}\n" for number in range(300))
    text = f"{HEAD}scale:\n{numbers}capabilities: {{c: {{techniques: {{T1078: {{protect: 999}}}}}}}}\n"
    file.write_text(text)
    (found,) = check(resolve([str(file)])).findings
    assert found.expected == f"{', '.join(map(str, range(12)))}, …"
