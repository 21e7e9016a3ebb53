"""`navlayers sets`: what ships and what is found here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from navlayers.cli import _options, _print
from navlayers.errors import NavlayersError
from navlayers.mapping import formats
from navlayers.mapping.find import HERE, Source, here, shipped

if TYPE_CHECKING:
    from navlayers.errors import Problem
    from navlayers.mapping.model import MappingSet
    from navlayers.output.tables import Cell


class Listed(msgspec.Struct, frozen=True):
    """A set that is there: its name, where it was found, and what it says about itself."""

    name: str
    origin: str
    path: str
    framework: str
    title: str
    version: str
    domain: str
    attack_version: str
    scored: bool
    capabilities: int
    mappings: int
    source: str
    licence: str


@click.command()
@_options.json_option
@_options.no_notes_option
def command(as_json: bool, quiet: bool) -> None:
    """List the mapping sets that ship and those in the folder mappings here."""
    local = here()
    names = {source.name for source in local}
    listed = []
    broken: list[Problem] = []
    for source in (*local, *(source for source in shipped() if source.name not in names)):
        try:
            listed.append(_listed(source, formats.read(source.path).mapping_set))
        except NavlayersError as error:
            broken += error.problems
    if as_json:
        _print.echo_json(listed)
    else:
        headers = ("name", "found", "title", "version", "ATT&CK", "scores", "capa-\nbilities")
        _print.echo_table(headers, map(_row, listed), {6})
    if not quiet:
        _print.notices(broken)
        if not as_json:
            _print.notify(
                "`navlayers build NAME` makes layers of one, `navlayers stats NAME` counts what it covers"
            )


def _row(each: Listed) -> tuple[Cell, ...]:
    release = _print.release_name(each.domain, each.attack_version)
    scores = "values" if each.scored else "counts"
    return (each.name, each.origin, each.title or each.framework, each.version, release, scores, each.capabilities)


def _listed(source: Source, mapping_set: MappingSet) -> Listed:
    return Listed(
        name=source.name,
        origin=f"{HERE}/" if source.origin == "here" else source.origin,
        path=str(source.path),
        framework=mapping_set.framework,
        title=mapping_set.title,
        version=mapping_set.version,
        domain=mapping_set.domain,
        attack_version=mapping_set.attack_version,
        scored=mapping_set.scored,
        capabilities=len({mapping.capability for mapping in mapping_set.mappings}),
        mappings=len(mapping_set.mappings),
        source=mapping_set.source,
        licence=mapping_set.licence,
    )
