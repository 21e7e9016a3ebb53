"""Bars as drawings: all figures are there, nothing leaves its place, and all can be read."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navlayers.layer.colors import contrast
from navlayers.output.bars import bars_drawing, bars_drawings, describe, figures, percent
from navlayers.output.document import BarRow, Bars, Series
from navlayers.output.drawing import typeset
from navlayers.output.drawing.font import CAP, ems
from navlayers.output.drawing.shapes import Line, Rect, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.drawing.shapes import Drawing, Shape

WIDE = 483
PROTECT, DETECT, RESPOND = Series("protect", "#6baed6"), Series("detect", "#fdae6b"), Series("respond", "#74c476")
TACTICS = Bars(
    "Coverage per tactic",
    (PROTECT, DETECT, RESPOND),
    (
        BarRow("Initial Access", 20, (5, 20, 0)),
        BarRow("Command and Control", 45, (12, 1, 44)),
        BarRow("Exfiltration", 0, (0, 0, 0)),
    ),
)
HOSTILE = "<script>&\x00\x07\ud800\u202ertl\u202c \u0645\u0631 😀 中文"


def shapes(drawing: Drawing) -> Iterator[Shape]:
    return (shape for group in drawing.groups for shape in group.shapes)


def texts(drawing: Drawing) -> list[Text]:
    return [shape for shape in shapes(drawing) if isinstance(shape, Text)]


def box(shape: Text) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of capitals."""
    wide = ems(shape.text) * shape.size
    left = shape.x - {"start": 0, "middle": wide / 2, "end": wide}[shape.anchor]
    return left, shape.y - CAP * shape.size, left + wide, shape.y


def rows(drawing: Drawing) -> list[tuple[list[Rect], list[str]]]:
    """The bars and the texts of each row."""
    return [
        ([s for s in group.shapes if isinstance(s, Rect)], [s.text for s in group.shapes if isinstance(s, Text)])
        for group in drawing.groups
        if group.id.startswith("row-")
    ]


def assert_in_place(drawing: Drawing) -> None:
    for shape in shapes(drawing):
        if isinstance(shape, Text):
            left, top, right, bottom = box(shape)
            assert shape.size >= 7
            assert contrast(shape.fill, "#ffffff") >= 4.5
        elif isinstance(shape, Rect):
            left, top, right, bottom = shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
        else:
            left, top, right, bottom = shape.x1, shape.y1, shape.x2, shape.y2
        assert left >= -0.5
        assert top >= -0.5
        assert right <= drawing.width + 0.5
        assert bottom <= drawing.height + 0.5
    for one, other in combinations(map(box, texts(drawing)), 2):
        across, down = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
        assert across <= 0.5 or down <= 0.5


def test_bars_are_as_long_as_their_shares_and_of_the_colours_of_their_series() -> None:
    drawing = bars_drawing(TACTICS, WIDE)
    ends = [s.x1 for s in shapes(drawing) if isinstance(s, Line)]
    left, right = min(ends), max(ends)
    (first, _), (second, _), (third, _) = rows(drawing)
    assert [(b.fill, round((b.width) / (right - left), 3)) for b in first] == [("#6baed6", 0.25), ("#fdae6b", 1)]
    assert [b.fill for b in second] == ["#6baed6", "#fdae6b", "#74c476"]
    assert third == []
    assert {b.x for b in (*first, *second)} == {left}


def test_every_row_says_its_figures_and_which_series_each_is_of() -> None:
    (_, first), (_, second), (_, third) = rows(bars_drawing(TACTICS, WIDE))
    assert first == [
        "Initial Access", "protect", "5/20", "25.0%", "detect", "20/20", "100.0%", "respond", "0/20", "0.0%",
    ]  # fmt: skip
    assert second[0] == "Command and Control"
    assert second[2:4] + second[5:7] + second[8:] == ["12/45", "26.7%", "1/45", "2.2%", "44/45", "97.8%"]
    assert "0/0" in third


def test_a_lone_series_is_named_in_the_legend_alone() -> None:
    bars = Bars("One", (Series("covered", "#8c96c6"),), (BarRow("Impact", 4, (1,)),))
    drawing = bars_drawing(bars, WIDE)
    assert [text.text for text in texts(drawing)].count("covered") == 1
    assert describe(bars) == "Impact: 1/4 · 25.0%."


def test_those_who_do_not_see_it_are_told_all_figures() -> None:
    drawing = bars_drawing(TACTICS, WIDE)
    assert drawing.title == "Coverage per tactic"
    assert drawing.description == (
        "Initial Access: protect 5/20 · 25.0%, detect 20/20 · 100.0%, respond 0/20 · 0.0%. "
        "Command and Control: protect 12/45 · 26.7%, detect 1/45 · 2.2%, respond 44/45 · 97.8%. "
        "Exfiltration: protect 0/0, detect 0/0, respond 0/0."
    )


@pytest.mark.parametrize(
    ("covered", "total", "told"),
    [
        (0, 9, "0.0%"),
        (1, 10_000, "0.1%"),
        (9_999, 10_000, "99.9%"),
        (9, 40, "22.5%"),
        (10, 10, "100.0%"),
        (1, 3, "33.3%"),
        (0, 0, ""),
    ],
)
def test_what_is_not_all_is_not_told_as_all(covered: int, total: int, told: str) -> None:
    assert percent(covered, total) == told
    assert figures(12, 45) == "12/45 · 26.7%"


def test_a_bar_that_white_would_hide_has_a_border() -> None:
    bars = Bars("t", (Series("pale", "#ffffcc"), Series("dark", "#253494")), (BarRow("a", 2, (1, 1)),))
    ((pale, dark), _), = rows(bars_drawing(bars, WIDE))  # fmt: skip
    assert pale.stroke
    assert not dark.stroke


def test_nothing_to_show_is_said() -> None:
    for bars in (Bars("", (), ()), Bars("t", (PROTECT,), ())):
        drawing = bars_drawing(bars, WIDE)
        assert "There is nothing to show." in [text.text for text in texts(drawing)]
        assert drawing.description == "There is nothing to show."
        assert_in_place(drawing)


def test_parts_have_every_row_once_and_are_low_enough() -> None:
    series = tuple(Series(f"set number {n}", "#08519c") for n in range(8))
    bars = Bars("t", series, tuple(BarRow(f"row {row}", 9, (row % 9,) * 8) for row in range(15)))
    parts = bars_drawings(bars, WIDE, 660)
    assert len(parts) == 2
    assert all(part.height <= 660 for part in parts)
    assert [words[0] for part in parts for _, words in rows(part)] == [f"row {row}" for row in range(15)]
    assert bars_drawings(bars, WIDE, 5000) == (bars_drawing(bars, WIDE),)
    assert len(bars_drawings(bars, WIDE, 1)) == 15


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("wide", [300, 483, 730])
def test_long_and_hostile_names_stay_in_their_places(count: int, wide: float) -> None:
    names = (HOSTILE * 9, "W" * 500, "a name of many words " * 40, "")
    bars = Bars(
        HOSTILE,
        tuple(Series(names[n % 4], "#08519c") for n in range(count)),
        tuple(BarRow(name, 1_234_567, (1_000_000,) * count) for name in names),
    )
    drawing = bars_drawing(bars, wide)
    assert_in_place(drawing)
    assert "\x00" not in drawing.description
    assert typeset.to_pdf([drawing])


labels = st.text(st.characters(codec="utf-8"), max_size=60)


@given(st.data(), st.integers(1, 6), st.floats(250, 800))
def test_whatever_is_shown_stays_in_its_place(data: st.DataObject, count: int, wide: float) -> None:
    series = tuple(Series(data.draw(labels), "#41b6c4") for _ in range(count))
    found = data.draw(st.lists(st.tuples(labels, st.integers(0, 10**6)), max_size=5))
    numbers = st.tuples(*[st.integers(0, 10**6)] * count)
    bars = Bars("t", series, tuple(BarRow(label, total, data.draw(numbers)) for label, total in found))
    drawing = bars_drawing(bars, wide)
    assert_in_place(drawing)
    assert drawing == bars_drawing(bars, wide)
