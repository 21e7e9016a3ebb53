"""Small ATT&CK bundles, and the released ones where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "attack"
SHIPPED = Path(__file__).parents[1] / "navlayers" / "attack" / "data"
BUNDLES = [
    path for path in sorted(SHARED.glob("*-attack-*.json")) if (SHIPPED / path.name.replace("-attack", "")).exists()
]
"""MITRE's bundles of the releases that ship."""


needs_bundles = pytest.mark.skipif(not BUNDLES, reason="MITRE's STIX bundles are not at ../shared/attack")

Json = dict[str, Any]


def external(identifier: str, source: str = "mitre-attack") -> list[Json]:
    return [{"source_name": "capec", "external_id": "CAPEC-1"}, {"source_name": source, "external_id": identifier}]


def technique(identifier: str, *phases: str, **fields: Any) -> Json:
    return {
        "type": "attack-pattern",
        "id": f"attack-pattern--{identifier}",
        "name": f"Name of {identifier}",
        "description": f"About {identifier}.",
        "external_references": external(identifier),
        "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": phase} for phase in phases],
        "x_mitre_platforms": ["Windows", "Linux"],
        **fields,
    }


def tactic(identifier: str, shortname: str) -> Json:
    return {
        "type": "x-mitre-tactic",
        "id": f"x-mitre-tactic--{identifier}",
        "name": shortname.title(),
        "x_mitre_shortname": shortname,
        "external_references": external(identifier),
    }


def matrix(*tactics: str, domain: str = "enterprise", **fields: Any) -> Json:
    return {
        "type": "x-mitre-matrix",
        "id": f"x-mitre-matrix--{'-'.join(tactics)}",
        "name": "Matrix",
        "external_references": external(f"{domain}-attack"),
        "tactic_refs": [f"x-mitre-tactic--{identifier}" for identifier in tactics],
        **fields,
    }


def relation(kind: str, source: str, target: str, **fields: Any) -> Json:
    name = f"relationship--{kind}-{source}-{target}"
    return {
        "type": "relationship",
        "id": name,
        "relationship_type": kind,
        "source_ref": source,
        "target_ref": target,
        **fields,
    }


def thing(kind: str, identifier: str, name: str, **fields: Any) -> Json:
    return {
        "type": kind,
        "id": f"{kind}--{identifier}",
        "name": name,
        "external_references": external(identifier),
        **fields,
    }


def bundle(*more: Json, domain: str = "enterprise") -> Json:
    """Two tactics whose matrix has them the other way round, T1 with a sub-technique, and `more`."""
    objects = [
        tactic("TA0002", "execution"),
        tactic("TA0001", "initial-access"),
        matrix("TA0001", "TA0002", domain=domain),
        technique("T1001", "execution", "initial-access"),
        technique("T1001.001", "execution", x_mitre_is_subtechnique=True),
        relation("subtechnique-of", "attack-pattern--T1001.001", "attack-pattern--T1001"),
        *more,
    ]
    return {"type": "bundle", "id": "bundle--1", "spec_version": "2.0", "objects": objects}


def collection(version: str) -> Json:
    return {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "x_mitre_version": version}


def write(folder: Path, content: Json, name: str = "enterprise-attack-19.1.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
