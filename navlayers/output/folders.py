"""What stands in an output folder, and whose it is: the index there lists every file that is ours with its hash."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from navlayers.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEX = "index.json"
GENERATOR = "navlayers"
STAGE = ".navlayers-"
State: TypeAlias = Literal["own", "changed", "foreign"]
CHANGED = "keep it elsewhere first, or overwrite it with --force"
FORCE = "choose another folder with -o, or allow it with --force"


class WrittenFile(msgspec.Struct):
    """A file that an index lists: its path below the folder, and its SHA-256."""

    path: str
    sha256: str


class WrittenIndex(msgspec.Struct):
    """What every index has, whatever else it says; `command` is that of results other than built layers."""

    generator: str
    files: list[WrittenFile]
    command: str = ""


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


class States:
    """Tells files that are as navlayers wrote them from others; remembers those that it has read."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[str, int, int]] = {}

    def states(self, folder: Path, index: WrittenIndex | None) -> Iterator[tuple[Path, State]]:
        """Each file below a set's folder, and whether it is as navlayers wrote it."""
        hashes = {file.path: file.sha256 for file in index.files} if index else {}
        for path in files_below(folder):
            name = path.relative_to(folder).as_posix()
            if index and name == INDEX:
                yield path, "own"
            elif name not in hashes or path.is_symlink() or not path.is_file():
                yield path, "foreign"
            else:
                yield path, "own" if self._is_as_written(path, hashes[name]) else "changed"

    def problems(self, folder: Path) -> list[Problem]:
        """Files below a folder that navlayers did not write, or that were changed since."""
        index = read_index(folder)
        if index is None:
            return []
        problems = []
        for path, state in self.states(folder, index):
            # An empty folder holds nothing to lose; it is kept.
            if state == "foreign" and not path.name.startswith(".") and (path.is_symlink() or not path.is_dir()):
                problems.append(Problem("is not navlayers' own file", Place(str(path)), hint=FORCE))
            elif state == "changed":
                problems.append(Problem("was changed since navlayers wrote it", Place(str(path)), hint=CHANGED))
        return problems

    def _is_as_written(self, path: Path, expected: str) -> bool:
        """Whether a file has the hash; one that has not been touched since it was last asked is not read again."""
        status = path.stat()
        stamp = (expected, status.st_mtime_ns, status.st_size)
        if self._known.get(path) != stamp:
            if sha256(path.read_bytes()) != expected:
                return False
            self._known[path] = stamp
        return True


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold off the signals that stop a program: moving folders and tidying up are finished first."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def abandoned(target: Path) -> tuple[Path, ...]:
    """Folders that a build which was killed, or is still at work, has in the target."""
    return tuple(sorted(target.glob(f"{STAGE}*"))) if target.is_dir() else ()


def in_the_way(path: Path) -> bool:
    """A file, or a link that leads nowhere, where a folder should be."""
    return (path.exists() or path.is_symlink()) and not path.is_dir()


def not_a_folder(path: Path) -> Problem:
    """What to say of something that is in the way of a folder."""
    return Problem("is not a folder", Place(str(path)), hint="move it away, or choose a folder with -o")


def cannot_write(path: Path, error: OSError) -> OutputError:
    """What to say where the file system refuses."""
    reason = (error.strerror or str(error)).lower()
    hint = "choose another folder with -o"
    if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
        hint = "another build may be at work there: try again, or choose another folder with -o"
    return OutputError(Problem(f"cannot be written: {reason}", Place(str(path)), hint=hint))


def missing_parents(target: Path) -> list[Path]:
    """The folders that making `target` makes, innermost first."""
    return [folder for folder in (target, *target.parents) if not folder.exists()]


def read_index(folder: Path) -> WrittenIndex | None:
    """The index of a folder that navlayers wrote; None of any other."""
    try:
        if not (folder / INDEX).is_file():
            return None
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=WrittenIndex)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return index if index.generator == GENERATOR else None


def is_ours(entry: Path) -> bool:
    """Whether this is a folder that navlayers wrote."""
    return entry.is_dir() and not entry.is_symlink() and read_index(entry) is not None


def files_below(folder: Path) -> list[Path]:
    """Everything below the folder but the folders that hold something, in order; links are not followed.

    Raises:
        OSError: a folder cannot be looked into.
    """
    found = []
    for parent, folders, files in os.walk(folder, onerror=_raise):
        found += [Path(parent, name) for name in files]
        found += [Path(parent, name) for name in folders if Path(parent, name).is_symlink()]
        if not (folders or files):
            found.append(Path(parent))
    return sorted(path for path in found if path != folder)


def _raise(error: OSError) -> None:
    raise error
