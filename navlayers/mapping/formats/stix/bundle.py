"""STIX bundles, 2.0 and 2.1: the properties that are read and written; objects by id, with their places.

STIX 2.1 has no property for most fields of a mapping. They are under a property extension: in the grouping for the
set, in the object of a capability, in the relationship of a mapping.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.wording import quoted
from navlayers.errors import OtherFileError, Problem
from navlayers.mapping.formats._json import JsonLocator, convert, loads, not_json, repeats, report_repeats
from navlayers.mapping.formats.findings import Findings, Issue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.errors import Place
    from navlayers.mapping.formats._json import Path
    from navlayers.mapping.formats.rows import Pairs
    from navlayers.mapping.formats.source import Source

EXTENSION = "extension-definition--cbb29f9d-257e-57c5-b604-05b5cc9073d8"
SET_PROPERTIES = {
    "version": "framework_version",
    "groups": "capability_groups",
    "created": "creation_date",
    "updated": "last_update",
}
"""Field of a mapping set, or of its details → property of the extension, where the names differ."""

ROW_PROPERTIES = {
    "capability": "capability_id",
    "technique": "technique_id",
    "type": "mapping_type",
    "category": "score_category",
    "value": "score_value",
    "group": "group_id",
    "other": "other_fields",
}
"""Field of a mapping or non-mappable → property of the extension, where the names differ."""

EXPECTED = 'a STIX bundle: {"type": "bundle", "objects": […]}'
ATTACK_SOURCES = ("mitre-attack", "mitre-mobile-attack", "mitre-ics-attack")
OWN = ("extensions", EXTENSION)
"""The path from an object to the properties of navlayers' extension."""

_RELEVANT = frozenset(
    {
        *("relationship", "grouping", "attack-pattern", "course-of-action", "infrastructure", "tool"),
        "vulnerability",
    }
)
"""Types of objects, in addition to custom ones (x-…), whose wrong properties are reported."""

_WATCHED = tuple(
    f'"{key}"'.encode()
    for key in (
        *("id", "type", "relationship_type", "source_ref", "target_ref", "extensions", "external_references"),
        *("capability_id", "technique_id", "mapping_type", "score_category", "score_value", "revoked"),
    )
)
"""Keys checked for duplicates: a check of all keys would take most of the time."""


class Part(msgspec.Struct, frozen=True):
    """A name with a value. STIX restricts the keys of objects, so names are values here."""

    name: str
    value: str


class DeclaredType(msgspec.Struct, omit_defaults=True, frozen=True):
    """A mapping type of the set."""

    type_id: str
    name: str = ""
    description: str = ""


class DeclaredGroup(msgspec.Struct, frozen=True):
    """A capability group of the set."""

    group_id: str
    name: str


class Step(msgspec.Struct, frozen=True):
    """A score value of the set's scale, and its number 0–100."""

    value: str
    score: float


class Record(msgspec.Struct, omit_defaults=True, frozen=True, rename=ROW_PROPERTIES):
    """A non-mappable, with the fields of `NonMappable` in the same order."""

    capability: str | None = None
    technique: str | None = None
    type: str | None = None
    comment: str = ""
    references: tuple[str, ...] = ()
    group: str | None = None
    technique_name: str | None = None
    capability_name: str | None = None
    other: tuple[Part, ...] = ()


class Properties(msgspec.Struct, omit_defaults=True, frozen=True):
    """The properties of the extension: of a set (first part), a capability (second), a mapping (third)."""

    extension_type: str | None = None

    framework: str | None = None
    framework_version: str = ""
    domain: str = ""
    attack_version: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    role: str = ""
    mapping_version: str = ""
    creation_date: str = ""
    last_update: str = ""
    author: str = ""
    contact: str = ""
    organization: str = ""
    capability_groups: tuple[DeclaredGroup, ...] = ()
    mapping_types: tuple[DeclaredType, ...] = ()
    scale: tuple[Step, ...] = ()
    non_mappable: tuple[Record, ...] = ()

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


class Extensions(msgspec.Struct, omit_defaults=True, frozen=True):
    """The extensions of an object; those of others are not read."""

    own: Properties | None = msgspec.field(name=EXTENSION, default=None)


class Reference(msgspec.Struct, omit_defaults=True):
    """An external reference."""

    source_name: str | None = None
    description: str | None = None
    url: str | None = None
    external_id: str | None = None


def parts(pairs: Pairs) -> tuple[Part, ...]:
    """Pairs as objects."""
    return tuple(Part(name, value) for name, value in pairs)


def pairs(written: Iterable[Part]) -> Pairs:
    """Objects as pairs."""
    return tuple((part.name, part.value) for part in written)


_ABSENT = Properties()


class StixObject(msgspec.Struct):
    """Any STIX object: the properties that are read."""

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

    def share(self, shared: dict[Any, Any]) -> StixObject:
        """The object itself, with those of its values that many objects have equal to it in `shared`."""
        share = shared.setdefault
        self.modified = share(self.modified, self.modified)
        self.relationship_type = share(self.relationship_type, self.relationship_type)
        self.source_ref = share(self.source_ref, self.source_ref)
        self.target_ref = share(self.target_ref, self.target_ref)
        self.extensions = share(self.extensions, self.extensions)
        return self

    @property
    def own(self) -> Properties:
        """The properties of navlayers' extension, all of them absent in the objects of other tools."""
        return (self.extensions and self.extensions.own) or _ABSENT

    @property
    def is_own(self) -> bool:
        """Whether it is a relationship that navlayers wrote."""
        return self.own.technique_id is not None

    @property
    def retired(self) -> bool:
        """Whether it is revoked or deprecated."""
        return bool(self.revoked or self.x_mitre_deprecated)

    @property
    def attack_id(self) -> str | None:
        """The id that ATT&CK gives it."""
        references = self.external_references or ()
        return next((r.external_id for r in references if r.source_name in ATTACK_SOURCES and r.external_id), None)

    def links(self, *, own: bool) -> tuple[str, ...]:
        """Addresses of its references, else their texts; if navlayers wrote it (`own`), all but that of the id."""
        references = self.external_references or ()
        if own:
            return tuple(
                r.url if r.url is not None else r.description or "" for r in references if r.external_id is None
            )
        texts = (r.url or ("" if r.external_id else r.description or r.source_name or "") for r in references)
        return tuple(text for text in texts if text)


class _Raws(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw(b"")
    objects: msgspec.Raw = msgspec.Raw(b"")


_raws = msgspec.json.Decoder(_Raws)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(StixObject)


class Bundle:
    """The objects of a bundle by number, and where they are in the file.

    Raises:
        InputError: the text is not JSON, or has a duplicate key at the top.
        OtherFileError: it is not a STIX bundle.
    """

    def __init__(self, source: Source, findings: Findings) -> None:
        self.findings = findings
        self._locator = JsonLocator(source)
        self.objects, self.raws = self._decode(source)
        self._numbers = self._newest_by_id()

    def number(self, ref: str | None) -> int | None:
        """The number of the object with an id, of its newest version."""
        return self._numbers.get(ref or "")

    def get(self, ref: str | None) -> StixObject | None:
        """The object with an id."""
        number = self._numbers.get(ref or "")
        return self.objects[number] if number is not None else None

    def is_newest(self, number: int) -> bool:
        """Whether it is the newest version of the object."""
        return self._numbers.get(self.objects[number].id, number) == number

    def place(self, number: int | None = None, path: Path = ()) -> Place:
        """The place of an object, or of the value at a path within it; without a number, of the bundle."""
        return self._locator.place(("objects", number, *path) if number is not None else ())

    def report(self, issue: Issue | None, number: int | None = None, path: Path = ()) -> None:
        """Report an issue, if any, of an object, of the value at a path within it, or of the bundle."""
        if issue is not None:
            self.findings.add(issue, partial(self.place, number, path))

    def report_repeats(self, number: int) -> None:
        """Report duplicate keys of an object, of which the decoder keeps the last."""
        text = bytes(self.raws[number])
        if any(text.count(key) > 1 for key in _WATCHED):
            inside = partial(self._locator.inside, ("objects", number))
            report_repeats(repeats(text, depth=3), self.findings, inside)

    def _decode(self, source: Source) -> tuple[list[StixObject], list[msgspec.Raw]]:
        data = source.data
        try:
            top = _raws.decode(data)
            if bytes(top.type) != b'"bundle"' or bytes(memoryview(top.objects)[:1]) != b"[":
                raise self._other(top)
            report_repeats(repeats(data, data.index(b"{")), self.findings, source.place)
            self.findings.raise_errors()
            raws = _list.decode(top.objects)
            shared: dict[Any, Any] = {}
            objects = [self._decode_object(number, bytes(raw)).share(shared) for number, raw in enumerate(raws)]
            return objects, raws
        except msgspec.ValidationError:
            problem = Problem("the top level is not an object", self.place(), EXPECTED)
            raise OtherFileError(problem) from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise not_json(source, error, EXPECTED) from None

    def _other(self, top: _Raws) -> OtherFileError:
        kind = bytes(top.type)[:40].decode("utf-8", "replace")
        path: Path = ("type",)
        if bytes(top.type) != b'"bundle"':
            message = f"the type is {kind}" if kind else "the bundle has no type"
        elif top.objects:
            message, path = "objects is not a list", ("objects",)
        else:
            message, path = "the bundle has no list of objects", ()
        return OtherFileError(Problem(message, self._locator.place(path), EXPECTED, code="wrong-shape"))

    def _decode_object(self, number: int, raw: bytes) -> StixObject:
        """Decode an object without the properties of the wrong type, which are reported."""
        try:
            return _object.decode(raw)
        except msgspec.ValidationError:
            if not raw.startswith(b"{"):
                issue = Issue("an object of the bundle is not a JSON object", EXPECTED, code="wrong-type")
                self.report(issue, number)
                return StixObject()
        mark, fields = self.findings.mark, loads(raw)
        type_ = fields.get("type", "")
        relevant = not isinstance(type_, str) or type_ in _RELEVANT or type_.startswith("x-")

        def report(path: Path, issue: Issue) -> None:
            if relevant:
                self.report(issue, number, path)

        item = convert(fields, StixObject, report) or StixObject()
        return StixObject() if self.findings.left_out(mark, "entry") else item

    def _newest_by_id(self) -> dict[str, int]:
        """Id → number of the newest version. Different objects with one id and one date are an error."""
        numbers: dict[str, int] = {}
        for number, item in enumerate(self.objects):
            if not item.id:
                continue
            first = numbers.setdefault(item.id, number)
            then, now = self.objects[first].modified or "", item.modified or ""
            if now > then:
                numbers[item.id] = number
            # Tools that merge bundles repeat objects; equal copies are harmless.
            elif now == then and bytes(self.raws[first]) != bytes(self.raws[number]):
                place = self.place(first, ("id",))
                message = f"duplicate id {quoted(item.id)}, first in {place.position}"
                hint = "give each object its own id, or each version its own modified"
                self.report(Issue(message, "unique ids", hint, code="duplicate-key"), number, ("id",))
        return numbers
