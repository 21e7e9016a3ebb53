"""Pipes, devices, links and folders where files of ATT&CK releases, or results, are expected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attack_helpers import bundle, thing, write

from navlayers import attack
from navlayers.attack import files as attack_files
from navlayers.errors import InputError, NavlayersError, OutputError, UsageError
from navlayers.output import files

if TYPE_CHECKING:
    from conftest import Run

SET = """\
# yaml-language-server: $schema=navlayers.schema.json
framework: demo
version: "1"
domain: enterprise
attack_version: "16.1"
non_mappable:
  T1078:
"""
ODD = "not a regular file"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for releases."""
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data" / "attack").mkdir(parents=True)
    return tmp_path / "data" / "attack"


def test_a_pipe_or_a_device_is_not_read_as_a_bundle(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    for name in (tmp_path / "fifo.json", tmp_path / "zero.json", "/dev/zero"):
        assert run("attack", "add", name) == (2, "", f"navlayers: {name}: {ODD}; expected a file\n")


@pytest.mark.parametrize("name", ["enterprise-29.1.json", "enterprise-16.1.json", "enterprise-18.1.threats.json"])
def test_a_pipe_or_a_device_among_the_added_releases_is_a_notice_and_removed(
    run: Run, folder: Path, name: str
) -> None:
    for make in (os.mkfifo, lambda path: Path(path).symlink_to("/dev/zero")):
        make(folder / name)
        listed = run("attack", "list")
        assert (listed.code, listed.out.count("yes")) == (0, 18)
        assert f"{folder / name}: invalid added ATT&CK release: {ODD}" in listed.err
        assert attack.find("enterprise", "16").release.builtin
        version = name.removeprefix("enterprise-")[:4]
        assert run("attack", "remove", version).code == 0
        assert list(folder.iterdir()) == []


def test_more_than_the_limit_is_not_read_even_where_the_size_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 11)
    with pytest.raises(InputError, match="larger than"):
        attack_files.read_bytes(path, 10)
    assert attack_files.read_bytes(path, 11) == b"x" * 11
    with pytest.raises(InputError, match="larger than"):
        attack_files.read_bytes(Path("/proc/self/status"), 10)


def test_names_that_the_file_system_refuses_are_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for name in ("x" * 300, tmp_path / "loop"):
        result = run("attack", "add", name)
        assert result.code == 2
        assert "cannot read the file: " in result.err
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", "~nosuch/x")
    with pytest.raises(UsageError, match='NAVLAYERS_DATA_DIR is "~nosuch/x", whose home folder does not exist'):
        attack.user_folder()
    assert run("attack", "list").code == 2


def test_a_folder_that_refuses_is_told(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> os.stat_result:
        if folder in self.parents:
            raise PermissionError(13, "Permission denied", str(self))
        return stat(self, *args, **kwargs)  # type: ignore[arg-type]

    stat = Path.stat
    (folder / "enterprise-29.1.json").write_text("{}")
    monkeypatch.setattr(Path, "stat", refuse)
    result = run("attack", "remove", "29.1")
    assert result.code == 2
    assert result.err.endswith("cannot be written: permission denied\n")
    listed = run("attack", "list")
    assert (listed.code, listed.out.count("yes")) == (0, 18)
    assert "cannot read the file: Permission denied" in listed.err


def test_what_is_converted_goes_into_pipes_and_devices_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "set.yaml").write_text(SET)
    for target in ("/dev/stdout", "/dev/zero"):
        line = f"{sys.executable} -m navlayers convert set.yaml -q -o {target} | cat"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        assert done.stdout == (SET if target == "/dev/stdout" else "")


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (
        tmp_path / "loop",
        tmp_path / "loop" / "a",
        tmp_path / ("x" * 300),
        Path("/dev/full"),
        Path("a\0b"),
    ):
        with pytest.raises(OutputError, match="cannot be written: "):
            files.write(b"text", path)


def test_broken_threats_are_a_notice_and_everything_else_works(run: Run, tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path, bundle(thing("intrusion-set", "G0001", "Group")), "enterprise-attack-20.0.json")
    assert run("attack", "add", "-q", path).code == 0
    (folder / "enterprise-20.0.threats.json").write_text("{")
    result = run("attack", "list")
    assert result.code == 0
    assert ["enterprise", "20.0", "2", "1", "1", "-", "-", "-", "no"] in [
        line.split() for line in result.out.splitlines()
    ]
    assert f"{folder / 'enterprise-20.0.threats.json'}:1:2: invalid added ATT&CK release" in result.err
    assert run("attack", "list", "-q").err == ""
    release = attack.find("enterprise", "20.0").release
    assert not attack.has_threats(release)
    with pytest.raises(NavlayersError):
        attack.threats(release)


def test_what_was_added_and_removed_is_told_to_machines(run: Run, tmp_path: Path, folder: Path) -> None:
    path = write(tmp_path, bundle(), "enterprise-attack-20.0.json")
    code, out, err = run("attack", "add", path, "--json", "-q")
    (added,) = json.loads(out)
    assert (code, err) == (0, "")
    assert (added["domain"], added["version"], added["techniques"], added["built_in"]) == (
        "enterprise",
        "20.0",
        1,
        False,
    )
    code, out, err = run("attack", "remove", "20.0", "--json", "-q")
    assert (code, err) == (0, "")
    file = str(folder / "enterprise-20.0.json")
    assert json.loads(out) == [{"domain": "enterprise", "version": "20.0", "path": file}]


def test_a_version_with_control_characters_is_made_visible(run: Run) -> None:
    with pytest.raises(NavlayersError, match=r'"\\x1b\[31m\\n16" is not an ATT&CK version'):
        attack.find("enterprise", "\x1b[31m\n16")
    assert "\x1b" not in run("attack", "remove", "\x1b[31m").err
