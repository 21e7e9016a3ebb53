"""Documents for the tests of reports as PDF, and checks of where their words are."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import pdf_helpers as pdf

from navlayers.analysis.inputs import load_inputs
from navlayers.api.report import render_report
from navlayers.mapping.find import resolve
from navlayers.output.document import (
    Document,
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
from navlayers.pages.report.build import Report, make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.output.document import Block, Paper
    from navlayers.pages.report.input import ReportInput

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


def everything(data: bytes) -> bytes:
    """The PDF with all that is packed in it."""
    packed = [part.partition(b"endstream")[0] for part in data.split(b"stream\n")[1::1]]
    parts = [data]
    for part in packed:
        try:
            parts.append(zlib.decompress(part.strip(b"\r\n")))
        except zlib.error:
            continue
    return b"".join(parts)
