"""One input upgraded in memory: a mapping set of any format, or a file of layers; nothing is written here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import OutputError, Place, Problem
from navlayers.layer import formats
from navlayers.mapping import formats as readers
from navlayers.mapping.find import Source
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats.detect import sniff
from navlayers.upgrades import layers, sets
from navlayers.upgrades.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from navlayers.mapping.formats import Reading, ReadOptions
    from navlayers.upgrades.routes import Route, Routes

LAYER = "layer"


class Upgraded(msgspec.Struct, frozen=True):
    """An input and what it became.

    `before` is the content of a file, None where the input is a folder or a stream. `format` is that of the input,
    `to` that of `data`, the result; `lost` is what the file would lose if the result stood in its place.
    """

    source: Source
    before: bytes | None
    format: str
    to: str
    data: bytes
    reports: tuple[Report, ...]
    notices: tuple[Problem, ...]
    lost: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether the input is of that release already and is left as it is."""
        return all(report.already for report in self.reports)


def upgraded(
    source: Source,
    routes: Routes,
    reading: ReadOptions,
    choose: Callable[[str], str],
    *,
    in_place: bool = False,
) -> Upgraded:
    """Upgrade one input; `choose` gives the format to write for that of the input.

    Raises:
        InputError: the input cannot be read.
        ReleaseError: the release is not at hand for its domain.
        OutputError: the format cannot hold the result.
        UsageError: the format that is asked for is none for this input.
    """
    path = str(source.path)
    if source.data is None and Path(path).is_dir():
        read = readers.read(path, reading=reading)
        return _set(source, None, read, routes, choose, reading)
    loaded = sources.load(path, source.data, reading.max_bytes)
    if (reading.format or sniff(loaded)) == LAYER:
        choose(LAYER)
        return _layers(source, loaded, routes, reading)
    read = readers.read(path, data=loaded.data, reading=reading)
    return _set(source, loaded.data, read, routes, choose, reading, in_place=in_place)


def _layers(source: Source, loaded: sources.Source, routes: Routes, reading: ReadOptions) -> Upgraded:
    found = formats.read(loaded, reading.metadata)
    results = []
    reports = []
    notices = [*found.notices]
    for one in found.layers:
        route = routes.route(one.domain, one.attack_version)
        layer, report = layers.upgraded_layer(one.layer, route)
        results.append(layer)
        reports.append(report)
        notices += _placed(route, source)
        if not one.layer.get("techniques"):
            notices.append(Problem("a layer has no entries", Place(str(source.path)), code="empty-set"))
    unchanged = all(report.already for report in reports)
    data = loaded.data if unchanged else layers.encode(results, single=found.single)
    return Upgraded(source, loaded.data, LAYER, LAYER, data, tuple(reports), tuple(dict.fromkeys(notices)), lost=())


def _set(
    source: Source,
    before: bytes | None,
    read: Reading,
    routes: Routes,
    choose: Callable[[str], str],
    reading: ReadOptions,
    *,
    in_place: bool = False,
) -> Upgraded:
    mapping_set = read.mapping_set
    assumed = "attack_version" not in reading.metadata and _assumes_release(read)
    route = routes.route(mapping_set.domain, "" if assumed else mapping_set.attack_version)
    result, report = sets.upgraded_set(mapping_set, route)
    format_ = choose(read.format)
    notices = [*read.notices, *_placed(route, source)]
    if not mapping_set.mappings and all(notice.code != "empty-set" for notice in read.notices):
        notices.append(Problem("the set has no mappings", Place(str(source.path)), code="empty-set"))
    if report.already and format_ == read.format and before is not None:
        return Upgraded(source, before, read.format, format_, before, (report,), tuple(notices))
    try:
        written = readers.encode(result, format_)
    except OutputError as error:
        here = Place(str(source.path))
        raise OutputError(
            p if p.place else msgspec.structs.replace(p, place=here) for p in error.problems
        ) from None
    lost: tuple[str, ...] = ()
    if in_place and before is not None and format_ == read.format:
        from navlayers.api.upgrade_dropped import losses  # noqa: PLC0415 - only where something may be lost

        lost = losses(before, read, reading)
    notices += written.notices
    return Upgraded(source, before, read.format, format_, written.data, (report,), tuple(notices), lost)


def _assumes_release(read: Reading) -> bool:
    """Whether the file does not say of which release it is, so that the reader took the newest for granted."""
    taken = f"attack version {read.mapping_set.attack_version}"
    return any(n.code == "assumed-metadata" and n.message.endswith(taken) for n in read.notices)


def _placed(route: Route, source: Source) -> list[Problem]:
    here = Place(source.name if source.origin == "shipped" else str(source.path))
    return [msgspec.structs.replace(notice, place=notice.place or here) for notice in route.notices]
