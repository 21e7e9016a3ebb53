from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navlayers.output.tables import Column, Table
from navlayers.output.terminal import Terminal
from navlayers.output.text import table_lines

if TYPE_CHECKING:
    from collections.abc import Collection

NAMES = st.text(max_size=40)


def render(
    headers: tuple[str, ...], rows: list[tuple[Any, ...]], right: Collection[int] = (), width: int | None = None
) -> str:
    found = tuple(Column(head, "number" if i in right else "text") for i, head in enumerate(headers))
    return "\n".join(table_lines(Table("", "", found, tuple(rows)), Terminal(width)))


def test_columns_are_aligned_and_numbers_are_right_aligned() -> None:
    assert (
        render(("set", "layers"), [("gcp", 5), ("nist", 1234)], {1}) == "set   layers\ngcp        5\nnist    1234"
    )


def test_a_header_of_several_lines_is_bottom_aligned() -> None:
    assert render(("set", "sub-\ntechniques"), [("a", 1)], {1}).splitlines() == [
        "           sub-",
        "set  techniques",
        "a             1",
    ]


def test_names_give_way_before_figures() -> None:
    lines = render(("name", "n"), [("x" * 100, 123456789)], {1}, 40).splitlines()
    assert lines[1].endswith("123456789")
    assert "…" in lines[1]
    assert len(lines[1]) == 40


def test_without_a_width_nothing_is_cut() -> None:
    assert "x" * 300 in render(("name",), [("x" * 300,)])


def test_a_table_without_rows_is_its_header() -> None:
    assert render(("set", "layers"), [], {1}) == "set  layers"


@pytest.mark.parametrize("nasty", ["a\nb", "a\x1b[31mb", "a\tb", "a\rb", "a\u202eb", "a\0b"])
def test_nothing_in_a_cell_moves_the_cursor(nasty: str) -> None:
    (_, line) = render(("name",), [(nasty,)]).splitlines()
    assert line == "a b" or "[31m" in line
    assert all(unicodedata.category(char)[0] != "C" for char in line)


@given(st.lists(st.tuples(NAMES, st.integers(0, 10**6)), max_size=5), st.integers(30, 100))
def test_a_table_is_never_wider_than_it_may_be(rows: list[tuple[str, int]], width: int) -> None:
    for line in render(("name", "number"), rows, {1}, width).splitlines():
        cells = sum(
            0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in line
        )
        assert cells <= width


def test_wide_characters_take_two_cells() -> None:
    lines = render(("name", "n"), [("日本", 1), ("abcd", 2)], {1}).splitlines()
    assert lines[1:] == ["日本  1", "abcd  2"]
