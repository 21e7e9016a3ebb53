"""The pages of a site: their paths, and the links between them."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers._text.slugs import slugs
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.mapping.nouns import common_noun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.attack.domains import Domain
    from navlayers.mapping.nouns import Noun
    from navlayers.output.html import Colors
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.sets import SiteSet

HOME, TECHNIQUES, TACTICS = "index.html", "techniques.html", "tactics.html"


class SetAddresses:
    """The paths of the pages and files of one set."""

    def __init__(self, folder: str, capabilities: Iterable[str], groups: Iterable[str]) -> None:
        self.name = folder
        self.folder = f"sets/{folder}"
        self.page = f"{self.folder}/index.html"
        self.mappings = f"{self.folder}/mappings.html"
        self.capabilities = _pages(f"{self.folder}/capabilities", capabilities)
        self.groups = _pages(f"{self.folder}/groups", groups)

    def layer(self, path: str) -> str:
        """The path of a layer, from its path in a folder of `navlayers build`."""
        return f"{self.folder}/layers/{path}"


class Addresses:
    """The paths of the pages of a site: by technique, tactic, domain, and name of a set."""

    def __init__(
        self, sets: Sequence[IndexedSet], techniques: Iterable[str], groups: Mapping[str, Iterable[str]]
    ) -> None:
        """`groups`: name of a set → ids of its groups."""
        folders = slugs(item.name for item in sets)
        self.sets = {
            item.name: SetAddresses(folders[item.name], item.capabilities, groups[item.name]) for item in sets
        }
        self.techniques = _pages("techniques", techniques)
        self.tactics = _pages("tactics", (tactic.id for item in sets for tactic in item.catalogue.tactics))
        self.domains = _pages("attack", (item.set.domain for item in sets))
        self.compare = _pages("compare", (item.set.domain for item in sets))
        self.threats: dict[str, ThreatAddresses] = {}


class ThreatAddresses(dict[str, str]):
    """The paths of the pages of the threats of a domain by id; `page` lists them."""

    def __init__(self, domain: Domain, threats: Iterable[str]) -> None:
        super().__init__(_pages(f"threats/{domain}", threats))
        self.page = f"threats/{domain}.html"


def _pages(folder: str, ids: Iterable[str]) -> dict[str, str]:
    return {identifier: f"{folder}/{name}.html" for identifier, name in slugs(dict.fromkeys(ids)).items()}


class Here:
    """The links from a page; "" where the target has no page."""

    def __init__(self, addresses: Addresses, path: str) -> None:
        self._addresses = addresses
        self._folder = posixpath.dirname(path)
        self.path = path
        self.root = "../" * path.count("/")

    def to(self, path: str | None) -> str:
        """The link to a file of the site."""
        return relative(self._folder, path) if path else ""

    def technique(self, identifier: str) -> str:
        """The link to a technique."""
        return self.to(self._addresses.techniques.get(identifier))

    def tactic(self, identifier: str) -> str:
        """The link to a tactic."""
        return self.to(self._addresses.tactics.get(identifier))

    def threat(self, domain: str, identifier: str) -> str:
        """The link to a threat."""
        return self.to(self._addresses.threats[domain][identifier])

    def domain(self, domain: str) -> str:
        """The link to the matrix of a domain."""
        return self.to(self._addresses.domains.get(domain))

    def set(self, name: str) -> str:
        """The link to a set."""
        return self.to(self._addresses.sets[name].page)

    def capability(self, name: str, identifier: str) -> str:
        """The link to a capability of a set."""
        return self.to(self._addresses.sets[name].capabilities.get(identifier))

    def group(self, name: str, identifier: str) -> str:
        """The link to a group of a set."""
        return self.to(self._addresses.sets[name].groups.get(identifier))


# Every row of a table of mappings has two links, most of them to the same pages.
@lru_cache(maxsize=65_536)
def relative(folder: str, path: str) -> str:
    """The path of a file relative to a folder of the same site."""
    return posixpath.relpath(path, folder or ".")


class Crumb(NamedTuple):
    """A breadcrumb; `path` is "" for the page itself."""

    text: str
    path: str = ""


class Page(NamedTuple):
    """A page; `kind` is the name of its template, `context` the template's variables."""

    path: str
    kind: str
    title: str
    crumbs: tuple[Crumb, ...]
    context: dict[str, Any]


class World(NamedTuple):
    """The sets of a site, the paths of its pages, the colors of all pages."""

    sets: tuple[SiteSet, ...]
    addresses: Addresses
    colors: Colors

    @property
    def indexed(self) -> tuple[IndexedSet, ...]:
        """The sets, indexed as for `show`."""
        return tuple(site_set.indexed for site_set in self.sets)

    @property
    def by_name(self) -> dict[str, SiteSet]:
        """The sets by their names."""
        return {site_set.name: site_set for site_set in self.sets}

    @property
    def noun(self) -> Noun:
        """The word for the capabilities of all sets."""
        return common_noun(site_set.head.noun for site_set in self.sets)

    @property
    def home(self) -> Crumb:
        """The first breadcrumb of every page."""
        return Crumb("All sets", HOME)

    def domain(self, domain: Domain) -> Crumb:
        """The breadcrumb of the matrix of a domain."""
        return Crumb(f"ATT&CK {DOMAIN_NAMES[domain]}", self.addresses.domains.get(domain, ""))

    def set(self, site_set: SiteSet) -> Crumb:
        """The breadcrumb of a set."""
        return Crumb(site_set.title, site_set.addresses.page)
