"""Mappings Explorer YAML: the document of the JSON as YAML, as its exports and other tools write it."""

from __future__ import annotations

import json
from functools import partial
from textwrap import indent
from typing import TYPE_CHECKING, Any

from navlayers import _text as wording
from navlayers.errors import InputError, OtherFileError, Problem
from navlayers.mapping.formats import yaml_text
from navlayers.mapping.formats._locate import YamlLocator
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.context import Places, Written, joined
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.mappings_explorer import (
    document_of,
    head_of,
    metadata_place,
    places_of,
    row_place,
)
from navlayers.mapping.formats.rows import Row, Table
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Scalar, parse
from navlayers.mapping.formats.yaml_values import Values, is_null, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_text import Value
    from navlayers.mapping.model import MappingSet

_EXPECTED = "Mappings Explorer YAML: metadata and mapping_objects"
_PARTS = {"metadata": (Branch, "a mapping"), "mapping_objects": (Listing, "a list of rows")}
_TEXT = frozenset(Row.__struct_fields__) - {"references"}
_SURE = 5
"""Words longer than this are text to every YAML tool."""


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read Mappings Explorer YAML.

    Raises:
        InputError: the text is not YAML, not a Mappings Explorer file, or wrong in the places listed.
    """
    source, findings = as_text(source), context.findings
    root = parse(source, findings)
    values = Values(source.path, findings)
    if not isinstance(root, Branch) or not root.items.keys() & {"metadata", "mapping_objects"}:
        what = 'there is neither "metadata" nor "mapping_objects"'
        message = what if isinstance(root, Branch) else f"the top level is {kind(root) or 'none'}"
        raise OtherFileError(
            findings.errors() or Problem(message, values.place(root), _EXPECTED, code="wrong-shape")
        )
    _check_shape(root, values, findings)
    locator = YamlLocator(source, root)
    metadata = root.items["metadata"][1]
    head = head_of(
        {name: _plain(node, values) for name, node in _fields(metadata)}, context, partial(metadata_place, locator)
    )
    table = Table(findings, partial(row_place, locator))
    rows = [_row(node, index, table, values) for index, node in enumerate(_rows(root))]
    table.add(rows)
    table.report_misspelt()
    if not rows:
        issue = Issue("the set has no rows", hint="mapping_objects is an empty list", fatal=False, code="empty-set")
        findings.add(issue, metadata_place(locator))
    done = assemble(head, table, context.technique_names(head))
    findings.raise_errors()
    # The tree is not kept.
    return done.mapping_set, places_of(YamlLocator(source), done.rows)


def _check_shape(root: Branch, values: Values, findings: Findings) -> None:
    problems = []
    for name, (type_, wanted) in _PARTS.items():
        if name not in root.items:
            message = f"there is no {wording.shown(name)}"
            problems.append(Problem(message, values.place(root), _EXPECTED, code="wrong-shape"))
            continue
        node = root.items[name][1]
        if not isinstance(node, type_):
            message = f"{name} is not {wanted}"
            problems.append(Problem(message, values.place(node), _EXPECTED, code="wrong-shape"))
    if problems:
        raise InputError((*findings.errors(), *problems))
    for name, (key, _) in root.items.items():
        if name not in _PARTS:
            message = f"{wording.shown(name)} has no meaning here and is left out"
            values.report(key, Issue(message, fatal=False, code="not-carried"))


def _rows(root: Branch) -> list[Node]:
    node = root.items["mapping_objects"][1]
    return node.items if isinstance(node, Listing) else []


def _fields(node: Node) -> list[tuple[str, Node]]:
    return [(name, value) for name, (_, value) in node.items.items()] if isinstance(node, Branch) else []


def _row(node: Node, index: int, table: Table, values: Values) -> Row:
    if not isinstance(node, Branch):
        expected = "a mapping with capability_id, attack_object_id and so on"
        values.wrong(node, f"a row is {kind(node)}", expected)
        return Row(capability_id="?")
    row = Row()
    extra: list[tuple[str, str]] = []
    for field, (_, value) in node.items.items():
        if field in _TEXT:
            # Most of a file goes this way, so it is short.
            if type(value) is Scalar:
                text = value.text
                if value.plain and (len(text) <= _SURE or not text[0].isalpha()):
                    if is_null(value):
                        continue
                    values.warn(value)
                setattr(row, field, text)
            else:
                values.wrong(value, f"{field} is {kind(value)}", "text or null")
                row.capability_id = row.capability_id or "?"
        elif field == "references":
            row.references = values.texts(value, field)
        elif not is_null(value):
            said = _plain(value, values)
            extra.append((field, said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)))
    if extra:
        table.keep_extra(index, tuple(extra))
    return row


def _plain(node: Node, values: Values) -> Any:
    """A tree without places: text as written, None, lists and dicts; "?" for what was refused."""
    if isinstance(node, Scalar):
        if is_null(node):
            return None
        values.warn(node)
        return node.text
    if isinstance(node, Branch):
        return {name: _plain(value, values) for name, (_, value) in node.items.items()}
    return [_plain(item, values) for item in node.items]


def encode(mapping_set: MappingSet) -> Written:
    """The set as Mappings Explorer YAML; rows keep their order."""
    document = document_of(mapping_set)
    head = yaml_text.document({"metadata": _block(document.metadata)})
    lines = list(_lines(document.rows))
    rows = "mapping_objects:\n" + "\n".join(lines) if lines else "mapping_objects: []"
    return Written(f"{head}{rows}\n".encode(), joined(*document.notices))


def _block(value: Any) -> Value:
    if isinstance(value, dict):
        return yaml_text.Block((key, _block(item)) for key, item in value.items())
    return None if value is None else str(value)


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
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
