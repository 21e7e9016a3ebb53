"""Tables out: nothing is lost, nothing runs, and spreadsheets find them pleasant."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import msgspec
import openpyxl
import pytest
from conftest import CORPUS_FILES, row, set_of
from hypothesis import given
from test_write_native import mapping_sets

from navlayers import InputError, OutputError
from navlayers.mapping import formats as readers
from navlayers.mapping.formats.table_lossless import COLUMNS
from navlayers.mapping.model import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.model import MappingSet

TINY = set_of([row("ids", "T1001", "protect", "partial", "https://a.org", comment="=1+1"), row("ids", "T1002")],
              groups={"ids": ("net",)})  # fmt: skip


def back(mapping_set: MappingSet, to: str) -> MappingSet:
    return readers.read(f"set.{to}", data=readers.encode(mapping_set, to).data).mapping_set


def cells(mapping_set: MappingSet) -> list[dict[str, str]]:
    text = readers.encode(mapping_set, "csv").data.decode("utf-8-sig")
    csv.field_size_limit(10_000_000)
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("to", ["csv", "xlsx"])
@given(mapping_set=mapping_sets())
def test_any_set_comes_back_from_a_table_as_it_was(to: str, mapping_set: MappingSet) -> None:
    assert canonical(back(mapping_set, to)) == canonical(mapping_set)


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
def test_published_sets_need_no_cell_that_overrides_another(path: Path) -> None:
    rows = cells(readers.read(path).mapping_set)
    assert [name for name in rows[0] if name not in COLUMNS and name != "other"] == ["status", "set_metadata"]
    assert '"capabilities"' not in rows[0]["set_metadata"]


def test_the_columns_are_the_published_ones(corpus: Path) -> None:
    (published,) = (corpus / "exports").glob("gcp-*.csv")
    with published.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    (source,) = corpus.glob("gcp-*.json")
    made = cells(readers.read(source).mapping_set)
    assert list(made[0])[: len(COLUMNS)] == list(wanted[0])[1:]
    different = {name for one, two in zip(made, wanted, strict=True) for name in COLUMNS if one[name] != two[name]}
    # Published rows that cannot be mapped say so as a type, ours as the status that the JSON has.
    assert different == {"mapping_type"}


@pytest.mark.parametrize("to", ["csv", "xlsx"])
def test_cells_that_would_run_are_neutralised_and_come_back(to: str) -> None:
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
    plain = readers.encode(TINY, "csv").data
    assert plain.startswith(b"mapping_framework,")
    assert b"\r" not in plain
    umlaut = readers.encode(msgspec.structs.replace(TINY, title="Größe"), "csv").data
    assert umlaut.startswith(b"\xef\xbb\xbfmapping_framework,")


def test_the_set_s_metadata_may_stand_in_any_row() -> None:
    header, first, second = readers.encode(TINY, "csv").data.decode().splitlines()
    moved = "\n".join((header, second, first)).encode()
    assert canonical(readers.read("set.csv", data=moved).mapping_set) == canonical(TINY)


def test_what_is_changed_in_the_table_counts() -> None:
    text = readers.encode(TINY, "csv").data.decode()
    changed = text.replace("Name of ids", "Sensors").replace(",16.1,", ",15.1,").replace(",partial,", ",minimal,")
    read = readers.read("set.csv", data=changed.encode()).mapping_set
    assert (read.capabilities[0].name, read.attack_version, read.mappings[0].value) == (
        "Sensors",
        "15.1",
        "minimal",
    )
    assert read.title == "Tiny"


def test_damaged_metadata_is_told_at_its_cell() -> None:
    text = readers.encode(TINY, "csv").data.decode().replace('"{""framework""', '"{""framework')
    with pytest.raises(InputError, match="set_metadata is damaged"):
        readers.read("set.csv", data=text.encode())


def test_a_workbook_is_bold_frozen_filtered_wide_and_always_the_same() -> None:
    data = readers.encode(TINY, "xlsx").data
    assert data == readers.encode(TINY, "xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["mappings", "metadata"]
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
        OutputError, match=r'comments of row 2 \("ids" and "T1001"\) has 32,768 characters; expected at'
    ):
        readers.encode(set_of([row("ids", "T1001", comment="x" * 32_768)]), "xlsx")
    with pytest.raises(OutputError, match="expected at most 32,767"):
        readers.encode(set_of([row("ids", "T1001", comment="\U0001f600" * 16_384)]), "xlsx")


@pytest.mark.parametrize("to", ["csv", "xlsx"])
def test_a_capability_in_two_groups_of_one_name_makes_no_third(to: str) -> None:
    rows = [row("ids", "T1001"), row("ids", "T1002"), row("ids", "T1005")]
    same = msgspec.structs.replace(set_of(rows, groups={"ids": ("a", "b")}), groups={"a": "Net", "b": "Net"})
    assert back(same, to).groups == {"a": "Net", "b": "Net"}
