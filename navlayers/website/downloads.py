"""The downloads of a set: its layers, and the set in the formats of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import OutputError
from navlayers.layer.build import layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.mapping import formats
from navlayers.pages.results import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.layer.build import BuiltLayer
    from navlayers.layer.colors import Gradient, LegendItem
    from navlayers.mapping.model import MappingSet
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.pages import SetAddresses

FORMATS = (
    ("csv", "csv", "CSV table"),
    ("xlsx", "xlsx", "Excel workbook"),
    ("mapex-json", "mapex.json", "Mappings Explorer JSON"),
    ("mapex-yaml", "mapex.yaml", "Mappings Explorer YAML"),
    ("native", "yaml", "navlayers YAML"),
    ("stix", "stix.json", "STIX 2.1 bundle"),
)
"""Name in `navlayers.mapping.formats.WRITABLE`, ending of the files, title."""


class Download(NamedTuple):
    """A file that is not a single layer. `size`: in bytes; `losses`: content that the format cannot hold."""

    path: str
    title: str
    size: int
    losses: tuple[str, ...] = ()


class LayerFile(NamedTuple):
    """A layer. `size`: in bytes; `comments`: by technique, of the overview only."""

    path: str
    name: str
    size: int
    gradient: Gradient
    legend: tuple[LegendItem, ...]
    comments: dict[str, str]


class Downloads:
    """The files of a set. The attributes are complete once `files` is exhausted.

    `layers`: by kind and id; `refused`: why formats are missing.
    """

    def __init__(self, indexed: IndexedSet, read: MappingSet, addresses: SetAddresses) -> None:
        """`indexed`: the set at the release of the site, for layers; `read`: the set as its file has it."""
        self._indexed = indexed
        self._read = read
        self._addresses = addresses
        self.layers: dict[tuple[str, str], LayerFile] = {}
        self.others: list[Download] = []
        self.refused: list[str] = []

    @property
    def expected(self) -> int:
        """The number of files, if every format can hold the set."""
        layers = len(self._indexed.active) + len(self._indexed.grouped)
        return 2 + len(self._indexed.rules.scored_categories) + layers + len(FORMATS)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The path and bytes of each file."""
        self.others.clear()
        self.refused.clear()
        encoded = []
        for built in layers_of(self._indexed.scored):
            data = encode_layer(built.layer)
            encoded.append(data)
            path = self._addresses.layer(built.path)
            self.layers[built.kind, built.id] = _layer_file(built, path, len(data))
            yield path, data
        if len(encoded) > 1:
            data = encode_layers(encoded)
            path = self._addresses.layer(ALL)
            self.others.append(Download(path, f"All {len(encoded)} layers, as tabs", len(data)))
            yield path, data
        for name, ending, title in FORMATS:
            try:
                written = formats.encode(self._read, name)
            except OutputError as error:
                self.refused += [f"{title}: {problem}" for problem in error.problems]
                continue
            path = f"{self._addresses.folder}/downloads/{self._addresses.name}.{ending}"
            losses = tuple(map(str, written.notices))
            self.others.append(Download(path, title, len(written.data), losses))
            yield path, written.data


def _layer_file(built: BuiltLayer, path: str, size: int) -> LayerFile:
    layer = built.layer
    comments = {t.techniqueID: t.comment for t in layer.techniques} if built.kind == "overview" else {}
    return LayerFile(path, layer.name, size, layer.gradient, layer.legendItems, comments)
