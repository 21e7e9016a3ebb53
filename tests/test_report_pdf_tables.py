"""Tables of reports as PDF: pages, widths, colors, and text for which the font lacks letters."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pdf_helpers as pdf
import pytest
from conftest import write_set
from hypothesis import given
from hypothesis import strategies as st
from pdf_report_helpers import (
    COMMENT,
    PNG,
    assert_all_in_place,
    document,
    everything,
    heatmap,
    render,
    rows,
    section,
)

from navlayers._engines import process
from navlayers._text.lines import printable
from navlayers.analysis.inputs import load_inputs
from navlayers.api.report import render_report
from navlayers.errors import UsageError
from navlayers.mapping.find import resolve
from navlayers.output.document import (
    Logo,
    Paragraph,
)
from navlayers.output.drawing import typeset
from navlayers.output.drawing.font import ems
from navlayers.output.drawing.typeset import CompilerError
from navlayers.output.paper import Measured, breakable_text
from navlayers.output.pdf.blocks import Materials
from navlayers.output.tables import Column, Table, columns
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from navlayers.output.tables import CellKind


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


@pytest.mark.cpu(3)
def test_the_time_of_a_long_table_does_not_grow_with_the_square_of_its_rows() -> None:
    cells = ((f"name-{n}", *range(7)) for n in range(2000))
    table = rows(columns("name", *"abcdefg", kind="score"), *cells, long=True)
    assert render(document(section(table)))[0].startswith(b"%PDF-")


def test_a_long_comment_flows_over_pages() -> None:
    table = rows(columns("a", "b"), ("first", COMMENT), ("second", "last"), long=True)
    found = pdf.pages(render(document(section(table)))[0])[2:]
    assert len(found) > 2
    assert sum(page.text.count("comment") for page in found) == 850


def test_very_long_texts_are_cut_and_say_by_how_much() -> None:
    lines, word = "zq\n" * 501, 20_000 * "x"
    invisible = "first\n" + 600 * "\u200b\n"
    table = rows(columns("a", "b", "c"), (lines, f"{word} {word}\nlast", invisible), long=True)
    text = " ".join(page.text for page in pdf.pages(render(document(section(table)))[0])[2:])
    assert (text.count("zq"), text.count("x")) == (500, 30_000 - 1)
    assert "… 2 more characters" in text
    assert "… 10,005 more characters" in text
    assert "… 101 more lines" in text
    assert "last" not in text


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
    narrow = rows(columns("a"), ("b",), title="Narrow")
    data = render(
        document(
            section(Paragraph("introduced"), wide, narrow),
            section(wide, Paragraph("end"), id_="gaps", title="More"),
        )
    )[0]
    (page,) = pdf.pages(data)[2:]
    assert page.is_turned
    rest = page.text
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
    packed = everything(render(document(section(table)))[0])
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
    with pytest.raises(CompilerError, match=r"compiler of PDF and PNG fails: .*alt"):
        render(document(section(heatmap())))


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ("panic", "fails: index out of bounds (report it with the input; SVG and HTML do not need the compiler)"),
        ("crash", "fails: its process ended with SIGSEGV (report it"),
        (
            "fill",
            "takes more than 4 GB of memory (choose fewer layers or sections; SVG and",
        ),
    ],
)
def test_an_error_of_the_compiler_itself_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, job: str, says: str
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setattr(typeset, "_COMPILE", f"engine_jobs:{job}")
    with pytest.raises(CompilerError) as failed:
        render(document(section(Paragraph("x"))))
    assert f"the compiler of PDF and PNG {says}" in str(failed.value)


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
    shown = breakable_text(text, size, room)
    assert "".join(shown.replace("\u200b", "").split()) == "".join(printable(text).replace("\u200b", "").split())
    for word in shown.split():
        for part in re.split(r"\u200b|(?<=[/-])(?=[^\W\d])", word):
            letters = [char for char in part if not unicodedata.combining(char)]
            assert ems(part) * size <= room or len(letters) <= 1


cells = st.lists(st.text(st.characters(codec="ascii"), max_size=60), min_size=1, max_size=6)


@given(st.lists(cells, min_size=1, max_size=12), st.floats(200, 700), st.data())
def test_columns_take_no_more_room_than_there_is(
    made_of: list[list[str]], room: float, data: st.DataObject
) -> None:
    kinds: list[CellKind] = [data.draw(st.sampled_from(["text", "number", "technique", "score"])) for _ in made_of]
    longest = max(map(len, made_of))
    table = Table(
        "t",
        "t",
        tuple(Column(texts[0], kind) for texts, kind in zip(made_of, kinds, strict=True)),
        tuple(tuple(texts[n] if n < len(texts) else None for texts in made_of) for n in range(longest)),
    )
    found = Measured(table).widths(room, 8, 10)
    assert sum(found) + 10 * (len(made_of) - 1) <= room + 0.5
    assert all(width >= 0 for width in found)


def test_sources_read_no_files_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may not even be there."""
    monkeypatch.setattr(process, "_idle", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("secret", encoding="utf-8")
    with pytest.raises(CompilerError, match="file not found"):
        typeset.typst(b'#read("a")', format="pdf")
