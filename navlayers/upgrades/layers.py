"""A Navigator layer at another ATT&CK release, as format 4.5; fields unknown to navlayers stay as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from navlayers import _text as jsontext
from navlayers._text import listed, shown
from navlayers.attack.domain import DOMAIN_NAMES
from navlayers.attack.versions import canonical, number
from navlayers.errors import InputError, Problem, UsageError
from navlayers.layer import formats
from navlayers.layer.document import ATTACK, LAYER_VERSION, encode_layers
from navlayers.layer.formats import modern
from navlayers.layer.repair import Repair
from navlayers.mapping.formats.source import Source
from navlayers.upgrades.entries import carry
from navlayers.upgrades.report import Platforms, Report, report_of, unchanged_report
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.attack import Catalogue
    from navlayers.layer.formats import Document
    from navlayers.upgrades.routes import Route


_FRAMEWORK = "framework"
_COUNTS = ("techniques", "sub-techniques")
"""Items of the metadata of layers that `navlayers build` wrote."""

_RENAMES: dict[str, tuple[tuple[tuple[int, int], dict[str, str]], ...]] = {
    "enterprise": (
        ((9, 0), {"AWS": "IaaS", "Azure": "IaaS", "GCP": "IaaS"}),
        (
            (16, 0),
            {"Azure AD": "Identity Provider", "Office 365": "Office Suite", "Google Workspace": "Office Suite"},
        ),
        ((17, 0), {"Network": "Network Devices"}),
    )
}
"""By domain, the first release that has other names, and old name → new name. Routes name them so."""

_OLD_SPELLING = {"mac": "macOS"}
"""As layers before format 3.0 write it; other names of theirs differ in case alone."""

_ALL_OF_FORMAT_3 = {
    "enterprise": frozenset({"Windows", "Linux", "macOS", "AWS", "GCP", "Azure", "Azure AD", "Office 365", "SaaS"}),
    "mobile": frozenset({"Android", "iOS"}),
}
"""All platforms that layer format 3.0 knows, and so all of the releases that it was for."""


def upgrade_layer(layer: Document, attack_version: str) -> tuple[Document, Report]:
    """A decoded layer of any format from 3.0 on, at another ATT&CK release, and what changed.

    The given layer is not changed. One of that release and of format 4.5 is given as it is.

    Raises:
        InputError: the layer is not what the format says.
        ReleaseError: the release is not at hand.
    """
    try:
        data = json.dumps(layer, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(Problem(f"the layer is not JSON: {error}", expected="a decoded Navigator layer")) from None
    read = formats.read(Source("layer", data), {})
    if not read.single:
        raise UsageError(Problem("this is a list of layers", expected="one layer", hint="upgrade one at a time"))
    (one,) = read.layers
    return upgraded_layer(one.layer, Routes(attack_version).route(one.domain, one.attack_version))


def upgraded_layer(layer: Document, route: Route) -> tuple[Document, Report]:
    """The layer at the release that a route leads to, and what changed; the layer is one that `documents` gave."""
    name = layer.get("name")
    called = name if isinstance(name, str) else ""
    releases = route.releases
    entries: list[Document] = layer.get("techniques") or []
    before = [entry["techniqueID"].strip() for entry in entries]
    if route.already and _is_current(layer):
        inactive = [identifier for identifier in sorted(set(before)) if not releases.new.is_active(identifier)]
        other = [f"not active in its own release: {listed(inactive)}"] if inactive else []
        return layer, unchanged_report(called, "layer", route, before, [*other, *_faults(layer, entries)])
    result, other = modern(layer, releases.new)
    platforms = _filter(result, route)
    if platforms is not None and not platforms.after and platforms.before:
        other.append("filters.platforms is empty now, which shows all platforms")
    mending = Repair(result)
    mending.layer(result)
    carried = carry(entries, releases, mending)
    if "techniques" in result or entries:
        result["techniques"] = carried.entries
    other += mending.told
    other += [f"tactic {shown(written)[1:-1]} → {now}" for written, now in carried.spelt.items()]
    _update_metadata(result, route, before, [entry["techniqueID"] for entry in carried.entries])
    if result.get("customDataURL"):
        other.append("customDataURL is kept: the Navigator takes its data from there, whatever their release")
    report = report_of(called, "layer", route, carried.ids, carried.removed, platforms.after if platforms else ())
    report = msgspec.structs.replace(
        report,
        merged=tuple(carried.merged),
        moved=tuple(carried.moved),
        dropped=tuple(carried.dropped),
        platforms=platforms if platforms and platforms.before != platforms.after else None,
        other=tuple(other),
    )
    return result, report


def _faults(layer: Document, entries: Iterable[Document]) -> list[str]:
    """What the Navigator cannot show of a layer that is left as it is."""
    mending = Repair(layer, mend=False)
    mending.layer(layer)
    for entry in entries:
        mending.entry(entry)
    return mending.told


def _is_current(layer: Document) -> bool:
    versions = layer.get("versions")
    return isinstance(versions, dict) and versions.get("layer") == LAYER_VERSION and "version" not in layer


def _filter(layer: Document, route: Route) -> Platforms | None:
    """Put the platforms of the release into a layer's filter; None where it filters nothing."""
    filters = layer.get("filters")
    if not filters or not filters.get("platforms"):
        return None
    change = _renamed(filters["platforms"], route)
    layer["filters"] = {**filters, "platforms": list(change.after)}
    return change


def encode(layers: Iterable[Document], *, single: bool) -> bytes:
    """Layers as a file: one by itself, or a list in the given order; one entry per line."""
    texts = [jsontext.encode_members(layer) + b"\n" for layer in layers]
    return texts[0] if single else encode_layers(reversed(texts))


def _update_metadata(layer: Document, route: Route, before: Sequence[str], after: Sequence[str]) -> None:
    """Make metadata and description of a layer say what holds now; `before` and `after` are its technique ids.

    Counts are changed only where they were those of the layer. The lists and items of the layer are replaced, not
    changed in place.
    """
    metadata = layer.get("metadata")
    if not metadata:
        return
    said = f"{route.domain} {route.releases.new.version}"
    names = [item.get("name") for item in metadata]
    ours = _FRAMEWORK in names and ATTACK in names
    counted = dict(zip(_COUNTS, zip(_counts(before), _counts(after), strict=True), strict=True)) if ours else {}
    items = []
    for item in metadata:
        name, value = item.get("name"), item.get("value")
        new = value
        if name == ATTACK:
            new = said
        elif isinstance(name, str) and name in counted and value == counted[name][0]:
            new = counted[name][1]
        items.append(item if new == value else {**item, "value": new})
    layer["metadata"] = items
    description = layer.get("description")
    if ours and isinstance(description, str) and route.releases.old is not None:
        start = f" mapped to ATT&CK {DOMAIN_NAMES[route.domain]} "
        layer["description"] = description.replace(
            f"{start}{route.releases.old.version}: ", f"{start}{route.releases.new.version}: ", 1
        )


def _counts(ids: Sequence[str]) -> tuple[str, str]:
    subs = sum("." in identifier for identifier in set(ids))
    return str(len(set(ids)) - subs), str(subs)


def _renamed(before: Sequence[str], route: Route) -> Platforms:
    """The names that the new release has for those of a filter; all of its names where the filter listed all."""
    new = platforms_of(route.releases.new)
    if not before:
        return Platforms((), ())
    if set(before) >= _all(route):
        return Platforms(tuple(before), new)
    by_case = {name.casefold(): name for name in new}
    after: dict[str, None] = {}
    removed = []
    for name in before:
        found = [one for one in _names_of(name, route) if one in new] or [
            by_case[spelt] for spelt in (name.strip().casefold(),) if spelt in by_case
        ]
        after.update(dict.fromkeys(found))
        if not found:
            removed.append(name)
    return Platforms(tuple(before), tuple(after), tuple(removed))


def platforms_of(catalogue: Catalogue) -> tuple[str, ...]:
    """The platforms of a release's active techniques, in the order in which they first stand."""
    techniques = catalogue.techniques.values()
    return tuple(dict.fromkeys(name for one in techniques if one.active for name in one.platforms))


def _all(route: Route) -> frozenset[str]:
    """All platforms of the old release; of one that is not at hand, those of the layer format of its time."""
    if route.releases.old is not None:
        return frozenset(platforms_of(route.releases.old))
    return _ALL_OF_FORMAT_3.get(route.domain, frozenset({""}))


def _names_of(name: str, route: Route) -> Iterable[str]:
    """What a name has become, or what became it, from the old release to the new one."""
    new = number(route.releases.new.version)
    written = canonical(route.releases.old.version if route.releases.old else route.written)
    old = new if written is None else number(written)
    steps = _RENAMES.get(route.domain, ())
    names = [_OLD_SPELLING.get(name, name)]
    if old <= new:
        for since, renames in steps:
            if since <= new:
                names = [renames.get(one, one) for one in names]
        return names
    for since, renames in reversed(steps):
        if new < since <= old:
            sources = {one: [before for before, after in renames.items() if after == one] for one in names}
            names = [source for one in names for source in sources[one] or [one]]
    return names
