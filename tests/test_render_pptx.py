"""Presentations: a slide per layer, of shapes and text that can be edited, with notes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from render_helpers import layer, scored, view

from navlayers import UsageError
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.presentation import render_pptx

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

OURS = [{"name": "framework", "value": "mine"}]
PURPLES = {"colors": ["#e0ecf4", "#810f7c"], "minValue": 0, "maxValue": 100}


def deck(*documents: dict[str, Any], **options: Any) -> Any:
    return Presentation(BytesIO(render_pptx([view(each) for each in documents], RenderOptions(**options)).data))


def test_a_slide_has_the_headline_the_squares_and_the_names_as_shapes() -> None:
    entries = [{"techniqueID": "T1078", "score": 100}, {"techniqueID": "T1566", "score": 0}]
    made = deck(layer(entries, gradient=PURPLES, metadata=OURS))
    (slide,) = made.slides
    assert (made.slide_width, made.slide_height) == (12_192_000, 6_858_000), "13.33 by 7.5 inches"
    texts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    assert {"<1%", "of Enterprise 16.1 covered", "Initial Access", "Valid Accounts"} <= set(texts)
    assert not any(shape.shape_type == MSO_SHAPE_TYPE.PICTURE for shape in slide.shapes)
    squares = [shape for shape in slide.shapes if shape.name == "T1078 Valid Accounts"]
    fills = [shape.fill.fore_color.rgb for shape in squares if shape.shape_type == MSO_SHAPE_TYPE.AUTO_SHAPE]
    assert list(map(str, fills)) == ["810F7C"] * 4, "under each of its four tactics"
    assert len({shape.shape_id for shape in slide.shapes}) == len(slide.shapes)


def test_shapes_look_alike_in_powerpoint_and_libreoffice() -> None:
    """LibreOffice draws the shadow of a theme's style, and centers text in boxes that do not wrap."""
    (slide,) = deck(layer([{"techniqueID": "T0800", "score": 100}], "ics", gradient=PURPLES, metadata=OURS)).slides
    tree = slide.shapes._spTree
    assert not tree.findall(".//{*}style")
    assert {body.get("wrap") for body in tree.iterfind(".//{*}txBody/{*}bodyPr")} <= {"square", None}


def test_the_notes_have_the_headline_the_description_and_the_first_gaps() -> None:
    (slide,) = deck(scored("ics", [50], metadata=OURS)).slides
    notes = slide.notes_slide.notes_text_frame.text
    assert notes == "100% of ICS 16.1 covered: 83 of 83 techniques.\nwhat it shows"
    (slide,) = deck(layer([{"techniqueID": "T0800", "score": 50}], "ics", metadata=OURS)).slides
    notes = slide.notes_slide.notes_text_frame.text.split("\n")
    assert notes[0] == "1% of ICS 16.1 covered: 1 of 83 techniques."
    assert notes[1].startswith(
        "Nothing covered in 10 tactics: Initial Access (0 of 12), Impact (0 of 12), +8 more."
    )
    assert notes[3].startswith("Top gaps: ")
    assert notes[3].endswith(", and 72 more.")


def test_a_presentation_has_a_slide_per_layer_and_is_small() -> None:
    views = [view(scored("ics", gradient=PURPLES, name=f"layer {number}")) for number in range(2)]
    data = render_pptx(views, RenderOptions(theme="dark")).data
    assert len(data) < 300_000
    assert len(Presentation(BytesIO(data)).slides) == 2
    with pytest.raises(UsageError):
        render_pptx([], RenderOptions())


def test_the_same_layers_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gcp.pptx"
    assert run("render", "gcp", "-o", path).code == 0
    assert "gcp.pptx is up to date" in run("render", "gcp", "-o", path).err


def test_a_long_title_is_cut_in_the_properties_alone() -> None:
    """A property has 255 characters at most."""
    made = deck(layer([], name="x" * 300))
    assert made.core_properties.title == "x" * 255
