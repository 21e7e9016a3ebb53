"""Sets, layers and tables as threats: what each technique weighs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
from conftest import write_set
from threat_helpers import LAYER, NEWEST, notes, refused, table, threat, write_layer

from navlayers.analysis.inputs import InputSet, load_inputs
from navlayers.mapping.find import resolve

if TYPE_CHECKING:
    from pathlib import Path


def test_a_set_without_scores_weighs_techniques_by_its_capabilities() -> None:
    kev = resolve(["kev"])[0]
    found = threat("kev")
    at_18 = InputSet(NEWEST, load_inputs([kev]).at_release(NEWEST).inputs).coverage()[0]
    assert found.weights == {t: entry.overall for t, entry in at_18.scores.items()}
    assert found.members[0].weights["T1203"] == len(at_18.scores["T1203"].capabilities)


def test_a_scored_set_weighs_techniques_by_their_overall_scores(tmp_path: Path) -> None:
    # ATT&CK revoked T1053.001 by T1053.002.
    path = write_set(tmp_path / "tiny.json")
    found = threat(path)
    assert found.weights == {"T1053.002": 50, "T1078": 100, "T1078.004": 10, "T1110": 50}
    assert [moved.successor for moved in found.members[0].replaced] == ["T1053.002"]


def test_a_layer_weighs_techniques_by_its_scores_as_they_stand(tmp_path: Path) -> None:
    found = threat(write_layer(tmp_path / "l.json"))
    assert found.weights == {"T1059": 300, "T1078": 0.5}
    assert found.members[0].label == "Ours"
    assert "l: skipped 2 techniques without a weight above 0" in notes(found)


def test_a_layer_of_colours_alone_weighs_each_technique_1(tmp_path: Path) -> None:
    entries = [{"techniqueID": t, "color": "#ff0000"} for t in ("T1059", "T1078")]
    found = threat(write_layer(tmp_path / "l.json", techniques=entries))
    assert found.weights == {"T1059": 1, "T1078": 1}
    assert "l: the layer has no scores: every technique has weight 1" in notes(found)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            '{"techniqueID": "T1059", "score": -2}',
            "l.json:2:35: score -2 is negative; expected a number of 0 or more",
        ),
        ('{"techniqueID": "T1059", "score": "5"}', 'l.json:2:35: score is the text "5"'),
        ('{"techniqueID": "T1059", "score": NaN}', "l.json:2:35: this is not JSON"),
    ],
)
def test_scores_of_layers_that_are_no_weights_are_errors_with_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, message: str
) -> None:
    text = json.dumps(LAYER | {"techniques": []}).replace('"techniques": []', f'"techniques": [\n{entry}]')
    (tmp_path / "l.json").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert message in refused("l.json")


@pytest.mark.parametrize(
    ("header", "rows", "weights"),
    [
        ("technique,weight", ["T1059,5", "T1078,0.25"], {"T1059": 5, "T1078": 0.25}),
        ("Technique ID;Name;Prevalence", ["T1059;Command;45%", "T1078;Valid;2,5"], {"T1059": 45, "T1078": 2.5}),
        ("ATT&CK ID\tseen\tWhy", ["T1059\t3\tx", "T1078\t4\ty"], {"T1059": 3, "T1078": 4}),
        ("technique,score", ["T1059,500", "T1078,2"], {"T1059": 500, "T1078": 2}),
        ("rank,technique,count", ["1,T1059,7", "2,T1078,3"], {"T1059": 7, "T1078": 3}),
        ("technique,weight", ['"T1059, T1078",2', "T1059,1"], {"T1059": 3, "T1078": 2}),
        ("technique,weight", ["T1086,2", "T1059.001,1.5"], {"T1059.001": 3.5}),
        ("technique,weight", ["T1059,1", "T1078,0", "T1110,", ",4"], {"T1059": 1}),
        ("technique", ["T1059", "T1059", "T1078"], {"T1059": 2, "T1078": 1}),
        ("technique,Test Number,ExitCode", ["T1059,3,0", "T1078,4,1"], {"T1059": 1, "T1078": 1}),
        ("control,technique,weight", ["a,T1059,1", "b,T1059,2"], {"T1059": 3}),
        ("control,technique,score", ["a,T1059,partial", "b,T1059,minimal"], {"T1059": 50}),
        ("control,technique", ["a,T1059", "b,T1059"], {"T1059": 2}),
    ],
)
def test_tables_weigh_techniques(tmp_path: Path, header: str, rows: list[str], weights: dict[str, float]) -> None:
    assert threat(table(tmp_path / "t.csv", header, *rows)).weights == weights


@pytest.mark.parametrize(
    ("cells", "weights"),
    [
        (["3.000", "12.000,50"], [3000, 12000.5]),
        (["3.000", "2.5"], [3, 2.5]),
        (["1,200", "2,5"], [1.2, 2.5]),
        (["1,200", "1,200,300"], [1200, 1200300]),
        (["3.000", "1.200.300 %"], [3000, 1200300]),
        (["0.125", "3.000"], [0.125, 3]),
        (["1 200,5", "1,200"], [1200.5, 1.2]),
        (["45.125%", "2.5%"], [45.125, 2.5]),
    ],
)
def test_a_column_tells_what_its_marks_mean(tmp_path: Path, cells: list[str], weights: list[float]) -> None:
    rows = [f"{technique};{cell}" for technique, cell in zip(("T1059", "T1078"), cells, strict=True)]
    assert list(threat(table(tmp_path / "t.csv", "technique;weight", *rows)).weights.values()) == weights


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("3.000", '"3.000" is 3000 or 3.000; expected 3000 or 3.0'),
        ("1,200", '"1,200" is 1200 or 1.200; expected 1200 or 1.2'),
        ("1.234%", '"1.234%" is 1234 or 1.234; expected 1234 or 1.2340'),
    ],
)
@pytest.mark.parametrize("beside", ["7", "1 200", "2,5;1.5"])
def test_a_mark_before_three_digits_that_the_column_does_not_settle_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, message: str, beside: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"T1059\t{cell}", *(f"T1078\t{other}" for other in beside.split(";"))]
    table(tmp_path / "t.tsv", "technique\tweight", *rows)
    assert refused("t.tsv") == f"t.tsv:2:7: weight {message}"


def test_numbers_of_a_workbook_are_what_they_are(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (["technique", "weight"], ["T1059", 1.125], ["T1078", 2.5], ["T1110", "3.000"], ["T1003", "1,5"]):
        book.active.append(line)
    book.save(tmp_path / "t.xlsx")
    assert threat(tmp_path / "t.xlsx").weights == {"T1003": 1.5, "T1059": 1.125, "T1078": 2.5, "T1110": 3000}


def test_a_column_that_is_taken_by_its_name_is_told_where_others_hold_numbers(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,Sightings 2025,Impact,Why", "T1059,5,6,x")
    note = (
        't: using the weights of column "Sightings 2025", not of "Impact" (to change this: --columns score=Impact)'
    )
    assert notes(threat(path)) == [note]
    assert notes(threat(path, score="Impact")) == []


def test_a_workbook_weighs_techniques(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in (["Report"], [], ["Technique", "Hits"], ["T1059", 12], ["T1078", 0.5]):
        sheet.append(line)
    book.save(tmp_path / "t.xlsx")
    assert threat(tmp_path / "t.xlsx").weights == {"T1059": 12, "T1078": 0.5}


def test_the_user_names_the_column_of_weights(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,a,b", "T1059,5,6")
    assert threat(path, score="b").weights == {"T1059": 6}
    assert threat(table(tmp_path / "u.csv", "technique,weight", "T1059,5"), score="elsewhere").weights == {
        "T1059": 5
    }


def test_weights_that_are_none_are_errors_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = ["T1059,high", "T1078,-3", "T1110,NaN", "T1003,inf", "TX,1", "T1190,2e12", "T1200,1_0"]
    table(tmp_path / "t.csv", "technique,weight", *rows)
    expected = "expected a number of 0 or more"
    assert refused("t.csv").splitlines() == [
        f't.csv:2:7: weight "high" is not a number; {expected}',
        f't.csv:3:7: weight "-3" is negative; {expected}',
        f't.csv:4:7: weight "NaN" is not a number; {expected}',
        f't.csv:5:7: weight "inf" is not a number; {expected}',
        't.csv:6:1: technique id "TX" is malformed; expected a technique id such as T1059 or T1059.001',
        't.csv:7:7: weight "2e12" is too large; expected at most 1e12',
        f't.csv:8:7: weight "1_0" is not a number; {expected}',
    ]


def test_a_workbook_s_weights_that_are_none_are_errors_by_row_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    for line in (["technique", "weight"], ["T1059", 1], ["T1078", "many"]):
        book.active.append(line)
    book.save("t.xlsx")
    assert refused("t.xlsx") == 't.xlsx:3:2: weight "many" is not a number; expected a number of 0 or more'


def test_several_columns_of_numbers_are_an_error_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "t.csv", "technique,a,b", "T1059,5,6")
    assert refused("t.csv") == (
        "t.csv:1:11: 2 numeric columns: a, b; expected one weight column, with a header such as weight, "
        "count or prevalence (rename it, or choose it with --columns score=b)"
    )
