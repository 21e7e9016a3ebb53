"""Where each page of a site is, and how pages link to each other: by relative paths that name a file."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from navlayers._text import slugs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from navlayers.pages.show.set_index import IndexedSet

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
