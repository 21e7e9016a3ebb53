"""Tables out: the mappings come back, what is lost is told, nothing runs, and spreadsheets find them pleasant."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import TYPE_CHECKING

import msgspec
import openpyxl
import pytest
from conftest import CORPUS_FILES, row, set_of
from hypothesis import given
from test_write_native import mapping_sets

from navlayers import OutputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import table_write, xlsx_table
from navlayers.mapping.formats.table_write import COLUMNS
from navlayers.mapping.model import DEFAULT_SCALE, Capability, NonMappable

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.model import MappingSet

TINY = set_of([row("ids", "T1001", "protect", "partial", "https://a.org", comment="=1+1"), row("ids", "T1002")],
              groups={"ids": ("net",)})  # fmt: skip
UNWRITABLE = re.compile("[\0\ud800-\udfff\ufffe\uffff]")


def back(mapping_set: MappingSet, to: str) -> MappingSet:
    return readers.read(f"set.{to}", data=readers.encode(mapping_set, to).data).mapping_set


def cells(mapping_set: MappingSet) -> list[dict[str, str]]:
    text = readers.encode(mapping_set, "csv").data.decode("utf-8-sig")
    limit = csv.field_size_limit(10_000_000)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    csv.field_size_limit(limit)
    return rows


def notice(mapping_set: MappingSet) -> str:
    (only,) = readers.encode(mapping_set, "csv").notices
    assert only.code == "not-carried"
    return only.message


def plain(text: str | None) -> str:
    """A text as a cell holds it; readers take off blanks around ids."""
    return UNWRITABLE.sub("\ufffd", text or "")


def facts(mapping_set: MappingSet) -> list[tuple[object, ...]]:
    """What a table holds of each mapping."""
    scale = DEFAULT_SCALE | mapping_set.scale
    return [
        (
            *(plain(m.capability), m.technique, plain(m.type).strip(), m.category),
            None if m.value is None else scale[m.value] if m.value in scale else float(m.value),
            *(plain(m.comment), m.references),
        )
        for m in mapping_set.mappings
    ]


@pytest.mark.parametrize("to", ["csv", "xlsx"])
@given(mapping_set=mapping_sets())
def test_the_mappings_of_any_set_come_back_from_a_table(to: str, mapping_set: MappingSet) -> None:
    again = back(mapping_set, to)
    assert facts(again) == facts(mapping_set)
    assert len(again.non_mappable) == len(mapping_set.non_mappable)
    if again.mappings:
        assert (again.framework, again.domain) == (plain(mapping_set.framework).strip(), mapping_set.domain)


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_published_sets_need_no_columns_but_the_published_ones(path: Path) -> None:
    assert tuple(cells(readers.read(path).mapping_set)[0])[: len(COLUMNS)] == COLUMNS


def test_the_columns_are_the_published_ones(corpus: Path) -> None:
    (published,) = (corpus / "exports").glob("gcp-*.csv")
    with published.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    (source,) = corpus.glob("gcp-*.json")
    made = cells(readers.read(source).mapping_set)
    assert list(made[0]) == [*list(wanted[0])[1:], "status"]
    different = {
        name for one, two in zip(made, wanted, strict=True) for name in two if name and one[name] != two[name]
    }
    # Published rows that cannot be mapped say so as a type, ours as the status that the JSON has.
    assert different == {"mapping_type"}


def test_parts_without_a_column_are_one_notice() -> None:
    assert notice(TINY) == "title, ids of groups left out: no such columns in tables"
    two = set_of([row("ids", "T1001", "protect", "high"), row("ids", "T1002")], groups={"ids": ("a", "b")})
    full = msgspec.structs.replace(
        two,
        scale={"high": 90.5, "partial": 50},
        source="https://a.org",
        details={"contact": "x@y.org", "created": "2025-01-31"},
        capabilities=(*two.capabilities, Capability("idle", "Idle")),
        groups={"a": "Alpha"},
    )
    assert notice(full) == (
        "title, source, contact, ids of groups, all groups but the first of 2 rows, 1 capability without mappings, "
        "names of score values (high, written as numbers) left out: no such columns in tables"
    )
    first, second = cells(full)
    assert [first[name] for name in ("score_value", "capability_group", "creation_date")] == [
        "90.5",
        "Alpha",
        "2025-01-31",
    ]
    assert second["score_value"] == ""


def test_unknown_fields_have_columns_unless_tables_know_their_names() -> None:
    fields = (("Owner", "Jo"), ("protect", "x"), ("comments", "y"), ("author", "Ann"), (" odd", "z"))
    odd = set_of([msgspec.structs.replace(row("ids", "T1001"), other=fields)])
    assert list(cells(odd)[0])[len(COLUMNS) :] == ["author", "Owner"]
    assert set(back(odd, "csv").mappings[0].other) == {("Owner", "Jo"), ("author", "Ann")}
    assert "fields protect, comments,  odd left out" in notice(odd)


def test_a_table_of_an_earlier_version_is_read_with_its_columns_as_unknown_ones() -> None:
    text = 'capability_id,attack_object_id,other,set_metadata\nids,T1001,"{""a"":""b""}","{""framework"":""f""}"\n'
    (mapping,) = readers.read("set.csv", data=text.encode()).mapping_set.mappings
    assert (mapping.capability, [name for name, _ in mapping.other]) == ("ids", ["other", "set_metadata"])


@pytest.mark.parametrize("to", ["csv", "xlsx"])
def test_cells_that_would_run_are_neutralized_and_come_back(to: str) -> None:
    names = ["=1", "+1", "-1", "@a", "\ta", "\ra", "\na", "'=1", '"=1', "＝1"]
    comments = [row("ids", f"T10{number:02}", comment=text) for number, text in enumerate(names, 10)]
    hostile = set_of(comments)
    assert [m.comment for m in back(hostile, to).mappings] == names
    if to == "csv":
        assert [line["comments"] for line in cells(hostile)] == ["'" + text for text in names]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(readers.encode(hostile, "xlsx").data))["mappings"]
        assert {cell.data_type for line in sheet.iter_rows() for cell in line if cell.value is not None} == {"s"}


def test_csv_has_a_byte_order_mark_only_where_it_needs_one() -> None:
    ascii_only = readers.encode(TINY, "csv").data
    assert ascii_only.startswith(b"mapping_framework,")
    assert b"\r" not in ascii_only
    umlaut = readers.encode(msgspec.structs.replace(TINY, framework="Größe"), "csv").data
    assert umlaut.startswith(b"\xef\xbb\xbfmapping_framework,")


def test_changes_in_the_table_count_and_are_written_again() -> None:
    data = readers.encode(TINY, "csv").data
    changed = (
        data.replace(b"Name of ids", b"Sensors").replace(b",16.1,", b",15.1,").replace(b",partial,", b",minimal,")
    )
    read = readers.read("set.csv", data=changed).mapping_set
    assert (read.capabilities[0].name, read.attack_version, read.mappings[0].value) == (
        "Sensors",
        "15.1",
        "minimal",
    )
    assert readers.encode(read, "csv").data == changed


def test_a_workbook_is_bold_frozen_filtered_wide_and_always_the_same() -> None:
    data = readers.encode(TINY, "xlsx").data
    assert data == readers.encode(TINY, "xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["mappings"]
    sheet = book["mappings"]
    assert sheet["A1"].font.bold
    assert not sheet["A2"].font.bold
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:S3")
    assert sheet.column_dimensions["E"].width == pytest.approx(len("capability_description") + 2, abs=1)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_text_too_long_for_a_cell_is_refused_not_cut() -> None:
    fits = set_of([row("ids", "T1001", comment="x" * 32_767)])
    assert back(fits, "xlsx").mappings[0].comment == "x" * 32_767
    with pytest.raises(
        OutputError, match=r'comments of "ids" and "T1001" has 32,768 characters, as XLSX counts them; expected at'
    ):
        readers.encode(set_of([row("ids", "T1001", comment="x" * 32_768)]), "xlsx")
    with pytest.raises(OutputError, match="expected at most 32,767"):
        readers.encode(set_of([row("ids", "T1001", comment="\U0001f600" * 16_384)]), "xlsx")


def test_more_rows_than_a_sheet_has_are_refused_before_they_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_table, "MOST_ROWS", 3)
    assert len(back(TINY, "xlsx").mappings) == 2
    monkeypatch.delattr(table_write, "table_of")
    with pytest.raises(OutputError, match="the set has 3 rows; expected at most 2, the limit of an XLSX sheet"):
        readers.encode(msgspec.structs.replace(TINY, non_mappable=(NonMappable("ids"),)), "xlsx")


def test_groups_with_the_same_name_stay_separate() -> None:
    rows = [row("ids", "T1001"), row("fw", "T1002")]
    same = msgspec.structs.replace(
        set_of(rows, groups={"ids": ("a",), "fw": ("b",)}), groups={"a": "Net", "b": "Net"}
    )
    assert [capability.groups for capability in back(same, "csv").capabilities] == [("a",), ("b",)]


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_table, "MOST_ROWS", 3)
    assert back(TINY, "xlsx").mappings == TINY.mappings
    monkeypatch.setattr(xlsx_table, "MOST_ROWS", 2)
    with pytest.raises(
        OutputError, match=r"the set has 2 rows; expected at most 1, .* \(write CSV, or divide the set\)"
    ):
        readers.encode(TINY, "xlsx")
