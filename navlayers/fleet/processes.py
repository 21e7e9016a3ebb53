"""Work that is spread over processes."""

from __future__ import annotations

import gc
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, TypeVar

from navlayers.errors import OutputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Work = TypeVar("_Work")
_Result = TypeVar("_Result")

_FEW = 16
"""Pieces of work that are not worth other processes, which take a second to start."""

_AHEAD = 64
"""Pieces of work whose results are held at most."""


def spread(function: Callable[[_Work], _Result], work: Sequence[_Work], count: int) -> Iterator[_Result]:
    """The results of a function, in the order of the work.

    Args:
        function: a function of a module.
        work: what it is called with.
        count: processes; 0 for one per processor.

    Raises:
        OutputError: a process was killed.
    """
    count = count or os.cpu_count() or 1
    if len(work) < _FEW or count < 2:
        yield from map(function, work)
        return
    # Not forked: the libraries have threads.
    pool = ProcessPoolExecutor(count, get_context("spawn"), _as_worker)
    try:
        for start in range(0, len(work), _AHEAD):
            yield from pool.map(function, work[start : start + _AHEAD], chunksize=4)
    except BrokenProcessPool as error:
        hint = "memory may be short: try fewer with --processes"
        raise OutputError(Problem("a process that reads tenants was ended", hint=hint)) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _as_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As the command: sets are many small objects and no cycles.
    gc.set_threshold(100_000)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(process: Any) -> None:
    process.join()
    os._exit(1)
