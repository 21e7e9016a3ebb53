"""One content into one file: whole or not at all, and nothing is overwritten that was not meant to be."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence


def write(data: bytes, path: str | Path, *, force: bool = False, keep: Path | Sequence[Path] = ()) -> bool:
    """Write bytes, making the folder where it is missing; tell whether the file changed.

    `force` allows to replace a file that holds something else; `keep`, files or the files of folders, never are.

    Raises:
        OutputError: the file holds something else and not `force`, is one to keep, or cannot be written.
    """
    target = Path(path)
    if not to_write(data, path, force=force, keep=keep):
        return False
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as stream:
                stream.write(data)
            return True
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unwritable(path, error) from None
    return True


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
        if target.exists() and not target.is_file():
            # A device or a pipe holds nothing to compare with or to keep.
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


def _unwritable(path: str | Path, error: Exception) -> OutputError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return OutputError(Problem(f"the file cannot be written: {reason}", Place(str(path))))


def _is_of(target: Path, keep: Path) -> bool:
    """Whether a target is the file to keep, or one of those in the folder to keep."""
    if not keep.exists() or not target.exists():
        return False
    inside = keep.is_dir() and target.is_file() and keep.resolve() in target.resolve().parents
    return inside or target.samefile(keep)


def _replace(target: Path, data: bytes) -> None:
    target = target.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        part.chmod(mode)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
