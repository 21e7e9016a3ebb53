from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navlayers._text.formulas import neutralize, restore

HARMFUL = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '"=1',
    "'=1",
    "''@a",
    " =1",
    "＝1",
    "-",
    "- a list",
)
HARMLESS = ("", "a=b", "T1059", "'", "it's", '"quoted"', "1-2", "'a", " a", "é")


@pytest.mark.parametrize("text", HARMFUL)
def test_text_that_a_spreadsheet_would_run_gets_a_mark(text: str) -> None:
    assert neutralize(text) == "'" + text
    assert restore("'" + text) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert neutralize(text) == text
    assert restore(text) == text


@given(st.text(alphabet="'\"=+-@\t\r\n aＸ＝", max_size=6) | st.text())
def test_neutralized_text_is_restored_and_does_not_start_with_a_formula(text: str) -> None:
    safe = neutralize(text)
    assert restore(safe) == text
    assert safe[:1] not in set("=+-@\t\r\n") or not safe
