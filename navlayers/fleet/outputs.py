"""The files of a fleet's folder."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pyarrow.parquet as pq

from navlayers._text.json_text import encode
from navlayers._text.wording import quantity
from navlayers.errors import Problem
from navlayers.fleet.changes import CHANGES, SCORES, TenantChange, changes_csv
from navlayers.fleet.layer import fleet_layer, worst_of
from navlayers.fleet.summary import Summary
from navlayers.fleet.tenants import without_credentials
from navlayers.layer.document import encode_layer
from navlayers.output.csv_text import to_csv
from navlayers.output.folders import GENERATOR, FileEntry, sha256
from navlayers.output.tables import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from navlayers.attack import Catalogue
    from navlayers.fleet.inputs import FleetInputs
    from navlayers.fleet.record import TenantRecord
    from navlayers.scoring.options import ScoreOptions

GROUP = 131_072
"""Rows of a row group."""


class FleetFiles(NamedTuple):
    """The files of a folder, and what is told of them.

    Attributes:
        files: path → content.
        covered: tenant → number of techniques and sub-techniques that it covers.
        releases: domain → the release that the scores are about.
        changed: the tenants whose scores changed since the last run; None without one.
        notices: what the user should know.
    """

    files: dict[str, bytes]
    covered: dict[str, int]
    releases: dict[str, str]
    changed: tuple[TenantChange, ...] | None
    notices: tuple[Problem, ...]


class FleetIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a folder: the releases of its scores by domain, the number of scored tenants, its files."""

    generator: str = GENERATOR
    command: str = "fleet"
    releases: dict[str, str]
    tenants: int
    files: tuple[FileEntry, ...]


def fleet_files(inputs: FleetInputs, state: Path, scoring: ScoreOptions, earlier: Path | None) -> FleetFiles:
    """The files of a fleet whose batches are scored.

    Args:
        inputs: the tenants.
        state: where DuckDB writes what does not fit in memory.
        scoring: how they were scored.
        earlier: the scores of an earlier run with the same options; None without one.
    """
    counted = {record.name: record for record in inputs.records if not record.problems}
    scored = any(record.scores for record in counted.values())
    domains = [(name, domain) for name, record in counted.items() for domain in record.releases]
    batches = [batch.file for batch in inputs.batches]
    present = {domain for _, domain in domains}
    catalogues = tuple(each for each in inputs.catalogues if each.domain in present)
    # Numbers of capabilities cannot be compared with scores.
    compared = [(name, domain, scored and not counted[name].scores) for name, domain in domains]
    summary = Summary(state, batches, compared, catalogues)
    techniques = summary.techniques()
    covered = summary.covered()
    changed = None if earlier is None else tuple(_changes(summary.changes(earlier), inputs.records))
    notices = [*inputs.notices]
    if scored and (without := sum(not record.scores for record in counted.values())):
        many = quantity(without, "tenant")
        message = f"{many} without scores: their capabilities are counted, and not in minimum and median"
        notices.append(Problem(message, hint="--worth NUMBER scores their mappings"))
    rows = techniques.to_pylist()
    files = {
        SCORES: _parquet(summary.scores()),
        "techniques.parquet": _parquet(techniques),
        "techniques.csv": to_csv(_techniques_table(rows)),
        "tenants.csv": to_csv(_tenants_table(inputs.records, covered, catalogues)),
        CHANGES: changes_csv(changed or ()),
    }
    for catalogue in catalogues:
        layer = fleet_layer((row for row in rows if row["domain"] == catalogue.domain), catalogue, scoring)
        files[f"layer-{catalogue.domain}.json"] = encode_layer(layer)
    releases = {str(each.domain): each.version for each in catalogues}
    return FleetFiles(files, covered, releases, changed, tuple(notices))


def fleet_index(files: FleetFiles, tenants: int, entries: Iterable[FileEntry]) -> bytes:
    """The index of a folder.

    Args:
        files: its files about all tenants.
        tenants: how many are scored.
        entries: its files about single tenants.
    """
    of_all = (FileEntry(path=path, sha256=sha256(data)) for path, data in files.files.items())
    return encode(FleetIndex(releases=files.releases, tenants=tenants, files=(*of_all, *entries))) + b"\n"


def _parquet(rows: pa.Table) -> bytes:
    stream = BytesIO()
    pq.write_table(rows, stream, compression="zstd", row_group_size=GROUP)
    return stream.getvalue()


def _techniques_table(rows: Sequence[dict[str, Any]]) -> Table:
    names = ("domain", "technique", "name", "tenants", "covering", "mapped", "share", "minimum", "median", "worst")
    columns = tuple(Column(name) for name in names)
    cells: list[tuple[Cell, ...]] = [
        (*(row[name] for name in names[:-1]), "; ".join(worst_of(row))) for row in rows
    ]
    return Table("", "", columns, tuple(cells))


def _changes(changes: Iterable[TenantChange], records: Iterable[TenantRecord]) -> Iterator[TenantChange]:
    """The changes, in which a tenant that is there but has no scores is left out rather than removed."""
    left_out = {record.name for record in records if record.problems}
    for each in changes:
        yield each._replace(change="left out") if each.change == "removed" and each.tenant in left_out else each


def _tenants_table(
    records: Iterable[TenantRecord], covered: Mapping[str, int], catalogues: Sequence[Catalogue]
) -> Table:
    names = (
        "tenant",
        "sets",
        "role",
        "release",
        "own_release",
        "scale",
        "scores",
        "capabilities",
        "mappings",
        "techniques_left_out",
        "covered",
        "adjustments",
        "problem",
    )
    rows: list[tuple[Cell, ...]] = []
    for record in sorted(records, key=lambda record: record.name):
        release = "; ".join(f"{domain} {value}" for domain, value in sorted(record.releases.items()))
        rows.append(
            (
                record.name,
                "; ".join(record.frameworks),
                record.role,
                release or "; ".join(f"{each.domain} {each.version}" for each in catalogues),
                "; ".join(record.own_releases),
                record.scale,
                ", ".join(record.scores),
                record.capabilities,
                record.mappings,
                record.techniques_left_out,
                covered.get(record.name, 0) if not record.problems else None,
                "; ".join(record.adjustments),
                " | ".join(without_credentials(str(problem)) for problem in record.problems[:3]),
            )
        )
    return Table("", "", tuple(Column(name) for name in names), tuple(rows))
