"""Decode the objects of a STIX bundle, 2.0 or 2.1, and locate them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers.errors import OtherFileError, Problem
from navlayers.mapping.formats._json import not_json, repeats, report_repeats
from navlayers.mapping.formats._locate import JsonLocator
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.stix.objects import Extensions, Properties, Reference

if TYPE_CHECKING:
    from navlayers.errors import Place
    from navlayers.mapping.formats._locate import Path
    from navlayers.mapping.formats.source import Source

EXPECTED = 'a STIX bundle: {"type": "bundle", "objects": […]}'

_RELEVANT = (
    "relationship",
    "grouping",
    "attack-pattern",
    "course-of-action",
    "infrastructure",
    "tool",
    "vulnerability",
)
_WRONG = re.compile(r"Expected `(.+?)`, got `(.+?)`(?: - at `\$(.*)`)?")
_STEP = re.compile(r"\.\.\.|\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_KINDS = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "array": "a list"}
_KINDS |= {"object": "an object", "null": "null"}


class Thing(msgspec.Struct):
    """Any STIX object: the properties that a mapping set can be read from."""

    type: str = ""
    id: str = ""
    name: str | None = None
    description: str | None = None
    modified: str | None = None
    revoked: bool | None = None
    x_mitre_deprecated: bool | None = None
    x_mitre_version: str | None = None
    x_mitre_family: str | None = None
    labels: list[str] | None = None
    external_references: list[Reference] | None = None
    relationship_type: str | None = None
    source_ref: str | None = None
    target_ref: str | None = None
    extensions: Extensions | None = None

    @property
    def own(self) -> Properties | None:
        """The properties under navlayers' extension."""
        return self.extensions.own if self.extensions is not None else None

    @property
    def gone(self) -> bool:
        """Whether it is revoked or deprecated."""
        return bool(self.revoked or self.x_mitre_deprecated)


class _Document(msgspec.Struct):
    type: str
    objects: list[Thing]


class _Raws(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw(b"")
    objects: msgspec.Raw = msgspec.Raw(b"")


_document = msgspec.json.Decoder(_Document)
_raws = msgspec.json.Decoder(_Raws)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_thing = msgspec.json.Decoder(Thing)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Bundle(NamedTuple):
    """The objects of a bundle in the order of the file, as they are understood and as they are written."""

    things: list[Thing]
    raws: list[msgspec.Raw]


class ObjectLocator(JsonLocator):
    """Finds the places of the objects of a bundle."""

    def at(self, number: int, path: Path = ()) -> Place:
        """The place of an object, or of the value at a path within it; of what is around an absent one."""
        return self.place(("objects", number, *path))


def load(source: Source, findings: Findings, locator: ObjectLocator) -> Bundle:
    """The objects of a bundle; what is wrong in single ones goes to the findings.

    Raises:
        InputError: the text is not JSON, or a key of the bundle stands twice.
        OtherFileError: it is no STIX bundle.
    """
    data = source.data
    try:
        things: list[Thing] | None = None
        try:
            document = _document.decode(data)
            if document.type == "bundle":
                things = document.objects
        except msgspec.ValidationError:
            pass
        top = _raws.decode(data)
        if things is None and (bytes(top.type) != b'"bundle"' or not bytes(top.objects).startswith(b"[")):
            raise _other(top, locator)
        report_repeats(repeats(data, data.index(b"{")), findings, source.place)
        raws = _list.decode(bytes(top.objects))
    except msgspec.ValidationError:
        raise OtherFileError(Problem("the top level is not an object", locator.place(), EXPECTED)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, EXPECTED) from None
    if findings.failed:
        findings.raise_errors()
    if things is None:
        things = [_odd(number, bytes(raw), findings, locator) for number, raw in enumerate(raws)]
    return Bundle(things, raws)


_WATCHED = tuple(
    f'"{key}"'.encode()
    for key in (
        *("id", "type", "relationship_type", "source_ref", "target_ref", "extensions", "external_references"),
        *("capability_id", "technique_id", "mapping_type", "score_category", "score_value", "revoked"),
    )
)


def report_doubles(raw: msgspec.Raw, number: int, findings: Findings, locator: ObjectLocator) -> None:
    """Report duplicate keys of an object, of which the decoder silently keeps the last."""
    text = bytes(raw)
    if any(text.count(key) > 1 for key in _WATCHED):
        report_repeats(repeats(text, depth=3), findings, partial(locator.inside, ("objects", number)))


def _odd(number: int, raw: bytes, findings: Findings, locator: ObjectLocator) -> Thing:
    """Read an object that may not be typed as the standard has it: all of its properties that are not are told."""
    try:
        return _thing.decode(raw)
    except msgspec.ValidationError:
        pass
    if not raw.startswith(b"{"):
        findings.add(
            Issue("an object of the bundle is not a JSON object", EXPECTED, code="wrong-type"), locator.at(number)
        )
        return Thing()
    fields = _members.decode(raw)
    type_ = bytes(fields.get("type", msgspec.Raw(b'""'))).decode()
    told = not type_.startswith('"') or type_[1:-1] in _RELEVANT or type_.startswith('"x-')
    while True:
        try:
            return _thing.decode(msgspec.json.encode(fields))
        except msgspec.ValidationError as error:
            path, message, expected = _said(str(error))
            key = str(path[0]) if path else ""
            if told:
                issue = Issue(f"{path[-1] if path else 'this'} {message}", expected, code="wrong-type")
                findings.add(issue, partial(locator.at, number, path))
            if key not in fields:
                return Thing()
            del fields[key]


def _said(error: str) -> tuple[Path, str, str]:
    """The path at which the decoder stopped, what is wrong there, and what was expected."""
    found = _WRONG.match(error)
    if found is None:
        where = re.search(r"at `\$(.*)`", error)
        missing = re.search(r"missing required field `(.+?)`", error)
        message = f"lacks {missing[1]}" if missing else "is not what it should be"
        return _steps(where[1] if where else ""), message, "a property as STIX or docs/formats.md has it"
    wanted, got, where_ = found.groups()
    kinds = [_KINDS.get(kind, kind) for kind in wanted.split(" | ") if kind != "null"]
    return _steps(where_ or ""), f"is {_KINDS.get(got, got)}", " or ".join(dict.fromkeys(kinds))


def _steps(text: str) -> Path:
    steps: list[str | int] = []
    for key, index in _STEP.findall(text):
        if index:
            steps.append(int(index) if index.isdigit() else 0)
        elif key:
            steps.append(key)
    return tuple(steps)


def _other(top: _Raws, locator: ObjectLocator) -> OtherFileError:
    kind = bytes(top.type)[:40].decode("utf-8", "replace")
    if bytes(top.type) == b'"bundle"':
        message = "the bundle has no list of objects" if not top.objects else "objects is not a list"
        path = ("objects",) if top.objects else ()
    else:
        message, path = (f"the type is {kind}" if kind else "there is no type"), ("type",)
    return OtherFileError(Problem(message, locator.place(path), EXPECTED, code="wrong-shape"))
