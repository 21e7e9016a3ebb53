"""`navlayers run`: the outputs of a recipe."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from navlayers._text.wording import quantity
from navlayers.api import runs
from navlayers.cli import _help, _options, _print, _recipe
from navlayers.errors import Place, Problem, UsageError
from navlayers.mapping.find import RECIPE

_SHOWN = 10
"""Differing files that a check lists per output."""


@click.command(cls=_help.Command)
@click.argument("recipe", default=RECIPE, metavar="[FILE]")
@click.option("--check", is_flag=True, help="Write nothing; fail if the files that are there differ.")
@click.option("--force", is_flag=True, help="Make everything again, and overwrite existing files.")
@click.option("--dry-run", is_flag=True, help="Print the commands, and run none.")
@click.option("--jobs", type=_options.Number(1, 1_000), metavar="N", help="Commands at once (default: processors).")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of recipes, for editors.")
@_options.quiet_option
def command(
    recipe: str, jobs: float | None, *, check: bool, force: bool, dry_run: bool, schema: bool, quiet: bool
) -> None:
    """Make the outputs of a recipe: layers, comparisons, reports.

    FILE is a recipe, navlayers.yaml by default: sets, options, and the outputs with the command of each. Only
    what changed is made again. Exit status 1: --check found differences.

    \b
    navlayers run
    navlayers run --check
    navlayers run --dry-run
    """
    if schema:
        click.echo(_recipe.schema_text(), nl=False)
        return
    path = Path(recipe)
    path = path / RECIPE if path.is_dir() else path
    if not path.exists():
        hint = "`navlayers init` writes a first one"
        raise UsageError(Problem("no recipe", Place(str(path)), "a file with sets and outputs", hint))
    steps = _recipe.read_recipe(path)
    if dry_run:
        for step in steps:
            click.echo(shlex.join(("navlayers", *step.argv(step.outputs))))
        return
    with _print.progress("Running", quiet=quiet) as progress:
        results = runs.run(
            steps,
            path.parent,
            check=check,
            force=force,
            jobs=int(jobs or 0),
            on_result=lambda _: progress(len(steps)),
        )
    _show(results, check=check, quiet=quiet)
    if any(result.status == "failed" for result in results):
        sys.exit(2)
    sys.exit(any(result.status == "differs" for result in results))


def _show(results: tuple[runs.Result, ...], *, check: bool, quiet: bool) -> None:
    """Print what each step made; errors and differences even if quiet."""
    rows = []
    for result in results:
        status: str = result.status
        if status == "written":
            status = f"{len(result.changed):,} of {quantity(result.files, 'file')} written"
            status += f", {len(result.removed):,} removed" if result.removed else ""
        rows.append((" ".join(result.step.outputs), result.step.command, status))
    if not quiet:
        seen = dict.fromkeys(line for result in results if result.status != "failed" for line in result.messages)
        for line in seen:
            _print.notify(line)
        _print.echo_table(("output", "command", "result"), rows, set())
    for result in results:
        if result.status == "failed":
            place = result.step.place
            name = f"{result.step.command} {' '.join(result.step.outputs)}"
            _print.notify(f"navlayers: {Problem(f'{name} failed', place)}")
            for line in result.messages:
                _print.notify(f"  {line}")
        elif result.status == "differs":
            for line in result.changed[:_SHOWN]:
                _print.notify(f"navlayers: {line}")
            if len(result.changed) > _SHOWN:
                _print.notify(f"navlayers: … and {len(result.changed) - _SHOWN:,} more")
    if check and any(result.status == "differs" for result in results):
        edited = any(result.edited for result in results)
        by_force = (
            "Run `navlayers run --force`, which overwrites the edited files" if edited else "Run `navlayers run`"
        )
        _print.notify(f"{by_force}, and commit the files.")
