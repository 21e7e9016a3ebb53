"""Reports for Word: what a reader of the format finds in them, and what a strict one would refuse."""

from __future__ import annotations

import io
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

import docx
import pytest
import yaml
from conftest import ROWS, SHARED, active_techniques, write_set
from docx_helpers import (
    EMU,
    WP,
    A,
    R,
    W,
    Word,
    check,
    document,
    pages,
    rows_of,
    style_of,
    subject,
    text_of,
    written,
)
from PIL import Image

from navlayers.api.report import render_report
from navlayers.errors import UsageError
from navlayers.output.document import Chart, Document, Figure, Heading, Logo
from navlayers.output.tables import Table
from navlayers.pages.report.build import make_report
from navlayers.pages.report.options import ReportOptions

MAPPINGS = Path(__file__).parents[1] / "mappings"


@pytest.fixture(scope="module")
def of_two() -> tuple[Document, Word]:
    report = make_report(subject("aws", "azure"), ReportOptions(author="Security", date="May 2026"))
    return report.document, Word(render_report(report, "docx").data)


def test_headings_are_those_of_the_document_in_order(of_two: tuple[Document, Word]) -> None:
    told, word = of_two
    assert word.texts("Heading1") == [section.title for section in told.sections]
    expected = []
    for section in told.sections:
        expected.append((1, section.title))
        level = 2
        for block in section.blocks:
            if isinstance(block, Heading):
                level = 3
                expected.append((2, block.text))
            elif isinstance(block, Table | Figure | Chart):
                expected.append((level, block.title))
    opened = docx.Document(io.BytesIO(word.data))
    found = [
        (int(str(p.style.name)[-1]), p.text)
        for p in opened.paragraphs
        if p.style is not None and str(p.style.name).startswith("Heading")
    ]
    assert found == expected


def test_contents_are_filled_in_and_lead_to_their_headings(of_two: tuple[Document, Word]) -> None:
    _, word = of_two
    headings = {
        mark.get(f"{W}name"): text_of(paragraph)
        for paragraph in word.document.iter(f"{W}p")
        for mark in paragraph.iter(f"{W}bookmarkStart")
    }
    entries = [
        (link.get(f"{W}anchor"), text_of(link))
        for link in word.document.iter(f"{W}hyperlink")
        if link.get(f"{W}anchor")
    ]
    assert [headings[anchor] for anchor, _ in entries] == [text for _, text in entries]
    assert [text for _, text in entries] == [
        text_of(p) for p in word.document.iter(f"{W}p") if style_of(p) in ("Heading1", "Heading2")
    ]
    (code,) = word.document.iter(f"{W}instrText")
    assert (code.text or "").split() == ["TOC", "\\o", '"1-2"', "\\h", "\\z"]
    # Word asks who opens the file whether to update it.
    assert b"updateFields" not in word.parts["word/settings.xml"]
    assert b"w:dirty" not in word.parts["word/document.xml"]


def test_a_strict_reader_finds_nothing_to_mend(of_two: tuple[Document, Word]) -> None:
    check(of_two[1])


def test_the_title_page_says_what_the_document_is(of_two: tuple[Document, Word]) -> None:
    told, word = of_two
    assert word.texts("Title") == ["ATT&CK coverage of AWS and Microsoft Azure"]
    assert [text.replace("\u00a0", " ") for text in word.texts("Subtitle")] == [told.subtitle]
    numbers, facts = list(word.document.iter(f"{W}tbl"))[:2]
    assert told.numbers is not None
    assert all(item.value in text for item, text in zip(told.numbers.items, rows_of(numbers)[0], strict=True))
    assert [tuple(row) for row in rows_of(facts)] == [
        ("Author", "Security"),
        ("Date", "May 2026"),
        *told.plain_facts,
    ]
    properties = docx.Document(io.BytesIO(word.data)).core_properties
    assert (properties.title, properties.author, properties.language) == (told.title, "Security", "en-US")
    assert properties.created is properties.modified is None


def test_pages_are_numbered_but_for_the_first(of_two: tuple[Document, Word]) -> None:
    _, word = of_two
    footer, header = word.trees["word/footer1.xml"], word.trees["word/header1.xml"]
    assert [one.get(f"{W}instr", "").strip() for one in footer.iter(f"{W}fldSimple")] == ["PAGE", "NUMPAGES"]
    assert text_of(footer) == "Page 1 of 1"
    assert text_of(header) == "ATT&CK coverage of AWS and Microsoft Azure"
    sections = list(word.document.iter(f"{W}sectPr"))
    assert [section.find(f"{W}titlePg") is not None for section in sections] == [True] + [False] * (
        len(sections) - 1
    )
    assert not any(one.get(f"{W}type") == "first" for section in sections for one in section)


def test_every_picture_has_words_and_is_sharp_and_within_its_page(of_two: tuple[Document, Word]) -> None:
    told, word = of_two
    shown = list(word.document.iter(f"{WP}inline"))
    assert len(shown) == len(told.pictures) + 2 == 8
    for inline in shown:
        assert [inline.get(f"dist{side}") for side in "TBLR"] == ["0"] * 4
        (about,), (extent,) = list(inline.iter(f"{WP}docPr")), list(inline.iter(f"{WP}extent"))
        assert len(about.get("descr", "")) > 100
        assert about.get("title")
        (blip,) = inline.iter(f"{A}blip")
        target = word.relations[blip.get(f"{R}embed", "")].target
        pixels = Image.open(io.BytesIO(word.parts[f"word/{target}"])).width
        assert 195 < pixels / (int(extent.get("cx", "0")) / EMU) < 205
    heatmaps = [page for page in pages(word) if page["landscape"]]
    assert [page["pictures"] for page in heatmaps] == [5]
    for page in pages(word):
        assert all(width <= page["width"] and height < page["height"] for width, height in page["sizes"])
    # As wide as the page allows.
    assert all(width > 0.99 * heatmaps[0]["width"] for width, _ in heatmaps[0]["sizes"])


def test_figures_have_captions_that_are_numbered(of_two: tuple[Document, Word]) -> None:
    told, word = of_two
    captions = word.texts("Caption")
    assert [text.partition(". ")[0] for text in captions] == [f"Figure {n + 1}" for n in range(6)]
    assert [text.partition(". ")[2] for text in captions] == [picture.caption for picture in told.pictures]
    codes = [one.get(f"{W}instr", "").split() for one in word.document.iter(f"{W}fldSimple")]
    assert codes == [["SEQ", "Figure", "\\*", "ARABIC"]] * 6


def test_tables_are_those_of_the_document(of_two: tuple[Document, Word]) -> None:
    told, word = of_two
    tables = [block for section in told.sections for block in section.blocks if isinstance(block, Table)]
    assert [rows_of(one) for one in word.tables] == [[list(one.headers), *one.texts] for one in tables]


def test_headers_repeat_and_rows_stay_whole(of_two: tuple[Document, Word]) -> None:
    _, word = of_two
    for one in word.tables:
        head, *rows = one.iter(f"{W}tr")
        assert head.find(f"{W}trPr/{W}tblHeader") is not None
        assert not any(row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows)
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)


def test_letter_paper_is_letter_paper() -> None:
    made = make_report(subject("gcp"), ReportOptions(sections=("summary", "heatmaps", "tactics"), paper="letter"))
    word = Word(render_report(made, "docx").data)
    check(word)
    assert {tuple(sorted(page["paper"])) for page in pages(word)} == {(12240, 15840)}
    for page in pages(word):
        assert all(width <= page["width"] for width, _ in page["sizes"])


def test_papers_are_a4_by_default(of_two: tuple[Document, Word]) -> None:
    assert {tuple(sorted(page["paper"])) for page in pages(of_two[1])} == {(11906, 16838)}


@pytest.mark.parametrize("kind", ["png", "jpeg", "svg"])
def test_a_logo_stands_on_the_title_page(kind: str) -> None:
    if kind == "svg":
        data = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><rect width="40" height="10"/></svg>'
    else:
        stream = io.BytesIO()
        Image.new("RGB", (400, 100), "#08519c").save(stream, kind)
        data = stream.getvalue()
    logo = Logo(data, cast("Any", kind), 400, 100)
    word = written(document(logo=logo))
    check(word)
    (inline,) = word.document.iter(f"{WP}inline")
    (extent,) = inline.iter(f"{WP}extent")
    assert int(extent.get("cx", "0")) == 4 * int(extent.get("cy", "0"))
    assert int(extent.get("cx", "0")) <= 2.8 * EMU
    (about,) = inline.iter(f"{WP}docPr")
    assert about.get("descr")
    (target,) = word.targets("image")
    shown = Image.open(io.BytesIO(word.parts[f"word/{target}"]))
    assert shown.width == pytest.approx(4 * shown.height, abs=4)
    assert (word.parts[f"word/{target}"] == data) == (kind != "svg")


@pytest.mark.parametrize("data", [b"<svg", b"<a/>", b'<svg xmlns="http://www.w3.org/2000/svg" width="0"/>'])
def test_a_logo_that_cannot_be_drawn_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="the logo cannot be drawn"):
        written(document(logo=Logo(data, "svg", 40, 10)))


def test_the_letters_of_a_logo_are_those_of_other_pictures() -> None:
    found = set()
    for family in ("DejaVu Sans, Arial", "Helvetica"):
        text = f'<text y="9" font-family="{family}">Sans</text>'
        data = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10">{text}</svg>'.encode()
        word = written(document(logo=Logo(data, "svg", 40, 10)))
        (target,) = word.targets("image")
        found.add(word.parts[f"word/{target}"])
    assert len(found) == 1


def test_figures_are_those_of_the_set() -> None:
    if not SHARED.is_dir():
        pytest.skip("the releases of ATT&CK are not at ../shared")
    raw = yaml.load((MAPPINGS / "nist_800_53.yaml").read_bytes(), yaml.CSafeLoader)
    counts: dict[str, set[str]] = defaultdict(set)
    for capability, about in raw["capabilities"].items():
        for technique in about.get("techniques", {}):
            counts[technique].add(capability)
    active = active_techniques("enterprise", "16.1")
    expected = {technique: len(by) for technique, by in counts.items() if technique in active}
    word = Word(
        render_report(
            make_report(subject("nist_800_53"), ReportOptions(sections=("summary", "appendix"))), "docx"
        ).data
    )
    _, *rows = word.table("NIST 800-53: every technique with its mappings")
    assert {row[0]: int(row[2]) for row in rows} == expected
    assert len(rows) == len(expected)
    assert word.texts("NumberValue")[0] == f"{100 * len(expected) / len(active):.1f}%"
    linked = {target for target in word.targets("hyperlink") if "/techniques/" in target}
    assert {f"https://attack.mitre.org/techniques/{one.replace('.', '/')}/" for one in expected} <= linked


def test_the_same_report_has_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_set(tmp_path / "set.json", ROWS)
    report = make_report(subject(path))
    first = render_report(report, "docx").data
    assert Word(first).dates == {(1980, 1, 1, 0, 0, 0)}
    later = time.time() + 400 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert render_report(make_report(subject(path)), "docx").data == first
