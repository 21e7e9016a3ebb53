"""Limits of processes that work on input from outside."""

from __future__ import annotations

import contextlib
import sys

_OPEN_FILES = 64
_limited = False


def limit_process(seconds: float, memory: int) -> None:
    """Limit the CPU time and the memory of this process, which cannot write files from now on.

    Windows has no such limits: there, only a clock outside of the process ends it.

    Args:
        seconds: of the CPU, from now on; a later call may grant more.
        memory: bytes of address space.
    """
    global _limited  # noqa: PLW0603 - a fact about this process
    _limited = True
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for limit, most in limits.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    end = int(used.ru_utime + used.ru_stime + seconds) + 1
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def is_limited() -> bool:
    """Whether this process has such limits."""
    return _limited


def memory_limit(most: int) -> int:
    """The bytes of address space that a process may have: so many, or fewer where this one may have fewer."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return most
    own = resource.getrlimit(resource.RLIMIT_AS)[0]
    return most if own == resource.RLIM_INFINITY else min(most, own)


def most_memory() -> int:
    """The most bytes of memory that this process has had; 0 on Windows."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
