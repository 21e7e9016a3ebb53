"""The relationships of a STIX bundle that map a capability to an ATT&CK technique."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from navlayers import attack
from navlayers._text.wording import comma_list, quoted
from navlayers.mapping.formats import value_rules
from navlayers.mapping.formats.findings import Issue
from navlayers.mapping.formats.stix.bundle import OWN

if TYPE_CHECKING:
    from navlayers.mapping.formats.stix.bundle import Bundle, StixObject

# Data components until ATT&CK 17, detection strategies and their analytics since 18.
DETECTIONS = frozenset(
    {"x-mitre-data-component", "x-mitre-data-source", "x-mitre-detection-strategy", "x-mitre-analytic"}
)
_NOT_CAPABILITIES = frozenset(
    {
        *("attack-pattern", "campaign", "grouping", "identity", "incident", "intrusion-set", "location", "malware"),
        *("malware-analysis", "note", "observed-data", "opinion", "relationship", "report", "sighting"),
        *("threat-actor", "marking-definition", "extension-definition", "language-content"),
        *("x-mitre-asset", "x-mitre-collection", "x-mitre-matrix", "x-mitre-tactic"),
    }
)
"""Types of objects that are not capabilities: adversaries, their behavior, reports."""

_BEHAVIOR = frozenset({"uses", "targets", "delivers", "derived-from", "duplicate-of", "attributed-to"})
_STRUCTURE = frozenset({"subtechnique-of", "revoked-by"})


class Link(NamedTuple):
    """A mapping: the numbers of its relationship and of its capability's object, and the technique's id."""

    relationship: int
    source: int
    technique: str


class Links:
    """The relationships of a bundle that are mappings.

    Attributes:
        links: the mappings, in the order of the file.
        invalid: numbers of relationships of navlayers with a malformed technique id.
        foreign: number of relationships to attack-patterns that are not ATT&CK's.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.invalid: list[int] = []
        self.foreign = 0
        self._bundle = bundle
        self._techniques: dict[str, str | None] = {}
        self._retired = 0
        self._unrelated: Counter[tuple[str, str]] = Counter()
        self.links: list[Link] = []
        for number, item in enumerate(bundle.objects):
            mark = bundle.findings.mark
            link = self._link(number, item) if item.type == "relationship" and bundle.is_newest(number) else None
            if link is not None:
                bundle.report_repeats(number)
            if bundle.findings.left_out(mark, "entry"):
                self.invalid = [other for other in self.invalid if other != number]
            elif link is not None:
                self.links.append(link)
        if any(bundle.objects[link.source].type == "course-of-action" for link in self.links):
            # A release has both; detections are another set than mitigations.
            links, self.links = self.links, []
            for link in links:
                kind = bundle.objects[link.source].type
                if kind in DETECTIONS:
                    self._unrelated[kind, bundle.objects[link.relationship].relationship_type or ""] += 1
                else:
                    self.links.append(link)

    def report_omitted(self) -> None:
        """Report how many relationships are skipped, and why."""
        kinds = [f"{count:,} × {kind} {type_}" for (kind, type_), count in sorted(self._unrelated.items())]
        omitted = {
            "that are revoked or deprecated, or whose capability or technique is": self._retired,
            "to attack-patterns that are not ATT&CK's": self.foreign,
            f"that do not map a capability: {comma_list(kinds)}": self._unrelated.total(),
        }
        for reason, count in omitted.items():
            if count:
                message = f"skipped {count:,} relationship{'' if count == 1 else 's'} {reason}"
                self._bundle.report(Issue(message, fatal=False, code="not-carried"))

    def _link(self, number: int, item: StixObject) -> Link | None:
        bundle = self._bundle
        needed = ("source_ref", "target_ref", "relationship_type")
        missing = next((name for name in needed if getattr(item, name) is None), None)
        if missing is not None and not item.retired:
            bundle.report(Issue(f"a relationship has no {missing}", "text", code="wrong-shape"), number)
        if missing is not None or not (item.is_own or self._maps(item)):
            return None
        ends = (bundle.get(item.source_ref), bundle.get(item.target_ref))
        if any(end is not None and end.retired for end in (item, *ends)):
            self._retired += 1
            return None
        technique = self._technique(number, item)
        source = bundle.number(item.source_ref)
        if source is None:
            message = f"source_ref {quoted(item.source_ref or '')} is not in the bundle"
            hint = "add the object: it is the capability"
            issue = Issue(message, "the id of an object", hint, code="no-capability")
            bundle.report(issue, number, ("source_ref",))
            return None
        return Link(number, source, technique) if technique is not None else None

    def _maps(self, item: StixObject) -> bool:
        """Whether the types of a relationship map a capability to a technique."""
        kind = (item.source_ref or "").partition("--")[0]
        type_ = item.relationship_type or ""
        if not (item.target_ref or "").startswith("attack-pattern--") or type_ in _STRUCTURE:
            return False
        source = self._bundle.get(item.source_ref)
        capability = source is not None and source.own.capability_id is not None
        if kind == "attack-pattern" and source is not None and not capability:
            # Published mappings of VERIS have attack-patterns that are not ATT&CK's as capabilities.
            capability = source.attack_id is None and self._releases.get(source.id) is None
        unrelated = type_ in _BEHAVIOR or (kind in _NOT_CAPABILITIES and not capability)
        if unrelated and not item.retired:
            self._unrelated[kind, type_] += 1
        return not unrelated

    def _technique(self, number: int, item: StixObject) -> str | None:
        if item.own.technique_id is not None:
            clean, issue = value_rules.technique(item.own.technique_id, "technique_id is empty")
            if clean is None:
                self.invalid.append(number)
            self._bundle.report(issue, number, (*OWN, "technique_id"))
            return clean
        ref = item.target_ref or ""
        if ref not in self._techniques:
            self._techniques[ref] = self._look_up(ref)
        technique = self._techniques[ref]
        if technique is None and self._bundle.get(ref) is not None:
            self.foreign += 1
        elif technique is None:
            message = f"target_ref {quoted(ref)} is neither in the bundle nor in an installed ATT&CK release"
            hint = "add the attack-pattern to the bundle, or its release with: navlayers attack update"
            issue = Issue(message, "the id of an attack-pattern", hint, code="no-technique")
            self._bundle.report(issue, number, ("target_ref",))
        return technique

    def _look_up(self, ref: str) -> str | None:
        pattern = self._bundle.get(ref)
        if pattern is None or pattern.attack_id is None:
            return self._releases.get(ref)
        clean, issue = value_rules.technique(pattern.attack_id)
        self._bundle.report(issue, self._bundle.number(ref), ("external_references",))
        return clean

    @cached_property
    def _releases(self) -> dict[str, str]:
        """STIX id → technique id, as the newest available release has it."""
        catalogues = map(attack.load, attack.releases())
        return {t.stix_id: t.id for catalogue in catalogues for t in catalogue.techniques.values()}
