"""Workbooks that are no workbooks, or meant to do harm."""

from __future__ import annotations

import contextlib
import csv
import gc
import io
import struct
import tracemalloc
import zipfile
from functools import cache

import pytest
import xlsxwriter

from navlayers import InputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import workbook as workbook_check

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def workbook(far: bool = False) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Technique", "Control"])
        sheet.write_row(1, 0, ["T1059", "a"])
        if far:
            sheet.write_string(1_048_575, 16_383, "x")
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def sheet_with(cells: bytes) -> bytes:
    """The sheet of the workbook with more rows at its end."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        return archive.read(SHEET).replace(b"</sheetData>", cells + b"</sheetData>")


def with_part(name: str, data: bytes, *, instead: bool = True, of: bytes = b"") -> bytes:
    """The workbook with another part, in place of the one of that name."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(of or workbook())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            if not (instead and part.filename == name):
                new.writestr(part.filename, old.read(part))
        new.writestr(name, data)
    return out.getvalue()


def problem(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        readers.read("set.xlsx", data=data)
    (only,) = caught.value.problems
    assert only.code
    return str(only)


def test_encrypted_and_old_workbooks_are_refused_with_a_hint() -> None:
    assert problem(OLE + "EncryptedPackage".encode("utf-16-le")) == (
        "set.xlsx: the workbook is encrypted; expected an XLSX workbook without a password "
        "(open it with its password and save it without)"
    )
    assert "an old Excel workbook (.xls); expected an XLSX workbook (open it in a spreadsheet" in problem(OLE)


@cache
def zip_bomb(size: int) -> bytes:
    """A workbook with a part of so many blanks."""
    return with_part("xl/worksheets/sheet2.xml", b" " * size)


@pytest.mark.parametrize("lie", [False, True])
@pytest.mark.cpu(3)
def test_a_zip_bomb_is_refused_at_once_in_spite_of_its_declared_size(lie: bool) -> None:
    size = 200_000_000
    data = zip_bomb(size)
    if lie:
        data = data.replace(struct.pack("<I", size), struct.pack("<I", 100))
    what = "is larger than it declares" if lie else "declares an unpacked size of 200.0 MB"
    assert problem(data).startswith(f"set.xlsx: the workbook {what}; expected at most 150 MB when unpacked")


def test_cells_at_the_far_corner_do_not_make_a_sheet_of_billions() -> None:
    assert "extends over 1,048,576 rows and 16,384 columns" in problem(workbook(far=True))


@pytest.mark.parametrize(
    "cell",
    [
        b'<row r="1048576"><c><v>1</v></c></row><row r="3"><c r="XFD3"><v>1</v></c></row>',
        b'<row r="1048576"><c  t="n" r = "XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c x=">" r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
        b'<row r="4294967295"><c r="ZZZZZZ4294967295"><v>1</v></c></row>',
        b'<row r="1048576"><c a="' + b"y" * 400_000 + b'" r="XFD1048576"><v>1</v></c></row>',
    ],
)
def test_cells_far_from_the_table_take_no_memory(cell: bytes) -> None:
    said = problem(with_part(SHEET, sheet_with(cell)))
    assert "extends over 1,048,576 rows and 16,384 columns" in said or "the workbook is damaged" in said


@pytest.mark.parametrize("states", ["A1:B2", "A1:XFD1048576"])
def test_a_full_sheet_is_refused_before_it_is_parsed_whatever_size_it_states(
    states: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sheet(rows: int) -> bytes:
        cells = b"".join(b'<row r="%d"><c r="A%d"/><c r="B%d"/></row>' % (n, n, n) for n in range(3, rows + 1))
        stated = sheet_with(cells).replace(b'ref="A1:B2"', f'ref="{states}"'.encode())
        return with_part(SHEET, stated)

    limit = readers.ReadOptions(max_bytes=1_000_000)
    (mapping,) = readers.read("set.xlsx", data=sheet(6_666), reading=limit).mapping_set.mappings
    assert mapping.technique == "T1059"
    monkeypatch.delattr(f"{workbook_check.__name__}._Part")
    with pytest.raises(InputError) as caught:
        readers.read("set.xlsx", data=sheet(6_667), reading=limit)
    assert str(caught.value.problems[0]) == (
        "set.xlsx: the workbook has more than 13,333 cells; expected at most 13,333 cells in all sheets "
        "(save the table as CSV, or raise the limit with --max-size)"
    )


def test_a_long_text_that_thousands_of_cells_show_is_refused() -> None:
    texts = b"<sst><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>"
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(3, 300))
    with_cells = with_part(SHEET, sheet_with(cells))
    assert "has too much text in its cells" in problem(with_part("xl/sharedStrings.xml", texts, of=with_cells))


def test_a_hundred_thousand_empty_rows_are_passed_over() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    rows = b"".join(b'<row r="%d"/>' % number for number in (*range(3, 100_000), 1_000_000))
    data = with_part("xl/worksheets/sheet1.xml", xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    assert [m.technique for m in readers.read("set.xlsx", data=data).mapping_set.mappings] == ["T1059"]


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml"])
def test_no_entity_of_a_workbook_is_expanded(part: str) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        head, _, rest = archive.read(part).partition(b"?>")
    entity = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    assert "a document type is declared" in problem(with_part(part, head + b"?>" + entity + rest))


def test_macros_are_reported_and_not_run() -> None:
    reading = readers.read("set.xlsm", data=with_part("xl/vbaProject.bin", b"anything", instead=False))
    assert len(reading.mapping_set.mappings) == 1
    assert "set.xlsm: ignoring the macros of the workbook" in [str(notice) for notice in reading.notices]


def test_damaged_and_other_zip_files_are_reported_without_a_traceback() -> None:
    good = workbook()
    assert "the workbook is damaged" in problem(good[:2000])
    assert "the workbook is damaged" in problem(
        with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")
    )
    for at in range(0, len(good), 97):
        bad = bytearray(good)
        bad[at] ^= 0xFF
        with contextlib.suppress(InputError):
            readers.read("set.xlsx", data=bytes(bad))
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert "this is a Word document; expected an XLSX workbook" in problem(other.getvalue())


def test_a_workbook_without_techniques_is_refused_with_the_headers_of_its_sheets() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet("Prices").write_row(0, 0, ["Name", "Price"])
        book.add_worksheet("Empty")
    assert "no technique column" in problem(stream.getvalue())
    assert 'sheet "Prices" has Name, Price; if one of them holds techniques' in problem(stream.getvalue())


def test_a_csv_of_many_empty_rows_is_read() -> None:
    data = b"Technique,Control\n" + b",\n" * 200_000 + b"T1059,a\n"
    reading = readers.read("set.csv", data=data)
    assert str(reading.place(0)) == "set.csv:200002:1"


def test_a_row_of_a_csv_has_at_most_as_many_cells_as_a_row_of_a_spreadsheet() -> None:
    wide = b"," + b"x," * 1_000_000 + b"\n"
    for data in (b"Technique,Control" + wide + b"T1059,a\n", b"Technique,Control\nT1059,a" + wide):
        assert "this row has 1,000,003 cells; expected at most 16,384" in problem(data)


@pytest.mark.cpu(3)
def test_an_unclosed_quote_and_a_giant_cell_are_refused_without_reading_on() -> None:
    rows = b"a,b\n" * 600_000
    assert ":2:3: unclosed quote" in problem(b'Technique,Control\na,"' + rows)
    assert "2:1: a cell of this row is too long; expected at most 2,000,000" in problem(
        b'Technique,Control\na,"' + rows + b'"\n'
    )


@pytest.mark.cpu(3)
def test_blanks_within_a_cell_take_no_time() -> None:
    for cell in (b"PowerShell" + b" " * 300_000 + b"x", b"1" + b" " * 300_000 + b"x"):
        assert "is malformed" in problem(b"Technique,Control\n" + cell + b",a\n")


@pytest.mark.cpu(1)
def test_many_wrong_techniques_in_a_cell_are_reported_in_time() -> None:
    cell = b'"' + b"; ".join(b"T%d" % number for number in range(100_000, 110_000)) + b'"'
    with pytest.raises(InputError):
        readers.read("set.csv", data=b"Technique,Control\n" + cell + b",a\n")


def test_a_column_whose_header_is_blank_at_the_end_is_kept() -> None:
    reading = readers.read("set.csv", data=b"Technique,,Control,\nT1059,x,a,y\n")
    assert reading.mapping_set.mappings[0].other == (("column 2", "x"), ("column 4", "y"))


def test_the_limit_of_the_csv_module_is_left_as_it_was() -> None:
    before = csv.field_size_limit()
    readers.read("set.csv", data=b"Technique,Control\nT1059,a\n")
    assert csv.field_size_limit() == before


def test_long_cells_are_forgotten_when_a_table_is_read() -> None:
    """A server that reads many tables would otherwise keep gigabytes of them."""

    def read(letters: str) -> None:
        rows = "".join(f"c,{letter * 100_000},50\n" for letter in letters)
        with pytest.raises(InputError):
            readers.read("long.csv", data=f"capability,technique,score\n{rows}".encode())

    read("ab")
    tracemalloc.start()
    read("cdefghij")
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000
