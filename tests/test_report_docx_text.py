"""Reports for Word: texts and addresses of whatever kind, tables of whatever size, documents that hold nothing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import docx
import msgspec
import pytest
from conftest import write_set
from docx_helpers import R, W, Word, check, document, pages, rows_of, subject, table, text_of, written

from navlayers.api.report import render_report
from navlayers.layer.contrast import contrast
from navlayers.output.document import (
    Block,
    Facts,
    Figure,
    Heading,
    Note,
    Number,
    Numbers,
    Paragraph,
    Section,
)
from navlayers.output.tables import Column, Span, Table, columns
from navlayers.pages.report.build import make_report
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "<w:p>&amp;]]>\x00\x08\x0b\x1b \ud800\udfff \ufffe\uffff \u202e\u2066 {TOC \\o} =cmd|'/C calc'!A0 \"'"
    " <script>alert(1)</script> DDEAUTO c:\\x.exe \r\n second\u2028line "
)
LONG = "x" * 20_000


def test_figures_stand_at_the_right_and_scores_have_their_colours() -> None:
    word = written(document(table(("a", 1, 50.0), ("b", 23, None), kinds=("text", "number", "score"))))
    (one,) = word.tables
    for row in one.iter(f"{W}tr"):
        aligned = [paragraph.find(f"{W}pPr/{W}jc") is not None for paragraph in row.iter(f"{W}p")]
        assert aligned == [False, True, True]
    fills = [shade.get(f"{W}fill", "") for shade in one.iter(f"{W}shd")]
    (ink,) = (color.get(f"{W}val", "") for color in one.iter(f"{W}color"))
    assert len(fills) == 1
    assert contrast(f"#{fills[0].lower()}", f"#{ink.lower()}") >= 4.5


def test_a_row_higher_than_a_page_may_be_parted() -> None:
    word = written(document(table(("short", "short"), ("long", "some words " * 2000))))
    (one,) = word.tables
    assert [row.find(f"{W}trPr/{W}cantSplit") is not None for row in one.iter(f"{W}tr")] == [True, True, False]


def test_a_low_table_stays_on_one_page_and_a_high_one_does_not() -> None:
    word = written(document(table(*[("a", "b")] * 10), table(*[("a", "b")] * 60), table(("a", "long " * 4000))))
    path = f"{W}tc/{W}p/{W}pPr/{W}keepNext"
    kept = [[row.find(path) is not None for row in one.iter(f"{W}tr")] for one in word.tables]
    # The header stays with the first row at least.
    assert kept == [[True] * 10 + [False], [True] + [False] * 60, [True, False]]


def test_a_header_that_leaves_no_room_for_rows_is_not_repeated() -> None:
    # The words of a header are broken in time that does not grow with their square.
    word = written(document(Table("name", "title", columns("long " * 20_000, "short"), (("a", "b"),))))
    (head, _) = word.tables[0].iter(f"{W}tr")
    assert head.find(f"{W}trPr") is None


def test_a_table_of_too_many_columns_goes_on_below_with_its_first_ones() -> None:
    found = (
        Column("technique", "technique"),
        Column("name"),
        *columns(*(f"input {n}" for n in range(80)), kind="number"),
    )
    rows = (("T1078", "Valid Accounts", *range(80)),)
    word = written(document(Table("name", "Wide", found, rows)))
    check(word)
    parts = [rows_of(one) for one in word.tables]
    assert len(parts) > 2
    assert all(
        part[0][:2] == ["technique", "name"] and part[1][:2] == ["T1078", "Valid Accounts"] for part in parts
    )
    assert [text for part in parts for text in part[0][2:]] == [f"input {n}" for n in range(80)]
    assert [text for part in parts for text in part[1][2:]] == [f"{n}" for n in range(80)]
    assert [page["landscape"] for page in pages(word)] == [False, False, True]


def test_techniques_and_addresses_are_links_each_address_once() -> None:
    url = "https://example.org/a?b=c&d=é #x"
    rows = (
        ("T1078.004", Span("a page", "https://example.org/page"), "https://example.org/page"),
        ("T1078.004", Span("bad", "javascript:alert(1)"), "no link https://example.org"),
        ("no id", Span("file", "file:///etc/passwd"), "https://exa mple"),
        ("T1078\n", Span("port", "https://example.org:x/"), "ftp://example.org"),
        ("", Span("odd", url), "ftp://example.org/"),
    )
    word = written(document(table(*rows, kinds=("technique", "text", "text"))))
    check(word)
    linked = [
        (text_of(link), word.relations[link.get(f"{R}id", "")].target)
        for link in word.document.iter(f"{W}hyperlink")
        if link.get(f"{R}id")
    ]
    technique = ("T1078.004", "https://attack.mitre.org/techniques/T1078/004/")
    page = "https://example.org/page"
    assert linked == [technique, ("a page", page), (page, page), technique]
    assert sorted(word.targets("hyperlink")) == sorted([technique[1], page])


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/é?x=[1]&y=%zz%41#a#b", "https://example.org/%C3%A9?x=%5B1%5D&y=%25zz%41#a%23b"),
        ("http://example.org:8080", "http://example.org:8080"),
        ("https://user@example.org/", None),
        ("https://[::1]/", None),
        ("https://example.org:99999/", None),
        ("https://bücher.example/", None),
        ("https://example.org/" + "x" * 3000, None),
        ("https://example.org/\ud800", None),
        ("//example.org", None),
        ("", None),
    ],
)
def test_addresses_are_as_a_relation_can_hold_them(url: str, address: str | None) -> None:
    word = written(document(table((Span("text", url),))))
    check(word)
    assert word.targets("hyperlink") == ([] if address is None else [address])
    assert rows_of(word.tables[0])[1] == ["text"]


def test_hostile_text_is_text_everywhere() -> None:
    every = (HOSTILE, LONG, "", " ")
    rows = tuple((text, text, text) for text in every)
    blocks: list[Block] = [
        block
        for text in every
        for block in (
            Paragraph(text), Note(text), Heading(text), Facts(((text, text),)),
            Numbers((Number(text, text, text), Number("label", "1"))),
            Table(text, text, columns(text, text, text), rows, text),
            Table(text, text, columns(text, text, text, kind="technique"), rows, text, long=True),
            Table(text, text, columns(text, text, text, kind="color"), rows, text, long=True),
        )
    ]  # fmt: skip
    view = subject_view()
    hostile = msgspec.structs.replace(view, name=HOSTILE, description=LONG)
    blocks += [Figure(hostile, HOSTILE, HOSTILE), Figure(view, LONG, LONG), Figure(view, "", "")]
    sections = (Section("summary", HOSTILE, tuple(blocks)), *(Section("summary", text, ()) for text in every))
    made = document(
        title=HOSTILE, subtitle=HOSTILE, author=HOSTILE, date=HOSTILE, facts=((HOSTILE, LONG),), sections=sections
    )
    word = written(made)
    check(word)
    assert word.targets("hyperlink") == []
    fields = {one.get(f"{W}instr", "").split()[0] for one in word.document.iter(f"{W}fldSimple")}
    assert fields == {"SEQ"}
    assert len(list(word.document.iter(f"{W}instrText"))) == 1
    shown = text_of(word.document)
    for part in (
        "<w:p>&amp;]]>",
        "{TOC \\o}",
        "=cmd|'/C calc'!A0",
        "<script>alert(1)</script>",
        "DDEAUTO c:\\x.exe",
    ):
        assert part in shown
    assert LONG in shown
    assert not set(shown) & set("\x00\x08\x0b\x1b\r\u202e\u2066\ufffe\uffff")
    assert docx.Document(io.BytesIO(word.data)).core_properties.title.startswith("<w:p>&amp;]]>")


def subject_view() -> Any:
    return next(iter(make_report(subject("gcp"), ReportOptions(sections=("heatmaps",))).document.figures)).view


def test_nothing_mapped_and_nothing_said(tmp_path: Path) -> None:
    path = write_set(tmp_path / "nothing.json", [("hsm", None, None, None)])
    word = Word(render_report(make_report(subject(path)), "docx").data)
    check(word)
    check(written(document(sections=())))
    check(written(document()))
    check(written(document(Numbers(()), Facts(()), Table("name", "title", columns("a"), ()))))


def test_sections_may_begin_and_end_with_heatmaps() -> None:
    heatmap = Figure(subject_view(), "Title", "Caption")
    first, last = Section("heatmaps", "One", (heatmap, heatmap)), Section("gaps", "Two", (heatmap,))
    word = written(document(sections=(first, last)))
    check(word)
    assert [page["landscape"] for page in pages(word)] == [False, False, True]
    breaks = [text_of(p) for p in word.document.iter(f"{W}p") if p.find(f"{W}pPr/{W}pageBreakBefore") is not None]
    assert breaks == ["Title", "Two"]
