"""`navlayers render`: pictures, workbooks and tables of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from navlayers.api import render as files
from navlayers.api.sources import sources
from navlayers.cli import _help, _options, _print, _reading
from navlayers.errors import Problem, UsageError
from navlayers.layer.matrix import Detail
from navlayers.output.drawing.options import Orientation, Page, RenderOptions, Show, ThemeName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.formats.context import ReadOptions

PICTURES = {"svg", "png", "pdf", "pptx"}
_OF_PNG = {"zoom", "dpi"}
_OF_PICTURES = {"page", "orientation", "margin", "show", "theme", *_OF_PNG}


def _render_options(show: tuple[Show, ...], **values: Any) -> RenderOptions:
    return RenderOptions(show=show or None, **values)


render_options = _options.bundle(
    "looks",
    _render_options,
    _options.choice_option("--page", Page, "Page size.", default="fit"),
    _options.choice_option("--orientation", Orientation, "Page orientation.", default="auto"),
    click.option("--margin", type=_options.Number(), metavar="MM", help="Page margin in millimeters."),
    _options.choice_option(
        "--detail", Detail, "All techniques, only annotated ones, or small squares (default: as the layer is set)."
    ),
    click.option(
        "--show",
        multiple=True,
        callback=_options.words(*get_args(Show)),
        metavar="WHAT,…",
        help=f"Content of a cell: {', '.join(get_args(Show))}.",
    ),
    _options.choice_option("--theme", ThemeName, "Color theme.", default="light"),
    click.option(
        "--zoom",
        type=_options.Number(),
        default=2,
        show_default=True,
        metavar="NUMBER",
        help="Pixels of a PNG per CSS pixel.",
    ),
    click.option(
        "--dpi",
        type=_options.Number(),
        metavar="NUMBER",
        help="Resolution of a PNG in dots per inch, instead of --zoom.",
    ),
)
"""Given to the command as `looks: RenderOptions`."""


@click.command(cls=_help.Command)
@click.argument("layers", nargs=-1, metavar="LAYER...", shell_complete=_options.complete("sets"))
@click.option("--format", "names", multiple=True, metavar="FORMAT,…", help=f"Formats: {', '.join(files.FORMATS)}.")
@_options.output_option("FILE|DIR", "Output file or folder; - is standard output (default: the current folder).")
@render_options
@_options.attack_option
@_options.force_files_option
@_reading.scope_options
@_options.quiet_option
def command(
    layers: tuple[str, ...],
    names: tuple[str, ...],
    output: str | None,
    looks: RenderOptions,
    reading: ReadOptions,
    quiet: bool,
    **options: Any,
) -> None:
    """Render layers as images, workbooks, web pages and tables.

    LAYER is a Navigator layer of any tool (formats 3.0 to 4.5), a list of layers, a folder of them, a mapping set
    by name or file (its overview is rendered), or - for standard input.

    \b
    navlayers render overview.json -o overview.svg
    navlayers render gcp aws --format pdf,xlsx --page A3 -o pictures
    navlayers render clouds/all.json -o clouds.pptx --theme dark
    """
    if not layers:
        hint = "for example: navlayers render gcp -o gcp.svg"
        raise UsageError(Problem("no input given", expected="one or more layers or sets", hint=hint))
    formats = files.requested_formats(names, output)
    target = files.target_of(output, formats)
    inputs = sources(layers, reading)
    hint = "name a file with -o, or pipe the output"
    _options.refuse_terminal(formats[0], output, binary=files.FORMATS[formats[0]].binary, hint=hint)
    with _print.progress("Rendering", quiet=quiet) as step:
        result = files.render_files(
            inputs, formats, target, looks, reading=reading, on_input=lambda: step(len(inputs)), **options
        )
    if not quiet:
        _print.notices([*_idle(formats), *result.notices])
    if output == _print.STDOUT:
        _print.data(result.data)
    elif not quiet:
        _print.written(result.written, result.unchanged)


def _idle(formats: Sequence[str]) -> Iterator[Problem]:
    """Notices of options that have no effect on the requested formats."""
    ctx = click.get_current_context()
    given = {name for name in ctx.params if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE}
    if not PICTURES & set(formats):
        for name in sorted(given & _OF_PICTURES):
            yield Problem(f"--{name} has no effect on {', '.join(formats)}")
    elif "png" not in formats:
        for name in sorted(given & _OF_PNG):
            yield Problem(f"--{name} has no effect: no PNG is rendered")
    if given >= _OF_PNG:
        yield Problem("--zoom has no effect with --dpi")
