"""The page that a site starts at, and those of domains and tactics, which tell of all sets together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.attack import versions
from navlayers.attack.catalogue import SITE
from navlayers.attack.domain import DOMAIN_NAMES, DOMAINS
from navlayers.layer.colors import LegendItem, count_gradient
from navlayers.output.tables import Span
from navlayers.pages.show.layout import score_cell
from navlayers.scoring.stats import base_techniques
from navlayers.website.addresses import HOME
from navlayers.website.heat import UNRATED, Heat, shades_of
from navlayers.website.matrix import matrix
from navlayers.website.pages import Crumb, Page, World, newest
from navlayers.website.share import covered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.attack.domain import Domain
    from navlayers.layer.colors import Gradient
    from navlayers.mapping.remap import Inactive, Moved
    from navlayers.pages.show.set_index import MatrixColumn
    from navlayers.website.sets import SiteSet
    from navlayers.website.share import Share


class Line(NamedTuple):
    """A technique of a tactic, with what each set gives it; `sub`: it is a sub-technique."""

    id: str
    name: str
    sub: bool
    cells: tuple[Span, ...]


class Carried(NamedTuple):
    """A set as the matrix of its domain counts it: what it covers there, which ids others stand for or are gone."""

    of: SiteSet
    covered: Share
    moved: tuple[Moved, ...]
    left_out: tuple[Inactive, ...]


class Ratio(NamedTuple):
    """How many techniques of a tactic a set maps, themselves or by a sub-technique."""

    of: SiteSet
    mapped: int
    total: int


def home_page(world: World, title: str) -> Page:
    """The page that a site starts at."""
    domains = [domain for domain in DOMAINS if domain in world.addresses.domains]
    context = {
        "sets": world.sets,
        "domains": [(d, DOMAIN_NAMES[d], sum(of.one.set.domain == d for of in world.sets)) for d in domains],
    }
    return Page(HOME, "home", title, (), context)


def domain_pages(world: World) -> Iterator[Page]:
    """The matrix of each domain: how many sets map each technique."""
    for domain in DOMAINS:
        inside = [of for of in world.sets if of.one.set.domain == domain]
        if inside:
            yield _domain(world, domain, inside)


def _domain(world: World, domain: Domain, inside: Sequence[SiteSet]) -> Page:
    first = newest(inside)
    mapped: dict[str, list[str]] = {}
    rows = []
    for of in inside:
        there = of.one.at(first.one.catalogue)
        techniques = covered(there.scored.scores)
        rows.append(Carried(of, first.share(techniques), there.prepared.moved, there.scored.left_out))
        for technique in techniques:
            mapped.setdefault(technique, []).append(of.title)
    counts = {technique: len(mapped[technique]) for technique in sorted(mapped)}
    gradient = count_gradient([*counts.values()])
    tips = {technique: "\n".join(titles) for technique, titles in mapped.items()}
    legend = _legend(gradient, max(counts.values(), default=1))
    heat = Heat("sets", shades_of(counts.items(), gradient), legend, tips)
    world.palette.use([heat])
    crumb = world.domain(domain)
    context = {
        "rows": rows,
        "release": first.release,
        "heats": [heat],
        "matrix": matrix(first.frames, [heat], whole=True),
    }
    return Page(crumb.path, "domain", crumb.text, (world.home(), Crumb(crumb.text, "")), context)


def _legend(gradient: Gradient, highest: int) -> tuple[LegendItem, ...]:
    marks = {1, highest, *(max(1, highest * third // 3) for third in (1, 2))}
    return tuple(
        LegendItem(f"{mark} set{'s' * (mark > 1)}", gradient.color(mark)) for mark in sorted(marks, reverse=True)
    )


def tactic_pages(world: World) -> Iterator[Page]:
    """The page of each tactic: its techniques, and what each set gives them."""
    for identifier in world.addresses.tactics:
        yield _tactic(world, identifier)


def _tactic(world: World, identifier: str) -> Page:
    found = [(of, column) for of in world.sets for column in of.one.columns if column.tactic.id == identifier]
    found.sort(key=lambda pair: versions.number(pair[0].one.catalogue.version), reverse=True)
    (first, column), *_ = found
    sets = [of for of in world.sets if of in {one for one, _ in found}]
    tactic = column.tactic
    title = f"{tactic.id} {tactic.name}"
    ratios = {of.name: _ratio(of, column) for of, column in found}
    context = {
        "tactic": tactic,
        "url": f"{SITE}/tactics/{identifier}/",
        "ratios": [ratios[of.name] for of in sets],
        "lines": list(_lines(sets, [column for _, column in found])),
    }
    crumbs = (world.home(), world.domain(first.one.set.domain), Crumb(title, ""))
    return Page(world.addresses.tactics[identifier], "tactic", title, crumbs, context)


def _ratio(of: SiteSet, column: MatrixColumn) -> Ratio:
    bases = base_techniques(covered(of.one.scored.scores), of.one.catalogue)
    return Ratio(of, len(column.bases & bases), len(column.bases))


def _lines(sets: Sequence[SiteSet], columns: Sequence[MatrixColumn]) -> Iterator[Line]:
    """The techniques of all releases as the matrix has them; what differs is as the first column has it."""
    order: dict[str, tuple[tuple[str, str, bool, str], str]] = {}
    for column in columns:
        names = {t.id: t.name for t in column.techniques if t.id in column.bases}
        for t in column.techniques:
            base = t.parent or t.id
            order.setdefault(t.id, ((names.get(base, t.name), base, t.parent is not None, t.id), t.name))
    for technique, (key, name) in sorted(order.items(), key=lambda item: item[1][0]):
        yield Line(technique, name, key[2], tuple(_given(technique, of) for of in sets))


def _given(technique: str, of: SiteSet) -> Span:
    entry = of.one.scored.scores.get(technique)
    if entry is None:
        return Span("")
    cell = score_cell(entry.overall, "", of.head)
    return cell if cell else Span(UNRATED)
