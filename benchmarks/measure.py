"""CPU time and peak memory of whole processes."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


SUCCEEDED = (0, 1)
"""Exit codes of commands that did their work; 1 says that a check has findings."""


class Cost(NamedTuple):
    """User + system seconds and peak megabytes of one process; the median of several runs."""

    cpu: float
    memory: float


def cost(command: list[str], runs: int, fresh: Path | None = None, cwd: Path | None = None) -> Cost:
    """Run a command several times; it must succeed. The folder `fresh` is removed before each run."""
    costs = []
    for _ in range(runs):
        if fresh:
            shutil.rmtree(fresh, ignore_errors=True)
        costs.append(_once(command, cwd))
    return Cost(statistics.median(c.cpu for c in costs), statistics.median(c.memory for c in costs))


def _once(command: list[str], cwd: Path | None) -> Cost:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in SUCCEEDED:
        sys.exit(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
