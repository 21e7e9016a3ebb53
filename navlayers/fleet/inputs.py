"""The inputs of a fleet: batches of mappings to score, and the tenants of a folder."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers import attack
from navlayers.attack.domains import DOMAINS
from navlayers.attack.versions import number
from navlayers.errors import Problem, UsageError
from navlayers.fleet.engine import parquet
from navlayers.fleet.last_run import program
from navlayers.fleet.processes import spread
from navlayers.fleet.read import Job, read_record, read_tenant, rows_file
from navlayers.version import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from navlayers.attack import Catalogue
    from navlayers.fleet.options import FleetOptions, Progress
    from navlayers.fleet.record import TenantRecord
    from navlayers.fleet.tenants import Tenant

_BATCH = 2_000_000
"""Mappings that are scored at once: what a run that is killed loses, and what memory holds."""


class Batch(NamedTuple):
    """Tenants that are scored together: the file of their scores, their mappings, and how many these are."""

    file: Path
    mappings: Callable[[Any], Any]
    tenants: tuple[TenantRecord, ...]
    rows: int


class FleetInputs(NamedTuple):
    """What is scored.

    Attributes:
        records: all tenants.
        batches: those that count.
        catalogues: the release of each domain.
        notices: what the user should know.
        read: how many tenants were read.
        used: the files in the state that a later run can use again.
        jobs: tenant → its files and how they are read; empty for a table.
    """

    records: tuple[TenantRecord, ...]
    batches: list[Batch]
    catalogues: tuple[Catalogue, ...]
    notices: list[Problem]
    read: int
    used: set[str]
    jobs: dict[str, tuple[Tenant, Job]]


def of_tenants(
    tenants: Sequence[Tenant],
    left_out: Sequence[TenantRecord],
    state: Path,
    options: FleetOptions,
    on_progress: Progress,
) -> FleetInputs:
    """The tenants of files, each read if it is not known.

    Args:
        tenants: those to read.
        left_out: those that cannot be read.
        state: the folder with what is known.
        options: how they are read.
        on_progress: as for `navlayers.fleet.run.run_fleet`.
    """
    if options.tenant:
        hint = "each file and each subfolder is a tenant"
        raise UsageError(Problem("--tenant has no effect on a folder of tenants", hint=hint))
    job = Job(str(state), options.reading, options.scoring, options.attack_version, {}, program())
    first, read = _read_all([(tenant, job) for tenant in tenants], options, on_progress)
    releases = _common_releases(first)
    again = {}
    for tenant, record in zip(tenants, first, strict=True):
        there = {domain: releases[domain] for domain in record.releases}
        if there != record.releases:
            again[tenant.name] = tenant, msgspec.structs.replace(job, releases=there)
    second, more = _read_all(list(again.values()), options, on_progress)
    moved = {record.name: record for record in second}
    records = [moved.get(record.name, record) for record in first]
    jobs = {tenant.name: again.get(tenant.name, (tenant, job))[1] for tenant in tenants}
    paths = {tenant.name: rows_file(tenant, jobs[tenant.name]) for tenant in tenants}
    used = {rows_file(tenant, job).name for tenant in tenants} | {path.name for path in paths.values()}
    batches = []
    for group in grouped([record for record in records if not record.problems]):
        names = [paths[record.name].name for record in group]
        rows = sum(record.mappings for record in group)
        file = state / state_name("scores", names, msgspec.json.encode(options.scoring).decode())
        batches.append(Batch(file, partial(_rows_of, [paths[r.name] for r in group]), tuple(group), rows))
    catalogues = catalogues_of(releases, options)
    everyone = sorted([*records, *left_out], key=lambda record: record.name)
    each = {tenant.name: (tenant, jobs[tenant.name]) for tenant in tenants}
    return FleetInputs(tuple(everyone), batches, catalogues, [], read + more, used, each)


def catalogues_of(releases: Mapping[str, str], options: FleetOptions) -> tuple[Catalogue, ...]:
    """The release of each domain, restricted to the scope."""
    scope = options.reading.scope
    return tuple(attack.restricted(attack.find(d, releases[d]).catalogue, scope) for d in DOMAINS if d in releases)


def _rows_of(paths: Sequence[Path], engine: Any) -> Any:
    return parquet(engine, paths)


def _common_releases(records: Iterable[TenantRecord]) -> dict[str, str]:
    """Domain → the newest release of the tenants."""
    newest: dict[str, str] = {}
    for record in records:
        for domain, release in record.releases.items():
            newest[domain] = max(newest.get(domain, release), release, key=number)
    return newest


def _read_all(
    work: Sequence[tuple[Tenant, Job]], options: FleetOptions, on_progress: Progress
) -> tuple[list[TenantRecord], int]:
    """The records of tenants, in order, and how many were read now."""
    known = {tenant.name: read_record(tenant, job) for tenant, job in work}
    wanted = [(tenant, job) for tenant, job in work if known[tenant.name] is None]
    done = rows = 0
    on_progress("Reading tenants", done, len(wanted), rows)
    for new in spread(_read_one, wanted, options.processes):
        done, rows = done + 1, rows + new.mappings
        known[new.name] = new
        on_progress("Reading tenants", done, len(wanted), rows)
    return [record for tenant, _ in work if (record := known[tenant.name]) is not None], len(wanted)


def _read_one(work: tuple[Tenant, Job]) -> TenantRecord:
    return read_tenant(*work)


def grouped(records: Sequence[TenantRecord]) -> Iterator[list[TenantRecord]]:
    """Tenants in order of their names, as many as are scored at once."""
    group: list[TenantRecord] = []
    rows = 0
    for record in sorted(records, key=lambda record: record.name):
        if group and rows + record.mappings > _BATCH:
            yield group
            group, rows = [], 0
        group.append(record)
        rows += record.mappings
    if group:
        yield group


def state_name(kind: str, *parts: object) -> str:
    """The name of a file of the state: its kind, and the hash of what its content follows from."""
    text = msgspec.json.encode([kind, version(), *parts], order="deterministic")
    return f"{kind}-{hashlib.sha256(text).hexdigest()[:40]}.parquet"
