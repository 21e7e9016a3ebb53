"""What the scores of a fleet say: per technique, per tenant, and since the last run. DuckDB works it out."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from navlayers.fleet.arrow import arrow_table
from navlayers.fleet.changes import TenantChange
from navlayers.fleet.engine import settings
from navlayers.scoring.scores import exact
from navlayers.tables.sql import parquet_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navlayers.attack import Catalogue

WORST = 3
"""Tenants that a row of a technique names: those with the lowest scores, in order of their names among equals."""

_SCORES = "technique, overall, protect, detect, respond, unspecified, capabilities"

_TECHNIQUES = f"""
WITH cells AS (
    SELECT t.domain, c.technique, c.name, t.tenant, t.counts,
           s.tenant IS NOT NULL AS mapped, coalesce(s.overall, 0) AS score
    FROM domains t JOIN catalogue c USING (domain) LEFT JOIN scores s USING (tenant, technique)
)
SELECT domain, technique, name, tenants, covering, mapped, share, minimum,
       {{'scores': map_keys(spread), 'tenants': map_values(spread)}} AS median,
       coalesce(list_transform(lowest, lambda w: w.tenant), []) AS worst,
       coalesce(list_sum(list_transform(
           list_filter(map_entries(spread), lambda e: e.key <= lowest[-1].score), lambda e: e.value
       ))::BIGINT - len(lowest), 0) AS ties
FROM (
    SELECT domain, technique, any_value(name) AS name,
           count(*) AS tenants,
           count(*) FILTER (score > 0) AS covering,
           count(*) FILTER (mapped) AS mapped,
           round(100.0 * count(*) FILTER (score > 0) / count(*), 10) AS share,
           min(score) FILTER (NOT counts) AS minimum,
           min({{'score': score, 'tenant': tenant}}, {WORST}) FILTER (NOT counts) AS lowest,
           histogram(score) FILTER (NOT counts) AS spread
    FROM cells GROUP BY domain, technique
) ORDER BY domain, technique
"""

_CHANGES = """
WITH pairs AS (
    SELECT coalesce(n.tenant, o.tenant) AS tenant, n.overall AS new, o.overall AS old,
           n.technique IS NOT NULL AS here, o.technique IS NOT NULL AS there
    FROM scores n FULL JOIN earlier o ON n.tenant = o.tenant AND n.technique = o.technique
)
SELECT tenant,
       CASE WHEN NOT bool_or(there) THEN 'new' WHEN NOT bool_or(here) THEN 'removed' ELSE 'changed' END AS change,
       count(*) FILTER (coalesce(new, 0) > 0 AND coalesce(old, 0) <= 0) AS gained,
       count(*) FILTER (coalesce(new, 0) <= 0 AND coalesce(old, 0) > 0) AS lost,
       count(*) FILTER (new > old AND old > 0) AS higher,
       count(*) FILTER (new < old AND new > 0) AS lower
FROM pairs GROUP BY tenant
HAVING count(*) FILTER (new IS DISTINCT FROM old OR here <> there) > 0 ORDER BY tenant
"""

_DOMAINS = pa.schema([("tenant", pa.string()), ("domain", pa.string()), ("counts", pa.bool_())])
_CATALOGUE = pa.schema([("domain", pa.string()), ("technique", pa.string()), ("name", pa.string())])


def _median(scores: Sequence[float] | None, tenants: Sequence[int] | None) -> float | None:
    """The median of scores, in ascending order, each as many times as tenants have it."""
    if not scores or not tenants:
        return None
    ends = [*accumulate(tenants)]
    low, high = (scores[bisect_right(ends, (ends[-1] - 1 + more) // 2)] for more in (0, 1))
    return exact((low + high) / 2)


class Summary:
    """The scores of a fleet, and what follows from them."""

    def __init__(
        self,
        folder: Path,
        scores: Sequence[Path],
        domains: Sequence[tuple[str, str, bool]],
        catalogues: Sequence[Catalogue],
    ) -> None:
        """Take the scores.

        Args:
            folder: where DuckDB writes what does not fit in memory.
            scores: files of scores, each of other tenants.
            domains: each tenant with each domain that it has, and whether its scores are numbers of capabilities,
                which cannot be compared with those of others.
            catalogues: the release of each domain.
        """
        self._db = duckdb.connect(config=settings(folder))
        self._db.execute("SET enable_progress_bar = false")
        self._db.register("domains", arrow_table(domains, _DOMAINS))
        active = [(c.domain, t.id, t.name) for c in catalogues for t in c.techniques.values() if c.is_active(t.id)]
        self._db.register("catalogue", arrow_table(active, _CATALOGUE))
        self._files = [str(path) for path in scores]
        self._view("scores", self._files)

    def _view(self, name: str, files: Sequence[str]) -> None:
        self._db.execute(f"CREATE VIEW {name} AS FROM {parquet_files(files)}")

    def scores(self) -> pa.Table:
        """All scores with their domain, by tenant and technique."""
        joined = "scores s JOIN catalogue c USING (technique)"
        sql = f"SELECT s.tenant, c.domain, {_SCORES} FROM {joined} ORDER BY 1, 3"
        return self._db.sql(sql).to_arrow_table()

    def techniques(self) -> pa.Table:
        """A row per active technique: how many tenants cover it, the lowest and the middle score, who is worst."""
        table = self._db.sql(_TECHNIQUES).to_arrow_table()
        # DuckDB's median holds the scores of all tenants, for every technique.
        medians = pa.array([_median(**each) for each in table["median"].to_pylist()], pa.float64())
        return table.set_column(table.column_names.index("median"), "median", medians)

    def covered(self) -> dict[str, int]:
        """Tenant → how many techniques and sub-techniques it covers."""
        rows = self._db.execute("SELECT tenant, count(*) FILTER (overall > 0) FROM scores GROUP BY 1").fetchall()
        return dict(rows)

    def changes(self, earlier: Path) -> list[TenantChange]:
        """The tenants with other scores than in an earlier file of scores."""
        self._view("earlier", [str(earlier)])
        return [TenantChange(*row) for row in self._db.execute(_CHANGES).fetchall()]
