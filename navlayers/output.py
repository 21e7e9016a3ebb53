"""Writing results: a folder appears whole or not at all, and nothing foreign is overwritten.

What navlayers wrote is known by the index in each set's folder, which lists every file with its hash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from navlayers.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

INDEX = "index.json"
GENERATOR = "navlayers"
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
        problems = [_not_a_folder(p) for p in (target, *(target / name for name in self.sets)) if _in_the_way(p)]
        if not (problems or force):
            problems = _foreign(target, self.sets)
        if problems:
            raise OutputError(problems)

    def __enter__(self) -> Self:
        self._made = _missing_parents(self.target)
        self._staged: set[str] = set()
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            self._stage = Path(tempfile.mkdtemp(prefix=".navlayers-", dir=self.target))
        except OSError as error:
            raise _cannot_write(self.target, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._stage, ignore_errors=True)
        if kind is not None:
            for folder in self._made:
                if folder.exists() and not any(folder.iterdir()):
                    folder.rmdir()

    def add(self, name: str, path: str, data: bytes) -> None:
        """Stage one file: `path` below the folder of the set `name`."""
        self._staged.add(name)
        file = self._stage / "new" / name / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        except OSError as error:
            raise _cannot_write(self.target / name / path, error) from error

    def commit(self) -> None:
        """Move the staged folders into place; put the old ones back if that fails halfway."""
        moved: list[tuple[Path, Path, Path]] = []
        try:
            for name in sorted(self._staged):
                new, old, place = self._stage / "new" / name, self._stage / "old" / name, self.target / name
                if place.exists() or place.is_symlink():
                    old.parent.mkdir(parents=True, exist_ok=True)
                    _keep_foreign(place, new)
                    place.rename(old)
                moved.append((new, old, place))
                new.rename(place)
        except OSError as error:
            for new, old, place in reversed(moved):
                if place.exists():
                    place.rename(new)
                if old.exists():
                    old.rename(place)
            raise _cannot_write(self.target, error) from error


def _in_the_way(path: Path) -> bool:
    """A file, or a link that leads nowhere, where a folder should be."""
    return (path.exists() or path.is_symlink()) and not path.is_dir()


def _not_a_folder(path: Path) -> Problem:
    return Problem("is not a folder", Place(str(path)), hint="move it away, or choose a folder with -o")


def _cannot_write(path: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(
        Problem(f"cannot be written: {reason}", Place(str(path)), hint="choose another folder with -o")
    )


def _missing_parents(target: Path) -> list[Path]:
    """The folders that making `target` makes, innermost first."""
    return [folder for folder in (target, *target.parents) if not folder.exists()]


def _foreign(target: Path, sets: Iterable[str]) -> list[Problem]:
    """What stands below `target` and is not navlayers' own: other entries, and changed files of the sets."""
    if not target.exists():
        return []
    try:
        entries = sorted(target.iterdir())
    except OSError as error:
        raise _cannot_write(target, error) from error
    if _read_index(target) is not None:
        hint = f"name the folder above it: -o {target.parent}"
        return [Problem("holds the layers of one set", Place(str(target)), "a folder of such folders", hint)]
    strangers = [entry for entry in entries if not entry.name.startswith(".") and not _is_ours(entry)]
    if strangers:
        names = ", ".join(entry.name for entry in strangers[:3]) + (", …" if len(strangers) > 3 else "")
        return [Problem(f"holds files that navlayers did not write: {names}", Place(str(target)), hint=FORCE)]
    return [problem for name in sets for problem in _changed(target / name)]


def _read_index(folder: Path) -> _WrittenIndex | None:
    try:
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=_WrittenIndex)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return index if index.generator == GENERATOR else None


def _is_ours(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink() and _read_index(entry) is not None


def _changed(folder: Path) -> list[Problem]:
    """Files in a set's folder that navlayers did not write, or that were changed since."""
    index = _read_index(folder)
    if index is None:
        return []
    hashes = {file.path: file.sha256 for file in index.files}
    problems = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name == INDEX or path.name.startswith("."):
            continue
        if name not in hashes or path.is_symlink():
            problems.append(Problem("is not navlayers' own file", Place(str(path)), hint=FORCE))
        elif sha256(path.read_bytes()) != hashes[name]:
            problems.append(Problem("was changed since navlayers wrote it", Place(str(path)), hint=CHANGED))
    return problems


def _files(folder: Path) -> list[Path]:
    """Everything below the folder that is no folder, links included (they are not followed), in order."""
    found = []
    for parent, folders, files in os.walk(folder):
        found += [Path(parent, name) for name in files]
        found += [Path(parent, name) for name in folders if Path(parent, name).is_symlink()]
    return sorted(found)


def _keep_foreign(old: Path, new: Path) -> None:
    """Copy what is not navlayers' own from the folder to be replaced; a new file of the same name wins."""
    index = _read_index(old)
    own = {INDEX, *(file.path for file in index.files)} if index else set()
    for path in _files(old):
        name = path.relative_to(old).as_posix()
        if (name not in own or path.is_symlink()) and not os.path.lexists(new / name):
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new / name, follow_symlinks=False)
