"""The pages of a set: its own, that of all its mappings, and those of its groups and capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import web_links
from navlayers.pages.show.build import capability_page, group_page, record
from navlayers.pages.show.layout import link
from navlayers.website.matrix import part_matrix, set_matrix
from navlayers.website.pages import Crumb, Page, World
from navlayers.website.sets import Share, row_view, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.pages.show.results import Column
    from navlayers.website.downloads import LayerFile
    from navlayers.website.sets import SiteSet

DETAILS = {
    "mapping_version": "Version of the mappings",
    "author": "Author",
    "contact": "Contact",
    "organization": "Organization",
    "created": "Created",
    "updated": "Updated",
}
"""Other metadata of a set → what to call it."""

_WHOLE = ("overview", "categories")
"""The kinds of layers that are about all capabilities."""


def set_pages(world: World, of: SiteSet) -> Iterator[Page]:
    """All pages of a set."""
    yield _set(world, of)
    yield _mappings(world, of)
    for group in of.groups:
        yield _group(world, of, group)
    for identifier in sorted(of.one.capabilities):
        yield _capability(world, of, identifier)


def _set(world: World, of: SiteSet) -> Page:
    one = of.one
    own = one.prepared.own_attack_version
    context = {
        "of": of,
        "files": of.downloads,
        "layers": [(id_, of.layer(kind, id_)) for kind, id_ in of.downloads.layers if kind in _WHOLE],
        "matrix": set_matrix(of, world.colors),
        "made_for": "" if own == one.catalogue.version else own,
        "sources": web_links([one.set.source]),
        "details": [(label, one.set.details[key]) for key, label in DETAILS.items() if one.set.details.get(key)],
        "capabilities": of.counted_capabilities(),
        "groups": of.counted_groups(),
        "records": table(of.head, (row_view(record(row, one), of.head) for row in one.non_mappable)),
        "moved": one.prepared.moved,
        "left_out": one.scored.left_out,
    }
    return Page(of.addresses.page, "set", of.title, (world.home, Crumb(of.title)), context)


def _mappings(world: World, of: SiteSet) -> Page:
    crumbs = (world.home, world.set(of), Crumb("All mappings"))
    context = {"of": of, "table": of.all_mappings()}
    return Page(of.addresses.mappings, "mappings", f"All mappings of {of.title}", crumbs, context)


def _group(world: World, of: SiteSet, group: str) -> Page:
    (section,) = group_page({of.name: group}, (of.one,)).sections
    called, page = of.groups[group], of.addresses.groups[group]
    crumbs = (world.home, world.set(of), Crumb("Groups", f"{of.addresses.page}#groups"), Crumb(str(called)))
    context = {
        "of": of,
        "called": called,
        "members": section.capabilities,
        "table": of.mappings("groups", group),
        **_part(world, of, of.layer("groups", group), page, str(called), section.tactics),
    }
    return Page(page, "group", f"{called}, {of.title}", crumbs, context)


def _capability(world: World, of: SiteSet, identifier: str) -> Page:
    (section,) = capability_page({of.name: identifier}, (of.one,)).sections
    called, page = of.capability(identifier), of.addresses.capabilities[identifier]
    way = Crumb("Capabilities", f"{of.addresses.page}#capabilities")
    context = {
        "of": of,
        "called": called,
        "section": section,
        "covered": section.stats and Share(section.stats.techniques, section.stats.subtechniques, of.active),
        "references": [link(reference) for reference in section.references],
        "table": of.mappings("capabilities", identifier),
        "records": table(of.head, (row_view(row, of.head) for row in section.non_mappable)),
        **_part(world, of, of.layer("capabilities", identifier), page, str(called), section.tactics),
    }
    crumbs = (world.home, world.set(of), way, Crumb(str(called)))
    return Page(page, "capability", f"{called}, {of.title}", crumbs, context)


def _part(
    world: World, of: SiteSet, layer: LayerFile | None, page: str, title: str, columns: Sequence[Column]
) -> dict[str, object]:
    """The layer of a capability or group, and the matrix of what it covers."""
    scores = {entry.id: entry.overall for column in columns for entry in column.techniques}
    return {"layer": layer, "matrix": layer and part_matrix(of, title, layer, scores, page, world.colors)}
