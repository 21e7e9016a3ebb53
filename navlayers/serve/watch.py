"""Watching files and folders: one signal for each burst of changes, however an editor saves."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

_QUIET = 10
"""Milliseconds without a change that end a burst."""

_LONGEST = 100
"""Milliseconds after which a burst counts as ended."""

_LOOK = 1_000
"""Milliseconds between looks without a signal: file systems of networks and containers may send none."""


async def changes(paths: Callable[[], Sequence[Path]]) -> AsyncIterator[None]:
    """Yields when something may have changed: at once, after each burst of changes, and each second.

    Editors replace files, and folders go and come back: the folders around them are watched, as they are now.

    Args:
        paths: gives the files and folders, which may change.
    """
    yield
    while True:
        watched = paths()
        folders = _folders(watched)
        signal, stop = asyncio.Event(), asyncio.Event()
        tasks = [
            asyncio.create_task(_watch([path for path, _ in some], watched, signal, stop, recursive=recursive))
            for some, recursive in zip(folders, (False, True), strict=True)
            if some
        ]
        try:
            while paths() == watched and _folders(watched) == folders:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(signal.wait(), _LOOK / 1000)
                signal.clear()
                yield
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(
    folders: Iterable[Path], watched: Sequence[Path], signal: asyncio.Event, stop: asyncio.Event, *, recursive: bool
) -> None:
    """Set the signal after each burst of changes of what is watched, until `stop`."""
    from watchfiles import awatch  # noqa: PLC0415 - for this command alone

    names = [str(path.absolute()) for path in watched]

    def concerns(_change: object, changed: str) -> bool:
        return any(
            Path(changed) in (name, *name.parents) or name in Path(changed).parents for name in map(Path, names)
        )

    # A folder may go before it is watched; the next look finds it.
    with contextlib.suppress(OSError):
        async for _ in awatch(
            *folders,
            watch_filter=concerns,
            debounce=_LONGEST,
            step=_QUIET,
            stop_event=stop,
            recursive=recursive,
            ignore_permission_denied=True,
        ):
            signal.set()


_Identity = tuple[Path, int]


def _folders(paths: Iterable[Path]) -> tuple[tuple[_Identity, ...], tuple[_Identity, ...]]:
    """The folders to watch without and with those below, with their identities.

    Around each path it is the nearest folder that is there.
    """
    near: dict[Path, int] = {}
    deep: dict[Path, int] = {}
    for path in paths:
        absolute = path.absolute()
        if absolute.is_dir():
            deep[absolute] = absolute.stat().st_ino
        around = absolute.parent
        while not around.is_dir() and around != around.parent:
            around = around.parent
        near[around] = around.stat().st_ino
    return tuple(near.items()), tuple(deep.items())
