"""Layers that count capabilities, as navlayers' layers of unscored sets do, rather than give scores 0–100."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.mapping.formats import source as sources

if TYPE_CHECKING:
    from navlayers.mapping.find import Source
    from navlayers.mapping.model import Mapping, MappingSet


class _Head(msgspec.Struct):
    metadata: Any = None


_COUNT = ("aggregate", "count")
_NUMBER = "score"
"""The name of the other field of a mapping that holds what a layer wrote, where that is not the value."""

_heads = msgspec.json.Decoder(list[_Head])


def counting(source: Source, max_bytes: int) -> tuple[bool, ...]:
    """For each layer of a file that was read as such, whether its metadata say that its scores are counts."""
    text = sources.as_text(sources.load(source.path, source.data, max_bytes)).data.strip()
    heads = _heads.decode(text if text.startswith(b"[") else b"[" + text + b"]")
    return tuple(_says(head.metadata) for head in heads)


def _says(metadata: Any) -> bool:
    items = metadata if isinstance(metadata, list) else []
    return any(isinstance(item, dict) and (item.get("name"), item.get("value")) == _COUNT for item in items)


def as_unscored(mapping_set: MappingSet) -> MappingSet:
    """A set that was read from layers of counts, as the unscored one that it is; what counts 0 is no mapping.

    The counts stand beside the mappings: `counts` gives them.
    """
    mappings = []
    for mapping in mapping_set.mappings:
        text = _text(mapping)
        if text is None:
            mappings.append(mapping)
        elif float(text) > 0:
            other = dict(mapping.other) | {_NUMBER: text}
            mappings.append(msgspec.structs.replace(mapping, value=None, other=tuple(other.items())))
    return msgspec.structs.replace(mapping_set, mappings=tuple(mappings))


def counts(mapping_set: MappingSet) -> dict[str, float]:
    """Technique id → the number that the layers give it, the highest of several."""
    found: dict[str, float] = {}
    for mapping in mapping_set.mappings:
        number = written(mapping)
        if number is not None:
            found[mapping.technique] = max(number, found.get(mapping.technique, number))
    return found


def written(mapping: Mapping) -> float | None:
    """The score as the layer has it; None where it has none."""
    text = _text(mapping)
    return None if text is None else float(text)


def _text(mapping: Mapping) -> str | None:
    """The score stands beside the value where that was made to fit 0–100."""
    return dict(mapping.other).get(_NUMBER, mapping.value)
