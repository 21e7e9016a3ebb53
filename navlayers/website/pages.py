"""What a page of a site is, where each page is, and how pages link to each other."""

from __future__ import annotations

import posixpath
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from navlayers._text import slugs
from navlayers.attack import versions
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.layer.colors import text_color

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.attack.domain import Domain
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.matrix import Heat
    from navlayers.website.sets import SiteSet


HOME = "index.html"
ASSETS = "assets"


class SetAddresses:
    """Where the pages and files of one set are."""

    def __init__(self, folder: str, capabilities: Iterable[str], groups: Iterable[str]) -> None:
        self.folder = f"sets/{folder}"
        self.page = f"{self.folder}/index.html"
        self.mappings = f"{self.folder}/mappings.html"
        self.capabilities = _pages(f"{self.folder}/capabilities", capabilities)
        self.groups = _pages(f"{self.folder}/groups", groups)
        self.name = folder

    def layer(self, path: str) -> str:
        """Where the layer is that `layers.build` puts at a path."""
        return f"{self.folder}/layers/{path}"


class Addresses:
    """Where the pages of a site are: by technique, tactic, domain, and name of a set."""

    def __init__(
        self, sets: Sequence[IndexedSet], techniques: Iterable[str], groups: Mapping[str, Iterable[str]]
    ) -> None:
        """`groups`: name of a set → ids of its groups."""
        folders = slugs(one.name for one in sets)
        self.sets = {one.name: SetAddresses(folders[one.name], one.capabilities, groups[one.name]) for one in sets}
        self.techniques = _pages("techniques", techniques)
        self.tactics = _pages("tactics", (tactic.id for one in sets for tactic in one.catalogue.tactics))
        self.domains = _pages("attack", (one.set.domain for one in sets))


def _pages(folder: str, ids: Iterable[str]) -> dict[str, str]:
    return {identifier: f"{folder}/{name}.html" for identifier, name in slugs(dict.fromkeys(ids)).items()}


class Here:
    """A page, and the links from it; those of what has no page are empty."""

    def __init__(self, addresses: Addresses, path: str) -> None:
        self._addresses = addresses
        self.path = path
        self._folder = posixpath.dirname(path)
        self.root = "../" * path.count("/")

    def to(self, path: str) -> str:
        """The link to a file of the site."""
        return relative(self._folder, path)

    def technique(self, identifier: str) -> str:
        """The link to a technique."""
        return self._link(self._addresses.techniques.get(identifier))

    def tactic(self, identifier: str) -> str:
        """The link to a tactic."""
        return self._link(self._addresses.tactics.get(identifier))

    def domain(self, domain: str) -> str:
        """The link to the matrix of a domain."""
        return self._link(self._addresses.domains.get(domain))

    def set(self, name: str) -> str:
        """The link to a set."""
        return self.to(self._addresses.sets[name].page)

    def capability(self, name: str, identifier: str) -> str:
        """The link to a capability of a set."""
        return self._link(self._addresses.sets[name].capabilities.get(identifier))

    def group(self, name: str, identifier: str) -> str:
        """The link to a group of a set."""
        return self._link(self._addresses.sets[name].groups.get(identifier))

    def _link(self, path: str | None) -> str:
        return "" if path is None else self.to(path)


@lru_cache(maxsize=65_536)
def relative(folder: str, path: str) -> str:
    """The path of a file as seen from a folder of the same site."""
    return posixpath.relpath(path, folder or ".")


class Palette:
    """Remembers the colours that pages use, so that one style sheet has a class for each."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def fill(self, color: str) -> str:
        """The class of a `#rrggbb`."""
        self._used.add(color)
        return f"c{color[1:]}"

    def use(self, heats: Iterable[Heat]) -> None:
        """Have a class for each colour of some heats, whichever of them a page shows first."""
        for heat in heats:
            self._used.update(shade.color for shade in heat.shades.values() if shade.color)

    def css(self) -> str:
        """The style sheet: a rule per colour, in order."""
        return "".join(f".c{c[1:]} {{ background: {c}; color: {text_color(c)}; }}\n" for c in sorted(self._used))


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
