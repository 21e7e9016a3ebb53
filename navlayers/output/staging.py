"""Several files at once: each is staged beside its target, then all take their places, or none does."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.folders import missing_parents, undisturbed

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_NAME = 40
"""So much of a file's name stands in that of what is staged for it: names have an end."""


class _Part:
    """What is staged for one file, and (`old`) what stood in its place."""

    def __init__(self, path: str, target: Path, new: Path) -> None:
        self.path = path
        self.target = target
        self.new = new
        self.old: Path | None = None


class Staged:
    """Files to be: nothing stands in its place before `place`. Use it as a context manager; it tidies up."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():
            for part in self._parts:
                part.new.unlink(missing_ok=True)
            if kind is not None:
                for folder in self._made:
                    if folder.exists() and not any(folder.iterdir()):
                        folder.rmdir()

    def add(self, path: str, data: bytes) -> None:
        """Stage a file, making its folder where it is missing.

        Raises:
            OSError: it cannot be written there.
        """
        target = Path(path).resolve()
        self._made[:0] = missing_parents(target.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        new = _beside(target)
        self._parts.append(_Part(path, target, new))
        new.write_bytes(data)
        new.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())

    def place(self, hint: str = "") -> None:
        """Put all files into their places; `hint` is what to say where none is.

        Raises:
            OutputError: one cannot be put there. All are as they were, but for those that it names.
        """
        placed: list[_Part] = []
        with undisturbed():
            for part in self._parts:
                try:
                    if part is not self._parts[-1] and part.target.exists():
                        part.old = _kept(part.target)
                    part.new.replace(part.target)
                except BaseException as error:
                    problems = _put_back(placed, part)
                    if not isinstance(error, OSError):
                        raise
                    first = unwritable(part.path, error, "" if problems else hint)
                    raise OutputError([*first.problems, *problems]) from None
                placed.append(part)
            for part in placed:
                if part.old is not None:
                    part.old.unlink(missing_ok=True)


def unwritable(path: str | Path, error: Exception, hint: str = "") -> OutputError:
    """What to say where the system does not let a file be written."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return OutputError(Problem(f"the file cannot be written: {reason}", Place(str(path)), hint=hint))


def _put_back(placed: list[_Part], failed: _Part) -> list[Problem]:
    """Make placed files what they were; tells of those for which that fails."""
    if failed.old is not None:
        failed.old.unlink(missing_ok=True)
    problems = []
    for part in reversed(placed):
        try:
            if part.old is None:
                part.target.unlink()
            else:
                part.old.replace(part.target)
        except OSError as error:
            reason = error.strerror or str(error)
            hint = f"what stood there is in {part.old}" if part.old else "nothing stood there"
            message = f"the file was written and cannot be put back: {reason}"
            problems.append(Problem(message, Place(part.path), hint=hint))
    return problems


def _kept(target: Path) -> Path:
    """What stands in a place, under another name beside it, too: the same file where the system allows that."""
    old = _beside(target)
    try:
        old.unlink()
        old.hardlink_to(target)
    except OSError:
        try:
            shutil.copy2(target, old)
        except OSError:
            old.unlink(missing_ok=True)
            raise
    return old


def _beside(target: Path) -> Path:
    """A new, empty file in the folder of another."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:_NAME]}.", dir=target.parent)
    os.close(descriptor)
    return Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
