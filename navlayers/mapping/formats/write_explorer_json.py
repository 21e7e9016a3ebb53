"""Writer of Mappings Explorer JSON: a field on each line, as the files are published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.mapping.formats.context import Written, joined
from navlayers.mapping.formats.write_explorer_document import document_of

if TYPE_CHECKING:
    from navlayers.mapping.model import MappingSet

_INDENT = 4


def encode(mapping_set: MappingSet) -> Written:
    """The set as Mappings Explorer JSON that the published schema allows; rows keep their order."""
    document = document_of(mapping_set)
    content = {"metadata": document.metadata, "mapping_objects": document.rows}
    try:
        data = msgspec.json.encode(content)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_whole(content))
    return Written(msgspec.json.format(data, indent=_INDENT) + b"\n", joined(*document.notices))


def _whole(value: Any) -> Any:
    """The same with U+FFFD for halves of surrogate pairs, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, (list, tuple)) else value
