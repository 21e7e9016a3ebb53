"""Comparisons to be measured: layers of the sizes that other tools were measured with, and published clouds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from navlayers import attack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = (565, 218, 412)
CLOUDS = ("aws-12.12.2024", "azure-04.26.2025", "gcp-03.06.2025", "m365-07.18.2025")


def commands(navlayers: list[str], corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and its command, which writes everything that a comparison has."""
    layers = [str(_layer(work / f"{size}.json", size)) for size in SIZES]
    yield f"compare layers of {', '.join(map(str, SIZES))}", _compare(navlayers, layers, work / "layers")
    clouds = [str(path) for cloud in CLOUDS for path in sorted(corpus.glob(f"{cloud}_*.json"))]
    if clouds:
        yield f"compare {len(clouds)} clouds from JSON", _compare(navlayers, clouds, work / "clouds")
        yield "diff of two clouds", [*navlayers, "diff", *clouds[:2]]


def _compare(navlayers: list[str], inputs: list[str], out: Path) -> list[str]:
    return [*navlayers, "compare", *inputs, "--baseline", inputs[0], "-o", str(out)]


def _layer(path: Path, size: int) -> Path:
    catalogue = attack.load(attack.find("enterprise", "16.1").release)
    active = [technique.id for technique in catalogue.techniques.values() if technique.active]
    entries = [{"techniqueID": id_, "score": 10 + number % 91} for number, id_ in enumerate(active[:size])]
    versions = {"attack": "16", "navigator": "5.1.0", "layer": "4.5"}
    layer = {"name": path.stem, "domain": "enterprise-attack", "versions": versions, "techniques": entries}
    path.write_text(json.dumps(layer), encoding="utf-8")
    return path
