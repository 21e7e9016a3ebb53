"""`navlayers diff` as its users see it: two versions of a small set, told apart by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from conftest import Cells, Run, set_of, write_set
from conftest import row as mapping_row

from navlayers.mapping.formats import encode

if TYPE_CHECKING:
    from pathlib import Path

OLD: tuple[Cells, ...] = (
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1078", "detect", "minimal"),
    ("mfa", "T1110", "protect", "partial"),
    ("ids", "T1059.001", "detect", "partial"),
    ("ids", "T1566", "detect", "partial"),
    ("old", "T1003", "detect", "minimal"),
)
NEW: tuple[Cells, ...] = (
    ("mfa", "T1078", "protect", "partial"),  # lower, but
    ("mfa", "T1078", "detect", "significant"),  # higher: weaker all the same
    ("mfa", "T1110", "protect", "significant"),
    ("ids", "T1059.001", "detect", "partial"),
    ("ids", "T1566", "detect", "partial"),
    ("ids", "T1566", "respond", "minimal"),
    ("edr", "T1005", "detect", "minimal"),
)
TEXT = """\
tiny 1: old → new, at ATT&CK enterprise 16.1
1 technique lost, 1 weaker, 1 gained, 2 stronger; 1 capability added, 1 removed.
Covered: 5 → 5 techniques and sub-techniques, mean score 52 → 62.

lost
  T1003  OS Credential Dumping: overall 10 → none, detect 10 → none
         by Name of old detect minimal → none

weaker
  T1078  Valid Accounts: protect 100 → 50, detect 10 → 100
         by Name of mfa protect significant → partial; Name of mfa detect minimal → significant

gained
  T1005  Data from Local System: overall none → 10, detect none → 10
         by Name of edr detect none → minimal

stronger
  T1110  Brute Force: overall 50 → 100, protect 50 → 100
         by Name of mfa protect partial → significant
  T1566  Phishing: respond none → 10
         by Name of ids respond none → minimal

capabilities added
  edr Name of edr

capabilities removed
  old Name of old

metadata
  mappings: 6 → 7
  mappings in one version only: 4 before → 5 after
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "old.json", OLD)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "new.json", NEW)


def test_the_text_tells_all_that_changed(run: Run, old: Path, new: Path) -> None:
    assert run("diff", "--all", old, new) == (0, TEXT, "")


def test_the_json_tells_the_same(run: Run, old: Path, new: Path) -> None:
    found = json.loads(run("diff", old, new, "--json").out)
    told = {change: [one["id"] for one in those] for change, those in found["techniques"].items()}
    assert told == {"lost": ["T1003"], "weaker": ["T1078"], "gained": ["T1005"], "stronger": ["T1110", "T1566"]}
    assert found["techniques"]["stronger"][1]["steps"] == [
        {"measure": "respond", "before": None, "after": 10, "covered_before": False, "covered_after": True}
    ]
    assert found["techniques"]["weaker"][0]["reasons"] == [
        {"capability": "mfa", "category": "protect", "before": "significant", "after": "partial"},
        {"capability": "mfa", "category": "detect", "before": "minimal", "after": "significant"},
    ]
    assert found["totals"] == {"before": {"covered": 5, "mean": 52}, "after": {"covered": 5, "mean": 62}}
    assert found["lost_coverage"] is True
    assert found["capabilities"]["added"] == [{"id": "edr", "name": "Name of edr"}]


def test_the_markdown_fits_a_pull_request(run: Run, old: Path, new: Path) -> None:
    text = run("diff", old, new, "--format", "md").out
    assert text.startswith(
        "### Coverage: tiny 1: old → new\n\n1 technique lost, 1 weaker, 1 gained, 2 stronger; 1 capability"
    )
    assert "<details open><summary>1 technique lost</summary>" in text
    assert "| T1110 | Brute Force | overall 50 → 100, protect 50 → 100 | Name of mfa protect partial" in text
    assert "<details><summary>1 capability added</summary>" in text
    assert text.count("<details") == text.count("</details>") == 6


def test_markdown_of_very_much_stays_below_what_a_comment_takes(run: Run, tmp_path: Path) -> None:
    nothing = write_set(tmp_path / "in" / "nothing.json", [("c", "T1078", "protect", "minimal")])
    text = run("diff", "azure", nothing, "--format", "md").out
    assert len(text) < 65_536
    assert "… and " in text


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "a | b", "`x` *y* [z](javascript:1)", "nul\0\x1b[31m"]
)
def test_hostile_names_are_text(run: Run, tmp_path: Path, hostile: str) -> None:
    one = write_set(tmp_path / "in" / "one.json", OLD[:1])
    text = json.loads(one.read_text())
    text["mapping_objects"][0]["capability_description"] = hostile
    two = tmp_path / "in" / "two.json"
    two.write_text(json.dumps(text))
    told = run("diff", one, two, "--format", "md").out
    assert "<script>" not in told
    assert "](" not in told.replace("\\](", "")
    assert not {"\0", "\x1b"} & set(told + run("diff", "--all", one, two).out)


def test_the_exit_status_tells_of_a_loss_only_where_that_is_asked(run: Run, old: Path, new: Path) -> None:
    assert run("diff", "--all", old, new).code == 0
    assert run("diff", "--all", old, new, "--fail-on-loss").code == 1
    assert run("diff", "--all", old, new, "--fail-on-loss").out == TEXT


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (OLD, 0),  # nothing changed
        ([*OLD, ("x", "T1005", "detect", "minimal")], 0),  # more
        (OLD[1:], 1),  # a category is lost
        (OLD[:-1], 1),  # a technique is lost
        ([("mfa", "T1078", "protect", "partial"), *OLD[1:]], 1),  # weaker
    ],
)
def test_lost_and_weaker_techniques_are_a_loss(
    run: Run, old: Path, tmp_path: Path, rows: list[Cells], code: int
) -> None:
    changed = write_set(tmp_path / "in" / "changed.json", rows)
    assert run("diff", "--all", old, changed, "--fail-on-loss", "-q").code == code


def test_nothing_changed_is_said(run: Run, old: Path, tmp_path: Path) -> None:
    same = write_set(tmp_path / "in" / "same.json", OLD[::-1])
    assert run("diff", "--all", old, same).out == (
        "tiny 1: old → same, at ATT&CK enterprise 16.1\nNothing changed.\n"
        "Covered: 5 → 5 techniques and sub-techniques, mean score 52 → 52.\n"
    )


def test_ratings_that_change_no_score_are_told(run: Run, old: Path, tmp_path: Path) -> None:
    shadowed = write_set(tmp_path / "in" / "new.json", [*OLD, ("ids", "T1078", "protect", "minimal")])
    assert run("diff", "--all", old, shadowed).out.endswith(
        "metadata\n  mappings: 6 → 7\n  mappings in one version only: 0 before → 1 after\n"
    )


def test_a_version_that_is_a_date_is_iso_for_people_and_as_written_in_json(run: Run, tmp_path: Path) -> None:
    first, second = (
        write_set(tmp_path / "in" / f"{month}.json", OLD, mapping_framework_version=f"{month}/06/2025")
        for month in ("03", "04")
    )
    assert "\n  version: 2025-03-06 → 2025-04-06\n" in run("diff", "--all", first, second).out
    assert "| version | 2025-03-06 | 2025-04-06 |\n" in run("diff", first, second, "--format", "md").out
    facts = json.loads(run("diff", first, second, "--json").out)["facts"]
    assert {"name": "version", "before": "03/06/2025", "after": "04/06/2025"} in facts


def test_a_comment_that_changed_is_told(run: Run, old: Path, tmp_path: Path) -> None:
    text = json.loads(old.read_text())
    text["mapping_objects"][2]["comments"] = "Not for service accounts"
    new = tmp_path / "in" / "new.json"
    new.write_text(json.dumps(text))
    told = run("diff", "--all", old, new).out
    assert 'comments changed\n  mfa T1110 protect: none → "Not for service accounts"\n' in told
    assert "Nothing changed" not in told
    assert "<summary>1 comment changed</summary>" in run("diff", old, new, "--format", "md").out


def test_renamed_capabilities_are_told_by_id_or_by_name(run: Run, old: Path, tmp_path: Path) -> None:
    text = json.loads(old.read_text())
    for row in text["mapping_objects"]:
        if row["capability_id"] == "mfa":
            row["capability_description"] = "Strong sign-in"
        if row["capability_id"] == "old":
            row["capability_id"] = "fresh"
    new = tmp_path / "in" / "new.json"
    new.write_text(json.dumps(text))
    out = run("diff", "--all", old, new).out
    assert "2 capabilities renamed." in out
    assert "  mfa: Name of mfa → Strong sign-in\n  old → fresh: Name of old\n" in out


def test_a_rating_that_is_worth_nothing_covers_nothing(run: Run, tmp_path: Path) -> None:
    native = """\
framework: mine
version: "1"
domain: enterprise
attack_version: "16.1"
scale: {none: 0, some: 50}
capabilities:
  mfa:
    name: MFA
    techniques:
      T1078: {protect: none, detect: some}
      T1110: {protect: none}
"""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(native)
    two.write_text(native.replace("protect: none, ", "").replace("      T1110: {protect: none}\n", ""))
    assert "technique lost" not in run("diff", "--all", one, two).out
    assert run("diff", "--all", one, two, "--category", "protect", "--fail-on-loss").code == 0
    assert run("diff", "--all", one, two, "--fail-on-loss").code == 0


def test_two_removed_capabilities_of_one_name_are_not_both_renamed(run: Run, tmp_path: Path) -> None:
    rows: list[Cells] = [("a", "T1078", "protect", "partial"), ("b", "T1078", "protect", "partial")]
    one = write_set(tmp_path / "in" / "one.json", rows)
    text = json.loads(one.read_text().replace("Name of b", "Name of a"))
    one.write_text(json.dumps(text))
    two = write_set(tmp_path / "in" / "two.json", [("c", "T1078", "protect", "partial")])
    two.write_text(two.read_text().replace("Name of c", "Name of a"))
    assert "1 capability removed, 1 renamed." in run("diff", "--all", one, two).out


def test_one_category_alone(run: Run, old: Path, new: Path) -> None:
    out = run("diff", "--all", old, new, "--category", "protect").out
    assert "1 technique weaker, 1 stronger; " in out
    assert "T1078  Valid Accounts: protect 100 → 50\n" in out
    assert "detect" not in out


def test_versions_of_different_releases_meet_at_the_newer_one(run: Run, tmp_path: Path) -> None:
    old = write_set(tmp_path / "in" / "old.json", [("x", "T1053.001", "protect", "partial")], attack_version="8.2")
    new = write_set(tmp_path / "in" / "new.json", [("x", "T1053.002", "protect", "partial")])
    done = run("diff", "--all", old, new)
    assert "remapped to ATT&CK 16.1: T1053.001" in done.err
    assert "No technique's coverage and no capability changed." in done.out
    assert "  ATT&CK version: 8.2 → 16.1\n" in done.out


def test_two_layers_are_told_apart_by_their_scores(run: Run, old: Path, new: Path, tmp_path: Path) -> None:
    run("build", old, new, "-o", tmp_path / "built", "--only", "overview")
    one, two = (tmp_path / "built" / name / "overview.json" for name in ("old", "new"))
    out = run("diff", "--all", one, two).out
    assert "1 technique lost, 1 gained, 1 stronger." in out
    assert "capabilit" not in out


def test_standard_input_is_a_version(run: Run, old: Path, new: Path) -> None:
    assert run("diff", "--all", "-", new, stdin=old.read_bytes()).out == TEXT.replace("old → new", "stdin → new")


def test_a_file_is_written_by_its_ending_and_not_over_another(
    run: Run, old: Path, new: Path, tmp_path: Path
) -> None:
    target = tmp_path / "diff.md"
    assert run("diff", old, new, "-o", target).err == f"wrote {target}\n"
    assert target.read_text().startswith("### Coverage")
    assert run("diff", old, new, "-o", target).err == f"{target} is up to date\n"
    assert run("diff", new, old, "-o", target).code == 2
    assert run("diff", old, new, "-o", tmp_path / "diff.docx").code == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["gcp", "gcp"], "gcp and gcp are the same input"),
        (["gcp", "kev-mobile"], "different ATT&CK domains"),
        (["gcp", "nist_800_53"], "--worth 50 gives mappings without a value that score"),
        (["gcp", "nope"], "no mapping set 'nope'"),
        (["gcp"], "missing argument NEW"),
    ],
)
def test_what_cannot_be_told_apart(run: Run, args: list[str], words: str) -> None:
    done = run("diff", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_long_comments_are_shown_where_they_differ(run: Run, tmp_path: Path) -> None:
    for name, end in (("a", "every day"), ("b", "never")):
        whole = set_of([mapping_row("mfa", "T1078", "protect", "partial", comment="The same words. " * 9 + end)])
        (tmp_path / f"{name}.yaml").write_bytes(encode(whole, "native").data)
    told = run("diff", "--all", tmp_path / "a.yaml", tmp_path / "b.yaml").out
    assert '"…ds. The same words. every day" → "…ds. The same words. never"' in told


def test_gained_techniques_that_the_older_release_lacks_are_marked(run: Run, tmp_path: Path) -> None:
    """T1651 came with ATT&CK 12, T1110 is older; of the added capabilities only `new` is mapped."""
    head = "framework: own\nversion: '1'\ndomain: enterprise\nattack_version: '{}'\n"
    text = head + "capabilities:\n  a: {{techniques: {}}}\n"
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(text.format("9.0", "{T1003: {protect: 50}}"), encoding="utf-8")
    more = "  new: {techniques: {T1651: {protect: 20}}}\n  idle: {non_mappable: true}\n"
    new.write_text(text.format("16.1", "{T1003: {protect: 50}, T1110: {protect: 10}}") + more, encoding="utf-8")
    out = run("diff", "--all", old, new, "-q").out
    assert "2 techniques gained; 1 capability added. 1 of the gained techniques is not in ATT&CK 9.0." in out
    assert "T1651  Cloud Administration Command (not in ATT&CK 9.0): overall none → 20" in out
    assert "T1110  Brute Force: overall none → 10" in out
    assert "capabilities without mappings: 0 → 1" in out
    said = json.loads(run("diff", old, new, "--json", "-q").out)
    assert {t["id"]: t["missing_in"] for t in said["techniques"]["gained"]} == {"T1110": "", "T1651": "9.0"}
