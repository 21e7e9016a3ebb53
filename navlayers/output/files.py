"""Contents into files: whole or not at all, and nothing is overwritten that was not meant to be."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.staging import Staged, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Output(NamedTuple):
    """What to write to a file; `force` allows to replace one that holds something else."""

    path: str | Path
    data: bytes
    force: bool = False


def write(data: bytes, path: str | Path, *, force: bool = False, keep: Path | Sequence[Path] = ()) -> bool:
    """Write bytes, making the folder where it is missing; tell whether the file changed.

    `force` allows to replace a file that holds something else; `keep`, files or the files of folders, never are.

    Raises:
        OutputError: the file holds something else and not `force`, is one to keep, or cannot be written.
    """
    return bool(write_all([Output(path, data, force)], keep=keep))


def write_all(outputs: Iterable[Output], *, keep: Path | Sequence[Path] = ()) -> list[str]:
    """Write several files, all of them or none; gives the paths of those that changed.

    All are staged beside their targets before the first takes its place; where one cannot take it, the others are
    put back. A device or a pipe cannot be put back: it is written to once all else is staged, and before that is
    moved.

    Raises:
        OutputError: files hold something else and may not be replaced, are ones to keep, or cannot be written; it
            names all of them, and whatever was changed.
    """
    changed = _to_write_all(outputs, keep)
    hint = "nothing is written" if len(changed) > 1 else ""
    streams = []
    with Staged() as staged:
        for one in changed:
            if _is_stream(Path(one.path)):
                streams.append(one)
                continue
            try:
                staged.add(str(one.path), one.data)
            except (OSError, RuntimeError, ValueError) as error:
                raise unwritable(one.path, error, hint) from None
        for stream in streams:
            try:
                with Path(stream.path).open("wb") as opened:
                    opened.write(stream.data)
            except OSError as error:
                raise unwritable(stream.path, error, hint) from None
            hint = f"nothing else than {stream.path} is written"
        staged.place(hint)
    return [str(one.path) for one in changed]


def _to_write_all(outputs: Iterable[Output], keep: Path | Sequence[Path]) -> list[Output]:
    """The outputs that change something, once it is known that none is refused."""
    changed = []
    problems: list[Problem] = []
    for one in outputs:
        try:
            if to_write(one.data, one.path, force=one.force, keep=keep):
                changed.append(one)
        except OutputError as error:
            problems += error.problems
    if not problems:
        targets = [_real(one.path) for one in changed if not _is_stream(Path(one.path))]
        problems = [
            Problem("several results would be written to this file", Place(target))
            for target, times in Counter(targets).items()
            if times > 1
        ]
    if problems:
        raise OutputError(problems)
    return changed


def to_write(data: bytes, path: str | Path, *, force: bool = False, keep: Path | Sequence[Path] = ()) -> bool:
    """Whether there is anything to write, once it is known that `write` would not refuse; nothing is written.

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
        raise unwritable(path, error) from None
    return True


def _real(path: str | Path) -> str:
    """The file itself; of what cannot be a file's name, that: whoever writes it tells."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return str(path)


def _is_stream(target: Path) -> bool:
    """Whether it is a device or a pipe, which holds nothing to compare with or to keep."""
    return target.exists() and not target.is_file()


def _is_of(target: Path, keep: Path) -> bool:
    """Whether a target is the file to keep, or one of those in the folder to keep."""
    if not keep.exists() or not target.exists():
        return False
    inside = keep.is_dir() and target.is_file() and keep.resolve() in target.resolve().parents
    return inside or target.samefile(keep)
