"""Reader of the JSON that CTID's Mappings Explorer publishes: `metadata` and one object per row."""

from __future__ import annotations

import json
import re
from array import array
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers import _text as wording
from navlayers.errors import InputError, OtherFileError, Place, Problem
from navlayers.mapping.formats.assemble import assemble
from navlayers.mapping.formats.explorer_metadata import head_of, json_metadata, metadata_field
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.json_keys import Repeat, Rows, repeats, top_repeats
from navlayers.mapping.formats.json_text import field_offset, not_json
from navlayers.mapping.formats.rows import Row, Table, row_field
from navlayers.mapping.formats.source import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.mapping.formats.context import Context, Kind
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.model import MappingSet

_LONG = 300
_BATCH = 4096
_ROWS = re.compile(rb'"mapping_objects"\s*:\s*\[')
_TEXT = tuple(field for field in Row.__struct_fields__ if field != "references")


class _File(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"")
    mapping_objects: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_file = msgspec.json.Decoder(_File)


class _Digits(str):
    """A number of so many digits that Python refuses to make one of it."""

    __slots__ = ()


class Places:
    """Finds rows and fields in the text again; costs nothing until it is asked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts: array[int] | None = None
        self._of: dict[Kind, Sequence[int]] = {}

    def keep(self, rows: dict[Kind, Sequence[int]]) -> None:
        """Remember which row each part of the set was read from."""
        self._of = rows

    def row(self, index: int, field: str = "") -> Place:
        """The place of a field's value, or of the row where it lacks the field."""
        start, end = self._row_starts()[2 * index : 2 * index + 2]
        return self._source.place(start + field_offset(self._source.data[start:end], field))

    def inside(self, index: int, offset: int) -> Place:
        """The place of what stands so many bytes behind the start of a row."""
        return self._source.place(self._row_starts()[2 * index] + offset)

    def inside_metadata(self, offset: int) -> Place:
        """The place of what stands so many bytes behind the start of the metadata."""
        data = self._source.data
        return self._source.place(data.find(bytes(_file.decode(data).metadata)) + offset)

    def part(self, kind: Kind, index: int, field: str = "") -> Place:
        """The place of a mapping, non-mappable or capability by its index in the set."""
        return self.row(self._of[kind][index], row_field(field))

    def metadata(self, field: str = "") -> Place:
        """The place of a metadata field's value, or of the metadata, or of the file's first character."""
        data = self._source.data
        raw = bytes(_file.decode(data).metadata)
        start = data.find(raw) if raw else 0
        return self._source.place(start + (field_offset(raw, field) if raw else 0))

    def head(self, field: str) -> Place:
        """The place of the value of a field of the set itself; of the metadata where it is not written."""
        return self.metadata(metadata_field(field))

    def _row_starts(self) -> array[int]:
        if self._starts is None:
            data = self._source.data
            found = _ROWS.search(data)
            at = found.end() if found else 0
            starts = array("Q")
            rows = _file.decode(data).mapping_objects
            for raw in rows if isinstance(rows, list) else ():
                text = bytes(raw)
                at = data.index(text, at)
                starts.extend((at, at + len(text)))
                at += len(text)
            self._starts = starts
        return self._starts


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
    _refuse_repeats(source, findings)
    places = Places(source)
    metadata = bytes(file.metadata)
    try:
        _report_repeats(repeats(metadata, depth=2), findings, places.inside_metadata)
        head = head_of(json_metadata(metadata), context, places.metadata)
    except RecursionError as error:
        raise not_json(source, error, "Mappings Explorer JSON") from None
    raws = file.mapping_objects
    del file
    table = _table(raws, findings, places)
    if not table.rows:
        issue = Issue("the set has no rows", hint="mapping_objects is an empty list", fatal=False, code="empty-set")
        findings.add(issue, places.metadata)
    done = assemble(head, table, context.technique_names(head))
    findings.raise_errors()
    places.keep(done.rows)
    return done.mapping_set, places


def _refuse_repeats(source: Source, findings: Findings) -> None:
    try:
        found = top_repeats(source.data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, "Mappings Explorer JSON") from None
    start = source.data.index(b"{")
    _report_repeats(found, findings, lambda offset: source.place(start + offset))
    findings.raise_errors()


def _report_repeats(found: list[Repeat], findings: Findings, place: Callable[[int], Place]) -> None:
    for repeat in found:

        def issue(repeat: Repeat = repeat) -> Issue:
            first = place(repeat.first)
            message = (
                f"key {wording.shown(repeat.key)} stands twice, first in line {first.line}, column {first.column}"
            )
            return Issue(message, "each key once", "merge the two, or remove one", code="duplicate-key")

        findings.add(issue, partial(place, repeat.again))


def _table(raws: list[msgspec.Raw], findings: Findings, places: Places) -> Table:
    """Decode rows in batches, taking them out of the list: a large file is not held in two forms at once."""
    table = Table(findings, places.row)
    rows = Rows()
    raws.reverse()
    while raws:
        start = len(table.rows)
        batch, doubtful = rows.batch(reversed(raws[-_BATCH:]), partial(_odd_row, table, start))
        for at in doubtful:
            found = _row_repeats(bytes(raws[-1 - at]))
            _report_repeats(found, findings, partial(places.inside, start + at))
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
    """Read a row that is not typed as published, field by field; it is the one `at` of a batch."""
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
            place = source.place(start + field_offset(source.data[start:], key))
            problems.append(Problem(f"{key} is not {wanted}", place, _EXPECTED, code="wrong-shape"))
    return InputError(problems)
