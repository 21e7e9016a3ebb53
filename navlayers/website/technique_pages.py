"""The pages of techniques: what each set maps to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.mapping.model import CATEGORIES
from navlayers.output.tables import Span
from navlayers.pages.show.layout import prose, score_cell
from navlayers.pages.show.technique import technique_page
from navlayers.website.pages import Crumb, Page, World
from navlayers.website.rows import Table, row_view, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.remap import Moved
    from navlayers.pages.show.results import Entry, SetHead, TechniquePage, TechniqueSection
    from navlayers.website.sets import SiteSet

NOT_RATED = "not rated"


class Scores(NamedTuple):
    """A technique with its score, and those of the categories that a section has."""

    id: str
    name: str
    overall: Span
    categories: tuple[Span, ...]
    capabilities: int


class Section(NamedTuple):
    """What one set says of a technique.

    `categories` are those of the scores in it: `own` of the technique, None where it has none, `given` by category;
    `parent` of the technique that it belongs to, `subs` of its sub-techniques that are mapped, of `total`.
    """

    of: SiteSet
    anchor: str
    section: TechniqueSection
    categories: tuple[str, ...]
    own: Scores | None
    given: dict[str, Span]
    parent: Scores | None
    subs: tuple[Scores, ...]
    total: int
    table: Table
    records: Table


def technique_pages(world: World) -> Iterator[Page]:
    """The page of every technique that a set maps or a release of theirs has."""
    taken: dict[str, list[tuple[SiteSet, Moved]]] = {}
    for of in world.sets:
        for moved in of.one.prepared.moved:
            taken.setdefault(moved.id, []).append((of, moved))
    for identifier in world.addresses.techniques:
        yield _technique(world, identifier, taken.get(identifier, ()))


def _technique(world: World, identifier: str, taken: Sequence[tuple[SiteSet, Moved]]) -> Page:
    page = technique_page(identifier, world.indexed)
    sections = [_section(world.by_name[section.set.name], section) for section in page.sections]
    title = page.id if page.name == page.id else f"{page.id} {page.name}"
    context = {
        "page": page,
        "description": [prose(line.strip()) for line in page.description.splitlines() if line.strip()],
        "sections": sections,
        "taken": taken,
        "categories": [c for c in CATEGORIES if any(c in section.categories for section in sections)],
        "without": [world.by_name[name] for name in page.without],
    }
    return Page(world.addresses.techniques[identifier], "technique", title, tuple(_way(world, page)), context)


def _way(world: World, page: TechniquePage) -> Iterator[Crumb]:
    yield world.home()
    yield world.domain(page.domain)
    if page.parent is not None:
        path = world.addresses.techniques.get(page.parent.id, "")
        yield Crumb(f"{page.parent.id} {page.parent.name}", path)
    yield Crumb(page.id if page.name == page.id else f"{page.id} {page.name}", "")


def _section(of: SiteSet, section: TechniqueSection) -> Section:
    entries = [entry for entry in (section.parent, *section.subtechniques) if entry is not None]
    mapped = [entry for entry in section.subtechniques if _is_mapped(entry)]
    found = {category for entry in entries for category in entry.categories}
    if section.aggregate is not None:
        found |= {scored.category for scored in section.aggregate.categories}
    categories = tuple(category for category in CATEGORIES if category in found)
    parent = section.parent
    own = _own(section, categories)
    return Section(
        of=of,
        anchor=f"set-{of.addresses.name}",
        section=section,
        categories=categories,
        own=own,
        given={c: cell for c, cell in zip(categories, own.categories, strict=True) if cell} if own else {},
        parent=_scores(parent, categories, of.head) if parent is not None and _is_mapped(parent) else None,
        subs=tuple(_scores(entry, categories, of.head) for entry in mapped),
        total=len(section.subtechniques),
        table=of.rows.of_technique(section.technique.id),
        records=table(of.head, (row_view(row, of.head) for row in section.non_mappable)),
    )


def _is_mapped(entry: Entry) -> bool:
    return entry.capabilities > 0 or entry.overall is not None


def _own(section: TechniqueSection, categories: Sequence[str]) -> Scores | None:
    aggregate = section.aggregate
    if aggregate is None:
        return None
    found = {scored.category: scored.score for scored in aggregate.categories}
    cells = tuple(score_cell(found.get(category), category, section.set) for category in categories)
    overall = _overall(aggregate.overall, section.set)
    return Scores(section.technique.id, section.technique.name, overall, cells, aggregate.capabilities)


def _scores(entry: Entry, categories: Sequence[str], head: SetHead) -> Scores:
    cells = tuple(score_cell(entry.categories.get(category), category, head) for category in categories)
    return Scores(entry.id, entry.name, _overall(entry.overall, head), cells, entry.capabilities)


def _overall(score: float | None, head: SetHead) -> Span:
    cell = score_cell(score, "", head)
    return cell if cell else Span(NOT_RATED)
