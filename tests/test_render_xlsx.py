"""A layer as a workbook, read back: what people see of the matrix, filter in the table, and click."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laid_helpers import CATALOGUE, EVIL, SMALL, every, hostile, view, written

from navlayers.layer.contrast import contrast
from navlayers.output.drawing.options import RenderOptions
from navlayers.output.drawing.workbook import render_xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from navlayers.layer.view import View


def book(*views: View, options: RenderOptions | None = None) -> Any:
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(views, options or RenderOptions()).data))


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    head, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    return [dict(zip(head, row, strict=True)) for row in rows]


def fill(cell: Any) -> str:
    return f"#{cell.fill.fgColor.rgb[2:].lower()}" if cell.fill.fill_type else ""


def found(sheet: Worksheet, text: str) -> list[Any]:
    return [cell for row in sheet.iter_rows() for cell in row if cell.value == text]


def test_a_technique_stands_beside_its_sub_techniques_under_its_tactic() -> None:
    sheet = book(view(SMALL))["Matrix"]
    (tactic,) = found(sheet, "Initial Access")
    merged = {str(area) for area in sheet.merged_cells.ranges}
    letters = (tactic.column_letter, sheet.cell(1, tactic.column + 1).column_letter)
    assert f"{letters[0]}5:{letters[1]}5" in merged
    assert sheet.cell(6, tactic.column).value == "3/21"
    (phishing,) = found(sheet, "Phishing (100)")
    assert f"{letters[0]}{phishing.row}:{letters[0]}{phishing.row + 3}" in merged
    below = [sheet.cell(phishing.row + line, phishing.column + 1).value for line in range(4)]
    assert below[0] == "Spearphishing Attachment (40)"
    assert set(below[1:]) == {"Spearphishing Link", "Spearphishing Voice", "Spearphishing via Service"}


def test_cells_have_the_colours_that_a_linear_gradient_gives_by_hand() -> None:
    sheet = book(view(SMALL))["Matrix"]
    assert fill(found(sheet, "Phishing (100)")[0]) == "#ff0000"
    attachment = fill(found(sheet, "Spearphishing Attachment (40)")[0])
    assert attachment.startswith("#ff")
    assert abs(int(attachment[3:5], 16) - 255 * 0.6) < 3
    (own,) = (c for c in found(sheet, "Valid Accounts") if fill(c))
    assert fill(own) == "#00ff00"
    disabled = found(sheet, "Exploit Public-Facing Application (70)")[0]
    assert fill(disabled) == "#d9d9d9"
    assert fill(found(sheet, "Drive-by Compromise")[0]) == ""


def test_every_fill_is_the_navigators_own_step_of_the_gradient(tmp_path: Path) -> None:
    made = book(*written(tmp_path, {**every(), "layout": {"expandedSubtechniques": "all"}}))
    colors = {}
    for number, row in enumerate(table(made["Techniques"])):
        step = min(number % 101, 99)
        other = f"{math.floor(255 * (1 - step / 99) + 0.5):02x}"
        assert row["color"] == f"#ff{other}{other}", row["technique"]
        colors[row["technique"]] = row["color"]
    by_note = {
        cell.comment.text.split()[0]: cell for row in made["Matrix"].iter_rows() for cell in row if cell.comment
    }
    assert len(by_note) == len(colors)
    for identifier, cell in by_note.items():
        assert fill(cell) == colors[identifier]


def test_text_on_every_cell_is_readable(tmp_path: Path) -> None:
    sheet = book(*written(tmp_path, every()))["Matrix"]
    for row in sheet.iter_rows(min_row=7):
        for cell in row:
            if fill(cell):
                assert contrast(f"#{cell.font.color.rgb[2:].lower()}", fill(cell)) >= 4.5


def test_every_scored_technique_is_there_those_of_closed_parents_in_the_table() -> None:
    made = book(view(SMALL))
    rows = table(made["Techniques"])
    scored = {(row["technique"], row["score"]) for row in rows if row["score"] is not None}
    assert scored == {("T1566", 100), ("T1566.001", 40), ("T1059.001", 12.5), ("T1078", 0), ("T1190", 70)}
    assert not found(made["Matrix"], "PowerShell (12.5)")
    assert {row["technique"]: row["matrix"] for row in rows}["T1059.001"] == "collapsed"
    assert {row["tactics"]: row["color"] for row in rows if row["technique"] == "T1078"} == {
        "Persistence": "#ffffff",
        "Initial Access": "#00ff00",
    }


def test_all_techniques_of_a_release_fit(tmp_path: Path) -> None:
    layer = {**every(), "layout": {"expandedSubtechniques": "all"}}
    made = book(*written(tmp_path, layer))
    rows = table(made["Techniques"])
    assert [row["technique"] for row in rows] == [t.id for t in CATALOGUE.techniques.values() if t.active]
    texts = {
        str(cell.value).rpartition(" (")[0] for row in made["Matrix"].iter_rows() for cell in row if cell.value
    }
    assert {t.name for t in CATALOGUE.techniques.values() if t.active} <= texts
    assert {"metadata", "link 1", "link 5", "more links"} <= rows[0].keys()


def test_the_table_has_numbers_links_filters_and_a_frozen_header() -> None:
    sheet = book(view(SMALL))["Techniques"]
    heads = [cell.value for cell in sheet[1]]
    assert heads == [
        *("technique", "name", "tactics", "score", "comment", "parent", "color", "enabled", "matrix", "by", "link"),
    ]
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=2)}
    assert rows["T1566.001"][0].hyperlink.target == "https://attack.mitre.org/techniques/T1566/001/"
    assert rows["T1566.001"][5].value == "T1566"
    assert rows["T1059.001"][3].value == 12.5
    assert rows["T1059.001"][3].data_type == "n"
    assert (rows["T1059.001"][10].value, rows["T1059.001"][10].hyperlink.target) == (
        "how",
        "https://example.org/ps",
    )
    assert fill(rows["T1566"][6]) == "#ff0000"
    assert rows["T1190"][7].value == "no"
    assert sheet.freeze_panes is not None
    assert sheet.auto_filter.ref == f"A1:K{sheet.max_row}"


def test_the_table_prints_what_is_read() -> None:
    sheet = book(view(SMALL))["Techniques"]
    assert sheet.print_area == "'Techniques'!$A$1:$E$7"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert fill(sheet["D6"]) == "#ff0000"


def test_notes_say_what_the_layer_says() -> None:
    sheet = book(view(SMALL))["Matrix"]
    assert found(sheet, "Phishing (100)")[0].comment.text == "T1566 Phishing\nScore: 100\nMail is read.\nTwice."
    assert found(sheet, "Spearphishing Attachment (40)")[0].comment.text.endswith("by: filter")
    assert found(sheet, "Drive-by Compromise")[0].comment is None


def test_the_matrix_prints_one_page_wide_with_its_heads_on_each() -> None:
    sheet = book(view(SMALL))["Matrix"]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 8
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 2)
    assert sheet.print_title_rows == "$5:$6"
    assert sheet.print_area
    assert sheet.freeze_panes == "A7"


def test_the_legend_tells_colours_and_facts() -> None:
    sheet = book(view(SMALL))["Legend"]
    filled = {cell.value: fill(cell) for row in sheet.iter_rows() for cell in row if fill(cell)}
    assert (filled["0"], filled["100"]) == ("#ffffff", "#ff0000")
    assert (filled["none"], filled["all of it"]) == ("#ffffff", "#ff0000")
    texts = {cell.value for row in sheet.iter_rows() for cell in row}
    assert {"Small", "ATT&CK Enterprise 16.1", "the team", "Gray cells are disabled."} <= texts


def test_several_layers_are_sheets_and_one_table_of_all_scores() -> None:
    other = view(SMALL, name="Small", techniques=[{"techniqueID": "T1566", "score": -5}, {"techniqueID": "T1001"}])
    made = book(view(SMALL), other)
    assert made.sheetnames == ["All layers", "Small", "Small (2)", "Techniques", "Legend"]
    rows = table(made["All layers"])
    (phishing,) = (row for row in rows if row["technique"] == "T1566")
    assert (phishing["Small"], phishing["Small (2)"]) == (100, -5)
    assert {row["technique"] for row in rows} == {"T1566", "T1566.001", "T1059.001", "T1078", "T1190"}
    assert {row["layer"] for row in table(made["Techniques"])} == {"Small", "Small (2)"}


def test_layers_called_as_sheets_of_the_workbook_are_told_apart() -> None:
    views = [view(SMALL, name=name) for name in ("Legend", "history", "All layers", "a/b:c", "x" * 40, "X" * 40)]
    names = book(*views).sheetnames
    assert len({name.casefold() for name in names}) == len(names) == 9
    assert max(map(len, names)) <= 31


def test_names_of_sheets_lose_dates_and_versions_before_letters() -> None:
    metadata = [{"name": "framework version", "value": "8.2.1"}]
    names = (
        "Microsoft 365 07/18/2025: overview",
        "VERIS 1.4.0: overview",
        "Some very long controls 8.2.1: overview",
    )
    views = [view(SMALL, name=name, metadata=metadata) for name in (*names, names[0])]
    assert book(*views).sheetnames[1:5] == [
        *("Microsoft 365 overview", "VERIS 1.4.0 overview", "Some very long controls overvie"),
        "Microsoft 365 overview (2)",
    ]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"techniqueID": "T1566", "comment": "no score"}],
        [{"techniqueID": "T1566", "score": -1e300}, {"techniqueID": "T1078", "score": 1e-300}],
    ],
)
def test_odd_layers_are_workbooks_all_the_same(entries: list[dict[str, Any]], tmp_path: Path) -> None:
    made = book(*written(tmp_path, {**SMALL, "techniques": entries}))
    assert len(table(made["Techniques"])) == len(entries)


def test_a_layer_whose_filters_leave_nothing_says_so(tmp_path: Path) -> None:
    entries = [{"techniqueID": t.id, "enabled": False} for t in CATALOGUE.techniques.values() if t.active]
    made = book(*written(tmp_path, {**SMALL, "techniques": entries, "hideDisabled": True}))
    assert found(made["Matrix"], "The filters of the layer hide every technique.")
    assert table(made["Techniques"]) == []


def test_only_what_is_scored_when_that_is_asked_for() -> None:
    sheet = book(view(SMALL), options=RenderOptions(detail="scored"))["Matrix"]
    assert found(sheet, "PowerShell (12.5)")
    assert not found(sheet, "Drive-by Compromise")
    (tactic,) = found(sheet, "Initial Access")
    assert sheet.cell(6, tactic.column).value == "3/21"


def test_an_aggregate_stands_beside_the_own_score() -> None:
    layout = {"showAggregateScores": True, "aggregateFunction": "max", "expandedSubtechniques": "none"}
    made = book(view(SMALL, layout=layout))
    rows = {row["technique"]: row for row in table(made["Techniques"])}
    assert (rows["T1059"]["score"], rows["T1059"]["aggregate"]) == (None, 12.5)
    assert found(made["Matrix"], "Command and Scripting Interpreter (12.5)")


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_hostile_text_is_text(text: str, tmp_path: Path) -> None:
    made = book(*written(tmp_path, [hostile(text), hostile(text)]))
    for cell in _cells(made):
        assert cell.data_type != "f"
        if isinstance(cell.value, str):
            assert len(cell.value.encode("utf-16-le")) <= 2 * 32_767
            assert not cell.value.startswith(("=", "+", "@"))
        if cell.hyperlink:
            assert cell.hyperlink.target.startswith(("https://", "http://"))
        if cell.comment:
            assert len(cell.comment.text) <= 1200


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_any_text_makes_a_workbook(text: str) -> None:
    # Without the techniques that the layer does not name: the cells of the whole matrix hold none of the text.
    for cell in _cells(book(view(hostile(text)), options=RenderOptions(detail="scored"))):
        assert cell.data_type != "f"


def test_comments_longer_than_a_cell_are_cut_and_told() -> None:
    entries = [{"techniqueID": "T1566", "comment": "x" * 40_000}, {"techniqueID": "T1078", "comment": "x"}]
    made = render_xlsx([view(SMALL, techniques=entries)])
    (notice,) = made.notices
    assert notice.message == "comments are cut to 32,767 characters, the limit of a cell: T1566"
    assert render_xlsx([view(SMALL)]).notices == ()


def test_the_same_layer_gives_the_same_bytes() -> None:
    assert render_xlsx([view(SMALL)]) == render_xlsx([view(SMALL)])


def _cells(made: Any) -> Iterator[Any]:
    for sheet in made:
        for row in sheet.iter_rows():
            yield from row
