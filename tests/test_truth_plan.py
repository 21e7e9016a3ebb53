"""What `plan` chooses, against all plans that there are: the rules of docs/plan.md, every choice tried."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from truth_oracle import json_of, mismatches, number, shipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from conftest import Run

Gives = dict[str, dict[str, Fraction]]
"""Capability → technique → score."""

TECHNIQUES = [*(f"T1003.00{n}" for n in range(1, 9)), "T1078", "T1110", "T1110.001", "T1110.002", "T1486", "T1490"]


def made(seed: int, *, scored: bool = True, capabilities: int = 9) -> dict[str, Any]:
    """A small set, the same for the same seed."""
    random = Random(seed)  # noqa: S311 - not for secrets
    blocks = {}
    for at in range(capabilities):
        entries: dict[str, Any] = {}
        for technique in random.sample(TECHNIQUES, random.randint(1, 6)):
            values = random.sample(["minimal", "partial", "significant", 30, 0], 2)
            entries[technique] = dict(zip(random.sample(["protect", "detect"], 2), values, strict=True))
            if not scored:
                entries[technique] = None
        blocks[f"c{at}"] = {"name": f"Capability {at}", "techniques": entries}
    head = {"framework": "small", "version": "1", "domain": "enterprise", "attack_version": "16.1"}
    return {**head, "capabilities": blocks}


def gives(said: Mapping[str, Any], category: str | None = None, least: float = 0, *, full: bool = False) -> Gives:
    """The scores that each capability gives; `full`: 100 for whatever it covers."""
    scale = {"minimal": 10, "partial": 50, "significant": 100}
    result: Gives = {}
    for capability, block in said["capabilities"].items():
        result[capability] = {}
        for technique, entry in block["techniques"].items():
            every = [Fraction(scale.get(v, v)) for c, v in (entry or {None: 100}).items() if category in (None, c)]
            score = max(every, default=Fraction(0))
            if score and score >= least:
                result[capability][technique] = Fraction(100) if full else score
    return result


class Best(NamedTuple):
    """The best plan."""

    chosen: tuple[str, ...]
    cost: Fraction
    value: Fraction


def value(of: Gives, chosen: Iterable[str], weights: Mapping[str, float] | None) -> Fraction:
    best: dict[str, Fraction] = {}
    for capability in chosen:
        for technique, score in of[capability].items():
            best[technique] = max(best.get(technique, Fraction(0)), score)
    every = ((t, s) for t, s in best.items() if weights is None or t in weights)
    return sum((s / 100 * Fraction(str(weights[t] if weights else 1)) for t, s in every), Fraction(0))


def plans(of: Gives, have: Collection[str], exclude: Collection[str]) -> Iterator[tuple[str, ...]]:
    free = sorted(set(of) - set(have) - set(exclude))
    return chain.from_iterable(combinations(free, size) for size in range(len(free) + 1))


def best(
    of: Gives,
    *,
    budget: Fraction | None = None,
    target: Fraction | None = None,
    weights: Mapping[str, float] | None = None,
    costs: Mapping[str, int] | None = None,
    have: Collection[str] = (),
    exclude: Collection[str] = (),
) -> Best:
    """Every plan tried: the best by value and cost, then the fewest, then the first ids."""
    total = value(of, of, weights)
    found = []
    unpriced = set(of) - set(costs) - set(have) if costs else set()
    for chosen in plans(of, have, {*exclude, *unpriced}):
        cost = Fraction(sum(costs[c] if costs else 1 for c in chosen))
        worth = value(of, (*chosen, *have), weights)
        if budget is not None and cost <= budget:
            found.append(((-worth, cost, len(chosen), chosen), Best(chosen, cost, worth)))
        if target is not None and worth >= target * total:
            found.append(((cost, -worth, len(chosen), chosen), Best(chosen, cost, worth)))
    return min(found)[1]


def curve(of: Gives, plan: Best, weights: Mapping[str, float] | None, costs: Mapping[str, int] | None) -> list[Any]:
    """The capabilities in the order of what each adds per cost; ties by what they add, then by id."""
    steps: list[Any] = []
    placed: list[str] = []
    while len(placed) < len(plan.chosen):
        now = value(of, placed, weights)
        adds = {c: value(of, [*placed, c], weights) - now for c in plan.chosen if c not in placed}
        price = {c: costs[c] if costs else 1 for c in adds}
        after = sorted(adds, key=lambda c: (price[c] != 0, -adds[c] / (price[c] or 1), -adds[c], c))[0]
        placed.append(after)
        steps.append({"capability": after, "adds": adds[after], "together": now + adds[after]})
    return steps


def check(run: Run, path: Path, of: Gives, words: Iterable[str | Path], **asked: Any) -> None:
    """A run of `plan` against every plan that there is."""
    right = best(of, **asked)
    weights, costs = asked.get("weights"), asked.get("costs")
    total = value(of, of, weights)
    reach = {t for c in (*right.chosen, *asked.get("have", ())) for t in of[c] if weights is None or t in weights}
    every = {t for c in of for t in of[c] if weights is None or t in weights}
    expected: dict[str, Any] = {
        "chosen": list(right.chosen),
        "cost": right.cost,
        "value": right.value,
        "value_of_all": total,
        "share": 100 * right.value / total,
        "techniques": len(reach),
        "techniques_of_all": len(every),
        "proven_optimal": True,
        "alone": {c: value(of, [c], weights) for c in of},
        "adds": {
            c: value(of, [*right.chosen, *asked.get("have", ()), c], weights) - right.value
            for c in of
            if c not in (*right.chosen, *asked.get("have", ()))
        },
    }
    result = json_of(run, "plan", path, *words, "--json")
    said = {key: result[key] for key in expected if key in result}
    said["chosen"] = sorted(said["chosen"])
    said["alone"] = {one["id"]: one["value"] for one in result["capabilities"]}
    said["adds"] = {one["id"]: one["adds"] for one in result["capabilities"] if one["id"] in expected["adds"]}
    if not asked.get("have"):
        expected["steps"] = curve(of, right, weights, costs)
        said["steps"] = [{key: step[key] for key in ("capability", "adds", "together")} for step in result["steps"]]
    assert mismatches(said, expected) == {}


def write(path: Path, said: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(dict(said)), encoding="utf-8")
    return path


@pytest.mark.parametrize("seed", range(4))
def test_the_best_plan_for_a_budget(run: Run, tmp_path: Path, seed: int) -> None:
    said = made(seed)
    path = write(tmp_path / "small.yaml", said)
    for budget in (1, 3, 5):
        check(run, path, gives(said), ["--budget", str(budget)], budget=Fraction(budget))


@pytest.mark.parametrize("seed", range(10, 13))
def test_the_cheapest_plan_for_a_target(run: Run, tmp_path: Path, seed: int) -> None:
    said = made(seed)
    path = write(tmp_path / "small.yaml", said)
    for target in (40, 85, 100):
        check(run, path, gives(said), ["--target", f"{target}%"], target=Fraction(target, 100))


COSTS = {"c0": 3, "c1": 0, "c2": 5, "c3": 2, "c4": 7, "c5": 1, "c6": 4, "c8": 2}


@pytest.mark.parametrize("seed", range(20, 23))
def test_the_best_plan_for_what_capabilities_cost(run: Run, tmp_path: Path, seed: int) -> None:
    said = made(seed)
    path = write(tmp_path / "small.yaml", said)
    table = tmp_path / "costs.csv"
    lines = ["capability,cost", *(f"{capability},{cost}" for capability, cost in COSTS.items())]
    table.write_text("\n".join(lines), encoding="utf-8")
    of = gives(said)
    check(run, path, of, ["--budget", "6", "--cost", table], budget=Fraction(6), costs=COSTS)
    check(run, path, of, ["--target", "60%", "--cost", table], target=Fraction(60, 100), costs=COSTS)


@pytest.mark.parametrize("seed", range(30, 33))
def test_what_is_in_place_and_what_is_excluded(run: Run, tmp_path: Path, seed: int) -> None:
    said = made(seed)
    path = write(tmp_path / "small.yaml", said)
    words = ["--have", "c1,c4", "--exclude", "c2"]
    asked: dict[str, Any] = {"have": ("c1", "c4"), "exclude": ("c2",)}
    check(run, path, gives(said), ["--budget", "2", *words], budget=Fraction(2), **asked)
    check(run, path, gives(said), ["--target", "70%", *words], target=Fraction(7, 10), **asked)


@pytest.mark.parametrize("category", ["protect", "detect"])
def test_plans_for_one_category_or_above_a_score(run: Run, tmp_path: Path, category: str) -> None:
    said = made(40)
    path = write(tmp_path / "small.yaml", said)
    three = Fraction(3)
    check(run, path, gives(said, category), ["--budget", "3", "--category", category], budget=three)
    check(run, path, gives(said, least=50), ["--budget", "3", "--min-score", "50"], budget=three)
    check(run, path, gives(said, full=True), ["--budget", "3", "--measure", "covered"], budget=three)


WEIGHTS = {"T1003.001": 5, "T1078": 2.5, "T1110": 1, "T1110.001": 4, "T1486": 10, "T1003.004": 3, "T1105": 9}


@pytest.mark.parametrize("seed", range(50, 53))
def test_plans_against_a_threat(run: Run, tmp_path: Path, seed: int) -> None:
    said = made(seed)
    path = write(tmp_path / "small.yaml", said)
    table = tmp_path / "threat.csv"
    table.write_text("\n".join(["technique,weight", *(f"{t},{w}" for t, w in WEIGHTS.items())]), encoding="utf-8")
    words: list[str | Path] = ["--threat", table, "--attack", "16.1"]
    check(run, path, gives(said), [*words, "--budget", "2"], budget=Fraction(2), weights=WEIGHTS)
    check(run, path, gives(said), [*words, "--target", "75%"], target=Fraction(3, 4), weights=WEIGHTS)


@pytest.mark.parametrize("seed", range(60, 63))
def test_plans_of_a_set_without_scores(run: Run, tmp_path: Path, seed: int) -> None:
    said = made(seed, scored=False)
    path = write(tmp_path / "small.yaml", said)
    check(run, path, gives(said), ["--budget", "3"], budget=Fraction(3))
    check(run, path, gives(said), ["--target", "100%"], target=Fraction(1))


@pytest.mark.parametrize("options", [{"budget": 2}, {"target": 80}, {"budget": 3, "category": "protect"}])
def test_plans_of_a_shipped_set(run: Run, options: dict[str, Any]) -> None:
    of: Gives = {}
    category = options.get("category")
    for row in shipped("intel-vpro").rows:
        score = number(row.value, shipped("intel-vpro"), {}, None) if category in (None, row.category) else None
        held = of.setdefault(row.capability, {})
        if score:
            held[row.technique] = max(held.get(row.technique, Fraction(0)), score)
    words = [
        word for key, one in options.items() for word in (f"--{key}", f"{one}%" if key == "target" else str(one))
    ]
    asked: dict[str, Any] = (
        {"target": Fraction(4, 5)} if "target" in options else {"budget": Fraction(options["budget"])}
    )
    result = json_of(run, "plan", "intel-vpro", *words, "--json")
    right = best(of, **asked)
    said = {key: result[key] for key in ("chosen", "cost", "value", "value_of_all")}
    said["chosen"] = sorted(said["chosen"])
    everything = value(of, of, None)
    expected = {"chosen": list(right.chosen), "cost": right.cost, "value": right.value, "value_of_all": everything}
    assert mismatches(said, expected) == {}
