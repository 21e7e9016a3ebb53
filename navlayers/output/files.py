"""Writing files: all of them or none; foreign files are never overwritten without `force`.

New content waits under hidden names on the same file system and takes its place by renaming, when all of it is on
disk. Where one rename fails, those before it are undone.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PREFIX = 40
"""The longest start of a file's name in the name of its staged file: most file systems take 255 bytes."""


class Output(NamedTuple):
    """The content for a file; `force` allows to replace a file that holds something else."""

    path: str | Path
    data: bytes
    force: bool = False


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
        OutputError: files hold something else and may not be replaced, are ones to keep, or cannot be written; it
            names all of them, and whatever was changed.
    """
    changed = _to_write_all(outputs, keep)
    hint = "nothing is written" if len(changed) > 1 else ""
    streams = [output for output in changed if _is_stream(Path(output.path))]
    moves: list[Move] = []
    created: list[Path] = []
    try:
        for output in changed:
            if output not in streams:
                try:
                    _stage(output, moves, created)
                except (OSError, RuntimeError, ValueError) as error:
                    raise _unwritable(output.path, error, hint) from None
        for stream in streams:
            try:
                with Path(stream.path).open("wb") as opened:
                    opened.write(stream.data)
            except OSError as error:
                raise _unwritable(stream.path, error, hint) from None
            hint = f"only {stream.path} is written"
        try:
            move_all(moves)
        except MoveError as failed:
            problems = [_not_undone(move, error) for move, error in failed.stuck]
            first = _unwritable(failed.move.name, failed.error, "" if problems else hint)
            raise OutputError([*first.problems, *problems]) from None
    except BaseException:
        with undisturbed():
            for move in moves:
                if move.new is not None:
                    move.new.unlink(missing_ok=True)
            remove_empty(created)
        raise
    with undisturbed():
        for move in moves:
            move.old.unlink(missing_ok=True)
    return [str(output.path) for output in changed]


def would_change(data: bytes, path: str | Path, *, force: bool = False, keep: Path | Sequence[Path] = ()) -> bool:
    """Whether `write` would change the file; nothing is written.

    Raises:
        OutputError: as `write`.
    """
    target = Path(path)
    try:
        if any(_is_of(target, path) for path in ((keep,) if isinstance(keep, Path) else keep)):
            problem = Problem("this is the input", Place(str(path)), "another file", "choose another name with -o")
            raise OutputError(problem)
        if target.is_dir():
            raise OutputError(Problem("this is a folder", Place(str(path)), "the name of a file"))
        if _is_stream(target):
            return True
        if target.exists() and target.stat().st_size == len(data) and target.read_bytes() == data:
            return False
        if target.exists() and not force:
            hint = "choose another name with -o, or overwrite it with --force"
            raise OutputError(Problem("the file exists and holds something else", Place(str(path)), hint=hint))
        above = next((folder for folder in target.parents if folder.exists()), target.parent)
        if not above.is_dir():
            raise OutputError(
                Problem("this is a file", Place(str(above)), "a folder", "choose another name with -o")
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise _unwritable(path, error) from None
    return True


def _to_write_all(outputs: Iterable[Output], keep: Path | Sequence[Path]) -> list[Output]:
    """The outputs that change a file; raises if any is refused."""
    changed = []
    problems: list[Problem] = []
    for output in outputs:
        try:
            if would_change(output.data, output.path, force=output.force, keep=keep):
                changed.append(output)
        except OutputError as error:
            problems += error.problems
    if not problems:
        targets = Counter(_real(output.path) for output in changed if not _is_stream(Path(output.path)))
        problems = [
            Problem("several results would be written to this file", Place(target))
            for target, times in targets.items()
            if times > 1
        ]
    if problems:
        raise OutputError(problems)
    return changed


def _stage(output: Output, moves: list[Move], created: list[Path]) -> None:
    """Write new content next to its target, because renaming works only within a file system."""
    target = Path(output.path).resolve()
    created[:0] = missing_folders(target.parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:_PREFIX]}.", dir=target.parent)
    os.close(descriptor)
    new = Path(name)
    moves.append(Move(str(output.path), target, new, Path(f"{name}.old")))
    new.write_bytes(output.data)
    new.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())


def _real(path: str | Path) -> str:
    """The resolved path; the path as it is if it cannot be a file's name (writing it reports why)."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return str(path)


def _is_stream(target: Path) -> bool:
    """Whether it is a device or a pipe, which has no content to compare or to keep."""
    return target.exists() and not target.is_file()


def _is_of(target: Path, keep: Path) -> bool:
    """Whether a target is the file to keep, or in the folder to keep."""
    if not keep.exists() or not target.exists():
        return False
    inside = keep.is_dir() and target.is_file() and keep.resolve() in target.resolve().parents
    return inside or target.samefile(keep)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: str | Path, error: BaseException, hint: str = "") -> OutputError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return OutputError(Problem(f"the file cannot be written: {reason}", Place(str(path)), hint=hint))


def _not_undone(move: Move, error: OSError) -> Problem:
    hint = f"the old content is in {move.old}" if os.path.lexists(move.old) else "the file did not exist before"
    message = f"the file was written and cannot be restored: {error.strerror or error}"
    return Problem(message, Place(move.name), hint=hint)


# Moves, undone if one fails


class Move(NamedTuple):
    """A place to change: its new content (None: nothing), and the backup of its old content."""

    name: str
    place: Path
    new: Path | None
    old: Path


class MoveError(Exception):
    """A move failed. All moves are undone except those in `stuck`, with the reasons."""

    def __init__(self, move: Move, error: BaseException, stuck: list[tuple[Move, OSError]]) -> None:
        super().__init__(str(error))
        self.move = move
        self.error = error
        self.stuck = stuck


def move_all(moves: Sequence[Move]) -> None:
    """Make all moves, or none; the caller removes the backups.

    Raises:
        MoveError: the file system refuses a move, or undoing one.
    """
    begun: list[Move] = []
    with undisturbed():
        try:
            for move in moves:
                begun.append(move)
                # Replacing a single file is atomic: no backup is needed.
                if len(moves) > 1 or not move.place.is_file():
                    _set_aside(move)
                if move.new is not None:
                    move.place.parent.mkdir(parents=True, exist_ok=True)
                    move.new.replace(move.place)
        except BaseException as error:
            stuck = []
            for move in reversed(begun):
                try:
                    _undo(move)
                except OSError as refused:
                    stuck.append((move, refused))
            if isinstance(error, OSError) or stuck:
                raise MoveError(begun[-1], error, stuck) from error
            raise


def _set_aside(move: Move) -> None:
    if not os.path.lexists(move.place):
        return
    move.old.parent.mkdir(parents=True, exist_ok=True)
    if move.new is None or move.place.is_symlink() or move.place.is_dir():
        move.place.rename(move.old)
        return
    try:
        # A hard link, so that the place is never empty.
        move.old.hardlink_to(move.place)
    except OSError:  # FAT, some network file systems
        shutil.copy2(move.place, move.old)


def _undo(move: Move) -> None:
    moved = move.new is not None and not os.path.lexists(move.new)
    is_folder = move.place.is_dir() and not move.place.is_symlink()
    if moved and is_folder:
        shutil.rmtree(move.place)
    if not os.path.lexists(move.old):
        if moved and not is_folder:
            move.place.unlink()
    elif moved or not os.path.lexists(move.place):
        move.old.replace(move.place)
    else:
        move.old.unlink()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Delay signals that stop the program until moving files and cleaning up are finished."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def missing_folders(target: Path) -> list[Path]:
    """The folders that creating `target` creates, innermost first."""
    return [folder for folder in (target, *target.parents) if not folder.exists()]


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the empty ones of the folders, innermost first."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
