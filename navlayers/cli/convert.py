"""`navlayers convert`: a mapping set in another format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from navlayers.api.sources import source
from navlayers.cli import _help, _options, _print, _reading
from navlayers.mapping import formats
from navlayers.mapping.convert import BINARY, convert, format_for

if TYPE_CHECKING:
    from navlayers.mapping.formats.context import ReadOptions


@click.command(cls=_help.Command)
@click.argument("set_", metavar="SET", shell_complete=_options.complete("sets"))
@_options.output_file_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(formats.WRITABLE)),
    metavar="FORMAT",
    help=f"Output format, {', '.join(formats.WRITABLE)} (default: by the ending of -o, else native).",
)
@click.option("--facts", "only_facts", is_flag=True, help="Leave out comments, descriptions and other prose.")
@click.option("--title", help="Title of the set.")
@click.option("--source", "origin", metavar="URL", help="Address where the set is published.")
@click.option("--licence", "--license", metavar="ID", help="License of the set, such as Apache-2.0.")
@_options.force_file_option
@_reading.scope_options
@_options.quiet_option
def command(
    set_: str,
    output: str,
    format_: str | None,
    only_facts: bool,
    title: str | None,
    origin: str | None,
    licence: str | None,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Convert a mapping set to another format.

    SET is a shipped name, a file of any format that navlayers reads, a folder that is one set, or - for standard
    input. JSON is the format of the Mappings Explorer.

    \b
    navlayers convert my-controls.xlsx -o my-controls.yaml
    navlayers convert gcp --format stix -o gcp.stix.json
    """
    format_ = format_ or format_for(output)
    file = source(set_, reading)
    hint = f"name a file, such as -o {file.name}.{format_}, or pipe the output"
    _options.refuse_terminal(format_, output, binary=format_ in BINARY, hint=hint)
    given = {"title": title, "source": origin, "licence": licence}
    metadata = reading.metadata | {field: text for field, text in given.items() if text is not None}
    reading = msgspec.structs.replace(reading, metadata=metadata)
    written = convert(file, format_, reading=reading, only_facts=only_facts)
    if not quiet:
        _print.notices(written.notices)
    _print.put(written.data, output, force=force, quiet=quiet, keep=file.path)
