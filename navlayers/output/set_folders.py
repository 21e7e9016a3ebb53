"""Writing results: a folder appears whole or not at all, and nothing foreign is overwritten.

What navlayers wrote is known by the index in each set's folder, which lists every file with its hash.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from navlayers.errors import OutputError, Place, Problem
from navlayers.output.folders import (
    FORCE,
    STAGE,
    States,
    abandoned,
    cannot_write,
    in_the_way,
    is_ours,
    missing_parents,
    not_a_folder,
    read_index,
    undisturbed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType


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
        self._known = States()
        try:
            problems = [not_a_folder(p) for p in (target, *(target / name for name in self.sets)) if in_the_way(p)]
            if not (problems or force):
                problems = self._foreign()
            self.abandoned = abandoned(target)
        except OSError as error:
            raise cannot_write(target, error) from error
        if problems:
            raise OutputError(problems)

    def __enter__(self) -> Self:
        self._made = missing_parents(self.target)
        self._staged: dict[str, set[str]] = {}
        self._keep_stage = False
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            self._stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=self.target))
        except OSError as error:
            raise cannot_write(self.target, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():
            self._clear()
            if kind is not None:
                for folder in self._made:
                    if folder.exists() and not any(folder.iterdir()):
                        folder.rmdir()

    def _clear(self) -> None:
        if not self._keep_stage:
            shutil.rmtree(self._stage, ignore_errors=True)

    def add(self, name: str, path: str, data: bytes) -> None:
        """Stage one file: `path` below the folder of the set `name`."""
        self._staged.setdefault(name, set()).add(path)
        file = self._stage / "new" / name / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        except OSError as error:
            raise cannot_write(self.target / name / path, error) from error

    def commit(self) -> dict[str, int]:
        """Move the staged folders into place; put the old ones back if anything stops that halfway.

        Returns:
            Set → how many of its earlier files have no successor, where there are any.
        """
        removed = {name: len(self._earlier(name) - self._staged[name]) for name in sorted(self._staged)}
        begun: list[str] = []
        with undisturbed():
            try:
                for name in removed:
                    begun.append(name)
                    self._replace(name)
            except BaseException as error:
                self._put_back(begun)
                if isinstance(error, OSError):
                    raise cannot_write(self.target, error) from error
                raise
            self._clear()
        return {name: count for name, count in removed.items() if count}

    def _replace(self, name: str) -> None:
        new, old, place = self._stage / "new" / name, self._stage / "old" / name, self.target / name
        if place.exists():
            old.parent.mkdir(parents=True, exist_ok=True)
            self._keep_foreign(place, new)
            place.rename(old)
        new.rename(place)

    def _put_back(self, names: Iterable[str]) -> None:
        """Undo replacements, whole or half done; where even that fails, leave the old folders and say where."""
        self._keep_stage = True
        try:
            for name in names:
                new, old, place = self._stage / "new" / name, self._stage / "old" / name, self.target / name
                # A link counts as what it is, for it may lead nowhere from inside the stage.
                if os.path.lexists(old) or not new.exists():
                    if place.is_symlink():
                        place.unlink()
                    elif place.exists():
                        shutil.rmtree(place)
                    if os.path.lexists(old):
                        old.rename(place)
            self._keep_stage = False
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(
                Problem(
                    f"cannot be put back as it was: {reason}",
                    Place(str(self.target)),
                    hint=f"what stood there is in {self._stage / 'old'}",
                )
            ) from error

    def _foreign(self) -> list[Problem]:
        """What stands below the target and is not navlayers' own: other entries, and changed files of the sets."""
        if not self.target.exists():
            return []
        if read_index(self.target) is not None:
            hint = f"name the folder above it: -o {self.target.parent}"
            return [
                Problem("holds the layers of one set", Place(str(self.target)), "a folder of such folders", hint)
            ]
        entries = sorted(self.target.iterdir())
        strangers = [entry for entry in entries if not entry.name.startswith(".") and not is_ours(entry)]
        if strangers:
            names = ", ".join(entry.name for entry in strangers[:3]) + (", …" if len(strangers) > 3 else "")
            message = f"holds files that navlayers did not write: {names}"
            return [Problem(message, Place(str(self.target)), hint=FORCE)]
        return [problem for name in self.sets for problem in self._known.problems(self.target / name)]

    def _keep_foreign(self, old: Path, new: Path) -> None:
        """Copy what navlayers did not write, or not so, from a folder to be replaced; new files win."""
        for path, state in self._known.states(old, read_index(old)):
            kept = new / path.relative_to(old)
            if state != "own" and not os.path.lexists(kept):
                kept.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir() and not path.is_symlink():
                    kept.mkdir()
                else:
                    shutil.copy2(path, kept, follow_symlinks=False)

    def _earlier(self, name: str) -> set[str]:
        index = read_index(self.target / name)
        return {file.path for file in index.files} if index else set()
