"""Limits of processes that work on input from outside."""

from __future__ import annotations

import contextlib

_OPEN_FILES = 64


def limit_process(seconds: int, memory: int) -> None:
    """Limit the CPU time and the memory of this process, which cannot write files from now on.

    Windows has no such limits: there, only a clock outside of the process ends it.

    Args:
        seconds: of the CPU.
        memory: bytes of address space.
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for limit, most in limits.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
