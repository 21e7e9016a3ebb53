"""Mapping sets of any size, in Mappings Explorer JSON, always the same for the same size."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = ("protect", "detect", "respond")
VALUES = ("minimal", "partial", "significant")
TECHNIQUES_EACH = 100


RULE = """\
title: Rule {number}
id: {number:08}-0000-4000-8000-000000000000
status: test
description: A program starts another in a way that is seldom meant well.
references:
    - https://example.org/{number}
author: A. Nalyst
date: 2024-03-01
tags:
    - attack.execution
    - attack.t1059.{sub:03}
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image|endswith:
            - '\\cmd.exe'
            - '\\powershell.exe'
        CommandLine|contains: ' -enc '
    filter:
        ParentImage|startswith: 'C:\\Program Files\\'
    condition: selection and not filter
falsepositives:
    - Administrators
level: high
"""
"""A rule as most public ones are."""


def write_rules(folder: Path, rules: int) -> None:
    """Write a folder of Sigma rules, filed in forty others."""
    for number in range(rules):
        path = folder / str(number % 40) / f"{number}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RULE.format(number=number, sub=number % 9 + 1), encoding="utf-8")


def write_set(path: Path, rows: int, *, scored: bool = True) -> None:
    """Write a set of `rows` mappings; every capability is mapped to a hundred techniques."""
    choose = random.Random(rows)  # noqa: S311 - test data
    catalogue = attack.find("enterprise", "16.1").catalogue
    techniques = [technique.id for technique in catalogue.techniques.values() if technique.active]
    objects = []
    for number in range(rows):
        capability = number // TECHNIQUES_EACH
        row = {
            "capability_id": f"C-{capability}",
            "capability_group": f"G-{capability % 20}",
            "mapping_type": "technique_scores" if scored else "mitigates",
            "attack_object_id": choose.choice(techniques),
            "status": "complete",
        }
        if scored:
            row |= {"score_category": choose.choice(CATEGORIES), "score_value": choose.choice(VALUES)}
        objects.append(row)
    metadata = {
        "mapping_version": "1",
        "attack_version": "16.1",
        "technology_domain": "enterprise",
        "creation_date": "01/01/2025",
        "mapping_framework": "generated",
        "mapping_framework_version": str(rows),
        "mapping_types": {"technique_scores": {"name": "Technique Scores", "description": ""}},
        "capability_groups": {f"G-{group}": f"Group {group}" for group in range(20)},
    }
    path.write_bytes(msgspec.json.encode({"metadata": metadata, "mapping_objects": objects}))


TECHNIQUES = ("T1059.001", "T1078", "T1110.001", "T1003.001", "T1566.001")


def write_suricata(path: Path, rules: int) -> Path:
    """Write a file of Suricata rules."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(rules):
            metadata = f"mitre_technique_id {TECHNIQUES[number % 5]}, signature_severity Major"
            options = f'msg:"Rule {number}"; sid:{number + 1}; metadata:{metadata};'
            file.write(f"alert http any any -> any any ({options})\n")
    return path


def write_export(path: Path, rules: int, query: int = 100) -> Path:
    """Write rules as Kibana exports them, a line each, with queries of this length."""
    with path.open("wb") as file:
        for number in range(rules):
            id_ = TECHNIQUES[number % 5]
            technique = {"id": id_[:5], "name": "x", "subtechnique": [{"id": id_, "name": "y"}] if id_[5:] else []}
            tactic = {"id": "TA0002", "name": "Execution"}
            rule = {
                "rule_id": f"r-{number}",
                "name": f"Rule {number}",
                "severity": "high",
                "risk_score": 50,
                "enabled": True,
                "type": "query",
                "query": "x" * query,
                "threat": [{"framework": "MITRE ATT&CK", "tactic": tactic, "technique": [technique]}],
            }
            file.write(msgspec.json.encode(rule) + b"\n")
    return path
