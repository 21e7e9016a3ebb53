from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import msgspec
import pytest
from conftest import CORPUS, CORPUS_FILES, Run, write_set
from hypothesis import given
from hypothesis import strategies as st

from navlayers.checks import check, fix, fixes
from navlayers.mapping import formats as readers
from navlayers.mapping.find import Source, resolve

HEAD = 'framework: demo\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\ncapabilities:\n'


def mended(path: Path) -> bytes:
    (one,) = fix(check(resolve([str(path)])))
    return one.after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("T1053.001: {protect: partial, detect: minimal}", "T1053.002: {protect: partial, detect: minimal}"),
        ("'T1053.001': {protect: partial}  # kept", "'T1053.002': {protect: partial}  # kept"),
        ('"T1053.001 ": {protect: partial}', '"T1053.001": {protect: partial}'),
        ("T1053.001: mitigates", "T1053.002: mitigates"),
        ("T1046: {name: Network Service Scanning}", "T1046: {name: Network Service Discovery}"),
        ("T1078: {references: [' https://example.org/a ']}", "T1078: {references: ['https://example.org/a']}"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_fixes_of_native_yaml_change_nothing_else(tmp_path: Path, before: str, after: str, newline: str) -> None:
    text = f"{HEAD}  a:\n    techniques:\n      {before}\n  b: {{techniques: {{T1078: }}}}  # T1053.001\n"
    path = tmp_path / "set.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", newline).encode())
    assert mended(path) == b"\xef\xbb\xbf" + text.replace(before, after).replace("\n", newline).encode()


def test_spaces_of_a_cell_that_is_id_and_name_are_fixed(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    text = "Control Name,technique,category,score\n MFA ,T1078,protect,partial\nMFA,T1110,protect,partial\n"
    path.write_text(text, encoding="utf-8")
    assert mended(path) == text.replace(" MFA ", "MFA").encode()


def test_a_successor_that_is_mapped_already_is_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(
        f"{HEAD}  a:\n    techniques:\n      T1053.001: {{protect: partial}}\n      T1053.002: mitigates\n"
    )
    report = check(resolve([str(path)]))
    assert [finding.code for finding in report.findings] == ["revoked-technique"]
    assert "the capability is already mapped to it" in report.findings[0].hint
    assert fix(report) == ()


def test_fix_writes_all_files_or_none(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [
        write_set(tmp_path / name, [("mfa", "T1053.001", "protect", "partial")]) for name in ("a.json", "b.json")
    ]
    before = [path.read_bytes() for path in paths]
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if target.name == "b.json":
            raise PermissionError(1, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    result = run("check", "--fix", *paths)
    assert result.code == 2
    assert "b.json: cannot be written: operation not permitted (nothing is written)" in result.err
    assert [path.read_bytes() for path in paths] == before


def test_one_file_is_read_once_before_and_once_after_its_fixes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parts of a table of two domains are; the second run finds nothing to fix."""
    reads = create_autospec(readers.read, side_effect=readers.read)
    monkeypatch.setattr(readers, "read", reads)
    path = Path("rules.csv")
    path.write_text("Capability,Technique\na,t1059\nb,T1078\nc,T1404\nd,t1406\n", encoding="utf-8")
    fixed = run("check", path, "--fix")
    assert (fixed.code, "fixed 2 findings" in fixed.err) == (0, True)
    assert path.read_text(encoding="utf-8") == "Capability,Technique\na,T1059\nb,T1078\nc,T1404\nd,T1406\n"
    assert reads.call_count == 2 * 2
    assert run("check", path, "--fix", "--ignore", "assumed-metadata").out == ""
    assert reads.call_count == 2 * 2 + 2


def test_fix_writes_the_file_and_shows_the_difference(run: Run, tmp_path: Path) -> None:
    path = write_set(tmp_path / "one.json", [("mfa", "T1053.001", "protect", "partial")])
    before = path.read_bytes()
    shown = run("check", path, "--diff")
    assert (shown.code, path.read_bytes()) == (1, before)
    result = run("check", path, "--fix", "--ignore", "technique-name")
    assert result.code == 0
    assert "-" in result.out
    assert b'"T1053.002"' in path.read_bytes()
    assert run("check", path, "--fix", "--ignore", "technique-name").out == ""


def test_a_cell_that_loses_its_line_break_is_shown_as_lines_joined(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text('Technique,Control\nT1078,"AC-3\n"\nT1110,AC-3\n', encoding="utf-8", newline="")
    shown = run("check", "--diff", path)
    assert shown.code == 0
    diff = ' Technique,Control\n-T1078,"AC-3\n-"\n+T1078,"AC-3"\n T1110,AC-3\n'
    assert shown.out.startswith(f"--- {path}\n+++ {path}\n@@ -1,4 +1,3 @@\n{diff}{path}:")


NAMED = ("--meta", "attack_version=16.1")


def test_an_assumed_release_changes_no_id_and_no_name(run: Run, tmp_path: Path) -> None:
    """T1086 was revoked, T1070 renamed; the table may be right for the release that it was made for."""
    path = tmp_path / "cells.csv"
    text = "Technique,Name,Control\nT1086,PowerShell,a\nT1070,Indicator Removal on Host,a\nt1110,Brute Force,a\n"
    path.write_text(text, encoding="utf-8")
    assert run("check", path, "--fix").code == 0
    assert path.read_text(encoding="utf-8") == text.replace("t1110", "T1110")
    run("check", path, "--fix", *NAMED)
    fixed = ["T1059.001,PowerShell,a", "T1070,Indicator Removal,a"]
    assert path.read_text(encoding="utf-8").splitlines()[1:3] == fixed


def test_a_line_separator_in_a_value_is_not_the_end_of_a_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("Technique,Control,Comment\nT1086,AC-3,a\u2028b\n", encoding="utf-8")
    assert "\n-T1086,AC-3,a\u2028b\n+T1059.001,AC-3,a\u2028b\n" in run("check", "--diff", path, *NAMED).out


def test_a_diff_is_a_patch_in_a_file_and_without_escapes_on_a_terminal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("Technique,Control,Comment\nT1086,AC-3,\x1b[31mred\n", encoding="utf-8")
    assert "\n+T1059.001,AC-3,\x1b[31mred\n" in run("check", "--diff", path, *NAMED).out
    monkeypatch.setattr("_pytest.capture.CaptureIO.isatty", lambda _: True)
    monkeypatch.setattr("_pytest.capture.EncodedFile.isatty", lambda _: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = run("check", "--diff", path, *NAMED).out
    assert "\n+T1059.001,AC-3, [31mred\n" in shown
    assert "\x1b" not in shown


def test_standard_input_is_mended_to_standard_output(run: Run) -> None:
    text = f"{HEAD}  a: {{techniques: {{T1053.001: }}}}\n"
    result = run("check", "-", "--fix", stdin=text.encode())
    assert result.out == text.replace("T1053.001", "T1053.002")
    assert "+  a: {techniques: {T1053.002: }}" in result.err


def test_shipped_sets_are_never_changed(run: Run) -> None:
    result = run("check", "nist_800_53", "--fix", "--ignore", "other-domain-technique")
    assert result.code == 0
    assert "fixed nothing" in result.err


def test_fix_and_attack_exclude_each_other(run: Run, one: Path) -> None:
    assert run("check", one, "--fix", "--attack", "18.1").code == 2


def test_a_table_is_mended_at_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    text = (
        'capability;technique;category;value\r\nids;"T1053.001";protect;partial\r\nmfa;T1053.001;detect;minimal\r\n'
    )
    path.write_bytes(text.encode())
    options = readers.ReadOptions(metadata={"attack_version": "16.1", "domain": "enterprise"})
    (one,) = fix(check(resolve([str(path)]), reading=options), reading=options)
    assert one.after == text.replace("T1053.001", "T1053.002").encode()


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem[:12])
def test_published_sets_lose_their_mended_findings_and_nothing_else(path: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the published mapping sets are not at ../shared/corpus")
    report = check(resolve([str(path)]))
    for one in fix(report):
        again = check([Source("again", path, data=one.after)])
        gone = {(f.code, f.place.line) for f in one.findings}
        assert gone
        left = [(f.code, f.place.line) for f in again.findings]
        assert left == [(f.code, f.place.line) for f in report.findings if (f.code, f.place.line) not in gone]
        before, after = path.read_bytes().splitlines(), one.after.splitlines()
        assert len(before) == len(after)
        changed = [number for number, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert len(changed) == len([line for line in one.diff.splitlines() if line.startswith("+")]) - 1
        assert all(a < b for a, b in pairwise(changed))


IDS = st.sampled_from(["T1053.001", "T1053.002", "T1078", "T1046", " T1110", "T1562.001"])
NAMES = st.sampled_from([None, "Network Service Scanning", "At (Linux)", "Valid accounts", "Ünbekannt"])


@given(st.lists(st.tuples(st.sampled_from("abc"), IDS, NAMES, st.sampled_from(["partial", "minimal"])), min_size=1))
def test_mending_never_adds_a_finding_and_keeps_the_rest_of_every_row(
    rows: list[tuple[str, str, str | None, str]],
) -> None:
    objects = [
        {
            "capability_id": capability,
            "attack_object_id": technique,
            "attack_object_name": name,
            "score_category": "protect",
            "score_value": value,
            "mapping_type": "scores",
            "references": [" https://example.org/a"],
        }
        for capability, technique, name, value in rows
    ]
    head = {
        "mapping_framework": "tiny",
        "mapping_framework_version": "1",
        "technology_domain": "enterprise",
        "attack_version": "16.1",
    }
    data = msgspec.json.format(msgspec.json.encode({"metadata": head, "mapping_objects": objects}))
    report = check([Source("x", Path("x.json"), data=data)])
    for one in fix(report, {"x.json": data}):
        again = check([Source("x", Path("x.json"), data=one.after)])
        gone = {(f.code, f.place.line) for f in one.findings}
        assert {(f.code, f.place.line) for f in again.findings} <= {
            (f.code, f.place.line) for f in report.findings
        } - gone
        before, after = msgspec.json.decode(data), msgspec.json.decode(one.after)
        for row in (*before["mapping_objects"], *after["mapping_objects"]):
            row.pop("attack_object_id"), row.pop("attack_object_name"), row.pop("references")
        assert before == after


def test_a_file_that_changed_while_it_was_checked_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    head = 'framework: demo\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\n'
    path = tmp_path / "set.yaml"
    path.write_text(f"{head}capabilities: {{c: {{techniques: {{T1053.001: {{protect: partial}}}}}}}}\n")

    def slow(*args: Any) -> object:
        done = fix(*args)
        path.write_text("mine", encoding="utf-8")
        return done

    monkeypatch.setattr("navlayers.checks.fix", slow)
    result = run("check", "--fix", path)
    assert result.code == 2
    assert "the file has changed since it was read" in result.err
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_revoked_id_with_the_name_of_another_technique_is_reported_and_not_fixed(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(f"{HEAD}  a:\n    techniques:\n      T1086: {{detect: minimal, name: Brute Force}}\n")
    report = check(resolve([str(path)]))
    assert [finding.code for finding in report.findings] == ["revoked-technique", "technique-name"]
    assert 'unless the name "Brute Force" is right' in report.findings[0].hint
    assert fix(report) == ()
    path.write_text(f"{HEAD}  a:\n    techniques:\n      T1086: {{detect: minimal, name: Powershell}}\n")
    assert b"T1059.001: {detect: minimal, name: PowerShell}" in mended(path)


def test_fixes_that_contradict_each_other_do_not_prevent_those_of_other_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read again a few times only, however many fixes make it invalid."""
    monkeypatch.setattr(fixes, "_MOST_READ", 0)
    reads = create_autospec(readers.read, side_effect=readers.read)
    monkeypatch.setattr(readers, "read", reads)
    both = "".join(f"  b{number}: {{techniques: {{t1078: x, T1078: z}}}}\n" for number in range(64))
    path = tmp_path / "set.yaml"
    path.write_text(f"{HEAD}{both}  c: {{techniques: {{t1110: x}}}}\n  d: {{techniques: {{t1059.1: x}}}}\n")
    report = check(resolve([str(path)]))
    reads.reset_mock()
    (one,) = fix(report)
    assert one.after.decode() == path.read_text().replace("t1110", "T1110").replace("t1059.1", "T1059.001")
    assert [finding.place.line for finding in one.findings] == [70, 71]
    assert reads.call_count == 2 + 2
    assert one.diff.count("@@") == 2
