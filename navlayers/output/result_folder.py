"""Writing one folder of results: all of its files or none, and nothing foreign is overwritten."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.folders import (
    FORCE,
    INDEX,
    STAGE,
    States,
    WrittenIndex,
    cannot_write,
    in_the_way,
    is_ours,
    missing_parents,
    not_a_folder,
    read_index,
    undisturbed,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def write_folder(
    folder: str | Path,
    files: Mapping[str, bytes] | Iterable[tuple[str, bytes]],
    *,
    command: str = "",
    force: bool = False,
    keep: Iterable[Path] = (),
) -> int:
    """Write files below `folder` by their paths there; `index.json` among them lists all others with their hashes.

    Files of an earlier run of the same command that have no successor go. `force` allows a folder that holds
    anything else: that stays, but for files of the same name. `keep` are the inputs: they neither go nor change.

    `files` are path → bytes; or pairs of the two, which are put on disk as they come, for results that are too many
    to be held together. `command` is what the index at their end names; that of a mapping is looked at beforehand.

    Returns:
        How many files of an earlier run went.

    Raises:
        OutputError: the folder holds foreign files and not `force`, an input would be lost, or it cannot be
            written; nothing was changed.
    """
    target = Path(folder)
    keep = tuple(keep)
    with _told(target):
        if in_the_way(target):
            raise OutputError(not_a_folder(target))
        if isinstance(files, Mapping):
            _check_paths(target, files, keep)
            command = _command(files)
        if not force:
            _check_holder(target, command)
        made = missing_parents(target)
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=target))
    move = _Move(target, stage)
    try:
        paths = _stage(target, stage / "new", files.items() if isinstance(files, Mapping) else files)
        with _told(target):
            if not isinstance(files, Mapping):
                _check_paths(target, paths, keep)
            with undisturbed():
                return move.run(paths)
    finally:
        with undisturbed():
            if not move.holds_what_stood_there:
                shutil.rmtree(stage, ignore_errors=True)
            for path in made:
                if path.exists() and not any(path.iterdir()):
                    path.rmdir()


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Tell what the file system refuses as what it means for the folder."""
    try:
        yield
    except OSError as error:
        raise cannot_write(target, error) from error


def _stage(target: Path, place: Path, files: Iterable[tuple[str, bytes]]) -> dict[str, None]:
    """Put files where they wait to be moved; their paths are returned."""
    paths: dict[str, None] = {}
    for path, data in files:
        with _told(target):
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
        paths[path] = None
    return paths


def _check_paths(target: Path, files: Iterable[str], keep: Iterable[Path]) -> None:
    """Refuse files that would take the place of inputs, or of folders."""
    files = tuple(files)
    inputs = _inputs_at_risk(target, files, keep)
    if inputs:
        hint = "choose another folder with -o"
        raise OutputError(Problem("is an input and would be lost", Place(str(path)), hint=hint) for path in inputs)
    folders = {target / parent for path in files for parent in Path(path).parents}
    blocked = [not_a_folder(f) for f in sorted(folders - {target}) if in_the_way(f) or f.is_symlink()]
    blocked += [_not_a_file(target / path) for path in files if (target / path).is_dir()]
    if blocked:
        raise OutputError(blocked)


def _check_holder(target: Path, command: str) -> None:
    """Refuse a folder that holds anything but the unchanged results of the same command."""
    if not target.exists():
        return
    index = read_index(target)
    if index is not None:
        problems = States().problems(target)
        if index.command != command:
            what = f"the results of navlayers {index.command}" if index.command else "the layers of one set"
            problems = [Problem(f"holds {what}", Place(str(target)), hint=FORCE)]
        if problems:
            raise OutputError(problems)
        return
    entries = sorted(entry for entry in target.iterdir() if not entry.name.startswith("."))
    if entries:
        names = ", ".join(entry.name for entry in entries[:3]) + (", …" if len(entries) > 3 else "")
        what = "the layers of sets" if all(map(is_ours, entries)) else "files that navlayers did not write"
        raise OutputError(Problem(f"holds {what}: {names}", Place(str(target)), hint=FORCE))


def _command(files: Mapping[str, bytes]) -> str:
    """Whose results these are, as their index says."""
    return msgspec.json.decode(files[INDEX], type=WrittenIndex).command if INDEX in files else ""


def _inputs_at_risk(target: Path, files: Iterable[str], keep: Iterable[Path]) -> list[Path]:
    """The inputs among the files that would be replaced or removed."""
    earlier = read_index(target)
    paths = {*files, *(file.path for file in earlier.files if _below(file.path))} if earlier else {*files}
    written = {(target / path).resolve() for path in paths}
    inputs = [path for path in keep if path.exists()]
    return [
        path
        for path in inputs
        if path.resolve() in written or (path.is_dir() and any(path.resolve() in file.parents for file in written))
    ]


def _below(path: str) -> bool:
    return not Path(path).is_absolute() and ".." not in Path(path).parts


def _not_a_file(path: Path) -> Problem:
    hint = "move it away, or choose another folder with -o"
    return Problem("is a folder", Place(str(path)), "a file of that name to be written", hint)


class _Move:
    """Moves staged files into place; where anything stops that halfway, puts back what stood there."""

    def __init__(self, target: Path, stage: Path) -> None:
        self._target = target
        self._stage = stage
        self.holds_what_stood_there = False

    def run(self, paths: Collection[str]) -> int:
        """Move all; returns how many files of an earlier run went, which are as navlayers wrote them."""
        gone = [path for path in self._earlier() if path not in paths]
        put: list[str] = []
        try:
            for path in [*gone, *paths]:
                place, old, new = self._target / path, self._stage / "old" / path, self._stage / "new" / path
                if os.path.lexists(place):
                    old.parent.mkdir(parents=True, exist_ok=True)
                    place.rename(old)
                if new.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    new.rename(place)
                    put.append(path)
        except BaseException:
            self._put_back([*gone, *paths], put)
            _remove_empty(self._target, paths)
            raise
        _remove_empty(self._target, gone)
        return len(gone)

    def _earlier(self) -> list[str]:
        """Files of an earlier run that are as they were written."""
        index = read_index(self._target)
        if index is None:
            return []
        states = States().states(self._target, index)
        own = (path.relative_to(self._target).as_posix() for path, state in states if state == "own")
        return [path for path in own if path != INDEX]

    def _put_back(self, paths: list[str], put: list[str]) -> None:
        self.holds_what_stood_there = True
        try:
            for path in put:
                (self._target / path).unlink()
            for path in paths:
                if os.path.lexists(self._stage / "old" / path):
                    (self._stage / "old" / path).replace(self._target / path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            hint = f"what stood there is in {self._stage / 'old'}"
            place = Place(str(self._target))
            raise OutputError(Problem(f"cannot be put back as it was: {reason}", place, hint=hint)) from error
        self.holds_what_stood_there = False


def _remove_empty(target: Path, paths: Iterable[str]) -> None:
    parents = {target / parent for path in paths for parent in Path(path).parents} - {target}
    for folder in sorted(parents, key=lambda folder: len(folder.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
