"""Mappings Explorer YAML: the document of the JSON as YAML, as its exports and other tools write it."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

from navlayers._text import wording
from navlayers.mapping.formats import yaml_text
from navlayers.mapping.formats.context import Places, Written
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.mappings_explorer import check_shape, read_document
from navlayers.mapping.formats.mappings_explorer_write import document_of
from navlayers.mapping.formats.yaml_fields import Fields, is_null, read_top
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.errors import Place
    from navlayers.mapping.formats._json import Path
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_text import Value
    from navlayers.mapping.model import MappingSet

_EXPECTED = "Mappings Explorer YAML: metadata and mapping_objects"


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read Mappings Explorer YAML.

    Raises:
        InputError: the text is not YAML, not a Mappings Explorer file, or wrong in the places listed.
    """
    top = read_top(source, context.findings, _EXPECTED, strict=True, rows="mapping_objects")

    def place(path: Path) -> Place:
        node: Node = top.branch
        for step in path:
            inner = None
            if isinstance(node, Branch):
                inner = node.get(str(step))
            elif isinstance(node, Listing) and isinstance(step, int):
                inner = node.items[step]
            if inner is None:
                break
            node = inner
        return top.place(node)

    types = {Branch: dict, Listing: list, Scalar: str}
    items = top.branch.items
    check_shape({name: types[type(node)] for name, (_, node) in items.items()}, context.findings, place, _EXPECTED)
    for name, (key, _) in items.items():
        if name not in {"metadata", "mapping_objects"}:
            message = f"{wording.quoted(name)} is unknown and left out"
            top.report(Issue(message, fatal=False, code="not-carried"), key)
    metadata, rows = items["metadata"][1], items["mapping_objects"][1]
    objects = ([_row(node, top)] for node in rows.items) if isinstance(rows, Listing) else iter(())
    return read_document(_plain(metadata, top), objects, place, context)


def _row(node: Node, fields: Fields) -> Any:
    row = _plain(node, fields)
    if isinstance(row, dict) and isinstance(row.get("references"), str):
        row["references"] = [row["references"]]
    return row


def _plain(node: Node, fields: Fields) -> Any:
    """A tree without places: text as written, None, lists and dicts."""
    if isinstance(node, Scalar):
        if is_null(node):
            return None
        fields.warn(node)
        return node.text
    if isinstance(node, Branch):
        return {name: _plain(value, fields) for name, (_, value) in node.items.items()}
    return [_plain(item, fields) for item in node.items]


def encode(mapping_set: MappingSet) -> Written:
    """The set as Mappings Explorer YAML; rows keep their order."""
    scalars = _Scalars()
    document = document_of(mapping_set, lambda row: "".join(f"{line}\n" for line in _lines(row, scalars)).encode())
    head = yaml_text.document({"metadata": _block(document.metadata)})
    rows = [b"mapping_objects:\n", *document.rows] if document.rows else [b"mapping_objects: []\n"]
    return Written(b"".join([head.encode(), *rows]), document.notices)


def _block(value: Any) -> Value:
    if isinstance(value, dict):
        return yaml_text.Block((key, _block(item)) for key, item in value.items())
    return None if value is None else str(value)


def _lines(row: dict[str, Any], scalars: _Scalars) -> Iterator[str]:
    mark = "- "
    for field, value in row.items():
        if isinstance(value, str):
            if "\n" in value:
                text = indent(yaml_text.document({field: value}), "  ")[2:-1]
                yield f"{mark}{text}"
            else:
                yield f"{mark}{field}: {scalars[value]}"
        elif not value:
            yield f"{mark}{field}: {'null' if value is None else '[]'}"
        else:
            yield f"{mark}{field}:"
            for item in value:
                yield f"  - {scalars[item]}"
        mark = "  "


class _Scalars(dict[str, str]):
    """Texts as YAML; most texts of a set are repeated many times."""

    def __missing__(self, text: str) -> str:
        written = self[text] = yaml_text.text(text)
        return written
