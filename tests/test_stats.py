"""What `stats` counts, by hand and against MITRE's bundles."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import CORPUS_FILES, SHARED, TINY, active_techniques, row, set_of

from navlayers import attack
from navlayers.mapping import formats as readers
from navlayers.mapping.model import NonMappable
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import score_set
from navlayers.scoring.stats import capability_stats, set_stats

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

    from navlayers.scoring.stats import Stats


def stats(*techniques: str) -> Stats:
    return set_stats(set_of(row("a", technique, "protect", "partial") for technique in techniques), TINY)


@pytest.mark.parametrize(
    ("techniques", "mapped"),
    [
        ([], 0),
        (["T1001"], 1),
        (["T1001.001"], 1),
        (["T1001", "T1001.001", "T1001.002"], 1),
        (["T1001.001", "T1002"], 2),
        (["T1003", "T1004", "T9999", "T1001.004"], 0),
    ],
)
def test_a_base_technique_is_mapped_when_it_or_one_of_its_sub_techniques_is(
    techniques: list[str], mapped: int
) -> None:
    counted = stats(*techniques)
    assert counted.base_techniques == 3
    assert counted.base_techniques_mapped == mapped
    assert counted.base_techniques_unmapped == 3 - mapped
    active = counted.techniques + counted.subtechniques
    assert [(t.tactic, t.mapped, t.total) for t in counted.tactics] == [("execution", active, 6)]


def test_techniques_and_sub_techniques_are_counted_once_each() -> None:
    counted = stats("T1001", "T1001", "T1001.001", "T1001.002", "T1002")
    assert (counted.techniques, counted.subtechniques, counted.mappings) == (2, 2, 5)


def test_a_rolled_up_technique_is_covered_by_what_covers_its_sub_techniques(run: Run, tmp_path: Path) -> None:
    rows = [row("a", "T1001.001", "protect", "partial"), row("b", "T1002", "protect", "partial")]
    scored = score_set(set_of(rows), TINY, ScoreOptions(rollup="max"))
    numbers = {each.id: (each.techniques, each.subtechniques, each.unique) for each in capability_stats(scored)}
    assert numbers == {"a": (1, 1, 2), "b": (1, 0, 1)}
    source = tmp_path / "s.csv"
    source.write_text("control,technique,score\na,T1003.001,50\na,T1003.002,50\nb,T1003.002,50\nb,T1110,50\n")
    shown = json.loads(run("show", "a", "--set", source, "--rollup", "max", "--format", "json").out)["sections"][0]
    assert [one["id"] for one in shown["unique"]] == ["T1003.001"]
    assert (shown["stats"]["techniques"], shown["stats"]["subtechniques"], shown["stats"]["unique"]) == (1, 2, 1)
    report = run("report", source, "--rollup", "max", "--sections", "capabilities", "-o", tmp_path / "r.md")
    assert report.code == 0
    assert re.search(
        r"^\| a +\| +1 \| +2 \|.*\| +1 \| T1003\.001 \|$", (tmp_path / "r.md").read_text(), re.MULTILINE
    )


def test_only_capabilities_with_a_mapping_count() -> None:
    looked_at = (NonMappable("b", None, "non_mappable"), NonMappable(None, "T1005"), NonMappable(None, "T1005"))
    mapping_set = msgspec.structs.replace(set_of([row("a", "T1001"), row("a", "T1002")]), non_mappable=looked_at)
    counted = set_stats(mapping_set, TINY)
    assert counted.capabilities == 1
    assert (counted.non_mappable.capabilities, counted.non_mappable.techniques) == (1, 1)


def test_mappings_are_counted_per_category_and_value() -> None:
    rows = [
        row("a", "T1001", "detect", "partial"),
        row("a", "T1001", "protect", "partial"),
        row("b", "T1001", "protect", "partial"),
        row("b", "T1002", "protect", "minimal"),
        row("b", "T1005", "protect"),
    ]
    values = set_stats(set_of(rows), TINY).values
    assert list(values) == ["protect", "detect"]
    assert values["protect"]["partial"] == 2
    assert values["protect"]["minimal"] == 1
    assert sum(values["protect"].values()) == 4
    assert values["detect"] == {"partial": 1}


def test_what_the_release_does_not_have_is_listed() -> None:
    assert [technique.id for technique in stats("T9999", "T1003", "T1001").not_active] == ["T1003", "T9999"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    ids = ["T1001", "T1001.001", "T1003", "T1002", "T9999"]
    assert stats(*ids) == stats(*reversed(ids))


@pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_the_numbers_of_a_published_set_are_those_of_its_json_and_of_mitres_bundle(path: Path) -> None:
    content: dict[str, Any] = json.loads(path.read_bytes())
    domain, version = content["metadata"]["technology_domain"], content["metadata"]["attack_version"]
    rows = [
        r
        for r in content["mapping_objects"]
        if r["attack_object_id"] and r["capability_id"] and "non_mappable" not in (r["status"], r["mapping_type"])
    ]
    active = active_techniques(domain, version)
    bases = {i for i in active if "." not in i}
    covered = {r["attack_object_id"].partition(".")[0] for r in rows if r["attack_object_id"] in active} & bases
    mapped = {r["attack_object_id"] for r in rows}
    read = readers.read(path).mapping_set
    counted = set_stats(read, attack.find(read.domain, read.attack_version).catalogue)
    assert counted.mappings == len(rows)
    assert counted.capabilities == len({r["capability_id"] for r in rows})
    assert counted.base_techniques == len(bases)
    assert counted.base_techniques_mapped == len(covered)
    assert counted.base_techniques_unmapped == len(bases - covered)
    columns = tactics_of(domain, version)
    assert {t.tactic: (t.mapped, t.total) for t in counted.tactics} == {
        tactic: (len(ids & mapped & active), len(ids & active)) for tactic, ids in columns.items() if ids & active
    }
    if counted.scored:
        expected = Counter((r["score_category"], r["score_value"]) for r in rows)
        assert {(c, v): n for c, values in counted.values.items() for v, n in values.items()} == dict(expected)


def tactics_of(domain: str, version: str) -> dict[str, set[str]]:
    things = json.loads((SHARED / "attack" / f"{domain}-attack-{version}.json").read_bytes())["objects"]
    columns: dict[str, set[str]] = {
        t["x_mitre_shortname"]: set()
        for t in things
        if t["type"] == "x-mitre-tactic" and not (t.get("x_mitre_deprecated") or t.get("revoked"))
    }
    for thing in things:
        if thing["type"] == "attack-pattern":
            (identifier, *_) = [
                r["external_id"] for r in thing["external_references"] if r["source_name"].startswith("mitre-")
            ]
            for phase in thing.get("kill_chain_phases", ()):
                columns.setdefault(phase["phase_name"], set()).add(identifier)
    return columns


def test_the_rarest_of_many_mapping_types_share_a_column(run: Run, tmp_path: Path) -> None:
    """19 types have a column each: those of most mappings, and of equally frequent ones the first by name."""
    types = [f"t{number:02}" for number in range(25)] + ["t24"]
    table = tmp_path / "types.csv"
    rows = "".join(f"C{number},T1078,{type_}\n" for number, type_ in enumerate(types))
    table.write_text(f"capability,technique,mapping type\n{rows}", encoding="utf-8")
    lines = [line.split() for line in run("stats", table).out.splitlines()]
    head = next(number for number, line in enumerate(lines) if line[:1] == ["t00"])
    assert lines[head] == [*(f"t{number:02}" for number in range(18)), "t24", "6", "others"]
    assert lines[head + 1] == [*["1"] * 18, "2", "6"]
