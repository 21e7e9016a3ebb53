"""SVG, PNG and PDF files of layers: the same bytes every time, sizes, pages, letters that the font lacks."""

from __future__ import annotations

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from render_helpers import layer, picture, scored, view

from navlayers.errors import UsageError
from navlayers.output.drawing import pictures, typeset
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.shapes import Drawing, Group, Rect

RAMP = {"colors": ["#deebf7", "#6baed6", "#08519c"], "minValue": 0, "maxValue": 100}


def test_the_same_layer_gives_the_same_bytes() -> None:
    one, options = view(scored("ics")), RenderOptions(page="A4", zoom=0.5)
    assert pictures.render_png(one, options) == pictures.render_png(one, options)
    assert pictures.render_pdf([one], options) == pictures.render_pdf([one], options)


@pytest.mark.parametrize(("options", "expected"), [
    ({"zoom": 1}, (1280, 720)), ({"zoom": 0.5}, (640, 360)),
    ({"dpi": 72}, (960, 540)), ({"dpi": 150}, (2000, 1125)),
])  # fmt: skip
def test_a_png_has_the_size_that_is_asked_for(options: dict[str, float], expected: tuple[int, int]) -> None:
    data = pictures.render_png(view(layer([])), RenderOptions(page="16:9", **options)).data  # type: ignore[arg-type]
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == expected


@pytest.mark.parametrize(("options", "dpi"), [({"zoom": 1}, 96), ({"dpi": 150}, 150)])
def test_a_png_says_its_resolution_so_that_it_is_pasted_as_large_as_the_page(
    options: dict[str, float], dpi: float
) -> None:
    data = pictures.render_png(view(layer([])), RenderOptions(page="16:9", **options)).data  # type: ignore[arg-type]
    image = Image.open(BytesIO(data))
    image.load()
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    assert image.width / dpi == pytest.approx(40 / 3, abs=0.01)


def test_a_png_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match="million pixels"):
        pictures.render_png(view(scored()), RenderOptions(page="poster", zoom=16))


def test_a_png_has_the_cells_colours() -> None:
    document = scored("ics", gradient=RAMP)
    drawn = picture(document, page="16:9")
    data = pictures.render_png(view(document), RenderOptions(page="16:9", dpi=72)).data
    image = Image.open(BytesIO(data)).convert("RGB")
    for cell in drawn.cells.values():
        box = cell.rects[0]
        pixel = image.getpixel((int(box.left + 1.5), int(box.bottom - 2)))
        assert "#{:02x}{:02x}{:02x}".format(*pixel) == box.fill  # type: ignore[misc]


@pytest.mark.parametrize("dpi", [72, 140, 150, 170])
def test_no_row_of_pixels_is_lost(dpi: float) -> None:
    """A picture that is a little more or less than its pixels is resampled: then rows vanish amid words."""
    rects = tuple(Rect(0, 72 / dpi * row, 30, 72 / dpi, "#000000") for row in range(0, 1600, 2))
    drawing = Drawing(841.89, 595.28, "rows", "", "#ffffff", (Group("rows", "", rects),))
    image = Image.open(BytesIO(typeset.to_png(drawing, dpi))).convert("L")
    column = [image.getpixel((5, row)) for row in range(image.height - 1)]
    assert all((value < 128) == (row % 2 == 0) for row, value in enumerate(column))  # type: ignore[operator]


def test_a_pdf_has_a_page_and_an_entry_of_its_outline_per_layer() -> None:
    views = [view(scored("ics", name=f"layer {number}")) for number in range(3)]
    data = pictures.render_pdf(views, RenderOptions(page="A4")).data
    streams = [zlib.decompress(part.partition(b"endstream")[0]) for part in _streams(data)]
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type/Page\n") + data.count(b"/Type/Page/") == 3
    for number in range(3):
        assert b"/Title(layer %d)/Dest" % number in data
    assert b"841.89" in data
    assert any(b"BT" in stream for stream in streams)
    with pytest.raises(UsageError):
        pictures.render_pdf([], RenderOptions())


def _streams(data: bytes) -> list[bytes]:
    parts = data.split(b"stream\n")
    return [part for part in parts if part[:1] == b"x"]


def test_letters_that_the_font_lacks_do_not_change_the_others() -> None:
    options = RenderOptions(page="A4")
    signs = pictures.render_pdf([view(layer([], "ics", name="before → after ≥ ✓ ↔ Δ"))], options)
    assert not signs.notices
    usual = pictures.render_pdf([view(layer([], "ics"))], options).data.count(b"/BaseFont")
    assert signs.data.count(b"/BaseFont") == usual
    # A third font beside those of names and of the rest.
    other = pictures.render_pdf([view(layer([], "ics", description="before ☐ after"))], options)
    assert (usual, other.data.count(b"/BaseFont")) == (4, 6)
    made = pictures.render_png(view(layer([], "ics", name="中文")), RenderOptions(page="A4", zoom=0.2))
    assert "no letters" in str(made.notices[0])


def test_a_tiny_layer_is_drawn_as_before() -> None:
    document = layer(
        [{"techniqueID": "T1059.001", "score": 50, "comment": "seen"}, {"techniqueID": "T1059", "enabled": False}],
        gradient=RAMP,
    )
    data = pictures.render_svg(view(document), RenderOptions(detail="scored")).data
    reviewed = Path(__file__).with_name("golden") / "render" / "tiny.svg"
    if os.environ.get("REWRITE_GOLDEN"):
        reviewed.write_bytes(data)
    assert data.decode() == reviewed.read_text("utf-8")
