"""What a page of a site is, and what all of them are made from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers.attack import versions
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.website.addresses import HOME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack.domain import Domain
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.addresses import Addresses
    from navlayers.website.palette import Palette
    from navlayers.website.sets import SiteSet


class Crumb(NamedTuple):
    """A step on the way to a page: what it is called, and where it is; "" for the page itself."""

    text: str
    path: str


class Page(NamedTuple):
    """A page. `kind` names its template, `context` is what that draws beside what all pages have."""

    path: str
    kind: str
    title: str
    crumbs: tuple[Crumb, ...]
    context: dict[str, Any]


class World:
    """All sets of a site, where their pages are, and the colours of those."""

    def __init__(self, sets: Sequence[SiteSet], addresses: Addresses, palette: Palette) -> None:
        self.sets = tuple(sets)
        self.addresses = addresses
        self.palette = palette

    @cached_property
    def indexed(self) -> tuple[IndexedSet, ...]:
        """The sets without what is the site's."""
        return tuple(of.one for of in self.sets)

    @cached_property
    def by_name(self) -> dict[str, SiteSet]:
        """The sets by their names."""
        return {of.name: of for of in self.sets}

    def home(self) -> Crumb:
        """The step that every way begins with."""
        return Crumb("All sets", HOME)

    def domain(self, domain: Domain) -> Crumb:
        """The step to the matrix of a domain."""
        return Crumb(f"ATT&CK {DOMAIN_NAMES[domain]}", self.addresses.domains.get(domain, ""))

    def set(self, of: SiteSet) -> Crumb:
        """The step to a set."""
        return Crumb(of.title, of.addresses.page)


def newest(sets: Iterable[SiteSet]) -> SiteSet:
    """The set of the newest release, the first of several."""
    return max(sets, key=lambda of: versions.number(of.one.catalogue.version))
