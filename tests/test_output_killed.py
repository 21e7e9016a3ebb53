"""Runs that are killed: the next that writes there finds the old files or the new ones, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from navlayers.errors import OutputError
from navlayers.output.files import Output, write_all
from navlayers.output.folders import write_folder
from navlayers.output.stage import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Run

PRELUDE = """
import hashlib, itertools, json, os, sys
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
        if case == "folder":
            write_folder(folder, index(new))
        else:
            write_all(Output(folder / path, text.encode(), force=True) for path, text in new.items())
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""

# Two children at once write each their own files, with a pause that differs: into one folder, or into two that have
# half of each child's files already.
AT_ONCE = f"""{PRELUDE}
import time
from navlayers.errors import OutputError

case, root, results = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])

def write(folder, texts, pause=0):
    for number, (path, text) in enumerate(texts.items()):
        time.sleep(pause)
        yield Output(folder / str(number % 2) / path, text.encode(), force=True)

for turn in range(20 if case == "folder" else 8):
    children = []
    if case == "files":
        halves = [*results[0].items()][:4] + [*results[1].items()][4:]
        write_all(write(root / str(turn), dict(halves)))
    for number, result in enumerate(results):
        child = os.fork()
        if child == 0:
            time.sleep(number * (turn % 5) / 1000)
            try:
                if case == "folder":
                    write_folder(root / str(turn), index(result))
                else:
                    write_all(write(root / str(turn), result, 0.0005))
            except OutputError as error:
                os._exit("changed during the run" in str(error))
            except BaseException:
                os._exit(2)
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert sorted(codes) in ([[0, 0]] if case == "folder" else [[0, 0], [0, 1]]), codes
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


LINES = (
    "convert set.csv -o set.yaml",
    "check set.csv --fix",
    "upgrade set.yaml --in-place --attack 19.1",
    "stats set.csv",
)


@pytest.mark.parametrize("line", LINES)
def test_a_run_with_nothing_to_write_finishes_what_was_begun(line: str, run: Run) -> None:
    """`stats` writes nothing, and leaves the folder as it is."""
    folder = Path.cwd()
    (folder / "set.csv").write_text("Capability,Technique\nc,T1059\n", encoding="utf-8")
    run("convert", "set.csv", "-o", "set.yaml", "--meta", "attack_version=19.1", "-q")
    stage = folder / f"{PREFIX}0123456789abcdef"
    (stage / "new").mkdir(parents=True)
    (stage / "new" / "b.txt").write_text("new", encoding="utf-8")
    journal = {"moves": [{"place": "../b.txt", "new": "new/b.txt"}]}
    (stage / "journal.json").write_text(json.dumps(journal), encoding="utf-8")
    assert run(*line.split(), "--meta", "attack_version=19.1").code == 0
    begun = line.startswith("stats")
    assert stage.exists() is begun
    assert (folder / "b.txt").exists() is not begun


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


@pytest.mark.parametrize("case", CASES)
def test_two_runs_at_once_leave_the_files_of_one(case: str, tmp_path: Path) -> None:
    # Files that only one of the runs has stay where they are not in a folder of results.
    own = {"one": ["one"], "two": ["two"]} if case == "folder" else {"one": [], "two": []}
    results = [{f"{name}.txt": f"{name} of {run}" for name in [*"abcdefgh", *own[run]]} for run in own]
    command = [sys.executable, "-c", AT_ONCE, case, str(tmp_path), json.dumps(results)]
    subprocess.run(command, check=True, timeout=120)
    for folder in tmp_path.iterdir():
        assert {path.rpartition("/")[2]: text for path, text in texts(folder).items()} in results


@pytest.mark.parametrize(
    ("before", "new", "meanwhile", "force", "after"),
    [
        ("a1", "a1 b1", "a2 b2", True, "a: the file was changed during the run"),
        ("", "a1 b1", "a2", False, "a: the file exists and holds something else"),
        ("", "a1 b1", "a1", False, "a1 b1"),
        ("a0", "a1 b1", "a2 b2", True, "a1 b1"),
        ("a1 b1", "a1 b1", "a2", True, "a2 b1"),
    ],
)
def test_files_of_a_run_are_not_mixed_with_those_that_another_one_writes_meanwhile(
    before: str, new: str, meanwhile: str, force: bool, after: str, tmp_path: Path
) -> None:
    def outputs(state: str, force: bool = True) -> list[Output]:
        return [Output(tmp_path / text[0], text.encode(), force) for text in state.split()]

    def slow() -> Iterator[Output]:
        first, second = outputs(new, force)
        yield first
        write_all(outputs(meanwhile))
        yield second

    write_all(outputs(before))
    if ":" in after:
        with pytest.raises(OutputError, match=after):
            write_all(slow())
        after = meanwhile
    else:
        write_all(slow())
    assert " ".join(sorted(texts(tmp_path).values())) == after
