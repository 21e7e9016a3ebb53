"""`navlayers sets`: the shipped sets and those in the folder `mappings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from navlayers._text.dates import iso_date
from navlayers.attack.domains import release_name
from navlayers.cli import _help, _options, _print
from navlayers.errors import NavlayersError
from navlayers.mapping import formats
from navlayers.mapping.find import HERE, Source, here, shipped

if TYPE_CHECKING:
    from navlayers.errors import Problem
    from navlayers.mapping.model import MappingSet
    from navlayers.output.tables import Cell

_FACTS = ("framework", "role", "title", "version", "domain", "attack_version", "scored")


@click.command(cls=_help.Command)
@_options.json_option
@_options.no_notes_option
def command(as_json: bool, quiet: bool) -> None:
    """List the shipped mapping sets and those in the folder mappings."""
    local = here()
    names = {source.name for source in local}
    listed: list[tuple[Source, MappingSet]] = []
    broken: list[Problem] = []
    for source in (*local, *(source for source in shipped() if source.name not in names)):
        try:
            listed.append((source, formats.read(source.path).mapping_set))
        except NavlayersError as error:
            broken += error.problems
    if as_json:
        _print.echo_json([_facts(*each) for each in listed])
    else:
        # The origin tells something only beside sets of the project; without it, rows fit 80 columns.
        found = [_origin(source) for source, _ in listed] if local else []
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
                release_name(each.domain, each.attack_version),
                each.role,
                _mapped(each),
            )
            for number, (source, each) in enumerate(listed)
        ]
        _print.echo_table(headers, rows, {len(headers) - 1})
    if not quiet:
        _print.notices(broken)
        if not as_json:
            _print.notify(
                "`navlayers build NAME` builds the layers of a set, `navlayers stats NAME` counts its techniques"
            )


def _facts(source: Source, mapping_set: MappingSet) -> dict[str, object]:
    return {
        "name": source.name,
        "origin": _origin(source),
        "path": str(source.path),
        **{field: getattr(mapping_set, field) for field in _FACTS},
        "capabilities": _mapped(mapping_set),
        "mappings": len(mapping_set.mappings),
        "source": mapping_set.source,
        "licence": mapping_set.licence,
    }


def _origin(source: Source) -> str:
    return f"{HERE}/" if source.origin == "here" else source.origin


def _mapped(mapping_set: MappingSet) -> int:
    """Number of capabilities with a mapping."""
    return len({mapping.capability for mapping in mapping_set.mappings})
