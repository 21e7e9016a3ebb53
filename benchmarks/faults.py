"""Kill and stop commands at random times.

After a kill, files are old or new, and the next run leaves the new ones and nothing else. Ctrl-C and SIGTERM end a
command within a second, without a traceback.

usage: faults.py [KILLS] [SEED]
"""

from __future__ import annotations

import os
import random
import shutil
import signal
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

LONG = {
    "build": ["build", "nist_800_53", "aws", "azure", *_FOLDER],
    "check": ["check", "nist_800_53", "attack_detections"],
    "convert": ["convert", "attack_detections", "-o", "{0}/a.xlsx"],
    "compare": ["compare", "nist_800_53", "cri_profile", "csa_ccm", *_FOLDER],
    "plan": ["plan", "nist_800_53", "--target", "100%", "-o", "{0}/out"],
    "render PDF": ["render", "nist_800_53", "cri_profile", "-o", "{0}/a.pdf"],
    "render PPTX": ["render", "nist_800_53", "-o", "{0}/a.pptx"],
    "report PDF": ["report", "nist_800_53", "cri_profile", "--comments", "-o", "{0}/a.pdf"],
    "report DOCX": ["report", "nist_800_53", "cri_profile", "--comments", "-o", "{0}/a.docx"],
    "site": ["site", "gcp", "aws", *_FOLDER],
}


def main() -> None:
    kills, seed = (int(text) for text in [*sys.argv[1:], "200", "1"][:2])
    # Shells start jobs in the background that ignore Ctrl-C, and so would the commands.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    choice = random.Random(seed)  # noqa: S311 - the same times in each run
    print(f"{'command':12} {'kills':>6} {'old':>5} {'new':>5} {'mixed':>6} {'torn':>5} {'left':>5} {'wrong':>6}")
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            counts = _tried(case, Path(scratch) / case.name.replace(" ", "-"), kills // len(CASES) + 1, choice)
            print(f"{case.name:12} " + " ".join(f"{count:5}" for count in counts), flush=True)
        print(f"\n{'stopped':12} {'stops':>6} {'ended':>6} {'seconds':>8} {'tracebacks':>11} {'left':>5}")
        for name, line in LONG.items():
            work = Path(scratch) / f"stopped-{name}"
            work.mkdir()
            stops, ended, seconds, tracebacks, left = _stopped(line, work, max(kills // 10, 4), choice)
            print(f"{name:12} {stops:6} {ended:6} {seconds:8.2f} {tracebacks:11} {left:5}", flush=True)


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
            start_new_session=True,
        )
        time.sleep(took * choice.choice((choice.random(), choice.uniform(0.7, 1.05))))
        # The commands of `run` are processes of their own.
        os.killpg(process.pid, signal.SIGKILL)
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


def _stopped(line: list[str], work: Path, times: int, choice: random.Random) -> tuple[int, int, float, int, int]:
    """How often a command was stopped, how often it had ended before, the longest wait, tracebacks, stages left."""
    command = [*NAVLAYERS, *(part.format(work) for part in line), "-q"]
    started = time.monotonic()
    _run([*command[len(NAVLAYERS) :]])
    took = time.monotonic() - started
    ended = tracebacks = left = 0
    longest = 0.0
    for number in range(times):
        for path in work.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(took * choice.random())
        ended += process.poll() is not None
        at = time.monotonic()
        process.send_signal((signal.SIGINT, signal.SIGTERM)[number % 2])
        _, errors = process.communicate()
        longest = max(longest, time.monotonic() - at)
        tracebacks += b"Traceback" in errors
        left += any(work.rglob(f"{PREFIX}*"))
    return times, ended, longest, tracebacks, left


_RECIPE = "sets: [gcp]\naggregate: {}\noutputs: {{build: layers, badge: a.svg}}\n"


def _run(line: list[str]) -> None:
    done = subprocess.run([*NAVLAYERS, *line], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(line)}: {done.stderr}")


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


if __name__ == "__main__":
    main()
