"""What each command imports: its time beyond that of click against a budget, and modules that it does not use."""

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
        modules: modules of navlayers.
        unused: those of them with functions of which none runs.
        milliseconds: the least time of several runs that the modules take which `import click` does not import.
        times_click, budget: the same as a multiple of the time of `import click`, and the most that it should be.
    """

    command: str
    modules: int
    unused: tuple[str, ...]
    milliseconds: float
    times_click: float
    budget: float


def imports(work: Path, times: int) -> Iterator[Imports]:
    """Run each command several times on a small input and count."""
    out = str(work / "imports")
    copies = work / "copies"
    copies.mkdir()
    for month in ("2025-01", "2025-02"):
        shutil.copy(Path(__file__).parents[1] / "mappings" / "gcp.yaml", copies / f"gcp-{month}.yaml")
    runs: tuple[tuple[float, list[str]], ...] = (
        (0.3, ["--help"]),
        (1.2, ["sets", "-q"]),
        (1.5, ["build", "gcp", "--only", "overview", "-q", "-o", f"{out}-build"]),
        (1.6, ["stats", "gcp", "-q"]),
        (1.6, ["check", "gcp", "-q"]),
        (1.3, ["convert", "gcp", "-q", "-o", f"{out}.yaml"]),
        (1.9, ["upgrade", "gcp", "--attack", "18.1", "-q"]),
        (2.5, ["render", "gcp", "-q", "-o", f"{out}.svg"]),
        (4.0, ["report", "gcp", "-q", "-o", f"{out}.html"]),
        (3.6, ["site", "intel-vpro", "-q", "-o", f"{out}-site", "--force"]),
        (1.5, ["show", "T1078", "--set", "gcp", "-q"]),
        (1.6, ["compare", *SHIPPED_CLOUDS, "-q"]),
        (1.6, ["diff", "aws", "gcp", "-q"]),
        (1.6, ["history", str(copies), "-q"]),
        (2.2, ["gaps", "gcp", "--threat", "APT29", "-q"]),
        (2.8, ["plan", "gcp", "--budget", "3", "-q"]),
        (1.0, ["attack", "list", "-q"]),
    )
    alone = [_imported(["-c", "import click"]) for _ in range(times)]
    click = min(sum(each.values()) for each in alone)
    for budget, command in runs:
        every = [_imported(["-m", "navlayers", *command]) for _ in range(times)]
        modules = sum(name.split(".")[0] == "navlayers" for name in every[0])
        own = min(sum(time for name, time in each.items() if name not in alone[0]) for each in every)
        yield Imports(command[0], modules, _unused(command), own, own / click, budget)


def _imported(command: list[str]) -> dict[str, float]:
    """The modules that Python imports for a command, and the milliseconds of each without those that it imports."""
    run = [sys.executable, "-X", "importtime", *command]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    return {name: int(time) / 1000 for time, name in _LINE.findall(done.stderr)}


# Class bodies and modules run without CO_OPTIMIZED; functions and lambdas have it.
_UNUSED = """
import inspect, sys, types
ran = set()
def called(frame, event, argument):
    if event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        ran.add(frame.f_code.co_filename)
sys.setprofile(called)
from navlayers.cli import main
try:
    main()
except SystemExit:
    sys.setprofile(None)
for name, module in sorted(sys.modules.items()):
    own = [f for f in vars(module).values() if isinstance(f, types.FunctionType) and f.__module__ == name]
    if name.startswith("navlayers.") and own and module.__file__ not in ran:
        print("unused", name, file=sys.stderr)
"""


def _unused(command: list[str]) -> tuple[str, ...]:
    """The modules of navlayers that a command imports and that have functions of which none runs."""
    done = subprocess.run([sys.executable, "-c", _UNUSED, *command], capture_output=True, text=True, check=True)
    return tuple(re.findall(r"^unused navlayers\.(\S+)", done.stderr, re.MULTILINE))
