"""`navlayers fleet`: the scores of thousands of tenants, and their coverage per technique."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers._text.wording import quantity
from navlayers.cli import _help, _options, _print, _reading, _scoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.errors import Problem
    from navlayers.fleet.record import TenantRecord
    from navlayers.fleet.run import FleetResult
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions

_LISTED = 5


def _tenants_option(name: str, meaning: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(name, multiple=True, metavar="TENANT,…", callback=_options.words(), help=meaning)


@click.command(cls=_help.Command)
@click.argument("fleet", metavar="INPUT", shell_complete=_options.complete("folders"))
@_options.output_option("DIR", "Output folder.", default="fleet", show_default=True)
@click.option(
    "--engine",
    default="duckdb",
    show_default=True,
    metavar="ENGINE",
    help="duckdb, local-spark or spark://HOST:PORT.",
)
@click.option("--tenant", metavar="COLUMN", help="Column of tenants in a table (default: detected).")
@click.option(
    "--processes",
    type=_options.Number(1, 1024),
    metavar="NUMBER",
    help="Processes that read (default: one per processor).",
)
@_tenants_option("--layers", "Write a layer of each of these tenants: names or globs, '*' for all.")
@_tenants_option("--reports", "Write a report of each of these tenants, as HTML.")
@_options.release_option("Bring all tenants to this ATT&CK release (default: the newest of theirs).")
@_scoring.tenant_scoring_options
@_options.json_option
@_options.force_folder_option
@_reading.scope_options
@_options.quiet_option
def command(
    fleet: str,
    output: str,
    engine: str,
    tenant: str | None,
    processes: int | None,
    layers: tuple[str, ...],
    reports: tuple[str, ...],
    attack_version: str | None,
    scoring: ScoreOptions,
    reading: ReadOptions,
    *,
    as_json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Score thousands of tenants, and roll them up per technique.

    INPUT is a folder of mapping sets, each file or subfolder a tenant; a glob or a URL of such files, such as
    s3://bucket/sets; or a table with a column of tenants: .parquet, .csv or .duckdb. A second run reads only what
    changed.

    \b
    navlayers fleet tenants/ -o fleet
    navlayers fleet mappings.parquet --tenant customer -o fleet
    navlayers fleet tenants/ --layers "acme,eu-*" --reports acme -o fleet
    navlayers fleet "s3://bucket/tenants/*.yaml" -o fleet
    """
    from navlayers.fleet.options import FleetOptions  # noqa: PLC0415 - other commands have no part of it
    from navlayers.fleet.run import run_fleet  # noqa: PLC0415

    options = FleetOptions(scoring, reading, attack_version, engine, tenant, processes or 0, layers, reports)
    with _print.stages("mappings", quiet=quiet) as on_progress:
        result = run_fleet(fleet, Path(output), options, force=force, on_progress=on_progress)
    left_out = [record for record in result.records if record.problems]
    if not quiet:
        _print.notices(map(_left_out_notice, left_out))
        _print.notices(result.notices)
    if as_json:
        _print.echo_json(_numbers(result))
    elif not quiet:
        for line in _sentences(result):
            _print.echo(f"{line}\n")
        weakest = sorted((result.covered.get(r.name, 0), r.name) for r in result.records if not r.problems)[
            :_LISTED
        ]
        _print.echo_table(("fewest covered techniques", "techniques"), [(name, n) for n, name in weakest], {1})
    if not quiet:
        _print.folder_written(output, result.removed)


def _left_out_notice(record: TenantRecord) -> Problem:
    """The notice of a tenant that is left out."""
    problem, *others = record.problems
    more = f"; and {quantity(len(others), 'more problem')}" if others else ""
    return msgspec.structs.replace(problem, message=f"tenant {record.name} left out: {problem.message}{more}")


def _numbers(result: FleetResult) -> dict[str, object]:
    return {
        "tenants": sum(not record.problems for record in result.records),
        "left_out": {r.name: [str(problem) for problem in r.problems] for r in result.records if r.problems},
        "releases": result.releases,
        "changed": None if result.changed is None else [change.tenant for change in result.changed],
        "covered": {name: result.covered[name] for name in sorted(result.covered)},
    }


def _sentences(result: FleetResult) -> Iterator[str]:
    count = sum(not record.problems for record in result.records)
    left_out = len(result.records) - count
    releases = ", ".join(f"{domain} {version}" for domain, version in result.releases.items())
    without = f" {left_out:,} left out." if left_out else ""
    yield f"{quantity(count, 'tenant')} scored at ATT&CK {releases}.{without}"
    if result.changed is not None:
        yield f"{quantity(len(result.changed), 'tenant')} changed since the last run."
