"""Sets that are made of published data: their facts give the published totals, and their counts are MITRE's."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import SHARED

import navlayers
from navlayers import attack
from navlayers.mapping.find import shipped
from navlayers.mapping.index import entry, shipped_entries

if TYPE_CHECKING:
    from conftest import Run

    from navlayers import MappingSet

HAVE = ("WinEventLog:Sysmon", "WinEventLog:Security")


@lru_cache
def objects(domain: str) -> dict[str, dict[str, Any]]:
    """What MITRE's bundle has, without what is revoked or deprecated, by STIX id."""
    path = SHARED / "attack" / f"{domain}-attack-18.1.json"
    if not path.is_file():
        pytest.skip("the ATT&CK bundles are not at ../shared/attack")
    every = json.loads(path.read_bytes())["objects"]
    return {one["id"]: one for one in every if not (one.get("revoked") or one.get("x_mitre_deprecated"))}


def attack_id(thing: dict[str, Any]) -> str:
    ids = [reference.get("external_id", "") for reference in thing["external_references"]]
    return str(next(id_ for id_ in ids if id_[:1] in "TMAD"))


def relations(domain: str, kind: str) -> list[tuple[dict[str, Any], str]]:
    """Source and technique of each relation of two things that are still in use."""
    known = objects(domain)
    found = [one for one in known.values() if one.get("relationship_type") == kind]
    return [
        (known[one["source_ref"]], attack_id(known[one["target_ref"]]))
        for one in found
        if one["source_ref"] in known and one["target_ref"] in known
    ]


def test_the_index_of_the_shipped_sets_is_theirs() -> None:
    entries = shipped_entries()
    assert set(entries) == {source.name for source in shipped()}
    # Reading the largest takes as long as all others.
    names = ("attack_mitigations", "nist_800_53", "top-techniques", "kev-mobile")
    assert {name: entries[name] for name in names} == {name: entry(navlayers.load(name)) for name in names}


def test_the_totals_of_top_techniques_follow_from_their_facts() -> None:
    """By the calculator's parameters.

    Choke point (half before, half after, up to 10 each), prevalence, and actionability (11/21 of up to 55
    mitigations, 10/21 of up to 100 detections).
    """
    rows = [
        (float(m.value or 0), {k: float(v) for k, v in m.other}) for m in navlayers.load("top-techniques").mappings
    ]
    for total, fact in rows:
        choke = min(fact["before"] / 10, 1) / 2 + min(fact["after"] / 10, 1) / 2
        acted = 11 / 21 * min(fact["mitigations"] / 55, 1) + 10 / 21 * min(fact["detections"] / 100, 1)
        # The calculator has the shares of mitigations with 6 digits.
        assert total == pytest.approx(choke + fact["prevalence"] + acted, abs=1e-6)
    assert len(rows) == 625
    assert sum(fact["mitigations"] + fact["detections"] > 0 for _, fact in rows) == 505


def test_top_techniques_weigh_gaps_and_plans(run: Run) -> None:
    result = json.loads(run("gaps", "nist_800_53", "--threat", "top-techniques", "--attack", "14.1", "--json").out)
    weights = {one["id"]: one["weight"] for one in result["techniques"]}
    assert weights["T1059"] == pytest.approx(2.914286, abs=1e-6)
    plan = json.loads(
        run("plan", "attack_mitigations", "--threat", "top-techniques", "--budget", "1", "--json").out
    )
    mapped = navlayers.load("attack_mitigations", navlayers.ReadOptions()).mappings
    worth: Counter[str] = Counter()
    for mapping in mapped:
        worth[mapping.capability] += weights.get(mapping.technique, 0)
    assert plan["steps"][0]["capability"] == worth.most_common(1)[0][0]


@pytest.fixture(scope="module")
def fedramp() -> MappingSet:
    return navlayers.load("fedramp_800_53")


def test_the_686_counts_of_fedramp_follow_from_its_facts(fedramp: MappingSet) -> None:
    """Of each technique in each of its tactics: how many of the 474 columns are all "N"."""
    scored = fedramp
    related = Counter(technique for _, technique in {(m.capability, m.technique) for m in scored.mappings})
    techniques = attack.find("enterprise", "8.2").catalogue.techniques
    found = {
        (tactic, id_): len(scored.capabilities) - related[id_]
        for id_, one in techniques.items()
        if one.active
        for tactic in one.tactics
    }
    with (Path(__file__).parent / "fedramp_counts.csv").open(encoding="utf-8") as file:
        published = {row["technique"]: int(row["unrelated"]) for row in csv.DictReader(file)}
    assert len(found) == 686
    assert {key: published[key[1]] for key in found} == found
    values = Counter((m.category, m.value) for m in scored.mappings)
    assert values == {
        ("protect", "limited"): 7007,
        ("protect", "moderate"): 1763,
        ("protect", "significant"): 1486,
        ("detect", "limited"): 1887,
        ("detect", "moderate"): 387,
        ("respond", "limited"): 17492,
        ("respond", "moderate"): 2707,
        ("respond", "significant"): 4,
        (None, None): 33830,
    }


@pytest.mark.parametrize(("domain", "suffix"), [("enterprise", ""), ("mobile", "-mobile"), ("ics", "-ics")])
def test_mitigations_are_those_of_attack(domain: str, suffix: str) -> None:
    found = navlayers.load(f"attack_mitigations{suffix}")
    assert {(m.capability, m.technique) for m in found.mappings} == {
        (attack_id(source), technique) for source, technique in relations(domain, "mitigates")
    }
    named = {attack_id(one): one["name"] for one in objects(domain).values() if one["type"] == "course-of-action"}
    assert {c.id: c.name for c in found.capabilities}.items() <= named.items()


@pytest.mark.parametrize(("domain", "suffix"), [("enterprise", ""), ("mobile", "-mobile"), ("ics", "-ics")])
def test_analytics_have_the_techniques_platforms_and_log_sources_of_attack(domain: str, suffix: str) -> None:
    right = set()
    for strategy, technique in relations(domain, "detects"):
        for id_ in strategy.get("x_mitre_analytic_refs", ()):
            analytic = objects(domain)[id_]
            logs = {one["name"] for one in analytic.get("x_mitre_log_source_references", ())}
            platforms = {one for one in analytic.get("x_mitre_platforms", ()) if one != "None"}
            right.add((attack_id(analytic), technique, attack_id(strategy), *map(frozenset, (logs, platforms))))
    found = set()
    for mapping in navlayers.load(f"attack_detections{suffix}").mappings:
        other = dict(mapping.other)
        lists = [other.get(name, "").split(", ") for name in ("log source", "platform")]
        parts = (frozenset(filter(None, texts)) for texts in lists)
        found.add((mapping.capability, mapping.technique, other["strategy"], *parts))
    assert found == right


def test_the_logs_at_hand_make_analytics_possible_and_new_ones_add_some(run: Run) -> None:
    Path("mine.txt").write_text("\n".join(HAVE), encoding="utf-8")
    told = json.loads(run("stats", "attack_detections", "--where", "log_source in @mine.txt", "--json").out)

    def possible(have: tuple[str, ...]) -> set[tuple[str, str]]:
        return {
            (id_, technique)
            for strategy, technique in relations("enterprise", "detects")
            for id_ in strategy["x_mitre_analytic_refs"]
            if (
                logs := {one["name"] for one in objects("enterprise")[id_].get("x_mitre_log_source_references", ())}
            )
            and logs <= set(have)
        }

    now, then = possible(HAVE), possible((*HAVE, "auditd:SYSCALL"))
    assert told[0]["mappings"] == len(now) == 242
    parts = [f"attack_detections@log_source in @mine.txt{more}" for more in ("", ",auditd:SYSCALL")]
    bought = json.loads(run("diff", *parts, "--json").out)
    gained = {technique for _, technique in then} - {technique for _, technique in now}
    assert {one["id"] for one in bought["techniques"]["gained"]} == gained


def test_baselines_are_groups_and_a_part_of_a_set_by_name(run: Run, fedramp: MappingSet) -> None:
    baselines = ("low", "moderate", "high")
    names = ("nist_800_53", "nist_800_53-rev4")
    sizes = {name: [len(navlayers.load(f"{name}@{one}").capabilities) for one in baselines] for name in names}
    sizes["fedramp_800_53"] = [sum(one in c.groups for c in fedramp.capabilities) for one in baselines]
    # The mapped controls of NIST's profiles; of FedRAMP's, the controls that its sheet has in each.
    assert sizes == {
        "nist_800_53": [51, 79, 83],
        "nist_800_53-rev4": [48, 74, 81],
        "fedramp_800_53": [186, 323, 406],
    }
    part = navlayers.load("nist_800_53@Moderate baseline")
    whole = navlayers.load("nist_800_53")
    members = {c.id for c in whole.capabilities if "moderate" in c.groups}
    assert part.mappings == tuple(m for m in whole.mappings if m.capability in members)
    assert part.name == "Moderate baseline of NIST 800-53"
    told = json.loads(run("gaps", "nist_800_53@moderate", "--threat", "APT29", "--json").out)
    assert [*told["inputs"]] == ["nist_800_53@moderate"]


def test_a_part_works_wherever_a_set_does(run: Run) -> None:
    assert run("build", "nist_800_53@low", "--only", "overview").code == 0
    layer = json.loads(Path("layers/nist_800_53@low/overview.json").read_bytes())
    assert layer["name"].startswith("Low baseline of NIST 800-53")
    assert run("compare", "nist_800_53@low", "nist_800_53@high", "--baseline", "nist_800_53@low").code == 0
    assert run("convert", "nist_800_53@ac", "-o", "ac.yaml").code == 0
    assert {c.id[:2] for c in navlayers.load("ac.yaml").capabilities} == {"AC"}
    parts = [f"ac.yaml@{part}" for part in ("low", "name~least and group=AC")]
    assert [[c.id for c in navlayers.load(part).capabilities][-1:] for part in parts] == [["AC-20"], ["AC-06"]]
    result = run("plan", "nist_800_53", "--have", "nist_800_53@low", "--budget", "1", "--json")
    assert result.code == 0, result.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("stats", "nist_800_53@modrate"), 'nist_800_53 has no capability group "modrate"; expected a group of'),
        (
            ("stats", "nist_800_53@modrate"),
            "did you mean moderate? its groups: AC, CA, CM, SC, SI, CP, IA, SA, RA, MP, SR, low, moderate, high, p",
        ),
        (("stats", "top-techniques@x"), "it has no groups"),
        (("stats", "gcp@name~nothing"), "gcp@name-nothing has no mappings"),
        (("stats", "gcp@name~"), "--where: the condition ends here"),
        (("stats", "gcp@"), "gcp@: no part is given after @"),
        (("check", "gcp@cloud_ids"), "check is about whole sets"),
        (("upgrade", "nist_800_53@ac", "--attack", "18.1", "--in-place"), "ships with navlayers"),
        (("stats", "nowhere@low"), "no mapping set 'nowhere@low'"),
    ],
)
def test_a_wrong_part_is_an_error(run: Run, args: tuple[str, ...], message: str) -> None:
    result = run(*args)
    assert result.code == 2, result
    assert message in result.err
