"""Mapping sets → the files of a site, one at a time."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from navlayers.output.folders import INDEX, FileEntry, sha256
from navlayers.pages import index
from navlayers.pages.show.set_index import indexed
from navlayers.website.addresses import ASSETS, Addresses
from navlayers.website.attack_pages import domain_pages, home_page, tactic_pages
from navlayers.website.drawing import Drawing
from navlayers.website.inputs import refuse_layers
from navlayers.website.options import SiteOptions
from navlayers.website.pages import Page, World
from navlayers.website.palette import Palette
from navlayers.website.search import search_script
from navlayers.website.set_pages import set_pages
from navlayers.website.sets import SiteSet, group_ids, titles
from navlayers.website.technique_pages import technique_pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Mapping, NonMappable
    from navlayers.pages.show.set_index import IndexedSet

_OPTIONS = SiteOptions()
_WRITTEN = {
    "base.css": "navlayers.web",
    "base.js": "navlayers.web",
    "site.css": "navlayers.website",
    "site.js": "navlayers.website",
    "icon.svg": "navlayers.website",
}


class Site:
    """A site of sets: `files` gives what it is made of."""

    def __init__(self, sets: Sequence[Prepared], options: SiteOptions = _OPTIONS) -> None:
        """Work out which pages there are.

        Ids that the release of a set revoked already stand for their successors, on pages and in layers; the set in
        the formats of other tools stays as it was read.

        Raises:
            InputError: one of the sets is a layer.
            UsageError: the options do not fit a set.
        """
        refuse_layers(sets)
        ready = indexed([one.at(one.catalogue) for one in sets], options.scoring)
        for one in ready:
            _ = one.scored
        self.options = options
        self._techniques = _techniques(ready)
        addresses = Addresses(ready, self._techniques, {one.name: group_ids(one) for one in ready})
        found = zip(ready, sets, titles(ready), strict=True)
        made = [SiteSet(one, read.set, title, addresses.sets[one.name]) for one, read, title in found]
        self._world = World(made, addresses, Palette())
        self.sets = self._world.sets

    @property
    def pages(self) -> int:
        """How many pages it has."""
        addresses = self._world.addresses
        of_sets = sum(2 + len(one.groups) + len(one.capabilities) for one in addresses.sets.values())
        return 1 + of_sets + len(addresses.domains) + len(addresses.tactics) + len(addresses.techniques)

    @property
    def count(self) -> int:
        """About how many files it has: all, but for formats that cannot hold a set."""
        layers = sum(one.downloads.expected for one in self.sets)
        return self.pages + layers + len(_WRITTEN) + 3

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path → bytes, the index of them all last."""
        listed = []
        for kind, title, path, data in self._files():
            listed.append(FileEntry(path=path, kind=kind, name=title, sha256=sha256(data)))
            yield path, data
        made = index.SiteIndex(
            title=self.options.title,
            options=self.options.scoring,
            sets=tuple(map(_entry, self.sets)),
            files=tuple(listed),
        )
        yield INDEX, index.encode(made)

    def _files(self) -> Iterator[tuple[str, str, str, bytes]]:
        drawing = Drawing(self._world, self.options.title)
        for of in self.sets:
            for path, data in of.downloads.files():
                yield "download", of.title, path, data
        for page in self._pages():
            yield page.kind, page.title, page.path, drawing.draw(page)
        for name, package in _WRITTEN.items():
            yield "asset", "", f"{ASSETS}/{name}", resources.files(package).joinpath(name).read_bytes()
        yield "asset", "", f"{ASSETS}/colours.css", self._world.palette.css().encode()
        names = {t.id: t.name for one in self._world.indexed for t in one.catalogue.tactics}
        search = search_script(self.sets, self._world.addresses, self._techniques, names)
        yield "asset", "", f"{ASSETS}/search.js", search

    def _pages(self) -> Iterator[Page]:
        yield home_page(self._world, self.options.title)
        for of in self.sets:
            yield from set_pages(self._world, of)
        yield from domain_pages(self._world)
        yield from tactic_pages(self._world)
        yield from technique_pages(self._world)


def _techniques(sets: Sequence[IndexedSet]) -> dict[str, str]:
    """Id → name of what has a page: what is active in a release of the sets, and what these name or named."""
    found: dict[str, str] = {}
    for one in sets:
        for technique in one.catalogue.techniques.values():
            if technique.active:
                found.setdefault(technique.id, technique.name)
    for one in sets:
        for moved in one.prepared.moved:
            found.setdefault(moved.id, moved.name)
        rows: tuple[Mapping | NonMappable, ...] = (*one.set.mappings, *one.set.non_mappable)
        for row in rows:
            if row.technique is not None and row.technique not in found:
                known = one.catalogue.get(row.technique)
                found[row.technique] = known.name if known else row.technique_name or row.technique
    return dict(sorted(found.items()))


def _entry(of: SiteSet) -> index.SiteSetEntry:
    stats = of.stats
    files = of.downloads.facts
    losses = [f"{file.title}: {loss}" for file in files.others for loss in file.losses]
    return index.SiteSetEntry(
        name=of.name,
        title=of.title,
        framework=of.one.set.framework,
        version=of.one.set.version,
        domain=of.one.set.domain,
        attack_version=of.one.catalogue.version,
        own_attack_version=of.one.prepared.own_attack_version,
        mappings=stats.mappings,
        capabilities=stats.capabilities,
        techniques=of.covered.techniques,
        subtechniques=of.covered.subtechniques,
        source=of.one.set.source,
        licence=of.one.set.licence,
        losses=(*losses, *files.refused),
        carried=of.one.prepared.moved,
        left_out=of.one.scored.left_out,
    )
