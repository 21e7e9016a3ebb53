"""`navlayers sets`: the shipped sets and those in the folder `mappings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers._text.dates import iso_date
from navlayers.attack.domains import release_name
from navlayers.cli import _help, _options, _print
from navlayers.errors import NavlayersError
from navlayers.mapping import formats
from navlayers.mapping.find import Source, here, shipped
from navlayers.mapping.index import Entry, entry, facts, origin, shipped_entries

if TYPE_CHECKING:
    from navlayers.errors import Problem
    from navlayers.output.tables import Cell


@click.command(cls=_help.Command)
@_options.json_option
@_options.no_notes_option
def command(as_json: bool, quiet: bool) -> None:
    """List the shipped mapping sets and those in the folder mappings."""
    local = here()
    names = {source.name for source in local}
    listed: list[tuple[Source, Entry]] = []
    broken: list[Problem] = []
    for source in local:
        try:
            listed.append((source, entry(formats.read(source.path).mapping_set)))
        except NavlayersError as error:
            broken += error.problems
    entries = shipped_entries()
    listed += ((source, entries[source.name]) for source in shipped() if source.name not in names)
    if as_json:
        _print.echo_json([facts(*each) for each in listed])
    else:
        # The origin tells something only beside sets of the project; without it, rows fit 80 columns.
        found = [origin(source) for source, _ in listed] if local else []
        headers = (
            "name",
            *(["found"] * bool(local)),
            "title",
            "version",
            "ATT&CK",
            "role",
            "caps",
        )
        rows: list[tuple[Cell, ...]] = [
            (
                source.name,
                *found[number : number + 1],
                each.title or each.framework,
                iso_date(each.version),
                # Shipped sets have their domain in their names.
                each.attack_version
                if source.name.endswith(f"-{each.domain}")
                else release_name(each.domain, each.attack_version),
                each.role,
                each.capabilities,
            )
            for number, (source, each) in enumerate(listed)
        ]
        _print.echo_table(headers, rows, {len(headers) - 1})
    if not quiet:
        _print.notices(broken)
        if not as_json:
            _print.notify(
                "`navlayers build gcp` builds the layers of a set, `navlayers stats gcp` counts its techniques"
            )
