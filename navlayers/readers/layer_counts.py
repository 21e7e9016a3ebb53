"""Whether a layer counts capabilities, as navlayers' layers of unscored sets do, rather than scores 0–100."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.readers import source as sources

if TYPE_CHECKING:
    from navlayers.model import Mapping, MappingSet
    from navlayers.sets import Source


class _Head(msgspec.Struct):
    metadata: Any = None


_COUNT = ("aggregate", "count")
_heads = msgspec.json.Decoder(list[_Head])


def counts_capabilities(source: Source, max_bytes: int) -> bool:
    """Whether every layer of a file that was read as such says in its metadata that its scores are counts."""
    text = sources.as_text(sources.load(source.path, source.data, max_bytes)).data.strip()
    heads = _heads.decode(text if text.startswith(b"[") else b"[" + text + b"]")
    return all(_says(head.metadata) for head in heads)


def _says(metadata: Any) -> bool:
    items = metadata if isinstance(metadata, list) else []
    return any(isinstance(item, dict) and (item.get("name"), item.get("value")) == _COUNT for item in items)


def counts(mapping_set: MappingSet) -> dict[str, float]:
    """Technique id → the number that the layer gives it, the highest of several."""
    found: dict[str, float] = {}
    for mapping in mapping_set.mappings:
        number = written(mapping)
        if number is not None:
            found[mapping.technique] = max(number, found.get(mapping.technique, number))
    return found


def written(mapping: Mapping) -> float | None:
    """The score as the layer has it, which stands beside the value where that was made to fit 0–100."""
    text = dict(mapping.other).get("score", mapping.value)
    return None if text is None else float(text)
