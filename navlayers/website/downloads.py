"""The files of a set that a site offers: its layers, and the set in the formats that other tools read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import OutputError
from navlayers.layer.build import BuiltLayer, layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.mapping import formats
from navlayers.pages.results import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.layer.colors import Gradient, LegendItem
    from navlayers.mapping.model import MappingSet
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.pages import SetAddresses


class Format(NamedTuple):
    """A name of `navlayers.mapping.formats.WRITABLE`, the ending of its files, and what to call it."""

    name: str
    ending: str
    title: str


FORMATS = (
    Format("csv", "csv", "CSV table"),
    Format("xlsx", "xlsx", "Excel workbook"),
    Format("mapex-json", "mapex.json", "Mappings Explorer JSON"),
    Format("mapex-yaml", "mapex.yaml", "Mappings Explorer YAML"),
    Format("native", "yaml", "navlayers YAML"),
    Format("stix", "stix.json", "STIX 2.1 bundle"),
)


class Download(NamedTuple):
    """A file to be had: where it is, what it is called, how large it is, what of the set it cannot hold."""

    path: str
    kind: str
    title: str
    size: int
    losses: tuple[str, ...] = ()


class LayerFile(NamedTuple):
    """A layer to be had, and the colours that it gives to scores."""

    path: str
    name: str
    size: int
    gradient: Gradient
    legend: tuple[LegendItem, ...]
    comments: dict[str, str]


class Facts(NamedTuple):
    """What there is of a set's files: (kind, id) → layer, what is no single layer, why a format is missing."""

    layers: dict[tuple[str, str], LayerFile]
    others: list[Download]
    refused: list[str]


class Downloads:
    """The files of a set: `facts` tell of them, `files` gives them."""

    def __init__(self, one: IndexedSet, read: MappingSet, addresses: SetAddresses) -> None:
        """`one` is what layers are made from, `read` what other formats hold."""
        self._one = one
        self._read = read
        self._addresses = addresses
        self._facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        """What there is to know of the files; they are made for it unless `files` has given them all before."""
        if self._facts is None:
            facts = Facts({}, [], [])
            deque(self._files(facts), maxlen=0)
            self._facts = facts
        return self._facts

    @property
    def expected(self) -> int:
        """How many files there will be, if every format can hold the set."""
        layers = len(self._one.active) + len(self._one.grouped)
        return 2 + len(self._one.rules.scored_categories) + layers + len(FORMATS)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path → bytes, one at a time."""
        facts = Facts({}, [], [])
        yield from self._files(facts)
        self._facts = facts

    def _files(self, facts: Facts) -> Iterator[tuple[str, bytes]]:
        encoded = []
        for built in layers_of(self._one.scored):
            data = encode_layer(built.layer)
            encoded.append(data)
            path = self._addresses.layer(built.path)
            facts.layers[built.kind, built.id] = _layer_file(built, path, len(data))
            yield path, data
        if len(encoded) > 1:
            data = encode_layers(encoded)
            path = self._addresses.layer(ALL)
            facts.others.append(Download(path, "layers", f"All {len(encoded)} layers, as tabs", len(data)))
            yield path, data
        del encoded
        for format_ in FORMATS:
            yield from self._in_format(format_, facts)

    def _in_format(self, format_: Format, facts: Facts) -> Iterator[tuple[str, bytes]]:
        try:
            written = formats.encode(self._read, format_.name)
        except OutputError as error:
            facts.refused.extend(f"{format_.title}: {problem}" for problem in error.problems)
            return
        path = f"{self._addresses.folder}/downloads/{self._addresses.name}.{format_.ending}"
        losses = tuple(map(str, written.notices))
        facts.others.append(Download(path, format_.name, format_.title, len(written.data), losses))
        yield path, written.data


def _layer_file(built: BuiltLayer, path: str, size: int) -> LayerFile:
    layer = built.layer
    comments = {t.techniqueID: t.comment for t in layer.techniques} if built.kind == "overview" else {}
    return LayerFile(path, layer.name, size, layer.gradient, layer.legendItems, comments)
