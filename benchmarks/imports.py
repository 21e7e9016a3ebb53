"""What each command imports: its modules of navlayers against a budget, and the time beyond that of click."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cases import SHIPPED_CLOUDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


class Imports(NamedTuple):
    """What a command imports.

    Attributes:
        command: its name.
        modules, budget: modules of navlayers, and the most that it should import.
        milliseconds: the least time of several runs that the modules take which `import click` does not import.
        times_click: the same as a multiple of the time of `import click`, to compare machines.
    """

    command: str
    modules: int
    budget: int
    milliseconds: float
    times_click: float


def imports(work: Path, times: int) -> Iterator[Imports]:
    """Run each command several times on a small input and count."""
    out = str(work / "imports")
    copies = work / "copies"
    copies.mkdir()
    for month in ("2025-01", "2025-02"):
        shutil.copy(Path(__file__).parents[1] / "mappings" / "gcp.yaml", copies / f"gcp-{month}.yaml")
    runs: tuple[tuple[int, list[str]], ...] = (
        (2, ["--help"]),
        (40, ["sets", "-q"]),
        (55, ["build", "gcp", "--only", "overview", "-q", "-o", f"{out}-build"]),
        (50, ["stats", "gcp", "-q"]),
        (55, ["check", "gcp", "-q"]),
        (45, ["convert", "gcp", "-q", "-o", f"{out}.yaml"]),
        (70, ["upgrade", "gcp", "--attack", "18.1", "-q"]),
        (90, ["render", "gcp", "-q", "-o", f"{out}.svg"]),
        (120, ["report", "gcp", "-q", "-o", f"{out}.html"]),
        (95, ["site", "intel-vpro", "-q", "-o", f"{out}-site", "--force"]),
        (60, ["show", "T1078", "--set", "gcp", "-q"]),
        (85, ["compare", *SHIPPED_CLOUDS, "-q"]),
        (75, ["diff", "aws", "gcp", "-q"]),
        (75, ["history", str(copies), "-q"]),
        (100, ["gaps", "gcp", "--threat", "APT29", "-q"]),
        (105, ["plan", "gcp", "--budget", "3", "-q"]),
        (35, ["attack", "list", "-q"]),
    )
    alone = [_imported(["-c", "import click"]) for _ in range(times)]
    click = min(sum(each.values()) for each in alone)
    for budget, command in runs:
        every = [_imported(["-m", "navlayers", *command]) for _ in range(times)]
        modules = sum(name.split(".")[0] == "navlayers" for name in every[0])
        own = min(sum(time for name, time in each.items() if name not in alone[0]) for each in every)
        yield Imports(command[0], modules, budget, own, own / click)


def _imported(command: list[str]) -> dict[str, float]:
    """The modules that Python imports for a command, and the milliseconds of each without those that it imports."""
    run = [sys.executable, "-X", "importtime", *command]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    return {name: int(time) / 1000 for time, name in _LINE.findall(done.stderr)}
