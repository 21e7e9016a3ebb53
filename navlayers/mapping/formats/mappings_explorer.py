"""CTID's Mappings Explorer format, read alike from JSON and YAML: metadata, and a row for each mapping."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.wording import quoted
from navlayers.errors import InputError, OtherFileError, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats._json import convert, kind
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import REQUIRED, head_of
from navlayers.mapping.formats.rows import ExplorerRow, Table, row_field
from navlayers.mapping.model import MappingType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from navlayers.errors import Place
    from navlayers.mapping.formats._json import Path
    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.model import MappingSet

DETAILS = {
    "mapping_version": "mapping_version",
    "creation_date": "created",
    "last_update": "updated",
    "author": "author",
    "contact": "contact",
    "organization": "organization",
}
"""Metadata field → its name in `MappingSet.details`."""

NATIVE = {
    "mapping_framework": "framework",
    "mapping_framework_version": "version",
    "technology_domain": "domain",
    "attack_version": "attack_version",
    **DETAILS,
}
"""Metadata field → its name in native YAML, which users know it by."""

NO_DATE = "00/00/0000"
"""Placeholder for an unknown creation date, which the published schema requires."""

_TABLES = {
    "mapping_types": "an object of mapping type id → name, description",
    "capability_groups": "an object of group id → name",
}
_IGNORED = {"mapping_framework_version_schema"}
_FIELDS = {native: field for field, native in NATIVE.items()} | {"groups": "capability_groups"}
_PARTS = {"metadata": (dict, "an object"), "mapping_objects": (list, "a list of rows")}
_LIKENESS = {
    "generator": "this looks like the index that navlayers writes for its layers",
    "techniques": "this looks like a Navigator layer, not a mapping set",
    "objects": "this looks like a STIX bundle, not a mapping set",
    "capabilities": "native mapping sets are YAML: write it without the outer braces, or convert it",
}
_BATCH = 256
"""Rows that are decoded before their values are shared, so that a large file takes little memory."""


def check_shape(
    kinds: Mapping[str, type], findings: Findings, place: Callable[[Path], Place], expected: str
) -> None:
    """Check the top level of a document by the types of its values: dict, list or another.

    Raises:
        OtherFileError: it has neither metadata nor rows.
        InputError: it lacks one of them, or one has another type.
    """
    if not kinds.keys() & _PARTS.keys() or "techniques" in kinds:
        hint = next((text for key, text in _LIKENESS.items() if key in kinds), "")
        message = 'there is neither "metadata" nor "mapping_objects"'
        problem = Problem(message, place(()), expected, hint, code="wrong-shape")
        raise OtherFileError(findings.errors() or problem)
    problems = []
    for key, (type_, wanted) in _PARTS.items():
        if kinds.get(key) is not type_:
            message = f"{key} is not {wanted}" if key in kinds else f"there is no {quoted(key)}"
            problems.append(Problem(message, place((key,)), expected, code="wrong-shape"))
    if problems:
        raise InputError((*findings.errors(), *problems))


def read_document(
    metadata: dict[str, Any], batches: Iterable[list[Any]], place: Callable[[Path], Place], context: Context
) -> tuple[MappingSet, Places]:
    """A set from the values of a document.

    Args:
        metadata: the metadata object; numbers as text.
        batches: the rows, in file order; of rows with findings of their own, each is a batch.
        place: the place of a value by its path, or of the nearest value around it.
        context: the options, and the findings that collect errors and notices.

    Raises:
        InputError: something is wrong in the places listed.
    """
    findings = context.findings
    head = _head(metadata, context, place)

    def row_place(index: int, field: str) -> Place:
        return place(("mapping_objects", index, field))

    table = Table(findings, row_place, value_rules.scale_of({}, context.options))
    rows = _rows(batches, table, findings)
    while batch := list(islice(rows, _BATCH)):
        table.add(batch)
    table.report_misspelt()
    if not len(table):
        issue = Issue("the set has no rows", hint="mapping_objects is an empty list", fatal=False, code="empty-set")
        findings.add(issue, place(("metadata",)))
    done = assemble(head, table)
    places = Places(
        lambda kind, index, field: row_place(done.rows[kind][index], row_field(field)),
        lambda field: place(("metadata", _FIELDS.get(field, field))),
    )
    return done.mapping_set, places


def _rows(batches: Iterable[list[Any]], table: Table, findings: Findings) -> Iterator[ExplorerRow]:
    start, lenient, mark = 0, findings.leaves_out, findings.mark
    for batch in batches:
        try:
            rows: Iterable[ExplorerRow] = msgspec.convert(batch, list[ExplorerRow])
        except msgspec.ValidationError:
            rows = (_row(fields, index, table) for index, fields in enumerate(batch, start))
        for index, row in enumerate(rows, start):
            if lenient and findings.left_out(mark, "row"):
                table.left_out.add(index)
            yield row
            if lenient:
                mark = findings.mark
        start += len(batch)


def _row(fields: Any, index: int, table: Table) -> ExplorerRow:
    try:
        return msgspec.convert(fields, ExplorerRow)
    except msgspec.ValidationError:
        return _odd_row(fields, index, table)


def _odd_row(fields: Any, index: int, table: Table) -> ExplorerRow:
    """A row with unknown fields or values of other types than published."""
    if not isinstance(fields, dict):
        message, expected = f"a row is {kind(fields)}", "an object with capability_id, attack_object_id and so on"
        table.report(index, "", Issue(message, expected, code="wrong-type"))
        return ExplorerRow(capability_id="?")
    import json  # noqa: PLC0415 - for few files

    known = {field: value for field, value in fields.items() if field in ExplorerRow.__struct_fields__}
    extra = tuple(
        (field, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
        for field, value in fields.items()
        if field not in known and value is not None
    )
    if extra:
        table.extras[index] = extra
    if isinstance(score := known.get("score_value"), float | int | Decimal) and not isinstance(score, bool):
        known["score_value"] = str(score)
    wrong = []

    def report(path: Path, issue: Issue) -> None:
        wrong.append(path)
        table.report(index, str(path[0]), issue)

    row = convert(known, ExplorerRow, report) or ExplorerRow()
    if wrong:
        row.capability_id = row.capability_id or "?"
    return row


def _head(fields: dict[str, Any], context: Context, place: Callable[[Path], Place]) -> MappingSet:
    """The set without its rows. Metadata of the user overrides that of the file."""
    by_user = context.options.metadata

    def add(field: str, message: str, expected: str = "", *, code: str, fatal: bool = True) -> None:
        context.findings.add(Issue(message, expected, fatal=fatal, code=code), partial(place, ("metadata", field)))

    texts: dict[str, str] = {}
    for field, native in NATIVE.items():
        value = fields.get(field)
        text = value.strip() if isinstance(value, str) else ""
        if value is not None and not isinstance(value, str):
            expected = REQUIRED.get(native, "text or null")
            add(field, f"metadata {field} is not text", expected, code="wrong-type")
        elif text and (field, text) != ("creation_date", NO_DATE):
            texts[native] = text
        elif native in REQUIRED and native not in by_user:
            add(field, f"metadata {field} is missing", REQUIRED[native], code="missing-metadata")
    for field in fields:
        if field not in NATIVE and field not in _TABLES and field not in _IGNORED:
            add(field, f"metadata {field} is unknown and left out", code="not-carried", fatal=False)
    texts |= by_user
    types, groups = (_table(field, fields.get(field), add) for field in _TABLES)
    return head_of(
        texts,
        lambda issue, _field: context.findings.add(issue, partial(place, ("metadata", "technology_domain"))),
        groups={id_: _text(value, "name") or id_ for id_, value in groups.items()},
        mapping_types=tuple(
            MappingType(id_, _text(value, "name"), _text(value, "description") if isinstance(value, dict) else "")
            for id_, value in types.items()
        ),
    )


def _table(field: str, value: Any, add: Callable[..., None]) -> dict[str, Any]:
    """A table of the metadata by its ids without blanks around them, as the ids of rows are read."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        pairs = [(id_.strip(), None) for id_ in value]
    elif isinstance(value, dict) or value is None:
        pairs = [(id_.strip(), item) for id_, item in (value or {}).items()]
    else:
        add(field, f"metadata {field} is not an object", _TABLES[field], code="wrong-type")
        return {}
    times = Counter(id_ for id_, _ in pairs if id_)
    for id_ in sorted(id_ for id_, count in times.items() if count > 1):
        message = f"duplicate id {quoted(id_)} in {field}, without the spaces around it"
        add(field, message, "each id once", code="duplicate-id")
    return {id_: item for id_, item in pairs if id_}


def _text(value: Any, field: str) -> str:
    """The text of a value, or of a field of it; "" for other kinds."""
    text = value.get(field) if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""
