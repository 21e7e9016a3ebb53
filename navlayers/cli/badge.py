"""`navlayers badge`: the share of ATT&CK that a set or layer covers, for a README."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers.api import render as files
from navlayers.api.sources import sources
from navlayers.cli import _help, _options, _print, _reading

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions


@click.command(cls=_help.Command)
@click.argument("layer", metavar="LAYER", shell_complete=_options.complete("sets"))
@_options.output_file_option
@_options.attack_option
@_options.force_file_option
@_reading.scope_options
@_options.quiet_option
def command(
    layer: str, output: str, attack_version: str | None, reading: ReadOptions, *, force: bool, quiet: bool
) -> None:
    """Draw a badge with the share of ATT&CK that a set or layer covers.

    LAYER is a mapping set by name or file, a Navigator layer, or - for standard input. The badge is an SVG file.

    \b
    navlayers badge gcp -o coverage.svg
    navlayers badge my-controls.yaml --attack 18.1 -o coverage.svg
    """
    inputs = sources([layer], reading)
    path = None if output == _print.STDOUT else output
    result = files.badge(inputs, path, attack_version=attack_version, reading=reading, force=force)
    if not quiet:
        _print.notices(result.notices)
    if path is None:
        _print.data(result.data)
    elif not quiet:
        _print.written(result.written, result.unchanged)
