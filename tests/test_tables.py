"""Tables of results as CSV, Markdown and XLSX: real numbers, and text that no program runs."""

from __future__ import annotations

import csv
import io
import warnings

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navlayers.output.csv_text import to_csv
from navlayers.output.markdown import escape
from navlayers.output.markdown import tables as to_markdown
from navlayers.output.sheets import to_xlsx
from navlayers.output.tables import Column, Table, columns, shown

TABLE = Table(
    "numbers",
    "What there is",
    (
        Column("technique", "technique"),
        Column("name"),
        *columns("score", kind="number"),
        Column("share", "percent"),
    ),
    (("T1078.004", "Cloud Accounts", 12.345, 50), ("T1003", "=1+1", 100, None), ("T1110", "a | b", None, 33.333)),
    "A note.",
)


def test_csv_has_numbers_as_they_are_and_neutral_text() -> None:
    assert to_csv(TABLE).decode() == (
        "technique,name,score,share\n"
        "T1078.004,Cloud Accounts,12.35,50\n"
        "T1003,'=1+1,100,\n"
        "T1110,a | b,,33.33\n"
    )  # fmt: skip


def test_csv_of_other_letters_has_a_byte_order_mark_for_spreadsheets() -> None:
    table = Table("t", "t", columns("name"), (("Zürich",),))
    assert to_csv(table) == "\ufeffname\nZürich\n".encode()


def test_markdown_is_a_table_that_shows_text_as_it_is() -> None:
    assert to_markdown([TABLE]) == (
        "## What there is\n\n"
        "| technique | name | score | share |\n"
        "| --- | --- | ---: | ---: |\n"
        "| T1078.004 | Cloud Accounts | 12.35 | 50.0% |\n"
        "| T1003 | =1+1 | 100.00 |  |\n"
        "| T1110 | a \\| b |  | 33.3% |\n\n"
        "A note.\n"
    )  # fmt: skip


def test_a_share_that_is_not_all_is_not_shown_as_100_per_cent() -> None:
    assert [shown(cell, "percent") for cell in (99.96, 100, 99.94, 0.04)] == [
        "99.9%",
        "100.0%",
        "99.9%",
        "0.1%",
    ]


def test_a_workbook_has_numbers_links_a_frozen_header_and_filters() -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([TABLE])))
    sheet = book["numbers"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["technique", "name", "score", "share"],
        ["T1078.004", "Cloud Accounts", 12.35, 50],
        ["T1003", "'=1+1", 100, None],
        ["T1110", "a | b", None, 33.33],
    ]
    assert sheet["A2"].hyperlink.target == "https://attack.mitre.org/techniques/T1078/004/"
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:D4"


def test_figures_of_a_column_have_as_many_decimals_in_a_workbook() -> None:
    table = Table("t", "t", columns("a", "b", kind="number"), ((1, 5), (0.25, 7), (0.5, None)))
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx([table])))["t"]
    assert [sheet[place].number_format for place in ("A2", "A3", "A4", "B2", "B3")] == ["0.00"] * 3 + ["0"] * 2


def test_the_same_table_gives_the_same_bytes() -> None:
    assert to_xlsx([TABLE]) == to_xlsx([TABLE])


@pytest.mark.parametrize(
    "names", [["a/b", "a:b"], ["x" * 40, "x" * 41], ["", "  "], ["Same", "same"], ["'q'", "history"]]
)
def test_sheets_have_names_that_a_workbook_takes(names: list[str]) -> None:
    tables = [Table(name, name, columns("c"), ((1.0,),)) for name in names]
    found = openpyxl.load_workbook(io.BytesIO(to_xlsx(tables))).sheetnames
    assert len({name.casefold() for name in found}) == len(names)
    assert all(0 < len(name) <= 31 for name in found)


@given(st.lists(st.text(max_size=50), min_size=1, max_size=5))
def test_any_text_is_a_cell_and_never_a_formula(texts: list[str]) -> None:
    table = Table("t", "t", columns("text"), tuple((text,) for text in texts))
    rows = list(csv.reader(io.StringIO(to_csv(table).decode("utf-8-sig"))))
    assert len(rows) == len(texts) + 1
    assert not any(row and row[0].startswith(("=", "+", "@", "-")) for row in rows[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx([table])))["t"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert len(to_markdown([table]).splitlines()) == len(texts) + 4


def test_a_text_longer_than_a_cell_is_cut() -> None:
    table = Table("t", "t", columns("text"), (("😀" * 40_000,),))
    value = openpyxl.load_workbook(io.BytesIO(to_xlsx([table])))["t"]["A2"].value
    assert isinstance(value, str)
    assert value.endswith("😀…")
    assert len(value.encode("utf-16-le")) // 2 <= 32_767


def test_markdown_links_and_mentions_nothing_by_itself() -> None:
    assert escape("see http://a.example, www.b.example, @user, me@c.example") == (
        "see http\\://a.example, www\\.b.example, @<!-- -->user, me@c.example"
    )
