"""Several files are written all or none, and the error says what is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents

from navlayers.errors import InputError, OutputError, Problem
from navlayers.output import files
from navlayers.output.files import Output, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets no file take the place of those of that name, nor, where `back`, be put back there."""

    def refuse(*names: str, back: bool = False) -> None:
        replace = Path.replace
        seen: list[str] = []

        def refusing(self: Path, target: Path) -> Path:
            if target.name in names and (not back or target.name in seen):
                raise PermissionError(1, "Operation not permitted")
            seen.append(target.name)
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", refusing)

    return refuse


def test_all_files_are_written_and_changed_files_are_returned(tmp_path: Path) -> None:
    same = tmp_path / "same"
    same.write_bytes(b"s")
    outputs = [Output(tmp_path / "new" / "deep" / "a", b"a"), Output(same, b"s"), Output(tmp_path / "b", b"b")]
    assert write_all(outputs) == [str(tmp_path / "new" / "deep" / "a"), str(tmp_path / "b")]
    assert contents(tmp_path) == {"new/deep/a": b"a", "same": b"s", "b": b"b"}
    assert write_all(outputs) == []


def test_all_refusals_are_reported_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"mine")
    (tmp_path / "c").mkdir()
    with pytest.raises(OutputError) as caught:
        write_all([Output(tmp_path / name, b"x") for name in "abc"])
    assert [Path(p.place.path).name for p in caught.value.problems if p.place] == ["b", "c"]
    assert contents(tmp_path) == {"b": b"mine"}
    (tmp_path / "link").symlink_to(tmp_path / "b")
    with pytest.raises(OutputError, match="several results"):
        write_all([Output(tmp_path / name, name.encode(), force=True) for name in ("b", "link")])
    assert (tmp_path / "b").read_bytes() == b"mine"


@pytest.mark.parametrize("links", [True, False])
def test_if_a_file_cannot_be_replaced_all_are_restored(
    tmp_path: Path, stuck: Callable[..., None], monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(_: Path, __: Path) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "c").write_bytes(b"old")
    stuck("c")
    with pytest.raises(OutputError) as caught:
        write_all([Output(tmp_path / name, b"new", force=True) for name in ("a", "made/b", "c", "d")])
    assert str(caught.value) == f"{tmp_path}/c: cannot be written: operation not permitted (nothing is written)"
    assert contents(tmp_path) == {"a": b"old", "c": b"old"}
    assert not (tmp_path / "made").exists()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_restored_is_named_and_kept(tmp_path: Path, stuck: Callable[..., None]) -> None:
    (tmp_path / "a").write_bytes(b"old")
    stuck("a", back=True)
    stuck("z")
    with pytest.raises(OutputError) as caught:
        write_all([Output(tmp_path / "a", b"new", force=True), Output(tmp_path / "z", b"new")])
    first, second = caught.value.problems
    assert "cannot be written" in first.message
    assert not first.hint
    assert "was written and cannot be restored" in second.message
    kept = Path(second.hint.removeprefix("the old content is in "))
    assert (kept.read_bytes(), (tmp_path / "a").read_bytes()) == (b"old", b"new")


def test_if_a_file_cannot_be_staged_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(OutputError, match="nothing is written"):
        write_all([Output(tmp_path / "a", b"new", force=True), Output(Path("/proc/no-such/b"), b"b")])
    assert contents(tmp_path) == {"a": b"old"}


def test_the_error_of_the_disk_is_not_hidden_by_that_of_the_next_input() -> None:
    def outputs() -> Iterator[Output]:
        yield Output("/proc/no-such/b", b"b")
        raise InputError(Problem("bad"))

    with pytest.raises(OutputError, match=r"b: cannot be written: .*nothing is written"):
        write_all(outputs())


def test_a_device_is_written_to_before_a_file_takes_its_place(tmp_path: Path, stuck: Callable[..., None]) -> None:
    with pytest.raises(OutputError, match=r"no space left on device.*nothing is written"):
        write_all([Output(tmp_path / "a", b"a"), Output("/dev/full", b"x")])
    assert contents(tmp_path) == {}
    stuck("a")
    with pytest.raises(OutputError, match="only /dev/null is written"):
        write_all([Output(tmp_path / "a", b"a"), Output("/dev/null", b"x")])


def test_a_link_is_followed_and_a_mode_stays(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"old")
    real.chmod(0o600)
    (tmp_path / "link").symlink_to(real)
    assert files.write(b"new", tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_long_name_is_accepted(tmp_path: Path) -> None:
    long = tmp_path / ("😀" * 60)
    assert files.write(b"x", long)
    assert contents(tmp_path) == {long.name: b"x"}


@pytest.mark.parametrize("name", ["loop", "loop/a", "x" * 300, "a\0b"])
def test_an_impossible_file_is_reported_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match="cannot be written: "):
        write_all([Output(tmp_path / "a", b"a"), Output(tmp_path / name, b"x")])
    assert not (tmp_path / "a").exists()
