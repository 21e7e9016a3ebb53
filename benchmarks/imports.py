"""What each command imports: its modules of navlayers against a budget, and the time that all imports take."""

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
    """The modules of navlayers that a command imports, the most that it should, and milliseconds of all imports."""

    command: str
    modules: int
    budget: int
    milliseconds: float


def imports(work: Path) -> Iterator[Imports]:
    """Run each command on a small input and count."""
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
        (95, ["site", "intel-vpro", "-q", "-o", f"{out}-site"]),
        (60, ["show", "T1078", "--set", "gcp", "-q"]),
        (85, ["compare", *SHIPPED_CLOUDS, "-q"]),
        (75, ["diff", "aws", "gcp", "-q"]),
        (75, ["history", str(copies), "-q"]),
        (100, ["gaps", "gcp", "--threat", "APT29", "-q"]),
        (105, ["plan", "gcp", "--budget", "3", "-q"]),
        (35, ["attack", "list", "-q"]),
    )
    for budget, command in runs:
        run = [sys.executable, "-X", "importtime", "-m", "navlayers", *command]
        done = subprocess.run(run, capture_output=True, text=True, check=True)
        found = _LINE.findall(done.stderr)
        modules = len({name for _, name in found if name.split(".")[0] == "navlayers"})
        yield Imports(command[0], modules, budget, sum(int(time) for time, _ in found) / 1000)
