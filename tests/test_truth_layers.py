"""The cells of layers: scores from the definitions, colours from the gradient as the Navigator takes them."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from truth_oracle import (
    OVERALL,
    Facts,
    cell,
    covered,
    empties,
    facts,
    layer_scores,
    mismatches,
    newest,
    scores,
    shipped,
    view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from pathlib import Path

    from conftest import Run

Cells = dict[str, tuple[Any, str]]
"""Technique → score, colour."""

AT = "16.1"


def said_cells(run: Run, path: Path) -> tuple[dict[str, Any], Cells]:
    """The layer, and its enabled techniques with their score and the colour that is drawn."""
    layer = json.loads(path.read_bytes())
    result = run("render", path, "-o", path.with_suffix(".csv"), "-q", "--force")
    assert result.code == 0, result.err
    table = csv.DictReader(io.StringIO(path.with_suffix(".csv").read_text(encoding="utf-8-sig")))
    drawn = {row["technique"]: row["color"] for row in table if row["enabled"] == "yes"}
    assert empties(layer) == []
    return layer, {t: (s, drawn[t]) for t, s in layer_scores(layer).items() if t in drawn}


def by_score(layer: Mapping[str, Any], found: Mapping[str, Any]) -> Cells:
    """The cells of scores: each in its place of the gradient."""
    return {t: (score, cell(layer["gradient"], float(score))) for t, score in found.items() if score is not None}


def legend(layer: Mapping[str, Any], label: str) -> str:
    return str(next(item["color"] for item in layer["legendItems"] if item["label"] == label))


def scale_of(layer: Mapping[str, Any]) -> tuple[float, float]:
    return layer["gradient"]["minValue"], layer["gradient"]["maxValue"]


@pytest.mark.parametrize(
    ("name", "words", "options"),
    [
        ("aws", (), {}),
        ("m365", ("--aggregate", "combined"), {"aggregate": "combined"}),
        ("gcp", ("--aggregate", "mean", "--rollup", "mean"), {"aggregate": "mean", "rollup": "mean"}),
        ("nist_800_53", (), {}),
        ("azure", ("--aggregate", "sum"), {"aggregate": "sum"}),
    ],
)
def test_cells_of_a_built_set(
    run: Run, tmp_path: Path, name: str, words: tuple[str, ...], options: dict[str, Any]
) -> None:
    release = facts("enterprise", shipped(name).attack)
    found = scores(shipped(name), release, **options)
    assert run("build", name, "-o", tmp_path / "out", "--only", "overview,categories", "-q", *words).code == 0
    for path in sorted((tmp_path / "out" / name).glob("*.json")):
        if path.stem == "index":
            continue
        layer, said = said_cells(run, path)
        right = view(found, OVERALL if path.stem == "overview" else path.stem)
        assert mismatches(said, by_score(layer, right)) == {}
        numbers = [float(score) for score in right.values() if score is not None]
        assert right_scale(numbers, *scale_of(layer), fixed=bool(options) or name != "nist_800_53")


def right_scale(numbers: list[float], low: float, high: float, *, fixed: bool) -> bool:
    """0 to 100, beyond it to the highest sum; of counts to the highest, or slightly more."""
    most = max([100, *numbers] if fixed else numbers)
    return low == 0 and most <= high <= (100 if most == 100 and fixed else most / 0.99 + 1)


def compared(names: str, release: Facts) -> dict[str, dict[str, Fraction]]:
    return {name: covered(scores(shipped(name), release)) for name in names.split()}


@pytest.fixture
def comparison(run: Run, tmp_path: Path) -> Path:
    assert run("compare", "aws", "gcp", "-o", tmp_path / "compared", "-q").code == 0
    return tmp_path / "compared"


def test_cells_of_a_comparison(run: Run, comparison: Path) -> None:
    release = facts("enterprise", AT)
    of = compared("aws gcp", release)
    every = of["aws"].keys() | of["gcp"].keys()
    best = {t: max(values[t] for values in of.values() if t in values) for t in every}
    for name, found in {"inputs/aws": of["aws"], "inputs/gcp": of["gcp"], "union": best}.items():
        layer, said = said_cells(run, comparison / f"{name}.json")
        assert (scale_of(layer), mismatches(said, by_score(layer, found))) == ((0, 100), {})
    layer, said = said_cells(run, comparison / "agreement.json")
    count = {t: sum(t in values for values in of.values()) for t in every}
    assert (scale_of(layer), mismatches(said, by_score(layer, count))) == ((0, 2), {})
    layer, said = said_cells(run, comparison / "best.json")
    holders = {t: [name for name in of if of[name].get(t) == best[t]] for t in every}
    right = {t: (best[t], legend(layer, by[0] if len(by) == 1 else "tie")) for t, by in holders.items()}
    assert mismatches(said, right) == {}


def test_cells_of_the_gap_of_a_comparison(run: Run, comparison: Path) -> None:
    release = facts("enterprise", AT)
    of = compared("aws gcp", release)
    every = of["aws"].keys() | of["gcp"].keys()
    layer, said = said_cells(run, comparison / "gap.json")
    right: Cells = {}
    comments: dict[str, str] = {}
    for technique in release.active - every:
        subs = release.subs(technique)
        count = sum(sub in every for sub in subs)
        label = (
            "all subs covered" if subs and count == len(subs) else "some subs covered" if count else "not covered"
        )
        right[technique] = (0, legend(layer, label))
        comments[technique] = f"Not covered; {count} of {len(subs)} subs" if count else "Not covered"
    assert (scale_of(layer), mismatches(said, right)) == ((0, 100), {})
    assert {entry["techniqueID"]: entry["comment"] for entry in layer["techniques"]} == comments
    assert {color for t, (_, color) in said.items() if comments[t] == "Not covered"} == {"#99000d"}
    assert len({color for _, color in said.values()}) == len(layer["legendItems"]) > 1


def test_cells_of_a_difference(run: Run, comparison: Path) -> None:
    of = compared("aws gcp", facts("enterprise", AT))
    layer, said = said_cells(run, comparison / "differences" / "aws--gcp.json")
    right: Cells = {}
    for technique in of["aws"].keys() | of["gcp"].keys():
        first, second = of["aws"].get(technique), of["gcp"].get(technique)
        difference = (second or 0) - (first or 0)
        color = cell(layer["gradient"], float(difference)) if difference else legend(layer, "equal")
        if first is None or second is None:
            color = legend(layer, "only gcp" if first is None else "only aws")
        right[technique] = (difference, color)
    assert (scale_of(layer), mismatches(said, right)) == ((-100, 100), {})


@pytest.mark.parametrize("weak", [50, 75])
def test_cells_of_gaps(run: Run, tmp_path: Path, weak: int) -> None:
    release = newest()
    threat = {t: sum(t in release.uses[g] for g in ("G0016", "G0007", "G0032")) for t in release.active}
    threat = {t: weight for t, weight in threat.items() if weight}
    best = covered(scores(shipped("m365"), release))
    groups = [word for group in ("G0016", "G0007", "G0032") for word in ("--threat", group)]
    words = ("--weak", str(weak), "-o", tmp_path / "gaps", "-q")
    assert run("gaps", "m365", *groups, *words).code == 0
    layer, said = said_cells(run, tmp_path / "gaps" / "threat.json")
    used = {t: one for t, one in said.items() if one[0] is not None}
    assert (scale_of(layer), mismatches(used, by_score(layer, threat))) == ((0, 3), {})
    layer, said = said_cells(run, tmp_path / "gaps" / "coverage.json")
    right = by_score(layer, {t: best[t] for t in threat if t in best})
    right |= {t: (None, legend(layer, "not covered")) for t in threat if t not in best}
    assert mismatches({t: (said[t][0] or None, said[t][1]) for t in said if t in threat}, right) == {}
    layer, said = said_cells(run, tmp_path / "gaps" / "gap.json")
    gap = {t: threat[t] * (100 - best.get(t, 0)) / 100 for t in threat}
    right = {}
    for technique in threat:
        color = cell(layer["gradient"], float(gap[technique]))
        if technique not in best:
            color = legend(layer, "not covered")
        elif best[technique] >= weak:
            color = "white"
        right[technique] = (None if color == "white" else gap[technique], color)
    held = {t: (s, "white") if c in ("", "#ffffff") else (s, c) for t, (s, c) in said.items() if t in threat}
    assert mismatches({t: (None, c) if c == "white" else (s, c) for t, (s, c) in held.items()}, right) == {}


def test_what_a_threat_does_not_use_is_hidden(run: Run, tmp_path: Path) -> None:
    release = newest()
    assert run("gaps", "aws", "--threat", "G0016", "-o", tmp_path / "gaps", "-q").code == 0
    used = release.uses["G0016"]
    shown = used | {technique.partition(".")[0] for technique in used}
    said = {}
    for name in ("threat", "coverage", "gap"):
        layer = json.loads((tmp_path / "gaps" / f"{name}.json").read_bytes())
        off = {entry["techniqueID"] for entry in layer["techniques"] if entry.get("enabled") is False}
        said[name] = (layer["hideDisabled"], release.active - off)
    assert said == dict.fromkeys(said, (True, shown))
