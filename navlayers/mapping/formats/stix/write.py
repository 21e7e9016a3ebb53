"""Writer of STIX 2.1 bundles. docs/formats.md tells the arrangement; the same set always gives the same bundle."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from navlayers import attack
from navlayers._text import listed, shown
from navlayers.errors import OutputError, Problem, ReleaseError
from navlayers.mapping.formats.context import Written, joined
from navlayers.mapping.formats.stix.objects import (
    DEFINITION,
    DETAILS,
    UNKNOWN_DATE,
    AttackPattern,
    Bundle,
    CourseOfAction,
    Group,
    Grouping,
    Kind,
    Named,
    Part,
    Reference,
    Relationship,
    Step,
    Thing,
    Unmapped,
    Vulnerability,
    extended,
    identify,
    organization,
    timestamp,
)
from navlayers.mapping.model import MappingSet, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.attack import Catalogue
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
        self.techniques = _Techniques(whole)

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
            extended(capability_id=capability.id, group_ids=capability.groups),
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
                extended(
                    technique_id=mapping.technique,
                    technique_name=mapping.technique_name,
                    capability_name=mapping.capability_name,
                    mapping_type=mapping.type,
                    score_category=mapping.category,
                    score_value=mapping.value,
                    group_id=mapping.group,
                    other_fields=_parts(mapping.other),
                ),
                mapping.comment or None,
                self._links(mapping.references),
                self._by,
            )

    def _grouping(self, refs: tuple[str, ...]) -> Grouping:
        whole = self._set
        properties = extended(
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
            properties,
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


class _Techniques:
    """The STIX ids of techniques: those of the set's own release, else of the newest that knows the technique.

    `unknown` are those that no release at hand knows, with the names that the set gives them.
    """

    def __init__(self, mapping_set: MappingSet) -> None:
        self._set = mapping_set
        self._refs: dict[str, str] = {}
        self._elsewhere: defaultdict[str, list[str]] = defaultdict(list)
        self._notices: list[Problem] = []
        self._own = self._own_release()
        self._others: list[Catalogue] | None = None
        self.unknown: dict[str, str | None] = {}

    def ref(self, technique: str, name: str | None) -> str:
        """The id of the attack-pattern of a technique; `name` is what the set calls it, if not what ATT&CK does."""
        ref = self._refs.get(technique)
        if ref is None:
            known = self._own.get(technique) if self._own is not None else None
            ref = self._refs[technique] = known.stix_id if known is not None else self._found(technique, name)
        return ref

    def notices(self) -> Iterator[Problem]:
        """What a reader of the bundle should know of its technique ids."""
        yield from self._notices
        for release, techniques in self._elsewhere.items():
            verb = "has its STIX id" if len(techniques) == 1 else "have their STIX ids"
            message = f"{listed(techniques)}: not in ATT&CK {self._set.domain} {self._set.attack_version}"
            yield Problem(f"{message}; {verb} from ATT&CK {release}", hint="navlayers check tells more")
        if self.unknown:
            message = f"{listed(sorted(self.unknown))}: no ATT&CK release at hand has a STIX id"
            yield Problem(message, hint="the bundle holds an attack-pattern of its own for each")

    def _own_release(self) -> Catalogue | None:
        wanted = self._set.attack_version
        try:
            found = attack.find(self._set.domain, wanted)
        except ReleaseError:
            message = f"ATT&CK {self._set.domain} {shown(wanted)[1:-1]} is not at hand"
            self._notices.append(
                Problem(f"{message}; STIX ids are those of the newest release that knows a technique")
            )
            return None
        if found.notice is not None:
            self._notices.append(found.notice)
        return attack.load(found.release)

    def _found(self, technique: str, name: str | None) -> str:
        if self._others is None:
            newest = list(reversed(attack.releases()))
            own = [release for release in newest if release.domain == self._set.domain]
            rest = [release for release in newest if release.domain != self._set.domain]
            self._others = [attack.load(release) for release in (*own, *rest)]
        for catalogue in self._others:
            known = catalogue.get(technique)
            if known is not None:
                if self._own is not None:
                    self._elsewhere[f"{catalogue.domain} {catalogue.version}"].append(technique)
                return known.stix_id
        self.unknown[technique] = name
        return identify("attack-pattern", "technique", self._set.domain, technique)
