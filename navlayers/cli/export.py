"""`navlayers export`: tables of sets, scores and ATT&CK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from navlayers.cli import _help, _options, _print, _reading, _scoring

if TYPE_CHECKING:
    from navlayers.api.export import Export
    from navlayers.scoring.options import ScoreOptions
    from navlayers.tables.files import Format


@click.command(cls=_help.Command)
@_options.sets_argument
@_options.output_option(
    "DIR|FILE",
    "Output folder, or a file: .duckdb, or one table as .parquet or .csv; - writes a table to standard output.",
    default="tables",
    show_default=True,
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    callback=_options.words(),
    metavar="NAME,…",
    help="Write only these tables (default: all, or scores in a file of one).",
)
@_options.format_option(("parquet", "csv"), "Format of the files of a folder (default: parquet).")
@_options.attack_option
@_scoring.scoring_options
@_options.force_files_option
@_reading.scope_options
@_options.quiet_option
def command(
    sets: tuple[str, ...], output: str, format_: Format | None, scoring: ScoreOptions, quiet: bool, **options: Any
) -> None:
    """Write tables for SQL, Power BI, Excel and notebooks.

    SET is a shipped name, a file of any format, a layer, a folder of files, or - for standard input. Each set is
    scored at its own ATT&CK release, or at that of --attack.

    \b
    navlayers export aws azure gcp -o clouds.duckdb
    navlayers export my-controls.yaml -o tables --format csv
    navlayers export gcp --table mappings -o gcp.parquet
    """
    from navlayers.api.export import STDOUT, export  # noqa: PLC0415 - completion needs none of it

    _options.refuse_terminal(
        format_ or "csv", output, binary=format_ == "parquet", hint="name a file with -o, or pipe the output"
    )
    with _print.progress("Exporting", quiet=quiet) as progress:
        result = export(
            *sets, output=output, format_=format_, on_set=progress, **options, **msgspec.structs.asdict(scoring)
        )
    if not quiet:
        _print.notices([*result.notices, *(notice for each in result.sets for notice in each.notices)])
        for each in result.sets:
            _print.remapped(
                each.name, each.attack_version, each.replaced, each.left_out, own=each.own_attack_version
            )
    if output == STDOUT:
        _print.data(result.data)
    elif not quiet:
        _show(result)


def _show(result: Export) -> None:
    _print.echo_table(("table", "rows"), [*result.rows.items()], {1})
    if result.written:
        _print.folder_written(result.output, result.removed)
    else:
        _print.written([], [result.output])
