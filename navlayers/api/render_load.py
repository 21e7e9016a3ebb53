"""Loading inputs to render: layers of formats 3.0 to 4.5, lists and folders of layers, mapping sets."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from navlayers import attack
from navlayers._text.wording import comma_list, first_few, quantity
from navlayers.attack.versions import parse_wanted
from navlayers.errors import InputError, NavlayersError, Place, Problem
from navlayers.layer import format_versions
from navlayers.layer.build import layers_of
from navlayers.layer.document import Layer, encode_layer
from navlayers.layer.format_versions import modern
from navlayers.layer.view import View
from navlayers.layer.view_json import view_of
from navlayers.mapping.formats import Idle, without_effect
from navlayers.mapping.formats import source as sources
from navlayers.mapping.formats._json import HALF_PAIR
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.formats.detect import sniff
from navlayers.mapping.formats.metadata import likely_release
from navlayers.mapping.load import prepare_all
from navlayers.mapping.replacements import MOST_LISTED, changes_of_ids, not_active
from navlayers.output.folders import INDEX, read_index
from navlayers.pages.results import ALL
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import score_set
from navlayers.upgrades.layers import upgraded_layer
from navlayers.upgrades.routes import Route, Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from navlayers.attack.domains import Domain
    from navlayers.mapping.find import Source

_REPLACEMENT = rb"\\ufffd"
_FROM_FOLDER = "folder"


class Item(NamedTuple):
    """A layer of an input: its name, the layer in format 4.5, its release; the bytes of a file that it fills."""

    name: str
    layer: Layer | dict[str, Any]
    catalogue: attack.Catalogue
    file: bytes = b""

    @property
    def title(self) -> str:
        """The name that the layer has in the Navigator."""
        return self.layer.name if isinstance(self.layer, Layer) else str(self.layer.get("name", ""))

    @property
    def view(self) -> View:
        """The view to draw."""
        if isinstance(self.layer, Layer):
            return View.from_layer(self.layer, self.catalogue)
        return view_of(self.layer, self.catalogue, self.name)

    @property
    def data(self) -> bytes:
        """The layer as JSON: the bytes of its file, unless reading changed it."""
        if isinstance(self.layer, Layer):
            return encode_layer(self.layer)
        same = self.file and msgspec.json.decode(self.file) == self.layer
        return self.file if same else msgspec.json.encode(self.layer) + b"\n"


class Loaded(NamedTuple):
    """The views of one input in the order of the Navigator's tabs, and all notices about them.

    `idle` are the reading options that do not matter to it.
    """

    views: tuple[View, ...]
    notices: tuple[Problem, ...]
    idle: tuple[Idle, ...]


def load(source: Source, attack_version: str | None = None, reading: ReadOptions = ReadOptions()) -> Loaded:
    """The layers of one input as views to draw; of a mapping set its overview.

    Args:
        source: a layer, a list of layers, or a mapping set.
        attack_version: upgrade it to this ATT&CK release first; None: its own or the nearest one.
        reading: how to read it.

    Raises:
        NavlayersError: it cannot be read, or its ATT&CK release is not installed.
    """
    items, notices, idle = load_layers(source, attack_version, reading)
    views = tuple(item.view for item in items)
    return Loaded(views, (*notices, *(notice for view in views for notice in view.notices)), idle)


def load_layers(
    source: Source, attack_version: str | None = None, reading: ReadOptions = ReadOptions()
) -> tuple[list[Item], list[Problem], tuple[Idle, ...]]:
    """The layers of one input in the order of the Navigator's tabs, as `load` reads them, notices, idle options."""
    if (reading.format or _format(source, reading)) != "layer":
        ((prepared,), _) = prepare_all([source], attack_version, reading)
        scored = score_set(prepared.set, prepared.catalogue, ScoreOptions())
        (built,) = layers_of(scored, ["overview"])
        changes = changes_of_ids(
            source.name,
            prepared.catalogue.version,
            prepared.replaced,
            scored.left_out,
            own=prepared.own_attack_version,
        )
        ids = [Problem(f"{heading}: {first_few(items, MOST_LISTED, '; ')}") for heading, items in changes]
        return [Item(source.name, built.layer, prepared.catalogue)], [*prepared.notices, *ids], prepared.idle
    raw = sources.load(source.path, source.data, reading.max_bytes)
    # Half a surrogate pair is not text: show the replacement character.
    whole = sources.Source(raw.path, re.sub(HALF_PAIR, _REPLACEMENT, raw.data))
    read = format_versions.read(whole, reading.metadata, lenient=reading.lenient)
    items, notices = [], [*read.notices]

    @cache
    def route(domain: Domain, own: str, written: str) -> tuple[attack.Found, Route]:
        target = attack.find(domain, attack_version, own=own)
        return target, Routes(target.release.version)[domain, written]

    likely = cache(likely_release)
    # The Navigator opens the last layer of a list in its first tab.
    for number, item in enumerate(reversed(read.layers)):
        name = source.name if read.single else f"{source.name}, layer {number + 1}"
        layer, catalogue, about = _at_release(item, source, attack_version, route, likely)
        notices += about
        items.append(Item(name, layer, catalogue, raw.data if read.single and whole.data == raw.data else b""))
    return items, notices, without_effect(source.name, reading, "layer")


def _format(source: Source, reading: ReadOptions) -> str:
    if source.mapping_set is not None:
        return "set"
    if source.data is None and source.path.is_dir():
        return "folder"
    return sniff(sources.load(source.path, source.data, reading.max_bytes)).format


def _at_release(
    item: format_versions.Read,
    source: Source,
    attack_version: str | None,
    routes: Callable[[Domain, str, str], tuple[attack.Found, Route]],
    likely: Callable[[Domain, tuple[str, ...], tuple[str, ...]], str],
) -> tuple[dict[str, Any], attack.Catalogue, list[Problem]]:
    """The layer in format 4.5 at the requested release, else its own or the nearest, else the likely one."""
    notices = []
    place = Place(str(source.path))
    own = item.attack_version or likely(item.domain, *_ids_and_tactics(item.layer))
    if not item.attack_version:
        message = f"the layer does not name its ATT&CK release; using {attack_version or own}"
        notices.append(Problem(message, place))
    try:
        target, route = routes(item.domain, own, item.attack_version)
    except NavlayersError as error:
        problems = (problem.at(place) for problem in error.problems)
        raise type(error)(problems) from None
    about = route.notices if attack_version else [target.notice] if target.notice else []
    notices += (notice.at(place) for notice in about)
    catalogue = route.releases.new
    # A layer of another minor version is drawn as it is.
    named = parse_wanted(own)
    if attack_version is None and named and named.major in (None, int(catalogue.major)):
        return modern(item.layer, catalogue)[0], catalogue, notices
    layer, report = upgraded_layer(item.layer, route)
    left_out = [f"{entry.id} {entry.name}".rstrip() + f": {entry.why}" for entry in report.removed]
    if left_out:
        listed = first_few(left_out, MOST_LISTED, "; ")
        notices.append(Problem(f"{source.name}: {not_active(catalogue.version)}: {listed}"))
    dropped = [f"{entry.id} {entry.name}: {entry.why}" for entry in report.dropped]
    if dropped:
        notices.append(Problem(f"{source.name}: entries left out: {first_few(dropped, MOST_LISTED, '; ')}"))
    return layer, catalogue, notices


def _ids_and_tactics(layer: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The ids of techniques and the tactics of the entries of a layer."""
    entries = [entry for entry in layer.get("techniques") or () if isinstance(entry, dict)]
    return tuple(
        tuple(value for entry in entries if isinstance(value := entry.get(field), str))
        for field in ("techniqueID", "tactic")
    )


def to_draw(inputs: Sequence[Source], max_bytes: int) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """The inputs to render: of a folder its layers, or else its sets; with notices about skipped files.

    In a folder that navlayers wrote, the file of all layers replaces the others.

    Raises:
        InputError: a folder holds neither layers nor sets.
    """
    kept: list[Source] = []
    notices: list[Problem] = []
    done: set[Path] = set()
    for source in inputs:
        folder = source.path.parent
        if source.origin != _FROM_FOLDER:
            kept.append(source)
        elif folder not in done:
            done.add(folder)
            of_folder = [other for other in inputs if other.origin == _FROM_FOLDER and other.path.parent == folder]
            chosen = _of_folder(folder, of_folder, max_bytes)
            kept += chosen
            skipped = len(of_folder) - len(chosen)
            if skipped:
                what = f"skipped {quantity(skipped, 'file')} of this folder"
                rest = [other.path.name for other in of_folder if other not in chosen]
                hint = f"rendered: {comma_list([other.path.name for other in chosen])}"
                notices.append(Problem(f"{what}: {comma_list(rest)}", Place(str(folder)), hint=hint))
    return tuple(kept), tuple(notices)


def _of_folder(folder: Path, candidates: Sequence[Source], max_bytes: int) -> list[Source]:
    whole = [source for source in candidates if source.path.name == ALL]
    if whole and read_index(folder) is not None:
        return whole
    formats = {source: _layer_format(source, max_bytes) for source in candidates if source.path.name != INDEX}
    layers = [source for source, format_ in formats.items() if format_ == "layer"]
    sets = [source for source, format_ in formats.items() if format_]
    if not sets:
        raise InputError(
            Problem("this folder holds no layers", Place(str(folder)), "Navigator layers, or mapping sets")
        )
    return layers or sets


def _layer_format(source: Source, max_bytes: int) -> str:
    """The format of a file; `load` reports a file that cannot be read."""
    try:
        return sniff(sources.load(source.path, source.data, max_bytes)).format
    except NavlayersError:
        return "layer"
