"""Measure navlayers: `python benchmarks/run.py [CORPUS] [--runs N] [--quick]`.

CORPUS is a folder of Mappings Explorer JSON files; without it, generated sets of the same sizes stand in. Prints a
table; beside each figure stands the floor of the same run (see floor.py), for machines differ and are noisy.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import against
import comparisons
import documents
import formats
import pictures
import plans
import upgrades
from generate import write_set
from measure import Cost, cost

NAVLAYERS = [sys.executable, "-m", "navlayers"]
FLOOR = str(Path(__file__).parent / "floor.py")
CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "mappings-explorer"
NIST = "nist_800_53-rev5_attack-16.1-enterprise.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="leave out the set of a million rows")
    args = parser.parse_args()
    print(f"{'what':44} {'CPU s':>7} {'floor':>7} {'ratio':>6} {'MB':>6}")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        corpus = args.corpus if args.corpus.is_dir() else _stand_in(work / "corpus")
        _show("navlayers --help", cost([*NAVLAYERS, "--help"], args.runs))
        nist = [str(corpus / NIST), "--only", "overview"]
        _build("NIST JSON → overview", nist, corpus / NIST, work / "nist", args.runs)
        every = [str(path) for path in sorted(corpus.glob("*attack-*.json"))]
        _build(f"{len(every)} sets → all layers", every, corpus, work / "all", args.runs)
        again = [*NAVLAYERS, "build", *every, "-o", str(work / "all")]
        _show("the same again, over what is there", cost(again, args.runs))
        _show("stats of the NIST set", cost([*NAVLAYERS, "stats", str(corpus / NIST), "--json"], args.runs))
        for what, command in formats.commands(NAVLAYERS, corpus, corpus / NIST, work):
            _show(what, cost(command, args.runs))
        for what, command in comparisons.commands(NAVLAYERS, corpus, work):
            _show(what, cost(command, args.runs))
        for what, command in against.commands(NAVLAYERS, corpus, work):
            _show(what, cost(command, args.runs))
        for what, command in plans.commands(NAVLAYERS, work):
            _show(what, cost(command, args.runs))
        for what, command in upgrades.commands(NAVLAYERS, corpus, work):
            _show(what, cost(command, args.runs))
        for what, command in pictures.commands(NAVLAYERS, corpus / NIST, work):
            _show(what, cost(command, args.runs))
        for what, command in documents.commands(NAVLAYERS, corpus, work):
            _show(what, cost(command, args.runs))
        what, command = documents.site(NAVLAYERS, work / "site")
        _show(what, cost(command, min(args.runs, 3), fresh=work / "site"))
        _show("shipped nist_800_53 (YAML) → overview", _shipped(work / "yaml", args.runs))
        if not args.quick:
            _scaling(work)
    _limits()


def _limits() -> None:
    """Run the tests that bear a limit of CPU time and hold them to it."""
    tests = Path(__file__).parent.parent / "tests"
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "cpu", "--limits", str(tests)], check=False)


def _stand_in(folder: Path) -> Path:
    folder.mkdir()
    write_set(folder / NIST, 5410, scored=False)
    for number in range(14):
        write_set(folder / f"set-{number}_attack-16.1-enterprise.json", 900)
    return folder


def _build(what: str, sets: list[str], source: Path, out: Path, runs: int) -> Cost:
    build = [*NAVLAYERS, "build", *sets, "-o", str(out)]
    measured = cost(build, runs, fresh=out)
    command = [sys.executable, FLOOR, str(source), str(out), str(out) + "-floor"]
    floor = cost(command, runs, fresh=Path(command[-1]))
    taken_off = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    _show(what, measured, floor.cpu - taken_off)
    return measured


def _shipped(out: Path, runs: int) -> Cost:
    return cost([*NAVLAYERS, "build", "nist_800_53", "-o", str(out), "--only", "overview"], runs)


def _scaling(work: Path) -> None:
    rows = {10_000: 5, 1_000_000: 1}
    per_row = {}
    for count, runs in rows.items():
        path = work / f"{count}.json"
        write_set(path, count)
        size = path.stat().st_size / 1e6
        options = ["--only", "overview,categories", "--max-size", "400"]
        measured = cost([*NAVLAYERS, "build", str(path), "-o", str(work / str(count)), *options], runs)
        per_row[count] = measured.cpu / count
        _show(f"{count:,} rows ({size:.0f} MB) → overview, categories", measured)
    ratio = per_row[1_000_000] / per_row[10_000]
    print(f"{'CPU per row, of a million against ten thousand':44} {'':7} {'':7} {ratio:6.2f}")


def _show(what: str, measured: Cost, floor: float | None = None) -> None:
    beside = f"{floor:7.3f} {measured.cpu / floor:6.2f}" if floor else " " * 14
    print(f"{what:44} {measured.cpu:7.3f} {beside} {measured.memory:6.0f}", flush=True)


if __name__ == "__main__":
    main()
