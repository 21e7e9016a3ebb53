"""Writing folders of results: all files or none; foreign files are never overwritten without `force`.

A folder is known as navlayers' own by its `index.json`, which lists every file with its SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.files import Changes, reported
from navlayers.output.stage import finish, locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

INDEX = "index.json"
GENERATOR = "navlayers"

_OTHER = "choose another folder with -o"
_FORCE = f"{_OTHER}, or allow it with --force"


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
    """Write the files of one folder, all or none, and remove outdated files of an earlier run.

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
    if isinstance(files, Mapping):
        command = msgspec.json.decode(files[INDEX], type=WrittenIndex).command
        files = files.items()
    with ResultFolders(Path(folder), command=command, force=force) as folders:
        for path, data in files:
            folders.add("", path, data)
        return sum(folders.commit(keep).values())


class ResultFolders:
    """Folders of results below one target, all of them written or none; or the target itself, by the name "".

    Use it as a context manager and call `commit` last; without it, or on any error, nothing remains.
    """

    def __init__(self, target: Path, names: Sequence[str] = (), *, command: str = "", force: bool = False) -> None:
        """Check that the folders may be written.

        Args:
            target: a folder of the folders, or without names the folder itself.
            names: of the folders in it.
            command: whose results an existing folder may hold.
            force: allow foreign files: they stay, unless a new file has the same name.

        Raises:
            OutputError: the target is not a folder, cannot be written, or holds foreign files and not `force`.
        """
        self._target = target
        self._paths: dict[str, dict[str, None]] = {}
        with reported(target, _OTHER):
            problems = [_not_a_folder(p) for p in (target, *(target / name for name in names)) if _in_the_way(p)]
            if target.is_dir() and not problems:
                with locked(target):
                    finish(target)
                    if not force:
                        problems = _foreign_in_sets(target, names) if names else _foreign(target, command)
        if problems:
            raise OutputError(problems)
        self._changes = Changes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._changes.__exit__(kind)

    def add(self, name: str, path: str, data: bytes) -> None:
        """Stage one file: `path` below the folder of that name."""
        with reported(self._target, _OTHER):
            self._changes.write(self._target, Path(name, path), data)
        self._paths.setdefault(name, {})[path] = None

    def retain(self, name: str, path: str) -> None:
        """Leave one file of an earlier run as it is."""
        self._paths.setdefault(name, {})[path] = None

    def commit(self, keep: Iterable[Path] = ()) -> dict[str, int]:
        """Move the staged files into place, and remove outdated files of earlier runs.

        Args:
            keep: the inputs, which are neither removed nor changed.

        Returns:
            Folder → how many of its earlier files were removed.
        """
        removed: dict[str, int] = {}
        with reported(self._target, _OTHER):
            self._changes.hold(self._target)
            for name, paths in self._paths.items():
                folder = self._target / name
                if name and folder.is_symlink():
                    # The link is replaced; the folder that it leads to stays as it is.
                    self._changes.remove(self._target, name)
                    continue
                index = read_index(folder)
                _check_paths(folder, paths, index, keep)
                stale = {f.path: f.sha256 for f in index.files if f.path not in paths} if index else {}
                gone = [path for path, state in _states(folder, stale) if state == "own"] if stale else []
                for path in gone:
                    self._changes.remove(self._target, Path(name, path))
                removed |= {name: len(gone)} if gone else {}
        self._changes.commit(_OTHER)
        return removed


def _foreign(target: Path, command: str) -> list[Problem]:
    """Anything in a folder but unchanged results of the same command."""
    place = Place(str(target))
    index = read_index(target)
    if index is None:
        if not (entries := _entries(target)):
            return []
        what = "the layers of sets" if all(map(_is_own, entries)) else "files that navlayers did not write"
        return [Problem(f"holds {what}: {_first(entries)}", place, hint=_FORCE)]
    if index.command != command:
        what = f"the results of navlayers {index.command}" if index.command else "the layers of one set"
        return [Problem(f"holds {what}", place, hint=_FORCE)]
    return _foreign_files(target, index)


def _foreign_in_sets(target: Path, names: Iterable[str]) -> list[Problem]:
    """Foreign entries of a folder of folders, and foreign and changed files in the named folders."""
    place = Place(str(target))
    if read_index(target) is not None:
        hint = f"name the folder above it: -o {target.parent}"
        return [Problem("holds the layers of one set", place, "a folder of such folders", hint)]
    if foreign := [entry for entry in _entries(target) if not _is_own(entry)]:
        message = f"holds files that navlayers did not write: {_first(foreign)}"
        return [Problem(message, place, hint=_FORCE)]
    indexes = ((target / name, read_index(target / name)) for name in names)
    return [problem for folder, index in indexes if index for problem in _foreign_files(folder, index)]


def _foreign_files(folder: Path, index: WrittenIndex) -> list[Problem]:
    """Foreign and changed files below a folder."""
    problems = []
    for name, state in _states(folder, {file.path: file.sha256 for file in index.files}):
        path = folder / name
        if name == INDEX or state == "own":
            continue
        if state == "changed":
            hint = "keep it elsewhere first, or overwrite it with --force"
            problems.append(Problem("was changed since navlayers wrote it", Place(str(path)), hint=hint))
        elif not any(part.startswith(".") for part in Path(name).parts):
            problems.append(Problem("navlayers did not write this file", Place(str(path)), hint=_FORCE))
    return problems


def _states(folder: Path, hashes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The path of each file below a folder, with its state by the hashes: "own", "changed" or "foreign"."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_dir():
            if name not in hashes or path.is_symlink() or not path.is_file():
                yield name, "foreign"
            else:
                yield name, "own" if sha256(path.read_bytes()) == hashes[name] else "changed"


def _check_paths(folder: Path, paths: Iterable[str], earlier: WrittenIndex | None, keep: Iterable[Path]) -> None:
    """Refuse files that would replace inputs or folders."""
    # The index may have been edited: ignore paths that lead out of the folder.
    listed = [Path(file.path) for file in earlier.files] if earlier else []
    below = [path for path in listed if not path.is_absolute() and ".." not in path.parts]
    inputs = {path.resolve(): path for path in keep if path.exists()}
    touched = {(folder / path).resolve() for path in [*map(Path, paths), *below]} if inputs else set()
    inside = {file.parent for file in touched}
    holders = touched | inside | {parent for inner in inside for parent in inner.parents}
    lost = [path for real, path in inputs.items() if real in holders]
    problems = [
        Problem("this input would be overwritten or removed", Place(str(path)), hint=_OTHER) for path in lost
    ]
    inside = {Path(path).parent for path in paths}
    parents = {folder / parent for inner in inside for parent in (inner, *inner.parents)} - {folder}
    problems += [_not_a_folder(path) for path in sorted(parents) if _in_the_way(path) or path.is_symlink()]
    blocked = [folder / path for path in paths if (folder / path).is_dir()]
    hint = f"move it away, or {_OTHER}"
    problems += [Problem("is a folder", Place(str(p)), "a file of that name to be written", hint) for p in blocked]
    if problems:
        raise OutputError(problems)


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _is_own(entry: Path) -> bool:
    """Whether this is a folder that navlayers wrote."""
    return entry.is_dir() and not entry.is_symlink() and read_index(entry) is not None


def _first(entries: Sequence[Path]) -> str:
    return ", ".join(entry.name for entry in entries[:3]) + (", …" if len(entries) > 3 else "")


def _in_the_way(path: Path) -> bool:
    """Whether a file or a broken link is in the place of a folder."""
    return (path.exists() or path.is_symlink()) and not path.is_dir()


def _not_a_folder(path: Path) -> Problem:
    return Problem("is not a folder", Place(str(path)), hint="move it away, or choose a folder with -o")
