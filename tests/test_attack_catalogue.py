"""The built-in releases say what MITRE's bundles say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attack_helpers import BUNDLES, SHARED, needs_bundles

from navlayers import attack
from navlayers._text.links import technique_url
from navlayers.attack import files
from navlayers.attack.catalogue import Catalogue, Technique
from navlayers.errors import ReleaseError

if TYPE_CHECKING:
    from navlayers.attack import Release

ROOT = Path(__file__).parents[1]
DATA = ROOT / "navlayers" / "attack" / "data"

ENTERPRISE = {
    # techniques, sub-techniques: the figures of MITRE's release notes
    "8.2": (178, 352),
    "9.0": (185, 367),
    "10.1": (188, 378),
    "12.1": (193, 401),
    "14.1": (201, 424),
    "15.1": (202, 435),
    "16.1": (203, 453),
    "17.1": (211, 468),
    "18.1": (216, 475),
    "19.1": (222, 475),
}
OTHERS = ["12.1", "15.1", "16.1", "18.1"]


@pytest.fixture(autouse=True)
def no_added_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path))


def release(domain: str, version: str) -> Release:
    return next(found for found in attack.releases() if (found.domain, found.version) == (domain, version))


def load(domain: str, version: str) -> Catalogue:
    return attack.load(release(domain, version))


def test_the_releases_of_the_issue_are_built_in_in_order_of_their_numbers() -> None:
    assert [(found.domain, found.version) for found in attack.releases() if found.builtin] == [
        *(("enterprise", version) for version in ENTERPRISE),
        *(("mobile", version) for version in OTHERS),
        *(("ics", version) for version in OTHERS),
    ]


@pytest.mark.parametrize("version", ENTERPRISE)
def test_an_enterprise_release_has_as_many_active_techniques_as_mitre_announced(version: str) -> None:
    active = [technique for technique in load("enterprise", version).techniques.values() if technique.active]
    subs = [technique for technique in active if technique.parent]
    assert (len(active) - len(subs), len(subs)) == ENTERPRISE[version]


def test_tactics_stand_in_matrix_order() -> None:
    tactics = load("enterprise", "18.1").tactics
    assert [tactic.shortname for tactic in tactics] == [
        "reconnaissance",
        "resource-development",
        "initial-access",
        "execution",
        "persistence",
        "privilege-escalation",
        "defense-evasion",
        "credential-access",
        "discovery",
        "lateral-movement",
        "collection",
        "command-and-control",
        "exfiltration",
        "impact",
    ]
    assert (tactics[7].id, tactics[7].name) == ("TA0006", "Credential Access")


def test_a_technique_with_several_tactics_has_them_in_matrix_order() -> None:
    found = load("enterprise", "16.1").get("T1078")
    assert found is not None
    assert found.tactics == ("initial-access", "persistence", "privilege-escalation", "defense-evasion")


def test_subtechniques_are_the_active_ones_in_id_order() -> None:
    catalogue = load("enterprise", "18.1")
    assert [found.id for found in catalogue.subtechniques("T1053")] == [
        "T1053.002",
        "T1053.003",
        "T1053.005",
        "T1053.006",
        "T1053.007",
    ]
    assert catalogue.subtechniques("T1053.002") == catalogue.subtechniques("T9999") == ()


@pytest.mark.parametrize(
    ("technique", "chain"),
    [
        ("T1059", ("T1059",)),
        ("T1086", ("T1086", "T1059.001")),
        ("T1150", ("T1150", "T1547.011", "T1647")),
        ("T1073", ("T1073", "T1574.002", "T1574.001")),
        ("T1053.001", ("T1053.001", "T1053.002")),
        ("T1061", ("T1061",)),
        ("T9999", ()),
    ],
)
def test_resolve_follows_revoked_by_to_its_end(technique: str, chain: tuple[str, ...]) -> None:
    assert load("enterprise", "18.1").resolve(technique) == chain


def test_resolve_can_end_at_a_deprecated_technique() -> None:
    catalogue = load("mobile", "18.1")
    chain = catalogue.resolve("T1431")
    end = catalogue.get(chain[-1])
    assert chain[:2] == ("T1431", "T1476")
    assert end is not None
    assert not end.active


def test_resolve_ends_in_a_circle_of_successors() -> None:
    techniques = {
        "T1": Technique("T1", "attack-pattern--1", "One", status="revoked", successor="T2"),
        "T2": Technique("T2", "attack-pattern--2", "Two", status="revoked", successor="T1"),
    }
    assert Catalogue("enterprise", "1.0", (), techniques).resolve("T2") == ("T2", "T1")


def test_status_and_address_of_techniques() -> None:
    catalogue = load("enterprise", "18.1")
    statuses = {name: found.status for name in ("T1059", "T1061", "T1086") if (found := catalogue.get(name))}
    assert statuses == {"T1059": "active", "T1061": "deprecated", "T1086": "revoked"}
    assert [catalogue.is_active(name) for name in ("T1059", "T1061", "T1086", "T9999")] == [True] + [False] * 3
    assert catalogue.major == "18"
    assert technique_url("T1059.001") == "https://attack.mitre.org/techniques/T1059/001/"
    assert catalogue.techniques["T1059"].url == "https://attack.mitre.org/techniques/T1059/"


def independent(path: Path) -> tuple[list[Any], dict[str, Any]]:
    """Tactics and techniques of a bundle, read with nothing of navlayers."""
    objects = json.loads(path.read_bytes())["objects"]
    by_id = {thing["id"]: thing for thing in objects}
    relations = [thing for thing in objects if thing["type"] == "relationship"]

    def mitre(thing: dict[str, Any]) -> str:
        named = [ref for ref in thing["external_references"] if ref["source_name"].startswith("mitre")]
        return str(named[0]["external_id"])

    (matrix,) = (x for x in objects if x["type"] == "x-mitre-matrix" and not x.get("x_mitre_deprecated"))
    tactics = [by_id[ref] for ref in matrix["tactic_refs"]]
    columns = [tactic["x_mitre_shortname"] for tactic in tactics]
    heirs = {x["source_ref"]: x["target_ref"] for x in relations if x["relationship_type"] == "revoked-by"}
    parents = {x["source_ref"]: x["target_ref"] for x in relations if x["relationship_type"] == "subtechnique-of"}
    techniques = {}
    for thing in objects:
        if thing["type"] != "attack-pattern":
            continue
        name = mitre(thing)
        phases = [phase["phase_name"] for phase in thing.get("kill_chain_phases", [])]
        status = "deprecated" if thing.get("x_mitre_deprecated") else "active"
        status = "revoked" if thing.get("revoked") else status
        parent = mitre(by_id[parents[thing["id"]]]) if thing["id"] in parents else None
        if parent is None and "." in name:  # T1053.001, T1547.011 and 19.1 have no such relationship
            parent = name[:5]
        techniques[name] = {
            "stix_id": thing["id"],
            "name": thing["name"],
            "tactics": [column for column in columns if column in phases],
            "platforms": thing.get("x_mitre_platforms", []),
            "status": status,
            "parent": parent,
            "successor": mitre(by_id[heirs[thing["id"]]]) if thing["id"] in heirs else None,
            "version": thing.get("x_mitre_version", ""),
        }
    return [(mitre(x), x["x_mitre_shortname"], x["name"]) for x in tactics], techniques


@needs_bundles
@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_a_built_in_release_says_what_the_bundle_says(path: Path) -> None:
    domain, _, version = path.stem.partition("-attack-")
    catalogue = load(domain, version)
    tactics, techniques = independent(path)
    assert [(tactic.id, tactic.shortname, tactic.name) for tactic in catalogue.tactics] == tactics
    held = {
        name: {
            "stix_id": found.stix_id,
            "name": found.name,
            "tactics": list(found.tactics),
            "platforms": list(found.platforms),
            "status": found.status,
            "parent": found.parent,
            "successor": found.successor,
            "version": found.version,
        }
        for name, found in catalogue.techniques.items()
    }
    assert held == techniques
    assert list(held) == sorted(held)


@needs_bundles
@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_threats_say_what_the_bundle_says(domain: str) -> None:
    objects = json.loads((SHARED / f"{domain}-attack-18.1.json").read_bytes())["objects"]
    kinds = {"intrusion-set": "group", "malware": "software", "tool": "software", "campaign": "campaign"}
    usable = {x["id"]: x for x in objects if not x.get("revoked") and not x.get("x_mitre_deprecated")}
    named = {key: x for key, x in usable.items() if x["type"] in {*kinds, "attack-pattern"}}
    names = {key: x["external_references"][0]["external_id"] for key, x in named.items()}
    links = defaultdict(set)
    for x in usable.values():
        if "source_ref" in x:
            links[x["relationship_type"], x["source_ref"]].add(x["target_ref"])

    def linked(kind: str, source: str, *types: str) -> list[str]:
        return sorted(names[end] for end in links[kind, source] if end in names and end.split("--")[0] in types)

    expected = {
        names[key]: (
            kinds[x["type"]],
            key,
            x["name"],
            [alias for alias in x.get("aliases", x.get("x_mitre_aliases", [])) if alias != x["name"]],
            linked("uses", key, "attack-pattern"),
            linked("uses", key, "malware", "tool"),
            linked("attributed-to", key, "intrusion-set"),
        )
        for key, x in named.items()
        if x["type"] in kinds
    }
    held = {
        name: (x.kind, x.stix_id, x.name, list(x.aliases), list(x.techniques), list(x.software), list(x.groups))
        for name, x in attack.threats(release(domain, "18.1")).threats.items()
    }
    assert held == expected


def test_threats_are_found_by_id_name_and_alias() -> None:
    threats = attack.threats(release("enterprise", "18.1"))
    apt29 = threats.get("G0016")
    assert apt29 is not None
    assert (apt29.kind, apt29.name) == ("group", "APT29")
    assert "T1059.001" in apt29.techniques
    assert [threats.named(text) for text in ("g0016", " apt29", "Cozy Bear", "Nobody")] == [(apt29,)] * 3 + [()]
    assert threats.campaigns[0].id == "C0001"
    assert threats.groups[0].id == "G0001"
    assert threats.software[0].id == "S0001"


def test_threats_of_a_release_without_them_are_an_error_that_names_the_one_that_has_them() -> None:
    with pytest.raises(ReleaseError, match=r"16\.1.*expected one of 18\.1.*navlayers attack add 16\.1"):
        attack.threats(release("enterprise", "16.1"))


@needs_bundles
def test_remaking_the_shipped_files_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "bundles").mkdir()
    for path in BUNDLES:
        (tmp_path / "bundles" / path.name).symlink_to(path)
    script = str(ROOT / "tools" / "make_catalogue.py")
    command = [sys.executable, script, str(tmp_path / "bundles"), str(tmp_path / "made")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    shipped = {path.name: path.read_bytes() for path in DATA.glob("*.json")}
    assert made.keys() == shipped.keys()
    assert [name for name in made if made[name] != shipped[name]] == []


def test_shipped_files_hold_facts_only_one_technique_per_line_with_the_copyright() -> None:
    for path in DATA.glob("*.json"):
        text = path.read_text("utf-8")
        rows = [json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith('{"')]
        content = json.loads(text)
        assert rows == content.get("tactics", []) + content.get("techniques", content.get("threats"))
        assert "description" not in text
        assert content["licence"].startswith("© 2025 The MITRE Corporation.")
        assert len(text) < 500_000
    assert "hereby grants you" in (DATA / "LICENSE.txt").read_text("utf-8")


@pytest.mark.cpu(0.07)
@pytest.mark.parametrize("name", ["enterprise-18.1", "mobile-18.1", "ics-18.1", "enterprise-8.2"])
def test_a_release_loads_seven_times_in_seventy_milliseconds(name: str) -> None:
    for _ in range(7):
        assert files.read_catalogue(DATA / f"{name}.json").techniques


def test_a_release_is_read_once() -> None:
    assert load("enterprise", "18.1") is load("enterprise", "18.1")
