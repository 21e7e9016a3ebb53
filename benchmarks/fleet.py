"""CPU time and memory of `navlayers fleet` for tenants of the size of NIST 800-53, beside the rule as SQL.

    python benchmarks/fleet.py [TENANTS …]

Prints a line per number of tenants: the first run, a run with nothing new, and the query alone in DuckDB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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


def measure(*command: str) -> str:
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    seconds, megabytes = done.stdout.split()
    return f"{float(seconds):.1f} s, {int(megabytes):,} MB"


def main() -> None:
    print("| tenants | first run | nothing new | query |\n| ---: | ---: | ---: | ---: |")
    for count in map(int, sys.argv[1:] or ("10", "100", "1000", "5000")):
        with tempfile.TemporaryDirectory() as folder:
            table, output = Path(folder, "fleet.parquet"), Path(folder, "out")
            write_tenants(count, table)
            fleet = (sys.executable, "-m", "navlayers", "fleet", str(table), "-o", str(output), "-q")
            sql = SQL.format(input=table, output=Path(folder, "query.parquet"))
            query = (sys.executable, "-c", f"import duckdb; duckdb.sql({sql!r})")
            print(f"| {count:,} | {measure(*fleet)} | {measure(*fleet)} | {measure(*query)} |", flush=True)


if __name__ == "__main__":
    main()
