"""Measure growth: `python benchmarks/scale.py [--rows N,…] [--layers N,…] [--only WORD,…]`.

It prints the tables of docs/scale.md. Sets with 100 mappings a capability go through the commands, layers of 200
techniques through the formats of `render`.
Every figure is of a process of its own: user + system seconds, and peak megabytes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from cases import NAVLAYERS
from generate import write_set
from measure import SUCCEEDED

from navlayers.api.render import FORMATS
from navlayers.cli._errors import BAD_INPUT
from navlayers.mapping import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cases = Callable[[Path, int], Iterator[tuple[str, list[str]]]]

ROWS = "1000,10000,100000,1000000"
LAYERS = "10,100,1000,10000"
MOST_SECONDS = 900
MOST_BYTES = 6_000_000_000
TECHNIQUES = 200
ENDINGS = {"native": "yaml", "mapex-json": "json", "mapex-yaml": "yaml", "stix": "json", "oscal": "json"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=ROWS, help=f"rows of sets (default: {ROWS})")
    parser.add_argument("--layers", default=LAYERS, help=f"numbers of layers (default: {LAYERS})")
    parser.add_argument("--only", default="", help="lines that have one of these words")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for of, sizes, cases in (("rows", args.rows, of_rows), ("layers", args.layers, of_layers)):
            folders = {int(size): Path(scratch, of, size) for size in sizes.split(",") if size}
            if folders:
                _table(of, folders, cases, [word for word in args.only.split(",") if word])


def of_rows(work: Path, rows: int) -> Iterator[tuple[str, list[str]]]:
    """The commands for sets of this size; each may read what the ones before it wrote."""
    made, other = str(work / "set.json"), str(work / "other.json")
    if not work.is_dir():
        work.mkdir(parents=True)
        _apart(write_set, Path(made), rows)
        _apart(write_set, Path(other), rows + 1)
    limit = ["--max-size", "1000"]
    yield "check", ["check", made, *limit]
    yield "stats", ["stats", made, "--json", *limit]
    yield "build", ["build", made, "-o", str(work / "layers"), *limit]
    yield "build --only overview", ["build", made, "-o", str(work / "few"), "--only", "overview", *limit]
    for format_ in formats.WRITABLE:
        target = str(work / f"made-{format_}.{ENDINGS.get(format_, format_)}")
        yield f"convert to {format_}", ["convert", made, "--format", format_, "-o", target, "--force", *limit]
    for format_ in formats.WRITABLE:
        if format_ not in {"mapex-json", "oscal"}:
            source = str(work / f"made-{format_}.{ENDINGS.get(format_, format_)}")
            yield f"stats of {format_}", ["stats", source, "--json", *limit]
    yield "compare", ["compare", made, other, "-o", str(work / "compared"), *limit]
    yield "gaps", ["gaps", made, "--threat", "APT29", "-o", str(work / "gaps"), *limit]
    yield "plan --budget 10", ["plan", made, "--budget", "10", "--json", *limit]
    yield "plan --target 90%", ["plan", made, "--target", "90%", "-o", str(work / "plan"), *limit]
    yield "upgrade", ["upgrade", made, "--attack", "18.1", "-o", str(work / "upgraded.json"), "--force", *limit]


def of_layers(work: Path, layers: int) -> Iterator[tuple[str, list[str]]]:
    """The rendering of so many layers, into a file where the format takes many, else into a folder."""
    if not work.is_dir():
        (work / "layers").mkdir(parents=True)
        _apart(_write_layers, work / "layers", layers)
    for name, format_ in FORMATS.items():
        # A file of one layer each, or one file of all.
        target = str(work / name) if format_.single else str(work / f"all.{name}")
        yield f"render to {name}", ["render", str(work / "layers"), "--format", name, "-o", target, "--force"]


def _write_layers(folder: Path, layers: int) -> None:
    """Write layers, of which each colors other techniques."""
    from navlayers import attack  # noqa: PLC0415 - in a process of its own

    catalogue = attack.find("enterprise", "16.1").catalogue
    active = sorted(technique.id for technique in catalogue.techniques.values() if technique.active)
    versions = {"attack": "16", "navigator": "5.1.0", "layer": "4.5"}
    gradient = {"colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": 100}
    for number in range(layers):
        chosen = [active[(number + 3 * step) % len(active)] for step in range(TECHNIQUES)]
        entries = [{"techniqueID": id_, "score": (number + step) % 101} for step, id_ in enumerate(chosen)]
        layer = {"name": f"Layer {number}", "domain": "enterprise-attack", "versions": versions}
        content = {**layer, "gradient": gradient, "techniques": entries}
        (folder / f"layer-{number:05}.json").write_text(json.dumps(content), encoding="utf-8")


def _table(
    of: str,
    folders: dict[int, Path],
    cases: Callable[[Path, int], Iterator[tuple[str, list[str]]]],
    words: list[str],
) -> None:
    heads = [f"{size:,} {of}" for size in folders]
    print(f"| command | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}", flush=True)
    lines = [list(cases(folder, size)) for size, folder in folders.items()]
    for each in zip(*lines, strict=True):
        what = each[0][0]
        if not words or any(word in what for word in words):
            print(f"| `{what}`", end="", flush=True)
            for _, arguments in each:
                print(f" | {cost(arguments)}", end="", flush=True)
            print(" |", flush=True)
    print()


def cost(arguments: list[str]) -> str:
    """The time and memory of a command, or why there is none."""
    # A child's peak counts what its parent had when it started: outputs are files, and inputs are made by others.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*NAVLAYERS, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_limit,  # noqa: PLW1509
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read(1_000_000).decode(errors="replace")
    seconds = usage.ru_utime + usage.ru_stime
    figures = f"{seconds:,.1f} s, {usage.ru_maxrss / 1024:,.0f} MB"
    if process.returncode in SUCCEEDED:
        return figures
    print(f"{' '.join(arguments)}: exit {process.returncode}: {said[-600:]}", file=sys.stderr)
    refused = process.returncode == BAD_INPUT and re.search("^navlayers: ", said, re.MULTILINE)
    return f"refused ({figures})" if refused else f"ended ({figures})"


def _limit() -> None:
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


def _apart(function: Callable[[Path, int], None], path: Path, size: int) -> None:
    process = multiprocessing.get_context("fork").Process(target=function, args=(path, size))
    process.start()
    process.join()


if __name__ == "__main__":
    main()
