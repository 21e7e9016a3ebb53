"""Processes for native code, which cannot be stopped in this one and could end it.

Each has little time and memory, writes no files, and ends with this process, however that ends. After a job it
waits for the next one of the same module: what it imported and cached counts. One that has become large ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Literal

from navlayers._engines.limits import is_limited, memory_limit
from navlayers._engines.worker import outcome, receive, send

if TYPE_CHECKING:
    from collections.abc import Generator

Reason = Literal["time", "memory", "crash", "error"]

MEMORY = 4_000_000_000
"""Bytes of address space of a process."""

MEMORY_KEPT = 1_000_000_000
"""Bytes of a process that does another job: engines cache what they did, until none are left for the next."""

_THREADS = {"RAYON_NUM_THREADS": "4", "MALLOC_ARENA_MAX": "4", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Variables of the engines: each thread reserves address space, whether it uses it or not."""

_START = "import sys; sys.path[:] = sys.argv[1:]; from navlayers._engines.worker import main; main({})"
_LOOK = 0.1
"""Seconds between looks for Ctrl-C where the system does not interrupt waiting."""

_NO_MEMORY = (b"memory allocation of", b"MemoryError")
"""What Rust and Python print before they end a process that gets no memory."""

_MOST_IDLE = 2
"""Processes of a module that wait for the next job."""

_idle: dict[str, list[_Worker]] = {}
_workers: set[_Worker] = set()


class EngineError(Exception):
    """A job has no result.

    Attributes:
        reason: "error" is an exception of the job; the others end its process.
        diagnostic: what the engine says about an error in its input; may be empty.
        exception: the name of the exception.
    """

    def __init__(self, reason: Reason, text: str, diagnostic: str = "", exception: str = "") -> None:
        super().__init__(text)
        self.reason: Reason = reason
        self.diagnostic = diagnostic
        self.exception = exception


class _Worker:
    """A process, and a thread that talks to it: the caller only waits, which Ctrl-C interrupts."""

    def __init__(self) -> None:
        # Isolated: modules of the current folder are not those that were imported here.
        options = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
        paths = [*filter(None, sys.path), str(Path(__file__).parents[2])]
        pipe = subprocess.PIPE
        # Linux takes the end of the thread that starts a process for that of its parent: only the main one lasts.
        start = _START.format(threading.current_thread() is threading.main_thread())
        # In a session of its own: Ctrl-C is for this process, which ends the other.
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable or "python3", *options, "-c", start, *paths],
            bufsize=0,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=os.environ | _THREADS,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.owner = os.getpid()
        self.usable = True
        self.last_words = b""
        self.jobs: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self.outcomes: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self.thread = threading.Thread(target=self._talk, daemon=True)
        self.thread.start()
        _workers.add(self)

    def _talk(self) -> None:
        assert self.process.stdin is not None  # noqa: S101 - all are pipes
        assert self.process.stdout is not None  # noqa: S101
        assert self.process.stderr is not None  # noqa: S101
        if hasattr(signal, "pthread_sigmask"):
            # The command line ends when a pipe closes, but not because of this one.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        end: tuple[str, Any] = ("end", "")
        try:
            while (job := self.jobs.get()) is not None:
                send(self.process.stdin.fileno(), job)
                kind = "part"
                while kind == "part":
                    kind, value, self.usable = receive(self.process.stdout.fileno())
                    self.outcomes.put((kind, value))
        except (OSError, EOFError):
            # The process has ended, and `death` says how. What it wrote is read here: `end` closes the pipes.
            self.process.wait()
            self.last_words = self.process.stderr.read()
        except MemoryError:
            end = ("memory", "")
        except Exception as error:
            # The process lives: a job that is of other things than `send` takes has not reached it.
            end = ("panic", (f"{error}", "", type(error).__name__))
        self.outcomes.put(end)

    def outcome(self, deadline: float) -> tuple[str, Any]:
        """The next outcome of the job.

        Raises:
            Empty: there is none before the deadline.
        """
        while True:
            left = deadline - time.monotonic()
            with contextlib.suppress(Empty):
                kind, value = self.outcomes.get(timeout=min(max(left, 0), _LOOK))
                return kind, value
            if left <= 0:
                raise Empty

    def death(self) -> EngineError:
        """Why the process has ended."""
        code = self.process.wait()
        if any(words in self.last_words for words in _NO_MEMORY):
            return _no_memory()
        name = f"status {code}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
        if name == "SIGXCPU":
            return EngineError("time", "more time than it may")
        return EngineError("crash", f"its process ended with {name}")

    def end(self) -> None:
        """End the process and what belongs to it."""
        _workers.discard(self)
        self.process.kill()
        self.jobs.put(None)
        self.process.wait()
        self.thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def results(job: str, *arguments: Any, seconds: float) -> Generator[Any]:
    """What a job reports before its end, and its result as the last; whoever stops earlier ends the job.

    A process that is limited itself does the job itself.

    Args:
        job: a function, as "module:name"; after the arguments it gets a function that reports.
        arguments: numbers, text, bytes, and tuples and dictionaries of these.
        seconds: how long it may take.

    Raises:
        EngineError: there is no result.
        ModuleNotFoundError: a package is not installed.
    """
    if is_limited():
        yield _value(*outcome(job, arguments, lambda _: None))
        return
    deadline = time.monotonic() + seconds
    module = job.partition(":")[0]
    worker = _worker(module)
    usable = False
    try:
        # The clock of this process ends it; that of the CPU, which counts threads, does where this one is gone.
        worker.jobs.put((job, arguments, (4 * max(seconds, 0) + 1, MEMORY), MEMORY_KEPT))
        kind, value = worker.outcome(deadline)
        while kind == "part":
            yield value
            kind, value = worker.outcome(deadline)
        if kind == "end":
            raise worker.death()
        usable = worker.usable and kind in ("result", "error", "missing")
    except Empty:
        raise EngineError("time", f"more than {seconds:g} seconds") from None
    finally:
        if usable and len(idle := _idle.setdefault(module, [])) < _MOST_IDLE:
            idle.append(worker)
        else:
            worker.end()
    yield _value(kind, value)


def result(job: str, *arguments: Any, seconds: float) -> Any:
    """The result of a job, as `results` gives it."""
    *_, value = results(job, *arguments, seconds=seconds)
    return value


def _value(kind: str, value: Any) -> Any:
    if kind == "result":
        return value
    if kind == "missing":
        raise ModuleNotFoundError(f"No module named {value!r}", name=value)
    if kind == "memory":
        raise _no_memory()
    raise EngineError("error", *value)


def _no_memory() -> EngineError:
    return EngineError("memory", f"more than {memory_limit(MEMORY) / 1e9:.2g} GB of memory")


def _worker(module: str) -> _Worker:
    idle = _idle.get(module, [])
    while idle:
        with contextlib.suppress(IndexError):
            worker = idle.pop()
            # One of a process that this one was forked from is not ours.
            if worker.owner == os.getpid():
                if worker.process.poll() is None:
                    return worker
                worker.end()
    try:
        return _Worker()
    except OSError as error:
        raise EngineError("crash", f"its process does not start: {error.strerror or error}") from error


@atexit.register
def end_all() -> None:
    """End all processes of this one; the jobs that they do have no result."""
    for worker in list(_workers):
        if worker.owner == os.getpid():
            worker.end()
