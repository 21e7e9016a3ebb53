"""A Navigator layer at another ATT&CK release, as format 4.5; fields unknown to navlayers stay as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from navlayers import _text as jsontext
from navlayers._text import listed, shown
from navlayers.attack.unknown_ids import why_removed
from navlayers.errors import InputError, Problem, UsageError
from navlayers.layer import documents
from navlayers.layer.document import LAYER_VERSION, encode_layers
from navlayers.layer.old_formats import modern
from navlayers.layer.repair import Mending
from navlayers.mapping.formats.source import Source
from navlayers.upgrade import own_metadata as own
from navlayers.upgrade import platforms
from navlayers.upgrade.entries import carried
from navlayers.upgrade.releases import Releases
from navlayers.upgrade.report import Platforms, Removed, Report, sorted_fates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.layer.old_formats import Document
    from navlayers.upgrade.releases import Way


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
    read = documents.read(Source("layer", data), {})
    if not read.single:
        raise UsageError(Problem("this is a list of layers", expected="one layer", hint="upgrade one at a time"))
    (one,) = read.layers
    return along(one.layer, Releases(attack_version).way(one.domain, one.attack_version))


def along(layer: Document, way: Way) -> tuple[Document, Report]:
    """The layer at the release that a way leads to, and what changed; the layer is one that `documents` gave."""
    name = layer.get("name")
    called = name if isinstance(name, str) else ""
    step, to = way.step, way.step.new.version
    entries: list[Document] = layer.get("techniques") or []
    before = [entry["techniqueID"].strip() for entry in entries]
    if way.already and _is_current(layer):
        kept = tuple(sorted(set(before)))
        inactive = [identifier for identifier in kept if not step.new.is_active(identifier)]
        other = [f"not active in its own release: {listed(inactive)}"] if inactive else []
        other += _faults(layer, entries)
        report = Report(
            called, "layer", way.domain, way.written, to, kept, other=tuple(other), new=(), already=True
        )
        return layer, report
    result, told = modern(layer, step.new)
    filtered = _filter(result, way)
    if filtered is not None and not filtered.after and filtered.before:
        told.append("filters.platforms is empty now, which shows all platforms")
    mending = Mending(result)
    mending.layer(result)
    done = carried(entries, step, mending)
    if "techniques" in result or entries:
        result["techniques"] = done.entries
    told += mending.told
    told += [f"tactic {shown(written)[1:-1]} → {now}" for written, now in done.spelt.items()]
    own.follow(result, way, before, [entry["techniqueID"] for entry in done.entries])
    if result.get("customDataURL"):
        told.append("customDataURL is kept: the Navigator takes its data from there, whatever their release")
    fates = [step.fate(identifier) for identifier in done.ids]
    kept, renamed, replaced, removed = sorted_fates(fates)
    new, elsewhere = way.additions({fate.now for fate in fates if fate.now}, filtered.after if filtered else ())
    report = Report(
        called,
        "layer",
        way.domain,
        way.written,
        to,
        kept,
        renamed,
        replaced,
        tuple(
            Removed(fate.id, fate.name, why_removed(fate, step), tuple(done.gone.get(fate.id, ())))
            for fate in removed
        ),
        tuple(done.merged),
        tuple(done.moved),
        tuple(done.dropped),
        filtered if filtered and filtered.before != filtered.after else None,
        tuple(told),
        new,
        way.why_not_new,
        elsewhere,
        way.tactics,
    )
    return result, report


def _faults(layer: Document, entries: Iterable[Document]) -> list[str]:
    """What the Navigator cannot show of a layer that is left as it is."""
    mending = Mending(layer, mend=False)
    mending.layer(layer)
    for entry in entries:
        mending.entry(entry)
    return mending.told


def _is_current(layer: Document) -> bool:
    versions = layer.get("versions")
    return isinstance(versions, dict) and versions.get("layer") == LAYER_VERSION and "version" not in layer


def _filter(layer: Document, way: Way) -> Platforms | None:
    """Put the platforms of the release into a layer's filter; None where it filters nothing."""
    filters = layer.get("filters")
    if not filters or not filters.get("platforms"):
        return None
    change = platforms.carried(filters["platforms"], way)
    layer["filters"] = {**filters, "platforms": list(change.after)}
    return change


def encode(layers: Iterable[Document], *, single: bool) -> bytes:
    """Layers as a file: one by itself, or a list in the given order; one entry per line."""
    texts = [jsontext.encode_members(layer) + b"\n" for layer in layers]
    return texts[0] if single else encode_layers(reversed(texts))
