"""Measure navlayers: `python benchmarks/run.py [CORPUS] [--runs N] [--quick]`.

CORPUS is a folder of Mappings Explorer JSON files; without it, generated sets of the same sizes are measured. Every
figure is the median CPU time of a process. Machines differ and are noisy: compare ratios of one run alone.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cases import NAVLAYERS, NIST, everything, nist_layer
from generate import write_set
from imports import imports
from measure import Cost, cost

FLOOR = str(Path(__file__).parent / "floor.py")
SHARED = Path(__file__).parent.parent.parent / "shared"
CORPUS = SHARED / "corpus" / "mappings-explorer"
SCHEMA = "mapex-unified-data-schema.json"
BUNDLE = SHARED / "attack" / "enterprise-attack-16.1.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="leave out the set of a million rows")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        corpus = args.corpus if args.corpus.is_dir() else _generated(work / "corpus")
        print(f"{'command':12} {'modules':>8} {'unused':>7} {'ms beyond click':>16} {'× click':>8} {'budget':>7}")
        for each in imports(work, args.runs):
            over = "  over budget" if each.times_click > each.budget else ""
            counts = f"{each.command:12} {each.modules:8} {len(each.unused):7}"
            print(
                f"{counts} {each.milliseconds:16.0f} {each.times_click:8.1f} {each.budget:7.1f}{over}", flush=True
            )
        print(f"\n{'what':44} {'CPU s':>7} {'floor':>7} {'ratio':>6} {'MB':>6}")
        click = cost([sys.executable, "-c", "import click"], args.runs)
        _show("navlayers --help, against import click", cost([*NAVLAYERS, "--help"], args.runs), click.cpu)
        nist = corpus / NIST
        built = _build("NIST JSON → overview", [nist], nist, work / "nist", args.runs, "--only", "overview")
        every = sorted(corpus.glob("*attack-*.json"))
        _build(f"{len(every)} sets → all layers", every, corpus, work / "all", args.runs)
        again = [*NAVLAYERS, "build", *map(str, every), "-o", str(work / "all")]
        _show("the same again, over what is there", cost(again, args.runs))
        for what, command in everything(corpus, work):
            _show(what, cost([*NAVLAYERS, *command], args.runs))
        site = [*NAVLAYERS, "site", "-q", "-o", str(work / "site")]
        _show("all shipped sets → site (≤ 20 s, ≤ 500 MB)", cost(site, min(args.runs, 3), fresh=work / "site"))
        yaml = [*NAVLAYERS, "build", "nist_800_53", "-o", str(work / "yaml"), "--only", "overview"]
        _show("shipped nist_800_53 (YAML) → overview", cost(yaml, args.runs))
        _peers(corpus, work, built, args.runs)
        if not args.quick:
            _scaling(work)
    # Tests with a limit of CPU time are held to it here alone: elsewhere a busy machine would fail them.
    tests = Path(__file__).parent.parent / "tests"
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "cpu", "--limits", str(tests)], check=False)


def _generated(folder: Path) -> Path:
    folder.mkdir()
    write_set(folder / NIST, 5410, scored=False)
    for number in range(14):
        write_set(folder / f"set-{number}_attack-16.1-enterprise.json", 900)
    return folder


def _build(what: str, sets: list[Path], source: Path, out: Path, runs: int, *options: str) -> Cost:
    """Measure a build and the least that it can cost, see floor.py."""
    built = cost([*NAVLAYERS, "build", *map(str, sets), *options, "-o", str(out)], runs, fresh=out)
    command = [sys.executable, FLOOR, str(source), str(out), f"{out}-floor"]
    floor = cost(command, runs, fresh=Path(command[-1]))
    reading = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    _show(what, built, floor.cpu - reading)
    return built


def _peers(corpus: Path, work: Path, built: Cost, runs: int) -> None:
    """The same work by other tools: CTID's mapex, and the exporter of mitreattack-python."""
    print(f"\n{'peer':44} {'CPU s':>7} {'ours':>7} {'ratio':>6} {'MB':>6}")
    what, out, mapex = "mapex: NIST JSON → layer", work / "mapex", _program("mapex")
    if mapex is None or not (corpus / SCHEMA).is_file():
        print(f"{what:44} not installed")
    else:
        # mapex looks for its schema below the current folder.
        (work / "schema").mkdir()
        shutil.copy(corpus / SCHEMA, work / "schema")
        out.mkdir()
        command = [mapex, "export", str(corpus / NIST), str(out), "--file-type", "navigator-layer"]
        _show(what, cost(command, runs, cwd=work), built.cpu)
    what, exporter = "mitreattack-python: NIST layer → svg", _program("layerExporter_cli")
    if exporter is None or not BUNDLE.is_file():
        print(f"{what:44} not installed")
    else:
        layer, svg = str(nist_layer(corpus, work)), str(work / "nist.svg")
        ours = cost([*NAVLAYERS, "render", layer, "-o", svg, "--force"], runs)
        command = [exporter, "-m", "svg", "-s", "local", "--resource", str(BUNDLE), "-o", svg, "--", layer]
        _show(what, cost(command, 1), ours.cpu)


def _program(name: str) -> str | None:
    """The path of a program beside this Python, or on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def _scaling(work: Path) -> None:
    per_row = {}
    for count, runs in {10_000: 5, 1_000_000: 1}.items():
        path = work / f"{count}.json"
        write_set(path, count)
        options = ["--only", "overview,categories", "--max-size", "400"]
        built = cost([*NAVLAYERS, "build", str(path), "-o", str(work / str(count)), *options], runs)
        per_row[count] = built.cpu / count
        _show(f"{count:,} rows ({path.stat().st_size / 1e6:.0f} MB) → overview, categories", built)
    ratio = per_row[1_000_000] / per_row[10_000]
    print(f"{'CPU per row, of a million against ten thousand':44} {'':7} {'':7} {ratio:6.2f}")


def _show(what: str, measured: Cost, other: float | None = None) -> None:
    beside = f"{other:7.3f} {measured.cpu / other:6.2f}" if other else " " * 14
    print(f"{what:44} {measured.cpu:7.3f} {beside} {measured.memory:6.0f}", flush=True)


if __name__ == "__main__":
    main()
