"""The report as PDF: others read all of it, nothing leaves its place, and no text of an input is more than text."""

from __future__ import annotations

import re
import unicodedata
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import pdf_helpers as pdf
import pytest
from conftest import write_set
from hypothesis import given
from hypothesis import strategies as st

from navlayers._text import plain
from navlayers.analysis.inputs import load_inputs
from navlayers.api.report import render_report
from navlayers.errors import UsageError
from navlayers.mapping.find import resolve
from navlayers.output.bars import describe
from navlayers.output.document import (
    BarRow,
    Bars,
    Document,
    Facts,
    Figure,
    Heading,
    Logo,
    Note,
    Number,
    Numbers,
    Paragraph,
    Section,
    Series,
)
from navlayers.output.drawing.font import ems
from navlayers.output.paper import Measured, said
from navlayers.output.pdf.blocks import Materials
from navlayers.output.tables import Column, Span, Table, columns
from navlayers.pages.report import ReportOptions, make_report, report_input
from navlayers.pages.report.build import Report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from navlayers.output.document import Block, Paper
    from navlayers.output.tables import Kind
    from navlayers.pages.report import ReportInput

MARKUP = (
    '#emph[x] $x^2$ *b* _i_ `c` <lab> @ref // gone /* gone */ \\ "q" #import "x" [z] ~ --- ... https://evil.example'
)
HOSTILE = (
    f"{MARKUP} \u202eRTL\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 "
    "😀 中文 \x00\x07\ud800\ufffe é → ✓"
)
LONG = "W" * 900
COMMENT = "some words of a comment " * 850
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000"
    "000049454e44ae426082"
)
SIDE, TOP, EDGE = 28, 16, 48
"""No text is nearer to an edge, in points; what runs along all pages is within the last of them."""


@lru_cache
def subject(*names: str) -> ReportInput:
    return report_input(load_inputs(resolve(list(names))))


@lru_cache
def made(*names: str, **options: Any) -> bytes:
    return render_report(make_report(subject(*names), ReportOptions(**options)), "pdf").data


def document(*sections: Section, title: str = "A title", **keys: Any) -> Document:
    return Document(
        **{"title": title, "subtitle": "", "author": "", "date": "", "logo": None, "facts": (), **keys},
        sections=sections,
    )


def section(*blocks: Block, id_: str = "summary", title: str = "Summary") -> Section:
    return Section(id_, title, blocks)


def render(found: Document, paper: Paper = "A4") -> tuple[bytes, list[str]]:
    rendered = render_report(Report(msgspec.structs.replace(found, paper=paper), subject("gcp")), "pdf")
    return rendered.data, list(map(str, rendered.notices))


def rows(found: tuple[Column, ...], *cells: tuple[Any, ...], long: bool = False, **keys: str) -> Table:
    return Table(keys.get("name", "t"), keys.get("title", "A table"), found, cells, keys.get("note", ""), long)


def heatmap() -> Figure:
    (found,) = make_report(subject("gcp"), ReportOptions(sections=("heatmaps",))).document.figures
    return found


def hostile() -> Document:
    drawn = heatmap()
    bars = Bars(
        HOSTILE,
        tuple(Series(f"{HOSTILE} {number}", "#08519c") for number in range(8)),
        tuple(BarRow(f"{LONG} {row}", 100, tuple(range(row, row + 8))) for row in range(15)),
        HOSTILE,
    )
    table = rows(
        (Column("technique", "technique"), Column(HOSTILE), Column("score", "score")),
        ("T1588.003", HOSTILE, 50.5),
        ("javascript:alert(1)", LONG, "not rated"),
        (None, LONG * 20, 100),
        ("T1588", COMMENT, None),
        ("T1589", Span("click", "javascript:alert(1)"), 3),
        (LONG, Span("click", "https://example.org/a b"), 3),
        ("T1590", Span("click", "https://example.org/a"), 0),
        title=HOSTILE,
        note=HOSTILE,
    )
    wide = [
        rows(
            (
                Column("capability"),
                *columns(*(f"heading number {number}" for number in range(count)), kind="number"),
                Column("more"),
            ),
            *[("Some name", *range(1_000_000, 1_000_000 + count), "words " * 9)] * 5,
            title=f"{count} columns",
        )
        for count in (5, 9, 14, 25, 60)
    ]
    return document(
        section(
            Numbers(tuple(Number(HOSTILE, "9" * (number**2), HOSTILE) for number in range(1, 8))),
            Numbers(()),
            Paragraph(HOSTILE),
            Paragraph(LONG),
            Paragraph(COMMENT),
            Note(HOSTILE),
            Facts(((HOSTILE, HOSTILE), (LONG, LONG), ("", ""))),
        ),
        section(
            drawn,
            msgspec.structs.replace(drawn, title=HOSTILE, caption=HOSTILE),
            msgspec.structs.replace(drawn, title=LONG, caption=LONG),
            msgspec.structs.replace(drawn, title=COMMENT, caption=COMMENT),
            id_="heatmaps",
            title="Heatmaps",
        ),
        section(bars, Bars("none", (), ()), id_="tactics", title="Bars"),
        section(table, rows(()), rows((Column("only"),)), rows((Column("n", "number"),), (1,)), title="Tables"),
        section(*wide, title="Wide"),
        section(Heading(HOSTILE), Paragraph("text"), rows(columns("a"), ("b",)), Heading(LONG), title="Parts"),
        title=HOSTILE,
        subtitle=HOSTILE,
        author=HOSTILE,
        date=HOSTILE,
        facts=((HOSTILE, HOSTILE), (LONG, LONG)),
    )


@lru_cache
def hostile_pdf(paper: Paper) -> bytes:
    return render(hostile(), paper)[0]


def overlapping(page: pdf.Page) -> Iterator[tuple[pdf.Word, pdf.Word]]:
    """Words that stand upon each other by more than the room that letters need not have."""
    found = sorted(page.words, key=lambda word: word.top)
    for number, one in enumerate(found):
        for other in found[number + 1 :]:
            if other.top > one.bottom:
                break
            across = min(one.right, other.right) - max(one.left, other.left)
            down = min(one.bottom, other.bottom) - max(one.top, other.top)
            if across > 1 and down > 0.45 * min(one.bottom - one.top, other.bottom - other.top):
                yield one, other


def assert_all_in_place(data: bytes) -> None:
    for number, page in enumerate(pdf.pages(data), 1):
        outside = [
            word
            for word in page.words
            if word.left < SIDE - 1
            or word.right > page.width - SIDE + 1
            or word.top < TOP
            or word.bottom > page.height - TOP
        ]
        assert not outside, f"page {number}"
        assert any(EDGE < word.top < page.height - EDGE for word in page.words), f"page {number} is empty"
        assert not list(overlapping(page)), f"page {number}"


def test_it_is_tagged_and_says_what_it_is() -> None:
    data = made("gcp", title="The title", author="Jane Doe")
    info = pdf.info(data)
    assert (info["Tagged"], info["Title"], info["Author"]) == ("yes", "The title", "Jane Doe")
    assert info["Subject"].startswith("Google Cloud")
    assert "CreationDate" not in info
    assert "ModDate" not in info
    assert b"pdfuaid:part" in data
    assert b"/Lang(en)" in _everything(data).replace(b" ", b"")


def _everything(data: bytes) -> bytes:
    """The PDF with all that is packed in it."""
    packed = [part.partition(b"endstream")[0] for part in data.split(b"stream\n")[1::1]]
    parts = [data]
    for part in packed:
        try:
            parts.append(zlib.decompress(part.strip(b"\r\n")))
        except zlib.error:
            continue
    return b"".join(parts)


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
        if isinstance(block, Heading | Table | Figure | Bars)
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
                case Bars():
                    assert all(f"{n}/{row.total}" in text for row in block.rows for n in row.covered)
                case Figure():
                    names = {block.view.catalogue.techniques[technique].name for technique, _ in block.view.entries}
                    assert sum(name in text for name in names) > 0.9 * len(names)


def test_every_picture_is_told_in_words() -> None:
    found = make_report(subject("gcp"), ReportOptions()).document
    data = _everything(made("gcp"))
    told = re.findall(rb"/Type/StructElem/S/Figure/P [0-9 R]+/Alt(?:\(([^)]{9})|<FEFF([0-9A-F]{36}))", data)
    starts = [
        plain_text.decode() or bytes.fromhex(packed.decode()).decode("utf-16-be") for plain_text, packed in told
    ]
    expected = [
        block.caption if isinstance(block, Figure) else describe(block)
        for one in found.sections
        for block in one.blocks
        if isinstance(block, Figure | Bars)
    ]
    assert starts == [text[:9] for text in expected]
    assert pdf.structure(made("gcp")).count("Figure") == len(expected)


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


def test_pages_say_what_they_are_of() -> None:
    found = pdf.pages(made("gcp"))
    for number, page in enumerate(found[1:], 2):
        assert f"{number} / {len(found)}" in page.text
    assert "1 / " not in found[0].text
    above = " ".join(word.text for word in found[-1].words if word.top < 45)
    assert above == "ATT&CK coverage of Google Cloud Appendix"


def test_the_running_header_names_the_section_that_a_page_begins_with() -> None:
    filling = Paragraph("\n".join(f"line {n}" for n in range(60)))
    found = document(
        section(Paragraph("first"), title="One"),
        section(filling, id_="tactics", title="Two"),
        section(Paragraph("last"), id_="method", title="Three"),
    )
    heads = [[w.text for w in page.words if w.bottom < EDGE] for page in pdf.pages(render(found)[0])[2:]]
    assert [head[-1] for head in heads] == ["One", "Two"]


def test_a_table_that_would_leave_half_a_page_empty_is_parted() -> None:
    table = rows(columns("name"), *((f"row {n}",) for n in range(20)))
    lines = Paragraph("\n".join(f"line {n}" for n in range(30)))
    *_, first, second = pdf.pages(render(document(section(lines, table)))[0])
    assert "row 0" in first.text
    assert "row 19" in second.text


def test_a_last_line_is_not_left_alone_on_a_page() -> None:
    table = rows(columns("name"), *((f"row {n}",) for n in range(12)))
    for count in range(20, 40):
        lines = Paragraph("\n".join(f"line {n}" for n in range(count)))
        found = render(document(section(lines, Paragraph("A table."), table, Paragraph("the last line"))))[0]
        (page,) = [page for page in pdf.pages(found) if "the last line" in page.text]
        assert "row 11" in page.text, count


def test_headers_of_tables_are_on_every_page() -> None:
    table = rows(columns("number", "some words"), *((str(n), "words " * 30) for n in range(200)), long=True)
    found = pdf.pages(render(document(section(table)))[0])[2:]
    assert len(found) > 3
    assert all("number some words" in page.text for page in found)
    assert sorted(int(w.text) for page in found for w in page.words if w.left < 57 and w.text.isdigit()) == [
        *range(200)
    ]


@pytest.mark.cpu(6)
def test_the_time_of_a_long_table_does_not_grow_with_the_square_of_its_rows() -> None:
    cells = ((f"name-{n}", *range(7)) for n in range(4000))
    table = rows(columns("name", *"abcdefg", kind="score"), *cells, long=True)
    assert render(document(section(table)))[0].startswith(b"%PDF-")


def test_a_long_comment_flows_over_pages() -> None:
    table = rows(columns("a", "b"), ("first", COMMENT), ("second", "last"), long=True)
    found = pdf.pages(render(document(section(table)))[0])[2:]
    assert len(found) > 2
    assert sum(page.text.count("comment") for page in found) == 850


def test_figures_stand_at_the_right_below_each_other() -> None:
    figures = [7, 1234, 56.5, 100]
    table = rows((Column("name"), Column("figure", "number"), Column("more")), *(("x", n, "y") for n in figures))
    words = pdf.pages(render(document(section(table)))[0])[2].words
    ends = {round(w.right, 1) for w in words if w.text in ("7.0", "1234.0", "56.5", "100.0")}
    assert len(ends) == 1


def test_a_table_too_wide_for_a_page_upright_is_turned_and_one_for_any_is_parted() -> None:
    def pages_of(count: int) -> list[pdf.Page]:
        found = columns("name", *(f"figureofnumber{number}" for number in range(count)))
        table = rows(found, tuple("value" for _ in found))
        return pdf.pages(render(document(section(table)))[0])[2:]

    assert [page.is_turned for page in pages_of(3)] == [False]
    assert [page.is_turned for page in pages_of(8)] == [True]
    parted = pages_of(16)
    assert all(page.is_turned for page in parted)
    text = " ".join(page.text for page in parted)
    assert "A table (1 of 2)" in text
    assert "A table (2 of 2)" in text
    assert text.count("name") == 2
    assert all(text.count(f"figureofnumber{number} ") == 1 for number in range(16))


def test_pages_turn_as_seldom_as_they_can() -> None:
    wide = rows(columns("name", *(f"figureofnumber{number}" for number in range(8))), ("value",) * 9, title="Wide")
    bars = Bars("Some bars", (Series("covered", "#8c96c6"),), (BarRow("Impact", 4, (1,)),))
    narrow = rows(columns("a"), ("b",), title="Narrow")
    data = render(
        document(
            section(bars, Paragraph("introduced"), wide, narrow),
            section(wide, Paragraph("end"), id_="gaps", title="More"),
        )
    )[0]
    first, second = pdf.pages(data)[2:]
    assert not first.is_turned
    assert second.is_turned
    assert "introduced" not in first.text
    rest = second.text
    for part in ("introduced", "Wide", "Narrow", "More", "Wide", "end"):
        assert part in rest
        rest = rest[rest.index(part) + len(part) :]


def test_ids_and_figures_are_not_parted() -> None:
    table = rows(
        (Column("capability"), Column("technique", "technique"), Column("text"), Column("figure", "number")),
        ("AC-10(1)", "T1588.003", COMMENT, 1234567),
        long=True,
    )
    data = render(document(section(table)))[0]
    words = {word.text for word in pdf.pages(data)[2].words}
    assert {"AC-10(1)", "T1588.003", "1234567"} <= words


def test_scores_have_the_colours_of_layers() -> None:
    table = rows((Column("protect", "score", "protect"), Column("score", "score")), (100.0, 0.0))
    packed = _everything(render(document(section(table)))[0])
    # #08519c and #e0ecf4 as shares of 1.
    assert b"0.03137" in packed
    assert b"0.87843" in packed


def test_there_is_a_notice_where_the_font_has_no_letters() -> None:
    assert render(document(section(Paragraph("plain é → words"))))[1] == []
    (notice,) = render(document(section(Paragraph("中文"))))[1]
    assert "no letters" in notice
    assert "report.html" in notice
    (notice,) = render(document(section(msgspec.structs.replace(heatmap(), caption="中文"))))[1]
    assert "no letters" in notice


def test_what_lacks_letters_is_tagged_and_says_that_it_is_no_more_than_that() -> None:
    data, (notice,) = render(document(section(Paragraph("x")), title="中文"))
    assert "tagged, but not PDF/UA" in notice
    assert pdf.info(data)["Tagged"] == "yes"
    assert b"pdfuaid:part" not in data
    logo = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>\xe4\xb8\xad</text></svg>'
    data, (notice,) = render(document(section(Paragraph("x")), logo=Logo(logo, "svg", 9, 9)))
    assert "tagged, but not PDF/UA" in notice
    assert pdf.info(data)["Tagged"] == "yes"


def test_nothing_but_lacking_letters_costs_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Materials.add
    monkeypatch.setattr(Materials, "add", lambda *given: add(*given) | {"alt": None})
    with pytest.raises(RuntimeError, match="alt"):
        render(document(section(heatmap())))


@pytest.mark.parametrize(
    "logo",
    [
        Logo(PNG, "png", 1, 1),
        Logo(
            b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="30"><rect width="9" height="9"/></svg>',
            "svg",
            900,
            30,
        ),
    ],
)
def test_a_logo_stands_on_the_first_page(logo: Logo) -> None:
    data = render(document(section(Paragraph("x")), logo=logo))[0]
    assert pdf.structure(data).index("Figure") < pdf.structure(data).index('H1 "Contents"')
    assert b"pdfuaid:part" in data


@pytest.mark.parametrize("data", [b"<svg", b"\xff\xfe"])
def test_a_logo_that_cannot_be_drawn_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="the logo cannot be drawn"):
        render(document(section(Paragraph("x")), logo=Logo(data, "svg", 1, 1)))


def test_sets_with_nothing_mapped_and_with_one_technique(tmp_path: Path) -> None:
    empty = write_set(tmp_path / "empty.json", [("hsm", None, None, None)])
    one = write_set(tmp_path / "one.json", [("ids", "T1078", "detect", "partial")])
    for path in (empty, one):
        report = make_report(report_input(load_inputs(resolve([str(path)]))), ReportOptions())
        assert_all_in_place(render_report(report, "pdf").data)


@given(st.text(max_size=80), st.floats(20, 400), st.sampled_from([7.5, 9.5, 28]))
def test_parting_words_changes_no_letter_and_leaves_none_too_long(text: str, room: float, size: float) -> None:
    shown = said(text, size, room)
    assert "".join(shown.replace("\u200b", "").split()) == "".join(plain(text).replace("\u200b", "").split())
    for word in shown.split():
        for part in re.split(r"\u200b|(?<=[/-])(?=[^\W\d])", word):
            letters = [char for char in part if not unicodedata.combining(char)]
            assert ems(part) * size <= room or len(letters) <= 1


cells = st.lists(st.text(st.characters(codec="ascii"), max_size=60), min_size=1, max_size=6)


@given(st.lists(cells, min_size=1, max_size=12), st.floats(200, 700), st.data())
def test_columns_take_no_more_room_than_there_is(
    made_of: list[list[str]], room: float, data: st.DataObject
) -> None:
    kinds: list[Kind] = [data.draw(st.sampled_from(["text", "number", "technique", "score"])) for _ in made_of]
    longest = max(map(len, made_of))
    table = Table(
        "t",
        "t",
        tuple(Column(texts[0], kind) for texts, kind in zip(made_of, kinds, strict=True)),
        tuple(tuple(texts[n] if n < len(texts) else None for texts in made_of) for n in range(longest)),
    )
    found = Measured(table).within(room, 8, 10)
    assert sum(found) + 10 * (len(made_of) - 1) <= room + 0.5
    assert all(width >= 0 for width in found)
