"""Tables as people have them: CSV and TSV in, mappings out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from navlayers import InputError, UsageError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Reading, ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

META = {"framework": "demo", "version": "1", "domain": "enterprise", "attack_version": "16.1"}


def read(data: str | bytes, name: str = "controls.csv", **columns: str) -> Reading:
    raw = data.encode() if isinstance(data, str) else data
    return readers.read(name, data=raw, reading=ReadOptions(columns=columns, metadata=META))


def told(data: str | bytes, **columns: str) -> list[tuple[object, ...]]:
    """Capability, technique, category, value of each mapping."""
    mappings = read(data, **columns).mapping_set.mappings
    return [(m.capability, m.technique, m.category, m.value) for m in mappings]


def problems(data: str | bytes, **columns: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(data, **columns)
    return [str(problem).removeprefix("controls.csv:") for problem in caught.value.problems]


def book(*sheets: Any, names: tuple[str, ...] = ("One", "Two", "Three")) -> bytes:
    """A workbook of these rows; a text that ends in % becomes a number with a percent format."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as workbook:
        percent = workbook.add_format({"num_format": "0.0%"})
        for name, rows in zip(names, sheets, strict=False):
            sheet = workbook.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str) and value.endswith("%"):
                        sheet.write_number(line, column, float(value[:-1]) / 100, percent)
                    elif value is not None:
                        sheet.write(line, column, value)
    return stream.getvalue()


PLAIN = [("AC-2", "T1059", "protect", "partial"), ("AC-3", "T1078.004", "detect", "50")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_separators_line_ends_and_encodings_are_recognised(mark: str, ends: str, encoding: str) -> None:
    rows = [["Control", "Technique ID", "Category", "Score", "Notes"]]
    rows += [["AC-2", "T1059", "protect", "partial", "Größe"], ["AC-3", "T1078.004", "detect", "50", ""]]
    data = ends.join(mark.join(row) for row in rows).encode(encoding)
    reading = read(data)
    assert reading.format == "csv"
    assert [(m.capability, m.technique, m.category, m.value) for m in reading.mapping_set.mappings] == PLAIN
    assert reading.mapping_set.mappings[0].comment == "Größe"
    assert [notice.code for notice in reading.notices] == (["encoding"] if encoding == "cp1252" else [])


def test_text_in_windows_1252_is_read_with_a_notice_at_the_first_such_byte() -> None:
    (notice,) = read("Technique,Control,Notes\nT1059,a,é\n".encode("cp1252")).notices
    assert str(notice).startswith("controls.csv:2:9: byte 32 (0xe9) is not UTF-8; reading the file as Windows-1252")


def test_a_line_that_names_the_separator_is_not_a_row() -> None:
    assert told("sep=;\nTechnique;Control\nT1059;AC-2\n") == [("AC-2", "T1059", None, None)]


@pytest.mark.parametrize(
    "header",
    [
        "ATT&CK ID",
        "TechniqueID",
        "technique-id",
        "TTPs",
        "MITRE ATT&CK Technique",
        "attack_object_id",
        "Technique(s)",
    ],
)
def test_techniques_are_found_by_many_names(header: str) -> None:
    assert told(f"{header},Control\nT1059,a\n") == [("a", "T1059", None, None)]


@pytest.mark.parametrize("header", ["Detection rule", "Correlation Rule", "use_case", "Mitigation"])
def test_capabilities_are_found_by_many_names(header: str) -> None:
    assert told(f"{header},Technique\na,T1059\nb,T1078\n") == [
        ("a", "T1059", None, None),
        ("b", "T1078", None, None),
    ]


def test_names_groups_comments_links_and_types_are_found_and_the_rest_is_kept() -> None:
    text = (
        "Rule ID,Rule,ATT&CK ID,Technique Name,Family,Coverage,Category,Remarks,Links,Mapping Type,Owner\n"
        'r1,My rule,T1059,Shell,F,Significant,PROTECT,Words,"https://a.org, https://b.org",covers,Jo\n'
    )
    mapping_set = read(text).mapping_set
    (mapping,) = mapping_set.mappings
    (capability,) = mapping_set.capabilities
    assert (capability.id, capability.name, capability.groups) == ("r1", "My rule", ("F",))
    assert (mapping.category, mapping.value, mapping.comment, mapping.type) == (
        "protect", "significant", "Words", "covers",
    )  # fmt: skip
    assert mapping.references == ("https://a.org", "https://b.org")
    assert mapping.technique_name == "Shell"
    assert mapping.other == (("Owner", "Jo"),)
    assert [kind.id for kind in mapping_set.mapping_types] == ["covers"]


def test_nist_s_mapping_spreadsheets_are_read() -> None:
    rows = [["Control ID", "Control Name", "Mapping Type", "Technique ID", "Technique Name"]]
    rows += [["AC-10", "Concurrent Session Control", "mitigates", "T1137", "Office Application Startup"]]
    tsv = "controlID\tcontrolName\tmitigates\ttechniqueID\ttechniqueName\n" + "\t".join(rows[1])
    for data in (book(rows), tsv.encode()):
        mapping_set = read(data).mapping_set
        (mapping,) = mapping_set.mappings
        assert (mapping.capability, mapping.technique, mapping.type) == ("AC-10", "T1137", "mitigates")
        assert mapping.technique_name is None
        assert mapping_set.capabilities[0].name == "Concurrent Session Control"


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ("T1059, T1078.004; T1110", ["T1059", "T1078.004", "T1110"]),
        ("T1059\nT1078", ["T1059", "T1078"]),
        ("T1059.001: PowerShell", ["T1059.001"]),
        ("T1059.001 - Command, Scripting", ["T1059.001"]),
        ("PowerShell (T1059.001)", ["T1059.001"]),
        ("https://attack.mitre.org/techniques/T1059/001/", ["T1059.001"]),
        ("https://attack.mitre.org/techniques/T1059, T1078", ["T1059", "T1078"]),
        ("T1059/T1078 and T1110", ["T1059", "T1078", "T1110"]),
        ("T1059, T1059", ["T1059"]),
    ],
)
def test_a_cell_may_hold_several_techniques_names_and_addresses(cell: str, ids: list[str]) -> None:
    assert [row[1] for row in told(f'Technique,Control\n"{cell}",a\n')] == ids


def test_wrong_techniques_in_a_cell_of_several_are_reported_at_their_places() -> None:
    found = problems('Control,Technique\n"say ""a""","T1059;\nT99, T1078"\n')
    assert [text.split(";")[0] for text in found] == ['3:1: technique id "T99" is malformed']


def test_columns_per_category_give_a_mapping_for_each_value() -> None:
    text = "Technique,Control,Protection,Detection,Response\nT1059,a,Partial,75%,-\nT1078,a,,,\n"
    assert told(text) == [("a", "T1059", "protect", "partial"), ("a", "T1059", "detect", "75")]
    (notice,) = read(text).notices
    assert "skipped 1 row without a value in protect, detect or respond" in str(notice)


def test_a_table_without_capabilities_has_one_named_after_the_file() -> None:
    reading = readers.read("My Sensor.csv", data=b"Technique,Score\nT1059,72.5\n")
    assert reading.mapping_set.framework == "my-sensor"
    assert [(m.capability, m.value) for m in reading.mapping_set.mappings] == [("my-sensor", "72.5")]


def test_a_header_below_titles_is_found_and_a_single_column_is_a_table() -> None:
    assert told("Our mappings\n\nState: draft of a report;;\nTechnique;Control\nT1059;a\n") == [
        ("a", "T1059", None, None)
    ]
    assert told("Technique\nT1059\nT1078\n") == [("demo", "T1059", None, None), ("demo", "T1078", None, None)]


def test_columns_are_named_by_the_user() -> None:
    text = "Ref,What,How much\nx,T1059,50\n"
    assert told(text, technique="What", score="how much", capability="Ref") == [("x", "T1059", None, "50")]
    with pytest.raises(UsageError, match=r'unknown name "techniqe" in --columns; expected technique, .*did you'):
        read(text, techniqe="What")
    assert problems("Technique,B\nT1059,1\n", score="Bs2") == ['1:1: no column "Bs2"; expected Technique, B']
    assert problems(text, technique="Nope") == [
        '1:1: no column "Nope"; expected a header of the table (the table has Ref, What, How much)'
    ]


def test_a_table_without_techniques_is_refused_with_its_headers() -> None:
    assert problems("Name,Price\na,1\n") == [
        "1:1: no technique column; expected a header such as technique, technique id or ATT&CK ID, or cells such "
        "as T1059 (the table has Name, Price; if one of them holds techniques, name it: --columns technique=HEADER)"
    ]
    (typo,) = problems("Rule,My technqiue\na,Phishing\n")
    assert "(the table has Rule, My technqiue; does My technqiue hold techniques? --columns" in typo
    assert typo.endswith(" --columns 'technique=My technqiue')")


def test_a_text_without_columns_is_refused_as_a_table_if_its_name_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.csv").write_text("just a text\nwithout columns\n")
    assert "text.csv:1:1: no technique column; expected a header" in run("stats", tmp_path / "text.csv").err


def test_a_nearly_known_header_is_reported_once() -> None:
    reading = read("Technique,Control,scorevalu\nT1059,a,1\nT1078,a,2\n")
    (notice,) = reading.notices
    assert str(notice) == (
        'controls.csv:1:19: unknown column "scorevalu" (did you mean score_value? '
        "it is kept as an unknown column; rename it, or use --columns)"
    )
    assert reading.mapping_set.mappings[1].other == (("scorevalu", "2"),)


def test_headers_of_segments_and_evidence() -> None:
    reading = read(
        "Technique,Control,Tenants,segmnt,evidance,robustnes,Evidence URL\nT1059,a,EU; US,x,tested,3,u\n"
    )
    (mapping,) = reading.mapping_set.mappings
    assert mapping.segments == ("EU", "US")
    assert [notice.hint.partition("?")[0] for notice in reading.notices] == [
        f"did you mean {field}" for field in ("segment", "evidence", "robustness")
    ]


def test_misspelt_headers_and_a_missing_capability_column_are_reported() -> None:
    reading = read("Technique,Controll,Protekt,Detect\nT1110,MFA,partial,\nT1078,MFA,,minimal\n")
    said = [(str(notice.place), notice.message) for notice in reading.notices]
    assert said[1:] == [
        ("controls.csv:1:1", "no capability column: all rows belong to one capability"),
        ("controls.csv:1:11", 'unknown column "Controll"'),
        ("controls.csv:1:20", 'unknown column "Protekt"'),
    ]
    hints = [notice.hint for notice in reading.notices]
    assert hints[1].endswith("; the table has Controll, Protekt")
    assert hints[2].startswith("did you mean control?")
    assert hints[3].startswith("did you mean protect?")


def test_every_wrong_value_is_reported_at_its_cell() -> None:
    text = (
        'Technique,Control,Category,Score\nT10,"a\nb",protect,50\nT1059,"a ""b""",proct,101\nT1059,a,detect,lots\n'
    )
    assert [found.split(";")[0] for found in problems(text)] == [
        '2:1: technique id "T10" is malformed',
        '4:17: unknown score category "proct"',
        '4:23: score value "101" is outside the scale',
        '5:16: unknown score value "lots"',
    ]


def test_places_of_parts_are_the_places_of_their_cells() -> None:
    reading = read('Control,Technique,Score\n"a, b","T1059, T1078",10\n')
    assert str(reading.place(1, "mapping", "technique")) == "controls.csv:2:16"
    assert str(reading.place(1, "mapping", "value")) == "controls.csv:2:23"
    assert str(reading.place(0, "capability", "id")) == "controls.csv:2:2"
    assert str(reading.place(0)) == "controls.csv:2:2"


def test_rows_that_disagree_about_the_set_are_reported() -> None:
    head = "mapping_framework,mapping_framework_version,attack_version,technology_domain"
    head += ",capability_id,attack_object_id"
    found = problems(f"{head}\na,1,16.1,enterprise,c,T1059\na,1,15.1,enterprise,c,T1078\n")
    assert [text.split(";")[0] for text in found] == ['3:5: attack_version is "15.1", but "16.1" in rows above']


def test_damaged_text_is_reported_with_its_place() -> None:
    assert problems('Technique,Control\nT1059,"a\nT1078,b\n') == [
        "2:7: unclosed quote; expected a closing quote (close it, or double the quotes inside quoted cells)"
    ]
    (behind,) = problems('Technique,Control\nT1059,"a" b\n')
    assert behind.startswith("2:10: text after the closing quote of a cell; expected cells separated by commas")
    (ragged,) = problems("Technique,Control\nT1059,a,b\n")
    assert ragged.startswith("2:9: this row has 3 cells, but the header has 2; expected at most 2 cells")
    (nul,) = problems(b"Technique,Control\nT10\x0059,a\n")
    assert nul.startswith("2:4: not a text file: it contains a NUL character")


def test_short_rows_blank_rows_giant_cells_and_a_header_alone_are_fine() -> None:
    assert told("Technique,Control,Score\n,,\n\nT1059,a\n") == [("a", "T1059", None, None)]
    giant = "x" * 1_000_000
    assert read(f'Technique,Control,Notes\nT1059,a,"{giant}"\n').mapping_set.mappings[0].comment == giant
    (notice,) = read("Technique,Control\n").notices
    assert (str(notice), notice.code) == ("controls.csv:1:1: the table has no rows below its header", "empty-set")


@pytest.mark.parametrize(
    ("types", "categories"),
    [
        (("Protect", "detect", "Detect"), ["protect", "detect", "detect"]),
        (("Protect", "mitigates", "uses"), [None] * 3),
    ],
)
def test_a_column_of_types_that_are_categories_is_the_category(
    types: tuple[str, ...], categories: list[str]
) -> None:
    rows = "".join(f"a,T107{number + 1},{type_},partial\n" for number, type_ in enumerate(types))
    assert [row[2] for row in told(f"Control,Technique,Type,Score\n{rows}")] == categories


def test_a_decimal_comma_and_a_percent_sign_are_read() -> None:
    assert [row[3] for row in told("Technique;Control;Score\nT1059;a;72,5\nT1078;a;50%\n")] == ["72.5", "50"]


def test_numbers_percentages_and_dates_of_a_workbook_are_read_as_shown() -> None:
    rows = [["Technique", "Control", "Score", "Version"], ["T1059", "a", 50, 16.1], ["T1078", "a", "12.5%", True]]
    mapping_set = read(book(rows)).mapping_set
    assert [(m.value, m.other) for m in mapping_set.mappings] == [
        ("50", (("Version", "16.1"),)),
        ("12.5", (("Version", "TRUE"),)),
    ]


def test_errors_in_a_workbook_have_row_and_column() -> None:
    found = problems(book([["Title"], [], [None, "Technique", "Control"], [None, "T99", "a"]]))
    assert [text.split(";")[0] for text in found] == ['4:2: technique id "T99" is malformed']


def test_merged_cells_hold_the_same() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Control", "Technique"])
        sheet.merge_range(1, 0, 2, 0, "AC-2")
        sheet.write_column(1, 1, ["T1059", "T1078"])
    assert [row[0] for row in told(stream.getvalue())] == ["AC-2", "AC-2"]


def test_a_formula_counts_as_the_value_last_computed() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["Control", "Technique", "Score"])
        sheet.write_row(1, 0, ["a", "T1059"])
        sheet.write_formula(1, 2, "=40+2", None, 42)
    assert told(stream.getvalue()) == [("a", "T1059", None, "42")]


def failing(*cells: tuple[int, int, str]) -> bytes:
    """A workbook with a set of three rows, where the formulas of some cells failed."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        workbook.add_worksheet("Notes").write_formula(0, 0, "=NA()", None, "#N/A")
        sheet = workbook.add_worksheet("It's a set")
        for line, row in enumerate([["Control", "Technique", "Score", "Comment", "Owner"], *["abc"] * 3]):
            sheet.write_row(line, 0, row if line == 0 else [row[line - 1], f"T105{line}", 10 * line, "", "x"])
        for line, column, text in cells:
            sheet.write_formula(line, column, "=A1", None, text)
    return stream.getvalue()


def test_a_failed_formula_is_an_error_with_its_cell_and_not_a_blank() -> None:
    found = problems(failing((1, 2, "#REF!"), (2, 1, "#N/A"), (3, 0, "#ERROR!")))
    hint = "(correct it in the spreadsheet, or write the value)"
    scale = "minimal, partial, significant or a number from 0 to 100"
    assert found == [
        f"2:3: the formula of this cell failed: #REF!; expected {scale} {hint}",
        f"3:2: the formula of this cell failed: #N/A; expected a technique id such as T1059 or T1059.001 {hint}",
        f"4:1: the formula of this cell failed: #ERROR!; expected the id of a capability {hint}",
    ]


def test_a_failed_formula_behind_blanks_is_one_too() -> None:
    """Blanks around cells, U+001F among them, are removed."""
    (found,) = problems(b"control,technique,type\nC1,T1078,\x1f#REF!\n")
    assert found.startswith("2:10: the formula of this cell failed: #REF!")


def test_a_lenient_reading_leaves_out_rows_with_failed_formulas() -> None:
    data = failing((1, 2, "#VALUE!"), (3, 3, "#NAME?"), (3, 4, "#N/A"))
    reading = readers.read("a.xlsx", data=data, reading=readers.ReadOptions(lenient=True))
    assert [(m.technique, m.value, m.comment, m.other) for m in reading.mapping_set.mappings] == [
        ("T1052", "20", "", (("Owner", "x"),)),
        ("T1053", "30", "", (("Owner", "#N/A"),)),
    ]
    told = "\n".join(map(str, reading.notices))
    assert "left out 1 row with errors: line 2: the formula of this cell failed: #VALUE!" in told
    assert "4:4: the formula of this cell failed: #NAME? (it is read as blank)" in told


def test_a_failed_formula_in_a_text_table_is_the_same_error() -> None:
    assert problems("Control,Technique,Score\na,T1059,#N/A\n")[0].startswith("2:9: the formula of this cell failed")
    wide = "Technique,Falcon,Defender\nT1059,3,5\nT1078,#VALUE!,4\n"
    assert problems(wide)[0].startswith("3:7: the formula of this cell failed: #VALUE!; expected minimal")


def test_sheets_with_the_same_header_are_read_together_others_are_skipped() -> None:
    one, two = [["Technique", "Control"], ["T1059", "a"]], [["Technique", "Control"], ["T99", "b"]]
    assert told(book([["Notes"]], one)) == [("a", "T1059", None, None)]
    with pytest.raises(InputError) as caught:
        read(book(one, two))
    assert str(caught.value).startswith('controls.csv[Two]:2:1: technique id "T99" is malformed')
    wide = [["Technique", "Control", "Score"], ["T1078", "c", 5]]
    reading = read(book(one, wide))
    assert [m.technique for m in reading.mapping_set.mappings] == ["T1078"]
    assert 'reading only sheet "Two": the columns of "One" differ' in str(reading.notices[0])


def test_a_hidden_sheet_is_read_and_told() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        for name, technique in (("Now", "T1059"), ("Old", "T1078")):
            sheet = workbook.add_worksheet(name)
            sheet.write_column(0, 0, ["Technique", technique])
            sheet.write_column(0, 1, ["Control", "a"])
        sheet.hide()
    assert [row[1] for row in told(stream.getvalue())] == ["T1059", "T1078"]
    assert str(read(stream.getvalue()).notices[0]).startswith(
        'controls.csv: sheet "Old" is hidden; it is read (delete'
    )


def test_tables_are_read_from_standard_input_with_columns_of_the_user(run: Run) -> None:
    meta = "framework=demo,version=1,domain=ics,attack_version=16.1"
    result = run("convert", "-", "--columns", "technique=X,score=Y", "--meta", meta, stdin=b"X,Y\nT0800,50\n")
    assert result.code == 0
    assert "T0800" in result.out


def test_an_assignment_without_a_name_is_refused(run: Run) -> None:
    result = run("convert", "-", "--columns", "=X", stdin=b"Technique,Control\nT1078,a\n")
    assert (result.code, result.err) == (2, "navlayers: --columns '=X' is not a pair; expected NAME=HEADER,…\n")
