"""Four published clouds side by side: every number again, from their JSON and MITRE's bundle alone."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from conftest import CORPUS, CORPUS_FILES, SHARED, active_techniques

from navlayers.analysis import compare as comparing
from navlayers.analysis.inputs import load_inputs
from navlayers.cli import main
from navlayers.mapping.find import resolve

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
NUMBERS = {"minimal": 10, "partial": 50, "significant": 100}
CLOUDS = ("aws-12.12.2024", "azure-04.26.2025", "gcp-03.06.2025", "m365-07.18.2025")
FILES = [CORPUS / f"{cloud}_attack-16.1-enterprise.json" for cloud in CLOUDS]
NAMES = [path.stem for path in FILES]

Scores = dict[str, dict[str, int]]


def scores(path: Path) -> Scores:
    """Technique → category → the highest value; "" is the highest of all."""
    found: Scores = {}
    for row in json.loads(path.read_bytes())["mapping_objects"]:
        technique, value = row["attack_object_id"], row.get("score_value")
        if not (technique and value) or "non_mappable" in (row["status"], row["mapping_type"]):
            continue
        # ATT&CK 16.1 revoked this one by that.
        technique = {"T1053.001": "T1053.002"}.get(technique, technique)
        for category in ("", row["score_category"]):
            of = found.setdefault(technique, {})
            of[category] = max(of.get(category, 0), NUMBERS[value])
    return found


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "out"
    main(["compare", *map(str, FILES), "-o", str(folder), "-q", "--baseline", str(FILES[0])])
    return folder


@pytest.fixture(scope="module")
def expected() -> list[Scores]:
    return [scores(path) for path in FILES]


def test_every_number_of_the_technique_table_is_that_of_the_inputs(out: Path, expected: list[Scores]) -> None:
    rows = list(csv.DictReader(io.StringIO((out / "comparison.csv").read_text("utf-8-sig"))))
    assert [row["technique"] for row in rows] == sorted(set().union(*expected))
    for row in rows:
        technique = row["technique"]
        overall = [found.get(technique, {}).get("") for found in expected]
        for name, found in zip(NAMES, expected, strict=True):
            for column, number in row.items():
                if column == name or column.startswith((f"{name} p", f"{name} d", f"{name} r")):
                    category = column.removeprefix(name).strip()
                    assert number == str(found.get(technique, {}).get(category, "")), (technique, column)
        given = [score for score in overall if score is not None]
        assert row["covered by"] == str(len(given))
        assert row["best"] == str(max(given))
        best = [name for name, score in zip(NAMES, overall, strict=True) if score == max(given)]
        assert row["best by"] == ", ".join(best)
        for name, score in zip(NAMES[1:], overall[1:], strict=True):
            either = score is not None or overall[0] is not None
            difference = str((score or 0) - (overall[0] or 0)) if either else ""
            assert row[f"{NAMES[0]} → {name}"] == difference


def test_every_total_of_the_workbook_is_that_of_the_inputs(out: Path, expected: list[Scores]) -> None:
    book = openpyxl.load_workbook(out / "comparison.xlsx")
    active = active_techniques("enterprise", "16.1")
    rows = list(book["inputs"].iter_rows(min_row=2, values_only=True))
    for (name, techniques, subs, share, mean, over_all, best, unique), found in zip(
        rows[:4], expected, strict=True
    ):
        others = set().union(*(other for other in expected if other is not found))
        assert name in NAMES
        assert (techniques, subs) == (sum("." not in t for t in found), sum("." in t for t in found))
        assert share == pytest.approx(100 * len(found) / len(active), abs=0.0501)
        assert mean == pytest.approx(sum(of[""] for of in found.values()) / len(found), abs=0.0501)
        assert unique == len(found.keys() - others)
        assert over_all == pytest.approx(sum(of[""] for of in found.values()) / len(active), abs=0.0501)
        rest = [other for other in expected if other is not found]
        assert best == sum(of[""] > max(r.get(t, {}).get("", 0) for r in rest) for t, of in found.items())
    together = set().union(*expected)
    assert rows[4][0] == "all inputs"
    assert rows[4][1] + rows[4][2] == len(together)
    pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]
    for (first, second, both, either, jaccard), (a, b) in zip(
        book["overlaps"].iter_rows(min_row=2, values_only=True), pairs, strict=True
    ):
        assert (first, second) == (NAMES[a], NAMES[b])
        one, two = expected[a].keys(), expected[b].keys()
        assert (both, either) == (len(one & two), len(one | two))
        assert jaccard == pytest.approx(both / either, abs=0.0501)
    gap = [row[0] for row in book["gap"].iter_rows(min_row=2, values_only=True)]
    assert gap == sorted(active - together)


def test_every_total_per_tactic_is_that_of_the_inputs(out: Path, expected: list[Scores]) -> None:
    bundle: dict[str, Any] = json.loads((SHARED / "attack" / "enterprise-attack-16.1.json").read_bytes())
    members: dict[str, set[str]] = {}
    for thing in bundle["objects"]:
        if thing["type"] == "attack-pattern":
            for phase in thing["kill_chain_phases"]:
                members.setdefault(phase["phase_name"], set()).add(thing["external_references"][0]["external_id"])
    names = {t["name"]: t["x_mitre_shortname"] for t in bundle["objects"] if t["type"] == "x-mitre-tactic"}
    active = active_techniques("enterprise", "16.1")
    together = set().union(*expected)
    rows = list(openpyxl.load_workbook(out / "comparison.xlsx")["tactics"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(names)
    for tactic, total, anyone, *numbers, strongest in rows:
        of = members[names[str(tactic)]] & active
        assert (total, anyone) == (len(of), len(of & together))
        for number, found in enumerate(expected):
            covered, mean, over_all, unique = numbers[4 * number : 4 * number + 4]
            own = of & found.keys()
            others = set().union(*(other for other in expected if other is not found))
            assert (covered, unique) == (len(own), len(own - others))
            assert mean == pytest.approx(sum(found[t][""] for t in own) / len(own), abs=0.0501)
            assert over_all == pytest.approx(sum(found[t][""] for t in own) / len(of), abs=0.0501)
        sums = [sum(found[t][""] for t in of & found.keys()) for found in expected]
        assert strongest == ", ".join(name for name, found in zip(NAMES, sums, strict=True) if found == max(sums))


def test_every_layer_holds_the_numbers_of_the_inputs(out: Path, expected: list[Scores]) -> None:
    def of(path: Path) -> dict[str, float]:
        return {entry["techniqueID"]: entry["score"] for entry in json.loads(path.read_bytes())["techniques"]}

    slugs = [path.name for path in sorted((out / "inputs").iterdir())]
    assert len(slugs) == 4
    for name, found in zip(slugs, expected, strict=True):
        assert of(out / "inputs" / name) == {t: categories[""] for t, categories in found.items()}
    together = set().union(*expected)
    assert of(out / "union.json") == {t: max(found[t][""] for found in expected if t in found) for t in together}
    assert of(out / "agreement.json") == {t: sum(t in found for found in expected) for t in together}
    assert of(out / "gap.json").keys() == active_techniques("enterprise", "16.1") - together


def test_a_comparison_turned_round_is_the_same_with_the_signs_changed() -> None:
    one, two = load_inputs(resolve(["aws", "gcp"])), load_inputs(resolve(["gcp", "aws"]))
    forth = comparing.compare(one.catalogue, one.coverage()).differences[0].techniques
    back = comparing.compare(two.catalogue, two.coverage()).differences[0].techniques
    turned = {"only first": "only second", "first stronger": "second stronger"}
    turned |= {second: first for first, second in turned.items()}
    assert {t: (turned.get(c.relation, c.relation), -(c.difference or 0)) for t, c in forth.items()} == {
        t: (c.relation, c.difference) for t, c in back.items()
    }
