"""What a process for native code does: it takes jobs from standard input and writes outcomes to standard output.

Starting one costs what Python and the modules of its jobs cost: this module imports little.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
import threading
from importlib import import_module
from queue import SimpleQueue

from navlayers._engines.limits import limit_process, most_memory

TYPE_CHECKING = False  # that of typing takes longer to import than all else here

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_LENGTH = 8
"""Bytes that state the length of a message."""


def send(pipe: int, message: tuple[Any, ...]) -> None:
    """Write a message of numbers, text, bytes, and tuples and dictionaries of these."""
    data = marshal.dumps(message)
    left = memoryview(len(data).to_bytes(_LENGTH, "big") + data)
    while left:
        left = left[os.write(pipe, left) :]


def receive(pipe: int) -> tuple[Any, ...]:
    """Read a message.

    Raises:
        EOFError: the other process has ended.
    """
    data = _read(pipe, int.from_bytes(_read(pipe, _LENGTH), "big"))
    message: tuple[Any, ...] = marshal.loads(data)  # noqa: S302 - both ends are of one program
    return message


def _read(pipe: int, length: int) -> bytearray:
    data = bytearray()
    while len(data) < length:
        chunk = os.read(pipe, min(length - len(data), 1 << 20))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def outcome(
    job: str, arguments: tuple[Any, ...], report: Callable[[Any], None], limits: tuple[float, int] | None = None
) -> tuple[str, Any]:
    """What a job comes to, as a kind and a value: a result, or why there is none.

    Args:
        job: a function, as "module:name".
        arguments: those of the function, which also gets `report`.
        report: takes what the job has before it ends.
        limits: of this process while the function runs, see `limit_process`.
    """
    module, _, name = job.partition(":")
    try:
        function = getattr(import_module(module), name)
        if limits is not None:
            limit_process(*limits)
        return "result", function(*arguments, report)
    except MemoryError:
        return "memory", ""
    except ModuleNotFoundError as error:
        return "missing", error.name or ""
    except Exception as error:
        return "error", (f"{error}", f"{getattr(error, 'diagnostic', '')}", type(error).__name__)
    except BaseException as error:
        return "panic", (f"{error}", "", type(error).__name__)


def main(lasting: bool) -> None:
    """Do the jobs that arrive on standard input until it ends.

    Args:
        lasting: whether the thread that started this process lasts as long as the other process.
    """
    if lasting and sys.platform == "linux":
        _end_with_parent()
    # Packages are many small objects and no cycles.
    gc.set_threshold(100_000)
    # Native code may print: that goes where errors go.
    pipe = os.dup(1)
    os.dup2(2, 1)
    if hasattr(os, "set_blocking"):
        os.set_blocking(2, False)
    jobs: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
    threading.Thread(target=_take, args=(jobs,), daemon=True).start()
    turn = threading.Lock()

    # Systems count what the other process had when it started this one.
    least = most_memory()

    def tell(kind: str, value: Any) -> None:
        with turn:
            send(pipe, (kind, value, most_memory() <= max(kept, least)))

    while True:
        job, arguments, limits, kept = jobs.get()
        tell(*outcome(job, arguments, lambda part: tell("part", part), limits))


def _end_with_parent() -> None:
    """Have Linux kill this process when the other ends, even while it is stopped and cannot see that."""
    try:
        import ctypes  # noqa: PLC0415 - for Linux alone

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    except (ImportError, OSError, AttributeError):  # the end of standard input remains
        pass


def _take(jobs: SimpleQueue[tuple[Any, ...]]) -> None:
    """Take jobs; the end of the other process, however it came, is the end of this one, also in a job."""
    try:
        while True:
            jobs.put(receive(0))
    finally:
        os._exit(0)
