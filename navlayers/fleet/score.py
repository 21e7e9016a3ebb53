"""The scores of a fleet, batch by batch, in files that later runs use again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from navlayers.errors import InputError, NavlayersError, OutputError, Place, Problem
from navlayers.fleet import rule
from navlayers.fleet.arrow import arrow_table
from navlayers.fleet.csv_files import csv_problem
from navlayers.fleet.engine import error_reason, parquet
from navlayers.fleet.outputs import GROUP
from navlayers.mapping.model import CATEGORIES
from navlayers.scoring.options import UNSPECIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from navlayers.attack import Catalogue
    from navlayers.fleet.inputs import Batch, FleetInputs
    from navlayers.fleet.options import FleetOptions, Progress


def score(engine: Any, inputs: FleetInputs, state: Path, options: FleetOptions, on_progress: Progress) -> None:
    """Write the scores of the batches that have none yet."""
    subtechniques = None
    if options.scoring.rollup != "none":
        path = state / "subtechniques.parquet"
        pq.write_table(subtechnique_rows(inputs.catalogues), path)
        inputs.used.add(path.name)
        subtechniques = parquet(engine, [path])
    done = rows = 0
    total = sum(len(batch.tenants) for batch in inputs.batches)
    on_progress("Scoring tenants", done, total, rows)
    for batch in inputs.batches:
        if not is_whole_file(batch.file, _SCORES):
            with engine_errors(options.engine, state):
                scores = _scored(engine, batch, state, options, subtechniques)
            part = batch.file.with_name(f"{batch.file.name}.part")
            pq.write_table(scores, part, compression="zstd", row_group_size=GROUP)
            part.replace(batch.file)
        done, rows = done + len(batch.tenants), rows + batch.rows
        on_progress("Scoring tenants", done, total, rows)


@contextmanager
def engine_errors(engine: str, state: Path) -> Iterator[None]:
    """Turn what an engine raises into an error; a wrong row or a damaged file of the state may be the cause."""
    try:
        yield
    except (NavlayersError, OSError):
        raise
    except Exception as error:
        if wrong_row := csv_problem(error):
            raise InputError(wrong_row) from error
        hint = f"if it happens again, remove {state}: all tenants are then read again"
        raise OutputError(
            Problem(f"{engine} stopped: {error_reason(error)}", Place(str(state)), hint=hint)
        ) from error


def is_whole_file(path: Path, schema: pa.Schema) -> bool:
    """Whether a Parquet file of the state with this schema is there, with all of its rows."""
    try:
        return bool(pq.read_schema(path).equals(schema))
    except (OSError, pa.ArrowException):
        return False


def _scored(engine: Any, batch: Batch, state: Path, options: FleetOptions, subtechniques: Any) -> pa.Table:
    path = state / "tenants.parquet"
    marks = {
        rule.scored_column(c): pa.array([c in record.scores for record in batch.tenants]) for c in rule.MEASURES
    }
    pq.write_table(pa.table({"tenant": pa.array([r.name for r in batch.tenants], pa.string()), **marks}), path)
    mappings = batch.mappings(engine)
    scores = rule.scores(mappings, parquet(engine, [path]), options.scoring, subtechniques)
    found = scores.to_pyarrow()
    path.unlink()
    return found.sort_by([("tenant", "ascending"), ("technique", "ascending")]).cast(_SCORES)


_SCORES = pa.schema(
    [
        ("tenant", pa.string()),
        ("technique", pa.string()),
        ("overall", pa.float64()),
        *((category, pa.float64()) for category in (*CATEGORIES, UNSPECIFIED)),
        ("capabilities", pa.int64()),
    ]
)


def subtechnique_rows(catalogues: Iterable[Catalogue]) -> pa.Table:
    """The active sub-techniques of releases, as `navlayers.fleet.rule.scores` takes them."""
    rows = [
        (sub.id, technique.id, len(subs))
        for catalogue in catalogues
        for technique in catalogue.techniques.values()
        if catalogue.is_active(technique.id) and (subs := catalogue.subtechniques(technique.id))
        for sub in subs
    ]
    schema = pa.schema([("technique", pa.string()), ("parent", pa.string()), ("siblings", pa.int64())])
    return arrow_table(rows, schema)
