"""The JSON that CTID's Mappings Explorer publishes: `metadata` and one object per row, a field on each line."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import _text as wording
from navlayers.errors import InputError, OtherFileError, Problem
from navlayers.mapping.formats._json import Repeat, not_json, repeats, report_repeats
from navlayers.mapping.formats._locate import JsonLocator
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.context import Places, Written, joined
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.mappings_explorer import (
    DETAILS,
    REQUIRED,
    TABLES,
    document_of,
    head_of,
    metadata_place,
    places_of,
    row_place,
)
from navlayers.mapping.formats.rows import Row, Table
from navlayers.mapping.formats.source import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from navlayers.mapping.formats.context import Context
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

_LONG = 300
_BATCH = 4096
_INDENT = 4
_SHAPES = 16
_SPACED = (b" :", b"\t:", b"\r:", b"\n:")
_TEXT = tuple(field for field in Row.__struct_fields__ if field != "references")


class _File(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"")
    mapping_objects: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_file = msgspec.json.Decoder(_File)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Digits(str):
    """A number with more digits than Python converts to int."""

    __slots__ = ()


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read Mappings Explorer JSON.

    Raises:
        InputError: the text is not JSON, not a Mappings Explorer file, or wrong in the places listed.
    """
    source, findings = as_text(source), context.findings
    try:
        file = _file.decode(source.data)
    except msgspec.ValidationError:
        raise _wrong_shape(source) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, "Mappings Explorer JSON") from None
    if file.mapping_objects is msgspec.UNSET or not bytes(file.metadata).startswith(b"{"):
        raise _wrong_shape(source)
    locator = JsonLocator(source)
    metadata = bytes(file.metadata)
    try:
        report_repeats(repeats(source.data, source.data.index(b"{")), findings, source.place)
        findings.raise_errors()
        report_repeats(repeats(metadata, depth=2), findings, partial(locator.inside, ("metadata",)))
        head = head_of(_metadata(metadata), context, partial(metadata_place, locator))
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, "Mappings Explorer JSON") from None
    raws = file.mapping_objects
    del file
    table = _table(raws, findings, locator)
    if not table.rows:
        issue = Issue("the set has no rows", hint="mapping_objects is an empty list", fatal=False, code="empty-set")
        findings.add(issue, metadata_place(locator))
    done = assemble(head, table, context.technique_names(head))
    findings.raise_errors()
    return done.mapping_set, places_of(locator, done.rows)


def _table(raws: list[msgspec.Raw], findings: Findings, locator: JsonLocator) -> Table:
    """Decode rows in batches and drop their text, so that a large file is not held twice in memory."""
    table = Table(findings, partial(row_place, locator))
    rows = _Rows()
    raws.reverse()
    while raws:
        start = len(table.rows)
        batch, doubtful = rows.batch(reversed(raws[-_BATCH:]), partial(_odd_row, table, start))
        for at in doubtful:
            found = _row_repeats(bytes(raws[-1 - at]))
            report_repeats(found, findings, partial(locator.inside, ("mapping_objects", start + at)))
        del raws[-_BATCH:]
        table.add(batch)
    table.report_misspelt()
    return table


def _row_repeats(raw: bytes) -> list[Repeat]:
    try:
        return repeats(raw)
    except (ValueError, RecursionError):  # told by `_odd_row`
        return []


def _odd_row(table: Table, start: int, at: int, raw: bytes) -> Row:
    """Read the row at index `at` of a batch field by field, as its types are not those published."""
    index = start + at

    def wrong(field: str, message: str, expected: str) -> None:
        table.report(index, field, Issue(message, expected, code="wrong-type"))

    try:
        fields = json.loads(raw, parse_int=lambda digits: int(digits) if len(digits) < _LONG else _Digits(digits))
    except (ValueError, RecursionError):
        wrong("", "this row cannot be read: bad text escapes or too deep nesting", "an object of text fields")
        return Row(capability_id="?")
    if not isinstance(fields, dict):
        wrong("", f"a row is {_kind(fields)}", "an object with capability_id, attack_object_id and so on")
        return Row(capability_id="?")
    row = Row()
    extra: list[tuple[str, str]] = []
    for field, value in fields.items():
        if value is None:
            continue
        if field == "references":
            if isinstance(value, list) and all(isinstance(link, str) for link in value):
                row.references = tuple(value)
            else:
                wrong(field, "references are not a list of texts", "a list of links as text")
        elif field in _TEXT:
            number = type(value) in (int, float, _Digits)
            text = field == "score_value" if number else isinstance(value, str)
            if text:
                setattr(row, field, str(value))
            else:
                wrong(field, f"{field} is {_kind(value)}", "text or null")
                row.capability_id = row.capability_id or "?"
        else:
            extra.append((field, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    if extra:
        table.keep_extra(index, tuple(extra))
    return row


def _kind(value: Any) -> str:
    if isinstance(value, _Digits):
        return "a number"
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null" if value is None else "text")


_EXPECTED = 'Mappings Explorer JSON: {"metadata": {…}, "mapping_objects": […]}'
_LIKENESS = {
    "generator": "this looks like the index that navlayers writes beside its layers",
    "techniques": "this looks like a Navigator layer, not a mapping set",
    "objects": "this looks like a STIX bundle, not a mapping set",
    "capabilities": "native mapping sets are YAML: write it without the outer braces, or convert it",
}


def _wrong_shape(source: Source) -> InputError:
    start = len(source.data) - len(source.data.lstrip())
    top = source.place(start)
    if source.data[start : start + 1] == b"[":
        return OtherFileError(Problem("the top level is a list", top, _EXPECTED, code="wrong-shape"))
    try:
        value = msgspec.json.decode(source.data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        return not_json(source, error, "Mappings Explorer JSON")
    if not value.keys() & {"metadata", "mapping_objects"} or "techniques" in value:
        hint = next((text for key, text in _LIKENESS.items() if key in value), "")
        return OtherFileError(
            Problem('there is neither "metadata" nor "mapping_objects"', top, _EXPECTED, hint, code="wrong-shape")
        )
    problems = []
    for key, opening, wanted in (("metadata", b"{", "an object"), ("mapping_objects", b"[", "a list of rows")):
        if key not in value:
            problems.append(Problem(f"there is no {wording.shown(key)}", top, _EXPECTED, code="wrong-shape"))
        elif not bytes(value[key]).startswith(opening):
            place = JsonLocator(source).place((key,))
            problems.append(Problem(f"{key} is not {wanted}", place, _EXPECTED, code="wrong-shape"))
    return InputError(problems)


def _metadata(raw: bytes) -> dict[str, Any]:
    """The fields of the text of a metadata object; numbers as they are written, unknown fields as None."""
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    known = {*REQUIRED, *DETAILS, *TABLES}
    return {field: _decoded(value) if field in known else None for field, value in fields.items()}


def _decoded(raw: msgspec.Raw) -> Any:
    """A value; a number as it is written, and within a value if it is beyond any machine's."""
    written = bytes(raw).decode()
    if written[0] in "-0123456789":
        return written
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        return json.loads(written, parse_float=str, parse_int=str)


class _Rows:
    """Decodes rows and reports those that may have duplicate keys.

    The decoder does not tell how many keys a row has. A row has no fewer colons than keys. Most rows have the keys
    of the row before: a decoder that requires these proves that a row with as many colons has no key twice.
    """

    def __init__(self) -> None:
        self._any = msgspec.json.Decoder(Row).decode
        self._same = self._any
        self._keys = 0
        self._shapes: dict[frozenset[str], msgspec.json.Decoder[Row] | None] = {}

    def batch(self, raws: Iterable[msgspec.Raw], odd: Callable[[int, bytes], Row]) -> tuple[list[Row], list[int]]:
        """The rows, and the indices of those that need a check for duplicate keys.

        `odd` reads a row that is not typed as published.
        """
        rows: list[Row] = []
        doubtful = []
        same, keys = self._same, self._keys
        for raw in raws:
            text = bytes(raw)
            try:
                row = same(text)
                if text.count(b":") == keys or _no_more(text, keys):
                    rows.append(row)
                    continue
            except (msgspec.DecodeError, RecursionError):
                pass
            try:
                row, doubt = self._other(text)
            except (msgspec.DecodeError, RecursionError):
                row, doubt = odd(len(rows), text), True
            if doubt:
                doubtful.append(len(rows))
            rows.append(row)
            same, keys = self._same, self._keys
        return rows, doubtful

    def _other(self, text: bytes) -> tuple[Row, bool]:
        """Decode a row with other keys than the row before, and whether it may have duplicate keys."""
        row = self._any(text)
        keys = frozenset(_members.decode(text))
        doubt = not (text.count(b":") == len(keys) or _no_more(text, len(keys)))
        if keys in self._shapes or len(self._shapes) < _SHAPES:
            shape = self._shapes.get(keys)
            if shape is None and keys in self._shapes:
                shape = _requiring(keys)
            self._shapes[keys] = shape
            if shape is not None:
                self._same, self._keys = shape.decode, len(keys)
        return row, doubt


def _no_more(text: bytes, keys: int) -> bool:
    """Whether an object has at most `keys` keys: every key's quote is directly followed by a colon."""
    return text.count(b'":') == keys and not any(spaced in text for spaced in _SPACED)


@lru_cache(maxsize=64)
def _requiring(keys: frozenset[str]) -> msgspec.json.Decoder[Row]:
    """A decoder of rows that have at least these keys."""
    fields = [
        (field.name, field.type) if field.name in keys else (field.name, field.type, None)
        for field in msgspec.structs.fields(Row)
    ]
    shape = msgspec.defstruct("Shape", fields, bases=(Row,), kw_only=True, gc=False, forbid_unknown_fields=True)
    return msgspec.json.Decoder(shape)


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
