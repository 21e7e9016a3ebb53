"""The JSON that CTID's Mappings Explorer publishes: `metadata` and one object per row, a field on each line."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers.errors import OtherFileError, Problem
from navlayers.mapping.formats._json import (
    JsonLocator,
    dumps,
    json_object,
    loads,
    may_repeat_keys,
    not_json,
    repeats,
    report_repeats,
)
from navlayers.mapping.formats.context import Places, Written
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.mappings_explorer import check_shape, read_document
from navlayers.mapping.formats.source import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

_INDENT = 4
_EXPECTED = 'Mappings Explorer JSON: {"metadata": {…}, "mapping_objects": […]}'

_top = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_row = msgspec.json.Decoder()
_several = msgspec.json.Decoder(list[dict[str, Any]])
_BATCH = 100


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read Mappings Explorer JSON.

    Raises:
        InputError: the text is not JSON, not a Mappings Explorer file, or wrong in the places listed.
    """
    source, findings = as_text(source), context.findings
    locator = JsonLocator(source)
    if source.data.lstrip().startswith(b"["):
        problem = Problem("the top level is a list", locator.place(), _EXPECTED, code="wrong-shape")
        raise OtherFileError(problem)
    try:
        top = source.members
        kinds = {key: {b"{": dict, b"[": list}.get(bytes(memoryview(value)[:1]), str) for key, value in top.items()}
        check_shape(kinds, findings, locator.place, _EXPECTED)
        report_repeats(repeats(source.data, source.data.index(b"{"), known=top), findings, source.place)
        findings.raise_errors()
        raw = bytes(top["metadata"])
        report_repeats(repeats(raw, depth=2), findings, partial(locator.inside, ("metadata",)))
        metadata = {field: _metadata_value(bytes(value).decode()) for field, value in _top.decode(raw).items()}
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, "Mappings Explorer JSON") from None
    objects = _objects(_rows.decode(top["mapping_objects"]), findings, locator)
    return read_document(metadata, objects, locator.place, context)


def _metadata_value(text: str) -> Any:
    """The value of a metadata field. A number is the text as written: a version 16.10 is not 16.1."""
    if text[0] in "-0123456789":
        return text
    try:
        return _row.decode(text)
    except msgspec.DecodeError:  # an integer too large for msgspec
        return loads(text)


def _objects(raws: list[msgspec.Raw], findings: Findings, locator: JsonLocator) -> Iterator[list[Any]]:
    """The values of the rows, those with nothing to report together: this takes half the time."""
    for start in range(0, len(raws), _BATCH):
        batch = raws[start : start + _BATCH]
        values = _plain(batch)
        if values is None:
            yield from ([value] for value in _one_by_one(batch, start, findings, locator))
        else:
            yield values


def _plain(raws: list[msgspec.Raw]) -> list[dict[str, Any]] | None:
    """The values of rows that are all objects without repeated keys; else None."""
    text = b"[%b]" % b",".join(raws)
    try:
        values = _several.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if may_repeat_keys(text, sum(map(len, values))) else values


def _one_by_one(raws: list[msgspec.Raw], start: int, findings: Findings, locator: JsonLocator) -> Iterator[Any]:
    for index, raw in enumerate(raws, start):
        text = bytes(raw)
        try:
            value = _row.decode(text)
        except (msgspec.DecodeError, RecursionError):
            value = _odd_value(text, index, findings, locator)
        if isinstance(value, dict) and may_repeat_keys(text, len(value)):
            # Keys are repeated, or texts look like keys.
            with suppress(ValueError, RecursionError):
                report_repeats(repeats(text), findings, partial(locator.inside, ("mapping_objects", index)))
        yield value


def _odd_value(text: bytes, index: int, findings: Findings, locator: JsonLocator) -> Any:
    """A row with integers too large for msgspec, or lone surrogates."""
    import json  # noqa: PLC0415 - for few rows

    try:
        return json.loads(text, parse_int=Decimal)
    except (ValueError, RecursionError):
        message = "this row cannot be read: bad text escapes or too deep nesting"
        issue = Issue(message, "an object of text fields", code="wrong-type")
        findings.add(issue, partial(locator.place, ("mapping_objects", index)))
        return {"capability_id": "?"}


def encode(mapping_set: MappingSet) -> Written:
    """The set as Mappings Explorer JSON that the published schema allows; rows keep their order."""
    from navlayers.mapping.formats.mappings_explorer_write import document_of  # noqa: PLC0415 - to write alone

    document = document_of(mapping_set, lambda row: msgspec.Raw(dumps(row)))
    head = {"metadata": document.metadata, "mapping_objects": ()}
    return Written(json_object(head, document.rows, _INDENT).getvalue(), document.notices)
