"""Find the mappings of a STIX bundle: relationships from capabilities to ATT&CK techniques."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers import attack
from navlayers._text import shown
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.stix.bundle import report_doubles
from navlayers.mapping.formats.stix.objects import EXTENSION
from navlayers.mapping.model import Capability
from navlayers.mapping.redact import LONGEST_NAME

if TYPE_CHECKING:
    from navlayers.attack import Catalogue
    from navlayers.mapping.formats._locate import Path
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.stix.bundle import Bundle, ObjectLocator, Thing
    from navlayers.mapping.formats.stix.objects import Properties, Reference

OWN = ("extensions", EXTENSION)
ATTACK_SOURCES = ("mitre-attack", "mitre-mobile-attack", "mitre-ics-attack")
DETECTIONS = frozenset(
    {"x-mitre-data-component", "x-mitre-data-source", "x-mitre-detection-strategy", "x-mitre-analytic"}
)
NOT_CAPABILITIES = frozenset(
    {
        *("attack-pattern", "campaign", "grouping", "identity", "incident", "intrusion-set", "location", "malware"),
        *("malware-analysis", "note", "observed-data", "opinion", "relationship", "report", "sighting"),
        *("threat-actor", "marking-definition", "extension-definition", "language-content"),
        *("x-mitre-asset", "x-mitre-collection", "x-mitre-matrix", "x-mitre-tactic"),
    }
)
"""Types of objects that are not capabilities: adversaries, their behavior, reports."""

_BEHAVIOUR = frozenset({"uses", "targets", "delivers", "derived-from", "duplicate-of", "attributed-to"})
_STRUCTURE = frozenset({"subtechnique-of", "revoked-by"})


class Link(NamedTuple):
    """A mapping: the numbers of its relationship and of its capability's object, and the technique's id."""

    relationship: int
    source: int
    technique: str


class Graph:
    """The objects of a bundle by id, and the relationships that are mappings.

    `left` counts relationships to techniques that are none, by the types of source and relationship; `gone` counts
    mappings that are revoked or deprecated, or whose capability or technique is; `foreign` those to attack-patterns
    that are not ATT&CK's; `broken` are numbers of those of navlayers' own whose technique id is malformed.
    """

    def __init__(self, bundle: Bundle, findings: Findings, locator: ObjectLocator) -> None:
        self.things = bundle.things
        self._raws = bundle.raws
        self._findings = findings
        self._locator = locator
        self._techniques: dict[str, str | None] = {}
        self.left: Counter[tuple[str, str]] = Counter()
        self.gone = 0
        self.foreign = 0
        self.broken: list[int] = []
        self._numbers = self._by_id()
        self.links = self._links()

    def thing(self, ref: str | None) -> Thing | None:
        """The object with an id, if the bundle holds it."""
        number = self._numbers.get(ref or "")
        return self.things[number] if number is not None else None

    def _report(self, number: int, path: Path, issue: Issue) -> None:
        self._findings.add(issue, partial(self._locator.at, number, path))

    def _by_id(self) -> dict[str, int]:
        """Id → number of the object's newest version; versions that say different things at one time are told."""
        numbers: dict[str, int] = {}
        for number, thing in enumerate(self.things):
            if not thing.id:
                continue
            first = numbers.setdefault(thing.id, number)
            if first == number:
                continue
            then, now = self.things[first].modified or "", thing.modified or ""
            if now > then:
                numbers[thing.id] = number
            elif now == then and bytes(self._raws[first]) != bytes(self._raws[number]):
                at = self._locator.at(first, ("id",))
                message = f"id {shown(thing.id)} stands twice, first in line {at.line}, column {at.column}"
                hint = "give each object its own id, or each version its own modified"
                self._report(number, ("id",), Issue(message, "each id once", hint, code="duplicate-key"))
        return numbers

    def _links(self) -> list[Link]:
        links = []
        for number, thing in enumerate(self.things):
            if thing.type == "relationship" and self._numbers.get(thing.id, number) == number:
                link = self._link(number, thing)
                if link is not None:
                    report_doubles(self._raws[number], number, self._findings, self._locator)
                    links.append(link)
        if any(self.things[link.source].type == "course-of-action" for link in links):
            return [link for link in links if not self._detects(link)]
        return links

    def _detects(self, link: Link) -> bool:
        """Whether a relationship says what detects a technique; mitigations are a set of their own."""
        kind = self.things[link.source].type
        if kind in DETECTIONS:
            self.left[kind, self.things[link.relationship].relationship_type or ""] += 1
        return kind in DETECTIONS

    def _link(self, number: int, thing: Thing) -> Link | None:
        own = thing.own is not None and thing.own.technique_id is not None
        ends = (thing.source_ref, thing.target_ref, thing.relationship_type)
        if None in ends and not thing.gone:
            name = ("source_ref", "target_ref", "relationship_type")[ends.index(None)]
            self._report(number, (), Issue(f"a relationship has no {name}", "text", code="wrong-shape"))
        if None in ends or (not own and not self._maps(thing)):
            return None
        source = self._numbers.get(thing.source_ref or "")
        target = self.thing(thing.target_ref)
        if thing.gone or any(end is not None and end.gone for end in (self.thing(thing.source_ref), target)):
            self.gone += 1
            return None
        technique = self._technique(number, thing)
        if source is None:
            message = f"source_ref {shown(thing.source_ref or '')} names no object of the bundle"
            hint = "put the object into the bundle: it names the capability"
            self._report(number, ("source_ref",), Issue(message, "the id of an object", hint, code="no-capability"))
            return None
        return Link(number, source, technique) if technique is not None else None

    def _maps(self, thing: Thing) -> bool:
        """Whether a relationship, by its types, maps a capability to a technique; those that do not are counted."""
        kind = (thing.source_ref or "").partition("--")[0]
        type_ = thing.relationship_type or ""
        if not (thing.target_ref or "").startswith("attack-pattern--") or type_ in _STRUCTURE:
            return False
        source = self.thing(thing.source_ref)
        described = source is not None and source.own is not None and source.own.capability_id is not None
        if kind == "attack-pattern" and source is not None and not described:
            # Published mappings of VERIS have attack-patterns that are not ATT&CK's as capabilities.
            described = attack_id(source) is None and source.id not in self._known
        if type_ in _BEHAVIOUR or (kind in NOT_CAPABILITIES and not described):
            if not thing.gone:
                self.left[kind, type_] += 1
            return False
        return True

    def _technique(self, number: int, thing: Thing) -> str | None:
        if thing.own is not None and thing.own.technique_id is not None:
            clean, issue = checks.technique(thing.own.technique_id)
            if issue is not None or clean is None:
                issue = issue or Issue("technique_id is blank", "a technique id such as T1059", code="wrong-type")
                self._report(number, (*OWN, "technique_id"), issue)
            if clean is None:
                self.broken.append(number)
            return clean
        ref = thing.target_ref or ""
        if ref not in self._techniques:
            self._techniques[ref] = self._look_up(ref)
        technique = self._techniques[ref]
        if technique is None and ref in self._numbers:
            self.foreign += 1
        elif technique is None:
            message = f"target_ref {shown(ref)} is neither in the bundle nor in an ATT&CK release at hand"
            hint = "put the attack-pattern into the bundle, or add its release with: navlayers attack add"
            issue = Issue(message, "the id of an attack-pattern", hint, code="no-technique")
            self._report(number, ("target_ref",), issue)
        return technique

    def _look_up(self, ref: str) -> str | None:
        pattern = self.thing(ref)
        found = attack_id(pattern) if pattern is not None else None
        if found is None:
            return self._known.get(ref)
        clean, issue = checks.technique(found)
        if issue is not None and clean is None:
            self._report(self._numbers[ref], ("external_references",), issue)
        return clean

    @cached_property
    def _known(self) -> _Releases:
        return _Releases()


class _Releases:
    """Technique ids by STIX id over all available releases, which are loaded one by one as needed."""

    def __init__(self) -> None:
        self._left = sorted(
            attack.releases(), key=lambda release: (release.domain != "enterprise", release.version)
        )
        self._ids: dict[str, str] = {}

    def __contains__(self, ref: str) -> bool:
        return self.get(ref) is not None

    def get(self, ref: str) -> str | None:
        while ref not in self._ids and self._left:
            catalogue: Catalogue = attack.load(self._left.pop())
            for technique in catalogue.techniques.values():
                self._ids.setdefault(technique.stix_id, technique.id)
        return self._ids.get(ref)


def attack_id(thing: Thing) -> str | None:
    """The id that ATT&CK gives an object."""
    for reference in thing.external_references or ():
        if reference.source_name in ATTACK_SOURCES and reference.external_id:
            return reference.external_id
    return None


class Capabilities:
    """The capabilities of a bundle in its order: those that map to a technique, and those that navlayers wrote.

    `list`, `numbers` (of their objects) and `paths` (to the values of their fields) go side by side. `sources` are
    who gave them their ids, with the types of their objects.
    """

    def __init__(self, graph: Graph, findings: Findings, locator: ObjectLocator) -> None:
        self.list: list[Capability] = []
        self.numbers: list[int] = []
        self.paths: list[dict[str, Path]] = []
        self.sources: set[tuple[str, str]] = set()
        self._findings = findings
        self._locator = locator
        self._of: dict[int, int] = {}
        self._by_id: dict[str, int] = {}
        self._labels: dict[str, None] = {}
        self._described = 0
        used = {link.source for link in graph.links}
        for number, thing in enumerate(graph.things):
            own = thing.own if thing.own is not None and thing.own.capability_id is not None else None
            if number in used or (own is not None and not thing.gone and graph.thing(thing.id) is thing):
                self._add(number, thing, own)
        if self._described:
            what = "description is" if self._described == 1 else "descriptions are"
            message = f"{self._described:,} {what} left out: a capability has a name only"
            self._findings.add(Issue(message, fatal=False, code="not-carried"), locator.place())

    def of(self, number: int) -> Capability:
        """The capability that an object stands for."""
        return self.list[self._of[number]]

    def groups(self, declared: dict[str, str]) -> dict[str, str]:
        """The groups that are declared, then those that only capabilities name."""
        groups = dict(declared)
        for index, capability in enumerate(self.list):
            for group in capability.groups:
                if group not in groups:
                    groups[group] = group
                    if group not in self._labels:
                        hint = "it is named by its id; declare it in the grouping to give it a name"
                        issue = Issue(
                            f"capability group {shown(group)} is not declared",
                            hint=hint,
                            fatal=False,
                            code="undeclared-group",
                        )
                        path = self.paths[index]["groups"]
                        self._findings.add(issue, partial(self._locator.at, self.numbers[index], path))
        return groups

    def _add(self, number: int, thing: Thing, own: Properties | None) -> None:
        capability, paths = _written(thing, own) if own is not None else self._read(number, thing)
        first = self._by_id.setdefault(capability.id, len(self.list))
        self._of[number] = first
        if first == len(self.list):
            self.list.append(capability)
            self.numbers.append(number)
            self.paths.append(paths)
            return
        at = self._locator.at(self.numbers[first])
        message = f"this object has the id {shown(capability.id)} of another, in line {at.line}, column {at.column}"
        issue = Issue(message, hint="the two are read as one capability", fatal=False, code="duplicate-key")
        self._findings.add(issue, partial(self._locator.at, number))
        kept = self.list[first]
        groups = tuple(dict.fromkeys((*kept.groups, *capability.groups)))
        self.list[first] = msgspec.structs.replace(kept, groups=groups)

    def _read(self, number: int, thing: Thing) -> tuple[Capability, dict[str, Path]]:
        """The capability of an object that others wrote: by its external id, else its name, else its STIX id."""
        at, reference = _identified(thing)
        name = (thing.name or "").strip()
        description = (thing.description or "").strip()
        path: Path = ("name",) if name else ("id",)
        id_ = name or thing.id
        if reference is not None and reference.external_id:
            id_, path = reference.external_id.strip(), ("external_references", at, "external_id")
            self.sources.add((reference.source_name or "", thing.type))
        name_path: Path = ("name",)
        if name in ("", id_) and description and len(description) <= LONGEST_NAME and "\n" not in description:
            name, name_path = description, ("description",)
        elif description:
            self._described += 1
        groups = [thing.x_mitre_family or "", *(thing.labels or ())]
        groups = list(dict.fromkeys(group.strip() for group in groups if group.strip()))
        self._labels.update(dict.fromkeys(groups))
        paths: dict[str, Path] = {"id": path, "name": name_path, "groups": ("labels",)}
        paths["references"] = ("external_references",)
        return Capability(id_, name or id_, tuple(groups), tuple(dict.fromkeys(links(thing, own=False)))), paths


def _written(thing: Thing, own: Properties) -> tuple[Capability, dict[str, Path]]:
    id_ = own.capability_id or thing.id
    paths: dict[str, Path] = {"id": (*OWN, "capability_id"), "name": ("name",), "groups": (*OWN, "group_ids")}
    paths["references"] = ("external_references",)
    return Capability(id_, thing.name or id_, own.group_ids, links(thing, own=True)), paths


def _identified(thing: Thing) -> tuple[int, Reference | None]:
    """The external reference that gives an object its id: ATT&CK's, else the first that has one."""
    references = thing.external_references or ()
    found = [(at, r) for at, r in enumerate(references) if (r.external_id or "").strip()]
    return min(found, key=lambda pair: pair[1].source_name not in ATTACK_SOURCES) if found else (0, None)


def links(thing: Thing, *, own: bool) -> tuple[str, ...]:
    """The references of an object: addresses, else texts. Of what navlayers wrote, not that of the id."""
    found = thing.external_references
    if not found:
        return ()
    if own:
        return tuple(r.url if r.url is not None else r.description or "" for r in found if r.external_id is None)
    texts = (r.url or ("" if r.external_id else r.description or r.source_name or "") for r in found)
    return tuple(text for text in texts if text)
