"""What `compare` and `diff` say, worked out a second time from docs/comparing.md and docs/commands.md."""

from __future__ import annotations

import csv
import io
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from test_truth_scoring import ODD
from truth_oracle import (
    BARE,
    CATEGORIES,
    OVERALL,
    Facts,
    Scores,
    Set,
    covered,
    decimals,
    explorer,
    facts,
    json_of,
    mean_of,
    mismatches,
    native,
    scores,
    shipped,
    view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from pathlib import Path

    from conftest import Run

Values = dict[str, "Fraction"]


def split(techniques: Mapping[str, object]) -> tuple[int, int]:
    subs = sum("." in technique for technique in techniques)
    return len(techniques) - subs, subs


def best_of(of: Mapping[str, Values]) -> Values:
    """Technique → the highest that any gives."""
    every = sorted({technique for values in of.values() for technique in values})
    return {t: max(values[t] for values in of.values() if t in values) for t in every}


def unrated_of(found: Mapping[str, Scores], category: str) -> dict[str, set[str]]:
    """Input → techniques that it maps without a rating."""
    return {name: {t for t, score in view(one, category).items() if score is None} for name, one in found.items()}


def totals(values: Values, release: Facts, unrated: set[str]) -> dict[str, Any]:
    techniques, subtechniques = split(values)
    return {
        "unrated": len(unrated),
        "techniques": techniques,
        "subtechniques": subtechniques,
        "mean": mean_of(values.values()),
        "over_all": sum(values.values()) / len(release.active),
    }


def relation(first: Fraction | None, second: Fraction | None) -> dict[str, Any]:
    """How two scores differ, as far as they are shown."""
    difference = decimals(second or 0) - decimals(first or 0)
    if first is None or second is None:
        return {"relation": "only second" if first is None else "only first", "difference": difference}
    word = "equal" if not difference else "second stronger" if difference > 0 else "first stronger"
    return {"relation": word, "difference": difference}


def comparison(sets: dict[str, Set], release: Facts, category: str | None, **options: Any) -> dict[str, Any]:
    """What `compare --json` says of sets at a release."""
    found = {name: scores(made, release, **options) for name, made in sets.items()}
    of = {name: covered(one, category or OVERALL) for name, one in found.items()}
    best = best_of(of)
    unrated = unrated_of(found, category or OVERALL)
    in_vain = set().union(*unrated.values()) - best.keys()
    by = {t: [name for name in of if of[name].get(t) == best[t]] for t in best}
    holders = {t: [name for name in of if t in of[name]] for t in best}
    tactics = {}
    for _, short, _ in release.matrix:
        inside = {t for t in release.active if short in release.tactics[t]}
        sums = {name: sum(of[name].get(t, 0) for t in inside) for name in of}
        tactics[short] = {
            "total": len(inside),
            "any": len(inside & set(best)),
            "strongest": [name for name in of if sums[name] == max(sums.values()) and sums[name]],
            "inputs": {
                name: {
                    "covered": len(inside & set(of[name])),
                    "mean": mean_of(of[name][t] for t in inside & set(of[name])),
                    "over_all": sums[name] / len(inside),
                    "unique": sum(holders[t] == [name] for t in inside & set(best)),
                }
                for name in of
            },
        }
    pairs = []
    for first, second in combinations(of, 2):
        both, either = len(of[first].keys() & of[second].keys()), len(of[first].keys() | of[second].keys())
        pairs.append({"inputs": [first, second], "both": both, "either": either, "jaccard": both / either})
    first, *rest = of
    return {
        "active": len(release.active),
        "inputs": {
            name: totals(of[name], release, unrated[name])
            | {
                "best_alone": sum(names == [name] for names in by.values()),
                "unique": sum(names == [name] for names in holders.values()),
            }
            for name in of
        },
        "together": totals(best, release, in_vain),
        "unrated": {t: [name for name in of if t in unrated[name]] for t in in_vain},
        "techniques": {
            t: {
                "best": best[t],
                "best_by": by[t],
                "scores": {name: measures(found[name], t) for name in holders[t]},
                "unrated": [name for name in of if t in unrated[name]],
            }
            for t in best
        },
        "gap": sorted(release.active - set(best)),
        "tactics": tactics,
        "overlaps": pairs,
        "differences": [
            {
                "first": first,
                "second": second,
                "techniques": {
                    t: relation(of[first].get(t), of[second].get(t))
                    for t in sorted(of[first].keys() | of[second].keys())
                },
            }
            for second in rest
        ],
    }


def measures(found: Scores, technique: str) -> dict[str, Any]:
    """Overall and per category."""
    return {c: score for c, score in found[technique].items() if score is not None and c != BARE}


def shown(said: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """The part of what was said that the definitions speak of."""
    said["inputs"] = {
        name: {key: one[key] for key in right["inputs"].get(name, one)} for name, one in said["inputs"].items()
    }
    return {key: said[key] for key in right}


@pytest.mark.parametrize(
    ("names", "version", "options"),
    [
        ("aws gcp", "16.1", {}),
        ("aws m365", "19.1", {}),
        ("aws azure m365", "18.1", {"aggregate": "mean", "rollup": "mean"}),
        ("aws nist_800_53", "16.1", {"worth": 50.0}),
        ("nist_800_53 cri_profile", "17.1", {}),
        ("m365 intel-vpro", "16.1", {"weights": {"protect": 3.0, "detect": 1.0, "respond": 1.0}}),
    ],
)
def test_compare_says_what_the_definitions_say(run: Run, names: str, version: str, options: dict[str, Any]) -> None:
    sets = {name: shipped(name) for name in names.split()}
    right = comparison(sets, facts("enterprise", version), None, **options)
    words = []
    for name, value in options.items():
        text = ",".join(f"{k}={v:g}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        words += [f"--{name}", text]
    baseline = ("--baseline", next(iter(sets)))
    said = json_of(run, "compare", *sets, "--attack", version, *baseline, *words, "--json")
    assert mismatches(shown(said, right), right) == {}


@pytest.mark.parametrize("category", [None, "protect", "detect"])
def test_compare_of_an_odd_set(run: Run, tmp_path: Path, category: str | None) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(ODD, encoding="utf-8")
    right = comparison({"odd": native(path), "aws": shipped("aws")}, facts("enterprise", "16.1"), category)
    said = json_of(run, "compare", path, "aws", *(("--category", category) if category else ()), "--json")
    for one in (*said["techniques"].values(), *right["techniques"].values()):
        one["scores"] = {name: by.get(category or OVERALL) for name, by in one["scores"].items()}
    assert mismatches(shown(said, right), right) == {}


def test_compare_measures_only_whether_techniques_are_covered(run: Run) -> None:
    sets = {name: shipped(name) for name in ("aws", "nist_800_53")}
    release = facts("enterprise", "16.1")
    of = {name: covered(scores(made, release)) for name, made in sets.items()}
    said = json_of(run, "compare", *sets, "--measure", "covered", "--json")
    right = {
        "inputs": {name: split(values) for name, values in of.items()},
        "gap": sorted(release.active - of["aws"].keys() - of["nist_800_53"].keys()),
        "both": len(of["aws"].keys() & of["nist_800_53"].keys()),
    }
    inputs = {name: (one["techniques"], one["subtechniques"]) for name, one in said["inputs"].items()}
    assert {"inputs": inputs, "gap": said["gap"], "both": said["overlaps"][0]["both"]} == right


@pytest.mark.parametrize("category", CATEGORIES)
def test_compare_of_one_category(run: Run, category: str) -> None:
    sets = {name: shipped(name) for name in ("azure", "gcp")}
    right = comparison(sets, facts("enterprise", "16.1"), category)
    said = json_of(run, "compare", *sets, "--category", category, "--json")
    for one in (*said["techniques"].values(), *right["techniques"].values()):
        one["scores"] = {name: by[category] for name, by in one["scores"].items()}
    assert mismatches(shown(said, right), right) == {}


@pytest.mark.parametrize("category", CATEGORIES)
def test_overall_is_the_category_that_is_compared(run: Run, category: str) -> None:
    sets = {name: shipped(name) for name in ("azure", "gcp")}
    release = facts("enterprise", "16.1")
    right = {name: covered(scores(made, release), category) for name, made in sets.items()}
    said = json_of(run, "compare", *sets, "--category", category, "--json")
    assert {
        name: {t: one["scores"][name][OVERALL] for t, one in said["techniques"].items() if name in one["scores"]}
        for name in sets
    } == right


@pytest.mark.parametrize("aggregate", ["mean", "combined"])
def test_compare_averages_what_it_shows(run: Run, aggregate: str) -> None:
    said = json_of(run, "compare", "aws", "m365", "--aggregate", aggregate, "--scale", "partial=33.33", "--json")
    right = {
        name: sum(of) / len(of)
        for name in said["inputs"]
        for of in [[one["scores"][name][OVERALL] for one in said["techniques"].values() if name in one["scores"]]]
    }
    right["together"] = sum(one["best"] for one in said["techniques"].values()) / len(said["techniques"])
    means = {name: one["mean"] for name, one in (said["inputs"] | {"together": said["together"]}).items()}
    assert mismatches(means, right, by=1e-6) == {}


def test_the_table_of_a_comparison(run: Run, tmp_path: Path) -> None:
    sets = {name: shipped(name) for name in ("aws", "gcp")}
    release = facts("enterprise", "16.1")
    json_right = comparison(sets, release, None, aggregate="mean")
    order = [short for _, short, _ in release.matrix]
    right = {}
    for technique, one in json_right["techniques"].items():
        tactics = sorted(release.tactics[technique], key=order.index)
        cells: dict[str, Any] = {
            "name": release.names[technique],
            "tactics": ", ".join(tactics),
            "covered by": len(one["scores"]),
            "best": one["best"],
            "best by": ", ".join(one["best_by"]),
            "aws → gcp": json_right["differences"][0]["techniques"][technique]["difference"],
        }
        for name in sets:
            by = one["scores"].get(name, {})
            cells |= {name: by.get(OVERALL, "")} | {f"{name} {c}": by.get(c, "") for c in CATEGORIES}
        right[technique] = cells
    assert run("compare", *sets, "--aggregate", "mean", "-o", tmp_path / "out", "-q").code == 0
    text = (tmp_path / "out" / "comparison.csv").read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["covered by"] != "0"]
    said = {row.pop("technique"): {key: plain(value) for key, value in row.items()} for row in rows}
    assert mismatches(said, right) == {}


def plain(text: str) -> float | str:
    """A cell as a number where it is one."""
    return float(text) if re.fullmatch(r"-?[\d.]+", text) else text


def changes(before: Scores, after: Scores) -> dict[str, Any]:
    """What `diff` lists: change → technique → measure → scores before and after."""
    result: dict[str, Any] = {"lost": {}, "weaker": {}, "gained": {}, "stronger": {}}
    for technique in sorted(before.keys() | after.keys()):
        steps = {}
        for measure in (OVERALL, *CATEGORIES):
            one, other = (found.get(technique, {}).get(measure) or None for found in (before, after))
            if one != other:
                steps[measure] = (one, other)
        if not steps:
            continue
        was, is_ = (found.get(technique, {}).get(OVERALL) for found in (before, after))
        fell = any((one or 0) > (other or 0) for one, other in steps.values())
        change = "gained" if not was else "lost" if not is_ else "weaker" if fell else "stronger"
        result[change][technique] = steps
    return result


def said_changes(said: dict[str, Any]) -> dict[str, Any]:
    return {
        change: {
            one["id"]: {step["measure"]: (step["before"], step["after"]) for step in one["steps"]} for one in of
        }
        for change, of in said["techniques"].items()
    }


@pytest.mark.parametrize(
    ("names", "version", "aggregate"),
    [("aws gcp", "16.1", "max"), ("aws azure", "18.1", "mean"), ("nist_800_53 cri_profile", "16.1", "max")],
)
def test_diff_lists_what_the_definitions_list(run: Run, names: str, version: str, aggregate: str) -> None:
    before, after = names.split()
    release = facts("enterprise", version)
    found = [scores(shipped(name), release, aggregate=aggregate) for name in (before, after)]
    right: dict[str, Any] = {
        "changes": changes(*found),
        "totals": [{"covered": len(covered(one)), "mean": mean_of(covered(one).values())} for one in found],
        "capabilities": capabilities(shipped(before), shipped(after)),
    }
    said = json_of(run, "diff", before, after, "--attack", version, "--aggregate", aggregate, "--json")
    of = {what: {one["id"] for one in said["capabilities"][what]} for what in ("added", "removed")}
    made = {
        "changes": said_changes(said),
        "totals": [said["totals"]["before"], said["totals"]["after"]],
        "capabilities": {what: ids & mapped(after if what == "added" else before) for what, ids in of.items()},
    }
    assert mismatches(made, right) == {}


def mapped(name: str) -> set[str]:
    return {row.capability for row in shipped(name).rows}


def capabilities(before: Set, after: Set) -> dict[str, set[str]]:
    """The mapped capabilities that came and went; a new id with the name of one that went is a renaming."""
    added = {c: name.casefold() for c, name in after.capabilities.items() if c not in before.capabilities}
    removed = {c: name.casefold() for c, name in before.capabilities.items() if c not in after.capabilities}
    same = set(added.values()) & set(removed.values())
    return {
        "added": {c for c, name in added.items() if name not in same} & {row.capability for row in after.rows},
        "removed": {c for c, name in removed.items() if name not in same} & {row.capability for row in before.rows},
    }


def test_diff_of_two_versions_that_were_published(run: Run, corpus: Path) -> None:
    path = next(corpus.glob("azure-*_attack-8.2-*.json"))
    release = facts("enterprise", "16.1")
    right = changes(scores(explorer(path), release), scores(shipped("azure"), release))
    said = said_changes(json_of(run, "diff", path, "azure", "--json"))
    assert mismatches(said, right) == {}


def test_added_capabilities_are_those_with_mappings(run: Run) -> None:
    first = run("diff", "aws", "gcp", "-q").out
    right = capabilities(shipped("aws"), shipped("gcp"))
    assert re.findall(r"(\d+) \w+ added", first) == [str(len(right["added"]))]


DECIMALS = """\
framework: decimals
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  x:
    techniques:
      T1078: {protect: 33.335}
      T1110: {protect: 67.195, detect: 12.345}
      T1485: {protect: 1.005, detect: 2.675}
"""


def test_halves_round_alike_everywhere(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "decimals.yaml"
    path.write_text(DECIMALS, encoding="utf-8")
    said = json_of(run, "compare", path, "aws", "--json")["techniques"]
    lines = run("compare", path, "aws", "-o", tmp_path / "out", "-q")
    assert lines.code == 0
    table = csv.DictReader(io.StringIO((tmp_path / "out" / "comparison.csv").read_text(encoding="utf-8-sig")))
    rows = {row["technique"]: row for row in table}
    layer = json_of(run, "build", path, "-o", "-", "--only", "overview")
    differ = said_changes(json_of(run, "diff", path, "aws", "--json"))
    steps = {technique: by for of in differ.values() for technique, by in of.items()}
    right = {"T1078": 33.34, "T1110": 67.2, "T1485": 2.68}
    assert {
        "compare": {t: said[t]["scores"]["decimals"][OVERALL] for t in right},
        "table": {t: float(rows[t]["decimals"]) for t in right},
        "layer": {one["techniqueID"]: one["score"] for one in layer["techniques"]},
        "diff": {t: steps[t][OVERALL][0] for t in right},
    } == dict.fromkeys(("compare", "table", "layer", "diff"), right)
    assert native(path).attack == "16.1"
