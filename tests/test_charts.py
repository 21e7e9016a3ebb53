"""Charts: dumbbells of two inputs, panels of several, the flow of one; in files, pages and words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from golden_helpers import GOLDEN
from render_helpers import read

from navlayers.layer.contrast import dark
from navlayers.layer.ramps import UNCOVERED
from navlayers.output.document import Chart, Flow, Shares
from navlayers.output.drawing.charts import draw
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.shapes import Rect, Ribbon, Text, to_svg

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run
    from render_helpers import Box, Found, Picture

FIRST, SECOND, THIRD, PLANT = (GOLDEN / "inputs" / f"{name}.csv" for name in ("first", "second", "third", "plant"))
"""ICS techniques of one tactic each: of Discovery (5 in all) first has 1 and second 3, of Command and Control (3)
first has 2, second 1 and third 3, of Impair Process Control (5) first and second have 2."""

CAPTION = (
    "first has the larger share in 1 tactic, second in 1; they are equal in 1; 9 tactics have no covered "
    "technique. They are furthest apart in Discovery: 20% and 60%."
)
ORANGE, PURPLE, GRAY = "#b35806", "#542788", "#a9aeb6"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _chart(run: Run, folder: Path, *words: str | Path) -> Picture:
    """The only chart of a report in Markdown."""
    done = run("report", *words, "-o", folder / "out.md", "-q")
    assert (done.code, done.err) == (0, "")
    (path,) = (folder / "out-files").glob("*.svg")
    return read(path.read_bytes())


def _group(picture: Picture, title: str) -> Found:
    return next(group for group in picture.groups if group.title.partition("\n")[0] == title)


def _middle(box: Box) -> float:
    return (box.left + box.right) / 2


@pytest.fixture
def dumbbells(run: Run, tmp_path: Path) -> Picture:
    """Two inputs."""
    return _chart(run, tmp_path, FIRST, SECOND, "--sections", "tactics")


@pytest.fixture
def panels(run: Run, tmp_path: Path) -> Picture:
    """Three inputs."""
    return _chart(run, tmp_path, FIRST, SECOND, THIRD, "--sections", "tactics")


@pytest.fixture
def flow(run: Run, tmp_path: Path) -> Picture:
    """One input."""
    return _chart(run, tmp_path, PLANT, "--sections", "capabilities")


def _place(dumbbells: Picture, percent: float) -> float:
    """Where the axis has a percentage, from its marks for 0% and 100%."""
    axis = next(group for group in dumbbells.groups if group.id == "axis")
    marks = [_middle(line) for line in axis.rects]
    return marks[0] + (marks[-1] - marks[0]) * percent / 100


@pytest.mark.parametrize(
    ("tactic", "first", "second", "texts"),
    [
        ("Discovery", 20, 60, ["20%", "60%"]),
        ("Command and Control", 200 / 3, 100 / 3, ["33%", "67%"]),
        ("Impair Process Control", 40, 40, ["40%"]),
        ("Impact", 0, 0, ["0%"]),
    ],
)
def test_a_dumbbell_has_a_dot_and_a_ring_at_the_shares(
    dumbbells: Picture, tactic: str, first: float, second: float, texts: list[str]
) -> None:
    row = _group(dumbbells, tactic)
    (dot,) = (box for box in row.rects if box.fill == ORANGE)
    (ring,) = (box for box in row.rects if box.fill == PURPLE)
    assert _middle(dot) == pytest.approx(_place(dumbbells, first), abs=0.02)
    assert _middle(ring) == pytest.approx(_place(dumbbells, second), abs=0.02)
    bars = [box for box in row.rects if box.fill == GRAY]
    assert len(bars) == (first != second)
    for bar in bars:
        assert bar.left == pytest.approx(min(_middle(dot), _middle(ring)), abs=0.02)
        assert bar.right == pytest.approx(max(_middle(dot), _middle(ring)), abs=0.02)
    name, *labels = row.texts
    assert [name.text, *(label.text for label in labels)] == [tactic, *texts]
    assert name.right < labels[0].left
    assert labels[-1].left > max(dot.right, ring.right)
    assert labels[-1].right <= dumbbells.width


def test_dumbbells_name_their_inputs_marks_and_numbers(dumbbells: Picture) -> None:
    (legend,) = (group for group in dumbbells.groups if group.id == "series")
    assert [text.text for text in legend.texts] == ["first", "second"]
    axis = next(group for group in dumbbells.groups if group.id == "axis")
    assert [text.text for text in axis.texts] == ["0%", "25%", "50%", "75%", "100%"]
    assert _group(dumbbells, "Discovery").title == "Discovery\nfirst: 1 of 5\nsecond: 3 of 5"
    assert dumbbells.root[0].text == "Share of each tactic that is covered"
    assert dumbbells.root[1].text == CAPTION


def test_panels_share_rows_and_the_scale_and_the_highest_figure_is_bold(panels: Picture) -> None:
    found = [group for group in panels.groups if group.id.startswith("panel")]
    assert [group.title for group in found] == ["first: 0–100%", "second: 0–100%", "third: 0–100%"]
    assert [group.texts[0].text for group in found] == ["first", "second", "third"]
    bars = [[box for box in group.rects if box.fill == "#810f7c"] for group in found]
    assert list(map(len, bars)) == [3, 3, 1]
    # Command and Control: 67%, 33% and 100% at one height.
    of_command = [own[number] for own, number in zip(bars, (1, 1, 0), strict=True)]
    assert len({bar.top for bar in of_command}) == 1
    wide = [bar.right - bar.left for bar in of_command]
    assert wide[0] == pytest.approx(wide[2] * 2 / 3, abs=0.02)
    assert wide[1] == pytest.approx(wide[2] / 3, abs=0.02)
    bold = [e.text for e in panels.root.iter("{http://www.w3.org/2000/svg}text") if "font-weight" in e.attrib]
    # Discovery is 60% in the second, Impair Process Control 40% in both.
    assert bold == ["first", "40%", "second", "60%", "40%", "third", "100%"]


def test_a_ribbon_is_as_wide_as_its_number_of_techniques(flow: Picture) -> None:
    # 12 pairs of technique and capability are 22 lines of 9.75 points.
    unit = 22 * 9.75 / 12
    heights = {}
    for group in flow.root.iter("{http://www.w3.org/2000/svg}g"):
        if group.attrib["id"].startswith("ribbon"):
            numbers = [float(each) for each in NUMBER.findall(group[1].attrib["d"])]
            # M x1 top1, C of three points to x2 top2, V to end2, C back.
            assert numbers[8] - numbers[7] == pytest.approx(numbers[-1] - numbers[1], abs=0.02)
            heights[group[0].text] = numbers[8] - numbers[7]
    assert {title: round(height / unit, 2) for title, height in heights.items()} == {
        "Allowlist → Discovery: 3 techniques and sub-techniques": 3,
        "Allowlist → Impair Process Control: 2 techniques and sub-techniques": 2,
        "Firewall → Discovery: 1 technique or sub-technique": 1,
        "Firewall → Command and Control: 3 techniques and sub-techniques": 3,
        "Backups → Impact: 3 techniques and sub-techniques": 3,
    }
    nodes = {group.texts[0].text: group for group in flow.groups if group.id.startswith(("source", "target"))}
    sizes = {name: round((box.bottom - box.top) / unit, 2) for name, node in nodes.items() for box in node.rects}
    assert sizes == {
        "Allowlist": 5,
        "Firewall": 4,
        "Backups": 3,
        "Discovery": 4,
        "Command and Control": 3,
        "Impair Process Control": 2,
        "Impact": 3,
    }
    assert [text.text for text in nodes["Collection"].texts] == ["Collection"]


def test_a_flow_shows_what_nothing_reaches(flow: Picture) -> None:
    shares = {group.title.partition(":")[0]: group for group in flow.groups if group.id.startswith("share")}
    assert shares["Discovery"].title == "Discovery: 3 covered, 2 not covered"
    assert [text.text for text in shares["Discovery"].texts] == ["3 of 5"]
    covered, open_ = shares["Discovery"].rects
    (nothing,) = shares["Collection"].rects
    # The bars of all tactics have one scale.
    technique = (nothing.right - nothing.left) / 11
    assert (covered.right - covered.left) / technique == pytest.approx(3, abs=0.02)
    assert (open_.right - open_.left) / technique == pytest.approx(2, abs=0.02)
    assert (covered.left, covered.right) == pytest.approx((nothing.left, open_.left), abs=0.02)
    assert nothing.fill == open_.fill == UNCOVERED != covered.fill
    (legend,) = (group for group in flow.groups if group.id == "legend")
    assert [(text.text, box.fill) for text, box in zip(legend.texts, legend.rects, strict=True)] == [
        ("not covered", UNCOVERED),
        ("covered", covered.fill),
    ]


def test_markdown_says_a_flow_in_words_and_numbers(run: Run) -> None:
    text = run("report", PLANT, "--sections", "capabilities", "-o", "-", "-q").out
    assert "### From capabilities to tactics" in text
    assert (
        "\n11 of 83 techniques and sub-techniques are covered. Most are open in Inhibit Response Function: 14 of "
        in text
    )
    assert " Allowlist covers the most: 5, 3 of them in Discovery. A ribbon is as wide as the number of " in text
    head, _, *rows = text.partition("\n| capabilities |")[2].partition("\n\n")[0].splitlines()
    assert head.split(" | ")[:2] == [" all", "Initial Access"]
    assert len(rows) == 5
    assert rows[0] == "| Allowlist | 5 | 0 | 0 | 0 | 0 | 0 | 3 | 0 | 0 | 0 | 0 | 2 | 0 |"
    assert rows[3:] == [
        "| covered | 11 | 0 | 0 | 0 | 0 | 0 | 3 | 0 | 0 | 3 | 0 | 2 | 3 |",
        "| not covered | 72 | 12 | 10 | 6 | 2 | 7 | 2 | 7 | 11 | 0 | 14 | 3 | 9 |",
    ]


def test_the_rest_of_many_capabilities_is_one_source(run: Run) -> None:
    # GCP has 40 capabilities: the twelve that cover most, and the others together.
    text = run("report", "gcp", "--sections", "capabilities", "-o", "-", "-q").out
    rows = text.partition("| services |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) == 15
    assert rows[-3].startswith("| 28 other services |")


def test_families_of_controls_are_the_sources_where_there_are_several(run: Run) -> None:
    text = run("report", "nist_800_53", "--sections", "capabilities", "-o", "-", "-q").out
    assert "### From groups to tactics" in text
    assert "| AC Access Control |" in text


@pytest.mark.parametrize("rows", ["T1078,mfa,80\n", "T0840,a,50\nT0842,b,50\nT0846,c,50\n"])
def test_what_a_table_says_as_well_has_no_flow(run: Run, tmp_path: Path, rows: str) -> None:
    file = tmp_path / "few.csv"
    file.write_text(f"technique,capability,score\n{rows}", encoding="utf-8")
    assert "to tactics" not in run("report", file, "--sections", "capabilities", "-o", "-", "-q").out


# T0840 and T0842 are of Discovery, T0884 of Command and Control, T0836 of Impair Process Control.
@pytest.mark.parametrize(("technique", "shown"), [("T0842", False), ("T0836", True)])
def test_shares_of_fewer_than_three_tactics_have_no_chart(
    run: Run, tmp_path: Path, technique: str, shown: bool
) -> None:
    files = [tmp_path / "one.csv", tmp_path / "other.csv"]
    for file, rows in zip(files, ("T0840,a,50\nT0884,b,50\n", f"{technique},a,50\n"), strict=True):
        file.write_text(f"technique,capability,score\n{rows}", encoding="utf-8")
    text = run("report", *files, "--sections", "tactics", "-o", "-", "-q").out
    assert ("Share of each tactic" in text) == shown


def test_panels_of_a_category_have_its_hue(run: Run, tmp_path: Path) -> None:
    rows = ("T1078", "T1110", "T1190", "T1486")
    files = [tmp_path / f"{name}.csv" for name in ("one", "two", "three")]
    for file in files:
        lines = "".join(f"{technique},a,detect,50\n" for technique in rows)
        file.write_text(f"technique,capability,category,score\n{lines}", encoding="utf-8")
    picture = _chart(run, tmp_path, *files, "--sections", "tactics", "--category", "detect")
    fills = {box.fill for group in picture.groups if group.id.startswith("panel") for box in group.rects}
    assert "#d94801" in fills
    assert "#810f7c" not in fills


def test_a_page_has_a_chart_for_wide_and_for_narrow_windows(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    assert run("report", FIRST, SECOND, "--sections", "tactics", "-o", page, "-q").code == 0
    text = page.read_text(encoding="utf-8")
    first, figure = (part.partition("</figure>")[0] for part in text.split('<figure class="chart">')[1:])
    hole = "Nothing covered in 8 tactics: Inhibit Response Function (0 of 14), Initial Access (0 of 12), +6 more."
    assert first.count(hole) == 3
    assert re.findall(r'<svg class="(\w+)" role="img" aria-label="([^"]+)"', figure) == [
        (kind, f"Share of each tactic that is covered. {CAPTION}") for kind in ("wide", "narrow")
    ]
    # Colors are classes, which have a variant for dark pages; ids would be twice on the page.
    assert not re.search(r'fill="|stroke=| id=| style=', figure)
    assert f".c{PURPLE[1:]} {{ background: light-dark({PURPLE}, {dark(PURPLE)})" in text


def test_a_comparison_has_its_chart_beside_its_tables(run: Run, tmp_path: Path, dumbbells: Picture) -> None:
    assert run("compare", FIRST, SECOND, "-o", tmp_path / "out", "-q").code == 0
    chart = read((tmp_path / "out" / "chart.svg").read_bytes())
    assert [group.rects for group in chart.groups] == [group.rects for group in dumbbells.groups]
    text = (tmp_path / "out" / "comparison.md").read_text(encoding="utf-8")
    assert "Discovery: 20% and 60%.\n\n![Share of each tactic that is covered](chart.svg)\n" in text
    assert '"path":"chart.svg","kind":"chart"' in (tmp_path / "out" / "index.json").read_text(encoding="utf-8")


def _shares(count: int) -> Shares:
    """Shares of 0 to 100 % of each series."""
    names = ("Reconnaissance", "Command and Control", "Inhibit Response Function")
    rows = tuple((name, 9, tuple((9 - place + n) % 10 for n in range(count))) for place, name in enumerate(names))
    series = tuple(f"The set number {number}" for number in range(count))
    return Shares(series, ("#810f7c",) * count, rows)


def _flow(sources: int, name: str) -> Flow:
    """A flow from some sources with long names to twelve targets, two of which get nothing."""
    links = tuple(
        tuple(0 if target < 2 else 1 + (number * target) % 9 for target in range(12)) for number in range(sources)
    )
    names = tuple((f"{name} {number}", "1,234", "#810f7c") for number in range(sources))
    targets = tuple((f"{name} {target}", 123 * (target > 1), 456) for target in range(12))
    return Flow(names, targets, links, ("one", "several"), rest=UNCOVERED)


LONG = "Inhibit the Response Function of Remote Services and of Antidisestablishmentarianism"


@pytest.mark.parametrize("width", [344.0, 484.0, 760.0])
@pytest.mark.parametrize(
    "plot",
    [*map(_shares, (2, 3, 7, 12)), _flow(3, LONG), _flow(13, LONG), _flow(13, "Impact")],
    ids=["dumbbells", "three", "seven", "twelve", "few-long", "many-long", "many"],
)
def test_texts_of_charts_stay_on_the_page_and_apart(width: float, plot: Shares | Flow) -> None:
    drawing = draw(Chart(plot, "Shares", "All"), width, 12)
    boxes = []
    for shape in (shape for group in drawing.groups for shape in group.shapes):
        if isinstance(shape, Text):
            left = shape.x - {"start": 0, "middle": 0.5, "end": 1}[shape.anchor] * ems(shape.text) * shape.size
            boxes.append((left, shape.y - shape.size * 0.7, left + ems(shape.text) * shape.size, shape.y))
        elif isinstance(shape, Rect):
            assert shape.x >= -0.01
            assert shape.x + shape.width <= width + 0.01
            assert shape.y + shape.height <= drawing.height + 0.01
        elif isinstance(shape, Ribbon):
            assert 0 < shape.x1 < shape.x2 < width
            assert max(shape.y1, shape.y2) + shape.height <= drawing.height + 0.01
    for number, (left, top, right, down) in enumerate(boxes):
        assert left >= -0.01
        assert right <= width + 0.01
        assert top >= 0
        assert down <= drawing.height
        for other in boxes[:number]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or down <= other[1]


def test_texts_state_their_widths_for_machines_without_the_font() -> None:
    svg = to_svg(draw(Chart(Shares(("a", "b"), (ORANGE, PURPLE), (("Impact", 4, (1, 2)),)), "", ""), 570, 10))
    (name,) = re.findall(r'textLength="([\d.]+)" lengthAdjust="spacingAndGlyphs">Impact<', svg.decode())
    assert float(name) == pytest.approx(10 * ems("Impact"), abs=0.01)
    assert b"textLength" not in svg.partition(b">25%<")[0].rpartition(b"<text")[2]
