"""Writing folders of results: all files or none; foreign files are never overwritten without `force`.

A folder is known as navlayers' own by its `index.json`, which lists every file with its SHA-256. New files wait in
a hidden folder inside the target and are moved into place when all of them are on disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

import msgspec

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.files import Move, MoveError, missing_folders, move_all, remove_empty, undisturbed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

INDEX = "index.json"
GENERATOR = "navlayers"
STAGE = ".navlayers-"
"""Prefix of the hidden folder for staged files."""

_CHANGED = "keep it elsewhere first, or overwrite it with --force"
_FORCE = "choose another folder with -o, or allow it with --force"
_State: TypeAlias = Literal["own", "changed", "foreign"]


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A file in an index: its path below the folder, its SHA-256, and its subject.

    `techniques` and `subtechniques` count the entries of a layer; each command's index has some of them.
    """

    path: str
    kind: str | msgspec.UnsetType = msgspec.UNSET
    id: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    techniques: int | msgspec.UnsetType = msgspec.UNSET
    subtechniques: int | msgspec.UnsetType = msgspec.UNSET
    sha256: str


class WrittenIndex(msgspec.Struct, frozen=True):
    """The part that all indexes share; `command` is "" in a folder that `navlayers build` wrote."""

    generator: str
    files: tuple[FileEntry, ...]
    command: str = ""


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def read_index(folder: Path) -> WrittenIndex | None:
    """The index of a folder that navlayers wrote; None of any other."""
    try:
        if not (folder / INDEX).is_file():
            return None
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=WrittenIndex)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return index if index.generator == GENERATOR else None


def write_folder(
    folder: str | Path,
    files: Mapping[str, bytes] | Iterable[tuple[str, bytes]],
    *,
    command: str = "",
    force: bool = False,
    keep: Iterable[Path] = (),
) -> int:
    """Write the files of one folder, all of them or none, and remove those of an earlier run without a successor.

    Args:
        folder: where they go; created if missing.
        files: path below the folder → bytes, `index.json` among them; or pairs of the two, which are put on disk as
            they come.
        command: the command that writes them, if the files are pairs; else their index names it.
        force: write into a folder that holds other files: they stay, unless a new file has the same name.
        keep: the inputs, which are neither removed nor changed.

    Returns:
        How many files of an earlier run were removed.

    Raises:
        OutputError: the folder holds foreign files and not `force`, an input would be lost, or the file system
            refuses; nothing was changed.
    """
    target = Path(folder)
    states = _FileStates()
    with _reported(target):
        if _in_the_way(target):
            raise OutputError(_not_a_folder(target))
        if isinstance(files, Mapping):
            _check_paths(target, files, keep)
            if INDEX in files:
                command = msgspec.json.decode(files[INDEX], type=WrittenIndex).command
            files = files.items()
        if not force:
            _check_folder(target, command, states)
    with _Stage(target) as stage:
        paths = dict.fromkeys(stage.add(path, data) for path, data in files)
        with _reported(target), undisturbed():
            _check_paths(target, paths, keep)
            index = read_index(target)
            earlier = states.states(target, index) if index else ()
            own = [path.relative_to(target).as_posix() for path, state in earlier if state == "own"]
            removed = [path for path in own if path not in paths and path != INDEX]
            stage.commit(paths, removed)
    return len(removed)


class SetFolders:
    """Folders of mapping sets below one target: each is replaced as a whole, all of them or none.

    Use it as a context manager and call `commit` last; without it, or on any error, nothing remains.
    """

    def __init__(self, target: Path, sets: Iterable[str], *, force: bool = False) -> None:
        """Check that the sets' folders may be written below `target`.

        Raises:
            OutputError: the target is not a folder, cannot be written, or holds foreign files and not `force`.
        """
        self._target = target
        self._states = _FileStates()
        self._paths: dict[str, set[str]] = {}
        self._stage = _Stage(target)
        sets = tuple(sets)
        with _reported(target):
            problems = [_not_a_folder(p) for p in (target, *(target / name for name in sets)) if _in_the_way(p)]
            if not (problems or force):
                problems = _foreign_below(target, sets, self._states)
            self.abandoned = tuple(sorted(target.glob(f"{STAGE}*"))) if target.is_dir() else ()
            """Staging folders of builds that were killed or are still running."""
        if problems:
            raise OutputError(problems)

    def __enter__(self) -> Self:
        self._stage.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stage.__exit__(kind)

    def add(self, name: str, path: str, data: bytes) -> None:
        """Stage one file: `path` below the folder of the set `name`."""
        self._paths.setdefault(name, set()).add(path)
        self._stage.add(f"{name}/{path}", data)

    def commit(self) -> dict[str, int]:
        """Move the staged folders into place; restore the old ones if a move fails.

        Returns:
            Set → how many of its earlier files have no successor, where there are any.
        """
        removed = {}
        with _reported(self._target), undisturbed():
            for name in sorted(self._paths):
                index = read_index(self._target / name)
                if index and (stale := {file.path for file in index.files} - self._paths[name]):
                    removed[name] = len(stale)
                self._keep_foreign(name, index)
            self._stage.commit(sorted(self._paths))
        return removed

    def _keep_foreign(self, name: str, index: WrittenIndex | None) -> None:
        """Copy foreign and changed files from a folder to be replaced, unless a new file has the same path."""
        old, new = self._target / name, self._stage.new / name
        for path, state in self._states.states(old, index) if old.exists() else ():
            kept = new / path.relative_to(old)
            if state != "own" and not os.path.lexists(kept):
                kept.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir() and not path.is_symlink():
                    kept.mkdir()
                else:
                    shutil.copy2(path, kept, follow_symlinks=False)


class _Stage:
    """A hidden folder in the target: staged files in `new`, and in `old` the files that they replace."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._moves: list[Move] = []

    def __enter__(self) -> Self:
        self._made = missing_folders(self._target)
        with _reported(self._target):
            self._target.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=STAGE, dir=self._target))
        self.new = self._folder / "new"
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with undisturbed():
            # Files that could not be restored stay where the error message says.
            if not any(os.path.lexists(move.old) for move in self._moves):
                shutil.rmtree(self._folder, ignore_errors=True)
            if kind is not None:
                remove_empty(self._made)

    def add(self, path: str, data: bytes) -> str:
        """Stage one file, by its path below the target; gives that path."""
        with _reported(self._target / path):
            (self.new / path).parent.mkdir(parents=True, exist_ok=True)
            (self.new / path).write_bytes(data)
        return path

    def commit(self, paths: Collection[str], removed: Iterable[str] = ()) -> None:
        """Move staged files or folders into place and `removed` files away; restore everything if a move fails."""
        old = self._folder / "old"
        self._moves = [Move(path, self._target / path, None, old / path) for path in removed]
        self._moves += [Move(path, self._target / path, self.new / path, old / path) for path in paths]
        parents = {self._target / parent for move in self._moves for parent in Path(move.name).parents}
        below = sorted(parents - {self._target}, key=lambda folder: len(folder.parts), reverse=True)
        try:
            move_all(self._moves)
        except MoveError as failed:
            if failed.stuck:
                reason = _reason(failed.stuck[0][1])
                hint = f"the old content is in {old}"
                place = Place(str(self._target))
                raise OutputError(Problem(f"cannot be restored: {reason}", place, hint=hint)) from failed
            raise _cannot_write(self._target, failed.error) from failed
        else:
            self._moves = []
        finally:
            remove_empty(below)


class _FileStates:
    """Compares files with the hashes of an index; does not read an unchanged file twice."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[str, int, int]] = {}

    def states(self, folder: Path, index: WrittenIndex | None) -> Iterator[tuple[Path, _State]]:
        """Each file below a folder, with its state."""
        hashes = {file.path: file.sha256 for file in index.files} if index else {}
        for path in _files_below(folder):
            name = path.relative_to(folder).as_posix()
            if index and name == INDEX:
                yield path, "own"
            elif name not in hashes or path.is_symlink() or not path.is_file():
                yield path, "foreign"
            else:
                yield path, "own" if self._is_as_written(path, hashes[name]) else "changed"

    def problems(self, folder: Path) -> list[Problem]:
        """Foreign and changed files below a folder."""
        index = read_index(folder)
        problems = []
        for path, state in self.states(folder, index) if index else ():
            # An empty folder is kept.
            if state == "foreign" and not path.name.startswith(".") and (path.is_symlink() or not path.is_dir()):
                problems.append(Problem("is not a file of navlayers", Place(str(path)), hint=_FORCE))
            elif state == "changed":
                problems.append(Problem("was changed since navlayers wrote it", Place(str(path)), hint=_CHANGED))
        return problems

    def _is_as_written(self, path: Path, expected: str) -> bool:
        """Whether a file has the hash."""
        status = path.stat()
        stamp = (expected, status.st_mtime_ns, status.st_size)
        if self._known.get(path) != stamp:
            if sha256(path.read_bytes()) != expected:
                return False
            self._known[path] = stamp
        return True


def _check_folder(target: Path, command: str, states: _FileStates) -> None:
    """Refuse a folder with anything but unchanged results of the same command."""
    if not target.exists():
        return
    index = read_index(target)
    if index is None:
        if entries := _entries(target):
            what = "the layers of sets" if all(map(_is_own, entries)) else "files that navlayers did not write"
            raise OutputError(Problem(f"holds {what}: {_first(entries)}", Place(str(target)), hint=_FORCE))
        return
    problems = states.problems(target)
    if index.command != command:
        what = f"the results of navlayers {index.command}" if index.command else "the layers of one set"
        problems = [Problem(f"holds {what}", Place(str(target)), hint=_FORCE)]
    if problems:
        raise OutputError(problems)


def _foreign_below(target: Path, sets: Iterable[str], states: _FileStates) -> list[Problem]:
    """Foreign entries of a folder of folders, and foreign and changed files in the folders of the sets."""
    if not target.exists():
        return []
    place = Place(str(target))
    if read_index(target) is not None:
        hint = f"name the folder above it: -o {target.parent}"
        return [Problem("holds the layers of one set", place, "a folder of such folders", hint)]
    if foreign := [entry for entry in _entries(target) if not _is_own(entry)]:
        message = f"holds files that navlayers did not write: {_first(foreign)}"
        return [Problem(message, place, hint=_FORCE)]
    return [problem for name in sets for problem in states.problems(target / name)]


def _check_paths(target: Path, files: Collection[str], keep: Iterable[Path]) -> None:
    """Refuse files that would replace inputs or folders."""
    earlier = read_index(target)
    # The index may have been edited: ignore paths that lead out of the folder.
    listed = [Path(file.path) for file in earlier.files] if earlier else []
    below = [path for path in listed if not path.is_absolute() and ".." not in path.parts]
    touched = {(target / path).resolve() for path in [*map(Path, files), *below]}
    inputs = [
        path
        for path in keep
        if path.exists()
        and (
            path.resolve() in touched or (path.is_dir() and any(path.resolve() in file.parents for file in touched))
        )
    ]
    if inputs:
        hint = "choose another folder with -o"
        raise OutputError(Problem("is an input and would be lost", Place(str(path)), hint=hint) for path in inputs)
    folders = {target / parent for path in files for parent in Path(path).parents}
    blocked = [_not_a_folder(f) for f in sorted(folders - {target}) if _in_the_way(f) or f.is_symlink()]
    hint = "move it away, or choose another folder with -o"
    blocked += [
        Problem("is a folder", Place(str(target / path)), "a file of that name to be written", hint)
        for path in files
        if (target / path).is_dir()
    ]
    if blocked:
        raise OutputError(blocked)


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _is_own(entry: Path) -> bool:
    """Whether this is a folder that navlayers wrote."""
    return entry.is_dir() and not entry.is_symlink() and read_index(entry) is not None


def _first(entries: Sequence[Path]) -> str:
    return ", ".join(entry.name for entry in entries[:3]) + (", …" if len(entries) > 3 else "")


def _in_the_way(path: Path) -> bool:
    """Whether a file or a broken link is where a folder should be."""
    return (path.exists() or path.is_symlink()) and not path.is_dir()


def _files_below(folder: Path) -> list[Path]:
    """All files, links and empty folders below a folder, sorted; links are not followed.

    Raises:
        OSError: a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    paths = []
    for parent, folders, files in os.walk(folder, onerror=fail):
        paths += [Path(parent, name) for name in files]
        paths += [Path(parent, name) for name in folders if Path(parent, name).is_symlink()]
        if not (folders or files):
            paths.append(Path(parent))
    return sorted(path for path in paths if path != folder)


@contextmanager
def _reported(target: Path) -> Iterator[None]:
    """Turn an OSError into an OutputError."""
    try:
        yield
    except OSError as error:
        raise _cannot_write(target, error) from error


def _cannot_write(path: Path, error: BaseException) -> OutputError:
    hint = "choose another folder with -o"
    if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
        hint = "another build may be running there: try again, or choose another folder with -o"
    return OutputError(Problem(f"cannot be written: {_reason(error)}", Place(str(path)), hint=hint))


def _reason(error: BaseException) -> str:
    return ((isinstance(error, OSError) and error.strerror) or str(error)).lower()


def _not_a_folder(path: Path) -> Problem:
    return Problem("is not a folder", Place(str(path)), hint="move it away, or choose a folder with -o")
