"""Measure the reading of detection content: `python benchmarks/content.py [REPOSITORIES] [--quick]`.

REPOSITORIES is a folder with copies of public repositories of rules; those that are there are measured, as
elastic/detection-rules or elastic+detection-rules. Generated rules follow, in files that grow tenfold: the CPU time
of a rule stays the same. Every figure is of a whole `navlayers stats`; compare ratios of one run alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cases import NAVLAYERS
from generate import write_export, write_rules, write_suricata
from measure import Cost, cost

REPOSITORIES = {
    "elastic/detection-rules": ("rules", "*.toml"),
    "splunk/security_content": ("detections", "*.yml"),
    "SigmaHQ/sigma": ("rules", "*.yml"),
}
"""Repository → the folder of its rules, and their files."""

PER_FILES = 2_000
MOST_SECONDS = 1.5
"""CPU seconds that 2,000 files of a repository may take."""

MOST_MEGABYTES = 150
FILES = 30_000
RULES = (10_000, 100_000)
LARGEST_GROWTH = 1.3
"""Maximum ratio of the CPU time of a rule among a hundred thousand to that among ten thousand."""

EXPORT = (20_000_000, 200_000_000)
"""Bytes of Kibana's exports."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="leave out what is generated")
    args = parser.parse_args()
    print(f"{'files':40} {'number':>8} {'CPU s':>7} {'per 2,000':>10} {'MB':>6}")
    for name, (folder, pattern) in REPOSITORIES.items() if args.repositories else ():
        found = [args.repositories / each / folder for each in (name, name.replace("/", "+"))]
        for path in (each for each in found if each.is_dir()):
            _files(name, path, len([*path.rglob(pattern)]), args.runs)
    if args.quick:
        return
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for number in (FILES // 10, FILES):
            write_rules(work / str(number), number)
            _files("generated Sigma rules, a file each", work / str(number), number, 1, bound=number < FILES)
        print(f"\n{'rules in one file':40} {'number':>8} {'CPU s':>7} {'µs a rule':>10} {'MB':>6}")
        for what, write, ending in (
            ("Suricata", write_suricata, "rules"),
            ("Kibana's export", write_export, "ndjson"),
        ):
            _growth(what, [write(work / f"{number}.{ending}", number) for number in RULES])
        print(f"\n{'bytes of one export':40} {'MB':>8} {'CPU s':>7} {'':10} {'MB':>6}")
        for size in EXPORT:
            path = write_export(work / f"{size}-bytes.ndjson", size // 2_000, query=1_600)
            measured = _stats(path, 1)
            megabytes = path.stat().st_size / 1e6
            print(f"{'rules of 2 kB':40} {megabytes:8.0f} {measured.cpu:7.2f} {'':10} {measured.memory:6.0f}")


def _files(what: str, path: Path, number: int, runs: int, *, bound: bool = True) -> None:
    measured = _stats(path, runs)
    each = measured.cpu * PER_FILES / number
    over = bound and (each > MOST_SECONDS or measured.memory > MOST_MEGABYTES)
    figures = f"{number:8,} {measured.cpu:7.2f} {each:10.2f} {measured.memory:6.0f}"
    print(f"{what:40} {figures}{'  over budget' if over else ''}", flush=True)


def _growth(what: str, paths: list[Path]) -> None:
    each = []
    for path, number in zip(paths, RULES, strict=True):
        measured = _stats(path, 1)
        each.append(measured.cpu / number)
        figures = f"{number:8,} {measured.cpu:7.2f} {1e6 * each[-1]:10.0f} {measured.memory:6.0f}"
        print(f"{what:40} {figures}", flush=True)
    ratio = each[1] / each[0]
    over = "  over budget" if ratio > LARGEST_GROWTH else ""
    print(f"{f'{what}: CPU of a rule, of 100,000 against 10,000':57} {ratio:10.2f}{over}", flush=True)


def _stats(path: Path, runs: int) -> Cost:
    return cost([*NAVLAYERS, "stats", "-q", "--max-size", "1000", str(path)], runs)


if __name__ == "__main__":
    main()
