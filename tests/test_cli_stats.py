from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Cells, write_set

from navlayers.mapping import formats as readers

if TYPE_CHECKING:
    from conftest import Run

ROWS: list[Cells] = [
    ("ids", "T1078", "detect", "partial"),
    ("ids", "T1078.004", "detect", "minimal"),
    ("mfa", "T1078", "protect", "significant"),
    ("mfa", "T1110.001", "protect", "partial"),
    ("hsm", None, None, None),
]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "tiny.json", ROWS)


def one(run: Run, *args: str | Path) -> Any:
    done = run("stats", *args, "--json")
    assert done.code == 0
    (found,) = json.loads(done.out)
    return found


def test_the_numbers_are_those_worked_out_by_hand(run: Run, tiny: Path) -> None:
    found = one(run, tiny)
    # ATT&CK 16.1 has 203 techniques; two sub-techniques of T1078 stand in four columns and T1110 in one.
    assert {key: found[key] for key in ("capabilities", "techniques", "subtechniques", "mappings")} == {
        "capabilities": 2,
        "techniques": 1,
        "subtechniques": 2,
        "mappings": 4,
    }
    assert (found["base_techniques"], found["base_techniques_mapped"], found["base_techniques_unmapped"]) == (
        203,
        2,
        201,
    )
    assert {tactic["tactic"]: tactic["mapped"] for tactic in found["tactics"] if tactic["mapped"]} == {
        "initial-access": 2,
        "persistence": 2,
        "privilege-escalation": 2,
        "defense-evasion": 2,
        "credential-access": 1,
    }
    assert len(found["tactics"]) == 14
    assert found["values"] == {
        "protect": {"significant": 1, "partial": 1},
        "detect": {"partial": 1, "minimal": 1},
    }


def test_numbers_are_printed_on_standard_output(run: Run, tiny: Path) -> None:
    done = run("stats", tiny, "--all")
    assert done.code == 0
    # 3 of 656: 0.457%. 1 of the 67 of Credential Access: 1.49%.
    assert done.out.splitlines()[2].split() == ["tiny", "16.1", "2", "1", "2", "0.5%"]
    assert re.search(r"^share of the 656 techniques and sub-techniques +0\.5%$", done.out, re.MULTILINE)
    assert re.search(r"^of the 203 base techniques, also by subs +2$", done.out, re.MULTILINE)
    assert re.search(r"^Credential Access +1 +67 +[━╸─]+ +1\.5%$", done.out, re.MULTILINE)
    assert "Credential Access" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert run("stats", tiny, "--all", "-q") == (0, done.out, "")


def test_at_another_release_the_numbers_are_those_of_that_release(run: Run, tiny: Path) -> None:
    found = one(run, tiny, "--attack", "18.1")
    assert (found["attack_version"], found["base_techniques"]) == ("18.1", 216)


def test_inactive_techniques_are_reported(run: Run, tmp_path: Path) -> None:
    source = write_set(tmp_path / "old.json", [("a", "T1034", "protect", "partial")])
    assert [technique["id"] for technique in one(run, source)["not_active"]] == ["T1034"]
    assert "T1034 Path Interception: deprecated" in run("stats", source).err


def test_several_sets_are_in_one_table(run: Run, tiny: Path, tmp_path: Path) -> None:
    other = write_set(tmp_path / "in" / "other.json")
    done = run("stats", tiny, other)
    assert done.code == 0
    names = [line.split()[0] for line in done.out.split("\n\n")[0].splitlines() if line.strip()]
    assert names[-2:] == ["tiny", "other"]


def test_a_set_may_come_from_standard_input(run: Run, tiny: Path) -> None:
    done = run("stats", "-", "--json", stdin=tiny.read_bytes())
    (found,) = json.loads(done.out)
    assert found["mappings"] == 4


def test_stats_write_nothing(run: Run, tiny: Path) -> None:
    run("stats", tiny)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["gpc"], ["gpc", "gcp"]),
        (["nothing.json"], ["nothing.json"]),
        (["TINY", "--attack", "99.9"], ["99.9", "18.1"]),
        (["TINY", "--worth", "5"], ["--worth"]),
    ],
)
def test_sets_that_cannot_be_counted_are_refused(run: Run, tiny: Path, args: list[str], words: list[str]) -> None:
    done = run("stats", *(str(tiny) if arg == "TINY" else arg for arg in args))
    assert done.code == 2
    assert done.out == ""
    assert all(word in done.err for word in words)


def test_an_unscored_set_counts_its_mapping_types(run: Run, tmp_path: Path) -> None:
    source = write_set(tmp_path / "bare.json", [("a", "T1078", None, None), ("b", "T1078", None, None)])
    found = one(run, source)
    assert found["scored"] is False
    assert list(found["values"].values()) == [{"technique_scores": 2}]


def test_files_of_equal_names_are_distinguished_by_their_paths(run: Run, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_set(tmp_path / folder / "own.json", [("mfa", "T1078", "protect", "partial")])
    paths = [str(tmp_path / folder / "own.json") for folder in ("a", "b")]
    counted = json.loads(run("stats", *paths, "--json").out)
    assert [one["name"] for one in counted] == ["a/own", "b/own"]
    refused = run("build", *paths, "-o", tmp_path / "out")
    assert refused.code == 2
    assert f"{paths[0]} and {paths[1]} would be written to the same folder, own" in refused.err


def test_two_files_of_one_name_in_the_folder_mappings_are_refused_by_build(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mappings").mkdir()
    source = write_set(tmp_path / "mappings" / "own.json", [("mfa", "T1078", "protect", "partial")])
    (tmp_path / "mappings" / "own.yaml").write_bytes(readers.encode(readers.read(source).mapping_set).data)
    monkeypatch.chdir(tmp_path)
    assert "would be written to the same folder, own" in run("build").err
    assert run("stats").code == 0


def test_numbers_have_a_column_in_order_under_their_name_on_the_scale(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    rows = ["a,T1078,protect,High", "b,T1110,protect,medium", "c,T1059,detect,50", "d,T1190,detect,20"]
    path.write_text("\n".join(["control,technique,category,score", *rows, ""]), encoding="utf-8")
    lines = [line.split() for line in run("stats", path, "--scale", "High=100,medium=50").out.splitlines()]
    at = lines.index(["mappings", "20", "medium", "High"])
    assert lines[at + 1 : at + 3] == [["protect", "0", "1", "1"], ["detect", "1", "1", "0"]]


def test_tactics_without_mappings_are_counted_and_named(run: Run, tiny: Path) -> None:
    """Nine of the fourteen tactics of ATT&CK 16.1."""
    out = " ".join(run("stats", tiny).out.split())
    assert "Nothing mapped in 9 tactics: Resource Development (0 of 47), Discovery (0 of 46), +7 more." in out


def test_techniques_scored_0_are_mapped_but_said_not_to_be_covered(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "z.csv"
    path.write_text("capability,technique,score\nA,T1078,0\nB,T1110,50\n", encoding="utf-8")
    result = run("stats", path)
    assert "maps 2 capabilities: 2 of the " in result.out
    assert "note: z: 1 technique scored 0 counts as not covered\n" in result.err
    assert "scored 0" not in run("stats", path, "--no-notes").err
