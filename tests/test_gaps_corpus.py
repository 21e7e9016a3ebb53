"""Four published clouds against APT29 and its software: every number again, from their JSON and MITRE's bundle."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS, CORPUS_FILES, SHARED
from stix_facts import end
from test_threats import uses

from navlayers.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
NUMBERS = {"minimal": 10, "partial": 50, "significant": 100}
CLOUDS = ("aws-12.12.2024", "azure-04.26.2025", "gcp-03.06.2025", "m365-07.18.2025")
FILES = [CORPUS / f"{cloud}_attack-16.1-enterprise.json" for cloud in CLOUDS]

Best = dict[str, dict[str, int]]


def best_of(files: list[Path]) -> Best:
    """Category ("" for all) → technique of 18.1 → the highest number that any cloud gives."""
    found: Best = {}
    for path in files:
        for row in json.loads(path.read_bytes())["mapping_objects"]:
            technique, value = row["attack_object_id"], row.get("score_value")
            if not (technique and value) or "non_mappable" in (row["status"], row["mapping_type"]):
                continue
            now = end("enterprise", "18.1", technique)
            for category in ("", row["score_category"]) if now else ():
                of = found.setdefault(category, {})
                of[now or ""] = max(of.get(now or "", 0), NUMBERS[value])
    return found


@pytest.fixture(scope="module")
def threat() -> frozenset[str]:
    own, software = uses()["G0016"]
    return own.union(*(uses()[one][0] for one in software if one in uses()))


@pytest.fixture(scope="module")
def best() -> Best:
    return best_of(FILES)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gaps") / "out"
    main(
        [
            "gaps",
            *map(str, FILES),
            "--threat",
            "APT29",
            "--software-of",
            "--attack",
            "18.1",
            "-o",
            str(folder),
            "-q",
        ]
    )
    return folder


@pytest.fixture(scope="module")
def rows(out: Path) -> dict[str, dict[str, str]]:
    text = (out / "techniques.csv").read_text("utf-8-sig")
    return {row["technique"]: row for row in csv.DictReader(io.StringIO(text))}


def test_every_technique_has_its_score_and_gap(
    rows: dict[str, dict[str, str]], threat: frozenset[str], best: Best
) -> None:
    assert set(rows) == threat
    for technique, row in rows.items():
        score = best[""].get(technique)
        assert row["score"] == ("" if score is None else str(score))
        assert float(row["gap"]) == pytest.approx(1 - (score or 0) / 100)
        for category in ("protect", "detect", "respond"):
            assert row[category] == str(best[category].get(technique, ""))


def test_rows_are_ranked_by_gap_then_groups_then_id(rows: dict[str, dict[str, str]]) -> None:
    groups = [techniques for id_, (techniques, _) in uses().items() if id_.startswith("G")]
    for technique, row in rows.items():
        assert row["groups"] == str(sum(technique in one for one in groups))
    ranks = [(-float(row["gap"]), -int(row["groups"]), technique) for technique, row in rows.items()]
    assert ranks == sorted(ranks)


def test_the_shares_are_those_of_the_sources(out: Path, threat: frozenset[str], best: Best) -> None:
    metadata = {item["name"]: item["value"] for item in layer(out, "coverage")["metadata"]}
    covered = [technique for technique in threat if technique in best[""]]
    assert metadata["covered"] == f"{len(covered)} of {len(threat)}"
    assert metadata["covered share"] == f"{100 * len(covered) / len(threat):.1f}%"
    assert metadata["covered share by score"] == f"{sum(best[''][t] for t in covered) / len(threat):.1f}%"


def layer(out: Path, name: str) -> Any:
    return json.loads((out / f"{name}.json").read_bytes())


def test_layers_hold_the_threat_and_nothing_else_is_to_be_seen(
    out: Path, threat: frozenset[str], best: Best
) -> None:
    used = [one for one in layer(out, "threat")["techniques"] if one.get("enabled", True)]
    assert {one["techniqueID"] for one in used} == threat
    entries = layer(out, "coverage")["techniques"]
    enabled = {one["techniqueID"]: one for one in entries if one.get("enabled", True)}
    assert set(enabled) == threat
    assert {t for t, one in enabled.items() if "color" in one} == threat - set(best[""])
    active = {
        reference["external_id"]
        for one in json.loads((SHARED / "attack" / "enterprise-attack-18.1.json").read_bytes())["objects"]
        if one["type"] == "attack-pattern" and not (one.get("revoked") or one.get("x_mitre_deprecated"))
        for reference in one["external_references"]
        if reference["source_name"] == "mitre-attack"
    }
    parents = {technique.partition(".")[0] for technique in threat}
    assert {one["techniqueID"] for one in entries} - set(enabled) == active - threat - parents
    weak = {t for t in threat if best[""].get(t, 0) < 50}
    assert {one["techniqueID"] for one in layer(out, "gap")["techniques"] if "score" in one} == weak


def test_groups_are_ranked_by_what_is_open_in_mitre_s_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    scores = best_of(FILES[:1])[""]
    rows = []
    for group, (techniques, _) in uses().items():
        if group.startswith("G") and techniques:
            uncovered = sum(technique not in scores for technique in techniques)
            weak = sum(0 < scores.get(technique, 0) < 50 for technique in techniques)
            rows.append((group, len(techniques), uncovered, weak, uncovered + weak))
    rows.sort(key=lambda row: (-row[4], -row[4] / row[1], row[0]))
    main(["gaps", str(FILES[0]), "--rank-groups", "--attack", "18.1", "--json"])
    ranked = json.loads(capsys.readouterr().out)["groups"]
    assert [(r["id"], r["techniques"], r["uncovered"], r["weak"], r["open"]) for r in ranked] == rows
    assert [row["share"] for row in ranked] == [round(100 * open_ / all_, 4) for _, all_, _, _, open_ in rows]
    main(["gaps", str(FILES[0]), "--threat", "all-groups", "--attack", "18.1", "--json"])
    weights = Counter(t for group, (own, _) in uses().items() if group.startswith("G") for t in own)
    assert {row["id"]: row["weight"] for row in json.loads(capsys.readouterr().out)["techniques"]} == weights
