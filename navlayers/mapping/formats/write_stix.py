"""Writer of STIX 2.1 bundles. docs/formats.md tells the arrangement; the same set always gives the same bundle."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import OutputError, Problem
from navlayers.mapping.formats.context import Written, joined
from navlayers.mapping.formats.stix_common import (
    DETAILS,
    CapabilityProperties,
    Group,
    Kind,
    MappingProperties,
    Part,
    SetProperties,
    Step,
    Unmapped,
)
from navlayers.mapping.formats.write_stix_objects import (
    DEFINITION,
    UNKNOWN_DATE,
    AttackPattern,
    Bundle,
    CourseOfAction,
    Extended,
    Grouping,
    Named,
    Reference,
    Relationship,
    Thing,
    Vulnerability,
    identify,
    organization,
    timestamp,
)
from navlayers.mapping.formats.write_stix_techniques import Techniques
from navlayers.mapping.model import MappingSet, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.model import Capability, Mapping, NonMappable

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_INCIDENTS = frozenset({"veris"})
"""Frameworks whose capabilities are what incidents do: attack-patterns, as the published STIX files have them."""

_MITIGATES = frozenset({"mitigates", "mitigate", "protects", "protect", "prevents"})
_URL = re.compile(
    r"https?://([A-Za-z0-9.-]+)(?::[0-9]+)?(?:[/?#](?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


def encode(mapping_set: MappingSet) -> Written:
    """The set as a STIX 2.1 bundle; it carries everything.

    Relationships point at the ids that ATT&CK gives its attack-patterns; notices tell where the set's own release
    is not at hand, and which techniques no release knows.

    Raises:
        OutputError: the set holds nothing that an object of a bundle could stand for.
    """
    alone = any(record.capability or record.technique for record in mapping_set.non_mappable)
    if not (mapping_set.capabilities or mapping_set.mappings or alone):
        raise OutputError(Problem("the set has no capabilities", expected="a set that maps something"))
    try:
        return _encode(canonical(mapping_set))
    except UnicodeEncodeError:
        return _encode(canonical(_whole_characters(mapping_set)))


def _whole_characters(mapping_set: MappingSet) -> MappingSet:
    """The set with U+FFFD for halves of surrogate pairs, which UTF-8 cannot hold."""
    text = json.dumps(msgspec.to_builtins(mapping_set), ensure_ascii=False)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return msgspec.json.decode(whole, type=MappingSet)


def _encode(whole: MappingSet) -> Written:
    writer = _Writer(whole)
    objects = writer.objects()
    content = msgspec.json.encode(objects)
    bundle = Bundle(identify("bundle", content.decode()), objects)
    data = msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n"
    return Written(data, joined(*writer.techniques.notices()))


class _Writer:
    def __init__(self, whole: MappingSet) -> None:
        self._set = whole
        self._key = (whole.framework, whole.version, whole.domain, whole.attack_version)
        created, modified = (timestamp(whole.details.get(field, "")) for field in ("created", "updated"))
        self._modified = modified or created or UNKNOWN_DATE
        self._created = min(created or self._modified, self._modified)
        maker = whole.details.get("organization", "")
        self._maker = organization(maker) if maker else None
        self._by = self._maker.id if self._maker is not None else None
        self._references: dict[tuple[str, ...], tuple[Reference, ...]] = {}
        self.techniques = Techniques(whole)

    def objects(self) -> list[Thing]:
        capabilities = [self._capability(capability) for capability in self._set.capabilities]
        sources = {c.id: made.id for c, made in zip(self._set.capabilities, capabilities, strict=True)}
        relationships = list(self._relationships(sources))
        alone = [self.techniques.ref(r.technique, r.technique_name) for r in self._set.non_mappable if r.technique]
        unknown = [self._unknown(id_, name) for id_, name in sorted(self.techniques.unknown.items())]
        refs = [thing.id for things in (capabilities, unknown, relationships) for thing in things]
        maker = [self._maker] if self._maker is not None else []
        return [
            *DEFINITION,
            *maker,
            self._grouping(tuple(refs or dict.fromkeys(alone))),
            *capabilities,
            *unknown,
            *relationships,
        ]

    def _pairs(
        self, made: list[CourseOfAction | Vulnerability | AttackPattern]
    ) -> Iterator[tuple[Capability, Named]]:
        return zip(self._set.capabilities, made, strict=True)

    def _capability(self, capability: Capability) -> CourseOfAction | Vulnerability | AttackPattern:
        cve = _CVE.fullmatch(capability.id) is not None
        kind: type[CourseOfAction | Vulnerability | AttackPattern] = (
            Vulnerability if cve else AttackPattern if self._set.framework in _INCIDENTS else CourseOfAction
        )
        own = Reference("cve" if cve else self._set.framework, external_id=capability.id)
        return kind(
            "2.1",
            identify(str(kind.__struct_config__.tag), *self._key, capability.id),
            self._created,
            self._modified,
            capability.name,
            (own, *self._links(capability.references)),
            Extended(CapabilityProperties(capability.id, capability.groups)),
            self._by,
        )

    def _links(self, references: tuple[str, ...]) -> tuple[Reference, ...]:
        if references not in self._references:
            self._references[references] = tuple(self._link(text) for text in references)
        return self._references[references]

    def _link(self, text: str) -> Reference:
        host = _host(text)
        return Reference(host, url=text) if host else Reference(self._set.framework, description=text)

    def _unknown(self, technique: str, name: str | None) -> AttackPattern:
        """What stands for a technique that no ATT&CK release at hand knows, so that no relationship hangs."""
        source = "mitre-attack" if self._set.domain == "enterprise" else f"mitre-{self._set.domain}-attack"
        id_ = self.techniques.ref(technique, name)
        own = (Reference(source, external_id=technique),)
        return AttackPattern("2.1", id_, self._created, self._modified, name or technique, own, None, self._by)

    def _relationships(self, sources: dict[str, str]) -> Iterator[Relationship]:
        times: defaultdict[tuple[str | None, ...], int] = defaultdict(int)
        for mapping in self._set.mappings:
            key = (mapping.capability, mapping.technique, mapping.type, mapping.category)
            times[key] += 1
            source = sources[mapping.capability]
            yield Relationship(
                "2.1",
                identify("relationship", *self._key, *key, times[key]),
                self._created,
                self._modified,
                _relationship_type(mapping, source),
                source,
                self.techniques.ref(mapping.technique, mapping.technique_name),
                Extended(
                    MappingProperties(
                        mapping.technique,
                        mapping.technique_name,
                        mapping.capability_name,
                        mapping.type,
                        mapping.category,
                        mapping.value,
                        mapping.group,
                        _parts(mapping.other),
                    )
                ),
                mapping.comment or None,
                self._links(mapping.references),
                self._by,
            )

    def _grouping(self, refs: tuple[str, ...]) -> Grouping:
        whole = self._set
        properties = SetProperties(
            framework=whole.framework,
            framework_version=whole.version,
            domain=whole.domain,
            attack_version=whole.attack_version,
            title=whole.title,
            source=whole.source,
            licence=whole.licence,
            **{DETAILS[field]: text for field, text in whole.details.items()},
            capability_groups=tuple(Group(id_, name) for id_, name in whole.groups.items()),
            mapping_types=tuple(Kind(kind.id, kind.name, kind.description) for kind in whole.mapping_types),
            scale=tuple(Step(value, score) for value, score in whole.scale.items()),
            non_mappable=tuple(map(_unmapped, whole.non_mappable)),
        )
        return Grouping(
            "2.1",
            identify("grouping", *self._key),
            self._created,
            self._modified,
            whole.name,
            f"{whole.framework} {whole.version} mapped to ATT&CK {whole.domain} {whole.attack_version}",
            "unspecified",
            refs,
            Extended(properties),
            self._by,
        )


def _host(text: str) -> str:
    """The host of a web address that STIX takes for one; "" where the text is none."""
    found = _URL.fullmatch(text)
    return found[1].lower() if found else ""


def _relationship_type(mapping: Mapping, source: str) -> str:
    """The type that STIX defines between the two objects; the mapping's own type stands in the extension."""
    mitigates = mapping.category == "protect" or (mapping.category is None and mapping.type in _MITIGATES)
    return "mitigates" if mitigates and source.startswith("course-of-action") else "related-to"


def _parts(pairs: tuple[tuple[str, str], ...]) -> tuple[Part, ...]:
    return tuple(Part(name, value) for name, value in pairs)


def _unmapped(record: NonMappable) -> Unmapped:
    return Unmapped(
        record.capability,
        record.technique,
        record.type,
        record.comment,
        record.references,
        record.group,
        record.technique_name,
        record.capability_name,
        _parts(record.other),
    )
