"""`navlayers convert`: a mapping set of any format as native YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from navlayers import readers, writers
from navlayers.cli import common
from navlayers.errors import Problem, UsageError
from navlayers.facts import facts
from navlayers.sets import STDIN

if TYPE_CHECKING:
    from navlayers.readers.context import ReadOptions


@click.command()
@click.argument("source", metavar="SET")
@click.option("-o", "--output", default=STDIN, metavar="FILE", help="Write to this file; - is standard output.")
@click.option("--to", type=click.Choice(list(writers.FORMATS)), default="native", show_default=True, help="Format.")
@click.option("--facts", "facts_only", is_flag=True, help="Leave out comments, descriptions and other prose.")
@click.option("--title", help="Name the set; people see it instead of the framework's id.")
@click.option("--source", "origin", metavar="URL", help="Say where the set was published.")
@click.option("--licence", "--license", metavar="ID", help="Say under which licence, such as Apache-2.0.")
@click.option("--force", is_flag=True, help="Overwrite a file that holds something else.")
@common.reading_options
@common.quiet_option
def command(
    source: str,
    output: str,
    to: str,
    facts_only: bool,
    title: str | None,
    origin: str | None,
    licence: str | None,
    force: bool,
    reading: ReadOptions,
    quiet: bool,
) -> None:
    """Write a mapping set as native YAML.

    SET is a shipped name, a file of any format that navlayers reads, or - for standard input.
    """
    found = common.sources((source,), reading)
    if len(found) != 1:
        raise UsageError(
            Problem(
                f"{source} holds {len(found)} files, and one set is converted at a time",
                expected="one file",
                hint=f"for example {found[0].path}",
            )
        )
    read_in = readers.read(found[0].path, data=found[0].data, options=reading)
    read = read_in.mapping_set
    mapping_set = msgspec.structs.replace(
        read,
        title=read.title if title is None else title,
        source=read.source if origin is None else origin,
        licence=read.licence if licence is None else licence,
    )
    written = writers.encode(facts(mapping_set) if facts_only else mapping_set, to)
    if not quiet:
        common.notices((*read_in.notices, *written.notices))
    if output == STDIN:
        click.echo(written.data, nl=False)
        return
    changed = writers.write(written.data, output, force=force, keep=found[0].path)
    if not quiet:
        common.notify(f"wrote {output}" if changed else f"{output} is up to date")
