"""The pages of ATT&CK that show all sets: domains, tactics, techniques."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navlayers._text.wording import or_list
from navlayers.attack import versions
from navlayers.attack.catalogue import SITE
from navlayers.layer.matrix import by_name
from navlayers.mapping.model import CATEGORIES
from navlayers.pages.show.build import technique_page
from navlayers.pages.show.layout import prose
from navlayers.pages.show.results import Entry
from navlayers.website.matrix import covered, domain_matrix, score_of
from navlayers.website.pages import Crumb, Page, World
from navlayers.website.sets import Share, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack import Technique
    from navlayers.layer.matrix import ReleaseColumn
    from navlayers.pages.show.results import TechniquePage, TechniqueSection
    from navlayers.website.joint import Joint
    from navlayers.website.sets import SiteSet


def domain_page(world: World, joint: Joint) -> Page:
    """The matrix of a domain: how many sets map each technique."""
    mapped: dict[str, list[str]] = {}
    threats: dict[str, list[str]] = {}
    rows = []
    for member in joint.members:
        site_set, there = member
        techniques = covered(there.scored.scores)
        rows.append(
            {
                "site_set": site_set,
                "covered": Share.from_ids(techniques, joint.active),
                "replaced": there.prepared.replaced,
                "left_out": there.scored.left_out,
            }
        )
        for technique in techniques:
            (mapped if member in joint.counted else threats).setdefault(technique, []).append(site_set.title)
    crumb = world.domain(joint.domain)
    context = {
        "rows": rows,
        "counted_sets": len(joint.counted),
        "release": joint.release,
        "matrix": domain_matrix(joint.catalogue, mapped, threats, crumb.path, world.colors),
        "others": world.addresses.domains,
        "domain": joint.domain,
    }
    return Page(crumb.path, "domain", crumb.text, (world.home, Crumb(crumb.text)), context)


def tactic_pages(world: World) -> Iterator[Page]:
    """The page of each tactic: its techniques, and their scores in each set."""
    for identifier in world.addresses.tactics:
        yield _tactic(world, identifier)


def _tactic(world: World, identifier: str) -> Page:
    columns = [
        (site_set, column)
        for site_set in world.sets
        for column in site_set.indexed.columns
        if column.tactic.id == identifier
    ]
    # Names and order come from the newest release that has the tactic.
    columns.sort(key=lambda pair: versions.number(pair[0].indexed.catalogue.version), reverse=True)
    (first, column), *_ = columns
    sets = [site_set for site_set in world.sets if site_set in {item for item, _ in columns}]
    words = dict.fromkeys(site_set.head.noun.plural for site_set in sets if site_set.head.counts)
    tactic = column.tactic
    title = f"{tactic.id} {tactic.name}"
    context = {
        "tactic": tactic,
        "url": f"{SITE}/tactics/{identifier}/",
        "counts": all(site_set.head.counts for site_set in sets),
        "words": or_list(words) if words else "",
        "heads": [(site_set, site_set.ratios[identifier]) for site_set in sets],
        "lines": [
            (technique, [score_of(technique.id, site_set.indexed) for site_set in sets])
            for technique in _in_order([column for _, column in columns])
        ],
    }
    crumbs = (world.home, world.domain(first.indexed.set.domain), Crumb(title))
    return Page(world.addresses.tactics[identifier], "tactic", title, crumbs, context)


def _in_order(columns: Sequence[ReleaseColumn]) -> list[Technique]:
    """The techniques of all releases in matrix order; names are those of the first column that has them."""
    order: dict[str, tuple[tuple[str, ...], Technique]] = {}
    for column in columns:
        for base, subs in column.families:
            start = (*by_name(base), "")
            order.setdefault(base.id, (start, base))
            for sub in subs:
                order.setdefault(sub.id, ((*start, *by_name(sub)), sub))
    return [technique for _, technique in sorted(order.values(), key=lambda pair: pair[0])]


def technique_pages(world: World) -> Iterator[Page]:
    """The page of every technique of the sets or of their releases."""
    for identifier in world.addresses.techniques:
        yield _technique(world, identifier)


def _technique(world: World, identifier: str) -> Page:
    page = technique_page(identifier, world.indexed)
    sections = [_section(world.by_name[section.set.name], section) for section in page.sections]
    title = page.id if page.name == page.id else f"{page.id} {page.name}"
    context = {
        "page": page,
        "description": [prose(line.strip()) for line in page.description.splitlines() if line.strip()],
        "sections": sections,
        "replacements": [(world.by_name[r.set], r.technique) for r in page.replacements],
        "categories": [c for c in CATEGORIES if any(c in section["categories"] for section in sections)],
        "without": [world.by_name[name] for name in page.without],
    }
    return Page(world.addresses.techniques[identifier], "technique", title, tuple(_way(world, page)), context)


def _way(world: World, page: TechniquePage) -> Iterator[Crumb]:
    yield world.home
    yield world.domain(page.domain)
    if page.parent is not None:
        path = world.addresses.techniques.get(page.parent.id, "")
        yield Crumb(f"{page.parent.id} {page.parent.name}", path)
    yield Crumb(page.id if page.name == page.id else f"{page.id} {page.name}")


def _section(site_set: SiteSet, section: TechniqueSection) -> dict[str, Any]:
    """The variables of a technique in one set; `categories` are those of all scores in the section."""
    own, parent = _own(section), section.parent
    entries = [entry for entry in (own, parent, *section.subtechniques) if entry is not None]
    return {
        "site_set": site_set,
        "anchor": f"set-{site_set.addresses.name}",
        "section": section,
        "categories": [c for c in CATEGORIES if any(c in entry.categories for entry in entries)],
        "own": own,
        "parent": parent if parent and _is_mapped(parent) else None,
        "subs": list(filter(_is_mapped, section.subtechniques)),
        "table": site_set.mappings("techniques", section.technique.id),
        "records": table(site_set.head, section.non_mappable),
    }


def _own(section: TechniqueSection) -> Entry | None:
    """The technique itself as an entry; None if it has no score."""
    aggregate, technique = section.aggregate, section.technique
    if aggregate is None:
        return None
    scores = {category.category: category.score for category in aggregate.categories}
    return Entry(technique.id, technique.name, aggregate.overall, scores, capabilities=aggregate.capabilities)


def _is_mapped(entry: Entry) -> bool:
    return entry.capabilities > 0 or entry.overall is not None
