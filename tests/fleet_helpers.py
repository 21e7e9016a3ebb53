"""Three tenants as files, and what `navlayers fleet` writes of them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
duckdb = pytest.importorskip("duckdb")
pytest.importorskip("ibis")

HEADER = "capability,technique,category,score\n"
RED = "mfa,T1078,protect,minimal\nedr,T1059.001,detect,100\n"
BLUE = "mfa,T1078,protect,significant\nmfa,T1078,detect,partial\n"
GREEN = "edr,T1059.001,detect,0\n"


def tenants(folder: Path, **rows: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in rows.items():
        (folder / f"{name}.csv").write_text(HEADER + text)
    return folder


def three(tmp_path: Path) -> Path:
    return tenants(tmp_path / "tenants", red=RED, blue=BLUE, green=GREEN)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def scores(folder: Path) -> list[tuple[object, ...]]:
    table = pq.ParquetFile(folder / "scores.parquet").read().to_pylist()
    return [(row["tenant"], row["technique"], row["overall"], row["protect"], row["detect"]) for row in table]


SCORES = [
    ("blue", "T1078", 100, 100, 50),
    ("green", "T1059.001", 0, None, 0),
    ("red", "T1059.001", 100, None, 100),
    ("red", "T1078", 10, 10, None),
]
