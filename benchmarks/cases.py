"""The commands that are measured. Inputs of other formats are made from the largest set of the corpus."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from generate import write_rules

from navlayers import attack
from navlayers.api.render import FORMATS
from navlayers.mapping import formats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAVLAYERS = [sys.executable, "-m", "navlayers"]
NIST = "nist_800_53-rev5_attack-16.1-enterprise.json"
CLOUDS = ("aws-12.12.2024", "azure-04.26.2025", "gcp-03.06.2025", "m365-07.18.2025")
SHIPPED_CLOUDS = ["aws", "azure", "gcp", "m365"]
RULES = 3_000
"""About as many Sigma rules as SigmaHQ publishes."""
MANY = 200
READ_BACK = {"mapex-yaml": "yaml", "csv": "csv", "xlsx": "xlsx", "stix": "json"}


def everything(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """What is measured, and the arguments of navlayers for it; `work` is for inputs that are made and results."""
    for cases in (convert, compare, gaps, plan, upgrade, render, report):
        yield from cases(corpus, work)


def convert(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    nist = str(corpus / NIST)
    yield "stats of the NIST set", ["stats", nist, "--json"]
    for format_ in formats.WRITABLE:
        yield f"NIST JSON → {format_}", ["convert", nist, "--format", format_, "-o", "-"]
    for format_, ending in READ_BACK.items():
        made = str(work / f"nist-{format_}.{ending}")
        run("convert", nist, "--format", format_, "-o", made, "-q")
        yield f"NIST {format_} → JSON", ["convert", made, "--format", "mapex-json", "-o", "-"]
    stack = corpus.parent / "security-stack" / "Azure"
    if stack.is_dir():
        yield "security stack, 48 files → native", ["convert", str(stack), "-o", "-"]
    write_rules(work / "rules", RULES)
    yield f"{RULES:,} Sigma rules → stats", ["stats", str(work / "rules")]
    every = [str(path) for path in sorted(corpus.glob("*attack-*.json"))]
    yield f"check of {len(every)} sets", ["check", *every]


def compare(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    layers = [str(_layer(work / f"{size}.json", size)) for size in (565, 218, 412)]
    yield (
        "compare layers of 565, 218, 412",
        ["compare", *layers, "--baseline", layers[0], "-o", str(work / "layers")],
    )
    clouds = _clouds(corpus)
    yield "compare four clouds", ["compare", *clouds, "--baseline", clouds[0], "-o", str(work / "clouds")]
    yield "diff of two clouds", ["diff", *clouds[:2]]


def gaps(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    command = ["gaps", *_clouds(corpus), "--threat", "APT29"]
    yield "gaps of four clouds against APT29", [*command, "-o", str(work / "gaps")]
    yield "the same with its software, as JSON", [*command, "--software-of", "--json"]


def plan(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """Plans of shipped sets, each proven optimal: random ones take a solver as long as it likes."""
    yield "plan: the least of NIST for all", ["plan", "nist_800_53", "--target", "100%", "--json"]
    yield (
        "plan: ten of four clouds, all files",
        [*("plan", *SHIPPED_CLOUDS, "--budget", "10", "-o", str(work / "plan"), "-q")],
    )
    yield "plan: 40 of the 109 of NIST", ["plan", "nist_800_53", "--budget", "40", "--json"]


def upgrade(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """One layer and many, from the oldest release of the corpus; without it, nothing is measured."""
    for old in sorted(corpus.glob("azure-*_attack-8.2-enterprise.json")):
        run("build", str(old), "-o", str(work / "old"), "--only", "overview", "-q")
        (layer,) = (work / "old").rglob("overview.json")
        many = work / "old-layers"
        many.mkdir()
        for number in range(MANY):
            shutil.copy(layer, many / f"{number}.json")
        command = ["upgrade", "--attack", "18.1"]
        yield "upgrade one layer 8.2 → 18.1", [*command, str(layer), "-o", str(work / "new.json")]
        yield f"upgrade {MANY} layers 8.2 → 18.1", [*command, str(many), "-o", str(work / "new")]
        yield "upgrade the Azure set 8.2 → 18.1", [*command, str(old), "-o", str(work / "set.json"), "--force"]


def render(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    layer = nist_layer(corpus, work)
    for format_ in FORMATS:
        yield f"NIST layer → {format_}", ["render", str(layer), "--format", format_, "-o", "-", "-q"]
    many = work / "layers-to-draw"
    many.mkdir()
    content = json.loads(layer.read_bytes())
    for number in range(MANY):
        (many / f"layer-{number}.json").write_text(json.dumps({**content, "name": f"Layer {number}"}))
    yield f"{MANY} layers → svg", ["render", str(many), "-o", str(work / "pictures"), "-q"]


def report(corpus: Path, work: Path) -> Iterator[tuple[str, list[str]]]:
    """Reports, with the CPU seconds that each may take."""
    yield "four clouds → report.html (≤ 2 s)", ["report", "-q", *SHIPPED_CLOUDS, "-o", str(work / "clouds.html")]
    html = str(work / "comments.html")
    yield "the same with comments, from JSON (≤ 2 s)", ["report", "-q", *_clouds(corpus), "--comments", "-o", html]
    for format_ in ("pdf", "docx"):
        yield (
            f"NIST → report.{format_} (≤ 3 s)",
            ["report", "-q", "nist_800_53", "-o", str(work / f"nist.{format_}")],
        )


def nist_layer(corpus: Path, work: Path) -> Path:
    """The overview of the NIST set as a file."""
    layer = work / "nist-layer.json"
    layer.write_bytes(run("build", str(corpus / NIST), "--only", "overview", "-o", "-", "-q"))
    return layer


def run(*args: str) -> bytes:
    """Run navlayers; its standard output."""
    return subprocess.run([*NAVLAYERS, *args], check=True, capture_output=True).stdout


def _clouds(corpus: Path) -> list[str]:
    files = [str(path) for cloud in CLOUDS for path in sorted(corpus.glob(f"{cloud}_*.json"))]
    return files or SHIPPED_CLOUDS


def _layer(path: Path, size: int) -> Path:
    catalogue = attack.find("enterprise", "16.1").catalogue
    active = [technique.id for technique in catalogue.techniques.values() if technique.active]
    entries = [{"techniqueID": id_, "score": 10 + number % 91} for number, id_ in enumerate(active[:size])]
    versions = {"attack": "16", "navigator": "5.1.0", "layer": "4.5"}
    layer = {"name": path.stem, "domain": "enterprise-attack", "versions": versions, "techniques": entries}
    path.write_text(json.dumps(layer), encoding="utf-8")
    return path
