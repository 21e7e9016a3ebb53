"""Layers of formats 3.0 to 4.5 as decoded JSON: checked, and converted to format 4.5.

Layers stay JSON documents here, so that an upgrade keeps unknown fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from navlayers.errors import InputError, Problem
from navlayers.layer.document import LAYER_VERSION, NAVIGATOR_VERSION
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats._json import convert, not_json
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.layer_document import FORMAT, Layer, load_layers
from navlayers.mapping.formats.layer_entries import read_entries
from navlayers.mapping.formats.metadata import likely_domain, refuse_other_domain
from navlayers.mapping.formats.source import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.attack import Catalogue
    from navlayers.attack.domains import Domain
    from navlayers.mapping.formats.layer_entries import Entry
    from navlayers.mapping.formats.source import Source

Document: TypeAlias = "dict[str, Any]"
"""A decoded layer; fields are the format's own."""

# Fields whose null values make the Navigator fail or complain.
_NULLS = frozenset(
    {
        *("description", "filters", "sorting", "layout", "hideDisabled", "techniques", "gradient", "legendItems"),
        *("showTacticRowBackground", "tacticRowBackground", "selectTechniquesAcrossTactics", "metadata", "links"),
        *("selectSubtechniquesWithParent", "selectVisibleTechniques", "customDataURL", "viewMode"),
    }
)

# The layouts of `viewMode`, which layers had before `layout`; 0 is the default layout.
_VIEW_MODES = {
    1: {"layout": "side", "showName": False, "showID": True},
    2: {"layout": "mini", "showName": False, "showID": False},
}


class _Filters(msgspec.Struct):
    platforms: list[str] | None = None


class _Shapes(msgspec.Struct):
    """The types outside the entries without which the Navigator stops."""

    metadata: list[dict[str, Any]] | None = None
    links: list[dict[str, Any]] | None = None
    filters: _Filters | None = None
    layout: dict[str, Any] | None = None


class Read(NamedTuple):
    """A layer with its domain and release ("" if it does not state one)."""

    layer: Document
    domain: Domain
    attack_version: str


class Layers(NamedTuple):
    """The layers of a file, in order; `single`: the file is one layer, not a list."""

    layers: list[Read]
    single: bool
    notices: tuple[Problem, ...]


def read(source: Source, overrides: Mapping[str, str], *, lenient: bool = False) -> Layers:
    """Read a layer or a list of layers.

    Args:
        source: the file.
        overrides: domain and attack_version given by the user.
        lenient: leave out entries with errors, with a notice.

    Raises:
        InputError: the text is not JSON, not a layer, or wrong in the places listed.
        OtherFileError: it is sound JSON of another kind.
    """
    findings, source = Findings(leave_out=lenient), as_text(source)
    layers = [_read_layer(layer, source, findings, overrides) for layer in load_layers(source, findings)]
    findings.raise_errors()
    notices = tuple(notice for notice in findings.notices() if notice.code in {"", "wrong-type", "wrong-shape"})
    return Layers(layers, not source.data.lstrip().startswith(b"["), notices)


def _read_layer(layer: Layer, source: Source, findings: Findings, overrides: Mapping[str, str]) -> Read:
    try:
        document: Document = msgspec.json.decode(layer.text)
    except msgspec.ValidationError:
        message, expected = "a number of this layer is too large", "a number that fits a 64-bit float"
        raise InputError(Problem(message, layer.place(), expected, code="wrong-type")) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, FORMAT) from None
    _mend_entries(document, list(read_entries(layer)))
    convert(document, _Shapes, lambda path, issue: layer.report(issue, *path))
    ids = (entry.get("techniqueID") for entry in layer.entries if isinstance(entry, dict))
    techniques = [id_.strip() for id_ in ids if isinstance(id_, str)]
    domain, _ = value_rules.domain(overrides.get("domain", layer.domain))
    if "domain" in overrides and domain is not None:
        refuse_other_domain(domain, {*techniques}, layer.place())
    version = overrides.get("attack_version") or layer.attack_version
    return Read(document, domain or likely_domain(techniques), version)


def _mend_entries(document: Document, entries: Sequence[Entry | None]) -> None:
    """Leave out entries that cannot be read, and write truth values for texts such as "True"."""
    items = document.get("techniques")
    if isinstance(items, list) and len(items) == len(entries):
        document["techniques"] = [item for item, entry in zip(items, entries, strict=True) if entry is not None]
        for item, entry in zip(items, entries, strict=True):
            if entry is not None and isinstance(item.get("enabled"), str):
                item["enabled"] = entry.enabled


def modern(layer: Document, catalogue: Catalogue) -> tuple[Document, list[str]]:
    """The layer in format 4.5 at the catalogue's release, and the list of changes.

    Versions, domain, layout and filters of formats 3.0 to 4.4 are converted as the Navigator does. Techniques and
    platforms stay unchanged.
    """
    changes = []
    format_ = _format_of(layer)
    if format_ != LAYER_VERSION:
        changes.append(f"layer format {format_ or 'not named'} → {LAYER_VERSION}")
    versions = {"attack": catalogue.major, "navigator": NAVIGATOR_VERSION, "layer": LAYER_VERSION}
    result: Document = {}
    for key, value in layer.items():
        if key in ("version", "versions"):
            # A layer may have both; unknown fields of `versions` are kept.
            result["versions"] = {**(value if isinstance(value, dict) else {}), **versions}
        elif value is None and key in _NULLS:
            changes.append(f"{key}: null removed")
        else:
            result[key] = value
    result.setdefault("versions", versions)
    domain = f"{catalogue.domain}-attack"
    if result.get("domain") != domain:
        changes.append(f"domain {result.get('domain') or 'not named'} → {domain}")
    result["domain"] = domain
    changes += _layout_of_mode(result)
    if isinstance(result.get("filters"), dict) and "stages" in result["filters"]:
        changes.append("filters.stages removed: not part of the layer format")
        result["filters"] = {key: value for key, value in result["filters"].items() if key != "stages"}
    return result, changes


def _format_of(layer: Document) -> str:
    versions = layer.get("versions")
    format_ = versions.get("layer") if isinstance(versions, dict) else None
    format_ = layer.get("version") if format_ is None else format_
    return str(format_) if isinstance(format_, (str, float)) else ""


def _layout_of_mode(layer: Document) -> list[str]:
    if "viewMode" not in layer:
        return []
    mode = layer.pop("viewMode")
    if "layout" in layer:
        return ["viewMode removed: the layer has a layout"]
    layout = _VIEW_MODES.get(mode) if type(mode) is int else None
    if layout is not None:
        layer["layout"] = dict(layout)
    return [f"viewMode {mode} → layout {layout['layout'] if layout else 'side'}"]
