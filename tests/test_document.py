"""One document as text, Markdown and HTML: each shows every block, and takes nothing in the data for markup."""

from __future__ import annotations

import pytest

from navlayers.output import html, markdown, text
from navlayers.output.document import (
    Document,
    Facts,
    Heading,
    Item,
    Items,
    Note,
    Number,
    Numbers,
    Paragraph,
    Section,
)
from navlayers.output.tables import Column, Detail, RowStyle, Span, Table
from navlayers.output.terminal import Terminal

HOSTILE = "*a* <b>b</b> | [c](http://d.example)\x1b[31m"
DETAIL = Detail("Comments", ("first", Span("second", "https://e.example/")))
STYLES = (RowStyle(details=(DETAIL,)), RowStyle(level=1, quiet=True))
COLUMNS = (Column("id", "technique"), Column("name"), Column("score", "number"))
ROWS = (("T1003", HOSTILE, 12.5), ("T1003.001", "Memory", None))
TABLE = Table("t", "A table", COLUMNS, ROWS, "Its note.", styles=STYLES)
DOCUMENT = Document(
    "Title",
    key="K1",
    blocks=(Paragraph(("see ", Span("there", "https://e.example/"), "."), warning=True),),
    sections=(
        Section(
            "all",
            "Section",
            (
                Heading("Part"),
                Note("A remark."),
                Facts((("Name", "value"), ("Several", ("one", "two")))),
                Items((Item("above", (Item("below"),)),)),
                Numbers((Number("covered", "50%", "of 10"),)),
                TABLE,
            ),
        ),
    ),
)


def test_text_has_every_block() -> None:
    assert text.render(DOCUMENT, Terminal(60)).splitlines() == [
        "K1 Title",
        "========",
        "see there.",
        "",
        "Section",
        "-------",
        "",
        "Part",
        "A remark.",
        "Name     value",
        "Several  one, two",
        "above",
        "  below",
        "figure   value  of what",
        "covered    50%  of 10",
        "",
        "A table",
        "id           name                                      score",
        "T1003        *a* <b>b</b> | [c](http://d.example)       12.5",
        "             [31m",
        "    Comments: first",
        "    second",
        "  T1003.001  Memory",
        "Its note.",
    ]


def test_markdown_has_every_block() -> None:
    page = markdown.render(DOCUMENT)
    assert page.startswith("# K1 Title\n\n**see [there](https://e.example/).**\n\n## Section\n\n### Part\n\n")
    assert "- **Name**: value\n- **Several**: one, two\n\n- above\n  - below\n\n" in page
    assert "| covered | 50% | of 10 |" in page
    assert "&nbsp;&nbsp;[T1003.001](https://attack.mitre.org/techniques/T1003/001/) | Memory" in page
    assert r"\*a\* \<b\>b\</b\> \| \[c\](http\://d.example) \[31m" in page
    assert page.endswith("- **T1003**\n  - Comments: first\n\n    [second](https://e.example/)\n\nIts note.\n")


def test_html_has_every_block() -> None:
    page = html.render(DOCUMENT)
    assert "<title>K1 Title</title>" in page
    assert '<p class="warning">see <a href="https://e.example/" rel="noreferrer">there</a>.</p>' in page
    assert "<ul><li>above" in page
    assert "*a* &lt;b&gt;b&lt;/b&gt; | [c](http://d.example) [31m" in page
    assert "Its note.</p>" in page


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_text_is_never_wider_than_the_window(width: int) -> None:
    lines = text.render(DOCUMENT, Terminal(width)).splitlines()
    assert all(len(line) <= width or "://" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_a_path_is_cut_in_its_middle() -> None:
    assert text.fit("folder/of/many/sets.json", 16, end=True) == "folde…/sets.json"
    assert text.fit("Credential Access", 8) == "Credent…"
