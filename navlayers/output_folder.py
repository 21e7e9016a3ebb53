"""Writing one folder of results: all of its files or none, and nothing foreign is overwritten."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from navlayers.errors import OutputError, Place, Problem
from navlayers.folders import (
    FORCE,
    INDEX,
    STAGE,
    States,
    cannot_write,
    in_the_way,
    is_ours,
    missing_parents,
    not_a_folder,
    read_index,
    undisturbed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_folder(folder: str | Path, files: Mapping[str, bytes], *, force: bool = False) -> int:
    """Write files below `folder` by their paths there; `index.json` among them lists all others with their hashes.

    Files of an earlier run that have no successor go. `force` allows a folder that holds anything else: that stays,
    but for files of the same name.

    Returns:
        How many files of an earlier run went.

    Raises:
        OutputError: the folder holds foreign files and not `force`, or cannot be written; nothing was changed.
    """
    target = Path(folder)
    try:
        _check(target, files, force=force)
        made = missing_parents(target)
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=target))
    except OSError as error:
        raise cannot_write(target, error) from error
    try:
        for name, data in files.items():
            staged = stage / "new" / name
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_bytes(data)
        with undisturbed():
            return _move(target, stage, list(files))
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with undisturbed():
            shutil.rmtree(stage, ignore_errors=True)
            for path in made:
                if path.exists() and not any(path.iterdir()):
                    path.rmdir()


def _check(target: Path, files: Mapping[str, bytes], *, force: bool) -> None:
    if in_the_way(target):
        raise OutputError(not_a_folder(target))
    if not target.exists():
        return
    folders = {target / parent for path in files for parent in Path(path).parents}
    blocked = [not_a_folder(f) for f in sorted(folders - {target}) if in_the_way(f) or f.is_symlink()]
    if blocked:
        raise OutputError(blocked)
    if force:
        return
    if read_index(target) is not None:
        problems = States().problems(target)
        if problems:
            raise OutputError(problems)
        return
    entries = sorted(entry for entry in target.iterdir() if not entry.name.startswith("."))
    if entries:
        names = ", ".join(entry.name for entry in entries[:3]) + (", …" if len(entries) > 3 else "")
        what = "the layers of sets" if all(map(is_ours, entries)) else "files that navlayers did not write"
        raise OutputError(Problem(f"holds {what}: {names}", Place(str(target)), hint=FORCE))


def _move(target: Path, stage: Path, paths: list[str]) -> int:
    """Move the staged files into place; where anything stops that halfway, put back what stood there."""
    index = read_index(target)
    earlier = [file.path for file in index.files] if index else []
    gone = [path for path in earlier if path not in paths and _inside(target, path)]
    put: list[str] = []
    try:
        for path in [*gone, *paths]:
            place, old, new = target / path, stage / "old" / path, stage / "new" / path
            if os.path.lexists(place):
                old.parent.mkdir(parents=True, exist_ok=True)
                place.rename(old)
            if new.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                new.rename(place)
                put.append(path)
    except BaseException:
        for path in put:
            (target / path).unlink()
        for path in [*gone, *paths]:
            if os.path.lexists(stage / "old" / path):
                (stage / "old" / path).replace(target / path)
        _remove_empty(target, paths)
        raise
    _remove_empty(target, gone)
    return len(gone)


def _inside(target: Path, path: str) -> bool:
    """Whether a path of an index, which anyone may have edited, is that of a file below its folder."""
    parts = Path(path).parts
    if path == INDEX or Path(path).is_absolute() or ".." in parts:
        return False
    linked = any((target / parent).is_symlink() for parent in Path(path).parents)
    return not linked and (target / path).is_file()


def _remove_empty(target: Path, paths: list[str]) -> None:
    parents = {target / parent for path in paths for parent in Path(path).parents} - {target}
    for folder in sorted(parents, key=lambda folder: len(folder.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
