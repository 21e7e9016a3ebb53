"""Colors in pictures: on dark pages, of techniques that are not covered, and in terminals without colors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from navlayers import attack
from navlayers.analysis.plan.layer import LEFT
from navlayers.layer.colors import Gradient
from navlayers.layer.contrast import contrast, dark
from navlayers.layer.ramps import RAMPS, UNCOVERED
from navlayers.layer.view_json import view_of
from navlayers.output import mini_matrix
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.pictures import draw
from navlayers.output.drawing.shapes import Rect, Text
from navlayers.output.drawing.theme import THEMES
from navlayers.output.terminal import Terminal

if TYPE_CHECKING:
    from navlayers.layer.view import View
    from navlayers.output.drawing.theme import Theme

PURPLES = ["#e0ecf4", "#810f7c"]
NOT_COVERED = [{"label": "not covered", "color": UNCOVERED}]


def view(entries: list[dict[str, Any]], colors: list[str], **fields: Any) -> View:
    """The view of a layer with these entries and gradient, 0–100."""
    gradient = {"colors": colors, "minValue": 0, "maxValue": 100}
    catalogue = attack.find("enterprise", "16.1").catalogue
    return view_of({"name": "x", "gradient": gradient, "techniques": entries, **fields}, catalogue, "x")


def drawn(layer: View, theme: Any = "light") -> tuple[set[str], set[str]]:
    """Fills and texts of the cells of techniques."""
    drawing, _ = draw(layer, RenderOptions(detail="scored", theme=theme))
    shapes = [shape for group in drawing.groups if group.id.startswith("T1") for shape in group.shapes]
    return {s.fill for s in shapes if isinstance(s, Rect)}, {s.text for s in shapes if isinstance(s, Text)}


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("ramp", RAMPS.values(), ids=RAMPS)
def test_contrast_with_the_page_rises_with_the_score(ramp: tuple[str, ...], theme: Theme) -> None:
    gradient = Gradient(ramp)
    levels = [contrast(theme.paint(gradient.color(score)), theme.page) for score in range(101)]
    assert levels == sorted(levels)
    assert levels[100] > 2.8 * levels[0]


@pytest.mark.parametrize("theme", [THEMES["light"], THEMES["dark"]], ids=["light", "dark"])
@pytest.mark.parametrize("name", [name for name in RAMPS if name != "threat"])
def test_what_is_not_in_a_plan_looks_like_no_score(name: str, theme: Theme) -> None:
    left = bytes.fromhex(theme.paint(LEFT)[1:])
    for score in range(101):
        color = bytes.fromhex(theme.paint(Gradient(RAMPS[name]).color(score))[1:])
        assert math.dist(left, color) > 60, score


def test_dark_pictures_reverse_ramps_and_leave_other_gradients() -> None:
    entries = [{"techniqueID": "T1003", "score": 100}, {"techniqueID": "T1566", "score": 0}]
    assert drawn(view(entries, PURPLES), "dark")[0] == {"#3c4247", "#ff80f7"}
    assert drawn(view(entries, ["#ff6666", "#ffe766", "#8ec843"]), "dark")[0] == {"#ff6666", "#8ec843"}


@pytest.mark.parametrize(
    ("color", "expected"), [("#000000", "#ededed"), ("#ffffff", "#363636"), ("#99000d", "#ff5f63")]
)
def test_a_color_keeps_its_hue_on_dark(color: str, expected: str) -> None:
    assert dark(color) == expected


def test_cells_that_are_not_covered_have_no_number() -> None:
    entries = [
        {"techniqueID": "T1003", "score": 100},
        {"techniqueID": "T1566", "score": 0, "color": UNCOVERED},
    ]
    named = {"OS Credential Dumping", "Phishing"}
    assert drawn(view(entries, PURPLES, legendItems=NOT_COVERED))[1] == {*named, "100"}
    assert drawn(view(entries, PURPLES))[1] == {*named, "100", "0"}, "it is another tool's color"


def test_a_terminal_without_colors_fills_the_squares_of_what_is_covered() -> None:
    entries = [
        {"techniqueID": "T1003", "score": 10},
        {"techniqueID": "T1566", "score": 0, "color": UNCOVERED},
        {"techniqueID": "T1110", "score": 2.5, "color": UNCOVERED},
    ]
    layer = view(entries, PURPLES, legendItems=NOT_COVERED)
    lines = mini_matrix.lines(layer, Terminal(80, drawing=True))
    picture = "".join(lines[1:-2])
    assert (picture.count("▀") + picture.count("▄"), picture.count("█")) == (1, 0)


def test_a_terminal_has_the_colors_of_dark_pages_unless_it_is_light() -> None:
    layer = view([{"techniqueID": "T1003", "score": 100}], PURPLES)
    for light, code in ((False, "38;2;255;128;247"), (True, "38;2;129;15;124")):
        lines = mini_matrix.lines(layer, Terminal(80, 1 << 24, light=light, drawing=True))
        assert code in "".join(lines)
