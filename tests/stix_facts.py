"""What ATT&CK's own bundles say of techniques, in a few lines that share nothing with navlayers."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

import pytest
from conftest import SHARED

RELEASES = {
    "enterprise": ("8.2", "9.0", "10.1", "12.1", "14.1", "15.1", "16.1", "17.1", "18.1"),
    "mobile": ("12.1", "15.1", "16.1", "18.1"),
    "ics": ("12.1", "15.1", "16.1", "18.1"),
}
PAIRS = [(d, old, new) for d, versions in RELEASES.items() for old in versions for new in versions if old != new]


class Fact(NamedTuple):
    name: str
    active: bool
    by: str | None


@lru_cache
def facts(domain: str, version: str) -> dict[str, Fact]:
    path = SHARED / "attack" / f"{domain}-attack-{version}.json"
    if not path.is_file():
        pytest.skip("the ATT&CK bundles are not at ../shared/attack")
    objects = json.loads(path.read_bytes())["objects"]
    ids = {
        thing["id"]: reference["external_id"]
        for thing in objects
        if thing["type"] == "attack-pattern"
        for reference in thing["external_references"]
        if reference["source_name"].startswith("mitre-") and reference["source_name"] != "mitre-pre-attack"
    }
    by = {
        ids[thing["source_ref"]]: ids[thing["target_ref"]]
        for thing in objects
        if thing["type"] == "relationship" and thing["relationship_type"] == "revoked-by"
        if thing["source_ref"] in ids and thing["target_ref"] in ids
    }
    found: dict[str, Fact] = {}
    for thing in objects:
        if thing["id"] in ids:
            id_ = ids[thing["id"]]
            active = not (thing.get("revoked") or thing.get("x_mitre_deprecated"))
            if id_ not in found or active:
                found[id_] = Fact(thing["name"], active, by.get(id_) if thing.get("revoked") else None)
    return found


def end(domain: str, version: str, id_: str) -> str | None:
    """The active technique that stands for an id, None for none."""
    known = facts(domain, version)
    for _ in range(20):
        fact = known.get(id_)
        if fact is None or fact.active:
            return id_ if fact else None
        if fact.by is None:
            return None
        id_ = fact.by
    return None
