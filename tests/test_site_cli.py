"""`navlayers site`: what it writes, refuses and overwrites, and that it writes the same bytes again."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import CORPUS, active_techniques, contents, write_set
from site_pages import assert_sound, ics, pages_of, prepared

from navlayers.mapping.find import resolve
from navlayers.website import Site, write_site

if TYPE_CHECKING:
    from conftest import Run


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return ics(tmp_path / "in" / "tiny.json")


def test_the_command_writes_a_site_and_prints_its_path(run: Run, tmp_path: Path, tiny: Path) -> None:
    result = run("site", tiny, "-o", tmp_path / "out", "--title", "Our <controls>")
    assert result.code == 0, result.err
    assert result.out.split()[:5] == ["set", "ATT&CK", "groups", "capabilities", "mappings"]
    assert result.err.splitlines()[-1] == f"open {tmp_path / 'out' / 'index.html'}"
    site = pages_of(contents(tmp_path / "out"))
    assert_sound(site)
    assert site.pages["index.html"].headings[0] == (1, "Our <controls>")


def test_quiet_prints_nothing(run: Run, tiny: Path) -> None:
    assert run("site", tiny, "-q") == (0, "", "")
    assert Path("site/index.html").exists()


def test_a_second_site_replaces_the_first_and_removes_its_other_files(
    run: Run, out: Path, tiny: Path, tmp_path: Path
) -> None:
    run("site", tiny, "veris-ics", "-o", out)
    first = contents(out)
    result = run("site", tiny, "-o", out)
    assert result.code == 0
    assert re.search(r"removed \d+ files of an earlier run", result.err)
    run("site", tiny, "-o", tmp_path / "other")
    assert contents(out) == contents(tmp_path / "other")
    assert first != contents(out)


def test_foreign_files_are_not_overwritten(run: Run, out: Path, tiny: Path) -> None:
    out.mkdir()
    (out / "index.html").write_text("mine")
    result = run("site", tiny, "-o", out)
    assert result.code == 2
    assert "holds files that navlayers did not write: index.html" in result.err
    assert contents(out) == {"index.html": b"mine"}
    (out / "mine.txt").write_text("mine, too")
    assert run("site", tiny, "-o", out, "--force").code == 0
    assert (out / "mine.txt").read_text() == "mine, too"
    assert (out / "index.html").read_text() != "mine"


def test_the_folder_of_another_command_is_refused(run: Run, out: Path, tiny: Path, tmp_path: Path) -> None:
    run("compare", tiny, ics(tmp_path / "other.json"), "-o", out)
    result = run("site", tiny, "-o", out)
    assert result.code == 2
    assert "holds the results of navlayers compare" in result.err
    run("build", tiny, "-o", out / "built")
    assert "holds the layers of sets" in run("site", tiny, "-o", out / "built").err


def test_inputs_are_not_overwritten(run: Run, out: Path, tiny: Path) -> None:
    run("site", tiny, "-o", out)
    source = out / "sets" / "tiny" / "downloads" / "tiny.yaml"
    before = contents(out)
    for options in ([], ["--force"]):
        result = run("site", source, "-o", out, *options)
        assert result.code == 2
        assert "this input would be overwritten or removed" in result.err
        assert contents(out) == before


def test_a_bad_set_writes_nothing(run: Run, out: Path, bad: Path, tiny: Path) -> None:
    result = run("site", tiny, bad, "-o", out)
    assert result.code == 2
    assert "T99" in result.err
    assert not out.exists()


def test_standard_output_is_refused_as_a_folder(run: Run, tiny: Path) -> None:
    result = run("site", tiny, "-o", "-")
    assert (result.code, result.out) == (2, "")
    assert "site writes a folder" in result.err


def test_a_site_has_a_title(run: Run, tiny: Path, out: Path) -> None:
    result = run("site", tiny, "--title", " ", "-o", out)
    assert result.code == 2
    assert "the title is empty" in result.err
    assert not out.exists()


def test_the_files_can_be_made_again(tiny: Path) -> None:
    site = Site(prepared(tiny))
    assert dict(site.files()) == dict(site.files())


def test_attack_remaps_all_sets_to_one_release(run: Run, out: Path, tmp_path: Path) -> None:
    revoked = write_set(tmp_path / "revoked.json")
    result = run("site", revoked, "intel-vpro", "--attack", "18.1", "-o", out)
    assert result.code == 0, result.err
    assert "remapped to ATT&CK 18.1" in result.err
    site = pages_of(contents(out))
    assert_sound(site)
    text = site.text("sets/intel-vpro/index.html")
    assert "ATT&CK Enterprise 18.1 , made for 15.1" in text
    assert "T1053.001 At (Linux) → T1053.002 At" in site.text("sets/revoked/index.html")


def test_the_default_input_is_the_folder_mappings(run: Run) -> None:
    ics(Path("mappings") / "ours.json")
    result = run("site", "-q")
    assert result.code == 0, result.err
    assert Path("site/sets/ours/index.html").exists()


def test_sets_of_equal_names_get_distinct_folders(run: Run, out: Path, tmp_path: Path) -> None:
    one, two = (ics(tmp_path / folder / "controls.json") for folder in ("old", "new"))
    result = run("site", one, two, "-o", out)
    assert result.code == 0, result.err
    assert {path.name for path in (out / "sets").iterdir()} == {"old-controls", "new-controls"}
    assert_sound(pages_of(contents(out)))


def test_progress_is_reported_per_file(tiny: Path, out: Path) -> None:
    told: list[int] = []
    written = write_site(resolve([str(tiny)]), out, on_file=told.append)
    assert len(told) == written.files == len(contents(out))
    assert set(told) == {written.files}
    assert written.size == sum(map(len, contents(out).values()))


def _shuffled(path: Path, seed: int) -> Path:
    """Google's set on techniques of Mobile, a fifth of the pages, rows in an order of the seed."""
    document = json.loads(next(CORPUS.glob("gcp*.json")).read_bytes())
    document["metadata"]["technology_domain"] = "mobile"
    mobile = cycle(sorted(active_techniques("mobile", "16.1")))
    moved = {
        one["attack_object_id"]: next(mobile) for one in document["mapping_objects"] if one["attack_object_id"]
    }
    for one in document["mapping_objects"]:
        one["attack_object_id"] = moved.get(one["attack_object_id"])
    random.Random(seed).shuffle(document["mapping_objects"])  # noqa: S311 - an order, not a secret
    path.parent.mkdir()
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_order_of_rows_and_hashes_does_not_change_the_bytes(corpus: Path, tmp_path: Path) -> None:
    found = []
    for seed in (1, 2):
        source = _shuffled(tmp_path / str(seed) / "gcp.json", seed)
        subprocess.run(
            [sys.executable, "-m", "navlayers", "site", source, "-q", "-o", tmp_path / f"out{seed}"],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "TZ": ("UTC", "Asia/Tokyo")[seed - 1]},
            check=True,
        )
        found.append(contents(tmp_path / f"out{seed}"))
    # The set in other formats has its rows in the order of the file, so that packed they differ in size, too.
    for files in found:
        for path in [path for path in files if "/downloads/" in path]:
            del files[path]
        del files["index.json"]
        page = files["sets/gcp/index.html"]
        files["sets/gcp/index.html"] = re.sub(rb'data-name="Size">[^<]*', b"", page)
    assert found[0] == found[1]
