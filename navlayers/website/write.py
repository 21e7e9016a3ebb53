"""Writing a site: all of its files or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import Problem
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.load import prepare_all
from navlayers.output.folders import write_folder
from navlayers.scoring.scores import odd_scores
from navlayers.website.make import Site, SiteOptions
from navlayers.website.sets import sets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from navlayers.mapping.find import Source
    from navlayers.website.sets import SiteSet


class WrittenSite(NamedTuple):
    """The result of `write_site`.

    Attributes:
        sets: the sets of the site.
        pages: number of its pages.
        files: number of its files.
        size: total size in bytes.
        removed: number of files of an earlier site that were removed.
        notices: skipped files, empty sets, unusual scores, formats that cannot hold a set.
    """

    sets: tuple[SiteSet, ...]
    pages: int
    files: int
    size: int
    removed: int
    notices: tuple[Problem, ...]


def write_site(
    sources: Iterable[Source],
    folder: str | Path,
    options: SiteOptions = SiteOptions(),
    *,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    force: bool = False,
    on_file: Callable[[int], None] = lambda total: None,
) -> WrittenSite:
    """Write a site of sets into a folder; its start page is `index.html`.

    Args:
        sources: the sets, from `navlayers.mapping.find.resolve`.
        folder: created if it is missing.
        options: the title, and how mappings become scores.
        attack_version: remap every set to this ATT&CK release; None: each at its own.
        reading: how to read the inputs.
        force: write into a folder with foreign files; those with the names of pages are overwritten.
        on_file: called after each file with the total number of files, before anything is in place.

    Returns:
        The sets, counts and notices.

    Raises:
        NavlayersError: an input, option, release or the folder is unusable; nothing was written.
    """
    sources = list(sources)
    sets, skipped = sets_of(*prepare_all(sources, attack_version, reading), sources)
    site = Site(sets, options)
    sizes: list[int] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for path, data in site.files():
            sizes.append(len(data))
            yield path, data
            on_file(site.count)

    inputs = [item.path for item in sets if item.path.exists()]
    removed = write_folder(folder, files(), command="site", force=force, keep=inputs)
    notices = (*skipped, *(notice for site_set in site.sets for notice in _notices(site_set)))
    return WrittenSite(site.sets, site.pages, len(sizes), sum(sizes), removed, notices)


def _notices(site_set: SiteSet) -> Iterator[Problem]:
    yield from site_set.indexed.prepared.notices
    if not site_set.indexed.set.mappings:
        yield Problem(f"{site_set.name}: the set has no mappings, so its matrix is empty")
    yield from odd_scores(site_set.name, site_set.indexed.scored)
    for reason in site_set.downloads.refused:
        yield Problem(f"{site_set.name}: no {reason}")
