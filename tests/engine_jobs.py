"""Jobs for processes of engines, each of which ends in its own way."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers._engines.limits import most_memory

if TYPE_CHECKING:
    from collections.abc import Callable


def number(report: Callable[[int], None]) -> int:
    """The number of the process."""
    report(0)
    return os.getpid()


def crash(*_: object) -> None:
    """Crash."""
    os.kill(os.getpid(), signal.SIGSEGV)


def fill(*_: object) -> None:
    """Take more memory than there may be."""
    bytearray(5_000_000_000)


def long(*_: object) -> bytes:
    """An answer of which one copy fits into 300 MB."""
    return bytes(180_000_000)


def write(path: str, _: object) -> str:
    """Write a file; why that fails."""
    try:
        with Path(path).open("wb") as file:
            file.write(b"x")
    except OSError as error:
        return str(error.strerror)
    return ""


def wait(report: Callable[[int], None]) -> None:
    """Report the number of the process, and go on for a minute."""
    report(os.getpid())
    time.sleep(60)


def fail(_: object) -> None:
    """Fail as code does."""
    raise ValueError("no such thing")


def panic(*_: object) -> None:
    """Fail as code of Rust does, with an exception that is no Exception."""
    raise type("PanicException", (BaseException,), {})("index out of bounds")


def hang(*_: object) -> None:
    """Take a minute."""
    time.sleep(60)


def search_and_crash(task: bytes, report: Callable[[bytes], None]) -> None:
    """Search for the best choice, and crash before it is given."""
    from navlayers.analysis.plan import search  # noqa: PLC0415 - slow, and for this job alone

    search.found(task, report)
    crash()


def grow(*_: object) -> int:
    """Take more memory than the process that started this one has; the number of the process."""
    bytearray(most_memory() + 1)[::4096] = bytes(-(-(most_memory() + 1) // 4096))
    return os.getpid()
