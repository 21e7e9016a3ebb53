"""Where layers, their entries and their fields stand in a file; found only when asked for."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from navlayers.errors import Place
from navlayers.mapping.formats.json_text import field_offset

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from navlayers.mapping.formats.context import Kind
    from navlayers.mapping.formats.source import Source

_NEAR = 4096
_FIELDS = {"technique": "techniqueID", "value": "score", "references": "links", "tactic": "tactic"}
"""Field of the model → field of an entry, where they differ."""

_HEAD = {"attack_version": ("versions", "attack"), "framework": ("name",), "title": ("name",)}
"""Field of the set → where a layer says it."""


class Places:
    """Finds layers and entries in the text again. `texts` are the layers in the order of the file."""

    def __init__(self, source: Source, texts: Sequence[bytes]) -> None:
        self._source = source
        self._texts = texts
        self._techniques: list[Sequence[msgspec.Raw]] = []
        self._offsets: list[int] = []
        self._starts: dict[int, list[int]] = {}
        self._of: dict[Kind, array[int]] = {"mapping": array("L"), "non_mappable": array("L")}

    def begin(self, techniques: Sequence[msgspec.Raw]) -> None:
        """Take the entries of the next layer."""
        self._techniques.append(techniques)

    def keep(self, kind: Kind, layer: int, entry: int) -> None:
        """Remember which entry the next mapping or non-mappable was read from."""
        self._of[kind].extend((layer, entry))

    def part(self, kind: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping or non-mappable by its index in the set; a capability's is its layer's name."""
        if kind == "capability":
            return self.layer(index, "name")
        layer, entry = self._of[kind][2 * index : 2 * index + 2]
        return self.entry(layer, entry, _FIELDS.get(field, field))

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself: that of the first layer."""
        return self.layer(0, field)

    def at(self, layer: int, offset: int) -> Place:
        """The place of what stands so many bytes behind the start of a layer."""
        offset += self._offset(layer)
        if offset < _NEAR and b"\r" not in self._source.data[:offset]:
            # Near the start, the lines of a large file need not all be counted.
            before = self._source.data[:offset].decode("utf-8", "replace")
            return Place(self._source.path, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        return self._source.place(offset)

    def layer(self, layer: int, *fields: str) -> Place:
        """The place of the value of a field of a layer, or of a field of that; as near as it is written."""
        path = _HEAD.get(fields[0], fields) if len(fields) == 1 else fields
        text, offset = self._texts[layer], 0
        for field in path:
            step = field_offset(text[offset:], field)
            if not step:
                break
            offset += step
        return self.at(layer, offset)

    def entry(self, layer: int, entry: int, field: str = "") -> Place:
        """The place of a field of an entry, or of the entry where it lacks the field."""
        text = bytes(self._techniques[layer][entry])
        return self.inside(layer, entry, field_offset(text, field))

    def inside(self, layer: int, entry: int, offset: int) -> Place:
        """The place of what stands so many bytes behind the start of an entry."""
        return self._source.place(self._entry_starts(layer)[entry] + offset)

    def _offset(self, layer: int) -> int:
        if not self._offsets:
            at = 0
            for text in self._texts:
                at = self._source.data.index(text, at)
                self._offsets.append(at)
                at += len(text)
        return self._offsets[layer]

    def _entry_starts(self, layer: int) -> list[int]:
        if layer not in self._starts:
            at = self._offset(layer) + field_offset(self._texts[layer], "techniques")
            starts = []
            for raw in self._techniques[layer]:
                text = bytes(raw)
                at = self._source.data.index(text, at)
                starts.append(at)
                at += len(text)
            self._starts[layer] = starts
        return self._starts[layer]
