"""The report as PDF: others read all of it, nothing leaves its place, and no text of an input is more than text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pdf_helpers as pdf
import pytest
from pdf_report_helpers import (
    EDGE,
    MARKUP,
    assert_all_in_place,
    document,
    everything,
    hostile_pdf,
    made,
    render,
    section,
    subject,
)

from navlayers.api.report import render_report
from navlayers.output.document import (
    Chart,
    Figure,
    Heading,
    Numbers,
    Paragraph,
)
from navlayers.output.drawing.shapes import Text
from navlayers.output.paper import heatmaps
from navlayers.output.tables import Table
from navlayers.pages.report.build import make_report
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.output.document import Paper


def test_it_is_tagged_and_says_what_it_is() -> None:
    data = made("gcp", title="The title", author="Jane Doe")
    info = pdf.info(data)
    assert (info["Tagged"], info["Title"], info["Author"]) == ("yes", "The title", "Jane Doe")
    assert info["Subject"].startswith("MITRE ATT&CK Enterprise 16.1")
    assert "CreationDate" not in info
    assert "ModDate" not in info
    assert b"pdfuaid:part" in data
    assert b"/Lang(en)" in everything(data).replace(b" ", b"")


def test_the_same_report_is_the_same_bytes() -> None:
    report = make_report(subject("gcp"), ReportOptions())
    assert render_report(report, "pdf").data == render_report(report, "pdf").data


def test_bookmarks_and_contents_lead_to_every_heading(tmp_path: Path) -> None:
    found = make_report(subject("aws", "azure"), ReportOptions()).document
    data = made("aws", "azure")
    bookmarks = pdf.outline(data, tmp_path)
    titles = [one.title for one in found.sections]
    parts = [
        block.text if isinstance(block, Heading) else block.title
        for one in found.sections
        for block in one.blocks
        if isinstance(block, Heading | Table | Figure | Chart)
    ]
    assert [item for item in bookmarks if item in titles] == titles
    assert set(bookmarks) == {*titles, *parts}
    contents = pdf.pages(data)[1].text
    assert contents.startswith("ATT&CK coverage of AWS and Microsoft Azure Contents Summary 3")
    assert all(title in contents for title in titles)
    tags = pdf.structure(data)
    assert [f'H1 "{title}"' in tags for title in ("Contents", *titles)] == [True] * (len(titles) + 1)


def test_all_words_are_there_also_those_within_pictures() -> None:
    found = make_report(subject("gcp"), ReportOptions()).document
    text = pdf.text(made("gcp"))
    # Where a line ends with a hyphen, a reader takes the word for a parted one.
    joined = text.replace(" ", "").replace("-", "")

    def shown(words: str) -> bool:
        return "".join(words.split()).replace("-", "") in joined

    for one in found.sections:
        for block in one.blocks:
            match block:
                case Paragraph():
                    assert shown(block.text)
                case Numbers():
                    assert all(
                        item.value in text and shown(item.label) and shown(item.note) for item in block.items
                    )
                case Figure():
                    names = {
                        block.view.catalogue.techniques[technique].name
                        for technique, _ in block.view.entries
                        if "." not in technique
                    }
                    assert all(shown(name[:12]) for name in names)
                    assert sum(name in text for name in names) > 0.9 * len(names)


def test_every_picture_is_told_in_words() -> None:
    found = make_report(subject("gcp"), ReportOptions()).document
    data = everything(made("gcp"))
    told = re.findall(rb"/Type/StructElem/S/Figure/P [0-9 R]+/Alt(?:\(([^)]{9})|<FEFF([0-9A-F]{36}))", data)
    starts = [
        plain_text.decode() or bytes.fromhex(packed.decode()).decode("utf-16-be") for plain_text, packed in told
    ]
    expected = [picture.caption for picture in found.pictures]
    # The first two are those of the title page.
    assert found.chart is not None
    assert starts == [text[:9] for text in [expected[0], found.chart.caption, *expected]]
    assert pdf.structure(made("gcp")).count("Figure") == 2 + len(expected)


def test_markup_of_inputs_is_text() -> None:
    text = pdf.text(hostile_pdf("A4"))
    # Once at least in each place, whatever the lines.
    assert text.replace(" ", "").count(MARKUP.replace(" ", "")) >= 9
    assert "\x00" not in text
    techniques = ("T1588/003", "T1588", "T1589", "T1590")
    assert set(pdf.links(hostile_pdf("A4"))) == {
        *(f"https://attack.mitre.org/techniques/{technique}/" for technique in techniques),
        "https://example.org/a",
    }


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_nothing_leaves_its_page_or_stands_upon_something_else(paper: Paper) -> None:
    assert_all_in_place(hostile_pdf(paper))


@pytest.mark.parametrize("names", [("aws", "azure"), ("nist_800_53",), ("veris-ics",)])
def test_reports_of_published_sets_stay_in_their_places(names: tuple[str, ...]) -> None:
    assert_all_in_place(made(*names))


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("letter", (612, 792))])
def test_pages_have_the_size_asked_for(paper: Paper, size: tuple[int, int]) -> None:
    sizes = {(round(page.width), round(page.height)) for page in pdf.pages(made("gcp", paper=paper))}
    assert sizes == {size, size[::-1]}


def test_each_heatmap_is_a_page_of_its_own_the_longer_side_across() -> None:
    found = pdf.pages(made("aws", "azure"))
    turned = [number for number, page in enumerate(found) if page.is_turned]
    heatmaps = make_report(subject("aws", "azure"), ReportOptions()).document.figures
    assert turned == list(range(turned[0], turned[0] + len(heatmaps)))
    assert all(heatmap.title in found[number].text for number, heatmap in zip(turned, heatmaps, strict=True))
    assert all("".join(heatmaps[i].caption.split()) in found[n].text.replace(" ", "") for i, n in enumerate(turned))


def test_names_of_techniques_are_readable_on_paper() -> None:
    views = subject("aws", "azure")
    figures = make_report(views, ReportOptions()).document.figures
    drawings = heatmaps(figures, 785, 440)
    cells = [group for drawing in drawings for group in drawing.groups if group.id.startswith("T1")]
    names = [text for group in cells for text in group.shapes if isinstance(text, Text) and text.anchor == "start"]
    assert len(names) > 200 * len(figures)
    assert min(text.size for text in names) >= 5


def test_pages_say_what_they_are_of() -> None:
    found = pdf.pages(made("gcp"))
    for number, page in enumerate(found[1:], 2):
        assert f"{number} / {len(found)}" in page.text
    assert "1 / " not in found[0].text
    above = " ".join(word.text for word in found[-1].words if word.top < 45)
    assert above == "ATT&CK coverage of Google Cloud Method and sources"


def test_the_running_header_names_the_section_that_a_page_begins_with() -> None:
    filling = Paragraph("\n".join(f"line {n}" for n in range(60)))
    found = document(
        section(Paragraph("first"), title="One"),
        section(filling, id_="tactics", title="Two"),
        section(Paragraph("last"), id_="method", title="Three"),
    )
    heads = [[w.text for w in page.words if w.bottom < EDGE] for page in pdf.pages(render(found)[0])[2:]]
    assert [head[-1] for head in heads] == ["One", "Two"]


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_a_brief_report_is_one_page(paper: str) -> None:
    for inputs in (["gcp"], ["aws", "azure", "gcp", "m365"], ["nist_800_53"], ["kev"]):
        (page,) = pdf.pages(made(*inputs, brief=True, paper=paper, title="A long title of a report " * 6))
        # What a threat does not involve is nothing to do.
        assert ("Next" in page.text) == (inputs != ["kev"])
        assert "Reconnaissance" in page.text


def test_headings_are_in_a_bold_face() -> None:
    assert b"SourceSansPro-Semibold" in made("gcp", brief=True)
