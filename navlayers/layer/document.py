"""The ATT&CK Navigator layer document, format 4.5, and its bytes.

Source: layer format 4.5 (layers/spec/v4.5 of mitre-attack/attack-navigator). Field names are the format's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from navlayers.layer.colors import Gradient, LegendItem

if TYPE_CHECKING:
    from collections.abc import Iterable

LAYER_VERSION = "4.5"
NAVIGATOR_VERSION = "5.1.0"

ATTACK = "ATT&CK version"
"""Name of the metadata with domain and full release, such as "enterprise 16.1"; `versions` has the major only."""


# mitreattack-python's ToExcel names a sheet after the layer, and Excel forbids these characters there.
_IN_SHEET_NAMES = str.maketrans({"/": "-", "\\": "-", ":": "-", "[": "(", "]": ")", "?": None, "*": None})


def tab_name(text: str) -> str:
    """A layer name that is also a valid sheet name, apart from its length: `: ` becomes ` – `, `/` becomes `-`."""
    name = re.sub(r"(?:(?<!\s)\s+)?:\s+", " – ", text).translate(_IN_SHEET_NAMES)
    return name.strip("' ") or "layer"


class Metadata(msgspec.Struct, frozen=True):
    """A name and a value; the Navigator drops an item with an empty one."""

    name: str
    value: str


class Link(msgspec.Struct, frozen=True):
    """A label and an http(s) URL, which a click opens."""

    label: str
    url: str


class Versions(msgspec.Struct, frozen=True):
    """Versions of ATT&CK (the major version, as the Navigator reads no more), Navigator and layer format."""

    attack: str
    navigator: str = NAVIGATOR_VERSION
    layer: str = LAYER_VERSION


class Layout(msgspec.Struct, frozen=True):
    """The initial layout of the matrix; "annotated" expands techniques with annotated sub-techniques."""

    layout: str = "side"
    showName: bool = True  # noqa: N815 - the layer format's name
    showID: bool = False  # noqa: N815 - the layer format's name
    expandedSubtechniques: Literal["none", "annotated", "all"] = "annotated"  # noqa: N815 - the layer format's name


class Filters(msgspec.Struct, frozen=True):
    """The platforms of the techniques that the Navigator shows."""

    platforms: tuple[str, ...]


class Technique(msgspec.Struct, frozen=True, omit_defaults=True):
    """An annotated technique or sub-technique, under each of its tactics.

    `color`, `#rrggbb`, overrides the color of the score. A disabled technique is grayed out, or hidden if the layer
    has `hideDisabled`.
    """

    techniqueID: str  # noqa: N815 - the layer format's name
    score: float | None = None
    color: str = ""
    comment: str = ""
    enabled: bool = True
    metadata: tuple[Metadata, ...] = ()
    links: tuple[Link, ...] = ()


class Layer(msgspec.Struct, frozen=True):
    """One layer: one tab of the Navigator."""

    name: str
    versions: Versions
    domain: str
    description: str
    gradient: Gradient
    legendItems: tuple[LegendItem, ...]  # noqa: N815 - the layer format's name
    techniques: tuple[Technique, ...]
    metadata: tuple[Metadata, ...] = ()
    links: tuple[Link, ...] = ()
    sorting: int = 0
    hideDisabled: bool = False  # noqa: N815 - the layer format's name
    layout: Layout = Layout()
    filters: Filters | msgspec.UnsetType = msgspec.UNSET


def encode_layer(layer: Layer) -> bytes:
    """The layer as JSON, one technique per line."""
    from navlayers._text.json_text import encode  # noqa: PLC0415 - many layers are only drawn

    return encode(layer) + b"\n"


def encode_layers(layers: Iterable[bytes]) -> bytes:
    """Encoded layers as one file, which opens as tabs in the given order.

    The Navigator opens a list from its end, so the first layer is written last.
    """
    return b"[\n" + b",\n".join(layer.rstrip() for layer in reversed(list(layers))) + b"\n]\n"
