"""Runs that are killed: the next that writes there finds the old files or the new ones, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from navlayers.output.files import Output, write_all
from navlayers.output.folders import write_folder
from navlayers.output.stage import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRELUDE = """
import hashlib, itertools, json, os, shutil, sys
from pathlib import Path
from navlayers.output.files import Output, write_all
from navlayers.output.folders import write_folder

def index(texts):
    data = {path: text.encode() for path, text in texts.items()}
    files = [{"path": path, "sha256": hashlib.sha256(data[path]).hexdigest()} for path in data]
    return {**data, "index.json": json.dumps({"generator": "navlayers", "files": files}).encode()}
"""

# Kills a child at each step that changes the disk, one after the other, each with a folder of its own.
KILLS = f"""{PRELUDE}
def counted(function, left):
    def call(*arguments, **options):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), 9)
        return function(*arguments, **options)
    return call

case, root = sys.argv[1], Path(sys.argv[2])
old, new = json.loads(sys.argv[3]), json.loads(sys.argv[4])
for step in itertools.count(1):
    folder = root / str(step).zfill(3)
    if case == "folder":
        write_folder(folder, index(old))
    else:
        write_all(Output(folder / path, text.encode()) for path, text in old.items())
    child = os.fork()
    if child == 0:
        left = [step]
        for name in ("replace", "rename", "hardlink_to", "write_bytes", "unlink", "mkdir", "rmdir"):
            setattr(Path, name, counted(getattr(Path, name), left))
        shutil.rmtree = counted(shutil.rmtree, left)
        if case == "folder":
            write_folder(folder, index(new))
        else:
            write_all(Output(folder / path, text.encode(), force=True) for path, text in new.items())
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""

# Two children at once write each their own files into one folder, 20 times, with a pause that differs.
AT_ONCE = f"""{PRELUDE}
import time

root, results = Path(sys.argv[1]), json.loads(sys.argv[2])
for turn in range(20):
    children = []
    for number, result in enumerate(results):
        child = os.fork()
        if child == 0:
            time.sleep(number * (turn % 5) / 1000)
            write_folder(root / str(turn), index(result))
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
"""

CASES = {
    "folder": (
        {"a.txt": "old a", "b.txt": "old b", "gone/c.txt": "old c"},
        {"a.txt": "new a", "b.txt": "old b", "d/e.txt": "new e"},
    ),
    "files": ({"one/a.txt": "old a", "two/b.txt": "old b"}, {"one/a.txt": "new a", "two/b.txt": "new b"}),
}


def texts(folder: Path) -> dict[str, str]:
    """Every file below a folder but its index, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "index.json")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def stopped() -> Iterator[tuple[str, bytes]]:
    """The files of a run that ends before the first of them."""
    raise KeyboardInterrupt
    yield


@pytest.mark.parametrize("case", CASES)
def test_the_next_run_finds_all_old_files_or_all_new_ones(case: str, tmp_path: Path) -> None:
    old, new = CASES[case]
    root = tmp_path / "root"
    command = [sys.executable, "-c", KILLS, case, str(root), json.dumps(old), json.dumps(new)]
    subprocess.run(command, check=True, timeout=120)
    folders = sorted(root.iterdir())[:-1]
    states = []
    for folder in folders:
        if case == "folder":
            with pytest.raises(KeyboardInterrupt):
                write_folder(folder, stopped())
        else:
            other = [folder / name / "other.txt" for name in ("one", "two")]
            write_all(Output(path, b"other") for path in other)
            for path in other:
                path.unlink()
        found = texts(folder)
        states.append("old" if found == old else "new" if found == new else str(found))
    assert set(states) == {"old", "new"}
    assert states == sorted(states, reverse=True)
    assert len(states) > 10


def test_a_stage_of_a_run_that_is_alive_or_of_another_program_stays(tmp_path: Path) -> None:
    def slow() -> Iterator[tuple[str, bytes]]:
        yield "a.txt", b"a"
        write_all([Output(tmp_path / "b.txt", b"b")])
        assert [path.name for path in tmp_path.glob(f"{PREFIX}*/new/*")] == ["a.txt"]
        yield "index.json", b'{"generator": "navlayers", "files": []}'

    other = tmp_path / f"{PREFIX}notes" / "mine.txt"
    other.parent.mkdir()
    other.write_text("mine")
    write_folder(tmp_path, slow(), command="build")
    assert texts(tmp_path) == {"a.txt": "a", "b.txt": "b", f"{PREFIX}notes/mine.txt": "mine"}


def test_two_runs_at_once_leave_the_files_of_one(tmp_path: Path) -> None:
    results = [{f"{name}.txt": f"{name} of {run}" for name in (*"abcdefgh", run)} for run in ("one", "two")]
    command = [sys.executable, "-c", AT_ONCE, str(tmp_path), json.dumps(results)]
    subprocess.run(command, check=True, timeout=120)
    for folder in tmp_path.iterdir():
        assert texts(folder) in results
