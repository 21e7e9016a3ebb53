"""The output folder: whole or not at all, nothing foreign touched, the same bytes everywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROWS, build, contents, write_set

import navlayers
from navlayers.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable


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


def test_an_edited_layer_that_is_not_built_again_stays_when_forced(out: Path, one: Path) -> None:
    build(out, one)
    edited = out / "one" / "capabilities" / "mfa.json"
    edited.write_text("mine", encoding="utf-8")
    navlayers.build(one, output=out, only=["overview"], force=True)
    assert edited.read_text(encoding="utf-8") == "mine"
    assert not (out / "one" / "capabilities" / "ids.json").exists()


def test_an_empty_folder_among_the_layers_stays(out: Path, one: Path) -> None:
    build(out, one)
    (out / "one" / "mine").mkdir()
    build(out, one)
    assert (out / "one" / "mine").is_dir()


def test_the_order_in_which_kinds_are_asked_for_never_shows(out: Path, one: Path, tmp_path: Path) -> None:
    navlayers.build(one, output=out, only=["groups", "capabilities", "overview"])
    navlayers.build(one, output=tmp_path / "other", only=["overview", "capabilities", "groups"])
    assert contents(out) == contents(tmp_path / "other")


def test_an_index_that_is_no_file_is_no_index(out: Path, one: Path) -> None:
    build(out, one)
    (out / "one" / "index.json").unlink()
    os.mkfifo(out / "one" / "index.json")
    with pytest.raises(OutputError, match="did not write: one"):
        build(out, one)
