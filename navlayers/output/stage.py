"""Hidden folders in which new content waits for its place, and what happens to those of runs that were killed.

A run holds a lock on its stages and, while it moves files, on their folders. It writes a journal before the first
move, so that the next run that writes into the folder finishes the moves of a run that was killed during them. It
removes the stage of one that was killed earlier.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

try:
    import fcntl
except ImportError:  # Windows, where two runs are not kept apart and stages of killed runs stay
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PREFIX = ".navlayers-"
"""Start of the names of stages, which hold staged files (`new`) and backups of replaced or removed ones (`old`)."""

_JOURNAL = "journal.json"


class Entry(msgspec.Struct, frozen=True):
    """A move, with paths relative to the stage; `new` is None for a removal."""

    place: str
    new: str | None


class Journal(msgspec.Struct, frozen=True):
    """The moves of a run; those of a run with several stages are in the journal of the first one."""

    moves: tuple[Entry, ...] = ()
    first: str = ""


class Stage:
    """A new stage in a folder, locked until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{PREFIX}{os.urandom(8).hex()}"
        self.path.mkdir(0o700)
        self.new, self.old = self.path / "new", self.path / "old"
        self._lock = lock(self.path)

    def record(self, moves: Iterable[tuple[Path, Path | None]], first: Stage) -> None:
        """Write the journal.

        Args:
            moves: all moves of the run: the place of a file, and the staged file or None.
            first: the first stage of the run.
        """
        if self is first:
            entries = (
                (self._relative(place), None if new is None else self._relative(new)) for place, new in moves
            )
            journal = Journal(tuple(Entry(*entry) for entry in entries))
        else:
            journal = Journal(first=self._relative(first.path))
        _record(journal, self.path)

    def settle(self, *, undone: bool = False) -> None:
        """Say in the journal that no moves are left; without one, what is in `old` stays."""
        with suppress(OSError):  # moves that are made are not made again
            if undone:
                (self.path / _JOURNAL).unlink(missing_ok=True)
            else:
                _record(Journal(), self.path)

    def close(self, *, remove: bool) -> None:
        """End the lock, and remove the stage if wanted."""
        if remove:
            _remove(self.path)
        unlock(self._lock)

    def _relative(self, path: Path) -> str:
        # Nearly all paths are in the stage or its folder, and `relpath` takes as long as a move.
        for start, steps in ((self.path, ""), (self.path.parent, f"..{os.sep}")):
            below = str(path).removeprefix(f"{start}{os.sep}")
            if below != str(path):
                return steps + below
        return os.path.relpath(path, self.path)


def lock(folder: Path, *, wait: bool = True) -> int | None:
    """A lock on a folder that ends with the process; None where the system has none, or another run has it."""
    if fcntl is None:
        return None
    descriptor = None
    with suppress(OSError):  # some network file systems have no locks
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor
    unlock(descriptor)
    return None


def unlock(descriptor: int | None) -> None:
    """End a lock."""
    if descriptor is not None:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs from moving files in a folder, and from its stages."""
    held = lock(folder)
    try:
        yield
    finally:
        unlock(held)


def recover(folder: Path) -> None:
    """Finish what runs that were killed began in a folder, also where the next one has nothing to write."""
    if folder.is_dir():
        with locked(folder):
            finish(folder)


def recover_all(paths: Iterable[Path]) -> None:
    """Finish what runs that were killed began where files, or all of a folder, are to be replaced in place."""
    folders: set[Path] = set()
    for path in paths:
        below = [Path(folder) for folder, _, _ in os.walk(path)] if path.is_dir() else [path.resolve().parent]
        folders.update(below)
    for folder in sorted(folders):
        recover(folder)


def finish(folder: Path) -> None:
    """Finish the moves of runs that were killed, and remove their stages from a locked folder."""
    for path in sorted(folder.glob(f"{PREFIX}*")):
        if not _is_stage(path):
            continue
        if (held := lock(path, wait=False)) is None:  # its run is alive
            continue
        stage = path
        if (journal := _read(stage)) and journal.first:
            stage = path / journal.first
            journal = _read(stage) or Journal()
        if journal and journal.moves:
            _make(journal, stage)
            _record(Journal(), stage)
        # Without a journal, `old` has what a run could not put back.
        if journal or not any((path / "old").rglob("*")):
            _remove(path)
        unlock(held)


_CONTENT = {"new", "old", _JOURNAL, f"{_JOURNAL}.new"}


def _is_stage(path: Path) -> bool:
    with suppress(OSError):  # another user's, or removed by its own run in this moment
        return path.is_dir() and not path.is_symlink() and {entry.name for entry in path.iterdir()} <= _CONTENT
    return False


def _read(stage: Path) -> Journal | None:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((stage / _JOURNAL).read_bytes(), type=Journal)
    return None


def _record(journal: Journal, stage: Path) -> None:
    """Write the journal in one step."""
    waiting = stage / f"{_JOURNAL}.new"
    waiting.write_bytes(msgspec.json.encode(journal))
    waiting.replace(stage / _JOURNAL)


def _remove(folder: Path) -> None:
    """Remove a folder with its content, as far as possible; of a stage `old`, then `new`, and the journal last."""
    # Without `shutil`, as its import takes longer than what most runs have to remove.
    with suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True):
            path = Path(entry)
            if entry.is_dir(follow_symlinks=False):
                _remove(path)
                continue
            with suppress(OSError):
                path.unlink()
        folder.rmdir()


def _make(journal: Journal, stage: Path) -> None:
    """Make the moves that are left; what someone changed since then stays."""
    written = (stage / _JOURNAL).stat().st_mtime_ns
    for move in journal.moves:
        place, new = stage / move.place, None if move.new is None else stage / move.new
        if os.path.lexists(place) and place.lstat().st_mtime_ns > written:
            continue
        with suppress(OSError):
            if new is None:
                place.unlink(missing_ok=True)
            elif new.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                new.replace(place)
