"""Running the commands of a recipe: only those whose inputs changed, several at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
import platformdirs

from navlayers.api import named_files
from navlayers.attack import release
from navlayers.errors import InputError, OutputError
from navlayers.mapping import find, git
from navlayers.output.files import Output, write_all
from navlayers.output.folders import INDEX, read_index, sha256
from navlayers.version import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from navlayers.errors import Place

Status = Literal["up to date", "unchanged", "written", "differs", "failed"]


class Step(NamedTuple):
    """A command of a recipe: its arguments without `-o`, the files or folders that it writes, and its place."""

    command: str
    args: tuple[str, ...]
    outputs: tuple[str, ...]
    place: Place

    def argv(self, outputs: Iterable[str], *, force: bool = False) -> tuple[str, ...]:
        """The arguments of navlayers, with these outputs; inputs come last."""
        targets = [f"--output={output}" for output in outputs]
        return (self.command, *targets, *(["--force"] if force else []), *self.args)


class Result(NamedTuple):
    """How a step ended.

    Attributes:
        step: the step.
        status: "differs" only of a check.
        files: how many files it makes.
        changed: paths of files that were written or, in a check, differ, are missing or are no longer made.
        removed: paths of files that it made last time and no longer makes.
        edited: paths of files that, in a check, are not as navlayers wrote them; only `force` overwrites them.
        messages: the lines of its notices or errors.
    """

    step: Step
    status: Status
    files: int = 0
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


class _Record(msgspec.Struct, frozen=True):
    """What a step made last time: the hash of its inputs, and path → hash of its files."""

    inputs: str
    files: dict[str, str]


def run(
    steps: Sequence[Step],
    folder: Path,
    *,
    check: bool = False,
    force: bool = False,
    jobs: int = 0,
    on_result: Callable[[Result], None] = lambda result: None,
) -> tuple[Result, ...]:
    """The results of the steps, in their order.

    Args:
        steps: the commands; one that fails does not stop the others.
        folder: the folder of the recipe; all paths are below it.
        check: write nothing, compare what would be written with the files that are there.
        force: run all steps, and overwrite files that navlayers did not write.
        jobs: how many commands to run at once; 0: one per processor.
        on_result: called with each result as it comes.
    """
    records = _Records(folder)
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:

        def result(step: Step) -> Result:
            done = _checked(step, folder, records.of(step)) if check else _made(step, folder, records, force=force)
            on_result(done)
            return done

        results = tuple(pool.map(result, steps))
    if not check:
        records.save()
    return results


def _made(step: Step, folder: Path, records: _Records, *, force: bool) -> Result:
    inputs, there = _fingerprint(step, folder), _hashes(step, folder)
    record = records.of(step)
    known = {} if record is None else {path: _hash(folder / path) for path in record.files}
    if record is not None and not force and (record.inputs, record.files) == (inputs, known) and known:
        return Result(step, "up to date", len(known))
    files = [output for output in step.outputs if (folder / output).is_file()]
    own = record is not None and all(record.files.get(file) == _hash(folder / file) for file in files)
    command, *args = step.argv(step.outputs, force=force or bool(files and own))
    listing = ["--json"] if command == "build" else []
    done = _command((command, *listing, *args), folder)
    messages = _messages(done)
    if done.returncode:
        return Result(step, "failed", messages=messages)
    # The folder may have layers of other sets, which are not of this step.
    sets = {each.folder for each in msgspec.json.decode(done.stdout, type=list[_Built])} if listing else set()
    before, after = _files(there, sets), _files(_hashes(step, folder), sets)
    records.keep(step, _Record(inputs, after))
    changed = tuple(sorted(path for path in after if after[path] != before.get(path)))
    removed = tuple(sorted(before.keys() - after.keys()))
    status: Status = "written" if changed or removed else "unchanged"
    return Result(step, status, len(after), changed, removed, messages=messages)


def _checked(step: Step, folder: Path, record: _Record | None) -> Result:
    with tempfile.TemporaryDirectory(prefix="navlayers-") as name:
        made = Path(name)
        done = _command(step.argv(str(made / output) for output in step.outputs), folder)
        messages = _messages(done)
        if done.returncode:
            return Result(step, "failed", messages=messages)
        hashes = _hashes(step, made)
        # Folders of other sets beside those that are made stay as they are.
        new, old = _files(hashes, hashes.keys()), _files(_hashes(step, folder), hashes.keys())
    absent = [output for output in step.outputs if not (folder / output).exists()]
    changed = [f"{output}: missing" for output in absent]
    inside = tuple(f"{output}/" for output in absent)
    written = _as_written(step, folder, record)
    edited = tuple(path for path in sorted(old) if old[path] not in (written.get(path, old[path]), new.get(path)))
    for path in sorted(
        path for path in new.keys() | old.keys() if path not in absent and not path.startswith(inside)
    ):
        if new.get(path) != old.get(path):
            what = "no longer made" if path not in new else "missing" if path not in old else "differs"
            changed.append(f"{path}: {'edited by hand' if path in edited else what}")
    status: Status = "differs" if changed else "unchanged"
    return Result(step, status, len(new), tuple(changed), edited=edited, messages=messages)


def _command(argv: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run navlayers in a process of its own: a recipe is quicker on several processors."""
    command = [sys.executable, "-m", "navlayers", *argv]
    return subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        # On Windows, output into a pipe has another encoding.
        env={**os.environ, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _messages(done: subprocess.CompletedProcess[str]) -> tuple[str, ...]:
    """The notices of a command; all lines if it failed."""
    lines = done.stderr.splitlines()
    return tuple(line for line in lines if done.returncode or line.startswith("note: "))


class _Built(msgspec.Struct, frozen=True):
    """A set that `build` built: the folder of its layers."""

    folder: str


def _hashes(step: Step, folder: Path) -> dict[str, dict[str, str]]:
    """Set, "" for files of no set, → path → hash of the files of navlayers in the outputs of a step."""
    hashes: dict[str, dict[str, str]] = {}
    for output in step.outputs:
        target = folder / output
        if target.is_file():
            hashes.setdefault("", {})[output] = _hash(target)
        elif target.is_dir():
            for name, own in _folders(target):
                paths = {path.relative_to(folder).as_posix(): _hash(path) for path in _own(own)}
                if paths:
                    hashes.setdefault(name, {}).update(paths)
    return hashes


def _as_written(step: Step, folder: Path, record: _Record | None) -> dict[str, str]:
    """Path → hash of the files of a step as navlayers wrote them, from indexes of folders and the record."""
    hashes = {output: record.files[output] for output in step.outputs if record and output in record.files}
    for output in step.outputs:
        for _, own in _folders(folder / output) if (folder / output).is_dir() else ():
            index = read_index(own)
            start = own.relative_to(folder).as_posix()
            hashes |= {f"{start}/{file.path}": file.sha256 for file in index.files} if index else {}
    return hashes


def _folders(target: Path) -> Iterator[tuple[str, Path]]:
    """A folder of results, with the name "", and the folders in it, which can be those of sets."""
    yield "", target
    yield from sorted((path.name, path) for path in target.iterdir() if path.is_dir() and not path.is_symlink())


def _files(hashes: Mapping[str, dict[str, str]], sets: Iterable[str]) -> dict[str, str]:
    """Path → hash of the files of some sets, and of those of no set."""
    return {path: hash_ for name in {"", *sets} for path, hash_ in hashes.get(name, {}).items()}


def _hash(path: Path) -> str:
    """The hash of a file; "" if there is none."""
    return sha256(path.read_bytes()) if path.is_file() else ""


def _own(folder: Path) -> Iterator[Path]:
    """The index of navlayers in a folder, and the files that it lists."""
    listed = read_index(folder)
    if listed is not None:
        paths = (folder / INDEX, *(folder / file.path for file in listed.files))
        yield from (path for path in paths if path.is_file() and ".." not in path.parts)


def _fingerprint(step: Step, folder: Path) -> str:
    """The hash of all that decides what a step makes: its options, navlayers, ATT&CK, files named, commits."""
    digest = hashlib.sha256()

    def add(*texts: str) -> None:
        digest.update(msgspec.json.encode(texts))

    add(version(), step.command, *step.args)
    add(*map(str, release.releases()))
    if step.command == "history":
        add(git.head(folder))
    shipped = {source.name: source.path for source in find.shipped()}
    values = [arg.partition("=")[2] if arg.startswith("--") else arg for arg in step.args]
    # Without a set, a command takes those of the folder mappings or all that are shipped.
    values += [] if "--" in step.args else [find.HERE, *shipped]
    for text in dict.fromkeys(text for value in values for text in named_files.texts(value)):
        if not (there := os.path.exists(folder / text)) and text in shipped:  # noqa: PTH110 - takes texts of any length
            digest.update(hashlib.sha256(shipped[text].read_bytes()).digest())
        elif not there and (commit := git.revision_of(text)) is not None:
            # What the command cannot read, it reports.
            with contextlib.suppress(InputError):
                digest.update(git.content(commit))
    for path in dict.fromkeys(path for value in values for path in named_files.files(value, folder)):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                add(str(file.relative_to(folder) if file.is_relative_to(folder) else file.name))
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


class _Records:
    """What the steps of a recipe made last time, in the user's cache: a repository needs no file for it."""

    def __init__(self, folder: Path) -> None:
        name = f"{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]}.json"
        self._path = Path(os.environ.get("NAVLAYERS_CACHE_DIR") or platformdirs.user_cache_dir("navlayers")) / name
        try:
            self._known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, _Record])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            self._known = {}

    def of(self, step: Step) -> _Record | None:
        return self._known.get(self._key(step))

    def keep(self, step: Step, record: _Record) -> None:
        self._known[self._key(step)] = record

    def save(self) -> None:
        """Write the records; without them, the next run makes everything again."""
        try:
            write_all([Output(self._path, msgspec.json.encode(self._known), force=True)])
        except OutputError:
            return

    def _key(self, step: Step) -> str:
        return " ".join((step.command, *step.outputs))
