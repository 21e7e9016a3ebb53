"""Tables of costs, lists of capabilities, budgets and targets as people write them."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import openpyxl
import pytest
from conftest import row
from hypothesis import given
from hypothesis import strategies as st
from plan_helpers import together

from navlayers.analysis.plan.candidates import Directory, candidates_of, named, score_inputs
from navlayers.analysis.plan.costs import assign, read_costs, split_column
from navlayers.analysis.plan.options import parse_budget, parse_target
from navlayers.errors import InputError, NavlayersError, UsageError
from navlayers.mapping.formats.table_values import amount
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from pathlib import Path


def directory(*sets: list[str]) -> Directory:
    """The capabilities of these ids, each called "Name of" it."""
    made = together(*([row(i, "T1001") for i in ids] for ids in sets))
    return Directory(candidates_of(score_inputs(made, ScoreOptions()), None, 0))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1200", "1200"),
        (" 12.50 ", "12.5"),
        ("12,5", "12.5"),
        ("1,200.50", "1200.5"),
        ("1.200,50", "1200.5"),
        ("1 200", "1200"),
        ("1'200'300", "1200300"),
        ("1,200,300", "1200300"),
        ("€ 1,200.50", "1200.5"),
        ("1200 EUR", "1200"),
        ("1e3", "1000"),
        ("0", "0"),
        ("-0", "0"),
        (".5", "0.5"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        ("1234.567", "1234.567"),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, value: str) -> None:
    assert amount(text) == Fraction(value)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("1,200", "is 1200 or 1.200"),
        ("1.200", "is 1200 or 1.200"),
        ("nan", "is not a number"),
        ("inf", "is not a number"),
        ("many", "is not a number"),
        ("50%", "is not a number"),
        ("", "is not a number"),
        ("-5", "is negative"),
        ("−5", "is negative"),
        ("1e13", "is too large"),
        ("1e999", "is too large"),
    ],
)
def test_what_is_no_amount_is_told(text: str, wrong: str) -> None:
    assert amount(text) == wrong


@given(st.text(max_size=12))
def test_no_text_breaks_reading_an_amount(text: str) -> None:
    found = amount(text)
    assert isinstance(found, str) or found >= 0


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("95%", "0.95"), ("95", "0.95"), ("0.95", "0.95"), ("95 %", "0.95"), ("99,5%", "0.995"), ("100%", "1"),
        ("100", "1"), ("0%", "0"), ("0", "0"), ("1%", "0.01"), ("0.5%", "0.005"), ("1.5", "0.015"),
        ("99.999%", "0.99999"), ("99,999 %", "0.99999"),
    ],
)  # fmt: skip
def test_targets_are_per_cent_or_shares(text: str, share: str) -> None:
    assert parse_target(text) == Fraction(share)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", '--target "1" may mean 1% or 100%; expected 1% or 100%'),
        ("1.0", '--target "1.0" may mean 1% or 100%; expected 1% or 100%'),
        ("101", '--target "101" is more than 100%; expected a share from 0% to 100%, such as 95%'),
        ("-5%", '--target "-5%" is negative; expected a share from 0% to 100%, such as 95%'),
        ("most", '--target "most" is not a number; expected a share from 0% to 100%, such as 95%'),
    ],
)
def test_targets_that_are_no_share_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert str(caught.value) == message


def test_a_budget_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        parse_budget("ten")
    assert str(caught.value) == '--budget "ten" is not a number; expected a number of 0 or more, such as 10'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("prices.csv", ("prices.csv", None)),
        ("prices.csv:Cost", ("prices.csv", "Cost")),
        ("prices.csv:Cost: EUR", ("prices.csv", "Cost: EUR")),
        ("missing.csv:Cost", ("missing.csv", "Cost")),
        (r"C:\data\prices.csv", (r"C:\data\prices.csv", None)),
        (r"C:\data\prices.csv:Cost", (r"C:\data\prices.csv", "Cost")),
        ("a:b.csv", ("a:b.csv", None)),
        ("", ("", None)),
    ],
)
def test_a_file_and_a_column_are_told_apart(
    text: str, parts: tuple[str, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("prices.csv", "a:b.csv"):
        (tmp_path / name).write_text("id,cost\na,1\n", encoding="utf-8")
    assert split_column(text) == parts


CSV = "Control;Annual cost (EUR);Owner\nAC-1;1 200,50;x\n;;\nb;;y\nc;3;z\n"


def _write(tmp_path: Path, text: str) -> str:
    (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
    return str(tmp_path / "prices.csv")


def test_costs_are_found_by_their_header(tmp_path: Path) -> None:
    costs = read_costs(_write(tmp_path, CSV))
    assert costs.header == "Annual cost (EUR)"
    assert [(price.names, price.cost) for price in costs.prices] == [
        (("AC-1",), Fraction("1200.5")),
        (("c",), Fraction(3)),
    ]


def test_costs_are_the_only_numbers_or_the_column_that_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,name,next year,this year\na,Name of a,5,7\n")
    assert read_costs(path, "This Year").prices[0].cost == 7
    with pytest.raises(InputError) as caught:
        read_costs(path)
    assert str(caught.value) == (
        f"{path}:1:9: 2 numeric columns: next year, this year; expected one cost column "
        f"(choose one with --cost {path}:COLUMN)"
    )
    assert read_costs(_write(tmp_path, "id\tworth\na\t5\n")).header == "worth"


def test_costs_come_from_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["Prices of 2026"], ["id", "name", "price"], ["a", "Name of a", 12.5], ["b", None, 3]):
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    (tmp_path / "prices.xlsx").write_bytes(stream.getvalue())
    costs = read_costs(str(tmp_path / "prices.xlsx"))
    assert [(price.names, price.cost) for price in costs.prices] == [
        (("a", "Name of a"), Fraction(25, 2)),
        (("b",), Fraction(3)),
    ]


def test_the_column_decides_what_a_mark_before_three_digits_means(tmp_path: Path) -> None:
    costs = read_costs(_write(tmp_path, "id;cost\na;3.000\nb;€ 12.000,50\n"))
    assert [price.cost for price in costs.prices] == [3000, Fraction("12000.5")]


NUMBER = "expected a number of 0 or more, such as 1200 or 1200.50"
COLUMN = "expected a header such as capability, control, id or name"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,cost\na,nan\n", f'2:3: cost "nan" is not a number; {NUMBER}'),
        ("id,cost\na,-1\n", f'2:3: cost "-1" is negative; {NUMBER}'),
        ('id,cost\na,"1,200"\n', '2:4: cost "1,200" is 1200 or 1.200; expected 1200 or 1.2'),
        ("id,cost\na,3.000\n", '2:3: cost "3.000" is 3000 or 3.000; expected 3000 or 3.0'),
        ("technique,cost\nT1001,1\n", f"1:1: no capability column; {COLUMN}"),
    ],
)
def test_tables_that_hold_no_costs_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_costs(path)
    assert str(caught.value) == f"{path}:{message}"


def test_a_column_without_numbers_is_one_error(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,cost,Owner\n" + "".join(f"c{i},{i},Ann\n" for i in range(15)))
    with pytest.raises(InputError) as caught:
        read_costs(path, "Owner")
    message = "column Owner has no numbers (15 rows); expected costs, such as 1200 or 1200.50"
    assert str(caught.value) == f"{path}:1:9: {message}"


@pytest.mark.parametrize(
    ("text", "asked", "message"),
    [
        ("id,cost,cost\na,1,2\n", None, "4: 2 cost columns: cost, cost; {} ({})"),
        ("id,cost,cost\na,1,2\n", "cost", '9: duplicate column "cost"; {} ({})'),
        ("id,Cost,cost \na,1,2\n", "COST", '9: duplicate column "COST"; {} ({})'),
        ("id,cost,price\na,1,2\n", None, "4: 2 cost columns: cost, price; {} (choose one with {path})"),
    ],
)
def test_of_two_columns_none_is_taken_silently(text: str, asked: str | None, message: str, tmp_path: Path) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_costs(path, asked)
    told = message.format("expected one cost column", "rename the others", path=f"--cost {path}:COLUMN")
    assert str(caught.value) == f"{path}:1:{told}"


def test_the_column_of_costs_is_that_with_numbers(tmp_path: Path) -> None:
    costs = read_costs(_write(tmp_path, "id,cost,budget owner\na,1,Ann\nb,2,Bob\n"))
    assert [price.cost for price in costs.prices] == [1, 2]
    assert read_costs(_write(tmp_path, "id,Cost,cost\na,1,2\n"), "cost").prices[0].cost == 2


def test_files_beside_the_sets_are_told_of_as_what_they_are(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    table, ids = "a file that holds a table of capabilities and costs", "a file that holds a list of ids or names"
    with pytest.raises(InputError) as caught:
        read_costs(str(empty))
    assert str(caught.value) == f"{empty}: the file is empty; expected {table}"
    with pytest.raises(InputError) as caught:
        named([f"@{empty}"], directory(["a"]), "--have")
    assert str(caught.value) == f"{empty}: the file is empty; expected {ids}, one per line"
    with pytest.raises(InputError) as caught:
        read_costs(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: this is a folder; expected {table}"
    for ask in (lambda: read_costs("-"), lambda: named(["@-"], directory(["a"]), "--have")):
        with pytest.raises(UsageError, match="does not read standard input; expected a file"):
            ask()


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,cost,owner\na,1,x\n")
    with pytest.raises(InputError) as caught:
        read_costs(path, "cots")
    expected = f'{path}:1:1: no column "cots"; expected id, cost, owner (did you mean cost?)'
    assert str(caught.value) == expected
    path = _write(tmp_path, "id,owner\na,x\n")
    with pytest.raises(InputError) as caught:
        read_costs(path)
    assert str(caught.value) == (
        f"{path}:1:1: no cost column; expected a header such as cost, price or effort "
        f"(the table has id, owner; choose one with --cost {path}:COLUMN)"
    )


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NavlayersError, match=r"missing\.csv"):
        read_costs("missing.csv")
    with pytest.raises(UsageError, match="--cost is empty"):
        read_costs("")


def test_a_row_may_name_its_capability_by_id_or_by_name(tmp_path: Path) -> None:
    costs = read_costs(_write(tmp_path, "id,name,cost\nx9,Name of a,1\nB,other,2\nzz,nobody,3\n"))
    found, notices = assign(costs, directory(["a", "b"]))
    assert found == {"a": 1, "b": 2}
    assert [notice.message for notice in notices] == ["skipped 1 row with an unknown capability: zz"]


def test_two_costs_of_one_capability_are_an_error_with_both_places(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,cost\na,1\nb,2\nA,1\na,5\n")
    with pytest.raises(InputError) as caught:
        assign(read_costs(path), directory(["a", "b"]))
    assert str(caught.value) == f"{path}:5:3: a has a different cost at {path}:2:3 (keep one of them)"


def test_a_cost_that_several_sets_may_mean_is_an_error(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,cost\na,1\n")
    with pytest.raises(InputError) as caught:
        assign(read_costs(path), directory(["a"], ["a"]))
    assert str(caught.value) == f'{path}:2:1: "a" matches 2 capabilities: one:a, two:a (use one:a)'
    assert assign(read_costs(_write(tmp_path, "id,cost\ntwo:a,1\n")), directory(["a"], ["a"]))[0] == {"two:a": 1}


@pytest.mark.parametrize(
    "texts",
    [["AC-02,b"], ["ac2", "B"], ["Name of AC-02", "one:b"], [" AC-02 , b ,"], ["@list"], ["name of ac-02,b"]],
)
def test_capabilities_are_named_by_id_or_name_or_from_a_file(
    texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf# in place\r\nAC-02\r\n\r\n  b\r\n")
    assert named(texts, directory(["AC-02", "b", "c"]), "--have") == ("AC-02", "b")


def test_a_comma_may_be_part_of_a_name() -> None:
    assert named(["x, y"], directory(["x, y", "z"]), "--have") == ("x, y",)


def test_names_that_mean_nothing_are_told_together_with_what_may_be_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        named(["AC-03,Name of bb,b"], directory(["AC-02", "b"]), "--exclude")
    assert [str(problem) for problem in caught.value.problems] == [
        '--exclude: no capability "AC-03"; expected the id or name of a capability (did you mean AC-02?)',
        '--exclude: no capability "Name of bb"; expected the id or name of a capability (did you mean Name of b?)',
    ]
    path = tmp_path / "list"
    path.write_text("b\nq7\n", encoding="utf-8")
    with pytest.raises(InputError) as caught_in_file:
        named([f"@{path}"], directory(["AC-02", "b"]), "--exclude")
    message = f'{path}:2:1: no capability "q7"; expected the id or name of a capability'
    assert str(caught_in_file.value) == message


@pytest.mark.parametrize(
    ("text", "message"), [("", "--have is empty"), (" , ", "--have is empty"), ("@", "without a file name")]
)
def test_an_empty_list_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        named([text], directory(["a"]), "--have")
