"""Writing a site: all of its files or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import Problem
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import prepare
from navlayers.mapping.remap import Inactive, Moved
from navlayers.output.folders import write_folder
from navlayers.scoring.scores import odd_scores
from navlayers.website.make import Site, SiteOptions
from navlayers.website.sets import sets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from navlayers.mapping.find import Source
    from navlayers.website.sets import SiteSet

_OPTIONS = SiteOptions()
_READING = ReadOptions()


class WrittenSet(msgspec.Struct, frozen=True):
    """What a site has of one set, and what carrying it to its release changed.

    `capabilities` are those with a mapping.
    """

    name: str
    title: str
    domain: str
    attack_version: str
    own_attack_version: str
    capabilities: int
    groups: int
    mappings: int
    moved: tuple[Moved, ...]
    left_out: tuple[Inactive, ...]


class WrittenSite(msgspec.Struct, frozen=True):
    """A site that was written: its sets, how many pages and files it has, how large they are.

    `gone` is how many files of an earlier site went; `notices` tell what is worth knowing.
    """

    sets: tuple[WrittenSet, ...]
    pages: int
    files: int
    size: int
    gone: int
    notices: tuple[Problem, ...]


def write_site(
    sources: Iterable[Source],
    folder: str | Path,
    options: SiteOptions = _OPTIONS,
    *,
    attack_version: str | None = None,
    reading: ReadOptions = _READING,
    force: bool = False,
    on_file: Callable[[int], None] = lambda total: None,
) -> WrittenSite:
    """Write a site of sets below `folder`: open `index.html` there.

    Args:
        sources: the sets, as `navlayers.mapping.find.resolve` gives them.
        folder: where to write to; made where it is missing.
        options: what the site is called and how scores are made.
        attack_version: carry every set to this release; None: each at its own.
        reading: what the user says of the inputs.
        force: write into a folder that holds foreign files (they stay, but for those of the same name).
        on_file: called for each file with the number of all of them, before anything is in place.

    Raises:
        NavlayersError: an input, an option, a release or the folder does not do; nothing was written.
    """
    sources = list(sources)
    sets, skipped = sets_of(prepare(sources, attack_version, reading), sources)
    site = Site(sets, options)
    counted = _Counted(site, on_file)
    inputs = [one.path for one in sets if one.path.exists()]
    gone = write_folder(folder, counted.files(), command="site", force=force, keep=inputs)
    return WrittenSite(
        sets=tuple(map(_written, site.sets)),
        pages=site.pages,
        files=counted.number,
        size=counted.size,
        gone=gone,
        notices=(*skipped, *(notice for of in site.sets for notice in _worth_knowing(of))),
    )


class _Counted:
    """The files of a site, counted as they pass."""

    def __init__(self, site: Site, on_file: Callable[[int], None]) -> None:
        self._site = site
        self._on_file = on_file
        self.number = 0
        self.size = 0

    def files(self) -> Iterator[tuple[str, bytes]]:
        for path, data in self._site.files():
            self.number += 1
            self.size += len(data)
            yield path, data
            self._on_file(self._site.count)


def _written(of: SiteSet) -> WrittenSet:
    return WrittenSet(
        name=of.name,
        title=of.title,
        domain=of.one.set.domain,
        attack_version=of.one.catalogue.version,
        own_attack_version=of.one.prepared.own_attack_version,
        capabilities=of.stats.capabilities,
        groups=len(of.groups),
        mappings=of.stats.mappings,
        moved=of.one.prepared.moved,
        left_out=of.one.scored.left_out,
    )


def _worth_knowing(of: SiteSet) -> Iterator[Problem]:
    yield from of.one.prepared.notices
    if not of.one.set.mappings:
        yield Problem(f"{of.name}: the set has no mappings, so its matrix is empty")
    yield from odd_scores(of.name, of.one.scored)
    for why in of.downloads.refused:
        yield Problem(f"{of.name}: no {why}")
