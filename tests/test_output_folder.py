"""A folder of results is written whole or not at all, and nothing foreign is overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents

from navlayers.errors import OutputError
from navlayers.output import folders
from navlayers.output.folders import write_folder
from navlayers.output.stage import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def files(**named: str) -> dict[str, bytes]:
    """Files by path ("__" for "/", ".txt" behind) and the index of them."""
    found = {f"{name.replace('__', '/')}.txt": text.encode() for name, text in named.items()}
    listed = [{"path": path, "sha256": folders.sha256(data)} for path, data in found.items()]
    return {**found, "index.json": json.dumps({"generator": "navlayers", "files": listed}).encode()}


FIRST = files(a="1", sub__b="2", gone__c="3")
SECOND = files(a="changed", sub__b="2", sub__new="4")


def test_what_is_written_is_all_that_is_there(out: Path) -> None:
    assert write_folder(out, FIRST) == 0
    assert contents(out) == FIRST


def test_files_without_successor_go_and_so_do_their_folders(out: Path) -> None:
    write_folder(out, FIRST)
    assert write_folder(out, SECOND) == 1
    assert contents(out) == SECOND
    assert not (out / "gone").exists()


def test_a_file_that_was_changed_is_kept_unless_forced(out: Path) -> None:
    write_folder(out, FIRST)
    (out / "a.txt").write_text("edited")
    with pytest.raises(OutputError, match="was changed since navlayers wrote it"):
        write_folder(out, SECOND)
    assert (out / "a.txt").read_text() == "edited"
    write_folder(out, SECOND, force=True)
    assert (out / "a.txt").read_text() == "changed"


@pytest.mark.parametrize("name", ["mine.txt", "sub/mine.txt"])
def test_a_foreign_file_stops_the_writing_and_survives_force(out: Path, name: str) -> None:
    write_folder(out, FIRST)
    (out / name).write_text("mine")
    with pytest.raises(OutputError, match="navlayers did not write this file"):
        write_folder(out, SECOND)
    write_folder(out, SECOND, force=True)
    assert contents(out) == {**SECOND, name: b"mine"}


def test_a_folder_of_others_is_refused(out: Path) -> None:
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds files that navlayers did not write: mine\.txt"):
        write_folder(out, FIRST)
    assert contents(out) == {"mine.txt": b"mine"}


def test_a_file_in_the_way_is_told(out: Path) -> None:
    out.write_text("a file")
    with pytest.raises(OutputError, match="is not a folder"):
        write_folder(out, FIRST)
    assert out.read_text() == "a file"


def test_links_out_of_the_folder_are_not_followed(out: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("2")
    out.mkdir()
    (out / "sub").symlink_to(outside)
    with pytest.raises(OutputError, match="is not a folder"):
        write_folder(out, FIRST, force=True)
    assert contents(outside) == {"b.txt": b"2"}


@pytest.mark.parametrize("path", ["../outside.txt", "HERE/outside.txt", "linked/x.txt"])
def test_an_edited_index_removes_nothing_outside(out: Path, tmp_path: Path, path: str) -> None:
    write_folder(out, FIRST)
    outside = tmp_path / "outside.txt"
    outside.write_text("keep")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.txt").write_text("keep")
    (out / "linked").symlink_to(tmp_path / "elsewhere")
    index = json.loads((out / "index.json").read_text())
    index["files"].append({"path": path.replace("HERE", str(tmp_path)), "sha256": "0"})
    (out / "index.json").write_text(json.dumps(index))
    write_folder(out, SECOND, force=True)
    assert outside.read_text() == "keep"
    assert (tmp_path / "elsewhere" / "x.txt").read_text() == "keep"


@pytest.mark.parametrize("fails_at", range(1, 9))
def test_where_a_move_fails_everything_is_put_back(
    out: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    write_folder(out, FIRST)
    moves = 0

    def failing(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def move(self: Path, target: Path) -> Path:
            nonlocal moves
            moves += 1
            if moves == fails_at:
                raise OSError(28, "No space left on device")
            return real(self, target)

        return move

    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, failing(getattr(Path, name)))
    expected = SECOND
    try:
        write_folder(out, SECOND)
    except OutputError:
        expected = FIRST
    assert contents(out) == expected
    assert (expected is FIRST) == (fails_at < 7)


def test_where_not_even_that_works_the_old_files_are_kept_and_named(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(out, FIRST)
    replace, broken = Path.replace, False

    def failing(self: Path, target: Path) -> Path:
        nonlocal broken
        broken = broken or self.name == "new.txt"
        if broken:
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError) as error:
        write_folder(out, SECOND)
    _, *problems = error.value.problems
    assert all("cannot be restored" in problem.message for problem in problems)
    kept = [Path(problem.hint.removeprefix("the old content is in ")).read_bytes() for problem in problems]
    assert sorted(kept) == [b"1", b"2", b"3"]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_the_name_of_a_file_is_never_replaced(out: Path, force: bool) -> None:
    (out / "a.txt").mkdir(parents=True)
    (out / "a.txt" / "mine").write_text("mine")
    with pytest.raises(OutputError, match="is a folder" if force else "did not write: a.txt"):
        write_folder(out, FIRST, force=force)
    assert contents(out) == {"a.txt/mine": b"mine"}


def test_an_edited_file_without_successor_stays_where_force_is_given(out: Path) -> None:
    write_folder(out, FIRST)
    (out / "gone" / "c.txt").write_text("edited")
    assert write_folder(out, SECOND, force=True) == 0
    assert (out / "gone" / "c.txt").read_text() == "edited"


def test_a_new_folder_that_cannot_be_filled_leaves_nothing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(OutputError, match="no space left"):
        write_folder(out / "deep" / "er", FIRST)
    assert not out.exists()


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    def reverse(found: Mapping[str, bytes]) -> dict[str, bytes]:
        return dict(reversed(list(found.items())))

    write_folder(tmp_path / "one", FIRST)
    write_folder(tmp_path / "two", reverse(FIRST))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_files_may_come_one_at_a_time(tmp_path: Path) -> None:
    assert write_folder(tmp_path / "one", iter(FIRST.items())) == 0
    assert write_folder(tmp_path / "one", iter(SECOND.items())) == 1
    assert contents(tmp_path / "one") == SECOND


def test_files_that_come_one_at_a_time_are_put_on_disk_at_once(out: Path) -> None:
    def pairs() -> Iterator[tuple[str, bytes]]:
        for path, data in FIRST.items():
            yield path, data
            (staged,) = out.glob(f"{PREFIX}*/new/{path}")
            assert staged.read_bytes() == data
            assert not (out / path).exists()

    write_folder(out, pairs())
    assert contents(out) == FIRST


def test_nothing_is_made_where_the_folder_is_anothers(out: Path) -> None:
    def pairs() -> Iterator[tuple[str, bytes]]:
        raise AssertionError("asked for a file")
        yield

    write_folder(out, FIRST)
    with pytest.raises(OutputError, match="holds the layers of one set"):
        write_folder(out, pairs(), command="site")
    assert contents(out) == FIRST


def test_where_the_making_of_files_stops_nothing_has_changed(out: Path) -> None:
    def pairs() -> Iterator[tuple[str, bytes]]:
        yield "a.txt", b"new"
        raise KeyboardInterrupt

    write_folder(out, FIRST)
    with pytest.raises(KeyboardInterrupt):
        write_folder(out, pairs())
    assert contents(out) == FIRST


def test_an_input_is_kept_from_files_that_come_one_at_a_time(out: Path) -> None:
    out.mkdir()
    (out / "a.txt").write_text("an input")
    with pytest.raises(OutputError, match="this input would be overwritten or removed"):
        write_folder(out, iter(FIRST.items()), force=True, keep=[out / "a.txt"])
    assert contents(out) == {"a.txt": b"an input"}
