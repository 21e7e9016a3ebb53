"""Pictures and workbooks to be measured: one large layer in each format, and very many."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from navlayers.api.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 200


def commands(navlayers: list[str], nist: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and its command; the layer is the overview of the largest set of the corpus."""
    layer = work / "picture.json"
    build = [*navlayers, "build", str(nist), "--only", "overview", "-o", "-", "-q"]
    layer.write_bytes(subprocess.run(build, check=True, capture_output=True).stdout)
    for format_ in FORMATS:
        yield f"NIST layer → {format_}", [*navlayers, "render", str(layer), "--to", format_, "-o", "-", "-q"]
    many = work / "many-layers"
    many.mkdir()
    content = json.loads(layer.read_bytes())
    for number in range(MANY):
        (many / f"layer-{number}.json").write_text(json.dumps({**content, "name": f"Layer {number}"}))
    yield f"{MANY} layers → svg", [*navlayers, "render", str(many), "-o", str(work / "pictures"), "-q"]
