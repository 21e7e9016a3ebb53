"""Writer of STIX 2.1 bundles; docs/formats.md describes them. The same set always gives the same bundle."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from hashlib import sha1
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from navlayers import attack
from navlayers._text.dates import day
from navlayers._text.wording import bare, comma_list
from navlayers.errors import OutputError, Problem, ReleaseError
from navlayers.mapping.formats._json import dumps, json_object
from navlayers.mapping.formats.context import Written
from navlayers.mapping.formats.stix.bundle import (
    EXTENSION,
    SET_PROPERTIES,
    DeclaredGroup,
    DeclaredType,
    Extensions,
    Properties,
    Record,
    Reference,
    Step,
    parts,
)
from navlayers.mapping.model import MappingSet, canonical
from navlayers.mapping.nouns import likely_role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import Capability, Mapping, NonMappable

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_INCIDENTS = frozenset({"veris"})
"""Frameworks whose capabilities are incident actions: attack-patterns, as the published STIX files have them."""

_MITIGATES = frozenset({"mitigates", "mitigate", "protects", "protect", "prevents"})
_URL = re.compile(
    r"https?://([A-Za-z0-9.-]+)(?::[0-9]+)?(?:[/?#](?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)

_UNKNOWN_DATE = "1970-01-01T00:00:00.000Z"
"""Creation time of the objects of a set without dates; STIX requires one."""

_NAMESPACE = UUID("afde33c9-8a89-5794-b366-2a6bd3743bd6")
"""UUIDv5 of "navlayers" in the namespace of DNS names."""

_OWN_DATE = "2026-01-01T00:00:00.000Z"
_SET_FIELDS = ("framework", "version", "domain", "attack_version", "title", "source", "licence")

_Object = dict[str, Any]


def encode(mapping_set: MappingSet) -> Written:
    """The set as a STIX 2.1 bundle; it holds everything.

    Relationships lead to the ids that ATT&CK gives its attack-patterns. Notices name techniques whose id is from
    another release, or that no available release has.

    Raises:
        OutputError: the set has no capabilities, mappings or non-mappables.
    """
    alone = any(record.capability or record.technique for record in mapping_set.non_mappable)
    if not (mapping_set.capabilities or mapping_set.mappings or alone):
        raise OutputError(Problem("the set has no capabilities", expected="a set that maps something"))
    writer = _Writer(canonical(mapping_set))
    # The id depends on all of the content: a bundle with any change is another bundle.
    content = _Content()
    id_ = content.id
    written = json_object({"type": "bundle", "id": id_, "objects": ()}, content.encoded(writer.objects()), 1)
    with written.getbuffer() as text:
        start = bytes(text[:100]).index(id_.encode())
        text[start : start + len(id_)] = content.id.encode()
    return Written(written.getvalue(), tuple(dict.fromkeys(writer.techniques.notices())))


class _Content:
    """The id of a bundle by its objects, which is that of `_identify` without a text of all of them."""

    def __init__(self) -> None:
        self._hash = sha1(_NAMESPACE.bytes + b'["bundle","', usedforsecurity=False)

    @property
    def id(self) -> str:
        """The id for the objects so far."""
        whole = self._hash.copy()
        whole.update(b'"]')
        return f"bundle--{UUID(bytes=whole.digest()[:16], version=5)}"

    def encoded(self, objects: Iterable[_Object | _Relationship]) -> Iterator[msgspec.Raw]:
        """Each object as JSON."""
        mark = "["
        for each in objects:
            data = dumps(each)
            self._hash.update(dumps(mark + data.decode())[1:-1])
            mark = ","
            yield msgspec.Raw(data)
        self._hash.update(b"]")


def _identify(kind: str, *key: str | int | None) -> str:
    """The STIX id of an object: UUIDv5 of its type and identifying properties."""
    return f"{kind}--{uuid5(_NAMESPACE, dumps((kind, *key)).decode())}"


def _object(kind: str, id_: str, created: str, modified: str, properties: _Object) -> _Object:
    """A STIX 2.1 object without the properties that are None or empty."""
    written = {"type": kind, "spec_version": "2.1", "id": id_, "created": created, "modified": modified}
    # STIX forbids empty lists; a property without values is left out.
    written.update((name, value) for name, value in properties.items() if value is not None and value != ())
    return written


def _timestamp(text: str) -> str | None:
    """The start of a day as STIX writes it; None if the text is not a date."""
    # The time is left out, as its zone may be missing.
    start = day(text)
    return start and f"{start}T00:00:00.000Z"


def _identity(id_: str, date_: str, name: str, class_: str) -> _Object:
    return _object("identity", id_, date_, date_, {"name": name, "identity_class": class_})


_AUTHOR = _identity(_identify("identity", "navlayers"), _OWN_DATE, "navlayers", "system")
_DEFINITION = (
    _AUTHOR,
    {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created_by_ref": _AUTHOR["id"],
        "created": _OWN_DATE,
        "modified": _OWN_DATE,
        "name": "Mappings of security capabilities to ATT&CK",
        "description": "What a mapping set says that STIX 2.1 has no property for.",
        "schema": (
            "A grouping is a mapping set: framework, framework_version, domain, attack_version, and, as far as "
            "the set has them, its other metadata, capability_groups, mapping_types, scale and non_mappable. The "
            "object of a capability has capability_id and group_ids. A relationship is a mapping: technique_id, "
            "mapping_type, score_category (protect, detect or respond), score_value (a name of the scale or a "
            "number from 0 to 100), group_id, names that the mapping spells in its own way, and other_fields. All "
            "values are text, except scale, which has numbers from 0 to 100 (by default minimal is 10, partial "
            "50, significant 100)."
        ),
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    },
)
"""The extension, and the identity that defines it."""


class _Relationship(msgspec.Struct, tag_field="type", tag="relationship", omit_defaults=True, gc=False):
    """A mapping. Unlike other objects it is a type: a set has thousands, and dicts take twice the time."""

    spec_version: str
    id: str
    created: str
    modified: str
    relationship_type: str
    source_ref: str
    target_ref: str
    extensions: Extensions
    description: str = ""
    external_references: tuple[Reference, ...] = ()
    created_by_ref: str | None = None


class _Writer:
    def __init__(self, mapping_set: MappingSet) -> None:
        self._set = mapping_set
        self._key = (mapping_set.framework, mapping_set.version, mapping_set.domain, mapping_set.attack_version)
        created, modified = (_timestamp(mapping_set.details.get(field, "")) for field in ("created", "updated"))
        self._modified = modified or created or _UNKNOWN_DATE
        self._created = min(created or self._modified, self._modified)
        self._author = mapping_set.details.get("organization", "")
        self._author_id = _identify("identity", "organization", self._author) if self._author else None
        self._references: dict[tuple[str, ...], tuple[Reference, ...]] = {}
        self.techniques = _Techniques(mapping_set)

    def objects(self) -> Iterator[_Object | _Relationship]:
        capabilities = [self._capability(capability) for capability in self._set.capabilities]
        sources = {c.id: written["id"] for c, written in zip(self._set.capabilities, capabilities, strict=True)}
        ids = list(self._ids())
        # Before the objects of unknown techniques are made: looking up an id may add to these.
        for mapping in self._set.mappings:
            self.techniques.stix_id(mapping.technique, mapping.technique_name)
        alone = [
            self.techniques.stix_id(r.technique, r.technique_name) for r in self._set.non_mappable if r.technique
        ]
        unknown = [self._attack_pattern(id_, name) for id_, name in sorted(self.techniques.unknown.items())]
        refs = [*(written["id"] for written in (*capabilities, *unknown)), *ids]
        # STIX requires a grouping to refer to at least one object.
        yield from (*_DEFINITION, *self._authors(), self._grouping(tuple(refs or dict.fromkeys(alone))))
        yield from (*capabilities, *unknown)
        yield from self._relationships(sources, ids)

    def _object(self, kind: str, id_: str, properties: _Object) -> _Object:
        written = _object(kind, id_, self._created, self._modified, properties)
        if self._author_id is not None:
            written["created_by_ref"] = self._author_id
        return written

    def _authors(self) -> list[_Object]:
        """The organization of the set; the same name is the same object in every bundle."""
        if self._author_id is None:
            return []
        return [_identity(self._author_id, _UNKNOWN_DATE, self._author, "organization")]

    def _grouping(self, refs: tuple[str, ...]) -> _Object:
        mapping_set = self._set
        framework = f"{mapping_set.framework} {mapping_set.version}"
        return self._object(
            "grouping",
            _identify("grouping", *self._key),
            {
                "name": mapping_set.name,
                "description": f"{framework} mapped to ATT&CK {mapping_set.domain} {mapping_set.attack_version}",
                # STIX requires a context, and its vocabulary has none for mappings.
                "context": "unspecified",
                "object_refs": refs,
                "extensions": _extended(
                    **{SET_PROPERTIES.get(field, field): getattr(mapping_set, field) for field in _SET_FIELDS},
                    role=mapping_set.role if mapping_set.role != likely_role(mapping_set.framework) else "",
                    **{SET_PROPERTIES.get(field, field): text for field, text in mapping_set.details.items()},
                    capability_groups=tuple(DeclaredGroup(id_, name) for id_, name in mapping_set.groups.items()),
                    mapping_types=tuple(
                        DeclaredType(*msgspec.structs.astuple(type_)) for type_ in mapping_set.mapping_types
                    ),
                    scale=tuple(Step(value, score) for value, score in mapping_set.scale.items()),
                    non_mappable=tuple(map(_record, mapping_set.non_mappable)),
                ),
            },
        )

    def _capability(self, capability: Capability) -> _Object:
        cve = _CVE.fullmatch(capability.id) is not None
        other = "attack-pattern" if self._set.framework in _INCIDENTS else "course-of-action"
        kind = "vulnerability" if cve else other
        own = Reference("cve" if cve else self._set.framework, external_id=capability.id)
        return self._object(
            kind,
            _identify(kind, *self._key, capability.id),
            {
                "name": capability.name,
                "external_references": (own, *self._links(capability.references)),
                "extensions": _extended(capability_id=capability.id, group_ids=capability.groups),
            },
        )

    def _links(self, references: tuple[str, ...]) -> tuple[Reference, ...]:
        if references not in self._references:
            self._references[references] = tuple(self._link(text) for text in references)
        return self._references[references]

    def _link(self, text: str) -> Reference:
        url = _URL.fullmatch(text)
        return Reference(url[1].lower(), url=text) if url else Reference(self._set.framework, description=text)

    def _attack_pattern(self, technique: str, name: str | None) -> _Object:
        """The object of a technique that no available ATT&CK release has, so that references to it resolve."""
        source = "mitre-attack" if self._set.domain == "enterprise" else f"mitre-{self._set.domain}-attack"
        return self._object(
            "attack-pattern",
            self.techniques.stix_id(technique, name),
            {"name": name or technique, "external_references": (Reference(source, external_id=technique),)},
        )

    def _ids(self) -> Iterator[str]:
        """The ids of the relationships."""
        times: Counter[tuple[str | None, ...]] = Counter()
        for mapping in self._set.mappings:
            key = (mapping.capability, mapping.technique, mapping.type, mapping.category)
            times[key] += 1
            yield _identify("relationship", *self._key, *key, times[key])

    def _relationships(self, sources: dict[str, str], ids: Iterable[str]) -> Iterator[_Relationship]:
        for mapping, id_ in zip(self._set.mappings, ids, strict=True):
            source = sources[mapping.capability]
            extension = Properties(
                "property-extension",
                technique_id=mapping.technique,
                technique_name=mapping.technique_name,
                capability_name=mapping.capability_name,
                mapping_type=mapping.type,
                score_category=mapping.category,
                score_value=mapping.value,
                group_id=mapping.group,
                other_fields=parts(mapping.other),
            )
            yield _Relationship(
                "2.1",
                id_,
                self._created,
                self._modified,
                _relationship_type(mapping, source),
                source,
                self.techniques.stix_id(mapping.technique, mapping.technique_name),
                Extensions(extension),
                mapping.comment,
                self._links(mapping.references),
                self._author_id,
            )


def _record(record: NonMappable) -> Record:
    return Record(**{**msgspec.structs.asdict(record), "other": parts(record.other)})


def _extended(**properties: Any) -> Extensions:
    return Extensions(Properties("property-extension", **properties))


def _relationship_type(mapping: Mapping, source: str) -> str:
    """The type that STIX defines between the two objects; the mapping's own type is in the extension."""
    # STIX 2.1 has "mitigates" from a course of action only, and "related-to" between any objects.
    mitigates = mapping.category == "protect" or (mapping.category is None and mapping.type in _MITIGATES)
    return "mitigates" if mitigates and source.startswith("course-of-action") else "related-to"


class _Techniques:
    """The STIX ids of techniques, as the set's release has them, else the newest release that has the technique.

    Attributes:
        unknown: techniques that no available release has, with the names that the set gives them.
    """

    def __init__(self, mapping_set: MappingSet) -> None:
        self._domain = mapping_set.domain
        self._release = f"ATT&CK {mapping_set.domain} {bare(mapping_set.attack_version)}"
        self._ids: dict[str, str] = {}
        self._elsewhere: defaultdict[str, list[str]] = defaultdict(list)
        self._notices: list[Problem] = []
        self._own: Catalogue | None = None
        self._others: list[Catalogue] | None = None
        self.unknown: dict[str, str | None] = {}
        try:
            match = attack.find(mapping_set.domain, mapping_set.attack_version)
        except ReleaseError:
            message = f"{self._release} is not installed"
            hint = "STIX ids are from the newest installed release that has the technique"
            self._notices.append(Problem(message, hint=hint))
            return
        self._notices += [match.notice] if match.notice is not None else []
        self._own = match.catalogue

    def stix_id(self, technique: str, name: str | None) -> str:
        """The id of the attack-pattern of a technique; `name` is the set's own name of it, if it has one."""
        if technique not in self._ids:
            known = self._own.get(technique) if self._own is not None else None
            self._ids[technique] = known.stix_id if known is not None else self._look_up(technique, name)
        return self._ids[technique]

    def _look_up(self, technique: str, name: str | None) -> str:
        if self._others is None:
            newest = attack.releases()[::-1]
            releases = sorted(newest, key=lambda release: release.domain != self._domain)
            self._others = [attack.load(release) for release in releases]
        for catalogue in self._others:
            known = catalogue.get(technique)
            if known is not None:
                if self._own is not None:
                    self._elsewhere[f"{catalogue.domain} {catalogue.version}"].append(technique)
                return known.stix_id
        self.unknown[technique] = name
        return _identify("attack-pattern", "technique", self._domain, technique)

    def notices(self) -> Iterator[Problem]:
        """The notices of the release, and of techniques whose ids are from elsewhere."""
        yield from self._notices
        for release, techniques in self._elsewhere.items():
            verb = "has its STIX id" if len(techniques) == 1 else "have their STIX ids"
            message = f"{comma_list(techniques)}: not in {self._release}; {verb} from ATT&CK {release}"
            yield Problem(message, hint="`check` tells the details")
        if self.unknown:
            message = f"{comma_list(sorted(self.unknown))}: no installed ATT&CK release has a STIX id"
            yield Problem(message, hint="the bundle defines an attack-pattern for each")
