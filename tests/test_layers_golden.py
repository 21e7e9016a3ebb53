"""A small set's whole output, byte for byte. REWRITE_GOLDEN=1 in the environment writes it anew, for review."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import contents

import navlayers

GOLDEN = Path(__file__).with_name("golden")


def made(folder: Path) -> dict[str, bytes]:
    navlayers.build(GOLDEN / "tiny.yaml", output=folder)
    return contents(folder / "tiny")


def test_the_output_is_byte_for_byte_what_was_reviewed(tmp_path: Path) -> None:
    files = made(tmp_path / "out")
    if os.environ.get("REWRITE_GOLDEN"):
        shutil.rmtree(GOLDEN / "tiny", ignore_errors=True)
        for name, data in files.items():
            (GOLDEN / "tiny" / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / "tiny" / name).write_bytes(data)
    reviewed = contents(GOLDEN / "tiny")
    assert sorted(files) == sorted(reviewed)
    for name, data in files.items():
        assert data.decode() == reviewed[name].decode(), name


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("overview", {"T1053.002": 50, "T1078": 100, "T1078.004": 50, "T1110": 72.5, "T1110.001": 10}),
        ("protect", {"T1053.002": 50, "T1078": 100, "T1078.004": 50, "T1110": 72.5}),
        ("detect", {"T1078": 50, "T1110": None}),
        ("respond", {"T1110.001": 10}),
        ("groups/access", {"T1053.002": 50, "T1078": 100, "T1078.004": 50, "T1110": 72.5, "T1110.001": 10}),
        ("groups/watch", {"T1078": 50, "T1110": None, "T1110.001": 10}),
        ("capabilities/ac-1", {"T1053.002": 50, "T1078": 100, "T1078.004": 50, "T1110": 72.5}),
        ("capabilities/log_review", {"T1078": 50, "T1110": None, "T1110.001": 10}),
    ],
)
def test_what_was_reviewed_is_what_comes_out_by_hand(name: str, scores: dict[str, float | None]) -> None:
    layer = json.loads((GOLDEN / "tiny" / f"{name}.json").read_bytes())
    assert {t["techniqueID"]: t.get("score") for t in layer["techniques"]} == scores


def test_the_reviewed_index_has_what_comes_out_by_hand() -> None:
    index = json.loads((GOLDEN / "tiny" / "index.json").read_bytes())
    assert [(t["id"], t["successor"]) for t in index["replaced"]] == [("T1053.001", "T1053.002")]
    assert [c["id"] for c in index["non_mappable_capabilities"]] == ["badge_printer"]
    assert [t["id"] for t in index["non_mappable_techniques"]] == ["T1200"]
    (ac, log) = index["capabilities"]
    # 656 techniques and sub-techniques are active in ATT&CK 16.1; the first covers four,
    # the second two: T1110 is not rated.
    assert (ac["id"], ac["share"], ac["unique"]) == ("AC-1", 0.61, 3)
    assert ac["categories"] == {"protect": {"mean": 68.13, "sum": 272.5}, "detect": {"mean": 10, "sum": 10}}
    assert (log["id"], log["share"], log["unique"]) == ("log_review", 0.3, 1)
    assert log["categories"] == {"detect": {"mean": 50, "sum": 50}, "respond": {"mean": 10, "sum": 10}}
    assert len(index["files"]) == 9
