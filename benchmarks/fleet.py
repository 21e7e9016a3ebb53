"""CPU time and memory of `navlayers fleet` for tenants of the size of NIST 800-53, beside the rule as SQL.

    python benchmarks/fleet.py [TENANTS …]

Prints a line per number of tenants: of a table the first run, one with nothing new, and the query alone in DuckDB;
of as many files, up to 1,000, both runs and the tenants per second of the first (wall clock).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.csv import write_csv

import navlayers

SQL = """COPY (
WITH m AS (FROM read_parquet('{input}')),
scored AS (SELECT tenant, bool_or(score IS NOT NULL) AS scored FROM m GROUP BY ALL),
best AS (SELECT tenant, technique, category, capability, max(score) AS score FROM m GROUP BY ALL),
per AS (SELECT tenant, technique, category, round(max(score), 10) AS score FROM best GROUP BY ALL),
overall AS (
    SELECT tenant, technique, max(score) AS score,
           max(score) FILTER (category = 'protect') AS protect,
           max(score) FILTER (category = 'detect') AS detect,
           max(score) FILTER (category = 'respond') AS respond
    FROM per GROUP BY ALL),
counts AS (SELECT tenant, technique, count(DISTINCT capability) AS n FROM best GROUP BY ALL)
SELECT tenant, technique, CASE WHEN scored THEN score ELSE n END AS overall, protect, detect, respond, n
FROM overall JOIN counts USING (tenant, technique) JOIN scored USING (tenant) ORDER BY ALL
) TO '{output}' (COMPRESSION zstd)"""

_MOST_FILES = 1000

MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)
"""


def write_tenants(count: int, path: Path) -> None:
    """Tenants with the mappings of NIST 800-53 and random scores, 2% of them not rated."""
    mappings = navlayers.load("nist_800_53").mappings
    rows = len(mappings)
    capabilities, techniques = (
        pa.array([m.capability for m in mappings]),
        pa.array([m.technique for m in mappings]),
    )
    rng = np.random.default_rng(1)
    categories = np.array(["protect", "detect", "respond"])
    names = ["tenant", "capability", "technique", "category", "score"]
    kinds = [pa.string()] * 4 + [pa.float64()]
    with pq.ParquetWriter(path, pa.schema(list(zip(names, kinds, strict=True))), compression="zstd") as writer:
        for number in range(count):
            scores = pa.array(rng.choice([0.0, 10.0, 25.0, 50.0, 100.0], rows), mask=rng.random(rows) < 0.02)
            category = pa.array(categories[rng.integers(0, 3, rows)])
            tenant = pa.array([f"tenant-{number:05}"] * rows)
            writer.write_table(pa.table([tenant, capabilities, techniques, category, scores], names=names))


def write_files(count: int, table: Path, folder: Path) -> None:
    """The first tenants of a table as files."""
    folder.mkdir()
    rows = pq.ParquetFile(table)
    for number in range(count):
        # A tenant is a row group.
        tenant = rows.read_row_group(number)
        write_csv(tenant.drop_columns(["tenant"]), folder / f"{tenant['tenant'][0].as_py()}.csv")


def measure(*command: str) -> tuple[float, int]:
    """CPU seconds and megabytes."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), int(megabytes)


def cell(measured: tuple[float, int], first: tuple[float, int] | None = None) -> str:
    seconds, megabytes = measured
    share = f" ({seconds / first[0]:.1%})" if first else ""
    return f"{seconds:.1f} s{share}, {megabytes:,} MB"


def command(source: Path, output: Path) -> tuple[str, ...]:
    return sys.executable, "-m", "navlayers", "fleet", str(source), "-o", str(output), "-q"


def main() -> None:
    heads = ("tenants", "table", "nothing new", "query", "files", "nothing new", "files per second")
    print(f"| {' | '.join(heads)} |\n|{' ---: |' * len(heads)}", flush=True)
    for count in map(int, sys.argv[1:] or ("10", "100", "1000", "5000")):
        with tempfile.TemporaryDirectory() as folder:
            table, files = Path(folder, "fleet.parquet"), Path(folder, "files")
            write_tenants(count, table)
            first, again = (measure(*command(table, Path(folder, "out"))) for _ in range(2))
            sql = SQL.format(input=table, output=Path(folder, "query.parquet"))
            query = measure(sys.executable, "-c", f"import duckdb; duckdb.sql({sql!r})")
            cells = [f"{count:,}", cell(first), cell(again, first), cell(query)]
            if count <= _MOST_FILES:
                write_files(count, table, files)
                start = time.monotonic()
                read = measure(*command(files, Path(folder, "of-files")))
                speed = count / (time.monotonic() - start)
                unchanged = measure(*command(files, Path(folder, "of-files")))
                cells += [cell(read), cell(unchanged, read), f"{speed:.0f}"]
            print(f"| {' | '.join([*cells, '', '', ''][: len(heads)])} |", flush=True)


if __name__ == "__main__":
    main()
