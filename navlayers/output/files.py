"""Writing files: all of them or none; foreign files are never overwritten without `force`.

New content waits in a hidden folder on the same file system and takes its place by renaming, when all of it is on
disk. Where one rename fails, those before it are undone; `stage` tells what happens where a run is killed.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.stage import Stage, finish, lock, locked, recover, unlock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.output.drawing.options import Rendered

_NOTHING = "nothing is written"


class Output(msgspec.Struct, frozen=True):
    """The content for a file; `force` allows replacing a file that holds something else."""

    path: str | Path
    data: bytes
    force: bool = False


class Written(msgspec.Struct, frozen=True):
    """The paths of files that changed and of those that did not, notices about them, data for standard output."""

    written: tuple[Path, ...] = ()
    unchanged: tuple[Path, ...] = ()
    notices: tuple[Problem, ...] = ()
    data: bytes = b""


def write(data: bytes, path: str | Path, *, force: bool = False, keep: Path | Sequence[Path] = ()) -> bool:
    """Write one file as `write_all` does.

    Returns:
        Whether the file changed.
    """
    return bool(write_all([Output(path, data, force)], keep=keep))


def write_all(outputs: Iterable[Output], *, keep: Path | Sequence[Path] = ()) -> list[str]:
    """Write several files, all of them or none, and create missing folders.

    Args:
        outputs: the files. A device or a pipe among them cannot be undone: it is written to when all else is
            staged, and before anything is moved.
        keep: files that are never replaced, or folders of such files.

    Returns:
        The paths of the files that changed.

    Raises:
        OutputError: files hold something else and may not be replaced, are ones to keep, cannot be written, or were
            changed by another run after they were found to have the content; it names all of them, and whatever
            was changed.
    """
    kept = _Kept([keep] if isinstance(keep, Path) else keep)
    changed: list[str] = []
    files: list[_File] = []
    streams: list[Output] = []
    problems: list[Problem] = []
    recovered: set[Path] = set()
    with Changes() as changes:
        for output in outputs:
            path = Path(output.path)
            try:
                with reported(path):
                    if not _is_stream(path) and (folder := path.resolve().parent) not in recovered:
                        recover(folder)
                        recovered.add(folder)
                    state = _state(path)
                    differs = _differs(output, kept)
            except OutputError as error:
                problems += error.problems
                continue
            if differs:
                changed.append(str(output.path))
            if _is_stream(path):
                streams.append(output)
            elif not problems:
                target, new = path.resolve(), None
                if differs:
                    with reported(path, _NOTHING):
                        new = changes.write(target.parent, target.name, output.data, str(path), sync=True)
                files.append(_File(path, target, output.force, state, new))
        message = "several results would be written to this file"
        targets = Counter(file.target for file in files)
        problems += [Problem(message, Place(str(path))) for path, times in targets.items() if times > 1]
        if problems:
            raise OutputError(problems)
        if changed:
            _hold(changes, files, kept)
        hint = _NOTHING
        for output in streams:
            with reported(output.path, hint), Path(output.path).open("wb") as stream:
                stream.write(output.data)
            hint = f"only {output.path} is written"
        changes.commit(hint)
    return changed


def write_rendered(files: Iterable[tuple[Path, Rendered]], *, force: bool, keep: Sequence[Path]) -> Written:
    """Write rendered files as `write_all` does.

    Args:
        files: paths, and what to write to them; each is put on disk as it comes.
        force: overwrite files that hold something else.
        keep: files that are never replaced.

    Returns:
        The paths, and the notices of all files.

    Raises:
        OutputError: as `write_all`.
    """
    paths: list[Path] = []
    notices: list[Problem] = []

    def outputs() -> Iterator[Output]:
        for path, rendered in files:
            paths.append(path)
            notices.extend(rendered.notices)
            yield Output(path, rendered.data, force)

    changed = set(write_all(outputs(), keep=keep))
    return Written(
        tuple(path for path in paths if str(path) in changed),
        tuple(path for path in paths if str(path) not in changed),
        tuple(notices),
    )


def _differs(output: Output, keep: _Kept) -> bool:
    """Whether writing the output changes the file; raises if it may not be replaced."""
    target, place = Path(output.path), Place(str(output.path))
    if target in keep:
        raise OutputError(Problem("this is the input", place, "another file", "choose another name with -o"))
    if target.is_dir():
        raise OutputError(Problem("this is a folder", place, "the name of a file"))
    if _is_stream(target):
        return True
    if target.exists():
        if target.stat().st_size == len(output.data) and target.read_bytes() == output.data:
            return False
        if not output.force:
            hint = "choose another name, or overwrite it with --force"
            raise OutputError(Problem("the file exists and holds something else", place, hint=hint))
    parent = next((folder for folder in target.parents if folder.exists()), target.parent)
    if not parent.is_dir():
        hint = "choose another name with -o"
        raise OutputError(Problem("this is a file", Place(str(parent)), "a folder", hint))
    target.resolve()  # raises if it is no path
    return True


class _File(msgspec.Struct, frozen=True):
    """A file that was looked at: `target` is its place without links, `new` its new content if that differs."""

    path: Path
    target: Path
    force: bool
    state: tuple[int, ...] | None
    new: Path | None


def _hold(changes: Changes, files: Sequence[_File], kept: _Kept) -> None:
    """Keep other runs from the folders of the files; raises if one was changed since it was looked at."""
    for folder in sorted({file.target.parent for file in files}):
        changes.hold(folder)
    problems: list[Problem] = []
    for file in files:
        if _state(file.path) == file.state:
            continue
        if file.new is None:
            hint = "run the command again"
            problems.append(Problem("the file was changed during the run", Place(str(file.path)), hint=hint))
            continue
        try:
            with reported(file.path):
                _differs(Output(file.path, file.new.read_bytes(), file.force), kept)
        except OutputError as error:
            problems += error.problems
    if problems:
        raise OutputError(problems)


def _state(path: Path) -> tuple[int, ...] | None:
    """What says that a file is another one or was changed; None if there is none."""
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
    return None


def _is_stream(target: Path) -> bool:
    """Whether a path is a device or a pipe, which has no content to compare or to keep."""
    return target.exists() and not target.is_file()


class _Kept:
    """Files that are never replaced, and folders of such files."""

    def __init__(self, paths: Iterable[Path]) -> None:
        there = [path for path in paths if path.exists()]
        self._identities = {_identity(path) for path in there}
        self._folders = {path.resolve() for path in there if path.is_dir()}

    def __contains__(self, target: Path) -> bool:
        if not target.exists():
            return False
        inside = target.is_file() and not self._folders.isdisjoint(target.resolve().parents)
        return inside or _identity(target) in self._identities


def _identity(path: Path) -> tuple[int, int]:
    """What says that two names are of one file."""
    status = path.stat()
    return status.st_dev, status.st_ino


class _Move(msgspec.Struct, frozen=True):
    """A file to write or, with `new` None, to remove; `old` is the backup, `folder` the folder of the changes."""

    name: str
    folder: Path
    place: Path
    new: Path | None
    old: Path


class Changes:
    """Changes of files below one or several folders, made all or none.

    Use it as a context manager and call `commit` last; without it, or on any error, nothing remains.
    """

    def __init__(self) -> None:
        self._moves: dict[Path, _Move] = {}
        self._stages: dict[Path, Stage] = {}
        self._locks: dict[Path, int | None] = {}
        self._missing: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with _undisturbed():
            # Files that could not be restored stay where the error message says.
            restored = not any(os.path.lexists(move.old) for move in self._moves.values())
            for stage in self._stages.values():
                stage.close(remove=restored)
            for held in self._locks.values():
                unlock(held)
            if kind is not None:
                _remove_empty(self._missing)

    def write(self, folder: Path, path: str | Path, data: bytes, name: str = "", *, sync: bool = False) -> Path:
        """Stage one file.

        Args:
            folder: where it goes; created if missing.
            path: its path below the folder.
            data: its content.
            name: its name in messages, if it is not its path.
            sync: wait until the disk has it, so that a power failure never leaves an empty file.

        Returns:
            Where it waits.
        """
        stage = self._stage(folder)
        place, new = folder / path, stage.new / path
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        if sync:
            with new.open("rb+") as file:
                os.fsync(file.fileno())
        if place.is_file():
            new.chmod(place.stat().st_mode & 0o777)
        self._moves[place] = _Move(name or str(place), folder, place, new, stage.old / path)
        return new

    def remove(self, folder: Path, path: str | Path) -> None:
        """Remove a file or a link, before the staged files take their places."""
        place = folder / path
        self._moves[place] = _Move(str(place), folder, place, None, self._stage(folder).old / path)

    def scratch(self, folder: Path) -> Path:
        """A temporary folder inside another folder; it is removed with its files at the end."""
        path = self._stage(folder).new
        path.mkdir(exist_ok=True)
        return path

    def commit(self, hint: str = "") -> None:
        """Make all changes, or none; folders that they empty are removed.

        Raises:
            OutputError: the file system refuses a change, with the hint, or refuses to undo one.
        """
        # Removals first: a link may be in the place of a folder of new files.
        moves = sorted(self._moves.values(), key=lambda move: move.new is not None)
        begun: list[_Move] = []
        stages = [self._stages[folder] for folder in sorted(self._stages)]
        for folder in sorted(self._stages):
            self.hold(folder)
        # To write a single file is one step, which needs no journal and, where it replaces one, no backup.
        single = len(moves) == 1 and moves[0].new is not None
        for stage in () if single else reversed(stages):
            with reported(stage.path, hint):
                stage.record(((move.place, move.new) for move in moves), stages[0])
        with _undisturbed():
            try:
                for move in moves:
                    begun.append(move)
                    if not (single and move.place.is_file()):
                        _set_aside(move)
                    if move.new is not None:
                        move.place.parent.mkdir(parents=True, exist_ok=True)
                        move.new.replace(move.place)
            except BaseException as error:
                stuck = list(_undo_all(begun))
                for stage in stages:
                    stage.settle(undone=True)
                if stuck or isinstance(error, OSError):
                    failure = _unwritable(begun[-1].name, error, "" if stuck else hint)
                    raise OutputError([failure, *stuck]) from error
                raise
            self._moves = {}
            if not single:
                for stage in stages:
                    stage.settle()
            for move in moves:
                if move.new is None:
                    _prune(move)

    def hold(self, folder: Path) -> None:
        """Wait until no other run moves files in a folder, and keep it so until the end."""
        if folder not in self._locks and folder.is_dir():
            self._locks[folder] = lock(folder)

    def _stage(self, folder: Path) -> Stage:
        """The stage in a folder: renaming works only within a file system."""
        if folder not in self._stages:
            self._missing[:0] = [parent for parent in (folder, *folder.parents) if not parent.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            # Locked, or another run would take the new stage for that of a run that was killed.
            with locked(folder) if folder not in self._locks else nullcontext():
                finish(folder)
                self._stages[folder] = Stage(folder)
        return self._stages[folder]


def _set_aside(move: _Move) -> None:
    if not os.path.lexists(move.place):
        return
    move.old.parent.mkdir(parents=True, exist_ok=True)
    if move.new is None or move.place.is_symlink():
        move.place.rename(move.old)
        return
    try:
        # A hard link, so that the place is never empty.
        move.old.hardlink_to(move.place)
    except OSError:  # FAT, some network file systems
        import shutil  # noqa: PLC0415 - for these alone

        shutil.copy2(move.place, move.old)


def _undo_all(moves: Sequence[_Move]) -> Iterator[Problem]:
    """Undo moves, the last first; gives a problem for each that cannot be undone."""
    for move in reversed(moves):
        try:
            placed = move.new is not None and not os.path.lexists(move.new)
            if not os.path.lexists(move.old):
                if placed:
                    move.place.unlink()
            elif placed or not os.path.lexists(move.place):
                move.old.replace(move.place)
            else:
                move.old.unlink()
        except OSError as error:
            kept = os.path.lexists(move.old)
            hint = f"the old content is in {move.old}" if kept else "the file did not exist before"
            message = f"was written and cannot be restored: {_reason(error)}"
            yield Problem(message, Place(move.name), hint=hint)
        _prune(move)


def _prune(move: _Move) -> None:
    """Remove empty folders between a place and the folder of the changes."""
    _remove_empty(parent for parent in move.place.parents if move.folder in parent.parents)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove the empty ones of the folders, innermost first."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Delay signals that stop the program until moving files and cleaning up are finished."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def reported(path: str | Path, hint: str = "") -> Iterator[None]:
    """Turn errors of the file system, and of invalid paths, into an OutputError."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise OutputError(_unwritable(path, error, hint)) from error


def _unwritable(path: str | Path, error: BaseException, hint: str) -> Problem:
    return Problem(f"cannot be written: {_reason(error)}", Place(str(path)), hint=hint)


def _reason(error: BaseException) -> str:
    return ((isinstance(error, OSError) and error.strerror) or str(error)).lower()
