"""Layer formats 3.0 to 4.4 as 4.5, as the Navigator itself reads them: versions, domain, layout, filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from navlayers.layer.document import LAYER_VERSION, NAVIGATOR_VERSION

if TYPE_CHECKING:
    from navlayers.attack import Catalogue

Document: TypeAlias = "dict[str, Any]"
"""A decoded layer; fields are the format's own."""

_NULLS = frozenset(
    {
        *("description", "filters", "sorting", "layout", "hideDisabled", "techniques", "gradient", "legendItems"),
        *("showTacticRowBackground", "tacticRowBackground", "selectTechniquesAcrossTactics", "metadata", "links"),
        *("selectSubtechniquesWithParent", "selectVisibleTechniques", "customDataURL", "viewMode"),
    }
)
"""Fields that the Navigator takes for something where they are null: it stops, or complains."""

_VIEW_MODES = {
    1: {"layout": "side", "showName": False, "showID": True},
    2: {"layout": "mini", "showName": False, "showID": False},
}
"""What `viewMode` meant before there was a layout; 0 is the layout that a layer has anyway."""


def modern(layer: Document, catalogue: Catalogue) -> tuple[Document, list[str]]:
    """The layer with the fields of format 4.5 at the catalogue's release, in their order; and what changed.

    Its techniques and platforms are left as they are.
    """
    told = []
    written = _format_of(layer)
    if written != LAYER_VERSION:
        told.append(f"layer format {written or 'not named'} → {LAYER_VERSION}")
    versions = {"attack": catalogue.major, "navigator": NAVIGATOR_VERSION, "layer": LAYER_VERSION}
    result: Document = {}
    for key, value in layer.items():
        if key in ("version", "versions"):
            # The two may both be there; unknown fields beside the three versions stay.
            result["versions"] = {**(value if isinstance(value, dict) else {}), **versions}
        elif value is None and key in _NULLS:
            told.append(f"{key}: null left out")
        else:
            result[key] = value
    result.setdefault("versions", versions)
    domain = f"{catalogue.domain}-attack"
    if result.get("domain") != domain:
        told.append(f"domain {result.get('domain') or 'not named'} → {domain}")
    result["domain"] = domain
    told += _view_mode(result)
    if isinstance(result.get("filters"), dict) and "stages" in result["filters"]:
        told.append("filters.stages left out: the layer format has none")
        result["filters"] = {key: value for key, value in result["filters"].items() if key != "stages"}
    return result, told


def _format_of(layer: Document) -> str:
    versions = layer.get("versions")
    written = versions.get("layer") if isinstance(versions, dict) else None
    written = layer.get("version") if written is None else written
    return str(written) if isinstance(written, (str, float)) else ""


def _view_mode(layer: Document) -> list[str]:
    if "viewMode" not in layer:
        return []
    mode = layer.pop("viewMode")
    if "layout" in layer:
        return ["viewMode left out: the layer has a layout"]
    layout = _VIEW_MODES.get(mode) if type(mode) is int else None
    if layout is not None:
        layer["layout"] = dict(layout)
    return [f"viewMode {mode} → layout {layout['layout'] if layout else 'side'}"]


ATTACK = "ATT&CK version"
"""The item of the metadata that names domain and release in full: the layer format knows majors only."""


def attack_version(layer: Document) -> str:
    """The release that navlayers wrote into the metadata, "" where it did not."""
    for item in layer.get("metadata") or ():
        if item.get("name") == ATTACK and isinstance(item.get("value"), str):
            return str(item["value"]).strip().rpartition(" ")[2]
    return ""
