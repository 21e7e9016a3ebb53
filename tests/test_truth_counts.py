"""What a set is said to have, in every command: the same numbers, and those of docs/scoring.md."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from test_truth_scoring import ODD
from truth_oracle import (
    BARE,
    CATEGORIES,
    OVERALL,
    ROOT,
    Facts,
    Set,
    covered,
    explorer,
    facts,
    followed,
    json_of,
    layer_scores,
    mean_of,
    mismatches,
    native,
    number,
    rated,
    scores,
    shipped,
    view,
)

if TYPE_CHECKING:
    from fractions import Fraction

    from conftest import Run

SETS = sorted(path.stem for path in (ROOT / "mappings").glob("*.yaml"))


def release_of(made: Set) -> Facts:
    return facts(made.domain, made.attack)


def split(techniques: set[str]) -> tuple[int, int]:
    """Numbers of techniques and of sub-techniques."""
    subs = sum("." in technique for technique in techniques)
    return len(techniques) - subs, subs


def bases(techniques: set[str], release: Facts) -> set[str]:
    """The base techniques that are there themselves or by a sub-technique."""
    return {technique.partition(".")[0] for technique in techniques} & release.active


def statistics(made: Set) -> dict[str, Any]:
    """What `stats` counts."""
    release = release_of(made)
    mapped = {row.technique for row in followed(made.rows, release)}
    reached = bases(mapped, release)
    every = {technique for technique in release.active if "." not in technique}
    values: dict[str, Counter[str]] = {}
    for row in made.rows:
        what = row.value or (None if row.category else row.kind) or "not rated"
        values.setdefault(row.category or BARE, Counter())[what] += 1
    holders: dict[str, set[str]] = {}
    for row in made.rows:
        holders.setdefault(row.technique, set()).add(row.capability)
    return {
        "domain": made.domain,
        "attack_version": made.attack,
        "scored": rated(made),
        "mappings": len(made.rows),
        "capabilities": len({row.capability for row in made.rows}),
        "techniques": split(mapped)[0],
        "subtechniques": split(mapped)[1],
        "base_techniques": len(every),
        "base_techniques_mapped": len(reached),
        "base_techniques_unmapped": len(every - reached),
        "tactics": [
            {
                "tactic": short,
                "name": name,
                "mapped": sum(short in release.tactics[t] for t in mapped & release.active),
                "total": sum(short in release.tactics[t] for t in release.active),
            }
            for _, short, name in release.matrix
        ],
        "values": {category: dict(counter) for category, counter in values.items()},
        "not_active": {t: sorted(of) for t, of in holders.items() if release.follow(t) is None},
    }


@pytest.mark.parametrize("name", SETS)
def test_stats_count_what_the_file_says(run: Run, name: str) -> None:
    right = statistics(shipped(name))
    said = json_of(run, "stats", name, "--json")[0]
    said["not_active"] = {one["id"]: one["capabilities"] for one in said["not_active"]}
    assert {key: said[key] for key in right} == right


def capabilities(made: Set) -> dict[str, Any]:
    """Per capability: what it covers, its share, what only it covers, mean and sum of its scores per category."""
    release = release_of(made)
    given: dict[str, dict[str, dict[str, list[Fraction]]]] = {}
    reach: dict[str, set[str]] = {}
    counts = not rated(made)
    worths = {value: number(value, made, {}, None) for value in {row.value for row in made.rows}}
    for row in followed(made.rows, release):
        one = worths[row.value]
        by = given.setdefault(row.capability, {})
        if one is not None:
            by.setdefault(row.category or BARE, {}).setdefault(row.technique, []).append(one)
        if one or counts:
            reach.setdefault(row.capability, set()).add(row.technique)
    holders = Counter(technique for techniques in reach.values() for technique in techniques)
    result = {}
    for capability, by in given.items():
        techniques = reach.get(capability, set())
        best = {category: [max(values) for values in of.values()] for category, of in by.items()}
        result[capability] = {
            "techniques": split(techniques)[0],
            "subtechniques": split(techniques)[1],
            "share": 100 * len(techniques) / len(release.active),
            "unique": sum(holders[technique] == 1 for technique in techniques),
            "categories": {c: {"mean": mean_of(of), "sum": sum(of)} for c, of in best.items()},
        }
    return result


def index(run: Run, name: str | Path) -> dict[str, Any]:
    """The index of what `build` writes."""
    assert run("build", name, "-o", "built", "-q", "--only", "overview,categories", "--force").code == 0
    said: dict[str, Any] = json.loads(next(Path("built").glob("*/index.json")).read_bytes())
    return said


@pytest.mark.parametrize("name", SETS)
def test_the_index_of_a_build_counts_what_the_file_says(run: Run, name: str) -> None:
    made = shipped(name)
    release = release_of(made)
    techniques, subtechniques = split({row.technique for row in followed(made.rows, release)})
    right = {
        "counts": {
            "mappings": len(made.rows),
            "capabilities": len({row.capability for row in made.rows}),
            "techniques": techniques,
            "subtechniques": subtechniques,
        },
        "capabilities": capabilities(made),
    }
    index_said = index(run, name)
    said = {
        "counts": {key: index_said["counts"][key] for key in right["counts"]},
        "capabilities": {
            one["id"]: {key: one[key] for key in one if key not in ("id", "name", "groups")}
            for one in index_said["capabilities"]
        },
    }
    assert mismatches(said, right) == {}


def test_capabilities_of_an_odd_set_cover_what_they_rate_above_0(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(ODD, encoding="utf-8")
    right = capabilities(native(path))
    said = {
        one["id"]: {key: one[key] for key in one if key not in ("id", "name", "groups")}
        for one in index(run, path)["capabilities"]
    }
    assert mismatches(said, right) == {}


@pytest.mark.parametrize("name", ["aws", "azure", "gcp", "m365", "nist_800_53"])
def test_a_set_has_one_count_in_every_command(run: Run, name: str, tmp_path: Path) -> None:
    made = shipped(name)
    release = release_of(made)
    techniques, subtechniques = split(set(covered(scores(made, release))))
    built = index(run, name)["counts"]
    stats = json_of(run, "stats", name, "--json")[0]
    compared = json_of(run, "compare", name, "cri_profile", "--measure", "covered", "--json")["inputs"][name]
    assert run("gaps", name, "--threat", "TA0006", "--attack", "16.1", "-o", tmp_path / "g", "-q").code == 0
    against = json.loads((tmp_path / "g" / "index.json").read_bytes())["inputs"][0]["covered"]
    report = run("report", name, "--sections", "summary", "-o", "-", "-q").out
    shown = json_of(run, "show", "TA0006", "--set", name, "--format", "json")["sections"][0]["column"]
    in_tactic = {t for t in covered(scores(made, release)) if "credential-access" in release.tactics[t]}
    words = re.findall(r"(\d+) techniques and (\d+) sub-techniques", report)
    pair = {"techniques": techniques, "subtechniques": subtechniques}
    assert {
        "build": {key: built[key] for key in pair},
        "stats": {key: stats[key] for key in pair},
        "compare": {key: compared[key] for key in pair},
        "gaps": against,
        "show": {one["id"] for one in shown["techniques"] if one["overall"]},
        "report": (str(techniques), str(subtechniques)) in words,
        "report of the matrix": f"{techniques + subtechniques} of the {len(release.active)}" in report,
    } == {
        "build": pair,
        "stats": pair,
        "compare": pair,
        "gaps": techniques + subtechniques,
        "show": in_tactic,
        "report": True,
        "report of the matrix": True,
    }


def test_aws_has_92_techniques_and_123_sub_techniques_with_the_revoked_one(run: Run) -> None:
    stats = json_of(run, "stats", "aws", "--json")[0]
    built = index(run, "aws")
    assert {
        "stats": (stats["techniques"], stats["subtechniques"], stats["not_active"]),
        "build": (built["counts"]["techniques"], built["counts"]["subtechniques"], built["left_out"]),
        "replaced": [(one["id"], one["successor"]) for one in built["replaced"]],
    } == {"stats": (92, 123, []), "build": (92, 123, []), "replaced": [("T1053.001", "T1053.002")]}


def shown_scores(one: dict[str, Any]) -> dict[str, Any]:
    return {OVERALL: one["overall"], **one["categories"]}


@pytest.mark.parametrize(("name", "tactic"), [("aws", "TA0007"), ("m365", "TA0003"), ("nist_800_53", "TA0006")])
def test_show_gives_the_scores_of_a_tactic(run: Run, name: str, tactic: str) -> None:
    made = shipped(name)
    release = release_of(made)
    short = next(short for id_, short, _ in release.matrix if id_ == tactic)
    found = scores(made, release, aggregate="mean")
    inside = {
        t: {c: s for c, s in by.items() if c != BARE} for t, by in found.items() if short in release.tactics[t]
    }
    words = ("show", tactic, "--set", name, "--aggregate", "mean", "--format", "json")
    column = json_of(run, *words)["sections"][0]["column"]
    every = {t for t in release.active if short in release.tactics[t]}
    said = {one["id"]: shown_scores(one) for one in column["techniques"] if one["capabilities"]}
    assert mismatches(said, inside) == {}
    assert (column["mapped"], column["total"]) == (len(inside.keys() & every), len(every))


@pytest.mark.parametrize("technique", ["T1078", "T1053.002", "T1110.003", "T1498"])
def test_show_gives_the_scores_of_a_technique(run: Run, technique: str) -> None:
    made = shipped("aws")
    release = release_of(made)
    right: dict[str, Any] = {OVERALL: scores(made, release)[technique][OVERALL]}
    for category in CATEGORIES:
        best: dict[str, Any] = {}
        for row in followed(made.rows, release):
            if (row.technique, row.category) == (technique, category):
                one = number(row.value, made, {}, None)
                best[row.capability] = max(best.get(row.capability, 0), one)
        if best:
            right[category] = {"score": max(best.values()), "given": best}
    aggregate = json_of(run, "show", technique, "--set", "aws", "--format", "json")["sections"][0]["aggregate"]
    said = {OVERALL: aggregate["overall"]}
    for one in aggregate["categories"]:
        given = {each["capability"]: each["score"] for each in one["given"]}
        said[one["category"]] = {"score": one["score"], "given": given}
    assert said == right


def test_show_finds_a_revoked_technique_where_it_counts(run: Run) -> None:
    found = json_of(run, "show", "T1053.001", "--set", "aws", "--format", "json")
    assert (found["status"], found["successor"]["id"]) == ("revoked", "T1053.002")


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_report_gives_the_means_of_a_category(run: Run, category: str) -> None:
    made = shipped("aws")
    release = release_of(made)
    has = covered(scores(made, release), category)
    report = run("report", "aws", "--category", category, "--sections", "summary", "-o", "-", "-q").out
    figures = r"^\| {} \| ([\d.]+)% \| (\d+) of (\d+)"
    covered_said = re.findall(figures.format("Covered") + " techniques and sub-techniques", report, re.MULTILINE)
    rows = {
        one: re.findall(figures.format(one.capitalize()) + r", mean score ([\d.]+) \|$", report, re.MULTILINE)
        for one in CATEGORIES
    }
    mean_said = re.findall(r"mean score of covered techniques is (\d+(?:\.\d+)?) of 100", report)
    number = (100 * len(has) / len(release.active), len(has), len(release.active))
    mean = mean_of(has.values())
    assert {one: len(found) for one, found in rows.items()} == {one: int(one == category) for one in CATEGORIES}
    # The first page and the summary say what is covered.
    assert (len(covered_said), len(mean_said)) == (2, 1)
    said = [tuple(map(float, found)) for found in (*covered_said, *rows[category])]
    assert mismatches(said, [number, number, (*number, mean)], by=0.05) == {}
    # Sentences have whole numbers.
    assert mismatches(float(mean_said[0]), mean, by=0.5) == {}


def test_the_overview_of_a_published_set_counts_what_stats_counts(run: Run, corpus: Path) -> None:
    path = next(corpus.glob("azure-*_attack-8.2-*.json"))
    made = explorer(path)
    release = release_of(made)
    mapped = set(view(scores(made, release)))
    stats = json_of(run, "stats", path, "--json")[0]
    built = index(run, path)["counts"]
    right = split(mapped)
    assert {
        "stats": (stats["techniques"], stats["subtechniques"]),
        "build": (built["techniques"], built["subtechniques"]),
    } == {
        "stats": right,
        "build": right,
    }


def test_capabilities_with_mappings_are_not_told_as_impossible_to_map(run: Run) -> None:
    idle = shipped("veris").nothing[0] - {row.capability for row in shipped("veris").rows}
    report = run("report", "veris", "--sections", "summary", "-o", "-", "-q").out
    assert re.findall(r"(\d+) \w+ of the set cannot be mapped", report) == [str(len(idle))] == ["51"]


INSTALLED = ("19.1", "18.1", "17.1", "16.1", "15.1", "14.1", "12.1", "10.1", "9.0", "8.2")


@pytest.mark.parametrize(
    "ids",
    [
        "T1562.011 T1110",
        "T1562.011 T1682 T1683",
        "T1053.004 T1110",
        "T1053.004 T1562.011 T1110",
        "T1574.002 T1027.014",
    ],
)
def test_a_table_without_a_release_is_read_at_the_newest_that_knows_most_ids(
    run: Run, tmp_path: Path, ids: str
) -> None:
    known = {v: sum(facts("enterprise", v).follow(t) is not None for t in ids.split()) for v in INSTALLED}
    right = next(version for version in INSTALLED if known[version] == max(known.values()))
    path = tmp_path / "table.csv"
    path.write_text("capability,technique\n" + "".join(f"c,{t}\n" for t in ids.split()), encoding="utf-8")
    layer = json_of(run, "build", path, "-o", "-", "--only", "overview")
    stats = json_of(run, "stats", path, "--json")[0]
    assert {
        "build": next(item["value"] for item in layer["metadata"] if item["name"] == "ATT&CK version"),
        "build counts": len(layer_scores(layer)),
        "stats": stats["attack_version"],
        "stats count": stats["techniques"] + stats["subtechniques"],
        "check": re.findall(r"(?:attack|ATT&CK) version ([\d.]+\d)", run("check", path, "--json").out),
    } == {
        "build": f"enterprise {right}",
        "build counts": known[right],
        "stats": right,
        "stats count": known[right],
        "check": [right],
    }
