"""Pictures: the colours are the Navigator's, everything is there, and it can be read."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_helpers import layer, picture, read, scored, techniques, view

from navlayers.errors import UsageError
from navlayers.layer.contrast import contrast
from navlayers.layer.ramps import UNCOVERED
from navlayers.output.drawing import pictures, typeset
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.shapes import Drawing, Group, Line, Rect, Text
from navlayers.output.drawing.theme import figure
from navlayers.output.drawing.thumbnail import thumbnail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from render_helpers import Picture

    from navlayers.attack.domains import Domain

PAGES = ("A4", "A3", "letter", "16:9", "poster", "fit")
RAMP = {"colors": ["#deebf7", "#6baed6", "#08519c"], "minValue": 0, "maxValue": 100}
HOSTILE = "<script>alert('1')</script> & \"]]>\" \u202eRTL\u202c \u0645\u0631 😀 中文 \x00\x07\ud800\ufffe"


def navigators(score: float, colors: list[str], low: float, high: float) -> str:
    """The colour of a score as the Navigator has it: 100 colours, of which one is chosen by rounding."""
    stops = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]
    counts = {2: [99], 3: [49, 50]}[len(colors)]
    made = [
        [a + (b - a) * step / count for a, b in zip(stops[part], stops[part + 1], strict=True)]
        for part, count in enumerate(counts)
        for step in range(count)
    ] + [stops[-1]]
    place = (score - low) / (high - low) * 100
    index = 99 if score >= high else 0 if score <= low else min(math.floor(place + 0.5), 99)
    return "#" + "".join(f"{math.floor(channel + 0.5):02x}" for channel in made[index])


@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_every_cell_has_the_navigators_colour(domain: Domain) -> None:
    document = scored(domain, gradient=RAMP)
    scores = {entry["techniqueID"]: entry["score"] for entry in document["techniques"]}
    drawn = picture(document)
    expected = {(t.id, tactic) for t in techniques(domain) for tactic in t.tactics}
    assert set(drawn.cells) == expected
    for (technique, _), cell in drawn.cells.items():
        assert cell.rects[0].fill == navigators(scores[technique], RAMP["colors"], 0, 100), technique  # type: ignore[arg-type]
        assert str(scores[technique]) in [text.text for text in cell.texts]


def test_own_colours_come_before_scores_and_disabled_cells_have_none() -> None:
    document = layer(
        [
            {"techniqueID": "T1595", "score": 100, "color": "#abcdef"},
            {"techniqueID": "T1592", "score": 100, "enabled": False},
            {"techniqueID": "T1589", "comment": "looked at"},
            {"techniqueID": "T1590", "score": 0},
        ],
        gradient=RAMP,
    )
    cells = {technique: cell for (technique, _), cell in picture(document).cells.items()}
    assert cells["T1595"].rects[0].fill == "#abcdef"
    assert cells["T1592"].rects[0].fill == "#ececec"
    assert "×" in [text.text for text in cells["T1592"].texts]
    assert cells["T1589"].rects[0].fill == cells["T1591"].rects[0].fill == "#ffffff"
    assert "•" in [text.text for text in cells["T1589"].texts]
    assert cells["T1590"].rects[0].fill == "#deebf7"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("detail", ["full", "scored", "mini"])
@pytest.mark.parametrize("expanded", ["annotated", "none"])
def test_everything_scored_is_on_every_page(page: Any, detail: Any, expanded: str) -> None:
    """Also what the layer closes: in a picture nobody can open it."""
    document = layer(
        ({"techniqueID": t.id, "score": 5} for t in techniques()[::3]),
        layout={"layout": "side", "expandedSubtechniques": expanded},
    )
    drawn = picture(document, page=page, detail=detail)
    expected = {(t.id, tactic) for t in techniques()[::3] for tactic in t.tactics}
    assert expected <= set(drawn.cells)


def _cases() -> list[Any]:
    wide = {"showID": True, "layout": "side", "expandedSubtechniques": "all"}
    long = "words and words " * 40
    return [
        pytest.param(scored(gradient=RAMP), id="all"),
        pytest.param(scored(gradient=RAMP, layout=wide), id="ids"),
        pytest.param(scored("mobile", [-50.25, 1, 1e9]), id="mobile"),
        pytest.param(scored(scores=[*[1] * 97, -123456.79]), id="figures"),
        pytest.param(scored("ics", layout=wide), id="ics"),
        pytest.param(layer([]), id="empty"),
        pytest.param(layer([{"techniqueID": "T1059.001", "score": 1}]), id="one"),
        pytest.param(
            layer(
                [{"techniqueID": "T1059", "enabled": False, "comment": HOSTILE * 90}],
                name=long,
                description=long,
                filters={"platforms": ["Linux"]},
                showTacticRowBackground=True,
                legendItems=[{"label": f"{n} {long}", "color": "#ff0000"} for n in range(50)],
            ),
            id="long",
        ),
    ]


@pytest.mark.parametrize("options", [{"page": page} for page in PAGES] + [
    {"page": "A4", "orientation": "portrait"},
    {"page": "A4", "detail": "mini", "theme": "dark"},
    {"page": "A4", "detail": "scored"},
    {"page": "A4", "show": ("score",)},
    {"page": "poster", "show": ("score",), "margin": 50.0},
    {"page": "letter", "theme": "grey", "margin": 0.0},
    {"page": "16:9", "theme": "dark", "show": ("score",)},
    {"page": "fit", "detail": "mini"},
    {"page": "fit", "orientation": "portrait", "show": ("id", "score")},
])  # fmt: skip
@pytest.mark.parametrize("document", _cases())
def test_all_is_on_the_page_legible_and_apart(document: dict[str, Any], options: dict[str, Any]) -> None:
    drawn = picture(document, **options)
    for group in drawn.groups:
        for box in (*group.rects, *group.texts):
            assert box.left >= -0.01, group
            assert box.top >= -0.01, group
            assert box.right <= drawn.width + 0.01, group
            assert box.bottom <= drawn.height + 0.01, group
        for text in group.texts:
            assert text.size >= 5
            if group.cell is not None:
                cell = group.rects[0]
                assert contrast(text.fill, cell.fill) >= 4.5
                assert cell.left <= text.left
                assert text.right <= cell.right + 0.01
                assert cell.top <= text.top + 0.3
                assert text.bottom <= cell.bottom + 0.3
            elif not group.rects:
                assert contrast(text.fill, drawn.background) >= 4.5
        for one, other in combinations(group.texts, 2):
            assert one.right <= other.left + 0.02 or other.right <= one.left + 0.02 or (
                one.bottom <= other.top + 0.02 or other.bottom <= one.top + 0.02
            ), group  # fmt: skip
    cells = [cell.rects[0] for cell in drawn.cells.values()]
    corners = {(round(cell.left, 1), round(cell.top, 1)) for cell in cells}
    assert len(corners) == len(cells)
    identifiers = [group.id for group in drawn.groups]
    assert len(set(identifiers)) == len(identifiers)


def test_cells_do_not_overlap() -> None:
    cells = sorted(cell.rects[0] for cell in picture(scored(), page="A4").cells.values())
    for one, other in combinations(cells, 2):
        apart = one.right <= other.left + 0.02 or other.right <= one.left + 0.02
        assert apart or one.bottom <= other.top + 0.02 or other.bottom <= one.top + 0.02


@pytest.mark.parametrize("page", ["A4", "A3", "letter", "16:9", "poster"])
def test_a_page_is_used(page: Any) -> None:
    drawn = picture(scored(gradient=RAMP), page=page, detail="full")
    cells = [cell.rects[0] for cell in drawn.cells.values()]
    assert max(cell.bottom for cell in cells) > 0.88 * drawn.height
    assert max(cell.right for cell in cells) > 0.9 * drawn.width
    area = sum((cell.right - cell.left) * (cell.bottom - cell.top) for cell in cells)
    assert area > (0.37 if drawn.notices else 0.45) * drawn.width * drawn.height


def test_what_does_not_fit_is_left_out_with_a_notice() -> None:
    ids = {"showID": True, "layout": "side", "expandedSubtechniques": "all"}
    small = picture(scored(scores=[100], layout=ids), page="A4")
    assert len(small.notices) == 1
    assert "ids are left out" in small.notices[0] or "small squares" in small.notices[0]
    assert "larger --page" in small.notices[0]
    assert not picture(scored(scores=[100], layout=ids), page="poster").notices
    assert not picture(scored(scores=[100], layout=ids), page="fit").notices


def _cut(drawn: Picture) -> float:
    """The share of cells with a name whose name is cut."""
    texts = [cell.texts for cell in drawn.cells.values() if cell.texts]
    return sum(any(text.text.endswith("…") for text in own) for own in texts) / len(texts)


@pytest.mark.parametrize("page", PAGES)
def test_names_are_whole_or_there_is_a_notice(page: Any) -> None:
    """Names cut after a few letters say nothing: rather sub-techniques are squares, and names are set smaller."""
    drawn = picture(scored(gradient=RAMP), page=page, detail="full")
    assert _cut(drawn) <= {"fit": 0, "poster": 0.02}.get(page, 0.2)
    assert bool(drawn.notices) == (page in ("A4", "letter", "16:9"))
    assert _cut(picture(scored("mobile", [1.23e6]), page=page, detail="full")) <= (0 if page == "fit" else 0.2)


def _lines(group: Group, name: str) -> list[Line]:
    return [shape for shape in group.shapes if isinstance(shape, Line)] if group.id.startswith(name) else []


def test_pages_of_one_pdf_are_laid_out_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    many, few = view(scored()), view(layer([{"techniqueID": "T1078", "score": 1}], layout={"layout": "side"}))
    alone = pictures.draw(few, RenderOptions(page="A4"))
    assert not alone[1]
    drawn: list[Drawing] = []

    def keep(drawings: Sequence[Drawing]) -> bytes:
        drawn.extend(drawings)
        return b""

    monkeypatch.setattr(typeset, "to_pdf", keep)
    notices = pictures.render_pdf([few, many], RenderOptions(page="A4")).notices
    assert len(notices) == 2
    assert len({(drawing.width, drawing.height) for drawing in drawn}) == 1
    tops = [{round(shape.y1) for group in one.groups for shape in _lines(group, "tactic")} for one in drawn]
    assert len(tops[0]) == len(tops[1])


def test_techniques_stay_with_their_subtechniques_where_that_costs_little_height() -> None:
    drawn = picture(scored(gradient=RAMP), page="fit")
    parted = set()
    for (technique, tactic), cell in drawn.cells.items():
        parent = drawn.cells.get((technique.partition(".")[0], tactic))
        if "." in technique and parent is not None and cell.rects[0].top < parent.rects[0].top:
            parted.add((technique.partition(".")[0], tactic))
    assert len(parted) <= 3
    for technique, tactic in parted:
        # The technique keeps its first sub-technique at least.
        below = [cell.rects[0].top for (one, other), cell in drawn.cells.items() if other == tactic and
                 one.startswith(f"{technique}.")]  # fmt: skip
        assert any(top > drawn.cells[technique, tactic].rects[0].top for top in below)


def test_a_margin_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(UsageError, match="margin"):
        picture(scored(), page="A4", margin=80)
    assert picture(scored(), page="A4", margin=50).cells


@pytest.mark.parametrize("wrong", [
    {"page": "A9"}, {"theme": "pink"}, {"detail": "all"}, {"show": ()}, {"show": ("colour",)},
    {"zoom": 0}, {"zoom": math.nan}, {"dpi": 1e9}, {"margin": -1}, {"orientation": "up"},
])  # fmt: skip
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        RenderOptions(**wrong)


def test_the_header_says_what_it_is() -> None:
    document = layer([{"techniqueID": "T1059.001", "score": 50}, {"techniqueID": "T1078", "score": 1}],
                     filters={"platforms": ["Linux", "macOS"]})  # fmt: skip
    texts = " ".join(text.text for text in picture(document).texts)
    assert "a layer" in texts
    assert "what it shows" in texts
    assert "ATT&CK Enterprise 16.1" in texts
    assert "1 of 203 techniques and 1 of 453 sub-techniques annotated" in texts
    assert "platforms: Linux, macOS" in texts


def test_the_legend_has_the_navigators_hundred_colours_and_the_scales_values() -> None:
    items = [{"label": "100 significant", "color": "#08519c"}, {"label": "50 partial", "color": "#6baed6"}]
    scores = [{"techniqueID": "T1078", "score": 50}, {"techniqueID": "T1195", "score": 100}]
    document = layer(scores, gradient=RAMP, legendItems=items)
    (legend,) = (group for group in picture(document).groups if group.id == "legend")
    assert len(legend.rects) == 100 + 1, "what the ramp says needs no square"
    assert [text.text for text in legend.texts] == ["Score", "50 partial", "100 significant", "0", "not scored"]
    without = picture(layer([{"techniqueID": "T1078", "comment": "seen"}]))
    (legend,) = (group for group in without.groups if group.id == "legend")
    assert [text.text for text in legend.texts] == ["•", "commented, no score", "not annotated"]


def _legend(document: dict[str, Any], **options: Any) -> list[str]:
    (legend,) = (group for group in picture(document, **options).groups if group.id == "legend")
    return [text.text for text in legend.texts]


def test_the_legend_says_no_more_than_it_has_to() -> None:
    items = [{"label": "10 minimal", "color": "#c8ddf0"}, {"label": "50 partial", "color": "#6baed6"}]
    scores = [{"techniqueID": "T1078", "score": 10}, {"techniqueID": "T1195", "score": 50}]
    texts = _legend(layer(scores, gradient=RAMP, legendItems=items))
    assert texts[:4] == ["Score", "10 minimal", "50 partial", "100"]
    counted = [{"name": "aggregate", "value": "count"}]
    assert _legend(layer(scores, gradient=RAMP, metadata=counted))[0] == "Number"
    rules = [{"label": "10 rules", "color": "#c8ddf0"}, {"label": "50 rules", "color": "#6baed6"}]
    texts = _legend(layer(scores, gradient=RAMP, metadata=counted, legendItems=rules))
    assert texts[:3] == ["Number of rules", "10", "50"]
    assert _legend(layer(scores[:1], gradient=RAMP, legendItems=items)) == [
        "10 minimal",
        "50 partial",
        "not scored",
    ]
    assert _legend(layer(scores[:1], gradient=RAMP)) == ["score 10", "not scored"]
    seen: list[dict[str, Any]] = [*scores, {"techniqueID": "T1059", "comment": "seen"}]
    texts = _legend(layer(seen, gradient=RAMP, legendItems=[{"label": "covered", "color": "#fff"}]))
    assert texts[-3:] == ["•", "covered", "not scored"]


def test_the_header_is_not_cut_where_there_is_room() -> None:
    name = "Known Exploited Vulnerabilities of every year until 07/28/2025: overview of all"
    description = "Each of the words of a description can be read, whatever the width of the page. " * 4
    items = [{"label": f"{number} of the things that are told", "color": "#6baed6"} for number in range(20)]
    document = layer([], "mobile", name=name, description=description, legendItems=items)
    drawn = picture(document, page="A4", orientation="portrait")
    (header,) = (group for group in drawn.groups if group.id == "header")
    (legend,) = (group for group in drawn.groups if group.id == "legend")
    lines = [text.text for text in header.texts]
    assert not any("…" in line for line in lines)
    assert any("07/28/2025" in line for line in lines)
    assert all(" " in line for line in lines)
    assert min(box.top for box in legend.texts) > max(box.bottom for box in header.texts)


def test_large_numbers_are_short() -> None:
    numbers = {999_999: "999999", 1.23e6: "1.2M", 5e6: "5M", 123.4e6: "123M", 999.9e6: "1B", -2.5e12: "−2.5T"}
    assert {number: figure(number) for number in numbers} == numbers


def test_grey_print_says_in_letters_what_colours_say() -> None:
    items = [{"label": "ours", "color": "#ff0000"}, {"label": "theirs", "color": "#0000ff"}]
    document = layer(
        [{"techniqueID": "T1078", "color": "#ff0000"}, {"techniqueID": "T1195", "color": "#0000ff"}],
        legendItems=items,
    )
    drawn = picture(document, theme="grey")
    for box in (box for group in drawn.groups for box in (*group.rects, *group.texts)):
        assert box.fill[1:3] == box.fill[3:5] == box.fill[5:7] or box.fill in ("#a9aeb6", "#d0d3d8")
    cells = {technique: cell for (technique, _), cell in drawn.cells.items()}
    assert "A" in [text.text for text in cells["T1078"].texts]
    assert "B" in [text.text for text in cells["T1195"].texts]


def test_grey_print_tells_scored_colours_apart() -> None:
    items = [{"label": "ours", "color": "#e69f00"}, {"label": "theirs", "color": "#56b4e9"}]
    entries = [
        {"techniqueID": "T1078", "color": "#e69f00", "score": 50},
        {"techniqueID": "T1195", "color": "#56b4e9", "score": 100},
    ]
    document = layer(entries, legendItems=items)
    cells = {technique: cell for (technique, _), cell in picture(document, theme="grey").cells.items()}
    assert "A 50" in [text.text for text in cells["T1078"].texts]
    assert "B 100" in [text.text for text in cells["T1195"].texts]
    assert {"A", "B"} <= set(_legend(document, theme="grey"))
    apart = layer([{**entries[0], "color": "#111111"}, entries[1]], legendItems=[{**items[0], "color": "#111111"}])
    assert "A" not in _legend(apart, theme="grey")


def test_pointing_at_a_cell_tells_of_it() -> None:
    document = layer([{"techniqueID": "T1059.001", "score": 33.333, "comment": "why " * 500}])
    (cell,) = (cell for (technique, _), cell in picture(document).cells.items() if technique == "T1059.001")
    first, second, third = cell.title.split("\n")
    assert (first, second) == ("T1059.001 PowerShell", "score 33.33")
    assert len(third) == 300
    assert third.endswith("…")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_sound_svg_without_anything_active(one: str, other: str) -> None:
    document = layer(
        [{"techniqueID": "T0817", "score": 1, "comment": HOSTILE + one}], "ics",
        name=HOSTILE[:20] + other or "x", description=other + HOSTILE,
        legendItems=[{"label": one + HOSTILE, "color": "#123456"}],
        layout={"layout": "mini"},
    )  # fmt: skip
    data = pictures.render_svg(view(document), RenderOptions()).data
    drawn = read(data)
    names = {element.tag.rpartition("}")[2] for element in drawn.root.iter()}
    assert names <= {"svg", "title", "desc", "g", "rect", "line", "text"}
    attributes = {name for element in drawn.root.iter() for name in element.attrib}
    assert not any("href" in name or name.startswith("on") or name in ("class", "style") for name in attributes)
    shown = "".join(text.text for text in drawn.texts)
    assert not any(char in shown for char in "\u202e\u202c\x00")


def test_a_small_matrix_shows_gaps_below_covered_techniques() -> None:
    """T1078 is covered, T1078.001 is not; all of T1110 is covered."""
    entries = [{"techniqueID": id_, "score": 50} for id_ in ("T1078", "T1110", "T1110.001")]
    entries.append({"techniqueID": "T1078.001", "score": 0, "color": UNCOVERED})
    drawn = thumbnail(view(layer(entries, legendItems=[{"label": "not covered", "color": UNCOVERED}])), 400, "")
    parts = {group.id: group.shapes for group in drawn.groups}
    corners = [shape for shape in parts["matrix"] if isinstance(shape, Rect) and shape.fill == UNCOVERED]
    assert len(corners) == 4, "under each tactic of T1078"
    words = " ".join(shape.text for shape in parts["caption"] if isinstance(shape, Text))
    assert "A red corner: some of its sub-techniques are not covered." in words
    closed = view(layer(entries[1:3], legendItems=[{"label": "not covered", "color": UNCOVERED}]))
    assert "corner" not in str(thumbnail(closed, 400, ""))


def test_thousands_of_legend_items_and_colors_take_no_time() -> None:
    """As many items as fit are drawn, with the number of the others; there are a hundred colors."""
    items = [{"label": f"item {number}", "color": "#c8ddf0"} for number in range(10_000)]
    colors = {"colors": ["#ffffff", *("#08519c" for _ in range(20_000))], "minValue": 0, "maxValue": 100}
    texts = _legend(layer([{"techniqueID": "T1078", "score": 10}], legendItems=items, gradient=colors))
    (more,) = (text for text in texts if text.startswith("and "))
    shown = [text for text in texts if text.startswith("item ")]
    assert shown == [f"item {number}" for number in range(len(shown))]
    assert more == f"and {10_001 - len(shown)} more", "the color of the score is one of them"
