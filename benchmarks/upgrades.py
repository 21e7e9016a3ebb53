"""Upgrades to be measured: one layer, and many in one call."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = "azure-*_attack-8.2-enterprise.json"
"""The set of the corpus that is of the oldest release; without it there is nothing to measure."""

MANY = 200


def commands(navlayers: list[str], corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and its command; the layers are overviews of 344 techniques."""
    found = sorted(corpus.glob(OLD))
    if not found:
        return
    built, many = work / "old", work / "many"
    subprocess.run([*navlayers, "build", str(found[0]), "-o", str(built), "--only", "overview", "-q"], check=True)
    (layer,) = built.rglob("overview.json")
    many.mkdir()
    for number in range(MANY):
        shutil.copy(layer, many / f"{number}.json")
    upgrade = [*navlayers, "upgrade", "--attack", "18.1"]
    yield "upgrade one layer 8.2 → 18.1", [*upgrade, str(layer), "-o", str(work / "new.json")]
    yield f"upgrade {MANY} layers 8.2 → 18.1", [*upgrade, str(many), "-o", str(work / "new")]
    yield "upgrade the Azure set 8.2 → 18.1", [*upgrade, str(found[0]), "-o", str(work / "set.json"), "--force"]
