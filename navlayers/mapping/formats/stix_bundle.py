"""The objects of a STIX bundle, 2.0 or 2.1, and where they stand; nothing of what they mean."""

from __future__ import annotations

import re
from array import array
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers import _text as wording
from navlayers.errors import OtherFileError, Problem
from navlayers.mapping.formats.findings import Findings, Issue
from navlayers.mapping.formats.json_keys import members, repeats, top_repeats
from navlayers.mapping.formats.json_text import not_json
from navlayers.mapping.formats.stix_common import EXTENSION, Group, Kind, Part, Step, Unmapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navlayers.errors import Place
    from navlayers.mapping.formats.source import Source

EXPECTED = 'a STIX bundle: {"type": "bundle", "objects": […]}'
Path = tuple[str | int, ...]

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


class Reference(msgspec.Struct, gc=False):
    """An external reference."""

    source_name: str | None = None
    description: str | None = None
    url: str | None = None
    external_id: str | None = None


class Properties(msgspec.Struct):
    """What stands under navlayers' own extension, be it of a set, a capability or a mapping."""

    framework: str | None = None
    framework_version: str = ""
    domain: str = ""
    attack_version: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    mapping_version: str = ""
    creation_date: str = ""
    last_update: str = ""
    author: str = ""
    contact: str = ""
    organization: str = ""
    capability_groups: tuple[Group, ...] = ()
    mapping_types: tuple[Kind, ...] = ()
    scale: tuple[Step, ...] = ()
    non_mappable: tuple[Unmapped, ...] = ()
    capability_id: str | None = None
    group_ids: tuple[str, ...] = ()
    technique_id: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    mapping_type: str | None = None
    score_category: str | None = None
    score_value: str | None = None
    group_id: str | None = None
    other_fields: tuple[Part, ...] = ()


class Extensions(msgspec.Struct):
    """The extensions of an object; those of others are not looked at."""

    own: Properties | None = msgspec.field(name=EXTENSION, default=None)


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
        """What navlayers wrote beside the standard's properties."""
        return self.extensions.own if self.extensions is not None else None

    @property
    def gone(self) -> bool:
        """Whether its maker has taken it back."""
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


class Spots:
    """Finds objects and their properties in the text again; costs nothing until it is asked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts: array[int] | None = None

    def at(self, number: int, path: Path = ()) -> Place:
        """The place of an object or of the value at a path of keys and indices; of what is around an absent one."""
        start, end = self._objects()[2 * number : 2 * number + 2]
        raw = self._source.data[start:end]
        return self._source.place(start + offset(raw, path))

    def inside(self, number: int, offset_: int) -> Place:
        """The place of what stands so many bytes behind the start of an object."""
        return self._source.place(self._objects()[2 * number] + offset_)

    def top(self) -> Place:
        """The place of the bundle."""
        data = self._source.data
        return self._source.place(len(data) - len(data.lstrip()))

    def _objects(self) -> array[int]:
        if self._starts is None:
            data = self._source.data
            whole = bytes(_raws.decode(data).objects)
            at = data.index(whole)
            starts = array("Q")
            for raw in _list.decode(whole):
                text = bytes(raw)
                at = data.index(text, at)
                starts.extend((at, at + len(text)))
                at += len(text)
            self._starts = starts
        return self._starts


def offset(raw: bytes, path: Path) -> int:
    """The byte offset of the value at a path within JSON text; of the last step that is there."""
    at, end = 0, len(raw)
    for step in path:
        inside = raw[at:end]
        found = next(((start, stop) for key, start, stop in _inside(inside) if key == step), None)
        if found is None:
            break
        at, end = at + found[0], at + found[1]
    return at


def _inside(raw: bytes) -> Iterator[tuple[str | int, int, int]]:
    if raw.startswith(b"["):
        at = 1
        for index, item in enumerate(_list.decode(raw)):
            text = bytes(item)
            at = raw.index(text, at)
            yield index, at, at + len(text)
            at += len(text)
        return
    yield from ((member.key, member.value, member.end) for member in members(raw))


def load(source: Source, findings: Findings, spots: Spots) -> Bundle:
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
            raise _other(source, top, spots)
        for repeat in top_repeats(data):
            again, first = (source.place(data.index(b"{") + at) for at in (repeat.again, repeat.first))
            findings.add(_twice(repeat.key, first), again)
        raws = _list.decode(bytes(top.objects))
    except msgspec.ValidationError:
        raise OtherFileError(Problem("the top level is not an object", spots.top(), EXPECTED)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(source, error, EXPECTED) from None
    if findings.failed:
        findings.raise_errors()
    if things is None:
        things = [_odd(number, bytes(raw), findings, spots) for number, raw in enumerate(raws)]
    return Bundle(things, raws)


_WATCHED = tuple(
    f'"{key}"'.encode()
    for key in (
        *("id", "type", "relationship_type", "source_ref", "target_ref", "extensions", "external_references"),
        *("capability_id", "technique_id", "mapping_type", "score_category", "score_value", "revoked"),
    )
)


def report_repeats(raw: msgspec.Raw, number: int, findings: Findings, spots: Spots) -> None:
    """Report keys that stand twice in an object: the decoder keeps the last of them and says nothing."""
    text = bytes(raw)
    if any(text.count(key) > 1 for key in _WATCHED):
        for repeat in repeats(text, depth=3):
            issue = partial(_twice_at, repeat.key, partial(spots.inside, number, repeat.first))
            findings.add(issue, partial(spots.inside, number, repeat.again))


def _twice_at(key: str, first: Callable[[], Place]) -> Issue:
    return _twice(key, first())


def _twice(key: str, first: Place) -> Issue:
    message = f"key {wording.shown(key)} stands twice, first in line {first.line}, column {first.column}"
    return Issue(message, "each key once", "merge the two, or remove one", code="duplicate-key")


def _odd(number: int, raw: bytes, findings: Findings, spots: Spots) -> Thing:
    """Read an object that may not be typed as the standard has it: all of its properties that are not are told."""
    try:
        return _thing.decode(raw)
    except msgspec.ValidationError:
        pass
    if not raw.startswith(b"{"):
        findings.add(
            Issue("an object of the bundle is not a JSON object", EXPECTED, code="wrong-type"), spots.at(number)
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
                findings.add(issue, partial(spots.at, number, path))
            if key not in fields:
                return Thing()
            del fields[key]


def _said(error: str) -> tuple[Path, str, str]:
    """Where the decoder stopped, what is there and what should be, in plain words."""
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


def _other(source: Source, top: _Raws, spots: Spots) -> OtherFileError:
    kind = bytes(top.type)[:40].decode("utf-8", "replace")
    if bytes(top.type) == b'"bundle"':
        message = "the bundle has no list of objects" if not top.objects else "objects is not a list"
        path = ("objects",) if top.objects else ()
    else:
        message, path = (f"the type is {kind}" if kind else "there is no type"), ("type",)
    data = source.data
    start = len(data) - len(data.lstrip())
    return OtherFileError(
        Problem(message, source.place(start + offset(data[start:], path)), EXPECTED, code="wrong-shape")
    )
