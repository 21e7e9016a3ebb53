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


def write_set(path: Path, rows: int, *, scored: bool = True) -> None:
    """Write a set of `rows` mappings; every capability is mapped to a hundred techniques."""
    choose = random.Random(rows)  # noqa: S311 - test data
    catalogue = attack.load(attack.find("enterprise", "16.1").release)
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
