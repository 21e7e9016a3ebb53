"""Writer of Mappings Explorer YAML: the same document as the JSON, a field on each line."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

from navlayers.mapping.formats import yaml_text
from navlayers.mapping.formats.context import Written, joined
from navlayers.mapping.formats.write_explorer_document import document_of
from navlayers.mapping.formats.yaml_text import Block, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.model import MappingSet


def encode(mapping_set: MappingSet) -> Written:
    """The set as Mappings Explorer YAML; rows keep their order."""
    document = document_of(mapping_set)
    head = yaml_text.document({"metadata": _block(document.metadata)})
    lines = list(_rows(document.rows))
    rows = "mapping_objects:\n" + "\n".join(lines) if lines else "mapping_objects: []"
    return Written(f"{head}{rows}\n".encode(), joined(*document.notices))


def _block(value: Any) -> Value:
    if isinstance(value, dict):
        return Block((key, _block(item)) for key, item in value.items())
    return None if value is None else str(value)


def _rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    scalar = _Scalars()
    for row in rows:
        mark = "- "
        for field, value in row.items():
            if isinstance(value, str):
                if "\n" in value:
                    text = indent(yaml_text.document({field: value}), "  ")[2:-1]
                    yield f"{mark}{text}"
                else:
                    yield f"{mark}{field}: {scalar[value]}"
            elif not value:
                yield f"{mark}{field}: {'null' if value is None else '[]'}"
            else:
                yield f"{mark}{field}:"
                for item in value:
                    yield f"  - {scalar[item]}"
            mark = "  "


class _Scalars(dict[str, str]):
    """Texts as YAML; most of a set's stand there many times."""

    def __missing__(self, text: str) -> str:
        written = self[text] = yaml_text.text(text)
        return written
