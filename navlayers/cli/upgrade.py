"""`navlayers upgrade`: mapping sets and layers at another ATT&CK release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from navlayers.cli import _complete, _options, _print

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.pages.upgrade import Format

_FORMATS = ("text", "md", "json")
_SETS = ("native", "mapex-json", "mapex-yaml", "csv", "xlsx", "stix")


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...", shell_complete=_complete.sets)
@click.option(
    "--attack",
    "attack_version",
    required=True,
    metavar="VERSION",
    shell_complete=_complete.releases,
    help="The ATT&CK release to upgrade to, such as 18.1; an older one is a downgrade.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    callback=_options.output,
    shell_complete=_complete.files,
    help="Write to this file, or to this folder if there are several inputs; - is standard output.",
)
@click.option("--in-place", is_flag=True, help="Write over the inputs.")
@click.option(
    "--to",
    type=click.Choice(_SETS),
    help="Format of the results of mapping sets; if not given, that of each input.",
)
@click.option(
    "--force", is_flag=True, help="Overwrite files that hold something else; in place, even if something is lost."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    help="Form of the report; text if not given.",
)
@_options.json_option
@click.option(
    "--report",
    metavar="FILE",
    shell_complete=_complete.files,
    help="Write the report to this file, too: .md, .json or .txt.",
)
@_options.reading_options
@_options.quiet_option
def command(
    inputs: tuple[str, ...],
    attack_version: str,
    output: str | None,
    in_place: bool,
    format_: Format | None,
    as_json: bool,
    reading: ReadOptions,
    quiet: bool,
    **options: Any,
) -> None:
    """Upgrade mapping sets and layers to another ATT&CK release.

    FILE is a mapping set of any format, a Navigator layer or a list of layers, a folder of them, a shipped name, or
    - for standard input. Every change is reported. Without -o and --in-place, nothing is written.

    \b
    navlayers upgrade gcp --attack 18.1                     what would change
    navlayers upgrade layer.json --attack 18.1 --in-place
    navlayers upgrade old/ --attack 18.1 -o new --report upgrade.md
    """
    # Completion of this command does not need these.
    from navlayers.api.sources import named_twice, sources  # noqa: PLC0415
    from navlayers.api.upgrade import upgrade_files  # noqa: PLC0415
    from navlayers.pages.upgrade import render  # noqa: PLC0415

    _options.refuse_other_format(format_, as_json=as_json)
    shape: Format = "json" if as_json else format_ or "text"
    found = sources(inputs, reading)
    with _print.progress("Upgrading", quiet=quiet) as step:
        done = upgrade_files(
            found,
            attack_version,
            output=output,
            in_place=in_place,
            reading=reading,
            on_input=lambda: step(len(found)),
            **options,
        )
    to_stdout = output == _print.STDOUT
    if not quiet:
        _print.notices([*named_twice(inputs, reading), *done.notices])
        for line in dict.fromkeys(notice for file in done.files for notice in file.notices):
            _print.notify(f"note: {line}")
    if not quiet or as_json or format_ is not None:
        width = None if to_stdout else _print.window()
        click.echo(render(done.files, shape, width=width), nl=False, err=to_stdout)
    if to_stdout:
        click.echo(done.results[0], nl=False)
    elif quiet:
        return
    elif output is None and not in_place:
        _print.notify("nothing is written: -o or --in-place says where to")
    else:
        paths = [file.output or file.path for file in done.files]
        _print.written(done.written, [path for path in paths if path not in done.written])
