"""What stops a build halfway leaves no half of it: bad sets, full disks, moves that fail, interruptions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from conftest import ROWS, build, contents, write_set

import navlayers
from navlayers.errors import InputError, NavlayersError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class StopMoving(Protocol):
    def __call__(self, error: BaseException, *calls: int, late: bool = False) -> None: ...


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
        navlayers.build(two, one, output=out, weights={"detect": 1})
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
    def stop(done: int) -> None:
        raise interruption

    with pytest.raises(interruption):
        navlayers.build(one, output=out, on_set=stop)
    assert not out.exists()


@pytest.fixture
def stop_moving(monkeypatch: pytest.MonkeyPatch) -> StopMoving:
    """`stop_moving(error, 2, 3)`: the second and third move of a folder raise it; `late`: after they moved it."""

    def arrange(error: BaseException, *calls: int, late: bool = False) -> None:
        count = 0

        def stopping(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
            def move(self: Path, target: Path) -> Path:
                nonlocal count
                count += 1
                stops = count in calls
                if stops and not late:
                    raise error
                moved = real(self, target)
                if stops:
                    raise error
                return moved

            return move

        for name in ("rename", "replace"):
            monkeypatch.setattr(Path, name, stopping(getattr(Path, name)))

    return arrange


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_move_that_fails_half_way_puts_everything_back(
    out: Path, one: Path, two: Path, stop_moving: StopMoving, call: int
) -> None:
    build(out, one, two)
    before = contents(out)
    stop_moving(OSError(28, "No space left on device"), call)
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


def test_a_set_that_cannot_be_carried_writes_nothing(out: Path, one: Path) -> None:
    with pytest.raises(NavlayersError, match=r"99\.9.*16\.1"):
        navlayers.build(one, output=out, attack_version="99.9")
    assert not out.exists()


@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), MemoryError()], ids=repr)
def test_an_interruption_while_folders_are_moved_brings_the_old_ones_back(
    out: Path, one: Path, two: Path, stop_moving: StopMoving, call: int, interruption: BaseException
) -> None:
    build(out, one, two)
    before = contents(out)
    stop_moving(interruption, call, late=True)
    with pytest.raises(type(interruption)):
        build(out, one, two, worth=5)
    assert contents(out) == before
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


def test_a_second_interruption_while_old_folders_are_brought_back_loses_nothing(
    out: Path, one: Path, two: Path, stop_moving: StopMoving
) -> None:
    build(out, one, two)
    before = contents(out)
    stop_moving(KeyboardInterrupt(), 4, 5)
    with pytest.raises(KeyboardInterrupt):
        build(out, one, two, worth=5)
    (stage,) = (path for path in out.iterdir() if path.name.startswith("."))
    placed = {name: data for name, data in contents(out).items() if not name.startswith(".")}
    kept = {**placed, **contents(stage / "old")}
    assert {name: kept.get(name) for name in before} == before


def test_a_linked_set_folder_is_still_linked_after_a_failure(
    out: Path, one: Path, two: Path, stop_moving: StopMoving
) -> None:
    build(out, one, two)
    (out / "one").rename(out.parent / "real")
    (out / "one").symlink_to("../real")
    stop_moving(OSError(28, "No space left on device"), 3)
    with pytest.raises(OutputError):
        build(out, one, two, force=True)
    assert (out / "one").is_symlink()
    assert (out / "one" / "overview.json").is_file()
    assert (out / "two" / "overview.json").is_file()
