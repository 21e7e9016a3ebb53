"""Writing results: a folder appears whole or not at all, and nothing foreign is overwritten.

What navlayers wrote is known by the index in each set's folder, which lists every file with its hash.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

import msgspec

from navlayers.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

INDEX = "index.json"
GENERATOR = "navlayers"
STAGE = ".navlayers-"
State: TypeAlias = Literal["own", "changed", "foreign"]
CHANGED = "keep it elsewhere first, or overwrite it with --force"
FORCE = "choose another folder with -o, or allow it with --force"


class _WrittenFile(msgspec.Struct):
    path: str
    sha256: str


class _WrittenIndex(msgspec.Struct):
    generator: str
    files: list[_WrittenFile]


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


class Staging:
    """A folder to be: files are put beside the target and moved into place at the end, all sets together.

    Use it as a context manager and call `commit` last; without it, or on any error, nothing remains.
    """

    def __init__(self, target: Path, sets: Iterable[str], *, force: bool = False) -> None:
        """Check that the sets' folders may be written below `target`.

        Raises:
            OutputError: the target is not a folder, cannot be written, or holds foreign files and not `force`.
        """
        self.target = target
        self.sets = tuple(sets)
        self.force = force
        self._known: dict[Path, tuple[str, int, int]] = {}
        try:
            problems = [
                _not_a_folder(p) for p in (target, *(target / name for name in self.sets)) if _in_the_way(p)
            ]
            if not (problems or force):
                problems = self._foreign()
            self.abandoned = _abandoned(target)
        except OSError as error:
            raise _cannot_write(target, error) from error
        if problems:
            raise OutputError(problems)

    def __enter__(self) -> Self:
        self._made = _missing_parents(self.target)
        self._staged: dict[str, set[str]] = {}
        self._keep_stage = False
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            self._stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=self.target))
        except OSError as error:
            raise _cannot_write(self.target, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _undisturbed():
            self._clear()
            if kind is not None:
                for folder in self._made:
                    if folder.exists() and not any(folder.iterdir()):
                        folder.rmdir()

    def _clear(self) -> None:
        if not self._keep_stage:
            shutil.rmtree(self._stage, ignore_errors=True)

    def add(self, name: str, path: str, data: bytes) -> None:
        """Stage one file: `path` below the folder of the set `name`."""
        self._staged.setdefault(name, set()).add(path)
        file = self._stage / "new" / name / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        except OSError as error:
            raise _cannot_write(self.target / name / path, error) from error

    def commit(self) -> dict[str, int]:
        """Move the staged folders into place; put the old ones back if anything stops that halfway.

        Returns:
            Set → how many of its earlier files have no successor, where there are any.
        """
        removed = {name: len(self._earlier(name) - self._staged[name]) for name in sorted(self._staged)}
        begun: list[str] = []
        with _undisturbed():
            try:
                for name in removed:
                    begun.append(name)
                    self._replace(name)
            except BaseException as error:
                self._put_back(begun)
                if isinstance(error, OSError):
                    raise _cannot_write(self.target, error) from error
                raise
            self._clear()
        return {name: count for name, count in removed.items() if count}

    def _replace(self, name: str) -> None:
        new, old, place = self._stage / "new" / name, self._stage / "old" / name, self.target / name
        if place.exists():
            old.parent.mkdir(parents=True, exist_ok=True)
            self._keep_foreign(place, new)
            place.rename(old)
        new.rename(place)

    def _put_back(self, names: Iterable[str]) -> None:
        """Undo replacements, whole or half done; where even that fails, leave the old folders and say where."""
        self._keep_stage = True
        try:
            for name in names:
                new, old, place = self._stage / "new" / name, self._stage / "old" / name, self.target / name
                # A link counts as what it is, for it may lead nowhere from inside the stage.
                if os.path.lexists(old) or not new.exists():
                    if place.is_symlink():
                        place.unlink()
                    elif place.exists():
                        shutil.rmtree(place)
                    if os.path.lexists(old):
                        old.rename(place)
            self._keep_stage = False
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(
                Problem(
                    f"cannot be put back as it was: {reason}",
                    Place(str(self.target)),
                    hint=f"what stood there is in {self._stage / 'old'}",
                )
            ) from error

    def _foreign(self) -> list[Problem]:
        """What stands below the target and is not navlayers' own: other entries, and changed files of the sets."""
        if not self.target.exists():
            return []
        if _read_index(self.target) is not None:
            hint = f"name the folder above it: -o {self.target.parent}"
            return [
                Problem("holds the layers of one set", Place(str(self.target)), "a folder of such folders", hint)
            ]
        entries = sorted(self.target.iterdir())
        strangers = [entry for entry in entries if not entry.name.startswith(".") and not _is_ours(entry)]
        if strangers:
            names = ", ".join(entry.name for entry in strangers[:3]) + (", …" if len(strangers) > 3 else "")
            message = f"holds files that navlayers did not write: {names}"
            return [Problem(message, Place(str(self.target)), hint=FORCE)]
        return [problem for name in self.sets for problem in self._changed(self.target / name)]

    def _changed(self, folder: Path) -> list[Problem]:
        """Files in a set's folder that navlayers did not write, or that were changed since."""
        index = _read_index(folder)
        if index is None:
            return []
        problems = []
        for path, state in self._states(folder, index):
            # An empty folder holds nothing to lose; it is kept.
            if state == "foreign" and not path.name.startswith(".") and (path.is_symlink() or not path.is_dir()):
                problems.append(Problem("is not navlayers' own file", Place(str(path)), hint=FORCE))
            elif state == "changed":
                problems.append(Problem("was changed since navlayers wrote it", Place(str(path)), hint=CHANGED))
        return problems

    def _keep_foreign(self, old: Path, new: Path) -> None:
        """Copy what navlayers did not write, or not so, from a folder to be replaced; new files win."""
        for path, state in self._states(old, _read_index(old)):
            kept = new / path.relative_to(old)
            if state != "own" and not os.path.lexists(kept):
                kept.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir() and not path.is_symlink():
                    kept.mkdir()
                else:
                    shutil.copy2(path, kept, follow_symlinks=False)

    def _states(self, folder: Path, index: _WrittenIndex | None) -> Iterator[tuple[Path, State]]:
        """Each file below a set's folder, and whether it is as navlayers wrote it."""
        hashes = {file.path: file.sha256 for file in index.files} if index else {}
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            if index and name == INDEX:
                yield path, "own"
            elif name not in hashes or path.is_symlink() or not path.is_file():
                yield path, "foreign"
            else:
                yield path, "own" if self._is_as_written(path, hashes[name]) else "changed"

    def _is_as_written(self, path: Path, expected: str) -> bool:
        """Whether a file has the hash; one that has not been touched since it was last asked is not read again."""
        status = path.stat()
        stamp = (expected, status.st_mtime_ns, status.st_size)
        if self._known.get(path) != stamp:
            if sha256(path.read_bytes()) != expected:
                return False
            self._known[path] = stamp
        return True

    def _earlier(self, name: str) -> set[str]:
        index = _read_index(self.target / name)
        return {file.path for file in index.files} if index else set()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold off the signals that stop a program: moving folders and tidying up are finished first."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _abandoned(target: Path) -> tuple[Path, ...]:
    """Folders that a build which was killed, or is still at work, has in the target."""
    return tuple(sorted(target.glob(f"{STAGE}*"))) if target.is_dir() else ()


def _in_the_way(path: Path) -> bool:
    """A file, or a link that leads nowhere, where a folder should be."""
    return (path.exists() or path.is_symlink()) and not path.is_dir()


def _not_a_folder(path: Path) -> Problem:
    return Problem("is not a folder", Place(str(path)), hint="move it away, or choose a folder with -o")


def _cannot_write(path: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    hint = "choose another folder with -o"
    if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
        hint = "another build may be at work there: try again, or choose another folder with -o"
    return OutputError(Problem(f"cannot be written: {reason}", Place(str(path)), hint=hint))


def _missing_parents(target: Path) -> list[Path]:
    """The folders that making `target` makes, innermost first."""
    return [folder for folder in (target, *target.parents) if not folder.exists()]


def _read_index(folder: Path) -> _WrittenIndex | None:
    try:
        if not (folder / INDEX).is_file():
            return None
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=_WrittenIndex)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return index if index.generator == GENERATOR else None


def _is_ours(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink() and _read_index(entry) is not None


def _files(folder: Path) -> list[Path]:
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
