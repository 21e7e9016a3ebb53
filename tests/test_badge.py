"""`navlayers badge`: the share of ATT&CK in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from render_helpers import read

from navlayers.output.drawing.font import ems

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.mark.parametrize(
    ("name", "value", "title"),
    [
        ("gcp", "44% · 16.1", "ATT&CK: 44% of Enterprise 16.1 covered"),
        ("kev", "24% mapped · 16.1", "ATT&CK: 24% of Enterprise 16.1 mapped"),
        ("nist_800_53", "71% mapped · 16.1", "ATT&CK: 71% of Enterprise 16.1 mapped"),
    ],
)
def test_the_badge_has_the_share_and_the_release(
    run: Run, tmp_path: Path, name: str, value: str, title: str
) -> None:
    path = tmp_path / "coverage.svg"
    done = run("badge", name, "-o", path)
    assert (done.code, done.out) == (0, "")
    badge = read(path.read_bytes(), ())
    assert [text.text for text in badge.texts] == ["ATT&CK", value]
    assert badge.root[0].text == title
    assert badge.height == 15
    (group,) = badge.groups
    for text, box in zip(group.texts, group.rects[-2:], strict=True):
        assert box.left < text.left
        assert text.left + ems(text.text) * text.size < box.right


def test_a_badge_goes_to_standard_output_and_replaces_nothing_else(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "coverage.svg"
    run("badge", "gcp", "-o", path)
    assert run("badge", "gcp").out == path.read_text(encoding="utf-8")
    path.write_text("mine", encoding="utf-8")
    refused = run("badge", "gcp", "-o", path)
    assert (refused.code, path.read_text(encoding="utf-8")) == (2, "mine")
    assert run("badge", "gcp", "-o", path, "--force").code == 0


def test_a_badge_is_an_svg_file_of_one_layer(run: Run, tmp_path: Path) -> None:
    refused = run("badge", "gcp", "-o", tmp_path / "coverage.png")
    assert refused.code == 2
    assert "expected .svg" in refused.err
    run("compare", "gcp", "aws", "-o", tmp_path / "out", "-q")
    several = run("badge", tmp_path / "out" / "all.json")
    assert several.code == 2
    assert "a badge shows one layer, but there are" in several.err
