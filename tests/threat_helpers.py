"""Threats of words and files at one release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from navlayers import attack
from navlayers.analysis.threats.resolve import threat_model
from navlayers.errors import NavlayersError
from navlayers.mapping.formats import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.analysis.threats.model import ThreatModel

NEWEST = attack.find("enterprise", "18.1").catalogue


def threat(*words: str | Path, software_of: tuple[str, ...] = (), **columns: str) -> ThreatModel:
    return threat_model(map(str, words), NEWEST, software_of=software_of, reading=ReadOptions(columns=columns))


def refused(*words: str | Path, software_of: tuple[str, ...] = (), **columns: str) -> str:
    with pytest.raises(NavlayersError) as caught:
        threat(*words, software_of=software_of, **columns)
    return str(caught.value)


def notes(found: ThreatModel) -> list[str]:
    return [str(notice) for notice in found.notices]


LAYER: dict[str, Any] = {
    "name": "Ours",
    "domain": "enterprise-attack",
    "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
    "gradient": {"colors": ["#ffffff", "#ff0000"], "minValue": 0, "maxValue": 9},
    "techniques": [
        {"techniqueID": "T1059", "score": 300},
        {"techniqueID": "T1078", "score": 0.5},
        {"techniqueID": "T1110", "comment": "no score"},
        {"techniqueID": "T1003", "score": 9, "enabled": False},
        {"techniqueID": "T1190", "score": 0},
    ],
}


def write_layer(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps(LAYER | changes), encoding="utf-8")
    return path


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
