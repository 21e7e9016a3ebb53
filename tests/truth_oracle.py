"""navlayers' numbers, worked out a second time from the definitions in docs/. Imports nothing of navlayers."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from conftest import Run

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
CATEGORIES = ("protect", "detect", "respond")
OVERALL, BARE = "overall", "unspecified"
STANDARD = {"minimal": 10, "partial": 50, "significant": 100}

Number = Fraction | None
Scores = dict[str, dict[str, Number]]
"""Technique → category, or overall → score; None where it is mapped and not rated."""


class Row(NamedTuple):
    """One mapping as written."""

    capability: str
    technique: str
    category: str | None
    value: str | None
    kind: str | None = None
    group: str | None = None


class Set(NamedTuple):
    """A mapping set: what its file says."""

    domain: str
    attack: str
    scale: dict[str, float]
    rows: tuple[Row, ...]
    capabilities: dict[str, str]
    nothing: tuple[frozenset[str], frozenset[str], frozenset[tuple[str, str]]] = (
        frozenset(),
        frozenset(),
        frozenset(),
    )
    """Non-mappable capabilities, techniques, pairs."""


class Facts(NamedTuple):
    """What an ATT&CK release says."""

    active: frozenset[str]
    successor: dict[str, str]
    tactics: dict[str, tuple[str, ...]]
    """Technique → short names."""
    matrix: tuple[tuple[str, str, str], ...]
    """Id, short name and name of each tactic, in order."""
    names: dict[str, str]
    uses: dict[str, frozenset[str]]
    """Group, software or campaign → techniques."""
    tools: dict[str, frozenset[str]]
    """Group or campaign → software that it uses."""

    def follow(self, technique: str) -> str | None:
        """The active technique that an id stands for."""
        while technique not in self.active and technique in self.successor:
            technique = self.successor[technique]
        return technique if technique in self.active else None

    def subs(self, parent: str) -> list[str]:
        """The active sub-techniques of a technique."""
        return [t for t in self.active if t.startswith(f"{parent}.")]


# Reading.


@lru_cache
def native(path: Path) -> Set:
    """A native YAML file, by plain PyYAML."""
    said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    types = said.get("mapping_types") or {}
    default = next(iter(types), None)
    rows: list[Row] = []
    idle, pairs = set(), set()
    for capability, block in said["capabilities"].items():
        if block.get("non_mappable"):
            idle.add(capability)
        for technique, entries in (block.get("techniques") or {}).items():
            for entry in entries if isinstance(entries, list) else [entries]:
                if isinstance(entry, dict) and entry.get("non_mappable"):
                    pairs.add((capability, technique))
                else:
                    rows += _entry(capability, technique, entry, default)
    return Set(
        said["domain"],
        said["attack_version"],
        said.get("scale") or {},
        tuple(rows),
        {capability: block.get("name") or capability for capability, block in said["capabilities"].items()},
        (frozenset(idle), frozenset(said.get("non_mappable") or {}), frozenset(pairs)),
    )


def _entry(capability: str, technique: str, entry: object, default: str | None) -> Iterator[Row]:
    said: dict[str, Any] = entry if isinstance(entry, dict) else {} if entry is None else {"type": entry}
    kind, group = said.get("type", default), said.get("group")
    values: list[tuple[str | None, Any]] = [
        (category, said[category]) for category in CATEGORIES if category in said
    ]
    if "value" in said:
        values.append((None, said["value"]))
    for category, value in values or [(None, None)]:
        yield Row(capability, technique, category, None if value is None else str(value), kind, group)


@lru_cache
def explorer(path: Path) -> Set:
    """A file of the Mappings Explorer."""
    said = json.loads(path.read_bytes())
    rows, idle, bare, pairs = [], set(), set(), set()
    for thing in said["mapping_objects"]:
        capability, technique = thing["capability_id"], thing["attack_object_id"]
        if thing["status"] == "non_mappable" or "non_mappable" in (thing["mapping_type"] or ""):
            if capability and technique:
                pairs.add((capability, technique))
            elif capability:
                idle.add(capability)
            else:
                bare.add(technique)
            continue
        value = thing.get("score_value") or None
        rows.append(Row(capability, technique, thing.get("score_category") or None, value, thing["mapping_type"]))
    head = said["metadata"]
    names = {t["capability_id"]: t["capability_description"] for t in said["mapping_objects"] if t["capability_id"]}
    nothing = (frozenset(idle), frozenset(bare), frozenset(pairs))
    return Set(head["technology_domain"], head["attack_version"], {}, tuple(rows), names, nothing)


@lru_cache
def shipped(name: str) -> Set:
    """A set of mappings/."""
    return native(ROOT / "mappings" / f"{name}.yaml")


@lru_cache
def facts(domain: str, version: str) -> Facts:
    """What MITRE's own bundle of the release says; skips the test where it is not at hand."""
    path = SHARED / "attack" / f"{domain}-attack-{version}.json"
    if not path.is_file():
        pytest.skip(f"MITRE's bundles are not at {path.parent}")
    things = json.loads(path.read_bytes())["objects"]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for thing in things:
        kinds.setdefault(thing["type"], []).append(thing)
    alive = {t["id"] for t in things if not (t.get("revoked") or t.get("x_mitre_deprecated"))}
    ids = {
        t["id"]: r["external_id"]
        for t in things
        for r in t.get("external_references", ())
        if r["source_name"].startswith("mitre-") and "external_id" in r
    }
    techniques = [t for t in kinds["attack-pattern"] if t["id"] in ids]
    living = [t for t in techniques if t["id"] in alive]
    links: dict[str, list[tuple[str, str]]] = {}
    for link in kinds["relationship"]:
        if link["id"] in alive:
            links.setdefault(link["relationship_type"], []).append((link["source_ref"], link["target_ref"]))
    uses: dict[str, set[str]] = {}
    tools: dict[str, set[str]] = {}
    active = {t["id"] for t in living}
    for user, used in links.get("uses", ()):
        if used in active and user in alive and user.startswith(("intrusion-set", "malware", "tool", "campaign")):
            uses.setdefault(ids[user], set()).add(ids[used])
        if used in alive and user in alive and used.startswith(("malware", "tool")):
            tools.setdefault(ids[user], set()).add(ids[used])
    tactic = {t["id"]: (ids[t["id"]], t["x_mitre_shortname"], t["name"]) for t in kinds["x-mitre-tactic"]}
    matrix = next(m for m in kinds["x-mitre-matrix"] if m["id"] in alive)
    return Facts(
        frozenset(ids[t["id"]] for t in living),
        {ids[a]: ids[b] for a, b in links.get("revoked-by", ()) if a in ids and b in ids},
        {ids[t["id"]]: tuple(p["phase_name"] for p in t["kill_chain_phases"]) for t in living},
        tuple(tactic[ref] for ref in matrix["tactic_refs"]),
        {ids[t["id"]]: t["name"] for t in [*techniques, *living]},
        {user: frozenset(used) for user, used in uses.items()},
        {user: frozenset(used) for user, used in tools.items()},
    )


def with_threats_of(release: Facts, older: Facts) -> Facts:
    """The release with the groups, software and campaigns of an older one, carried to it through revoked-by."""
    uses = {user: frozenset(t for old in used if (t := release.follow(old))) for user, used in older.uses.items()}
    return release._replace(uses=uses, tools=older.tools)


def newest() -> Facts:
    """The newest enterprise release that ships; its groups, software and campaigns are those of 18.1."""
    return with_threats_of(facts("enterprise", "19.1"), facts("enterprise", "18.1"))


# Scoring: docs/scoring.md, and "Aggregation, exactly" of the design.


def combined(scores: Sequence[Fraction]) -> Fraction:
    """100·(1−∏(1−s/100))."""
    return 100 * (1 - math.prod([1 - score / 100 for score in scores], start=Fraction(1)))


FUNCTIONS: dict[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "max": max,
    "mean": lambda scores: sum(scores, Fraction(0)) / len(scores),
    "median": lambda scores: Fraction(median(scores)),
    "min": min,
    "sum": lambda scores: sum(scores, Fraction(0)),
    "count": lambda scores: Fraction(sum(score > 0 for score in scores)),
    "combined": combined,
}


def followed(rows: Iterable[Row], release: Facts) -> list[Row]:
    """The rows with what replaces revoked ids; without those that are not active."""
    return [row._replace(technique=now) for row in rows if (now := release.follow(row.technique))]


def rated(made: Set) -> bool:
    """Whether it is a scored set."""
    return bool(made.scale) or any(row.value is not None for row in made.rows)


def number(value: str | None, made: Set, scale: Mapping[str, float], worth: float | None) -> Number:
    """What a score value is worth."""
    known: dict[str, float] = {**(made.scale or STANDARD), **scale}
    if value is None:
        return None if worth is None else Fraction(str(worth))
    return Fraction(str(known.get(value, value)))


def scores(
    made: Set,
    release: Facts,
    *,
    aggregate: str = "max",
    weights: Mapping[str, float] | None = None,
    scale: Mapping[str, float] | None = None,
    worth: float | None = None,
    rollup: str = "none",
) -> Scores:
    """The scores of every mapped technique."""
    rows = followed(made.rows, release)
    if not rated(made) and worth is None:
        mapped: dict[str, set[str]] = {}
        for row in rows:
            mapped.setdefault(row.technique, set()).add(row.capability)
        counted: Scores = {t: {OVERALL: Fraction(len(mapped[t])), BARE: Fraction(len(mapped[t]))} for t in mapped}
        return roll_up(counted, release, rollup)
    worths = {value: number(value, made, scale or {}, worth) for value in {row.value for row in rows}}
    best: dict[str, dict[str, dict[str, list[Fraction]]]] = {}
    for row in rows:
        one = worths[row.value]
        given = best.setdefault(row.technique, {}).setdefault(row.category or BARE, {})
        if one is not None:
            given.setdefault(row.capability, []).append(one)
    result: Scores = {
        technique: {
            category: FUNCTIONS[aggregate]([max(values) for values in given.values()]) if given else None
            for category, given in by.items()
        }
        for technique, by in best.items()
    }
    named = {category for by in result.values() for category, score in by.items() if score is not None} - {BARE}
    for scored in result.values():
        scored[OVERALL] = _overall(scored, weights or {}, named)
    return roll_up(result, release, rollup)


def _overall(by: Mapping[str, Number], weights: Mapping[str, float], named: set[str]) -> Number:
    given = [score for score in by.values() if score is not None]
    if not given or not (weights and named):
        return max(given, default=None)
    share = {category: Fraction(str(weights[category])) for category in named}
    mean = sum((share[c] * (by.get(c) or 0) for c in named), Fraction(0)) / sum(share.values())
    return max(mean, by.get(BARE) or Fraction(0))


def roll_up(before: Scores, release: Facts, how: str) -> Scores:
    """Parents without a score get one of their sub-techniques, overall and per category by itself."""
    if how == "none":
        return before
    after = {technique: dict(by) for technique, by in before.items()}
    for parent in {t.partition(".")[0] for t in before if "." in t} & release.active:
        subs = release.subs(parent)
        for category in {category for sub in subs for category in before.get(sub, {})}:
            given = [one for sub in subs if (one := before.get(sub, {}).get(category)) is not None]
            if given and before.get(parent, {}).get(category) is None:
                total = max(given) if how == "max" else sum(given, Fraction(0)) / len(subs)
                after.setdefault(parent, {})[category] = total
    return after


def view(found: Scores, category: str = OVERALL) -> dict[str, Number]:
    """Technique → score in one category, None where it is not rated."""
    return {technique: by[category] for technique, by in found.items() if category in by}


def covered(found: Scores, category: str = OVERALL) -> dict[str, Fraction]:
    """Technique → score above 0 in one category."""
    return {technique: score for technique, score in view(found, category).items() if score}


def decimals(score: Fraction | int) -> Fraction:
    """As shown: two decimals; halves go up."""
    return Fraction(math.floor(score * 100 + Fraction(1, 2)), 100)


def mean_of(values: Iterable[Fraction]) -> Number:
    """Their mean, None of none."""
    values = list(values)
    return sum(values, Fraction(0)) / len(values) if values else None


# What the command line says.


def json_of(run: Run, *args: str | Path) -> Any:
    """Standard output of a run as JSON."""
    result = run(*args, "-q")
    assert result.code == 0, result.err
    return json.loads(result.out)


def mismatches(said: Any, right: Any, by: float = 0.005, at: str = "") -> dict[str, Any]:
    """Path → what was said, what is right; for each leaf that differs, numbers by more than `by`."""
    if isinstance(said, dict) and isinstance(right, dict):
        lost = {f"{at}/{key}": ("–", right[key]) for key in right if key not in said}
        more = {f"{at}/{key}": (said[key], "–") for key in said if key not in right}
        within = [mismatches(said[key], right[key], by, f"{at}/{key}") for key in right if key in said]
        return {path: found for one in (lost, more, *within) for path, found in one.items()}
    if isinstance(said, (list, tuple)) and isinstance(right, (list, tuple)) and len(said) == len(right):
        return mismatches(dict(enumerate(said)), dict(enumerate(right)), by, at)
    if isinstance(said, (int, float)) and isinstance(right, (int, float, Fraction)) and not isinstance(said, bool):
        return {} if abs(Fraction(str(said)) - Fraction(right)) <= Fraction(str(by)) else {at: (said, float(right))}
    return {} if said == right else {at: (said, right)}


def layer_scores(layer: Mapping[str, Any]) -> dict[str, float | None]:
    """Technique → score of a layer's entries: the exact one where the Navigator's band moved it."""
    moved = {
        entry["techniqueID"]: float(item["value"].split()[0])
        for entry in layer["techniques"]
        for item in entry.get("metadata", ())
        if item.get("name") == "exact score"
    }
    return {t: moved.get(t, entry.get("score")) for entry in layer["techniques"] for t in [entry["techniqueID"]]}


def empties(layer: Mapping[str, Any]) -> list[str]:
    """The techniques for whose scores the Navigator would show an empty matrix."""
    low, high = layer["gradient"]["minValue"], layer["gradient"]["maxValue"]
    entries = [entry for entry in layer["techniques"] if entry.get("score") is not None]
    return [
        e["techniqueID"] for e in entries if Fraction(199, 200) <= Fraction(e["score"] - low) / (high - low) < 1
    ]


def cell(gradient: Mapping[str, Any], score: float) -> str:
    """The Navigator's colour of a score: one of 100 between evenly spaced stops (../shared/navigator)."""
    stops = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in gradient["colors"]]
    parts = [math.floor(99 / (len(stops) - 1) + 0.5)] * (len(stops) - 1)
    for i in range(abs(99 - sum(parts))):
        parts[i] += 1 if sum(parts) < 99 else -1
    steps = [
        [a + (b - a) * i / part for a, b in zip(start, end, strict=True)]
        for start, end, part in zip(stops, stops[1:], parts, strict=False)
        for i in range(part)
    ]
    steps.append([float(channel) for channel in stops[-1]])
    place = (score - gradient["minValue"]) / (gradient["maxValue"] - gradient["minValue"]) * 100
    index = 99 if place >= 100 else 0 if place <= 0 else min(99, math.floor(place + 0.5))
    return "#" + "".join(f"{math.floor(channel + 0.5):02x}" for channel in steps[index])
