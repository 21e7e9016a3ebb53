"""A Navigator layer at another ATT&CK release, as format 4.5; fields that navlayers does not know stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.json_text import encode_members
from navlayers._text.wording import bare, comma_list
from navlayers.attack.domains import DOMAIN_NAMES
from navlayers.attack.platforms import OLD_NAMES, RENAMES
from navlayers.attack.versions import canonical, number
from navlayers.errors import InputError, Problem, UsageError
from navlayers.layer import format_versions
from navlayers.layer.document import ATTACK, LAYER_VERSION, encode_layers, tab_name
from navlayers.layer.repair import Repair
from navlayers.mapping.formats.source import Source
from navlayers.upgrades.entries import EntryUpgrade
from navlayers.upgrades.report import Platforms, Report, report_of, unchanged_report
from navlayers.upgrades.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navlayers.layer.format_versions import Document
    from navlayers.upgrades.routes import Route

# All platforms of layer format 3.0, for old releases that are not installed.
_ALL_OF_FORMAT_3 = {
    "enterprise": frozenset({"Windows", "Linux", "macOS", "AWS", "GCP", "Azure", "Azure AD", "Office 365", "SaaS"}),
    "mobile": frozenset({"Android", "iOS"}),
}


def upgrade_layer(layer: Document, attack_version: str) -> tuple[Document, Report]:
    """A decoded layer of format 3.0 or later at another ATT&CK release, and its changes.

    The given layer is not changed. One of that release and of format 4.5 is returned as it is.

    Raises:
        InputError: The layer does not follow the format.
        ReleaseError: The release is not installed.
    """
    try:
        data = json.dumps(layer, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(Problem(f"the layer is not JSON: {error}", expected="a decoded Navigator layer")) from None
    read = format_versions.read(Source("layer", data), {})
    if not read.single:
        raise UsageError(Problem("this is a list of layers", expected="one layer", hint="upgrade one at a time"))
    (one,) = read.layers
    return upgraded_layer(one.layer, Routes(attack_version)[one.domain, one.attack_version])


def upgraded_layer(layer: Document, route: Route) -> tuple[Document, Report]:
    """A layer that `navlayers.layer.format_versions.read` gave at the release of a route, and its changes."""
    name = layer.get("name")
    name = name if isinstance(name, str) else ""
    releases = route.releases
    entries: list[Document] = layer.get("techniques") or []
    before = [entry["techniqueID"].strip() for entry in entries]
    versions = layer.get("versions")
    current = isinstance(versions, dict) and versions.get("layer") == LAYER_VERSION and "version" not in layer
    if route.already and current:
        inactive = [identifier for identifier in sorted(set(before)) if not releases.new.is_active(identifier)]
        other = [f"not active in its own release: {comma_list(inactive)}"] if inactive else []
        faults = Repair(layer, mend=False)
        faults.layer(layer)
        for entry in entries:
            faults.entry(entry)
        return layer, unchanged_report(name, "layer", route, before, [*other, *faults.sentences])
    result, other = format_versions.modern(layer, releases.new)
    platforms = _update_filter(result, route)
    if platforms is not None and not platforms.after:
        other.append("filters.platforms is empty now: the Navigator shows all platforms")
    repair = Repair(result)
    repair.layer(result)
    changes = EntryUpgrade(releases, repair)
    upgraded = changes.upgraded(entries)
    if "techniques" in result or entries:
        result["techniques"] = upgraded
    other += repair.sentences
    other += [f"tactic {bare(written)} → {now}" for written, now in changes.tactics.items()]
    _update_metadata(result, route, before, [entry["techniqueID"] for entry in upgraded])
    if result.get("customDataURL"):
        other.append("customDataURL is kept: the Navigator loads data from there, which may be of another release")
    visible = platforms.after if platforms else ()
    report = msgspec.structs.replace(
        report_of(name, "layer", route, changes.ids, changes.removed, visible),
        merged=tuple(changes.merged),
        moved=tuple(changes.moved),
        dropped=tuple(changes.dropped),
        platforms=platforms if platforms and platforms.before != platforms.after else None,
        other=tuple(other),
    )
    return result, report


def encode(layers: Iterable[Document], *, single: bool) -> bytes:
    """Layers as a file: one by itself, or a list in the given order; one entry per line."""
    texts = [encode_members(layer) + b"\n" for layer in layers]
    # encode_layers writes tabs from the last to the first; here the order of the list stays.
    return texts[0] if single else encode_layers(reversed(texts))


def _update_metadata(layer: Document, route: Route, before: Sequence[str], after: Sequence[str]) -> None:
    """Update the release, the numbers of techniques and the name that navlayers wrote into a layer.

    `before` and `after` are the technique ids of its entries. Numbers that differ from those of the layer stay.
    """
    metadata = layer.get("metadata")
    if not metadata:
        return
    names = [item.get("name") for item in metadata]
    built = "framework" in names and ATTACK in names
    numbers: dict[str, tuple[int, int]] = {}
    if built:
        bases = _bases(before), _bases(after)
        numbers = {
            "techniques": bases,
            "sub-techniques": (len(set(before)) - bases[0], len(set(after)) - bases[1]),
        }
    items = []
    for item in metadata:
        name = item.get("name")
        old, new = numbers.get(name, (None, None)) if isinstance(name, str) else (None, None)
        if name == ATTACK:
            items.append({**item, "value": f"{route.domain} {route.releases.new.version}"})
        elif old is not None and item.get("value") == str(old):
            items.append({**item, "value": str(new)})
        else:
            items.append(item)
    layer["metadata"] = items
    if built and isinstance(layer.get("name"), str):
        layer["name"] = tab_name(layer["name"])
    description = layer.get("description")
    if built and isinstance(description, str) and route.releases.old is not None:
        start = f" mapped to ATT&CK {DOMAIN_NAMES[route.domain]} "
        versions = route.releases.old.version, route.releases.new.version
        layer["description"] = description.replace(f"{start}{versions[0]}: ", f"{start}{versions[1]}: ", 1)


def _bases(ids: Iterable[str]) -> int:
    return sum("." not in identifier for identifier in set(ids))


def _update_filter(layer: Document, route: Route) -> Platforms | None:
    """Update the platform filter of a layer to the names of the new release; None: it filters nothing."""
    filters = layer.get("filters")
    if not filters or not filters.get("platforms"):
        return None
    before: list[str] = filters["platforms"]
    new = route.releases.new.platforms
    after: dict[str, None] = {}
    removed = []
    if set(before) >= _all_platforms(route):
        after = dict.fromkeys(new)
    else:
        by_case = {name.casefold(): name for name in new}
        for name in before:
            names = [current for current in _current_names(name, route) if current in new]
            same = by_case.get(name.strip().casefold())
            names = names or ([same] if same else [])
            after.update(dict.fromkeys(names))
            removed += [] if names else [name]
    layer["filters"] = {**filters, "platforms": list(after)}
    return Platforms(tuple(before), tuple(after), tuple(removed))


def _all_platforms(route: Route) -> frozenset[str]:
    """All platforms of the old release; without it, all platforms of layer format 3.0."""
    if route.releases.old is not None:
        return frozenset(route.releases.old.platforms)
    return _ALL_OF_FORMAT_3.get(route.domain, frozenset({""}))


def _current_names(name: str, route: Route) -> Iterable[str]:
    """The names in the new release for a platform of the old one: several in a downgrade."""
    new = number(route.releases.new.version)
    written = canonical(route.releases.old.version if route.releases.old else route.written)
    old = new if written is None else number(written)
    steps = RENAMES.get(route.domain, ())
    names = [OLD_NAMES.get(name, name)]
    if old <= new:
        for since, renames in steps:
            if since <= new:
                names = [renames.get(old_name, old_name) for old_name in names]
        return names
    for since, renames in reversed(steps):
        if new < since <= old:
            sources = {now: [before for before, after in renames.items() if after == now] for now in names}
            names = [source for now in names for source in sources[now] or [now]]
    return names
