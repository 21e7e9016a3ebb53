"""`navlayers render`: pictures, workbooks and tables of layers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, get_args

import click
from click.core import ParameterSource

from navlayers.api import render as files
from navlayers.cli import _complete, _options, _print
from navlayers.errors import Problem, UsageError
from navlayers.layer.matrix import Detail
from navlayers.mapping.find import briefly
from navlayers.output.drawing.options import Orientation, Page, RenderOptions, Show, ThemeName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.formats.context import ReadOptions

PICTURES = {"svg", "png", "pdf"}
_OF_PNG = {"scale", "dpi"}
_OF_PICTURES = {"page", "orientation", "margin", "show", "theme", *_OF_PNG}


def _listed(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    """Callback of an option that takes several words, joined by commas or repeated; None where it is not given."""
    return tuple(part.strip() for text in value for part in text.split(",") if part.strip()) if value else None


@click.command()
@click.argument("layers", nargs=-1, metavar="LAYER...", shell_complete=_complete.sets)
@click.option("--to", "asked", multiple=True, metavar="FORMAT,…", help=f"Formats: {', '.join(files.FORMATS)}.")
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    shell_complete=_complete.files,
    help="The file or folder to write to; - is standard output. Without it: the current folder.",
)
@click.option(
    "--page",
    type=click.Choice(get_args(Page), case_sensitive=False),
    default="fit",
    show_default=True,
    help="The page of pictures.",
)
@click.option(
    "--orientation",
    type=click.Choice(get_args(Orientation), case_sensitive=False),
    default="auto",
    show_default=True,
    help="How the page lies.",
)
@click.option("--margin", type=float, default=None, metavar="MM", help="The margin of the page, in millimetres.")
@click.option(
    "--detail",
    type=click.Choice(get_args(Detail), case_sensitive=False),
    help="All techniques, only those that the layer annotates, or small squares. Without it: as the layer asks.",
)
@click.option(
    "--show",
    multiple=True,
    callback=_listed,
    metavar="WHAT,…",
    help=f"What stands in a cell: {', '.join(get_args(Show))}.",
)
@click.option(
    "--theme",
    type=click.Choice(get_args(ThemeName), case_sensitive=False),
    default="light",
    show_default=True,
    help="Colours of the page.",
)
@click.option(
    "--scale",
    type=float,
    default=2,
    show_default=True,
    metavar="NUMBER",
    help="Pixels of a PNG per pixel of the SVG.",
)
@click.option("--dpi", type=float, default=None, metavar="NUMBER", help="The same in dots per inch.")
@_options.attack_option
@click.option("--force", is_flag=True, help="Overwrite files that hold something else.")
@_options.reading_options
@_options.quiet_option
def command(
    layers: tuple[str, ...],
    asked: tuple[str, ...],
    output: str | None,
    page: Page,
    orientation: Orientation,
    margin: float | None,
    detail: Detail | None,
    show: tuple[Show, ...] | None,
    theme: ThemeName,
    scale: float,
    dpi: float | None,
    attack_version: str | None,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Render layers as pictures, workbooks, pages and tables.

    LAYER is a Navigator layer of any tool (formats 3.0 to 4.5), a list of layers, a folder of them, a mapping set
    by name or file (its overview is taken), or - for standard input.

    \b
    navlayers render overview.json -o overview.svg
    navlayers render gcp aws --to pdf,xlsx --page A3 -o pictures
    navlayers render clouds/all.json -o clouds.pdf --page 16:9 --detail scored
    """
    if output == "":
        raise UsageError(Problem("-o is empty", expected="a file or folder to write to, or - for standard output"))
    if not layers:
        hint = "for example: navlayers render gcp -o gcp.svg"
        raise UsageError(Problem("nothing is named to render", expected="one or more layers or sets", hint=hint))
    options = RenderOptions(
        detail=detail,
        show=show,
        page=page,
        orientation=orientation,
        margin=margin,
        theme=theme,
        scale=scale,
        dpi=dpi,
    )
    formats = files.chosen(asked, output)
    target = files.target_of(output, formats)
    sources = briefly(_options.sources(layers, reading, distinct=False))
    if target == files.Target() and files.FORMATS[formats[0]].binary and sys.stdout.isatty():
        hint = "name a file with -o, or send it into a pipe"
        raise UsageError(Problem(f"{formats[0].upper()} is not text that a terminal could show", hint=hint))
    with click.progressbar(
        length=len(sources),
        label="Rendering",
        file=sys.stderr,
        hidden=quiet or len(sources) < 2 or not _print.on_terminal(),
    ) as progress:
        result = files.render_files(
            sources,
            formats,
            target,
            options,
            attack_version=attack_version,
            reading=reading,
            force=force,
            on_input=lambda: progress.update(1),
        )
    if not quiet:
        _print.notices([*_idle(formats), *result.notices])
    if target == files.Target():
        click.echo(result.data, nl=False)
    elif not quiet:
        _tell(result)


def _idle(formats: Sequence[str]) -> Iterator[Problem]:
    """Options that were given and cannot show in what is made."""
    ctx = click.get_current_context()
    given = {name for name in ctx.params if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE}
    if not PICTURES & set(formats):
        for name in sorted(given & _OF_PICTURES):
            yield Problem(f"--{name} without effect: {', '.join(formats)} are no pictures")
    elif "png" not in formats:
        for name in sorted(given & _OF_PNG):
            yield Problem(f"--{name} without effect: only a PNG has pixels")
    if given >= _OF_PNG:
        yield Problem("--scale without effect: --dpi says the same")


def _tell(result: files.Result) -> None:
    """The paths of what was written, the last ones where there are many."""
    for path in result.written[: _print.LISTED]:
        _print.notify(f"wrote {path}")
    more = len(result.written) - _print.LISTED
    if more > 0:
        _print.notify(f"… and {more} more in {result.written[-1].parent}")
    if result.unchanged:
        number = len(result.unchanged)
        _print.notify(f"{result.unchanged[0]} is up to date" if number == 1 else f"{number} files are up to date")
