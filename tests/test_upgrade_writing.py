"""What `navlayers upgrade` leaves behind where a file cannot be written, or changes at the same time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import contents
from upgrade_helpers import layer, put

import navlayers
from navlayers.api.upgrade import upgrade_files
from navlayers.mapping.find import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Run


@pytest.fixture
def two(tmp_path: Path) -> Path:
    for name in ("a.json", "b.json"):
        put(tmp_path / "in" / name, layer("T1053.001"))
    return tmp_path / "in"


def test_if_one_file_cannot_be_replaced_none_is(run: Run, two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if target.name == "b.json":
            raise PermissionError(1, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    before = contents(two)
    options = ("--attack", "17.1", "--in-place", "--report", "r.md")
    result = run("upgrade", two / "a.json", two / "b.json", *options)
    assert result.code == 2
    assert result.err.splitlines()[-1] == (
        f"navlayers: {two}/b.json: cannot be written: operation not permitted (nothing is written)"
    )
    assert contents(two) == before
    assert contents(Path()) == {}


@pytest.mark.parametrize("report", ["/dev/full", "/proc/no-such/r.md"])
def test_a_report_that_cannot_be_written_leaves_the_files_as_they_are(run: Run, two: Path, report: str) -> None:
    before = contents(two)
    result = run("upgrade", two, "--attack", "17.1", "--in-place", "--report", report)
    assert result.code == 2
    assert f"{report}: cannot be written" in result.err
    assert "nothing is written" in result.err
    assert contents(two) == before


def test_no_folder_is_created_for_results_that_cannot_be_written(run: Run, two: Path) -> None:
    assert run("upgrade", two, "--attack", "17.1", "-o", "new/deep", "--report", "/dev/full").code == 2
    assert contents(Path()) == {}
    assert not Path("new").exists()


def test_a_report_named_as_standard_output_is_refused(run: Run, two: Path) -> None:
    result = run("upgrade", two, "--attack", "17.1", "--report", "-")
    assert result.code == 2
    assert "the report is always on standard output" in result.err
    assert contents(Path()) == {}


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        (lambda path: path.write_bytes(b"mine"), "the file was changed during the upgrade"),
        (lambda path: path.unlink(), "cannot read the file again: No such file or directory"),
    ],
)
def test_a_file_that_changes_during_the_upgrade_is_not_overwritten(
    two: Path, meanwhile: Callable[[Path], object], words: str
) -> None:
    path, other = two / "a.json", two / "b.json"
    before = other.read_bytes()

    def change() -> None:
        if path.exists():
            meanwhile(path)

    with pytest.raises(navlayers.NavlayersError) as caught:
        upgrade_files(resolve([str(path), str(other)]), "17.1", in_place=True, on_input=change)
    (problem,) = caught.value.problems
    assert (problem.message, problem.hint) == (words, "nothing was written; run the upgrade again")
    assert other.read_bytes() == before


def test_a_folder_that_disappears_during_the_upgrade_does_not_matter(two: Path, tmp_path: Path) -> None:
    (two / "b.json").unlink()

    def move() -> None:
        two.rename(tmp_path / "elsewhere")

    done = upgrade_files(resolve([str(two)]), "17.1", output=str(tmp_path / "new"), on_input=move)
    assert done.written == (str(tmp_path / "new" / "a.json"),)


@pytest.mark.parametrize("kind", ["layer", "set"])
def test_lenient_in_place_drops_nothing_without_force(run: Run, tmp_path: Path, kind: str) -> None:
    if kind == "layer":
        path = tmp_path / "layer.json"
        entries = [{"techniqueID": "T1562.001", "score": 1}, {"techniqueID": "no id", "score": 2}]
        path.write_text(
            json.dumps(
                {
                    "name": "own",
                    "versions": {"attack": "16", "layer": "4.5"},
                    "domain": "enterprise-attack",
                    "techniques": entries,
                }
            ),
            encoding="utf-8",
        )
    else:
        path = tmp_path / "set.yaml"
        text = "framework: own\nversion: '1'\ndomain: enterprise\nattack_version: '16.1'\ncapabilities:\n"
        entries_of = "  a: {techniques: {T1562.001: {protect: 50}}}\n  b: {techniques: {no id: {protect: 50}}}\n"
        path.write_text(text + entries_of, encoding="utf-8")
    before = path.read_bytes()
    done = run("upgrade", path, "--attack", "19.1", "--in-place", "--lenient")
    assert done.code != 0
    assert "writing in place would lose left out 1 entry with errors" in done.err
    assert path.read_bytes() == before
    done = run("upgrade", path, "--attack", "19.1", "--in-place", "--lenient", "--force")
    assert (done.code, b"T1685" in path.read_bytes(), b"no id" in path.read_bytes()) == (0, True, False)
