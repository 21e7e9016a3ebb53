"""Calls of native code that Ctrl-C can stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_LOOK = 0.1
"""Seconds between looks for Ctrl-C where the system does not interrupt waiting."""


def interruptible(call: Callable[[], _T], stop: Callable[[], None] | None = None) -> _T:
    """The result of a call of native code, which is made in a thread: the main thread could not handle signals.

    Args:
        call: the call; it has to release the interpreter's lock.
        stop: makes the call return soon, which is waited for; without it, the call goes on until the process ends.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_LOOK)
    except BaseException:
        if stop is not None:
            stop()
            thread.join()
        raise
    if errors:
        raise errors[0]
    return results[0]
