"""The heatmaps of a report: the figures beneath tactics say what the tables say."""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.plan.options import PlanOptions
from navlayers.analysis.plan.plan import make_plan
from navlayers.analysis.threats.resolve import threat_model
from navlayers.api.report import render_report
from navlayers.mapping.find import resolve
from navlayers.output.drawing import typeset
from navlayers.output.drawing.html_page import render_html
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.pictures import draw
from navlayers.output.drawing.shapes import Text
from navlayers.output.drawing.workbook import render_xlsx
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from navlayers.output.document import Figure
    from navlayers.output.drawing.shapes import Drawing
    from navlayers.pages.report.build import Report
    from navlayers.pages.report.input import ReportInput


@lru_cache
def subject() -> ReportInput:
    """Two clouds against a threat, with a plan for it."""
    together = load_inputs(resolve(["aws", "azure"]), "18.1")
    threat = threat_model(["APT29"], together.catalogue)
    plan = make_plan(together, PlanOptions(budget=3), threat=threat)
    return report_input(together, gaps=find_gaps(together, threat), plan=plan)


@lru_cache
def report() -> Report:
    return make_report(subject())


def heatmap(start: str) -> Figure:
    return next(one for one in report().document.figures if one.title.startswith(start))


@lru_cache
def drawn(start: str) -> Drawing:
    return draw(heatmap(start).view, RenderOptions(page="A4"))[0]


def ratios(drawing: Drawing) -> dict[str, str]:
    """Short name of a tactic → what stands beneath its name."""
    heads = [group for group in drawing.groups if group.id.startswith("tactic--")]
    return {
        group.id.removeprefix("tactic--"): next(
            (s.text for s in group.shapes if isinstance(s, Text) and s.text[-1:].isdigit()), ""
        )
        for group in heads
    }


def legend(start: str) -> list[str]:
    group = next(group for group in drawn(start).groups if group.id == "legend")
    return [shape.text for shape in group.shapes if isinstance(shape, Text)]


def of_threat() -> dict[str, str]:
    gaps = subject().gaps
    assert gaps is not None
    names = {tactic.id: tactic.shortname for tactic in gaps.catalogue.tactics}
    shares = {names[one.tactic]: one.share for one in gaps.tactics}
    return {tactic: f"{share.covered}/{share.techniques}" for tactic, share in shares.items() if share.techniques}


def test_coverage_of_a_threat_has_the_figures_of_its_table() -> None:
    assert ratios(drawn("Coverage")) == of_threat()
    assert any(one.startswith("0/") for one in of_threat().values())
    total = subject().gaps.total  # type: ignore[union-attr]
    told = f"{total.covered} of {total.techniques} techniques and sub-techniques covered"
    assert told in drawn("Coverage").description
    assert "annotated" not in drawn("Coverage").description


def test_the_gap_of_a_threat_counts_what_is_open() -> None:
    gaps = subject().gaps
    assert gaps is not None
    for tactic, found in ratios(drawn("Gap")).items():
        rows = [row for row in gaps.rows if tactic in gaps.catalogue.techniques[row.technique].tactics]
        assert found == f"{sum(row.state != 'covered' for row in rows)}/{len(rows)}", tactic


def test_what_none_covers_counts_what_none_covers() -> None:
    comparison = subject().comparison
    wanted = {one.tactic: f"{one.total - one.any}/{one.total}" for one in comparison.tactics}
    assert ratios(drawn("What none")) == wanted
    told = f"{len(comparison.gaps)} of {comparison.active} techniques and sub-techniques covered by none"
    assert told in drawn("What none").description


def test_a_plan_counts_what_it_covers() -> None:
    plan = subject().plan
    assert plan is not None
    assert plan.threat is not None
    for tactic, found in ratios(drawn("Plan")).items():
        of = [t for t in plan.threat.weights if tactic in plan.catalogue.techniques[t].tactics]
        assert found == f"{sum(t in plan.reached for t in of)}/{len(of)}", tactic


def test_an_input_counts_what_it_covers() -> None:
    comparison = subject().comparison
    wanted = {one.tactic: f"{one.inputs[0].covered}/{one.total}" for one in comparison.tactics}
    assert ratios(drawn("AWS")) == wanted
    assert "sub-techniques covered." in drawn("AWS").description


@pytest.mark.parametrize("start", ["Coverage", "What none"])
def test_pages_and_workbooks_have_the_same_figures(start: str) -> None:
    view = heatmap(start).view
    wanted = ratios(drawn(start)).values()
    page = render_html([view]).data.decode()
    with zipfile.ZipFile(io.BytesIO(render_xlsx([view]).data)) as book:
        sheets = book.read("xl/sharedStrings.xml").decode()
    for text in wanted:
        assert f'<p class="ratio">{text}</p>' in page
        assert f">{text}<" in sheets


def words_in(drawings: Iterable[Drawing], start: str) -> str:
    """All that is written in the drawings of such a title; names may be parted in lines."""
    groups = [group for drawing in drawings if drawing.title.startswith(start) for group in drawing.groups]
    return " ".join(shape.text for group in groups for shape in group.shapes if isinstance(shape, Text))


@pytest.mark.parametrize("format_", ["pdf", "docx"])
def test_techniques_of_a_threat_have_their_names_however_little_room_a_set_leaves(
    monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    found: list[Drawing] = []

    def keep(make: Callable[..., bytes]) -> Callable[..., bytes]:
        def made(drawing: Drawing, *more: Any) -> bytes:
            found.append(drawing)
            return make(drawing, *more)

        return made

    monkeypatch.setattr(typeset, "svg", keep(typeset.svg))
    # What the pictures say counts, not their pixels, which take most of the time of a DOCX.
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "PNG")
    monkeypatch.setattr(typeset, "to_png", keep(lambda *_: stream.getvalue()))
    render_report(report(), format_)
    for start in ("Coverage", "Gap", "Plan"):
        assert "Vulnerability Scanning" in words_in(found, start), start
    assert "Vulnerability Scanning" not in words_in(found, "AWS")


def test_legends_say_what_cells_without_a_colour_are() -> None:
    labels = {"AWS": "not covered", "What none": "covered", "Coverage": "not used by the threat"}
    for start, label in labels.items():
        assert label in legend(start), start
    assert legend("Gap") == ["not covered", "weak", "✓", "covered", "not used by the threat"]
    for start in ("AWS", "Coverage", "Gap", "Plan", "What none"):
        assert not {"not scored", "•"} & set(legend(start)), start
