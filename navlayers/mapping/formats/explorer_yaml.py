"""Reader of Mappings Explorer YAML: the document of the JSON as YAML, as its exports and other tools write it."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

from navlayers import _text as wording
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.explorer_metadata import head_of, metadata_field
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.rows import Row, Table, row_field
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.yaml_tree import Branch, Listing, Node, Refused, Scalar, parse
from navlayers.mapping.formats.yaml_values import Values, is_null, kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

_EXPECTED = "Mappings Explorer YAML: metadata and mapping_objects"
_PARTS = {"metadata": (Branch, "a mapping"), "mapping_objects": (Listing, "a list of rows")}
_TEXT = frozenset(Row.__struct_fields__) - {"references"}
_SURE = 5
"""Words longer than this are text to every YAML tool."""


class Places:
    """Line and column of every row; the places of single fields are looked up by reading the file again."""

    def __init__(self, source: Source, root: Branch) -> None:
        self._source = source
        self._root: Branch | None = root
        self._starts = array("Q")
        self._of: dict[Kind, Sequence[int]] = {}
        for node in _rows(root):
            self._starts.extend((node.line, node.column))

    def keep(self, rows: dict[Kind, Sequence[int]]) -> None:
        """Remember which row each part of the set was read from, and forget the tree."""
        self._of, self._root = rows, None

    def row(self, index: int, field: str = "") -> Place:
        """The place of a field's value, or of the row where it lacks the field."""
        if field:
            node = _rows(self._tree())[index]
            if isinstance(node, Branch) and field in node.items:
                return self._at(node.items[field][1])
        return Place(self._source.path, *self._starts[2 * index : 2 * index + 2])

    def part(self, kind_: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability by its index in the set."""
        return self.row(self._of[kind_][index], row_field(field))

    def metadata(self, field: str = "") -> Place:
        """The place of a metadata field's value, or of the metadata."""
        node = self._tree().items["metadata"][1]
        if isinstance(node, Branch) and field in node.items:
            node = node.items[field][1]
        return self._at(node)

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the metadata where it is not written."""
        return self.metadata(metadata_field(field))

    def _at(self, node: Node) -> Place:
        return Place(self._source.path, node.line, node.column)

    def _tree(self) -> Branch:
        if self._root is None:
            root = parse(self._source, Findings(lenient=True))
            if not isinstance(root, Branch):  # it was one when the set was read
                raise TypeError
            self._root = root
        return self._root


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
    places = Places(source, root)
    metadata = root.items["metadata"][1]
    head = head_of({name: _plain(node, values) for name, node in _fields(metadata)}, context, places.metadata)
    table = Table(findings, places.row)
    rows = [_row(node, index, table, values) for index, node in enumerate(_rows(root))]
    table.add(rows)
    table.report_misspelt()
    if not rows:
        issue = Issue("the set has no rows", hint="mapping_objects is an empty list", fatal=False, code="empty-set")
        findings.add(issue, places.metadata)
    done = assemble(head, table, context.technique_names(head))
    findings.raise_errors()
    places.keep(done.rows)
    return done.mapping_set, places


def _check_shape(root: Branch, values: Values, findings: Findings) -> None:
    problems = []
    for name, (type_, wanted) in _PARTS.items():
        if name not in root.items:
            message = f"there is no {wording.shown(name)}"
            problems.append(Problem(message, values.place(root), _EXPECTED, code="wrong-shape"))
            continue
        node = root.items[name][1]
        if not isinstance(node, (type_, Refused)):
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
    return "?" if isinstance(node, Refused) else [_plain(item, values) for item in node.items]
