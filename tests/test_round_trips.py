"""Every published set goes out in every format that is written, and comes back as it was."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import pytest
from conftest import CORPUS_FILES, SHARED, build, contents, sample_sets

from navlayers.mapping import formats as readers
from navlayers.mapping.find import shipped
from navlayers.mapping.model import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

    from navlayers.mapping.find import Source
    from navlayers.mapping.model import MappingSet

AZURE = SHARED / "corpus" / "security-stack" / "Azure"
FORMATS = [name for name in readers.WRITABLE if name != "oscal"]  # results of an assessment are not read
ENDINGS = {
    "native": "yaml",
    "mapex-json": "json",
    "mapex-yaml": "yaml",
    "csv": "csv",
    "xlsx": "xlsx",
    "stix": "json",
}
TABLES = {"csv", "xlsx"}


@lru_cache
def original(path: Path) -> MappingSet:
    return readers.read(path).mapping_set


def test_all_formats_of_convert_are_tried_here() -> None:
    assert ENDINGS.keys() == set(FORMATS)


@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("to", FORMATS)
def test_a_published_set_comes_back_from_every_format_as_it_was(path: Path, to: str) -> None:
    mapping_set = original(path)
    written = readers.encode(mapping_set, to)
    again = readers.read(f"set.{ENDINGS[to]}", data=written.data)
    assert again.format == to
    if to in TABLES:
        assert facts(again.mapping_set) == facts(mapping_set)
    else:
        assert [str(notice) for notice in written.notices if notice.code == "not-carried"] == []
        assert canonical(again.mapping_set) == canonical(mapping_set)
        back = readers.encode(again.mapping_set, "mapex-json").data
        if to in {"native", "stix"}:  # rows go by capability and technique there
            (head, rows), (straight_head, straight_rows) = map(_parts, (back, straight(path)))
            assert (head, sorted(rows)) == (straight_head, sorted(straight_rows))
        else:
            assert back == straight(path)


def facts(mapping_set: MappingSet) -> list[tuple[object, ...]]:
    """What every format has room for, in any order; a scale of the set's own becomes numbers in tables."""
    scale = {value: f"{number:g}" for value, number in mapping_set.scale.items()}
    return sorted(
        (
            m.capability,
            m.technique,
            m.type or "",
            m.category or "",
            scale.get(m.value or "", m.value or ""),
            m.comment,
            m.references,
        )
        for m in mapping_set.mappings
    )


@lru_cache
def straight(path: Path) -> bytes:
    return readers.encode(original(path), "mapex-json").data


def _parts(data: bytes) -> tuple[object, list[str]]:
    content = json.loads(data)
    return content["metadata"], [json.dumps(row) for row in content["mapping_objects"]]


GCP = "gcp-03.06.2025_attack-16.1-enterprise"


@pytest.fixture(scope="module")
def layers_of_json(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _layers(corpus / f"{GCP}.json", tmp_path_factory.mktemp("json"))


@pytest.mark.parametrize("ending", ["yaml", "csv", "xlsx"])
def test_google_s_set_gives_the_same_layers_from_each_form_it_is_published_in(
    ending: str, corpus: Path, layers_of_json: dict[str, bytes], tmp_path: Path
) -> None:
    """The tables name groups where the JSON has ids, so layers of groups go by other names."""
    published = _layers(corpus / "exports" / f"{GCP}.{ending}", tmp_path)
    kinds = ("overview", "categories/", "capabilities/")
    same = {name: data for name, data in layers_of_json.items() if name.startswith(kinds)}
    assert len(same) > 40
    assert {name: data for name, data in published.items() if name.startswith(kinds)} == same
    if ending == "yaml":
        assert published == layers_of_json


def _layers(path: Path, work: Path) -> dict[str, bytes]:
    copy = work / f"gcp{path.suffix}"
    copy.write_bytes(path.read_bytes())
    build(work / "out", copy)
    return {name.removeprefix("gcp/"): data for name, data in contents(work / "out").items() if "index" not in name}


# Others have more than Mappings Explorer files hold: several groups, fields, no date.
PUBLISHED = {s.name for s in sample_sets() if not s.name.startswith(("attack", "nist", "top"))}


@pytest.mark.parametrize("source", sample_sets(), ids=lambda source: source.name)
@pytest.mark.parametrize("to", FORMATS)
def test_a_shipped_set_comes_back_except_for_reported_losses(source: Source, to: str) -> None:
    mapping_set = original(source.path)
    written = readers.encode(mapping_set, to)
    again = readers.read(f"set.{ENDINGS[to]}", data=written.data).mapping_set
    told = " ".join(str(notice) for notice in written.notices)
    lost = {field: "" for field in ("title", "source", "licence") if field in told}
    assert facts(again) == facts(mapping_set)
    if to not in TABLES and (to in {"native", "stix"} or source.name in PUBLISHED):
        assert canonical(again) == canonical(msgspec.structs.replace(mapping_set, **lost))


@pytest.mark.parametrize("to", FORMATS)
def test_a_folder_that_is_a_set_comes_back_from_every_format_except_for_reported_losses(run: Run, to: str) -> None:
    """Rows have no room for the second tag of a control; that is told, and scores stay."""
    if not AZURE.is_dir():
        pytest.skip("the security stack mappings are not at ../shared/corpus")
    result = run("convert", AZURE, "--format", to, "-o", f"azure.{ENDINGS[to]}")
    assert result.code == 0, result.err
    there = readers.read(AZURE).mapping_set
    back = readers.read(f"azure.{ENDINGS[to]}").mapping_set
    told = "all groups but the first of 829 rows" in result.err
    assert told == (to not in {"native", "stix"})
    assert told or canonical(back) == canonical(there)
    assert facts(back) == facts(there)


def test_the_same_set_gives_the_same_bytes_and_is_not_changed() -> None:
    mapping_set = original(shipped()[0].path)
    before = msgspec.json.encode(mapping_set)
    for to in FORMATS:
        assert readers.encode(mapping_set, to).data == readers.encode(mapping_set, to).data
    assert msgspec.json.encode(mapping_set) == before
