"""`navlayers upgrade`: mapping sets and layers at another ATT&CK release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from navlayers.attack.versions import LATEST
from navlayers.cli import _help, _next, _options, _print, _reading

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.pages.upgrade import Format


@click.command(cls=_help.Answer)
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...", shell_complete=_options.complete("sets"))
@_options.release_option(
    "ATT&CK release to upgrade or downgrade to, such as 18.1.", default=LATEST, show_default=True
)
@_options.output_option("FILE|DIR", "Output file, or folder for several inputs; - is standard output.")
@click.option("--in-place", is_flag=True, help="Overwrite the inputs.")
@click.option(
    "--dry-run", is_flag=True, expose_value=False, help="Write nothing, the default without -o and --in-place."
)
@click.option("--force", is_flag=True, help="Overwrite existing files; with --in-place, even if data is lost.")
@_options.format_option(("text", "md", "json"), "Report format (default: text).")
@_options.json_option
@_options.all_option("Print every change.")
@click.option(
    "--report",
    metavar="FILE",
    shell_complete=_options.complete("files"),
    help="Also write the report to this file: .md, .json or .txt.",
)
@_reading.reading_options
@_options.quiet_option
def command(
    inputs: tuple[str, ...],
    attack_version: str,
    output: str | None,
    in_place: bool,
    format_: Format | None,
    as_json: bool,
    every: bool,
    reading: ReadOptions,
    quiet: bool,
    **options: Any,
) -> None:
    """Upgrade mapping sets and layers to another ATT&CK release.

    FILE is a mapping set of any format, a Navigator layer or a list of layers, a folder of them, a shipped name, or
    - for standard input. navlayers reports every change, and writes files only with -o or --in-place.

    \b
    navlayers upgrade gcp                                   what would change
    navlayers upgrade layer.json --attack 18.1 --in-place
    navlayers upgrade old/ --attack 18.1 -o new --report upgrade.md
    """
    # Completion of this command does not need these.
    from navlayers.api.sources import named_twice, sources  # noqa: PLC0415
    from navlayers.api.upgrade import upgrade_files  # noqa: PLC0415
    from navlayers.pages import upgrade as pages  # noqa: PLC0415

    _options.refuse_other_format(format_, as_json=as_json)
    shape: Format = "json" if as_json else format_ or "text"
    files = sources(inputs, reading)
    with _print.progress("Upgrading", quiet=quiet) as step:
        result = upgrade_files(
            files,
            attack_version,
            output=output,
            in_place=in_place,
            reading=reading,
            on_input=lambda: step(len(files)),
            **options,
        )
    to_stdout = output == _print.STDOUT
    if not quiet:
        _print.notices([*named_twice(inputs, reading), *result.notices])
        for line in dict.fromkeys(notice for file in result.files for notice in file.notices):
            _print.note(line)
    if shape != "text":
        _print.data(pages.render(result.files, shape), err=to_stdout)
    elif not quiet or format_ is not None:
        text = _print.text_of((pages.every if every else pages.brief)(result.files))
        _print.echo(text) if not to_stdout else _print.data(text, err=True)
    if to_stdout:
        _print.data(result.results[0])
    elif quiet:
        return
    elif output is None and not in_place:
        unchanged = all(report.already for file in result.files for report in file.reports)
        if unchanged:
            return
        _print.notify("nothing written: use -o or --in-place")
        if shape == "text" and not every and _print.STDOUT not in inputs:
            _next.propose("upgrade", *dict.fromkeys(inputs), end=("-o", _next.UPGRADED))
    else:
        paths = [file.output or file.path for file in result.files]
        _print.written(result.written, [path for path in paths if path not in result.written])
