"""Runs of the command line in an empty folder: what is put there and what comes out."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TESTS = Path(__file__).parent
SHARED = TESTS.parents[1] / "shared"
GOLDEN = TESTS / "golden"


class Case(NamedTuple):
    """A run: its name, the words after `navlayers`, and what it finds in its folder.

    Every word that names a file or folder of tests/golden/inputs, tests/golden or ../shared is copied to the folder
    of the run under that name. `texts` are further files by their names. `stdin` is one of all these files.
    `columns`: standard output is a terminal of so many columns. `before`: runs that come first.
    """

    name: str
    line: str
    texts: Mapping[str, str | bytes] = {}
    stdin: str = ""
    columns: int = 0
    before: tuple[str, ...] = ()
    env: Mapping[str, str] = {}

    @property
    def _named(self) -> Iterator[str]:
        """What words of the run may name: `./x`, `@x`, `x/` and `x:column` are all x."""
        for word in (*(word for line in (*self.before, self.line) for word in shlex.split(line)), self.stdin):
            name = word.removeprefix("@").removeprefix("./").split(":")[0].rstrip("/")
            is_file = "." in name.strip("./") and not name.startswith((".", "/"))
            if is_file or name in FOLDERS or name.startswith(SHARED_FOLDERS):
                yield name

    @property
    def inputs(self) -> dict[str, Path]:
        """Name in the folder of the run → the file or folder that is copied there."""
        found = {}
        for name in self._named:
            roots = (SHARED,) if name.startswith(SHARED_FOLDERS) else (GOLDEN / "inputs", GOLDEN)
            place = next((root / name for root in roots if (root / name).exists()), None)
            if place is not None and name not in self.texts:
                found[name] = place
        return found

    @property
    def absent(self) -> str:
        """A file of ../shared that the run needs and that is not there, or ""."""
        wanted = (name for name in self._named if name.startswith(SHARED_FOLDERS))
        return next((name for name in wanted if not (SHARED / name).exists()), "")


FOLDERS = frozenset({"stack", "rules"})
SHARED_FOLDERS = ("cases/", "corpus/", "attack/")


class Outcome(NamedTuple):
    """What came of a run. `files`: those that it wrote or changed; `gone`: those that it removed."""

    code: int
    out: bytes
    err: bytes
    files: dict[str, bytes]
    gone: tuple[str, ...] = ()


class _Stream(io.TextIOWrapper):
    """A standard stream in memory, as a terminal or not."""

    def __init__(self, data: bytes = b"", *, terminal: bool = False, errors: str = "strict") -> None:
        self._bytes = io.BytesIO(data)
        self._terminal = terminal
        super().__init__(self._bytes, "utf-8", errors, "\n", write_through=True)

    def isatty(self) -> bool:
        return self._terminal

    @property
    def written(self) -> bytes:
        self.flush()
        return self._bytes.getvalue()


def run(case: Case, folder: Path) -> Outcome:
    """Run a case in an empty folder; <here>, <data>, <navlayers> and <root> stand for paths of this machine."""
    import navlayers  # noqa: PLC0415 - cases are also listed where navlayers is not installed

    here, data = folder / "run", folder / "data"
    here.mkdir(parents=True)
    _fill(case, here)
    before = contents(here)
    stdin = before.get(case.stdin, b"")
    env = {"NAVLAYERS_DATA_DIR": str(data), "COLUMNS": str(case.columns or 80), "TERM": "xterm", **case.env}
    with _in(here), mock.patch.dict(os.environ, env):
        os.environ.pop("NO_COLOR", None)
        for line in case.before:
            _call(line, b"", 0)
        code, out, err = _call(case.line, stdin, case.columns)
    after = {**contents(here), **{f"data/{name}": new for name, new in contents(data).items()}}
    package = Path(navlayers.__file__).parent
    signs = {here: b"<here>", data: b"<data>", package: b"<navlayers>", package.parent: b"<root>"}

    def plain(said: bytes) -> bytes:
        for place, sign in signs.items():
            said = said.replace(bytes(place), sign)
        return said

    files = {name: plain(new) for name, new in after.items() if before.get(name) != new}
    gone = tuple(name for name in before if name not in after)
    return Outcome(code, plain(out), plain(err), files, gone)


def _fill(case: Case, folder: Path) -> None:
    for name, source in case.inputs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("LICENSE*"))
        else:
            shutil.copyfile(source, folder / name)
    for name, text in case.texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def _call(line: str, stdin: bytes, columns: int) -> tuple[int, bytes, bytes]:
    from navlayers.cli import main  # noqa: PLC0415 - as above

    out, err = _Stream(terminal=bool(columns)), _Stream(errors="backslashreplace")
    code: object = 0
    with (
        mock.patch.object(sys, "stdin", _Stream(stdin)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main(shlex.split(line))
        except SystemExit as end:
            code = end.code or 0
    assert isinstance(code, int)
    return code, out.written, err.written


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    old = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(old)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path; of folders the empty ones, with a slash."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found
