"""`navlayers build`: mapping sets → layers."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from navlayers.api.build import BuildResult, SetResult, build_document, build_folder
from navlayers.cli import _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.layer.build import KINDS, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.scoring.options import ScoreOptions


@click.command()
@_options.sets_argument
@click.option(
    "-o",
    "--output",
    callback=_options.folder,
    default="layers",
    metavar="DIR",
    show_default=True,
    help="Folder to write to; each set gets a folder of its own there. - writes one document to standard output.",
)
@_options.attack_option
@_options.scoring_options
@click.option("--only", multiple=True, metavar="KIND,…", help=f"Make these layers only: {', '.join(KINDS)}.")
@click.option("--force", is_flag=True, help="Write into a folder that holds other files, too.")
@_options.reading_options
@_options.json_option
@_options.quiet_option
def command(
    sets: tuple[str, ...],
    output: Path,
    attack_version: str | None,
    scoring: ScoreOptions,
    only: tuple[str, ...],
    force: bool,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Build ATT&CK Navigator layers from mapping sets.

    SET is a shipped name (see `navlayers sets`), a file, a folder of files, or - for standard input. Without any:
    the sets in the folder mappings here if there is one, else all shipped sets.

    \b
    navlayers build gcp                    layers of a shipped set, in layers/gcp
    navlayers build my-controls.yaml -o out
    navlayers build nist_800_53 --attack 18.1
    """
    sources = _options.sources(sets, reading)
    kinds = _kinds(only)
    if str(output) == _print.STDOUT:
        if as_json:
            raise UsageError(Problem("--json and -o - both want standard output", hint="leave one of them out"))
        data, result = build_document(sources, scoring, attack_version=attack_version, only=kinds, reading=reading)
        if not quiet:
            _tell(result)
        click.echo(data, nl=False)
        return
    with click.progressbar(
        length=len(sources),
        label="Building",
        file=sys.stderr,
        hidden=quiet or len(sources) < 2 or not _print.on_terminal(),
    ) as progress:
        result = build_folder(
            sources,
            output,
            scoring,
            attack_version=attack_version,
            only=kinds,
            force=force,
            reading=reading,
            on_set=lambda: progress.update(1),
        )
    if not quiet:
        _tell(result)
    if as_json:
        _print.echo_json(result.sets)
    elif not quiet:
        _show(result.sets)
        _print.notify(f"written to {output}")


def _kinds(only: tuple[str, ...]) -> tuple[Kind, ...]:
    if not only:
        return KINDS
    asked = [part.strip() for part in ",".join(only).split(",") if part.strip()]
    unknown = [part for part in asked if part not in KINDS]
    if unknown or not asked:
        near = get_close_matches(unknown[0], KINDS, 1) if unknown else []
        raise UsageError(
            Problem(
                f"--only: {', '.join(unknown)} is no kind of layer" if unknown else "--only is empty",
                expected=f"{', '.join(KINDS)}, several joined by commas",
                hint=f"did you mean {near[0]}?" if near else "",
            )
        )
    return tuple(kind for kind in KINDS if kind in asked)


def _show(results: tuple[SetResult, ...]) -> None:
    headers = ("set", "ATT&CK", "capabilities", "tech-\nniques", "sub-\ntechniques", "non-\nmappable", "layers")
    rows = [
        (
            result.folder,
            _print.release_name(result.set.domain, result.attack_version),
            result.counts.capabilities,
            result.counts.techniques,
            result.counts.subtechniques,
            result.counts.non_mappable_capabilities
            + result.counts.non_mappable_techniques
            + result.counts.non_mappable_pairs,
            result.counts.layers,
        )
        for result in results
    ]
    _print.echo_table(headers, rows, {2, 3, 4, 5, 6})


def _tell(built: BuildResult) -> None:
    """What is not in the layers, and what changed on the way to another release."""
    _print.notices([*built.notices, *(notice for result in built.sets for notice in result.notices)])
    for result in built.sets:
        _print.tell_carried(result.folder, result.attack_version, result.carried, result.left_out)
