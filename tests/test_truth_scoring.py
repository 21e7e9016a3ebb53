"""The scores of layers, worked out a second time from docs/scoring.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from truth_oracle import (
    CATEGORIES,
    FUNCTIONS,
    SHARED,
    Facts,
    Set,
    empties,
    explorer,
    facts,
    layer_scores,
    mismatches,
    native,
    scores,
    shipped,
    view,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

WEIGHTS = {"protect": 2.0, "detect": 1.0, "respond": 0.5}
SCALE = {"minimal": 5.0, "partial": 33.3}
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "weights": {"weights": WEIGHTS},
    "scale": {"scale": SCALE},
    "worth": {"worth": 25.0},
    "rollup max": {"rollup": "max"},
    "rollup mean": {"rollup": "mean"},
    "all together": {"weights": WEIGHTS, "scale": SCALE, "worth": 12.5, "rollup": "mean"},
}

ODD = """\
framework: odd
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  a:
    techniques:
      T1003.001: {value: 30}
      T1053.001: {protect: significant}
      T1078: [{protect: partial}, {protect: significant}, {protect: minimal}, {protect: significant}]
      T1078.001: {detect: 99.7}
      T1110: {protect: }
  b:
    techniques:
      T1003: {protect: }
      T1053.002: {protect: minimal}
      T1059: {value: significant}
      T1059.001: [{value: partial}, {protect: minimal}]
      T1078: {protect: 0, detect: minimal}
      T1110: {protect: , detect: 33.3}
  c:
    techniques:
      T1003.002: {detect: }
      T1078:
      T1078.002: {protect: 99.6}
      T1110.001: {respond: 67.195}
      T1566.002: {respond: partial}
  d:
    techniques:
      T1486: {protect: }
      T1566: {protect: 0}
      T1566.001: {detect: }
      T1566.002: {respond: significant}
  e:
    non_mappable: true
"""
"""Not rated, 0, scores near the end, values without a category, a revoked id beside its successor, rows twice."""

OWN_SCALE = ODD.replace("capabilities:", "scale: {minimal: 20, partial: 40, significant: 95}\ncapabilities:", 1)

SUBS = {"T1003": 8, "T1059": 11, "T1078": 4, "T1110": 4, "T1566": 4}
FEW = Facts(
    frozenset(
        [f"{parent}.{n:03}" for parent, number in SUBS.items() for n in range(1, number + 1)]
        + [*SUBS, "T1486", "T1053", *(f"T1053.00{n}" for n in (2, 3, 5, 6, 7))]
    ),
    {"T1053.001": "T1053.002"},
    {},
    (),
    {},
    {},
    {},
)
"""What ATT&CK 16.1 says about the techniques of ODD."""


def option_words(variant: dict[str, Any], aggregate: str) -> list[str]:
    """The options of the command line."""
    words = ["--aggregate", aggregate]
    for name, value in variant.items():
        text = ",".join(f"{k}={v:g}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        words += [f"--{name}", text]
    return words


def built(run: Run, source: str | Path, *words: str) -> dict[str, dict[str, float | None]]:
    """Layer → technique → score."""
    result = run("build", source, "-o", "-", "-q", "--only", "overview,categories", *words)
    assert result.code == 0, result.err
    said = json.loads(result.out)
    layers = said if isinstance(said, list) else [said]
    assert [empties(layer) for layer in layers] == [[]] * len(layers)
    shows = {
        next(item["value"] for item in layer["metadata"] if item["name"] == "shows"): layer for layer in layers
    }
    return {name: layer_scores(layer) for name, layer in shows.items()}


def expected(made: Set, release: Facts, aggregate: str, variant: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The same from the definitions: the overview, and a layer for each category that the set scores."""
    found = scores(made, release, aggregate=aggregate, **variant)
    views = {category: view(found, category) for category in CATEGORIES}
    scored = {category: one for category, one in views.items() if any(v is not None for v in one.values())}
    return {"overview": view(found), **scored}


def compare_variants(
    run: Run, source: str | Path, made: Set, release: Facts, aggregate: str, names: list[str]
) -> None:
    right = {name: expected(made, release, aggregate, VARIANTS[name]) for name in names}
    said = {name: built(run, source, *option_words(VARIANTS[name], aggregate)) for name in names}
    assert mismatches(said, right) == {}


@pytest.mark.skipif(not (SHARED / "attack").is_dir(), reason="MITRE's bundles are not at ../shared/attack")
def test_the_few_facts_are_those_of_the_release() -> None:
    release = facts("enterprise", "16.1")
    parents = {t.partition(".")[0] for t in FEW.active}
    assert {t for t in release.active if t.partition(".")[0] in parents} == FEW.active
    assert {old: release.successor[old] for old in FEW.successor} == FEW.successor


@pytest.mark.parametrize("text", [ODD, OWN_SCALE], ids=["standard scale", "own scale"])
@pytest.mark.parametrize("aggregate", FUNCTIONS)
def test_scores_of_an_odd_set_are_those_of_the_definitions(
    run: Run, tmp_path: Path, aggregate: str, text: str
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    compare_variants(run, path, native(path), FEW, aggregate, list(VARIANTS))


@pytest.mark.parametrize("aggregate", FUNCTIONS)
@pytest.mark.parametrize("name", ["aws", "m365"])
def test_scores_of_shipped_sets_are_those_of_the_definitions(run: Run, name: str, aggregate: str) -> None:
    names = list(VARIANTS) if aggregate == "mean" else ["plain", "all together"]
    compare_variants(run, name, shipped(name), facts("enterprise", "16.1"), aggregate, names)


@pytest.mark.parametrize("name", ["aws", "m365", "nist_800_53"])
def test_scores_at_a_release_that_replaced_techniques(run: Run, name: str) -> None:
    release = facts("enterprise", "19.1")
    right = expected(shipped(name), release, "mean", {"rollup": "mean"})
    said = built(run, name, *option_words({"rollup": "mean"}, "mean"), "--attack", "19.1")
    assert mismatches(said, right) == {}


@pytest.mark.parametrize("name", ["gcp", "azure", "intel-vpro"])
def test_scores_of_other_shipped_sets_are_those_of_the_definitions(run: Run, name: str) -> None:
    release = facts("enterprise", shipped(name).attack)
    compare_variants(run, name, shipped(name), release, "combined", ["rollup max", "all together"])


@pytest.mark.parametrize(
    ("name", "variants"),
    [
        ("nist_800_53", ["plain", "rollup mean"]),
        ("csa_ccm", ["plain", "rollup max"]),
        ("veris-ics", ["plain"]),
        ("kev-mobile", ["plain", "worth"]),
    ],
)
def test_sets_without_scores_count_capabilities(run: Run, name: str, variants: list[str]) -> None:
    made = shipped(name)
    compare_variants(run, name, made, facts(made.domain, made.attack), "max", variants)


@pytest.mark.parametrize("aggregate", ["count", "combined", "sum"])
def test_a_bare_relation_is_worth_what_the_user_says(run: Run, aggregate: str) -> None:
    compare_variants(run, "nist_800_53", shipped("nist_800_53"), facts("enterprise", "16.1"), aggregate, ["worth"])


@pytest.mark.parametrize(
    "pattern", ["azure-*_attack-8.2-*.json", "nist_800_53-rev4_*.json"], ids=["azure 8.2", "nist r4 12.1"]
)
def test_scores_of_published_sets_of_older_releases(run: Run, corpus: Path, pattern: str) -> None:
    path = next(corpus.glob(pattern))
    made = explorer(path)
    compare_variants(run, path, made, facts(made.domain, made.attack), "median", ["plain", "rollup mean"])


@pytest.mark.parametrize("aggregate", FUNCTIONS)
def test_what_is_not_rated_adds_nothing(run: Run, tmp_path: Path, aggregate: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(ODD, encoding="utf-8")
    made = native(path)
    bare = made._replace(rows=tuple(row for row in made.rows if row.value is not None))
    right = view(scores(bare, FEW, aggregate=aggregate))
    said = {
        t: score for t, score in built(run, path, "--aggregate", aggregate)["overview"].items() if score is not None
    }
    assert mismatches(said, right) == {}


def test_the_order_of_rows_does_not_matter(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    heads = "capability,technique,category,value"
    rows = [row for row in shipped("aws").rows if row.capability.startswith("aws_")]
    texts = []
    for order in (rows, rows[::-1], rows[1::2] + rows[::2]):
        lines = [f"{r.capability},{r.technique},{r.category},{r.value}" for r in order]
        path.write_text("\n".join([heads, *lines]), encoding="utf-8")
        texts.append(
            run("build", path, "-o", "-", "-q", "--meta", "attack_version=16.1", "--aggregate", "mean").out
        )
    assert texts[0]
    assert texts == texts[:1] * 3
