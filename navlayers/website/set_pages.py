"""The pages of a set: the set, all its mappings, its groups, its capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text.dates import day
from navlayers._text.links import web_links
from navlayers.output.html import chart_svgs
from navlayers.pages.charts import flow_chart
from navlayers.pages.show.build import capability_page, group_page
from navlayers.pages.show.layout import link
from navlayers.pages.show.rows import record
from navlayers.scoring.stats import non_mappable_records
from navlayers.website.matrix import covered, part_matrix, score_of, set_matrix
from navlayers.website.pages import Crumb, Page, World
from navlayers.website.set_pictures import set_picture
from navlayers.website.sets import Share, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.output.document import Chart
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
"""Other metadata of a set → its label."""

_WHOLE = ("overview", "categories")
"""The kinds of layers that cover all capabilities."""


def set_pages(world: World, site_set: SiteSet) -> Iterator[Page]:
    """All pages of a set."""
    yield _set(world, site_set)
    yield _mappings(world, site_set)
    for group in site_set.groups:
        yield _group(world, site_set, group)
    for identifier in sorted(site_set.indexed.capabilities):
        yield _capability(world, site_set, identifier)


def _set(world: World, site_set: SiteSet) -> Page:
    indexed = site_set.indexed
    recorded = non_mappable_records(indexed.set)
    own = indexed.prepared.own_attack_version
    flow = _flow(site_set)
    context = {
        "site_set": site_set,
        "files": site_set.downloads,
        "layers": [(id_, site_set.layer(kind, id_)) for kind, id_ in site_set.downloads.layers if kind in _WHOLE],
        "matrix": set_matrix(site_set, world.colors),
        "picture": set_picture(site_set, world.colors),
        "tactics": [
            (
                column.tactic,
                site_set.ratios[column.tactic.id],
                [(one, cell) for one in column.techniques if (cell := score_of(one.id, indexed))],
            )
            for column in indexed.columns
        ],
        "made_for": "" if own == indexed.catalogue.version else own,
        "sources": web_links([indexed.set.source]),
        "details": [
            (label, day(text) or text) for key, label in DETAILS.items() if (text := indexed.set.details.get(key))
        ],
        "capabilities": site_set.counted_capabilities(),
        "groups": site_set.counted_groups(),
        "flow": flow,
        "drawn": flow and chart_svgs(flow, world.colors),
        "records": table(site_set.head, (record(row, indexed) for row in indexed.non_mappable if row in recorded)),
        "replaced": indexed.prepared.replaced,
        "left_out": indexed.scored.left_out,
    }
    return Page(site_set.addresses.page, "set", site_set.title, (world.home, Crumb(site_set.title)), context)


def _flow(site_set: SiteSet) -> Chart | None:
    indexed = site_set.indexed
    covering = {technique: indexed.scored.covering(technique) for technique in covered(indexed.scored.scores)}
    noun = site_set.head.noun
    return flow_chart(indexed.set, indexed.scored.mappings, indexed.catalogue, covering, noun)


def _mappings(world: World, site_set: SiteSet) -> Page:
    crumbs = (world.home, world.set(site_set), Crumb("All mappings"))
    context = {"site_set": site_set, "table": site_set.all_mappings()}
    return Page(site_set.addresses.mappings, "mappings", f"All mappings of {site_set.title}", crumbs, context)


def _group(world: World, site_set: SiteSet, group: str) -> Page:
    (section,) = group_page({site_set.name: group}, (site_set.indexed,)).sections
    label, page = site_set.groups[group], site_set.addresses.groups[group]
    crumbs = (
        world.home,
        world.set(site_set),
        Crumb("Groups", f"{site_set.addresses.page}#groups"),
        Crumb(str(label)),
    )
    context = {
        "site_set": site_set,
        "label": label,
        "members": section.capabilities,
        "table": site_set.mappings("groups", group),
        **_part(world, site_set, site_set.layer("groups", group), page, str(label), section.tactics),
    }
    return Page(page, "group", f"{label}, {site_set.title}", crumbs, context)


def _capability(world: World, site_set: SiteSet, identifier: str) -> Page:
    (section,) = capability_page({site_set.name: identifier}, (site_set.indexed,)).sections
    label, page = site_set.capability(identifier), site_set.addresses.capabilities[identifier]
    way = Crumb(site_set.head.noun.plural.capitalize(), f"{site_set.addresses.page}#capabilities")
    context = {
        "site_set": site_set,
        "label": label,
        "section": section,
        "covered": section.stats and Share(section.stats.techniques, section.stats.subtechniques, site_set.active),
        "references": [link(reference) for reference in section.references],
        "table": site_set.mappings("capabilities", identifier),
        "records": table(site_set.head, section.non_mappable),
        **_part(world, site_set, site_set.layer("capabilities", identifier), page, str(label), section.tactics),
    }
    crumbs = (world.home, world.set(site_set), way, Crumb(str(label)))
    return Page(page, "capability", f"{label}, {site_set.title}", crumbs, context)


def _part(
    world: World, site_set: SiteSet, layer: LayerFile | None, page: str, title: str, columns: Sequence[Column]
) -> dict[str, object]:
    """The layer and the matrix of a capability or group."""
    scores = {entry.id: entry.overall for column in columns for entry in column.techniques}
    return {"layer": layer, "matrix": layer and part_matrix(site_set, title, layer, scores, page, world.colors)}
