"""Reader of STIX bundles, 2.0 and 2.1: relationships from capabilities to attack-patterns.

What navlayers wrote comes back whole, by its property extension. For other bundles, docs/formats.md says which
objects are capabilities.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, cast

import msgspec

from navlayers._text.slugs import slug
from navlayers._text.wording import quoted
from navlayers.attack import versions
from navlayers.attack.domains import DOMAINS
from navlayers.errors import OtherFileError, Place, Problem
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.context import Places
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.metadata import REQUIRED, head_of, make_head
from navlayers.mapping.formats.source import as_text
from navlayers.mapping.formats.stix.bundle import (
    ATTACK_SOURCES,
    EXPECTED,
    OWN,
    ROW_PROPERTIES,
    SET_PROPERTIES,
    Bundle,
    pairs,
)
from navlayers.mapping.formats.stix.links import DETECTIONS, Links
from navlayers.mapping.model import DETAILS, LONGEST_NAME, Capability, Mapping, MappingSet, MappingType, NonMappable

if TYPE_CHECKING:
    from navlayers.mapping.formats._json import Path
    from navlayers.mapping.formats.context import Context, PartKind
    from navlayers.mapping.formats.rows import Pairs
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.stix.bundle import Properties, StixObject
    from navlayers.mapping.formats.stix.links import Link
    from navlayers.mapping.model import Category

_BOOKKEEPING = frozenset(
    {
        *("type", "spec_version", "id", "created_by_ref", "created", "modified", "revoked", "lang", "extensions"),
        *("relationship_type", "description", "source_ref", "target_ref", "external_references"),
        *("object_marking_refs", "granular_markings"),
    }
)
"""Properties of a relationship that are read, or that only say which version of which object it is."""

# As ATT&CK publishes its releases: enterprise-attack-16.1.json, ATT&CK-v16.1/enterprise-attack/….
_VERSION_IN_NAME = re.compile(r"-attack-v?([0-9]+\.[0-9]+)(?![0-9])", re.IGNORECASE)
_VERSION_OF_FOLDER = re.compile(r"(?:.*-)?v([0-9]+\.[0-9]+)", re.IGNORECASE)

_STANDARD: dict[str, Path] = {
    "capability": ("source_ref",),
    "comment": ("description",),
    "references": ("external_references",),
}
"""Field of a mapping → path of a property that STIX defines."""

_FOREIGN: dict[str, Path] = {**_STANDARD, "technique": ("target_ref",), "type": ("relationship_type",)}

_OWN_CAPABILITY: dict[str, Path] = {
    "id": (*OWN, "capability_id"),
    "name": ("name",),
    "groups": (*OWN, "group_ids"),
    "references": ("external_references",),
}
_FOREIGN_CAPABILITY: dict[str, Path] = {
    "name": ("name",),
    "groups": ("labels",),
    "references": ("external_references",),
}
_MOST_LINKS = 1_000_000
"""Maximum links of all mappings that have some of their own beside those of their capability."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(source: Source, context: Context) -> tuple[MappingSet, Places]:
    """Read a STIX bundle.

    Raises:
        InputError: the text is not JSON, or wrong in the places listed.
        OtherFileError: it is not a STIX bundle, or one without mappings.
    """
    bundle = Bundle(as_text(source), context.findings)
    reader = _Reader(bundle, Links(bundle), context)
    return reader.read(), Places(reader.place_of_part, reader.place_of_field)


class _Reader:
    def __init__(self, bundle: Bundle, links: Links, context: Context) -> None:
        self._bundle = bundle
        self._links = links
        self._context = context
        self._grouping = self._find_grouping()
        self._own = bundle.objects[self._grouping].own if self._grouping is not None else None
        self._capabilities: dict[str, Capability] = {}
        # Id of a capability → number of its object, paths to its fields; number of an object → id.
        self._origins: dict[str, tuple[int, dict[str, Path]]] = {}
        self._ids: dict[int, str] = {}
        self._labels: set[str] = set()
        self._sources: set[tuple[str, str]] = set()
        self._references: dict[tuple[str, ...], tuple[str, ...]] = {}
        # Number of a capability's object → its links; and the number of links in the mappings that have own ones.
        self._shared: dict[int, tuple[str, ...]] = {}
        self._joined_links = 0

    def read(self) -> MappingSet:
        bundle, links = self._bundle, self._links.links
        if not links and self._grouping is None:
            self._context.findings.raise_errors()
            message = "no relationship in this bundle maps a capability to an ATT&CK technique"
            hint = "capabilities are courses of action, infrastructure, tools, vulnerabilities and custom objects"
            if self._links.foreign:
                hint = f"relationships to attack-patterns that are not ATT&CK's: {self._links.foreign:,}"
            raise OtherFileError(Problem(message, bundle.place(), EXPECTED, hint, code="empty-set"))
        self._read_capabilities()
        head = self._read_own(self._own) if self._own is not None else self._assume()
        scale = value_rules.scale_of(head.scale, self._context.options)
        mappings = self._mappings(scale)
        for number in self._links.invalid:
            self._score(number, scale)
        foreign = [item for link in links if not (item := bundle.objects[link.relationship]).is_own]
        types = tuple(map(MappingType, dict.fromkeys(item.relationship_type or "" for item in foreign)))
        non_mappable = self._non_mappable()
        if not mappings and not non_mappable:
            bundle.report(Issue("the set has no mappings", fatal=False, code="empty-set"))
        self._links.report_omitted()
        return msgspec.structs.replace(
            head,
            groups=self._groups(head.groups),
            capabilities=tuple(self._capabilities.values()),
            mappings=mappings,
            mapping_types=head.mapping_types or types,
            non_mappable=non_mappable,
        )

    def place_of_field(self, field: str) -> Place:
        """The place of a field of the set; of the bundle where it is not written."""
        path = (*OWN, SET_PROPERTIES.get(field, field))
        return self._bundle.place(self._grouping, path if self._grouping is not None else ())

    def place_of_part(self, kind: PartKind, index: int, field: str) -> Place:
        """The place of a mapping, capability or non-mappable, or of the value of one of its fields."""
        own = (*OWN, ROW_PROPERTIES.get(field, field))
        if kind == "non_mappable":
            record: Path = (*OWN, "non_mappable", index)
            return self._bundle.place(self._grouping, (*record, own[-1]) if field else record)
        if kind == "capability":
            number, paths = self._every_origin[index]
            return self._bundle.place(number, paths.get(field, ()))
        number = self._links.links[index].relationship
        paths = _STANDARD if self._bundle.objects[number].is_own else _FOREIGN
        return self._bundle.place(number, paths.get(field, own) if field else ())

    @cached_property
    def _every_origin(self) -> list[tuple[int, dict[str, Path]]]:
        return list(self._origins.values())

    def _find_grouping(self) -> int | None:
        """The number of the grouping that navlayers wrote."""
        bundle = self._bundle
        numbers = [
            number
            for number, item in enumerate(bundle.objects)
            if item.own.framework is not None and bundle.is_newest(number)
        ]
        for number in numbers[1:]:
            message = f"a second mapping set; the first is in {bundle.place(numbers[0]).position}"
            hint = "write each mapping set to a separate bundle"
            bundle.report(Issue(message, "one mapping set per bundle", hint, code="wrong-shape"), number)
        return numbers[0] if numbers else None

    def _read_own(self, own: Properties) -> MappingSet:
        """Metadata written by navlayers; the user's metadata overrides it."""
        given = self._context.options.metadata
        names = (*REQUIRED, "title", "source", "licence", "role", *DETAILS)
        texts = {name: getattr(own, SET_PROPERTIES.get(name, name)) or "" for name in names} | given
        for name, expected in REQUIRED.items():
            if not texts[name].strip():
                field = SET_PROPERTIES.get(name, name)
                missing = Issue(f"{field} is missing", expected, code="missing-metadata")
                self._bundle.report(missing, self._grouping, (*OWN, field))
        for index, step in enumerate(own.scale):
            where = (*OWN, "scale", index)
            if not 0 <= step.score <= 100:
                message = f"the number of {quoted(step.value)} is outside the scale"
                issue = Issue(message, "a number from 0 to 100", code="unknown-value")
                self._bundle.report(issue, self._grouping, (*where, "score"))
            if named := value_rules.scale_name(step.value):
                self._bundle.report(named, self._grouping, (*where, "value"))
        return head_of(
            {name: text for name, text in texts.items() if text.strip()},
            lambda issue, field: self._bundle.report(issue, self._grouping, (*OWN, field)),
            groups={id_: group.name for group in own.capability_groups if (id_ := group.group_id.strip())},
            mapping_types=tuple(MappingType(*msgspec.structs.astuple(kind)) for kind in own.mapping_types),
            scale={step.value: step.score for step in own.scale},
        )

    def _assume(self) -> MappingSet:
        """Metadata from ATT&CK's objects, the ids of the capabilities, and the name of the file."""
        metadata: dict[str, str] = {}
        matrices = {item.attack_id for item in self._bundle.objects if item.type == "x-mitre-matrix"}
        domains = [domain for domain in DOMAINS if f"{domain}-attack" in matrices]
        if len(domains) == 1:
            metadata["domain"] = domains[0]
        collections = [item for item in self._bundle.objects if item.type == "x-mitre-collection"]
        releases = {item.x_mitre_version or "" for item in collections}
        release = versions.canonical(releases.pop()) if len(releases) == 1 else None
        path = FilePath(self._bundle.place().path)
        if release is None and matrices:
            named = _VERSION_IN_NAME.search(path.name) or _VERSION_OF_FOLDER.fullmatch(path.parent.name)
            release = versions.canonical(named[1]) if named else None
        if release is not None:
            metadata["attack_version"] = release
        names = {name for name, _ in self._sources}
        kinds = {kind for _, kind in self._sources}
        if names and names <= set(ATTACK_SOURCES):
            what = "mitigations" if kinds == {"course-of-action"} else "detections" if kinds <= DETECTIONS else ""
            metadata["framework"], metadata["title"] = f"attack-{what}".rstrip("-"), f"ATT&CK {what}".rstrip()
            metadata["version"] = metadata.get("attack_version", "")
        elif len(names) == 1 and slug(min(names)):
            metadata["framework"], metadata["title"] = slug(min(names)), min(names)
        techniques = {link.technique for link in self._links.links}
        return make_head(self._context, metadata, techniques, self._bundle.place())

    def _read_capabilities(self) -> None:
        """Read the capabilities that map to a technique, and all capabilities that navlayers wrote."""
        sources = {link.source for link in self._links.links}
        described = 0
        groups_of: dict[str, dict[str, None]] = {}
        for number, item in enumerate(self._bundle.objects):
            own = item.own
            is_own = own.capability_id is not None
            if not (number in sources or (is_own and not item.retired and self._bundle.number(item.id) == number)):
                continue
            if is_own:
                id_, paths = _filled(own.capability_id) or item.id, _OWN_CAPABILITY
                groups = tuple(dict.fromkeys(filter(None, map(str.strip, own.group_ids))))
                capability = Capability(id_, item.name or id_, groups, item.links(own=True))
            else:
                capability, paths = self._foreign_capability(item)
                described += bool((item.description or "").strip()) and paths["name"] != ("description",)
            self._ids[number] = capability.id
            known = self._capabilities.setdefault(capability.id, capability)
            if known is capability:
                self._origins[capability.id] = (number, paths)
                continue
            place = self._bundle.place(self._origins[capability.id][0])
            message = f"duplicate capability id {quoted(capability.id)}, first in {place.position}"
            hint = "both objects are read as one capability"
            self._bundle.report(Issue(message, hint=hint, fatal=False, code="duplicate-key"), number)
            groups_of.setdefault(known.id, dict.fromkeys(known.groups)).update(dict.fromkeys(capability.groups))
        for id_, names in groups_of.items():
            self._capabilities[id_] = msgspec.structs.replace(self._capabilities[id_], groups=tuple(names))
        if described:
            descriptions = "description" if described == 1 else "descriptions"
            message = f"{described:,} {descriptions} not carried over: a capability has only a name"
            self._bundle.report(Issue(message, fatal=False, code="not-carried"))

    def _foreign_capability(self, item: StixObject) -> tuple[Capability, dict[str, Path]]:
        """The capability of another tool's object: its id is the external id, else the name, else the STIX id."""
        references = [
            (index, r) for index, r in enumerate(item.external_references or ()) if (r.external_id or "").strip()
        ]
        name = (item.name or "").strip()
        description = (item.description or "").strip()
        id_ = name or item.id
        path: Path = ("name",) if name else ("id",)
        if references:
            index, reference = min(references, key=lambda pair: pair[1].source_name not in ATTACK_SOURCES)
            id_, path = (reference.external_id or "").strip(), ("external_references", index, "external_id")
            self._sources.add((reference.source_name or "", item.type))
        paths = {**_FOREIGN_CAPABILITY, "id": path}
        if name in ("", id_) and description and len(description) <= LONGEST_NAME and "\n" not in description:
            name, paths["name"] = description, ("description",)
        groups = [group.strip() for group in (item.x_mitre_family or "", *(item.labels or ()))]
        groups = list(dict.fromkeys(filter(None, groups)))
        self._labels.update(groups)
        return Capability(id_, name or id_, tuple(groups), tuple(dict.fromkeys(item.links(own=False)))), paths

    def _groups(self, declared: dict[str, str]) -> dict[str, str]:
        """The declared groups, then those that only capabilities name."""
        groups = dict(declared)
        for id_, (number, paths) in self._origins.items():
            for group in self._capabilities[id_].groups:
                if group not in groups and group not in self._labels:
                    message = f"capability group {quoted(group)} is not declared"
                    hint = "its id is used as its name; declare it in the grouping to name it"
                    issue = Issue(message, hint=hint, fatal=False, code="undeclared-group")
                    self._bundle.report(issue, number, paths["groups"])
                groups.setdefault(group, group)
        return groups

    def _mappings(self, scale: value_rules.Scale) -> tuple[Mapping, ...]:
        mappings, kept, findings = [], [], self._context.findings
        for link in self._links.links:
            mark = findings.mark
            mapping = self._mapping(link, scale)
            if not findings.left_out(mark, "entry"):
                mappings.append(mapping)
                kept.append(link)
        self._links.links = kept
        return tuple(mappings)

    def _mapping(self, link: Link, scale: value_rules.Scale) -> Mapping:
        item = self._bundle.objects[link.relationship]
        capability = self._capabilities[self._ids[link.source]]
        own = item.own
        if item.is_own:
            category, value = self._score(link.relationship, scale)
            references, other = item.links(own=True), pairs(own.other_fields)
            references = self._references.setdefault(references, references)
            names = ((own.group_id or "").strip() or None, own.technique_name, own.capability_name)
            about = (own.mapping_type, category, value, item.description or "", references)
            return Mapping(capability.id, link.technique, *about, *names, other)
        references = self._joined(link.source, capability.references, item.links(own=False), link.relationship)
        pattern = self._bundle.get(item.target_ref)
        return Mapping(
            capability.id,
            link.technique,
            item.relationship_type or "",
            comment=item.description or "",
            references=references,
            technique_name=pattern.name if pattern is not None else None,
            other=_other_properties(bytes(self._bundle.raws[link.relationship])),
        )

    def _joined(self, source: int, shared: tuple[str, ...], own: tuple[str, ...], number: int) -> tuple[str, ...]:
        """The links of a capability's object, the same for all of its mappings, then those of a relationship."""
        if source not in self._shared:
            shared = tuple(dict.fromkeys(shared))
            self._shared[source] = self._references.setdefault(shared, shared)
        shared = self._shared[source]
        if not own or self._joined_links > _MOST_LINKS:
            return shared
        self._joined_links += len(shared)
        if self._joined_links > _MOST_LINKS:
            message = "relationships with references of their own, of a capability with many"
            expected = f"at most {_MOST_LINKS:,} references in all"
            issue = Issue(message, expected, "split the file", code="wrong-shape")
            self._bundle.report(issue, number, ("external_references",))
        joined = tuple(dict.fromkeys((*shared, *own)))
        return self._references.setdefault(joined, joined)

    def _score(self, number: int, scale: value_rules.Scale) -> tuple[Category | None, str | None]:
        own = self._bundle.objects[number].own
        category = value = None
        if own.score_category is not None:
            category, issue = value_rules.category(own.score_category)
            self._bundle.report(issue, number, (*OWN, "score_category"))
        if own.score_value is not None:
            value, issue = value_rules.score_value(own.score_value, scale)
            self._bundle.report(issue, number, (*OWN, "score_value"))
        return cast("Category | None", category), value

    def _non_mappable(self) -> tuple[NonMappable, ...]:
        records = []
        for index, record in enumerate(self._own.non_mappable if self._own is not None else ()):
            path: Path = (*OWN, "non_mappable", index)
            mark, technique = self._context.findings.mark, record.technique
            capability = _filled(record.capability)
            if technique is not None:
                technique, issue = value_rules.technique(technique)
                self._bundle.report(issue, self._grouping, (*path, "technique_id"))
            if capability is None and record.technique is None:
                message = "this record has neither a capability nor a technique"
                issue = Issue(message, "a capability_id, a technique_id, or both", code="no-capability")
                self._bundle.report(issue, self._grouping, path)
            if self._context.findings.left_out(mark, "entry"):
                continue
            fields = msgspec.structs.asdict(record)
            own = {"capability": capability, "technique": technique, "other": pairs(record.other)}
            records.append(NonMappable(**{**fields, **own}))
        return tuple(records)


def _filled(id_: str | None) -> str | None:
    """An id without spaces around it; None for one of spaces alone."""
    return (id_ or "").strip() or None


def _other_properties(raw: bytes) -> Pairs:
    """Properties of a relationship without a meaning here: text as it is, all else as JSON."""
    texts = {
        key: bytes(value)
        for key, value in _members.decode(raw).items()
        if key not in _BOOKKEEPING and not key.startswith("x_mitre_")
    }
    return tuple(
        (key, msgspec.json.decode(text) if text.startswith(b'"') else text.decode()) for key, text in texts.items()
    )
