"""`navlayers init`: a first mapping file and a recipe."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from navlayers.api.template import write_template
from navlayers.attack.domains import Domain
from navlayers.cli import _help, _options, _print, _recipe
from navlayers.mapping.find import RECIPE


@click.command(cls=_help.Command)
@click.argument("file", default="my-controls.yaml", metavar="[FILE]")
@click.option(
    "--from", "origin", metavar="SET", shell_complete=_options.complete("sets"), help="Start from this set."
)
@_options.choice_option("--domain", Domain, "ATT&CK domain of the examples (default: enterprise).")
@_options.release_option("ATT&CK release of the file (default: the newest, or that of --from).")
@_options.force_file_option
@_options.quiet_option
def command(
    file: str, origin: str | None, domain: Domain | None, attack_version: str | None, *, force: bool, quiet: bool
) -> None:
    """Write a first mapping file and a recipe, with examples to replace.

    FILE ends in .yaml, .csv or .xlsx; the default is my-controls.yaml. For a file that is there, only the recipe is
    written. It is for `navlayers run`: navlayers.yaml beside FILE. The schemas for editors are written, too: VS
    Code and others then complete keys and mark mistakes.

    \b
    navlayers init
    navlayers init my-controls.xlsx
    navlayers init our-cloud.yaml --from gcp
    """
    recipe = Path(file).parent / RECIPE
    there = Path(file).is_file()
    other = recipe.exists() and not _recipe.names(recipe, Path(file).name)
    beside = {RECIPE: _recipe.template(Path(file).name), _recipe.SCHEMA_FILE: _recipe.schema_text()}
    result = write_template(
        file, origin=origin, domain=domain, attack_version=attack_version, beside=beside, force=force
    )
    if not quiet:
        _print.notices(result.notices)
        _print.written(result.written, result.unchanged)
        if there and Path(file) not in (*result.written, *result.unchanged):
            _print.notify(f"{file} is unchanged; --force replaces it with the example")
        if other:
            _print.notify(
                f"{recipe} is unchanged; for `navlayers run` to build {Path(file).name}, add it to `sets` there"
            )
        _print.notify(f"Next:  {shlex.join(('navlayers', 'check', str(Path(file))))}")
