"""Which relationships of a STIX bundle are mappings: from capabilities to ATT&CK techniques."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from navlayers import _text as wording
from navlayers import attack
from navlayers.mapping.formats import checks
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.stix_bundle import report_repeats
from navlayers.mapping.formats.stix_common import EXTENSION

if TYPE_CHECKING:
    from navlayers.attack import Catalogue
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.stix_bundle import Bundle, Path, Spots, Thing

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
"""Types of objects that map to no technique in the way of a capability: adversaries, what they do, reports."""

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

    def __init__(self, bundle: Bundle, findings: Findings, spots: Spots) -> None:
        self.things = bundle.things
        self._raws = bundle.raws
        self._findings = findings
        self._spots = spots
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
        self._findings.add(issue, partial(self._spots.at, number, path))

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
                at = self._spots.at(first, ("id",))
                message = f"id {wording.shown(thing.id)} stands twice, first in line {at.line}, column {at.column}"
                hint = "give each object its own id, or each version its own modified"
                self._report(number, ("id",), Issue(message, "each id once", hint, code="duplicate-key"))
        return numbers

    def _links(self) -> list[Link]:
        links = []
        for number, thing in enumerate(self.things):
            if thing.type == "relationship" and self._numbers.get(thing.id, number) == number:
                link = self._link(number, thing)
                if link is not None:
                    report_repeats(self._raws[number], number, self._findings, self._spots)
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
            message = f"source_ref {wording.shown(thing.source_ref or '')} names no object of the bundle"
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
            message = f"target_ref {wording.shown(ref)} is neither in the bundle nor in an ATT&CK release at hand"
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
    """Techniques by their STIX ids, in every release at hand; no more of them are loaded than it takes."""

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
