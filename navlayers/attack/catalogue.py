"""The content of one ATT&CK release: tactics, techniques, and the groups, software and campaigns that use them."""

from collections import Counter, defaultdict
from functools import cached_property
from typing import Literal

import msgspec

from navlayers._text.links import technique_url
from navlayers._text.spelling import Names, compact
from navlayers.attack.domains import DOMAIN_NAMES, Domain
from navlayers.attack.scope import Bounds

Status = Literal["active", "deprecated", "revoked"]
ThreatKind = Literal["group", "software", "campaign"]

SITE = "https://attack.mitre.org"


class Tactic(msgspec.Struct, frozen=True):
    """A column of the matrix: id ("TA0006"), short name ("credential-access") and name ("Credential Access")."""

    id: str
    shortname: str
    name: str


class Technique(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technique or sub-technique of one release.

    `tactics` are short names in matrix order, without those of deprecated matrices. `parent` is the id of a
    sub-technique's technique. `successor` is the id in the revoked-by relationship of a revoked technique; it may
    itself be revoked or deprecated. `version` is that of the technique's content (`x_mitre_version`), "" if the
    bundle has none. `description` is ATT&CK's Markdown, only in releases that the user added. `page` is the address
    of its page where that is not at attack.mitre.org, as of an organization's own techniques. `heading_tactics` are
    those where it is out of scope, and only the heading of sub-techniques in scope.
    """

    id: str
    stix_id: str
    name: str
    tactics: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    parent: str | None = None
    status: Status = "active"
    successor: str | None = None
    version: str = ""
    description: str = ""
    page: str = ""
    heading_tactics: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether the technique is neither deprecated nor revoked, and no mere heading."""
        return self.status == "active" and bool(self.tactics or not self.heading_tactics)

    @property
    def in_matrix(self) -> bool:
        """Whether the matrix has it: it is active, or the heading of active sub-techniques."""
        return self.active or bool(self.heading_tactics)

    @property
    def url(self) -> str:
        """The URL of the technique's page."""
        return self.page or technique_url(self.id)


class Catalogue(msgspec.Struct, frozen=True, dict=True):
    """One release of one domain: tactics in matrix order, and techniques by id, in id order.

    `bounds` are those of a release in scope, see `navlayers.attack.scope`; None: it is whole.
    """

    domain: Domain
    version: str
    tactics: tuple[Tactic, ...]
    techniques: dict[str, Technique]
    bounds: Bounds | None = None

    @property
    def title(self) -> str:
        """The release with its scope: "ATT&CK Enterprise 19.1", "ATT&CK Enterprise 19.1, Linux"."""
        return f"ATT&CK {DOMAIN_NAMES[self.domain]} {self.version}{self._suffix}"

    @property
    def label(self) -> str:
        """The domain as in files, and the release with its scope: "enterprise 19.1"."""
        return f"{self.domain} {self.version}{self._suffix}"

    @property
    def scope(self) -> str:
        """The scope in words; "" for the whole release."""
        return self.bounds.words if self.bounds else ""

    @property
    def whole(self) -> "Catalogue":
        """The whole release."""
        return self.bounds.whole if self.bounds else self

    @cached_property
    def in_scope(self) -> dict[bytes, "Catalogue"]:
        """The parts of the release that were asked for, by scope as JSON."""
        return {}

    @property
    def _suffix(self) -> str:
        return f", {self.scope}" if self.scope else ""

    @property
    def major(self) -> str:
        """The release without its minor number: "16" of "16.1"."""
        return self.version.partition(".")[0]

    def get(self, technique: str) -> Technique | None:
        """The technique with this id, of any status; None if there is none."""
        return self.techniques.get(technique)

    def is_active(self, technique: str) -> bool:
        """Whether the release has an active technique with this id."""
        return technique in self.active

    def named(self, name: str) -> tuple[Technique, ...]:
        """The active techniques with this name, in id order; without one, the inactive ones.

        Case, blanks and punctuation make no difference. A sub-technique may follow its parent's name or id, as in
        "Valid Accounts: Cloud Accounts".
        """
        entries = self.names.get(compact(name), ())
        return tuple(entry for entry in entries if entry.active) or tuple(entries)

    def full_name(self, technique: str) -> str:
        """The name as ATT&CK shows it: "Scheduled Task/Job: Scheduled Task"; "" for an unknown id."""
        entry = self.techniques.get(technique)
        parent = self.techniques.get(entry.parent) if entry and entry.parent else None
        return f"{parent.name}: {entry.name}" if entry and parent else entry.name if entry else ""

    @cached_property
    def full_names(self) -> Names:
        """The full names of the active techniques, to be searched for a misspelled one."""
        return Names(self.full_name(id_) for id_, entry in self.techniques.items() if entry.active)

    def spellings(self, technique: Technique) -> set[str]:
        """The `compact` forms of a technique's name, alone and after its parent's."""
        return {compact(technique.name), compact(self.full_name(technique.id))}

    def tactic(self, text: str) -> Tactic | None:
        """The tactic with this id, short name or name, regardless of case."""
        return self._tactics.get(compact(text))

    @cached_property
    def _tactics(self) -> dict[str, Tactic]:
        """The `compact` forms of ids and names → tactic; of several, the first."""
        names = ((text, tactic) for tactic in self.tactics for text in (tactic.id, tactic.shortname, tactic.name))
        return {compact(text): tactic for text, tactic in reversed([*names])}

    def subtechniques(self, parent: str) -> tuple[Technique, ...]:
        """The active sub-techniques of a technique, in id order."""
        return self._subtechniques.get(parent, ())

    def resolve(self, technique: str) -> tuple[str, ...]:
        """The chain of revoked-by relationships from a technique, itself included; empty for an unknown id.

        The last id may be inactive: deprecated, or revoked without a successor. A cycle ends before its first
        repetition.
        """
        chain: list[str] = []
        step: str | None = technique
        while step is not None and step not in chain and step in self.techniques:
            chain.append(step)
            step = self.techniques[step].successor
        return tuple(chain)

    @cached_property
    def highest(self) -> int:
        """The highest number of a technique: 1693 of "T1693"."""
        return max(map(base_number, self.techniques), default=0)

    @cached_property
    def own_pages(self) -> dict[str, str]:
        """Address at attack.mitre.org → the page that replaces it, for an organization's own techniques."""
        return {technique_url(entry.id): entry.page for entry in self.techniques.values() if entry.page}

    @cached_property
    def active(self) -> frozenset[str]:
        """The ids of the active techniques."""
        return frozenset(id_ for id_, entry in self.techniques.items() if entry.active)

    @cached_property
    def tactic_sizes(self) -> Counter[str]:
        """Short name of each tactic → the number of its active techniques and sub-techniques."""
        return Counter(name for t in self.techniques.values() if t.active for name in t.tactics)

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platforms of the active techniques, in the order of the techniques."""
        return tuple(dict.fromkeys(name for t in self.techniques.values() if t.active for name in t.platforms))

    @cached_property
    def names(self) -> dict[str, list[Technique]]:
        """The `compact` forms of names, alone and with those of their parents → techniques of any status."""
        names: defaultdict[str, list[Technique]] = defaultdict(list)
        for entry in self.techniques.values():
            for name in self.spellings(entry) | {compact(f"{entry.name} of {entry.parent or entry.id}")}:
                names[name].append(entry)
        return names

    @cached_property
    def _subtechniques(self) -> dict[str, tuple[Technique, ...]]:
        children: defaultdict[str, list[Technique]] = defaultdict(list)
        for technique in self.techniques.values():
            if technique.parent and technique.active:
                children[technique.parent].append(technique)
        return {parent: tuple(sorted(group, key=lambda child: child.id)) for parent, group in children.items()}


def base_number(identifier: str) -> int:
    """The number of a technique or of a sub-technique's parent: 1059 of "T1059.001"."""
    digits = identifier.partition(".")[0][1:]
    return int(digits) if digits.isdecimal() else 0


class Threat(msgspec.Struct, frozen=True, omit_defaults=True):
    """An active group, software or campaign.

    `aliases` are its other names; `techniques` the sorted ids of the active techniques that it uses directly;
    `software` the ids of the active software that a group or campaign uses; `groups` the ids of the groups to
    which a campaign is attributed. `lost` are ids of techniques of the older release that a threat was remapped
    from, which have no active successor.
    """

    kind: ThreatKind
    id: str
    stix_id: str
    name: str
    aliases: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Threats(msgspec.Struct, frozen=True, dict=True):
    """The threats of one release of one domain by id: campaigns, groups and software, each in id order.

    `source_version` is the release that they were remapped from, "" for those of the release itself. `lost` are the
    ids of techniques that have no active successor in this release, in id order.
    """

    domain: Domain
    version: str
    threats: dict[str, Threat]
    source_version: str = ""
    lost: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[Threat, ...]:
        """The groups in id order."""
        return self._kind("group")

    @property
    def software(self) -> tuple[Threat, ...]:
        """The software, tools and malware, in id order."""
        return self._kind("software")

    @property
    def campaigns(self) -> tuple[Threat, ...]:
        """The campaigns in id order."""
        return self._kind("campaign")

    def get(self, threat: str) -> Threat | None:
        """The threat with this id; None if there is none."""
        return self.threats.get(threat)

    def named(self, text: str) -> tuple[Threat, ...]:
        """The threats with this id, name or alias, regardless of case."""
        return self._names.get(text.strip().casefold(), ())

    def carried_to(self, catalogue: Catalogue) -> "Threats":
        """The threats with their techniques at another release, through revoked-by; worked out once for each."""
        known = self._carried.get(catalogue.version)
        if known is None or known[0] is not catalogue:
            self._carried[catalogue.version] = known = catalogue, self._carry(catalogue)
        return known[1]

    def _carry(self, catalogue: Catalogue) -> "Threats":
        used = sorted({technique for threat in self.threats.values() for technique in threat.techniques})
        now = {
            technique: chain[-1]
            for technique in used
            if (chain := catalogue.resolve(technique)) and catalogue.is_active(chain[-1])
        }
        threats = {
            id_: msgspec.structs.replace(
                threat,
                techniques=tuple(sorted({now[t] for t in threat.techniques if t in now})),
                lost=tuple(t for t in threat.techniques if t not in now),
            )
            for id_, threat in self.threats.items()
        }
        lost = tuple(technique for technique in used if technique not in now)
        return Threats(self.domain, catalogue.version, threats, self.version, lost)

    def _kind(self, kind: ThreatKind) -> tuple[Threat, ...]:
        return tuple(threat for threat in self.threats.values() if threat.kind == kind)

    @cached_property
    def _carried(self) -> dict[str, tuple[Catalogue, "Threats"]]:
        return {}

    @cached_property
    def _names(self) -> dict[str, tuple[Threat, ...]]:
        names: dict[str, tuple[Threat, ...]] = {}
        for threat in self.threats.values():
            for name in dict.fromkeys(text.casefold() for text in (threat.id, threat.name, *threat.aliases)):
                names[name] = (*names.get(name, ()), threat)
        return names
