"""Kill commands at random times: files are old or new, and the next run leaves the new ones and nothing else.

usage: faults.py [KILLS] [SEED]
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from cases import NAVLAYERS

from navlayers.output.stage import PREFIX, finish


class Case(NamedTuple):
    """Two command lines, of which the second changes what the first made; `{0}` is the folder that they change."""

    name: str
    before: list[str]
    after: list[str]


_FOLDER = ("-o", "{0}/out")
CASES = (
    Case("build", ["build", "aws", *_FOLDER], ["build", "aws", *_FOLDER, "--aggregate", "mean"]),
    Case("convert", ["convert", "aws", "-o", "{0}/a.csv"], ["convert", "gcp", "-o", "{0}/a.csv", "--force"]),
    Case(
        "upgrade",
        ["convert", "gcp", "-o", "{0}/a.yaml"],
        ["upgrade", "{0}/a.yaml", "--attack", "19.1", "--in-place"],
    ),
    Case("check --fix", ["convert", "gcp", "-o", "{0}/a.csv"], ["check", "{0}/a.csv", "--fix"]),
    Case("report", ["report", "gcp", "-o", "{0}/a.html"], ["report", "aws", "-o", "{0}/a.html", "--force"]),
    Case(
        "site", ["site", "gcp", "-o", "{0}/out"], ["site", "gcp", "-o", "{0}/out", "--aggregate", "mean", "--force"]
    ),
    Case("run", ["run", "{0}"], ["run", "{0}"]),
)


def main() -> None:
    kills, seed = (int(text) for text in [*sys.argv[1:], "200", "1"][:2])
    choice = random.Random(seed)  # noqa: S311 - the same times in each run
    print(f"{'command':12} {'kills':>6} {'old':>5} {'new':>5} {'mixed':>6} {'torn':>5} {'left':>5} {'wrong':>6}")
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            counts = _tried(case, Path(scratch) / case.name.replace(" ", "-"), kills // len(CASES) + 1, choice)
            print(f"{case.name:12} " + " ".join(f"{count:5}" for count in counts), flush=True)


def _tried(case: Case, work: Path, kills: int, choice: random.Random) -> tuple[int, ...]:
    base, new, at = work / "base", work / "new", work / "at"
    base.mkdir(parents=True)
    recipe, table = base / "navlayers.yaml", base / "a.csv"
    if case.name == "run":
        recipe.write_text(_RECIPE.format("max"), encoding="utf-8")
    _run([part.format(base) for part in case.before])
    if case.name == "run":
        recipe.write_text(_RECIPE.format("mean"), encoding="utf-8")
    elif case.name == "check --fix":
        table.write_text(table.read_text(encoding="utf-8").replace("T1078", "t1078"), encoding="utf-8")
    shutil.copytree(base, new, symlinks=True)
    started = time.monotonic()
    _run([part.format(new) for part in case.after])
    took = time.monotonic() - started
    old_files, new_files = _files(base), _files(new)
    old = mixed = fresh = torn = left = wrong = 0
    for _ in range(kills):
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(base, at, symlinks=True)
        process = subprocess.Popen(
            [*NAVLAYERS, *(part.format(at) for part in case.after)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(took * choice.choice((choice.random(), choice.uniform(0.7, 1.05))))
        process.kill()
        process.wait()
        seen = {path: data for path, data in _files(at).items() if PREFIX not in path}
        torn += any(data not in (old_files.get(path), new_files.get(path)) for path, data in seen.items())
        for folder in {path.parent for path in at.rglob(f"{PREFIX}*")}:
            finish(folder)
        seen = _files(at)
        old, fresh = old + (seen == old_files), fresh + (seen == new_files)
        mixed += seen not in (old_files, new_files)
        _run([part.format(at) for part in case.after])
        left += any(at.rglob(f"{PREFIX}*"))
        wrong += _files(at) != new_files
    return kills, old, fresh, mixed, torn, left, wrong


_RECIPE = "sets: [gcp]\naggregate: {}\noutputs: {{build: layers, badge: a.svg}}\n"


def _run(line: list[str]) -> None:
    done = subprocess.run([*NAVLAYERS, *line], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(line)}: {done.stderr}")


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


if __name__ == "__main__":
    main()
