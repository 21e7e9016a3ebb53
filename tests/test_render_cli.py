"""`navlayers render` as its users call it: what is written where, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Run, contents

from navlayers.api import render

if TYPE_CHECKING:
    from pathlib import Path

LAYER: dict[str, Any] = {
    "name": "Mine",
    "domain": "enterprise-attack",
    "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
    "techniques": [{"techniqueID": "T1078", "score": 50}, {"techniqueID": "T1110.001", "score": 100}],
}
STARTS = {
    "svg": b"<?xml ",
    "png": b"\x89PNG",
    "pdf": b"%PDF",
    "xlsx": b"PK",
    "html": b"<!doctype html>",
    "md": b"# ",
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(LAYER))
    return path


@pytest.fixture
def several(tmp_path: Path) -> Path:
    path = tmp_path / "several.json"
    path.write_text(json.dumps([{**LAYER, "name": "Last/one"}, {**LAYER, "name": "First"}]))
    return path


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "xlsx", "html", "md", "csv"])
def test_the_ending_of_the_file_says_the_format(run: Run, mine: Path, tmp_path: Path, ending: str) -> None:
    target = tmp_path / "new" / f"picture.{ending}"
    done = run("render", mine, "-o", target)
    assert (done.code, done.out, done.err) == (0, "", f"wrote {target}\n")
    data = target.read_bytes()
    assert data.startswith(STARTS.get(ending, b"")), data[:40]
    assert b"T1110.001" in data or ending in ("png", "pdf", "xlsx")
    assert run("render", mine, "-o", target).err == f"{target} is up to date\n"


def test_without_anything_an_svg_is_written_into_the_current_folder(run: Run, mine: Path, tmp_path: Path) -> None:
    assert run("render", mine).err == "wrote mine.svg\n"
    assert (tmp_path / "cwd" / "mine.svg").read_bytes().startswith(b"<?xml ")


def test_a_folder_gets_a_file_per_input_and_format_and_per_layer_where_one_holds_one(
    run: Run, mine: Path, several: Path, out: Path
) -> None:
    assert run("render", mine, several, "--format", "svg,pdf", "-o", out).code == 0
    assert sorted(contents(out)) == [
        *("mine.pdf", "mine.svg", "several-01-first.svg", "several-02-last-one.svg", "several.pdf"),
    ]


def test_all_layers_go_into_one_file_where_the_format_has_room(
    run: Run, mine: Path, several: Path, tmp_path: Path
) -> None:
    assert run("render", several, mine, "-o", tmp_path / "all.md").code == 0
    text = (tmp_path / "all.md").read_text()
    assert text.index("First") < text.index("Last/one") < text.index("Mine")
    refused = run("render", several, "-o", tmp_path / "all.svg")
    assert (refused.code, refused.out) == (2, "")
    assert "svg holds one layer, but there are 2" in refused.err


def test_more_layers_than_a_file_holds_in_little_memory_are_refused_before_they_are_drawn(
    run: Run, tmp_path: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tmp_path / "many.json"
    many.write_text(json.dumps([LAYER] * 101))
    refused = run("render", many, "--format", "xlsx", "-o", tmp_path / "out")
    assert (refused.code, refused.out) == (2, "")
    assert (
        "xlsx holds at most 100 layers with 20,000 techniques, but there are 101 layers (svg and png have a file "
        "per layer, and pptx, html, md and csv hold more)\n"
    ) in refused.err
    with monkeypatch.context() as patch:
        patch.setattr(render, "_TECHNIQUES", 1)
        many.write_text(json.dumps([LAYER] * 26))
        refused = run("render", many, "-o", tmp_path / "all.pdf")
        assert "50 layers with 50 techniques, but there are 26 layers with 52 techniques (" in refused.err
        patch.setitem(render.FORMATS, "pdf", render.FORMATS["pdf"]._replace(most=1))
        refused = run("render", mine, "-o", tmp_path / "all.pdf")
        assert (
            "a file in pdf holds at most 1 layer with 1 technique, but there is 1 layer with 2 tech" in refused.err
        )
    (tmp_path / "layers").mkdir()
    for number in range(51):
        # Files that cannot be read show that none is.
        (tmp_path / "layers" / f"{number}.json").write_text("{")
    refused = run("render", *sorted((tmp_path / "layers").iterdir()), "-o", tmp_path / "all.pdf")
    assert "pdf holds at most 50 layers with 10,000 techniques, but there are 51 layers (" in refused.err
    assert "hold more; in a folder (-o) each input has a file of its own)" in refused.err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "all.pdf").exists()


def test_standard_output_gets_the_bytes_alone(run: Run, mine: Path) -> None:
    done = run("render", "-", "--format", "csv", "-o", "-", stdin=mine.read_bytes())
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("technique,")


def test_sets_are_drawn_by_their_overview(run: Run, tmp_path: Path) -> None:
    assert run("render", "veris-ics", "-o", tmp_path / "ics.svg").code == 0
    assert "VERIS" in (tmp_path / "ics.svg").read_text()


def test_a_layer_is_carried_to_another_release_first(run: Run, mine: Path, tmp_path: Path) -> None:
    mine.write_text(json.dumps({**LAYER, "techniques": [{"techniqueID": "T1574.002", "score": 70}]}))
    run("render", mine, "-o", tmp_path / "at.csv", "--attack", "18.1")
    assert "\nT1574.001," in (tmp_path / "at.csv").read_text("utf-8-sig")


def test_nothing_is_overwritten_that_was_not_meant_to_be(run: Run, mine: Path, several: Path, out: Path) -> None:
    out.mkdir()
    (out / "mine.svg").write_text("mine")
    done = run("render", mine, several, "-o", out)
    assert (done.code, done.out) == (2, "")
    assert f"{out / 'mine.svg'}: the file exists and holds something else" in done.err
    assert contents(out) == {"mine.svg": b"mine"}
    assert run("render", mine, "-o", out, "--force").code == 0
    assert contents(out)["mine.svg"].startswith(b"<?xml ")


def test_an_input_is_never_written_over(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("technique,score\nT1078,50\n")
    done = run("render", path, "-o", path, "--force")
    assert (done.code, path.read_text()) == (2, "technique,score\nT1078,50\n")


def test_one_broken_input_stops_all(run: Run, mine: Path, tmp_path: Path, out: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"name": "x", "techniques": [')
    done = run("render", mine, broken, "-o", out)
    assert (done.code, out.exists()) == (2, False)
    assert "broken.json:1:" in done.err


def test_what_cannot_be_drawn_is_told(run: Run, mine: Path, out: Path) -> None:
    mine.write_text(json.dumps({**LAYER, "techniques": [{"techniqueID": "T9999", "score": 1}]}))
    done = run("render", mine, "-o", out)
    assert done.code == 0
    assert "note: mine: left out, not active in ATT&CK 16.1: T9999: newer than ATT&CK enterprise 19.1" in done.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "no input given"),
        (["gcp", "--format", "docx"], 'unknown format "docx"; expected svg, png, pdf, pptx, xlsx, html, md, csv'),
        (["gcp", "-o", "x.docx"], 'the ending of "x.docx" does not name a format'),
        (["gcp", "--format", "svg,pdf", "-o", "x.svg"], '"x.svg" cannot hold svg, pdf'),
        (["gcp", "--format", "svg,pdf", "-o", "-"], "standard output takes only one format"),
        (["gcp", "-o", ""], "-o is empty"),
        (["gcp", "--show", "colour"], 'unknown content of cells "colour"'),
        (["gcp", "--margin", "999"], "margin: 999 is out of range"),
        (["gcp", "--zoom", "nan"], '--zoom "nan" is not a number'),
        (["gcp", "--attack", "99"], "ATT&CK enterprise 99 is not installed"),
        (["nope.json"], "no such file"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, tmp_path: Path, args: list[str], words: str) -> None:
    done = run("render", *args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert not list((tmp_path / "cwd").iterdir())


def test_options_without_effect_are_told(run: Run, mine: Path, out: Path) -> None:
    done = run("render", mine, "--format", "csv", "--page", "A4", "--theme", "dark", "-o", out)
    assert "note: --page has no effect on csv\n" in done.err
    assert "note: --theme has no effect" in done.err
    assert "--zoom has no effect: no PNG" in run("render", mine, "--zoom", "3", "-o", out).err
    done = run("render", mine, "--format", "png", "--zoom", "1", "--dpi", "96", "-o", out)
    assert "--zoom has no effect with --dpi" in done.err


def test_of_a_folder_the_layers_are_drawn(run: Run, mine: Path, several: Path, out: Path) -> None:
    (mine.parent / "notes.csv").write_text("a,b\n")
    (mine.parent / "index.json").write_text("{}")
    done = run("render", mine.parent, "--format", "csv", "-o", out)
    assert sorted(contents(out)) == ["mine.csv", "several.csv"]
    words = "skipped 2 files of this folder: index.json, notes.csv (rendered: mine.json, several.json)"
    assert words in done.err


def test_of_a_folder_that_navlayers_wrote_the_file_of_all_layers_is_enough(
    run: Run, out: Path, tmp_path: Path
) -> None:
    run("gaps", "gcp", "--threat", "APT29", "-o", tmp_path / "gaps", "-q")
    assert run("render", tmp_path / "gaps", "-o", out).code == 0
    assert [path.partition("-")[0] for path in sorted(contents(out))] == ["all"] * 3


def test_a_folder_without_layers_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.json").write_text("{}")
    done = run("render", tmp_path / "folder")
    assert (done.code, done.out) == (2, "")
    assert "this folder holds no layers" in done.err


def test_every_input_that_cannot_be_drawn_is_told(run: Run, mine: Path, tmp_path: Path, out: Path) -> None:
    broken = [tmp_path / name for name in ("one.json", "two.json")]
    for path in broken:
        path.write_text('{"name": "x", "techniques": [')
    done = run("render", broken[0], mine, broken[1], "-o", out)
    assert (done.code, out.exists()) == (2, False)
    assert "one.json:1:" in done.err
    assert "two.json:1:" in done.err


def test_inputs_whose_names_would_meet_get_files_of_their_own(
    run: Run, mine: Path, tmp_path: Path, out: Path
) -> None:
    (tmp_path / "a b.json").write_bytes(mine.read_bytes())
    (tmp_path / "a-b.json").write_bytes(mine.read_bytes())
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.json").write_bytes(mine.read_bytes())
    assert run("render", tmp_path / "a b.json", tmp_path / "a-b.json", "--format", "csv", "-o", out).code == 0
    assert len(contents(out)) == 2
    assert run("render", mine, tmp_path / "x" / "mine.json", "--format", "csv", "-o", out / "more").code == 0
    assert "x-mine.csv" in contents(out / "more")


def test_a_name_with_a_slash_behind_is_a_folder(run: Run, mine: Path, out: Path) -> None:
    assert run("render", mine, "--format", "svg", "-o", f"{out}.svg/").code == 0
    assert (out.with_name("out.svg") / "mine.svg").is_file()


def test_the_folder_of_a_build_names_a_folder_of_layers(run: Run, tmp_path: Path) -> None:
    run("build", "aws", "gcp", "-o", tmp_path / "layers", "--only", "overview")
    err = run("render", tmp_path / "layers", "-o", tmp_path / "out").err
    assert (
        f"no mapping set in this folder; expected a folder with layers (name {tmp_path / 'layers' / 'aws'})" in err
    )
    assert run("render", tmp_path / "layers" / "aws", "-o", tmp_path / "out", "--format", "csv").code == 0
