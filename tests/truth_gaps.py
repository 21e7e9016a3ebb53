"""Gaps against a threat, worked out a second time from docs/gaps.md."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from truth_oracle import (
    CATEGORIES,
    OVERALL,
    Facts,
    Number,
    Scores,
    Set,
    decimals,
    followed,
    rated,
    scores,
    view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


Weights = dict[str, float]


def counted(made: Set, worth: float | None) -> bool:
    return not rated(made) and worth is None


def best_scores(of: Mapping[str, Scores], category: str) -> dict[str, Number]:
    """Technique → the best score of all inputs as shown, 100 at most; None where it is mapped and never rated."""
    result: dict[str, Number] = {}
    for found in of.values():
        for technique, score in view(found, category).items():
            old = result.get(technique)
            shown = None if score is None else decimals(min(score, Fraction(100)))
            result[technique] = old if shown is None else shown if old is None else max(old, shown)
    return result


def best_by(of: Mapping[str, Scores], technique: str, measure: str, score: Number) -> list[str]:
    """The inputs that give the best score; without scores those that map the technique."""
    given = {name: view(found, measure).get(technique) for name, found in of.items()}
    if score is None:
        return [name for name, one in given.items() if one]
    return [name for name, one in given.items() if one and decimals(min(one, Fraction(100))) == score]


def state(score: Number, *, mapped: bool, weak: float) -> str:
    if score is None:
        return "not rated" if mapped else "uncovered"
    return "uncovered" if not score else "weak" if score < weak else "covered"


def share(weights: Weights, best: Mapping[str, Number], weak: float, *, plain: bool) -> dict[str, Any]:
    """The numbers of some techniques of the threat; `plain`: there are no scores."""
    held = {t for t in weights if best.get(t)}
    weight, held_weight = sum(weights.values()), sum(weights[t] for t in held)
    scored = sum(weights[t] * float(best[t] or 0) / 100 for t in held)
    return {
        "techniques": len(weights),
        "covered": len(held),
        "weak": None if plain else sum((best[t] or 0) < weak for t in held),
        "unrated": sum(t in best and best[t] is None for t in weights),
        "weight": weight,
        "covered_weight": held_weight,
        "scored_weight": None if plain else scored,
        "percent": {
            "plain": 100 * len(held) / len(weights) if weights else 0,
            "by_weight": 100 * held_weight / weight if weight else 0,
            "by_score": None if plain else 100 * scored / weight if weight else 0,
        },
    }


def related(release: Facts, technique: str, best: Mapping[str, Number], *, plain: bool) -> str:
    """What is covered of the parent or the sub-techniques of an uncovered technique."""
    parent, dot, _ = technique.partition(".")
    if dot:
        score = best.get(parent)
        return "" if not score else f"parent {parent} {'covered' if plain else f'{round(float(score), 2):g}'}"
    subs = release.subs(technique)
    held = sum(bool(best.get(sub)) for sub in subs)
    return f"{held} of {len(subs)} {'sub' if len(subs) == 1 else 'subs'}" if held else ""


def gaps(
    sets: Mapping[str, Set],
    threats: Mapping[str, Weights],
    release: Facts,
    *,
    category: str | None = None,
    weak: float = 50,
    groups_known: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """What `gaps --json` says of sets against the members of a threat; groups of 18.1 and what follows it."""
    measure, worth = category or OVERALL, options.get("worth")
    of = {name: scores(made, release, **options) for name, made in sets.items()}
    plain = any(counted(made, worth) for made in sets.values())
    if plain:
        of = {name: {t: {OVERALL: by[OVERALL]} for t, by in found.items()} for name, found in of.items()}
    best = best_scores(of, measure)
    weights: Weights = {}
    for member in threats.values():
        for technique, weight in member.items():
            weights[technique] = weights.get(technique, 0) + weight
    users = {user: used for user, used in release.uses.items() if user.startswith("G") and groups_known}
    groups = {t: sum(t in used for used in users.values()) for t in weights}
    order = [short for _, short, _ in release.matrix]
    nothing = {name: {release.follow(t) for t in made.nothing[1]} for name, made in sets.items()}
    rows: dict[str, dict[str, Any]] = {}
    for technique, weight in weights.items():
        score = best.get(technique)
        what = state(score, mapped=technique in best, weak=0 if plain else weak)
        missing = 0 if plain and score else 100 - (score or 0)
        rows[technique] = {
            "name": release.names[technique],
            "tactics": sorted(release.tactics[technique], key=order.index),
            "weight": weight,
            "state": what,
            "score": None if plain or not score else score,
            "missing": missing,
            "gap": weight * float(missing) / 100,
            "best_by": best_by(of, technique, measure, None if plain else score),
            "used_by": {name: member[technique] for name, member in threats.items() if technique in member},
            "groups": groups[technique] if groups_known else None,
            "related": related(release, technique, best, plain=plain) if what == "uncovered" else "",
            "non_mappable": [name for name in of if what == "uncovered" and technique in nothing[name]],
        }
    named = [c for c in CATEGORIES if any(c in by for found in of.values() for by in found.values())]
    tactics = {}
    for id_, short, name in release.matrix:
        inside = {t: w for t, w in weights.items() if short in release.tactics[t]}
        if inside:
            tactics[id_] = {"name": name, **share(inside, best, weak, plain=plain)}
    return {
        "total": share(weights, best, weak, plain=plain),
        "tactics": tactics,
        "categories": {c: share(weights, best_scores(of, c), weak, plain=plain) for c in named},
        "threats": {name: share(member, best, weak, plain=plain) for name, member in threats.items()},
        "order": sorted(rows, key=lambda t: (-round(float(rows[t]["gap"]), 9), -groups[t], t)),
        "techniques": rows,
        "capabilities": {
            key: one
            for name, made in sets.items()
            for key, one in contributions(name, made, release, weights, measure, plain, options).items()
        },
    }


def contributions(
    name: str, made: Set, release: Facts, weights: Weights, measure: str, plain: bool, options: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    """(Input, capability) → what it covers of the threat by itself."""
    result: dict[tuple[str, str], dict[str, Any]] = {}
    rows = followed(made.rows, release)
    reach: dict[str, dict[str, Fraction]] = {}
    for capability in {row.capability for row in rows}:
        own = made._replace(rows=tuple(row for row in rows if row.capability == capability))
        if not rated(made):
            own = own._replace(scale={})
        found = scores(own, release, **options)
        reach[capability] = {
            t: min(s, Fraction(100)) for t, s in view(found, measure).items() if s and t in weights
        }
    for capability, held in reach.items():
        others = {t for other, its in reach.items() if other != capability for t in its}
        if held:
            result[name, capability] = {
                "techniques": len(held),
                "only": len(held.keys() - others),
                "weight": sum(weights[t] for t in held),
                "by_score": None if plain else sum(weights[t] * float(s) / 100 for t, s in held.items()),
            }
    return result


def said_of(said: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """What was said in the same form."""
    numbers = ("techniques", "covered", "weak", "unrated", "weight", "covered_weight", "scored_weight", "percent")
    keys = next(iter(right["techniques"].values()))
    return {
        "total": {key: said["total"][key] for key in numbers},
        "tactics": {id_: {key: one[key] for key in ("name", *numbers)} for id_, one in said["tactics"].items()},
        "categories": {c: {key: one[key] for key in numbers} for c, one in said["categories"].items()},
        "threats": {one["id"]: {key: one[key] for key in numbers} for one in said["threats"]},
        "order": [one["id"] for one in said["techniques"]],
        "techniques": {one["id"]: {key: one[key] for key in keys} for one in said["techniques"]},
        "capabilities": {
            (one["input"], one["id"]): {key: one[key] for key in ("techniques", "only", "weight", "by_score")}
            for one in said["capabilities"]
        },
    }


def group(release: Facts, name: str) -> Weights:
    return dict.fromkeys(release.uses[name], 1)


def with_software(release: Facts, name: str) -> Weights:
    own = set(release.uses[name]).union(*(release.uses.get(tool, ()) for tool in release.tools[name]))
    return dict.fromkeys(own, 1)
