"""The index of a site: what it was made from and how, and every file with its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as jsontext
from navlayers.mapping.remap import Inactive, Moved
from navlayers.output.folders import GENERATOR
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.site.options import SiteOptions
    from navlayers.site.sets import SiteSet

COMMAND = "site"


class FileEntry(msgspec.Struct, frozen=True):
    """One file: its path below the folder, what kind of page or file it is, its title, its hash."""

    path: str
    kind: str
    name: str
    sha256: str


class SetEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One set: `attack_version` is the release of its pages, `own_attack_version` the one that it was made for.

    `techniques` and `subtechniques` are what it covers of its release, `carried` the ids that others stand for
    there, `left_out` those that are not active in it. `losses` tell what formats of its downloads cannot hold.
    """

    name: str
    title: str
    framework: str
    version: str
    domain: str
    attack_version: str
    own_attack_version: str
    mappings: int
    capabilities: int
    techniques: int
    subtechniques: int
    source: str = ""
    licence: str = ""
    losses: tuple[str, ...] = ()
    carried: tuple[Moved, ...] = ()
    left_out: tuple[Inactive, ...] = ()


class SiteIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index file."""

    generator: str = GENERATOR
    command: str = COMMAND
    title: str
    options: ScoreOptions
    sets: tuple[SetEntry, ...]
    files: tuple[FileEntry, ...]


def make_index(options: SiteOptions, sets: Sequence[SiteSet], files: Iterable[FileEntry]) -> bytes:
    """The index as JSON, a line per set and file."""
    index = SiteIndex(
        title=options.title,
        options=options.scoring,
        sets=tuple(map(_entry, sets)),
        files=tuple(files),
    )
    return jsontext.encode(index) + b"\n"


def _entry(of: SiteSet) -> SetEntry:
    stats = of.stats
    files = of.downloads.facts
    losses = [f"{file.title}: {loss}" for file in files.others for loss in file.losses]
    return SetEntry(
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
