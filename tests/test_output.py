"""The output folder: whole or not at all, nothing foreign touched, the same bytes everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROWS, contents, write_set

from navlayers.errors import InputError, NavlayersError, OutputError, UsageError
from navlayers.options import ScoreOptions
from navlayers.pipeline import build_folder
from navlayers.sets import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.pipeline import BuildResult


def build(out: Path, *sources: Path, force: bool = False, worth: float | None = None) -> BuildResult:
    return build_folder(resolve([str(s) for s in sources]), out, ScoreOptions(worth=worth), force=force)


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "one.json")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "two.json", ROWS[:2])


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return write_set(tmp_path / "in" / "bad.json", [("a", "T99", "protect", "partial")])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_each_set_gets_a_folder_of_its_own(out: Path, one: Path, two: Path) -> None:
    assert [result.folder for result in build(out, one, two).sets] == ["one", "two"]
    assert {path.partition("/")[0] for path in contents(out)} == {"one", "two"}
    assert sorted(p.name for p in out.iterdir()) == ["one", "two"]
    assert (out / "one" / "overview.json").is_file()


def test_building_twice_gives_the_same_bytes(out: Path, one: Path) -> None:
    build(out, one)
    first = contents(out)
    build(out, one)
    assert contents(out) == first


def test_a_rebuild_replaces_layers_that_the_set_no_longer_has(out: Path, one: Path, two: Path) -> None:
    build(out, one, two)
    kept = contents(out / "two")
    write_set(one, ROWS[:1])
    build(out, one)
    assert not (out / "one" / "protect.json").exists()
    assert not (out / "one" / "capabilities" / "mfa.json").exists()
    assert contents(out / "two") == kept


def test_a_bad_set_after_a_good_one_writes_nothing(out: Path, one: Path, bad: Path) -> None:
    with pytest.raises(InputError):
        build(out, one, bad)
    assert not out.exists()


def test_a_bad_set_leaves_an_earlier_result_as_it_was(out: Path, one: Path, bad: Path) -> None:
    build(out, one)
    before = contents(out)
    write_set(one, ROWS[:1])
    with pytest.raises(InputError):
        build(out, one, bad)
    assert contents(out) == before


def test_the_problems_of_all_bad_sets_are_told_at_once(out: Path, bad: Path, tmp_path: Path) -> None:
    worse = write_set(tmp_path / "in" / "worse.json", [("a", "T1078", "guard", "partial"), ("b", "T2", None, None)])
    with pytest.raises(InputError) as caught:
        build(out, bad, worse)
    places = [str(problem.place) for problem in caught.value.problems]
    assert len(places) == 3
    assert all(":" in place and ("bad.json" in place or "worse.json" in place) for place in places)


def test_options_that_do_not_fit_the_second_set_write_nothing(out: Path, one: Path, two: Path) -> None:
    with pytest.raises(UsageError):
        build_folder(resolve([str(two), str(one)]), out, ScoreOptions(weights={"detect": 1}))
    assert not out.exists()


def test_missing_parents_of_the_output_are_made_and_go_again_on_failure(
    tmp_path: Path, one: Path, bad: Path
) -> None:
    deep = tmp_path / "a" / "b" / "c"
    with pytest.raises(InputError):
        build(deep, one, bad)
    assert not (tmp_path / "a").exists()
    build(deep, one)
    assert (deep / "one" / "overview.json").is_file()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_interruption_leaves_nothing(out: Path, one: Path, interruption: type[BaseException]) -> None:
    def stop() -> None:
        raise interruption

    with pytest.raises(interruption):
        build_folder(resolve([str(one)]), out, on_set=stop)
    assert not out.exists()


FAILURES: dict[str, Callable[[int], bool]] = {
    "the first": lambda call: call == 1,
    "the second": lambda call: call == 2,
    "the third": lambda call: call == 3,
    "the fourth": lambda call: call == 4,
}


@pytest.mark.parametrize("fails", FAILURES.values(), ids=FAILURES)
def test_a_move_that_fails_half_way_puts_everything_back(
    out: Path, one: Path, two: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[[int], bool]
) -> None:
    build(out, one, two)
    before = contents(out)
    calls = 0
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if fails(calls):
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OutputError, match="no space left"):
        build(out, one, two, worth=5)
    assert contents(out) == before


def test_a_disk_that_is_full_leaves_nothing(out: Path, one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_bytes(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OutputError, match="no space left"):
        build(out, one)
    assert not out.exists()


def foreign_file(out: Path) -> Path:
    out.mkdir(exist_ok=True)
    (out / "thesis.docx").write_text("mine", encoding="utf-8")
    return out / "thesis.docx"


def foreign_folder(out: Path) -> Path:
    (out / "src").mkdir(parents=True)
    (out / "src" / "index.json").write_text("{}", encoding="utf-8")
    return out / "src" / "index.json"


def foreign_folder_of_the_same_name(out: Path) -> Path:
    (out / "one").mkdir(parents=True)
    (out / "one" / "notes.txt").write_text("mine", encoding="utf-8")
    return out / "one" / "notes.txt"


@pytest.mark.parametrize("foreign", [foreign_file, foreign_folder, foreign_folder_of_the_same_name])
def test_a_folder_of_foreign_files_is_refused_and_left_as_it_was(
    out: Path, one: Path, foreign: Callable[[Path], Path]
) -> None:
    foreign(out)
    before = contents(out)
    with pytest.raises(OutputError, match=r"--force"):
        build(out, one)
    assert contents(out) == before


@pytest.mark.parametrize("foreign", [foreign_file, foreign_folder, foreign_folder_of_the_same_name])
def test_force_writes_beside_foreign_files_and_keeps_them(
    out: Path, one: Path, foreign: Callable[[Path], Path]
) -> None:
    path = foreign(out)
    before = path.read_bytes()
    build(out, one, force=True)
    assert path.read_bytes() == before
    assert (out / "one" / "overview.json").is_file()
    build(out, one, force=True)
    assert path.read_bytes() == before


def test_an_empty_folder_may_be_written_into(out: Path, one: Path) -> None:
    out.mkdir()
    (out / ".gitkeep").touch()
    build(out, one)
    assert (out / ".gitkeep").exists()


def test_a_layer_that_was_edited_is_not_overwritten_but_by_force(out: Path, one: Path) -> None:
    build(out, one)
    layer = out / "one" / "overview.json"
    layer.write_text("{}", encoding="utf-8")
    before = contents(out)
    with pytest.raises(OutputError, match=r"overview\.json.*changed"):
        build(out, one)
    assert contents(out) == before
    build(out, one, force=True)
    assert layer.read_text(encoding="utf-8") != "{}"


@pytest.mark.parametrize("name", ["mine.json", "capabilities/mine.json", "new/deep/mine.txt", ".hidden"])
def test_a_file_that_was_put_among_the_layers_is_never_lost(out: Path, one: Path, name: str) -> None:
    build(out, one)
    mine = out / "one" / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    for force in (False, True):
        try:
            build(out, one, force=force)
        except OutputError:
            assert not force
        assert mine.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("leads_to", ["folder", "nowhere"])
def test_a_link_that_was_put_among_the_layers_is_never_lost(
    out: Path, one: Path, tmp_path: Path, leads_to: str
) -> None:
    build(out, one)
    (tmp_path / "folder").mkdir()
    mine = out / "one" / "mine"
    mine.symlink_to(tmp_path / leads_to)
    for force in (False, True):
        try:
            build(out, one, force=force)
        except OutputError:
            assert not force
        assert mine.is_symlink()


def test_an_empty_folder_that_was_put_among_the_layers_is_no_reason_to_stop(out: Path, one: Path) -> None:
    build(out, one)
    (out / "one" / "empty").mkdir()
    build(out, one)
    assert (out / "one" / "overview.json").is_file()


def test_a_file_that_became_foreign_by_an_edit_of_the_index_is_not_deleted_unasked(out: Path, one: Path) -> None:
    build(out, one)
    index = out / "one" / "index.json"
    index.write_text(json.dumps({"generator": "navlayers", "files": []}), encoding="utf-8")
    before = contents(out)
    with pytest.raises(OutputError):
        build(out, one)
    assert contents(out) == before


def test_an_index_that_leads_outside_reaches_nothing_there(out: Path, one: Path, tmp_path: Path) -> None:
    build(out, one)
    outside = tmp_path / "outside.txt"
    outside.write_text("mine", encoding="utf-8")
    index = out / "one" / "index.json"
    content = json.loads(index.read_bytes())
    content["files"].append({"path": "../../outside.txt", "sha256": "0" * 64})
    index.write_text(json.dumps(content), encoding="utf-8")
    build(out, one, force=True)
    assert outside.read_text(encoding="utf-8") == "mine"


def test_a_target_that_is_a_file_is_refused_and_kept(out: Path, one: Path) -> None:
    out.write_text("mine", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(OutputError, match="not a folder"):
            build(out, one, force=force)
    assert out.read_text(encoding="utf-8") == "mine"


def test_a_parent_of_the_target_that_is_a_file_is_refused(one: Path) -> None:
    with pytest.raises(OutputError):
        build(one / "layers", one)
    assert one.is_file()


def test_a_set_folder_that_is_a_file_is_refused_and_kept(out: Path, one: Path) -> None:
    out.mkdir()
    (out / "one").write_text("mine", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(OutputError):
            build(out, one, force=force)
    assert (out / "one").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["", "one"])
def test_a_link_that_leads_nowhere_is_refused_and_kept(out: Path, one: Path, tmp_path: Path, name: str) -> None:
    link = out / name if name else out
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError):
        build(out, one)
    assert link.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_set_folder_that_is_a_link_keeps_what_it_leads_to(
    out: Path, one: Path, tmp_path: Path, force: bool
) -> None:
    elsewhere = tmp_path / "elsewhere"
    build(elsewhere, one)
    before = contents(elsewhere)
    out.mkdir()
    (out / "one").symlink_to(elsewhere / "one")
    write_set(one, ROWS[:1])
    try:
        build(out, one, force=force)
    except OutputError:
        assert not force
    assert contents(elsewhere) == before


def test_a_link_to_a_folder_may_be_the_target(out: Path, one: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    out.symlink_to(tmp_path / "real")
    build(out, one)
    assert out.is_symlink()
    assert (tmp_path / "real" / "one" / "overview.json").is_file()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc, where nobody may write")
def test_a_place_where_nobody_may_write_is_refused_with_a_hint(one: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written.* -o"):
        build(Path("/proc/self/layers"), one)


def test_inputs_are_never_changed(out: Path, one: Path, two: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (one, two)}
    build(out, one, two)
    build(out, one, two)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (one, two)} == before
    assert sorted(p.name for p in one.parent.iterdir()) == ["one.json", "two.json"]


def test_the_folder_of_the_inputs_is_foreign_to_the_output(one: Path, two: Path) -> None:
    with pytest.raises(OutputError):
        build(one.parent, one, two)
    assert sorted(p.name for p in one.parent.iterdir()) == ["one.json", "two.json"]


def test_a_set_that_cannot_be_carried_writes_nothing(out: Path, one: Path) -> None:
    with pytest.raises(NavlayersError, match=r"99\.9.*16\.1"):
        build_folder(resolve([str(one)]), out, attack_version="99.9")
    assert not out.exists()


ENVIRONMENTS = [
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "America/New_York", "PYTHONUTF8": "0"},
]


def test_the_bytes_are_the_same_in_any_folder_locale_and_hash_seed(out: Path, one: Path, tmp_path: Path) -> None:
    build(out, one)
    expected = contents(out)
    for number, environment in enumerate(ENVIRONMENTS):
        cwd = tmp_path / f"cwd{number}"
        cwd.mkdir()
        shutil.copy(one, cwd / "one.json")
        source = "one.json" if number else str(one)
        subprocess.run(
            [sys.executable, "-m", "navlayers", "build", source, "-o", "made", "-q"],
            cwd=cwd,
            env={**os.environ, **environment},
            check=True,
        )
        assert contents(cwd / "made") == expected


@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interruption_while_folders_are_moved_brings_the_old_ones_back(
    out: Path, one: Path, two: Path, monkeypatch: pytest.MonkeyPatch, call: int, interruption: type[BaseException]
) -> None:
    build(out, one, two)
    before = contents(out)
    calls = 0
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        done = rename(self, target)
        if calls == call:
            raise interruption
        return done

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(interruption):
        build(out, one, two, worth=5)
    assert contents(out) == before
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


def test_an_edited_layer_that_is_not_built_again_stays_when_forced(out: Path, one: Path) -> None:
    build(out, one)
    edited = out / "one" / "capabilities" / "mfa.json"
    edited.write_text("mine", encoding="utf-8")
    build_folder(resolve([str(one)]), out, only=["overview"], force=True)
    assert edited.read_text(encoding="utf-8") == "mine"
    assert not (out / "one" / "capabilities" / "ids.json").exists()


def test_an_empty_folder_among_the_layers_stays(out: Path, one: Path) -> None:
    build(out, one)
    (out / "one" / "mine").mkdir()
    build(out, one)
    assert (out / "one" / "mine").is_dir()


def test_the_order_in_which_kinds_are_asked_for_never_shows(out: Path, one: Path, tmp_path: Path) -> None:
    build_folder(resolve([str(one)]), out, only=["groups", "capabilities", "overview"])
    build_folder(resolve([str(one)]), tmp_path / "other", only=["overview", "capabilities", "groups"])
    assert contents(out) == contents(tmp_path / "other")


def test_a_second_interruption_while_old_folders_are_brought_back_loses_nothing(
    out: Path, one: Path, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(out, one, two)
    before = contents(out)
    calls = 0
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls in (4, 5):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(out, one, two, worth=5)
    (stage,) = (path for path in out.iterdir() if path.name.startswith("."))
    kept = {**contents(stage / "old"), **{k: v for k, v in contents(out).items() if not k.startswith(".")}}
    assert before.keys() <= kept.keys()


def test_a_linked_set_folder_is_still_linked_after_a_failure(
    out: Path, one: Path, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(out, one, two)
    (out / "one").rename(out.parent / "real")
    (out / "one").symlink_to("../real")
    rename = Path.rename
    calls = 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError):
        build(out, one, two, force=True)
    assert (out / "one").is_symlink()
    assert (out / "one" / "overview.json").is_file()
    assert (out / "two" / "overview.json").is_file()


def test_an_index_that_is_no_file_is_no_index(out: Path, one: Path) -> None:
    build(out, one)
    (out / "one" / "index.json").unlink()
    os.mkfifo(out / "one" / "index.json")
    with pytest.raises(OutputError, match="did not write: one"):
        build(out, one)
